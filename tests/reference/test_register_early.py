"""Named cases for the rows 02 to 20 of the register of needs: from the text of the files to the numbers."""

from __future__ import annotations

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
    STRATEGY,
    WHOLE,
    given,
    reads,
)


def test_register_02_whose_item_it_is(answer: Ask) -> None:
    teams = """
        [[team]]
        id = "core"
        name = "Core"
        owns.field.squad = "Core squad"
        owns.project = "CORE"

        [[team]]
        id = "identity"
        name = "Identity"
        owns.project = ["IDN", "core"]
        owns.person = "u1"
    """
    got = answer(
        given(
            reads(STRATEGY, teams),
            item(1, fields={"squad": "core SQUAD"}, containers=IDN),
            item(2, containers=IDN, assignee="u9"),
            item(3, containers=CORE, assignee="u1"),
            item(4, assignee="U1"),
            sub_task(5, 4),
            item(6),
        )
    )
    assert got.teams == {1: "core", 2: "identity", 3: None, 4: "identity", 5: "identity", 6: None}
    assert got.reported["team"] == {3}  # two teams at the same step: nobody's, and not that of the next step


def test_register_03_one_person_with_several_ids(answer: Ask) -> None:
    people = """
        mail,jira,trello,team
        ben@acme.example,u1,5f7a,
        eve@acme.example,u2,,sales
    """
    text = """
        [[team]]
        id = "core"
        name = "Core"
        owns.person = "ben@acme.example"

        [[team]]
        id = "sales"
        name = "Sales"

        [[rule]]
        when.assignee = "Ben@acme.example"
        to = "sso"
    """
    got = answer(
        given(
            reads(STRATEGY, text, people_csv=people),
            item(1, assignee="u1", state="done"),
            item(2, source="cards", assignee="5f7a"),
            item(3, source="cards", assignee="u1"),
            item(4, assignee="u2"),
        )
    )
    assert got.teams == {1: "core", 2: "core", 3: None, 4: "sales"}
    assert got.units == {(1, "sso"), (2, "sso")}
    assert got.progress[SSO] == HALF


def test_register_04_an_anchor_has_an_object_and_a_weakness_may_sit_under_a_pillar(answer: Ask) -> None:
    more = """
        [[objective]]
        id = "trust"
        name = "Figures that customers trust"
        cycle = "2027-q1"
        anchor.weakness = "Customers check our figures against their own"
        pillar = "enterprise"

        [[objective]]
        id = "audits"
        name = "Faster audits"
        cycle = "2027-q1"
        anchor.supports = "land"

        [[key_result]]
        id = "fresh"
        objective = "trust"
        name = "Streaming"
        kind = "completion"

        [[key_result]]
        id = "evidence"
        objective = "audits"
        name = "Evidence"
        kind = "completion"
    """
    mapping = reads(STRATEGY, CONVENTION, more)
    assert mapping.objectives["audits"].anchor == ("supports", "land")
    assert mapping.objectives["trust"].anchor == ("weakness", "Customers check our figures against their own")
    items = [item(1, labels=["kr:sso"], state="done"), item(2, labels=["kr:fresh"]), item(3, labels=["kr:evidence"])]
    got = answer(given(mapping, *items))
    assert got.progress[ENTERPRISE] == HALF  # of 1 (land) and 0 (trust); audits supports, and has no pillar of its own
    assert got.coverage[ENTERPRISE] == (2, 3)


def test_register_10_33_a_key_result_and_a_rule_per_row(answer: Ask) -> None:
    text = """
        [[key_result]]
        for_each.rows = [{ region = "emea", goal = "3" }, { region = "amer", goal = "1" }]
        id = "arr-{region}"
        objective = "land"
        name = "New business in {region}"
        weight = "{goal}"
        kind = "completion"

        [[rule]]
        for_each.rows = [{ region = "emea" }, { region = "amer" }]
        when.field.region = "{region}"
        to = "arr-{region}"
    """
    items = [item(1, fields={"region": "EMEA"}, state="done"), item(2, fields={"region": "Amer"}), item(3)]
    got = answer(given(reads(STRATEGY, text), *items))
    assert got.units == {(1, "arr-emea"), (2, "arr-amer")}
    assert got.progress[LAND] == Fraction(3, 4)


