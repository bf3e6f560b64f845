"""What goes wrong between the hub and a vendor: a transport that plays one fault per request from a seeded choice.

``TRANSIENT`` are faults that a retry mends, ``LIES`` answers that look right and are not: nobody can see them in a delta.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.base import Unavailable
from tests.simulation.vendor import Answer, Vendor

TRANSIENT = ("rate", "unavailable", "timeout", "reset", "truncated", "html", "errors")
LIES = ("empty", "short")
OTHERS = ("auth", "expired", "repeat", "duplicates", "poison", "denied")
FAMILIES = (*TRANSIENT, *LIES, *OTHERS)
LISTINGS = ("/search", "/census")


class Crash(BaseException):
    """The process dies here: nothing of the hub catches this."""


@dataclass
class Transport:
    """One run's way to the vendor. ``drift`` is the chance of a change in the company before a request is answered."""

    vendor: Vendor
    pass_time: Callable[[int], None]
    rng: random.Random
    families: frozenset[str] = frozenset()
    rate: float = 0.0
    between: Callable[[int], None] | None = None
    """Told the number of each request before it is answered."""
    cost: int = 200
    """Milliseconds that a request takes."""
    requests: int = 0
    played: list[tuple[str, str, str | None]] = field(default_factory=list)
    """(fault, path, partition) of each fault that was played"""
    hasty: list[str] = field(default_factory=list)
    """Requests that came before they were allowed to."""
    _wait_until: int = 0

    def send(self, path: str, params: dict[str, Any]) -> Answer:
        """Raises ``Unavailable`` for faults below HTTP."""
        self.requests += 1
        clock = self.vendor.clock
        if clock() < self._wait_until:  # noted, since the hub would take an exception for the connector's fault
            self.hasty.append(f"{path} was asked {self._wait_until - clock()} ms before Retry-After had passed")
        if self.between is not None:
            self.between(self.requests)
        self.pass_time(self.cost)
        fault = self._fault(path)
        if fault is None:
            return self.vendor.answer(path, params)
        self.played.append((fault, path, params.get("partition")))
        return self._play(fault, path, params)

    @property
    def lied(self) -> bool:
        return any(fault in LIES for fault, _, _ in self.played)

    def _fault(self, path: str) -> str | None:
        if not self.families or self.rng.random() >= self.rate:
            return None
        fits = sorted(f for f in self.families if path in LISTINGS or f not in (*LIES, "expired", "repeat", "duplicates"))
        fits = [f for f in fits if f != "poison" or path in ("/search", "/fetch")]
        return self.rng.choice(fits) if fits else None

    def _play(self, fault: str, path: str, params: dict[str, Any]) -> Answer:
        headers = self.vendor.headers()
        if fault == "rate":
            return self._rate_limit(headers)
        if fault == "unavailable":
            return 503, headers, b"<html>busy</html>"
        if fault == "timeout":
            self.pass_time(60_000)
            raise Unavailable("the vendor did not answer in time", timed_out=True)
        if fault == "reset":
            raise Unavailable("the connection was cut")
        if fault == "html":
            return 200, headers | {"Content-Type": "text/html"}, b"<html>Log in</html>"
        if fault == "errors":
            return 200, headers, b'{"errors": [{"message": "try again"}]}'
        if fault in ("auth", "expired", "denied"):
            return {"auth": 401, "expired": 410, "denied": 403}[fault], headers, b'{"message": "refused"}'
        return self._changed(fault, path, params)

    def _rate_limit(self, headers: dict[str, str]) -> Answer:
        seconds = self.rng.choice((0, 1, 7, 30, None))
        if seconds is None:
            return 429, headers, b"<html>slow down</html>"
        self._wait_until = self.vendor.clock() + 1000 * max(1, seconds)
        return 429, headers | {"Retry-After": str(seconds)}, b"<html>slow down</html>"

    def _changed(self, fault: str, path: str, params: dict[str, Any]) -> Answer:
        """A true answer with something done to it."""
        status, headers, body = self.vendor.answer(path, params)
        if status != 200:
            return status, headers, body
        if fault == "truncated":
            return status, headers, body[: len(body) // 2]
        found = orjson.loads(body)
        rows = found.get("rows", found.get("items", []))
        if fault == "empty":
            found = {"rows": [], "last": True}
        elif fault == "short":
            found["rows"] = [row for row in rows if self.rng.random() < 0.6]
        elif fault == "repeat" and params.get("token") and "next" in found:
            found["next"] = params["token"]
        elif fault == "duplicates":
            found["rows"] = rows + rows[:2]
        elif fault == "poison" and rows:
            bad = self.rng.choice(rows)
            bad[self.rng.choice(("status", "updated", "labels"))] = {"what": "is this"}
        return status, headers, orjson.dumps(found)
