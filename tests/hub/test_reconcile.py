"""What an incoming item means against the stored one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import WorkItem
from hub.reconcile import (
    COLUMNS,
    Content,
    Stored,
    Unstorable,
    _careful,
    canonical_json,
    clean,
    content,
    decide,
    digest,
    fold_page,
    millis,
)  # fmt: skip

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
STORY = WorkItem("1", "Checkout", labels=("b", "a"), fields={"team": "Core", "size": "2.0"}, updated_at=NINE)


def column(of: Content, name: str) -> object:
    return of.row[COLUMNS.index(name)]


def stored(item: WorkItem = STORY, presence: str = "present") -> Stored:
    known = content(item)
    return Stored(1, known.hash, known.updated_at, presence)


@pytest.mark.parametrize(
    ("item", "decision"),
    [
        (STORY, "unchanged"),
        (replace(STORY, title="Cart"), "changed"),
        (replace(STORY, updated_at=NINE + timedelta(seconds=1)), "changed"),
        (replace(STORY, title="Cart", updated_at=NINE - timedelta(milliseconds=1)), "older"),
        (replace(STORY, title="Cart", updated_at=None), "changed"),
    ],
    ids=["the same", "equal stamp, other content", "newer stamp", "older stamp", "no stamp"],
)
def test_decisions(item: WorkItem, decision: str) -> None:
    assert decide(stored(), content(item)) == decision


def test_what_is_not_stored_is_new() -> None:
    assert decide(None, content(STORY)) == "new"


@pytest.mark.parametrize("presence", ["trashed", "deleted", "archived", "out_of_scope", "unobserved"])
def test_an_item_that_is_back_is_changed_even_if_its_content_is_the_same(presence: str) -> None:
    assert decide(stored(presence=presence), content(STORY)) == "changed"


def test_without_a_stored_stamp_content_alone_decides() -> None:
    assert decide(stored(replace(STORY, updated_at=None)), content(replace(STORY, updated_at=None))) == "unchanged"


@pytest.mark.parametrize("same", [
    replace(STORY, labels=("a", "b")),
    replace(STORY, labels=("a", "b", "a")),
    replace(STORY, fields={"size": "2.0", "team": "Core"}),
    replace(STORY, updated_at=NINE.astimezone(timezone(timedelta(hours=5)))),
    replace(STORY, updated_at=NINE + timedelta(microseconds=999)),
])  # fmt: skip
def test_what_makes_no_difference(same: WorkItem) -> None:
    assert content(same).hash == content(STORY).hash


@pytest.mark.parametrize("other", [
    replace(STORY, fields={"team": "Core", "size": "2"}),
    replace(STORY, fields={"team": "Core", "size": "2.0", "risk": None}),
    replace(STORY, labels=("a", "b", "c")),
    replace(STORY, labels=(), components=("a", "b")),
    replace(STORY, title="checkout"),
    replace(STORY, key="Checkout", title=""),
])  # fmt: skip
def test_what_makes_a_difference(other: WorkItem) -> None:
    assert content(other).hash != content(STORY).hash


def test_an_item_without_stages_keeps_the_hash_that_it_always_had() -> None:
    """What is stored by an earlier version is not written anew for columns that the item does not have."""
    assert content(STORY).hash.hex() == "e3d7e997a252db516213e34df2a31f4f"
    assert content(replace(STORY, title="Größe")).hash.hex() == "8081ba9bca0371f03aa746bb7dd5a911"


def test_every_vendor_column_counts() -> None:
    filled = {
        name: {"level": 1, "fields": {"a": 1}, "due_on": NINE.date(), "links": (("x", "y"),), "stages": {"Won": NINE}}.get(
            name, NINE if name.endswith("_at") else ("v",) if name in {"containers", "labels", "components", "sprints"} else "v"
        )
        for name in COLUMNS
    }
    bare = WorkItem("0", "0")
    hashes = {content(replace(bare, **{name: value})).hash for name, value in filled.items()}
    assert len(hashes | {content(bare).hash}) == len(COLUMNS) + 1


ITEMS = st.builds(
    WorkItem,
    st.text(st.characters(max_codepoint=126, min_codepoint=32), min_size=1, max_size=5),
    st.text(st.characters(max_codepoint=126), max_size=8),
    labels=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=4), max_size=4).map(tuple),
    links=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "x y", 'x"'])), max_size=3).map(tuple),
    fields=st.dictionaries(st.sampled_from("abc"), st.one_of(st.none(), st.integers(-9, 9), st.text(max_size=3))),
    started_at=st.none() | st.just(NINE),
    stages=st.dictionaries(st.sampled_from(["Won", "À faire", "a\0b"]), st.just(NINE)),
)


@given(ITEMS)
def test_the_fast_way_and_the_careful_way_agree(item: WorkItem) -> None:
    assert content(item) == _careful(item)


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_clean_text_is_storable_and_stays_as_it_is(text: str) -> None:
    once = clean(text)
    once.encode()
    assert "\0" not in once
    assert clean(once) == once


@pytest.mark.parametrize(("item", "reason"), [
    (replace(STORY, updated_at=datetime(2026, 1, 1)), "updated_at is no instant with a time zone"),  # noqa: DTZ001 - the fault
    (replace(STORY, stages={"Won": datetime(2026, 1, 1)}), "stage Won is no instant with a time zone"),  # noqa: DTZ001 - the fault
    (replace(STORY, level=2**31), "level 2147483648"),
    (replace(STORY, id=""), "no id"),
    (replace(STORY, fields={"x": object()}), "object is no value of JSON"),
])  # fmt: skip
def test_what_cannot_be_stored_says_why(item: WorkItem, reason: str) -> None:
    with pytest.raises(Unstorable, match=reason):
        content(item)


def test_one_content_per_id() -> None:
    old, new, late = (
        content(replace(STORY, title=t, updated_at=NINE + timedelta(hours=h))) for t, h in (("old", 0), ("new", 1), ("late", 1))
    )
    kept, repeats = fold_page([new, old, late])
    assert (list(kept.values()), repeats) == ([late], 2)


def test_canonical_json_is_exact() -> None:
    assert canonical_json({"b": Decimal("2.50"), "a": Fraction(7, 16), "c": frozenset("yx"), "d": 2**70, 3: "three"}) == (
        '{"3":"three","a":"7/16","b":"2.50","c":["x","y"],"d":"1180591620717411303424"}'
    )


def test_a_digest_does_not_depend_on_spelling_or_order() -> None:
    assert digest({"a": "\u00e9", "b": 1}) == digest({"b": 1, "a": "e\u0301"})
    assert len(digest(None)) == 16


def test_milliseconds() -> None:
    assert millis(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert millis(datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC)) == -1
    assert column(content(replace(STORY, done_at=NINE)), "done_at") == millis(NINE)
