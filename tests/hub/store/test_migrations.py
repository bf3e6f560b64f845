"""The schema comes once, whole or not at all, and only to a database that is ours and not newer than we are."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hub.errors import SchemaMismatch
from hub.store import Store, faults, migrate, open_store
from hub.store.tables import METADATA
from tests.hub.store.child import ROOT
from tests.hub.store.databases import PostgresServer

OPEN = "import sys; from hub.store import open_store; open_store(sys.argv[1]).close()"


def opening(url: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", OPEN, url], cwd=ROOT, env=os.environ | environment)


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_the_newest_revision_is_the_one_that_is_written_down() -> None:
    assert migrate.newest() == migrate.NEWEST


def test_the_migrated_schema_is_the_one_in_the_tables(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.read() as sql:
        context = MigrationContext.configure(sql.connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_opening_twice_changes_nothing(store: Store, database_url: str) -> None:
    with store.read() as sql:
        before = sql.value("SELECT seq FROM clock")
    with open_store(database_url) as again, again.read() as sql:
        assert sql.value("SELECT seq FROM clock") == before


def test_four_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    path = tmp_path / "anchorline.db"
    started = [opening(f"sqlite:///{path}") for _ in range(4)]
    assert [process.wait() for process in started] == [0, 0, 0, 0]
    assert set(METADATA.tables) <= tables(path)


@pytest.mark.postgres
def test_four_processes_that_start_at_once_migrate_postgres_once(postgres_server: PostgresServer) -> None:
    url = postgres_server.create("four_at_once", empty=True)
    started = [opening(url) for _ in range(4)]
    assert [process.wait() for process in started] == [0, 0, 0, 0]
    postgres_server.drop("four_at_once")


@pytest.mark.parametrize("at", [1, 2, 20, 40, 44])
def test_a_migration_that_is_killed_leaves_the_database_as_it_was(tmp_path: Path, at: int) -> None:
    path = tmp_path / "anchorline.db"
    assert opening(f"sqlite:///{path}", **{faults.VARIABLE: str(at)}).wait() == 137
    assert tables(path) == set()
    open_store(f"sqlite:///{path}").close()
    assert set(METADATA.tables) <= tables(path)


@pytest.mark.postgres
def test_a_migration_of_postgres_that_is_killed_leaves_the_database_as_it_was(postgres_server: PostgresServer) -> None:
    url = postgres_server.create("killed", empty=True)
    assert opening(url, **{faults.VARIABLE: "20"}).wait() == 137
    open_store(url).close()
    postgres_server.drop("killed")


def test_a_newer_schema_is_refused(store: Store, database_url: str) -> None:
    connection = store.writer_connection()
    with store.transaction(connection) as sql:
        sql.run("UPDATE alembic_version SET version_num = '0099'")
    connection.close()
    with pytest.raises(SchemaMismatch, match="0099") as refused:
        open_store(database_url)
    assert "newer Anchorline" in refused.value.hint


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wordpress.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE posts (id INTEGER)")
    connection.close()
    with pytest.raises(SchemaMismatch, match="not Anchorline's"):
        open_store(f"sqlite:///{path}")
    assert tables(path) == {"posts"}


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Not a database. " * 100)
    with pytest.raises(SchemaMismatch, match="no SQLite database"):
        open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("Not a database")
