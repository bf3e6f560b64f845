"""The dead-man's switch: a service that expects to hear from us, and raises the alarm when it does not.

    daemon --event--> Pings (listener, returns at once) --queue--> thread --guarded GET--> the service

``ADDRESS/start`` when a night begins, ``ADDRESS`` when every source completed, ``ADDRESS/CODE`` (the exit code) or
``ADDRESS/fail`` when one did not. The address is a secret: it is in no line, error or state.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import connectors
from connectors.base import IoSettings, Secret, SourceError, Unavailable
from hub.log.lines import get
from hub.log.redactor import hide
from hub.notify.nights import Nights, Ping

LIMITS = IoSettings(
    connect_timeout=10.0, read_timeout=10.0, call_deadline=10.0, run_deadline=90.0, max_body=64 * 1024, attempts=4, backoff=1.0,
    parallel=1, allow_private_networks=True,
)  # fmt: skip
"""Ten seconds a try, three more tries. What the service says is not read beyond its status."""
WAITING = 16
"""Pings that wait to be sent; while the service hangs the oldest go first."""


def address(base: str, ping: Ping) -> str:
    """Where one ping goes: the suffix belongs to the path, before a query."""
    parts = urlsplit(base)
    suffix = {"start": "/start", "success": "", "fail": f"/{ping.code}" if ping.code else "/fail"}[ping.kind]
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + suffix, parts.query, ""))


class Pings:
    """A listener of the daemon. ``enabled`` gives the sources that have a nightly run. Nothing here raises."""

    def __init__(self, secret: Secret, enabled: Callable[[], Collection[str]], limits: IoSettings = LIMITS) -> None:
        self._base = secret
        self._limits = limits
        self._nights = Nights(enabled)
        self._queue: queue.Queue[Ping | None] = queue.Queue(WAITING)
        self._lock = threading.Lock()
        self._io: Any = None
        self._ending = False
        parts = urlsplit(secret.reveal())
        hide(secret.reveal(), parts.path.strip("/"), parts.query, *(piece for piece in parts.path.split("/") if len(piece) >= 8))
        self._thread = threading.Thread(target=self._work, name="pings", daemon=True)
        self._thread.start()

    def __call__(self, event: Any) -> None:
        """Hear one event of the daemon; returns at once."""
        ping = self._nights.hear(event)
        if ping is not None:
            self._put(ping)

    def _put(self, ping: Ping | None) -> None:
        while True:
            try:
                self._queue.put_nowait(ping)
                return
            except queue.Full:
                try:
                    self._queue.get_nowait()
                except queue.Empty:
                    continue

    def close(self, wait: float = 1.0) -> None:
        """Send what waits, for so many seconds at most, and end."""
        self._put(None)
        self._thread.join(wait)
        with self._lock:
            self._ending = True
            if self._io is not None:
                self._io.close()

    def _work(self) -> None:
        while (ping := self._queue.get()) is not None:
            try:
                self._send(ping)
            except SourceError as error:  # its text may hold the host, never the path
                get("hub.notify").warning("ping_failed", ping=ping.kind, why=str(error), status=error.status)
            except Exception as error:
                get("hub.notify").warning("ping_failed", ping=ping.kind, why=type(error).__name__)
            else:
                get("hub.notify").info("ping_sent", ping=ping.kind)

    def _send(self, ping: Ping) -> None:
        import httpx

        where = address(self._base.reveal(), ping)
        io = connectors.reach(where, self._limits)
        with self._lock:
            self._io = io
            if self._ending:
                io.close()
        try:
            with httpx.Client(transport=io.httpx_transport(), headers={"User-Agent": "anchorline"}) as client:
                io.call(_get, client, where)
        finally:
            io.close()


def _get(client: Any, where: str) -> None:
    status = client.get(where).status_code
    if status >= 500 or status in (408, 429):
        raise Unavailable(f"the service answered {status}", status=status)
    if status >= 400:
        raise SourceError(f"the service answered {status}", hint="Check ANCHORLINE_PING_URL.", status=status)
