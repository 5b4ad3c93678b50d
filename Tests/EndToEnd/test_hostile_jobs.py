"""Jobs that ask for too much, or whose data changed: one sentence, in little time and memory."""
import os
import resource
import subprocess

import numpy as np
import pytest
from conftest import ENVIRONMENT, PATIENCE, command, ntk_dist, sentences, succeed, write_job

REFUSED = {64, 65, 66, 69, 73, 74, 78}


def bounded(*arguments, **options):
    """Runs the program with limits of 20 seconds of one core and 2 GB."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))
    return subprocess.run(
        command(arguments), capture_output=True, text=True, env=ENVIRONMENT, preexec_fn=limit, **options)


def refused(result, status, *words):
    assert result.returncode == status, (result.returncode, result.stderr[-1500:])
    said = sentences(result)
    assert len(said) == 1, result.stderr[-1500:]
    for word in words:
        assert word in said[0]


def test_aliases_as_keys(tmp_path):
    text = "a0: &a0 {x: 1}\n" + "".join(
        f"a{i}: &a{i} {{? [*a{i - 1}, *a{i - 1}] : 1}}\n" for i in range(1, 20))
    path = tmp_path / "job.yaml"
    path.write_text(text)
    refused(bounded("run", path), 78, "a key must be a word")


@pytest.mark.parametrize("sections, words", [
    ({"network": [{"repeat": {"count": 1e9, "layers": ["dense", "relu"]}}]}, ["2000000 layers"]),
    ({"network": [{"repeat": {"count": 1e5, "layers": [{"repeat": {"count": 1e5, "layers": []}}]}}]},
     ["2000000 layers"]),
    ({"tile": 2147483648}, ["tile", "65536"]),
    ({"tile": 1, "data": {"synthetic": {"train": 1400, "test": 0}}, "prediction": None, "store": {"shards": False}},
     ["980700 tiles", "set tile: "]),
    ({"tile": 1, "data": {"synthetic": {"train": 2100, "test": 0}}, "prediction": None},
     ["2206050 tiles", "set tile: "]),
    ({"data": {"synthetic": {"train": 2147483647}}}, ["from 1 to 1000000"]),
    ({"data": {"synthetic": {"train": 1, "test": 5}},
      "prediction": {"regularization": [1e-2], "leave_one_out": True}}, ["two training images"]),
    ({"output": "~nobody/run"}, ["~/"]),
])
def test_what_is_too_much_is_refused(tmp_path, sections, words):
    refused(bounded("run", write_job(tmp_path, **sections)), 78, *words)


def test_deep_networks_end_in_time(tmp_path):
    for network in [{"preset": "fcn", "depth": 100000}, {"preset": "myrtle-10", "filter": 1023},
                    [{"average_pool": {"window": 1023, "padding": "same"}}, "flatten", "dense"]]:
        path = write_job(tmp_path, network=network, prediction=None)
        result = bounded("network", path)
        assert result.returncode in REFUSED | {0}, result.stderr[-500:]


def test_an_option_of_fifty_thousand_dots_and_a_pipe(tmp_path):
    path = write_job(tmp_path)
    refused(bounded("run", path, "--set", "a." * 50000 + "a=1"), 78, "50001 parts")
    os.mkfifo(tmp_path / "pipe")
    refused(bounded("run", tmp_path / "pipe", timeout=PATIENCE), 78, "regular file")


def test_a_tilde_is_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = write_job(tmp_path, output="~/there/run", spectrum=None)
    succeed("run", path, "--set", "data.synthetic.train=20")
    assert (tmp_path / "there/run/summary.json").exists()


@pytest.mark.parametrize("stage", ["spectrum", "predict", "verify"])
def test_a_changed_image_is_noticed(tmp_path, stage):
    generator = np.random.default_rng(0)
    for name, count in [("x", 40), ("t", 10)]:
        np.save(tmp_path / f"{name}.npy", generator.random((count, 12)))
        np.save(tmp_path / f"{name}_labels.npy", np.arange(count) % 3)
    arrays = {"train": str(tmp_path / "x.npy"), "test": str(tmp_path / "t.npy"),
              "train_labels": str(tmp_path / "x_labels.npy"), "test_labels": str(tmp_path / "t_labels.npy")}
    path = write_job(tmp_path, data={"arrays": arrays})
    succeed("assemble", path)
    subject = tmp_path / "run" if stage == "verify" else path
    succeed(stage, subject)
    images = np.load(tmp_path / "t.npy")
    images[3, 4] += 1e-12
    np.save(tmp_path / "t.npy", images)
    refused(ntk_dist(stage, subject), 78, "kernels.zarr/nngp_train was computed with images = ")


def test_images_out_of_range_and_many_classes(tmp_path):
    images = np.random.default_rng(0).random((6, 5))
    path = write_job(tmp_path, data={"arrays": {"train": str(tmp_path / "x.npy")}}, prediction=None)
    for factor in (1e160, 1e-320):
        np.save(tmp_path / "x.npy", images * factor)
        refused(bounded("run", path, "--resume"), 65, "largest number of train image 0")
    np.save(tmp_path / "x.npy", np.full((6, 5), 0.1))
    refused(bounded("run", path, "--resume", "--set", "data.preprocessing=zca"), 65, "images used are equal")
    np.save(tmp_path / "labels.npy", np.array([0, 1, 2, 3, 4, 1000]))
    refused(bounded("run", path, "--resume", "--set", f"data.arrays.train_labels={tmp_path}/labels.npy"), 65,
            "label 1000", "1000 classes")


def test_the_keys_of_a_job_are_explained():
    text = succeed("help", "job").stdout
    assert text.startswith("# Job keys") and "- `checkpoint` (" in text
    section = succeed("help", "job", "spectrum").stdout
    assert section.startswith("## spectrum") and section in text
    unknown = ntk_dist("help", "job", "spectra")
    assert unknown.returncode == 64 and "spectrum" in unknown.stderr
    assert "--resume" in succeed("help", "run").stdout
    assert "SUBCOMMANDS" in succeed("help").stdout
    assert ntk_dist("help", "nothing").returncode == 64
    message = ntk_dist("run", "/nowhere.yaml", "--set", "a")
    assert message.returncode == 66
