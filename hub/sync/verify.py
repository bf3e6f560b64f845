"""What the vendor lists now, beside what is stored. Reads ids and stamps; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import connectors
from connectors.base import Connector, MetricValue, Partition, Seen, SourceError, SourceSettings, checked
from hub.config import Config
from hub.model import PRESENT, Mapping, Value
from hub.reconcile import Unstorable, ValueRow, millis, value_row
from hub.store import Store
from hub.store.read import Reader
from hub.sync.pages import edge, read, read_census
from hub.sync.queries import source_settings

SHOWN = 20
"""Ids of a kind that are kept as examples."""

Opener = Callable[[SourceSettings], Connector]


@dataclass(frozen=True, slots=True)
class Checked:
    """One partition: how many ids the vendor lists, and which of them, or of ours, do not fit. ``missing`` are listed and not
    stored as present, ``newer`` listed with a stamp newer than the stored one; ``error`` is why it could not be listed."""

    partition: str
    name: str
    listed: int
    missing: int = 0
    newer: int = 0
    examples: tuple[str, ...] = ()
    error: str | None = None
    restated: int = 0
    """Of a partition of values: listed as other ones than are in force; ``left`` are in force and not listed any more"""
    left: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    """``left``: items that are stored as present and that no partition lists; only said when all could be listed."""

    source: str
    partitions: tuple[Checked, ...]
    left: int | None
    left_examples: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return not self.left and all(not (p.missing or p.newer or p.restated or p.left or p.error) for p in self.partitions)


def verify_source(
    config: Config, store: Store, name: str, *, opener: Opener | None = None, mapping: Mapping | None = None, at: int = 0
) -> Verified:
    """Compare one source; ``mapping`` and the instant ``at`` say what queries there are. Raises ``UsageError`` for a
    missing secret, ``SourceError`` when nothing could be asked."""
    settings, limits = source_settings(config, mapping, name, at), config.limits(name)
    stored = Reader(store).stamps(name)
    here = {id_ for id_, (_, presence) in stored.items() if presence == PRESENT}
    listed: set[str] = set()
    found: list[Checked] = []
    with opener(settings) if opener else connectors.open(settings, limits) as connector:
        with edge("who it is"):
            connector.check()
        with edge("the list of projects"):
            partitions = connector.partitions()
        for partition in partitions:
            if partition.state == "live" and partition.yields == "values":
                found.append(_values(connector, partition, Reader(store).values([name])))
            elif partition.state == "live":
                found.append(_partition(connector, partition, stored, listed))
            elif partition.state == "unseen":
                found.append(Checked(partition.id, partition.key or partition.id, 0, error="the account does not see it"))
    whole = all(each.error is None for each in found)
    left = sorted(here - listed) if whole else []
    return Verified(name, tuple(found), len(left) if whole else None, tuple(left[:SHOWN]))


def _partition(
    connector: Connector, partition: Partition, stored: dict[str, tuple[int | None, str]], listed: set[str]
) -> Checked:
    name = partition.key or partition.title
    ids = missing = newer = 0
    examples: list[str] = []
    try:
        for row in _rows(connector, partition):
            ids += 1
            listed.add(row.id)
            stamp, presence = stored.get(row.id, (None, ""))
            absent = presence != PRESENT
            late = not absent and row.stamp is not None and stamp is not None and millis(row.stamp) > stamp
            missing += absent
            newer += late
            if (absent or late) and len(examples) < SHOWN:
                examples.append(row.id)
    except SourceError as error:
        return Checked(partition.id, name, ids, error=str(error))
    return Checked(partition.id, name, ids, missing, newer, tuple(examples))


def _values(connector: Connector, partition: Partition, stored: Iterable[Value]) -> Checked:
    """Values have no ids and no stamps: all that is said of each is compared."""
    name = partition.key or partition.title
    in_force = {row[:3]: row.said for row in (_row(value) for value in stored if value.partition == partition.id)}
    left, missing, restated = dict(in_force), [], []
    listed: set[tuple[str, ...]] = set()
    try:
        for page in checked(read(connector.changes(partition, None, None))):
            for given in page.values:
                row = value_row(given)
                listed.add(row[:3])
                left.pop(row[:3], None)
                if row[:3] not in in_force:
                    missing.append(row)
                elif row.said != in_force[row[:3]]:
                    restated.append(row)
            if page.end == "unchanged":  # by its own word it holds what it held
                left.clear()
                listed.update(in_force)
    except (SourceError, Unstorable) as error:
        return Checked(partition.id, name, len(listed), error=str(error))
    odd = [*missing, *restated, *left]
    examples = tuple(" ".join(filter(None, row[:3])) for row in odd[:SHOWN])
    return Checked(partition.id, name, len(listed), len(missing), 0, examples, None, len(restated), len(left))


def _row(value: Value) -> ValueRow:
    said = MetricValue(value.series, value.on, value.value, value.unit, value.key, value.fields, value.by, value.note)
    return value_row(said)


def _rows(connector: Connector, partition: Partition) -> Iterator[Seen]:
    if partition.reads == "whole":
        for page in checked(read(connector.changes(partition, None, None))):
            yield from (Seen(item.id, item.updated_at) for item in page.items)
        return
    for batch in read_census(connector, partition):
        yield from batch
