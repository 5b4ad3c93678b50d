"""What the spectrum predicts about learning: against NumPy, against learning itself, and on CIFAR-10."""
import numpy as np
import pytest
from conftest import kernel_of, ntk_dist, sentences, succeed, summary, write_job
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Kernel

RIDGES = [1e-4, 1e-2, 0.3]


def figures(run, kernel="ntk"):
    return summary(run)["variants"][0][kernel]


def write_arrays(folder, images, labels, **more):
    arrays = {"train": images, "train_labels": labels, **more}
    for name, value in arrays.items():
        np.save(folder / f"{name}.npy", value)
    return {"arrays": {name: str(folder / f"{name}.npy") for name in arrays}, "preprocessing": "none"}


def predicted(values, energies, m, ridge):
    """The errors on the samples of a pool that were not used for training and on those that were, by the
    formulas of docs/concepts/learning-from-the-spectrum.md."""
    n = len(values)
    values = np.maximum(values, 0)
    kappa = root(lambda k: (values / (values + k)).sum() + ridge / k * (k / (values + k)).sum() - m,
                 10 * (values.sum() + n * ridge))
    learned = values / (values + kappa)
    dimension, second = learned.sum(), (learned**2).sum()
    q = (n - m) / (n - dimension)
    slope = 1 / (1 - q * ((1 - learned) ** 2).sum() / (n - dimension))
    left = ((1 - learned) ** 2 * energies).sum()
    # Residuals on all images, minus those on the training images.
    train = (1 - q) ** 2 * slope * left
    whole = (1 + slope * q * second / (n - dimension)) * left
    return (whole - train) / (n - m), train / m


def predicted_of_a_population(values, energies, m, ridge):
    """Simon et al.: the samples come from an infinite population, and are removed from the pool afterwards."""
    n = len(values)
    p = np.maximum(values, 0) / n
    kappa = root(lambda k: (p / (p + k)).sum() + ridge / k - m, 10 * (p.sum() + ridge))
    learned = p / (p + kappa)
    pool = m / (m - (learned**2).sum()) * ((1 - learned) ** 2 * energies).sum() / n
    return (n * pool - m * (ridge / (m * kappa)) ** 2 * pool) / (n - m)


def root(falling, high):
    """The root of a falling function, by bisection on a logarithmic scale."""
    low = 1e-30
    for _ in range(400):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return middle


@pytest.fixture(scope="module", params=[1, 3])
def run(request, tmp_path_factory):
    """300 images of four classes and 60 test images, predicted and measured."""
    folder = tmp_path_factory.mktemp("generalization")
    random = np.random.default_rng(9)
    centres = random.standard_normal((4, 20))
    labels, unseen = random.integers(0, 4, 300), random.integers(0, 4, 60)
    data = write_arrays(
        folder, centres[labels] + random.standard_normal((300, 20)), labels,
        test=centres[unseen] + random.standard_normal((60, 20)), test_labels=unseen)
    path = write_job(
        folder, data=data, tile=64, spectrum={"weights": True},
        prediction={"regularization": RIDGES, "leave_one_out": True},
        generalization={"samples": [40, 120], "draws": 4})
    result = succeed("run", path, ranks=request.param)
    assert "effective dimension" in result.stdout and "learned from 120 images" in result.stdout
    again = succeed("spectrum", path, "--resume")
    assert "effective dimension" not in again.stdout
    other = succeed("spectrum", path, "--resume", "--set", "generalization.draws=2")
    assert "effective dimension" in other.stdout and "lambda_max" not in other.stdout
    return folder / "run", np.eye(4)[labels] - 0.25


