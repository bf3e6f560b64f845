"""Ready-made ``RunIo`` for tests: virtual time, fixed jitter, nothing shared between tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from connectors._shared.io import RunIo
from connectors._shared.limits import Gates
from connectors.base import IoSettings, Secret, SourceSettings

SECRET = 's3cr+t/T0ken="x'


class Clock:
    """Time that passes only by sleeping, or by ``tick`` seconds at each look; ``looks`` is released at each look."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now = 1000.0
        self.tick = tick
        self.slept: list[float] = []
        self.looks = threading.Semaphore(0)
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        self.looks.release()
        with self._lock:
            self.now += self.tick
            return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds
            self.slept.append(seconds)


def make_settings(url: str, **changes: Any) -> SourceSettings:
    values: dict[str, Any] = {
        "name": "dev", "kind": "jira", "url": url, "user": "robot@example.com", "token": Secret(SECRET),
    }  # fmt: skip
    return SourceSettings(**(values | changes))


def make_io(
    url: str,
    clock: Clock | None = None,
    *,
    jitter: float = 1.0,
    rand: Callable[[], float] | None = None,
    gates: Gates | None = None,
    settings: SourceSettings | None = None,
    **limits: Any,
) -> RunIo:
    clock = clock or Clock()
    return RunIo(
        settings or make_settings(url),
        IoSettings(**limits),
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        rand=rand or (lambda: jitter),
        gates=gates or Gates(),
    )
