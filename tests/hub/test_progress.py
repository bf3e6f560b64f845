"""From key results to the company, cycle by cycle. docs/how-numbers-are-calculated.md, section 4."""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from hub.assess import clockwork
from hub.model import Drop, Item, KeyResult, Pillar
from tests.hub.scenario import Q1, Q2, Told
from tests.reference.builders import HERE, company, cycle, item, key_result, mapping, objective, rule

YEAR, H1 = "2027", "2027-h1"
YEAR_OF_QUARTERS = (
    cycle(YEAR, "2027-01-01", "2027-12-31"),
    cycle(H1, "2027-01-01", "2027-06-30", parent=YEAR),
    cycle(Q1, "2027-01-01", "2027-03-31", parent="2027-H1"),
    cycle(Q2, "2027-04-01", "2027-06-30", parent=H1),
)
HALF, THIRD, QUARTER = Fraction(1, 2), Fraction(1, 3), Fraction(1, 4)


def work(*parts: str) -> list[Item]:
    """``work("sso 1/2", "soc2 0/4")``: items for each key result, and how many of them are done in the first quarter."""
    found: list[Item] = []
    for each in parts:
        id_, share = each.split()
        done, all_ = map(int, share.split("/"))
        for n in range(all_):
            number = len(found) + 1
            found.append(item(number, labels=[f"kr:{id_}"], state="done" if n < done else "todo"))
    return found


def told(*parts: str, key_results: tuple[KeyResult, ...], **more: Any) -> Told:
    return Told(company(work(*parts), key_results, **more))


# ---- cycles within cycles -------------------------------------------------------------------------------------------------

ANNUAL: dict[str, Any] = {
    "cycles": YEAR_OF_QUARTERS,
    "objectives": (objective("land", YEAR, pillar="enterprise"),),
    "key_results": (key_result("sso", cycle=Q1), key_result("soc2", cycle=Q1), key_result("arr", cycle=Q2)),
}


def test_an_annual_objective_has_a_figure_wherever_its_quarterly_key_results_lie() -> None:
    got = told("sso 1/2", "soc2 2/2", "arr 0/1", **ANNUAL)
    assert got.cycles_of("objective", "land") == [YEAR, H1, Q1, Q2]
    assert got.progress("objective", "land", Q1) == Fraction(3, 4)
    assert got.progress("objective", "land", Q2) == 0
    assert got.progress("objective", "land", H1) == got.progress("objective", "land", YEAR) == HALF
    assert [got.coverage("objective", "land", c) for c in (YEAR, H1, Q1, Q2)] == [(3, 3), (3, 3), (2, 2), (1, 1)]


def test_pillars_and_company_have_it_in_each_of_these_cycles() -> None:
    got = told("sso 1/2", "soc2 2/2", "arr 0/1", **ANNUAL)
    for kind, id_ in (("pillar", "enterprise"), ("company", "company")):
        assert [got.progress(kind, id_, c) for c in (YEAR, H1, Q1, Q2)] == [HALF, HALF, Fraction(3, 4), 0]


def test_a_cycle_that_holds_none_of_its_key_results_has_no_figure_of_it() -> None:
    got = told("sso 1/2", **{**ANNUAL, "key_results": (key_result("sso", cycle=Q1),)})
    assert got.cycles_of("objective", "land") == [YEAR, H1, Q1]
    assert (got.progress("pillar", "enterprise", Q2), got.coverage("pillar", "enterprise", Q2)) == (None, (0, 0))


def test_a_cycle_that_lies_within_by_its_days_only_feeds_the_whole_and_has_no_figure_of_its_own() -> None:
    apart = tuple(cycle(c.id, str(c.starts), str(c.ends)) for c in YEAR_OF_QUARTERS)
    got = told("sso 1/2", "soc2 2/2", "arr 0/1", **{**ANNUAL, "cycles": apart})
    assert got.cycles_of("objective", "land") == [YEAR]
    assert got.progress("objective", "land", YEAR) == HALF


