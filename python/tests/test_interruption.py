"""Long kernels end when they are interrupted, and small ones do only the necessary work."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ntkdist import _library, _plans, stax

pytestmark = pytest.mark.usefixtures("shared_library")


def slow():
    """A network and inputs whose kernel takes a minute, in 136 parts."""
    layers = [
        part for _ in range(12) for part in (stax.Conv(1, (3, 3), padding="SAME"), stax.Relu())
    ]
    net = stax.serial(*layers, stax.GlobalAvgPool(), stax.Dense(1))
    return net.kernel_fn, np.random.default_rng(0).standard_normal((1000, 8, 8, 3))


def test_interruption_ends_a_kernel_with_little_of_it_done():
    """Ctrl-C half way: the library's threads end with the call, and the next call works."""
    code = f"""
import os, signal, sys, time
sys.path[:0] = [{str(Path(__file__).parent)!r}]
import numpy as np
from test_interruption import slow
from ntkdist import _library, stax
signal.signal(signal.SIGINT, signal.default_int_handler)
kernel_fn, x = slow()
# OpenBLAS starts its threads when it is loaded.
stax.Dense(1).kernel_fn(np.ones((1, 2)), None, "nngp")
before = len(os.listdir("/proc/self/task"))
fractions, answers, results = [], [], []
progress, empty = _library._Progress, np.empty
def noted(call=None):
    def note(fraction, context):
        fractions.append(fraction)
        # As soon as something is computed.
        if fraction > 0 and not answers.count("interrupted"):
            answers.append("interrupted")
            os.kill(os.getpid(), signal.SIGINT)
        answers.append(call(fraction, context))
        return answers[-1]
    return progress(note) if call else progress()
def filled(shape, *arguments):
    array = np.full(shape, np.nan)
    results.append(array)
    return array
_library._Progress, np.empty = noted, filled
try:
    kernel_fn(x, None, "ntk", threads=2)
except KeyboardInterrupt:
    print("interrupted")
# The thread that called the library has answered, and ends now.
while len(os.listdir("/proc/self/task")) > before:
    time.sleep(0.01)
_library._Progress, np.empty = progress, empty
(ntk,) = [array for array in results if array.shape == (1000, 1000)]
print(answers[-1], answers.count(1), max(fractions), np.isfinite(ntk).mean())
print(stax.Dense(1).kernel_fn(np.ones((1, 2)), None, "nngp"))
"""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=False
    )
    words = run.stdout.split()
    assert words[0] == "interrupted" and words[-1] == "[[1.]]", run.stderr
    assert run.stderr == ""
    # No question was asked after one answer was to stop.
    assert words[1:3] == ["1", "1"], words
    fraction, written = map(float, words[3:5])
    assert 0 < fraction < 0.05 and written < 0.1, words


def test_what_a_signal_handler_raises_is_raised():
    class Alarm(Exception):
        pass

    def handler(number, frame):
        raise Alarm

    kernel_fn, x = slow()
    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(Alarm):
            kernel_fn(x, None, "ntk", threads=1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_second_small_kernel_is_one_call_and_no_process(monkeypatch, rng):
    """For 10 x 10 images and three dense layers, nothing is read, checked or compiled again."""
    layers = [part for _ in range(3) for part in (stax.Dense(1, 1.4, 0.2), stax.Relu())]
    kernel_fn = stax.serial(stax.Flatten(), *layers, stax.Dense(1)).kernel_fn
    x = rng.standard_normal((10, 32, 32, 3))
    expected = kernel_fn(x, None, "ntk")
    calls, events = [], []
    call, plan = _library._SharedLibrary.call, _plans.plan

    def counted(self, name, *arguments):
        calls.append(name)
        return call(self, name, *arguments)

    def planned(*arguments):
        calls.append("plan")
        return plan(*arguments)

    monkeypatch.setattr(_library._SharedLibrary, "call", counted)
    monkeypatch.setattr(_plans, "plan", planned)
    is_watched = True

    def watch(event, arguments):
        if is_watched and event.split(".")[0] in ("subprocess", "os", "open"):
            events.append(event)

    sys.addaudithook(watch)
    try:
        found = kernel_fn(x, None, "ntk")
    finally:
        is_watched = False
    assert np.array_equal(found, expected)
    assert calls == ["kernel"]
    assert not events
