"""Sessions that can only read: opened, bounded in time, streamed, and ended at once when the run is.

What keeps a query from writing is the session, not the look at its text: SQLite's file is opened with ``mode=ro``, ``PRAGMA
query_only`` and an authorizer that lets reading pass; PostgreSQL runs the transaction READ ONLY and the query as a cursor.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

from sqlalchemy import create_engine, event, exc, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

from connectors._shared.dial import Cancelled
from connectors.base import Io, Misconfigured, SourceError, SourceSettings
from connectors.sql import TIMEOUT, faults
from connectors.sql.address import address_of, security
from connectors.sql.query import Query

BATCH = 1_000
"""Rows that are fetched at a time."""
CONNECT = 10
"""Seconds for a connection."""
BUSY = 5.0
"""Seconds that SQLite waits for somebody who writes."""
GRACE = 15.0
"""Seconds after which a server that obeys no timeout is left."""
NOWHERE = "/dev/null/none"
"""A password file that is not there."""
STEPS = 10_000
"""Of SQLite's machine, between two looks at the clock."""
_NUMBERED = re.compile(r"(.+):[0-9]+", re.DOTALL)
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}

logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # its lines hold host, user and database


class Result:
    """Columns of a running query, and its rows in batches."""

    def __init__(self, columns: Sequence[str], batches: Iterator[Sequence[Sequence[Any]]]) -> None:
        self.columns = columns
        self.batches = batches


