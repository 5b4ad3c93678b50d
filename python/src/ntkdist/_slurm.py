"""Jobs of SLURM: submitted with the program's templates, and watched with squeue."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from ._program import program
from ._progress import Progress, ProgressBar, Report
from .failures import Failure, JobError, ProgramError, ResourceError, Stopped, failure
from .runs import Run

TEMPLATES = ("whole", "preemptible")
_ACTIVE = {
    "PENDING",
    "CONFIGURING",
    "RUNNING",
    "COMPLETING",
    "REQUEUED",
    "SUSPENDED",
    "RESIZING",
    "SIGNALING",
    "STAGE_OUT",
    "STOPPED",
    "REQUEUE_HOLD",
    "REQUEUE_FED",
    "SPECIAL_EXIT",
}
# States in which SLURM has ended the job, and the run can be resumed.
_CUT_OFF = {"TIMEOUT", "DEADLINE", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "CANCELLED", "REVOKED"}
# Seconds before scontrol is asked again. A controller that restarts does not answer for a while.
_PAUSES = (2, 5, 10, 20)


class Submission:
    """A job in SLURM's queue."""

    def __init__(self, job_id: str, output: Path, folder: Path) -> None:
        self.id = job_id
        """SLURM's number of the job."""
        self.output = output
        """The run folder."""
        self.folder = folder
        """Where the job file, the template and the log are."""

    def state(self) -> str:
        """SLURM's word for the state, such as 'PENDING'; '' if SLURM has forgotten the job."""
        return self._show()[0]

    def log(self) -> str:
        """What the job has written so far."""
        paths = sorted(self.folder.glob(f"*-{self.id}.log"))
        return "".join(path.read_text(errors="replace") for path in paths)

    def cancel(self) -> None:
        """Asks SLURM to end the job. The run stops in an orderly way and can be resumed."""
        _call(
            ["scancel", "--signal=USR1", "--batch", self.id]
            if self.state() == "RUNNING"
            else ["scancel", self.id]
        )

    def wait(self, *, poll: float = 5, progress: Report = True) -> Run:
        """Waits for the end of the job and returns the run, asking SLURM every `poll` seconds.

        A KeyboardInterrupt ends the wait, not the job. Errors: the exception of the job's status
        with the sentence from its log; `Stopped` if the job can be submitted again.
        """
        bar = ProgressBar() if progress is True else None
        show = bar or (progress if callable(progress) else None)
        try:
            while True:
                state, status = self._show()
                if state not in _ACTIVE:
                    break
                if show:
                    show(self._progress(state))
                time.sleep(poll)
        finally:
            if bar:
                bar.close()
        return self._result(state, status)

    def _progress(self, state: str) -> Progress:
        try:
            status = Run(self.output).status()
        except Failure:
            return Progress(f"job {self.id}", 0.0, state.lower())
        return Progress(
            f"job {self.id}",
            status.fraction,
            f"{state.lower()}, {status.tiles} of {status.total} tiles",
        )

    def _result(self, state: str, status: int) -> Run:
        if state == "COMPLETED" or not state and _is_finished(self.output):
            return Run(self.output)
        sentences = re.findall(r"^ntk-dist: (.*)$", self.log(), re.MULTILINE)
        words = sentences[-1] if sentences else f"its log is in {self.folder}"
        if status == 75:
            raise Stopped(f"job {self.id} stopped before its end ({words}); submit it again")
        if state in _CUT_OFF:
            raise Stopped(f"job {self.id} ended as {state} ({words}); submit it again")
        raise failure(
            status or 70, f"job {self.id} ended as {state or 'unknown to SLURM'}: {words}"
        )

    def _show(self) -> tuple[str, int]:
        """The state, and the exit status of the job's script.

        Errors: `ProgramError` if SLURM does not answer for some time.
        """
        line = ["scontrol", "show", "job", self.id]
        for pause in (*_PAUSES, None):
            result = subprocess.run(line, capture_output=True, text=True)
            state = re.search(r"JobState=(\w+)", result.stdout)
            status = re.search(r"ExitCode=(\d+)", result.stdout)
            if state and status:
                return state[1], int(status[1])
            if "Invalid job id" in result.stderr:
                return "", 70
            if pause is not None:
                time.sleep(pause)
        raise ProgramError(f"scontrol does not answer: {' '.join(result.stderr.split())}")

    def __repr__(self) -> str:
        return f"<SLURM job {self.id} for {self.output}>"


def submit(
    yaml: str, output: Path, folder: Path, template: str, options: Mapping[str, Any]
) -> Submission:
    """Puts the job file and the template into `folder` and submits them from there.

    The paths of the job must be absolute, because it runs in `folder`.
    """
    if template not in TEMPLATES:
        raise JobError(f"template is {template!r} instead of {' or '.join(TEMPLATES)}")
    if shutil.which("sbatch") is None:
        raise ResourceError("sbatch is not in PATH; submit jobs where SLURM is")
    folder = folder.expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    path = program()
    for name in (f"{template}.sh", "functions.sh", "site.sh"):
        if not (folder / name).exists():
            shutil.copy(_templates(path) / name, folder / name)
            if name == "site.sh":
                _name_program(folder / name, path)
    job = _job_file(folder, output.name or "job", yaml)
    words = [
        _option(name, value)
        for name, value in options.items()
        if value is not None and value is not False
    ]
    text = _call(["sbatch", "--parsable", *words, f"{template}.sh", job.name], folder)
    return Submission(text.strip().split(";")[0], output, folder)


def _job_file(folder: Path, name: str, yaml: str) -> Path:
    """The job's file NAME.yaml in `folder`, or NAME-2.yaml and so on.

    An existing file with other content stays, because a job that waits in the queue reads it.
    """
    content = yaml.encode()
    for number in count(1):
        path = folder / (f"{name}.yaml" if number == 1 else f"{name}-{number}.yaml")
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            if path.read_bytes() != content:
                continue
        break
    return path


def _templates(path: str) -> Path:
    """The folder of the job templates: in the installed program, or in the sources next to it."""
    here = Path(path).resolve()
    candidates = [here.parent.parent / "share/ntk-dist/jobs/slurm"]
    candidates += [parent / "jobs/slurm" for parent in here.parents]
    for candidate in candidates:
        if (candidate / "functions.sh").is_file():
            return candidate
    raise ResourceError(
        f"the job templates of {path} were not found; copy jobs/slurm of ntk-dist into the folder "
        "that you submit from"
    )


def _name_program(site: Path, path: str) -> None:
    """Sets the program in a fresh site.sh."""
    text = site.read_text(encoding="utf-8")
    line = f"NTK_DIST={_quoted(os.path.abspath(path))}"
    site.write_text(re.sub(r"(?m)^NTK_DIST=.*$", lambda _: line, text), encoding="utf-8")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _option(name: str, value: Any) -> str:
    word = "--" + name.replace("_", "-")
    return word if value is True else f"{word}={value}"


def _call(line: Sequence[str], folder: Path | None = None) -> str:
    result = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    if result.returncode != 0:
        raise ProgramError(f"{line[0]} failed: {' '.join(result.stderr.split())}")
    return result.stdout


def _is_finished(output: Path) -> bool:
    try:
        return Run(output).status().state == "finished"
    except Failure:
        return False
