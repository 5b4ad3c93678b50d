"""Errors of runs and jobs, as exceptions with a message of one sentence."""

from __future__ import annotations


class Failure(Exception):
    """A run, a job or the program failed; the text is one sentence that says what to do.

    `status` is the exit status that the program has, or would have, for this error (sysexits.h).
    """

    status = 70


class JobError(Failure, ValueError):
    """A job or a command line that makes no sense (status 78 or 64)."""

    status = 78


class DataError(Failure, ValueError):
    """Damaged or unusable data (status 65)."""

    status = 65


class MissingError(Failure, FileNotFoundError):
    """A file, a run folder or a result that is not there (status 66)."""

    status = 66


class ResourceError(Failure, RuntimeError):
    """Too little memory, or a program or library that is missing (status 69)."""

    status = 69


class ProgramError(Failure, RuntimeError):
    """The program or its launcher failed for a reason of its own (status 70 and all others)."""


class OutputError(Failure, OSError):
    """An output that cannot be created or written (status 73 or 74)."""

    status = 73


class Stopped(Failure, RuntimeError):
    """The run stopped in an orderly way and can be resumed (status 75)."""

    status = 75


_CLASSES: dict[int, type[Failure]] = {
    64: JobError,
    65: DataError,
    66: MissingError,
    69: ResourceError,
    73: OutputError,
    74: OutputError,
    75: Stopped,
    78: JobError,
}


def failure(status: int, sentence: str) -> Failure:
    """The exception for an exit status of the program."""
    error = _CLASSES.get(status, ProgramError)(sentence)
    error.status = status
    return error