def test_key_results_of_one_id_in_two_quarters_are_two() -> None:
    twice = key_result("sso", cycle=Q1), key_result("sso", cycle=Q2)
    got = told("sso 1/2", **{**ANNUAL, "key_results": twice})
    assert got.coverage("objective", "land", YEAR) == (2, 2)
    assert got.progress("objective", "land", YEAR) == QUARTER  # 1/2 in the first, and in the second what is left is open
    children = got.node("objective", "land", YEAR).details["children"]
    assert [(c["cycle"], c["id"]) for c in children] == [(Q1, "sso"), (Q2, "sso")]


# ---- drafts, and what was dropped -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["draft", "dropped"])
def test_a_draft_and_a_dropped_objective_have_figures_that_go_nowhere(state: str) -> None:
    got = told(
        "sso 1/2",
        "soc2 0/1",
        key_results=(key_result("sso"), key_result("soc2", "keep")),
        objectives=(objective("land", pillar="enterprise", state=state), objective("keep", pillar="enterprise")),
    )
    assert got.progress("objective", "land") == HALF
    assert got.progress("pillar", "enterprise") == got.progress("company") == 0
    assert got.coverage("company") == (1, 1)


def test_only_agreed_objectives_lend_their_figures_to_the_one_that_they_support() -> None:
    supports = {"anchor": ("supports", "LAND")}
    objectives = (
        objective("land", pillar="enterprise"),
        objective("login", weight="3", **supports),
        objective("audits", **supports),
        objective("plans", state="draft", **supports),
    )
    key_results = key_result("sso", "login"), key_result("soc2", "audits"), key_result("arr", "plans")
    got = told("sso 1/2", "soc2 1/1", "arr 0/7", key_results=key_results, objectives=objectives)
    assert got.progress("objective", "plans") == 0
    assert got.progress("objective", "land") == got.progress("company") == Fraction(5, 8)  # (3 x 1/2 + 1) / 4
    assert got.coverage("objective", "land") == (2, 2)


DROPPED = key_result("soc2", dropped=Drop(date(2027, 2, 15), "the customer left"))


@pytest.mark.parametrize(("as_of", "progress", "coverage"), [("2027-02-14", THIRD, (2, 2)), ("2027-02-15", HALF, (1, 1))])
def test_a_dropped_key_result_keeps_its_figure_and_its_objective_leaves_it_from_that_day_on(
    as_of: str, progress: Fraction, coverage: tuple[int, int]
) -> None:
    key_results = key_result("sso", weight="2"), DROPPED
    got = told("sso 1/2", "soc2 0/1", key_results=key_results, as_of=as_of)
    assert got.progress("key_result", "soc2") == 0
    assert (got.progress("objective", "land"), got.coverage("objective", "land")) == (progress, coverage)


def test_the_day_of_a_drop_is_that_of_the_strategy_s_zone() -> None:
    noon_is_tomorrow = "Pacific/Kiritimati"  # UTC+14
    got = told("soc2 1/1", key_results=(DROPPED,), as_of="2027-02-14", timezone=noon_is_tomorrow)
    assert got.progress("objective", "land") is None


ALL_DROPPED = {
    "key_results": (key_result("sso", "login"), DROPPED),
    "objectives": (objective("land", pillar="enterprise"), objective("login", anchor=("supports", "land"))),
}


@pytest.mark.parametrize(("as_of", "progress"), [("2027-02-14", 1), ("2027-02-15", HALF)])
def test_an_objective_whose_key_results_were_all_dropped_counts_as_one_without(as_of: str, progress: Fraction) -> None:
    got = told("sso 1/2", "soc2 1/1", **ALL_DROPPED, as_of=as_of)
    assert got.progress("objective", "land") == got.progress("pillar", "enterprise") == progress
    assert got.coverage("objective", "land") == got.coverage("pillar", "enterprise") == (1, 1)


def test_without_supporters_such_an_objective_is_unmeasured() -> None:
    got = told("soc2 1/1", key_results=(DROPPED,))
    assert (got.progress("objective", "land"), got.coverage("objective", "land")) == (None, (0, 0))


def test_one_that_has_a_key_result_left_in_another_quarter_takes_nothing_from_supporters() -> None:
    objectives = objective("land", YEAR, pillar="enterprise"), objective("login", anchor=("supports", "land"))
    key_results = key_result("sso", "login"), replace(DROPPED, cycle=Q1), key_result("arr", cycle=Q2)
    got = told("sso 1/2", "soc2 1/1", cycles=YEAR_OF_QUARTERS, objectives=objectives, key_results=key_results)
    assert got.progress("objective", "land", Q1) is None


