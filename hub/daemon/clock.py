"""The daemon's time, and how it waits; tests put a virtual one in its place."""

from __future__ import annotations

import contextlib
import queue
import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> int:
        """Wall-clock time in milliseconds UTC; it may jump."""

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps."""

    def wait(self, seconds: float) -> None:
        """Return when ``wake`` was called since the last wait, or after so many seconds."""

    def wake(self) -> None:
        """End the wait; may be called from any thread and from a signal's handler."""


class WallClock:
    """The machine's."""

    def __init__(self) -> None:
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()  # its put is safe in a signal's handler; an Event's set is not

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        with contextlib.suppress(queue.Empty):
            self._bell.get(timeout=max(seconds, 0.0))
            while True:
                self._bell.get_nowait()

    def wake(self) -> None:
        self._bell.put(None)
