"""Regression with an infinitely wide fully connected network, as a Bayesian and as trained.

With `import neural_tangents as nt` and `from neural_tangents import stax` it is the same script.
"""

from data import accuracy, images

import ntkdist as nt
from ntkdist import stax


def main(train=100, test=50):
    (x_train, y_train), (x_test, y_test) = images(train, test)

    _, _, kernel_fn = stax.serial(
        stax.Flatten(),
        stax.Dense(1, 2.0, 0.05),
        stax.Relu(),
        stax.Dense(1, 2.0, 0.05),
        stax.Relu(),
        stax.Dense(1, 2.0, 0.05),
    )
    kernel_fn = nt.batch(kernel_fn, device_count=0, batch_size=0)

    predict_fn = nt.predict.gradient_descent_mse_ensemble(
        kernel_fn, x_train, y_train, diag_reg=1e-3
    )
    results = {}
    nngp, ntk = predict_fn(x_test=x_test)
    for name, outputs in (("NNGP", nngp), ("NTK", ntk)):
        results[name] = {
            "accuracy": accuracy(outputs, y_test),
            "loss": float(0.5 * ((outputs - y_test) ** 2).mean()),
        }
    posterior = predict_fn(x_test=x_test, get="ntk", compute_cov=True)
    results["spread"] = float(posterior.covariance.diagonal().mean() ** 0.5)
    for t in (1.0, 100.0, 10000.0):
        results[f"accuracy at {t:g}"] = accuracy(predict_fn(t, x_test, "ntk"), y_test)
    return results


if __name__ == "__main__":
    for name, value in main().items():
        print(name, value)
