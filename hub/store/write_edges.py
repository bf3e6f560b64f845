"""From the parents that items name to ``edge``: resolved, without circles, in chunks of dirty items.

An item names its parent by id, key, former key, merged id or URL within its own source; where its vendor names none, the
mapping's patterns may find one in any source. A parent that the vendor names and that is not read yet leaves the former one in
place (*kept*) until the source was read to its end. Of the graph of all such wishes each circle loses one
(``hub.patterns.cut``); it is kept in ``cut`` and granted as soon as the circle is no more. So ``edge`` plus ``cut`` is always
exactly what the items wish, whatever order they came in. What has left wishes nothing, and nobody can wish it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from hub.model import LEFT, Finding, Pattern, fold
from hub.patterns import KEPT, PATTERN, VENDOR, Finder, Wish, circle_finding, circles, cut
from hub.store import write_references
from hub.store.dialect import in_numbers, in_texts
from hub.store.presences import STAYED
from hub.store.read_links import names_of
from hub.store.write_base import Pen, Tx

CHUNK = 2_000
"""Dirty items per transaction."""

MOVED = "(presence <> 'present' OR presence_at IS NOT NULL)"
"""Has left, is archived, or is back from there; an index knows the few that are."""


class Child(NamedTuple):
    source: str
    ref: str | None


class Pass(NamedTuple):
    """One call of ``settle``: what was dirty at ``start`` is settled by it. Of the ``whole`` sources that is every item that
    names a parent, so nobody there can have waited for one of the others. ``moved``: some item has left or is back;
    ``crossing``: there are patterns, or what is left of former ones."""

    start: int
    whole: frozenset[str]
    moved: bool
    crossing: bool


def settle(pen: Pen, patterns: Iterable[Pattern]) -> list[Finding]:
    """See ``Writer.settle_edges``."""
    finder = Finder(patterns)
    with pen.begin() as tx:
        moved = tx.value(f"SELECT 1 FROM item WHERE {MOVED} LIMIT 1") is not None
        now = Pass(int(tx.seq), _whole(tx), moved, write_references.needed(tx, finder))
        alone = now.crossing and write_references.all_dirty(tx)
    if now.crossing:
        _each_chunk(pen, now.start, lambda tx, nos: write_references.collect(tx, nos, finder, now.start, alone))
    _each_chunk(pen, now.start, lambda tx, nos: _settle_chunk(tx, nos, now))
    with pen.begin() as tx:
        tx.run("UPDATE clock SET settled_seq = ?", now.start)
        return _findings(tx)


def _each_chunk(pen: Pen, start: int, work: Callable[[Tx, list[int]], None]) -> None:
    """Do something about all that was dirty at the start, a transaction per chunk."""
    after = 0
    while True:
        with pen.begin() as tx:
            nos = [row[0] for row in tx.rows(
                "SELECT item_no FROM dirty WHERE item_no > ? AND from_seq <= ? ORDER BY item_no LIMIT ?", after, start, CHUNK
            )]  # fmt: skip
            if nos:
                work(tx, nos)
        if len(nos) < CHUNK:
            return
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
    moved: dict[int, str] = {}
    if now.moved:
        moved = tx.pairs(f"SELECT no, presence FROM item WHERE {in_numbers(d, 'no')} AND {MOVED}", d.array(nos))
    left = {no for no, presence in moved.items() if presence in LEFT}
    children = {no: Child(source, ref) for no, source, ref in items}
    waiting = [no for no, source, _ in items if source not in now.whole]
    if waiting:
        children = _others(tx, waiting, moved, f" AND item.{STAYED}" if now.moved else "") | children
    wishes = _resolve(tx, {no: c for no, c in children.items() if no not in left} if left else children, now.moved)
    wishes.update(dict.fromkeys(left))
    if now.crossing:
        orphans = {no for no, child in children.items() if child.ref is None}
        found = write_references.verdicts(tx, nos, orphans)
        write_references.put_verdicts(tx, nos, found, now.start)
        wishes.update((no, (v.parent, PATTERN)) for no, v in found.items() if v.parent is not None)
    stored = _wishes(tx, wishes)
    changed = {no: wish for no, wish in wishes.items() if stored.get(no) != wish}
    if changed:
        changed.update(_kept(tx, {no: stored[no][0] for no, wish in changed.items() if wish is None}, children, now))
        changed = {no: wish for no, wish in changed.items() if stored.get(no) != wish}
    if changed:
        _apply(tx, changed, stored, now.start, frozenset(nos))


def _others(tx: Tx, nos: Collection[int], moved: Collection[int], only: str) -> dict[int, Child]:
    """Items, dirty or not, whose vendor names one of these as their parent: they may have waited for it. Of those that were
    called something else before, or have ``moved``, also who names them so, or has them as parents. ``only`` is a further
    condition on all of them."""
    d = tx.dialect
    names: dict[str, set[str]] = defaultdict(set)
    by_no = in_numbers(d, "no")
    for source, *each in tx.rows(f"SELECT source, id, key, url FROM item WHERE {by_no}", d.array(nos)):
        names[source].update(name for name in each if name is not None)
    found: dict[int, Child] = {}
    aliases = tx.rows(f"SELECT item_no, source, value FROM alias WHERE {in_numbers(d, 'item_no')}", d.array(nos))
    former = {*moved, *(no for no, _, _ in aliases)}
    if former:
        for _, source, name in aliases:
            names[source].add(name)
        for source, *each in tx.rows(f"SELECT DISTINCT source, key, url FROM item_version WHERE {by_no}", d.array(former)):
            names[source].update(name for name in each if name is not None)
        for no, source, ref in tx.rows(
            "SELECT item.no, item.source, item.parent_ref FROM edge JOIN item ON item.no = edge.child_no"
            f" WHERE item.parent_ref IS NOT NULL AND {in_numbers(d, 'edge.parent_no')}{only}",
            d.array(former),
        ):
            found[no] = Child(source, ref)
    for source, some in names.items():
        for no, ref in tx.rows(
            f"SELECT no, parent_ref FROM item WHERE source = ? AND {in_texts(d, 'parent_ref')}{only}", source, d.array(some)
        ):
            found[no] = Child(source, ref)
    return found


# ---- who is meant -------------------------------------------------------------------------------------------------------


def _resolve(tx: Tx, children: Mapping[int, Child], moved: bool) -> dict[int, Wish | None]:
    """The item that each child's vendor names: by id, else by key, else by former key, merged id or URL, else by present URL."""
    refs: dict[str, set[str]] = defaultdict(set)
    for child in children.values():
        if child.ref is not None:
            refs[child.source].add(child.ref)
    known = {source: _lookup(tx, source, each, moved) for source, each in refs.items()}
    wishes: dict[int, Wish | None] = {}
    for no, (source, ref) in children.items():
        parent = None if ref is None else known[source].get(ref)
        wishes[no] = None if parent is None else (parent, VENDOR)
    return wishes


