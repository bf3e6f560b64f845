"""Small companies in a few words: ``company(items=[item(1, labels=["kr:sso"], state="done")], ...)``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingABC
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from hub.model import (
    BY_KEY,
    DATES,
    FALLBACK,
    NAMED,
    NUMBERS,
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
    Pillar,
    Place,
    Rule,
    SourceFacts,
    State,
    StatusWord,
    TargetKind,
    Team,
    Test,
    fold,
)

HERE = Place("strategy.toml", 1)
TEXTS = ("source", "project", "key", "type", "status", "state", "resolution", "label", "component", "sprint", "assignee", "team")
FIELDS = frozenset([*TEXTS, "title", *DATES, *NUMBERS])
"""What a source can answer that has everything, but named fields."""
CATEGORIES = {"todo": "new", "doing": "indeterminate", "done": "done", "dropped": "done"}


class Company(NamedTuple):
    """What one calculation is given."""

    mapping: Mapping
    items: tuple[Item, ...]
    dimensions: Dimensions
    as_of: int


def at(day: str) -> int:
    """Noon of a day, in milliseconds."""
    return int(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC).timestamp()) * 1000


def maybe_at(day: str | None) -> int | None:
    return at(day) if day is not None else None


def item(
    no: int,
    parent: int | None = None,
    *,
    state: str = "todo",
    created: str | None = "2026-12-01",
    closed: str | None = "2027-02-01",
    seen: str | None = None,
    **more: Any,
) -> Item:
    """A story of source ``jira``, created before the cycle and, when it is closed, closed in it."""
    more.setdefault("source", "jira")
    more.setdefault("id", str(no))
    more.setdefault("key", f"IDN-{no}")
    more.setdefault("category", CATEGORIES[state])
    more.setdefault("resolution", "Won't Do" if state == "dropped" else "Done" if state == "done" else None)
    for name in ("labels", "components", "sprints"):
        more[name] = tuple(more.get(name, ()))
    return Item(
        no,
        parent=parent,
        parent_ref=None if parent is None else str(parent),
        created_at=maybe_at(created),
        done_at=maybe_at(closed) if state in ("done", "dropped") else None,
        status_seen_at=maybe_at(seen),
        **more,
    )


def epic(no: int, parent: int | None = None, **more: Any) -> Item:
    return item(no, parent, level=1, **more)


def sub_task(no: int, parent: int | None = None, **more: Any) -> Item:
    return item(no, parent, level=-1, **more)


def cycle(id: str, starts: str, ends: str, parent: str | None = None) -> Cycle:
    return Cycle(id, date.fromisoformat(starts), date.fromisoformat(ends), HERE, parent)


Q1 = cycle("2027-q1", "2027-01-01", "2027-03-31")
Q2 = cycle("2027-q2", "2027-04-01", "2027-06-30")


def objective(id: str = "land", cycle: str = "2027-q1", weight: str = "1", **more: Any) -> Objective:
    return Objective(id, id.title(), cycle, HERE, weight=Decimal(weight), **more)


def key_result(id: str, objective: str = "land", cycle: str = "2027-q1", weight: str = "1", **more: Any) -> KeyResult:
    return KeyResult(id, id.title(), objective, cycle, HERE, weight=Decimal(weight), **more)


def status_word(written: str, state: State) -> StatusWord:
    return StatusWord(fold(written), written, state, HERE)


def comparison(op: Any, right: Any) -> Comparison:
    """Numbers may be written as such; ``("2027-01-01", "2027-01-31")`` and ``date``s are days, other texts are names."""
    if isinstance(right, int) and not isinstance(right, bool):
        right = Decimal(right)
    if isinstance(right, tuple):
        right = tuple(date.fromisoformat(day) for day in right)
    return Comparison(op, right)


def alternative(written: str | dict[str, Any]) -> Test:
    """``kr:{key_result}`` captures, ``*`` and ``?`` make a glob, a dict compares, anything else is equal."""
    if isinstance(written, dict):
        return Test("compare", "", str(written), tuple(comparison(op, right) for op, right in written.items()))
    if "{key_result}" in written or "{team}" in written:
        return Test("capture", fold(written), written)
    return Test("glob" if set(written) & set("*?") else "equal", fold(written), written)


def lines(said: MappingABC[str, Any]) -> tuple[Condition, ...]:
    """A named field as ``field_NAME``."""
    found = []
    for name, alternatives in said.items():
        written = alternatives if isinstance(alternatives, list) else [alternatives]
        found.append(Condition(name.replace("field_", "field."), tuple(alternative(w) for w in written), HERE))
    return tuple(found)


def rule(
    to: str | dict[str, Fraction] | None = None,
    *,
    allowance: str | None = None,
    ignore: str | None = None,
    fallback: bool = False,
    priority: int | None = None,
    unless: MappingABC[str, Any] | None = None,
    starts: str | None = None,
    ends: str | None = None,
    fence: str | None = None,
    **when: Any,
) -> Rule:
    """``rule("sso", label="login")``; several values as a list; comparisons as a dict; a named field as ``field_NAME``.

    A ``to`` with braces, or none at all where a line captures, is named by the item; a dict splits."""
    captures = isinstance(to, str) and "{" in to
    named = captures or (to is None and allowance is None and ignore is None)
    kind: TargetKind = "allowance" if allowance is not None else "ignore" if ignore is not None else "key_result"
    target = allowance if allowance is not None else ignore if ignore is not None else to
    usual = NAMED if named else FALLBACK if fallback else BY_KEY if "key" in when else ORDINARY
    return Rule(
        index=0,
        name="",
        when=lines(when),
        target_kind=kind,
        target=target if isinstance(target, str) and not named else None,
        strength=usual if priority is None else priority,
        place=HERE,
        unless=lines(unless or {}),
        template=(str(to) if captures else "{key_result}") if named else None,
        split=tuple(to.items()) if isinstance(to, dict) else (),
        starts=date.fromisoformat(starts) if starts else None,
        ends=date.fromisoformat(ends) if ends else None,
        fence=fence,
    )


def by_label(pattern: str = "kr:{key_result}") -> Rule:
    return rule(label=pattern)


def mapping(
    *,
    cycles: Iterable[Cycle] = (Q1,),
    pillars: Iterable[Pillar] = (Pillar("enterprise", "Win the enterprise", HERE),),
    objectives: Iterable[Objective] = (objective("land", pillar="enterprise", anchor=("pillar", "enterprise")),),
    key_results: Iterable[KeyResult] = (),
    allowances: Iterable[str] = ("ktlo",),
    teams: Iterable[Team] = (),
    rules: Sequence[Rule] = (),
    timezone: str = "UTC",
    **more: Any,
) -> Mapping:
    """``more`` is what else a ``Mapping`` holds: ``statuses``, ``people``, ``former``, ``dropped_resolutions``."""
    return Mapping(
        hash="",
        files={},
        timezone=timezone,
        cycles={fold(c.id): c for c in cycles},
        pillars={fold(p.id): p for p in pillars},
        teams={fold(t.id): t for t in teams},
        allowances={fold(a): Allowance(a, a, HERE) for a in allowances},
        objectives={fold(o.id): o for o in objectives},
        key_results={(k.cycle, fold(k.id)): k for k in key_results},
        rules=tuple(replace(r, index=n, name=r.name or f"rule {n}") for n, r in enumerate(rules)),
        **more,
    )


def company(
    items: Iterable[Item],
    key_results: Iterable[KeyResult] = (),
    rules: Sequence[Rule] | None = None,
    *,
    dimensions: Dimensions | None = None,
    as_of: str = "2027-02-15",
    **more: Any,
) -> Company:
    """A company with the rule ``kr:{key_result}``, unless it says other rules."""
    if dimensions is None:
        containers = {("jira", "10000"): Container("IDN", "Identity"), ("jira", "10001"): Container("CORE", "Core platform")}
        dimensions = Dimensions(containers=containers, sources={"jira": SourceFacts("jira", "jira", FIELDS)})
    rules = [by_label()] if rules is None else rules
    return Company(mapping(key_results=key_results, rules=rules, **more), tuple(items), dimensions, at(as_of))
