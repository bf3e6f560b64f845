"""What items add to measures, and what it adds up to: exactly, over any windows, the same in both databases."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.mappings import parse
from hub.measure import Kept, definition
from hub.measure.answers import added
from hub.model import Baseline, Contribution, Sums, Window
from hub.store import Store
from hub.store.codec import joined, split
from hub.store.measured import known
from hub.store.read_measures import NEWEST
from tests.hub.store.world import World, item, mapping, node, wiped, world

DAY = 740_000
OPEN = Window(0)


def adds(
    no: int, x: str | int = 1, day: int | None = 0, *, measure: int = 0, w: str | int = 1, **more: str | None
) -> Contribution:
    """What item ``no`` adds on the day that comes ``day`` days after the first one."""
    return Contribution(measure, no, None if day is None else DAY + day, Decimal(x), Decimal(w), **more)


def put(w: World, *given: Contribution) -> None:
    """Replace everything that the items named here add."""
    w.writer.put_attachments(sorted({each.no for each in given}), [], [], [], read_seq=0, contributions=given)


def plain(*sums: Sums) -> list[tuple[str | None, int, Fraction, Fraction]]:
    return [(each.currency, each.rows, each.x, each.w) for each in sums]


def test_sums_by_currency_in_a_window(store: Store) -> None:
    with world(store) as w:
        put(w, adds(1, "10.50", 0, currency="EUR"), adds(2, "0.25", 3, currency="EUR", w="0.5"),
            adds(3, 7, 5, currency="USD"), adds(4, -2, 9), adds(5, 100, 4, measure=1))  # fmt: skip
        (found,) = w.reader.sums([Window(0, DAY, DAY + 5)])
        assert found == (
            Sums("EUR", 2, Fraction("10.75"), Fraction("1.5"), DAY + 3),
            Sums("USD", 1, Fraction(7), Fraction(1), DAY + 5),
        )
        assert [plain(*each) for each in w.reader.sums([Window(0, DAY + 9), Window(1), Window(2)])] == [
            [(None, 1, Fraction(-2), Fraction(1))], [(None, 1, Fraction(100), Fraction(1))], [],
        ]  # fmt: skip


def test_both_days_of_a_window_belong_to_it(store: Store) -> None:
    with world(store) as w:
        put(w, *(adds(n, 10**n, n) for n in range(5)))
        windows = [
            Window(0, DAY + 1, DAY + 3),
            Window(0, DAY + 2, DAY + 2),
            Window(0, DAY + 3, DAY + 1),
            Window(0, None, DAY + 1),
        ]
        assert [plain(*each) for each in w.reader.sums(windows)] == [
            [(None, 3, Fraction(1110), Fraction(3))], [(None, 1, Fraction(100), Fraction(1))], [],
            [(None, 2, Fraction(11), Fraction(2))],
        ]  # fmt: skip


def test_what_has_no_day_lies_only_in_a_window_that_is_open(store: Store) -> None:
    with world(store) as w:
        put(w, adds(1, 5, None), adds(2, 7, 0))
        found = w.reader.sums([OPEN, Window(0, None, DAY), Window(0, 1), Window(0, -5)])
        assert [plain(*each) for each in found] == [
            [(None, 2, Fraction(12), Fraction(2))], *([[(None, 1, Fraction(7), Fraction(1))]] * 3),
        ]  # fmt: skip
        put(w, adds(2, 7, None))
        assert w.reader.sums([OPEN])[0][0].newest is None


@pytest.mark.parametrize("number", [
    "0.000000001", "-0.000000001", "999999999999.999999999", "-999999999999.999999999", "-0.5", "0", "0E+99", "12E+3",
    "0.0000000001", "1000000000000", "123456789012345678901234567890.123456789012345678901", "-1E+30", "1.0000000000",
])  # fmt: skip
def test_numbers_of_any_size_are_exact(store: Store, number: str) -> None:
    """One cent of every amount there is; what does not fit into the database's integers is added here."""
    with world(store) as w:
        put(w, adds(1, number), adds(2, number, w=number), adds(3, "0.1", 1), adds(4, "0.2", None))
        (found,), (all_,) = w.reader.sums([Window(0, DAY, DAY), OPEN])
        assert (found.x, found.w) == (2 * Fraction(number), 1 + Fraction(number))
        assert all_.x == 2 * Fraction(number) + Fraction("0.3")
        assert sorted(each.x for each in w.reader.contributions(OPEN)) == sorted(
            Decimal(n) for n in (number, number, "0.1", "0.2")
        )


