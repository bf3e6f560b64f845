"""The hub's own values: what the store hands to the core, what the mapping files say, what an assessment results in.

All values are frozen. Instants (``*_at``) are integers: milliseconds since 1970-01-01T00:00:00Z. Shares and progress are
exact ``Fraction``s; nothing here ever holds a float.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

State = Literal["todo", "doing", "done", "dropped"]
NodeKind = Literal["company", "pillar", "objective", "key_result"]
TargetKind = Literal["key_result", "allowance", "ignore"]
Outcome = Literal["linked", "allowance", "ignored", "contested", "broken", "unanchored"]

PRESENT = "present"
LEFT = frozenset({"trashed", "deleted", "out_of_scope", "merged"})
"""Presences that leave numerator and denominator (DESIGN section 6); ``archived`` keeps done work and drops open work."""


def fold(text: str) -> str:
    """The form in which texts and ids are compared everywhere: NFC, case-folded."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


# ---- what the store hands to the core -----------------------------------------------------------------------------------


class Item(NamedTuple):
    """A stored work item as the core sees it. ``no`` is the store's number for (source, id)."""

    no: int
    source: str
    id: str
    key: str | None = None
    title: str = ""
    url: str | None = None
    type_id: str | None = None
    type: str | None = None
    level: int = 0
    status_id: str | None = None
    status: str | None = None
    category: str | None = None
    resolution_id: str | None = None
    resolution: str | None = None
    parent_ref: str | None = None
    parent: int | None = None
    """``no`` of the resolved parent; None while it is unknown or there is none."""
    containers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    sprints: tuple[str, ...] = ()
    assignee: str | None = None
    estimate: str | None = None
    created_at: int | None = None
    updated_at: int | None = None
    done_at: int | None = None
    status_seen_at: int | None = None
    """When the hub saw the present status appear; None when it already had it when first seen."""
    presence: str = PRESENT
    fields: MappingABC[str, Any] = {}
    aliases: tuple[str, ...] = ()
    """Former keys: a rule that names a key follows the item when it moves."""


class Status(NamedTuple):
    """A row of a vendor's status list."""

    name: str
    category: str | None


class Container(NamedTuple):
    """A project, board or section."""

    key: str | None
    name: str


class Sprint(NamedTuple):
    """A sprint; ``state`` is the vendor's: active, future or closed. ``starts_at`` in milliseconds."""

    name: str
    state: str | None
    board: str | None = None
    starts_at: int | None = None


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the core must know of a source: which fields its items can have, and what its effort is."""

    name: str
    kind: str
    item_fields: frozenset[str]
    """Names of conditions that this source's items can answer; named fields as ``field.NAME``, folded."""
    effort: Literal["count", "estimate"] = "count"


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The vendors' lists, keyed by (source, id)."""

    statuses: MappingABC[tuple[str, str], Status] = field(default_factory=dict)
    containers: MappingABC[tuple[str, str], Container] = field(default_factory=dict)
    sprints: MappingABC[tuple[str, str], Sprint] = field(default_factory=dict)
    types: MappingABC[tuple[str, str], str] = field(default_factory=dict)
    sources: MappingABC[str, SourceFacts] = field(default_factory=dict)


