"""The routes: is it alive, can it be used, are the sources fresh, and figures for Prometheus. None of them names anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, Router

from hub.web.guard import App, Guard, Policy

T = TypeVar("T")

ALIVE = 60.0
"""Seconds since the daemon's loop last turned, up to which it lives."""
HEALTH_KEPT, METRICS_KEPT = 2.0, 10.0
"""Seconds for which what the database said is good enough: asking often costs nothing."""
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Probes:
    """What the routes ask; each is called from a thread of its own but ``age``, which must not wait for anything."""

    age: Callable[[], float]
    """Seconds since the daemon's loop last turned"""
    ready: Callable[[], str | None]
    """Why it cannot be used, as one word: database, schema, standby, starting, stopping, lost; None when it can"""
    fresh: Callable[[], Mapping[str, bool]]
    """Source -> whether its last complete run is as young as its schedule promises"""
    metrics: Callable[[], bytes]
    """In Prometheus' text format"""


class Kept(Generic[T]):
    """The last answer of a question, for some seconds; one thread asks at a time."""

    def __init__(self, ask: Callable[[], T], seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._seconds, self._monotonic = ask, seconds, monotonic
        self._lock = threading.Lock()
        self._answer: tuple[float, T] | None = None

    def __call__(self) -> T:
        with self._lock:
            now = self._monotonic()
            if self._answer is None or now - self._answer[0] >= self._seconds:
                self._answer = now, self._ask()
            return self._answer[1]


def application(probes: Probes, policy: Policy) -> App:
    """The guarded ASGI application."""
    ready, fresh = Kept(probes.ready, HEALTH_KEPT), Kept(probes.fresh, HEALTH_KEPT)
    metrics = Kept(probes.metrics, METRICS_KEPT)

    async def about(_: Request) -> Response:
        return PlainTextResponse(f"Anchorline listens. It answers at {', '.join(each for each in routes if each != '/')}.\n")

    async def livez(_: Request) -> Response:  # not in a thread of the pool, all of which may wait for the database
        alive = probes.age() < ALIVE
        return PlainTextResponse("ok\n" if alive else "stuck\n", 200 if alive else 503)

    def readyz(_: Request) -> Response:
        why = ready()
        return PlainTextResponse("ok\n" if why is None else f"not ready: {why}\n", 200 if why is None else 503)

    def healthz(_: Request) -> Response:
        found = fresh()
        stale = sum(not each for each in found.values())
        answer = {"status": "stale" if stale else "ok", "sources": len(found), "stale": stale}
        return JSONResponse(answer, 503 if stale else 200)

    def figures(request: Request) -> Response:
        if not policy.near(request.scope):
            return PlainTextResponse("Metrics are for this machine and allowed networks.\n", 403)
        return Response(metrics(), media_type=METRICS_TYPE)

    routes: dict[str, Callable[[Request], Any]] = {
        "/": about,
        "/livez": livez,
        "/readyz": readyz,
        "/healthz/sync": healthz,
        "/metrics": figures,
    }
    inner = Router([Route(path, endpoint, methods=["GET"]) for path, endpoint in routes.items()], redirect_slashes=False)
    return Guard(inner, policy)
