"""Feeds the program damaged and absurd files, and checks how it ends.

    python Tests/EndToEnd/fuzz.py BINARY [--cases 10000] [--seed 14] [--case K] [--workers 4]

Every command must end with status 0 or with a documented status and exactly one sentence, within
20 s of processor time and 2 GB of memory. A case is defined by the seed and its number, so that
`--case K` repeats it. Failing cases are kept as folders with their files and the command.
"""
import argparse
import concurrent.futures
import os
import pathlib
import random
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import fuzz_cases

CPU_SECONDS, MEMORY = 20, 2 << 30
# A process that waits uses no processor time; this is long enough for a busy machine.
WAIT_SECONDS = 240
# Larger allocations fail, so that a bug does not take the machine's memory.
ADDRESS_SPACE = 8 << 30
STATUSES = {0: "success", 64: "usage", 65: "bad data", 66: "missing input", 69: "resource",
            73: "cannot create", 74: "I/O", 75: "stopped", 78: "bad job"}
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"}


def limit():
    """Sets limits that the operating system enforces; runs in the child."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS + 5, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Outcome:
    """How a command ended."""

    def __init__(self, arguments, folder):
        self.arguments = arguments
        with tempfile.TemporaryFile("w+b") as output, tempfile.TemporaryFile("w+b") as errors:
            process = subprocess.Popen(
                arguments, cwd=folder, env={**ENVIRONMENT, "XDG_CONFIG_HOME": str(folder)},
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors, preexec_fn=limit)
            deadline, self.hangs = time.monotonic() + WAIT_SECONDS, False
            pid = 0
            while not pid:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if not pid and time.monotonic() > deadline and not self.hangs:
                    self.hangs = True
                    process.send_signal(signal.SIGKILL)
                time.sleep(0.005)
            process.returncode = self.status = os.waitstatus_to_exitcode(status)
            self.cpu = usage.ru_utime + usage.ru_stime
            self.memory = usage.ru_maxrss * 1024
            errors.seek(0)
            self.errors = errors.read(1 << 20).decode(errors="replace")

    def problem(self):
        """What is wrong with the outcome; None if nothing is."""
        lines = self.errors.splitlines()
        if self.hangs:
            return f"did not end within {WAIT_SECONDS} s"
        if self.status not in STATUSES:
            return f"ended with status {self.status}: {self.errors.strip()[:300]}"
        if self.cpu > CPU_SECONDS:
            return f"took {self.cpu:.0f} s of processor time (status {self.status})"
        if self.memory > MEMORY:
            return f"took {self.memory / 1e9:.1f} GB (status {self.status})"
        said = [line for line in lines if line.startswith(("ntk-dist:", "Error:"))]
        if self.status != 0 and len(said) != 1:
            return f"status {self.status} with {len(said)} sentences: {self.errors.strip()[-300:]}"
        return None


def play(binary, base, seed, number, keep):
    """Runs one case; returns its number, its surface and the problem, if any."""
    generator = random.Random(f"{seed}-{number}")
    with tempfile.TemporaryDirectory(prefix="ntk-fuzz-") as temporary:
        folder = pathlib.Path(temporary)
        case = fuzz_cases.generate(generator, base, folder)
        problem = None
        for arguments in case.commands:
            outcome = Outcome([binary, *arguments], folder)
            problem = outcome.problem() or case.check(outcome.status)
            if problem:
                break
        if problem:
            place = keep / f"{seed}-{number}"
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(folder, place, symlinks=True, ignore_dangling_symlinks=True,
                            ignore=lambda path, names: [name for name in names if name == "fifo"])
            (place / "COMMAND").write_text(shlex.join(map(str, outcome.arguments)) + "\n" + problem + "\n")
            (place / "STDERR").write_text(outcome.errors)
        return number, case.surface, problem


def fuzz(binary, seed, numbers, workers, keep):
    """Runs cases; returns the failures as (number, surface, problem)."""
    binary = str(pathlib.Path(binary).resolve())
    keep.mkdir(parents=True, exist_ok=True)
    failures, surfaces = [], {}
    with tempfile.TemporaryDirectory(prefix="ntk-fuzz-base-") as temporary:
        base = fuzz_cases.Base(binary, pathlib.Path(temporary), ENVIRONMENT)
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            tasks = [pool.submit(play, binary, base, seed, number, keep) for number in numbers]
            for task in concurrent.futures.as_completed(tasks):
                number, surface, problem = task.result()
                surfaces[surface] = surfaces.get(surface, 0) + 1
                if problem:
                    failures.append((number, surface, problem))
                    print(f"case {number} ({surface}): {problem}\n  kept in {keep}/{seed}-{number}",
                          flush=True)
    print(", ".join(f"{surface} {count}" for surface, count in sorted(surfaces.items())))
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--cases", type=int, default=10_000, help="how many (default 10,000)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", default="14")
    parser.add_argument("--case", type=int, help="only this case")
    parser.add_argument("--workers", type=int, default=2 * len(os.sched_getaffinity(0)))
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "ntk-fuzz",
                        help="where failing cases are kept")
    options = parser.parse_args()
    numbers = [options.case] if options.case is not None else range(
        options.first, options.first + options.cases)
    failures = fuzz(options.binary, options.seed, numbers, options.workers, options.keep)
    print(f"{len(numbers) - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
