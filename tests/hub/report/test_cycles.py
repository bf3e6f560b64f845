"""The tree and its explanations where cycles lie within cycles, and where not everything is rolled up."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest

from hub.mappings import parse
from hub.report import Node, NodeExplanation, as_json
from hub.store import Store
from tests.hub.report.test_report import DONE, Company, issue
from tests.hub.store.world import world

FILES = {
    "mappings/all.toml": """
[cycle]
2026 = { starts = 2026-01-01, ends = 2026-12-31 }
2026-q1 = { starts = 2026-01-01, ends = 2026-03-31, parent = "2026" }
2026-q2 = { starts = 2026-04-01, ends = 2026-06-30, parent = "2026" }
[pillar]
trust = { name = "Trust" }
[[objective]]
id = "safe"
cycle = "2026"
anchor.pillar = "trust"
[[objective]]
id = "fast"
cycle = "2026-q1"
anchor.pillar = "trust"
[[objective]]
id = "plan"
cycle = "2026-q1"
state = "draft"
pillar = "trust"
[[key_result]]
id = "sso"
objective = ["safe", "fast"]
cycle = "2026-q1"
kind = "completion"
[[key_result]]
id = "audit"
objective = "safe"
cycle = "2026-q2"
kind = "completion"
[[key_result]]
id = "cache"
objective = "fast"
kind = "completion"
[[key_result]]
id = "old"
objective = "fast"
kind = "completion"
dropped = { on = 2026-02-10, why = "the customer left" }
[[key_result]]
id = "idea"
objective = "plan"
kind = "completion"
[[rule]]
name = "label"
when.label = "kr:{key_result}"
to = "{key_result}"
"""
}


@pytest.fixture
def company(sqlite_store: Store) -> Iterator[Company]:
    with world(sqlite_store) as w:
        found = Company(w, sqlite_store)
        mapping, problems = parse(FILES, "UTC")
        assert mapping is not None, problems
        found.mapping = mapping
        found.evaluate(
            issue("1", labels=("kr:sso",), **DONE),
            issue("2", labels=("kr:sso",)),
            issue("3", labels=("kr:audit",)),
            issue("4", labels=("kr:old",)),
            issue("5", labels=("kr:idea",), **DONE),
        )
        yield found


def objectives(company: Company, cycle: str) -> dict[str, Node]:
    tree = company.report.tree(cycle)
    assert tree is not None
    return {objective.id: objective for pillar in tree.company.children for objective in pillar.children}


def explained(company: Company, id_: str, cycle: str) -> NodeExplanation:
    (found,) = company.report.explain_node(id_, cycle)
    return found


def test_an_annual_objective_stands_in_each_cycle_with_what_it_has_there(company: Company) -> None:
    year, quarter = objectives(company, "2026"), objectives(company, "2026-q1")
    assert list(year) == ["safe"] and list(quarter) == ["safe", "fast", "plan"]
    assert [(kr.id, kr.progress, kr.note) for kr in year["safe"].children] == [
        ("sso", Fraction(1, 2), "2026-q1: 1 of 2 items done"),
        ("audit", 0, "2026-q2: 0 of 1 items done"),
    ]
    assert [(kr.id, kr.note) for kr in quarter["safe"].children] == [("sso", "1 of 2 items done")]
    assert (year["safe"].progress, quarter["safe"].progress) == (Fraction(1, 4), Fraction(1, 2))
    assert list(objectives(company, "2026-q2")) == ["safe"]


def test_what_is_not_rolled_up_says_so(company: Company) -> None:
    quarter = objectives(company, "2026-q1")
    assert (quarter["plan"].progress, quarter["plan"].note) == (1, "draft: not rolled up; homework: no anchor says why it exists")
    (old,) = (kr for kr in quarter["fast"].children if kr.id == "old")
    assert (old.progress, old.note) == (0, "0 of 1 items done; dropped on 2026-02-10, not rolled up: the customer left")


def test_a_key_result_shown_under_two_objectives_counts_once_in_their_pillar(company: Company) -> None:
    told = explained(company, "trust", "2026-q1")
    assert told.progress == Fraction(1, 2) and (told.measured, told.key_results) == (1, 2)
    fast = next(c for c in as_json(told)["children"] if c["id"] == "fast")
    assert fast["without"] == [{"cycle": "2026-q1", "id": "sso"}] and fast["progress"] is None
    assert explained(company, "fast", "2026-q1").progress == Fraction(1, 2)


def test_an_objective_is_explained_by_key_results_of_the_cycles_within(company: Company) -> None:
    told = explained(company, "safe", "2026")
    assert [(c["cycle"], c["id"], c["progress"]) for c in told.children] == [
        ("2026-q1", "sso", Fraction(1, 2)),
        ("2026-q2", "audit", 0),
    ]
    assert told.formula == "(1 x 50 % + 1 x 0 %) / 2 = 25 %"
