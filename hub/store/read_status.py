"""How the database itself is, and who works on it: sizes, schema, integrity, owners and whether they live. Writes nothing.

Kept apart from ``read``, which answers about the data: ``status``, ``doctor`` and the health pages ask here.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hub.errors import StoreUnavailable
from hub.model import PRESENT
from hub.store import engine, migrate
from hub.store.dialect import POSTGRES, Row
from hub.store.engine import Store
from hub.store.locks import holder
from hub.store.tables import MOVED

MOST_PROBLEMS = 20
"""Lines of an integrity check; a damaged file may have millions."""


class OwnerRow(NamedTuple):
    """Who last became the owner of ``name`` (``daemon``, ``evaluation``, ``source:NAME``). ``alive``: the lock is held right
    now, whatever the row says; a process that was killed leaves its row behind, never its lock."""

    name: str
    epoch: int
    pid: int
    host: str
    since: int
    alive: bool


class Size(NamedTuple):
    """Bytes on disk. ``wal`` is SQLite's write-ahead log; on PostgreSQL None, as ``free``, the room left on the disk."""

    database: int
    wal: int | None
    free: int | None


class Completed(NamedTuple):
    """When a source was read, in milliseconds: ``first`` is the beginning of its first run, ``read`` the end of its last complete
    run, ``judged`` that of its last complete nightly or full one."""

    first: int
    read: int | None
    judged: int | None


def owners(store: Store) -> list[OwnerRow]:
    """Every owner there ever was, by name."""
    with store.read() as sql:
        rows = sql.rows("SELECT name, epoch, pid, host, since FROM owner ORDER BY name")
    return [OwnerRow._make((*row, is_held(store, row[0]))) for row in rows]


def is_held(store: Store, name: str) -> bool:
    """Whether some process holds the lock of ``name`` at this moment. Looking takes the lock from nobody."""
    return holder(store, name) is not None


def counts(store: Store) -> dict[str, dict[str, int]]:
    """Items of each source by presence, and ``quarantined`` records. Counted over two indexes: asking often must cost little."""
    with store.read() as sql:
        found = {row[0]: {PRESENT: row[1]} for row in sql.rows("SELECT source, count(*) FROM item GROUP BY source")}
        # grouped by what is no column, or SQLite goes through all items in the order of their source
        moved = sql.rows(f"SELECT coalesce(source, ''), presence, count(*) FROM item WHERE {MOVED.text} GROUP BY 1, 2")
        quarantined = sql.rows("SELECT source, count(*) FROM quarantine GROUP BY source")
    for source, presence, number in moved:
        if presence != PRESENT:
            found[source][presence] = number
            found[source][PRESENT] -= number
    for source, number in quarantined:
        found.setdefault(source, {})["quarantined"] = number
    return found


def latest_success(store: Store) -> dict[tuple[str, str], Row]:
    """(source, mode) -> (end in milliseconds, duration in milliseconds) of the latest complete run of each mode."""
    with store.read() as sql:
        rows = sql.rows(
            "SELECT run.source, run.mode, run.finished_at, run.finished_at - run.started_at FROM run"
            " JOIN (SELECT max(id) AS id FROM run WHERE result = 'complete' GROUP BY source, mode) AS last ON last.id = run.id"
        )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def completed(store: Store) -> dict[str, Completed]:
    """When every source that ever ran was last read completely."""
    with store.read() as sql:
        rows = sql.rows(
            "SELECT source, min(started_at), max(CASE WHEN result = 'complete' THEN finished_at END),"
            " max(CASE WHEN result = 'complete' AND mode IN ('nightly', 'full') THEN finished_at END) FROM run GROUP BY source"
        )
    return {row[0]: Completed(*row[1:]) for row in rows}


def run_counts(store: Store) -> Mapping[tuple[str, str, str], int]:
    """(source, mode, result) -> how many runs of that kind are on record."""
    with store.read() as sql:
        rows = sql.rows("SELECT source, mode, result, count(*) FROM run WHERE result IS NOT NULL GROUP BY source, mode, result")
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def outbox(store: Store) -> int:
    """Messages that were not sent yet."""
    with store.read() as sql:
        return int(sql.value("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))


def size(store: Store) -> Size:
    """How much room the database takes."""
    if store.path is None:
        with store.read() as sql:
            return Size(int(sql.value("SELECT pg_database_size(current_database())")), None, None)
    wal = store.path.with_name(f"{store.path.name}-wal")
    with contextlib.suppress(OSError):
        room = os.statvfs(store.path.parent)
        return Size(_bytes(store.path), _bytes(wal), room.f_bavail * room.f_frsize)
    return Size(_bytes(store.path), _bytes(wal), None)


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def schema(store: Store) -> str | None:
    """The revision of the database's schema; ``migrate.NEWEST`` is what this program works with."""
    with store.read() as sql:
        return migrate.revision(sql.connection)


def schema_of(url: str) -> str | None:
    """The same of a database that is not opened yet: looking neither makes one nor upgrades it. None where there is none.
    Raises ``StoreUnavailable`` and ``SchemaMismatch``."""
    parsed = engine._parse(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    if sqlite and not (parsed.database and Path(parsed.database).exists()):
        return None
    store = engine._open_sqlite(parsed) if sqlite else engine._open_postgres(parsed)
    try:
        return schema(store)
    finally:
        store.close()


def newest() -> str:
    """The schema that this program works with."""
    return migrate.NEWEST


def integrity(store: Store) -> list[str]:
    """What is wrong with the file, a line each; empty when all is well. On PostgreSQL, whether a question is answered."""
    if store.dialect is POSTGRES:
        with store.read() as sql:
            return [] if sql.value("SELECT count(*) FROM clock") == 1 else ["the table `clock` has not its one row"]
    try:
        with store.read() as sql:
            said = [str(row[0]) for row in sql.rows(f"PRAGMA integrity_check({MOST_PROBLEMS})")]
            broken = sql.rows("PRAGMA foreign_key_check")
    except StoreUnavailable as error:
        return [str(error)]
    lines = [] if said == ["ok"] else said
    return lines + ([f"{len(broken)} rows refer to rows that are not there"] if broken else [])