def _lookup(tx: Tx, source: str, refs: set[str], moved: bool) -> dict[str, int]:
    """The items that bear these names; where some have ``moved``, none that has left."""
    d = tx.dialect
    found: dict[str, int] = {}
    only = f" AND {STAYED}" if moved else ""

    def search(sql: str, names: Collection[str]) -> None:
        if names:  # ordered so that of several bearers of a name the first one stored keeps it
            for name, no in tx.rows(sql, source, d.array(names)):
                found.setdefault(name, no)

    search(f"SELECT id, no FROM item WHERE source = ? AND {in_texts(d, 'id')}{only}", refs)
    search(f"SELECT key, no FROM item WHERE source = ? AND {in_texts(d, 'key')}{only} ORDER BY no", refs - found.keys())
    left = {ref: fold(ref) for ref in refs - found.keys()}
    if left:
        some = f" AND item_no IN (SELECT no FROM item WHERE {STAYED})" if moved else ""
        former = tx.pairs(  # of several that bore the name before, the last one stored
            f"SELECT value, item_no FROM alias WHERE source = ? AND {in_texts(d, 'value')}{some} ORDER BY item_no",
            source, d.array(set(left.values())),
        )  # fmt: skip
        found.update({ref: former[folded] for ref, folded in left.items() if folded in former})
    search(f"SELECT url, no FROM item WHERE source = ? AND {in_texts(d, 'url')}{only} ORDER BY no",
           {ref for ref in left.keys() - found.keys() if "://" in ref})  # fmt: skip
    return found


def _kept(tx: Tx, former: Mapping[int, int], children: Mapping[int, Child], now: Pass) -> dict[int, Wish]:
    """Of children that wished a parent before and find none now, those that keep it: they had it, the vendor names another one
    that was never read, and no run has read the source to its end since the child's own row came."""
    d = tx.dialect
    named = {no: parent for no, parent in former.items() if children[no].ref is not None}
    if not named:
        return {}
    for (no,) in tx.rows(f"SELECT child_no FROM cut WHERE by <> 'kept' AND {in_numbers(d, 'child_no')}", d.array(named)):
        del named[no]
    unread = {no for (no,) in tx.rows(
        "SELECT no FROM item WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.source = item.source AND run.result = 'complete'"
        f" AND run.to_seq > item.from_seq) AND {STAYED} AND {in_numbers(d, 'no')}",
        d.array(named),
    )}  # fmt: skip
    if not unread:
        return {}
    alive = {no for (no,) in tx.rows(
        f"SELECT no FROM item WHERE {STAYED} AND {in_numbers(d, 'no')}", d.array({named[no] for no in unread})
    )}  # fmt: skip
    # one that was read and has left is no parent that may still come
    known = _resolve(tx, {no: children[no] for no in unread}, moved=False) if now.moved else {}
    return {no: (named[no], KEPT) for no in unread if named[no] in alive and known.get(no) is None}


