"""Named cases for the rows 42 to 60 of the register of needs: from the text of the files to the numbers; and that no row is
forgotten."""

from __future__ import annotations

import re
from fractions import Fraction
from importlib import import_module
from pathlib import Path

from tests.reference import test_register_early
from tests.reference.asking import HALF, SSO, Ask
from tests.reference.builders import item
from tests.reference.register import (
    CONVENTION,
    CORE,
    IDN,
    IN_PART,
    LAND,
    NOT_HERE,
    OPS,
    Q1,
    ROWS,
    SOC2,
    STRATEGY,
    given,
    problems,
    reads,
)

SPLIT = """
[[rule]]
when.key = "IDN-1"
to = { sso = 0.25, soc2 = 0.75 }
"""


def test_register_42_shares_stand_in_one_rule_and_add_up_to_1(answer: Ask) -> None:
    got = answer(given(reads(STRATEGY, SPLIT), item(1, state="done"), item(2, 1)))
    assert got.parts[1, Q1] == got.parts[2, Q1] == {"sso": Fraction(1, 4), "soc2": Fraction(3, 4)}
    (found,) = problems(STRATEGY, SPLIT.replace("0.75", "0.7"))
    assert found.startswith("mappings/1.toml:4:")


def test_register_42_two_labels_on_one_item_are_equal_parts(answer: Ask) -> None:
    got = answer(given(reads(STRATEGY, CONVENTION, SPLIT), item(2, labels=["kr:sso", "kr:soc2", "kr:ktlo", "kr:sco2"])))
    assert got.parts[2, Q1] == dict.fromkeys(("sso", "soc2", "ktlo"), Fraction(1, 4))  # the fourth part goes to nobody


def test_register_42_the_part_of_a_key_result_of_another_cycle_goes_to_nobody(answer: Ask) -> None:
    mapping = reads(STRATEGY, SPLIT, test_register_early.NEXT_QUARTER)
    got = answer(given(mapping, item(1)))
    assert got.parts[1, "2027-q2"] == {"sso": Fraction(1, 4)}


