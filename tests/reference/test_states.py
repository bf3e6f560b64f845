"""Companies small enough to reckon by hand, each for one sentence of docs/how-numbers-are-calculated.md: cycles and states.

The expected numbers come from the words. They are asked of the naive reference and of the hub's own calculation.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from hub.model import Dimensions, SourceFacts, Status
from tests.reference.asking import BY_COUNT, HALF, LABEL, SSO, Ask
from tests.reference.builders import (
    FIELDS,
    Q1,
    Q2,
    company,
    epic,
    item,
    key_result,
    objective,
    sub_task,
)

# ---- cycles ---------------------------------------------------------------------------------------------------------------


def test_one_label_feeds_both_cycles_each_with_what_was_open_in_it(answer: Ask) -> None:
    items = [
        item(1, labels=LABEL, state="done", closed="2027-02-10"),
        item(2, labels=LABEL),
        item(3, labels=LABEL, created="2027-05-01"),
    ]
    got = answer(
        company(
            items,
            [key_result("sso"), key_result("sso", objective="keep", cycle="2027-q2")],
            cycles=[Q1, Q2],
            objectives=[objective("land"), objective("keep", cycle="2027-q2")],
        )
    )
    assert got.units == {(1, "sso"), (2, "sso")}  # 3 was created after the cycle
    assert got.progress[SSO] == HALF
    assert got.progress["key_result", "2027-q2/sso"] == 0  # 1 was done before that cycle


def test_a_label_for_a_key_result_of_another_cycle_is_left_aside(answer: Ask) -> None:
    got = answer(
        company(
            [epic(1, labels=LABEL), item(2, 1, labels=["kr:next"])],
            [key_result("sso"), key_result("next", objective="keep", cycle="2027-q2")],
            cycles=[Q1, Q2],
            objectives=[objective("land"), objective("keep", cycle="2027-q2")],
        )
    )
    assert got.parts[2, "2027-q1"] == {"sso": 1}
    assert got.parts[2, "2027-q2"] == {"next": 1}
    assert got.outcomes[1, "2027-q2"] == "unanchored"


@pytest.mark.parametrize(("before_cycle", "expected"), [("leave_out", Fraction(0)), ("count", HALF)])
def test_what_was_finished_before_the_cycle_is_left_out(answer: Ask, before_cycle: str, expected: Fraction) -> None:
    items = [epic(1, labels=LABEL), item(2, 1, state="done", closed="2026-12-20"), item(3, 1)]
    got = answer(company(items, [key_result("sso", before_cycle=before_cycle)]))
    assert got.progress[SSO] == expected


@pytest.mark.parametrize("before_cycle", ["leave_out", "count"])
def test_a_closed_item_without_a_date_belongs_to_no_cycle(answer: Ask, before_cycle: str) -> None:
    items = [item(1, labels=LABEL, state="done", closed=None), item(2, labels=LABEL)]
    got = answer(company(items, [key_result("sso", before_cycle=before_cycle)]))
    assert got.units == {(2, "sso")}


def test_without_a_date_the_hub_s_own_sight_of_the_status_counts(answer: Ask) -> None:
    items = [item(1, labels=LABEL, state="done", closed=None, seen="2027-01-20"), item(2, labels=LABEL)]
    assert answer(company(items, BY_COUNT)).progress[SSO] == HALF


def test_days_begin_in_the_strategy_s_zone(answer: Ask) -> None:
    # 2026-12-31 12:00 in London is 2027-01-01 02:00 on Kiritimati
    items = [item(1, labels=LABEL, state="done", closed="2026-12-31"), item(2, labels=LABEL)]
    assert answer(company(items, BY_COUNT)).progress[SSO] == 0
    assert answer(company(items, BY_COUNT, timezone="Pacific/Kiritimati")).progress[SSO] == HALF


def test_work_finished_after_the_cycle_counts_in_it_as_open(answer: Ask) -> None:
    items = [item(1, labels=LABEL, state="done"), item(2, labels=LABEL, state="done", closed="2027-04-01")]
    assert answer(company(items, BY_COUNT, as_of="2027-05-01")).progress[SSO] == HALF


# ---- states ---------------------------------------------------------------------------------------------------------------


def test_a_cancelled_epic_takes_its_open_stories_out_of_both_sides(answer: Ask) -> None:
    items = [epic(1, labels=LABEL, state="dropped"), item(2, 1, state="done"), item(3, 1), item(4, 3), item(5, labels=LABEL)]
    got = answer(company(items, BY_COUNT))
    assert got.units == {(2, "sso"), (5, "sso")}
    assert got.progress[SSO] == HALF


def test_a_cancelled_epic_drops_open_work_beneath_a_done_story_too(answer: Ask) -> None:
    items = [epic(1, state="dropped"), item(2, 1, labels=LABEL, state="done"), sub_task(3, 2)]
    got = answer(company(items, [key_result("sso", level="leaf")]))
    assert got.units == {(2, "sso")}  # 3 has a dropped ancestor at some height, and so 2 has nothing beneath it
    assert got.progress[SSO] == 1


def test_an_epic_whose_stories_were_all_dropped_counts_itself(answer: Ask) -> None:
    items = [epic(1, labels=LABEL, state="doing"), item(2, 1, state="dropped"), item(3, 1, state="dropped")]
    got = answer(company(items, BY_COUNT))
    assert got.units == {(1, "sso")}
    assert got.progress[SSO] == 0


def test_the_status_list_wins_over_the_copied_category(answer: Ask) -> None:
    sources = {"jira": SourceFacts("jira", "jira", FIELDS)}
    statuses = {("jira", "5"): Status("Verified", "done")}
    items = [
        item(1, labels=LABEL, status_id="5", category="new", seen="2027-01-20"),
        item(2, labels=LABEL, status_id="6", category="done", seen="2027-01-20"),
        item(3, labels=LABEL, status_id="6", category=None),
    ]
    got = answer(company(items, BY_COUNT, dimensions=Dimensions(statuses=statuses, sources=sources)))
    assert got.progress[SSO] == Fraction(2, 3)


def test_a_resolution_on_an_open_item_changes_nothing(answer: Ask) -> None:
    got = answer(company([item(1, labels=LABEL, resolution="Duplicate"), item(2, labels=LABEL, state="done")], BY_COUNT))
    assert got.progress[SSO] == HALF


def test_archived_work_keeps_its_credit_only_when_it_is_done(answer: Ask) -> None:
    items = [
        item(1, labels=LABEL, state="done", presence="archived"),
        item(2, labels=LABEL, presence="archived"),
        item(3, labels=LABEL, presence="trashed", state="done"),
        item(4, labels=LABEL),
    ]
    got = answer(company(items, BY_COUNT))
    assert got.units == {(1, "sso"), (4, "sso")}
    assert got.progress[SSO] == HALF
