"""Parents and the trees that are calculated together, against a naive model."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.store import Store
from tests.hub.store.world import World, item, world

Refs = Mapping[str, str | None]


def test_a_parent_is_found_by_id_key_former_key_and_url(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1", key="PAY-1", url="https://jira.test/PAY-1"))
        w.sync(item("1", key="PAY-7", url="https://jira.test/PAY-7"))
        names = ["1", "PAY-7", "PAY-1", "https://jira.test/PAY-1", "https://jira.test/PAY-7"]
        w.sync(*(item(f"child {n}", parent_ref=name) for n, name in enumerate(names)), item("none", parent_ref="PAY-8"))
        w.settle()
        assert w.parents() == {f"child {n}": "1" for n in range(len(names))}


def test_a_parent_belongs_to_the_same_source(store: Store) -> None:
    with world(store, "asana") as w:
        w.sync(item("1"))
    with world(store, "jira") as w:
        w.sync(item("2", parent_ref="1"))
        w.settle()
        assert w.parents() == {}


@pytest.mark.parametrize("name", ["1", "PAY-1", "https://jira.test/PAY-1"])
def test_a_late_parent_makes_its_waiting_children_dirty(store: Store, name: str) -> None:
    with world(store) as w:
        w.sync(item("2", parent_ref=name), item("3"))
        w.assess()
        assert w.dirty() == set()
        w.sync(item("1", key="PAY-1", url="https://jira.test/PAY-1"))
        w.settle()
        assert w.dirty() == {"1", "2"}
        assert w.assess() == [["2", "1"]]
        assert w.parents() == {"2": "1"}


def test_whole_trees_come_together(store: Store) -> None:
    with world(store) as w:
        w.sync(
            item("epic"), item("a", parent_ref="epic"), item("b", parent_ref="epic"), item("a1", parent_ref="a"), item("alone")
        )
        w.assess()
        w.sync(item("b", "Changed", parent_ref="epic"))
        assert w.assess() == [["epic", "a", "b", "a1"]]
        assert {each.id for each in w.reader.tree_of(w.item("a1").no)} == {"epic", "a", "b", "a1"}


def test_the_old_tree_of_a_moved_item_is_calculated_again(store: Store) -> None:
    """Without its only story an epic counts like an epic without stories."""
    with world(store) as w:
        w.sync(item("old"), item("new"), item("story", parent_ref="old"))
        w.assess()
        then = w.reader.seq()
        w.sync(item("story", parent_ref="new"))
        w.settle()
        assert w.dirty() == {"story", "old"}
        assert sorted(map(sorted, w.assess(limit=1))) == [["new", "story"], ["old"]]
        assert w.items(as_of=then)["story"].parent == w.item("old").no, "the past keeps its parents"
        assert w.item("story").parent == w.item("new").no
        [(moved,)] = w.query("SELECT from_seq FROM edge")
        assert len(list(w.reader.items(as_of=moved))) == 3, "an edge ends before the seq of the next one"


def test_a_chunk_holds_at_least_so_many_dirty_items(store: Store) -> None:
    with world(store) as w:
        w.sync(*(item(f"{epic}.{n}", parent_ref=f"{epic}.0") for epic in range(5) for n in range(4)))
        chunks = w.assess(limit=5)
        assert [len(chunk) for chunk in chunks] == [8, 8, 4]
        assert len({id_ for chunk in chunks for id_ in chunk}) == 20


def test_a_chunk_is_the_same_whether_marks_are_taken_away_or_not(store: Store) -> None:
    """A preview reads without writing."""
    with world(store) as w:
        w.sync(*(item(str(n), parent_ref=str(n // 2)) for n in range(1, 40)))
        w.settle()
        looked_at = [[each.id for each in items] for _, items in w.reader.dirty_trees(3)]
        assert looked_at == w.assess(limit=3)


def test_settling_never_hides_a_newer_mark(store: Store) -> None:
    """Settling marks as of its start; an item that changed since then is not settled yet and must say so."""
    with world(store) as w:
        w.sync(item("1"))
        newest = w.query("SELECT from_seq FROM dirty")
        with w.writer._pen.begin() as tx:
            tx.mark([w.item("1").no], from_seq=1)
        assert w.query("SELECT from_seq FROM dirty") == newest


@pytest.mark.parametrize("circle", [["a"], ["a", "b"], ["b", "a", "c"]])
def test_the_greatest_member_of_a_circle_gets_no_parent(store: Store, circle: list[str]) -> None:
    with world(store) as w:
        w.sync(*(item(id_, parent_ref=circle[n - 1]) for n, id_ in enumerate(circle)), item("below", parent_ref=circle[0]))
        [finding] = w.settle()
        greatest = max(circle)
        assert finding.kind == "cycle"
        assert finding.no == w.item(greatest).no
        assert set(w.parents()) == {*circle, "below"} - {greatest}


def test_a_cut_parent_comes_back_when_the_circle_opens(store: Store) -> None:
    with world(store) as w:
        w.sync(item("a", parent_ref="c"), item("b", parent_ref="a"), item("c", parent_ref="b"))
        w.assess()
        assert w.parents() == {"a": "c", "b": "a"}
        w.sync(item("a"))
        assert w.settle() == []
        assert w.parents() == {"b": "a", "c": "b"}
        assert w.dirty() == {"a", "b", "c"} - {"b"}
        w.sync(item("a", parent_ref="c"))
        assert [f.no for f in w.settle()] == [w.item("c").no]
        assert w.parents() == {"a": "c", "b": "a"}


def test_a_chain_of_ten_thousand(sqlite_store: Store) -> None:
    count = 10_000
    with world(sqlite_store) as w:
        w.sync(*(item(str(n), parent_ref=str(n - 1)) for n in range(count)))
        assert [len(chunk) for chunk in w.assess(limit=10)] == [count]
        w.sync(item("0", parent_ref=str(count - 1)))
        [finding] = w.settle()
        assert finding.no == w.item("9999").no, "of all ids as texts the greatest"


# ---- against a naive model ----------------------------------------------------------------------------------------------

IDS = [f"i{n}" for n in range(7)]
REFS = st.one_of(st.none(), st.sampled_from([*IDS, "elsewhere"]))
STEPS = st.lists(st.dictionaries(st.sampled_from(IDS), REFS, min_size=1, max_size=7), min_size=1, max_size=5)


def naive_parents(refs: Refs) -> dict[str, str]:
    wishes = {child: ref for child, ref in refs.items() if ref in refs}
    cut = set()
    for start in wishes:
        walked, at = [], start
        while at in wishes and at not in walked:
            walked.append(at)
            at = wishes[at]
        if at == start and walked:
            cut.add(max(walked))
    return {child: ref for child, ref in wishes.items() if child not in cut and ref is not None}


def tree_names(parents: Mapping[str, str], ids: Refs) -> dict[str, frozenset[str]]:
    """The tree of each id, as the set of its members."""

    def root(id_: str) -> str:
        while id_ in parents:
            id_ = parents[id_]
        return id_

    return {id_: frozenset(other for other in ids if root(other) == root(id_)) for id_ in ids}


def check_steps(w: World, steps: list[dict[str, str | None]]) -> None:
    refs: dict[str, str | None] = {}
    before: dict[str, str] = {}
    for step in steps:
        changed = {id_ for id_, ref in step.items() if id_ not in refs or refs[id_] != ref}
        refs.update(step)
        w.sync(*(item(id_, parent_ref=ref) for id_, ref in step.items()))
        findings = w.settle()
        now = naive_parents(refs)
        assert w.parents() == now
        assert len(findings) == len({c for c, r in refs.items() if r in refs} - now.keys())
        trees = tree_names(now, refs)
        moved = {id_ for id_ in refs if before.get(id_) != now.get(id_)}
        left = {before[id_] for id_ in moved if id_ in before}
        must = {member for id_ in changed | moved | left for member in trees[id_]}
        chunks = w.assess(limit=2)
        members = [id_ for chunk in chunks for id_ in chunk]
        assert len(members) == len(set(members)), "no item in two chunks"
        assert must <= set(members)
        for chunk in chunks:
            assert {frozenset(trees[id_]) for id_ in chunk} == {t for t in trees.values() if t <= set(chunk)}, "whole trees only"
        assert w.dirty() == set()
        before = now


_sources = itertools.count()


@given(steps=STEPS)
@example(steps=[{"i0": "i1", "i1": "i2", "i2": "i0"}, {"i1": None}, {"i1": "i2"}])
@example(steps=[{"i0": "i1"}, {"i1": "i0"}, {"i2": "i2"}, {"i0": "i2"}])
@settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_any_history_of_parents_matches_the_model(store: Store, steps: list[dict[str, str | None]]) -> None:
    """Each history in a source of its own, so that one database serves all of them."""
    with world(store, f"s{next(_sources)}") as w:
        check_steps(w, steps)
