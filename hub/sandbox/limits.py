"""Rate limits as Jira Cloud announces and enforces them, and a record of who does not heed them.

A burst limit counts requests per second, endpoint and method (RateLimit-Reason jira-burst-based). Whoever asks again before the
announced `Retry-After` has passed is refused and waits the whole time anew ("the same or longer Retry-After period", Atlassian:
Rate limiting). That is a *violation*. Requests that were under way when the wait was announced are refused too, but are none:
what was not yet refused itself has `limit_grace` seconds in which its sender may not have heard.

The time is the real one plus what `POST /_sandbox/pass` added: a client whose clock is virtual tells us that it has waited.
"""

from __future__ import annotations

import contextlib
import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hub.sandbox.answers import Settings

Json = dict[str, Any]
KEPT = 1000
_NAMED = re.compile(r"/(?:\d+|[A-Z][A-Z0-9_]*(?:-\d+)?)(?=/|$)")
NEAR = 0.2
"""Below this share of the limit a good answer says X-RateLimit-NearLimit."""


def endpoint_of(method: str, path: str) -> str:
    """`GET /rest/agile/1.0/board/{}/sprint`: the ids and keys in a path make no endpoint of their own."""
    return f"{method} {_NAMED.sub('/{}', path)}"


@dataclass
class _Endpoint:
    second: int = -1
    count: int = 0
    until: float = -math.inf  # no request before
    announced: float = -math.inf
    enforced: bool = False
    refused: set[int] = field(default_factory=set)  # requests whose senders know of the wait


class Limiter:
    """The limits of one sandbox. Seconds throughout."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._monotonic = settings, monotonic
        self._passed = 0.0
        self._endpoints: dict[str, _Endpoint] = {}
        self._busy = 0
        self.clear()

    def clear(self) -> None:
        """Forget what was counted; waits stay."""
        self.violations: list[Json] = []
        self.waits = self.in_flight = self.requests = self.peak = 0

    def advance(self, seconds: float) -> None:
        """A client's virtual clock has passed these seconds."""
        self._passed += max(0.0, seconds)

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """A request is being answered; ``peak`` keeps how many were at the same time."""
        self._busy += 1
        self.peak = max(self.peak, self._busy)
        try:
            yield
        finally:
            self._busy -= 1

    def _now(self) -> float:
        return self._monotonic() + self._passed

    def admit(self, method: str, path: str, text: str) -> int:
        """0: the request may pass. Else it is refused, and this is its Retry-After."""
        self.requests += 1
        name, now = endpoint_of(method, path), self._now()
        endpoint, request = self._endpoints.setdefault(name, _Endpoint()), hash((path, text))
        if now < endpoint.until:
            if request in endpoint.refused or now - endpoint.announced > self._settings.limit_grace:
                self._violated(name, endpoint, now)
            else:
                self.in_flight += 1
            if endpoint.enforced:
                endpoint.refused.add(request)
                return max(1, math.ceil(endpoint.until - now))
            return 0
        if self._settings.limit and self._over(endpoint, now):
            return self._close(endpoint, now, self._settings.limit_wait, enforced=True, request=request)
        return 0

    def _over(self, endpoint: _Endpoint, now: float) -> bool:
        second = math.floor(now)
        if endpoint.second != second:
            endpoint.second, endpoint.count = second, 0
        endpoint.count += 1
        return endpoint.count > self._settings.limit

    def _violated(self, name: str, endpoint: _Endpoint, now: float) -> None:
        if len(self.violations) < KEPT:
            self.violations.append({"endpoint": name, "early": round(endpoint.until - now, 3)})
        endpoint.until = max(endpoint.until, now + self._settings.limit_wait)

    def announced(self, method: str, path: str, text: str, wait: str | None) -> None:
        """A fault answered with a Retry-After: its wait counts too, and is enforced where `strict` says so."""
        try:
            seconds = float(wait or "")
        except ValueError:
            return
        endpoint = self._endpoints.setdefault(endpoint_of(method, path), _Endpoint())
        self._close(endpoint, self._now(), seconds, enforced=self._settings.strict, request=hash((path, text)))

    def _close(self, endpoint: _Endpoint, now: float, wait: float, *, enforced: bool, request: int) -> int:
        seconds = max(1, math.ceil(wait))
        if now >= endpoint.until:
            endpoint.refused.clear()
        endpoint.until = max(endpoint.until, now + seconds)
        endpoint.announced, endpoint.enforced = now, enforced
        endpoint.refused.add(request)
        self.waits += 1
        return seconds

    def headers(self, method: str, path: str) -> dict[str, str]:
        """What a good answer says of the limit."""
        limit = self._settings.limit
        endpoint = self._endpoints.get(endpoint_of(method, path))
        if not limit or endpoint is None:
            return {}
        left = max(0, limit - endpoint.count)
        near = {"x-ratelimit-nearlimit": "true"} if left < limit * NEAR else {}
        return {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(left)} | near

    def shown(self) -> Json:
        """What was counted: violations (the first of them in `list`), announced waits, requests under way at one, requests, and
        the most of them that were answered at the same time."""
        return {
            "violations": len(self.violations),
            "waits": self.waits,
            "in_flight": self.in_flight,
            "requests": self.requests,
            "peak": self.peak,
            "list": self.violations[:20],
        }
