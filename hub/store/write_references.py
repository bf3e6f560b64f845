"""What declared patterns find in dirty items, and what becomes of it: who is called what, duplicates, ambiguous parents.

Two steps, since an item may be named by one of a later chunk. ``collect`` keeps ``reference`` and ``bearer`` up to what the items
say, and marks those that name something which is now somebody else's or nobody's. ``verdicts`` then looks up whom they mean.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson

from hub.model import LEFT
from hub.patterns import BEARS, Finder, Reference, Verdict, judge, names
from hub.store import read_items, read_links
from hub.store.dialect import in_numbers, in_texts
from hub.store.write_base import Tx

TABLES = ("reference", "bearer", "twin", "ambiguity")


def needed(tx: Tx, finder: Finder) -> bool:
    """Whether there is anything to do: a pattern, or rows of former ones."""
    if finder.kinds:
        return True
    some = tx.row("SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM {table})" for table in TABLES))
    return some is not None and any(some)


def all_dirty(tx: Tx) -> bool:
    """Whether every item that names another one is dirty, so that none needs to be found and marked."""
    waiting = "SELECT 1 FROM reference WHERE NOT EXISTS (SELECT 1 FROM dirty WHERE dirty.item_no = reference.item_no) LIMIT 1"
    return tx.value(waiting) is None


# ---- what items say -----------------------------------------------------------------------------------------------------


def collect(tx: Tx, nos: Collection[int], finder: Finder, start: int, alone: bool) -> None:
    """Replace the references and names of these items. Others that name what came or went are marked as of ``start``, unless
    all of them are dirty anyway (``alone``)."""
    items = read_items.by_numbers(tx, nos)
    references = {(item.no, r.pattern, r.folded): r for item in items for r in finder(item)}
    called = {
        (name, sort, item.no) for item in items if item.presence not in LEFT for sort, name in names(item) if sort in finder.kinds
    }
    _put_references(tx, nos, references)
    moved = _put_names(tx, nos, called)
    if moved and not alone:
        naming = f"SELECT item_no FROM reference WHERE relation <> 'relation' AND {in_texts(tx.dialect, 'folded')}"
        tx.mark({no for (no,) in tx.rows(naming, tx.dialect.array(moved))}, start)


def _put_references(tx: Tx, nos: Collection[int], now: Mapping[tuple[int, int, str], Reference]) -> None:
    wanted = {(*at, r.relation, r.kind, r.text) for at, r in now.items()}
    stored = {tuple(row) for row in tx.rows(
        f"SELECT item_no, pattern, folded, relation, kind, value FROM reference WHERE {in_numbers(tx.dialect, 'item_no')}",
        tx.dialect.array(nos),
    )}  # fmt: skip
    tx.many(
        "DELETE FROM reference WHERE item_no = ? AND pattern = ? AND folded = ?", [row[:3] for row in sorted(stored - wanted)]
    )
    tx.insert("reference", ("item_no", "pattern", "folded", "relation", "kind", "value"), sorted(wanted - stored))


def _put_names(tx: Tx, nos: Collection[int], now: set[tuple[str, str, int]]) -> set[str]:
    """The names that came or went."""
    stored: set[tuple[str, str, int]] = {(row[0], row[1], row[2]) for row in tx.rows(
        f"SELECT value, sort, item_no FROM bearer WHERE {in_numbers(tx.dialect, 'item_no')}", tx.dialect.array(nos)
    )}  # fmt: skip
    went, came = sorted(stored - now), sorted(now - stored)
    tx.many("DELETE FROM bearer WHERE value = ? AND sort = ? AND item_no = ?", went)
    tx.insert("bearer", ("value", "sort", "item_no"), came)
    return {name for name, _, _ in (*went, *came)}


# ---- whom they mean -----------------------------------------------------------------------------------------------------


def verdicts(tx: Tx, nos: Collection[int], orphans: Collection[int]) -> dict[int, Verdict]:
    """What the references of these items come to; ``orphans`` are those whose vendor names no parent."""
    d = tx.dialect
    found: dict[int, list[Reference]] = defaultdict(list)
    for no, *each in tx.rows(
        "SELECT item_no, pattern, relation, kind, value, folded FROM reference WHERE relation <> 'relation'"
        f" AND {in_numbers(d, 'item_no')} ORDER BY item_no, pattern, folded",
        d.array(nos),
    ):
        found[no].append(Reference._make(each))
    bearers: dict[tuple[str, str], set[int]] = defaultdict(set)
    wanted = {reference.folded for each in found.values() for reference in each}
    if wanted:
        for value, sort, no in tx.rows(f"SELECT value, sort, item_no FROM bearer WHERE {in_texts(d, 'value')}", d.array(wanted)):
            bearers[sort, value].add(no)

    def bear(reference: Reference) -> set[int]:
        return {no for sort in BEARS[reference.kind] for no in bearers.get((sort, reference.folded), ())}

    return {no: judge(no, references, bear, no in orphans) for no, references in found.items()}


def put_verdicts(tx: Tx, nos: Collection[int], found: Mapping[int, Verdict], start: int) -> None:
    """Keep duplicates and ambiguities of these items. Whoever leads through a changed duplicate is marked as of ``start``: its
    canonical item is another now, and in a circle, where each leads through all, it may have become a duplicate, or that one."""
    _put_ambiguities(tx, nos, {no: orjson.dumps(v.ambiguous).decode() for no, v in found.items() if v.ambiguous})
    now = {no: v.duplicate for no, v in found.items() if v.duplicate is not None}
    stored = tx.pairs(f"SELECT item_no, of_no FROM twin WHERE to_seq IS NULL AND {in_numbers(tx.dialect, 'item_no')}",
                      tx.dialect.array(nos))  # fmt: skip
    changed = [no for no in {*now, *stored} if now.get(no) != stored.get(no)]
    if changed:
        _replace(tx, "twin", "of_no", stored, now)
        tx.mark({*changed, *read_links.twins_behind(tx, changed)}, start)


def _put_ambiguities(tx: Tx, nos: Collection[int], now: Mapping[int, str]) -> None:
    stored = tx.pairs(f"SELECT item_no, texts FROM ambiguity WHERE to_seq IS NULL AND {in_numbers(tx.dialect, 'item_no')}",
                      tx.dialect.array(nos))  # fmt: skip
    _replace(tx, "ambiguity", "texts", stored, now)


def _replace(tx: Tx, table: str, column: str, stored: Mapping[int, Any], now: Mapping[int, Any]) -> None:
    """Supersede the rows in force that are others now, and write those."""
    closed: Iterable[int] = (no for no, value in stored.items() if now.get(no) != value)
    tx.update(table, ("to_seq",), ("item_no",), [(tx.seq, no) for no in closed], only="to_seq IS NULL")
    written = [(no, tx.seq, value) for no, value in now.items() if stored.get(no) != value]
    tx.insert(table, ("item_no", "from_seq", column), written)
