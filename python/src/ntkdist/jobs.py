"""Jobs: what a run computes, and how it is started."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import _documents as documents
from . import _job_sections as parts
from . import _program as program
from ._progress import Progress, ProgressBar, Report
from ._slurm import Submission, submit
from .failures import Failure, JobError, ResourceError, failure
from .plans import Plan
from .runs import Run


class Job:
    """A job file's content. `ntk-dist help job` explains its keys.

    Sections take the values of YAML as Python values: dictionaries, lists, numbers, also NumPy's.
    """

    def __init__(
        self,
        *,
        output: str | os.PathLike[str],
        data: Any = None,
        network: Any = None,
        **sections: Any,
    ) -> None:
        """A job.

        `network` is a network of `ntkdist.stax`, a list of layers, a preset such as
        `{"preset": "fcn", "depth": 3}`, or YAML of either. `sections` are `kernel` or
        `features` in place of `network`, `kernels`, `average`, `precision`, `storage`, `store`,
        `tile`, `spectrum`, `density`, `prediction`, `training`, `alignment` and
        `generalization`; a section that is None is left out.

        Errors: `JobError` if network, kernel and features are all missing, if the data for a
        network is missing, for a section that does not exist, or for a value that a job file
        cannot hold. The program checks the rest: see `check`.
        """
        given = {
            "data": data,
            "network": parts.network_value(network),
            **sections,
            "output": output,
        }
        parts.require_known(given)
        parts.require_needed(given, "the job")
        self._set(given)

    def _set(self, given: Mapping[str, Any]) -> None:
        names = [*parts.SECTIONS, *(name for name in given if name not in parts.SECTIONS)]
        document = {
            name: documents.plain(given[name], name)
            for name in names
            if given.get(name) is not None
        }
        self._document: dict[str, Any] = parts.with_paths_as_words(document)
        self._submission: Submission | None = None

    @classmethod
    def from_yaml(cls, text: str) -> Job:
        """The job of a YAML or JSON text. YAML needs PyYAML.

        Errors: `JobError` if the text is not a job, `ResourceError` without PyYAML.
        """
        return cls._of(parts.read_job(text, "the text"), "the text")

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Job:
        """The job of a file. Errors: those of `from_yaml`, and `MissingError`."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            status = 66 if isinstance(error, FileNotFoundError) else 65
            raise failure(status, f"{os.fspath(path)} cannot be read as a job: {error}") from error
        return cls._of(parts.read_job(text, os.fspath(path)), os.fspath(path))

    @classmethod
    def _of(cls, document: Any, name: str) -> Job:
        if not isinstance(document, dict):
            raise JobError(f"{name} is no job: it is no mapping of sections")
        parts.require_needed(document, name)
        # The program may be newer than the package; it reports the sections that it does not know.
        job = cls.__new__(cls)
        job._set({**document, "network": parts.network_value(document.get("network"))})
        return job

    def yaml(self) -> str:
        """The job as a YAML text, which `from_yaml` and the program read."""
        return documents.write(self._document)

    def document(self) -> dict[str, Any]:
        """The job as plain dictionaries and lists: a copy."""
        copy: dict[str, Any] = json.loads(json.dumps(self._document))
        return copy

    def replace(self, **sections: Any) -> Job:
        """A job with some sections changed; None removes a section."""
        parts.require_known(sections)
        return Job._of({**self._document, **sections}, "the job")

    @property
    def output(self) -> Path:
        """The run folder."""
        return Path(self._document["output"]).expanduser()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the job file."""
        Path(path).write_text(self.yaml(), encoding="utf-8")

    def check(self) -> str:
        """Has the program check the job. Returns the layers, one per line, presets expanded.

        Errors: `JobError` with the program's sentence.
        """
        with self._file() as path:
            return program.output(["network", path])

    def plan(
        self,
        ranks: int,
        *,
        ranks_per_node: int | None = None,
        memory: float | None = None,
        machine: str | os.PathLike[str] | None = None,
    ) -> Plan:
        """Estimates time, memory and disk. A run that is not possible has `obstacles`.

        `memory` is that of a node in GB. `machine` is a file that `ntk-dist plan --calibrate`
        wrote; if there is none on this machine either, it is measured now, for up to 20 seconds.
        Errors: those of `check`, and missing data.
        """
        options: dict[str, Any] = {
            "--ranks": ranks,
            "--ranks-per-node": ranks_per_node,
            "--memory": memory,
            "--machine": machine,
        }
        words = [
            word
            for name, value in options.items()
            if value is not None
            for word in (name, str(value))
        ]
        with self._file() as path:
            text = program.output(["plan", path, "--format", "json", *words], allowed=(0, 69))
        if not text.strip():
            raise ResourceError("ntk-dist plan printed no plan")
        return Plan.from_document(json.loads(text))

    def run(
        self,
        ranks: int = 1,
        *,
        resume: bool = False,
        progress: Report = True,
        verbose: bool = False,
        time_limit: float | None = None,
        launcher: Sequence[str] | None = None,
    ) -> Run:
        """Runs all stages on this machine, waits, and returns the run.

        One rank is started alone; more ranks are started by mpirun, or by `launcher`, for example
        `["srun", "-n", "8"]`. `resume` continues the run in the output folder, or starts it.
        `progress` is a bar, nothing, or a function of `Progress`; `verbose` prints the output of
        the program. After `time_limit` seconds the run stops and can be resumed.

        A KeyboardInterrupt stops the run in an orderly way, and is raised when it has stopped;
        `resume` continues it. Errors: the program's sentence as the exception of its status, see
        `failures`.
        """
        options = ["--progress", "bar" if progress else "none"]
        options += ["--resume"] if resume else []
        options += [] if time_limit is None else ["--time-limit", str(time_limit)]
        bar = ProgressBar() if progress is True else None
        show = bar or (progress if callable(progress) else _nothing)
        with self._file() as path:
            line = program.command(["run", path, *options], ranks, launcher)
            execution = program.Execution(line, _printer(bar) if verbose else _silent, show)
            try:
                execution.wait()
            finally:
                if bar:
                    bar.close()
        return Run(self.output)

    def submit(
        self, *, folder: str | os.PathLike[str] = ".", template: str = "whole", **options: Any
    ) -> Submission:
        """Submits the job to SLURM with a template of the program, and returns at once.

        `options` are those of sbatch with underscores, such as `nodes=2, ntasks_per_node=32,
        time="2:00:00"`. `folder` gets the job file, the template ('whole', or 'preemptible', which
        requeues itself) and site.sh, which says where the program and MPI are; existing files are
        kept. The job file has the name of the run folder, or that name and a number.

        Errors: `ResourceError` without SLURM or templates, `ProgramError` with sbatch's message.
        """
        job = Job._of(parts.with_absolute_paths(self.document()), "the job")
        self._submission = submit(job.yaml(), job.output, Path(folder), template, options)
        return self._submission

    def wait(self, *, poll: float = 5, progress: Report = True) -> Run:
        """Waits for the last submission. Errors: those of `Submission.wait`."""
        if self._submission is None:
            raise JobError("the job was not submitted from here; call submit first")
        return self._submission.wait(poll=poll, progress=progress)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self._document == other._document

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<job for {self.output}>\n{self.yaml()}"

    @contextmanager
    def _file(self) -> Iterator[str]:
        """The path of a job file while the program reads it.

        Errors: those of the work done meanwhile; they call the file 'the job'.
        """
        with tempfile.TemporaryDirectory(prefix="ntkdist-") as folder:
            path = Path(folder) / "job.yaml"
            self.save(path)
            try:
                yield str(path)
            except Failure as error:
                raise failure(error.status, str(error).replace(str(path), "the job")) from None


def _printer(bar: ProgressBar | None) -> Any:
    def say(line: str) -> None:
        if bar:
            bar.close()
        print(line)

    return say


def _silent(line: str) -> None:
    del line


def _nothing(progress: Progress) -> None:
    del progress
