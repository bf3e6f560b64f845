"""What the read side answers about metrics and measured key results: frozen values, down to the rows behind a number.

Numbers are exact; ``unit`` is the currency or unit that they are in. Days are those of the strategy's time zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.report.values import SourceAge


@dataclass(frozen=True, slots=True)
class Link:
    """An address at which the vendor shows the rows of a number."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row as a metric sees it: an item, or a value of a sheet or query."""

    source: str
    name: str
    """How people find it: an item's key, else its id; where the source has a value (``KPIs!C12``, ``row 12``)"""
    title: str = ""
    id: str = ""
    """An item's id; of a value what tells it from others of its day"""
    url: str | None = None
    on: date | None = None
    """The day by which a window takes it"""
    value: str | None = None
    """The literal in the field that the metric reads, as the source writes it"""
    adds: Fraction | None = None
    """What it adds to the sum, in the metric's currency; of a count its weight, of an average value x weight, of a ratio 1 where
    it fits ``of``, of nps 1, 0 or -1, of days_between the days; None where it adds nothing"""
    weight: Fraction | None = None
    """Of an average its weight, of a ratio 1 where it fits ``to``"""
    currency: str | None = None
    rate: Fraction | None = None
    """What one unit of its currency is worth, where the metric converts"""
    texts: tuple[str, ...] = ()
    """Of ``distinct``: what it has in the field"""
    state: str = ""
    """Of an item: its state"""
    by: str | None = None
    """Who typed the value, as the source says; None where nobody did"""
    note: str | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are left out for one reason."""

    reason: str
    """filtered, outside, undated, no_date, no_value, invalid, no_rate, left, duplicate, before_window, after_window, not_final,
    not_yet, open_period, older, no_window"""
    why: str
    """The reason in words"""
    count: int
    rows: tuple[Row, ...] = ()
    """Of very many the first"""
    place: str | None = None
    """``file:line`` of the line that leaves them out"""
    adds: Fraction | None = None
    """By how much the number would change with them; None where that cannot be said"""


@dataclass(frozen=True, slots=True)
class Money:
    """The rows of one currency, and the rate that holds for them. ``rate`` is None where nothing is converted."""

    currency: str | None
    rows: int
    amount: Fraction
    rate: Fraction | None = None
    since: date | None = None
    """From when the rate holds"""
    converted: Fraction | None = None


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A period that a control key result is judged by, both days included; ``first`` is None where it has no beginning."""

    first: date | None
    last: date | None
    value: Fraction | None
    rows: int
    holds: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a milestone with the items that fit its lines."""

    name: str
    due: date
    weight: Fraction
    done: bool
    place: str | None
    lines: tuple[str, ...]
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of a key result."""

    id: str
    name: str
    place: str
    weight: Fraction
    progress: Fraction | None
    """As it is, also below 0 and over 1"""
    start: Fraction | None = None
    target: Fraction | None = None
    current: Fraction | None = None
    unit: str | None = None
    status: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """What a metric is, and in which days it was read."""

    id: str
    """Of a metric that stands in its key result, that one's"""
    name: str
    place: str
    source: str
    inline: bool
    aggregate: str
    """count, sum, average, latest, distinct, ratio, nps, days_between"""
    in_words: str
    query: str | None
    """The file of the query that its rows come from"""
    lines: tuple[tuple[str, str], ...]
    """(line, ``file:line``) that its rows fit, those by which the key result narrows it among them"""
    window: str
    """As written: cycle, next cycle, year, all, 28d"""
    first: date | None
    last: date | None
    """The days of the window; None is open"""
    dated: str | None
    horizon: date
    """The last day that is final"""
    settle: int
    every: str | None
    unit: str | None
    newest: date | None = None
    late: str | None = None
    """Why its number is late"""
    typed_by: tuple[str, ...] = ()
    """Who typed the rows that count"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the number of a key result, or of a metric by itself, is made of."""

    metric: MetricFacts | None = None
    value: Fraction | None = None
    why: str = ""
    """Why there is no value"""
    unit: str | None = None
    start: Fraction | None = None
    start_words: str = ""
    target: tuple[Fraction, ...] = ()
    target_words: str = ""
    rows: tuple[Row, ...] = ()
    left_out: tuple[Group, ...] = ()
    money: tuple[Money, ...] = ()
    periods: tuple[PeriodRow, ...] = ()
    steps: tuple[StepRow, ...] = ()
    parts: tuple[PartRow, ...] = ()
    work: Mapping[str, Any] = field(default_factory=dict)
    """Attached work beside the number: units, done_units, left_out by reason"""
    adds_up: bool = True
    """Whether these rows give the number; they do unless something was stored that the evaluation did not know"""


@dataclass(frozen=True, slots=True)
class MetricExplanation:
    """Why a metric has its value, as it stands alone in the cycle in force."""

    id: str
    name: str
    place: str
    cycle: str
    seq: int
    as_of: int
    mapping_hash: str
    sentence: str
    evidence: Evidence
    used_by: tuple[Mapping[str, Any], ...] = ()
    """id, name, cycle and current value of each key result that reads it"""
    links: tuple[Link, ...] = ()
    sources: tuple[SourceAge, ...] = ()
    kind: str = "metric"


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric in the list of all."""

    id: str
    name: str
    place: str
    source: str
    value: Fraction | None
    why: str
    """Why it has no value"""
    unit: str | None
    rows: int
    newest: date | None
    every: str | None
    late: str | None
    typed: bool
    """Whether a person typed a row of it"""
    used_by: tuple[str, ...]
    """Ids of the key results that read it, in every cycle"""


@dataclass(frozen=True, slots=True)
class Metrics:
    """All metrics that have an id, as they stand alone in the cycle in force."""

    cycle: str
    seq: int
    as_of: int
    metrics: tuple[MetricRow, ...]
    inline: int = 0
    """Metrics beside them that stand in their key result"""
    sources: tuple[SourceAge, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadBy:
    """A metric, or the step of a milestone, that reads an item, and what the item adds."""

    metric: str
    """Id of the metric; of a step the id of its key result"""
    step: str | None
    adds: Fraction | None
    unit: str | None
    sentence: str
    """``new-arr adds 12,000 USD``"""
    key_results: tuple[str, ...]
    """Ids of the key results in whose number it is; none where no window takes it"""
    why: str = ""
    """Why it is in none of them, or not in all"""
