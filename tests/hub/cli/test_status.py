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
from hub.report.status import NOTHING, Known, Plan, Promise, Status, Waiting, by_state, promised
from hub.store import Store, inbox
from tests.connectors.raw import RawServer, reply
from tests.hub.cli.builders import run, shown
from tests.hub.store.databases import *  # noqa: F403 - fixtures
from tests.hub.store.world import NOON, World, item, world

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
KNOWN = Known({"jira": Plan("jira", NOON + 5 * HOUR, "nightly", Promise(30 * HOUR))})


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
    assert (waiting.kind, waiting.command) == ("failed", "anchorline check --online")  # looks; a sync would fail again
    assert "Jira refuses the credential (401). Make a new one." in " ".join(text(told(jira.store)).split())


def test_a_failure_stands_while_the_next_run_is_at_it(jira: World) -> None:
    """With `every` there is nearly always a run under way while a source is down."""
    jira.writer.end_run(jira.run, "failed", finished_at=NOON, counts={}, error="jira.example.com cannot be reached")
    jira.writer.start_run("jira", reason="schedule", mode="delta", started_at=NOON + HOUR)
    found = told(jira.store)
    assert found.sources[0].running is not None
    assert [(each.kind, each.command) for each in found.waiting] == [("failed", "anchorline sync jira")]
    assert "All is well" not in text(found)


def test_a_complete_run_ends_a_failure(jira: World) -> None:
    jira.end("failed")
    jira.end("complete")
    assert told(jira.store).waiting == ()


def test_deltas_do_not_hide_that_nights_fail(jira: World) -> None:
    """A delta notices nothing that is gone: a source whose nights fail is stale, however many deltas are complete."""
    known = Known({"jira": Plan("jira", promise=Promise(30 * HOUR, 8 * HOUR))})
    jira.end("complete")
    late = NOON + 31 * HOUR
    jira.writer.end_run(jira.run, "failed", finished_at=late - 2 * HOUR, counts={}, error="no answer")
    delta = jira.writer.start_run("jira", reason="schedule", mode="delta", started_at=late - HOUR)
    jira.writer.end_run(delta, "complete", finished_at=late - HOUR, counts={})
    found = told(jira.store, known, late)
    assert found.sources[0].stale and found.sources[0].complete_at == late - HOUR and found.sources[0].judged_at == NOON
    assert [each.kind for each in found.waiting] == ["stale"]
    assert "last nightly yesterday" in " ".join(text(found).split())
    assert not told(jira.store, known, NOON + HOUR).sources[0].stale


def test_deltas_have_a_promise_of_their_own(jira: World) -> None:
    known = Known({"jira": Plan("jira", promise=Promise(30 * HOUR, 8 * HOUR))})
    jira.writer.end_run(jira.run, "complete", finished_at=NOON, counts={})
    assert not told(jira.store, known, NOON + 8 * HOUR).sources[0].stale
    assert told(jira.store, known, NOON + 9 * HOUR).sources[0].stale


def test_the_run_under_way_is_not_what_comes_next(jira: World) -> None:
    due = Plan("jira", NOON, "nightly", NOTHING, NOON + 14 * HOUR + HOUR, "full")
    (source,) = told(jira.store, Known({"jira": due})).sources
    assert source.running is not None and (source.next_at, source.next_mode) == (NOON + 15 * HOUR, "full")
    (source,) = told(jira.store, Known({"jira": replace(due, after_at=None, after_mode=None)})).sources
    assert source.next_at is None and "next" not in text(told(jira.store, Known({"jira": replace(due, after_at=None)})))


@pytest.mark.parametrize(("left", "said"), [(0, "due now"), (20_000, "in less than a minute"), (2 * MINUTE, "in 2 min")])
def test_when_the_next_run_is(jira: World, left: int, said: str) -> None:
    jira.writer.end_run(jira.run, "complete", finished_at=NOON, counts={})
    known = Known({"jira": Plan("jira", NOON + HOUR + left, "delta")})
    assert f"delta, {said}" in text(told(jira.store, known))


def test_why_a_run_began_is_told(jira: World) -> None:
    jira.writer.end_run(jira.run, "complete", finished_at=NOON, counts={})
    by_hand = jira.writer.start_run("jira", reason="command", mode="nightly", started_at=NOON)
    assert "is reading it (nightly run, begun by hand)" in " ".join(text(told(jira.store)).split())
    jira.writer.end_run(by_hand, "complete", finished_at=NOON, counts={})
    assert "complete  nightly run, begun by hand, 1 h ago" in text(told(jira.store))


def test_items_out_of_sight_name_the_look_that_explains(jira: World) -> None:
    jira.sync(item("1"), item("2"))
    jira.leave("2", presence="access_lost")
    jira.writer.end_run(jira.run, "complete", finished_at=NOON, counts={})
    (waiting,) = told(jira.store).waiting
    assert (waiting.kind, waiting.command) == ("rights", "anchorline check --online")
    assert waiting.text == "the account no longer sees 1 item, which counts as last seen"


