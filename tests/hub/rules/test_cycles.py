"""Words of the cycle are judged for each cycle by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.model import Cycle
from hub.rules import Context
from tests.hub.rules.builders import HERE, Q1, Q2, Q4, cycles_of, item, rule

YEAR = (Q4, Q1, Q2)


@pytest.mark.parametrize(
    ("when", "facts", "cycles"),
    [
        ({"due": {"within": "cycle"}}, {"due": "2027-02-01"}, {"2027-q1"}),
        ({"due": {"within": "cycle"}}, {"due": "2027-03-31"}, {"2027-q1"}),
        ({"due": {"within": "cycle"}}, {"due": "2029-01-01"}, set()),
        ({"due": {"within": "next cycle"}}, {"due": "2027-02-01"}, {"2026-q4"}),
        ({"due": {"within": "previous cycle"}}, {"due": "2027-02-01"}, {"2027-q2"}),
        ({"due": {"within": "previous cycle"}}, {"due": "2027-05-01"}, set()),
        ({"created": {"lt": "cycle.starts"}}, {"created": "2026-12-31T23:59"}, {"2027-q1", "2027-q2"}),
        ({"created": {"gte": "cycle.starts", "lte": "cycle.ends"}}, {"created": "2027-01-01T00:00"}, {"2027-q1"}),
        ({"created": {"gt": "cycle.ends"}}, {"created": "2027-01-01T00:00"}, {"2026-q4"}),
        ({"due": [{"within": "cycle"}, {"empty": True}]}, {}, {"2026-q4", "2027-q1", "2027-q2"}),
        ({"field_start": {"within": "cycle"}}, {"fields": {"start": "2027-05-01"}}, {"2027-q2"}),
        ({"field_start": {"within": "cycle"}}, {"fields": {"start": ["2027-05-01", "2026-11-01"]}}, {"2026-q4", "2027-q2"}),
        (
            {"due": {"within": "cycle"}, "created": {"lt": "cycle.starts"}},
            {"due": "2027-02-01", "created": "2026-11-01"},
            {"2027-q1"},
        ),
        ({"due": {"within": "cycle"}, "created": {"lt": "cycle.starts"}}, {"due": "2027-02-01", "created": "2027-02-01"}, set()),
    ],
)
def test_in_which_cycles_a_rule_claims(when: dict[str, Any], facts: dict[str, Any], cycles: set[str]) -> None:
    assert cycles_of(rule("sso", **when), item(**facts), cycles=YEAR) == cycles


def test_other_rules_claim_in_all() -> None:
    assert cycles_of(rule("sso", due={"gte": date(2027, 1, 1)}), item(due="2027-02-01"), cycles=YEAR) is None


def test_an_unless_of_the_cycle() -> None:
    one = rule("sso", source="jira", unless={"due": {"within": "cycle"}})
    assert cycles_of(one, item(due="2027-02-01"), cycles=YEAR) == {"2026-q4", "2027-q2"}


def test_done_within_the_cycle_needs_the_state() -> None:
    one = rule("sso", done={"within": "cycle"})
    assert cycles_of(one, item(done="2027-02-01"), Context("done"), cycles=YEAR) == {"2027-q1"}
    assert cycles_of(one, item(done="2027-02-01"), Context("doing"), cycles=YEAR) == set()


def test_a_label_counts_in_the_cycles_where_the_other_line_holds() -> None:
    one = rule(label="kr:{key_result}", due={"within": "cycle"})
    assert cycles_of(one, item(labels=("kr:sso",), due="2027-02-01"), cycles=YEAR) == {"2027-q1"}


def test_overlapping_cycles_have_the_nearest_neighbours() -> None:
    year = Cycle("2027", date(2027, 1, 1), date(2027, 12, 31), HERE)
    next_year = Cycle("2028", date(2028, 1, 1), date(2028, 12, 31), HERE)
    next_q1 = Cycle("2028-q1", date(2028, 1, 1), date(2028, 3, 31), HERE)
    cycles = (next_year, year, next_q1, Q1, Q2)
    shortest = rule("sso", due={"within": "next cycle"})
    # of the two that begin next after 2027 the quarter ends first; 2027-q1 is followed by 2027-q2
    assert cycles_of(shortest, item(due="2028-06-01"), cycles=cycles) == set()
    assert cycles_of(shortest, item(due="2028-02-01"), cycles=cycles) == {"2027", "2027-q2"}
    before = rule("sso", due={"within": "previous cycle"})
    assert cycles_of(before, item(due="2027-02-01"), cycles=cycles) == {
        "2027-q2",
        "2028",
        "2028-q1",
    }  # 2027 itself ends last for those


def test_days_of_cycles_are_those_of_the_time_zone() -> None:
    one = rule("sso", created={"within": "cycle"})
    late = item(created="2026-12-31T23:30")
    assert cycles_of(one, late, cycles=YEAR) == {"2026-q4"}
    assert cycles_of(one, late, cycles=YEAR, timezone="Europe/Berlin") == {"2027-q1"}


def test_without_any_cycle_nothing_lies_in_one() -> None:
    assert cycles_of(rule("sso", due={"within": "cycle"}), item(due="2027-02-01"), cycles=(), key_results=()) == set()
    assert cycles_of(rule("sso", label="x"), item(labels=("x",)), cycles=(), key_results=()) is None
