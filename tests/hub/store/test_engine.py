"""Opening, and what people are told when a database cannot be opened or written."""

from __future__ import annotations

import sqlite3
import sys
import threading
from pathlib import Path

import pytest

from hub.errors import StoreUnavailable
from hub.store import Store, open_store
from tests.hub.store.world import item, world


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "postgresql://u:p@host:54a/db"]
)
def test_an_address_that_is_none_is_refused_with_the_forms_that_work(url: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        open_store(url)
    assert "sqlite:///" in refused.value.hint


def test_a_missing_folder_is_named_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="missing does not exist"):
        open_store(f"sqlite:///{tmp_path}/missing/anchorline.db")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}")


@pytest.mark.postgres
def test_a_server_that_is_down() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached") as refused:
        open_store("postgresql://anna:geheim@127.0.0.1:1/anchorline")
    assert "geheim" not in str(refused.value) + refused.value.hint


def test_the_address_for_people_has_no_password(sqlite_store: Store, tmp_path: Path) -> None:
    assert sqlite_store.url_for_people == f"sqlite:///{tmp_path}/anchorline.db"
    from sqlalchemy.engine import make_url

    url = make_url("postgresql://anna:geheim@db.test:5432/anchorline?password=geheim")
    store = Store(url, sqlite_store._engine, sqlite_store.dialect, None)
    assert store.url_for_people == "postgresql://db.test:5432/anchorline"


def test_a_locked_database_is_told_plainly(sqlite_store: Store) -> None:
    """F26: a lock that outlasts the busy timeout."""
    assert sqlite_store.path is not None
    with world(sqlite_store) as w:
        other = sqlite3.connect(sqlite_store.path, isolation_level=None)
        w.sync(item("0"))
        other.execute("BEGIN IMMEDIATE")
        connection = w.writer._pen._connection
        assert connection is not None
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(StoreUnavailable, match="Another process keeps the database locked"):
            w.sync(item("1"))
        other.execute("ROLLBACK")
        other.close()
        w.sync(item("1"))


def test_sqlite_is_set_up_to_survive_a_power_loss(sqlite_store: Store) -> None:
    """F27: a commit that returned is on the disk."""
    with sqlite_store.read() as sql:
        assert sql.value("PRAGMA journal_mode") == "wal"
        assert sql.value("PRAGMA synchronous") == 2, "FULL"
        assert sql.value("PRAGMA foreign_keys") == 1


def test_readers_and_a_writer_do_not_wait_for_each_other(store: Store) -> None:
    """F26: a long look does not block a writer, nor is it disturbed by one."""
    with world(store) as w:
        w.sync(*(item(str(n)) for n in range(1200)))
        reading = w.reader.items()
        next(reading)
        w.sync(item("late"))
        assert len(list(reading)) == 1199, "a look stays at the moment when it began"
        assert len(w.items()) == 1201


def test_a_reader_serves_several_threads(store: Store) -> None:
    with world(store) as w:
        w.sync(*(item(str(n)) for n in range(50)))
        counts: list[int] = []
        threads = [threading.Thread(target=lambda: counts.append(len(w.items()))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counts == [50] * 4


def test_postgres_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnavailable) as refused:
        open_store("postgresql://db.test/anchorline")
    assert "psycopg[binary]" in refused.value.hint


def test_a_question_mark_in_a_path_is_part_of_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "plans? 2027"
    folder.mkdir()
    with open_store(f"sqlite:///{folder}/anchorline.db") as opened:
        assert opened.path == (folder / "anchorline.db").resolve()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plans? 2027"]
