"""Killed at any write, or cut off from the server at any statement, a night's work is continued by the next one to the same
state."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url

from connectors.base import Dimension, Page
from hub.errors import StoreUnavailable
from hub.model import Pattern, Place
from hub.store import Store, faults, open_store
from hub.store.bulk import FEW
from hub.store.write import Privacy
from tests.hub.store.child import ROOT
from tests.hub.store.databases import PostgresServer
from tests.hub.store.world import NOON, World, item, mapping, world

TABLES = (
    *("item", "edge", "cut", "attachment", "link", "dimension", "alias", "quarantine", "dirty", "reference", "bearer", "source"),
    *("twin WHERE to_seq IS NULL", "ambiguity WHERE to_seq IS NULL"),
)
HERE = Place("patterns.toml", 1)
PATTERNS = (
    Pattern(0, None, ("title",), "jira key", "child", HERE),
    Pattern(1, None, ("label",), "dup:(.*)", "duplicate", HERE),
)
MANY = range(100, 100 + FEW + 2)
"""As many items as PostgreSQL takes by COPY."""
HR = Privacy("hr", lambda each: "hr" in each.labels)


def night(w: World) -> None:
    """A pass of two pages that changes much, a new private rule and new patterns, and the evaluation; continues from wherever an
    earlier attempt stopped."""
    w.dimensions(Dimension("status", "5", "Done", "done"))
    position = w.start(resume_ttl=3600.0)
    pages = [
        Page(items=(item("1", "Renamed", key="NEW-1", status_id="5", hour=2), item("2", parent_ref="1", hour=2),
                    *(item(f"{n}", key=f"NEW-{n}", parent_ref="1", hour=2) for n in MANY)), resume="1"),
        Page(items=(item("3", parent_ref="2", hour=2), item("4", "For NEW-1", hour=2), item("5", "NEW-1, OLD-6", hour=2),
                    item("6", "OLD-4", key="OLD-6", labels=("dup:OLD-7",), parent_ref="unread", hour=2),
                    item("7", "Talks", key="OLD-7", labels=("hr",), hour=2),
                    *(item(f"1{n}", f"For NEW-{n}", hour=2) for n in MANY)), end="complete"),
    ]  # fmt: skip
    for page in pages[int(position.resume or 0) :]:
        w.put(page, pass_id=position.pass_id, vendor_started_at=NOON, privacy=HR)
    w.end("partial")
    w.writer.hide_titles(HR)
    w.writer.put_mapping(mapping(), engine="1")
    w.patterns = PATTERNS
    w.assess()
    assert w.finish() is not None
    w.writer.clear_traces()


def state(url: str) -> dict[str, Any]:
    """Everything but seqs and runs, which count attempts."""
    with open_store(url) as store, store.read() as sql:
        found: dict[str, Any] = {}
        for table in TABLES:
            result = sql.connection.exec_driver_sql(f"SELECT * FROM {table}")
            skip = {"from_seq", "to_seq", "first_seq", "run_id"}
            rows = [{k: v for k, v in zip(result.keys(), row, strict=True) if k not in skip} for row in result]
            found[table] = sorted(rows, key=repr)
        found["snapshot"] = [tuple(r) for r in sql.rows("SELECT id, progress FROM snapshot WHERE to_seq IS NULL")]
        found["erased"] = sql.value("SELECT erased FROM clock")
        found["cursor"] = sql.value("SELECT cursor FROM partition")
        found["integrity"] = sql.value("PRAGMA integrity_check") if store.path else "ok"
        return found


def run_night(url: str, **environment: str) -> int:
    code = "import sys; from tests.hub.store.test_crash import main; main(sys.argv[1])"
    return subprocess.run([sys.executable, "-c", code, url], cwd=ROOT, env=os.environ | environment, check=False).returncode


def main(url: str) -> None:
    with open_store(url) as store, world(store) as w:
        night(w)


Copy = Callable[[str], str]
"""A copy of the database with yesterday's items under this name; its address."""


def prepare(url: str) -> None:
    with open_store(url) as store, world(store) as w:
        w.sync(item("1", key="OLD-1", hour=1), item("2", hour=1), item("6", key="OLD-6", parent_ref="2", hour=1),
               item("7", "Talks", key="OLD-7", hour=1), item("8", "Old talks", labels=("hr",)),
               *(item(f"{n}", key=f"OLD-{n}", parent_ref="2", hour=1) for n in MANY))  # fmt: skip
        w.end("complete")
        w.assess()


@pytest.fixture
def sqlite_copy(sqlite_url: str) -> Copy:
    prepare(sqlite_url)
    prepared = Path(sqlite_url.removeprefix("sqlite:///"))

    def copy(name: str) -> str:
        path = prepared.with_name(f"{name}.db")
        shutil.copy(prepared, path)
        return f"sqlite:///{path}"

    return copy


