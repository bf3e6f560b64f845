"""Which texts name other items, whom they mean, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from hub.model import Item, Pattern, Place
from hub.patterns import LONGEST, Finder, link, link_items

HERE = Place("patterns.toml", 1)


def pattern(finds: str = "jira key", *fields: str, relation: Any = "child", source: str | None = None, index: int = 0) -> Pattern:
    return Pattern(index, source, fields or ("title",), finds, relation, HERE)


CHILD, DUPLICATE = pattern(), pattern("dup (\\S+)", relation="duplicate", index=1)


def card(no: int, title: str = "", **more: Any) -> Item:
    """An item of Trello, which has no keys."""
    return Item(no, "trello", f"t{no}", title=title, **more)


def issue(no: int, key: str, **more: Any) -> Item:
    return Item(no, "jira", str(10_000 + no), key=key, **more)


def linked(*items: Item, patterns: tuple[Pattern, ...] = (CHILD,)) -> dict[int, Item]:
    return {item.no: item for item in link_items(items, patterns)}


def texts(item: Item, *patterns: Pattern) -> list[str]:
    return [reference.text for reference in Finder(patterns)(item)]


# ---- what is found in a text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("ABC-12", ["ABC-12"]),
        ("Fix ABC-12, then (XY_2-7).", ["ABC-12", "XY_2-7"]),
        ("abc-12 and ABC-12 are one", ["abc-12"]),
        ("https://acme.test/browse/ABC-12?focus=1", ["ABC-12"]),
        ("feature/ABC-12-sign-in", ["ABC-12"]),
        ("ABC-12x, xABC-12_, 9ABC-1, ÄABC-12, ABC-12ä", []),
        ("ABC-123", ["ABC-123"]),
        ("ABC - 12, ABC-, -12, 2026-11", []),
        ("", []),
    ],
)
def test_keys(title: str, found: list[str]) -> None:
    assert texts(card(1, title), pattern()) == found


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("see https://acme.test/browse/ABC-12.", ["https://acme.test/browse/ABC-12"]),
        ("(http://acme.test/a), HTTPS://ACME.test/B!", ["http://acme.test/a", "HTTPS://ACME.test/B"]),
        ("[the ticket|https://acme.test/x] and [y](https://acme.test/y)", ["https://acme.test/x", "https://acme.test/y"]),
        ('<a href="https://acme.test/q?a=b&c=d#e">', ["https://acme.test/q?a=b&c=d#e"]),
        ("https://acme.test/%C3%A4/ä", ["https://acme.test/%C3%A4/ä"]),
        ("ftp://acme.test/x www.acme.test", []),
    ],
)
def test_addresses(title: str, found: list[str]) -> None:
    assert texts(card(1, title), pattern("url")) == found


def test_an_expression_gives_what_its_group_catches_in_any_case() -> None:
    finds = pattern("(?:epic|for):\\s*([^,]+)")
    assert texts(card(1, "EPIC: Sign-in , for: 7, for:"), finds) == ["Sign-in", "7"]
    assert texts(card(1, "Epic: Übung"), pattern("epic: (\\pL+)")) == ["Übung"]


def test_where_a_pattern_looks() -> None:
    everywhere = pattern("jira key", "title", "attachment", "description", "label", "field.Parent", "field.more")
    item = card(
        1, "A-1", labels=("x", "B-2"), addresses=("https://acme.test/browse/C-3",), fields={"parent": "D-4", "more": ["E-5"]}
    )
    assert texts(item, everywhere) == ["A-1", "C-3", "B-2", "D-4", "E-5"]
    assert texts(item, pattern("(.+)", "field.parent", "field.none")) == ["D-4"]


def test_a_pattern_of_a_source_looks_at_its_items_only() -> None:
    finder = Finder([pattern(source="Trello")])
    assert len(finder(card(1, "A-1"))) == 1
    assert finder(issue(1, "B-2", title="A-1")) == []


def test_what_is_longer_than_any_name_is_none() -> None:
    assert texts(card(1, "A" * (LONGEST - 2) + "-1"), pattern()) == ["A" * (LONGEST - 2) + "-1"]
    assert texts(card(1, "A" * (LONGEST - 1) + "-1"), pattern()) == []


@pytest.mark.timeout(5)
def test_no_text_takes_long() -> None:
    for text in ("A" * 100_000, "A-1" * 50_000, "A_" * 50_000, "https://" * 20_000, "(" * 100_000):
        for finds in ("jira key", "url", "(a+)+b"):
            texts(card(1, text), pattern(finds))


# ---- whom it means ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [{"key": "ABC-12"}, {"key": "NEW-1", "aliases": ("abc-12",)}])
def test_a_key_finds_its_present_and_its_former_bearer(named: dict[str, Any]) -> None:
    found = linked(card(1, "do abc-12 now"), Item(2, "jira", "10002", **named))[1]
    assert (found.parent, found.parent_by, found.ambiguous) == (2, "pattern", ())


def test_an_address_finds_its_bearer_and_a_key_does_not() -> None:
    here = "https://acme.test/browse/ABC-12"
    bearers = (Item(2, "jira", "10002", url=here), Item(3, "asana", "7", former_urls=(f"{here}3".lower(),)))
    found = linked(card(1, f"{here}!"), card(4, f"{here}3"), *bearers, patterns=(pattern("url"),))
    assert (found[1].parent, found[4].parent) == (2, 3)
    assert linked(card(1, here), *bearers)[1].parent is None


def test_an_expression_finds_by_id_too() -> None:
    patterns = (pattern("#(\\S+)"),)
    found = linked(card(1, "#10007"), card(2, "#ABC-7"), card(3, "#t1"), issue(7, "ABC-7"), patterns=patterns)
    assert [found[n].parent for n in (1, 2, 3)] == [7, 7, 1]


def test_the_vendors_word_goes_first_even_where_it_names_nobody() -> None:
    found = linked(card(1, "A-9", parent_ref="t2"), card(2), card(3, "A-9", parent_ref="unread"), issue(9, "A-9"))
    assert (found[1].parent, found[1].parent_by) == (2, "")
    assert (found[3].parent, found[3].parent_by) == (None, "")


def test_nobody_is_his_own_parent() -> None:
    found = linked(issue(1, "A-1", title="A-1: first"), issue(2, "A-2", title="A-2, see A-1"))
    assert (found[1].parent, found[2].parent) == (None, 1)


def test_several_bearers_are_none_and_the_texts_are_kept() -> None:
    found = linked(card(1, "A-2, a-2, A-1 and A-9"), issue(1_000, "A-1"), issue(2, "A-2"))[1]
    assert (found.parent, found.ambiguous) == (None, ("A-1", "A-2")), "A-9 names nobody"
    two_sites = linked(card(1, "A-1"), issue(2, "A-1"), Item(3, "other", "1", key="a-1"))[1]
    assert (two_sites.parent, two_sites.ambiguous) == (None, ("A-1",))


def test_several_texts_for_one_item_are_no_doubt() -> None:
    found = linked(card(1, "A-1 (before: B-1)"), issue(2, "A-1", aliases=("b-1",)))[1]
    assert (found.parent, found.ambiguous) == (2, ())


@pytest.mark.parametrize("presence", ["trashed", "deleted", "out_of_scope", "merged"])
def test_who_has_left_is_nobodys_parent_and_has_none(presence: str) -> None:
    gone = issue(2, "A-2", presence=presence, title="dup A-1, A-1", parent_ref="A-1")
    found = linked(card(1, "A-2 dup A-2"), card(3, parent_ref="t1"), gone, issue(4, "A-1"), patterns=(CHILD, DUPLICATE))
    assert (found[1].parent, found[1].duplicate_of) == (None, None)
    assert (found[2].parent, found[2].duplicate_of) == (None, None)
    assert linked(card(1, "A-2"), gone._replace(presence="archived"))[1].parent == 2


def test_a_relation_changes_nothing() -> None:
    found = linked(card(1, "A-2"), issue(2, "A-2"), patterns=(pattern(relation="relation"),))[1]
    assert found == card(1, "A-2")


# ---- duplicates ---------------------------------------------------------------------------------------------------------


def test_a_chain_of_duplicates_ends_at_the_canonical_item() -> None:
    found = linked(card(1, "dup t2"), card(2, "dup t3"), card(3), card(4, "dup t3 dup t1"), patterns=(DUPLICATE,))
    assert [found[n].duplicate_of for n in (1, 2, 3, 4)] == [3, 3, None, None], "t4 names two"


def test_of_a_circle_of_duplicates_the_greatest_is_canonical() -> None:
    found = linked(card(1, "dup t2"), card(2, "dup t3"), card(3, "dup t1"), card(4, "dup t1"), patterns=(DUPLICATE,))
    assert [found[n].duplicate_of for n in (1, 2, 3, 4)] == [3, 3, None, 3]


# ---- circles of parents -------------------------------------------------------------------------------------------------


def test_a_circle_is_cut_where_a_pattern_closes_it() -> None:
    """The vendor says that 3 is under 2 and 2 under 1; the title says that 1 is under 3: of these only the title is in doubt."""
    items = (issue(1, "A-1", title="A-3"), issue(2, "A-2", parent_ref="A-1"), issue(3, "A-3", parent_ref="A-2"))
    result = link(items, (CHILD,))
    assert {i.no: i.parent for i in result.items} == {1: None, 2: 1, 3: 2}
    [finding] = result.findings
    assert finding.no == 1
    assert finding.text.startswith("A-1 is the child of A-3 by a pattern, which closes a circle")


def test_of_several_patterns_in_a_circle_the_greatest_gives_way() -> None:
    found = linked(issue(1, "A-1", title="A-2"), issue(2, "A-2", title="A-3"), issue(3, "A-3", parent_ref="A-1"))
    assert [found[n].parent for n in (1, 2, 3)] == [2, None, 1]


def test_a_circle_of_the_vendor_is_cut_at_its_greatest() -> None:
    result = link((issue(1, "A-1", parent_ref="A-2"), issue(2, "A-2", parent_ref="A-1")), ())
    assert [i.parent for i in result.items] == [2, None]
    assert [f.text for f in result.findings] == [
        "A-2 names A-1 as its parent, which closes a circle of parents: it is treated as having none."
    ]


# ---- what the vendor names ----------------------------------------------------------------------------------------------


def test_a_vendors_parent_is_found_by_id_key_former_key_and_address_of_its_own_source() -> None:
    epic = issue(9, "A-9", aliases=("a-1",), url="https://acme.test/A-9", former_urls=("https://acme.test/a-1",))
    names = ["10009", "A-9", "A-1", "https://acme.test/A-9", "https://acme.test/A-1", "a-9"]
    found = linked(epic, *(issue(n, f"B-{n}", parent_ref=name) for n, name in enumerate(names)), card(8, parent_ref="A-9"))
    assert [found[n].parent for n in range(len(names))] == [9] * 5 + [None]
    assert found[8].parent is None


def test_a_kept_parent_stays_while_nobody_bears_the_new_name() -> None:
    story = issue(1, "A-1", parent_ref="A-9", parent=2, parent_by="kept")
    assert linked(story, issue(2, "A-2"))[1].parent == 2
    assert linked(story, issue(2, "A-2"), issue(9, "A-9"))[1].parent == 9
    assert linked(story, issue(2, "A-2"), issue(9, "A-9", presence="trashed"))[1].parent is None
    assert linked(story, issue(2, "A-2", presence="trashed"))[1].parent is None
    assert linked(story._replace(parent_by=""), issue(2, "A-2"))[1].parent is None