@pytest.mark.parametrize("kernel", ["nngp", "ntk"])
def test_figures_are_those_of_the_whole_matrix(run, kernel):
    folder, y = run
    k = kernel_of(folder, kernel)
    found = figures(folder, kernel)["generalization"]
    predictions = figures(folder, kernel)["prediction"]["regularizations"]
    mean = np.diag(k).mean()
    assert found["mean_diagonal"] == pytest.approx(mean, rel=1e-12)
    assert found["diagonal_spread"] == pytest.approx(np.diag(k).std() / mean, rel=1e-9)
    assert found["target_offset"] == 0.25
    values, vectors = np.linalg.eigh(k)
    energies = ((vectors.T @ y) ** 2).sum(1)
    assert [ridge["regularization"] for ridge in found["regularizations"]] == RIDGES
    for ridge, prediction in zip(found["regularizations"], predictions):
        s = ridge["regularization"] * mean
        a = k + s * np.eye(300)
        inverse = np.linalg.inv(a)
        hat = k @ inverse
        residual = y - hat @ y
        assert ridge["ridge"] == pytest.approx(s)
        assert ridge["dimension"] == pytest.approx(np.trace(hat), rel=1e-9)
        assert ridge["second_dimension"] == pytest.approx((hat * hat.T).sum(), rel=1e-9)
        assert ridge["train_error"] == pytest.approx((residual**2).mean(), rel=1e-7)
        gcv = (residual**2).mean() / (1 - np.trace(hat) / 300) ** 2
        assert ridge["generalized_cross_validation"] == pytest.approx(gcv, rel=1e-7)
        loo = residual / (1 - np.diag(hat))[:, None]
        assert prediction["leave_one_out"]["mean_squared_error"] == pytest.approx((loo**2).mean(), rel=1e-7)
        # The evidence, from the spectrum and from the factor, and the scale with the largest evidence.
        logdet = np.linalg.slogdet(a)[1]
        each = -0.5 * ((y * (inverse @ y)).sum(0) + logdet + 300 * np.log(2 * np.pi))
        np.testing.assert_allclose(ridge["log_marginal_likelihoods"], each, rtol=1e-9)
        assert ridge["log_marginal_likelihood"] == pytest.approx(each.sum(), rel=1e-9)
        assert prediction["log_marginal_likelihood"] == pytest.approx(each.sum(), rel=1e-9)
        scale = ridge["scale"]
        def scaled(c, form=(y * (inverse @ y)).sum(), logdet=logdet):
            return -0.5 * (form / c + 4 * logdet + 1200 * np.log(c) + 1200 * np.log(2 * np.pi))
        assert ridge["scaled_log_marginal_likelihood"] == pytest.approx(scaled(scale), rel=1e-9)
        assert scaled(scale) > max(scaled(scale * 1.001), scaled(scale * 0.999))
        for point in ridge["learning_curve"]:
            test, train = predicted(values, energies, point["samples"], s)
            assert point["test_error"] == pytest.approx(test / 4, rel=1e-6)
            assert point["train_error"] == pytest.approx(train / 4, rel=1e-6)
        assert 150 < ridge["learning_curve"][-1]["samples"] < 300
    determinants = np.load(folder / f"predictions/{kernel}_log_determinants.npy")
    assert determinants.shape == (3, 300)
    for count in (1, 17, 300):
        part = np.linalg.slogdet((k + RIDGES[1] * mean * np.eye(300))[:count, :count])[1]
        assert determinants[1, count - 1] == pytest.approx(part, rel=1e-9)


class Stored(Kernel):
    """A given kernel for scikit-learn: its points are the indices of its rows."""

    def __init__(self, matrix):
        self.matrix = matrix

    def __call__(self, X, Y=None, eval_gradient=False):
        rows = X[:, 0].astype(int)
        return self.matrix[np.ix_(rows, rows if Y is None else Y[:, 0].astype(int))]

    def diag(self, X):
        return np.diag(self.matrix)[X[:, 0].astype(int)]

    def is_stationary(self):
        return False


@pytest.mark.parametrize("kernel", ["nngp", "ntk"])
def test_evidence_is_that_of_scikit_learn(run, kernel):
    folder, y = run
    points = np.arange(300)[:, None]
    for ridge in figures(folder, kernel)["generalization"]["regularizations"]:
        process = GaussianProcessRegressor(Stored(kernel_of(folder, kernel)), alpha=ridge["ridge"], optimizer=None)
        theirs = process.fit(points, y).log_marginal_likelihood_value_
        assert ridge["log_marginal_likelihood"] == pytest.approx(theirs, rel=1e-9)


