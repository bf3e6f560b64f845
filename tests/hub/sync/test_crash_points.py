"""F27: killed before any write or commit of a first, a delta, a census, a full, a held and an approved run, the hub ends in the
state of an undisturbed one. Unlike ``test_crash_sweep`` over an in-process vendor, so that every point can be tried."""

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

from tests.hub.sandbox.process import ROOT
from tests.hub.store.databases import PostgresServer
from tests.hub.sync.crasher import SCENARIOS
from tests.hub.sync.worlds import difference


class Crasher:
    """The process that runs and kills."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.sync.crasher", str(folder / "hub")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ),
        )  # fmt: skip

    def __call__(self, scenario: str, stage: str, database: str, at: int | None = None) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        order = {"scenario": scenario, "stage": stage, "database": database, "at": at, "out": str(self.folder / "out.json")}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(json.loads(self.process.stdout.readline())["code"])

    def found(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "out.json").read_text())
        return found

    def stop(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


@pytest.fixture
def crasher(tmp_path: Path) -> Iterator[Crasher]:
    running = Crasher(tmp_path / "crasher")
    yield running
    running.stop()


def sweep(crasher: Crasher, scenario: str, start: str, fresh: Callable[[int], str], step: int) -> int:
    """Kill at every ``step``-th point; how many points there are."""
    assert crasher(scenario, "prepare", start) == 0
    if SCENARIOS[scenario].approves:
        assert crasher(scenario, "hold", start) == 0
    assert crasher(scenario, "act", fresh(0), at=0) == 0
    points = crasher.found()["points"]
    assert crasher(scenario, "settle", fresh(0)) == 0
    wanted = crasher.found()
    assert wanted["state"]["items"] and wanted["state"]["snapshots"] and not wanted["state"]["dirty"]
    for at in range(1, points + 1, step):
        database = fresh(at)
        assert crasher(scenario, "act", database, at=at) == 137, f"nothing was killed before write {at} of {points}"
        assert crasher(scenario, "settle", database) == 0
        found = crasher.found()
        told = difference(wanted["state"], found["state"])
        assert not told, f"{scenario}, killed before write {at} of {points}:\n{told}"
        assert found["held"] == wanted["held"], f"{scenario}, killed before write {at} of {points}"
    return int(points)


def sqlite(tmp_path: Path, start: Path) -> Callable[[int], str]:
    def fresh(at: int) -> str:
        path = tmp_path / f"at-{at}.db"
        for former in tmp_path.glob("at-*"):
            former.unlink()
        shutil.copy(start, path)
        return f"sqlite:///{path}"

    return fresh


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_a_sample_of_points(tmp_path: Path, crasher: Crasher, sqlite_template: Path, scenario: str) -> None:
    start = tmp_path / "start.db"
    shutil.copy(sqlite_template, start)
    assert sweep(crasher, scenario, f"sqlite:///{start}", sqlite(tmp_path, start), 11) > 40


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_every_point(tmp_path: Path, crasher: Crasher, sqlite_template: Path, scenario: str) -> None:
    start = tmp_path / "start.db"
    shutil.copy(sqlite_template, start)
    sweep(crasher, scenario, f"sqlite:///{start}", sqlite(tmp_path, start), 1)


def on_postgres(server: PostgresServer, crasher: Crasher, scenario: str, step: int) -> int:
    start = server.create("crash_start")

    def fresh(at: int) -> str:
        server.drop("crash_at")
        return server.create("crash_at", template="crash_start")

    try:
        return sweep(crasher, scenario, start, fresh, step)
    finally:
        server.drop("crash_at")
        server.drop("crash_start")


@pytest.mark.postgres
@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_a_sample_of_points_on_postgres(crasher: Crasher, postgres_server: PostgresServer, scenario: str) -> None:
    assert on_postgres(postgres_server, crasher, scenario, 41) > 40


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_every_point_on_postgres(crasher: Crasher, postgres_server: PostgresServer, scenario: str) -> None:
    on_postgres(postgres_server, crasher, scenario, 1)
