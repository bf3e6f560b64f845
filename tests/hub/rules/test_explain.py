"""Why a rule does or does not match, line by line; and that it never says anything else than what is claimed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model import Item, Objective, Person, Rule
from hub.rules import Context, index
from tests.hub.rules.builders import HERE, Q1, Q2, Q4, TODO, item, key_result, line, matcher, rule, team, verdict


def test_every_line_is_told_with_what_it_saw() -> None:
    one = rule("sso", project="IDN", label=["login", "audit"], unless={"title": "*spike*"})
    found = verdict(one, item(containers=("10000",), labels=("Login", "x"), title="A spike"))
    assert found.holds is False
    assert [(c.condition.field, c.holds, c.negated, c.favours) for c in found.conditions] == [
        ("project", True, False, True),
        ("label", True, False, True),
        ("title", True, True, False),
    ]
    assert found.conditions[1].values == ("Login", "x")
    assert found.claims == ()


def test_a_missing_field_is_told() -> None:
    found = verdict(rule("sso", label="x", component="api"), item(source="cards", labels=("x",)))
    assert found.holds is None
    assert found.conditions[1].holds is None
    assert "cards" in found.conditions[1].why and "component" in found.conditions[1].why


def test_fence_and_life_are_conditions() -> None:
    one = rule("sso", label="x", fence="core", starts="2027-01-01", ends="2027-01-31")
    teams = [team("core"), team("sales")]
    found = verdict(one, item(labels=("x",)), Context("doing", "sales"), teams=teams)
    assert [(c.condition.field, c.holds, c.values) for c in found.conditions[1:]] == [
        ("[file] team", False, ("sales",)),
        ("starts", True, ("2027-02-15",)),
        ("ends", False, ("2027-02-15",)),
    ]
    assert all(c.why.endswith(".") for c in found.conditions[1:])


def test_words_of_the_cycle_are_judged_for_the_cycle_that_is_asked() -> None:
    one = rule("sso", due={"within": "cycle"})
    due = item(due="2027-02-01")
    assert verdict(one, due, cycle="2027-q1", cycles=(Q1, Q2)).holds
    assert not verdict(one, due, cycle="2027-q2", cycles=(Q1, Q2)).holds


def test_claims_come_in_the_order_of_the_rules() -> None:
    rules = [
        rule("sso", label="x"),
        rule("soc2", key="IDN-1"),
        rule("sso", source="jira"),
        rule("soc2", title="*a*"),
        rule("sso", project="IDN"),
    ]
    asked = matcher(*rules)
    found = asked.claims(item(labels=("x",), title="abc", containers=("10000",)), TODO)
    assert [claim.rule for claim in found] == [0, 1, 2, 3, 4]


# ---- remembered, found by an index, or asked one by one: always the same -----------------------------------------------------

LABELS = ("login", "Spike", "kr:sso", "kr:nope", "core/sso", "[a] [soc2]")
LINES: tuple[dict[str, Any], ...] = (
    {"source": "jira"},
    {"source": ["ji*", "cards"]},
    {"project": "IDN"},
    {"project": ["core*", "jira:IDN"]},
    {"type": "Epic"},
    {"status": "in progress"},
    {"state": ["todo", "doing"]},
    {"team": "core"},
    {"level": {"gte": 1}},
    {"label": "login"},
    {"label": ["spike", "kr*"]},
    {"label": {"empty": True}},
    {"label": {"regex": "^kr:"}},
    {"component": "api"},
    {"sprint": "Sprint 7"},
    {"assignee": ["u1", "eve@acme.example"]},
    {"field_region": ["emea", {"empty": True}]},
    {"field_start": {"within": "cycle"}},
    {"title": "*saml*"},
    {"title": [{"regex": "log(in|s)"}, "x"]},
    {"key": "IDN-1"},
    {"key": ["IDN-2", "OLD-9"], "label": "*"},
    {"key": "IDN-*"},
    {"estimate": {"gte": 2, "lt": 5}},
    {"estimate": [{"lt": 2}, {"empty": True}]},
    {"due": {"within": "cycle"}},
    {"due": {"within": "next cycle"}},
    {"created": {"lt": "cycle.starts"}},
    {"created": {"lte": "due"}},
    {"closed": {"empty": False}},
)
NAMES: tuple[tuple[str | None, dict[str, Any]], ...] = (
    (None, {"label": "kr:{key_result}"}),
    (None, {"label": "*[{key_result}]*"}),
    (None, {"title": "*[{key_result}]*"}),
    ("{team}-{key_result}", {"label": "{team}/{key_result}"}),
    ("{team}-{key_result}", {"field_region": "{team}", "label": "kr:{key_result}"}),
)
EXPRESSIONS = (None, None, None, "size(labels) > 0", "numbers.estimate > 2", "has(dates.due) && dates.due < cycle_end")
DAYS = (None, None, "2026-11-01", "2027-02-01", "2027-03-31", "2027-05-01")


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    to, when = draw(st.sampled_from([*NAMES, ("sso", {}), ("soc2", {}), ("sso", {}), ("soc2", {})]))
    lines = draw(st.lists(st.sampled_from(LINES), min_size=0 if when else 1, max_size=3))
    unless = draw(st.lists(st.sampled_from(LINES), max_size=1))
    found = rule(
        to,
        **when,
        starts=draw(st.sampled_from((None, None, None, "2027-01-01"))),
        ends=draw(st.sampled_from((None, None, None, "2027-02-10"))),
        fence=draw(st.sampled_from((None, None, "core"))),
        expr=draw(st.sampled_from(EXPRESSIONS)),
    )
    more = lambda given: tuple(line(f, a) for one in given for f, a in one.items())  # noqa: E731
    return replace(found, when=(*found.when, *more(lines)), unless=more(unless))


@st.composite
def items(draw: st.DrawFn, no: int) -> tuple[Item, Context]:
    some = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    state = some("todo", "doing", "done", "dropped")
    dates = {name: day for name in ("created", "done") if (day := draw(st.sampled_from(DAYS)))}
    one = item(
        no,
        source=some("jira", "jira", "jira", "cards", "elsewhere"),
        key=some("IDN-1", "IDN-2", "CORE-1", None),
        aliases=some((), (), ("OLD-9",)),
        title=some("", "Add SAML login", "[bug] [sso] x", "x"),
        type=some("Epic", "Story"),
        status=some("In Progress", "Open"),
        level=some(0, 1, -1),
        containers=some((), ("10000",), ("10001",), ("10001", "10000")),
        labels=tuple(draw(st.lists(st.sampled_from(LABELS), max_size=3))),
        components=some((), ("api",)),
        sprints=some((), ("7",)),
        assignee=some(None, "u1", "u2"),
        estimate=some(None, "1", "3", "x"),
        due=some(*DAYS),
        fields=some({}, {"region": "EMEA"}, {"Region": "core", "start": "2027-02-02"}),
        **dates,
    )
    return one, Context(state, some(None, "", "core", "web", "sales"))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.data())
def test_what_is_claimed_is_what_is_explained(data: st.DataObject) -> None:
    world = {
        "cycles": (Q4, Q1, Q2),
        "teams": [team("core"), team("web", "core"), team("sales")],
        "objectives": [Objective("land", "Land", "2027-q1", HERE, team="web")],
        "key_results": [
            key_result("sso"),
            key_result("soc2", "2027-q2", team="sales"),
            key_result("core-sso", "2026-q4", team="core"),
        ],
        "people": (Person("eve@acme.example", (("jira", "u2"),), HERE),),
        "former": {("2027-q2", "sso"): "soc2"},
    }
    given_rules = data.draw(st.lists(rules(), min_size=1, max_size=6))
    given_items = [data.draw(items(no)) for no in range(1, 5)]
    remembering, forgetful, explaining = (matcher(*given_rules, **world) for _ in range(3))
    odd = set()
    for one, context in given_items:
        found = remembering.claims(one, context)
        assert remembering.claims(one, context) == found
        if one.source in forgetful._plans:
            forgetful._plans[one.source]._outlooks = None
        assert forgetful.claims(one, context) == found
        assert [claim.rule for claim in found] == sorted(claim.rule for claim in found)
        assert all(claim.cycles != frozenset() for claim in found)
        for cycle in ("2026-q4", "2027-q1", "2027-q2"):
            verdicts = explaining.explain(one, context, cycle)
            told = {claim for told in verdicts for claim in told.claims}
            assert {c._replace(cycles=None) for c in found if c.cycles is None or cycle in c.cycles} == told
            odd |= {(v.rule.index, one.source) for v in verdicts if v.holds is None}
            assert all(not v.claims for v in verdicts if not v.holds)
    assert {(n, source) for n, source, _ in remembering.unevaluable} == odd
    assert {(n, source) for n, source, _ in forgetful.unevaluable} == odd


def test_where_no_two_items_are_alike_nothing_is_remembered_any_more() -> None:
    asked = matcher(rule("sso", label="x"), rule("soc2", field_region="EMEA"))
    for no in range(index.SAMPLE + 10):
        found = asked.claims(item(no, labels=("x", f"label-{no}"), fields={"region": "EMEA" if no % 2 else "AMER"}), TODO)
        assert [claim.rule for claim in found] == ([0, 1] if no % 2 else [0])
    assert asked._plans["jira"]._outlooks is None


def test_where_items_are_alike_they_are_asked_once() -> None:
    asked = matcher(rule("sso", label="x"))
    found = [asked.claims(item(no, title=f"title {no}", labels=("x",)), TODO) for no in range(10_000)]
    assert all(claims is found[0] for claims in found)
