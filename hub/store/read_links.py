"""Reading what stands between items: former names, duplicates, ambiguous parents, relations."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import orjson

from hub.patterns import BEARS, canonical, circles
from hub.store.codec import Beside
from hub.store.dialect import Sql, in_numbers

Names = tuple[str, ...]


def beside(sql: Sql, nos: Collection[int], as_of: int | None, aliases: bool, twins: bool, ambiguities: bool) -> dict[int, Beside]:
    """What stands beside the rows of these items, of those where there is something; the flags say which tables have rows."""
    keys, urls = former_names(sql, nos, as_of) if aliases else ({}, {})
    duplicates = duplicates_of(sql, nos, as_of) if twins else {}
    torn = _ambiguous(sql, nos, as_of) if ambiguities else {}
    return {
        no: Beside(keys.get(no, ()), duplicates.get(no), torn.get(no, ()), urls.get(no, ()))
        for no in {*keys, *urls, *duplicates, *torn}
    }


def former_names(sql: Sql, nos: Collection[int], as_of: int | None = None) -> tuple[dict[int, Names], dict[int, Names]]:
    """(former keys, former addresses) by item, each in the order in which they were given up."""
    known, given = ("", ()) if as_of is None else (" AND from_seq <= ?", (as_of,))
    keys: dict[int, Names] = {}
    urls: dict[int, Names] = {}
    for no, kind, value in sql.rows(
        f"SELECT item_no, kind, value FROM alias WHERE {in_numbers(sql.dialect, 'item_no')}{known}"
        " ORDER BY item_no, from_seq, value",
        *(sql.dialect.array(nos), *given),
    ):
        former = keys if kind == "key" else urls
        former[no] = (*former.get(no, ()), value)
    return keys, urls


def _in_force(as_of: int | None) -> tuple[str, tuple[int, ...]]:
    return ("to_seq IS NULL", ()) if as_of is None else ("from_seq <= ? AND (to_seq IS NULL OR to_seq > ?)", (as_of, as_of))


# ---- duplicates ---------------------------------------------------------------------------------------------------------


def twin_steps(sql: Sql, nos: Iterable[int], as_of: int | None = None) -> dict[int, int]:
    """The steps of the chains of duplicates from these items to their ends."""
    when, given = _in_force(as_of)
    which = in_numbers(sql.dialect, "item_no")
    steps: dict[int, int] = {}
    ask, asked = set(nos), set()
    while ask:
        found: dict[int, int] = sql.pairs(
            f"SELECT item_no, of_no FROM twin WHERE {when} AND {which}", *given, sql.dialect.array(ask)
        )
        steps |= found
        asked |= ask
        ask = set(found.values()) - asked
    return steps


def twins_behind(sql: Sql, nos: Iterable[int]) -> set[int]:
    """All items whose chain of duplicates leads through one of these."""
    found: set[int] = set()
    ask = set(nos)
    which = in_numbers(sql.dialect, "of_no")
    while ask:
        rows = sql.rows(f"SELECT item_no FROM twin WHERE to_seq IS NULL AND {which}", sql.dialect.array(ask))
        ask = {no for (no,) in rows} - found
        found |= ask
    return found


def duplicates_of(sql: Sql, nos: Collection[int], as_of: int | None = None) -> dict[int, int]:
    """The canonical item of each of these that is a duplicate."""
    steps = twin_steps(sql, nos, as_of)
    if not steps:
        return {}
    members = [no for circle in circles(steps) for no in circle]
    stands_for = canonical(steps, names_of(sql, members))
    return {no: stands_for[no] for no in nos if no in stands_for}


def names_of(sql: Sql, nos: Collection[int]) -> dict[int, tuple[str, str]]:
    """(source, id) by number."""
    if not nos:
        return {}
    rows = sql.rows(f"SELECT no, source, id FROM item WHERE {in_numbers(sql.dialect, 'no')}", sql.dialect.array(nos))
    return {no: (source, id_) for no, source, id_ in rows}


def _ambiguous(sql: Sql, nos: Collection[int], as_of: int | None) -> dict[int, Names]:
    when, given = _in_force(as_of)
    rows = sql.rows(
        f"SELECT item_no, texts FROM ambiguity WHERE {when} AND {in_numbers(sql.dialect, 'item_no')}",
        *(*given, sql.dialect.array(nos)),
    )
    return {no: tuple(orjson.loads(texts)) for no, texts in rows}


# ---- relations ----------------------------------------------------------------------------------------------------------


def relations(sql: Sql, no: int) -> list[tuple[int, str, bool]]:
    """(the other item, the text, whether this item is the one that names it) of every relation of an item."""
    met = (
        "SELECT reference.item_no, bearer.item_no, reference.value, reference.kind, bearer.sort FROM reference"
        " JOIN bearer ON bearer.value = reference.folded WHERE reference.relation = 'relation'"
        " AND reference.item_no <> bearer.item_no"
    )
    found: dict[tuple[int, bool], Any] = {}
    for column, names in (("reference.item_no", True), ("bearer.item_no", False)):
        rows = sql.rows(f"{met} AND {column} = ? ORDER BY reference.pattern, reference.folded", no)
        for namer, named, text, kind, sort in rows:
            if sort in BEARS[kind]:
                found.setdefault((named if names else namer, names), text)
    return [(other, text, names) for (other, names), text in found.items()]
