"""Reading items: by number, id or key, as of now or as of a seq; whole trees; what a person typed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from hub.model import Item, fold
from hub.reconcile import clean
from hub.store import codec, read_links
from hub.store.dialect import Dialect, Row, Sql, in_numbers, in_texts

BATCH = 500

COLUMNS = ", ".join(f"edge.{name}" if name in codec.OF_EDGE else f"item.{name}" for name in codec.ITEM_COLUMNS)
NOW = f"SELECT {COLUMNS} FROM item LEFT JOIN edge ON edge.child_no = item.no WHERE "

THEN = f"""
    SELECT {COLUMNS} FROM ({{items}}) AS item LEFT JOIN (
        SELECT child_no, parent_no, by FROM edge WHERE from_seq <= ?
        UNION ALL SELECT child_no, parent_no, by FROM edge_version WHERE from_seq <= ? AND to_seq > ?
    ) AS edge ON edge.child_no = item.no WHERE """
_STORED = ", ".join(name for name in codec.ITEM_COLUMNS if name not in codec.OF_EDGE)
ITEMS_THEN = f"""SELECT {_STORED} FROM item WHERE from_seq <= ?
    UNION ALL SELECT {_STORED} FROM item_version WHERE from_seq <= ? AND to_seq > ?"""


def items(
    sql: Sql,
    *,
    nos: Collection[int] | None,
    ids: Collection[tuple[str, str]] | None,
    keys: Collection[str] | None,
    as_of: int | None,
    source: str | None = None,
) -> Iterator[Item]:
    """See ``Reader.items``."""
    if nos is not None:
        selections: list[tuple[str, tuple[Any, ...]]] = [(in_numbers(sql.dialect, "item.no"), (sql.dialect.array(nos),))]
    elif ids is not None:
        selections = list(_by_source(sql.dialect, ids))
    elif keys is not None:
        selections = [(in_texts(sql.dialect, "item.key"), (sql.dialect.array(keys),))]
    elif source is not None:
        selections = [("item.source = ?", (source,))]
    else:
        selections = [("1 = 1", ())]
    for condition, parameters in selections:
        statement, before = (NOW, ()) if as_of is None else (THEN.format(items=ITEMS_THEN), (as_of,) * 6)
        for batch in sql.stream(f"{statement}{condition} ORDER BY item.no", *before, *parameters, size=BATCH):
            yield from decode(sql, batch, as_of)


def _by_source(dialect: Dialect, ids: Iterable[tuple[str, str]]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    grouped: dict[str, list[str]] = {}
    for source, id_ in ids:
        grouped.setdefault(source, []).append(id_)
    for source, each in grouped.items():
        yield f"item.source = ? AND {in_texts(dialect, 'item.id')}", (source, dialect.array(each))


def by_numbers(sql: Sql, nos: Collection[int]) -> list[Item]:
    """The present items of these numbers, in their order by number."""
    rows = sql.rows(f"{NOW}{in_numbers(sql.dialect, 'item.no')} ORDER BY item.no", sql.dialect.array(nos))
    return decode(sql, rows)


def decode(sql: Sql, rows: Sequence[Row], as_of: int | None = None) -> list[Item]:
    """Rows of ``COLUMNS`` as items, with their former names, what they are duplicates of and what is ambiguous about them."""
    some = sql.row("SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM {table})" for table in ("alias", "twin", "ambiguity")))
    if some is None or not any(some):  # as in every first sync
        return [codec.item(row) for row in rows]
    beside = read_links.beside(sql, [row[0] for row in rows], as_of, *some)
    return [codec.item(row, beside[row[0]]) if row[0] in beside else codec.item(row) for row in rows]


def _members(dialect: Dialect) -> str:
    """A subquery: the numbers of all members of the whole trees that some items belong to; one array parameter."""
    # a starting point seeds its own way down as well, so that nobody is lost even if edges had a circle
    return (
        f"WITH RECURSIVE up(no) AS (SELECT value FROM ({dialect.numbers}) AS given UNION"
        " SELECT edge.parent_no FROM up JOIN edge ON edge.child_no = up.no),"
        " down(no) AS (SELECT no FROM up UNION SELECT edge.child_no FROM down JOIN edge ON edge.parent_no = down.no)"
        " SELECT no FROM down"
    )


def trees(sql: Sql, nos: Collection[int]) -> list[Item]:
    """The whole trees that these items belong to, up to the roots, then down to every descendant; in their order by number."""
    d = sql.dialect
    return decode(sql, sql.rows(f"{NOW}item.no IN ({_members(d)}) ORDER BY item.no", d.array(nos)))


def tree_then(sql: Sql, no: int, as_of: int) -> list[Item]:
    """The whole tree that an item belonged to as of a seq, ordered by number."""
    rows = sql.rows(
        "WITH RECURSIVE then_edge(child_no, parent_no) AS (SELECT child_no, parent_no FROM edge WHERE from_seq <= ?"
        " UNION ALL SELECT child_no, parent_no FROM edge_version WHERE from_seq <= ? AND to_seq > ?),"
        " up(no) AS (SELECT CAST(? AS BIGINT) UNION SELECT then_edge.parent_no FROM up"
        " JOIN then_edge ON then_edge.child_no = up.no),"
        " down(no) AS (SELECT no FROM up UNION SELECT then_edge.child_no FROM down"
        " JOIN then_edge ON then_edge.parent_no = down.no) SELECT no FROM down",
        *(as_of, as_of, as_of, no),
    )
    return list(items(sql, nos=[row[0] for row in rows], ids=None, keys=None, as_of=as_of))


def everything(sql: Sql, limit: int) -> Iterator[list[Item]]:
    """See ``Reader.everything``."""
    after = 0
    ahead: set[int] = set()
    while True:
        rows = sql.rows("SELECT no FROM item WHERE no > ? ORDER BY no LIMIT ?", after, limit)
        if not rows:
            return
        after = rows[-1][0]
        found = trees(sql, [no for (no,) in rows if no not in ahead])
        ahead = {no for no in ahead if no > after}
        ahead.update(item.no for item in found if item.no > after)
        if found:
            yield found


def dirty_trees(read: Callable[[], AbstractContextManager[Sql]], limit: int) -> Iterator[tuple[int, list[Item]]]:
    """See ``Reader.dirty_trees``. ``read`` opens one consistent look at a time, so that no look lasts long."""
    with read() as sql:
        settled = int(sql.value("SELECT settled_seq FROM clock"))
    after = 0
    size = min(limit, FIRST_LOOK)
    ahead: set[int] = set()  # members of trees that were given out already and that the cursor will still meet
    while True:
        with read() as sql:
            picked, after = _pick(sql, after, settled, size, ahead)
            found = trees(sql, picked) if picked else []
        ahead = {no for no in ahead if no > after}
        if not picked:
            return
        ahead.update(item.no for item in found if item.no > after)
        size = _next_look(size, len(found), limit)
        yield settled, found


FIRST_LOOK, LEAST_LOOK = 250, 50
WIDE = 4
"""So many times the limit may the members of trees be that are in memory at once, about."""


def _next_look(size: int, members: int, limit: int) -> int:
    """How many dirty items to take up next: changes all over bring a whole tree each, neighbours share theirs."""
    if members > WIDE * limit:
        return max(size // 2, min(limit, LEAST_LOOK))
    return min(size * 2, limit) if 2 * members <= WIDE * limit else size


def _pick(sql: Sql, after: int, settled: int, limit: int, ahead: Collection[int]) -> tuple[list[int], int]:
    picked: list[int] = []
    while len(picked) < limit:
        rows = sql.rows(
            "SELECT item_no FROM dirty WHERE item_no > ? AND from_seq <= ? ORDER BY item_no LIMIT ?", after, settled, limit
        )
        if not rows:
            break
        for (no,) in rows:
            after = no
            if no not in ahead:
                picked.append(no)
            if len(picked) == limit:
                break
    return picked, after


def find(sql: Sql, text: str, source: str | None) -> list[Item]:
    """See ``Reader.find_item``."""
    d = sql.dialect
    text = clean(text)  # a terminal may hand over halves of characters
    # the indexes begin with the source
    where, given = ("source = ?", (source,)) if source is not None else ("source IN (SELECT name FROM source)", ())
    # each step only when the one before found nothing: a key that is in use goes before one that was
    for statement, parameter in (
        (f"SELECT no FROM item WHERE {where} AND {in_texts(d, 'key')}", d.array({text, text.upper(), text.lower()})),
        (f"SELECT no FROM item WHERE {where} AND id = ?", text),
        (f"SELECT item_no FROM alias WHERE {where} AND value = ?", fold(text)),
        (f"SELECT no FROM item WHERE {where} AND url = ?", text),
    ):
        nos = {row[0] for row in sql.rows(statement, *given, parameter)}
        if nos:
            return by_numbers(sql, nos)
    return []
