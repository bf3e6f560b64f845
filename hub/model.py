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
Outcome = Literal["linked", "allowance", "ignored", "contested", "broken", "unanchored", "duplicate"]

PRESENT = "present"
LEFT = frozenset({"trashed", "deleted", "out_of_scope", "merged"})
"""Presences that leave numerator and denominator; ``archived`` keeps done work and drops open work."""
FROZEN = frozenset({"access_lost", "unobserved", "held"})
"""Presences of items that are out of sight or whose absence is not concluded: the last known stands, and every key result that
they feed stays at its last snapshot."""


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
    due: str | None = None
    """The day it is due, ``YYYY-MM-DD``."""
    amount: str | None = None
    parent_by: str = ""
    """How ``parent`` came about: "" the vendor's own, ``pattern`` by a declared pattern, ``kept`` a former parent that stands
    until its source has been read to the end."""
    duplicate_of: int | None = None
    """``no`` of the item that stands for this one; an item with one takes no credit."""
    ambiguous: tuple[str, ...] = ()
    """The texts by which declared patterns found several parents, so that none counts."""
    addresses: tuple[str, ...] = ()
    """http(s) addresses among its links: what a pattern reads as ``attachment``."""
    former_urls: tuple[str, ...] = ()
    """Folded addresses that it had before, as ``aliases`` are its former keys."""


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
    """Where something is written; ``line`` and ``column`` count from 1, in characters. ``row`` is the row that a template was
    filled from (``teams.csv:207``, ``row 3``), "" for what is no template."""

    file: str
    line: int
    column: int = 0
    row: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f", {self.row}" if self.row else "")


@dataclass(frozen=True, slots=True)
class Cycle:
    """A planning period; both days belong to it. ``parent`` is the id of the longer cycle that it is a part of; ``agree_by`` the
    day by which its objectives shall be agreed; ``periods`` the first days of its second and further parts (4-4-5, thirds)."""

    id: str
    starts: date
    ends: date
    place: Place
    parent: str | None = None
    agree_by: date | None = None
    periods: tuple[date, ...] = ()

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
    """A team and what it owns. ``owns_*`` hold texts as written; they compare folded, ``owns_project`` may hold globs.

    ``parent`` is the id of the team that it is a part of; ``size`` its people, the weight of its effort in company figures."""

    id: str
    name: str
    place: Place
    lead: str | None = None
    owns_field: MappingABC[str, tuple[str, ...]] = field(default_factory=dict)
    owns_project: tuple[str, ...] = ()
    owns_person: tuple[str, ...] = ()
    parent: str | None = None
    size: Decimal | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One person with the ids that vendors know them by: ``ids`` is (kind of source, account id). From ``people.csv``."""

    mail: str
    ids: tuple[tuple[str, str], ...]
    place: Place
    team: str | None = None
    """Id of the team whose work theirs is."""


AnchorKind = Literal["pillar", "supports", "strength", "opportunity", "weakness", "threat"]


@dataclass(frozen=True, slots=True)
class Objective:
    """``anchor`` says why it exists; None is homework. ``pillar`` is where it rolls up, if anywhere.

    ``state``: a draft is shown and not rolled up, a dropped one likewise. ``helpers`` are the teams that answer for it too
    (``with`` in the files); ``home`` is the item whose newest comment is the owner's note."""

    id: str
    name: str
    cycle: str
    place: Place
    anchor: tuple[AnchorKind, str] | None = None
    pillar: str | None = None
    team: str | None = None
    owner: str | None = None
    weight: Decimal = Decimal(1)
    state: Literal["draft", "agreed", "dropped"] = "agreed"
    helpers: tuple[str, ...] = ()
    home: str | None = None


class Need(NamedTuple):
    """A key result that another one waits for, and until when it is needed."""

    key_result: str
    by: date | None = None


class Drop(NamedTuple):
    """When and why a key result was given up."""

    on: date
    why: str


@dataclass(frozen=True, slots=True)
class KeyResult:
    """A key result of kind ``completion``: the share of its units that are done. Identity is (cycle, id).

    ``objective`` is the first objective it belongs to, ``also`` are the others. ``cycle`` is that of the objective or one
    within it. ``accepts`` are ids of the teams whose items may name it themselves; empty: all.
    """

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
    also: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    dropped: Drop | None = None
    home: str | None = None

    @property
    def objectives(self) -> tuple[str, ...]:
        """All objectives that it belongs to."""
        return (self.objective, *self.also)


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
    statuses: MappingABC[str, tuple[StatusWord, ...]] = field(default_factory=dict)
    """Status maps by the folded name of a source, or of a kind for all of its sources."""
    patterns: tuple[Pattern, ...] = ()
    people: tuple[Person, ...] = ()
    former: MappingABC[tuple[str, str], str] = field(default_factory=dict)
    """(cycle id, folded former id of a key result) -> its folded id."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def key_result_id(self, cycle: str, id: str) -> str | None:
        """The folded id of the key result that a folded id, present or former, names in a cycle."""
        if (cycle, id) in self.key_results:
            return id
        return self.former.get((cycle, id))

    def teams_within(self, id: str) -> frozenset[str]:
        """Folded ids of a team and of all teams beneath it; the id is folded or as written."""
        found = {fold(id)}
        while more := {k for k, t in self.teams.items() if t.parent and fold(t.parent) in found} - found:
            found |= more
        return frozenset(found)

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
    """Of ``linked`` and ``allowance``: the winners, adding up to 1 (less what a broken anchor beside them names, and the parts of
    a split that are dormant in the cycle).
    Of ``contested``: the claims of equal strength, each with part 0. Of ``ignored``: one."""
    strength: int = 0
    via: int | None = None
    """``no`` of the item whose own match won: the item itself or an ancestor. Of a ``duplicate`` the item that stands for it."""
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
    ``unevaluable``, ``team``, ``ambiguous``, ``accepts``. ``no`` is the item, or None for a finding about a rule or source."""

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
    """For a key result: units, done_units, missing, means (per level), left_out by reason. For others ``children``: kind, id,
    cycle and weight of each; where one is taken without key results that count elsewhere, ``without`` (cycle and id of each, and
    the ``objective`` that has it where that is one beneath) and the ``progress`` that is left of it."""


class Assessment(NamedTuple):
    """Everything that one evaluation says. The same mapping, items and dimensions always give the same value."""

    attachments: tuple[Attachment, ...]
    units: tuple[Unit, ...]
    nodes: tuple[NodeResult, ...]
    findings: tuple[Finding, ...]
    active: frozenset[int] = frozenset()
    """``no`` of the items that are active at ``as_of``."""
