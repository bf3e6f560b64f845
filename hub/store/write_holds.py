"""Conclusions kept back until a person decides, and what was decided."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NamedTuple

import orjson

from hub.reconcile import canonical_json, clean
from hub.store.dialect import Sql
from hub.store.write_base import Tx

HoldKind = Literal["absence", "changed", "rejected", "unlisted", "values", "restated"]
"""absence: too many items gone at once; changed: nearly all changed at once; rejected: too much of a partition unreadable;
unlisted: a partition that the config no longer names, or that the account no longer sees; values: too many values gone at once;
restated: nearly all values of a partition other ones at once."""
Decision = Literal["approved", "applied", "withdrawn"]
"""approved: a person agreed, the next run applies it; applied; withdrawn: the reason went away by itself."""

OPEN = "(decision IS NULL OR decision = 'approved')"


class NewHold(NamedTuple):
    source: str
    partition_id: str | None
    kind: HoldKind
    ids: Collection[str]
    text: str
    run_id: int
    at: int


class Waiting(NamedTuple):
    """A hold that is not over. ``decision`` is None, or ``approved``."""

    id: int
    partition_id: str | None
    ids: frozenset[str]
    decision: str | None
    text: str


def put(tx: Tx, hold: NewHold) -> int:
    """Hold something, or bring the same hold up to date: one of a kind and partition waits at a time. Its id.

    An approval covers what was shown under its number. So a hold may become smaller under the same number; with more than before,
    or another wave of changes, it is a new question with a new number.
    """
    ids = sorted({clean(id_) for id_ in hold.ids})
    row = (canonical_json(ids), clean(hold.text), hold.run_id, tx.seq)
    for former in waiting(tx, hold.source, hold.kind, hold.partition_id):
        if former.decision is not None:
            continue
        if hold.kind == "rejected" or (hold.kind != "changed" and former.ids.issuperset(ids)):
            if (former.ids, former.text) != (frozenset(ids), row[1]):
                tx.run("UPDATE hold SET ids = ?, text = ?, run_id = ?, from_seq = ? WHERE id = ?", *row, former.id)
            return former.id
        decide(tx, former.id, "withdrawn", hold.at)
    id_ = int(tx.value("SELECT coalesce(max(id), 0) + 1 FROM hold"))
    tx.run(
        "INSERT INTO hold (id, source, partition_id, kind, ids, text, run_id, from_seq, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(id_, hold.source, hold.partition_id, hold.kind, *row, hold.at),
    )
    return id_


def waiting(sql: Sql, source: str, kind: HoldKind | None = None, partition_id: str | None = None) -> list[Waiting]:
    """The source's holds that are not over, oldest first; of a kind, of a partition, or all."""
    only = "".join(f" AND {name} = ?" for name, given in (("kind", kind), ("partition_id", partition_id)) if given is not None)
    rows = sql.rows(
        f"SELECT id, partition_id, ids, decision, text FROM hold WHERE source = ? AND {OPEN}{only} ORDER BY id",
        *(source, *(given for given in (kind, partition_id) if given is not None)),
    )
    return [Waiting(row[0], row[1], frozenset(orjson.loads(row[2])), row[3], row[4]) for row in rows]


def decide(tx: Tx, hold_id: int, decision: Decision, at: int, by: str | None = None) -> bool:
    """Set what became of a hold; whether it was still waiting for that."""
    changed = tx.run(
        f"UPDATE hold SET decision = ?, decided_at = ?, decided_by = coalesce(?, decided_by) WHERE id = ? AND {OPEN}",
        *(decision, at, by, hold_id),
    )
    return bool(changed)


def close(tx: Tx, source: str, kind: HoldKind, partition_id: str | None, decision: Decision, at: int) -> int:
    """End the holds of a kind and partition; how many there were."""
    those = waiting(tx, source, kind, partition_id)
    for each in those:
        decide(tx, each.id, decision, at)
    return len(those)


def approve(tx: Tx, hold_id: int, at: int, by: str | None) -> str | None:
    """See ``Writer.approve``. What is there already only has to be let through; what is to leave must be missing once more."""
    row = tx.row("SELECT kind, decision FROM hold WHERE id = ?", hold_id)
    if row is None or row[1] is not None:
        return None
    decision: Decision = "applied" if row[0] in ("changed", "rejected", "restated") else "approved"
    decide(tx, hold_id, decision, at, by)
    return decision
