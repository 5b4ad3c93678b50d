"""Long calls that an exception in the main thread, such as KeyboardInterrupt, can end."""

from __future__ import annotations

import threading
from typing import Callable, TypeVar

Value = TypeVar("Value")

#: Seconds after which the main thread looks for signals.
_INTERVAL = 0.05


def interruptible(work: Callable[[Callable[[], bool]], Value]) -> Value:
    """What `work(is_cancelled)` returns or raises.

    In the main thread, the work is done in another thread, so that signal handlers run at once. An
    exception from a handler cancels the work, and is raised here as soon as the work has ended.
    """
    cancelled = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        return work(cancelled.is_set)
    begun, ended = threading.Event(), threading.Event()
    values: list[Value] = []
    errors: list[BaseException] = []

    def run() -> None:
        begun.set()
        try:
            if not cancelled.is_set():
                values.append(work(cancelled.is_set))
        except BaseException as error:  # Raised again in the calling thread.
            errors.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=run, name="ntkdist", daemon=True)
    try:
        thread.start()
        # Do not wait in one long call: a signal that reaches another thread does not end it.
        while not ended.wait(_INTERVAL):
            pass
    except BaseException:
        cancelled.set()
        # Work that has not begun by now learns that it need not begin.
        if begun.is_set():
            ended.wait()
        raise
    if errors:
        raise errors[0]
    return values[0]
