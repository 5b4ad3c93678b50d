"""The settings with which kernels are computed unless a call says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from ._inputs import whole


@dataclass
class Config:
    """Defaults of `kernel_fn`; `ntkdist.config` is the one in use.

    Attributes:
        precision: "f64" or "f32", the arithmetic of the recursion. Results have the dtype of the
            inputs in either case: float32 inputs are computed in float64 and rounded.
        threads: the number of threads. None: the number in NTK_DIST_NUM_THREADS or
            OMP_NUM_THREADS, or else one for every core that the process may run on.
    """

    precision: str = "f64"
    threads: int | None = None

    def thread_count(self, threads: int | None = None) -> int:
        """The number of threads for a call of the library; 0 if the library may choose.

        Raises ValueError for a number below 1.
        """
        count = self.threads if threads is None else threads
        if count is None:
            return 0
        number = whole(count)
        if number is None or not 1 <= number <= 1 << 16:
            raise ValueError(f"threads is {count!r}; give a whole number, 1 or more")
        return number

    def precision_bits(self, precision: str | None = None) -> int:
        """64 or 32, for "f64" or "f32". Raises ValueError for other values."""
        word = self.precision if precision is None else precision
        if word not in ("f64", "f32"):
            raise ValueError(f"precision is {word!r}; give 'f64' or 'f32'")
        return 64 if word == "f64" else 32


config = Config()
