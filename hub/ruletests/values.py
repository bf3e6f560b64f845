"""What a test file says, understood; and which fields of items rules read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from hub.model import Condition, Dimensions, Item, Mapping, Outcome, Place, fold

OUTCOMES: tuple[Outcome, ...] = ("unanchored", "ignored", "contested", "broken", "duplicate")
"""What can be expected instead of a target."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a test says of one item: either ``outcome`` or ``shares`` by the id of a key result or allowance."""

    no: int
    name: str
    """How the file calls the item"""
    place: Place
    outcome: Outcome | None = None
    shares: tuple[tuple[str, Fraction], ...] = ()
    """(folded id, part)"""
    rule: str | None = None
    """Folded name of the rule that must be the reason"""
    team: str | None = None
    """Folded id of the team whose item it must be"""


@dataclass(frozen=True, slots=True)
class World:
    """One test file: its items are all there is."""

    file: str
    items: tuple[Item, ...]
    dimensions: Dimensions
    expected: tuple[Expectation, ...]
    day: date | None = None
    """The day that everything is judged at; None: the last day of ``cycle``, or of the latest one"""
    cycle: str | None = None
    """Folded id of the cycle whose outcome is meant; None: the one in force on ``day``"""


def conditions(mapping: Mapping) -> list[Condition]:
    """Every line of every rule."""
    return [c for rule in mapping.rules for c in (*rule.when, *rule.unless)]


def fields_read(mapping: Mapping) -> frozenset[str] | None:
    """Names of the fields that rules, patterns and ownership read, ``field.NAME`` folded; None: any, since an ``expr`` may."""
    if any(rule.expr for rule in mapping.rules):
        return None
    found = {c.field for c in conditions(mapping)}
    for test in (t for c in conditions(mapping) for t in c.tests):
        found |= {x.right for x in test.comparisons if x.op not in ("regex", "within") and isinstance(x.right, str)}
    for pattern in mapping.patterns:
        found |= set(pattern.fields)
    for team in mapping.teams.values():
        found |= {f"field.{fold(name)}" for name in team.owns_field}
        found |= {"project"} if team.owns_project else set()
        found |= {"assignee"} if team.owns_person else set()
    if any(person.team for person in mapping.people):
        found.add("assignee")
    return frozenset(found)
