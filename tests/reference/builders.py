"""Small companies in a few words: ``company(items=[item(1, labels=["kr:sso"], state="done")], ...)``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from hub.model import (
    BY_KEY,
    FALLBACK,
    NAMED,
    ORDINARY,
    Allowance,
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
    Team,
    Test,
    fold,
)

HERE = Place("strategy.toml", 1)
FIELDS = frozenset(
    ["source", "project", "key", "type", "level", "status", "resolution", "label", "component", "sprint", "assignee", "title"]
)
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
    more["labels"] = tuple(more.get("labels", ()))
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


def cycle(id: str, starts: str, ends: str) -> Cycle:
    return Cycle(id, date.fromisoformat(starts), date.fromisoformat(ends), HERE)


Q1 = cycle("2027-q1", "2027-01-01", "2027-03-31")
Q2 = cycle("2027-q2", "2027-04-01", "2027-06-30")


def objective(id: str = "land", cycle: str = "2027-q1", weight: str = "1", **more: Any) -> Objective:
    return Objective(id, id.title(), cycle, HERE, weight=Decimal(weight), **more)


def key_result(id: str, objective: str = "land", cycle: str = "2027-q1", weight: str = "1", **more: Any) -> KeyResult:
    return KeyResult(id, id.title(), objective, cycle, HERE, weight=Decimal(weight), **more)


def alternative(written: str) -> Test:
    """``kr:{key_result}`` captures, ``*`` and ``?`` make a glob, anything else is compared."""
    if "{key_result}" in written:
        return Test("capture", "\0".join(fold(t) for t in written.split("{key_result}")), written)
    return Test("glob" if set(written) & set("*?") else "equal", fold(written), written)


def rule(
    to: str | None = None, *, allowance: str | None = None, ignore: str | None = None, fallback: bool = False, **when: Any
) -> Rule:
    """``rule("sso", label="login")``; several values as a list; a named field as ``field_NAME``. Without a target it captures."""
    lines = []
    for name, values in when.items():
        written = [values] if isinstance(values, str) else list(values)
        lines.append(Condition(name.replace("field_", "field."), tuple(alternative(w) for w in written), HERE))
    captures = any(t.how == "capture" for line in lines for t in line.tests)
    kind = "allowance" if allowance is not None else "ignore" if ignore is not None else "key_result"
    target = allowance if allowance is not None else ignore if ignore is not None else to
    strength = NAMED if captures else FALLBACK if fallback else BY_KEY if "key" in when else ORDINARY
    return Rule(0, "", tuple(lines), kind, target, strength, HERE)


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
) -> Mapping:
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
