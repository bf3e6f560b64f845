"""Companies small enough to reckon by hand, each for one sentence of docs/how-numbers-are-calculated.md.

The expected numbers come from the words. They are asked of the naive reference and of the hub's own calculation.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pytest

from hub.model import Container, Dimensions, Pillar, SourceFacts, Status, Team, fold
from tests.reference.builders import (
    FIELDS,
    HERE,
    Q1,
    Q2,
    Company,
    at,
    by_label,
    company,
    epic,
    item,
    key_result,
    objective,
    rule,
    sub_task,
)
from tests.reference.naive import reference

HALF = Fraction(1, 2)


class Answer(NamedTuple):
    """What both calculations are asked for."""

    progress: dict[tuple[str, str], Fraction | None]
    """By (kind, id) or, of other cycles than the first, (kind, "cycle/id")."""
    outcomes: dict[tuple[int, str], str]
    parts: dict[tuple[int, str], dict[str, Fraction]]
    units: set[tuple[int, str]]
    """(item, key result) of cycle 2027-q1."""
    coverage: dict[tuple[str, str], tuple[int, int]]


def by_words(given: Company) -> Answer:
    found = reference(*given)
    name = lambda cycle, id: id if cycle == "2027-q1" else f"{cycle}/{id}"  # noqa: E731
    return Answer(
        {(kind, name(cycle, id)): n.progress for (kind, cycle, id), n in found.nodes.items()},
        {key: a.outcome for key, a in found.attachments.items()},
        {key: {id: part for _, id, part in a.shares} for key, a in found.attachments.items()},
        {(no, kr) for (no, cycle, kr), u in found.units.items() if u.counts and cycle == "2027-q1"},
        {(kind, name(cycle, id)): (n.measured, n.key_results) for (kind, cycle, id), n in found.nodes.items()},
    )


def by_hub(given: Company) -> Answer:
    from hub.assess import assess

    found = assess(given.mapping, given.items, given.dimensions, given.as_of)

    def name(kind: str, cycle: str, id: str) -> tuple[str, str]:
        id = "" if kind == "company" else fold(id)
        return kind, id if cycle == "2027-q1" else f"{cycle}/{id}"

    return Answer(
        {name(n.kind, n.cycle, n.id): n.progress for n in found.nodes},
        {(a.no, a.cycle): a.outcome for a in found.attachments},
        {(a.no, a.cycle): {fold(s.id): s.part for s in a.shares} for a in found.attachments},
        {(u.no, fold(u.key_result)) for u in found.units if u.counts and u.cycle == "2027-q1"},
        {name(n.kind, n.cycle, n.id): (n.measured, n.key_results) for n in found.nodes},
    )


@pytest.fixture(params=[pytest.param(by_words, id="words"), pytest.param(by_hub, id="hub")])
def answer(request: pytest.FixtureRequest) -> Callable[[Company], Answer]:
    calculate: Callable[[Company], Answer] = request.param
    return calculate


Ask = Callable[[Company], Answer]
SSO = ("key_result", "sso")
BY_POINTS = [key_result("sso", by="estimate")]
BY_COUNT = [key_result("sso")]
LABEL = ["kr:sso"]


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


# ---- claims and credit ----------------------------------------------------------------------------------------------------


def test_two_labels_split_equally(answer: Ask) -> None:
    items = [item(1, labels=["kr:sso", "kr:soc2"], state="done"), item(2, labels=LABEL)]
    got = answer(company(items, [key_result("sso"), key_result("soc2")]))
    assert got.parts[1, "2027-q1"] == {"sso": HALF, "soc2": HALF}
    assert got.progress[SSO] == Fraction(1, 3)  # 1/2 of 1/2 + 1
    assert got.progress["key_result", "soc2"] == 1


def test_the_same_key_result_in_another_case_is_one_target(answer: Ask) -> None:
    got = answer(company([item(1, labels=["kr:sso", "KR:SSO"], state="done")], BY_COUNT))
    assert got.parts[1, "2027-q1"] == {"sso": 1}


def test_a_misspelt_label_does_not_fall_through_to_a_weaker_rule(answer: Ask) -> None:
    items = [item(1, labels=["kr:ssso"], state="done", containers=("10000",)), item(2, 1, state="done")]
    got = answer(company(items, BY_COUNT, [by_label(), rule("sso", project="IDN")]))
    assert got.outcomes[1, "2027-q1"] == got.outcomes[2, "2027-q1"] == "broken"
    assert got.progress[SSO] is None


def test_the_part_of_a_misspelt_label_goes_to_nobody(answer: Ask) -> None:
    got = answer(company([item(1, labels=["kr:sso", "kr:soc3"], state="done"), item(2, labels=LABEL)], BY_COUNT))
    assert got.outcomes[1, "2027-q1"] == "linked"
    assert got.parts[1, "2027-q1"] == {"sso": HALF}
    assert got.progress[SSO] == Fraction(1, 3)


def test_a_catch_all_fallback_leaves_the_stories_of_an_anchored_epic_alone(answer: Ask) -> None:
    items = [
        epic(1, labels=LABEL, containers=("10001",)),
        item(2, 1, containers=("10001",), state="done"),
        item(3, containers=("10001",)),
    ]
    got = answer(company(items, BY_COUNT, [by_label(), rule(allowance="ktlo", project="CORE", fallback=True)]))
    assert [got.outcomes[no, "2027-q1"] for no in (1, 2, 3)] == ["linked", "linked", "allowance"]
    assert got.progress[SSO] == 1


def test_a_story_with_its_own_label_leaves_the_key_result_of_its_epic(answer: Ask) -> None:
    items = [epic(1, labels=["kr:soc2"]), item(2, 1, labels=LABEL, state="done"), item(3, 1)]
    got = answer(company(items, [key_result("sso"), key_result("soc2")]))
    assert got.units == {(2, "sso"), (3, "soc2")}
    assert got.progress[SSO] == 1
    assert got.progress["key_result", "soc2"] == 0


def test_an_epic_whose_stories_all_have_their_own_labels_counts_itself(answer: Ask) -> None:
    items = [epic(1, labels=["kr:soc2"], state="doing"), item(2, 1, labels=LABEL, state="done")]
    got = answer(company(items, [key_result("sso"), key_result("soc2")]))
    assert got.units == {(1, "soc2"), (2, "sso")}


def test_a_key_rule_inherited_from_the_epic_beats_an_ordinary_rule_of_the_story(answer: Ask) -> None:
    items = [epic(1, key="IDN-31"), item(2, 1, containers=("10001",))]
    rules = [rule("sso", key="IDN-31"), rule("soc2", project="CORE")]
    got = answer(company(items, [key_result("sso"), key_result("soc2")], rules))
    assert got.parts[2, "2027-q1"] == {"sso": 1}


def test_at_equal_strength_the_nearer_rule_wins(answer: Ask) -> None:
    items = [epic(1, title="SAML"), item(2, 1, title="audit log")]
    rules = [rule("sso", title="*saml*"), rule("soc2", title="*audit*")]
    got = answer(company(items, [key_result("sso"), key_result("soc2")], rules))
    assert got.parts[2, "2027-q1"] == {"soc2": 1}


def test_two_ordinary_rules_for_two_key_results_are_contested(answer: Ask) -> None:
    items = [item(1, title="SAML audit log", state="done"), item(2, title="SAML")]
    rules = [rule("sso", title="*saml*"), rule("soc2", title="*audit*")]
    got = answer(company(items, [key_result("sso"), key_result("soc2")], rules))
    assert got.outcomes[1, "2027-q1"] == "contested"
    assert got.parts[1, "2027-q1"] == {"sso": 0, "soc2": 0}
    assert got.progress[SSO] == 0
    assert got.progress["key_result", "soc2"] is None


def test_two_rules_for_the_same_key_result_are_not_contested(answer: Ask) -> None:
    rules = [rule("sso", title="*saml*"), rule("SSO", component="login")]
    got = answer(company([item(1, title="SAML", components=("Login",))], BY_COUNT, rules))
    assert got.parts[1, "2027-q1"] == {"sso": 1}


def test_a_label_for_an_allowance_is_run_the_business(answer: Ask) -> None:
    got = answer(company([epic(1, labels=LABEL), item(2, 1, labels=["kr:KTLO"], state="done"), item(3, 1)], BY_COUNT))
    assert got.outcomes[2, "2027-q1"] == "allowance"
    assert got.units == {(3, "sso")}


def test_an_ignored_item_claims_nothing_more(answer: Ask) -> None:
    rules = [rule(ignore="requests", project="IDN"), rule("sso", title="*", fallback=True)]
    got = answer(company([item(1, title="SAML", containers=("10000",)), item(2, title="SAML")], BY_COUNT, rules))
    assert got.outcomes[1, "2027-q1"] == "ignored"
    assert got.units == {(2, "sso")}


def test_a_rule_that_names_a_key_follows_the_item_to_its_new_key(answer: Ask) -> None:
    got = answer(company([epic(1, key="CORE-5", aliases=("IDN-31",)), item(2, 1)], BY_COUNT, [rule("sso", key="idn-31")]))
    assert got.units == {(2, "sso")}


def test_a_story_of_a_deleted_epic_inherits_nothing_from_it_or_through_it(answer: Ask) -> None:
    items = [epic(1, labels=LABEL), epic(2, 1, labels=LABEL, presence="deleted"), item(3, 2)]
    got = answer(company(items, BY_COUNT))
    assert got.outcomes[3, "2027-q1"] == "unanchored"
    assert got.units == {(1, "sso")}


def test_accents_and_dotted_i_compare_after_nfc_and_case_folding(answer: Ask) -> None:
    items = [item(1, labels=["kr:GRÖSSE"], state="done"), item(2, labels=["KR:gro\u0308ße"]), item(3, labels=["kr:İT"])]
    got = answer(company(items, [key_result("größe"), key_result("i\u0307t")]))
    assert got.units == {(1, fold("größe")), (2, fold("größe")), (3, fold("İt"))}


def test_a_field_that_the_source_does_not_have_matches_nothing(answer: Ask) -> None:
    sources = {"jira": SourceFacts("jira", "jira", FIELDS - {"component"})}
    items = [item(1, components=("Login",))]
    got = answer(company(items, BY_COUNT, [rule("sso", component="*")], dimensions=Dimensions(sources=sources)))
    assert got.outcomes[1, "2027-q1"] == "unanchored"


def test_parents_in_a_circle_are_cut_at_the_greatest_id(answer: Ask) -> None:
    # 1 -> 2 -> 3 -> 1; "c" is the greatest id, so 1 has no parent, and 2 inherits from it by way of 3
    items = [item(1, 2, id="c", title="SAML"), item(2, 3, id="b"), item(3, 1, id="a")]
    got = answer(company(items, BY_COUNT, [rule("sso", title="SAML")]))
    assert got.outcomes == dict.fromkeys([(1, "2027-q1"), (2, "2027-q1"), (3, "2027-q1")], "linked")


def test_a_parent_that_was_not_read_gives_nothing(answer: Ask) -> None:
    got = answer(company([item(1, 99, labels=LABEL, state="done"), item(2, 99)], BY_COUNT))
    assert got.outcomes[2, "2027-q1"] == "unanchored"
    assert got.progress[SSO] == 1


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


# ---- objectives, pillars, the company -------------------------------------------------------------------------------------


def test_the_objective_is_the_weighted_mean_of_its_measured_key_results(answer: Ask) -> None:
    items = [
        item(1, labels=LABEL, state="done"),
        item(2, labels=["kr:soc2"], state="done"),
        item(3, labels=["kr:soc2"]),
    ]
    got = answer(company(items, [key_result("sso"), key_result("soc2", weight="3"), key_result("empty", weight="5")]))
    assert got.progress["objective", "land"] == Fraction(5, 8)  # (1 x 1 + 3 x 1/2) / 4
    assert got.coverage["objective", "land"] == (2, 3)
    assert got.progress["pillar", "enterprise"] == got.progress["company", ""] == Fraction(5, 8)
    assert got.coverage["company", ""] == (2, 3)


def test_an_objective_without_key_results_takes_the_mean_of_its_supporters(answer: Ask) -> None:
    got = answer(
        company(
            [item(1, labels=LABEL, state="done"), item(2, labels=["kr:soc2"])],
            [key_result("sso", objective="login"), key_result("soc2", objective="audits")],
            pillars=[Pillar("enterprise", "Win", HERE), Pillar("trust", "Keep", HERE, weight=Decimal(3))],
            objectives=[
                objective("land", pillar="enterprise", anchor=("pillar", "enterprise")),
                objective("login", weight="2", anchor=("supports", "land")),
                objective("audits", pillar="trust", anchor=("supports", "land")),
            ],
        )
    )
    assert got.progress["objective", "land"] == Fraction(2, 3)
    assert got.progress["pillar", "enterprise"] == Fraction(2, 3)
    assert got.progress["pillar", "trust"] == 0
    assert got.progress["company", ""] == Fraction(1, 6)  # (2/3 + 3 x 0) / 4
    assert got.coverage["company", ""] == (2, 2)  # soc2 is beneath both pillars, and counted once


def test_a_supporter_is_not_averaged_into_an_objective_with_key_results(answer: Ask) -> None:
    got = answer(
        company(
            [item(1, labels=LABEL, state="done"), item(2, labels=["kr:soc2"])],
            [key_result("sso"), key_result("soc2", objective="audits")],
            objectives=[objective("land", pillar="enterprise"), objective("audits", anchor=("supports", "land"))],
        )
    )
    assert got.progress["objective", "land"] == 1
    assert got.coverage["objective", "land"] == (1, 1)


# ---- what only the reference lists: active work and teams -----------------------------------------------------------------


def test_the_unanchored_list_shows_active_work_and_hides_the_backlog() -> None:
    found = reference(
        *company(
            [
                item(1, state="doing"),
                item(2),
                item(3, state="done"),
                item(4, state="done", closed="2026-12-20"),
                item(5, state="dropped"),
                sub_task(6, 1, state="doing"),
                sub_task(7, state="doing"),
                item(8, state="doing", labels=LABEL),
            ],
            BY_COUNT,
        )
    )
    assert found.active == {1, 3, 6, 7, 8}
    assert found.unanchored == (1, 3, 7)


def test_the_first_step_that_names_a_team_decides() -> None:
    teams = [
        Team("core", "Core", HERE, owns_field={"squad": ("Core",)}, owns_project=("IDN",)),
        Team("identity", "Identity", HERE, owns_project=("iden*",), owns_person=("u1",)),
        Team("sales", "Sales", HERE, owns_person=("u2",)),
    ]
    items = [
        item(1, fields={"squad": "CORE"}, assignee="u2"),
        item(2, containers=("10000",), assignee="u2"),
        item(3, assignee="U2"),
        sub_task(4, 3),
        sub_task(5, 2),
    ]
    containers = {("jira", "10000"): Container("IDN", "Identity")}
    sources = {"jira": SourceFacts("jira", "jira", FIELDS | {"field.squad"})}
    found = reference(*company(items, teams=teams, dimensions=Dimensions(containers=containers, sources=sources)))
    assert found.teams == {1: "core", 2: None, 3: "sales", 4: "sales", 5: None}  # 2: two teams own its project


def test_noon_is_what_the_dates_of_these_examples_mean() -> None:
    assert at("1970-01-02") == 36 * 3600 * 1000