def test_register_10_33_a_team_per_line_of_a_csv_file_and_a_key_result_per_team(answer: Ask) -> None:
    teams = """
        id;name;parent;size;jira
        sales;Sales;;120;
        sales-emea;Sales EMEA;sales;44;IDN
        sales-amer;Sales Americas;sales;60;CORE
    """
    text = """
        [[team]]
        for_each.file = "teams.csv"
        id = "{id}"
        name = "{name}"
        parent = "{parent}"
        size = "{size}"
        owns.project = "{jira}"

        [[key_result]]
        for_each.team = "sales-*"
        id = "pipeline-{team}"
        objective = "land"
        name = "Pipeline of {name}"
        team = "{team}"
        kind = "completion"

        [[rule]]
        for_each.team = "sales-*"
        when.team = "{team}"
        to = "pipeline-{team}"
    """
    mapping = reads(STRATEGY, text, teams_csv=teams)
    assert (mapping.teams["sales-emea"].parent, mapping.teams["sales-emea"].size) == ("sales", 44)
    assert mapping.teams["sales"].parent is None
    assert mapping.teams["sales"].owns_project == ()  # an empty cell leaves the key out
    got = answer(given(mapping, item(1, containers=IDN), item(2, containers=CORE, state="done"), item(3)))
    assert got.units == {(1, "pipeline-sales-emea"), (2, "pipeline-sales-amer")}
    assert got.progress[LAND] == HALF


def test_register_11_one_key_result_under_two_objectives_counts_once_per_pillar(answer: Ask) -> None:
    text = """
        [[team]]
        id = "sales"
        name = "Sales"

        [[team]]
        id = "identity"
        name = "Identity"

        [[objective]]
        id = "keep"
        name = "Keep them"
        cycle = "2027-q1"
        anchor.pillar = "enterprise"
        team = "sales"
        with = ["identity"]

        [[key_result]]
        id = "both"
        objective = ["keep", "land"]
        name = "Of two"
        kind = "completion"
        team = "identity"
        owner = "eve@acme.example"
    """
    mapping = reads(STRATEGY, CONVENTION, text)
    both = mapping.key_results[Q1, "both"]
    assert (both.objectives, both.team, both.owner) == (("keep", "land"), "identity", "eve@acme.example")
    assert mapping.objectives["keep"].helpers == ("identity",)
    got = answer(given(mapping, item(1, labels=["kr:both"], state="done"), item(2, labels=["kr:sso"])))
    assert got.progress["objective", "keep"] == 1
    assert got.progress[LAND] == HALF  # sso at 0 and both at 1
    assert got.progress[ENTERPRISE] == HALF  # keep at 1, and land without what keep has: 0
    assert got.coverage[ENTERPRISE] == (2, 3)


