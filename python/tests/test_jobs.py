"""Jobs as documents: YAML both ways, checks and plans."""

import copy
import pickle
import subprocess
from pathlib import Path

import numpy as np
import pytest
from small_jobs import BINARY, DATA, EVERYTHING, NETWORK, ROOT, require_program

import ntkdist
from ntkdist import _documents, failures
from ntkdist._job_sections import with_absolute_paths

yaml = pytest.importorskip("yaml")

TEXT = """\
data:
  synthetic: {seed: 1, train: 100, test: 30}
network:
  - convolution: {filter: [3, 3], weight_variance: 2.0}   # a comment
  - relu
  - global_average_pool
  - dense: {weight_variance: 2, bias_variance: 1e-3}
prediction: {regularization: [0, 1e-6, .5, 1.e-2]}
training: {times: [0, 10, infinity]}
output: "runs/no"
"""


def test_yaml_both_ways():
    job = ntkdist.Job.from_yaml(TEXT)
    document = job.document()
    assert document["prediction"]["regularization"] == [0, 1e-6, 0.5, 1e-2]
    assert document["network"][3] == {"dense": {"weight_variance": 2, "bias_variance": 0.001}}
    assert document["training"]["times"] == [0, 10, "infinity"]
    assert ntkdist.Job.from_yaml(job.yaml()) == job
    assert max(map(len, job.yaml().splitlines())) <= 100


@pytest.mark.parametrize("path", sorted((ROOT / "jobs").glob("*.yaml")), ids=lambda path: path.name)
def test_the_jobs_of_the_repository_both_ways(path):
    job = ntkdist.Job.from_file(path)
    assert ntkdist.Job.from_yaml(job.yaml()) == job


def test_words_and_numbers_keep_their_meaning():
    values = [
        "yes",
        "no",
        "null",
        "true",
        "1e3",
        "1.5",
        ".5",
        "",
        " a",
        "a: b",
        "a#b",
        "ü",
        '"',
        "~",
        "-x",
        "[1]",
        "*a",
        "a\nb",
        "\t",
        ".inf",
        "depth=3",
        "/tmp/a b",
        "1e-3x",
        "0x10",
        "1_000",
        "abc\n",
        "a\x7fb",
        "a\x85b",
        "a\u2028b\u2029",
        "\ufeffa",
        "a\r\nb",
        "\U0001f600",
    ]
    numbers = {"checkpoint": 1e300, "a": -1.5e-7, "b": 3.0, "c": False}
    job = ntkdist.Job(
        data={"arrays": {str(n): v for n, v in enumerate(values)}},
        network=["relu"],
        output="o",
        spectrum=numbers,
    )
    back = ntkdist.Job.from_yaml(job.yaml())
    assert list(back.document()["data"]["arrays"].values()) == values
    assert back.document()["spectrum"] == numbers
    assert back == job
    assert list(yaml.safe_load(job.yaml())["data"]["arrays"].values()) == values


@pytest.mark.parametrize("name", ["2024", "0123", "1.50", "1e3", "-7", ".inf"])
def test_names_of_files_that_look_like_numbers(name):
    job = ntkdist.Job.from_yaml(f"{{output: {name}, kernel: {{train: {name}}}, tile: 010}}")
    document = {"kernel": {"train": name}, "tile": 10, "output": name}
    assert job.document() == document and job.output == Path(name)
    assert ntkdist.Job.from_yaml(job.yaml()) == job
    if name == "1.50":
        text = '{"output": 1.50, "kernel": {"train": 1.50}, "tile": 10}'
        assert ntkdist.Job.from_yaml(text) == job
    number = ntkdist.Job(output=np.int64(2024), kernel={"train": 1.5}).document()
    assert number == {"kernel": {"train": "1.5"}, "output": "2024"}


def test_numbers_of_documents_can_be_copied():
    document = _documents.read("{a: 1.50, b: [010, .inf]}")
    assert copy.deepcopy(document) == document == pickle.loads(pickle.dumps(document))
    assert _documents.word(copy.copy(document["a"])) == "1.50"


