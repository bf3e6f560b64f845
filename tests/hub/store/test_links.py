"""What declared patterns make of stored items: parents, duplicates and relations across tools, whatever order they come in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.base import WorkItem
from hub.model import Item, Pattern, Place
from hub.patterns import link_items
from hub.store import Store
from tests.hub.store.world import World, item, wiped, world

HERE = Place("patterns.toml", 1)


def pattern(finds: str, *fields: str, relation: Any = "child", source: str | None = None, index: int = 0) -> Pattern:
    return Pattern(index, source, fields, finds, relation, HERE)


CHILD = pattern("jira key", "title", "attachment")
ADDRESS = pattern("url", "attachment", index=1)
DUPLICATE = pattern("dup:(\\S+)", "title", "label", relation="duplicate", index=2)
RELATED = pattern("jira key", "field.see", relation="relation", index=3)
PATTERNS = (CHILD, ADDRESS, DUPLICATE, RELATED)


class Two:
    """Jira, and Trello beside it; ``found()`` says what became of all items, by id."""

    def __init__(self, jira: World, trello: World) -> None:
        self.jira = jira
        self.trello = trello

    def settle(self) -> list[str]:
        """Settle and assess; the ids that were assessed."""
        self.jira.writer.settle_edges(PATTERNS)
        seen = []
        for read_seq, items in self.jira.reader.dirty_trees(2):
            seen += [each.id for each in items]
            self.jira.attach(items, read_seq)
        assert self.jira.reader.dirty_count() == 0
        return sorted(seen)

    def items(self, as_of: int | None = None) -> dict[str, Item]:
        return {each.id: each for each in self.jira.reader.items(as_of=as_of)}

    def parents(self, as_of: int | None = None) -> dict[str, str]:
        items = self.items(as_of)
        by_no = {each.no: id_ for id_, each in items.items()}
        return {id_: by_no[each.parent] for id_, each in items.items() if each.parent is not None}

    def duplicates(self, as_of: int | None = None) -> dict[str, str]:
        items = self.items(as_of)
        by_no = {each.no: id_ for id_, each in items.items()}
        return {id_: by_no[each.duplicate_of] for id_, each in items.items() if each.duplicate_of is not None}


@contextmanager
def two(store: Store) -> Iterator[Two]:
    with world(store, "jira") as jira, world(store, "trello") as trello:
        yield Two(jira, trello)


def linked_to(id_: str, *addresses: str) -> WorkItem:
    return item(id_, links=tuple(("attachment", each) for each in addresses))


# ---- parents ------------------------------------------------------------------------------------------------------------


def test_a_title_and_an_attachment_make_a_child(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("1", key="PAY-1"), item("2", key="PAY-2", url="https://jira.test/2"))
        w.trello.sync(item("card", "PAY-1: draw it"), linked_to("pinned", "https://jira.test/2", "PAY-1"), item("none"))
        w.settle()
        assert w.parents() == {"card": "1", "pinned": "2"}
        assert {id_: each.parent_by for id_, each in w.items().items() if each.parent_by} == {
            "card": "pattern",
            "pinned": "pattern",
        }
        assert w.items()["pinned"].addresses == ("https://jira.test/2",)


@pytest.mark.parametrize("late", [{"key": "PAY-1"}, {"key": "OLD-7"}])
def test_a_parent_that_comes_later_finds_its_children(store: Store, late: dict[str, Any]) -> None:
    with two(store) as w:
        w.trello.sync(item("card", "PAY-1"), item("under", parent_ref="card"), item("other"))
        w.settle()
        w.jira.sync(item("1", **late))
        w.settle()
        w.jira.sync(item("1", key="PAY-1"), item("2", key="PAY-2"))
        assert w.settle() == (["1", "2", "card", "under"] if late["key"] == "OLD-7" else ["2"])
        assert w.parents() == {"card": "1", "under": "card"}


def test_a_parent_that_moves_keeps_its_children_by_its_former_key(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("1", key="PAY-1"))
        w.trello.sync(item("card", "PAY-1"))
        w.settle()
        w.jira.sync(item("1", key="NEW-1"))
        w.settle()
        assert w.parents() == {"card": "1"}
        w.jira.sync(item("1", key="NEW-1"), item("2", key="PAY-1"))
        w.settle()
        assert w.parents() == {}
        assert w.items()["card"].ambiguous == ("PAY-1",)


def test_a_parent_that_leaves_is_none_until_it_is_back(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("1", key="PAY-1"), item("2", key="PAY-2"))
        w.trello.sync(item("card", "PAY-1"), item("torn", "PAY-1 PAY-2"))
        w.settle()
        w.jira.leave("1")
        assert w.settle() == ["1", "2", "card", "torn"]
        assert w.parents() == {"torn": "2"}
        w.jira.sync(item("1", key="PAY-1"))
        w.settle()
        assert w.parents() == {"card": "1"}
        assert w.items()["torn"].ambiguous == ("PAY-1", "PAY-2")


def test_the_vendors_parent_takes_the_place_of_a_patterns(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("1", key="PAY-1"))
        w.trello.sync(item("card", "PAY-1"), item("list"))
        w.settle()
        w.trello.sync(item("card", "PAY-1", parent_ref="list"))
        w.settle()
        assert w.parents() == {"card": "list"}
        w.trello.sync(item("card", "PAY-1"))
        w.settle()
        assert w.parents() == {"card": "1"}


def test_a_circle_across_tools_is_cut_at_the_pattern_and_told(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("1", "PAY-2", key="PAY-1"), item("2", key="PAY-2", parent_ref="1"))
        [finding] = w.jira.writer.settle_edges(PATTERNS)
        assert finding.no == w.items()["1"].no
        assert "by a pattern" in finding.text
        assert w.parents() == {"2": "1"}
        w.jira.sync(item("2", key="PAY-2"))
        w.settle()
        assert w.parents() == {"1": "2"}, "what was cut is granted when the circle opens"


def test_the_past_keeps_its_parents_and_doubts(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("1", key="PAY-1"), item("2", key="PAY-2"))
        w.trello.sync(item("card", "PAY-1"))
        w.settle()
        first = w.jira.reader.seq()
        w.trello.sync(item("card", "PAY-1, PAY-2"))
        w.settle()
        second = w.jira.reader.seq()
        w.trello.sync(item("card", "PAY-2"))
        w.settle()
        assert [w.parents(as_of) for as_of in (first, second, None)] == [{"card": "1"}, {}, {"card": "2"}]
        assert [w.items(as_of)["card"].ambiguous for as_of in (first, second, None)] == [(), ("PAY-1", "PAY-2"), ()]
        assert [w.items(as_of)["card"].parent_by for as_of in (first, second, None)] == ["pattern", "", "pattern"]
        tree = w.jira.reader.tree_of(w.items()["card"].no, as_of=first)
        assert [each.id for each in tree] == ["1", "card"]


def test_other_patterns_find_other_parents(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("1", key="PAY-1"), item("2", key="PAY-2"))
        w.trello.sync(item("card", "PAY-1", labels=("PAY-2",)))
        w.settle()
        everything = [each.no for each in w.items().values()]
        for patterns, parent in (((pattern("jira key", "label"),), {"card": "2"}), ((), {})):
            with w.jira.writer._pen.begin() as tx:
                tx.mark(everything)  # as a changed mapping does
            w.jira.writer.settle_edges(patterns)
            assert w.parents() == parent
        assert [w.jira.query(f"SELECT count(*) FROM {t}") for t in ("reference", "bearer")] == [[(0,)]] * 2


# ---- duplicates ---------------------------------------------------------------------------------------------------------


def test_duplicates_are_followed_to_the_canonical_item(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("1", key="PAY-1"), item("2", "dup:PAY-1", key="PAY-2"))
        w.trello.sync(item("card", labels=("dup:PAY-2",)))
        w.settle()
        assert w.duplicates() == {"2": "1", "card": "1"}
        then = w.jira.reader.seq()
        w.jira.sync(item("1", "dup:card", key="PAY-1"))
        assert w.settle() == ["1", "2", "card"], "in a circle it is the greatest that becomes canonical"
        assert w.duplicates() == {"1": "card", "2": "card"}
        w.jira.leave("2")
        w.settle()
        assert w.duplicates() == {"1": "card"}
        assert w.duplicates(then) == {"2": "1", "card": "1"}, "the past keeps its own"


def test_who_leads_through_a_changed_duplicate_is_calculated_again(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("c", key="PAY-3"), item("b", "dup:PAY-3", key="PAY-2"), item("a", "dup:PAY-2", key="PAY-1"))
        w.settle()
        assert w.duplicates() == {"a": "c", "b": "c"}
        w.jira.leave("c")
        assert "a" in w.settle(), "its canonical item is another now"
        assert w.duplicates() == {"a": "b"}
        w.jira.sync(item("c", key="PAY-3"))
        assert "a" in w.settle()
        assert w.duplicates() == {"a": "c", "b": "c"}


def test_two_originals_are_none(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("1", key="PAY-1"), item("2", key="PAY-2"), item("3", "dup:PAY-1 dup:PAY-2", key="PAY-3"))
        w.settle()
        assert w.duplicates() == {}
        w.jira.leave("1")
        w.settle()
        assert w.duplicates() == {"3": "2"}


# ---- relations, and all there is ----------------------------------------------------------------------------------------


def test_relations_are_told_in_both_directions(store: Store) -> None:
    with two(store) as w:
        w.jira.sync(item("1", key="PAY-1"))
        w.trello.sync(item("card", fields={"see": "with PAY-1 and PAY-9"}))
        w.settle()
        items, reader = w.items(), w.jira.reader
        assert [(r.item.id, r.text, r.names) for r in reader.related(items["card"].no)] == [("1", "PAY-1", True)]
        assert [(r.item.id, r.text, r.names) for r in reader.related(items["1"].no)] == [("card", "PAY-1", False)]
        assert w.parents() == {}
        w.jira.leave("1")
        assert w.settle() == ["1"], "a relation changes no number"
        assert reader.related(items["card"].no) == []


def test_everything_comes_in_whole_trees(store: Store) -> None:
    with two(store) as w:
        w.trello.sync(*(item(f"c{n}", f"PAY-{n % 3}") for n in range(7)))
        w.jira.sync(*(item(f"j{n}", key=f"PAY-{n}") for n in range(5)))
        w.settle()
        chunks = list(w.jira.reader.everything(2))
        assert sorted(each.id for chunk in chunks for each in chunk) == sorted(w.items())
        for chunk in chunks:
            inside = {each.no for each in chunk}
            assert all(each.parent is None or each.parent in inside for each in chunk)
        assert {each.id: each for chunk in chunks for each in chunk} == w.items()


# ---- against the same thing in memory -----------------------------------------------------------------------------------

NAMES = ["A-1", "A-2", "A-3", "B-1", "B-2", "B-3", "https://a.test/1", "https://b.test/2", "j1", "t2", "t3"]
WORDS = st.lists(st.sampled_from([*NAMES, *(f"dup:{n}" for n in NAMES), "epic:A-1", "a-2,"]), max_size=3).map(" ".join)
MANY = (
    *PATTERNS,
    pattern("epic:(.*)", "title", index=4),
    pattern("(\\w\\d)", "field.see", source="trello", index=5),
    pattern("jira key", "label", relation="duplicate", index=6),
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, WorkItem | None]:
    """(source, an item as it is from now on); only the id counts where it leaves."""
    source = draw(st.sampled_from(["jira", "trello"]))
    n = draw(st.integers(1, 3))
    id_ = f"{source[0]}{n}"
    if draw(st.integers(0, 9)) == 0:
        return source, item(id_, "leaves")
    letter = "A" if source == "jira" else "B"
    return source, item(
        id_,
        draw(WORDS),
        key=draw(st.sampled_from([None, f"{letter}-{n}", f"{letter}-{n + 3}", f"{letter}-{n + 6}"])),
        url=draw(st.sampled_from([None, f"https://{letter.lower()}.test/{n}"])),
        parent_ref=draw(st.sampled_from([None, None, f"{source[0]}1", f"{letter}-2", f"{letter}-5", "elsewhere"])),
        labels=tuple(draw(WORDS).split()),
        links=tuple(("attachment", each) for each in draw(WORDS).split() if "//" in each),
        fields=draw(st.sampled_from([{}, {"see": "j1"}, {"see": "t2 A-1"}])),
    )


STEPS = st.lists(
    st.tuples(st.lists(changes(), min_size=1, max_size=6), st.lists(st.integers(0, 6), unique=True), st.booleans()),
    min_size=1,
    max_size=5,
)


def ties(i: Item) -> tuple[object, ...]:
    return i.parent, i.parent_by, i.duplicate_of, i.ambiguous


def check(store: Store, steps: list[tuple[list[tuple[str, WorkItem]], list[int], bool]]) -> None:
    patterns: tuple[Pattern, ...] = ()
    with two(store) as w:
        for changed, chosen, complete in steps:
            for source, each in changed:
                at = w.jira if source == "jira" else w.trello
                if each.title != "leaves":
                    at.sync(each)
                elif each.id in at.items():
                    at.leave(each.id)
            now = tuple(each for each in MANY if each.index in chosen)
            if now != patterns:
                with w.jira.writer._pen.begin() as tx:
                    tx.mark_where("true")
                patterns = now
            if complete:
                w.trello.end("complete")
            w.jira.writer.settle_edges(patterns)
            stored = list(w.jira.reader.items())
            assert {i.id: ties(i) for i in stored} == {i.id: ties(i) for i in link_items(stored, patterns)}
            for read_seq, items in w.jira.reader.dirty_trees(3):
                w.jira.attach(items, read_seq)
            assert w.jira.reader.dirty_count() == 0


KNOWN = [
    ([("jira", item("j1", key="A-1")), ("trello", item("t2", "A-1"))], [0], False),
    ([("jira", item("j1", "leaves"))], [0], False),
    ([("jira", item("j1", key="A-4"))], [0], True),
]
MODEL: dict[str, Any] = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


@given(steps=STEPS)
@example(steps=KNOWN)
@settings(max_examples=100, **MODEL)
def test_the_store_and_the_function_agree(hasty_store: Store, steps: Any) -> None:
    with wiped(hasty_store):
        check(hasty_store, steps)


@pytest.mark.postgres
@given(steps=STEPS)
@example(steps=KNOWN)
@settings(max_examples=15, **MODEL)
def test_postgres_and_the_function_agree(postgres_store: Store, steps: Any) -> None:
    with wiped(postgres_store):
        check(postgres_store, steps)


@pytest.mark.slow
@pytest.mark.timeout(600)
@given(steps=STEPS)
@settings(max_examples=3_000, **MODEL | {"derandomize": False})
def test_the_store_and_the_function_agree_for_long(hasty_store: Store, steps: Any) -> None:
    with wiped(hasty_store):
        check(hasty_store, steps)
