"""From the lines of ``when`` and ``unless`` to conditions: every form of an alternative."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings

from hub.mappings import grammar_rules as g
from hub.mappings import parse
from hub.mappings.line import toml
from hub.model import Comparison
from hub.model import Test as Alternative
from tests.hub.mappings.with_rules import STRATEGY, compare, equal, mapping_of, rule, said, when


@pytest.mark.parametrize(
    ("line", "tests"),
    [
        ('when.state = "Open"', (equal("Open", "todo"), equal("Open", "doing"))),
        ('when.state = ["done", "closed"]', (equal("done"), equal("closed", "done"), equal("closed", "dropped"))),
        (
            'when.level = ["epic", 0, "-1", "Sub-task", 12]',
            tuple(equal(w, f) for w, f in (("epic", "1"), ("0", "0"), ("-1", "-1"), ("Sub-task", "-1"), ("12", "12"))),
        ),
        ('when.team = ["CORE", "engine", "co?e"]', (equal("CORE"), equal("engine", "core"), Alternative("glob", "co?e", "co?e"))),
        ('when.field.size = ["L", 5]', (equal("L"), equal("5"))),
        ("when.estimate = 5", (compare("5", ("gte", Decimal(5)), ("lte", Decimal(5))),)),
        ("when.amount = 2.50", (compare("2.50", ("gte", Decimal("2.5")), ("lte", Decimal("2.5"))),)),
        ("when.due = 2027-02-01", (compare("2027-02-01", ("gte", date(2027, 2, 1)), ("lte", date(2027, 2, 1))),)),
        (
            "when.estimate = { gte = 5, lt = 8.5 }",
            (compare("{ gte = 5, lt = 8.5 }", ("gte", Decimal(5)), ("lt", Decimal("8.5"))),),
        ),
        ('when.level = { gt = "story" }', (compare('{ gt = "story" }', ("gt", Decimal(0))),)),
        ("when.level.lte = -1", (compare("{ lte = -1 }", ("lte", Decimal(-1))),)),
        ("when.created = { gt = 2027-01-01 }", (compare("{ gt = 2027-01-01 }", ("gt", date(2027, 1, 1))),)),
        ('when.done = { lte = "Due" }', (compare('{ lte = "Due" }', ("lte", "due")),)),
        ('when.closed = { lt = "field.Ship By" }', (compare('{ lt = "field.Ship By" }', ("lt", "field.ship by")),)),
        ('when.estimate = { gt = "amount" }', (compare('{ gt = "amount" }', ("gt", "amount")),)),
        ('when.field.a = { gt = "created" }', (compare('{ gt = "created" }', ("gt", "created")),)),
        ('when.field.a = { gt = "estimate" }', (compare('{ gt = "estimate" }', ("gt", "estimate")),)),
        (
            'when.field.a = { gt = 1, lt = "field.b" }',
            (compare('{ gt = 1, lt = "field.b" }', ("gt", Decimal(1)), ("lt", "field.b")),),
        ),
        (
            'when.updated = { gte = "Cycle.Starts", lt = "cycle.ends" }',
            (compare('{ gte = "Cycle.Starts", lt = "cycle.ends" }', ("gte", "cycle.starts"), ("lt", "cycle.ends")),),
        ),
        ('when.due = { within = "Next  cycle" }', (compare('{ within = "Next  cycle" }', ("within", "next cycle")),)),
        (
            "when.due = { within = [2027-01-01, 2027-01-01] }",
            (compare("{ within = [2027-01-01, 2027-01-01] }", ("within", (date(2027, 1, 1), date(2027, 1, 1)))),),
        ),
        ('when.field.day = { within = "cycle" }', (compare('{ within = "cycle" }', ("within", "cycle")),)),
        ("when.label = { empty = true }", (compare("{ empty = true }", ("empty", True)),)),
        ("when.team.empty = false", (compare("{ empty = false }", ("empty", False)),)),
        ("when.title = { regex = '^SAML\\b' }", (compare('{ regex = "^SAML\\\\b" }', ("regex", "^SAML\\b")),)),
        (
            "when.title = ['SAML', { regex = '[A-Z]{2,5}-\\d+' }]",
            (equal("SAML"), compare('{ regex = "[A-Z]{2,5}-\\\\d+" }', ("regex", "[A-Z]{2,5}-\\d+"))),
        ),
        (
            "when.due = [2027-02-01, { empty = true }]",
            (
                compare("2027-02-01", ("gte", date(2027, 2, 1)), ("lte", date(2027, 2, 1))),
                compare("{ empty = true }", ("empty", True)),
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_alternatives(line: str, tests: tuple[Alternative, ...]) -> None:
    assert when(line).tests == tests


def test_unless_takes_the_same_lines() -> None:
    found = rule('when.project = "A"', 'unless.label = "spike"', "unless.field.points = { gte = 5 }", "unless.due.empty = true")
    assert [(c.field, c.tests) for c in found.unless] == [
        ("label", (equal("spike"),)),
        ("field.points", (compare("{ gte = 5 }", ("gte", Decimal(5))),)),
        ("due", (compare("{ empty = true }", ("empty", True)),)),
    ]


def test_a_regular_expression_is_kept_in_the_form_of_the_texts_that_it_meets() -> None:
    decomposed = "A\u0308nderung"
    assert when(f"when.title = {{ regex = '{decomposed}' }}").tests[0].comparisons == (Comparison("regex", "\u00c4nderung"),)


def test_a_window_of_one_day_is_no_mistake_and_a_bound_that_touches_is_none() -> None:
    for line in (
        "when.estimate = { gte = 5, lte = 5 }",
        "when.created = { gt = 2027-01-01, lt = 2027-01-03 }",
        "when.level = { gt = 0, lt = 2 }",
        'when.due = { gte = "cycle.starts", lte = "cycle.starts" }',
        'when.due = { within = "cycle", gt = 2027-01-01 }',
        'when.estimate = { gt = 1, lt = "amount" }',
    ):
        assert said(line) == [], line


def test_a_cell_of_a_row_takes_the_type_of_what_it_stands_for() -> None:
    text = """\
