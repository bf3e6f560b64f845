"""One owner per name, whose lock dies with its process and whose epoch outlives the lock."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.errors import Locked, LostOwnership
from hub.store import Store, open_store
from hub.store.locks import lock_path
from hub.store.write import Writer
from tests.hub.store.child import Child
from tests.hub.store.world import item, world

NAME = "source:jira"


def test_a_second_owner_is_refused_and_told_who_the_first_is(store: Store) -> None:
    with store.own(NAME), pytest.raises(Locked, match=f"process {os.getpid()} on {socket.gethostname()}") as refused:
        store.own(NAME)
    assert refused.value.code == 3
    assert refused.value.hint


def test_names_are_owned_apart(store: Store) -> None:
    with store.own(NAME) as first, store.own("evaluation") as second, store.own("../../odd name/ü") as third:
        assert (first.epoch, second.epoch, third.epoch) == (1, 1, 1)


def test_each_owner_has_a_greater_epoch(store: Store) -> None:
    for epoch in (1, 2, 3):
        with store.own(NAME) as mine:
            assert mine.epoch == epoch


def test_waiting_for_an_owner_that_ends(store: Store) -> None:
    first = store.own(NAME)
    timer = threading.Timer(0.1, first.release)
    timer.start()
    with store.own(NAME, wait=30) as second:
        assert second.epoch == 2
    timer.join()


def test_another_process_is_refused_while_this_one_owns(store: Store, database_url: str) -> None:
    """F28: the second is refused and told the process and host of the first."""
    with store.own(NAME), Child(database_url, NAME) as other:
        assert other.first == f"Locked: The source jira is being read by process {os.getpid()} on {socket.gethostname()}."


def test_kill_9_frees_the_lock_at_once(store: Store, database_url: str) -> None:
    """F28: the lock of a killed owner is free at once."""
    with Child(database_url, NAME) as other:
        assert other.first == "owned"
        with pytest.raises(Locked, match=f"process {other.pid} "):
            store.own(NAME)
        other.process.kill()
        other.process.wait()
        with store.own(NAME, wait=5) as mine:
            assert mine.epoch == 2


def test_an_owner_that_slept_through_its_replacement_cannot_write(sqlite_store: Store, sqlite_url: str) -> None:
    """F28: a stopped process keeps its flock, so its lock file is replaced under it."""
    assert sqlite_store.path is not None
    with Child(sqlite_url, NAME) as other:
        assert other.ask("write") == "written"
        os.kill(other.pid, signal.SIGSTOP)
        lock_path(sqlite_store.path, NAME).unlink()
        with world(sqlite_store) as w:
            w.sync(item("mine"))
            other.tell("write")
            os.kill(other.pid, signal.SIGCONT)
            assert other.read() == "LostOwnership"
            assert "child 1" not in w.items()


@pytest.mark.postgres
def test_an_owner_whose_connection_was_cut_cannot_write_once_it_is_replaced(postgres_store: Store, postgres_url: str) -> None:
    """F28: the server ended the connection that held the lock; the fence holds without it."""
    with Child(postgres_url, NAME) as other:
        assert other.ask("write") == "written"
        with postgres_store.read() as sql:
            sql.rows(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        with world(postgres_store) as w:
            w.sync(item("mine"))
            assert other.ask("write") == "LostOwnership"
            assert set(w.items()) == {"child 0", "mine"}


def test_after_losing_the_name_nothing_more_is_written(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1"))
        with store.read() as sql:
            before = sql.value("SELECT seq FROM clock")
        connection = store.writer_connection()
        with store.transaction(connection) as sql:
            sql.run("UPDATE owner SET epoch = epoch + 1")
        connection.close()
        with pytest.raises(LostOwnership, match=NAME):
            w.sync(item("2"))
        with pytest.raises(LostOwnership):
            w.settle()
        assert set(w.items()) == {"1"}
        assert w.query("SELECT seq FROM clock") == [(before,)]


@pytest.mark.postgres
def test_a_takeover_that_commits_while_a_write_waits_is_noticed(postgres_store: Store) -> None:
    """F28: the waiting write must look at the owner only after its turn has come."""
    waiting_now = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with world(postgres_store) as w, ThreadPoolExecutor(1) as pool:
        connection = postgres_store.writer_connection()
        with postgres_store.transaction(connection) as sql:
            sql.run("UPDATE clock SET seq = seq + 1")
            sql.run("UPDATE owner SET epoch = epoch + 1")
            writing = pool.submit(w.writer.put_partitions, "jira", [])
            while not writing.done() and w.query(waiting_now) == [(0,)]:
                time.sleep(0.01)
        connection.close()
        with pytest.raises(LostOwnership):
            writing.result(timeout=30)
        assert [p.listed for p in w.reader.partitions()] == [True]


def test_a_released_owner_may_be_followed_by_the_same_process(store: Store) -> None:
    first = store.own(NAME)
    first.release()
    first.release()
    with store.own(NAME) as second, pytest.raises(LostOwnership):
        assert second.epoch == first.epoch + 1
        Writer(store, first).put_partitions("jira", [])


def test_two_processes_writing_to_two_sources_lose_nothing(store: Store, database_url: str) -> None:
    with Child(database_url, NAME) as other, world(store, "asana") as w:
        for n in range(10):
            other.tell("write")
            w.sync(item(f"mine {n}"))
        assert [other.read() for _ in range(10)] == ["written"] * 10
        assert w.query("SELECT source, count(*) FROM item GROUP BY source ORDER BY source") == [("asana", 10), ("jira", 10)]
        seqs = [seq for (seq,) in w.query("SELECT from_seq FROM item ORDER BY no")]
        assert seqs == sorted(set(seqs))


def test_lock_files_and_database_are_for_their_owner_only(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store, world(store) as w:
        w.sync(item("1"))
        assert store.path is not None
        files = sorted(store.path.parent.iterdir())
        assert [file.name for file in files] == [
            "anchorline.db", "anchorline.db-shm", "anchorline.db-wal", "anchorline.db.source%3Ajira.lock",
        ]  # fmt: skip
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
