"""Trello's limits: requests counted in windows of ten seconds, by token and by key, and what becomes of those who do not stop.

100 requests in a window for a token, 300 for a key; more than 200 refused ones, and everything is refused until the window ends
(Trello: Rate limits). No `Retry-After` is sent. The time is the real one plus what `POST /_sandbox/pass` added.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from hub.sandbox.answers import Settings
from hub.sandbox.limits import Json, Limiter

WINDOW = 10.0
REFUSED = 200
KEY_TIMES = 3
"""A key may send so many times what one of its tokens may."""


class TrelloLimiter(Limiter):
    """`settings.limit` is what a token may send in a window; 0 counts nothing."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._window, self._count, self._refused = -1, 0, 0
        self.worst = 0
        super().__init__(settings, monotonic)

    def clear(self) -> None:
        super().clear()
        self.worst = self.lockouts = 0

    def admit(self, method: str, path: str, text: str) -> int:
        """0: the request may pass; else the seconds until the window is over."""
        self.requests += 1
        if not self._settings.limit:
            return 0
        now = self._now()
        window = math.floor(now / WINDOW)
        if window != self._window:
            self._window, self._count, self._refused = window, 0, 0
        self._count += 1
        if self._count <= self._settings.limit:
            return 0
        self._refused += 1
        self.worst = max(self.worst, self._refused)
        self.lockouts += self._refused == REFUSED + 1
        return max(1, math.ceil((window + 1) * WINDOW - now))

    def announced(self, method: str, path: str, text: str, wait: str | None) -> None:
        """Trello announces no waits."""

    def headers(self, method: str, path: str) -> dict[str, str]:
        """On every answer."""
        if not (limit := self._settings.limit):
            return {}
        found: dict[str, str] = {}
        for what, most in (("token", limit), ("key", limit * KEY_TIMES)):
            stem = f"x-rate-limit-api-{what}"
            left = str(max(0, most - self._count))
            found |= {f"{stem}-interval-ms": "10000", f"{stem}-max": str(most), f"{stem}-remaining": left}
        return found

    def shown(self) -> Json:
        """`worst`: the most requests that were refused in one window; `lockouts`: windows with more than Trello puts up with."""
        return super().shown() | {"worst": self.worst, "lockouts": self.lockouts}
