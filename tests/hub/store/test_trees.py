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


# ---- a parent that is not read yet ---------------------------------------------------------------------------------------


def test_a_former_parent_stays_until_its_source_was_read_to_the_end(store: Store) -> None:
    """The epic that the story moved to stands on a page that the run did not reach."""
    with world(store) as w:
        w.sync(item("old"), item("story", parent_ref="old"), item("sub", parent_ref="story"))
        w.end("complete")
        w.assess()
        w.sync(item("story", parent_ref="new"))
        w.end("partial")
        w.assess()
        assert w.parents() == {"story": "old", "sub": "story"}
        assert (w.item("story").parent_by, w.item("sub").parent_by) == ("kept", "")
        w.sync(item("sub", "Changed", parent_ref="story"))
        w.end("failed")
        w.assess()
        assert w.parents()["story"] == "old", "it still waits"
        w.end("complete")
        assert w.dirty() == {"story"}
        w.assess()
        assert w.parents() == {"sub": "story"}, "its source was read to the end and has no such epic"


def test_a_parent_that_comes_takes_the_place_of_the_former_one(store: Store) -> None:
    with world(store) as w:
        w.sync(item("old"), item("story", parent_ref="old"))
        w.end("complete")
        w.assess()
        w.sync(item("story", parent_ref="new"))
        w.assess()
        w.sync(item("new"))
        w.assess()
        assert w.parents() == {"story": "new"}
        assert w.item("story").parent_by == ""
        w.end("complete")
        assert w.dirty() == set()


def test_what_a_complete_run_read_keeps_no_parent(store: Store) -> None:
    with world(store) as w:
        w.sync(item("old"), item("story", parent_ref="old"))
        w.end("complete")
        w.assess()
        w.sync(item("story", parent_ref="new"))
        w.end("complete")
        w.assess()
        assert w.parents() == {}


def test_a_story_without_any_parent_keeps_none(store: Store) -> None:
    with world(store) as w:
        w.sync(item("old"), item("story", parent_ref="old"))
        w.assess()
        w.sync(item("story"))
        w.assess()
        assert w.parents() == {}


def test_a_kept_parent_gives_way_to_the_vendors_word(store: Store) -> None:
    """a stood under b, then b was put under a: the circle is closed by what may be no longer true."""
    with world(store) as w:
        w.sync(item("a", parent_ref="b"), item("b"))
        w.end("complete")
        w.assess()
        w.sync(item("a", parent_ref="unread"), item("b", parent_ref="a"))
        assert w.settle() == [], "nobody names what was cut"
        assert w.parents() == {"b": "a"}


def test_what_was_never_granted_is_not_kept(store: Store) -> None:
    with world(store) as w:
        w.sync(item("a", parent_ref="a"), item("b", parent_ref="c"), item("c", parent_ref="b"))
        w.assess()
        w.sync(item("a", parent_ref="unread"), item("c", parent_ref="unread"))
        assert w.settle() == []
        assert w.parents() == {"b": "c"}


# ---- what has left ------------------------------------------------------------------------------------------------------


def test_who_left_is_nobodys_parent_until_it_is_back(store: Store) -> None:
    with world(store) as w:
        w.sync(item("epic", key="PAY-1"), item("story", parent_ref="epic"), item("sub", parent_ref="story"))
        w.sync(item("epic", key="PAY-7"), item("by old key", parent_ref="PAY-1"), item("by key", parent_ref="PAY-7"))
        w.assess()
        everything = {"story": "epic", "sub": "story", "by old key": "epic", "by key": "epic"}
        assert w.parents() == everything
        w.leave("epic")
        w.assess()
        assert w.parents() == {"sub": "story"}
        w.sync(item("epic", key="PAY-7"))
        w.assess()
        assert w.parents() == everything


def test_a_kept_parent_that_leaves_is_kept_no_longer(store: Store) -> None:
    with world(store) as w:
        w.sync(item("old"), item("story", parent_ref="old"))
        w.end("complete")
        w.assess()
        w.sync(item("story", parent_ref="new"))
        w.assess()
        assert w.parents() == {"story": "old"}
        w.leave("old")
        w.assess()
        assert w.parents() == {}