def test_register_43_texts_compare_without_case_and_in_one_form_of_accents(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.component = ["Größe", "İstanbul"]
        to = "sso"

        [[rule]]
        when.title = { regex = "ändern" }
        to = "soc2"
    """
    items = [
        item(1, components=["GRO\u0308SSE"]),
        item(2, components=["i\u0307stanbul"]),
        item(3, labels=["KR:SSO"]),
        item(4, title="Passwort A\u0308NDERN"),
        item(5, components=["Grosse"]),
    ]
    got = answer(given(reads(STRATEGY, CONVENTION, rules), *items))
    assert got.units == {(1, "sso"), (2, "sso"), (3, "sso"), (4, "soc2")}


def test_register_44_a_project_of_the_same_key_in_two_sources(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.project = "eu:OPS"
        to = "sso"

        [[rule]]
        when.project = ["jira:OP?"]
        to = "soc2"
    """
    items = [item(1, source="eu", containers=("10000",)), item(2, containers=OPS), item(3, containers=IDN)]
    assert answer(given(reads(STRATEGY, rules), *items)).units == {(1, "sso"), (2, "soc2")}


TEAMS = """
[[team]]
id = "product"
name = "Product"
size = 30

[[team]]
id = "core"
name = "Core"
parent = "product"
size = 9.5
channel = "slack-core"
owns.project = "CORE"

[[team]]
id = "core-web"
name = "Core, web"
parent = "core"
owns.project = "IDN"
"""


def test_register_46_departments_tribes_and_squads(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.team = "product"
        unless.team = "core-web"
        to = "sso"
    """
    items = [item(1, containers=CORE), item(2, containers=IDN), item(3)]
    got = answer(given(reads(STRATEGY, TEAMS, rules), *items))
    assert got.teams == {1: "core", 2: "core-web", 3: None}
    assert got.units == {(1, "sso")}


def test_register_47_where_a_team_s_digest_goes() -> None:
    teams = reads(STRATEGY, TEAMS).teams
    assert {id: t.channel for id, t in teams.items()} == {"product": None, "core": "slack-core", "core-web": None}


def test_register_49_an_item_in_several_projects_is_in_each_of_them(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.project = "CORE"
        to = "sso"
    """
    items = [item(1, containers=("10000", "10001")), item(2, containers=IDN)]
    assert answer(given(reads(STRATEGY, rules), *items)).units == {(1, "sso")}


def test_register_50_a_field_goes_by_the_name_that_the_config_gives_it(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.field.Region = "emea"
        to = "sso"
    """
    items = [item(1, fields={"region": "EMEA"}), item(2, fields={"Region__c": "EMEA"})]
    assert answer(given(reads(STRATEGY, rules), *items)).units == {(1, "sso")}


def test_register_51_a_condition_that_changes_as_work_moves_is_warned_of(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.status = "In Progress"
        to = "sso"
    """
    (found,) = (p for p in problems(STRATEGY, rules) if p.startswith("mappings/1.toml:3:"))
    assert ": warning: " in found and "status" in found
    items = [item(1, status="In progress", state="doing"), item(2, status="Closed", state="done")]
    assert answer(given(reads(STRATEGY, rules), *items)).units == {(1, "sso")}


def test_register_52_on_time_is_done_no_later_than_due(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.done = { lte = "due", within = "cycle" }
        to = "sso"

        [[rule]]
        when.due = [{ lt = 2027-01-01 }, { gt = "cycle.ends" }]
        to = "soc2"
    """
    done = {"state": "done", "closed": "2027-02-10"}
    items = [
        item(1, due="2027-02-10", **done),
        item(2, due="2027-02-09", **done),
        item(3, **done),
        item(4, due="2027-02-20"),
        item(5, due="2026-12-31"),
        item(6, due="2027-04-01"),
    ]
    got = answer(given(reads(STRATEGY, rules), *items))
    assert got.units == {(1, "sso"), (5, "soc2"), (6, "soc2")}


def test_register_57_private_work_counts_like_other_work(answer: Ask) -> None:
    rules = """
        [[rule]]
        when.project = "CORE"
        private = true
        to = "sso"
    """
    mapping = reads(STRATEGY, rules)
    assert [r.private for r in mapping.rules] == [True]
    items = [item(1, containers=CORE, state="done", title=""), item(2, containers=CORE, title="")]
    assert answer(given(mapping, *items)).progress[SSO] == HALF
    (found,) = problems(STRATEGY, rules.replace("when.project", 'when.title = "*"\nwhen.project'))
    assert found.startswith("mappings/1.toml:3:")


def test_register_60_the_item_where_the_owner_writes_notes(answer: Ask) -> None:
    home = STRATEGY.replace('anchor.pillar = "enterprise"', 'anchor.pillar = "enterprise"\nhome = "STRAT-12"')
    home = home.replace('name = "SOC 2"', 'name = "SOC 2"\nhome = "STRAT-13"')
    mapping = reads(home, CONVENTION)
    assert mapping.objectives["land"].home == "STRAT-12"
    assert mapping.key_results[Q1, "soc2"].home == "STRAT-13"
    got = answer(given(mapping, item(1, key="STRAT-12"), item(2, labels=["kr:soc2"], state="done")))
    assert got.units == {(2, "soc2")}  # it anchors nothing
    assert got.progress[SOC2] == got.progress[LAND] == 1


# ---- every row --------------------------------------------------------------------------------------------------------------


def cases() -> dict[str, list[str]]:
    """The names of the tests of each row, over all files of the register."""
    found: dict[str, list[str]] = {}
    for path in sorted(Path(__file__).parent.glob("test_register_*.py")):
        for name in vars(import_module(f"tests.reference.{path.stem}")):
            if name.startswith("test_register_"):
                for row in re.findall(r"(?<=_)\d\d(?=_)", name.removeprefix("test_register")):
                    found.setdefault(row, []).append(f"{path.name}::{name}")
    return found


def test_every_row_of_the_register_has_a_case_or_a_reason() -> None:
    tested = cases()
    assert set(tested) | set(NOT_HERE) == set(ROWS)
    assert not set(tested) & set(NOT_HERE)
    assert set(IN_PART) <= set(tested)
    assert all(reason.endswith(".") for reason in (*NOT_HERE.values(), *IN_PART.values()))
