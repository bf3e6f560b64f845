"""Killed before any write or commit of a first sync and run again, the hub ends in the state of an undisturbed run (F27)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.sandbox.process import ROOT, TOKEN, Sandbox, sandbox
from tests.hub.store.databases import PostgresServer
from tests.hub.sync.worlds import difference

ISSUES = 40
SAMPLE = 9
"""In the normal run every ninth point; all of them with the slow tests."""


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with sandbox(issues=ISSUES, seed=3, page_limit=7) as running:
        yield running


class Sweeper:
    """The process that runs syncs in forked children."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.sync.sweeper", str(folder), url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "ANCHORLINE_JIRA__TOKEN": TOKEN},
        )  # fmt: skip

    def run(self, database: str, *, at: int | None = None, out: Path | None = None, count: Path | None = None) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        order = {"database": database, "at": at, "out": str(out) if out else None, "count": str(count) if count else None}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(json.loads(self.process.stdout.readline())["code"])

    def state(self, database: str, out: Path) -> dict[str, Any]:
        assert self.run(database, out=out) == 0
        found: dict[str, Any] = json.loads(out.read_text())
        return found

    def stop(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


def sweep(tmp_path: Path, company: Sandbox, fresh: Callable[[int], str], step: int, *, changed: bool = False) -> int:
    """Kill at every ``step``-th point; the number of points there are. ``changed``: the run supersedes rows."""
    sweeper = Sweeper(tmp_path / "world", company.url)
    try:
        counted = tmp_path / "count"
        undisturbed = tmp_path / "undisturbed.json"
        assert sweeper.run(fresh(0), at=0, out=undisturbed, count=counted) == 0
        wanted = json.loads(undisturbed.read_text())
        points = int(counted.read_text())
        assert wanted["result"] == "complete"
        assert len(wanted["state"]["items"]) == ISSUES and not wanted["state"]["dirty"]
        assert bool(wanted["state"]["versions"]) == bool(wanted["state"]["aliases"]) == changed
        assert bool(wanted["state"]["duplicates"]) == bool(wanted["state"]["ambiguities"]) == changed
        assert any('"pattern"' in edge for edge in wanted["state"]["edges"]) == changed
        assert wanted["state"]["snapshots"] and wanted["state"]["links"] and wanted["state"]["edges"]
        for at in range(1, points + 1, step):
            database = fresh(at)
            assert sweeper.run(database, at=at) == 137, f"nothing was killed before write {at} of {points}"
            found = sweeper.state(database, tmp_path / "again.json")
            assert found["result"] == "complete"
            told = difference(wanted["state"], found["state"])
            assert not told, f"killed before write {at} of {points}:\n{told}"
    finally:
        sweeper.stop()
    return points


def stir(company: Sandbox) -> None:
    """What happens between two nights: other titles and labels, a move, another parent, a new issue, another status category."""
    issues = company.search("project in (CORE, GROW, IDN, PLAT, BILL, MOB, DATA, ITSD) ORDER BY key", fields="issuetype,parent")
    epics = [i for i in issues if i["fields"]["issuetype"]["hierarchyLevel"] == 1]
    stories = [i for i in issues if i["fields"].get("parent") and i["fields"]["issuetype"]["hierarchyLevel"] == 0]
    company.mutate("update", issue=epics[0]["id"], fields={"labels": ["kr:sso", "kr:soc2"], "summary": "Renamed overnight"})
    own = [e for e in epics if e["key"].split("-")[0] == stories[0]["key"].split("-")[0] != epics[0]["key"].split("-")[0]]
    company.mutate("update", issue=stories[0]["id"], fields={"parent": {"key": (own or epics)[-1]["key"]}})
    company.mutate("move", issue=stories[-1]["id"], project="PLAT" if not stories[-1]["key"].startswith("PLAT") else "CORE")
    company.mutate("status", status="3", name="Being done", category="done")
    loose = [e for e in epics[1:] if e not in own]
    company.mutate("update", issue=loose[0]["id"], fields={"summary": f"After {epics[0]['key']}"})
    company.mutate("update", issue=loose[1]["id"], fields={"summary": f"{epics[0]['key']} and {loose[0]['key']}"})
    company.mutate("update", issue=loose[-1]["id"], fields={"labels": [f"copy:{epics[0]['key']}"]})


def test_a_second_run_over_changes(tmp_path: Path, sqlite_template: Path) -> None:
    """Versions, aliases, re-parenting and a list that changed: killed half-way, they end as in an undisturbed run."""
    with sandbox(issues=ISSUES, seed=3, page_limit=7) as company:
        first = fresh_sqlite(tmp_path, sqlite_template)(-1)
        before = Sweeper(tmp_path / "world", company.url)
        try:
            assert before.run(first) == 0
        finally:
            before.stop()
        stir(company)
        stored = Path(first.removeprefix("sqlite:///"))
        assert sweep(tmp_path, company, fresh_sqlite(tmp_path, stored), SAMPLE, changed=True) > 60


def fresh_sqlite(tmp_path: Path, template: Path) -> Callable[[int], str]:
    def fresh(at: int) -> str:
        path = tmp_path / f"at-{at}.db"
        shutil.copy(template, path)
        path.chmod(0o600)
        return f"sqlite:///{path}"

    return fresh


def test_sqlite_sampled(tmp_path: Path, company: Sandbox, sqlite_template: Path) -> None:
    assert sweep(tmp_path, company, fresh_sqlite(tmp_path, sqlite_template), SAMPLE) > 100


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_sqlite_at_every_write(tmp_path: Path, company: Sandbox, sqlite_template: Path) -> None:
    sweep(tmp_path, company, fresh_sqlite(tmp_path, sqlite_template), 1)


@pytest.mark.postgres
def test_postgres_sampled(tmp_path: Path, company: Sandbox, postgres_server: PostgresServer) -> None:
    assert sweep(tmp_path, company, lambda at: postgres_server.create(f"sweep_{at}"), 2 * SAMPLE) > 100


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(1800)
def test_postgres_at_every_write(tmp_path: Path, company: Sandbox, postgres_server: PostgresServer) -> None:
    sweep(tmp_path, company, lambda at: postgres_server.create(f"whole_{at}"), 1)
