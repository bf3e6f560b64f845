"""What the read side answers with: frozen values, ready to be printed, sent as JSON or put on a page.

Fractions are exact; ``as_json`` gives them both ways: ``"7/16"`` to recalculate with and ``0.4375`` to read.
Instants are milliseconds since 1970-01-01T00:00:00Z, and ISO 8601 in JSON.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hub.model import NodeKind, Outcome, State
from hub.report.beside import NeedRow
from hub.report.evidence import Evidence, Link, ReadBy


@dataclass(frozen=True, slots=True)
class SourceAge:
    """How old a source's data is: the last run that read everything, and how the latest run ended."""

    source: str
    kind: str
    complete_at: int | None
    """End of the last complete run; None before the first."""
    last_result: str | None
    """complete, partial, held, failed or running"""
    last_at: int | None
    items: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A pillar, objective or key result with its figures and what is beneath it."""

    kind: NodeKind
    id: str
    name: str
    progress: Fraction | None
    key_results: int
    measured: int
    owner: str | None = None
    team: str | None = None
    """Name of the team"""
    place: str | None = None
    """``file:line`` where it is written"""
    note: str = ""
    """In words what the number is made of: "11 of 20 stories done", "7.1 M of 9 M USD, from 0", "no work is attached"."""
    children: tuple[Node, ...] = ()
    """Of a key result its parts"""
    status: str = ""
    """By the one scale: on track, at risk, off track, too early, not started, unknown, done, missed; dropped, draft"""
    why: str = ""
    """The reason of the status, without a full stop"""
    expected: Fraction | None = None
    """The progress that counts as being on pace now"""
    unclamped: Fraction | None = None
    """Progress as it is, also below 0 and over 1"""
    measured_by: str = ""
    """Of a key result its kind: completion, increase, ..., parts"""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Of a key result what is known of its number: start, target, current, unit, newest, periods, steps, work, frozen; exact"""


@dataclass(frozen=True, slots=True)
class Tree:
    """The strategy of one cycle as last evaluated."""

    cycle: str
    starts: date
    ends: date
    seq: int
    as_of: int
    company: Node
    """Its children are the pillars; objectives of no pillar stand beside them, under a pillar without id."""
    sources: tuple[SourceAge, ...]
    counts: Mapping[str, int]
    """Active items by outcome: linked, allowance, unanchored, contested, broken, and ignored items in all."""
    broken_anchors: int = 0
    """Open items that themselves carry a name that does not exist; ``counts["broken"]`` are the active items under them"""
    notes: tuple[str, ...] = ()
    """What must be known before the numbers are believed, each a sentence with what to do; most important first"""


@dataclass(frozen=True, slots=True)
class UnanchoredRow:
    """A row of the unanchored list, or of the lists of contested items and broken anchors.

    An unanchored item whose parent is unanchored too is no row of its own: it counts in the row of the topmost one, where
    one label would anchor them all. ``effort``, ``updated_at`` and ``age_days`` are those of the active items it stands for.
    """

    source: str
    id: str
    key: str | None
    title: str
    url: str | None
    type: str | None
    state: State
    status: str | None
    project: str | None
    team: str | None
    """Name of the team"""
    effort: Decimal
    updated_at: int | None
    age_days: int | None
    """Days since the vendor's last change of any of them, at ``as_of``: how long nobody touched it"""
    active: int = 1
    """How many active items the row stands for, itself included if it is active"""
    why: str = ""
    """For a contested item who claims it; for a broken anchor the text and the nearest id."""
    broken: tuple[tuple[str, str, str | None], ...] = ()
    """(text that names it, the unknown id, the nearest known id) of each broken anchor"""


@dataclass(frozen=True, slots=True)
class Unanchored:
    """Active work that serves nothing, and what could not be decided. Effort adds up only inside a team."""

    cycle: str
    as_of: int
    items: tuple[UnanchoredRow, ...]
    contested: tuple[UnanchoredRow, ...]
    broken: tuple[UnanchoredRow, ...]
    rows: int
    """Rows of ``items`` before ``limit``"""
    total: int
    """Unanchored active items in all"""
    active: int
    """Active items in all, ignored ones left out"""
    by_team: tuple[tuple[str, int, Decimal], ...]
    """(name of the rows' team or "no team", active items, effort), most effort first"""
    dormant: int
    """Open items that are not active and have no anchor"""
    sources: tuple[SourceAge, ...] = ()
    contested_total: int = 0
    broken_total: int = 0
    """Contested items and broken anchors in all; ``limit`` cuts neither list"""
    under_broken: int = 0
    """Active items that would be anchored if the broken names were mended, those with the names included"""
    notes: tuple[str, ...] = ()
    """As in ``Tree``"""


@dataclass(frozen=True, slots=True)
class ConditionStep:
    """One line of a rule as it came out: ``holds`` is True, False or None for *not evaluable*.

    ``negated`` is an ``unless`` line, which is against its rule when it holds. ``why`` is a sentence where the values do not say
    enough. The fence, the life and the expression of a rule are lines of their own."""

    field: str
    wanted: tuple[str, ...]
    values: tuple[str, ...]
    holds: bool | None
    place: str
    negated: bool = False
    why: str = ""

    @property
    def favours(self) -> bool | None:
        """Whether it speaks for its rule."""
        return self.holds if self.holds is None else self.holds != self.negated


