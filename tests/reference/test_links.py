"""Which item is the parent, and which the duplicate of which: the hub's own way and the words, over generated items."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model import Item, Pattern
from hub.patterns import link_items
from tests.reference.builders import HERE
from tests.reference.naive_links import links
from tests.reference.test_reference import NORMAL, SLOW

KEYS = tuple(f"IDN-{n}" for n in range(1, 7))
URL = "https://boards.example/c/"
PATTERNS = (
    ("cards", ("title", "attachment"), "jira key", "child"),
    (None, ("title",), "jira key", "child"),
    ("Cards", ("attachment",), "url", "child"),
    (None, ("label",), r"under:(\S+)", "child"),
    (None, ("label", "title"), r"(?:under:)?(\S+-\d)", "child"),
    ("cards", ("field.epic", "label"), "jira key", "relation"),
    (None, ("label",), r"same as (\S+)", "duplicate"),
    (None, ("label",), r"same as (\S+)", "duplicate"),
    ("jira", ("field.Twin",), "jira key", "duplicate"),
)
TITLES = (
    "",
    "The page",
    *KEYS[:4],
    "idn-2: the page",
    "XIDN-1 IDN-2x",
    "(IDN-4)",
    "IDN-1 and IDN-3",
    "IDN-2/IDN-1",
    "idn-1, idn-2",
)
LABELS = ("under:IDN-1", "under:card-3", "UNDER:idn-2", "same as card-2", "same as IDN-1", "same as IDN-5", "same as OLD-1", "x")
PRESENCES = ("present",) * 9 + ("archived", "deleted")


@st.composite
def forests(draw: st.DrawFn) -> list[Item]:
    found = []
    count = draw(st.integers(2, 6))
    for no in range(1, count + 1):
        is_card = draw(st.booleans())
        found.append(
            Item(
                no,
                "cards" if is_card else "jira",
                f"card-{no}" if is_card else str(100 - no),
                None if is_card else f"IDN-{no}",
                draw(st.sampled_from((*TITLES, *TITLES[-4:], *TITLES[-4:]))),
                url=f"{URL}{no}" if is_card else None,
                parent_ref=draw(st.sampled_from((None, None, None, *KEYS[:3], str(100 - no + 1), "card-1", "77"))),
                labels=tuple(draw(st.lists(st.sampled_from(LABELS), max_size=2))),
                presence=draw(st.sampled_from(PRESENCES)),
                fields=draw(st.sampled_from(({}, {}, {"epic": "IDN-2"}, {"twin": ["IDN-1", "idn-1"]}, {"twin": "IDN-3 IDN-2"}))),
                aliases=draw(st.sampled_from(((), (), (), ("old-1",)))),
                addresses=draw(st.sampled_from(((), (), (f"{URL}1",), (f"{URL}2", "https://jira.example/browse/IDN-1")))),
            )
        )
    return found


@st.composite
def declared(draw: st.DrawFn) -> list[Pattern]:
    child, other = [p for p in PATTERNS if p[3] == "child"], [p for p in PATTERNS if p[3] != "child"]
    chosen = [draw(st.sampled_from(child)), draw(st.sampled_from(child)), draw(st.sampled_from(other))]
    return [Pattern(n, source, fields, found, as_, HERE) for n, (source, fields, found, as_) in enumerate(chosen)]


def check(items: list[Item], patterns: list[Pattern], met: Counter[str]) -> None:
    words = links(items, patterns)
    linked = link_items(items, patterns)
    assert {i.no: i.parent for i in linked if i.parent is not None} == words.parents
    assert {i.no: i.duplicate_of for i in linked if i.duplicate_of is not None} == words.duplicates
    assert {i.no for i in linked if i.ambiguous} == words.ambiguous
    by_vendor = {i.no for i in items if i.parent_ref is not None}
    met["by vendor"] += bool(by_vendor & set(words.parents))
    met["by pattern"] += bool(set(words.parents) - by_vendor)
    met["ambiguous"] += bool(words.ambiguous)
    met["duplicate"] += bool(words.duplicates)


def test_the_hub_links_what_the_words_link() -> None:
    met: Counter[str] = Counter()

    @settings(NORMAL, max_examples=300)
    @given(forests(), declared())
    def run(items: list[Item], patterns: list[Pattern]) -> None:
        check(items, patterns, met)

    run()
    assert min(met[what] for what in ("by vendor", "by pattern", "ambiguous", "duplicate")) >= 5, met


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(SLOW)
@given(forests(), declared())
def test_the_hub_links_what_the_words_link_over_thousands(items: list[Item], patterns: list[Pattern]) -> None:
    check(items, patterns, Counter())