# ---- a key result of several objectives -----------------------------------------------------------------------------------

SHARED = key_result("sso", "keep", also=("land",))
TWO_OBJECTIVES = (objective("land", pillar="enterprise", weight="2"), objective("keep", pillar="enterprise"))


def test_a_key_result_of_two_objectives_of_one_pillar_counts_with_the_one_it_names_first() -> None:
    got = told("sso 2/2", "soc2 0/1", key_results=(SHARED, key_result("soc2")), objectives=TWO_OBJECTIVES)
    assert got.progress("objective", "keep") == 1
    assert got.progress("objective", "land") == HALF
    assert got.progress("pillar", "enterprise") == THIRD  # land without sso is at 0, twice; keep at 1
    assert got.coverage("pillar", "enterprise") == (2, 2)
    assert got.node("pillar", "enterprise").details["children"] == [
        {"kind": "objective", "id": "land", "cycle": Q1, "weight": "2", "without": [{"cycle": Q1, "id": "sso"}], "progress": "0"},
        {"kind": "objective", "id": "keep", "cycle": Q1, "weight": "1"},
    ]


def test_an_objective_that_shares_its_only_key_result_gives_the_pillar_nothing() -> None:
    got = told("sso 1/2", key_results=(SHARED,), objectives=TWO_OBJECTIVES)
    node = got.node("pillar", "enterprise")
    assert (node.progress, node.total, node.key_results) == (HALF, 1, 1)
    assert node.details["children"][0]["progress"] is None


def test_with_a_draft_it_does_not_count_so_the_next_of_its_objectives_takes_it() -> None:
    keep = objective("keep", pillar="enterprise", state="draft")
    got = told("sso 1/2", key_results=(SHARED,), objectives=(TWO_OBJECTIVES[0], keep))
    assert got.progress("pillar", "enterprise") == HALF
    assert "without" not in got.node("pillar", "enterprise").details["children"][0]


def test_two_pillars_take_it_each_and_the_company_counts_it_once() -> None:
    pillars = Pillar("enterprise", "Win", HERE), Pillar("trust", "Keep", HERE)
    objectives = objective("land", pillar="enterprise"), objective("keep", pillar="trust")
    got = told("sso 1/2", key_results=(SHARED,), objectives=objectives, pillars=pillars)
    assert got.progress("pillar", "enterprise") == got.progress("pillar", "trust") == HALF
    assert (got.progress("company"), got.coverage("company")) == (HALF, (1, 1))


def test_the_longer_of_its_objectives_does_not_take_it_away_where_it_has_no_figure() -> None:
    """In the cycle of the shorter one, which lies in the longer one's by its days only, there is but one of the two."""
    cycles = cycle(YEAR, "2027-01-01", "2027-12-31"), cycle(Q1, "2027-01-01", "2027-03-31")
    objectives = objective("land", YEAR, pillar="enterprise"), objective("keep", pillar="enterprise")
    shared = key_result("sso", "land", also=("keep",))
    got = told("sso 1/2", cycles=cycles, objectives=objectives, key_results=(shared,))
    assert got.progress("pillar", "enterprise", Q1) == got.progress("pillar", "enterprise", YEAR) == HALF


# ---- and of what is inherited ---------------------------------------------------------------------------------------------


def test_a_key_result_that_a_supporter_brings_as_well_counts_once() -> None:
    """It is named by an objective of the pillar and by a supporter of another one there."""
    objectives = (
        objective("a", pillar="enterprise"),
        objective("o2", pillar="enterprise"),
        objective("s", anchor=("supports", "O2")),
    )
    shared = key_result("sso", "a", also=("S",))
    got = told("sso 0/1", "soc2 1/1", key_results=(shared, key_result("soc2", "s")), objectives=objectives)
    assert got.progress("objective", "o2") == HALF
    assert got.progress("pillar", "enterprise") == HALF  # a with sso: 0; o2 from soc2 only: 1
    assert got.coverage("pillar", "enterprise") == (2, 2)
    assert got.node("pillar", "enterprise").details["children"][1] == {
        **{"kind": "objective", "id": "o2", "cycle": Q1, "weight": "1"},
        **{"without": [{"cycle": Q1, "id": "sso", "objective": "s"}], "progress": "1"},
    }
    got = told("sso 0/1", key_results=(shared,), objectives=objectives)
    assert (got.node("pillar", "enterprise").total, got.coverage("pillar", "enterprise")) == (1, (1, 1))