@dataclass(frozen=True, slots=True)
class RuleStep:
    """One rule as it came out for an item, with the line that decided."""

    name: str
    place: str
    target: str
    strength: int
    holds: bool | None
    deciding: ConditionStep | None
    """Of a rule that does not match the first line that fails; of one that does the line that names or selects most."""
    conditions: tuple[ConditionStep, ...] = ()


@dataclass(frozen=True, slots=True)
class ShareStep:
    """A part of the item's credit and the rule behind it."""

    kind: str
    id: str
    name: str
    part: Fraction
    rule: str
    place: str
    named: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimStep:
    """One claim that competed for an item: who makes it, for what, how strongly, and how it ended.

    ``result``: wins, contested, broken, weaker, farther, dormant, refused; ``why`` says it in words."""

    item: str
    distance: int
    """0: the item's own; 1: its parent's, and so on"""
    target: str
    named: str | None
    rule: str
    place: str
    strength: int
    result: str
    why: str


@dataclass(frozen=True, slots=True)
class UnitStep:
    """An item's part in a key result; ``why`` says in words why it does not count, if it does not."""

    key_result: str
    part: Fraction
    counts: bool
    why: str


@dataclass(frozen=True, slots=True)
class ItemExplanation:
    """Why an item belongs where it does in one cycle, or why nowhere."""

    source: str
    id: str
    key: str | None
    title: str
    url: str | None
    cycle: str
    seq: int
    state: State
    active: bool
    facts: Mapping[str, Any]
    """The vendor's raw values behind the state and the counting: status, category, resolution, estimate, dates, presence"""
    team: str | None
    outcome: Outcome
    sentence: str
    shares: tuple[ShareStep, ...]
    strength: int
    via: str | None
    """Key of the ancestor whose match won; None when it is the item's own"""
    chain: tuple[str, ...]
    """Keys from the item up to the root of its tree"""
    broken: tuple[str, ...]
    units: tuple[UnitStep, ...]
    rules: tuple[RuleStep, ...]
    """Every rule, those of the item itself"""
    inherited: tuple[tuple[str, tuple[RuleStep, ...]], ...]
    """(key of an ancestor, its rules that match)"""
    findings: tuple[str, ...]
    run: Mapping[str, Any]
    """The run that last wrote the item: id, source, started_at, result"""
    claims: tuple[ClaimStep, ...] = ()
    """All that competed for it, its own and inherited, winners first"""
    related: tuple[str, ...] = ()
    """Sentences about items of other tools that it is tied to by a pattern"""
    what_if: tuple[str, ...] = ()
    """Labels that it does not have and is explained with"""
    before: str = ""
    """With ``what_if``: the sentence about the item as it is"""
    moved: int = 0
    """With ``what_if``: how many items beneath it would belong elsewhere, too"""
    read_by: tuple[ReadBy, ...] = ()
    """The metrics and steps that read it; what reads it claims nothing"""


@dataclass(frozen=True, slots=True)
class UnitRow:
    """An attached item in the explanation of a key result."""

    source: str
    id: str
    key: str | None
    title: str
    url: str | None
    level: int
    state: State
    part: Fraction
    counts: bool
    why: str
    estimate: Decimal | None
    below: Decimal | None
    weight: Fraction | None
    """What the unit adds to the total: part x (estimate, or what the policy says); None when it does not count"""
    raw_estimate: str | None
    raw_status: str | None
    via: str | None
    rule: str
    place: str
    named: str | None
    run: str | None


@dataclass(frozen=True, slots=True)
class NodeExplanation:
    """Why a node has its number: everything needed to calculate it again."""

    kind: NodeKind
    id: str
    name: str
    cycle: str
    seq: int
    as_of: int
    mapping_hash: str
    place: str | None
    progress: Fraction | None
    done: Fraction
    total: Fraction
    key_results: int
    measured: int
    sentence: str
    formula: str
    policy: Mapping[str, Any]
    """Of a key result: by, level, missing, before_cycle, means per level"""
    units: tuple[UnitRow, ...] = ()
    """Of a key result: every attached item, counted or not"""
    units_total: int = 0
    children: tuple[Mapping[str, Any], ...] = ()
    """Of others: kind, id, name, weight, progress of each child"""
    run: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[SourceAge, ...] = ()
    status: str = ""
    why: str = ""
    """As in ``Node``"""
    expected: Fraction | None = None
    unclamped: Fraction | None = None
    evidence: Evidence | None = None
    """Of a key result that is not of kind completion"""
    links: tuple[Link, ...] = ()
    """Where the vendor shows what is counted"""
    needs: tuple[NeedRow, ...] = ()
    """What a key result waits for"""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of a source, newest first."""

    id: str
    source: str
    reason: str
    mode: str
    result: str
    started_at: int
    finished_at: int | None
    counts: Mapping[str, Any]
    error: str | None = None
    hint: str | None = None


def iso(at: int | None) -> str | None:
    """Milliseconds as ISO 8601 in UTC, to the second."""
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_json(value: Any, name: str = "") -> Any:
    """A value of this module as plain JSON types."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found: dict[str, Any] = {}
        for part in dataclasses.fields(value):
            found[part.name] = as_json(getattr(value, part.name), part.name)
            if isinstance(getattr(value, part.name), Fraction):
                found[f"{part.name}_value"] = float(getattr(value, part.name))
        return found
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): as_json(v, str(k)) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(v) for v in value]
    if isinstance(value, int) and name.endswith(("_at", "as_of")):
        return iso(value)
    return value
