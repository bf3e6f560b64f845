"""Metrics, targets and the scale, as the mapping files say them. docs/how-numbers-are-calculated.md, sections 7 to 9."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from hub.model.rules import Condition, Place

Aggregate = Literal["count", "sum", "average", "latest", "distinct", "ratio", "nps", "days_between"]
MONEY: frozenset[Aggregate] = frozenset({"sum", "average", "latest"})
"""What adds or takes amounts; the others count."""
Rhythm = Literal["day", "week", "month", "quarter", "year"]
Judged = Literal["worst", "last", "average", "share"]


class Filter(NamedTuple):
    """Lines of ``when``, which all hold, and of ``unless``, of which none does."""

    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()


ALL = Filter()


@dataclass(frozen=True, slots=True)
class Metric:
    """A number about the world, over the items of a source or over its values. It claims nothing.

    ``field`` is what is summed, averaged, taken, told apart or scored: ``value``, ``amount``, ``estimate`` or ``field.NAME``.
    ``series`` is the query, or what a sheet's series column says; None takes all. ``of`` and ``to`` belong to a ratio,
    ``between`` (two dates) to days_between. ``dated`` is the date that must lie in the window: created, started, done, closed,
    due, ``stage:NAME``, ``field.NAME``; values have their own, and None is none. ``window`` is ``cycle``, ``next cycle``,
    ``year``, ``all``, or ``28d`` (weeks as days, too). Names in fields and dates are folded. ``settle``: rows of so many
    last days are not final and not used. ``rates`` is the folded name of a table of rates.
    """

    id: str
    name: str
    place: Place
    source: str
    aggregate: Aggregate = "latest"
    field: str | None = None
    series: str | None = None
    rows: Filter = ALL
    of: Filter = ALL
    to: Filter = ALL
    between: tuple[str, str] | None = None
    times: str | None = None
    dated: str | None = None
    window: str = "cycle"
    every: Rhythm | None = None
    settle: int = 0
    unit: str | None = None
    rates: str | None = None
    inline: bool = False
    """It stands in the one key result that uses it"""
    places: Mapping[str, Place] = dataclasses.field(default_factory=dict, compare=False, repr=False)
    """Where the values of its keys are written"""

    def at(self, key: str) -> Place:
        """Where the value of a key is written; of one that is not there, where the metric is."""
        return self.places.get(key, self.place)


class Relative(NamedTuple):
    """A target that is written from its start: "+30%" or "-5"."""

    change: Decimal
    percent: bool


Target = Decimal | Relative | tuple[Decimal, Decimal]
"""What is to be reached; a pair for ``stay_within``, both included."""


class Step(NamedTuple):
    """A step of a milestone: done when at least one item fits and all that fit and are not dropped are done."""

    name: str
    due: date
    rows: Filter
    weight: Decimal = Decimal(1)
    place: Place | None = None


Pace = str | tuple[tuple[date, Decimal], ...]
"""``linear``, ``none``, the folded name of a curve, or the values that are to be reached by certain days."""


@dataclass(frozen=True, slots=True)
class Scale:
    """When progress is on track, at risk, or enough at the end: shares of what is expected, of the cycle, of the way."""

    on_track: Fraction = Fraction(9, 10)
    at_risk: Fraction = Fraction(7, 10)
    too_early: Fraction = Fraction(15, 100)
    committed: Fraction = Fraction(1)
    aspirational: Fraction = Fraction(7, 10)
    late: Fraction = Fraction(3, 2)


Curve = tuple[tuple[Fraction, Fraction], ...]
"""(share of the cycle, share of the way), ascending; ends at (1, 1)."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What one unit of a currency is worth in ``base``, for rows dated on ``since`` or later."""

    base: str
    since: date
    rates: dict[str, Decimal] = field(default_factory=dict)
