"""Named cases for the rows 22 to 38 of the register of needs: from the text of the files to the numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.reference.asking import HALF, SSO, Ask
from tests.reference.builders import epic, item, sub_task
from tests.reference.register import (
    CONVENTION,
    CORE,
    ENTERPRISE,
    IDN,
    LAND,
    Q1,
    SOC2,
    STRATEGY,
    WHOLE,
    given,
    problems,
    reads,
)


def test_register_22_what_must_not_hold_is_said_with_unless(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.project = "IDN"
        unless.label = ["spike", "chore*"]
        unless.type = "Bug"
        to = "sso"
    """
    items = [
        item(1, containers=IDN),
        item(2, containers=IDN, labels=["Spike"]),
        item(3, containers=IDN, labels=["x", "chore-2"]),
        item(4, containers=IDN, type="Bug"),
        item(5, containers=IDN, type="Story", labels=["x"]),
    ]
    assert answer(given(reads(STRATEGY, rules), *items)).units == {(1, "sso"), (5, "sso")}


def test_register_22_or_over_fields_is_two_rules_which_never_conflict(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.project = "IDN"
        to = "sso"

        [[rule]]
        when.label = "login"
        to = "SSO"
    """
    got = answer(given(reads(STRATEGY, rules), item(1, containers=IDN, labels=["login"]), item(2, labels=["Login"])))
    assert got.units == {(1, "sso"), (2, "sso")}
    assert got.parts[1, Q1] == {"sso": 1}


EMPTINESS = """
[[rule]]
name = "big"
when.project = ["IDN", "Roadmap"]
when.estimate = { gte = 5 }
to = "sso"

[[rule]]
name = "no component"
when.project = ["IDN", "Roadmap"]
when.component = { empty = true }
unless.field.region = "emea"
to = "soc2"
"""


def test_register_23_an_empty_field_is_a_value_and_one_that_the_source_lacks_is_not_evaluable(answer: Ask) -> None:
    items = [
        item(1, containers=IDN, components=["Login"]),
        item(2, containers=IDN, components=["Login"], estimate="5"),
        item(3, containers=IDN),
        item(4, containers=IDN, fields={"region": "EMEA"}),
        item(5, source="cards", containers=("b1",)),
        item(6, source="cards", containers=("b1",)),
    ]
    got = answer(given(reads(STRATEGY, EMPTINESS), *items))
    assert [got.outcomes[no, Q1] for no in range(1, 7)] == ["unanchored", "linked", "linked", *["unanchored"] * 3]
    assert got.units == {(2, "sso"), (3, "soc2")}
    assert got.unevaluable == 2  # both rules on the cards, once each


def test_register_23_what_another_line_excludes_is_not_reported(answer: Ask) -> None:
    got = answer(given(reads(STRATEGY, EMPTINESS), item(1, source="cards", containers=("b2",))))
    assert got.unevaluable == 0


def test_register_24_each_condition_has_a_line_of_its_own_in_messages() -> None:
    rules = """
        [[rule]]
        name = "login"
        when.project = "IDN"
        when.titel = "*login*"
        when.created = { within = "this cycle" }
        to = "sso"
    """
    found = problems(STRATEGY, rules)
    assert [p.split(": ")[0].rsplit(":", 1)[0] for p in found] == ["mappings/1.toml:5", "mappings/1.toml:6"]
    assert "title" in found[0]
    assert "cycle" in found[1]


BY_POINTS = STRATEGY.replace('name = "Single sign-on"', 'name = "Single sign-on"\nby = "estimate"')


def test_register_25_points_on_stories_count_although_sub_tasks_stand_beneath(answer: Ask) -> None:
    items = [
        epic(1, labels=["kr:sso"], estimate="21"),
        item(2, 1, estimate="8", state="done"),
        sub_task(3, 2, state="done"),
        item(4, 1, estimate="5"),
        epic(5, labels=["kr:sso"], estimate="13"),
        epic(6, labels=["kr:sso"]),
    ]
    got = answer(given(reads(BY_POINTS, CONVENTION), *items))
    assert got.units == {(2, "sso"), (4, "sso"), (5, "sso"), (6, "sso")}
    # epics: 1 stands for 8 + 5, 5 for 13, so a mean epic weighs 13
    assert got.progress[SSO] == Fraction(8, 8 + 5 + 13 + 13)


@pytest.mark.parametrize(("level", "units"), [("epic", {1}), ("story", {2, 4}), ("leaf", {3, 4})])
def test_register_25_the_counted_level_on_request(answer: Ask, level: str, units: set[int]) -> None:
    text = STRATEGY.replace('name = "Single sign-on"', f'name = "Single sign-on"\nlevel = "{level}"')
    items = [epic(1, labels=["kr:sso"]), item(2, 1), sub_task(3, 2), item(4, 1)]
    assert answer(given(reads(text, CONVENTION), *items)).units == {(no, "sso") for no in units}


def test_register_26_a_step_says_what_finishes_it_and_until_when() -> None:
    steps = """
        [[key_result]]
        id = "scim"
        objective = "land"
        name = "SCIM"
        kind = "milestone"
        steps = [
          { name = "SAML", due = 2027-02-15, when = { key = "IDN-31" } },
          { name = "SCIM", when = { key = "IDN-44" } },
        ]
    """
    found = problems(STRATEGY, steps)
    assert [p.split(":")[1] for p in found] == ["9"]
    assert "`due`" in found[0]
    mapping = reads(STRATEGY, steps.replace('name = "SCIM", when', 'name = "SCIM", due = 2027-03-15, when'))
    found_steps = mapping.key_results["2027-q1", "scim"].steps
    assert [(step.name, str(step.due), step.rows.when[0].field) for step in found_steps] == [
        ("SAML", "2027-02-15", "key"),
        ("SCIM", "2027-03-15", "key"),
    ]


def test_register_28_an_allowance_has_a_budget_of_its_own_and_one_per_team(answer: Ask) -> None:
    text = STRATEGY.replace(
        'ktlo = { name = "Keep the lights on" }',
        'ktlo = { name = "Keep the lights on", budget = "20%", budget_for = { platform = "40%" } }',
    )
    teams = """
        [[team]]
        id = "platform"
        name = "Platform"

        [[rule]]
        when.project = "CORE"
        allowance = "ktlo"
    """
    mapping = reads(text, teams)
    ktlo = mapping.allowances["ktlo"]
    assert (ktlo.budget, dict(ktlo.budget_for)) == ("20%", {"platform": "40%"})
    got = answer(given(mapping, item(1, containers=CORE)))
    assert (got.outcomes[1, Q1], got.parts[1, Q1]) == ("allowance", {"ktlo": 1})


def test_register_29_what_is_no_work_at_all_is_ignored_and_not_active(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.project = "CORE"
        ignore = "requests, not planned work"

        [[rule]]
        when.label = "test"
        ignore = "test data"
    """
    items = [
        item(1, containers=CORE, labels=["test"], state="doing"),
        item(2, 1, state="doing"),
        item(3, 1, labels=["kr:sso"], state="doing"),
        item(4, state="doing"),
    ]
    got = answer(given(reads(STRATEGY, CONVENTION, rules), *items))
    assert [got.outcomes[no, Q1] for no in (1, 2, 3, 4)] == ["ignored", "ignored", "linked", "unanchored"]
    assert got.active == {3, 4}


def test_register_31_the_backlog_is_not_active(answer: Ask) -> None:
    items = [
        item(1),
        item(2, state="doing"),
        item(3, sprints=["1"]),
        item(4, sprints=["2"]),
        item(5, sprints=["3"]),
        item(6, state="done"),
        item(7, state="done", closed="2026-12-20"),
        item(8, state="dropped"),
    ]
    got = answer(given(reads(STRATEGY, CONVENTION), *items))
    assert got.active == {2, 3, 4, 6}


TEAMS = """
[[team]]
id = "core"
name = "Core"
owns.project = "CORE"

[[team]]
id = "core-web"
name = "Core, web"
parent = "core"
owns.project = "IDN"
"""
FENCED = """
[file]
team = "core"

[[key_result]]
id = "speed"
objective = "land"
name = "Speed"
kind = "completion"

[[rule]]
when.type = "Story"
to = "speed"

[[rule]]
when.title = "*[{key_result}]*"
to = "{key_result}"
"""


def test_register_34_a_fenced_file_sees_its_own_team_s_work_and_reaches_its_own_key_results(answer: Ask) -> None:
    mapping = reads(STRATEGY, TEAMS, FENCED)
    assert mapping.key_results[Q1, "speed"].team == "core"
    items = [
        item(1, containers=CORE, type="Story"),
        item(2, containers=IDN, type="Story"),
        item(3, type="Story"),
        item(4, containers=CORE, title="[sso] Login"),
        item(5, containers=CORE, title="[spede] Faster"),
    ]
    got = answer(given(mapping, *items))
    assert got.units == {(1, "speed"), (2, "speed")}
    assert [got.outcomes[no, Q1] for no in (3, 4, 5)] == ["unanchored", "unanchored", "broken"]


def test_register_34_a_fenced_rule_cannot_point_outside() -> None:
    outside = """
        [file]
        team = "core"

        [[rule]]
        when.type = "Story"
        to = "sso"
    """
    (found,) = problems(STRATEGY, TEAMS, outside)
    assert found.startswith("mappings/2.toml:7:")
    assert "sso" in found and "core" in found


ANNUAL = """
[cycle]
2027 = { starts = 2027-01-01, ends = 2027-12-31, periods = [2027-04-01, 2027-07-01, 2027-10-01] }
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31, parent = "2027" }
2027-q2 = { starts = 2027-04-01, ends = 2027-06-30, parent = "2027" }

[pillar]
enterprise = { name = "Win the enterprise" }

[[objective]]
id = "land"
name = "Land twenty enterprises"
cycle = "2027"
anchor.pillar = "enterprise"

[[key_result]]
id = "sso"
objective = "land"
name = "Single sign-on"
cycle = "2027-q1"
kind = "completion"

[[key_result]]
id = "soc2"
objective = "land"
name = "SOC 2"
cycle = "2027-q2"
kind = "completion"

[[key_result]]
id = "churn"
objective = "land"
name = "Reasons to leave removed"
kind = "completion"
"""


def test_register_35_an_annual_objective_with_quarterly_key_results(answer: Ask) -> None:
    mapping = reads(ANNUAL, CONVENTION)
    assert mapping.cycles["2027"].periods == (date(2027, 4, 1), date(2027, 7, 1), date(2027, 10, 1))
    items = [
        item(1, labels=["kr:sso"], state="done"),
        item(2, labels=["kr:soc2"], state="done", closed="2027-04-02"),
        item(3, labels=["kr:soc2"]),
        item(4, labels=["kr:churn"]),
    ]
    got = answer(given(mapping, *items, as_of="2027-05-01"))
    assert got.progress["objective", "2027/land"] == got.progress["company", "2027/"] == HALF  # 1, 1/2 and 0
    assert got.coverage["objective", "2027/land"] == (3, 3)
    assert got.progress[LAND] == got.progress[ENTERPRISE] == 1
    assert got.coverage[WHOLE] == (1, 1)
    assert got.progress["objective", "2027-q2/land"] == HALF


def test_register_36_a_key_result_given_up_in_week_six(answer: Ask) -> None:
    text = STRATEGY.replace(
        'name = "Single sign-on"', 'name = "Single sign-on"\ndropped = { on = 2027-02-10, why = "Nobody asked for it" }'
    )
    mapping = reads(text, CONVENTION)
    items = [item(1, labels=["kr:sso"]), item(2, labels=["kr:soc2"], state="done")]
    before = answer(given(mapping, *items, as_of="2027-02-09"))
    assert (before.progress[LAND], before.coverage[LAND]) == (HALF, (2, 2))
    after = answer(given(mapping, *items, as_of="2027-02-10"))
    assert after.progress[SSO] == 0  # it keeps its figure
    assert (after.progress[LAND], after.coverage[LAND]) == (1, (1, 1))


@pytest.mark.parametrize("state", ["draft", "dropped"])
def test_register_37_a_draft_is_shown_and_goes_nowhere(answer: Ask, state: str) -> None:
    text = f"""
        [[objective]]
        id = "keep"
        name = "Keep them"
        cycle = "2027-q1"
        anchor.pillar = "enterprise"
        state = "{state}"

        [[key_result]]
        id = "churn"
        objective = "keep"
        name = "Reasons to leave removed"
        kind = "completion"
    """
    agreed = STRATEGY.replace("ends = 2027-03-31 }", "ends = 2027-03-31, agree_by = 2027-01-15 }")
    mapping = reads(agreed, CONVENTION, text)
    assert mapping.cycles[Q1].agree_by == date(2027, 1, 15)
    got = answer(given(mapping, item(1, labels=["kr:churn"], state="done"), item(2, labels=["kr:sso"])))
    assert got.progress["objective", "keep"] == 1
    assert got.progress[ENTERPRISE] == got.progress[WHOLE] == 0
    assert got.coverage[WHOLE] == (1, 2)


def test_register_38_a_key_result_waits_for_another_and_no_number_does(answer: Ask) -> None:
    needs = 'needs = ["sso"]\n'
    waiting = STRATEGY.replace('name = "SOC 2"', 'name = "SOC 2"\n' + needs)
    by = STRATEGY.replace('name = "SOC 2"', 'name = "SOC 2"\nneeds = [{ key_result = "sso", by = 2027-02-15 }]')
    assert [tuple(n) for n in reads(waiting).key_results[Q1, "soc2"].needs] == [("sso", None)]
    assert [tuple(n) for n in reads(by).key_results[Q1, "soc2"].needs] == [("sso", date(2027, 2, 15))]
    items = [item(1, labels=["kr:soc2"], state="done"), item(2, labels=["kr:sso"])]
    assert answer(given(reads(by, CONVENTION), *items)).progress == answer(given(reads(STRATEGY, CONVENTION), *items)).progress
    assert answer(given(reads(by, CONVENTION), *items)).progress[SOC2] == 1
    assert reads(STRATEGY).key_results[Q1, "soc2"].weight == Decimal(1)
