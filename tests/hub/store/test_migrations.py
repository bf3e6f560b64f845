"""The schema comes once, whole or not at all, and only to a database that is ours and not newer than we are."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import Engine, make_url

from hub.errors import SchemaMismatch
from hub.store import Store, faults, migrate, open_store
from hub.store.read import Reader
from hub.store.tables import METADATA
from tests.hub.store.child import ROOT
from tests.hub.store.databases import PostgresServer
from tests.hub.store.world import item, world

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
    """F46: the others wait and find nothing to do."""
    path = tmp_path / "anchorline.db"
    started = [opening(f"sqlite:///{path}") for _ in range(4)]
    assert [process.wait() for process in started] == [0, 0, 0, 0]
    assert set(METADATA.tables) <= tables(path)


@pytest.mark.postgres
def test_four_processes_that_start_at_once_migrate_postgres_once(postgres_server: PostgresServer) -> None:
    """F46: the others wait and find nothing to do."""
    url = postgres_server.create("four_at_once", empty=True)
    started = [opening(url) for _ in range(4)]
    assert [process.wait() for process in started] == [0, 0, 0, 0]
    postgres_server.drop("four_at_once")


def test_an_upgrade_that_is_killed_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    """F46: killed before a statement of the first migration or of a later one."""
    url = f"sqlite:///{tmp_path / 'new.db'}"
    writes = count_writes(url, tmp_path)
    for at in range(1, writes + 1, 9):
        path = tmp_path / f"killed{at}.db"
        assert opening(f"sqlite:///{path}", **{faults.VARIABLE: str(at)}).wait() == 137
        assert tables(path) == set(), at
        open_store(f"sqlite:///{path}").close()
        assert set(METADATA.tables) <= tables(path)


@pytest.mark.postgres
def test_an_upgrade_of_postgres_that_is_killed_leaves_the_database_as_it_was(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """F46: the same on PostgreSQL."""
    writes = count_writes(postgres_server.create("counted", empty=True), tmp_path)
    postgres_server.drop("counted")
    for at in range(1, writes + 1, 17):
        url = postgres_server.create(f"killed_{at}", empty=True)
        assert opening(url, **{faults.VARIABLE: str(at)}).wait() == 137
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchall() == [(0,)], at
        open_store(url).close()
        postgres_server.drop(f"killed_{at}")


@pytest.mark.parametrize("step", [13, pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_an_upgrade_of_a_database_in_use_that_is_killed_loses_nothing(
    kind: str, step: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """F46: killed on the way from the first schema to the newest one; the next start does it all."""
    server = request.getfixturevalue("postgres_server") if kind == "postgres" else None

    def fresh(name: str) -> str:
        url = server.create(name, empty=True) if server else f"sqlite:///{tmp_path / name}.db"
        first_schema(url)
        return str(url)

    def done(name: str) -> None:
        if server:
            server.drop(name)

    writes = count_writes(fresh("counted"), tmp_path)
    done("counted")
    assert writes > 10
    for at in range(1, writes + 1, step):
        url = fresh(f"upgrade_{at}")
        assert opening(url, **{faults.VARIABLE: str(at)}).wait() == 137
        assert revision_of(url) == "0001", at
        with open_store(url) as store:
            assert {each.id: each.parent for each in Reader(store).items()} == {"1": None, "2": 1, "3": None}
        assert revision_of(url) == migrate.NEWEST
        done(f"upgrade_{at}")


def count_writes(url: str, folder: Path) -> int:
    """How many statements and commits it takes to open this database."""
    count = folder / "count"
    assert opening(url, **{faults.VARIABLE: "0", faults.COUNT_FILE: str(count)}).wait() == 0
    return int(count.read_text())


def revision_of(url: str) -> str:
    engine = engine_of(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    engine.dispose()
    return str(found)


def engine_of(url: str) -> Engine:
    given = make_url(url)
    return create_engine(given if given.get_backend_name() == "sqlite" else given.set(drivername="postgresql+psycopg"))


def first_schema(url: str, then: str | None = None) -> None:
    """A database as the first version left it: an epic with a story, which stood under another one before; brought to the
    schema ``then`` by the versions up to it."""
    from alembic import command

    engine = engine_of(url)
    with engine.begin() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in FIRST_ROWS:
            connection.exec_driver_sql(statement.replace("{blob}", "BLOB" if engine.dialect.name == "sqlite" else "BYTEA"))
        if then is not None:
            command.upgrade(config, then)
    engine.dispose()


_ITEM = "INSERT INTO item (no, source, id, key, title, level, parent_ref, due_on, amount, links, presence, first_seen_at,"
_ITEM += " content_hash, partition_id, run_id, from_seq) VALUES "
_HASH = "CAST('x' AS {blob})"
FIRST_ROWS = (
    "UPDATE clock SET seq = 40, settled_seq = 30, calculated_with = 'm1'",
    "INSERT INTO source (name, kind, origin, from_seq) VALUES ('jira', 'jira', 'https://jira.test', 1)",
    "INSERT INTO run (id, source, reason, mode, started_at, result, pid, host, epoch, from_seq, to_seq)"
    " VALUES (1, 'jira', 'command', 'full', 0, 'complete', 1, 'h', 1, 1, 20)",
    "INSERT INTO partition (source, id, title, state, yields, reads, fingerprint, listed, pass_id, pass_open, pages, from_seq)"
    " VALUES ('jira', 'P1', 'Payments', 'live', 'items', 'delta', 'f1', 1, 1, 0, 1, 1)",
    f"{_ITEM} (1, 'jira', '1', 'PAY-1', 'Epic', 1, NULL, NULL, NULL, NULL, 'present', 5, {_HASH}, 'P1', 1, 10)",
    f"{_ITEM} (2, 'jira', '2', 'PAY-2', 'Story', 0, 'PAY-1', '2026-03-31', '1.10', '[[\"blocks\",\"PAY-1\"]]', 'present', 5,"
    f" {_HASH}, 'P1', 1, 10)",
    f"{_ITEM} (3, 'jira', '3', 'PAY-3', 'Old', 1, '3', NULL, NULL, NULL, 'present', 5, {_HASH}, 'P1', 1, 10)",
    "INSERT INTO edge (child_no, parent_no, from_seq) VALUES (2, 1, 25)",
    "INSERT INTO edge_version (child_no, parent_no, from_seq, to_seq) VALUES (2, 3, 12, 25)",
    "INSERT INTO cut (child_no, parent_no, from_seq) VALUES (3, 3, 12)",
    "INSERT INTO alias (source, value, kind, item_no, from_seq) VALUES ('jira', 'old-2', 'key', 2, 11)",
    "INSERT INTO metric_value (source, partition_id, series, on_day, from_seq, to_seq, value, unit, run_id) VALUES"
    " ('jira', 'S1', 'nps', '2026-03-01', 10, 12, '41', 'pts', 1), ('jira', 'S1', 'nps', '2026-03-01', 12, NULL, '42', NULL, 1)",
)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_database_of_the_first_schema_is_brought_up_with_all_that_it_holds(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'first.db'}"
    else:
        url = request.getfixturevalue("postgres_server").create("first_schema", empty=True)
    first_schema(url)
    with open_store(url) as store:
        items = {each.id: each for each in Reader(store).items()}
        assert (items["2"].parent, items["2"].parent_by, items["2"].aliases) == (1, "", ("old-2",))
        assert (items["2"].due, items["2"].amount, items["2"].addresses) == ("2026-03-31", "1.10", ())
        assert [each.parent for each in Reader(store).items(nos=[2], as_of=20)] == [3]
        assert (items["2"].started_at, items["2"].stages, items["2"].currency) == (None, {}, None)
        now, then = (list(Reader(store).values(as_of=seq)) for seq in (None, 11))
        assert [(v.series, v.value, v.unit, v.key, v.at) for v in (*then, *now)] == [
            ("nps", "41", "pts", "", ""), ("nps", "42", None, "", ""),
        ]  # fmt: skip
        with world(store) as w:
            w.sync(item("2", "Story", key="PAY-2", parent_ref="PAY-3"), item("4", parent_ref="OLD-2"))
            w.leave("1")
            w.assess()
            assert w.parents() == {"2": "3", "4": "2"}
            assert w.finish() is not None
    if kind == "postgres":
        request.getfixturevalue("postgres_server").drop("first_schema")


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_an_upgrade_keeps_every_row_of_every_table(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """From the third schema, whose values had another key."""
    server = request.getfixturevalue("postgres_server") if kind == "postgres" else None
    url = server.create("third_schema", empty=True) if server else f"sqlite:///{tmp_path / 'third.db'}"
    first_schema(url, then="0003")
    before = everything(url)
    open_store(url).close()
    after = everything(url)
    for table, rows in before.items():
        if table != "alembic_version":
            assert [{name: row[name] for name in rows[0]} for row in after[table]] == rows, table
    assert len(before["metric_value"]) == 2
    if server:
        server.drop("third_schema")


def everything(url: str) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables that have some."""
    engine = engine_of(url)
    found = {}
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            rows = [dict(row._mapping) for row in connection.exec_driver_sql(f"SELECT * FROM {table}")]
            found[table] = sorted(rows, key=lambda row: repr(sorted(row.items(), key=lambda cell: cell[0])))
    engine.dispose()
    return {table: rows for table, rows in found.items() if rows}


def test_a_newer_schema_is_refused(store: Store, database_url: str) -> None:
    """F46: an older Anchorline on a newer database."""
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
