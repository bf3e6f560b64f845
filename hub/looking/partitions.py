"""Which projects are alive, by the ids and stamps of a census. Pure."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from connectors.base import Partition, Seen

DAY = 86_400_000
WINDOW = 90
"""Days before the newest change of all: where nothing changed in them, nobody works."""
NEWEST = 200
"""Items of a partition that may be sampled."""


@dataclass(slots=True)
class Census:
    """What the listing of one partition told. Instants are milliseconds."""

    partition: Partition
    stamps: array[int] = field(default_factory=lambda: array("q"))
    items: int = 0
    newest: list[tuple[int, str]] = field(default_factory=list)
    """The latest (stamp, id), a heap."""
    told: bool = True
    """False for a partition that could not be listed cheaply: nothing is known of its activity."""

    def add(self, rows: Iterable[Seen]) -> None:
        """Take rows of the listing in."""
        for row in rows:
            self.items += 1
            if row.stamp is None:
                continue
            at = int(row.stamp.timestamp() * 1000)
            self.stamps.append(at)
            keep = heapq.heappush if len(self.newest) < NEWEST else heapq.heappushpop
            keep(self.newest, (at, row.id))


@dataclass(frozen=True, slots=True)
class PartitionFigures:
    """A partition as it is proposed. ``recent`` of its ``items`` changed within the window; None where that is not known."""

    id: str
    key: str
    title: str
    state: str
    living: bool
    items: int | None = None
    recent: int | None = None
    newest: int | None = None
    sample: tuple[str, ...] = ()
    """Ids of its newest items"""


def newest_of(found: Iterable[Census]) -> int | None:
    """The newest change of all."""
    return max((max(each.stamps) for each in found if each.stamps), default=None)


def living(found: Iterable[Census], named: bool, room: int = 2_000) -> list[PartitionFigures]:
    """Figures of all partitions, the liveliest first. A partition lives when something in it was created or changed in the
    ``WINDOW`` before the newest change of all, when its activity cannot be known, or when somebody ``named`` it.

    ``room`` is how many items the samples may have together.
    """
    censuses = list(found)
    newest = newest_of(censuses)
    since = newest - WINDOW * DAY if newest is not None else 0
    rows = [(each, sum(at > since for at in each.stamps)) for each in censuses]
    alive = [(each, recent, each.partition.state == "live" and (named or _alive(each, recent))) for each, recent in rows]
    most = max(10, room // max(sum(lives for *_, lives in alive), 1))
    figures = [_figures(each, recent, lives, most) for each, recent, lives in alive]
    return sorted(figures, key=lambda f: (not f.living, f.state != "live", -(f.recent or 0), -(f.items or 0), f.key))


def _alive(each: Census, recent: int) -> bool:
    return recent > 0 or not each.told or (each.items > 0 and not each.stamps)


def _figures(each: Census, recent: int, lives: bool, most: int) -> PartitionFigures:
    of = each.partition
    known = each.told and of.state == "live"
    ids = tuple(id for _, id in sorted(each.newest, reverse=True)[:most]) if lives else ()
    return PartitionFigures(
        of.id, of.key or of.id, of.title, of.state, lives, each.items if known else None,
        recent if known and (each.stamps or not each.items) else None, max(each.stamps) if each.stamps else None, ids,
    )  # fmt: skip
