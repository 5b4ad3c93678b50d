"""`status`, `list` and `clean` for runs that are active, stopped, finished, damaged, or not ours."""
import json
import os
import signal
import subprocess

import pytest
from conftest import (
    ENVIRONMENT, chunks, command, finish, has_event, ntk_dist, sentences, start, stop_once, succeed,
    summary, wait_until, write_job)

# Spectra that take a while on any machine.
LONG = dict(data={"synthetic": {"seed": 2, "train": 2500, "test": 20}}, tile=256)


def status(run):
    return json.loads(succeed("status", run, "--format", "json").stdout)


def stages(found):
    return {stage["stage"]: stage for stage in found["stages"]}


def test_status_knows_every_stage(tmp_path):
    path = write_job(tmp_path, spectrum={"vectors": 5}, training={"times": [1, 10]},
                     alignment={})
    succeed("run", path, ranks=2)
    found = status(tmp_path / "run")
    assert found["state"] == "finished" and found["steps"] == []
    assert list(stages(found)) == ["assemble", "spectrum", "predict", "train", "align"]
    assert all(stage["done"] == stage["of"] and stage["fraction"] == 1
               for stage in found["stages"])
    assert stages(found)["spectrum"]["of"] == 2
    text = succeed("status", tmp_path / "run").stdout
    assert "state     finished\n" in text and "train     2 of 2 kernels\n" in text


def test_an_active_run_shows_its_step_and_a_killed_one_is_stopped(tmp_path):
    path = write_job(tmp_path, **LONG)
    run = tmp_path / "run"
    process = start("run", path, "--progress", "none", ranks=None)
    stop_once(lambda: has_event(run, "assembled") and "spectrum" in progress(run), process)
    # If a routine is silent for long, it is still the job's current step.
    os.utime(run / "progress.json", (0, 0))
    found = status(run)
    assert found["state"] == "active" and "ntk-dist run" in found["writer"]
    assert found["steps"][0]["stage"] == "spectrum" and found["steps"][0]["step"]
    assert stages(found)["spectrum"]["fraction"] < 1 and stages(found)["predict"]["fraction"] == 0
    process.kill()
    finish(process)
    wait_until(lambda: status(run)["state"] == "stopped")
    found = status(run)
    assert found["steps"] == [] and stages(found)["spectrum"]["done"] < 2
    assert "continue with --resume" in succeed("status", run).stdout
    succeed("run", path, "--resume", ranks=2)
    assert status(run)["state"] == "finished" and not (run / "progress.json").exists()


def progress(run):
    return (run / "progress.json").read_text() if (run / "progress.json").exists() else ""


def test_watching_ends_with_the_run(tmp_path):
    path = write_job(tmp_path, **LONG)
    process = start("run", path, "--progress", "none", ranks=None)
    stop_once(lambda: has_event(tmp_path / "run", "assembled"), process)
    watch = subprocess.Popen(command(["status", tmp_path / "run", "--watch"]), env=ENVIRONMENT, text=True,
                             stdout=subprocess.PIPE)
    first = [watch.stdout.readline() for _ in range(2)]
    process.send_signal(signal.SIGCONT)
    rest = watch.communicate()[0]
    assert finish(process)[0] == 0 and watch.returncode == 0
    assert first[1].startswith("state     active: ") and rest.count("\nstate     finished\n") == 1


def test_cleaning_waits_for_no_shard(tmp_path):
    """The jobs of shards take no lease; their progress shows them."""
    path = write_job(tmp_path, spectrum=None, prediction=None)
    succeed("assemble", path, "--shard", "1/2")
    own = tmp_path / "run/shards/1-of-2"
    (own / "progress.json").write_text(json.dumps(
        {"step": "assembling", "detail": "", "is_preparation": False, "time": ""}))
    refused = clean(tmp_path / "run", "", "--yes")
    assert refused.returncode == 73 and "is being written by a shard's job" in sentences(refused)[0]
    os.utime(own / "progress.json", (0, 0))
    assert clean(tmp_path / "run", "", "--yes").returncode == 0


def test_an_interrupted_clean_is_completed_by_the_next(tmp_path):
    path = write_job(tmp_path)
    run = tmp_path / "run"
    succeed("run", path)
    (run / "kernels.zarr").rename(run / ".removed-kernels.zarr")
    (run / ".removed-kernels.zarr/nngp_train/zarr.json").unlink()
    succeed("run", path, "--resume")
    assert "tiles that an interrupted `clean` left" in clean(run, "y\n").stdout
    assert not (run / "kernels.zarr").exists() and not (run / ".removed-kernels.zarr").exists()


