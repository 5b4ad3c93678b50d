"""`plan` against what runs take; the machine's figures are given, so nothing is measured."""
import json
import resource
import subprocess

import pytest
from conftest import chunks, ntk_dist, sentences, succeed, write_job

MACHINE = {"cores": 2, "memory": 8 << 30, "gflops_f64": 50.0, "gflops_f32": 100.0,
           "tiles": {}}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(MACHINE))
    return path


def plan(job, *options):
    return json.loads(succeed("plan", job, "--format", "json", *options).stdout)


def test_tiles_and_disk_are_those_of_the_run(tmp_path, machine):
    job = write_job(tmp_path, data={"synthetic": {"seed": 1, "train": 300, "test": 70}}, tile=48,
                    prediction=None, spectrum=None)
    found = plan(job, "--ranks", 3, "--machine", machine)
    succeed("run", job, ranks=3)
    files = [path for path in (tmp_path / "run/kernels.zarr").rglob("*") if path.is_file()]
    assert found["tiles"] == len(chunks(tmp_path / "run")) / 2
    assert found["store_files"] == len(files)
    assert found["store_bytes"] == sum(
        path.stat().st_size for path in files if path.name != "zarr.json")
    assert found["grid"] == [1, 3] and found["tile"] == 48
    assert [stage["name"] for stage in found["stages"]] == ["assemble"]


def test_a_whole_cifar_10_is_planned_without_its_files(tmp_path, machine):
    job = write_job(tmp_path, data={"cifar10": "/nowhere", "train": 50000, "test": 10000},
                    spectrum={"precision": "f32"}, prediction=None)
    found = plan(job, "--ranks", 2, "--machine", machine)
    spectrum = next(stage for stage in found["stages"] if stage["name"] == "spectrum")
    # One triangle of 50,000 x 50,000 numbers of four bytes over two ranks, and some more: such a run
    # took 2.80 GB on each rank.
    assert abs(spectrum["bytes_per_rank"] - 2.80e9) < 0.05 * 2.80e9
    for memory, advice in [(4, "put at most 1 rank on a node"), (2, "use more ranks on more nodes")]:
        tight = ntk_dist("plan", job, "--ranks", 2, "--machine", machine, "--memory", memory)
        assert tight.returncode == 69
        assert len(sentences(tight)) == 1 and advice in sentences(tight)[0]
    one = ntk_dist("plan", job, "--ranks", 1, "--machine", machine, "--memory", 100)
    assert one.returncode == 69 and "use at least 2 ranks" in sentences(one)[0]


def test_calibrated_figures_are_kept_and_used(tmp_path, machine):
    job = write_job(tmp_path)
    path = tmp_path / "config/ntk-dist/machine.json"
    assert "measured just now" in succeed("plan", job, "--ranks", 2).stdout
    assert not path.exists()
    succeed("plan", job, "--ranks", 2, "--calibrate")
    kept = json.loads(path.read_text())
    assert kept["gflops_f64"] > 0.1 and len(kept["tiles"]) == 1
    assert "measured just now" not in succeed("plan", job, "--ranks", 2).stdout
    for seconds in kept["tiles"].values():
        seconds["apart"] = seconds["diagonal"] = 3600.0
    path.write_text(json.dumps(kept))
    assert plan(job, "--ranks", 1)["core_hours"] > 1
    assert not list(tmp_path.glob("**/.ntk-dist-calibration*"))


def test_a_job_script_asks_for_what_the_plan_says(tmp_path, machine):
    job = write_job(tmp_path)
    text = succeed("plan", job, "--ranks", 8, "--ranks-per-node", 4, "--machine", machine,
                   "--slurm", "--set", "data.synthetic.train=140").stdout
    for line in ("#SBATCH --nodes=2", "#SBATCH --ntasks=8", "#SBATCH --ntasks-per-node=4",
                 "#SBATCH --signal=B:USR1@120"):
        assert line in text.splitlines()
    assert f"launch run '{job}' --set 'data.synthetic.train=140' --resume" in text
    (tmp_path / "script").write_text(text)
    assert subprocess.run(["bash", "-n", tmp_path / "script"]).returncode == 0


