"""Items, rules and mappings in a few words: ``claims(rule("sso", label="login"), item(labels=("login",)))``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingABC
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hub.model import (
    BY_KEY,
    NAMED,
    ORDINARY,
    Allowance,
    Comparison,
    Condition,
    Container,
    Cycle,
    Dimensions,
    Item,
    KeyResult,
    Mapping,
    Objective,
    Person,
    Place,
    Rule,
    SourceFacts,
    Sprint,
    Status,
    Team,
    Test,
    fold,
)
from hub.rules import Claim, Context, Matcher, RuleVerdict

HERE = Place("strategy.toml", 1)
TODO = Context("todo")
EVERYTHING = (
    *("source", "project", "key", "type", "level", "status", "resolution", "label", "component", "sprint", "assignee", "title"),
    *("estimate", "amount", "created", "updated", "done", "closed", "due", "field.region", "field.start", "field.size"),
)
LISTS = Dimensions(
    statuses={("jira", "3"): Status("In Progress", "indeterminate")},
    containers={("jira", "10000"): Container("IDN", "Identity"), ("jira", "10001"): Container("CORE", "Core platform")},
    sprints={("jira", "7"): Sprint("Sprint 7", "active")},
    types={("jira", "1"): "Story"},
    sources={
        "jira": SourceFacts("jira", "jira", frozenset(EVERYTHING)),
        "cards": SourceFacts("cards", "trello", frozenset({"source", "project", "title", "label", "assignee"})),
    },
)
Q4 = Cycle("2026-q4", date(2026, 10, 1), date(2026, 12, 31), HERE)
Q1 = Cycle("2027-q1", date(2027, 1, 1), date(2027, 3, 31), HERE)
Q2 = Cycle("2027-q2", date(2027, 4, 1), date(2027, 6, 30), HERE)
AS_OF = "2027-02-15"


def at(moment: str) -> int:
    """Milliseconds of an ISO instant, or of noon of a day; UTC."""
    text = moment if "T" in moment else f"{moment}T12:00"
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def item(no: int = 1, **more: Any) -> Item:
    """Dates as text: ``created="2027-01-05"``."""
    for name in ("created", "updated", "done"):
        if name in more:
            more[f"{name}_at"] = at(more.pop(name))
    return Item(**{"no": no, "source": "jira", "id": str(no), "key": f"IDN-{no}", **more})


def comparison(op: Any, right: Any) -> Comparison:
    if isinstance(right, int | float) and not isinstance(right, bool):
        right = Decimal(str(right))
    return Comparison(op, right)


def alternative(written: str | dict[str, Any]) -> Test:
    """``kr:{key_result}`` captures, ``*`` and ``?`` make a glob, a dict compares, anything else is equal."""
    if isinstance(written, dict):
        return Test("compare", "", str(written), tuple(comparison(op, right) for op, right in written.items()))
    if "{key_result}" in written or "{team}" in written:
        return Test("capture", fold(written), written)
    return Test("glob" if set(written) & set("*?") else "equal", fold(written), written)


def line(field: str, alternatives: Any) -> Condition:
    written = alternatives if isinstance(alternatives, list) else [alternatives]
    return Condition(field.replace("field_", "field."), tuple(alternative(w) for w in written), HERE)


def rule(
    to: str | dict[str, Fraction] | None = None,
    *,
    allowance: str | None = None,
    ignore: str | None = None,
    unless: MappingABC[str, Any] | None = None,
    strength: int | None = None,
    starts: str | None = None,
    ends: str | None = None,
    fence: str | None = None,
    expr: str | None = None,
    **when: Any,
) -> Rule:
    """A named field as ``field_NAME``, several alternatives as a list, comparisons as a dict. Without a target, or with braces in
    it, the item names it; a dict splits."""
    named = (to is None and allowance is None and ignore is None) or (isinstance(to, str) and "{" in to)
    usual = NAMED if named else BY_KEY if "key" in when else ORDINARY
    target = allowance or ignore or (to if isinstance(to, str) and not named else None)
    return Rule(
        index=0,
        name="a rule",
        when=tuple(line(field, alternatives) for field, alternatives in when.items()),
        target_kind="allowance" if allowance else "ignore" if ignore else "key_result",
        target=target,
        strength=usual if strength is None else strength,
        place=HERE,
        unless=tuple(line(field, alternatives) for field, alternatives in (unless or {}).items()),
        template=(to if isinstance(to, str) else "{key_result}") if named else None,
        split=tuple(to.items()) if isinstance(to, dict) else (),
        starts=date.fromisoformat(starts) if starts else None,
        ends=date.fromisoformat(ends) if ends else None,
        fence=fence,
        expr=expr,
    )


def key_result(id: str, cycle: str = "2027-q1", objective: str = "land", **more: Any) -> KeyResult:
    return KeyResult(id, id.title(), objective, cycle, HERE, **more)


def team(id: str, parent: str | None = None) -> Team:
    return Team(id, id.title(), HERE, parent=parent)


def mapping(
    *rules: Rule,
    key_results: Iterable[KeyResult | str] = ("sso", "soc2"),
    objectives: Iterable[Objective] = (Objective("land", "Land", "2027-q1", HERE),),
    cycles: Sequence[Cycle] = (Q1,),
    teams: Iterable[Team] = (),
    people: tuple[Person, ...] = (),
    former: MappingABC[tuple[str, str], str] | None = None,
    timezone: str = "UTC",
) -> Mapping:
    known = [key_result(k) if isinstance(k, str) else k for k in key_results]
    return Mapping(
        hash="",
        files={},
        timezone=timezone,
        cycles={fold(c.id): c for c in cycles},
        pillars={},
        teams={fold(t.id): t for t in teams},
        allowances={"ktlo": Allowance("ktlo", "Keep the lights on", HERE)},
        objectives={fold(o.id): o for o in objectives},
        key_results={(k.cycle, fold(k.id)): k for k in known},
        rules=tuple(replace(r, index=n, name=f"rule {n}") for n, r in enumerate(rules)),
        people=people,
        former=former or {},
    )


def matcher(*rules: Rule, dimensions: Dimensions = LISTS, as_of: str = AS_OF, **more: Any) -> Matcher:
    return Matcher(mapping(*rules, **more), dimensions, at(as_of))


def claims(one: Rule, item: Item, context: Context = TODO, **more: Any) -> tuple[Claim, ...]:
    """What one rule claims. Asked three times in two ways, so that what is remembered and what is explained says the same."""
    asked = matcher(one, **more)
    found = asked.claims(item, context)
    assert asked.claims(item, context) == found
    for cycle in asked.mapping.cycles.values():
        (verdict,) = asked.explain(item, context, cycle.id)
        assert {c._replace(cycles=None) for c in found if c.cycles is None or cycle.id in c.cycles} == set(verdict.claims)
    return found


def matches(one: Rule, item: Item, context: Context = TODO, **more: Any) -> bool:
    return bool(claims(one, item, context, **more))


def named(one: Rule, item: Item, context: Context = TODO, **more: Any) -> set[str]:
    """The ids of its claims."""
    return {claim.id for claim in claims(one, item, context, **more)}


def cycles_of(one: Rule, item: Item, context: Context = TODO, **more: Any) -> set[str] | None:
    """The cycles of its claim; None for all, the empty set where it makes none."""
    found = claims(one, item, context, **more)
    return (set(found[0].cycles) if found[0].cycles is not None else None) if found else set()


def verdict(one: Rule, item: Item, context: Context = TODO, cycle: str = "2027-q1", **more: Any) -> RuleVerdict:
    (found,) = matcher(one, **more).explain(item, context, cycle)
    return found
