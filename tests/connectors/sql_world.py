"""Real databases for the SQL connector, an SQLite file and a PostgreSQL that asks a role for its password; and a run of the
connector in virtual time.

``warehouse`` runs a test on both; ``lake`` is the file, ``server`` the PostgreSQL.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

import connectors
from connectors._shared.io import RunIo
from connectors._shared.limits import Gates
from connectors.base import Connector, IoSettings, MetricValue, Page, Secret, SourceSettings, WorkItem, checked
from tests.connectors.runs import Clock
from tests.hub.store.databases import PostgresServer, postgres_server

__all__ = ["lake", "locked_server", "postgres_server", "server", "warehouse"]

PASSWORD = 'p4ss/W0rd+"of the reader'
CYCLE = {"cycle_start": date(2027, 1, 1), "cycle_end": date(2027, 3, 31)}
_numbers = itertools.count(1)


@dataclass
class Warehouse:
    """A database, how its owner changes it, and the settings by which it is read."""

    kind: str
    url: str
    run: Callable[[str], None]
    """Statements of the owner."""
    rows: Callable[[str], list[tuple[Any, ...]]]
    """What the owner reads."""
    token: Secret | None = None
    folder: Path = field(default_factory=Path)

    def settings(self, query: str = "", name: str = "q", **changes: Any) -> SourceSettings:
        """Settings with one query, or with ``queries``."""
        values: dict[str, Any] = {
            "name": "warehouse", "kind": "sql", "url": self.url, "token": self.token, "queries": {name: query},
            "parameters": CYCLE, "options": {"timeout": 60},
        }  # fmt: skip
        return SourceSettings(**(values | changes))


@contextlib.contextmanager
def opened(settings: SourceSettings, clock: Clock | None = None, **limits: Any) -> Iterator[Connector]:
    """The connector with a run in virtual time; ``monotonic`` is what its own timeouts go by."""
    clock, monotonic = clock or Clock(), limits.pop("monotonic", None)
    limits = {"attempts": 2, "allow_private_networks": True} | limits
    io = RunIo(
        settings, IoSettings(**limits), monotonic=clock.monotonic, sleep=clock.sleep, rand=lambda: 1.0, gates=Gates(), site=False
    )
    if monotonic is None:
        connector = connectors.load("sql").factory(settings, io)
    else:
        from connectors.sql.connector import Sql

        connector = Sql(settings, io, monotonic)
    with connector:
        yield connector


def read(settings: SourceSettings, name: str = "q", **limits: Any) -> list[Page]:
    """The pages of one query's pass, as the core reads them."""
    with opened(settings, **limits) as connector:
        (partition,) = [part for part in connector.partitions() if part.id == name]
        return list(checked(connector.changes(partition, None, None)))


def values(settings: SourceSettings, name: str = "q", **limits: Any) -> list[MetricValue]:
    return [value for page in read(settings, name, **limits) for value in page.values]


def items(settings: SourceSettings, name: str = "q", **limits: Any) -> list[WorkItem]:
    return [item for page in read(settings, name, **limits) for item in page.items]


@pytest.fixture
def lake(tmp_path: Path) -> Warehouse:
    path = tmp_path / "lake.db"

    def run(script: str) -> None:
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.executescript(script)

    def rows(query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(path)) as db:
            return db.execute(query).fetchall()

    run("CREATE TABLE sale (day TEXT, amount NUMERIC, region TEXT)")
    return Warehouse("sqlite", f"sqlite:///{path}", run, rows, folder=tmp_path)


@pytest.fixture(scope="session")
def locked_server(postgres_server: PostgresServer) -> PostgresServer:
    """The server, which asks the role ``reader`` for its password."""
    with psycopg.connect(postgres_server.create("roles", empty=True)) as db:
        path = Path(db.execute("SHOW hba_file").fetchone()[0])  # type: ignore[index]
        path.write_text(f"local all reader scram-sha-256\n{path.read_text()}")
        db.execute("SELECT pg_reload_conf()")
        db.execute("CREATE ROLE reader LOGIN VALID UNTIL '2031-01-01 00:00+00'")
        db.execute(psycopg.sql.SQL("ALTER ROLE reader PASSWORD {}").format(PASSWORD))
        db.execute("CREATE ROLE writer LOGIN SUPERUSER")
    return postgres_server


@pytest.fixture
def server(locked_server: PostgresServer, tmp_path: Path) -> Iterator[Warehouse]:
    name = f"warehouse_{next(_numbers)}"
    owner = locked_server.create(name, empty=True)

    def run(script: str) -> None:
        with psycopg.connect(owner, autocommit=True) as db:
            db.execute(script)

    def rows(query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(owner) as db:
            return db.execute(query).fetchall()

    run("CREATE TABLE sale (day date, amount numeric, region text); GRANT SELECT ON sale TO reader")
    url = f"postgresql+psycopg://reader@/{name}?host={folder_of(owner)}"
    yield Warehouse("postgresql", url, run, rows, Secret(PASSWORD), tmp_path)
    locked_server.drop(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def warehouse(request: pytest.FixtureRequest) -> Warehouse:
    """A table ``sale`` (day, amount, region) without rows."""
    found: Warehouse = request.getfixturevalue("lake" if request.param == "sqlite" else "server")
    return found


def folder_of(address: str) -> str:
    """The folder of the server's socket."""
    return address.partition("host=")[2]


def over_tcp(warehouse: Warehouse, port: int, **changes: Any) -> SourceSettings:
    """Settings by which it is reached at a port of this machine."""
    database = warehouse.url.partition("@/")[2].partition("?")[0]
    return warehouse.settings(url=f"postgresql+psycopg://reader@127.0.0.1:{port}/{database}", **changes)


class Relay:
    """A port of this machine that leads to a server's socket. ``cut_after`` bytes from the server a connection is broken, in as
    many connections as ``cuts`` says; a context manager."""

    def __init__(self, folder: str, *, cut_after: int = 0, cuts: int = 0) -> None:
        self._path, self._after, self.cuts = f"{folder}/.s.PGSQL.5432", cut_after, cuts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.seen = bytearray()
        """What clients sent."""
        self.connections = 0
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                there = socket.socket(socket.AF_UNIX)
                there.connect(self._path)
                self._open += [client, there]
                for args in ((client, there, False), (there, client, True)):
                    self._threads.append(threading.Thread(target=self._pass, args=args, daemon=True))
                    self._threads[-1].start()

    def _pass(self, here: socket.socket, there: socket.socket, from_server: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := here.recv(65_536):
                passed += len(data)
                if not from_server:
                    self.seen += data
                elif self.cuts and passed > self._after:
                    self.cuts -= 1
                    break
                there.sendall(data)
        for each in (here, there):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
