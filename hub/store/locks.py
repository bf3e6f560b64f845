"""Who may write what: locks that die with their holder, and an epoch that outlives them.

On SQLite a lock is ``flock`` on a file beside the database, on PostgreSQL an advisory lock on a connection kept for it; the
kernel or the server lets go of it when the process ends, however it ends. No clock is involved. Each new owner raises the
epoch in ``owner``, and every write transaction compares it: an owner that lost its lock without noticing (a stopped process
whose lock file was replaced, a connection that was cut) can no longer write.

A child made by ``fork`` shares its parent's ``flock``; start helpers with ``subprocess`` or ``spawn``, which do not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import quote

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from hub.errors import Locked, StoreUnavailable

if TYPE_CHECKING:
    from hub.store.engine import Store

POLL = 0.05
"""Seconds between two tries while waiting for a lock."""
WRITERS = "\0writers"
"""The name under which PostgreSQL's write transactions are serialised; no owner can have it."""


RAISE_EPOCH = """
    INSERT INTO owner (name, epoch, pid, host, since) VALUES (?, 1, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE
    SET epoch = owner.epoch + 1, pid = excluded.pid, host = excluded.host, since = excluded.since
    RETURNING epoch"""


class Handle(Protocol):
    def release(self) -> None: ...


class Ownership:
    """The right to write as ``name`` with ``epoch``, until ``release`` or the end of the process. A context manager."""

    def __init__(self, name: str, epoch: int, handle: Handle) -> None:
        self.name = name
        self.epoch = epoch
        self.pid = os.getpid()
        self._handle = handle

    def release(self) -> None:
        """Let others in. May be called twice."""
        self._handle.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def own(store: Store, name: str, *, wait: float) -> Ownership:
    """See ``Store.own``."""
    deadline = time.monotonic() + wait
    while True:
        handle = _lock_file(store.path, name) if store.path is not None else _lock_advisory(store, name)
        if handle is not None:
            break
        if time.monotonic() >= deadline:
            raise _locked(store, name)
        time.sleep(POLL)
    try:
        return Ownership(name, _raise_epoch(store, name), handle)
    except BaseException:
        handle.release()
        raise


def _raise_epoch(store: Store, name: str) -> int:
    connection = store.writer_connection()
    try:
        with store.transaction(connection) as sql:
            sql.run("UPDATE clock SET seq = seq + 1")
            epoch = sql.value(RAISE_EPOCH, name, os.getpid(), socket.gethostname(), time.time_ns() // 1_000_000)
            return int(epoch)
    finally:
        connection.close()


def _locked(store: Store, name: str) -> Locked:
    holder = _read_holder(lock_path(store.path, name)) if store.path is not None else None
    if holder is None:
        with store.read() as sql:
            row = sql.row("SELECT pid, host FROM owner WHERE name = ?", name)
        holder = f"process {row[0]} on {row[1]}" if row else "another process"
    kind, _, which = name.partition(":")
    if kind == "source":
        return Locked(f"The source {which} is being read by {holder}.", hint="Wait until it has finished, or end that process.")
    return Locked(f"{name} is in use by {holder}.", hint="Wait until it has finished, or end that process.")


# ---- SQLite -------------------------------------------------------------------------------------------------------------


class _File:
    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)  # closing the only descriptor of this open file lets go of the flock


def lock_path(database: Path, name: str) -> Path:
    """``anchorline.db.NAME.lock``; characters that could leave the folder are percent-encoded."""
    return database.with_name(f"{database.name}.{quote(name, safe='')}.lock")


def _lock_file(database: Path, name: str) -> _File | None:
    path = lock_path(database, name)
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            text = f"{path} cannot be opened: {fault.strerror}."
            raise StoreUnavailable(text, hint="Check the owner and the rights.") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if _still_there(descriptor, path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
            return _File(descriptor)
        os.close(descriptor)  # somebody replaced the file between open and flock: that lock would keep nobody out


def _still_there(descriptor: int, path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _read_holder(path: Path) -> str | None:
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    return None


# ---- PostgreSQL ---------------------------------------------------------------------------------------------------------


class _Session:
    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection

    def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(DBAPIError):  # a connection that was cut holds no lock any more
                connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")
            connection.invalidate()  # really closed, not pooled
            connection.close()


def advisory_key(name: str) -> int:
    """A 64-bit number that stands for the name among this database's advisory locks."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8, person=b"anchorline").digest(), "big", signed=True)


def _lock_advisory(store: Store, name: str) -> _Session | None:
    connection = store.plain_connection()
    try:
        if connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (advisory_key(name),)).scalar():
            return _Session(connection)
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None