def test_a_supporter_of_the_same_pillar_gives_there_in_its_own_place() -> None:
    objectives = (
        objective("o1", pillar="enterprise"),
        objective("o2", pillar="enterprise"),
        objective("s", pillar="enterprise", weight="2", anchor=("supports", "o2")),
    )
    key_results = key_result("sso", "o1"), key_result("soc2", "s")
    got = told("sso 0/1", "soc2 1/1", key_results=key_results, objectives=objectives)
    assert got.progress("objective", "o2") == 1
    assert got.progress("pillar", "enterprise") == got.progress("company") == Fraction(2, 3)  # s twice, o1 once, o2 nothing
    assert (got.node("pillar", "enterprise").total, got.coverage("pillar", "enterprise")) == (3, (2, 2))


def test_what_stands_far_beneath_counts_with_the_nearest_objective_of_the_pillar() -> None:
    objectives = (
        objective("top", pillar="enterprise"),
        objective("mid", pillar="enterprise", anchor=("supports", "top"), weight="3"),
        objective("low", anchor=("supports", "mid")),
        objective("side", anchor=("supports", "top")),
    )
    key_results = key_result("sso", "low"), key_result("soc2", "side")
    got = told("sso 1/1", "soc2 0/1", key_results=key_results, objectives=objectives)
    assert got.progress("objective", "top") == Fraction(3, 4)
    assert got.progress("pillar", "enterprise") == Fraction(3, 4)  # mid with sso, three times; top from soc2 only
    assert [c.get("progress") for c in got.node("pillar", "enterprise").details["children"]] == [None, "0"]


def test_two_supporters_of_one_objective_bring_it_once() -> None:
    objectives = (
        objective("o2", pillar="enterprise"),
        objective("s", anchor=("supports", "o2")),
        objective("t", anchor=("supports", "o2")),
    )
    key_results = key_result("sso", "t", also=("s",)), key_result("soc2", "s"), key_result("arr", "t")
    got = told("sso 1/1", "soc2 0/1", "arr 0/1", key_results=key_results, objectives=objectives)
    assert got.progress("objective", "o2") == HALF
    assert got.progress("pillar", "enterprise") == QUARTER  # s without sso: 0; t: 1/2
    assert got.coverage("pillar", "enterprise") == (3, 3)


def test_what_counts_elsewhere_leaves_no_room_for_supporters() -> None:
    """An objective that has a key result is not one without, although the pillar takes it with another one."""
    objectives = (*TWO_OBJECTIVES, objective("s", anchor=("supports", "land")))
    got = told("sso 1/2", "soc2 0/1", key_results=(SHARED, key_result("soc2", "s")), objectives=objectives)
    assert (got.progress("pillar", "enterprise"), got.coverage("pillar", "enterprise")) == (HALF, (1, 1))


def test_a_long_line_of_supporters_is_no_trap() -> None:
    line = [objective(f"o{n}", anchor=("supports", f"o{n + 1}"), pillar="enterprise") for n in range(1500)]
    objectives = (*line, objective("o1500", pillar="enterprise"))
    got = told("sso 1/2", key_results=(key_result("sso", "o0"),), objectives=objectives)
    assert (got.progress("objective", "o1500"), got.progress("pillar", "enterprise")) == (HALF, HALF)
    assert got.node("pillar", "enterprise").total == 1


# ---- from what is stored --------------------------------------------------------------------------------------------------