[[rule]]
for_each.rows = [{ points = "3.5", day = "2027-02-01", strength = "60", flag = "yes", share = "0.25", rest = "0.75" }]
when.estimate = { gte = "{points}" }
when.amount = "{points}"
when.due = "{day}"
when.created = { within = ["{day}", "{day}"] }
when.label = "{points}"
when.assignee = { empty = "{flag}" }
when.level = "1"
priority = "{strength}"
starts = "{day}"
to = { sso = "{share}", soc2 = "{rest}" }
"""
    (found,) = mapping_of(text).rules
    day = date(2027, 2, 1)
    assert {c.field: c.tests[0].comparisons for c in found.when} == {
        "estimate": (Comparison("gte", Decimal("3.5")),),
        "amount": (Comparison("gte", Decimal("3.5")), Comparison("lte", Decimal("3.5"))),
        "due": (Comparison("gte", day), Comparison("lte", day)),
        "created": (Comparison("within", (day, day)),),
        "label": (),
        "assignee": (Comparison("empty", True),),
        "level": (),
    }
    assert (found.strength, found.starts, found.name) == (60, day, "r.toml:1, row 1")
    assert found.split == (("SSO", Fraction(1, 4)), ("soc2", Fraction(3, 4)))


# ---- whatever somebody writes ---------------------------------------------------------------------------------------------

WORDS = (
    "{key_result}", "{team}", "{x}", "cycle", "next cycle", "cycle.starts", "due", "field.a", "level", "open", "core", "c*", "",
    ">= 5", "2027-01-01", "(", "(a)", "\\b", "ß\\w", "jira key", "sso", "*", "?" * 3, "a*b*c*d*e*f*g", "true",
)  # fmt: skip
SCALARS = st.one_of(
    st.sampled_from(WORDS),
    st.text("aß{}*?[]().\\", max_size=6),
    st.integers(-3, 10**20),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(date(1, 1, 1)),
    st.datetimes(),
)
TABLES = st.dictionaries(st.sampled_from((*g.OPERATORS, "eq")), SCALARS | st.lists(SCALARS, min_size=2, max_size=2), max_size=3)
VALUES = st.one_of(SCALARS, TABLES, st.lists(SCALARS | TABLES, max_size=3))
LINES = st.dictionaries(
    st.tuples(st.sampled_from(("when", "unless")), st.sampled_from((*g.FIELDS, "field", "board", "x"))),
    VALUES,
    min_size=1,
    max_size=3,
)
OTHERS = st.dictionaries(st.sampled_from([k for k in g.RULE if k not in ("when", "unless", "for_each")]), SCALARS, max_size=2)
TARGETS = SCALARS | st.dictionaries(st.sampled_from(("sso", "soc2", "scim", "ktlo", "{team}", "x.y")), SCALARS, max_size=3)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=LINES, others=OTHERS, to=st.just("sso") | TARGETS)
@example(lines={("when", "level"): {"gte": Decimal("1e999999")}}, others={}, to={"sso": Decimal("1e-999999"), "soc2": 1})
@example(lines={("when", "due"): {"gt": date(9999, 12, 31), "lt": date(1, 1, 1)}}, others={"expr": "("}, to="sso")
def test_any_value_anywhere_is_understood_or_said_to_be_a_mistake(lines: dict[Any, Any], others: Any, to: Any) -> None:
    rule = {f"{word}.{field}{'.a' if field == 'field' else ''}": value for (word, field), value in lines.items()}
    text = "\n".join(("[[rule]]", *(f"{key} = {toml(value)}" for key, value in ({"to": to} | others | rule).items()), ""))
    mapping, problems = parse({"s.toml": STRATEGY, "r.toml": text}, "UTC")
    assert (mapping is None) == any(not p.warning for p in problems)
    for problem in problems:
        assert problem.text.endswith((".", "?")), problem
        assert problem.remedy.endswith((".", "?")), problem
