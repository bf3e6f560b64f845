"""Room before a run, and a copy before an upgrade."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic import command

from hub.errors import StoreUnavailable
from hub.store import Store, migrate, open_store, space
from tests.hub.store.world import item, world


def test_a_run_needs_room_on_the_disk(tmp_path: Path) -> None:
    """F25: said before anything is read, and what to do."""
    path = tmp_path / "hub.db"
    space.require(path)
    space.require(None)
    with pytest.raises(StoreUnavailable, match="MB are free on the disk") as told:
        space.require(path, least=shutil.disk_usage(tmp_path).total + 1)
    assert "nothing was read" in told.value.hint


def older(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of the schema before the newest, with items."""
    upgrade = command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", lambda config, _to: upgrade(config, "0002"))
        patched.setattr(migrate, "NEWEST", "0002")
        open_store(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO source (name, kind, origin, from_seq) VALUES ('jira', 'jira', '', 1)")


def test_an_upgrade_leaves_a_copy_of_what_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F46: sound, for its owner alone, and of the former schema."""
    path = tmp_path / "hub.db"
    older(path, monkeypatch)
    open_store(f"sqlite:///{path}").close()
    (copy,) = tmp_path.glob("hub.db.before-*")
    assert copy.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
        assert connection.execute("SELECT name FROM source").fetchall() == [("jira",)]
    open_store(f"sqlite:///{path}").close()
    assert len(list(tmp_path.glob("hub.db.before-*"))) == 1, "only an upgrade makes one"


def test_without_room_for_a_copy_nothing_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hub.db"
    older(path, monkeypatch)
    monkeypatch.setattr(space, "LEAST", shutil.disk_usage(tmp_path).total)
    with pytest.raises(StoreUnavailable, match="are free"):
        open_store(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
    assert list(tmp_path.glob("hub.db.before-*")) == []


def test_the_oldest_copies_go(sqlite_store: Store) -> None:
    assert sqlite_store.path is not None
    with world(sqlite_store) as w:
        w.sync(item("1"))
    made = [space.copy_before_upgrade(sqlite_store.path, f"{n:04}") for n in range(space.KEPT + 3)]
    assert sorted(sqlite_store.path.parent.glob("*.before-*")) == sorted(made[3:])


def test_a_new_database_needs_no_copy(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'hub.db'}").close()
    assert list(tmp_path.glob("*.before-*")) == []
