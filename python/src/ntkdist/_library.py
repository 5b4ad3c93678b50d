"""The C library, `ntkdist.h`, through ctypes."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import os
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Callable, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from ._errors import LibraryError, exception

FloatArray = NDArray[np.float64]

#: Results of a kernel: matrices [n1, n2], and the kernels of each input with itself, [n1] or [n2].
RESULTS = (
    "nngp",
    "ntk",
    "nngp_deficit",
    "ntk_deficit",
    "nngp_diagonal1",
    "ntk_diagonal1",
    "nngp_diagonal2",
    "ntk_diagonal2",
)


class NetworkHandle(Protocol):
    """A network for images of one shape, ready to compute kernels."""

    def describe(self) -> dict[str, Any]:
        """The network in the library's form: `text`, `layers`, `certificates`."""

    def kernel(
        self,
        x1: FloatArray,
        x2: FloatArray | None,
        results: Iterable[str],
        threads: int,
        is_cancelled: Callable[[], bool] | None,
    ) -> dict[str, FloatArray]:
        """The `results`, by name, for x1 [n1, H, W, C] and x2 [n2, H, W, C] (None means x1)."""


class Library(Protocol):
    """Something that makes networks."""

    def network(
        self, text: str, height: int, width: int, channels: int, precision: int
    ) -> NetworkHandle:
        """A network for images of one shape. Raises NetworkError for one that does not fit."""

    def mean_field(
        self, activation: str, weight_variance: float, bias_variance: float
    ) -> dict[str, Any]:
        """Mean-field theory of an activation, as `ntk-dist phase --format json` gives it."""


_Progress = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_double, ctypes.c_void_p)


class _Options(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_int64),
        ("threads", ctypes.c_int32),
        ("reserved", ctypes.c_int32),
        ("progress", _Progress),
        ("context", ctypes.c_void_p),
    ]


class _Results(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int64)] + [(name, ctypes.c_void_p) for name in RESULTS]