def test_list_shows_runs_below_a_folder(tmp_path):
    succeed("assemble", write_job(tmp_path, "a.yaml", output=tmp_path / "runs/deep/a", spectrum={}))
    layers = [{"convolution": {"filter": [3, 3]}}, {"elementwise": {"formula": "max(x, 2.0 * x)"}}, "flatten",
              {"dense": {"weight_variance": 2}}]
    few = {"synthetic": {"seed": 1, "train": 6, "test": 3}}
    succeed("run", write_job(tmp_path, "b.yaml", output=tmp_path / "runs/b", data=few, network=layers))
    succeed("run", write_job(tmp_path, "c.yaml", output=tmp_path / "runs/c"))
    (tmp_path / "runs/c/summary.json").write_text("{")
    (tmp_path / "runs/other").mkdir()
    (tmp_path / "runs/loop").symlink_to(tmp_path / "runs")
    found = json.loads(succeed("list", tmp_path / "runs", "--format", "json").stdout)
    assert [(os.path.relpath(line["run"], tmp_path / "runs"), line["state"]) for line in found] == [
        ("b", "finished"), ("c", "unreadable"), ("deep/a", "stopped")]
    assert found[2]["stage"] == "spectrum" and found[2]["fraction"] == 0
    assert found[0]["tile_bytes"] > 0 and "summary.json" in found[1]["problem"]
    table = succeed("list", tmp_path / "runs").stdout.splitlines()
    assert len(table) == 4 and table[0].startswith("RUN ")
    assert "filter=[3, 3]" in table[1] and 'formula="max(x, 2.0 * x)"' in table[1] and "weight_variance=2)" in table[1]
    # The columns are aligned.
    column = table[0].index("STATE")
    assert [line[column - 1:].split()[0] for line in table] == ["STATE", "finished", "unreadable", "stopped"]
    assert all(line[column - 1] == " " for line in table)
    assert succeed("list", tmp_path / "runs/other").stdout == f"no runs under {tmp_path}/runs/other\n"
    missing = ntk_dist("list", tmp_path / "none")
    assert missing.returncode == 66 and len(sentences(missing)) == 1


def clean(run, answer, *options):
    return subprocess.run(command(["clean", run, *options]), env=ENVIRONMENT, text=True, input=answer,
                          capture_output=True)


def test_clean_removes_what_can_be_computed_again_after_asking(tmp_path):
    path = write_job(tmp_path)
    run = tmp_path / "run"
    succeed("run", path)
    before, tiles = summary(run), chunks(run)
    for answer in ("", "n\n", "\n"):
        refused = clean(run, answer)
        assert refused.returncode == 0 and "nothing was removed" in refused.stdout
        assert "kernels.zarr: the kernels' tiles" in refused.stdout
    assert chunks(run) == tiles
    assert clean(run, "", "--keep-kernels", "--yes").stdout == "nothing to remove\n"
    done = clean(run, "y\n")
    assert done.returncode == 0 and "removed" in done.stdout, done
    assert not (run / "kernels.zarr").exists() and not (run / "checksums").exists()
    assert summary(run) == before and list((run / "spectrum").rglob("*.npy"))
    # The rest is still a run, and its kernels can be computed again.
    found = status(run)
    assert found["state"] == "finished" and stages(found)["assemble"]["done"] == 0
    assert stages(found)["spectrum"]["done"] == 2
    assert "state     finished; the kernels' tiles were removed\n" in succeed("status", run).stdout
    refused = ntk_dist("spectrum", path)
    assert refused.returncode == 66 and "run `ntk-dist assemble --resume`" in sentences(refused)[0]
    succeed("run", path, "--resume")
    assert chunks(run) == tiles
    succeed("verify", run)


