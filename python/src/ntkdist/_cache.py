"""Values that are kept while they are among the most recently used ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Callable, Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The `count` most recently used values, by key; several threads may use one cache."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key; it is made if it is not kept. Raises what `make` raises."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._count:
                self._values.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._values)
