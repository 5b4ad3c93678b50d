"""libntkdist by ctypes, as ntkdist.h declares it."""
import ctypes

import numpy as np

PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_double, ctypes.c_void_p)
MATRICES = ("nngp", "ntk", "nngp_deficit", "ntk_deficit")
VECTORS = ("nngp_diagonal1", "ntk_diagonal1", "nngp_diagonal2", "ntk_diagonal2")


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int64), ("threads", ctypes.c_int32), ("reserved", ctypes.c_int32),
                ("progress", PROGRESS), ("context", ctypes.c_void_p)]


class Results(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int64), *((name, ctypes.c_void_p) for name in MATRICES + VECTORS)]


class Failure(Exception):
    """A status other than 0, with its sentence."""

    def __init__(self, status, sentence):
        super().__init__(status, sentence)
        self.status, self.sentence = status, sentence


class Library:
    """The library in a file."""

    def __init__(self, path):
        self.calls = ctypes.CDLL(str(path))
        for name in ("version", "isa"):
            getattr(self.calls, f"ntkdist_{name}").restype = ctypes.c_char_p
        self.calls.ntkdist_free.argtypes = [ctypes.c_void_p]
        self.calls.ntkdist_network_free.argtypes = [ctypes.c_void_p]

    def isa(self):
        return self.calls.ntkdist_isa().decode()

    def version(self):
        return self.calls.ntkdist_version().decode()

    def call(self, name, *arguments):
        message = ctypes.c_void_p()
        status = getattr(self.calls, f"ntkdist_{name}")(*arguments, ctypes.byref(message))
        sentence = self.take(message)
        if status:
            raise Failure(status, sentence)

    def take(self, text):
        if not text.value:
            return ""
        words = ctypes.string_at(text.value).decode()
        self.calls.ntkdist_free(text)
        return words

    def mean_field(self, activation, weight_variance, bias_variance):
        json = ctypes.c_void_p()
        self.call("mean_field", activation.encode(), ctypes.c_double(weight_variance),
                  ctypes.c_double(bias_variance), ctypes.byref(json))
        return self.take(json)


class Network:
    """A network for images of [H, W, C]."""

    def __init__(self, library, text, shape, precision=64):
        self.library, self.pointer = library, ctypes.c_void_p()
        library.call("network_create", text.encode(), *map(ctypes.c_int64, shape),
                     ctypes.c_int32(precision), ctypes.byref(self.pointer))

    def __del__(self):
        self.library.calls.ntkdist_network_free(self.pointer)

    def describe(self):
        json = ctypes.c_void_p()
        self.library.call("network_describe", self.pointer, ctypes.byref(json))
        return self.library.take(json)

    def kernels(self, x1, x2=None, threads=0, progress=None, names=("nngp", "ntk")):
        n1, n2 = len(x1), len(x1 if x2 is None else x2)
        shapes = {name: (n1, n2) for name in MATRICES} | {
            name: (n1 if name[-1] == "1" else n2,) for name in VECTORS}
        arrays = {name: np.full(shapes[name], np.nan) for name in names}
        results = Results(ctypes.sizeof(Results))
        for name, array in arrays.items():
            setattr(results, name, array.ctypes.data)
        callback = PROGRESS(lambda fraction, _: int(progress(fraction))) if progress else PROGRESS()
        options = Options(ctypes.sizeof(Options), threads, 0, callback, None)
        self.library.call(
            "kernel", self.pointer, ctypes.c_void_p(x1.ctypes.data), ctypes.c_int64(n1),
            None if x2 is None else ctypes.c_void_p(x2.ctypes.data), ctypes.c_int64(n2),
            ctypes.byref(options), ctypes.byref(results))
        return arrays