def test_spread_of_the_trace_is_that_of_the_eigenvalues(run):
    folder, _ = run
    values = np.linalg.eigvalsh(kernel_of(folder))[::-1]
    found = figures(folder)["generalization"]
    dimensions = found["effective_dimensions"]
    assert dimensions["participation"] == pytest.approx(values.sum() ** 2 / (values**2).sum())
    assert [tail["rank"] for tail in dimensions["tails"]] == [0, 1, 3, 10, 30, 100]
    for tail in dimensions["tails"]:
        rest = values[tail["rank"]:]
        assert tail["effective_rank"] == pytest.approx(rest.sum() / rest[0])
        assert tail["participation"] == pytest.approx(rest.sum() ** 2 / (rest**2).sum())
    # 300 images are too few for a window of power laws.
    assert found["power_laws"] == {}


def test_measured_errors_are_those_of_the_subsets(tmp_path):
    """With all images but one, the error is the leave-one-out error of the image that was not drawn."""
    random = np.random.default_rng(3)
    n, labels = 12, random.integers(0, 3, 12)
    data = {**write_arrays(tmp_path, random.standard_normal((n, 6)), labels), "test": 0}
    path = write_job(
        tmp_path, data=data, tile=5, kernels=["ntk"], prediction=None, spectrum={"weights": True},
        generalization={"samples": [n - 1], "draws": 1, "regularization": [0.1]})
    succeed("run", path, ranks=2)
    k = kernel_of(tmp_path / "run")
    y = np.eye(3)[labels] - 1 / 3
    s = 0.1 * np.diag(k).mean()
    tests, trains = [], []
    for image in range(n):
        others = np.delete(np.arange(n), image)
        part = k[np.ix_(others, others)]
        x = np.linalg.solve(part + s * np.eye(n - 1), y[others])
        tests.append(((k[image, others] @ x - y[image]) ** 2).mean())
        trains.append(((part @ x - y[others]) ** 2).mean())
    drawn = set()
    for seed in range(5):
        succeed("spectrum", path, "--resume", "--set", f"generalization.seed={seed}", ranks=2)
        measured, = figures(tmp_path / "run")["generalization"]["regularizations"][0]["measured"]
        assert measured["draws"] == 1 and "test_error_deviation" not in measured
        image = int(np.abs(np.array(tests) - measured["test_error"]).argmin())
        assert measured["test_error"] == pytest.approx(tests[image], rel=1e-9)
        assert measured["train_error"] == pytest.approx(trains[image], rel=1e-9)
        drawn.add(image)
    assert len(drawn) > 1


def test_learning_from_gaussian_features_is_as_predicted(tmp_path):
    """Features with a falling spectrum, for which the theory is exact: within the sampling error of twenty draws,
    even if the samples are nearly half of all."""
    random = np.random.default_rng(12)
    n, d = 1500, 600
    scales = np.arange(1, d + 1) ** -0.6
    images = random.standard_normal((n, d)) * scales
    teacher = random.standard_normal((d, 3)) * scales[:, None]
    labels = (images @ teacher + 0.5 * random.standard_normal((n, 3))).argmax(1)
    path = write_job(
        tmp_path, data={**write_arrays(tmp_path, images, labels), "test": 0}, kernels=["nngp"],
        network=[{"dense": {"weight_variance": 1.0}}], prediction=None, spectrum={"weights": True},
        generalization={"samples": [50, 200, 600], "draws": 20, "regularization": [0.03, 0.3]})
    succeed("run", path, ranks=2)
    found = figures(tmp_path / "run", "nngp")["generalization"]
    for ridge in found["regularizations"]:
        assert [point["samples"] for point in ridge["measured"]] == [50, 200, 600]
        for point in ridge["measured"]:
            error = point["test_error_deviation"] / 20**0.5
            assert abs(point["test_error"] - point["predicted_test_error"]) < 4 * error, (ridge["ridge"], point)
    # The trace falls like the squares of the scales.
    law = found["power_laws"]["eigenvalues"]
    assert law["window"] == [10, 150] and law["spread"][0] <= law["exponent"] <= law["spread"][1]


