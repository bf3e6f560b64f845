"""The reading side of a run: partitions over threads, pages towards the one writer. Touches no database.

job.begin() in the writer's thread --> Work --> a thread: PageRead ... Listed ... or Failed --Funnel--> whoever iterates
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from connectors.base import Connector, Page, Partition, Seen, SourceError, checked
from hub.sync.funnel import Abandoned, Funnel
from hub.sync.pages import merged, read, read_census

CAPACITY = 8 * 2**20
"""Bytes of pages, as estimated, that wait for the writer."""
SEEN_SIZE = 250
ITEM_SIZE = 1_500
"""Bytes in memory of a listed id, and of an item without its texts; rough, and the same from run to run."""


class Work(NamedTuple):
    """What a thread reads: a pass, and a census after it."""

    partition: Partition
    since: datetime | None
    resume: str | None
    census: bool


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page of the pass. ``vendor_at`` is vendor time from before the pass's first request."""

    page: Page
    vendor_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A batch of the census; ``end`` with the last one."""

    rows: tuple[Seen, ...]
    end: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """The reading ended here, by a fault of the outside."""

    error: SourceError


Message = PageRead | Listed | Failed


class Job(Protocol):
    """A partition to be read. ``begin`` is called in the thread that iterates, when its turn comes."""

    def begin(self) -> Work: ...


J = TypeVar("J", bound=Job)


class _Over(NamedTuple, Generic[J]):
    job: J
    fault: BaseException | None


def messages(connector: Connector, jobs: deque[J], threads: int) -> Iterator[tuple[J, Message]]:
    """What reading the jobs brings, in order within each. ``jobs`` may be added to meanwhile. With one thread nothing is read
    ahead; else at most ``threads`` partitions at a time. Leaving the iteration early abandons the readers."""
    if threads <= 1:
        while jobs:
            job = jobs.popleft()
            for message in _work(connector, job.begin()):
                yield job, message
        return
    funnel: Funnel[tuple[J, Message] | _Over[J]] = Funnel(CAPACITY)
    active = 0
    try:
        while jobs or active:
            while jobs and active < threads:
                job = jobs.popleft()
                args = (connector, job, job.begin(), funnel)
                threading.Thread(target=_reader, args=args, name=f"read-{active}", daemon=True).start()
                active += 1
            got = funnel.get()
            if not isinstance(got, _Over):
                yield got
                continue
            active -= 1
            if got.fault is not None:
                raise got.fault
    finally:
        funnel.close()


def _reader(connector: Connector, job: J, work: Work, funnel: Funnel[tuple[J, Message] | _Over[J]]) -> None:
    fault: BaseException | None = None
    try:
        for message in _work(connector, work):
            funnel.put((job, message), _size(message))
    except Abandoned:
        return
    except BaseException as error:  # not the vendor's fault: it ends the run, in the thread that runs it
        fault = error
    try:
        funnel.put(_Over(job, fault), 0)
    except Abandoned:
        return


def _work(connector: Connector, work: Work) -> Iterator[Message]:
    try:
        before = connector.io.vendor_now()
        for page in merged(checked(read(connector.changes(work.partition, work.since, work.resume)))):
            yield PageRead(page, before or connector.io.vendor_now())
        if work.census:
            yield from _census(connector, work.partition)
    except SourceError as error:
        yield Failed(error)


def _census(connector: Connector, partition: Partition) -> Iterator[Message]:
    """Batches, the last one with ``end``; an empty census is one empty batch."""
    rows = read_census(connector, partition)
    batch = next(rows, ())
    while True:
        following = next(rows, ())
        yield Listed(batch, end=not following)
        if not following:
            return
        batch = following


def _size(message: Message) -> int:
    if isinstance(message, Listed):
        return SEEN_SIZE * len(message.rows)
    if isinstance(message, Failed):
        return 0
    page = message.page
    texts = sum(len(item.title) + sum(len(v) for v in item.fields.values() if isinstance(v, str)) for item in page.items)
    raw = sum(len(record.raw) for record in page.rejected)
    return ITEM_SIZE * len(page.items) + SEEN_SIZE * (len(page.values) + len(page.gone)) + texts + raw
