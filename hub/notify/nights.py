"""When a dead-man's switch is told what: pure, from the daemon's events.

A night is one nightly run of each source that has one, whenever each of them begins; it is over when one of them begins its
next. Success is told only when every source completed its run of the same night; a failure at once, and once a night.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

NIGHTLY = ("nightly", "full")
"""Modes of a nightly run; a full one takes its place."""


@dataclass(frozen=True, slots=True)
class Ping:
    """``code`` is the exit code of the run that went wrong, None where there was none."""

    kind: Literal["start", "success", "fail"]
    code: int | None = None


class Nights:
    """Events in, pings out. ``enabled`` gives the sources that have a nightly run at present."""

    def __init__(self, enabled: Callable[[], Collection[str]]) -> None:
        self._enabled = enabled
        self._begun: set[str] = set()
        self._done: set[str] = set()
        self._told: str | None = None

    def hear(self, event: Any) -> Ping | None:
        """What is to be told after one event of the daemon."""
        name = type(event).__name__
        if name == "RunStarted" and event.mode in NIGHTLY and event.source:
            return self._started(event.source, scheduled=event.reason == "schedule")
        if name == "RunEnded" and event.mode in NIGHTLY and event.source:
            return self._ended(event.source, event.outcome)
        return None

    def _started(self, source: str, *, scheduled: bool) -> Ping | None:
        first = not self._begun
        if scheduled and source in self._begun:
            self._begun, self._done, self._told, first = set(), set(), None, True
        self._begun.add(source)
        self._done.discard(source)
        return Ping("start") if first else None

    def _ended(self, source: str, outcome: Any) -> Ping | None:
        if outcome.result != "complete":
            if self._told == "fail":
                return None
            self._told = "fail"
            return Ping("fail", outcome.code if outcome.signal is None and 0 < outcome.code < 256 else None)
        self._done.add(source)
        enabled = set(self._enabled())
        if self._told == "success" or not enabled or not enabled <= self._done:
            return None
        self._told = "success"
        return Ping("success")
