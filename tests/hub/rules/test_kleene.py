"""A field that the source does not have is *not evaluable*; an empty one is a value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.rules import Context
from tests.hub.rules.builders import TODO, item, line, matcher, matches, rule, team, verdict

TRUE, FALSE, UNKNOWN = {"project": "IDN"}, {"project": "CORE"}, {"estimate": {"gte": 1}}
"""Lines as they come out for a card of the project IDN: the source ``cards`` has no estimates."""


def card(**more: Any) -> Any:
    return item(source="cards", containers=("IDN",), **more)


@pytest.mark.parametrize(
    ("when", "unless", "outcome"),
    [
        ([TRUE], [], True),
        ([FALSE], [], False),
        ([UNKNOWN], [], None),
        ([TRUE, UNKNOWN], [], None),
        ([FALSE, UNKNOWN], [], False),
        ([TRUE], [FALSE], True),
        ([TRUE], [TRUE], False),
        ([TRUE], [UNKNOWN], None),
        ([FALSE], [UNKNOWN], False),
        ([UNKNOWN], [TRUE], False),
        ([UNKNOWN], [UNKNOWN], None),
        ([TRUE], [FALSE, UNKNOWN], None),
    ],
)
def test_the_table(when: list[dict[str, Any]], unless: list[dict[str, Any]], outcome: bool | None) -> None:
    lines = lambda given: tuple(line(f, a) for one in given for f, a in one.items())  # noqa: E731
    one = replace(rule("sso"), when=lines(when), unless=lines(unless), target="sso", template=None)
    assert verdict(one, card()).holds is outcome
    asked = matcher(one)
    assert bool(asked.claims(card(), TODO)) is (outcome is True)
    assert bool(asked.unevaluable) is (outcome is None)


def test_it_is_reported_once_for_a_rule_and_a_source() -> None:
    asked = matcher(rule("sso", estimate={"gte": 5}), rule("sso", project="IDN", estimate={"gte": 5}))
    for no in (3, 4, 5):
        asked.claims(card(no=no), TODO)
        asked.claims(item(no), TODO)
    assert asked.unevaluable == {(0, "cards", "estimate"): 3, (1, "cards", "estimate"): 3}


@pytest.mark.parametrize(
    ("when", "field"),
    [
        ({"estimate": {"empty": True}}, "estimate"),
        ({"label": [{"empty": False}, "x"], "field_region": "EMEA"}, "field.region"),
        ({"title": "*a*", "due": {"within": "cycle"}}, "due"),
        ({"key": "CARD-1"}, "key"),
        ({"component": "api"}, "component"),
        ({"component": "a*"}, "component"),
        ({"field_region": "{key_result}"}, "field.region"),
        ({"label": "{key_result}", "type": "x*"}, "type"),
    ],
)
def test_whatever_is_asked_of_the_field(when: dict[str, Any], field: str) -> None:
    asked = matcher(rule("sso", **when))
    labelled = card(key="CARD-1", title="a", labels=("x",))
    assert asked.claims(labelled, TODO) == ()
    assert asked.unevaluable == {(0, "cards", field): 1}


@pytest.mark.parametrize(
    "when", [{"project": "CORE"}, {"label": "y"}, {"title": "b*"}, {"source": "jira"}, {"title": "{key_result}: *"}]
)
def test_nothing_is_reported_where_another_line_is_against_the_rule(when: dict[str, Any]) -> None:
    asked = matcher(rule("{key_result}" if "{key_result}" in str(when) else "sso", estimate={"gte": 5}, **when))
    assert asked.claims(card(title="a", labels=("x",)), TODO) == ()
    assert asked.unevaluable == {}


def test_nothing_is_reported_outside_of_a_fence_or_a_life() -> None:
    teams = [team("core"), team("sales")]
    asked = matcher(
        rule("sso", estimate={"gte": 5}, fence="core"), rule("sso", estimate={"gte": 5}, ends="2026-12-31"), teams=teams
    )
    asked.claims(card(), Context("todo", "sales"))
    assert asked.unevaluable == {}
    asked.claims(card(), Context("todo", "core"))
    assert set(asked.unevaluable) == {(0, "cards", "estimate")}


def test_a_field_on_the_right_side_counts_as_well() -> None:
    asked = matcher(rule("sso", title={"empty": False}, created={"lte": "field.nope"}))
    assert asked.claims(item(title="x", created="2027-01-01"), TODO) == ()
    assert asked.unevaluable == {(0, "jira", "field.nope"): 1}


def test_state_and_team_can_always_be_asked() -> None:
    assert matches(rule("sso", state="doing"), card(), Context("doing"))
    assert matches(rule("sso", team="core"), card(), Context("doing", "core"), teams=[team("core")])


def test_of_an_unknown_source_every_field_can_be_asked() -> None:
    stranger = item(source="elsewhere", labels=("login",), fields={"nope": "x"})
    assert matches(rule("sso", label="login", field_nope="x"), stranger)
    assert not matches(rule("sso", label="login", component="x"), stranger)
    assert matches(rule("sso", component={"empty": True}), stranger)