# ---- what the mapping files say -----------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where something is written; ``line`` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Cycle:
    """A planning period; both days belong to it."""

    id: str
    starts: date
    ends: date
    place: Place

    def bounds(self, zone: ZoneInfo) -> tuple[int, int]:
        """[first, past) in milliseconds: midnight of the first day to midnight after the last, in the strategy's zone."""
        first = datetime.combine(self.starts, time(), zone)
        past = datetime.combine(self.ends + timedelta(days=1), time(), zone)
        return int(first.timestamp() * 1000), int(past.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Pillar:
    id: str
    name: str
    place: Place
    owner: str | None = None
    weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Run-the-business work with a budget. ``budget`` and ``budget_for`` are kept as written; they are not judged yet."""

    id: str
    name: str
    place: Place
    budget: str | None = None
    budget_for: MappingABC[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Team:
    """A team and what it owns. ``owns_*`` hold texts as written; they compare folded, ``owns_project`` may hold globs."""

    id: str
    name: str
    place: Place
    lead: str | None = None
    owns_field: MappingABC[str, tuple[str, ...]] = field(default_factory=dict)
    owns_project: tuple[str, ...] = ()
    owns_person: tuple[str, ...] = ()


AnchorKind = Literal["pillar", "supports", "strength", "opportunity", "weakness", "threat"]


@dataclass(frozen=True, slots=True)
class Objective:
    """``anchor`` says why it exists; None is homework. ``pillar`` is where it rolls up, if anywhere."""

    id: str
    name: str
    cycle: str
    place: Place
    anchor: tuple[AnchorKind, str] | None = None
    pillar: str | None = None
    team: str | None = None
    owner: str | None = None
    weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class KeyResult:
    """A key result of kind ``completion``: the share of its units that are done. Identity is (cycle, id)."""

    id: str
    name: str
    objective: str
    cycle: str
    place: Place
    kind: Literal["completion"] = "completion"
    by: Literal["count", "estimate"] = "count"
    level: Literal["epic", "story", "leaf"] | None = None
    missing: Literal["mean", "0", "1"] = "mean"
    before_cycle: Literal["leave_out", "count"] = "leave_out"
    ambition: Literal["committed", "aspirational"] = "committed"
    team: str | None = None
    owner: str | None = None
    weight: Decimal = Decimal(1)
    keywords: tuple[str, ...] = ()


class Test(NamedTuple):
    """One alternative of a condition. ``how``: ``equal`` and ``glob`` compare ``folded``; ``capture`` is a text around
    ``{key_result}`` split into (prefix, suffix), both folded, kept in ``folded`` joined by a NUL."""

    how: Literal["equal", "glob", "capture"]
    folded: str
    written: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One ``when`` line: ``field`` is source, project, key, type, level, status, resolution, label, component, sprint,
    assignee, title, or ``field.NAME``. It holds when any of ``tests`` holds for any of the field's values."""

    field: str
    tests: tuple[Test, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """``target`` is (kind, id); for a rule that captures, the id is None: the item names it. An ignore's id is its reason."""

    index: int
    name: str
    when: tuple[Condition, ...]
    target_kind: TargetKind
    target: str | None
    strength: int
    place: Place


NAMED, BY_KEY, ORDINARY, FALLBACK = 100, 80, 50, 0
"""Strength of evidence: named by the item itself, over by key, over an ordinary rule, over ``fallback``."""

DROPPED_RESOLUTIONS = frozenset(fold(n) for n in ("Won't Do", "Won't Fix", "Duplicate", "Cannot Reproduce", "Declined"))


@dataclass(frozen=True, slots=True)
class Mapping:
    """All mapping files, understood. ``files`` are their texts by relative name: what ``hash`` stands for, with ``timezone``.

    Lookups by id go through the folded id: ``key_results`` is keyed by (cycle id, folded id), the others by folded id.
    """

    hash: str
    files: MappingABC[str, str]
    timezone: str
    cycles: MappingABC[str, Cycle]
    pillars: MappingABC[str, Pillar]
    teams: MappingABC[str, Team]
    allowances: MappingABC[str, Allowance]
    objectives: MappingABC[str, Objective]
    key_results: MappingABC[tuple[str, str], KeyResult]
    rules: tuple[Rule, ...]
    dropped_resolutions: frozenset[str] = DROPPED_RESOLUTIONS

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def cycle_at(self, at: int) -> Cycle | None:
        """The cycle in force at an instant: the one that contains it (the shortest of several), else the latest that has
        begun, else the first to come; None when there is no cycle at all."""
        spans = [(c, *c.bounds(self.zone)) for c in self.cycles.values()]
        inside = [s for s in spans if s[1] <= at < s[2]]
        if inside:
            return min(inside, key=lambda s: (s[2] - s[1], s[0].id))[0]
        begun = [s for s in spans if s[1] <= at]
        if begun:
            return max(begun, key=lambda s: (s[2], s[0].id))[0]
        return min(spans, key=lambda s: (s[1], s[0].id))[0] if spans else None


# ---- what an assessment results in --------------------------------------------------------------------------------------


class Share(NamedTuple):
    """A part of an item's credit. ``rule`` is the index of the rule that gave it; ``named`` the text by which the item
    itself named the target (a label), or None."""

    kind: TargetKind
    id: str
    part: Fraction
    rule: int
    named: str | None = None


class Attachment(NamedTuple):
    """Where one item belongs in one cycle, and why: what wins over all claims of the item and its ancestors."""

    no: int
    cycle: str
    outcome: Outcome
    shares: tuple[Share, ...] = ()
    """Of ``linked`` and ``allowance``: the winners, adding up to 1 (less what a broken anchor beside them names).
    Of ``contested``: the claims of equal strength, each with part 0. Of ``ignored``: one."""
    strength: int = 0
    via: int | None = None
    """``no`` of the item whose own match won: the item itself or an ancestor."""
    distance: int = 0
    broken: tuple[tuple[str, str, str | None], ...] = ()
    """(text that names it, the unknown id, the nearest known id) of each broken anchor among the winners."""
    state: State = "todo"
    """The item's state, a dropped ancestor taken into account; the same in every cycle, kept here for lists and counts."""
    team: str | None = None
    """Folded id of the team whose item it is; the same in every cycle."""


class Unit(NamedTuple):
    """An item's part in one key result. ``counts`` is False for items that are attached but not counted; ``why`` says why:
    ``covered`` (counted through others on its path), ``dropped``, ``before_cycle`` (closed before it began), ``after_cycle``
    (created after it ended), ``undated`` (closed at an unknown time), ``level`` (under the wanted level)."""

    no: int
    cycle: str
    key_result: str
    part: Fraction
    counts: bool
    state: State
    level: int
    estimate: Decimal | None
    below: Decimal | None
    """For an item that is covered by units beneath it: the sum of their estimates, what a "mean epic" is made of."""
    why: str = ""


class Finding(NamedTuple):
    """Something that a person should know: ``kind`` is ``category``, ``estimate``, ``status``, ``parent``, ``cycle``,
    ``unevaluable``, ``team``. ``no`` is the item, or None for a finding about a rule or source."""

    kind: str
    no: int | None
    text: str


class NodeResult(NamedTuple):
    """One node's figures in one evaluation. ``progress`` is None while unmeasured; it is clamped to 0..1.

    ``done`` and ``total`` are in units of ``by`` (completed and counted weight); for roll-up nodes they are the sums of
    weight times progress and of weight over the measured children. ``measured`` of ``key_results`` is the coverage.
    """

    kind: NodeKind
    cycle: str
    id: str
    progress: Fraction | None
    done: Fraction
    total: Fraction
    key_results: int
    measured: int
    details: MappingABC[str, Any]
    """For a key result: units, done_units, missing, mean (per level), dropped, left_out by reason; for others: children."""


class Assessment(NamedTuple):
    """Everything that one evaluation says. The same mapping, items and dimensions always give the same value."""

    attachments: tuple[Attachment, ...]
    units: tuple[Unit, ...]
    nodes: tuple[NodeResult, ...]
    findings: tuple[Finding, ...]
    active: frozenset[int] = frozenset()
    """``no`` of the items that are active at ``as_of``."""
