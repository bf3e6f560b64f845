"""Which fields are proposed."""

from __future__ import annotations

from typing import Any

from connectors.base import Dimension, WorkItem
from hub.looking import FieldChoice, candidates, choose, figures
from tests.hub.looking.builders import field_row, sampled


def chosen(rows: list[Dimension], sample: list[WorkItem]) -> FieldChoice:
    fit = candidates(rows)
    return choose(figures(fit, sample), sample)


def sample(number: int = 30, **fields: Any) -> list[WorkItem]:
    """Items that all have these fields; a list gives its values in turn, None for an empty one."""
    return [
        sampled(n, **{name: v[n % len(v)] if isinstance(v, list) else v for name, v in fields.items()}) for n in range(number)
    ]


def names(choice: FieldChoice) -> dict[str, str]:
    return {ours: each.id for ours, each in choice.fields.items()}


def test_only_fields_of_the_site_itself_that_can_hold_something() -> None:
    rows = [
        field_row("cf1", "Team"),
        field_row("cf2", "Start date", "date", "x:datepicker"),
        field_row("cf3", "Sprint", "array", "com.pyxis.greenhopper.jira:gh-sprint", items="json"),
        field_row("cf4", "Approver", "user", "x:userpicker"),
        field_row("cf5", "Remarks", "string", "x:textfield"),
        field_row("cf6", "OKR", "string", "x:textfield"),
        Dimension("field", "summary", "Summary", None, {"type": "string"}),
        Dimension("status", "3", "In Progress"),
    ]
    assert [row.id for row in candidates(rows)] == ["cf6", "cf1"]  # free text only where its name says what for


def test_the_team_field_that_is_filled_more_often() -> None:
    rows = [field_row("cf1", "Team"), field_row("cf2", "Squad"), field_row("cf3", "Team (old)")]
    choice = chosen(rows, sample(cf1=["A", "B", None, None], cf2=["A", "B", None], cf3=None))
    assert names(choice) == {"team": "cf2"}
    assert [(each.name, why) for _, each, why in choice.others] == [
        ("Team", '"Squad" is filled more often'),
        ("Team (old)", "empty everywhere"),
    ]


def test_a_team_that_is_always_the_same_says_nothing() -> None:
    choice = chosen([field_row("cf1", "Team")], sample(cf1="All"))
    assert names(choice) == {}
    assert [why for *_, why in choice.others] == ["the same value everywhere"]


def test_goals_by_name_and_by_value() -> None:
    rows = [
        field_row("cf1", "Strategic theme"),
        field_row("cf2", "Quartalsziel"),
        field_row("cf3", "Marks", "array", "x:labels", items="string"),
        field_row("cf4", "Colour"),
    ]
    values = {
        "cf1": ["Growth", "Trust"],
        "cf2": "Netto null",
        "cf3": [["okr-2027-sso"], ["okr-2027-nps"]],
        "cf4": ["red", "blue"],
    }
    assert names(chosen(rows, sample(**values))) == {"quartalsziel": "cf2", "strategic_theme": "cf1", "marks": "cf3"}


def test_a_goal_field_of_free_texts_is_none() -> None:
    choice = chosen([field_row("cf1", "Goal", "string", "x:textfield")], sample(70, cf1=[f"text {n}" for n in range(70)]))
    assert names(choice) == {}
    assert choice.others[0][2] == "70 different values: texts rather than goals"


def test_two_fields_of_one_name_get_two_names_of_ours() -> None:
    rows = [field_row("cf1", "OKR"), field_row("cf2", "OKR")]
    assert names(chosen(rows, sample(cf1=["a", "b"], cf2=["c", None]))) == {"okr": "cf1", "okr_2": "cf2"}


def test_an_estimate_only_where_the_usual_field_is_mostly_empty() -> None:
    rows = [field_row("cf1", "Story Points", "number", "x:float"), field_row("cf2", "Aufwand", "number", "x:float")]
    usual = [sampled(n, estimate="3" if n < 25 else None, cf1=3.0 if n < 25 else None, cf2=None) for n in range(30)]
    assert chosen(rows, usual).estimate is None
    other = [sampled(n, estimate="3" if n < 5 else None, cf1=3.0 if n < 5 else None, cf2=8.0) for n in range(30)]
    found = chosen(rows, other)
    assert found.estimate is not None
    assert (found.estimate.id, found.estimate.filled, found.estimated, found.stories) == ("cf2", 30, 5, 30)


def test_options_lists_and_odd_values_count_as_texts() -> None:
    rows = [field_row("cf1", "OKR")]
    (found,) = figures(rows, [sampled(1, cf1=["a", "A"]), sampled(2, cf1={"odd": 1}), sampled(3, cf1=True), sampled(4, cf1=7)])
    assert (found.filled, found.of, found.distinct, found.top) == (2, 4, 2, (("a", 2), ("7", 1)))
