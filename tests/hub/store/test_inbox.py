"""The inbox, who holds what, and when sources were read: on both databases."""

from __future__ import annotations

import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

from hub.store import Store, inbox
from hub.store.locks import holder
from hub.store.read import Reader, RunStart
from hub.store.write import Result, Writer

ME = f"process {os.getpid()} on {socket.gethostname()}"


# ---- requests ---------------------------------------------------------------------------------------------------------------


def test_a_request_waits_until_it_is_answered(store: Store) -> None:
    first = inbox.put(store, "sync", {"source": "jira", "mode": "full"}, "ann", 100)
    second = inbox.put(store, "approve", {"hold": 3}, None, 101)
    assert [(row.id, row.kind, row.payload, row.author, row.created_at) for row in inbox.waiting(store)] == [
        (first, "sync", {"source": "jira", "mode": "full"}, "ann", 100),
        (second, "approve", {"hold": 3}, None, 101),
    ]
    assert inbox.finish(store, first, {"run": 7}, 200)
    assert [row.id for row in inbox.waiting(store)] == [second]
    assert inbox.waiting(store, "sync") == []
    row = inbox.get(store, first)
    assert row is not None
    assert (row.done_at, row.result) == (200, {"run": 7})


def test_a_request_is_answered_once(store: Store) -> None:
    row_id = inbox.put(store, "sync", {}, None, 1)
    assert inbox.finish(store, row_id, {"run": 1}, 2)
    assert not inbox.finish(store, row_id, {"run": 2}, 3)
    row = inbox.get(store, row_id)
    assert row is not None
    assert row.result == {"run": 1}


def test_nobody_needs_to_own_anything_and_each_request_takes_a_seq(store: Store) -> None:
    """F28: a request is written beside a running daemon, whatever is locked."""
    before = Reader(store).seq()
    with store.own("daemon"), store.own("source:jira"):
        taken = Reader(store).seq()
        inbox.put(store, "sync", {}, None, 1)
        assert Reader(store).seq() == taken + 1 > before


def test_requests_of_many_at_once_all_arrive(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: inbox.put(store, "sync", {"n": n}, None, n), range(40)))
    assert sorted(ids) == list(range(1, 41))
    assert sorted(row.payload["n"] for row in inbox.waiting(store)) == list(range(40))


def test_what_people_write_is_stored_as_text_that_both_databases_take(store: Store) -> None:
    row_id = inbox.put(store, "sync", {"source": "a\0b\ud800"}, "o\0n" * 200, 1)
    row = inbox.get(store, row_id)
    assert row is not None
    assert "\0" not in str(row.author) + row.payload["source"]
    assert len(str(row.author)) == 200


# ---- who holds what ---------------------------------------------------------------------------------------------------------


def test_the_holder_is_known_while_it_holds(store: Store) -> None:
    assert holder(store, "daemon") is None
    with store.own("daemon"):
        assert holder(store, "daemon") == ME
        assert holder(store, "evaluation") is None
    assert holder(store, "daemon") is None


def test_asking_for_the_holder_takes_nothing_and_keeps_nobody_out(store: Store) -> None:
    epoch = store.own("daemon")
    epoch.release()
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            assert holder(store, "other") is None

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(20):
            store.own("daemon").release()
    finally:
        done.set()
        asking.join()
    assert Reader(store).epoch("daemon") == epoch.epoch + 20


def test_the_epoch_tells_who_took_over(store: Store) -> None:
    assert Reader(store).epoch("daemon") is None
    with store.own("daemon") as first:
        assert Reader(store).epoch("daemon") == first.epoch
    with store.own("daemon") as second:
        assert Reader(store).epoch("daemon") == second.epoch == first.epoch + 1


# ---- when sources were read -------------------------------------------------------------------------------------------------


def ran(store: Store, source: str, mode: str, at: int, result: Result | None = "complete") -> None:
    with store.own(f"source:{source}") as mine, Writer(store, mine) as writer:
        run_id = writer.start_run(source, reason="schedule", mode=mode, started_at=at)
        if result is not None:
            writer.end_run(run_id, result, finished_at=at + 5, counts={})


def test_the_beginnings_of_runs(store: Store) -> None:
    """F30: what was run is known from the database."""
    assert Reader(store).last_starts(10_000) == {}
    for mode, at in (("nightly", 100), ("full", 200), ("nightly", 300), ("delta", 400)):
        ran(store, "jira", mode, at)
    ran(store, "deals", "delta", 50, None)
    starts = Reader(store).last_starts(10_000)
    jira, deals = starts["jira"], starts["deals"]
    assert (jira.first, jira.nightly, jira.full) == (100, 300, 200)
    assert jira.latest == RunStart(4, "delta", "schedule", 400, 405, "complete")
    assert jira.judged == RunStart(3, "nightly", "schedule", 300, 305, "complete")
    assert (deals.nightly, deals.full, deals.judged) == (None, None, None)
    assert deals.latest == RunStart(5, "delta", "schedule", 50, None, None)


def test_beginnings_in_a_far_future_do_not_count(store: Store) -> None:
    """F30: they were written by a clock that was wrong; the newest run is still the one that was written last."""
    ran(store, "jira", "nightly", 100)
    ran(store, "jira", "nightly", 99_999)
    found = Reader(store).last_starts(10_000)["jira"]
    assert found.nightly == 100
    assert found.latest.started_at == 99_999
