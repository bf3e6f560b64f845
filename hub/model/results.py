"""What an assessment results in."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from hub.model.words import NodeKind, Outcome, State, TargetKind


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
    (created after it ended), ``undated`` (closed at an unknown time), ``level`` (under the wanted level). Of one that counts by
    amount, ``why`` is the currency of that amount."""

    no: int
    cycle: str
    key_result: str
    part: Fraction
    counts: bool
    state: State
    level: int
    estimate: Decimal | None
    """What it weighs: its estimate or its amount; None by count, and where it has none"""
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


class Measured(NamedTuple):
    """A metric's value. ``value`` is None while it is unmeasured, and ``why`` says why, as a sentence without its full stop.

    ``rows`` is how many rows it is made of, ``missing`` how many more had no number, ``newest`` the day (``date.toordinal``) of
    the newest of them, ``unit`` the currency or unit that it is in.
    """

    value: Fraction | None
    why: str = ""
    rows: int = 0
    newest: int | None = None
    unit: str | None = None
    missing: int = 0


class Assessment(NamedTuple):
    """Everything that one evaluation says. The same mapping, items and dimensions always give the same value."""

    attachments: tuple[Attachment, ...]
    units: tuple[Unit, ...]
    nodes: tuple[NodeResult, ...]
    findings: tuple[Finding, ...]
    active: frozenset[int] = frozenset()
    """``no`` of the items that are active at ``as_of``."""
    metrics: MappingABC[tuple[str, str], Measured] = {}
    """By (cycle in force, folded id): each metric as it stands alone."""


# ---- what metrics measure -----------------------------------------------------------------------------------------------


class Contribution(NamedTuple):
    """What one row (an item or a value) adds to one measure: ``x`` to its sum, ``w`` to its weight.

    ``measure`` is the position in ``hub.measure.measures``; ``no`` the item's number, or minus the position of a value. ``on``
    is the day (``date.toordinal``) by which a window takes it, None where the measure has no date. ``currency`` keeps amounts
    apart that must not be added as they are; ``text`` is what ``distinct`` tells apart.
    """

    measure: int
    no: int
    on: int | None
    x: Decimal
    w: Decimal = Decimal(1)
    currency: str | None = None
    text: str | None = None


class Window(NamedTuple):
    """Which contributions of a measure are asked for: days (``date.toordinal``), both included; None is open. What has no day
    lies in a window that is open at both ends only."""

    measure: int
    first: int | None = None
    last: int | None = None


class Sums(NamedTuple):
    """The contributions of one currency in a window: how many, their exact sums, and their newest day."""

    currency: str | None
    rows: int
    x: Fraction
    w: Fraction
    newest: int | None


class Baseline(NamedTuple):
    """The measured start of a key result, frozen: ``of`` stands for what was measured (another definition, another baseline)."""

    cycle: str
    key_result: str
    of: str
    value: Fraction
    seq: int | None = None
    """The evaluation that froze it; None while it is not stored"""
