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
from hub.store.translate import translated

if TYPE_CHECKING:
    from hub.store.engine import Store

POLL, SLOWEST = 0.05, 1.0
"""Seconds between the first two tries while waiting for a lock, and at most."""
WRITERS = "\0writers"
"""The name under which PostgreSQL's write transactions are serialised; no owner can have it."""


RAISE_EPOCH = """
    INSERT INTO owner (name, epoch, pid, host, since) VALUES (?, 1, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE
    SET epoch = owner.epoch + 1, pid = excluded.pid, host = excluded.host, since = excluded.since
    RETURNING epoch"""


class Handle(Protocol):
    """A lock that is held. ``backend`` is the server's process that holds it, None where the kernel does."""

    backend: int | None

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
    deadline, pause = time.monotonic() + wait, POLL
    while True:
        handle = _lock_file(store.path, name) if store.path is not None else _lock_advisory(store, name)
        if handle is not None:
            break
        if time.monotonic() >= deadline:
            raise _locked(store, name)
        time.sleep(pause)
        pause = min(pause * 1.5, SLOWEST)
    try:
        return Ownership(name, _raise_epoch(store, name, handle.backend), handle)
    except BaseException:
        handle.release()
        raise


def holder(store: Store, name: str) -> str | None:
    """Who holds ``name`` at this moment, as "process 17 on host"; None when nobody does. Takes nothing away from anybody."""
    held = _file_is_locked(lock_path(store.path, name)) if store.path is not None else _advisory_is_locked(store, name)
    return _holder(store, name) if held else None


def _raise_epoch(store: Store, name: str, backend: int | None) -> int:
    connection = store.writer_connection()
    try:
        with store.transaction(connection) as sql:
            if backend is not None and sql.value("SELECT pg_backend_pid()") == backend:
                # two open connections, one server process: somebody in between hands them out by the transaction
                raise StoreUnavailable(
                    "The database's address leads to a pooler in transaction mode, in which no lock holds.",
                    hint="Give the address of the PostgreSQL server itself, or let the pooler pool by session.",
                )
            sql.run("UPDATE clock SET seq = seq + 1")
            epoch = sql.value(RAISE_EPOCH, name, os.getpid(), socket.gethostname(), time.time_ns() // 1_000_000)
            return int(epoch)
    finally:
        connection.close()


def _locked(store: Store, name: str) -> Locked:
    holder = _holder(store, name)
    kind, _, which = name.partition(":")
    if kind == "source":
        return Locked(f"The source {which} is being read by {holder}.", hint="Wait until it has finished, or end that process.")
    if name == "daemon":
        hint = "Leave it running: `anchorline sync` asks it for a run. Or end that process first."
        return Locked(f"The daemon of this database is running already: {holder}.", hint=hint)
    return Locked(f"{name} is in use by {holder}.", hint="Wait until it has finished, or end that process.")


def _holder(store: Store, name: str) -> str:
    """The owner's process, as it wrote it down."""
    found = _read_holder(lock_path(store.path, name)) if store.path is not None else None
    if found is not None:
        return found
    with store.read() as sql:
        row = sql.row("SELECT pid, host FROM owner WHERE name = ?", name)
    return f"process {row[0]} on {row[1]}" if row else "another process"


# ---- SQLite -------------------------------------------------------------------------------------------------------------


class _File:
    backend: int | None = None

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


def _file_is_locked(path: Path) -> bool:
    """A shared lock is refused only while somebody holds the exclusive one; it is given back at once."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _read_holder(path: Path) -> str | None:
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    return None


# ---- PostgreSQL ---------------------------------------------------------------------------------------------------------


class _Session:
    def __init__(self, connection: Connection, backend: int) -> None:
        self._connection: Connection | None = connection
        self.backend: int | None = backend

    def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(DBAPIError):  # a connection that was cut holds no lock any more
                connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")
            connection.invalidate()  # really closed, not pooled
            connection.close()


TRY_LOCK = "SELECT pg_try_advisory_lock(%s), pg_backend_pid()"


def advisory_key(name: str) -> int:
    """A 64-bit number that stands for the name among this database's advisory locks."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8, person=b"anchorline").digest(), "big", signed=True)


def _lock_advisory(store: Store, name: str) -> _Session | None:
    connection = store.plain_connection()
    try:
        with translated(store.url_for_people):
            # one statement, so that it is the same process that answers and that holds the lock
            held, backend = connection.exec_driver_sql(TRY_LOCK, (advisory_key(name),)).one()
        if held:
            return _Session(connection, backend)
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None


def _advisory_is_locked(store: Store, name: str) -> bool:
    """The server shows the key of an advisory lock as two halves."""
    key = advisory_key(name) & 0xFFFF_FFFF_FFFF_FFFF
    with store.read() as sql:
        return bool(
            sql.value(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                " AND classid::bigint = ? AND objid::bigint = ?",
                *(key >> 32, key & 0xFFFF_FFFF),
            )
        )
