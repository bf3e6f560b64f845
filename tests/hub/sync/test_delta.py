"""Passes over what changed: where they begin, what moves the cursor, when everything is read instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.base import BadData, CursorExpired, Page, Partition
from hub.config import load_config
from hub.store import Store
from hub.sync.plan import CLOCK_TOLERANCE, LARGE, Known, Plan, plan, recent
from hub.sync.run import sync_source
from tests.hub.sync.tracker import START, Hub, Tracker, TrackerConnector

DAY = 24 * 3_600_000
NOON = 1_795_348_800_000


@pytest.fixture
def tracker() -> Tracker:
    tracker = Tracker()
    tracker.put("CORE", *(f"{n}" for n in range(100, 112)))
    return tracker


@pytest.fixture
def hub(tmp_path: Path, store: Store, tracker: Tracker) -> Hub:
    hub = Hub(tmp_path / "hub", store, tracker)
    assert hub.sync().result == "complete"
    return hub


# ---- which pass ----


def planned(
    mode: str = "nightly", *, cursor: int | None = NOON, fingerprint: str = "f", now: int | None = NOON, **more: object
) -> Plan:
    partition = Partition("P", "Payments", fingerprint="f", **more)  # type: ignore[arg-type]
    return plan(partition, Known(cursor, fingerprint), "f", mode=mode, overlap=3600, vendor_now=now)  # type: ignore[arg-type]


def test_a_delta_begins_the_overlap_before_the_last_passes_begin() -> None:
    """F14: the overlap is what the vendor's index may be late."""
    since = datetime.fromtimestamp(NOON / 1000, UTC) - timedelta(hours=1)
    assert planned() == Plan("delta", since, census=True)
    assert planned("delta") == Plan("delta", since, census=False)


@pytest.mark.parametrize(
    "change",
    [{"mode": "full"}, {"cursor": None}, {"fingerprint": "other"}, {"reads": "whole"}],
    ids=["asked for", "never read", "other settings", "no deltas there"],
)
def test_when_everything_is_read(change: dict[str, object]) -> None:
    assert planned(**change) == Plan("full")  # type: ignore[arg-type]


def test_a_cursor_in_the_vendors_future_is_not_used() -> None:
    """F15: 2999-12-31 would hide everything for ever."""
    found = planned(cursor=NOON + CLOCK_TOLERANCE + 1)
    assert found.kind == "full" and found.reset and "future" in (found.note or "")
    assert planned(cursor=NOON + CLOCK_TOLERANCE).kind == "delta"
    assert planned(cursor=NOON + DAY, now=None).kind == "delta", "a vendor without a clock cannot contradict"


def test_only_a_large_first_sync_reads_the_cycles_work_first() -> None:
    large = Partition("A", "A", size=LARGE)
    small, whole = Partition("B", "B", size=1), Partition("C", "C", reads="whole", size=9 * LARGE)
    assert recent([large, small, whole], {}, START) == [large, small]
    assert recent([small, whole], {}, START) == []
    assert recent([large, small], {"A": Known(1, "f")}, START) == []
    assert recent([large, small], {}, None) == [], "no cycle, nothing active"


# ---- the cursor ----


def test_the_cursor_is_the_vendors_clock_at_the_passes_begin(hub: Hub, tracker: Tracker) -> None:
    """F15: not ours, not the newest stamp seen, and not the end of a long pass."""
    tracker.skew = timedelta(hours=-5)
    tracker.during["CORE:1"] = lambda: tracker.pass_time(hours=3)
    began = tracker.now + timedelta(hours=24) + tracker.skew
    tracker.finish("100")
    hub.sync("full")
    assert hub.cursors() == {"CORE": int((began + timedelta(seconds=1)).timestamp() * 1000)}


def test_what_changes_while_a_pass_goes_on_is_the_next_passes(hub: Hub, tracker: Tracker) -> None:
    tracker.overlap = 0.0
    tracker.during["CORE:4"] = lambda: tracker.finish("100")
    hub.sync("full")
    assert hub.progress() == ("0", "12")
    hub.sync("delta", hours=0.1)
    assert hub.progress() == ("1", "12")


def test_a_pass_that_breaks_off_moves_no_cursor(hub: Hub, tracker: Tracker) -> None:
    """F05, principle 2: the cursor commits with the last page."""
    before = hub.cursors()
    for id_ in ("100", "101", "102", "103", "104"):
        tracker.finish(id_)
    tracker.fails["CORE:2"] = BadData("broke off")
    assert hub.sync().result == "failed"
    assert hub.cursors() == before and hub.progress() == ("3", "12"), "what was read is true"
    tracker.fails.clear()
    assert hub.sync("delta").result == "complete" and hub.progress() == ("5", "12")


def test_the_cursor_never_goes_back(hub: Hub, tracker: Tracker) -> None:
    """F15: a vendor whose clock goes back for a while."""
    before = hub.cursors()["CORE"]
    tracker.skew = timedelta(days=-3)
    hub.sync("full", hours=1)
    assert hub.cursors()["CORE"] == before


def test_a_stored_cursor_in_the_future_is_read_whole_and_replaced(hub: Hub, tracker: Tracker) -> None:
    """F15: the run says so, and the next one is a delta again."""
    with hub.store.own("source:jira"):
        connection = hub.store.writer_connection()
        with hub.store.transaction(connection) as sql:
            sql.run("UPDATE partition SET cursor = 32503593600000")
        connection.close()
    summary = hub.sync()
    assert summary.result == "complete" and any("future" in note for note in summary.notes)
    assert tracker.read[-1] == ("CORE", None)
    hub.sync()
    assert tracker.read[-1][1] is not None


