"""How fast we ask: one gate per vendor account and endpoint group, shared by all threads and sources on that account."""

from __future__ import annotations

import hashlib
import threading

from connectors._shared.guards import Origin
from connectors.base import SourceSettings


class Gate:
    """Spaces requests and holds them all while the vendor asks to wait. Instants are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = float("-inf")
        self._next = float("-inf")

    def close_until(self, when: float) -> None:
        """No request before ``when``; an earlier instant than the present one changes nothing."""
        with self._lock:
            self._closed_until = max(self._closed_until, when)

    def wait(self, now: float, rate: float | None) -> float:
        """Seconds to wait before asking again, or 0.0 and the slot is taken."""
        with self._lock:
            opens = max(self._closed_until, self._next if rate else now)
            if opens > now:
                return opens - now
            if rate:
                self._next = now + 1.0 / rate
            return 0.0


class Gates:
    """The gates of a process, by (origin, account, bucket)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gates: dict[tuple[str, str], Gate] = {}

    def of(self, account: str, bucket: str) -> Gate:
        with self._lock:
            return self._gates.setdefault((account, bucket), Gate())


def account_key(origin: Origin, settings: SourceSettings) -> str:
    """Names the vendor account without holding its credential."""
    secret = settings.token.reveal() if settings.token else ""
    digest = hashlib.blake2b(f"{settings.user}\0{secret}".encode("utf-8", "replace"), digest_size=12).hexdigest()
    return f"{origin} {digest}"
