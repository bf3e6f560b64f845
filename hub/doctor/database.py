"""The database: its schema, its health, the room around it, and who works on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hub.doctor.checks import Check, error, ok, warning
from hub.errors import AnchorlineError
from hub.store import Store, read_status
from hub.store.read import Reader

MB = 10**6
LITTLE_ROOM, NO_ROOM = 1_000 * MB, 100 * MB
"""Bytes left on the disk of a SQLite database."""
LONG_WAL = 256 * MB
NETWORK = ("nfs", "cifs", "smb", "fuse.sshfs", "fuse.glusterfs", "ceph", "9p", "afs")
"""File systems over which SQLite's locks and shared memory do not hold what they promise."""


def schema(url: str) -> Check:
    """Whether this program can work with the database, without opening it for work. Raises nothing."""
    try:
        found = read_status.schema_of(url)
    except AnchorlineError as fault:
        return error("schema", str(fault).rstrip("."), fault.hint or "Restore the database from a backup.")
    newest = read_status.newest()
    if found is None:
        return ok("schema", "there is no database yet; the first sync makes it")
    if found == newest:
        return ok("schema", f"the database has schema {found}, which this version works with")
    text = f"the database has schema {found}, this version works with {newest}"
    if found > newest:
        return error("schema", text, "Install the Anchorline that upgraded it, or restore the backup from before the upgrade.")
    return warning("schema", text, "Make a backup; the next command that opens the database upgrades it.")


def checks(store: Store, now: int, *, mounts: str | None = None) -> Iterator[Check]:
    """Integrity, room, file system, owners, clock. ``mounts``: the text of ``/proc/mounts``, None to read it."""
    broken = read_status.integrity(store)
    if broken:
        text = f"the database is damaged: {broken[0]}" + (f" (and {len(broken) - 1} more)" if len(broken) > 1 else "")
        yield error("integrity", text, "Stop the daemon and restore a backup; nothing repairs it safely.")
    else:
        yield ok("integrity", "the database is whole" if store.path is not None else "the server answers")
    yield from room(store)
    if store.path is not None:
        yield filesystem(store.path, mounts if mounts is not None else _mounts())
    yield from owners(store)
    yield clock(store, now)


def room(store: Store, *, free: int | None = None, wal: int | None = None) -> Iterator[Check]:
    """Room on the disk, and the write-ahead log; the figures may be given."""
    size = read_status.size(store)
    free = size.free if free is None else free
    wal = size.wal if wal is None else wal
    if free is not None:
        text = f"{_size(free)} are free on the disk of the database, which takes {_size(size.database)}"
        if free < max(NO_ROOM, size.database // 10):
            yield error("space", text, "Make room: a run stops where the disk is full, and nothing of that step is stored.")
        elif free < max(LITTLE_ROOM, size.database):
            yield warning("space", text, "Make room: a backup or an upgrade needs as much again as the database.")
        else:
            yield ok("space", text)
    if wal is not None:
        if wal > LONG_WAL:
            do = "End whatever has read for long, such as a backup tool or an open shell; the log shrinks with the next run."
            yield warning("wal", f"the write-ahead log has grown to {_size(wal)}", do)
        else:
            yield ok("wal", f"the write-ahead log takes {_size(wal)}")


def filesystem(path: Path, mounts: str) -> Check:
    """Whether the database lies on a disk of this machine."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].encode().decode("unicode_escape")
        if path.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, fields[2]
    if kind.startswith(NETWORK):
        do = "Move it to a local disk, or use PostgreSQL: over a network SQLite's locks do not hold."
        return error("disk", f"the database lies on a network file system ({kind})", do)
    return ok("disk", f"the database lies on a local disk ({kind})" if kind else "the database's file system is not known")


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text("utf-8", "replace")
    except OSError:
        return ""


def owners(store: Store) -> Iterator[Check]:
    """Who has the database's locks: the daemon, runs, an evaluation."""
    rows = read_status.owners(store)
    alive = [row for row in rows if row.alive]
    names = ", ".join(f"{row.name.replace('source:', 'a run of ')} (process {row.pid} on {row.host})" for row in alive)
    yield ok("owner", f"at work now: {names}" if alive else "no process is at work on the database")
    unfinished = {run.source for run in Reader(store).runs(50) if run.result is None}
    dead = sorted(unfinished - {row.name.removeprefix("source:") for row in alive})
    if dead:
        text = f"a run of {', '.join(dead)} ended without saying so: its process was killed"
        yield warning("owner", text, "Nothing is lost: the next run goes on where it stopped. See why it was killed.")


def clock(store: Store, now: int) -> Check:
    """Whether this machine's clock is behind what was already written."""
    latest = max((run.finished_at or run.started_at for run in Reader(store).runs(50)), default=0)
    if latest > now + 60_000:
        hours = (latest - now) / 3_600_000
        text = f"the latest run is {hours:.1f} h in this clock's future: the clock is wrong, or was"
        return error("history", text, "Set the clock (an NTP service keeps it right); runs are due by it.")
    return ok("history", "no run lies in the clock's future")


def _size(number: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number} bytes"