class _SharedLibrary:
    """The `Library` in a shared object."""

    def __init__(self, path: Path, level: str | None = None) -> None:
        """Loads a library that was built for a level of x86-64, or for None."""
        try:
            with _blas_kernels(level):
                self._calls = ctypes.CDLL(str(path))
        except OSError as error:
            raise LibraryError(f"{path} cannot be loaded: {error}") from None
        text_out = ctypes.POINTER(ctypes.c_void_p)
        integer, real = ctypes.c_int64, ctypes.c_double
        arguments: dict[str, list[Any]] = {
            "network_create": [
                ctypes.c_char_p,
                integer,
                integer,
                integer,
                ctypes.c_int32,
                text_out,
                text_out,
            ],
            "network_describe": [ctypes.c_void_p, text_out, text_out],
            "kernel": [
                ctypes.c_void_p,
                ctypes.c_void_p,
                integer,
                ctypes.c_void_p,
                integer,
                ctypes.POINTER(_Options),
                ctypes.POINTER(_Results),
                text_out,
            ],
            "mean_field": [ctypes.c_char_p, real, real, text_out, text_out],
        }
        try:
            for name, types in arguments.items():
                call = getattr(self._calls, f"ntkdist_{name}")
                call.argtypes, call.restype = types, ctypes.c_int32
            for name in ("network_free", "free"):
                call = getattr(self._calls, f"ntkdist_{name}")
                call.argtypes, call.restype = [ctypes.c_void_p], None
        except AttributeError as error:
            raise LibraryError(f"{path} is not a library of this version: {error}") from None

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function whose last argument is the message; raises the error of its status."""
        message = ctypes.c_void_p()
        call = getattr(self._calls, f"ntkdist_{name}")
        status = call(*arguments, ctypes.byref(message))
        sentence = self.take(message)
        if status:
            raise exception(status, sentence or f"ntkdist_{name} ended with status {status}")

    def take(self, text: ctypes.c_void_p) -> str:
        """The text of a pointer, which is then freed; empty for a null pointer."""
        if not text.value:
            return ""
        words = ctypes.string_at(text.value).decode(errors="replace")
        self._calls.ntkdist_free(text)
        return words

    def network(
        self, text: str, height: int, width: int, channels: int, precision: int
    ) -> NetworkHandle:
        handle = ctypes.c_void_p()
        self.call(
            "network_create",
            text.encode(),
            height,
            width,
            channels,
            precision,
            ctypes.byref(handle),
        )
        return _SharedNetwork(self, handle)

    def free(self, handle: ctypes.c_void_p) -> None:
        """Frees a network."""
        self._calls.ntkdist_network_free(handle)

    def mean_field(
        self, activation: str, weight_variance: float, bias_variance: float
    ) -> dict[str, Any]:
        text = ctypes.c_void_p()
        self.call(
            "mean_field", activation.encode(), weight_variance, bias_variance, ctypes.byref(text)
        )
        return cast("dict[str, Any]", json.loads(self.take(text)))


class _SharedNetwork:
    """A network of a shared library, freed with this object."""

    def __init__(self, library: _SharedLibrary, handle: ctypes.c_void_p) -> None:
        self._library = library
        self._handle = handle

    def __del__(self) -> None:
        self._library.free(self._handle)

    def describe(self) -> dict[str, Any]:
        text = ctypes.c_void_p()
        self._library.call("network_describe", self._handle, ctypes.byref(text))
        return cast("dict[str, Any]", json.loads(self._library.take(text)))

    def kernel(
        self,
        x1: FloatArray,
        x2: FloatArray | None,
        results: Iterable[str],
        threads: int,
        is_cancelled: Callable[[], bool] | None,
    ) -> dict[str, FloatArray]:
        n1, n2 = len(x1), len(x1 if x2 is None else x2)
        shapes = {"1": (n1,), "2": (n2,)}
        arrays = {name: np.empty(shapes.get(name[-1], (n1, n2))) for name in results}
        pointers = _Results(ctypes.sizeof(_Results))
        for name, array in arrays.items():
            setattr(pointers, name, array.ctypes.data)
        progress = _Progress()
        if is_cancelled is not None:
            check = is_cancelled
            progress = _Progress(lambda fraction, context: int(check()))
        options = _Options(ctypes.sizeof(_Options), threads, 0, progress, None)
        self._library.call(
            "kernel",
            self._handle,
            x1.ctypes.data,
            n1,
            None if x2 is None else x2.ctypes.data,
            n2,
            ctypes.byref(options),
            ctypes.byref(pointers),
        )
        return arrays


def level(flags: set[str]) -> str:
    """The highest level of x86-64 that a processor with these flags (/proc/cpuinfo) has."""
    v3 = {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}
    v4 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
    if not v3 <= flags:
        return "v2"
    return "v4" if v4 <= flags else "v3"


def _processor_flags() -> set[str]:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("flags"):
                    return set(line.partition(":")[2].split())
    except OSError:
        pass
    return set()


#: The OpenBLAS kernels for each level.
_BLAS_KERNELS = {"v2": "Nehalem", "v3": "Haswell", "v4": "SkylakeX"}


@contextlib.contextmanager
def _blas_kernels(level: str | None) -> Iterator[None]:
    """Sets a level's kernels for an OpenBLAS that is loaded meanwhile, unless the user does.

    By itself, OpenBLAS chooses those of the oldest processors on processors newer than itself.
    """
    name = "OPENBLAS_CORETYPE"
    kernels = _BLAS_KERNELS.get(level or "")
    if name in os.environ or kernels is None:
        yield
        return
    os.environ[name] = kernels
    try:
        yield
    finally:
        os.environ.pop(name, None)


def _is_x86() -> bool:
    return platform.machine() in ("x86_64", "AMD64")


def library_path() -> Path:
    """The library to load: that in NTK_DIST_LIBRARY, or the one for the processor.

    Raises LibraryError as `library_level` does, and if there is no library.
    """
    named = os.environ.get("NTK_DIST_LIBRARY")
    if named:
        return Path(named)
    path = Path(__file__).with_name("lib") / f"libntkdist-{library_level()}.so"
    if not path.exists():
        raise LibraryError(
            f"{path} is missing: this installation has no library for {platform.machine()}; "
            "install the wheel of ntkdist, or name a library in NTK_DIST_LIBRARY"
        )
    return path


def library_level() -> str:
    """The level of instruction sets to use: that of the processor, or a lower one on request.

    NTK_DIST_ISA (v2, v3 or v4 on x86-64) requests a lower level than the processor's. Raises
    LibraryError if there is no such level, or if the processor does not have it.
    """
    # Only x86-64 processors have levels.
    levels = ("v2", "v3", "v4") if _is_x86() else ("generic",)
    highest = level(_processor_flags()) if _is_x86() else "generic"
    asked = os.environ.get("NTK_DIST_ISA") or highest
    if asked not in levels:
        raise LibraryError(f"NTK_DIST_ISA is {asked!r}; give {' or '.join(levels)}")
    if levels.index(asked) > levels.index(highest):
        raise LibraryError(
            f"NTK_DIST_ISA asks for {asked}, and this processor has {highest}; give at most that"
        )
    return asked


@functools.lru_cache(maxsize=1)
def library() -> Library:
    """The library; it is loaded at first use. Raises LibraryError if there is none."""
    return _SharedLibrary(library_path(), library_level())