def _wishes(tx: Tx, nos: Iterable[int]) -> dict[int, Wish]:
    """What these items are known to wish: their edge, or the one that was cut."""
    d = tx.dialect
    array = d.array(nos)
    by_child = in_numbers(d, "child_no")
    rows = tx.rows(
        f"SELECT child_no, parent_no, by FROM edge WHERE {by_child}"
        f" UNION ALL SELECT child_no, parent_no, by FROM cut WHERE {by_child}",
        *(array, array),
    )
    return {child: (parent, by) for child, parent, by in rows}


# ---- circles ------------------------------------------------------------------------------------------------------------


def _apply(tx: Tx, changed: Mapping[int, Wish | None], stored: Mapping[int, Wish], start: int, dirty: Collection[int]) -> None:
    """Write changed wishes; ``stored`` are the former ones, ``dirty`` is marked already. Circles that they close are cut, cuts
    whose circle they open are granted."""
    cuts: dict[int, Wish] = {c: (parent, by) for c, parent, by in tx.rows("SELECT child_no, parent_no, by FROM cut")}
    edges = _upwards(tx, {wish[0] for wish in (*changed.values(), *cuts.values()) if wish is not None})
    edges.update((child, stored[child]) for child in changed if child in stored and child not in cuts)
    graph = edges | cuts
    for child, wish in changed.items():
        if wish is None:
            graph.pop(child, None)
        else:
            graph[child] = wish
    found = circles({child: parent for child, (parent, _) in graph.items()})
    names = names_of(tx, [no for circle in found for no in circle])
    by = {child: how for child, (_, how) in graph.items()} if found else {}
    cut_now = {cut(circle, by, names) for circle in found}
    target = {child: wish for child, wish in graph.items() if child not in cut_now} if cut_now else graph
    touched = [no for no in {*changed, *cuts, *cut_now} if edges.get(no) != target.get(no)]
    _write_edges(tx, touched, edges, target, start, dirty)
    former, present = set(cuts.items()), {(child, graph[child]) for child in cut_now}
    if former or present:
        tx.many("DELETE FROM cut WHERE child_no = ?", [(child,) for child, _ in former - present])
        tx.many(
            "INSERT INTO cut (child_no, parent_no, by, from_seq) VALUES (?, ?, ?, ?)",
            [(child, *wish, tx.seq) for child, wish in present - former],
        )
        # a cut that came or went is told with its item, so the item is calculated again even if its edge stayed as it was
        tx.mark({child for child, _ in former ^ present}, start)


def _upwards(tx: Tx, nos: Iterable[int]) -> dict[int, Wish]:
    """The edges of these items and of all their ancestors."""
    rows = tx.rows(
        f"WITH RECURSIVE up(no) AS (SELECT value FROM ({tx.dialect.numbers}) AS given UNION"
        " SELECT edge.parent_no FROM up JOIN edge ON edge.child_no = up.no)"
        " SELECT edge.child_no, edge.parent_no, edge.by FROM up JOIN edge ON edge.child_no = up.no",
        tx.dialect.array(nos),
    )
    return {child: (parent, by) for child, parent, by in rows}


def _write_edges(
    tx: Tx, touched: Collection[int], former: Mapping[int, Wish], now: Mapping[int, Wish], start: int, dirty: Collection[int]
) -> None:
    """Replace the edges of these children; they and the parents they leave must be calculated again, if they are not anyway."""
    if not touched:
        return
    d = tx.dialect
    leaving = [no for no in touched if no in former]
    if leaving:
        tx.run(
            "INSERT INTO edge_version (child_no, parent_no, by, from_seq, to_seq)"
            " SELECT child_no, parent_no, by, from_seq, ? FROM edge"
            f" WHERE {in_numbers(d, 'child_no')} AND from_seq < ?",
            *(tx.seq, d.array(leaving), tx.seq),
        )
        tx.run(f"DELETE FROM edge WHERE {in_numbers(d, 'child_no')}", d.array(leaving))
    rows = [(no, *now[no], tx.seq) for no in touched if no in now]
    tx.insert("edge", ("child_no", "parent_no", "by", "from_seq"), rows)
    # marked as of the start: these are settled, and the evaluation that follows takes them up
    others = {*touched, *(former[no][0] for no in leaving)}.difference(dirty)
    if others:
        tx.mark(others, start)


def _findings(tx: Tx) -> list[Finding]:
    """Those about what is named now; a former parent that closes a circle is simply none any more."""
    rows = tx.rows(
        "SELECT cut.child_no, cut.by, child.key, child.id, parent.key, parent.id FROM cut"
        " JOIN item AS child ON child.no = cut.child_no JOIN item AS parent ON parent.no = cut.parent_no"
        " WHERE cut.by <> 'kept' ORDER BY cut.child_no"
    )
    return [circle_finding(no, key or id_, parent_key or parent_id, by) for no, by, key, id_, parent_key, parent_id in rows]
