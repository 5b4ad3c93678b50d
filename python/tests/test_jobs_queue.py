"""Submitted jobs, with scripts in place of SLURM's commands that give its answers."""

import os

import pytest
from small_jobs import DATA, NETWORK

import ntkdist
from ntkdist import _slurm, failures


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A folder for jobs, with `sbatch` and `scontrol` that give the answers in a file."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {
        "sbatch": f'printf "%s\\n" "$@" >>{tmp_path}/submitted; echo 7',
        # The last answer is given again and again; an empty one fails.
        "scontrol": f"""
            file={tmp_path}/answers
            answer=$(head -n 1 "$file")
            [ "$(wc -l <"$file")" -lt 2 ] || sed -i 1d "$file"
            [ "$answer" != down ] || {{ echo "Unable to contact slurm controller" >&2; exit 1; }}
            [ "$answer" != gone ] || {{ echo "Invalid job id specified" >&2; exit 1; }}
            echo "JobId=7 JobState=${{answer% *}} Reason=None ExitCode=${{answer#* }}:0"
        """,
        "ntk-dist": "exit 0",
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("NTK_DIST", str(tools / "ntk-dist"))
    monkeypatch.setattr(_slurm, "_PAUSES", (0, 0, 0))
    templates = tmp_path / "share/ntk-dist/jobs/slurm"
    templates.mkdir(parents=True)
    for name in ("whole.sh", "functions.sh", "site.sh"):
        (templates / name).write_text("NTK_DIST=ntk-dist\n")
    return tmp_path


def submitted(queue, *answers, **changes):
    """A submitted job, for which scontrol gives these answers one after another."""
    (queue / "answers").write_text("\n".join(answers) + "\n")
    job = ntkdist.Job(data=DATA, network=NETWORK, output=queue / "run").replace(**changes)
    return job.submit(folder=queue / "jobs")


def test_a_job_that_waits_keeps_its_file(queue):
    submitted(queue, "PENDING 0")
    first = (queue / "jobs/run.yaml").read_text()
    submitted(queue, "PENDING 0")
    submitted(queue, "PENDING 0", tile=8)
    submitted(queue, "PENDING 0", tile=9)
    submitted(queue, "PENDING 0", tile=8)
    assert (queue / "jobs/run.yaml").read_text() == first and "tile" not in first
    assert "tile: 8" in (queue / "jobs/run-2.yaml").read_text()
    assert "tile: 9" in (queue / "jobs/run-3.yaml").read_text()
    names = [w for w in (queue / "submitted").read_text().split() if w.endswith(".yaml")]
    assert names == ["run.yaml", "run.yaml", "run-2.yaml", "run-3.yaml", "run-2.yaml"]


@pytest.mark.parametrize(
    "answer",
    ["TIMEOUT 0", "PREEMPTED 0", "NODE_FAIL 1", "CANCELLED 0", "FAILED 75", "BOOT_FAIL 0"],
)
def test_jobs_that_slurm_has_cut_off_can_be_submitted_again(queue, answer):
    submission = submitted(queue, "PENDING 0", "RUNNING 0", answer)
    with pytest.raises(failures.Stopped, match="submit it again") as info:
        submission.wait(poll=0, progress=False)
    assert info.value.status == 75


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        ("FAILED 66", failures.MissingError, 66),
        ("OUT_OF_MEMORY 0", failures.ProgramError, 70),
        ("gone", failures.ProgramError, 70),
    ],
)
def test_jobs_that_failed(queue, answer, error, status):
    submission = submitted(queue, "RUNNING 0", answer)
    with pytest.raises(error, match="job 7 ended as") as info:
        submission.wait(poll=0, progress=False)
    assert info.value.status == status


def test_a_controller_that_restarts_is_asked_again(queue):
    submission = submitted(queue, "RUNNING 0", "down", "down", "RUNNING 0", "down", "TIMEOUT 0")
    with pytest.raises(failures.Stopped):
        submission.wait(poll=0, progress=False)
    with pytest.raises(failures.ProgramError, match="scontrol does not answer: Unable to contact"):
        submitted(queue, "RUNNING 0", "down").wait(poll=0, progress=False)
