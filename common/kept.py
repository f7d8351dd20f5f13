"""What a process keeps in memory of things that never change: so many of them, the longest unused ones dropped first."""

import threading
import weakref
from collections import OrderedDict
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
_all: "weakref.WeakSet[Kept[Any, Any]]" = weakref.WeakSet()


class Kept(Generic[K, V]):
    """At most `most` values by key, for all threads of the process. What may differ for two readers is part of the key."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()
        _all.add(self)

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return the value, None if it is not kept."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def keep(self, key: K, value: V) -> None:
        """Keep a value, and drop the longest unused one if there are too many."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self.most:
                self._values.popitem(last=False)

    def forget(self) -> None:
        """Drop all values."""
        with self._lock:
            self._values.clear()


def forget_all() -> None:
    """Drop all that this process keeps: for tests, whose databases use the same numbers again for other things."""
    for each in list(_all):
        each.forget()