def test_a_parent_that_left_is_not_waited_for(store: Store) -> None:
    with world(store) as w:
        w.sync(item("old"), item("new"), item("story", parent_ref="old"))
        w.end("complete")
        w.assess()
        w.leave("new")
        w.sync(item("story", parent_ref="new"))
        w.assess()
        assert w.parents() == {}


def test_a_circle_through_an_item_that_left_is_none(store: Store) -> None:
    with world(store) as w:
        w.sync(item("a", parent_ref="c"), item("b", parent_ref="a"), item("c", parent_ref="b"))
        w.assess()
        w.leave("a")
        assert w.settle() == []
        assert w.parents() == {"c": "b"}


# ---- against a naive model ----------------------------------------------------------------------------------------------

IDS = [f"i{n}" for n in range(7)]
REFS = st.one_of(st.none(), st.sampled_from([*IDS, "elsewhere"]))
STEPS = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(IDS), REFS, min_size=1, max_size=7), st.booleans()), min_size=1, max_size=6
)


class Naive:
    """Who names whom, and the rules in the words of the page, without any thought of speed."""

    def __init__(self) -> None:
        self.refs: dict[str, str | None] = {}
        self.wishes: dict[str, tuple[str, bool]] = {}
        """child -> parent, and whether it is a former one that stays"""
        self.unread: set[str] = set()
        """changed since their source was read to the end"""

    def take(self, step: Refs, complete: bool) -> None:
        had = {child for child, (_, kept) in self.wishes.items() if kept} | self.parents().keys()
        self.unread |= {id_ for id_, ref in step.items() if id_ not in self.refs or self.refs[id_] != ref}
        self.refs.update(step)
        if complete:
            self.unread.clear()
        now = {}
        for child, ref in self.refs.items():
            if ref in self.refs:
                now[child] = (str(ref), False)
            elif ref is not None and child in self.unread and child in had:
                now[child] = (self.wishes[child][0], True)
        self.wishes = now

    def parents(self) -> dict[str, str]:
        cut = set()
        for start in self.wishes:
            walked, at = [], start
            while at in self.wishes and at not in walked:
                walked.append(at)
                at = self.wishes[at][0]
            if at == start and walked:
                cut.add(max(walked, key=lambda id_: (self.wishes[id_][1], id_)))
        return {child: parent for child, (parent, _) in self.wishes.items() if child not in cut}


def tree_names(parents: Mapping[str, str], ids: Refs) -> dict[str, frozenset[str]]:
    """The tree of each id, as the set of its members."""

    def root(id_: str) -> str:
        while id_ in parents:
            id_ = parents[id_]
        return id_

    return {id_: frozenset(other for other in ids if root(other) == root(id_)) for id_ in ids}


def check_steps(w: World, steps: list[tuple[dict[str, str | None], bool]]) -> None:
    naive = Naive()
    before: dict[str, str] = {}
    for step, complete in steps:
        changed = {id_ for id_, ref in step.items() if id_ not in naive.refs or naive.refs[id_] != ref}
        naive.take(step, complete)
        w.sync(*(item(id_, parent_ref=ref) for id_, ref in step.items()))
        w.end("complete" if complete else "partial")
        findings = w.settle()
        now = naive.parents()
        assert w.parents() == now
        assert len(findings) == len([c for c, (_, kept) in naive.wishes.items() if c not in now and not kept])
        trees = tree_names(now, naive.refs)
        moved = {id_ for id_ in naive.refs if before.get(id_) != now.get(id_)}
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
@example(steps=[({"i0": "i1", "i1": "i2", "i2": "i0"}, True), ({"i1": None}, False), ({"i1": "i2"}, True)])
@example(steps=[({"i0": "i1"}, True), ({"i1": "i0"}, True), ({"i2": "i2"}, True), ({"i0": "i2"}, False)])
@example(steps=[({"i0": "i1", "i1": None}, True), ({"i0": "elsewhere", "i1": "i0"}, False), ({"i2": None}, True)])
@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_any_history_of_parents_matches_the_model(store: Store, steps: list[tuple[dict[str, str | None], bool]]) -> None:
    """Each history in a source of its own, so that one database serves all of them."""
    with world(store, f"s{next(_sources)}") as w:
        check_steps(w, steps)
