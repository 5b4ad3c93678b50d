"""Signals that interrupt a long call."""

import signal
import threading

import pytest

from ntkdist._cancellation import interruptible


def test_values_and_errors():
    assert interruptible(lambda is_cancelled: is_cancelled()) is False
    with pytest.raises(KeyError):
        interruptible(lambda is_cancelled: {}["nothing"])


def test_other_threads_work_themselves():
    found = []
    thread = threading.Thread(
        target=lambda: found.append(interruptible(lambda _: threading.current_thread()))
    )
    thread.start()
    thread.join()
    assert found == [thread]


def test_a_signal_cancels_the_work_and_waits_for_its_end():
    ended = []

    def work(is_cancelled):
        signal.raise_signal(signal.SIGINT)
        while not is_cancelled():
            pass
        ended.append(True)

    # A background process ignores the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            interruptible(work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended == [True]
