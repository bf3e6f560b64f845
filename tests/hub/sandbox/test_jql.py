"""The JQL that the sandbox understands, and what it refuses."""

from __future__ import annotations

import pytest

from hub.sandbox.jql import Condition, JqlError, parse


def test_projects_dates_ids_and_order() -> None:
    query = parse('project in (CORE, "Product Core") AND updated >= 1793523600000 and id > 10 ORDER BY key ASC, updated desc')
    assert query.tests == (
        Condition("project", "in", ("CORE", "Product Core")),
        Condition("updated", ">=", (1793523600000,)),
        Condition("id", ">", ("10",)),
    )
    assert query.order == (("key", False), ("updated", True))


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", 1793527200000),
        ("Europe/Berlin", 1793523600000),
        ("Etc/GMT+12", 1793570400000),
        ("Pacific/Kiritimati", 1793476800000),
    ],
)
def test_text_dates_are_read_in_the_account_time_zone(zone: str, expected: int) -> None:
    for text in ('"2026-11-01 10:00"', "'2026/11/01 10:00'"):
        assert parse(f"updated >= {text}", zone).tests[0].values == (expected,)


def test_relative_dates_count_from_now() -> None:
    assert parse("created > -2d", now=1_000_000_000).tests[0].values == (1_000_000_000 - 2 * 86_400_000,)


@pytest.mark.parametrize(
    ("jql", "says"),
    [
        ("", "Unbounded"),
        ("order by key", "Unbounded"),
        ("project != CORE", "not supported"),
        ("project > CORE", "not supported"),
        ("summary ~ sso", "does not exist"),
        ("project = CORE OR project = IDN", "not understood"),
        ("project =", "before the end"),
        ("project in (CORE", "before the end"),
        ("project = CORE order by rank", "Not able to sort"),
        ("updated >= yesterday", "is invalid"),
        ("updated in (1)", "not supported"),
        ("id = twelve", "is invalid"),
        ("project = 'CORE", "unexpected character"),
        ("id > 1 order by " + ", ".join(["id"] * 8), "more than 7"),
    ],
)
def test_everything_else_is_refused(jql: str, says: str) -> None:
    with pytest.raises(JqlError, match=says):
        parse(jql)
