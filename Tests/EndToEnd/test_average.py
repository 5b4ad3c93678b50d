"""Kernels averaged over mirrored and shifted images, against the kernels of those images."""
import itertools
import json

import numpy as np
import pytest
import zarr
from conftest import chunks, ntk_dist, sentences, succeed, symmetric, write_job

TRAIN, TEST = 11, 4
DENSE = {"dense": {"weight_variance": 1.5, "bias_variance": 0.1}}


def convolution(**parameters):
    return {"convolution": {"filter": 3, "weight_variance": 2, "bias_variance": 0.1, **parameters}}


# With a stride of 2, the windows on an image of 6 pixels begin at its left, so left and right differ.
NETWORKS = {
    "dense": ["flatten", DENSE, "relu", DENSE, "erf", DENSE],
    "flatten": [convolution(), "relu", convolution(), "erf", "flatten", DENSE],
    "pool": [convolution(), "relu", {"average_pool": {"window": 2, "stride": 2}}, convolution(), "relu",
             "global_average_pool", DENSE],
    "stride": [convolution(stride=2), "relu", "flatten", DENSE, "relu", DENSE],
    "slice": [convolution(), "relu", {"slice": {"columns": [0, 3]}}, "global_average_pool", DENSE],
}
CIRCULAR = [convolution(padding="circular"), "relu", convolution(padding="circular"), "erf", "flatten", DENSE]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Images of 6 x 6 pixels, as arrays and as a job's `data`."""
    folder = tmp_path_factory.mktemp("average")
    generator = np.random.default_rng(5)
    train = generator.standard_normal((TRAIN, 6, 6, 2))
    train[3] = train[2] + 1e-4 * train[3]
    test = generator.standard_normal((TEST, 6, 6, 2))
    paths = {}
    for name, value in {"train": train, "test": test, "train_labels": np.arange(TRAIN) % 3,
                        "test_labels": np.arange(TEST) % 3}.items():
        paths[name] = str(folder / f"{name}.npy")
        np.save(paths[name], value)
    return train, test, {"arrays": paths, "preprocessing": "none"}


def kernels(folder, network, images):
    """Both kernels for all pairs of `images`."""
    (folder / "network.yaml").write_text(json.dumps({"network": network}))
    np.save(folder / "images.npy", images)
    succeed("kernel", folder / "network.yaml", "--rows", folder / "images.npy", "--output", folder / "kernels",
            "--force")
    return {name: np.load(folder / f"kernels/{name}.npy") for name in ("nngp", "ntk")}


def averaged(folder, network, images, copies):
    """The means of both kernels over the copies of a pair's two images."""
    everything = kernels(folder, network, np.concatenate([copy(images) for copy in copies]))
    shape = (len(copies), len(images)) * 2
    return {name: values.reshape(shape).mean((0, 2)) for name, values in everything.items()}


def check(run, expected, relative):
    store = zarr.open(run / "kernels.zarr", mode="r")
    for name, values in expected.items():
        scale = np.abs(values).max()
        found = {part: store[f"{name}_{part}"][:] for part in ("train", "test", "test_diagonal")}
        assert np.abs(symmetric(found["train"]) - values[:TRAIN, :TRAIN]).max() < relative * scale
        assert np.abs(found["test"] - values[TRAIN:, :TRAIN]).max() < relative * scale
        assert np.abs(found["test_diagonal"] - np.diag(values)[TRAIN:]).max() < relative * scale


def mirrored(images):
    return images[:, :, ::-1]


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_kernels_are_averaged_over_mirror_images(tmp_path, images, name, ranks):
    train, test, data = images
    path = write_job(tmp_path, data=data, network=NETWORKS[name], average={"flip": True}, tile=4,
                     spectrum={"centred": True, "vectors": 0}, prediction={"regularization": [1e-2]})
    succeed("run", path, ranks=ranks)
    everything = np.concatenate([train, test])
    expected = averaged(tmp_path, NETWORKS[name], everything, [np.array, mirrored])
    check(tmp_path / "run", expected, 1e-12)
    succeed("verify", tmp_path / "run")
    store = zarr.open(tmp_path / "run/kernels.zarr", mode="r")
    for kernel, values in expected.items():
        diagonal = np.diag(values)[:TRAIN]
        gaps = diagonal[:, None] + diagonal - 2 * values[:TRAIN, :TRAIN]
        found = symmetric(store[f"{kernel}_train_gap"][:])
        assert np.abs(found - gaps).max() < 1e-13 * np.abs(values).max()


def test_single_precision_and_a_resumed_run_give_the_same(tmp_path, images):
    train, test, data = images
    network = NETWORKS["stride"]
    path = write_job(tmp_path, data=data, network=network, average={"flip": True}, tile=4, precision="f32",
                     prediction=None, spectrum=None)
    succeed("assemble", path, "--shard", "1/2")
    succeed("assemble", path, "--shard", "2/2", ranks=2)
    check(tmp_path / "run", averaged(tmp_path, network, np.concatenate([train, test]), [np.array, mirrored]),
          1e-6)
    plain = write_job(tmp_path, "plain.yaml", data=data, network=network, tile=4, precision="f32",
                      prediction=None, spectrum=None)
    refused = ntk_dist("run", plain, "--resume")
    assert refused.returncode == 78 and "mirror average" in sentences(refused)[0], refused.stderr


