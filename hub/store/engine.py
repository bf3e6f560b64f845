"""Opening a database: connections, transactions and what their errors mean to people.

SQLite runs in WAL mode with ``synchronous=FULL``: a commit that returned survives a power loss. ``NORMAL`` would save one
``fdatasync`` a page (about 2 ms against 100 ms and more that the page took to arrive) and could lose an approval or a note
that somebody was told is stored.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, exc
from sqlalchemy.engine import URL, Connection, Engine, make_url

from hub.errors import SchemaMismatch, StoreUnavailable
from hub.store import bulk, faults, migrate, space
from hub.store.dialect import POSTGRES, SQLITE, Dialect, Sql
from hub.store.locks import WRITERS, Ownership, advisory_key, own
from hub.store.translate import translated

BUSY_TIMEOUT = 120_000
"""Milliseconds that a writer waits for others' transactions. Nearly all are short; marking what a changed list affects among a
million items takes 10 s on PostgreSQL and 2 s on SQLite, and several times that on slow disks."""
POOL: dict[str, Any] = {"pool_size": 5, "max_overflow": 35, "pool_use_lifo": True, "hide_parameters": True}
"""Connections: as many as a web server has threads, the last one used first, since its cache is warm and each has its own.
Parameters are people's data and stay out of error messages."""
WRITER_CACHE, READER_CACHE = 32, 8
"""MB of SQLite's page cache for a writer's connection and for each of the readers'."""
OLDEST_SQLITE = (3, 35, 0)


class Store:
    """An open database of Anchorline. Threads may share it; each call that reads takes a connection of its own."""

    def __init__(self, url: URL, engine: Engine, dialect: Dialect, path: Path | None) -> None:
        self._url = url
        self._engine = engine
        self.dialect = dialect
        self.path = path
        """The SQLite file; None on PostgreSQL."""

    @property
    def url_for_people(self) -> str:
        """The address without user name and password."""
        url = self._url
        return URL.create(url.drivername, host=url.host, port=url.port, database=url.database).render_as_string()

    @contextlib.contextmanager
    def read(self) -> Iterator[Sql]:
        """One consistent look at the database: everything read through the value is as of one moment."""
        with translated(self.url_for_people):
            connection = self._engine.connect()
            try:
                if self.dialect is POSTGRES:
                    connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                with connection.begin():
                    yield Sql(connection, self.dialect)
            finally:
                connection.close()

    def writer_connection(self) -> Connection:
        """A connection for one writer's transactions; the caller closes it."""
        with translated(self.url_for_people):
            connection = self._engine.connect()
            connection.info.pop(bulk.LOADED, None)
            if self.dialect is SQLITE:
                # what is deleted or replaced leaves hardly a trace in the file: a title may have become private
                settings = (f"cache_size=-{WRITER_CACHE * 1024}", "secure_delete=ON")
                _pragmas(connection.connection.driver_connection, *settings)
            return connection.execution_options(anchorline_write=True)

    @contextlib.contextmanager
    def transaction(self, connection: Connection) -> Iterator[Sql]:
        """A write transaction on a writer's connection, serialised with every other one on this database."""
        with translated(self.url_for_people), connection.begin():
            sql = Sql(connection, self.dialect)
            if self.dialect is POSTGRES:
                # before anything is read: what follows then sees everything that earlier writers committed
                sql.run("SELECT pg_advisory_xact_lock(?)", advisory_key(WRITERS))
            yield sql

    def own(self, name: str, *, wait: float = 0) -> Ownership:
        """Become the only owner of ``name`` (a source, or ``evaluation``) until released; a context manager.

        Waits up to ``wait`` seconds. Raises ``Locked`` with the present owner's process and host.
        """
        return own(self, name, wait=wait)

    def plain_connection(self) -> Connection:
        """A connection outside any transaction (autocommit), for locks that live as long as it does."""
        with translated(self.url_for_people):
            return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def compact(self) -> None:
        """On SQLite, write the whole file anew, so that nothing of what was deleted is left anywhere in it; others wait as long,
        and it takes room for a second copy. PostgreSQL sees to such things itself."""
        if self.dialect is SQLITE:
            connection = self.plain_connection()
            try:
                with translated(self.url_for_people):
                    connection.exec_driver_sql("VACUUM")
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(url: str) -> Store:
    """Open ``sqlite:///path`` or ``postgresql://...``, creating the schema in an empty database and upgrading an older one.

    Raises ``StoreUnavailable`` (no folder, no server, no rights) and ``SchemaMismatch`` (newer schema, foreign database).
    """
    parsed = _parse(url)
    store = _open_sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _open_postgres(parsed)
    faults.install(store._engine)
    try:
        _bring_up_to_date(store)
    except BaseException:
        store.close()
        raise
    return store


def _parse(url: str) -> URL:
    if url.startswith("sqlite:///"):  # all of the rest is the file: a folder may be called "plans?"
        return URL.create("sqlite", database=url.removeprefix("sqlite:///"))
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise StoreUnavailable("The database address cannot be understood.", hint=FORMS) from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql", "postgres"):
        raise StoreUnavailable(f"Anchorline keeps no data in {parsed.get_backend_name()!r}.", hint=FORMS)
    return parsed