def test_a_missing_secret_is_told_unless_a_daemon_has_it(jira: World) -> None:
    jira.writer.end_run(jira.run, "complete", finished_at=NOON, counts={})
    known = replace(KNOWN, problems=(Waiting("secret", "jira", "`ANCHORLINE_JIRA__TOKEN` is not set"),))
    assert [each.kind for each in told(jira.store, known).waiting] == ["secret"]
    with jira.store.own("daemon"):
        assert told(jira.store, known).waiting == ()


def test_the_first_records_in_quarantine_are_named_each_with_its_reason(jira: World) -> None:
    jira.sync(item("9", key="PAY-9"))
    rejected = tuple(
        Rejected(id_, why, "{}") for id_, why in (("9", "no status"), ("10", "no title."), (None, "no id"), ("12", "x"))
    )
    jira.put(Page(rejected=rejected, end="complete"))
    jira.writer.end_run(jira.run, "complete", finished_at=NOON, counts={})
    waiting = next(each for each in told(jira.store).waiting if each.kind == "quarantine")  # beside a hold
    assert waiting.text.startswith("4 records could not be understood and count as last known: ")
    assert "PAY-9 (id 9): no status" in waiting.text and "10: no title;" in waiting.text and waiting.text.endswith("and 1 more")


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


def hold(jira: World) -> None:
    """41 items of a project are missing at once."""
    jira.writer.end_run(jira.run, "held", finished_at=NOON, counts={})
    with jira.writer._pen.begin() as tx:
        tx.run(
            "INSERT INTO hold (id, source, partition_id, kind, ids, text, run_id, created_at, from_seq)"
            " VALUES (3, 'jira', 'P1', 'absence', '[\"1\",\"2\"]', '41 of 100 items are gone at once', ?, ?, ?)",
            jira.run, NOON, tx.seq,
        )  # fmt: skip


def test_a_hold_names_the_command_to_look_and_the_one_to_approve(jira: World) -> None:
    hold(jira)
    (waiting,) = told(jira.store).waiting
    assert (waiting.kind, waiting.command) == ("hold", "anchorline held")
    said = " ".join(text(told(jira.store)).split())
    assert "PAY: 41 of 100 items are gone at once" in said and "`anchorline approve 3`" in said


def test_an_approval_is_told_until_a_run_applies_it(jira: World) -> None:
    hold(jira)
    inbox.put(jira.store, "approve", {"hold": 3}, "somebody", NOON)
    found = told(jira.store)
    (waiting,) = found.waiting
    assert (waiting.kind, waiting.command, found.waits) == ("approved", "anchorline sync jira", 0)
    said = " ".join(text(found).split())
    assert "Nothing waits for you" in said and "Approved; the next run applies it. anchorline sync jira" in said


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
    assert promised(Schedule()) == Promise(30 * HOUR)
    assert promised(Schedule(None, 1800)) == Promise(None, 90 * MINUTE + HOUR)
    assert not promised(Schedule(None, None)).made
    assert promised(Schedule(time(2), 1800)) == Promise(30 * HOUR, 90 * MINUTE + 6 * HOUR)  # a night's run may take its time


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


@pytest.mark.timeout(300)  # it really waits between its tries, up to two minutes in all
def test_after_a_failed_sync(home: Path) -> None:
    server = RawServer(reply(b"{}", "401 Unauthorized"))  # an answer that no waiting mends: trying again takes a minute
    (home / "config.toml").write_text(CONFIG.replace("http://127.0.0.1:9", server.url))
    assert run("sync", folder=home, ANCHORLINE_JIRA__TOKEN="k-12345").returncode == 1
    server.close()
    found = data(home)
    secret, failed = found["waiting"]
    assert (secret["kind"], failed["kind"]) == ("secret", "failed") and "ANCHORLINE_JIRA__TOKEN" in secret["text"]
    (source,) = found["sources"]
    assert source["complete_at"] is None and source["runs"][0]["result"] == "failed"
    assert found["daemon"] == {"running": False, "pid": None, "host": None, "since_at": None}
    assert "Jira refuses the credential (401)" in " ".join(run("status", folder=home).stdout.split())


def test_beside_a_broken_configuration_the_last_good_one_is_told_of(home: Path) -> None:
    """Without a last good text it is refused, as ever."""
    (home / "config.toml").write_text(CONFIG + "nonsense\n")
    assert run("status", folder=home).returncode == 2
    (home / "data").mkdir(mode=0o700)
    (home / "data" / "config.last-good.toml").write_text(CONFIG)
    done = run("status", folder=home)
    assert done.returncode == 0 and done.stdout.startswith("config.toml has mistakes"), done.stderr
    assert "The configuration has a mistake (config.toml:6" in " ".join(done.stdout.split()) and "jira" in done.stdout
    assert sorted(each.name for each in (home / "data").iterdir()) == ["config.last-good.toml"]
