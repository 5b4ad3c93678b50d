"""The program as a library: slow, and the reference for every bit of the real one."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from ntkdist._errors import exception

ROOT = Path(__file__).resolve().parents[2]


def program():
    """The path of ntk-dist, or None."""
    path = Path(os.environ.get("NTK_DIST", ROOT / ".build" / "release" / "ntk-dist"))
    return path if path.exists() else None


class ProgramLibrary:
    """`ntkdist._library.Library` by `ntk-dist kernel`."""

    def network(self, text, height, width, channels, precision):
        return ProgramNetwork(text, (height, width, channels), precision)

    def mean_field(self, activation, weight_variance, bias_variance):
        return json.loads(
            _run(
                "phase",
                "--activation",
                activation,
                "--weight-variance",
                str(weight_variance),
                "--bias-variance",
                str(bias_variance),
                "--format",
                "json",
            )
        )


class ProgramNetwork:
    """A network of the program."""

    def __init__(self, text, image, precision):
        self._text, self._image, self._precision = text, image, precision
        # Errors are raised now, as in the library.
        self.kernel(np.ones((1, *image)), None, ["nngp"], 0, None)

    def kernel(self, x1, x2, results, threads, is_cancelled):
        found = {}
        square = {}
        for name in results:
            if name in ("nngp", "ntk"):
                square = square or self._files(x1, x2)
                found[name] = square[name]
            elif name.endswith(("diagonal1", "diagonal2")):
                array = x1 if name.endswith("1") or x2 is None else x2
                found[name] = np.diag(self._files(array, None)[name.split("_")[0]]).copy()
            else:
                raise NotImplementedError(name)
        return found

    def _files(self, x1, x2):
        return kernels(self._text, x1, x2, self._precision)


def kernels(text, x1, x2, precision=64):
    """NNGP and NTK by `ntk-dist kernel`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not text.startswith(("network:", '{"network":')):
            text = "network:\n" + "\n".join("  " + line for line in text.splitlines())
        (folder / "network.yaml").write_text(text + "\n")
        arguments = ["--output", str(folder / "out"), "--precision", f"f{precision}"]
        for option, array in (("--rows", x1), ("--columns", x2)):
            if array is not None:
                shape = (len(array), -1) if array.shape[1:3] == (1, 1) else array.shape
                np.save(folder / f"{option[2:]}.npy", array.reshape(shape))
                arguments += [option, str(folder / f"{option[2:]}.npy")]
        _run("kernel", str(folder / "network.yaml"), *arguments)
        return {key: np.load(folder / "out" / f"{key}.npy") for key in ("nngp", "ntk")}


def _run(*arguments):
    environment = {
        **os.environ,
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    run = subprocess.run(
        [str(program()), *arguments], capture_output=True, text=True, env=environment, check=False
    )
    if run.returncode:
        raise exception(run.returncode, run.stderr.strip())
    return run.stdout
