"""From the parents that items name to ``edge``: resolved, without circles, in chunks of dirty items.

An item names its parent by id, key, former key, merged id or URL within its own source. Of the graph of all such wishes each
circle loses one member's wish, that of the greatest (source, id); it is kept in ``cut`` and granted as soon as the circle is
no more. So ``edge`` plus ``cut`` is always exactly what the resolved items wish, whatever order they came in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from hub.model import Finding, fold
from hub.store.dialect import in_numbers, in_texts
from hub.store.write_base import Pen, Tx

CHUNK = 2_000
"""Dirty items per transaction."""


class Child(NamedTuple):
    source: str
    ref: str | None


class Pass(NamedTuple):
    """One call of ``settle``: what was dirty at ``start`` is settled by it. Of the ``whole`` sources that is every item that
    names a parent, so nobody there can have waited for one of the others."""

    start: int
    whole: frozenset[str]


def settle(pen: Pen) -> list[Finding]:
    """See ``Writer.settle_edges``."""
    with pen.begin() as tx:
        now = Pass(int(tx.seq), _whole(tx))
    after = 0
    while True:
        with pen.begin() as tx:
            nos = [row[0] for row in tx.rows(
                "SELECT item_no FROM dirty WHERE item_no > ? AND from_seq <= ? ORDER BY item_no LIMIT ?", after, now.start, CHUNK
            )]  # fmt: skip
            if not nos:
                tx.run("UPDATE clock SET settled_seq = ?", now.start)
                return _findings(tx)
            _settle_chunk(tx, nos, now)
        after = nos[-1]


def _whole(tx: Tx) -> frozenset[str]:
    rows = tx.rows(
        "SELECT name FROM source WHERE NOT EXISTS (SELECT 1 FROM item WHERE item.source = source.name AND parent_ref IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM dirty WHERE item_no = item.no))"
    )
    return frozenset(row[0] for row in rows)


def _settle_chunk(tx: Tx, nos: list[int], now: Pass) -> None:
    d = tx.dialect
    items = tx.rows(f"SELECT no, source, parent_ref FROM item WHERE {in_numbers(d, 'no')}", d.array(nos))
    children = {no: Child(source, ref) for no, source, ref in items}
    waiting = [no for no, source, _ in items if source not in now.whole]
    if waiting:
        children.update(_children_by_name(tx, waiting))
    wishes = _resolve(tx, children)
    stored = _wishes(tx, wishes)
    changed = {no: parent for no, parent in wishes.items() if stored.get(no) != parent}
    if changed:
        _apply(tx, changed, stored, now.start, frozenset(nos))


def _children_by_name(tx: Tx, nos: Iterable[int]) -> dict[int, Child]:
    """Items, dirty or not, that name one of these as their parent: they may have waited for it."""
    d = tx.dialect
    names: dict[str, set[str]] = defaultdict(set)
    for source, *each in tx.rows(f"SELECT source, id, key, url FROM item WHERE {in_numbers(d, 'no')}", d.array(nos)):
        names[source].update(name for name in each if name is not None)
    found: dict[int, Child] = {}
    for source, some in names.items():
        for no, ref in tx.rows(
            f"SELECT no, parent_ref FROM item WHERE source = ? AND {in_texts(d, 'parent_ref')}", source, d.array(some)
        ):
            found[no] = Child(source, ref)
    return found


# ---- who is meant -------------------------------------------------------------------------------------------------------


def _resolve(tx: Tx, children: Mapping[int, Child]) -> dict[int, int | None]:
    """The item that each child names: by id, else by key, else by former key, merged id or URL, else by present URL."""
    refs: dict[str, set[str]] = defaultdict(set)
    for child in children.values():
        if child.ref is not None:
            refs[child.source].add(child.ref)
    known = {source: _lookup(tx, source, each) for source, each in refs.items()}
    return {no: None if ref is None else known[source].get(ref) for no, (source, ref) in children.items()}


def _lookup(tx: Tx, source: str, refs: set[str]) -> dict[str, int]:
    d = tx.dialect
    found: dict[str, int] = {}

    def search(sql: str, names: Collection[str]) -> None:
        if names:  # ordered so that of several bearers of a name the first one stored keeps it
            for name, no in tx.rows(sql, source, d.array(names)):
                found.setdefault(name, no)

    search(f"SELECT id, no FROM item WHERE source = ? AND {in_texts(d, 'id')}", refs)
    search(f"SELECT key, no FROM item WHERE source = ? AND {in_texts(d, 'key')} ORDER BY no", refs - found.keys())
    left = {ref: fold(ref) for ref in refs - found.keys()}
    if left:
        former = tx.pairs(
            f"SELECT value, item_no FROM alias WHERE source = ? AND {in_texts(d, 'value')} ORDER BY from_seq, item_no",
            source, d.array(set(left.values())),
        )  # fmt: skip
        found.update({ref: former[folded] for ref, folded in left.items() if folded in former})
    search(f"SELECT url, no FROM item WHERE source = ? AND {in_texts(d, 'url')} ORDER BY no",
           {ref for ref in left.keys() - found.keys() if "://" in ref})  # fmt: skip
    return found


def _wishes(tx: Tx, nos: Iterable[int]) -> dict[int, int]:
    """What these items are known to wish: their edge, or the one that was cut."""
    d = tx.dialect
    array = d.array(nos)
    by_child = in_numbers(d, "child_no")
    return tx.pairs(
        f"SELECT child_no, parent_no FROM edge WHERE {by_child} UNION ALL SELECT child_no, parent_no FROM cut WHERE {by_child}",
        array, array,
    )  # fmt: skip


# ---- circles ------------------------------------------------------------------------------------------------------------


def _apply(tx: Tx, changed: Mapping[int, int | None], stored: Mapping[int, int], start: int, dirty: Collection[int]) -> None:
    """Write changed wishes; ``stored`` are the former ones, ``dirty`` is marked already. Circles that they close are cut, cuts
    whose circle they open are granted."""
    cuts: dict[int, int] = tx.pairs("SELECT child_no, parent_no FROM cut")
    parents = {parent for parent in changed.values() if parent is not None}
    edges = _upwards(tx, {*parents, *cuts.values()})
    edges.update((child, stored[child]) for child in changed if child in stored and child not in cuts)
    graph = edges | cuts
    for child, parent in changed.items():
        if parent is None:
            graph.pop(child, None)
        else:
            graph[child] = parent
    circles = _circles(graph)
    names = _names(tx, [no for circle in circles for no in circle])
    cut_now = {max(circle, key=names.__getitem__) for circle in circles}
    target = {child: parent for child, parent in graph.items() if child not in cut_now} if cut_now else graph
    touched = [no for no in {*changed, *cuts, *cut_now} if edges.get(no) != target.get(no)]
    _write_edges(tx, touched, edges, target, start, dirty)
    former, now = set(cuts.items()), {(child, graph[child]) for child in cut_now}
    if former or now:
        tx.many("DELETE FROM cut WHERE child_no = ?", [(child,) for child, _ in former - now])
        tx.many("INSERT INTO cut (child_no, parent_no, from_seq) VALUES (?, ?, ?)", [(*cut, tx.seq) for cut in now - former])
        # a cut that came or went is told with its item, so the item is calculated again even if its edge stayed as it was
        tx.mark({child for child, _ in former ^ now}, start)


def _upwards(tx: Tx, nos: Iterable[int]) -> dict[int, int]:
    """The edges of these items and of all their ancestors."""
    return tx.pairs(
        f"WITH RECURSIVE up(no) AS (SELECT value FROM ({tx.dialect.numbers}) AS given UNION"
        " SELECT edge.parent_no FROM up JOIN edge ON edge.child_no = up.no)"
        " SELECT edge.child_no, edge.parent_no FROM up JOIN edge ON edge.child_no = up.no",
        tx.dialect.array(nos),
    )


def _circles(graph: Mapping[int, int]) -> list[list[int]]:
    """Each circle once. Every node has at most one way out, so walking it ends at a root or in its only circle."""
    done: set[int] = set()
    circles = []
    for start in graph:
        path: dict[int, None] = {}
        no = start
        while no in graph and no not in done and no not in path:
            path[no] = None
            no = graph[no]
        if no in path:
            walked = list(path)
            circles.append(walked[walked.index(no) :])
        done.update(path)
    return circles


def _names(tx: Tx, nos: Collection[int]) -> dict[int, tuple[str, str]]:
    if not nos:
        return {}
    d = tx.dialect
    rows = tx.rows(f"SELECT no, source, id FROM item WHERE {in_numbers(d, 'no')}", d.array(nos))
    return {no: (source, id_) for no, source, id_ in rows}


def _write_edges(
    tx: Tx, touched: Collection[int], former: Mapping[int, int], now: Mapping[int, int], start: int, dirty: Collection[int]
) -> None:
    """Replace the edges of these children; they and the parents they leave must be calculated again, if they are not anyway."""
    if not touched:
        return
    d = tx.dialect
    leaving = [no for no in touched if no in former]
    if leaving:
        tx.run(
            "INSERT INTO edge_version (child_no, parent_no, from_seq, to_seq) SELECT child_no, parent_no, from_seq, ? FROM edge"
            f" WHERE {in_numbers(d, 'child_no')} AND from_seq < ?",
            *(tx.seq, d.array(leaving), tx.seq),
        )
        tx.run(f"DELETE FROM edge WHERE {in_numbers(d, 'child_no')}", d.array(leaving))
    tx.many(
        "INSERT INTO edge (child_no, parent_no, from_seq) VALUES (?, ?, ?)",
        [(no, now[no], tx.seq) for no in touched if no in now],
    )
    # marked as of the start: these are settled, and the evaluation that follows takes them up
    others = {*touched, *(former[no] for no in leaving)}.difference(dirty)
    if others:
        tx.mark(others, start)


def _findings(tx: Tx) -> list[Finding]:
    rows = tx.rows(
        "SELECT cut.child_no, child.key, child.id, parent.key, parent.id FROM cut JOIN item AS child ON child.no = cut.child_no"
        " JOIN item AS parent ON parent.no = cut.parent_no ORDER BY cut.child_no"
    )
    return [
        Finding("cycle", no, f"{key or id_} names {parent_key or parent_id} as its parent, which closes a circle of parents:"
                " it is treated as having none.")
        for no, key, id_, parent_key, parent_id in rows
    ]  # fmt: skip