FORMS = "Write sqlite:///folder/anchorline.db or postgresql://user@host/database."


def _open_sqlite(url: URL) -> Store:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreUnavailable(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 is the oldest that works.")
    if not url.database or url.database == ":memory:":
        raise StoreUnavailable("The database must be a file.", hint=FORMS)
    path = Path(url.database).resolve()  # two names of one file must not be two locks
    if not path.parent.is_dir():
        raise StoreUnavailable(f"The folder {path.parent} does not exist.", hint="Create it, or change the database address.")
    try:
        # before SQLite does it, so that nobody else can read the file; its -wal and -shm take over the mode
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as fault:
        raise StoreUnavailable(f"{path} cannot be opened: {fault.strerror}.", hint="Check the owner and the rights.") from None
    engine = create_engine(
        URL.create("sqlite", database=str(path)), **POOL,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": BUSY_TIMEOUT / 1000},
    )  # fmt: skip
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Store(url, engine, SQLITE, path)


def _set_up_sqlite(raw: Any, _record: Any) -> None:
    _pragmas(raw, f"busy_timeout={BUSY_TIMEOUT}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
             f"cache_size=-{READER_CACHE * 1024}", "journal_size_limit=67108864")  # fmt: skip


def _pragmas(raw: Any, *settings: str) -> None:
    cursor = raw.cursor()
    for setting in settings:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    # a deferred transaction that turns from reading to writing fails at once, whatever the busy timeout says
    writes = connection.get_execution_options().get("anchorline_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _open_postgres(url: URL) -> Store:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise StoreUnavailable(
            "PostgreSQL needs the psycopg library, which is not installed.", hint='Run: pip install "psycopg[binary]"'
        ) from None
    # of several writers each must see what the one before committed, whatever the server's default isolation is
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, isolation_level="READ COMMITTED", **POOL,
        connect_args={
            "connect_timeout": 10, "application_name": f"anchorline {os.getpid()}@{socket.gethostname()}"[:63],
            "client_encoding": "utf8", "keepalives": 1, **{f"keepalives_{name}": each for name, each in KEEPALIVE.items()},
        },
    )  # fmt: skip
    event.listen(engine, "connect", _set_up_postgres)
    return Store(url, engine, POSTGRES, None)


KEEPALIVE = {"idle": 60, "interval": 10, "count": 6}
"""Seconds of silence, seconds between probes, probes: two minutes after a host vanished the server lets go of its locks, and we
notice that the server vanished."""
SESSION = {
    # the planner takes recursive queries over trees for huge and would spend 0.1 s compiling each of them
    "jit": "off",
    "lock_timeout": str(BUSY_TIMEOUT),
    **{f"tcp_keepalives_{name}": str(each) for name, each in KEEPALIVE.items()},
    # limits that servers set for web applications: a lock's connection is idle for hours, a night's statement may take minutes
    "idle_session_timeout": "0",
    "statement_timeout": "0",
    "transaction_timeout": "0",
    # but a writer that was stopped in the middle must not keep all others out for ever; longer than any step between statements
    "idle_in_transaction_session_timeout": str(10 * 60_000),
    # "already exists, skipping" is no news
    "client_min_messages": "warning",
}
"""Settings of each connection; a server that is too old for one goes without."""


def _set_up_postgres(raw: Any, _record: Any) -> None:
    raw.execute(
        "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS wanted(name, value)"
        " WHERE current_setting(name, true) IS NOT NULL",
        (list(SESSION), list(SESSION.values())),
    )
    raw.commit()


def _bring_up_to_date(store: Store) -> None:
    with store.read() as sql:
        if store.dialect is POSTGRES and sql.value("SHOW server_encoding") != "UTF8":
            raise SchemaMismatch("The PostgreSQL database is not in UTF-8.", hint="Create one with ENCODING 'UTF8'.")
        found = migrate.revision(sql.connection)
    migrate.refuse_newer(found)
    if found == migrate.NEWEST:
        return
    connection = store.writer_connection()
    try:
        if store.dialect is SQLITE:
            # tables are copied to be altered, which foreign keys would forbid; it must be off before the transaction begins
            _pragmas(connection.connection.driver_connection, "foreign_keys=OFF")
        with store.transaction(connection) as sql:
            found = migrate.revision(sql.connection)
            migrate.refuse_newer(found)
            if found != migrate.NEWEST:
                if found is not None and store.path is not None:
                    space.copy_before_upgrade(store.path, found)  # under the lock: what it copies is what is upgraded
                migrate.upgrade(sql.connection)
                if store.dialect is SQLITE and sql.rows("PRAGMA foreign_key_check"):
                    raise SchemaMismatch("The upgrade would leave rows without the rows they refer to; nothing was changed.")
    finally:
        if store.dialect is SQLITE:
            _pragmas(connection.connection.driver_connection, "foreign_keys=ON")
        connection.close()
