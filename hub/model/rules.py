"""Conditions and rules, as the mapping files say them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from hub.model.words import State, TargetKind, fold


class Place(NamedTuple):
    """Where something is written; ``line`` and ``column`` count from 1, in characters. ``row`` is the row that a template was
    filled from (``teams.csv:207``, ``row 3``), "" for what is no template."""

    file: str
    line: int
    column: int = 0
    row: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f", {self.row}" if self.row else "")


class Comparison(NamedTuple):
    """One operator of a test, such as ``gte = 5``.

    ``gt``, ``gte``, ``lt``, ``lte``: ``right`` is a number, a day, the name of another field of the item, or ``cycle.starts``
    or ``cycle.ends``. ``within``: ``right`` is (first, last) day, or ``cycle``, ``next cycle``, ``previous cycle``. ``empty``:
    ``right`` is whether the field must be empty. ``regex``: ``right`` is an RE2 pattern, found anywhere without regard to case.
    """

    op: Literal["gt", "gte", "lt", "lte", "within", "empty", "regex"]
    right: Decimal | date | str | tuple[date, date] | bool


class Test(NamedTuple):
    """One alternative of a condition. ``how``: ``equal`` and ``glob`` compare ``folded``; ``capture`` is a text with
    ``{key_result}``, ``{team}`` or both in it, ``*`` and ``?`` as in a glob, kept folded with its braces as they are;
    ``compare`` holds when every one of ``comparisons`` does (``folded`` is "")."""

    how: Literal["equal", "glob", "capture", "compare"]
    folded: str
    written: str
    comparisons: tuple[Comparison, ...] = ()


DATES = frozenset({"created", "updated", "done", "closed", "due"})
"""Fields of conditions that are days."""
NUMBERS = frozenset({"estimate", "amount", "level"})
"""Fields of conditions that are numbers."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One ``when`` or ``unless`` line: ``field`` is source, project, key, type, level, status, state, resolution, label,
    component, sprint, assignee, team, title, estimate, amount, created, updated, done, closed, due, or ``field.NAME``. It holds
    when any of ``tests`` holds for any of the field's values."""

    field: str
    tests: tuple[Test, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """What it points to is (``target_kind``, ``target``): an ignore's is its reason. ``target`` is None where the item names it
    (``template`` is then ``to`` as written, such as ``{team}-{key_result}``) and where ``split`` names several.

    ``fence`` is the id of the team whose file it stands in: it sees only items of that team and the teams beneath it, and
    reaches only their key results. ``starts`` and ``ends`` are its own life, both days included.
    """

    index: int
    name: str
    when: tuple[Condition, ...]
    target_kind: TargetKind
    target: str | None
    strength: int
    place: Place
    unless: tuple[Condition, ...] = ()
    template: str | None = None
    split: tuple[tuple[str, Fraction], ...] = ()
    """(id of a key result, its part), adding up to 1."""
    starts: date | None = None
    ends: date | None = None
    private: bool = False
    fence: str | None = None
    expr: str | None = None
    """A condition in CEL that must hold too."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text that makes one item the child, relation or duplicate of another, across tools.

    ``fields`` are where it is looked for: title, attachment (addresses among the item's links), description, label,
    ``field.NAME``. ``finds`` is ``jira key``, ``url`` or an RE2 pattern with one group.
    """

    index: int
    source: str | None
    fields: tuple[str, ...]
    finds: str
    relation: Literal["child", "relation", "duplicate"]
    place: Place


@dataclass(frozen=True, slots=True)
class StatusWord:
    """One line of a status map: statuses of this name or id, or fitting this glob, mean ``state``."""

    folded: str
    written: str
    state: State
    place: Place


NAMED, BY_KEY, ORDINARY, FALLBACK = 100, 80, 50, 0
"""Strength of evidence: named by the item itself, over by key, over an ordinary rule, over ``fallback``."""

DROPPED_RESOLUTIONS = frozenset(fold(n) for n in ("Won't Do", "Won't Fix", "Duplicate", "Cannot Reproduce", "Declined"))