def test_register_13_a_catch_all_leaves_the_stories_of_anchored_epics_alone(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.key = "CORE-1"
        to = "sso"

        [[rule]]
        name = "upkeep"
        when.project = "CORE"
        fallback = true
        allowance = "ktlo"
    """
    items = [
        epic(1, key="CORE-1", containers=CORE),
        item(2, 1, containers=CORE, state="done"),
        item(3, 1, containers=CORE),
        item(4, containers=CORE),
    ]
    got = answer(given(reads(STRATEGY, rules), *items))
    assert [got.outcomes[no, Q1] for no in (1, 2, 3, 4)] == ["linked", "linked", "linked", "allowance"]
    assert got.progress[SSO] == HALF


def test_register_14_a_conflict_on_an_item_is_contested_and_no_error_of_the_files(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.project = "IDN"
        to = "sso"

        [[rule]]
        when.title = "*audit*"
        to = "soc2"
    """
    items = [item(1, containers=IDN, title="Audit log"), item(2, containers=IDN), item(3, title="Audit")]
    got = answer(given(reads(STRATEGY, rules), *items))
    assert [got.outcomes[no, Q1] for no in (1, 2, 3)] == ["contested", "linked", "linked"]
    assert got.units == {(2, "sso"), (3, "soc2")}


def test_register_15_a_rule_lives_from_its_first_day_to_its_last(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.project = "IDN"
        starts = 2027-01-10
        ends = 2027-01-20
        to = "sso"
    """
    mapping = reads(STRATEGY, rules)
    items = [
        item(1, containers=IDN, state="done", closed="2027-01-10"),
        item(2, containers=IDN, state="done", closed="2027-01-21"),
        item(3, containers=IDN),
        item(4, containers=IDN, state="done", closed=None),
    ]
    assert answer(given(mapping, *items, as_of="2027-01-20")).units == {(1, "sso"), (3, "sso")}
    assert answer(given(mapping, *items, as_of="2027-01-21")).units == {(1, "sso")}


def test_register_15_a_rule_for_one_source(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.source = "cards"
        when.label = "sso"
        to = "sso"
    """
    got = answer(given(reads(STRATEGY, rules), item(1, labels=["sso"]), item(2, source="cards", labels=["sso"])))
    assert got.units == {(2, "sso")}


def test_register_16_the_work_names_its_key_result_or_an_allowance(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.field.goal = "{key_result}: *"
        to = "{key_result}"

        [[rule]]
        when.title = "*[{key_result}]*"
        to = "{key_result}"
    """
    items = [
        item(1, labels=["kr:SSO"]),
        item(2, labels=["kr:ktlo"]),
        item(3, fields={"goal": "soc2: SOC 2 controls"}),
        item(4, title="[Bug] [sso] Login fails"),
        item(5, title="[Bug] Login fails"),
    ]
    got = answer(given(reads(STRATEGY, CONVENTION, rules), *items))
    outcomes = ["linked", "allowance", "linked", "linked", "broken"]
    assert [got.outcomes[no, Q1] for no in range(1, 6)] == outcomes
    assert got.units == {(1, "sso"), (3, "soc2"), (4, "sso")}


def test_register_16_a_team_and_a_name_make_an_id(answer: Ask) -> None:
    text = """
        [[key_result]]
        id = "core-speed"
        objective = "land"
        name = "Speed of the core"
        kind = "completion"

        [[rule]]
        when.label = "{team}/{key_result}"
        to = "{team}-{key_result}"
    """
    got = answer(given(reads(STRATEGY, text), item(1, labels=["Core/Speed"]), item(2, labels=["core/sped"])))
    assert got.units == {(1, "core-speed")}
    assert got.outcomes[2, Q1] == "broken"


def test_register_17_a_renamed_key_result_keeps_its_labels_and_rules(answer: Ask) -> None:
    renamed = STRATEGY.replace('id = "sso"', 'id = "single-sign-on"\nwas = ["sso", "O1-KR1"]')
    rules = """
        [[rule]]
        when.project = "IDN"
        to = "sso"
    """
    items = [
        item(1, labels=["kr:sso"], state="done"),
        item(2, labels=["kr:o1-kr1", "kr:single-sign-on"]),
        item(3, containers=IDN),
    ]
    got = answer(given(reads(renamed, CONVENTION, rules), *items))
    assert got.parts[2, Q1] == {"single-sign-on": 1}
    assert got.units == {(1, "single-sign-on"), (2, "single-sign-on"), (3, "single-sign-on")}
    assert got.progress["key_result", "single-sign-on"] == Fraction(1, 3)


NEXT_QUARTER = """
[cycle]
2027-q2 = { starts = 2027-04-01, ends = 2027-06-30 }

[[objective]]
id = "keep"
name = "Keep them"
cycle = "2027-q2"
anchor.pillar = "enterprise"

[[key_result]]
id = "sso"
objective = "keep"
name = "Single sign-on, second half"
kind = "completion"
"""


def test_register_18_a_quarter_later_the_same_id_means_the_next_key_result(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.project = "IDN"
        to = "soc2"
    """
    mapping = reads(STRATEGY, CONVENTION, NEXT_QUARTER, rules)
    items = [item(1, labels=["kr:sso"], state="done"), item(2, labels=["kr:sso"]), item(3, containers=IDN)]
    got = answer(given(mapping, *items, as_of="2027-04-10"))
    assert got.progress[SSO] == HALF
    assert got.progress["key_result", "2027-q2/sso"] == 0  # the first was done before that quarter
    assert got.outcomes[3, Q1] == "linked"
    assert got.outcomes[3, "2027-q2"] == "unanchored"  # the rule is dormant there


@pytest.mark.parametrize(("said", "progress"), [("", Fraction(0)), ('before_cycle = "count"', HALF)])
def test_register_19_an_epic_carried_over_starts_at_nought(answer: Ask, said: str, progress: Fraction) -> None:
    text = STRATEGY.replace('name = "Single sign-on"', f'name = "Single sign-on"\n{said}')
    items = [epic(1, labels=["kr:sso"]), item(2, 1, state="done", closed="2026-12-20"), item(3, 1)]
    got = answer(given(reads(text, CONVENTION), *items))
    assert got.progress[SSO] == progress


def test_register_20_without_a_date_the_hub_s_own_sight_counts_and_what_was_done_before_our_time_does_not(answer: Ask) -> None:
    items = [
        item(1, source="cards", labels=["kr:sso"], state="done", closed=None, seen="2027-01-20"),
        item(2, source="cards", labels=["kr:sso"], state="done", closed=None),
        item(3, source="cards", labels=["kr:sso"]),
    ]
    got = answer(given(reads(STRATEGY, CONVENTION), *items))
    assert got.units == {(1, "sso"), (3, "sso")}
    assert got.progress[SSO] == got.progress[WHOLE] == HALF