def test_exact_images_of_cifar10_learn_as_predicted(tmp_path, exact_cifar10):
    """The 6,187 exact images, standardized per channel and of unit norm, three layers of ReLU, ridge 0.01."""
    files = sorted(exact_cifar10.glob("data_batch_*.bin")) + [exact_cifar10 / "test_batch.bin"]
    rows = np.concatenate([np.fromfile(file, np.uint8).reshape(-1, 3073) for file in files])
    channels = rows[:, 1:].reshape(-1, 3, 1024) / 255.0
    axes = {"axis": (0, 2), "keepdims": True}
    channels = (channels - channels.mean(**axes)) / channels.std(**axes)
    labels = rows[:, 0].astype(np.int64)
    images = channels.reshape(len(rows), -1)
    data = write_arrays(tmp_path, images, labels, test=images[:10], test_labels=labels[:10])
    path = write_job(
        tmp_path, data={**data, "preprocessing": "unit_norm"},
        network={"preset": "fcn", "depth": 3, "activation": "relu", "weight_variance": 2.0, "bias_variance": 0.0},
        kernels=["ntk"], prediction={"regularization": [0.01], "leave_one_out": True}, spectrum={"weights": True},
        generalization={"samples": [250, 1000, 3000], "draws": 10, "regularization": [0.01]})
    succeed("run", path, ranks=2, timeout=900)
    found = figures(tmp_path / "run")
    ridge, = found["generalization"]["regularizations"]
    measured = [point["test_error"] * 10 for point in ridge["measured"]]
    assert measured == pytest.approx([0.838, 0.7885, 0.7385], abs=8e-3)
    # If the samples are half of all, a theory of infinite populations predicts too large an error.
    values = np.load(tmp_path / "run/spectrum/ntk.npy")
    energies = (np.load(tmp_path / "run/spectrum/ntk_weights.npy") ** 2).sum(1)
    population = [predicted_of_a_population(values, energies, m, ridge["ridge"]) for m in (250, 1000, 3000)]
    assert population == pytest.approx([0.842, 0.789, 0.749], abs=1e-3)
    expected = [point["predicted_test_error"] * 10 for point in ridge["measured"]]
    for theory, error in zip(expected, measured):
        assert theory == pytest.approx(error, rel=0.012)
    loo = found["prediction"]["regularizations"][0]["leave_one_out"]["mean_squared_error"]
    assert ridge["generalized_cross_validation"] == pytest.approx(loo, rel=0.04)


@pytest.mark.parametrize("change, words", [
    ({"spectrum": {"vectors": 0}}, ["generalization", "spectrum: {weights: true}"]),
    ({"spectrum": None}, ["generalization", "spectrum: {weights: true}"]),
    ({"generalization": {"samples": [130]}}, ["generalization.samples", "less than data.train, 130"]),
    ({"generalization": {"draws": 131, "samples": [9]}}, ["generalization.draws", "131", "at most data.train, 130"]),
    ({"generalization": {"draws": 0}}, ["generalization.draws", "0"]),
    ({"generalization": {"samples": [9, 8]}}, ["generalization.samples.1 is 8 after 9", "ascending order"]),
    ({"generalization": {"regularization": [-1]}}, ["generalization.regularization", "-1"]),
    ({"generalization": {"windows": 3}}, ["generalization.windows", "samples"]),
])
def test_what_cannot_be_asked_is_one_sentence(tmp_path, change, words):
    result = ntk_dist("run", write_job(
        tmp_path, **{"spectrum": {"weights": True}, "generalization": {}, **change}))
    assert result.returncode == 78
    said, = sentences(result)
    assert all(word in said for word in words), said
    assert not (tmp_path / "run").exists()


def test_two_images_without_samples_need_no_draws(tmp_path):
    path = write_job(
        tmp_path, data={"synthetic": {"seed": 1, "train": 2, "test": 0}}, prediction=None,
        spectrum={"weights": True}, generalization={"regularization": [0.01]})
    succeed("run", path)
    succeed("run", path, "--set", "generalization.draws=9", "--set", f"output={tmp_path / 'nine'}")