def test_newest_wins_over_a_stale_page(hub: Hub, tracker: Tracker) -> None:
    """F14: an older version never overwrites a newer one, whatever a late index says."""
    stale = tracker.projects["CORE"]["100"]
    tracker.finish("100")
    hub.sync()
    newest = tracker.projects["CORE"]["100"]
    tracker.projects["CORE"]["100"] = stale
    summary = hub.sync("full")
    assert summary.counts["older"] == 1 and hub.progress() == ("1", "12")
    tracker.projects["CORE"]["100"] = newest


def test_equal_stamps_neither_loop_nor_lose(tmp_path: Path, store: Store) -> None:
    """F23: a bulk edit gives hundreds the same stamp, over several pages."""
    tracker = Tracker(overlap=0.0)
    tracker.put("CORE", *(f"{n}" for n in range(100, 140)))
    hub = Hub(tmp_path / "bulk", store, tracker)
    hub.sync()
    stamp = tracker.now = tracker.now + timedelta(hours=1)
    for n in range(100, 130):
        tracker.change(f"{n}", status="Done", category="done", done_at=stamp)
        tracker.projects["CORE"][f"{n}"] = replace(tracker.projects["CORE"][f"{n}"], updated_at=stamp)
    tracker.now = stamp
    hub.sync("delta", hours=0)
    assert hub.progress() == ("30", "40")
    hub.sync("delta", hours=0)
    assert hub.progress() == ("30", "40")


# ---- resuming ----


def test_a_delta_that_was_cut_goes_on_from_where_it_was_and_since_when_it_was(
    hub: Hub, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrackerConnector, "resume_ttl", 7 * 86400.0)
    for n in range(100, 110):
        tracker.finish(f"{n}")
    tracker.fails["CORE:3"] = BadData("cut")
    hub.sync()
    since = tracker.read[-1][1]
    tracker.fails.clear()
    summary = hub.sync()
    assert tracker.read[-1] == ("CORE", since), "a position belongs to its question"
    assert summary.counts["changed"] == 4 and hub.progress() == ("10", "12")


def test_a_full_pass_that_was_cut_goes_on_before_any_delta(hub: Hub, tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the weekly full pass of a large source would never come to its end."""
    monkeypatch.setattr(TrackerConnector, "resume_ttl", 7 * 86400.0)
    tracker.fails["CORE:3"] = BadData("cut")
    hub.sync("full")
    tracker.fails.clear()
    summary = hub.sync("delta")
    assert tracker.read[-1] == ("CORE", None) and summary.counts["read"] == 6


class Forgetful(TrackerConnector):
    """Whose positions expire."""

    expires = 1

    def changes(self, partition: Partition, since: datetime | None, resume: str | None) -> Iterator[Page]:
        for page in super().changes(partition, since, resume):
            yield page
            if page.end is None and Forgetful.expires > 0:
                Forgetful.expires -= 1
                raise CursorExpired("the token is too old")


@pytest.mark.parametrize(("times", "result"), [(1, "complete"), (2, "complete"), (3, "failed")])
def test_an_expired_position_starts_again_a_few_times(hub: Hub, tracker: Tracker, times: int, result: str) -> None:
    """F13: from the first page, a bounded number of times; the upsert makes it safe."""
    Forgetful.expires = times
    config = load_config(hub.folder / "config.toml", {"ANCHORLINE_JIRA__TOKEN": "t"})
    summary = sync_source(
        config, hub.mapping(), hub.store, "jira", mode="full", opener=lambda s: Forgetful(s, tracker), now=hub.now, threads=1
    )
    assert summary.result == result
    assert hub.progress() == ("0", "12")


def test_other_settings_mean_that_everything_is_read_once(hub: Hub, tracker: Tracker) -> None:
    tracker.fingerprint = "2"
    hub.sync("delta")
    assert tracker.read[-1] == ("CORE", None)
    hub.sync("delta")
    assert tracker.read[-1][1] is not None


# ---- the first sync ----


def test_a_large_first_sync_shows_the_cycles_work_before_history_is_loaded(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.report import Report

    tracker = Tracker(sizes={"CORE": LARGE + 1}, now=datetime(2020, 1, 1, tzinfo=UTC))
    tracker.put("CORE", *(f"{n}" for n in range(100, 120)))
    tracker.now = START
    tracker.put("CORE", *(f"{n}" for n in range(120, 124)))
    hub = Hub(tmp_path / "first", store, tracker)
    seen: list[tuple[str, str]] = []
    notes: list[str] = []

    def look() -> None:
        seen.append(hub.progress())
        tree = Report(store).tree()
        assert tree is not None
        notes.extend(tree.notes)

    tracker.during["CORE:1"] = lambda: tracker.during.update({"CORE:3": look})
    assert hub.sync().result == "complete"
    assert seen == [("0", "4")] and any("history is still loading" in note for note in notes)
    assert hub.progress() == ("0", "24")
    assert [since is None for _, since in tracker.read] == [False, True]
    tree = Report(store).tree()
    assert tree is not None and not any("loading" in note for note in tree.notes)
