"""Threads that read, one thread that writes: nothing piles up, nothing is read for nobody, nothing is cut in the middle."""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from connectors.base import BadData, Page, Partition, WorkItem
from hub.store import Store
from hub.store.shield import later, shielded
from hub.sync import readers
from hub.sync.funnel import Abandoned, Funnel
from hub.sync.readers import Failed, Work, messages
from tests.hub.sync.tracker import Hub, Tracker, TrackerConnector

# ---- the funnel ----


def test_what_comes_from_one_reader_stays_in_order() -> None:
    funnel: Funnel[int] = Funnel(100)
    for n in range(5):
        funnel.put(n, 10)
    assert [funnel.get() for _ in range(5)] == [0, 1, 2, 3, 4] and funnel.held == 0


def test_a_reader_waits_while_the_funnel_is_full() -> None:
    funnel: Funnel[str] = Funnel(100)
    funnel.put("a", 60)
    passed = threading.Event()

    def bring() -> None:
        funnel.put("b", 60)
        passed.set()

    thread = threading.Thread(target=bring)
    thread.start()
    assert not passed.wait(0.2) and funnel.held == 60
    assert funnel.get() == "a"
    assert passed.wait(5) and funnel.get() == "b"
    thread.join()


def test_what_is_larger_than_the_funnel_passes_alone() -> None:
    funnel: Funnel[str] = Funnel(100)
    funnel.put("huge", 5_000)
    assert funnel.get() == "huge"


def test_closing_ends_who_waits_and_who_comes_later() -> None:
    funnel: Funnel[str] = Funnel(10)
    funnel.put("a", 10)
    ended = threading.Event()

    def bring() -> None:
        with pytest.raises(Abandoned):
            funnel.put("b", 10)
        ended.set()

    thread = threading.Thread(target=bring)
    thread.start()
    funnel.close()
    assert ended.wait(5)
    thread.join()
    with pytest.raises(Abandoned):
        funnel.put("c", 1)


# ---- the readers ----


@dataclass
class Job:
    partition: Partition
    begun: list[str]

    def begin(self) -> Work:
        self.begun.append(f"{self.partition.id} in {threading.current_thread().name}")
        return Work(self.partition, None, None, census=False)


def jobs(begun: list[str], *ids: str) -> deque[Job]:
    return deque(Job(Partition(id_, id_), begun) for id_ in ids)


def tracker(projects: int = 6, items: int = 9) -> Tracker:
    found = Tracker()
    for n in range(projects):
        found.put(f"P{n}", *(f"{n}-{i}" for i in range(items)))
    return found


def connector(of: Tracker) -> TrackerConnector:
    return TrackerConnector(None, of)  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [1, 3, 20])
def test_everything_is_read_once_whatever_the_number_of_threads(threads: int) -> None:
    begun: list[str] = []
    read = [
        item.id
        for _, message in messages(connector(tracker()), jobs(begun, *(f"P{n}" for n in range(6))), threads)
        for item in message.page.items
    ]
    assert sorted(read) == sorted(f"{n}-{i}" for n in range(6) for i in range(9))
    assert {each.split(" in ")[1] for each in begun} == {"MainThread"}, "only the writer's thread touches the database"


def test_a_fault_of_one_partition_is_its_own() -> None:
    """F31: the others are read to their end."""
    vendor = tracker()
    vendor.fails["P2"] = BadData("broken")
    found = list(messages(connector(vendor), jobs([], *(f"P{n}" for n in range(6))), 3))
    assert [job.partition.id for job, message in found if isinstance(message, Failed)] == ["P2"]
    assert len({job.partition.id for job, message in found if not isinstance(message, Failed)}) == 5


class Greedy(TrackerConnector):
    """Whose pages never end; counts what it made."""

    made = 0

    def changes(self, partition: Partition, since: datetime | None, resume: str | None) -> Iterator[Page]:
        while True:
            Greedy.made += 1
            yield Page(tuple(WorkItem(f"{Greedy.made}-{n}", "x" * 10_000) for n in range(1_000)), resume=f"{Greedy.made}")


def test_readers_are_held_back_by_bytes_and_end_when_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """F22: memory stays flat however fast the vendor is; a run that ends leaves no reader behind."""
    monkeypatch.setattr(readers, "CAPACITY", 30 * 2**20)
    Greedy.made = 0
    flow = messages(Greedy(None, tracker(1)), jobs([], "A", "B"), 2)  # type: ignore[arg-type]
    next(flow)
    threading.Event().wait(1.0)
    assert Greedy.made <= 6, "about 12 MB a page: two in the funnel, one at each reader's hand"
    flow.close()  # type: ignore[attr-defined]
    threading.Event().wait(0.5)
    made = Greedy.made
    threading.Event().wait(0.3)
    assert Greedy.made == made
    assert not [t for t in threading.enumerate() if t.name.startswith("read-")]


def test_a_fault_of_the_hub_itself_ends_the_run_in_its_own_thread(tmp_path: Path, sqlite_store: Store) -> None:
    hub = Hub(tmp_path / "hub", sqlite_store, tracker())

    def broken() -> None:
        raise MemoryError

    hub.tracker.during["P3:1"] = broken
    with pytest.raises(MemoryError):
        hub.sync(threads=4)
    (run,) = hub.reader.runs()
    assert run.result == "failed" and run.error == "interrupted"
    hub.tracker.during.clear()
    assert hub.sync(threads=4).result == "complete" and len(hub.here()) == 54


# ---- signals ----


def test_a_signal_waits_for_the_end_of_a_transaction() -> None:
    heard: list[str] = []

    def stop(number: int, _frame: object) -> None:
        if not later(KeyboardInterrupt()):
            raise KeyboardInterrupt

    former = signal.signal(signal.SIGUSR1, stop)
    try:
        with pytest.raises(KeyboardInterrupt), shielded():
            signal.raise_signal(signal.SIGUSR1)
            with shielded():
                heard.append("still inside")
            heard.append("to the end")
        assert heard == ["still inside", "to the end"]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, former)
