"""Builders: a world with one or more sources whose items are written the way a run writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from connectors.base import Dimension, Page, Partition, WorkItem
from hub.model import Attachment, Finding, Item, KeyResult, Mapping, NodeResult, Pattern, Place, Share, Unit
from hub.store import Store
from hub.store.dialect import in_texts
from hub.store.read import Reader
from hub.store.tables import METADATA
from hub.store.write import PageCounts, PassPosition, Result, Writer
from hub.store.write_pages import SUPERSEDE

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOON = 1_772_452_800_000
"""Monday, 2 March 2026, 12:00 UTC, in milliseconds: the runs' instant unless a test says otherwise."""
HOUR = 3_600_000
PAYMENTS = Partition("P1", "Payments", key="PAY", fingerprint="f1")


def item(id_: str, title: str = "Checkout", *, hour: float | None = None, **more: Any) -> WorkItem:
    """An item whose vendor stamp is Monday 9:00 plus ``hour``; without ``hour`` it has no stamp."""
    stamp = None if hour is None else MONDAY + timedelta(hours=hour)
    return WorkItem(id_, title, updated_at=stamp, **more)


class World:
    """One owner who writes into one source (``jira`` unless named) and reads what came of it."""

    def __init__(self, store: Store, writer: Writer, source: str) -> None:
        self.store = store
        self.writer = writer
        self.reader = Reader(store)
        self.source = source
        self.patterns: tuple[Pattern, ...] = ()
        self.run = writer.start_run(source, reason="test", mode="full", started_at=NOON)
        writer.put_partitions(source, [PAYMENTS])

    # ---- reading a vendor ----

    def start(self, **more: Any) -> PassPosition:
        given = {"run_id": self.run, "at": NOON, "resume_ttl": 0.0} | more
        return self.writer.start_pass(self.source, "P1", given.pop("fingerprint", "f1"), **given)

    def put(self, page: Page, *, at: int = NOON, pass_id: int | None = None, **more: Any) -> PageCounts:
        """A page of the pass under way (of a new one, where ``pass_id`` is not given)."""
        pass_id = self.start().pass_id if pass_id is None else pass_id
        return self.writer.put_page(self.source, "P1", pass_id, page, run_id=self.run, seen_at=at, **more)

    def sync(self, *items: WorkItem, at: int = NOON, **more: Any) -> PageCounts:
        """A complete pass of one page."""
        return self.put(Page(items=items, end="complete", **more), at=at)

    def end(self, result: Result) -> None:
        """End the run, and begin another."""
        self.writer.end_run(self.run, result, finished_at=NOON, counts={})
        self.run = self.writer.start_run(self.source, reason="test", mode="full", started_at=NOON)

    def leave(self, *ids: str, presence: str = "trashed") -> None:
        """What a run concludes of items that are gone."""
        d = self.store.dialect
        with self.writer._pen.begin() as tx:
            which = f"source = ? AND {in_texts(d, 'id')}"
            tx.run(SUPERSEDE + which, tx.seq, self.source, d.array(ids))
            tx.run(f"UPDATE item SET presence = ?, presence_at = ?, from_seq = ? WHERE {which}",
                   presence, NOON, tx.seq, self.source, d.array(ids))  # fmt: skip
            tx.mark_where(which, self.source, d.array(ids))

    def dimensions(self, *rows: Dimension) -> list[tuple[str, str]]:
        return self.writer.put_dimensions(self.source, rows)

    # ---- calculating ----

    def settle(self) -> list[Finding]:
        """The circles among this world's own items."""
        own = {each.no for each in self.items().values()}
        return [each for each in self.writer.settle_edges(self.patterns) if each.no in own]

    def assess(self, limit: int = 100) -> list[list[str]]:
        """Settle and hand out all dirty trees as an evaluation does; the ids in each chunk."""
        self.settle()
        chunks = []
        for read_seq, items in self.reader.dirty_trees(limit):
            chunks.append([each.id for each in items])
            self.attach(items, read_seq)
        return chunks

    def attach(self, items: Sequence[Item], read_seq: int) -> None:
        """Everything is linked to the key result ``sso``, half of it done."""
        self.writer.put_attachments(
            [each.no for each in items],
            [Attachment(each.no, "Q1", "linked", (Share("key_result", "sso", Fraction(1), 0),), 50, each.no) for each in items],
            [Unit(each.no, "Q1", "sso", Fraction(1), True, "done", each.level, None, None) for each in items],
            [],
            read_seq=read_seq,
        )

    def finish(self, *nodes: NodeResult, **more: Any) -> int | None:
        return self.writer.finish_evaluation(
            as_of=NOON, mapping_hash="m1", engine="1", run_id=self.run, nodes=nodes or [node(Fraction(7, 16))], **more
        )

    # ---- looking ----

    def items(self, as_of: int | None = None) -> dict[str, Item]:
        """This world's own items by id."""
        return {each.id: each for each in self.reader.items(as_of=as_of) if each.source == self.source}

    def item(self, id_: str) -> Item:
        return self.items()[id_]

    def dirty(self) -> set[str]:
        by_no = {each.no: each.id for each in self.items().values()}
        return {by_no[no] for (no,) in self.query("SELECT item_no FROM dirty") if no in by_no}

    def parents(self) -> dict[str, str]:
        """child id -> parent id"""
        by_no = {each.no: each for each in self.items().values()}
        return {each.id: by_no[each.parent].id for each in by_no.values() if each.parent is not None}

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.store.read() as reading:
            return [tuple(row) for row in reading.rows(sql, *parameters)]


@contextmanager
def world(store: Store, source: str = "jira") -> Iterator[World]:
    with store.own(f"source:{source}") as mine, Writer(store, mine) as writer:
        yield World(store, writer, source)


@contextmanager
def wiped(store: Store) -> Iterator[None]:
    """Everything that is stored within is forgotten afterwards: one database serves many short histories."""
    try:
        yield
    finally:
        connection = store.writer_connection()
        with store.transaction(connection) as sql:
            for table in METADATA.sorted_tables[::-1]:
                sql.run(f"DELETE FROM {table.name}")
            sql.run("INSERT INTO clock (id, seq, settled_seq) VALUES (1, 0, 0)")
        connection.close()


def node(progress: Fraction | None, id_: str = "sso", **details: Any) -> NodeResult:
    measured = progress is not None
    done = progress if progress is not None else Fraction(0)
    return NodeResult("key_result", "Q1", id_, progress, done, Fraction(measured), 1, int(measured), details)


def mapping(hash_: str = "m1") -> Mapping:
    place = Place("strategy.toml", 1)
    key_result = KeyResult("sso", "Single sign-on", "o1", "Q1", place)
    return Mapping(hash_, {"strategy.toml": f"# {hash_}\n"}, "Europe/Berlin", {}, {}, {}, {}, {}, {("Q1", "sso"): key_result}, ())


def ids(items: Iterable[Item]) -> set[str]:
    return {each.id for each in items}