def test_the_largest_numbers_do_not_overflow(store: Store) -> None:
    with world(store) as w:
        put(w, *(adds(n, "999999999999.999999999", n % 7, w="-999999999999.999999999") for n in range(20_000)))
        (found,) = w.reader.sums([OPEN])[0]
        assert found.x == -found.w == 20_000 * Fraction("999999999999.999999999")


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_what_is_no_number_adds_to_nothing(store: Store, number: str) -> None:
    with world(store) as w, pytest.raises(ValueError, match="adds to nothing"):
        put(w, adds(1, number))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**11), max_value=10**11))
def test_a_number_in_two_parts_is_the_number(number: Decimal) -> None:
    parts = split(number)
    assert parts is not None
    assert joined(*parts) == number
    assert 0 <= parts[1] < 10**9


def test_different_texts(store: Store) -> None:
    with world(store) as w:
        texts = [("a", 0), ("b", 0), ("a", 1), ("ä", 2), (None, 2)]
        put(w, *(adds(n, day=day, text=text) for n, (text, day) in enumerate(texts)), adds(9, text="z", measure=1))
        assert w.reader.distinct([OPEN, Window(0, DAY + 1), Window(0, DAY, DAY), Window(3), Window(1)]) == [3, 2, 2, 0, 1]


def test_one_item_may_have_several_texts(store: Store) -> None:
    with world(store) as w:
        put(w, adds(1, text="a"), adds(1, text="b"), adds(1, text="a"), adds(2, text="b"))
        assert w.reader.distinct([OPEN]) == [2]
        assert [(c.no, c.text) for c in w.reader.contributions(OPEN)] == [(1, "a"), (1, "b"), (1, "a"), (2, "b")]


def test_the_newest_day_of_a_window(store: Store) -> None:
    with world(store) as w:
        given = [adds(3, 3, 5), adds(2, 2, 5, currency="EUR"), adds(1, 1, 2), adds(4, 4, None), adds(5, 5, 9, measure=1)]
        put(w, *given)
        found = w.reader.newest([OPEN, Window(0, None, DAY + 4), Window(0, DAY + 6), Window(1), Window(1, DAY + 9, DAY + 9)])
        assert found == [(given[1], given[0]), (given[2],), (), (given[4],), (given[4],)]


def test_where_none_has_a_day_the_newest_are_those_without(store: Store) -> None:
    with world(store) as w:
        put(w, adds(1, 1, None), adds(2, 2, None))
        assert [len(each) for each in w.reader.newest([OPEN, Window(0, DAY)])] == [2, 0]


def test_a_busy_day_is_cut(store: Store) -> None:
    with world(store) as w:
        put(w, *(adds(n) for n in range(NEWEST + 50)))
        assert [len(each) for each in w.reader.newest([OPEN])] == [NEWEST]


def test_contributions_come_newest_first_and_no_more_than_wanted(store: Store) -> None:
    with world(store) as w:
        put(w, *(adds(n, n, n % 3) for n in range(3_000)))
        found = list(w.reader.contributions(Window(0, DAY + 1)))
        assert len(found) == 2_000
        assert found == sorted(found, key=lambda each: (-(each.on or 0), each.no))
        assert list(w.reader.contributions(Window(0, DAY + 1), 5)) == found[:5]
        with closing(w.reader.contributions(OPEN)) as some:
            assert next(some).no == 2


def test_what_items_add_is_replaced_with_their_links(store: Store) -> None:
    with world(store) as w:
        put(w, adds(1, 5), adds(2, 7), adds(1, 5, measure=1))
        put(w, adds(1, 6))
        assert plain(*w.reader.sums([OPEN])[0]) == [(None, 2, Fraction(13), Fraction(2))]
        assert w.reader.sums([Window(1)]) == [()]
        w.writer.put_attachments([1, 2], [], [], [], read_seq=0)
        assert w.reader.sums([OPEN]) == [()]


def test_another_mapping_counts_measures_anew(store: Store) -> None:
    with world(store) as w:
        w.writer.put_mapping(mapping("m1"), engine="1")
        put(w, adds(1, 5))
        w.writer.put_mapping(mapping("m1"), engine="1")
        assert w.reader.sums([OPEN]) != [()]
        w.writer.put_mapping(mapping("m2"), engine="1")
        assert w.reader.sums([OPEN]) == [()]


