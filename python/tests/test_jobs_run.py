"""Jobs that run: on ranks, with progress, interrupted and resumed, and on arrays."""

import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
from small_jobs import DATA, MINUTES, NETWORK, require_program, tile_files, wait_until

import ntkdist
from ntkdist import failures
from ntkdist._progress import Progress, ProgressBar, parse

SOURCES = pathlib.Path(ntkdist.__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def program():
    require_program()


def test_ranks_give_the_same_bytes(tmp_path):
    job = ntkdist.Job(data=DATA, network=NETWORK, tile=32, output=tmp_path / "one")
    one = job.run(progress=False)
    two = job.replace(output=tmp_path / "two").run(ranks=2, progress=False)
    np.testing.assert_array_equal(one.kernel(), two.kernel())
    assert two.summary["assembly"]["ranks"] == 2


def test_a_folder_whose_name_is_a_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "{output: 0123, data: {synthetic: {train: 20}}, network: {preset: fcn, depth: 1}}"
    run = ntkdist.Job.from_yaml(text).run(progress=False)
    assert os.listdir() == ["0123"] and run.status().state == "finished"


def test_progress_is_reported(tmp_path, capsys):
    seen = []
    run = ntkdist.Job(data=DATA, network=NETWORK, tile=16, output=tmp_path / "run").run(
        ranks=2, progress=seen.append
    )
    assert seen and seen[-1].what == "assembling" and seen[-1].fraction == 1
    assert "tiles" in seen[-1].detail
    assert capsys.readouterr().out == ""
    again = ntkdist.Job(data=DATA, network=NETWORK, tile=16, output=run.path).run(
        resume=True, progress=False, verbose=True
    )
    assert f"results in {run.path}" in capsys.readouterr().out
    assert again.status().state == "finished"


def test_an_interrupt_stops_a_run_that_can_be_resumed(tmp_path):
    """Stops while waiting, as with Ctrl-C."""
    job = ntkdist.Job(**MINUTES, output=tmp_path / "run")

    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.run(ranks=2, progress=interrupt)
    run = ntkdist.open(job.output)
    status = run.status()
    assert status.state == "stopped" and status.last_event == "stopped"
    assert status.fraction < 1 and not list(run.path.glob("lease-*"))
    stored = {path: path.read_bytes() for path in tile_files(run.path)}

    def stop_at_more(progress):
        if len(tile_files(run.path)) > len(stored):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.run(ranks=1, resume=True, progress=stop_at_more)
    assert len(tile_files(run.path)) > len(stored)
    assert all(path.read_bytes() == data for path, data in stored.items())


def test_a_ctrl_c_of_the_terminal(tmp_path):
    job = ntkdist.Job(**MINUTES, output=tmp_path / "run")
    job.save(tmp_path / "job.yaml")
    # Processes of a background job ignore the signal.
    script = f"""
import signal
import ntkdist
signal.signal(signal.SIGINT, signal.default_int_handler)
ntkdist.Job.from_file({str(tmp_path / "job.yaml")!r}).run(ranks=2)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
    )
    wait_until(lambda: len(tile_files(job.output)) >= 2, process)
    # A terminal sends it to all foreground processes of the session.
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert "KeyboardInterrupt" in errors and process.returncode != 0
    assert ntkdist.open(job.output).status().last_event == "stopped"


def test_a_time_limit_is_an_exception_that_can_be_resumed(tmp_path):
    job = ntkdist.Job(**MINUTES, output=tmp_path / "run")
    with pytest.raises(failures.Stopped, match="stopped before the time limit") as info:
        job.run(progress=False, time_limit=3)
    assert info.value.status == 75


def test_errors_are_the_programs_sentences(tmp_path):
    job = ntkdist.Job(data=DATA, network=NETWORK, output=tmp_path / "run")
    job.run(progress=False)
    with pytest.raises(failures.OutputError, match="exists; continue it with --resume") as info:
        job.run(ranks=2, progress=False)
    assert info.value.status == 73 and "\n" not in str(info.value)
    with pytest.raises(failures.JobError, match="^the job.*trian") as info:
        job.replace(data={"synthetic": {"trian": 7}}).run(progress=False)
    assert "ntkdist-" not in str(info.value)
    with pytest.raises(failures.JobError, match="ranks is 0"):
        job.run(ranks=0)
    with pytest.raises(failures.ProgramError, match="status 3: no such launcher"):
        job.run(launcher=["sh", "-c", "echo no such launcher >&2; exit 3"])
    with pytest.raises(failures.ProgramError, match="ended by SIGKILL"):
        job.run(launcher=["sh", "-c", "kill -9 $$"])


def test_lines_of_progress():
    line = "\rassembling ██████░░░░  42 %  23/54 tiles  1e+06 pairs/s\x1b[K"
    assert parse(line) == Progress("assembling", 0.42, "23/54 tiles  1e+06 pairs/s")
    assert parse("nngp: lambda_max 2801.91  (band, 42 %)") is None


def test_the_bar_redraws_itself_on_terminals_only():
    class Stream:
        def __init__(self, is_terminal):
            self.text, self.is_terminal = "", is_terminal

        def isatty(self):
            return self.is_terminal

        def write(self, text):
            self.text += text

        def flush(self):
            pass

    for is_terminal in (True, False):
        stream = Stream(is_terminal)
        bar = ProgressBar(stream)
        bar(Progress("assembling", 1.0, "54/54 tiles"))
        bar(Progress("solving", 1.0, ""))
        bar.close()
        bar.close()
        if is_terminal:
            assert stream.text.count("\r") == 4 and stream.text.endswith(" \r")
            assert "100 %  54/54 tiles" in stream.text
        else:
            assert stream.text == ""


def test_arrays_in_memory(tmp_path):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(40, 4, 4, 2)).astype(np.float32)
    labels = generator.integers(0, 3, 40)
    network = ["flatten", {"dense": {"weight_variance": 2}}, "relu", "dense"]
    job = ntkdist.from_arrays(
        x[:30],
        np.eye(3)[labels[:30]] - 1 / 3,
        x[30:],
        labels[30:],
        network=network,
        prediction={"regularization": [1e-3]},
        output=tmp_path / "run",
    )
    run = job.run(progress=False)
    assert run.kernel("nngp").shape == (30, 30)
    targets = np.eye(3)[labels[:30]] - 1 / 3
    kernel, test = np.asarray(run.kernel("ntk")), np.asarray(run.kernel("ntk", set="test"))
    expected = test @ np.linalg.solve(kernel + 1e-3 * np.trace(kernel) / 30 * np.eye(30), targets)
    np.testing.assert_allclose(run.predictions("ntk").values[0], expected, atol=1e-10)
    assert sorted(path.name for path in (tmp_path / "run-data").iterdir()) == [
        "test.npy",
        "test_labels.npy",
        "train.npy",
        "train_labels.npy",
    ]
    flat = ntkdist.from_arrays(
        x.reshape(40, -1).astype(">f4")[::-1], network=network, output=tmp_path / "flat"
    ).run(progress=False)
    assert flat.kernel().shape == (40, 40)


def test_folders_below_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for folder, expected in ((None, "home/run-data"), ("~/data", "home/data")):
        job = ntkdist.from_arrays(np.ones((3, 2)), network=["relu"], output="~/run", folder=folder)
        assert (tmp_path / expected / "train.npy").exists()
        assert job.output == tmp_path / "home/run"
        named = job.document()["data"]["arrays"]["train"]
        assert named == str(tmp_path / expected / "train.npy")
    assert not (tmp_path / "~").exists()


def test_arrays_that_are_no_images_or_classes(tmp_path):
    x, names = np.ones((6, 3)), dict(network=["relu"], output=tmp_path / "run")
    for arguments, words in (
        ((np.ones((6, 3, 3)),), r"x_train has the shape \(6, 3, 3\)"),
        ((np.ones((0, 3)),), r"\(0, 3\)"),
        ((x * 1j,), "complex128 instead of real"),
        ((np.array([["a"]]),), "instead of real"),
        ((np.where(np.arange(18).reshape(6, 3) == 13, np.nan, x),), "NaN .* in image 4"),
        ((x, None, np.ones((2, 4))), "x_test has images of the shape"),
        ((x, None, None, [1]), "without x_test"),
        ((x, [0, 1]), r"y_train has the shape \(2,\)"),
        ((x, [0, 1, 2, 0.5, 1, 2]), "no classes"),
        ((x, [0, 1, 2, -1, 1, 2]), "holds -1"),
        ((x, np.arange(12).reshape(6, 2)), "not one-hot"),
        ((x, np.ones((6, 2))), "not one-hot"),
        ((x, np.zeros((6, 1))), "not one-hot"),
        ((x, np.where(np.eye(3)[[0, 1, 2] * 2] == 1, np.nan, 0)), "y_train has NaN .* image 0"),
        ((x, [0, 1, np.nan, 0, 1, 2]), "y_train has NaN .* image 2"),
        ((x, [0, 1, np.inf, 0, 1, 2]), "y_train has NaN or infinite .* image 2"),
        ((x, ["cat", "dog"] * 3), "<U3 instead of classes"),
        ((x, np.array([None] * 6)), "object instead of classes"),
    ):
        with pytest.raises(failures.DataError, match=words):
            ntkdist.from_arrays(*arguments, **names)
    assert not (tmp_path / "run-data").exists()
