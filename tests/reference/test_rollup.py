"""Companies small enough to reckon by hand, each for one sentence of docs/how-numbers-are-calculated.md: roll-up, lists, teams.

The expected numbers come from the words. They are asked of the naive reference and of the hub's own calculation.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from hub.model import Container, Dimensions, Drop, Pillar, SourceFacts, Team
from tests.reference.asking import BY_COUNT, HALF, LABEL, SSO, Ask
from tests.reference.builders import (
    FIELDS,
    HERE,
    Q1,
    at,
    company,
    cycle,
    item,
    key_result,
    objective,
    sub_task,
)
from tests.reference.naive import reference

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


YEAR = cycle("2027", "2027-01-01", "2027-12-31")
HALF_YEAR = cycle("2027-h1", "2027-01-01", "2027-06-30", "2027")
QUARTERS = [cycle("2027-q1", "2027-01-01", "2027-03-31", "2027-h1"), cycle("2027-q2", "2027-04-01", "2027-06-30", "2027-h1")]
NESTED = {"cycles": [YEAR, HALF_YEAR, *QUARTERS], "pillars": [Pillar("enterprise", "Win", HERE)]}


def test_a_longer_cycle_takes_the_key_results_of_the_cycles_within_it(answer: Ask) -> None:
    got = answer(
        company(
            [
                item(1, labels=LABEL, state="done"),
                item(2, labels=["kr:soc2"], state="done", closed="2027-05-01"),
                item(3, labels=["kr:soc2"]),
                item(4, labels=["kr:churn"]),
                item(5, labels=["kr:own"]),
            ],
            [
                key_result("sso"),
                key_result("soc2", cycle="2027-q2"),
                key_result("churn", cycle="2027"),
                key_result("own", objective="quarter", cycle="2027-q2"),
            ],
            objectives=[
                objective("land", cycle="2027", pillar="enterprise"),
                objective("quarter", cycle="2027-q2", pillar="enterprise"),
                objective("empty", cycle="2027", pillar="enterprise"),
            ],
            as_of="2027-05-10",
            **NESTED,
        )
    )
    of_land = {id: figure for (kind, id), figure in got.progress.items() if kind == "objective" and id.endswith("land")}
    assert of_land == {"land": 1, "2027-q2/land": HALF, "2027-h1/land": Fraction(3, 4), "2027/land": HALF}
    assert got.progress["objective", "2027/empty"] is None
    pillars = {id: figure for (kind, id), figure in got.progress.items() if kind == "pillar"}
    assert pillars == {
        "enterprise": 1,
        "2027-q2/enterprise": Fraction(1, 4),  # land at 1/2, quarter at 0
        "2027-h1/enterprise": Fraction(3, 4),  # a quarter's objective has no figure in the half-year
        "2027/enterprise": HALF,
    }
    assert got.coverage["pillar", "2027-q2/enterprise"] == (2, 2)


def test_a_longer_cycle_that_is_no_parent_has_no_part_in_it(answer: Ask) -> None:
    got = answer(
        company(
            [item(1, labels=LABEL, state="done")],
            [key_result("sso")],
            cycles=[YEAR, Q1],
            objectives=[objective("land", cycle="2027", pillar="enterprise")],
        )
    )
    assert got.progress["objective", "2027/land"] == 1  # in its own cycle from all of its key results
    assert ("objective", "land") not in got.progress
    assert got.progress["pillar", "enterprise"] is None


def test_in_a_pillar_a_key_result_counts_with_the_first_of_its_objectives_there(answer: Ask) -> None:
    krs = [
        key_result("sso", objective="outside", also=("second", "first")),
        key_result("soc2", objective="first"),
        key_result("alone", objective="third", also=("second",)),
    ]
    objectives = [objective(id, pillar="enterprise") for id in ("first", "second", "third")]
    items = [item(1, labels=LABEL, state="done"), item(2, labels=["kr:soc2"]), item(3, labels=["kr:alone"], state="done")]
    got = answer(company(items, krs, objectives=[objective("outside"), *objectives]))
    assert got.progress["objective", "outside"] == got.progress["objective", "second"] == 1
    assert got.progress["objective", "first"] == HALF
    # first without sso: 0; second with sso and without alone: 1; third with alone: 1
    assert got.progress["pillar", "enterprise"] == Fraction(2, 3)
    assert got.coverage["pillar", "enterprise"] == (3, 3)


@pytest.mark.parametrize("state", ["draft", "dropped"])
def test_a_draft_is_taken_neither_by_what_it_supports_nor_as_the_first_of_a_pillar(answer: Ask, state: Any) -> None:
    krs = [key_result("sso", objective="draft", also=("sure",)), key_result("soc2", objective="helper")]
    objectives = [
        objective("draft", pillar="enterprise", state=state, anchor=("supports", "land")),
        objective("sure", pillar="enterprise"),
        objective("land", pillar="enterprise"),
        objective("helper", anchor=("supports", "land")),
    ]
    items = [item(1, labels=LABEL, state="done"), item(2, labels=["kr:soc2"])]
    got = answer(company(items, krs, objectives=objectives))
    assert got.progress["objective", "draft"] == 1
    assert got.progress["objective", "land"] == 0  # helper only
    assert got.progress["pillar", "enterprise"] == HALF  # sure, with sso as its own, and land
    assert got.coverage["company", ""] == (2, 2)


def test_an_objective_whose_key_results_are_all_dropped_counts_as_one_without(answer: Ask) -> None:
    gone = key_result("sso", dropped=Drop(date(2027, 2, 1), "why"))
    objectives = [objective("land", pillar="enterprise"), objective("login", anchor=("supports", "land"))]
    items = [item(1, labels=LABEL), item(2, labels=["kr:soc2"], state="done")]
    got = answer(company(items, [gone, key_result("soc2", objective="login")], objectives=objectives))
    assert got.progress[SSO] == 0
    assert got.progress["objective", "land"] == got.progress["pillar", "enterprise"] == 1
    assert got.coverage["objective", "land"] == (1, 1)
    got = answer(company(items, [gone], objectives=objectives[:1]))
    assert got.progress["objective", "land"] is None
    assert got.coverage["objective", "land"] == (0, 0)


def test_in_a_pillar_an_inherited_key_result_counts_once_too(answer: Ask) -> None:
    krs = [key_result("sso", objective="a", also=("s",)), key_result("soc2", objective="s"), key_result("arr", objective="t")]
    objectives = [
        objective("a", pillar="enterprise"),
        objective("o2", pillar="enterprise"),
        objective("s", anchor=("supports", "o2")),
        objective("o3", pillar="enterprise"),
        objective("t", pillar="enterprise", weight="2", anchor=("supports", "o3")),
    ]
    items = [item(1, labels=LABEL), item(2, labels=["kr:soc2"], state="done"), item(3, labels=["kr:arr"], state="done")]
    got = answer(company(items, krs, objectives=objectives))
    assert got.progress["objective", "o2"] == HALF
    assert got.progress["objective", "o3"] == 1
    # a with sso: 0; o2 from soc2 only: 1; o3 gives nothing, and t with arr twice: 1
    assert got.progress["pillar", "enterprise"] == Fraction(3, 4)
    assert got.coverage["pillar", "enterprise"] == (3, 3)


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


def test_the_first_step_that_names_a_team_decides(answer: Ask) -> None:
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
    found = answer(company(items, teams=teams, dimensions=Dimensions(containers=containers, sources=sources)))
    assert found.reported["team"] == {2}
    assert found.teams == {1: "core", 2: None, 3: "sales", 4: "sales", 5: None}  # 2: two teams own its project


def test_noon_is_what_the_dates_of_these_examples_mean() -> None:
    assert at("1970-01-02") == 36 * 3600 * 1000