class Database:
    """The database of one source. Each query has a session of its own, so what it sets is gone with it."""

    def __init__(self, settings: SourceSettings, io: Io, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.address = address_of(settings)
        self._io, self._monotonic = io, monotonic
        self._secret, self._timezone = settings.token, settings.timezone
        self.timeout = float(settings.options.get("timeout") or TIMEOUT)
        self._lock = threading.Lock()
        self._made: Engine | None = None
        self._live: set[Any] = set()
        self._closed = False
        if self.address.host is not None and self._secret is None:
            variable = f"ANCHORLINE_{settings.name.upper().replace('-', '_')}__TOKEN"
            raise Misconfigured("the source has no secret", hint=f"Set {variable} to the user's password.")

    def columns(self, query: Query, parameters: Mapping[str, date]) -> Sequence[str]:
        """The columns of a query, where the database tells them without running it; inside of ``Io.call``."""
        if self.address.kind != "other":
            query = query.without_rows()
        with self.run(query, parameters) as result:
            return _as_written(result.columns) if self.address.kind == "sqlite" else result.columns

    @contextlib.contextmanager
    def run(self, query: Query, parameters: Mapping[str, date]) -> Iterator[Result]:
        """One query, inside of ``Io.call``. Raises ``SourceError``, also while batches are read."""
        asked = {name: parameters[name] for name in query.asks}
        with self._session(query.file) as connection:
            streamed = connection.execution_options(yield_per=BATCH)
            with self._watched(connection.connection.driver_connection):
                result = streamed.execute(text(query.text).bindparams(**asked))
            try:
                columns = [str(column[0]) for column in (result.cursor.description or ())] if result.cursor else []
                if not columns:
                    raise Misconfigured(f"{query.file} gives no columns", hint="Write a SELECT.")
                yield Result(columns, self._batches(result))
            finally:
                result.close()

    def ask(self, statement: str) -> dict[str, Any]:
        """The one row of a statement of ours, by column; inside of ``Io.call``."""
        with self._session("") as connection:
            row = connection.execute(text(statement)).mappings().first()
            return dict(row) if row is not None else {}

    def close(self) -> None:
        """End what is under way, in whatever thread."""
        with self._lock:
            self._closed = True
            live, engine = list(self._live), self._made
        for raw in live:
            self._cut(raw)
        if engine is not None:
            engine.dispose()

    # ---- one session

    @contextlib.contextmanager
    def _session(self, what: str) -> Iterator[Connection]:
        failure: SourceError
        try:
            with self._engine().connect() as connection:
                raw = connection.connection.driver_connection
                with self._lock:
                    self._stopped()
                    self._live.add(raw)
                try:
                    with self._watched(raw):
                        prepared = self._prepared(connection, raw)
                    yield prepared
                finally:
                    with self._lock:
                        self._live.discard(raw)
            return
        except SourceError:
            raise
        except exc.DBAPIError as fault:
            failure = self._translated(fault.orig or fault, what)
        except (exc.SQLAlchemyError, ImportError, OSError, UnicodeError) as fault:
            failure = self._translated(fault, what)
        except Exception as fault:
            if not _of_driver(fault):
                raise
            failure = self._translated(fault, what)
        self._stopped()  # that is why it failed, then
        raise failure

    def _stopped(self) -> None:
        if self._closed:
            raise Cancelled("the run was stopped")

    def _translated(self, fault: BaseException, what: str) -> SourceError:
        return faults.translated(fault, self.address, what, self.timeout)

    def _batches(self, result: Any) -> Iterator[Sequence[Sequence[Any]]]:
        raw = result.connection.connection.driver_connection
        batches = iter(result.partitions(BATCH))
        while True:
            with self._watched(raw):
                batch = next(batches, None)
            if batch is None:
                return
            self._io.took(sum(map(_size, batch)))
            yield batch

    def _engine(self) -> Engine:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Engine:
        address = self.address
        common: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}
        if address.kind == "sqlite":
            return create_engine("sqlite://", creator=self._open_file, **common)
        url = address.url if self._secret is None else address.url.set(password=self._secret.reveal())
        engine = create_engine(url, **common)
        if engine.dialect.is_async:
            raise Misconfigured(f"the driver {address.url.drivername} is an asynchronous one", hint="Name another one in url.")
        event.listen(engine, "do_connect", self._placed)
        return engine

    def _open_file(self) -> sqlite3.Connection:
        path = self.address.path
        if not path.is_file():
            raise Misconfigured(f"there is no file {path}", hint="Correct `url`; a relative path begins at config.toml's folder.")
        uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        return sqlite3.connect(uri, uri=True, timeout=BUSY, check_same_thread=False, isolation_level=None)

    def _placed(self, _dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
        """Where a connection goes: to an address that was judged, not to a name that may mean another one by then."""
        address = self.address
        places = self._io.addresses(address.host, address.port) if address.host is not None else ()
        if address.kind != "postgresql":
            return  # the driver resolves the name again
        if places:
            options["host"] = ",".join(address.host or "" for _ in places)
            options["hostaddr"] = ",".join(places)
            options["port"] = address.port
        # What the environment of this process says to libpq is not said to this source.
        options.update(
            connect_timeout=CONNECT, application_name="anchorline", client_encoding="utf8", options="", passfile=NOWHERE,
            keepalives=1, keepalives_idle=30, keepalives_interval=10, keepalives_count=3, **security(address),
        )  # fmt: skip

    def _prepared(self, connection: Connection, raw: Any) -> Connection:
        if self.address.kind == "sqlite":
            raw.execute("PRAGMA query_only=ON")
            ends = self._monotonic() + self.timeout
            raw.set_progress_handler(lambda: int(self._closed or self._monotonic() > ends), STEPS)
            raw.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY)
        elif self.address.kind == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            # For this transaction only: behind a pooler the session is somebody else's afterwards.
            connection.exec_driver_sql(
                "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS wanted(name, value)",
                (list(settings := self._settings()), list(settings.values())),
            )
        elif self.address.url.get_backend_name() in ("mysql", "mariadb"):
            connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            connection.commit()
        return connection

    def _settings(self) -> dict[str, str]:
        return {
            "statement_timeout": str(max(1, round(self.timeout * 1000))),
            "default_transaction_read_only": "on",
            "TimeZone": self._timezone,  # the day of a timestamp must not depend on a server's setting
            "idle_in_transaction_session_timeout": "600000",
        }

    # ---- its end

    @contextlib.contextmanager
    def _watched(self, raw: Any) -> Iterator[None]:
        """A server that neither answers nor obeys its own timeout is left after a while."""
        if self.address.kind == "sqlite":
            yield
            return
        timer = threading.Timer(self.timeout + GRACE, self._cut, (raw,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self, raw: Any) -> None:
        """Whoever waits for this connection wakes up with an error."""
        with contextlib.suppress(Exception):  # it may be closing at this moment
            if self.address.kind == "sqlite":
                raw.interrupt()
                return
            with socket.socket(fileno=os.dup(raw.fileno())) as sock:
                sock.shutdown(socket.SHUT_RDWR)


def _size(row: Sequence[Any]) -> int:
    """Bytes of a row, roughly."""
    return sum(len(cell) if isinstance(cell, str | bytes) else 8 for cell in row)


def _as_written(columns: Sequence[str]) -> list[str]:
    """Columns of a query inside another one: SQLite calls the second ``value`` of two ``value:1``."""
    names = {name.casefold() for name in columns}
    numbered = ((name, _NUMBERED.fullmatch(name)) for name in columns)
    return [found[1] if found and found[1].casefold() in names else name for name, found in numbered]


def _of_driver(fault: Exception) -> bool:
    """Whether a driver raised it: while rows are fetched SQLAlchemy does not always wrap."""
    module = type(fault).__module__.partition(".")[0]
    return module in ("psycopg", "sqlite3") or any(base.__module__ == "psycopg" for base in type(fault).__mro__)
