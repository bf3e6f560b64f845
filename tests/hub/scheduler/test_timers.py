"""The bells that wake the daemon: they ring, and neither late ones nor many do harm."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hub.scheduler import Timers


def now() -> int:
    return time.time_ns() // 1_000_000


class Bell:
    def __init__(self) -> None:
        self.rang: list[float] = []
        self._event = threading.Event()

    def __call__(self) -> None:
        self.rang.append(time.monotonic())
        self._event.set()

    def until(self, holds: Callable[[], bool]) -> bool:
        end = time.monotonic() + 30
        while not holds() and time.monotonic() < end:
            self._event.wait(0.05)
            self._event.clear()
        return holds()


def test_it_ticks_and_rings_for_what_is_due() -> None:
    bell = Bell()
    with Timers(bell) as timers:
        began = time.monotonic()
        timers.arm({"jira": now() + 300, "late": now() - 60_000, "far": now() + 10**8})
        assert bell.until(lambda: len(bell.rang) >= 4)  # late at once, jira in between, and two ticks
        assert min(bell.rang) - began < 0.9


def test_what_is_armed_again_replaces_what_was_and_the_rest_is_forgotten() -> None:
    bell = Bell()
    with Timers(bell) as timers:
        timers.arm({"jira": now() + 10**8, "gone": now() + 10**8})
        timers.arm({"jira": now() + 100})
        assert bell.until(lambda: len(bell.rang) >= 1)
        timers.arm({})
        timers.restart()
        timers.arm({"jira": now() + 10**8})


def test_after_it_was_left_nothing_rings() -> None:
    bell = Bell()
    with Timers(bell) as timers:
        timers.arm({"jira": now() + 200})
    before = len(bell.rang)
    threading.Event().wait(0.4)
    assert len(bell.rang) == before
    timers.arm({"jira": now()})  # no complaint