def test_nothing_asked_is_nothing_answered(store: Store) -> None:
    with world(store) as w:
        assert (w.reader.sums([]), w.reader.distinct([]), w.reader.newest([])) == ([], [], [])


# ---- baselines ----------------------------------------------------------------------------------------------------------


def test_a_start_is_frozen_once(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1"))
        begun = Baseline("Q1", "sso", "sum of amount", Fraction(7, 16))
        assert w.finish(node(None), baselines=[begun]) is None, "marks remain"
        assert w.reader.baselines() == []
        w.assess()
        first = w.finish(node(None), baselines=[begun])
        again = w.finish(
            node(None), baselines=[begun._replace(value=Fraction(1, 2)), begun._replace(of="count", value=Fraction(-3))]
        )
        assert w.reader.baselines() == [begun._replace(seq=first), Baseline("Q1", "sso", "count", Fraction(-3), again)]


STRATEGY = """
[cycle]
q1 = {{ starts = 2027-01-01, ends = 2027-03-31 }}
[[objective]]
id = "o"
cycle = "q1"
anchor.strength = "x"
[[metric]]
id = "won"
source = "crm"
{how}
when.state = "done"
dated = "closed"
[[key_result]]
id = "arr"
objective = "o"
kind = "increase"
metric = "won"
start = "measured"
target = "+10%"
"""


def test_an_edit_that_is_taken_back_finds_its_former_start_again(store: Store) -> None:
    by_sum, by_count = (parse({"s.toml": STRATEGY.format(how=how)}, "UTC")[0] for how in ('sum = "amount"', "count = true"))
    assert by_sum is not None
    assert by_count is not None
    with world(store) as w:
        w.sync(item("1"))
        w.assess()
        starts = {}
        for mapping, value in ((by_sum, Fraction(700)), (by_count, Fraction(7))):
            begun = Baseline("q1", "arr", definition(mapping, mapping.key_results["q1", "arr"]), value)
            w.finish(node(None), baselines=[begun])
            starts[begun.of] = value
        for mapping in (by_sum, by_count):
            found = known(w.reader, mapping, []).baselines["q1", "arr"]
            assert (found.of, found.value) == (definition(mapping, mapping.key_results["q1", "arr"]), starts[found.of])


# ---- what always holds --------------------------------------------------------------------------------------------------

DAYS = st.none() | st.integers(0, 6)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20) | st.integers(-9, 9).map(
    Decimal
)


class Case(NamedTuple):
    measure: int
    day: int | None
    x: Decimal
    w: Decimal
    currency: str | None
    text: str | None


CASES = st.lists(
    st.builds(
        Case, st.integers(0, 2), DAYS, NUMBERS, NUMBERS, st.sampled_from([None, "EUR", "USD"]), st.sampled_from(["a", "b"])
    ),
    max_size=12,
)
WINDOWS = st.lists(st.tuples(st.integers(0, 3), DAYS, DAYS), max_size=12)
Windows = Sequence[tuple[int, int | None, int | None]]


@given(CASES, WINDOWS)
@example(
    [Case(0, None, Decimal("1E-12"), Decimal(1), None, "a"), Case(0, 3, Decimal(1), Decimal(1), None, "b")], [(0, None, None)]
)
@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_any_windows_over_any_contributions_answer_as_plain_fractions_do(store: Store, cases: list[Case], asked: Windows) -> None:
    rows = [
        Contribution(c.measure, n % 5, None if c.day is None else DAY + c.day, c.x, c.w, c.currency, c.text)
        for n, c in enumerate(cases)
    ]
    windows = [Window(m, *(None if day is None else DAY + day for day in (first, last))) for m, first, last in asked]
    with wiped(store), world(store) as w:
        put(w, *rows)
        kept = [Kept(rows).within(window) for window in windows]
        assert w.reader.sums(windows) == [added(each) for each in kept]
        assert w.reader.distinct(windows) == [len({row.text for row in each}) for each in kept]
        for window, found, those in zip(windows, w.reader.newest(windows), kept, strict=True):
            newest = max((row.on for row in those if row.on is not None), default=None)
            assert sorted(found, key=_by_value) == sorted((row for row in those if row.on == newest), key=_by_value)
            assert sorted(w.reader.contributions(window), key=_by_value) == sorted(those, key=_by_value)


def _by_value(row: Contribution) -> tuple[object, ...]:
    return (row.no, row.on or 0, row.x, row.w, row.currency or "", row.text or "")