@pytest.fixture
def postgres_copy(postgres_server: PostgresServer, postgres_url: str) -> Iterator[Copy]:
    prepare(postgres_url)
    template = str(make_url(postgres_url).database)
    made: list[str] = []

    def copy(name: str) -> str:
        while len(made) > 1:
            postgres_server.drop(made.pop())
        made.append(f"{template}_{name}")
        return postgres_server.create(made[-1], template=template)

    yield copy
    for name in made:
        postgres_server.drop(name)


def undisturbed(copy: Copy, count_file: Path) -> tuple[dict[str, Any], int]:
    """What is to be reached, and how many writes it takes."""
    url = copy("undisturbed")
    assert run_night(url, **{faults.VARIABLE: "0", faults.COUNT_FILE: str(count_file)}) == 0
    goal = state(url)
    assert goal["integrity"] == "ok"
    assert goal["dirty"] == []
    for table in ("edge", "reference", "twin WHERE to_seq IS NULL", "ambiguity WHERE to_seq IS NULL"):
        assert goal[table], table
    assert {row["by"] for row in goal["edge"]} == {"", "pattern", "kept"}
    assert [row["id"] for row in goal["item"] if not row["title"]] == ["7", "8"]
    assert len(goal["item"]) == 8 + 2 * len(MANY)
    return goal, int(count_file.read_text())


def sweep(copy: Copy, count_file: Path, step: int) -> None:
    goal, writes = undisturbed(copy, count_file)
    assert writes > 60
    for at in range(1, writes + 1, step):
        url = copy(f"killed_{at}")
        assert run_night(url, **{faults.VARIABLE: str(at)}) == 137
        with open_store(url) as store, world(store) as w:
            night(w)
        assert state(url) == goal, f"killed before write {at} of {writes}"


def test_killed_at_every_thirteenth_write(sqlite_copy: Copy, tmp_path: Path) -> None:
    """F27: kill -9."""
    sweep(sqlite_copy, tmp_path / "count", 13)


@pytest.mark.postgres
def test_killed_at_every_seventeenth_write_to_postgres(postgres_copy: Copy, tmp_path: Path) -> None:
    """F27: kill -9, of the client; COPY is among the writes."""
    sweep(postgres_copy, tmp_path / "count", 17)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_every_write(sqlite_copy: Copy, tmp_path: Path) -> None:
    """F27: kill -9 at each write."""
    sweep(sqlite_copy, tmp_path / "count", 1)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(900)
def test_killed_at_every_write_to_postgres(postgres_copy: Copy, tmp_path: Path) -> None:
    """F27: kill -9 at each write."""
    sweep(postgres_copy, tmp_path / "count", 1)


# ---- a server that ends the connection ----------------------------------------------------------------------------------


class Cutter:
    """Ends the connection that is about to execute the k-th statement, or to commit, or to COPY; 0 only counts."""

    def __init__(self, store: Store, url: str, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url, self.at, self.count, self.cut = url, at, 0, ""
        self.latest: Any = None
        event.listen(store._engine, "before_cursor_execute", self._before)
        event.listen(store._engine, "commit", lambda connection: self._step(connection.connection.driver_connection, "COMMIT"))
        monkeypatch.setattr(faults, "_step", lambda: self._step(self.latest, "COPY"))

    def _before(self, _connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        self.latest = cursor.connection
        self._step(cursor.connection, statement)

    def _step(self, raw: Any, what: str) -> None:
        self.count += 1
        if self.count == self.at:
            self.cut = what
            with psycopg.connect(self.url) as other:
                other.execute("SELECT pg_terminate_backend(%s, 10000)", (raw.info.backend_pid,))


def cut_at_every(step: int, copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    goal, _ = undisturbed(copy, tmp_path / "count")
    at, kinds = 1, set()
    while True:
        url = copy(f"cut_{at}")
        with open_store(url) as store:
            cutter = Cutter(store, url, at, monkeypatch)
            try:
                with world(store) as w:
                    night(w)
            except StoreUnavailable as refused:
                assert "PostgreSQL server" in str(refused), cutter.cut
                assert refused.hint
                kinds.add(cutter.cut.split()[0])
            else:
                assert not cutter.cut or "pg_advisory_unlock" in cutter.cut, cutter.cut
            cutter.at = 0
            with world(store) as w:  # the same process goes on by a new connection
                night(w)
        assert state(url) == goal, f"cut at {cutter.cut}"
        if not cutter.cut:
            return kinds
        at += step


# the driver warns of cursors that were left when their connection was lost
CURSORS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@CURSORS
@pytest.mark.postgres
def test_cut_off_at_every_twenty_third_statement(postgres_copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F27: the server ends the connection in the middle of whatever is being done; people are told what to do."""
    cut_at_every(23, postgres_copy, tmp_path, monkeypatch)


@CURSORS
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(900)
def test_cut_off_at_every_statement(postgres_copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F27: the same at each statement, commit and COPY."""
    kinds = cut_at_every(1, postgres_copy, tmp_path, monkeypatch)
    assert kinds >= {"SELECT", "INSERT", "UPDATE", "DELETE", "COPY", "COMMIT", "CREATE"}
