"""The only door for reading. Every call looks at one committed state; none of them makes a writer wait.

An iterator keeps its look open until it is exhausted or closed: read it to its end, or use ``contextlib.closing``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import orjson

from hub.model import Attachment, Baseline, Contribution, Dimensions, Finding, Item, Sums, Unit, Value, Window
from hub.store import codec, read_calculated, read_fed, read_items, read_links, read_measures
from hub.store.dialect import Row, in_numbers
from hub.store.engine import Store
from hub.store.presences import STAYED
from hub.store.read_values import (
    EvaluationRow,
    HoldRow,
    LinkRow,
    MappingRow,
    NoticeRow,
    PartitionRow,
    Provenance,
    QuarantineRow,
    Related,
    RunRow,
    RunStart,
    SnapshotRow,
    SourceRow,
    StartsRow,
)

__all__ = [
    "EvaluationRow", "HoldRow", "LinkRow", "MappingRow", "NoticeRow", "PartitionRow", "Provenance", "QuarantineRow", "Reader",
    "Related", "RunRow", "RunStart", "SnapshotRow", "SourceRow", "StartsRow",
]  # fmt: skip


INTERRUPTED = "interrupted"
"""The error of a run that was asked to end before it had."""
AS_OF = "from_seq <= ? AND (to_seq IS NULL OR to_seq > ?)"


class Reader:
    """Reads from any thread; each call takes a connection of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seq(self) -> int:
        """The seq of the latest write."""
        with self._store.read() as sql:
            return int(sql.value("SELECT seq FROM clock"))

    # ---- items ----

    def dirty_count(self) -> int:
        """Items that wait for an evaluation."""
        with self._store.read() as sql:
            return int(sql.value("SELECT count(*) FROM dirty"))

    def dirty_trees(self, limit: int) -> Iterator[tuple[int, list[Item]]]:
        """(seq, items) of whole trees, root to all descendants, that hold at least ``limit`` dirty items together.

        Offers what was dirty when ``Writer.settle_edges`` last began; each such item is in exactly one chunk. Hand the seq to
        ``Writer.put_attachments``. No look stays open between two chunks, so writing in between is fine. A chunk is as large
        as its trees: one tree of 100,000 items is one chunk.
        """
        return read_items.dirty_trees(self._store.read, limit)

    def items(
        self,
        *,
        nos: Collection[int] | None = None,
        ids: Collection[tuple[str, str]] | None = None,
        keys: Collection[str] | None = None,
        source: str | None = None,
        as_of: int | None = None,
    ) -> Iterator[Item]:
        """Items by number, by (source, id) or by exact key, or those of a source; all of them when none is given. Ordered by
        number.

        With ``as_of`` (a seq) the rows and parents that were in force then.
        """
        with self._store.read() as sql:
            yield from read_items.items(sql, nos=nos, ids=ids, keys=keys, as_of=as_of, source=source)

    def everything(self, limit: int = 2_000) -> Iterator[list[Item]]:
        """All items in chunks of whole trees, of about ``limit`` items or one tree, all as of one moment: what an assessment of
        everything needs, without all of it in memory."""
        with self._store.read() as sql:
            yield from read_items.everything(sql, limit)

    def related(self, no: int) -> list[Related]:
        """The items that patterns with ``as = "relation"`` tie this one to, in either direction; they change no number."""
        with self._store.read() as sql:
            found = read_links.relations(sql, no)
            items = {item.no: item for item in read_items.by_numbers(sql, [other for other, _, _ in found])}
        return [Related(items[other], text, names) for other, text, names in found]

    def tree_of(self, no: int, as_of: int | None = None) -> list[Item]:
        """The whole tree that the item belongs to, or belonged to as of a seq, ordered by number."""
        with self._store.read() as sql:
            return read_items.trees(sql, [no]) if as_of is None else read_items.tree_then(sql, no, as_of)

    def find_item(self, text: str, source: str | None = None) -> list[Item]:
        """Who a person means: by key in any case, else id, else former key or URL, else URL. Several bearers are possible."""
        with self._store.read() as sql:
            return read_items.find(sql, text, source)

    def provenance(self, nos: Collection[int]) -> dict[int, Provenance]:
        """Which run and partition brought the present rows of these items."""
        with self._store.read() as sql:
            which = in_numbers(sql.dialect, "no")
            rows = sql.rows(
                f"SELECT no, run_id, partition_id, from_seq, first_seen_at, shape FROM item WHERE {which}", sql.dialect.array(nos)
            )
        return {row[0]: Provenance(*row) for row in rows}

    def dimensions(self, as_of: int | None = None) -> Dimensions:
        """The vendors' lists (``sources`` is left empty), as of now or a seq."""
        where, given = ("to_seq IS NULL", ()) if as_of is None else (AS_OF, (as_of, as_of))
        with self._store.read() as sql:
            rows = sql.rows(f"SELECT source, kind, id, name, category, attributes FROM dimension WHERE {where}", *given)
        return codec.dimensions(rows)

    # ---- what was calculated ----

    def units(self, keys: Iterable[tuple[str, str]] | None = None) -> Iterator[Unit]:
        """The units of these (cycle, key result), or of all, key result by key result; never all in memory."""
        with self._store.read() as sql:
            yield from read_calculated.units(sql, keys)

    def unit_groups(self) -> Iterator[tuple[Unit, int]]:
        """All units, those alike as one with how many there are (its ``no`` is 0): what a roll-up adds up."""
        with self._store.read() as sql:
            yield from read_calculated.unit_groups(sql)

    def links(self, cycle: str, kind: str, target: str, *, after: int = 0, limit: int = 100) -> list[LinkRow]:
        """The items under one target, ordered by number: those with a number greater than ``after``, at most ``limit``."""
        with self._store.read() as sql:
            return read_calculated.links(sql, cycle, kind, target, after, limit)

    def attachments(self, nos: Collection[int], cycle: str | None = None) -> dict[int, list[Attachment]]:
        """Where these items belong, by cycle."""
        with self._store.read() as sql:
            found: dict[int, list[Attachment]] = {}
            for each in read_calculated.attachments(sql, nos, cycle):
                found.setdefault(each.no, []).append(each)
            return found

    def attached(
        self,
        cycle: str,
        outcomes: Collection[str],
        *,
        sources: Collection[str] | None = None,
        containers: Collection[str] | None = None,
    ) -> Iterator[tuple[Item, Attachment]]:
        """Items with one of these outcomes in the cycle, ordered by number; ``containers`` are ids of projects or boards."""
        with self._store.read() as sql:
            yield from read_calculated.attached(sql, cycle, outcomes, sources, containers)

    def outcome_counts(self, cycle: str) -> dict[str, int]:
        """Items by outcome."""
        with self._store.read() as sql:
            return sql.pairs("SELECT outcome, count(*) FROM attachment WHERE cycle = ? GROUP BY outcome", cycle)

    def findings(self, *, nos: Collection[int] | None = None, kinds: Collection[str] | None = None) -> Iterator[Finding]:
        """What people should know, in the order it was found; of these items, of these kinds, or all."""
        with self._store.read() as sql:
            yield from read_calculated.findings(sql, nos, kinds)

    def finding_counts(self) -> dict[str, int]:
        """How many items have a finding, by kind."""
        with self._store.read() as sql:
            return sql.pairs("SELECT kind, count(DISTINCT item_no) FROM finding WHERE item_no IS NOT NULL GROUP BY kind")

    def evaluation(self, seq: int | None = None) -> EvaluationRow | None:
        """The latest evaluation, or the latest one up to ``seq``; None before the first."""
        with self._store.read() as sql:
            return read_calculated.evaluation(sql, seq)

    def latest_snapshots(self, cycle: str | None = None) -> list[SnapshotRow]:
        """The result in force of every node, of one cycle or of all."""
        with self._store.read() as sql:
            only, given = _only("cycle", cycle)
            return read_calculated.snapshots(sql, f"to_seq IS NULL AND {only}", *given)

    def snapshot(self, cycle: str, kind: str, id_: str, as_of: int | None = None) -> SnapshotRow | None:
        """One node's result, in force now or as of a seq; None when there was none."""
        with self._store.read() as sql:
            return read_calculated.snapshot(sql, cycle, kind, id_, as_of)

    def frozen(self) -> dict[tuple[str, str], set[tuple[str, str]]]:
        """Key results, as (cycle, folded id), that some items keep from being calculated: why, and the "source/partition" of
        the items. ``access_lost``, ``unobserved``, ``held``: items are out of sight, or their absence waits for a person;
        ``changed``, ``rejected``: what a partition brought waits for one; ``changing``: much of it changes, and it was not read
        to its end."""
        with self._store.read() as sql:
            return read_calculated.frozen(sql)

    def frozen_measures(self) -> dict[int, set[tuple[str, str]]]:
        """The same for measures, by their index in the mapping that the contributions were made with."""
        with self._store.read() as sql:
            return read_calculated.frozen_measures(sql)

    def last_snapshot(self, cycle: str, kind: str, id_: str) -> SnapshotRow | None:
        """One node's latest result, also of a node that is no longer there."""
        with self._store.read() as sql:
            found = read_calculated.snapshots(sql, "cycle = ? AND kind = ? AND id = ?", cycle, kind, id_)
        return found[-1] if found else None

    def retargeted(self, as_of: int) -> dict[tuple[str, str], list[tuple[str | list[str], int]]]:
        """By key result, as (cycle, folded id), the targets that it had before, as they are stored, each with the instant (ms) of
        the evaluation as of which it had another one; the latest first. Up to the seq ``as_of``."""
        found: dict[tuple[str, str], list[tuple[str | list[str], int]]] = {}
        with self._store.read() as sql:
            for cycle, id_, former, _, at in read_calculated.retargeted(sql, as_of):
                found.setdefault((cycle, id_), []).append((former, at))
        return found

    def mapping(self, hash_: str) -> MappingRow | None:
        """The mapping files behind a hash."""
        with self._store.read() as sql:
            row = sql.row("SELECT hash, files, timezone, git_commit FROM mapping WHERE hash = ?", hash_)
        return None if row is None else MappingRow(row[0], orjson.loads(row[1]), row[2], row[3])

    # ---- what is measured ----

    def values(
        self, sources: Collection[str] | None = None, *, series: Collection[str] | None = None, as_of: int | None = None
    ) -> Iterator[Value]:
        """The values in force, or that were as of a seq, of these sources and series or of all; ordered by source, partition,
        series, day and key. What is pending, because a person has not looked yet, is not among them."""
        with self._store.read() as sql:
            yield from read_measures.values(sql, sources, series, as_of)

    def sources_with_values(self) -> list[str]:
        """Sources that have values and no items."""
        with self._store.read() as sql:
            return read_measures.sources(sql)

    def held_values(self) -> dict[tuple[str, str], set[tuple[str, str]]]:
        """Series, as (source, series), of which something waits for a person: why, in the words of ``frozen``, and
        "source/partition". ``held``: some are no longer listed; ``changed``: nearly all are restated, which is kept aside;
        ``unobserved``: the configuration no longer names their partition; ``rejected``: much there cannot be understood."""
        with self._store.read() as sql:
            return read_measures.held(sql)

    def sums(self, windows: Sequence[Window]) -> list[tuple[Sums, ...]]:
        """For each window the exact sums of the contributions in it, by currency, None first; () where there are none."""
        with self._store.read() as sql:
            return read_measures.sums(sql, windows)

    def distinct(self, windows: Sequence[Window]) -> list[int]:
        """For each window how many different texts its contributions have."""
        with self._store.read() as sql:
            return read_measures.distinct(sql, windows)

    def newest(self, windows: Sequence[Window]) -> list[tuple[Contribution, ...]]:
        """For each window the contributions of its newest day, at most 100, by item; where none has a day, those without."""
        with self._store.read() as sql:
            return read_measures.newest(sql, windows)

    def contributions(self, window: Window, limit: int | None = None) -> Iterator[Contribution]:
        """The contributions in a window, newest day first, at most so many."""
        with self._store.read() as sql:
            yield from read_measures.contributions(sql, window, limit)

    def baselines(self) -> list[Baseline]:
        """All frozen starts, by cycle, key result and age."""
        with self._store.read() as sql:
            return read_measures.baselines(sql)

    def fed(self, sources: Collection[str], measures: Collection[int]) -> tuple[set[tuple[str, str, str]], set[tuple[int, str]]]:
        """What items of these sources feed: (cycle, folded id of a key result, source) of attached work, and (measure, source) of
        those of ``measures`` to which they add."""
        with self._store.read() as sql:
            return read_fed.attached(sql, sources), read_fed.measured(sql, sources, measures)

    def series(self) -> list[tuple[str, str]]:
        """(source, series) of values in force."""
        with self._store.read() as sql:
            return read_fed.series(sql)

    def typed_series(self) -> list[tuple[str, str]]:
        """(source, series) of values in force that a person typed."""
        with self._store.read() as sql:
            return read_fed.typed(sql)

    # ---- sources and runs ----

    def sources(self) -> list[SourceRow]:
        """Every source that ever ran, by name, with the age of its data."""
        with self._store.read() as sql:
            rows = sql.rows(
                "SELECT source.name, kind, origin, account_id, account_name, timezone,"
                " (SELECT max(finished_at) FROM run WHERE run.source = source.name AND result = 'complete'),"
                " last.id, last.result, coalesce(last.finished_at, last.started_at),"
                " (SELECT count(*) FROM item WHERE item.source = source.name)"
                " FROM source LEFT JOIN run AS last ON last.id = (SELECT max(id) FROM run WHERE run.source = source.name)"
                " ORDER BY source.name"
            )
        return [SourceRow(*row) for row in rows]

    def partitions(self, source: str | None = None) -> list[PartitionRow]:
        """The partitions of a source, or of all."""
        only, given = _only("source", source)
        with self._store.read() as sql:
            rows = sql.rows(
                "SELECT source, id, key, title, state, listed, cursor, last_complete_at, pass_open FROM partition"
                f" WHERE {only} ORDER BY source, id",
                *given,
            )
        return [PartitionRow._make((*row[:5], bool(row[5]), row[6], row[7], bool(row[8]))) for row in rows]

    def stamps(self, source: str) -> dict[str, tuple[int | None, str]]:
        """(vendor's stamp, presence) of all items of a source by id: about 200 bytes each."""
        with self._store.read() as sql:
            found: dict[str, tuple[int | None, str]] = {}
            for batch in sql.stream("SELECT id, updated_at, presence FROM item WHERE source = ?", source):
                found.update((row[0], (row[1], row[2])) for row in batch)
        return found

    def held_key_results(self, source: str, partition: str | None, kind: str) -> set[tuple[str, str]]:
        """(cycle, folded id) of the key results that a hold of this kind keeps from being calculated."""
        with self._store.read() as sql:
            return read_calculated.held_key_results(sql, source, partition, kind)

    def unobserved(self) -> list[tuple[str, str, int]]:
        """(source, key or title, items) of partitions with items that are no longer configured, listed or live."""
        with self._store.read() as sql:
            rows = sql.rows(
                "SELECT item.source, coalesce(partition.key, partition.title), count(*) FROM item"
                " JOIN partition ON partition.source = item.source AND partition.id = item.partition_id"
                " WHERE (partition.listed = 0 OR partition.state <> 'live')"
                f" AND {STAYED} AND presence <> 'archived'"
                " GROUP BY item.source, partition.id, partition.key, partition.title ORDER BY 1, 2"
            )
        return [(row[0], row[1], row[2]) for row in rows]

    def runs(self, limit: int = 20, source: str | None = None) -> list[RunRow]:
        """The latest runs, newest first."""
        only, given = _only("source", source)
        with self._store.read() as sql:
            rows = sql.rows(f"SELECT {_RUN} FROM run WHERE {only} ORDER BY id DESC LIMIT ?", *given, limit)
        return [_run(row) for row in rows]

    def run(self, run_id: int) -> RunRow | None:
        with self._store.read() as sql:
            row = sql.row(f"SELECT {_RUN} FROM run WHERE id = ?", run_id)
        return None if row is None else _run(row)

    def last_starts(self, until: int) -> dict[str, StartsRow]:
        """When each source was read, by name; beginnings after ``until``, by a clock that was wrong, are left out of ``nightly``
        and ``full``."""
        with self._store.read() as sql:
            rows = sql.rows(
                "SELECT source, min(started_at), max(CASE WHEN mode IN ('nightly', 'full') AND started_at <= ? THEN started_at"
                " END), max(CASE WHEN mode = 'full' AND started_at <= ? THEN started_at END), max(id),"
                " max(CASE WHEN mode IN ('nightly', 'full') THEN id END) FROM run GROUP BY source",
                *(until, until),
            )
            ids = [id_ for row in rows for id_ in row[4:6] if id_ is not None]
            which = in_numbers(sql.dialect, "id")
            columns = "id, mode, reason, started_at, finished_at, result, error"
            found = sql.rows(f"SELECT {columns} FROM run WHERE {which}", sql.dialect.array(ids))
        runs = {row[0]: RunStart._make((*row[:6], row[6] == INTERRUPTED)) for row in found}
        return {row[0]: StartsRow(row[0], row[1], row[2], row[3], runs[row[4]], runs.get(row[5])) for row in rows}

    def epoch(self, name: str) -> int | None:
        """How often ``name`` was taken over; an owner with another epoch owns it no more. None when nobody ever owned it."""
        with self._store.read() as sql:
            found = sql.value("SELECT epoch FROM owner WHERE name = ?", name)
        return None if found is None else int(found)

    # ---- what waits for somebody ----

    def quarantine(self, source: str | None = None, limit: int = 1000) -> list[QuarantineRow]:
        """Records that could not be understood, the latest first."""
        only, given = _only("source", source)
        columns = "source, id, partition_id, reason, raw, first_seq, last_seq, tries"
        with self._store.read() as sql:
            rows = sql.rows(
                f"SELECT {columns} FROM quarantine WHERE {only} ORDER BY last_seq DESC, id IS NULL, id LIMIT ?", *given, limit
            )
        return [QuarantineRow(*row) for row in rows]

    def notices(self, source: str | None = None) -> list[NoticeRow]:
        only, given = _only("source", source)
        with self._store.read() as sql:
            rows = sql.rows(
                f"SELECT source, kind, ref, partition_id, text, times FROM notice WHERE {only} ORDER BY source, kind, ref", *given
            )
        return [NoticeRow(*row) for row in rows]

    def holds(self, source: str | None = None, *, open_only: bool = True) -> list[HoldRow]:
        """What is kept back; with ``open_only`` what waits for a person or, approved, for the run that applies it."""
        only, given = _only("hold.source", source)
        undecided = " AND (decision IS NULL OR decision = 'approved')" if open_only else ""
        with self._store.read() as sql:
            rows = sql.rows(
                "SELECT hold.id, hold.source, partition_id, kind, ids, text, created_at, decision,"
                " coalesce(partition.key, partition.title, partition_id, hold.source) FROM hold"
                " LEFT JOIN partition ON partition.source = hold.source AND partition.id = hold.partition_id"
                f" WHERE {only}{undecided} ORDER BY hold.id",
                *given,
            )
        return [HoldRow._make((*row[:4], codec.words(row[4]), *row[5:])) for row in rows]


_RUN = "id, source, reason, mode, started_at, finished_at, result, mapping_hash, counts, error, hint"


def _run(row: Row) -> RunRow:
    return RunRow._make((*row[:8], orjson.loads(row[8]) if row[8] is not None else {}, row[9], row[10]))


def _only(column: str, value: str | None) -> tuple[str, tuple[str, ...]]:
    return ("1 = 1", ()) if value is None else (f"{column} = ?", (value,))