def test_the_program_reads_numbers_and_words_alike(tmp_path):
    require_program()
    network = {
        "preset": "fcn",
        "depth": 2,
        "activation": {"leaky_relu": {"negative_slope": 1e-7}},
        "weight_variance": 0.1 + 0.2,
        "bias_variance": 3e-300,
    }
    listing = ntkdist.Job(data=DATA, network=network, output=tmp_path / "yes").check()
    assert "negative_slope: 1.0e-07" in listing and "bias_variance: 3.0e-300" in listing
    assert "weight_variance: 0.30000000000000004" in listing


def test_numpy_values_paths_and_networks(tmp_path):
    class Net:
        def yaml(self):
            return "- dense: {weight_variance: 2}\n- relu\n- dense\n"

    job = ntkdist.Job(
        data={"cifar10": tmp_path, "train": np.int64(7), "test": None},
        network=Net(),
        prediction={"regularization": np.array([1e-3, 1])},
        precision=np.str_("f32"),
        spectrum=None,
        training={"times": (0, np.inf)},
        output=tmp_path / "run",
    )
    document = job.document()
    assert document["data"] == {"cifar10": str(tmp_path), "train": 7, "test": None}
    assert document["network"] == [{"dense": {"weight_variance": 2}}, "relu", "dense"]
    assert document["prediction"] == {"regularization": [0.001, 1]}
    assert "spectrum" not in document and document["precision"] == "f32"
    assert ntkdist.Job.from_yaml(job.yaml()) == job
    text = ntkdist.Job(data=DATA, network="{preset: fcn, depth: 3}", output="o")
    assert text.document()["network"] == {"preset": "fcn", "depth": 3}
    assert text.replace(network="network: [relu]", spectrum={}).document()["network"] == ["relu"]


def test_what_is_no_job():
    with pytest.raises(failures.JobError, match="no section 'spectra'"):
        ntkdist.Job(data=DATA, network=NETWORK, output="o", spectra={})
    with pytest.raises(failures.JobError, match=r"prediction.regularization\[1\] is NaN"):
        ntkdist.Job(
            data=DATA, network=NETWORK, output="o", prediction={"regularization": [0, float("nan")]}
        )
    with pytest.raises(failures.JobError, match="data.synthetic is of the type object"):
        ntkdist.Job(data={"synthetic": object()}, network=NETWORK, output="o")
    with pytest.raises(failures.JobError, match="the word 'fcn'"):
        ntkdist.Job(data=DATA, network="fcn", output="o")
    for text, words in (
        ("a: [", "not YAML"),
        ("[1]", "no mapping"),
        ("", "no mapping"),
        ("{data: {}, output: o}", "it has no network"),
        ("data: !!python/object:os.system {}", "not YAML"),
    ):
        with pytest.raises(failures.JobError, match=words) as info:
            ntkdist.Job.from_yaml(text)
        assert "\n" not in str(info.value)


def test_sections_of_a_newer_program_are_kept():
    require_program()
    job = ntkdist.Job.from_yaml(
        "{data: {synthetic: {}}, network: [flatten], output: o, new: {a: 1}}"
    )
    assert job.replace(tile=8).document()["new"] == {"a": 1}
    assert ntkdist.Job.from_yaml(job.yaml()) == job
    with pytest.raises(failures.JobError, match="'new'"):
        job.check()
    with pytest.raises(failures.JobError, match="no section 'new'"):
        job.replace(new=1)


def test_numbers_are_those_of_all_readers_of_yaml():
    job = ntkdist.Job(data=DATA, network=NETWORK, output="o", prediction={"regularization": [1e-6]})
    assert "1.0e-06" in job.yaml()
    assert yaml.safe_load(job.yaml()) == job.document()


def test_files_that_are_no_jobs(tmp_path):
    with pytest.raises(failures.MissingError, match="cannot be read as a job"):
        ntkdist.Job.from_file(tmp_path / "none.yaml")
    with pytest.raises(failures.DataError, match="cannot be read as a job"):
        ntkdist.Job.from_file(tmp_path)


