"""Training by cross entropy: a wide network, and the flow of the infinitely wide one.

Needs JAX, for the finite network. With `import neural_tangents as nt` and
`from neural_tangents import stax` it is the same script.
"""

import jax
import jax.numpy as jnp
from data import accuracy, images

import ntkdist as nt
from ntkdist import stax


def main(width=1024, steps=60, learning_rate=0.3):
    (x_train, y_train), (x_test, y_test) = images(60, 30)
    y_train, y_test = y_train + 1 / 3, y_test + 1 / 3

    init_fn, apply_fn, kernel_fn = stax.serial(
        stax.Flatten(), stax.Dense(width, 1.0, 0.05), stax.Erf(), stax.Dense(3, 1.0, 0.05)
    )

    def loss(fx, y):
        return -jnp.mean(jax.nn.log_softmax(fx) * y)

    # The finite network, by gradient descent on its weights.
    _, params = init_fn(jax.random.PRNGKey(1), (-1, *x_train.shape[1:]))
    start_train, start_test = apply_fn(params, x_train), apply_fn(params, x_test)
    gradient = jax.jit(jax.grad(lambda params: loss(apply_fn(params, x_train), y_train)))
    for _ in range(steps):
        params = jax.tree_util.tree_map(
            lambda p, g: p - learning_rate * g, params, gradient(params)
        )
    trained = apply_fn(params, x_test)

    # The infinite one, in the space of functions, from the same outputs.
    predict_fn = nt.predict.gradient_descent(
        loss, kernel_fn(x_train, None, "ntk"), y_train, learning_rate
    )
    fx_train, fx_test = predict_fn(
        float(steps), start_train, start_test, kernel_fn(x_test, x_train, "ntk")
    )
    return {
        "loss of the finite network": float(loss(apply_fn(params, x_train), y_train)),
        "loss of the infinite network": float(loss(jnp.asarray(fx_train), y_train)),
        "accuracy of the finite network": accuracy(trained, y_test),
        "accuracy of the infinite network": accuracy(fx_test, y_test),
        "difference": float(abs(trained - fx_test).mean()),
        "change": float(abs(trained - start_test).mean()),
    }


if __name__ == "__main__":
    for name, value in main().items():
        print(name, value)
