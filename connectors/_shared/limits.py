"""How fast we ask: one gate per vendor account and endpoint group, shared by all that ask as that account on this machine.

Threads and sources of a process share a ``Gate``; processes share what it stands for through a ``GateFile``.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from pathlib import Path

from connectors._shared.gatefile import DAY, GateFile
from connectors._shared.guards import Origin
from connectors.base import SourceSettings

log = logging.getLogger(__name__)

NEVER = float("-inf")


class Gate:
    """Spaces requests and holds them all while the vendor asks to wait. Instants are seconds of one monotonic clock."""

    def __init__(self, file: GateFile | None = None) -> None:
        self._lock = threading.Lock()
        self._closed_until = NEVER
        self._next = NEVER
        self._file = file

    def close_until(self, when: float, now: float) -> None:
        """No request before ``when``; an earlier instant than the present one changes nothing."""
        with self._lock:
            self._closed_until = max(self._closed_until, when)
            if self._file is not None:
                try:
                    with self._file.held(now) as record:
                        record[0] = max(record[0], min(when, now + DAY))
                except OSError as error:
                    self._alone(error)

    def wait(self, now: float, rate: float | None) -> tuple[float, bool]:
        """(seconds to wait before asking again, whether because the vendor asked), or (0.0, False) and the slot is taken."""
        with self._lock:
            if self._file is not None:
                try:
                    return self._shared(self._file, now, rate)
                except OSError as error:
                    self._alone(error)
            found, self._next = _look(self._closed_until, self._next, now, rate)
            return found

    def _shared(self, file: GateFile, now: float, rate: float | None) -> tuple[float, bool]:
        if not rate:  # the usual case: one read, no lock
            return _look(max(self._closed_until, file.peek(now)[0]), NEVER, now, None)[0]
        with file.held(now) as record:
            found, record[1] = _look(max(self._closed_until, record[0]), record[1], now, rate)
            return found

    def _alone(self, error: OSError) -> None:
        """Without the file each process keeps the limits by itself: slower vendors may answer 429 more often, nothing else."""
        self._file = None
        _warn_once(error)


def _look(closed: float, following: float, now: float, rate: float | None) -> tuple[tuple[float, bool], float]:
    """What ``Gate.wait`` answers, and the slot after it."""
    if closed > now:
        return (closed - now, True), following
    if rate is None or rate <= 0:
        return (0.0, False), following
    if following > now:
        return (following - now, False), following
    return (0.0, False), now + 1.0 / rate


_warned = threading.Event()


def _warn_once(error: OSError) -> None:
    if not _warned.is_set():
        _warned.set()
        log.warning(
            "Rate limits are not shared with other runs: %s. Check that their folder can be written and the disk is not full.",
            error.strerror or "the file for them cannot be used",
        )


class Gates:
    """The gates of a process, by (account, bucket, folder)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gates: dict[tuple[str, str, str | None], Gate] = {}

    def of(self, account: str, bucket: str, folder: str | None = None) -> Gate:
        """The gate of ``bucket`` on ``account``; with ``folder`` it is shared with other processes through a file there."""
        key = (account, bucket, folder)
        with self._lock:
            if key not in self._gates:
                self._gates[key] = Gate(GateFile(Path(folder), f"{account}\0{bucket}") if folder else None)
            return self._gates[key]


def account_key(origin: Origin, settings: SourceSettings) -> str:
    """Names the vendor account without holding its credential: by the user, since a second token is no second account.

    Only where a vendor knows no user is it a digest of the token.
    """
    token = settings.token.reveal() if settings.token else ""
    name = f"user {settings.user.casefold()}" if settings.user else f"token {token}"
    return f"{origin} {hashlib.blake2b(name.encode('utf-8', 'replace'), digest_size=12).hexdigest()}"
