"""The shape of the company: what its tickets are, counted from the facts and not from any answer."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

import pytest

from hub.sandbox import company
from hub.sandbox.history import FIRST_ID, History
from hub.sandbox.themes import HOSTILE

TODAY = date(2026, 11, 22)
Facts = dict[int, dict[str, Any]]


def facts_of(seed: int, count: int = 1500) -> Facts:
    return {fact["number"]: fact for fact in History(seed, count, TODAY).facts()}


def chain(facts: Facts, fact: dict[str, Any]) -> list[dict[str, Any]]:
    found = [fact]
    while found[-1]["parent"]:
        found.append(facts[found[-1]["parent"]])
    return found


def krs(fact: dict[str, Any]) -> list[str]:
    return [label.lower()[3:] for label in fact["labels"] if label.lower().startswith("kr:")]


def anchor(facts: Facts, fact: dict[str, Any]) -> str:
    """How an active ticket hangs on the strategy, by the company's own conventions."""
    known = {kr.id for kr in company.KEY_RESULTS}
    for each in chain(facts, fact):
        if krs(each):
            return "label" if set(krs(each)) <= known else "allowance" if krs(each) == [company.ALLOWANCE] else "broken"
    for each in chain(facts, fact):
        for rule in company.CONVENTIONS:
            by_component = bool(rule.component) and each["component"] == rule.component
            if each["project"] == rule.project and (by_component or (rule.title and fnmatchcase(each["summary"], rule.title))):
                return "convention"
    return "fallback" if fact["project"] == company.FALLBACK_PROJECT else "nothing"


@pytest.mark.parametrize("seed", [1, 7, 23])
def test_shares_of_active_work(seed: int) -> None:
    facts = facts_of(seed)
    active = [fact for fact in facts.values() if fact["active"] and fact["project"] != company.IGNORED_PROJECT]
    shares = {how: count / len(active) for how, count in Counter(anchor(facts, fact) for fact in active).items()}
    assert 0.50 <= shares["label"] <= 0.62
    assert 0.03 <= shares["convention"] <= 0.12
    assert 0.08 <= shares["fallback"] <= 0.16
    assert 0.12 <= shares["nothing"] <= 0.27
    assert 0 < shares["broken"] <= 0.10
    assert 500 <= len(active) <= 900


@pytest.mark.parametrize("seed", [1, 7, 23])
def test_the_rare_and_the_odd_are_there(seed: int) -> None:
    history = History(seed, 1500, TODAY)
    facts = {fact["number"]: fact for fact in history.facts()}
    children = Counter(fact["parent"] for fact in facts.values())
    rows = list(facts.values())
    assert len(rows) == 1500
    assert 5 <= sum(label in company.MISSPELT.values() for row in rows for label in row["labels"]) <= 8
    assert sum(len(krs(row)) == 2 for row in rows) >= 1
    assert sum(row["kind"] == "Epic" and not children[row["number"]] for row in rows) >= 2
    assert sum(row["kind"] in ("Story", "Task", "Bug") and not row["parent"] for row in rows) >= 50
    assert sum((row["points"] or 0) < 0 for row in rows) >= 2
    assert all(row["points"] is None for row in rows if row["kind"] == "Sub-task")
    assert sum(row["category_differs"] for row in rows) >= 1
    assert 80 <= sum(row["forgotten"] for row in rows) <= 250
    assert any(row["summary"] in HOSTILE for row in rows)
    assert len(history.moved) >= 2
    states = Counter(row["state"] for row in rows)
    assert states["done"] > 500 and states["todo"] > 300 and states["doing"] > 120 and states["dropped"] > 25
    assert any(row["component"] == "" and row["team"] == "" for row in rows if row["project"] == "MOB")
    unanchored_epics = [row for row in rows if row["kind"] == "Epic" and not krs(row) and row["state"] != "done"]
    assert any(children[row["number"]] for row in unanchored_epics)


def test_every_key_result_is_named_by_an_epic_and_belongs_to_the_tree() -> None:
    named = {kr for row in facts_of(7).values() if row["kind"] == "Epic" for kr in krs(row)}
    assert {kr.id for kr in company.KEY_RESULTS} | {company.ALLOWANCE} <= named
    assert {kr.objective for kr in company.KEY_RESULTS} == {objective.id for objective in company.OBJECTIVES}
    assert {objective.pillar for objective in company.OBJECTIVES} == {pillar.id for pillar in company.PILLARS}
    teams = {team.id for team in company.TEAMS}
    assert {kr.team for kr in company.KEY_RESULTS} <= teams
    assert {objective.team for objective in company.OBJECTIVES} <= teams
    assert (len(company.PILLARS), len(company.OBJECTIVES), len(company.KEY_RESULTS)) == (3, 6, 14)
    assert {team.project for team in company.TEAMS} == {project.key for project in company.PROJECTS}


def test_dates_are_possible() -> None:
    now = company.epoch_ms(TODAY)
    for row in facts_of(7).values():
        assert 0 < row["created"] <= row["updated"] <= now
        assert bool(row["done_at"]) == (row["state"] in ("done", "dropped")), row["key"]
        assert row["done_at"] <= row["updated"]


def test_titles_read_like_work() -> None:
    titles = Counter(row["summary"] for row in facts_of(7).values() if row["kind"] in ("Story", "Task"))
    assert len(titles) > 450
    assert max(titles.values()) < 12


def test_one_issue_needs_no_other() -> None:
    history, again = History(7, 100_000, TODAY), History(7, 100_000, TODAY)
    some = [FIRST_ID, FIRST_ID + 54_321, FIRST_ID + 99_999]
    whole = {issue.number: issue for issue in again.issues() if issue.number in some}
    assert [history.issue(number) for number in reversed(some)] == [whole[number] for number in reversed(some)]
    assert all(history.key(number) == whole[number].key for number in some)


def test_another_seed_is_another_history() -> None:
    assert facts_of(7, 300) == facts_of(7, 300)
    assert facts_of(7, 300) != facts_of(8, 300)


def test_sprints_and_cycle_lie_around_today() -> None:
    rows = company.sprints(0, TODAY)
    assert [row.state for row in rows] == ["closed"] * 6 + ["active", "future"]
    now = company.epoch_ms(TODAY)
    assert rows[6].start <= now < rows[6].end
    assert rows[0].start <= now - 80 * company.DAY_MS
    assert company.cycle(TODAY) == ("2026-q4", date(2026, 10, 1), date(2026, 12, 31))
    assert company.cycle(date(2027, 3, 31)) == ("2027-q1", date(2027, 1, 1), date(2027, 3, 31))
