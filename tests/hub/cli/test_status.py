"""`anchorline status`: what it says of sources, of the daemon, and of what waits for somebody."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.base import Page, Rejected
from hub.cli.render.status import size, status, when
from hub.config import Schedule
from hub.report import status as report
from hub.report.status import Known, Plan, Status, Waiting, by_state, promised
from hub.store import Store
from tests.hub.cli.builders import run, shown
from tests.hub.store.databases import *  # noqa: F403 - fixtures
from tests.hub.store.world import NOON, World, item, world

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
KNOWN = Known({"jira": Plan("jira", NOON + 5 * HOUR, "nightly", 30 * HOUR)})


@pytest.fixture
def jira(store: Store) -> Iterator[World]:
    with world(store) as made:
        yield made


def told(store: Store, known: Known = KNOWN, now: int = NOON + HOUR) -> Status:
    return report.status(store, known, now)


def text(found: Status, width: int = 80, zone: ZoneInfo = UTC) -> str:
    return shown(status(found, zone, width), width)


# ---- what is told -------------------------------------------------------------------------------------------------------------


def test_a_source_that_is_well(jira: World) -> None:
    jira.sync(item("1"), item("2"), item("3"))
    jira.leave("3")
    jira.writer.end_run(jira.run, "complete", finished_at=NOON, counts={"read": 3})
    (source,) = told(jira.store).sources
    assert source.complete_at == NOON and not source.stale
    assert source.counts["live"] == 2 and source.counts["deleted"] == 1
    assert [each.result for each in source.runs] == ["complete"]
    assert (source.next_at, source.next_mode) == (NOON + 5 * HOUR, "nightly")
    assert told(jira.store).waiting == ()
    assert "All is well" in text(told(jira.store))


def test_a_run_under_way_is_shown_while_its_process_lives(jira: World) -> None:
    assert told(jira.store).sources[0].running is not None
    assert "is reading it" in text(told(jira.store))


def test_a_run_whose_process_was_killed_broke_off(store: Store) -> None:
    with world(store):
        pass
    found = told(store)
    assert found.sources[0].running is None
    assert [each.kind for each in found.waiting] == ["failed"]
    assert "broke off" in text(found)


def test_presences_become_states() -> None:
    given = {"present": 5, "trashed": 1, "deleted": 2, "merged": 3, "out_of_scope": 4, "archived": 6, "access_lost": 7, "held": 8}
    found = by_state(given | {"unobserved": 9, "quarantined": 10})
    assert found == {
        "live": 5, "deleted": 10, "archived": 6, "access_lost": 7, "held": 8, "unobserved": 9, "quarantined": 10,
    }  # fmt: skip


def test_a_failed_run_waits_with_its_hint(jira: World) -> None:
    jira.writer.end_run(
        jira.run, "failed", finished_at=NOON, counts={}, error="Jira refuses the credential (401)", hint="Make a new one."
    )
    (waiting,) = told(jira.store).waiting
    assert (waiting.kind, waiting.command) == ("failed", "anchorline sync jira")
    assert "Jira refuses the credential (401). Make a new one." in " ".join(text(told(jira.store)).split())


def test_an_old_complete_run_is_stale(jira: World) -> None:
    jira.sync(item("1"))
    jira.writer.end_run(jira.run, "complete", finished_at=NOON, counts={})
    assert not told(jira.store, now=NOON + 30 * HOUR).sources[0].stale
    late = told(jira.store, now=NOON + 31 * HOUR)
    assert late.sources[0].stale and [each.kind for each in late.waiting] == ["stale"]


def test_quarantine_and_missing_rights_are_listed(jira: World) -> None:
    jira.put(Page(rejected=(Rejected("9", "the status is empty", "{}"),), end="complete"))
    jira.writer.put_notices("jira", ["this user may not list boards"])
    jira.writer.end_run(jira.run, "complete", finished_at=NOON, counts={})
    kinds = {each.kind: each.text for each in told(jira.store).waiting}
    assert "1 record could not be understood" in kinds["quarantine"] and "the status is empty" in kinds["quarantine"]
    assert kinds["rights"] == "this user may not list boards"


def test_a_hold_names_the_command_to_type(jira: World) -> None:
    jira.writer.end_run(jira.run, "held", finished_at=NOON, counts={})
    with jira.writer._pen.begin() as tx:
        tx.run(
            "INSERT INTO hold (id, source, partition_id, kind, ids, text, run_id, created_at, from_seq)"
            " VALUES (3, 'jira', 'P1', 'absence', '[\"1\",\"2\"]', '41 of 100 items are gone at once', ?, ?, ?)",
            jira.run, NOON, tx.seq,
        )  # fmt: skip
    (waiting,) = told(jira.store).waiting
    assert (waiting.kind, waiting.command) == ("hold", "anchorline approve 3")
    assert "PAY: 41 of 100 items are gone at once" in text(told(jira.store)) and "anchorline approve 3" in text(told(jira.store))


def test_the_daemon_runs_only_while_its_lock_is_held(store: Store) -> None:
    with store.own("daemon"):
        daemon = told(store, Known()).daemon
        assert (daemon.running, daemon.pid, daemon.host) == (True, os.getpid(), socket.gethostname())
    daemon = told(store, Known()).daemon
    assert not daemon.running and daemon.pid == os.getpid()


def test_a_killed_daemon_does_not_run(sqlite_store: Store, sqlite_url: str) -> None:
    code = (
        "import sys, os\nfrom hub.store import open_store\nstore = open_store(sys.argv[1])\nmine = store.own('daemon')\n"
        "print('up', flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code, sqlite_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"up\n"
        assert told(sqlite_store, Known()).daemon.running
        process.kill()
        process.wait()
        assert not told(sqlite_store, Known()).daemon.running


def test_sizes(store: Store) -> None:
    found = told(store, Known()).database
    assert found.bytes > 10_000
    assert (found.wal_bytes is None) == (store.path is None)


def test_how_old_data_may_be() -> None:
    assert promised(Schedule()) == 30 * HOUR
    assert promised(Schedule(None, 1800)) == 90 * MINUTE + HOUR
    assert promised(Schedule(None, None)) is None
    assert promised(Schedule(time(2), 60)) == 30 * HOUR


# ---- words --------------------------------------------------------------------------------------------------------------------

MORNING = 1_795_167_000_000  # Friday, 2026-11-20T09:30:00Z


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (None, "never"),
        (MORNING - 10_000, "just now"),
        (MORNING + 30_000, "just now"),
        (MORNING - 12 * MINUTE, "12 min ago"),
        (MORNING - 3 * HOUR // 2, "1 h ago"),
        (MORNING - 7 * HOUR, "last night at 02:30 UTC"),
        (MORNING - 11 * HOUR, "last night at 22:30 UTC"),
        (MORNING - 16 * HOUR, "yesterday at 17:30 UTC"),
        (MORNING - 31 * HOUR, "yesterday at 02:30 UTC"),
        (MORNING - 3 * DAY, "3 days ago, 17 Nov at 09:30 UTC"),
        (MORNING + 20 * MINUTE, "in 20 min, at 09:50 UTC"),
        (MORNING + 17 * HOUR, "in 17 h, at 02:30 UTC"),
        (MORNING + 30 * HOUR, "tomorrow at 15:30 UTC"),
        (MORNING + 3 * DAY, "on Monday, 23 Nov at 09:30 UTC"),
    ],
)
def test_ages_in_words(at: int | None, said: str) -> None:
    assert when(at, MORNING, UTC) == said


def test_ages_are_told_in_the_daemons_time_zone() -> None:
    assert when(MORNING - 8 * HOUR, MORNING, BERLIN) == "last night at 02:30 CET"


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 bytes"), (950, "950 bytes"), (4096, "4.1 kB"), (84_123_456, "84 MB"), (10**12, "1.0 TB")]
)
def test_sizes_in_words(number: int, said: str) -> None:
    assert size(number) == said


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_a_terminal(store: Store, width: int) -> None:
    with world(store) as made:
        made.sync(*(item(str(n)) for n in range(30)))
        made.writer.end_run(made.run, "failed", finished_at=NOON, counts={}, error="no answer " * 30, hint="Try again.")
        long = Waiting("file", None, "a mapping file has a mistake " * 6, "Mend it.", "anchorline check")
        found = told(store, replace(KNOWN, problems=(long,)))
    assert max(map(len, text(found, width).splitlines())) <= width


# ---- the command --------------------------------------------------------------------------------------------------------------

CONFIG = """database = "sqlite:///data/a.db"
[source.jira]
kind = "jira"
url = "http://127.0.0.1:9"
user = "u@x.example"
"""
CYCLE = "[cycle]\n2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "mappings" / "all.toml").write_text(CYCLE)
    return tmp_path


def data(folder: Path, *words: str) -> dict[str, Any]:
    done = run("status", "--json", *words, folder=folder)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_before_the_first_sync(home: Path) -> None:
    done = run("status", folder=home)
    assert done.returncode == 0, done.stderr
    assert "Nothing has been read from it yet" in done.stdout and "anchorline sync jira" in done.stdout
    assert not (home / "data").exists()
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_exit_code_is_for_those_who_ask_for_it(home: Path) -> None:
    assert run("status", folder=home).returncode == 0
    assert run("status", "--exit-code", folder=home).returncode == 1


def test_a_broken_mapping_file_waits(home: Path) -> None:
    (home / "mappings" / "all.toml").write_text("nonsense\n")
    kinds = [each["kind"] for each in data(home)["waiting"]]
    assert "file" in kinds


def test_after_a_failed_sync(home: Path) -> None:
    assert run("sync", folder=home, ANCHORLINE_JIRA__TOKEN="k-12345").returncode == 1
    found = data(home)
    (source,) = found["sources"]
    assert source["complete_at"] is None and source["runs"][0]["result"] == "failed"
    assert [each["kind"] for each in found["waiting"]] == ["failed"]
    assert found["daemon"] == {"running": False, "pid": None, "host": None, "since_at": None}
    assert "127.0.0.1:9 cannot be reached" in " ".join(run("status", folder=home).stdout.split())