def test_results_of_another_job_are_kept(tmp_path):
    path = write_job(tmp_path, network={"preset": "fcn", "depths": [1, 2]})
    run = tmp_path / "run"
    succeed("run", path)
    before, files = summary(run), {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    for others in ("network.depths=[2,3]", "network={preset: cnn-gap, depths: [3], activation: relu}"):
        refused = ntk_dist("run", path, "--resume", "--set", others)
        assert refused.returncode == 78 and "has results of depth=1" in sentences(refused)[0]
    refused = ntk_dist("predict", path, "--set", "network.depths=[2]")
    assert refused.returncode == 78 and "has results of depth=1" in sentences(refused)[0]
    assert files == {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    succeed("run", path, "--resume", "--set", "network.depths=[1,2,3]")
    after = summary(run)
    assert after["variants"][:2] == before["variants"] and len(after["variants"]) == 3
    # Tiles say what differs.
    for others, word in (("data.synthetic.train=40", "shape [130, 130]"), ("data.synthetic.test=20", "shape [30, 130]"),
                         ("storage=f32", "storage float64"), ("precision=f32", "precision = f64")):
        refused = ntk_dist("run", path, "--resume", "--set", "network.depths=[1,2,3]", "--set", others)
        assert refused.returncode == 78 and word in sentences(refused)[0], refused.stderr
    # The fingerprints of the tiles are gone with the tiles.
    succeed("clean", run, "--yes")
    for others in ("data.synthetic.train=40", "data.synthetic.seed=9", "precision=f32"):
        refused = ntk_dist("run", path, "--resume", "--set", "network.depths=[1,2,3]", "--set", others)
        assert refused.returncode == 78 and "summary.json has results of other data" in sentences(refused)[0]
    assert summary(run) == after and not (run / "kernels.zarr").exists()
    succeed("run", path, "--resume", "--set", "network.depths=[1,2,3]")
    assert summary(run)["variants"] == after["variants"]


def test_a_refused_job_leaves_no_folder(tmp_path):
    path = write_job(tmp_path, prediction={"regularization": [1e-2], "validation": 130})
    for ranks in (None, 2):
        refused = ntk_dist("run", path, ranks=ranks)
        assert refused.returncode == 78 and "validation" in sentences(refused)[0]
        assert not (tmp_path / "run").exists()
    path = write_job(tmp_path, spectrum={"vectors": "all"}, alignment={"targets": [1, 131]})
    for name, options in (("run", []), ("plan", ["--ranks", 1])):
        refused = ntk_dist(name, path, *options)
        assert refused.returncode == 78 and "alignment.targets" in sentences(refused)[0]
    assert not (tmp_path / "run").exists()
    succeed("run", path, "--set", "alignment.targets=[1]")


def test_clean_leaves_active_runs_and_other_folders_alone(tmp_path):
    process = start("run", write_job(tmp_path, **LONG), ranks=None)
    stop_once(lambda: has_event(tmp_path / "run", "assembled"), process)
    try:
        refused = clean(tmp_path / "run", "", "--yes")
    finally:
        process.send_signal(signal.SIGCONT)
    assert refused.returncode == 73 and len(sentences(refused)) == 1
    assert "is being written by `ntk-dist run`" in sentences(refused)[0]
    assert finish(process)[0] == 0
    (tmp_path / "other").mkdir()
    (tmp_path / "other/kernels.zarr").write_text("mine")
    foreign = clean(tmp_path / "other", "", "--yes")
    assert foreign.returncode == 66 and len(sentences(foreign)) == 1
    assert (tmp_path / "other/kernels.zarr").read_text() == "mine"


@pytest.mark.parametrize("content", ["", "{", '{"step": 3}', "x" * 100_000])
def test_a_damaged_progress_file_is_ignored(tmp_path, content):
    succeed("assemble", write_job(tmp_path, spectrum=None, prediction=None))
    (tmp_path / "run/progress.json").write_text(content)
    assert status(tmp_path / "run")["state"] == "finished"


def test_an_interrupted_assembly_counts_the_pairs_of_finished_tiles(tmp_path):
    data = {"synthetic": {"seed": 2, "train": 512, "test": 0}}
    path = write_job(tmp_path, data=data, tile=32, network={"preset": "cnn-flatten", "depth": 5}, prediction=None)
    process = start("assemble", path, ranks=None)
    # Chunks of several tiles, because a stop may find the last one written and not yet counted.
    stop_once(lambda: len(chunks(tmp_path / "run")) > 4, process)
    process.send_signal(signal.SIGUSR1)
    process.send_signal(signal.SIGCONT)
    assert finish(process)[0] == 75
    assembly = summary(tmp_path / "run")["assembly"]
    assert 0 < assembly["tiles_computed"] < assembly["tiles"]
    assert 0 < assembly["pairs_computed"] <= 32 * 32 * assembly["tiles_computed"]


@pytest.mark.parametrize("stage, section", [("spectrum", "spectrum"), ("predict", "prediction")])
def test_a_stage_that_the_job_does_not_ask_for_is_refused(tmp_path, stage, section):
    path = write_job(tmp_path, **{section: None})
    succeed("assemble", path)
    result = ntk_dist(stage, path)
    assert result.returncode == 78
    assert len(sentences(result)) == 1 and f"has no section {section}" in sentences(result)[0]
