"""Expressions: what they can say, what they cannot be asked, and what happens without the extra."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hub.errors import UsageError
from hub.rules import Context, cel
from hub.rules.cel import CelError
from tests.hub.rules.builders import Q1, Q2, Q4, TODO, claims, cycles_of, item, matcher, matches, rule, team, verdict

YEAR = (Q4, Q1, Q2)
FULL = item(
    title="Add SAML login", status="In Progress", type="Story", containers=("10000",), labels=("login", "x"), components=("api",),
    sprints=("7",), assignee="u1", estimate="5", amount="2.50", created="2026-12-01", updated="2027-01-05", done="2027-02-01",
    due="2027-01-20", level=1, fields={"Region": "EMEA", "size": "3", "start": "2027-01-04", "tags": ["a", "b"]},
)  # fmt: skip


@pytest.mark.parametrize(
    ("expr", "holds"),
    [
        ('title.contains("SAML") && !title.contains("SCIM")', True),
        ('title.matches("(?i)saml")', True),
        ('status == "In Progress" && item_type == "Story" && state == "done"', True),
        ('"IDN" in project && "jira:Identity" in project', True),
        ('labels.exists(l, l.startsWith("log")) && size(labels) == 2', True),
        ('"api" in components && "Sprint 7" in sprints', True),
        ('source == "jira" && key == "IDN-1" && assignee == "u1" && team == "core"', True),
        ("numbers.estimate > 3 && numbers.amount == 2.5 && numbers.level == 1", True),
        ("numbers.size * 2.0 > numbers.estimate", True),
        ("dates.due - dates.created < duration('1440h')", True),
        ("dates.updated < dates.due && dates.done > dates.due && dates.closed == dates.done", True),
        ("dates.start < dates.due", True),
        ('fields.region == "EMEA" && fields.Region == "EMEA"', True),
        ('"b" in fields.tags', True),
        ('fields.region == "AMER"', False),
        ("has(dates.due) && dates.due.getFullYear() == 2028", False),
        ("has(fields.nope)", False),
    ],
)
def test_what_an_item_says(expr: str, holds: bool) -> None:
    one = rule("sso", source="jira", expr=expr)
    assert matches(one, FULL, Context("done", "core"), teams=[team("core")]) is holds


@pytest.mark.parametrize(
    "expr",
    ["dates.due < cycle_end", 'fields.region == "EMEA"', "numbers.estimate > 3", "numbers.size > 3", "1 / size(labels) > 0"],
)
def test_what_an_item_does_not_say_cannot_be_evaluated(expr: str) -> None:
    one = rule("sso", source="jira", expr=expr)
    bare = item(fields={"size": "big", "region": None})
    asked = matcher(one)
    assert asked.claims(bare, TODO) == ()
    assert asked.unevaluable == {(0, "jira", "expr"): 1}
    assert verdict(one, bare).holds is None
    assert verdict(one, bare).conditions[-1].why


def test_it_is_asked_last() -> None:
    asked = matcher(
        rule("sso", label="x", expr="numbers.estimate > 3"),
        rule("sso", source="jira", unless={"label": "y"}, expr="numbers.estimate > 3"),
    )
    asked.claims(item(labels=("y",)), TODO)
    assert asked.unevaluable == {}


def test_a_false_expression_is_against_the_rule_whatever_else_is_missing() -> None:
    card = item(source="cards", title="x")
    for expr, reported in (("title == 'y'", False), ("title == 'x'", True), ("numbers.estimate > 3", True)):
        asked = matcher(rule("sso", title="x", component="api", expr=expr))
        assert asked.claims(card, TODO) == ()
        assert bool(asked.unevaluable) is reported, expr
        assert set(asked.unevaluable) <= {(0, "cards", "component")}


def test_the_cycle_is_judged_for_each() -> None:
    one = rule("sso", source="jira", expr="has(dates.due) && dates.due >= cycle_start && dates.due < cycle_end")
    assert cycles_of(one, item(due="2027-03-31"), cycles=YEAR) == {"2027-q1"}
    assert cycles_of(one, item(due="2027-04-01"), cycles=YEAR) == {"2027-q2"}
    assert cycles_of(one, item(), cycles=YEAR) == set()
    assert cycles_of(one, item(due="2027-04-01"), cycles=(), key_results=()) == set()


def test_a_cycle_in_which_it_cannot_be_evaluated_is_none_in_which_it_holds() -> None:
    one = rule("sso", source="jira", expr='cycle_start == timestamp("2027-01-01T00:00:00Z") || dates.due < cycle_end')
    assert cycles_of(one, item(), cycles=YEAR) == {"2027-q1"}
    asked = matcher(one, cycles=YEAR)
    asked.claims(item(), TODO)
    assert asked.unevaluable == {(0, "jira", "expr"): 1}


def test_it_goes_together_with_the_words_of_the_cycle() -> None:
    one = rule("sso", due={"within": "cycle"}, expr="size(labels) == 0")
    assert cycles_of(one, item(due="2027-02-01"), cycles=YEAR) == {"2027-q1"}
    assert cycles_of(one, item(due="2027-02-01", labels=("x",)), cycles=YEAR) == set()


def test_it_goes_together_with_names() -> None:
    one = rule(label="kr:{key_result}", expr="numbers.level == 1")
    assert [c.id for c in claims(one, item(labels=("kr:sso",), level=1))] == ["sso"]
    assert not matches(one, item(labels=("kr:sso",)))


@pytest.mark.parametrize("value", [1 << 70, float("nan"), object(), {1: 2}, [1 << 70], "\ud800"])
def test_a_value_that_cel_does_not_take_spoils_nothing_else(value: object) -> None:
    odd = item(fields={"odd": value, "region": "EMEA"})
    assert matches(rule("sso", source="jira", expr='has(fields.region) && fields.region == "EMEA"'), odd) is not (
        value == "\ud800"
    )


def test_days_that_the_calendar_of_cel_does_not_have_spoil_nothing_else() -> None:
    odd = item(fields={"start": "0001-01-01"}, due="2027-01-01")
    assert matches(rule("sso", source="jira", expr="has(dates.due) && !has(dates.start)"), odd)


# ---- what is refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said", "line", "column"),
    [
        ('titel == "x"', "titel", 1, 1),
        ('title == "x" && foo > 3', "foo", 1, 17),
        ('"ä" ==\n  titel', "titel", 2, 3),
        ("title == 3", "overload", 1, 7),
        ("title ==", "ends too early", 1, 9),
        ("title + 'x'", "type STRING", 1, 1),
        ("fields.region", "not true or false", 1, 1),
        ('title.matches("(")', "regular expression", 1, 1),
        ("true || " * 125 + "true", "1,000 characters", 1, 1),
        ("", "ends too early", 1, 1),
    ],
)
def test_what_is_refused_is_told_with_its_place(text: str, said: str, line: int, column: int) -> None:
    with pytest.raises(CelError) as error:
        cel.compile(text)
    assert said in error.value.message
    assert error.value.message.endswith(".") and not error.value.message[0].islower()
    assert (error.value.line, error.value.column) == (line, column)


def test_a_deep_expression_is_refused_and_a_long_loop_ends() -> None:
    with pytest.raises(CelError):
        cel.compile("1" + " + 1" * 200 + " == 201")
    loop = "[1,2,3,4,5,6,7,8,9,10]"
    text = f"{loop}.all(a, {loop}.all(b, {loop}.all(c, {loop}.all(d, {loop}.all(e, {loop}.all(f, a + b + c + d + e + f > 0))))))"
    assert isinstance(cel.compile(text).evaluate({}), str)


def test_a_rule_whose_expression_cannot_be_used_is_never_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="rule 0"):
        matcher(rule("sso", source="jira", expr="titel == 'x'"))
    monkeypatch.setattr(cel, "installed", lambda: False)
    with pytest.raises(UsageError, match="not installed") as error:
        matcher(rule("sso", source="jira", expr="title == 'x'"))
    assert "cel-expr-python" in error.value.hint
    assert matcher(rule("sso", source="jira"))  # nobody else needs it


def test_a_pattern_that_cannot_be_used_is_never_skipped() -> None:
    with pytest.raises(UsageError, match="regular expression"):
        matcher(rule("sso", title={"regex": "(?=x)"})).claims(item(title="x"), TODO)


def test_neither_package_is_imported_before_a_rule_needs_it() -> None:
    text = "import sys, hub.rules; print([m for m in ('cel_expr_python', 're2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
