"""Training by the squared error: steps in the space of weights, and the flow of functions.

The wider the network, the closer both are. Needs JAX, for the finite networks. With
`import neural_tangents as nt` and `from neural_tangents import stax` it is the same script.
"""

import jax
from data import images

import ntkdist as nt
from ntkdist import stax


def network(width):
    return stax.serial(
        stax.Flatten(), stax.Dense(width, 1.0, 0.05), stax.Relu(), stax.Dense(3, 1.0, 0.05)
    )


def main(steps=100, widths=(64, 1024)):
    (x_train, y_train), (x_test, _) = images(60, 30)
    kernel_fn = network(1)[2]
    k_train = kernel_fn(x_train, None, "ntk")
    k_test = kernel_fn(x_test, x_train, "ntk")
    learning_rate = 0.1 * nt.predict.max_learning_rate(k_train, y_train_size=y_train.size)
    predict_fn = nt.predict.gradient_descent_mse(k_train, y_train, learning_rate)

    results = {"learning rate": float(learning_rate)}
    for width in widths:
        init_fn, apply_fn, _ = network(width)
        _, params = init_fn(jax.random.PRNGKey(2), (-1, *x_train.shape[1:]))
        fx_train, fx_test = predict_fn(
            float(steps), apply_fn(params, x_train), apply_fn(params, x_test), k_test
        )

        def loss(params, apply_fn=apply_fn):
            return 0.5 * ((apply_fn(params, x_train) - y_train) ** 2).mean()

        gradient = jax.jit(jax.grad(loss))
        for _ in range(steps):
            params = jax.tree_util.tree_map(
                lambda p, g: p - learning_rate * g, params, gradient(params)
            )
        results[f"loss at width {width}"] = float(loss(params))
        difference = apply_fn(params, x_test) - fx_test
        results[f"difference at width {width}"] = float((difference**2).mean() ** 0.5)
    results["loss of the infinite network"] = float(0.5 * ((fx_train - y_train) ** 2).mean())
    return results


if __name__ == "__main__":
    for name, value in main().items():
        print(name, value)
