"""A disk that takes no more: nothing is half stored, people are told, and the next run goes on."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from hub.errors import StoreUnavailable
from hub.store import Store, open_store
from tests.hub.store.child import ROOT
from tests.hub.store.world import World, item, world

LARGE = "x" * 5_000


def raw(w: World) -> Any:
    connection = w.writer._pen._connection
    assert connection is not None
    return connection.connection.driver_connection


def test_a_full_disk_rolls_back_is_told_plainly_and_the_next_run_goes_on(sqlite_store: Store) -> None:
    """F25: SQLITE_FULL by ``max_page_count``."""
    with world(sqlite_store) as w:
        w.sync(item("1"))
        raw(w).execute("PRAGMA max_page_count = 1")  # SQLite takes the present size instead
        with pytest.raises(StoreUnavailable, match="disk is full: nothing of the last step was stored") as refused:
            w.sync(*(item(str(n), LARGE) for n in range(100)))
        assert "x" * 100 not in str(refused.value)
        assert refused.value.hint == "Make room and run it again."
        assert set(w.items()) == {"1"}, "reading goes on"
        assert w.query("PRAGMA integrity_check") == [("ok",)]
    sqlite_store._engine.dispose()  # the limit belonged to the connection
    with world(sqlite_store) as w:
        assert w.sync(item("1"), *(item(str(n), LARGE) for n in range(2, 100))).new == 98
        assert w.query("PRAGMA integrity_check") == [("ok",)]


def limited(url: str, room: int) -> None:
    """In a process of its own: write until the file may not grow any more."""
    path = Path(url.removeprefix("sqlite:///"))
    with open_store(url) as store, world(store) as w:
        w.sync(item("1"))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        largest = max(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + room, resource.RLIM_INFINITY))
        for n in range(2, 500):
            try:
                w.sync(item(str(n), LARGE))
            except StoreUnavailable as refused:
                print(f"{n}|{refused}|{refused.hint}", flush=True)
                break
        with sqlite3.connect(path) as looking:
            print(looking.execute("SELECT count(*) FROM item").fetchone()[0], flush=True)


@pytest.mark.parametrize("room", (0, 10_000, 50_000, 300_000))
def test_a_file_that_may_not_grow(sqlite_url: str, room: int) -> None:
    """F25: SQLITE_IOERR by ``RLIMIT_FSIZE``, in the WAL as well as at a checkpoint."""
    code = "import sys; from tests.hub.store.test_disk import limited; limited(sys.argv[1], int(sys.argv[2]))"
    done = subprocess.run([sys.executable, "-c", code, sqlite_url, str(room)], cwd=ROOT, text=True, capture_output=True,
                          check=True)  # fmt: skip
    first, count = done.stdout.splitlines()
    at, text, hint = first.split("|")
    assert text.startswith("The disk refused to write or read: nothing of the last step was stored.")
    assert hint == "Check disk and quota."
    with open_store(sqlite_url) as store, world(store) as w:
        assert w.query("PRAGMA integrity_check") == [("ok",)]
        assert len(w.items()) == int(at) - 1 == int(count), "what was told to be stored is, and nothing else"
        w.sync(item(at, LARGE))
        assert len(w.items()) == int(at)


def test_a_writer_waits_for_another_one_instead_of_failing(sqlite_store: Store) -> None:
    """F26: the busy timeout, also for a transaction that reads before it writes."""
    with world(sqlite_store) as w:
        w.sync(item("0"))
        assert sqlite_store.path is not None
        other = sqlite3.connect(sqlite_store.path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE clock SET seq = seq + 1")
        timer = threading.Timer(0.2, other.execute, ("COMMIT",))
        timer.start()
        w.sync(item("1"))
        timer.join()
        other.close()
        assert set(w.items()) == {"0", "1"}


def test_a_write_transaction_is_one_from_its_beginning(sqlite_store: Store) -> None:
    """F26: ``BEGIN IMMEDIATE``: what was read in it cannot have changed before it writes."""
    with world(sqlite_store) as w:
        assert sqlite_store.path is not None
        other = sqlite3.connect(sqlite_store.path, isolation_level=None, timeout=0)
        with w.writer._pen.begin() as tx:
            tx.rows("SELECT * FROM item")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.close()


def test_the_log_of_writes_is_cut_back(sqlite_store: Store) -> None:
    """F45: after many runs the WAL is no larger than its limit, and a long look only delays that."""
    assert sqlite_store.path is not None
    wal = Path(f"{sqlite_store.path}-wal")
    with world(sqlite_store) as w:
        w.sync(*(item(str(n)) for n in range(1000)))
        reading = w.reader.items()
        next(reading)
        for round_ in range(30):
            w.sync(*(item(str(n), f"{round_} {LARGE}") for n in range(100)))
        held = wal.stat().st_size
        assert held > 10_000_000, "a look that lasts keeps what it may still read"
        assert len(list(reading)) == 999
        for round_ in range(30):
            w.sync(*(item(str(n), f"{round_} again {LARGE}") for n in range(100)))
        assert wal.stat().st_size <= 67_108_864
        assert w.query("PRAGMA journal_size_limit") == [(67_108_864,)]
    sqlite_store._engine.dispose()
    assert not wal.exists() or wal.stat().st_size == 0, "the last one to close takes it along"


def test_nights_without_news_leave_the_database_as_large_as_it_was(sqlite_url: str) -> None:
    """F45: thirty runs over the same items take no more room than five."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    sizes = []
    for round_ in range(30):
        with open_store(sqlite_url) as store, world(store) as w:
            w.sync(*(item(str(n), hour=1) for n in range(500)))
            w.end("complete")
            w.assess()
        sizes.append(path.stat().st_size)
        assert round_ < 5 or sizes[-1] <= sizes[4] + 8 * 4096, "a run's own record is all that may be added"
