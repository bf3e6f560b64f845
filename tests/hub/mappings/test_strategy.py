"""What the strategy says, from its words to values: time, teams, objectives and key results."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from hub.mappings import parse, stands_still
from hub.model import Allowance, Cycle, Drop, Mapping, Need, Pillar, Place, Team

WHOLE = (Path(__file__).parent / "good" / "whole-strategy.good.toml").read_text("utf-8")

QUARTER = """\
[cycle]
q1 = { starts = 2027-01-01, ends = 2027-03-31 }
"""
YEAR = """\
[cycle]
2027 = { starts = 2027-01-01, ends = 2027-12-31 }
q1 = { starts = 2027-01-01, ends = 2027-03-31, parent = "2027" }
q2 = { starts = 2027-04-01, ends = 2027-06-30, parent = "2027" }
"""
LABELS = '[[rule]]\nwhen.label = "kr:{key_result}"\nto = "{key_result}"\n'


def objective(id: str, cycle: str = "q1", **lines: str) -> str:
    """An objective that nobody has to be warned of; lines as they stand in a file."""
    given = {"owner": '"Rosa"', "anchor.threat": '"A rival"', **lines}
    return f'[[objective]]\nid = "{id}"\ncycle = "{cycle}"\n' + "".join(f"{key} = {value}\n" for key, value in given.items())


def key_result(id: str, of: str = '"land"', **lines: str) -> str:
    given = {"objective": of, "kind": '"completion"', **lines}
    return f'[[key_result]]\nid = "{id}"\n' + "".join(f"{key} = {value}\n" for key, value in given.items())


def team(id: str, parent: str = "") -> str:
    return f'[[team]]\nid = "{id}"\nlead = "Ana"\n' + (f'parent = "{parent}"\n' if parent else "")


def read(*texts: str, **files: str) -> tuple[Mapping | None, list[str]]:
    """The mapping, and its problems; what is true of all strategies of completion alone is left out."""
    named = {f"{n}.toml": text for n, text in enumerate(texts)} | {name.replace("_", "."): text for name, text in files.items()}
    mapping, problems = parse(named, "UTC")
    return mapping, [str(p) for p in problems if "only completion key results" not in p.text]


def mapping_of(*texts: str, **files: str) -> Mapping:
    mapping, problems = read(*texts, **files)
    assert mapping is not None, problems
    return mapping


def problems_of(*texts: str, **files: str) -> list[str]:
    return read(*texts, **files)[1]


# ---- every word -----------------------------------------------------------------------------------------------------------


def at(line: int) -> Place:
    return Place("0.toml", line, 1)


def test_cycles() -> None:
    whole = mapping_of(WHOLE)
    thirds = (date(2027, 4, 1), date(2027, 7, 1), date(2027, 10, 1))
    year = Cycle("2027", date(2027, 1, 1), date(2027, 12, 31), at(3), periods=thirds)
    quarter = Cycle("2027-q1", date(2027, 1, 1), date(2027, 3, 31), at(4), "2027", date(2027, 1, 15))
    assert whole.cycles == {"2027": year, "2027-q1": quarter}


def test_pillars_allowances_and_teams() -> None:
    whole = mapping_of(WHOLE)
    assert whole.pillars == {"enterprise": Pillar("enterprise", "Win the enterprise", at(23), "cro@acme.example", Decimal(2))}
    assert whole.allowances == {"ktlo": Allowance("ktlo", "Keep the lights on", at(20), "20%", {"platform": "40%"})}
    product, core, platform = whole.teams.values()
    assert (product.size, product.parent) == (Decimal(30), None)
    assert core == Team(
        "core", "core", at(31), None, {"team": ("Core",)}, ("CORE",), ("5f00",), "product", Decimal("7.5"), "slack-core"
    )
    assert platform.parent == "product", "an id is kept as it was declared, however a line spells it"
    assert whole.teams_within("product") == {"product", "core", "platform"}


def test_objectives() -> None:
    land, help_, later = mapping_of(WHOLE).objectives.values()
    assert (land.team, land.helpers, land.state, land.home) == ("core", ("platform",), "agreed", "STRAT-12")
    assert (land.anchor, land.pillar) == (("pillar", "enterprise"), "enterprise")
    assert (help_.helpers, help_.anchor) == (("core",), ("supports", "land"))
    assert (later.state, later.helpers, later.home) == ("draft", (), None)


def test_key_results() -> None:
    whole = mapping_of(WHOLE)
    assert set(whole.key_results) == {("2027-q1", "sso"), ("2027", "soc2"), ("2027-q1", "audit")}
    sso, soc2, audit = whole.key_results.values()
    assert (sso.objective, sso.also, sso.objectives) == ("land", ("help",), ("land", "help"))
    assert sso.needs == (Need("soc2"), Need("audit", date(2027, 2, 15)))
    assert (sso.accepts, sso.home, sso.dropped) == (("core", "platform"), "STRAT-13", None)
    assert soc2.needs == (Need("audit", date(2027, 6, 30)),)
    assert (soc2.cycle, soc2.also, soc2.accepts) == ("2027", (), ())
    assert audit.dropped == Drop(date(2027, 2, 10), "The auditor left")


def test_former_ids_of_key_results_are_kept_per_cycle() -> None:
    whole = mapping_of(WHOLE)
    assert whole.former == {("2027-q1", "o1-kr1"): "sso", ("2027-q1", "saml"): "sso", ("2027-q1", "o1-kr2"): "audit"}
    assert whole.key_result_id("2027-q1", "saml") == "sso"
    assert whole.key_result_id("2027", "saml") is None


# ---- former ids ------------------------------------------------------------------------------------------------------------


def test_an_id_may_be_a_present_one_in_one_cycle_and_a_former_one_in_another() -> None:
    mapping = mapping_of(
        YEAR, objective("a"), objective("b", "q2"), key_result("new", '"a"', was='"old"'), key_result("old", '"b"'), LABELS
    )
    assert mapping.former == {("q1", "old"): "new"}
    assert mapping.key_result_id("q1", "old") == "new"
    assert mapping.key_result_id("q2", "old") == "old"


def test_a_former_id_may_lead_to_another_key_result_in_each_cycle() -> None:
    mapping = mapping_of(
        YEAR,
        objective("a"),
        objective("b", "q2"),
        key_result("one", '"a"', was='"old"'),
        key_result("two", '"b"', was='"Old"'),
        key_result("three", '"b"', needs='"old"'),
        '[[rule]]\nwhen.project = "X"\nto = "old"\n',
        LABELS,
    )
    assert mapping.former == {("q1", "old"): "one", ("q2", "old"): "two"}
    assert mapping.key_results["q2", "three"].needs == (Need("two"),)
    assert str(mapping.rules[0].target).lower() == "old", "which of the two is meant is known only when a cycle is evaluated"


def test_a_rule_that_names_a_former_id_points_to_what_has_it_now() -> None:
    mapping = mapping_of(
        QUARTER, objective("land"), key_result("new", was='["old"]'), '[[rule]]\nwhen.project = "X"\nto = "OLD"\n'
    )
    assert mapping.rules[0].target == "new"


# ---- files of a team -------------------------------------------------------------------------------------------------------

FENCED = '[file]\nteam = "Platform"\n'
TEAMS = team("platform") + team("network", "platform") + team("core")


def test_a_file_gives_its_team_to_what_names_none() -> None:
    mapping = mapping_of(
        QUARTER + TEAMS + objective("theirs", team='"core"') + LABELS,
        FENCED
        + objective("land")
        + objective("sub", team='"network"')
        + key_result("a")
        + key_result("b", '"theirs"')
        + key_result("c", team='"network"')
        + key_result("d", '"sub"'),
    )
    assert {o.id: o.team for o in mapping.objectives.values()} == {"theirs": "core", "land": "platform", "sub": "network"}
    assert {k.id: k.team for k in mapping.key_results.values()} == {
        "a": "platform",
        "b": "platform",
        "c": "network",
        "d": "platform",
    }


def test_rules_of_a_fenced_file_reach_only_its_teams() -> None:
    strategy = QUARTER + TEAMS + objective("land", team='"core"') + key_result("a") + key_result("b", team='"network"')
    assert problems_of(strategy, FENCED + LABELS) == [
        '0.toml:19:1: warning: No rule leads to the key result "a", so it stays unmeasured. '
        'Add a rule with when.label = "kr:{key_result}" and to = "{key_result}", or one of its own.'
    ]
    helped = strategy.replace('team = "core"\n', 'team = "core"\nwith = "network"\n')
    assert problems_of(helped, FENCED + LABELS) == []


# ---- people -----------------------------------------------------------------------------------------------------------------

OWNED = QUARTER + '[[team]]\nid = "core"\nowns.person = ["5f00", "Ben@acme.example"]\n'


def test_a_mail_owns_work_when_people_csv_knows_it() -> None:
    mapping = mapping_of(OWNED, people_csv="mail,jira\nben@acme.example,5f01\n")
    assert mapping.teams["core"].owns_person == ("5f00", "Ben@acme.example")


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ("mail,jira\nbenn@acme.example,5f01\n", 'Did you mean "benn@acme.example"?'),
        ("mail,jira\nkim@other.example,5f01\n", "Add a row for it, or correct the mail."),
    ],
)
def test_a_mail_that_people_csv_does_not_know(people: str, said: str) -> None:
    assert problems_of(OWNED, people_csv=people) == [f'0.toml:5:24: "Ben@acme.example" is not in people.csv. {said}']


def test_nothing_is_said_of_a_mail_when_people_csv_has_mistakes() -> None:
    assert problems_of(OWNED, people_csv="mail,jirra\nben@acme.example,5f01\n") == [
        'people.csv:1:6: The column "jirra" is unknown in people.csv. Did you mean "jira"?'
    ]


# ---- mistakes between files -------------------------------------------------------------------------------------------------


def test_one_scale_holds_for_all() -> None:
    assert problems_of(QUARTER + "[scale]\non_track = 0.9\n", "[scale]\nat_risk = 0.7\n") == [
        "1.toml:1:1: There is a [scale] already, at 0.toml:3. One scale holds for all: join the two.",
    ]


def test_key_results_may_wait_for_one_of_another_cycle_but_not_in_a_circle() -> None:
    strategy = YEAR + objective("land", "2027") + LABELS
    later = key_result("later", cycle='"q2"', needs='"early"')
    assert problems_of(strategy, key_result("early", cycle='"q1"'), later) == []
    assert problems_of(strategy, key_result("early", cycle='"q1"', needs='"Later"'), later) == [
        '1.toml:6:9: Key results wait for each other in a circle: "early" -> "later" -> "early". Remove one of these `needs`.'
    ]


def test_what_is_needed_is_first_looked_for_in_the_same_cycle() -> None:
    """The same id in two cycles: each of the two waits for its neighbour, and that is no circle."""
    strategy = YEAR + objective("land", "2027") + LABELS
    both = [key_result("a", cycle=f'"{q}"') + key_result("b", cycle=f'"{q}"', needs='"a"') for q in ("q1", "q2")]
    assert problems_of(strategy, *both) == []


def test_a_cycle_with_a_mistake_is_not_held_against_what_names_it() -> None:
    backwards = QUARTER.replace("2027-01-01", "2027-04-01")
    assert problems_of(backwards, objective("land"), key_result("a", cycle='"q1"', needs='"b"'), key_result("b")) == [
        '0.toml:2:36: The cycle "q1" ends before it starts. Exchange the two dates, or correct the year.'
    ]


def test_circles_beside_each_other_are_all_told() -> None:
    loops = "".join(team(f"{pair}{n}", f"{pair}{1 - n}") for pair in "xyz" for n in (0, 1))
    assert [p.split(": ")[-1] for p in problems_of(QUARTER, loops)] == [
        f'"{pair}0" -> "{pair}1" -> "{pair}0". Remove `parent` from the one that is above the others.' for pair in "xyz"
    ]


# ---- the present ------------------------------------------------------------------------------------------------------------

AGREED_BY = QUARTER.replace(" }", ", agree_by = 2027-01-15 }")
DRAFT = {"state": '"draft"'}


def told(today: date, *texts: str) -> list[str]:
    return [str(p) for p in stands_still(mapping_of(AGREED_BY, *texts), today)]


def test_an_objective_that_is_still_a_draft_after_its_day() -> None:
    texts = (objective("land"), objective("keep", **DRAFT))
    late = (
        '2.toml:1:1: warning: The objective "keep" is still a draft; the cycle "q1" was to be agreed by 2027-01-15. '
        'Agree on it and write state = "agreed", or "dropped".'
    )
    assert told(date(2027, 1, 15), *texts) == []
    assert told(date(2027, 1, 16), *texts) == [late]
    assert told(date(2027, 3, 31), *texts) == [late]
    assert not any("draft" in said for said in told(date(2027, 4, 1), *texts)), "a cycle that has ended needs no agreement"
    assert told(date(2027, 1, 16), objective("land"), objective("keep", state='"dropped"')) == []


def test_many_drafts_are_told_at_once() -> None:
    drafts = "".join(objective(f"d{n}", **DRAFT) for n in range(6))
    assert told(date(2027, 2, 1), objective("land"), drafts) == [
        '2.toml:1:1: warning: 6 objectives are still drafts: d0, d1, d2 and 3 more. The cycle "q1" was to be agreed by '
        '2027-01-15. Agree on them and write state = "agreed", or "dropped".'
    ]


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        ((), "it has no objective"),
        ((objective("a", **DRAFT),), "its only objective is a draft"),
        ((objective("a", **DRAFT), objective("b", **DRAFT)), "its 2 objectives are drafts"),
    ],
)
def test_a_cycle_that_nobody_agreed(texts: tuple[str, ...], state: str) -> None:
    assert told(date(2027, 2, 1), *texts) == [
        f'0.toml:2:1: warning: Nothing is agreed in the cycle "q1", which was to be agreed by 2027-01-15: {state}. '
        'Agree on its objectives and write state = "agreed", or move `agree_by`.'
    ]


def test_a_quarter_is_agreed_with_the_key_results_of_an_agreed_year() -> None:
    year = YEAR.replace("2027-03-31,", "2027-03-31, agree_by = 2027-01-15,")
    strategy = (year, objective("land", "2027"), key_result("a", cycle='"q1"'))
    assert stands_still(mapping_of(*strategy), date(2027, 2, 1)) == []
    assert len(stands_still(mapping_of(*strategy[:2]), date(2027, 2, 1))) == 1
