"""Sentences made of what others say."""

from __future__ import annotations

import pytest

from hub.cli.render.runs import ended, sentence
from hub.report.notes import _unread
from tests.hub.cli.builders import age, shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the account sees nothing", "The account sees nothing."),
        ("queries/orders.sql: no such column", "queries/orders.sql: no such column."),
        ("deals.csv, C3: no number", "deals.csv, C3: no number."),
        ("probability, region: not found", "probability, region: not found."),
        ("deals: nothing is read.", "deals: nothing is read."),
        ("2 rows are left.", "2 rows are left."),
        ("jira_two is locked", "jira_two is locked."),
        ("", ""),
    ],
)
def test_a_sentence_has_a_capital_and_an_end_and_leaves_names_alone(text: str, said: str) -> None:
    assert sentence(text) == said


def test_what_went_wrong_goes_on_where_it_began() -> None:
    first, *rest = shown(ended("deals", "failed", {}, "word " * 40, "Mend it.", 0), 60).splitlines()
    assert first.rstrip() == "deals  failed"
    assert len(rest) > 2
    assert all(line.startswith("  ") and not line.startswith("   ") for line in rest)


@pytest.mark.parametrize(
    ("result", "said"), [("failed", "of jira failed; what"), ("partial", "of jira could not read everything; what")]
)
def test_how_the_last_run_of_a_source_ended(result: str, said: str) -> None:
    (note,) = _unread((age(last_result=result, items=5),), [])
    assert said in note
