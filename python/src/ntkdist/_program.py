"""Starts the program `ntk-dist`, alone or under mpirun, and turns its errors into exceptions."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import IO

from ._inputs import whole
from ._progress import Progress, parse
from .failures import Failure, JobError, ResourceError, failure


def program() -> str:
    """The path of the program: $NTK_DIST, or the program found in PATH.

    Errors: `ResourceError` if neither has it.
    """
    named = os.environ.get("NTK_DIST")
    found = shutil.which(named or "ntk-dist")
    if found:
        return found
    if named:
        raise ResourceError(
            f"NTK_DIST is {named!r}, which is no program; set it to the path of ntk-dist"
        )
    raise ResourceError(
        "the program ntk-dist is not in PATH, and jobs need it; install it, or set NTK_DIST to its "
        "path (kernels of arrays need no program)"
    )


def command(
    arguments: Sequence[str], ranks: int | None, launcher: Sequence[str] | None = None
) -> list[str]:
    """The command line of the program on this many ranks; None for no launcher.

    `launcher` replaces `mpirun -np RANKS`. Errors: `ResourceError` without mpirun.
    """
    if launcher is not None:
        return [*launcher, program(), *arguments]
    if ranks is None or ranks == 1:
        return [program(), *arguments]
    count = whole(ranks)
    if count is None or count < 1:
        raise JobError(f"ranks is {ranks!r} instead of a whole number, 1 or more")
    if shutil.which("mpirun") is None:
        raise ResourceError(
            "mpirun is not in PATH, and several ranks need it; install Open MPI, or give `launcher`"
        )
    return ["mpirun", "-np", str(count), program(), *arguments]


def output(arguments: Sequence[str], allowed: Sequence[int] = (0,)) -> str:
    """Runs the program without MPI until it ends, and returns its standard output.

    Errors: the exception of its status, unless the status is one of `allowed`.
    """
    line = command(arguments, None)
    result = subprocess.run(
        line,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
    )
    if result.returncode not in allowed:
        raise error(result.returncode, result.stderr)
    return result.stdout


def error(status: int, text: str) -> Failure:
    """The exception for a status and the text on standard error."""
    sentences = [
        line[len("ntk-dist: ") :] for line in text.splitlines() if line.startswith("ntk-dist: ")
    ]
    if sentences:
        return failure(status, sentences[-1])
    usage = [line[len("Error: ") :] for line in text.splitlines() if line.startswith("Error: ")]
    if usage:
        return failure(status, usage[0])
    rest = [line.strip() for line in text.splitlines() if line.strip(" -*")]
    if status < 0:
        return failure(status, f"the program was ended by {signal.Signals(-status).name}")
    words = " ".join(rest[:8]) or "nothing was written to standard error"
    return failure(status, f"the program ended with status {status}: {words}")


class Execution:
    """A run of the program, which is watched while it goes on."""

    def __init__(
        self, line: Sequence[str], say: Callable[[str], None], show: Callable[[Progress], None]
    ) -> None:
        """Starts the command `line`.

        `say` is called with each line of standard output, and `show` with each progress. Both are
        called in the thread that waits.
        """
        self._say, self._show = say, show
        self._events: list[tuple[Callable[..., None], object]] = []
        self._has_events = threading.Condition()
        self._errors: list[str] = []
        self._is_stopping = False
        # In its own session, Ctrl-C does not reach mpirun, which would kill the ranks.
        self._process = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._threads = [
            threading.Thread(target=self._read, args=(stream, taken), daemon=True)
            for stream, taken in (
                (self._process.stdout, self._take_output),
                (self._process.stderr, self._take_error),
            )
        ]
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Waits for the end. Errors: the exception of the program's status.

        A KeyboardInterrupt asks the program to stop, and is raised when the program has stopped;
        the run can be resumed. A second one kills the program.
        """
        try:
            self._watch()
        except BaseException:
            try:
                # Do not call again what raised an exception.
                self._is_stopping = True
                self.stop()
                self._watch()
            except BaseException:
                if self._is_running:
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
                raise
            raise
        if self._process.returncode != 0:
            raise error(self._process.returncode, "\n".join(self._errors))
        for line in self._errors:
            if line.startswith("ntk-dist: "):
                self._say(line)

    def stop(self) -> None:
        """Asks the program to stop in an orderly way: mpirun forwards USR1 to the ranks."""
        if self._is_running:
            self._process.send_signal(signal.SIGUSR1)

    @property
    def _is_running(self) -> bool:
        return self._process.poll() is None

    def _watch(self) -> None:
        """Passes on what the program prints until it has ended."""
        while True:
            with self._has_events:
                while not self._events and any(thread.is_alive() for thread in self._threads):
                    self._has_events.wait(0.2)
                events, self._events = self._events, []
            for call, value in events:
                if not self._is_stopping:
                    call(value)
            if not events:
                break
        self._process.wait()

    def _read(self, stream: IO[bytes], take: Callable[[str], None]) -> None:
        """Splits a stream into lines; the lines of a progress bar end with carriage returns."""
        line = b""
        while chunk := os.read(stream.fileno(), 65536):
            *lines, line = (line + chunk.replace(b"\r", b"\n")).split(b"\n")
            for text in lines:
                take(text.decode("utf-8", "replace"))
            # A bar that redraws itself has no end of line yet.
            if line.endswith(b"\x1b[K"):
                take(line.decode("utf-8", "replace"))
                line = b""
        if line:
            take(line.decode("utf-8", "replace"))

    def _take_output(self, line: str) -> None:
        self._add(self._say, line)

    def _take_error(self, line: str) -> None:
        progress = parse(line)
        if progress:
            self._add(self._show, progress)
        elif line.replace("\x1b[K", "").strip():
            self._errors.append(line.replace("\x1b[K", ""))

    def _add(self, call: Callable[..., None], value: object) -> None:
        with self._has_events:
            self._events.append((call, value))
            self._has_events.notify()