def test_a_job_script_quotes_names_for_the_shell(tmp_path, machine):
    job = write_job(tmp_path, output=str(tmp_path / "a b"))
    hostile = tmp_path / "'; touch x; '.yaml"
    job.rename(hostile)
    setting = "output='; touch x; $(touch x) `touch x`"
    text = succeed("plan", hostile, "--ranks", 2, "--machine", machine, "--slurm",
                   "--set", "output='a b'", "--set", f'output="{setting[7:]}"').stdout
    (tmp_path / "script").write_text(text)
    assert subprocess.run(["bash", "-n", tmp_path / "script"]).returncode == 0
    (tmp_path / "functions.sh").write_text("launch() { printf '%s\\n' \"$@\"; }\n")
    words = subprocess.run(["bash", "script"], cwd=tmp_path, capture_output=True, text=True, check=True,
                           env={"SLURM_SUBMIT_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert words.stdout.splitlines() == [
        "run", str(hostile), "--set", "output='a b'", "--set", f'output="{setting[7:]}"', "--resume"]
    assert not (tmp_path / "x").exists()


def test_a_pooled_network_is_measured_within_seconds(tmp_path, machine, monkeypatch):
    work = tmp_path / "temporary"
    work.mkdir()
    monkeypatch.setenv("TMPDIR", str(work))
    job = write_job(tmp_path, network={"preset": "myrtle-10"}, prediction=None, spectrum=None,
                    data={"cifar10": "/nowhere", "train": 50000}, output="/proc/nowhere/run")
    def processor_time():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    begun = processor_time()
    found = plan(job, "--ranks", 2, "--machine", machine)
    # The measurements stop after at most 20 s. The time of other processes does not count here.
    assert processor_time() - begun < 40
    assert found["core_hours"] > 1 and list(work.iterdir()) == []


@pytest.mark.parametrize("options, status, word", [
    (["--ranks", "0"], 64, "--ranks"),
    (["--ranks", "9223372036854775807"], 64, "--ranks"),
    (["--ranks", "2", "--ranks-per-node", "9223372036854775807"], 64, "--ranks-per-node"),
    (["--ranks", "2", "--memory", "-1"], 64, "--memory"),
    (["--ranks", "2", "--machine", "/nowhere.json"], 66, "/nowhere.json"),
])
def test_senseless_requests_are_one_sentence(tmp_path, options, status, word):
    result = ntk_dist("plan", write_job(tmp_path), *options)
    assert result.returncode == status and word in result.stderr


def test_a_broken_profile_is_refused(tmp_path):
    tile = {"apart": 1.0, "diagonal": -3.0}
    for text, word in [("{}", "--calibrate"), (json.dumps({**MACHINE, "cores": 0}), "cores is 0"),
                       (json.dumps({**MACHINE, "cores": 1e300}), "--calibrate"),
                       (json.dumps({**MACHINE, "memory": 1 << 62}), "memory is"),
                       (json.dumps({**MACHINE, "gflops_f64": 1e300}), "gflops_f64 is 1e+300"),
                       (json.dumps({**MACHINE, "gflops_f32": -5}), "gflops_f32 is -5"),
                       (json.dumps({**MACHINE, "gflops_f64": 1e-300}), "gflops_f64"),
                       (json.dumps({**MACHINE, "tiles": {"a": tile}}), "tiles of 'a' is -3")]:
        (tmp_path / "machine.json").write_text(text)
        result = ntk_dist("plan", write_job(tmp_path), "--ranks", 2, "--machine",
                          tmp_path / "machine.json")
        assert result.returncode == 65 and word in sentences(result)[0]


def test_a_run_that_cannot_fit_says_so_before_it_begins(tmp_path):
    # On one rank, the number of elements exceeds 32 bits. The run says so before it looks at images.
    job = write_job(tmp_path, data={"synthetic": {"seed": 1, "train": 47000, "test": 0}},
                    network={"preset": "fcn", "depth": 1}, prediction=None)
    result = ntk_dist("run", job)
    assert result.returncode == 69
    assert len(sentences(result)) == 1 and "use at least 2 ranks" in sentences(result)[0]
    assert not list((tmp_path / "run").rglob("c/*"))
