"""Killed at any write, a night's work is continued by the next one to the same state."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Dimension, Page
from hub.model import Pattern, Place
from hub.store import faults, open_store
from hub.store.write import Privacy
from tests.hub.store.child import ROOT
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
HR = Privacy("hr", lambda each: "hr" in each.labels)


def night(w: World) -> None:
    """A pass of two pages that changes much, a new private rule and new patterns, and the evaluation; continues from wherever an
    earlier attempt stopped."""
    w.dimensions(Dimension("status", "5", "Done", "done"))
    position = w.start(resume_ttl=3600.0)
    pages = [
        Page(items=(item("1", "Renamed", key="NEW-1", status_id="5", hour=2), item("2", parent_ref="1", hour=2)), resume="1"),
        Page(items=(item("3", parent_ref="2", hour=2), item("4", "For NEW-1", hour=2), item("5", "NEW-1, OLD-6", hour=2),
                    item("6", "OLD-4", key="OLD-6", labels=("dup:OLD-7",), parent_ref="unread", hour=2),
                    item("7", "Talks", key="OLD-7", labels=("hr",), hour=2)), end="complete"),
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
        found["integrity"] = sql.value("PRAGMA integrity_check")
        return found


def run_night(url: str, **environment: str) -> int:
    code = "import sys; from tests.hub.store.test_crash import main; main(sys.argv[1])"
    return subprocess.run([sys.executable, "-c", code, url], cwd=ROOT, env=os.environ | environment, check=False).returncode


def main(url: str) -> None:
    with open_store(url) as store, world(store) as w:
        night(w)


@pytest.fixture
def prepared(sqlite_url: str) -> Path:
    """A database with yesterday's items."""
    with open_store(sqlite_url) as store, world(store) as w:
        w.sync(item("1", key="OLD-1", hour=1), item("2", hour=1), item("6", key="OLD-6", parent_ref="2", hour=1),
               item("7", "Talks", key="OLD-7", hour=1), item("8", "Old talks", labels=("hr",)))  # fmt: skip
        w.end("complete")
        w.assess()
    return Path(sqlite_url.removeprefix("sqlite:///"))


def sweep(prepared: Path, step: int) -> None:
    def copy(name: str) -> str:
        path = prepared.with_name(f"{name}.db")
        shutil.copy(prepared, path)
        return f"sqlite:///{path}"

    undisturbed = copy("undisturbed")
    count_file = prepared.with_name("count")
    assert run_night(undisturbed, **{faults.VARIABLE: "0", faults.COUNT_FILE: str(count_file)}) == 0
    goal = state(undisturbed)
    assert goal["integrity"] == "ok"
    assert goal["dirty"] == []
    for table in ("edge", "reference", "twin WHERE to_seq IS NULL", "ambiguity WHERE to_seq IS NULL"):
        assert goal[table], table
    assert {row["by"] for row in goal["edge"]} == {"", "pattern", "kept"}
    assert [row["id"] for row in goal["item"] if not row["title"]] == ["7", "8"]
    writes = int(count_file.read_text())
    assert writes > 60
    for at in range(1, writes + 1, step):
        url = copy(f"killed-{at}")
        assert run_night(url, **{faults.VARIABLE: str(at)}) == 137
        with open_store(url) as store, world(store) as w:
            night(w)
        assert state(url) == goal, f"killed before write {at} of {writes}"


def test_killed_at_every_thirteenth_write(prepared: Path) -> None:
    sweep(prepared, 13)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_every_write(prepared: Path) -> None:
    sweep(prepared, 1)
