"""Sentences made of what others say."""

from __future__ import annotations

import pytest

from hub.cli.render.runs import sentence


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
