"""Items whose titles and addresses nobody may see: they are stored without, and forgotten where they were stored before.

``source.private`` stands for the private rules that everything stored of the source obeys. Pages that were read by other rules
say so there, and the next evaluation looks at all that the source has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from hub.model import Item
from hub.reconcile import COLUMNS, rehash
from hub.store import codec
from hub.store.dialect import Sql, in_numbers
from hub.store.write_base import Pen, Tx

CHUNK = 2_000
"""Rows per transaction."""

_TITLE, _URL = COLUMNS.index("title"), COLUMNS.index("url")
_READ = tuple(COLUMNS.index(name) if name in COLUMNS else None for name in codec.ITEM_COLUMNS)
_SHOWS = "(title <> '' OR url IS NOT NULL)"


class Privacy(NamedTuple):
    """The private rules: a text that stands for them (never ""), and whether one of them matches an item as it was read (its
    number, parent and former names are not known)."""

    rules: str
    matches: Callable[[Item], bool]


def item_of(source: str, row: Sequence[Any]) -> Item:
    """An item from its canonical columns alone."""
    columns = [None if at is None else row[at] for at in _READ]
    return codec.item(columns)._replace(no=0, source=source, presence="present")


def others(sql: Sql, privacy: Privacy | None) -> list[tuple[str, str]]:
    """(source, its mark) of sources of which something was stored under other rules."""
    rows = sql.rows("SELECT name, private FROM source WHERE private <> ? ORDER BY name", privacy.rules if privacy else "")
    return [(name, mark) for name, mark in rows]


def hide(pen: Pen, privacy: Privacy | None, sources: Iterable[tuple[str, str]]) -> int:
    """See ``Writer.hide_titles``; ``sources`` are those of ``others``."""
    rules = privacy.rules if privacy is not None else ""
    hidden = 0
    for source, mark in sources:
        if privacy is not None:
            hidden += _hide_items(pen, source, privacy) + _hide_versions(pen, source, privacy)
        with pen.begin() as tx:
            if privacy is not None and tx.run("UPDATE quarantine SET raw = '' WHERE source = ? AND raw <> ''", source):
                traces_left(tx)
            # a page that came meanwhile has set another mark
            tx.run("UPDATE source SET private = ? WHERE name = ? AND private = ?", rules, source, mark)
    return hidden


def _hide_items(pen: Pen, source: str, privacy: Privacy) -> int:
    hidden, after = 0, 0
    while True:
        with pen.begin() as tx:
            rows = tx.rows(
                f"SELECT no, {', '.join(COLUMNS)} FROM item WHERE no > ? AND source = ? AND {_SHOWS} ORDER BY no LIMIT ?",
                *(after, source, CHUNK),
            )
            if not rows:
                return hidden
            found = [(row[0], _without(row[1:])) for row in rows if privacy.matches(item_of(source, row[1:]))]
            tx.many(
                "UPDATE item SET title = '', url = NULL, content_hash = ? WHERE no = ?", [(rehash(row), no) for no, row in found]
            )
            nos = [no for no, _ in found]
            if nos:
                forget_past(tx, nos)
                traces_left(tx)
                tx.mark(nos)  # what a pattern found in the title is not in it any more
        hidden += len(nos)
        after = rows[-1][0]


def _hide_versions(pen: Pen, source: str, privacy: Privacy) -> int:
    """Rows of the past that a private rule matches though it does not match what became of the item."""
    hidden, after = 0, (0, 0)
    while True:
        with pen.begin() as tx:
            rows = tx.rows(
                f"SELECT no, from_seq, {', '.join(COLUMNS)} FROM item_version"
                f" WHERE (no > ? OR (no = ? AND from_seq > ?)) AND source = ? AND {_SHOWS} ORDER BY no, from_seq LIMIT ?",
                *(after[0], *after, source, CHUNK),
            )
            if not rows:
                return hidden
            found = [(row[0], row[1]) for row in rows if privacy.matches(item_of(source, row[2:]))]
            tx.many("UPDATE item_version SET title = '', url = NULL WHERE no = ? AND from_seq = ?", found)
            if found:
                nos = {no for no, _ in found}
                _forget_found(tx, nos)
                tx.mark(nos)
                traces_left(tx)
        hidden += len(found)
        after = (rows[-1][0], rows[-1][1])


def traces_left(tx: Tx) -> None:
    """Say that traces are left where rows were: ``Writer.clear_traces`` is to remove them."""
    tx.run("UPDATE clock SET erased = 1")


def _without(row: Sequence[Any]) -> list[Any]:
    kept = list(row)
    kept[_TITLE], kept[_URL] = "", None
    return kept


def forget_past(tx: Tx, nos: Collection[int]) -> None:
    """Take the titles and addresses away that private items had before."""
    if not nos:
        return
    d = tx.dialect
    tx.run(f"UPDATE item_version SET title = '', url = NULL WHERE {in_numbers(d, 'no')} AND {_SHOWS}", d.array(nos))
    tx.run(f"DELETE FROM alias WHERE kind = 'url' AND {in_numbers(d, 'item_no')}", d.array(nos))
    _forget_found(tx, nos)


def _forget_found(tx: Tx, nos: Collection[int]) -> None:
    """What patterns found in their titles: pieces of them."""
    for table in ("reference", "ambiguity"):
        tx.run(f"DELETE FROM {table} WHERE {in_numbers(tx.dialect, 'item_no')}", tx.dialect.array(nos))
