"""Companies small enough to reckon by hand, each for one sentence of docs/how-numbers-are-calculated.md: units.

The expected numbers come from the words. They are asked of the naive reference and of the hub's own calculation.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.reference.asking import BY_COUNT, BY_POINTS, HALF, LABEL, SSO, Ask
from tests.reference.builders import (
    company,
    epic,
    item,
    key_result,
    sub_task,
)

# ---- units by count -------------------------------------------------------------------------------------------------------


def test_by_count_the_stories_count_and_neither_their_epic_nor_their_sub_tasks(answer: Ask) -> None:
    got = answer(
        company(
            [
                epic(1, labels=LABEL),
                item(2, 1, state="done"),
                item(3, 1),
                item(4, 1),
                sub_task(5, 3, state="done"),
                sub_task(6, 3),
            ],
            BY_COUNT,
        )
    )
    assert got.units == {(2, "sso"), (3, "sso"), (4, "sso")}
    assert got.progress[SSO] == Fraction(1, 3)


def test_a_sub_task_counts_when_nothing_above_it_does(answer: Ask) -> None:
    got = answer(company([item(1), sub_task(2, 1, labels=LABEL, state="done"), sub_task(3, 1, labels=LABEL)], BY_COUNT))
    assert got.units == {(2, "sso"), (3, "sso")}
    assert got.progress[SSO] == HALF


def test_an_epic_without_stories_counts_itself(answer: Ask) -> None:
    got = answer(company([epic(1, labels=LABEL, state="done"), epic(2, labels=LABEL), item(3, 2), item(4, 2)], BY_COUNT))
    assert got.units == {(1, "sso"), (3, "sso"), (4, "sso")}
    assert got.progress[SSO] == Fraction(1, 3)


def test_level_epic_counts_epics_and_never_a_story(answer: Ask) -> None:
    items = [epic(1, labels=LABEL, state="done"), item(2, 1), item(3, 1), epic(4, labels=LABEL), item(5, labels=LABEL)]
    got = answer(company(items, [key_result("sso", level="epic")]))
    assert got.units == {(1, "sso"), (4, "sso")}
    assert got.progress[SSO] == HALF


def test_level_story_counts_an_epic_that_has_no_story(answer: Ask) -> None:
    items = [epic(1, labels=LABEL, state="done"), epic(2, labels=LABEL), item(3, 2), sub_task(4, 3, state="done")]
    got = answer(company(items, [key_result("sso", level="story")]))
    assert got.units == {(1, "sso"), (3, "sso")}
    assert got.progress[SSO] == HALF


def test_level_leaf_counts_what_has_nothing_beneath_it(answer: Ask) -> None:
    items = [epic(1, labels=LABEL), item(2, 1, state="done"), item(3, 1), sub_task(4, 3, state="done"), sub_task(5, 3)]
    got = answer(company(items, [key_result("sso", level="leaf")]))
    assert got.units == {(2, "sso"), (4, "sso"), (5, "sso")}
    assert got.progress[SSO] == Fraction(2, 3)


# ---- units by estimate ----------------------------------------------------------------------------------------------------


def test_points_of_an_epic_and_of_its_stories_are_never_both_counted(answer: Ask) -> None:
    items = [epic(1, labels=LABEL, estimate="20"), item(2, 1, state="done", estimate="3"), item(3, 1, estimate="5")]
    got = answer(company(items, BY_POINTS))
    assert got.units == {(2, "sso"), (3, "sso")}
    assert got.progress[SSO] == Fraction(3, 8)


def test_sub_tasks_without_points_do_not_hide_those_of_their_story(answer: Ask) -> None:
    items = [
        epic(1, labels=LABEL),
        item(2, 1, state="done", estimate="8"),
        sub_task(3, 2, state="done"),
        sub_task(4, 2, state="done"),
        item(5, 1, estimate="2"),
    ]
    got = answer(company(items, BY_POINTS))
    assert got.units == {(2, "sso"), (5, "sso")}
    assert got.progress[SSO] == Fraction(8, 10)


def test_a_story_without_points_weighs_the_mean_of_the_stories(answer: Ask) -> None:
    items = [epic(1, labels=LABEL), item(2, 1, state="done", estimate="2"), item(3, 1, estimate="4"), item(4, 1)]
    got = answer(company(items, BY_POINTS))
    assert got.progress[SSO] == Fraction(2, 9)  # 2 of 2 + 4 + 3


def test_an_epic_without_points_and_stories_weighs_as_a_mean_epic(answer: Ask) -> None:
    items = [
        epic(1, labels=LABEL),
        item(2, 1, state="done", estimate="2"),
        item(3, 1, estimate="4"),
        epic(4, labels=LABEL, estimate="10", state="done"),
        epic(5, labels=LABEL),
    ]
    got = answer(company(items, BY_POINTS))
    # epic 1 stands for 6 through its stories and epic 4 for 10: epic 5 weighs 8
    assert got.units == {(2, "sso"), (3, "sso"), (4, "sso"), (5, "sso")}
    assert got.progress[SSO] == Fraction(2 + 10, 2 + 4 + 10 + 8)


@pytest.mark.parametrize(("missing", "expected"), [("0", Fraction(1)), ("1", Fraction(4, 5)), ("mean", HALF)])
def test_units_without_an_estimate_weigh_as_written(answer: Ask, missing: str, expected: Fraction) -> None:
    items = [item(1, labels=LABEL, estimate="4", state="done"), item(2, labels=LABEL)]
    got = answer(company(items, [key_result("sso", by="estimate", missing=missing)]))
    assert got.progress[SSO] == expected


def test_estimates_that_are_no_numbers_count_as_missing(answer: Ask) -> None:
    items = [
        item(1, labels=LABEL, estimate="3", state="done"),
        item(2, labels=LABEL, estimate="-1"),
        item(3, labels=LABEL, estimate="nan"),
        item(4, labels=LABEL, estimate="abc"),
        item(5, labels=LABEL, estimate="inf"),
        item(6, labels=LABEL, estimate="1000000001"),
    ]
    got = answer(company(items, BY_POINTS))
    assert got.progress[SSO] == Fraction(1, 6)


def test_a_story_without_points_beneath_an_epic_that_counts_is_covered_by_it(answer: Ask) -> None:
    got = answer(company([epic(1, labels=LABEL, estimate="8", state="doing"), item(2, 1, state="done")], BY_POINTS))
    assert got.units == {(1, "sso")}
    assert got.progress[SSO] == 0


def test_total_weight_nought_is_unmeasured(answer: Ask) -> None:
    got = answer(company([item(1, labels=LABEL, estimate="0", state="done")], BY_POINTS))
    assert got.units == {(1, "sso")}
    assert got.progress[SSO] is None
    assert got.progress["objective", "land"] is None