def test_check_says_what_the_program_says(tmp_path):
    require_program()
    job = ntkdist.Job(data=DATA, network={"preset": "fcn", "depth": 2}, output=tmp_path / "run")
    assert job.check().count("relu") >= 1
    with pytest.raises(ValueError, match="depht") as info:
        job.replace(network={"preset": "fcn", "depht": 2}).check()
    assert info.value.status == 78 and "\n" not in str(info.value)
    with pytest.raises(failures.JobError, match="regularization"):
        job.replace(prediction={"regularization": "much"}).check()


def test_plans(tmp_path):
    require_program()
    job = ntkdist.Job(
        **{**EVERYTHING, "training": None, "alignment": None}, output=tmp_path / "run"
    )
    plan = job.plan(4, ranks_per_node=2, memory=8)
    assert (plan.train, plan.ranks, plan.nodes, plan.fits) == (100, 4, 2, True)
    assert [stage.name for stage in plan.stages] == ["assemble", "spectrum", "predict"]
    assert plan.seconds > 0 and plan.store_bytes > 2 * 100 * 100 * 8 / 2
    assert "GB on disk" in str(plan) and "assemble" in plan._repr_html_()
    small = job.plan(4, memory=1e-6)
    assert not small.fits and "impossible" in str(small)
    with pytest.raises(failures.JobError, match="--ranks"):
        job.plan(0)


def test_whole_paths_for_another_folder(tmp_path, monkeypatch):
    """Also of graphs in layers inside other layers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def network(there, home):
        graph, other = ({"aggregate": {"adjacency": path}} for path in (there, home))
        rounds = {"repeat": {"count": 2, "layers": [graph]}}
        branches = {"product": {"branches": [["dense"], [other, "dense"]]}}
        return [graph, {"residual": {"main": [rounds], "shortcut": [other]}}, branches]

    job = ntkdist.Job(data=DATA, network=network("adj.npy", "~/adj.npy"), output="run")
    found = with_absolute_paths(job.document())
    assert found["network"] == network(str(tmp_path / "adj.npy"), str(tmp_path / "home/adj.npy"))
    assert found["output"] == str(tmp_path / "run")
    # The job itself stays.
    assert job.document()["network"] == network("adj.npy", "~/adj.npy")


def test_errors_name_no_file_that_is_gone(tmp_path, monkeypatch):
    """The errors of a program that rejects the file."""
    script = tmp_path / "ntk-dist"
    script.write_text('#!/bin/sh\necho "ntk-dist: $2: depth is missing" >&2\nexit 78\n')
    script.chmod(0o755)
    monkeypatch.setenv("NTK_DIST", str(script))
    job = ntkdist.Job(data=DATA, network=NETWORK, output=tmp_path / "run")
    for call in (job.check, lambda: job.plan(2), lambda: job.run(progress=False)):
        with pytest.raises(failures.JobError) as info:
            call()
        assert str(info.value) == "the job: depth is missing" and info.value.status == 78


def test_without_the_program(tmp_path, monkeypatch):
    job = ntkdist.Job(data=DATA, network=NETWORK, output=tmp_path / "run")
    monkeypatch.setenv("NTK_DIST", str(tmp_path / "absent"))
    with pytest.raises(failures.ResourceError, match="NTK_DIST is"):
        job.check()
    monkeypatch.delenv("NTK_DIST")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(failures.ResourceError, match="not in PATH"):
        job.run()
    with pytest.raises(failures.ResourceError, match="sbatch is not in PATH"):
        job.submit(folder=tmp_path)


def test_the_program_takes_what_is_written(tmp_path):
    require_program()
    job = ntkdist.Job.from_yaml(TEXT)
    job.save(tmp_path / "job.yaml")
    printed = subprocess.run(
        [BINARY, "network", tmp_path / "job.yaml"], check=True, text=True, capture_output=True
    ).stdout
    assert printed == job.check() and "bias_variance: 0.001" in printed
