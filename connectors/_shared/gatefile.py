"""A gate that the processes of one machine share: a small file per vendor account and endpoint group, under a lock.

A run is a process. Two sources on one account must not each ask at full speed, and must both stop when the vendor says so.
The instants in the file are seconds of CLOCK_MONOTONIC, which is one for all processes of a machine and starts again with
it: a record of another boot counts for nothing. The lock is the kernel's and dies with its holder.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

DAY = 86400.0
"""The longest wait that is handed on to other processes: after it one of them asks again, whatever a vendor once said."""
TRIES = 100
"""How often a lock is tried, ``PAUSE`` seconds apart: a holder that was stopped (SIGSTOP) holds nobody up for longer."""
PAUSE = 0.005
RECHECK = 1.0
"""Seconds after which it is looked again whether the file is still the one under its name."""
_RECORD = struct.Struct("<8s16sddI")
_MAGIC = b"ANCHGT01"
_OPEN = (float("-inf"), float("-inf"))


@cache
def boot_id() -> bytes:
    """16 bytes that differ from boot to boot; zeros where the system does not tell."""
    try:
        return bytes.fromhex(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)


class GateFile:
    """The record of one gate: (closed until, next slot). Every trouble with the file raises ``OSError``."""

    def __init__(
        self, folder: Path, name: str, *, boot: bytes | None = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._fd = -1
        self.path = folder / f"{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}.gate"
        self._boot = boot_id() if boot is None else boot
        self._pause = pause
        self._checked = float("-inf")
        self._lock = threading.Lock()  # the kernel's lock does not tell the threads of one process apart

    def peek(self, now: float) -> tuple[float, float]:
        """The record as it stands, without a lock: one read. A torn one is read again under the lock."""
        with self._lock:
            self._ready(now)
            found = self._parsed(os.pread(self._fd, _RECORD.size, 0), now)
        if found is not None:
            return found
        with self.held(now) as record:
            return record[0], record[1]

    @contextlib.contextmanager
    def held(self, now: float) -> Iterator[list[float]]:
        """The record under the lock, as a list to change; it is written back when it differs."""
        with self._lock:
            self._checked = float("-inf")
            self._ready(now)
            self._locked()
            try:
                before = self._parsed(os.pread(self._fd, _RECORD.size, 0), now) or _OPEN
                record = list(before)
                yield record
                if tuple(record) != before:
                    self._write(record)
            finally:
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _ready(self, now: float) -> None:
        """Open the file, again if somebody took it away."""
        if self._fd >= 0:
            if abs(now - self._checked) < RECHECK:
                return
            self._checked = now
            if os.fstat(self._fd).st_nlink:
                return
            self.close()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._checked = now
        if os.fstat(self._fd).st_size < _RECORD.size:
            self._make()

    def _make(self) -> None:
        """Give a new file its place on the disk now, so that it has one when the disk is full; unless another process, which may
        have closed the gate already, was faster."""
        self._locked()
        try:
            if os.fstat(self._fd).st_size < _RECORD.size:
                self._write(list(_OPEN))
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _locked(self) -> None:
        for _ in range(TRIES):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            self._pause(PAUSE)
        raise BlockingIOError("the gate is held by a process that does not go on")

    def _parsed(self, data: bytes, now: float) -> tuple[float, float] | None:
        """The instants; open when they are of another boot; None for what is not a whole record."""
        if len(data) != _RECORD.size:
            return None
        magic, boot, closed, following, check = _RECORD.unpack(data)
        if magic != _MAGIC or check != zlib.crc32(data[:-4]):
            return None
        if boot != self._boot:
            return _OPEN
        # Also for systems without a boot id: what lies further ahead than is ever written was not written since this start.
        return (closed if closed <= now + DAY else _OPEN[0], following if following <= now + DAY else _OPEN[1])

    def _write(self, record: list[float]) -> None:
        data = _RECORD.pack(_MAGIC, self._boot, record[0], record[1], 0)[:-4]
        if os.pwrite(self._fd, data + struct.pack("<I", zlib.crc32(data)), 0) != _RECORD.size:
            raise OSError("the gate was written in part")

    def close(self) -> None:
        """Give the file back; the next look opens it again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()
