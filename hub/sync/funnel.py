"""Several readers, one writer: a queue that holds as many bytes as it may, and no more."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Abandoned(Exception):
    """Nobody takes what a reader brings any more: it ends."""


class Funnel(Generic[T]):
    """``put`` waits while more than ``capacity`` bytes lie there; what is larger than that passes alone. Any thread may put, one
    takes. Order is kept for each reader."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held = 0
        self._things: deque[tuple[T, int]] = deque()
        self._closed = False
        self._changed = threading.Condition()

    @property
    def held(self) -> int:
        """Bytes that wait."""
        return self._held

    def put(self, thing: T, size: int) -> None:
        """Hand something on. Raises ``Abandoned`` once the funnel is closed, also while waiting."""
        with self._changed:
            while self._held and self._held + size > self._capacity and not self._closed:
                self._changed.wait()
            if self._closed:
                raise Abandoned
            self._things.append((thing, size))
            self._held += size
            self._changed.notify_all()

    def get(self) -> T:
        """The next thing, as soon as there is one."""
        with self._changed:
            while not self._things:
                self._changed.wait(1.0)  # in pieces, so that a signal is heard
            thing, size = self._things.popleft()
            self._held -= size
            self._changed.notify_all()
            return thing

    def close(self) -> None:
        """End all readers at their next ``put``."""
        with self._changed:
            self._closed = True
            self._things.clear()
            self._held = 0
            self._changed.notify_all()
