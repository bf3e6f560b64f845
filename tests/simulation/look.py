"""What the hub holds, read from its tables, and the vendor's versions in the same form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from tests.simulation.hubs import Database
from tests.simulation.vendor import TYPES, Vendor, Version

Ref = tuple[str, str]
GONE = ("trashed", "deleted", "out_of_scope", "merged")
AWAY = ("access_lost", "unobserved", "held")
COLUMNS = (
    "key, title, type, level, status_id, resolution, parent_ref, containers, labels, estimate, estimate_unit,"
    " created_at, updated_at, done_at"
)
LABELS_AT = 8


class Row(NamedTuple):
    presence: str
    partition: str
    updated: int
    content: tuple[Any, ...]


def content_of(v: Version, shape: int) -> tuple[Any, ...]:
    """A version as the hub's columns: what a row must be equal to."""
    labels = json.dumps(sorted(v.labels), separators=(",", ":")) if v.labels else None
    return (
        v.key, v.title, TYPES[v.level], v.level, v.status, v.resolution, v.parent, f'["{v.partition}"]', labels, v.estimate,
        "points" if shape > 1 else None, v.created, v.updated, v.done,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """The hub at one moment."""

    items: Mapping[Ref, Row]
    cursors: Mapping[tuple[str, str], int]
    fresh: Mapping[str, int]
    progress: Mapping[tuple[str, str], Fraction | None]
    frozen: frozenset[str]
    """Key results that are flagged as frozen."""
    holds: Mapping[int, tuple[str, str]]
    """Open holds: (source, kind) by id; those that are approved and wait for a run are left out."""
    waves: frozenset[tuple[str, str]]
    """Partitions, with their sources, of which a pass changed more than ten items and was not read to its end yet."""
    quarantined: Mapping[str, int]

    def alive(self, source: str, partition: str) -> int:
        return sum(1 for (s, _), r in self.items.items() if s == source and r.partition == partition and r.presence not in GONE)


def look(database: Database) -> Look:
    with database.store.read() as sql:
        items = {
            (r[0], r[1]): Row(r[2], r[3], r[4], tuple(r[5:]))
            for r in sql.rows(f"SELECT source, id, presence, partition_id, updated_at, {COLUMNS} FROM item")
        }
        cursors = {(r[0], r[1]): r[2] for r in sql.rows("SELECT source, id, cursor FROM partition WHERE cursor IS NOT NULL")}
        fresh = sql.pairs("SELECT source, max(finished_at) FROM run WHERE result = 'complete' GROUP BY source")
        nodes = sql.rows("SELECT kind, id, progress, details FROM snapshot WHERE to_seq IS NULL")
        holds = sql.rows("SELECT id, source, kind FROM hold WHERE decision IS NULL")
        waves = sql.rows("SELECT source, id FROM partition WHERE pass_open = 1 AND pass_kind <> 'recent' AND pass_changed > 10")
        quarantined = sql.pairs("SELECT source, count(*) FROM quarantine GROUP BY source")
    progress = {(r[0], r[1]): None if r[2] is None else Fraction(r[2]) for r in nodes}
    frozen = frozenset(r[1] for r in nodes if r[0] == "key_result" and r[3] and '"frozen"' in r[3])
    waiting = {r[0]: (r[1], r[2]) for r in holds}
    return Look(items, cursors, fresh, progress, frozen, waiting, frozenset((r[0], r[1]) for r in waves), quarantined)


RECORD = ("item", "item_version", "alias", "edge", "edge_version", "attachment", "link", "finding", "snapshot", "outbox", "hold",
          "quarantine", "dirty", "dimension", "inbox")  # fmt: skip


def record(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that a run which finds nothing new must leave alone."""
    return {table: sorted(database.rows(f"SELECT * FROM {table}"), key=repr) for table in RECORD}


def version_of(vendor: Vendor, id_: str, row: Row) -> Version | None:
    """The newest version that a stored row is equal to, in either shape; None is a phantom."""
    for version in reversed(vendor.items.get(id_, ())):
        if version.updated == row.updated and row.content in (content_of(version, 1), content_of(version, 2)):
            return version
    return None
