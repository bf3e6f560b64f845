"""Where a pass stands: the position commits with its page, the cursor with the last one."""

from __future__ import annotations

import pytest

from connectors.base import Page, Partition
from hub.store import Store
from tests.hub.store.world import HOUR, NOON, World, item, world


def unfinished(w: World, resume: str = "token-1") -> int:
    """A pass whose first page is stored."""
    position = w.start()
    w.put(Page(items=(item("1"),), resume=resume), pass_id=position.pass_id, vendor_started_at=NOON - 5)
    return position.pass_id


def test_a_page_commits_with_its_position(store: Store) -> None:
    with world(store) as w:
        pass_id = unfinished(w)
        assert w.start()[:4] == (pass_id, "token-1", NOON - 5, 1)
        assert w.reader.partitions()[0].cursor is None
        assert w.reader.partitions()[0].unfinished


def test_a_page_that_fails_moves_nothing(store: Store) -> None:
    with world(store) as w:
        pass_id = unfinished(w)
        before = w.query("SELECT seq FROM clock")
        with pytest.raises(AttributeError):
            w.put(Page(items=(item("2"),), rejected=(None,), resume="token-2"), pass_id=pass_id)  # type: ignore[arg-type]
        assert w.start().resume == "token-1"
        assert set(w.items()) == {"1"}
        assert w.query("SELECT seq FROM clock") == [(before[0][0] + 1,)], "only start_pass took a seq"


@pytest.mark.parametrize(
    ("change", "continues"),
    [
        ({}, True),
        ({"run_id": 99}, False),
        ({"run_id": 99, "resume_ttl": 3600.0, "at": NOON + HOUR}, True),
        ({"run_id": 99, "resume_ttl": 3600.0, "at": NOON + HOUR + 1}, False),
        ({"run_id": 99, "resume_ttl": 3600.0, "at": NOON - HOUR - 1}, False),
        ({"fingerprint": "f2"}, False),
    ],
    ids=["same run", "another run, no time to live", "young enough", "too old", "clock went back too far", "fields changed"],
)
def test_when_an_unfinished_pass_continues(store: Store, change: dict[str, object], continues: bool) -> None:
    with world(store) as w:
        pass_id = unfinished(w)
        position = w.start(**change)
        if continues:
            assert position[:4] == (pass_id, "token-1", NOON - 5, 1)
        else:
            assert position[:4] == (pass_id + 1, None, None, 0)
            assert w.query("SELECT count(*) FROM seen") == [(0,)], "what an abandoned pass listed proves nothing"


def test_a_restarted_pass_begins_anew(store: Store) -> None:
    with world(store) as w:
        pass_id = unfinished(w)
        w.writer.restart_pass("jira", "P1")
        assert w.start()[:4] == (pass_id + 1, None, None, 0)


def test_the_last_page_moves_the_cursor_to_the_start_of_the_pass(store: Store) -> None:
    with world(store) as w:
        pass_id = unfinished(w)
        w.put(Page(items=(item("2"),), end="complete"), pass_id=pass_id, at=NOON + HOUR, vendor_started_at=NOON + 77)
        [partition] = w.reader.partitions()
        assert (partition.cursor, partition.last_complete_at, partition.unfinished) == (NOON - 5, NOON + HOUR, False)
        assert w.start().resume is None


def test_the_cursor_never_goes_back(store: Store) -> None:
    with world(store) as w:
        for vendor_time in (NOON, NOON - HOUR, None):
            w.put(Page(end="complete"), vendor_started_at=vendor_time)
            assert w.reader.partitions()[0].cursor == NOON
        w.put(Page(end="complete"), vendor_started_at=NOON + 1)
        assert w.reader.partitions()[0].cursor == NOON + 1


def test_an_unchanged_pass_keeps_the_census_of_the_last_complete_one(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1"), item("2"))
        w.put(Page(end="unchanged"), at=NOON + HOUR)
        assert w.query("SELECT pass_id, ids FROM seen") == [(1, '["1","2"]')]
        assert w.reader.partitions()[0].last_complete_at == NOON + HOUR
        w.sync(item("1"))
        assert w.query("SELECT ids FROM seen") == [('["1"]',)], "the next complete pass replaces it"


def test_the_order_of_seq_is_the_order_of_commits(store: Store) -> None:
    with world(store) as w:
        for n in range(5):
            w.sync(item(str(n)))
        seqs = [seq for (seq,) in w.query("SELECT from_seq FROM item ORDER BY no")]
        assert seqs == sorted(set(seqs))


def test_a_partition_that_vanishes_keeps_its_place(store: Store) -> None:
    with world(store) as w:
        unfinished(w)
        w.writer.put_partitions("jira", [Partition("P2", "Other")])
        assert [(p.id, p.listed) for p in w.reader.partitions("jira")] == [("P1", False), ("P2", True)]
        assert w.start().resume == "token-1"


# ---- runs and sources ---------------------------------------------------------------------------------------------------


def test_a_run_tells_how_it_ended_and_how_old_the_data_is(store: Store) -> None:
    with world(store) as w:
        assert w.reader.sources()[0].last_result is None
        w.writer.end_run(w.run, "complete", finished_at=NOON + 5, counts={"new": 2})
        second = w.writer.start_run("jira", reason="schedule", mode="delta", started_at=NOON + HOUR)
        w.writer.end_run(second, "failed", finished_at=NOON + HOUR + 1, counts={}, error="The token expired.", hint="Renew it.")
        [source] = w.reader.sources()
        assert (source.complete_at, source.last_run, source.last_result) == (NOON + 5, second, "failed")
        assert [(r.id, r.result, r.error) for r in w.reader.runs()] == [
            (2, "failed", "The token expired."),
            (1, "complete", None),
        ]
        assert w.reader.runs(limit=1, source="jira")[0].id == second
        first = w.reader.run(w.run)
        assert first is not None
        assert first.counts == {"new": 2}


def test_a_run_whose_process_died_is_closed_by_the_next_one(store: Store) -> None:
    with world(store) as w:
        w.writer.start_run("jira", reason="schedule", mode="full", started_at=NOON + HOUR)
        assert [(r.id, r.result) for r in w.reader.runs()] == [(2, None), (1, "failed")]


def test_another_account_is_told_apart(store: Store) -> None:
    from connectors.base import Account

    with world(store) as w:
        assert w.writer.known("jira")[0] is None
        w.writer.put_source("jira", "jira", "https://jira.test", Account("a1", "Robot"))
        w.writer.put_source("jira", "jira", "https://jira.test", None)
        assert w.writer.known("jira")[0] == "a1"