def again(got: Told, child: dict[str, Any], left_out: AbstractSet[tuple[str, str, str]] = frozenset()) -> Fraction | None:
    """The figure of a child as it is taken, from details alone; ``left_out`` are key results with the objective that has them."""
    kind, id_, in_cycle = child["kind"], child["id"], child["cycle"]
    if kind == "key_result":
        return got.progress(kind, id_, in_cycle)
    children = json.loads(json.dumps(got.node(kind, id_, in_cycle).details))["children"]
    left_out = left_out | {(c["cycle"], c["id"], c.get("objective", id_)) for c in child.get("without", [])}
    here = {(cycle, key_result) for cycle, key_result, objective in left_out if objective == id_}
    taken = [(Fraction(c["weight"]), again(got, c, left_out)) for c in children if (c["cycle"], c["id"]) not in here]
    measured = [(weight, progress) for weight, progress in taken if progress is not None]
    total = sum((weight for weight, _ in measured), Fraction(0))
    found = sum((weight * progress for weight, progress in measured), Fraction(0)) / total if total else None
    if child.get("without"):
        assert found == (None if child["progress"] is None else Fraction(child["progress"]))
    return found


def test_every_figure_can_be_calculated_again_from_the_details() -> None:
    objectives = (
        objective("land", YEAR, pillar="enterprise", weight="2"),
        objective("keep", H1, pillar="enterprise"),
        objective("plan", Q1, pillar="enterprise", state="draft"),
        objective("help", Q1, anchor=("supports", "grow")),
        objective("more", Q1, anchor=("supports", "grow"), pillar="trust"),
        objective("grow", Q1, pillar="trust", weight="0.5"),
    )
    key_results = (
        key_result("sso", "keep", Q1, also=("land", "plan")),
        key_result("soc2", "land", Q1, weight="0.5"),
        key_result("arr", "land", Q2, also=("keep",)),
        key_result("nps", "help", Q1),
        key_result("csat", "more", Q1, also=("help",)),
        key_result("old", "land", Q1, dropped=Drop(date(2027, 1, 20), "why")),
    )
    pillars = Pillar("enterprise", "Win", HERE, weight=Decimal(3)), Pillar("trust", "Keep", HERE)
    work_done = "sso 1/3", "soc2 1/2", "arr 0/2", "nps 3/4", "csat 1/3", "old 1/1"
    got = told(*work_done, key_results=key_results, objectives=objectives, pillars=pillars, cycles=YEAR_OF_QUARTERS)
    rolled_up = [n for n in got.result.nodes if n.kind != "key_result"]
    for node in rolled_up:
        assert again(got, {"kind": node.kind, "id": node.id, "cycle": node.cycle}) == node.progress, (
            node.kind,
            node.id,
            node.cycle,
        )
    assert sum(n.progress is not None for n in rolled_up) > 15


def test_nodes_come_cycle_by_cycle_and_each_once() -> None:
    got = told("sso 1/2", **ANNUAL)
    order = [n.cycle for n in got.result.nodes]
    assert order == sorted(order, key=[c.id for c in YEAR_OF_QUARTERS].index)
    assert len(got.nodes) == len(got.result.nodes)


# ---- what time changes ----------------------------------------------------------------------------------------------------

DAY = 86_400_000
NEW_YEAR = 1_798_761_600_000
"""2027-01-01T00:00:00Z"""


def test_the_clockwork_stands_still_until_a_rule_begins_or_ends() -> None:
    rules = (
        rule("sso", source="jira"),
        rule("sso", source="jira", starts="2027-01-10"),
        rule("sso", source="jira", ends="2027-01-20"),
        rule("sso", source="jira", starts="2027-01-10", ends="2027-01-20"),
    )
    strategy = mapping(rules=rules)
    ticks = {day: clockwork(strategy, NEW_YEAR + (day - 1) * DAY) for day in range(1, 32)}
    assert ticks[1] == ticks[9] == (-1, 0, -1)
    assert ticks[10] == ticks[20] == (0, 0, 0)
    assert ticks[21] == ticks[31] == (0, 1, 1)
    assert len(set(ticks.values())) == 3


def test_the_clockwork_goes_by_the_strategy_s_zone() -> None:
    rules = (rule("sso", source="jira", starts="2027-01-01"),)
    last_evening = NEW_YEAR - 1
    assert clockwork(mapping(rules=rules), last_evening) == (-1,)
    assert clockwork(mapping(rules=rules, timezone="Europe/Berlin"), last_evening) == (0,)
    assert clockwork(mapping(rules=(rule("sso", source="jira"),)), last_evening) == ()
