"""Which items a rule sees, which key results it reaches, and when it lives."""

from __future__ import annotations

import pytest

from hub.model import Objective
from hub.rules import Context
from tests.hub.rules.builders import HERE, Q1, Q2, cycles_of, item, key_result, matches, named, rule, team, verdict

TEAMS = [team("core"), team("web", "Core"), team("sales")]


@pytest.mark.parametrize(("whose", "seen"), [("core", True), ("web", True), ("sales", False), (None, False), ("", False)])
def test_a_fence_shows_the_items_of_its_team_and_of_those_beneath(whose: str | None, seen: bool) -> None:
    inside = rule("sso", label="x", fence="Core")
    own = [key_result("sso", team="web")]
    assert matches(inside, item(labels=("x",)), Context("todo", whose), teams=TEAMS, key_results=own) is seen


@pytest.mark.parametrize(
    ("own", "objective_team", "helpers", "reached"),
    [
        ("core", None, (), True),
        ("Web", None, (), True),
        ("sales", "core", (), False),  # its own team goes first
        (None, "web", (), True),
        (None, "sales", ("core",), True),
        (None, "sales", (), False),
        (None, None, (), False),
    ],
)
def test_a_fence_reaches_the_key_results_of_its_teams(
    own: str | None, objective_team: str | None, helpers: tuple[str, ...], reached: bool
) -> None:
    objectives = [Objective("land", "Land", "2027-q1", HERE, team=objective_team, helpers=helpers)]
    world = {"teams": TEAMS, "objectives": objectives, "key_results": [key_result("sso", team=own)]}
    by_name = rule(label="kr:{key_result}", fence="core")
    inside = Context("todo", "core")
    assert named(by_name, item(labels=("kr:sso", "kr:ktlo", "kr:typo")), inside, **world) == (
        {"sso", "ktlo", "typo"} if reached else {"ktlo", "typo"}
    )
    assert matches(rule("sso", label="x", fence="core"), item(labels=("x",)), inside, **world) is reached
    assert matches(rule(allowance="ktlo", label="x", fence="core"), item(labels=("x",)), inside, **world)


def test_a_name_beyond_the_fence_is_told() -> None:
    by_name = rule(label="kr:{key_result}", fence="core")
    own = [key_result("sso", team="sales")]
    found = verdict(by_name, item(labels=("kr:sso",)), Context("todo", "core"), teams=TEAMS, key_results=own)
    assert found.claims == ()
    assert "sso" in found.why and "core" in found.why


def test_an_id_that_lies_within_the_fence_in_one_cycle_only() -> None:
    by_name = rule(label="kr:{key_result}", fence="core")
    own = [key_result("sso", team="core"), key_result("sso", "2027-q2", team="sales")]
    world = {"teams": TEAMS, "key_results": own, "cycles": (Q1, Q2)}
    assert cycles_of(by_name, item(labels=("kr:sso",)), Context("todo", "core"), **world) == {"2027-q1"}


# ---- lives -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "closed", "as_of", "inside"),
    [
        ("todo", None, "2027-01-10T00:00", True),
        ("doing", None, "2027-01-09T23:59", False),
        ("doing", None, "2027-02-20T23:59", True),
        ("doing", None, "2027-02-21T00:00", False),
        ("done", "2027-01-10T00:00", "2028-01-01", True),
        ("dropped", "2027-02-20T23:59", "2028-01-01", True),
        ("done", "2027-02-21T00:00", "2027-02-01", False),
        ("done", None, "2027-02-01", False),  # closed on no day that is known
    ],
)
def test_a_life_holds_for_the_day_of_closing_or_the_present_one(state: str, closed: str | None, as_of: str, inside: bool) -> None:
    one = rule("sso", label="x", starts="2027-01-10", ends="2027-02-20")
    work = item(labels=("x",), **({"done": closed} if closed else {}))
    assert matches(one, work, Context(state), as_of=as_of) is inside  # type: ignore[arg-type]


def test_a_life_with_one_end() -> None:
    work = item(labels=("x",))
    assert matches(rule("sso", label="x", starts="2027-01-10"), work, as_of="2030-01-01")
    assert not matches(rule("sso", label="x", ends="2027-01-10"), work, as_of="2027-01-11T00:00")
    assert matches(rule("sso", label="x", ends="2027-01-10"), work, as_of="2027-01-11T00:00", timezone="America/New_York")
