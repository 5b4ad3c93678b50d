"""Jobs submitted to a real SLURM, private to this test."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from notebooks import execute
from small_jobs import DATA, MINUTES, NETWORK, ROOT, SHARED, require_program, tile_files, wait_until

import ntkdist
from ntkdist import failures

CLUSTER = SHARED / "cluster"


@pytest.fixture(scope="module")
def slurm():
    """A SLURM of two nodes, in a folder that everybody can read, as munge's socket requires."""
    require_program()
    if not CLUSTER.exists():
        pytest.skip(f"{CLUSTER} is not there")
    missing = [name for name in ("slurmctld", "sbatch", "munged") if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        pytest.skip(f"a private SLURM needs root and {' '.join(missing) or 'nothing else'}")
    root = pathlib.Path(tempfile.mkdtemp(prefix="ntkdist-slurm-"))
    root.chmod(0o755)
    # The end-to-end tests, which may run at the same time, use other ports.
    up = subprocess.run(
        [CLUSTER / "slurm-up.sh", root / "cluster", "2", "2"],
        text=True,
        capture_output=True,
        env={**os.environ, "SLURM_BASE_PORT": "17817"},
    )
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(root / "cluster/slurm.conf")
    try:
        assert up.returncode == 0, up.stderr[-2000:]
        yield root
    finally:
        subprocess.run([CLUSTER / "slurm-down.sh", root / "cluster"], capture_output=True)
        os.environ.pop("SLURM_CONF")
        if before is not None:
            os.environ["SLURM_CONF"] = before
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def folder(slurm):
    """A folder to submit from, with a site.sh for several nodes on one host."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=slurm))
    folder.chmod(0o755)
    site = pathlib.Path(__file__).resolve().parents[2] / "jobs/slurm/site.sh"
    program = pathlib.Path(os.environ["NTK_DIST"]).resolve()
    (folder / "site.sh").write_text(
        site.read_text() + f"NTK_DIST={program}\nMPIRUN+=(--oversubscribe --mca btl tcp,self)\n"
    )
    return folder


def test_a_job_on_two_nodes(folder, monkeypatch):
    monkeypatch.chdir(folder)
    job = ntkdist.Job(data=DATA, network=NETWORK, spectrum={}, output="run")
    seen = []
    submission = job.submit(folder="jobs", nodes=2, ntasks_per_node=1, time="0:10:00")
    # The folder was made with the templates, without the settings of this host.
    assert f"NTK_DIST='{os.environ['NTK_DIST']}'" in (folder / "jobs/site.sh").read_text()
    submission.cancel()
    job = job.replace(output="other")
    submission = job.submit(folder=".", nodes=2, ntasks_per_node=1, time="0:10:00")
    run = job.wait(poll=0.5, progress=seen.append)
    assert run.summary["assembly"]["ranks"] == 2 and run.status().state == "finished"
    assert submission.state() == "COMPLETED" and "results in" in submission.log()
    assert all(progress.what == f"job {submission.id}" for progress in seen)
    run.eigenvalues("ntk")


def test_a_job_that_fails_and_one_that_is_cancelled(folder):
    bad = ntkdist.Job(
        data={"cifar10": folder / "none", "train": 10}, network=NETWORK, output=folder / "bad"
    )
    with pytest.raises(failures.MissingError, match="job .* ended as FAILED: .*none"):
        bad.submit(folder=folder, ntasks=1).wait(poll=0.5)
    long = ntkdist.Job(**MINUTES, output=folder / "long")
    submission = long.submit(folder=folder, ntasks=2, nodes=1)
    wait_until(lambda: tile_files(folder / "long"), pause=0.2)
    assert ntkdist.open(folder / "long").status().state == "active"
    submission.cancel()
    with pytest.raises(failures.Stopped, match="submit it again"):
        submission.wait(poll=0.5)
    assert ntkdist.open(folder / "long").status().state == "stopped"


def test_the_example_notebook(folder, monkeypatch):
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    # The notebook's folder gets a site.sh without the settings of this host.
    monkeypatch.setenv("NTK_DIST_SITE", str(folder / "site.sh"))
    text = execute(ROOT / "python/examples/slurm.ipynb", folder)
    assert "SLURM is here" in text and "<SLURM job " in text and "image/png" in text


def test_what_sbatch_refuses(folder):
    job = ntkdist.Job(data=DATA, network=NETWORK, output=folder / "run")
    with pytest.raises(failures.ProgramError, match="sbatch failed: .*nowhere"):
        job.submit(folder=folder, partition="nowhere")
    with pytest.raises(failures.JobError, match="'whole' instead|template is 'half'"):
        job.submit(folder=folder, template="half")
    with pytest.raises(failures.JobError, match="call submit first"):
        job.wait()