def test_regression_equals_that_on_the_images_and_their_mirror_images(tmp_path, images):
    train, test, data = images
    path = write_job(tmp_path, data=data, network=NETWORKS["flatten"], average={"flip": True},
                     spectrum=None, prediction={"regularization": [1e-2]})
    succeed("run", path, ranks=2)
    both = np.concatenate([train, mirrored(train), test])
    for name, values in kernels(tmp_path, NETWORKS["flatten"], both).items():
        store = zarr.open(tmp_path / "run/kernels.zarr", mode="r")
        ridge = 2 * 1e-2 * np.diag(store[f"{name}_train"][:]).mean()
        own = values[:2 * TRAIN, :2 * TRAIN] + ridge * np.eye(2 * TRAIN)
        targets = np.tile(np.eye(3)[np.arange(TRAIN) % 3] - 1 / 3, (2, 1))
        expected = values[2 * TRAIN:, :2 * TRAIN] @ np.linalg.solve(own, targets)
        found = np.load(tmp_path / f"run/predictions/{name}.npy")[0]
        assert np.abs(found - expected).max() < 1e-9


@pytest.mark.parametrize("shift", [1, 2])
def test_kernels_are_averaged_over_shifts(tmp_path, images, shift):
    train, test, data = images
    path = write_job(tmp_path, data=data, network=CIRCULAR, average={"flip": True, "shift": shift}, tile=4,
                     spectrum=None, prediction=None)
    succeed("run", path, ranks=2)
    steps = range(-shift, shift + 1)
    copies = [
        lambda images, down=down, across=across, flip=flip: np.roll(
            images[:, :, ::flip], (down, across), (1, 2))
        for down, across, flip in itertools.product(steps, steps, (1, -1))]
    check(tmp_path / "run", averaged(tmp_path, CIRCULAR, np.concatenate([train, test]), copies), 1e-13)


def test_a_pooled_network_is_its_own_average_over_shifts(tmp_path, images):
    network = [*CIRCULAR[:-2], "global_average_pool", DENSE]
    for name, average in (("plain", None), ("shifted", {"shift": 2})):
        succeed("run", write_job(tmp_path, output=tmp_path / name, data=images[2], network=network,
                                 average=average, spectrum=None, prediction=None))
    assert chunks(tmp_path / "plain") == chunks(tmp_path / "shifted")


@pytest.mark.parametrize("network, words", [
    (NETWORKS["flatten"], "layer 1 (convolution): average.shift needs layers that treat all pixels alike"),
    (["flatten", DENSE], "layer 1 (flatten): average.shift needs layers that treat all pixels alike"),
    ([*CIRCULAR, "relu", DENSE], "nothing but dense may follow its flatten"),
    ([{"convolution": {"filter": 3, "padding": "circular", "stride": 2}}, "relu", "flatten"],
     "layer 1 (convolution): average.shift needs"),
])
def test_shifts_that_a_network_does_not_follow_are_refused(tmp_path, images, network, words):
    path = write_job(tmp_path, data=images[2], network=network, average={"shift": 1})
    result = ntk_dist("run", path)
    assert result.returncode == 78 and words in sentences(result)[0], result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", [["run"], ["plan", "--ranks", 2]])
def test_images_without_columns_have_no_mirror_images(tmp_path, command):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).standard_normal((5, 12)))
    path = write_job(tmp_path, data={"arrays": {"train": str(tmp_path / "x.npy")}}, prediction=None,
                     average={"flip": True})
    result = ntk_dist(*command, path)
    assert result.returncode == 78 and "without columns" in sentences(result)[0], result.stderr
    assert not (tmp_path / "run").exists()


def test_networks_that_treat_left_and_right_differently_share_a_job_with_others(tmp_path, images):
    """A preset with several depths and only one kernel; a ResNet's stride treats the sides differently."""
    train, test, data = images
    preset = {"preset": "resnet-cifar", "depths": [8, 14]}
    path = write_job(tmp_path, data=data, network=preset, kernels=["ntk"], average={"flip": True}, tile=4,
                     spectrum=None, prediction=None)
    succeed("run", path, ranks=2)
    everything = np.concatenate([train, test])
    group = zarr.open_group(tmp_path / "run/kernels.zarr", mode="r")
    for depth in preset["depths"]:
        network = {"preset": "resnet-cifar", "depth": depth}
        expected = averaged(tmp_path, network, everything, [np.array, mirrored])["ntk"]
        (name,) = (name for name in dict(group.groups()) if f"depth={depth}" in name)
        found = symmetric(group[name]["ntk_train"][:])
        assert np.abs(found - expected[:TRAIN, :TRAIN]).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("matrix, status, words", [
    (None, 66, "does not exist"), (np.eye(5), 78, "is 5 x 5, and 6 x 6 pixels need 36 x 36"),
    (np.ones(36), 78, "it must be a matrix"), (np.full((36, 36), np.nan), 78, "not finite")])
def test_an_adjacency_matrix_that_does_not_fit_is_refused(tmp_path, images, matrix, status, words):
    if matrix is not None:
        np.save(tmp_path / "a.npy", matrix)
    network = [convolution(), {"aggregate": {"adjacency": str(tmp_path / "a.npy")}}, "relu", "flatten", DENSE]
    result = ntk_dist("run", write_job(tmp_path, data=images[2], network=network))
    assert result.returncode == status and words in sentences(result)[0], result.stderr
