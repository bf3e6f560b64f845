"""What waits for a person's word, with what it is about: the items, and the key results that stand still meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from hub.reconcile import value_named
from hub.report import words
from hub.store import Store, inbox
from hub.store.read import HoldRow, Reader

SHOWN = 5
"""Items of a hold that are named."""
WHAT = {
    "absence": "missing: listed nowhere any more, and not to be had by id",
    "changed": "changed all at once: stored, but not published",
    "rejected": "cannot be understood: the answers may have changed their shape",
    "unlisted": "in a project that the configuration no longer names, or that the account no longer sees",
    "values": "not listed any more; they stay in use",
    "restated": "other ones all at once: kept aside, the former ones stay in use",
}
THEN = {
    "absence": "The next run that finds them missing again takes them out of all numbers.",
    "changed": "The next calculation publishes what is stored.",
    "rejected": "The next calculation publishes what could be read.",
    "unlisted": "The next run takes them out of all numbers.",
    "values": "The next run that finds them missing again takes them out of all numbers.",
    "restated": "The next calculation uses the new ones.",
}
NOW = {
    "absence": "sync",
    "unlisted": "sync",
    "values": "sync",
    "changed": "evaluate",
    "rejected": "evaluate",
    "restated": "evaluate",
}


@dataclass(frozen=True, slots=True)
class Held:
    """One hold. ``items`` are how many it is about, ``examples`` some of them as (key, title); ``key_results`` stand still."""

    id: int
    source: str
    where: str
    kind: str
    text: str
    since_at: int
    approved: bool
    items: int
    examples: tuple[tuple[str, str], ...]
    key_results: tuple[str, ...]
    what: str
    then: str
    command: str
    """What applies an approval at once"""
    noun: str = "item"
    """What they are: items, or values, whose ``examples`` are (series, day and key)"""


def holds(store: Store, shown: int | None = SHOWN) -> list[Held]:
    """All that is not over, oldest first: what waits, and what is approved and waits for the run that applies it. So many items
    of each are named, all with ``shown`` None."""
    reader = Reader(store)
    said = {row.payload.get("hold") for row in inbox.waiting(store, "approve")}  # that nobody has taken up yet
    return [_held(reader, row, row.decision == "approved" or row.id in said, shown) for row in reader.holds()]


def _held(reader: Reader, row: HoldRow, approved: bool, shown: int | None) -> Held:
    ids = row.ids[:shown]
    items = sorted(reader.items(ids=[(row.source, id_) for id_ in ids]), key=lambda i: i.id) if ids else []
    values = [] if items else _values(row.kind, ids)
    command = "anchorline evaluate" if NOW[row.kind] == "evaluate" else f"anchorline sync {row.source}"
    return Held(
        row.id,
        row.source,
        row.where,
        row.kind,
        row.text,
        row.created_at,
        approved,
        len(row.ids),
        tuple(values or ((words.item_name(item), item.title) for item in items)),
        tuple(sorted({id_ for _, id_ in reader.held_key_results(row.source, row.partition_id, row.kind)})),
        WHAT[row.kind],
        THEN[row.kind],
        command,
        "value" if values else "item",
    )


def _values(kind: str, ids: tuple[str, ...]) -> list[tuple[str, str]]:
    """Values as (series, day and key), where that is what the ids name."""
    if kind not in ("values", "restated", "unlisted"):
        return []
    known = [value_named(id_.partition(" ")[2] if kind == "restated" else id_) for id_ in ids]  # before it stands what it became
    return sorted((series, f"{day} {key}".rstrip()) for series, day, key in known)
