"""The days and rates by which a metric's rows count in one cycle, and the words for those that do not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from hub.measure.windows import Days, Span
from hub.model import MONEY, Condition, Cycle, Mapping, Metric, Rates
from hub.progress import day_of
from hub.report import metric_words

OPEN = Span(None, None)


@dataclass(frozen=True, slots=True)
class Frame:
    """``span`` are the days of the window (``date.toordinal``), None where there is no such window; ``day`` is the day of the
    calculation, ``horizon`` the last one that is final. ``tables`` are the rates, ascending, where amounts are converted."""

    metric: Metric
    cycle: str
    over_values: bool
    span: Span | None
    day: int
    horizon: int
    tables: tuple[Rates, ...] = ()

    @classmethod
    def of(cls, mapping: Mapping, as_of: int, metric: Metric, cycle: Cycle, over_values: bool) -> Frame:
        days = Days(mapping, day_of(mapping, as_of))
        span = days.window(metric, cycle, values=over_values)
        tables = mapping.rates[metric.rates] if metric.rates and metric.aggregate in MONEY else ()
        return cls(metric, cycle.id, over_values, span, days.day(cycle), days.horizon(metric, cycle), tables)

    @property
    def dates(self) -> tuple[date | None, date | None]:
        """The first and the last day of the window; None is open."""
        if self.span is None:
            return None, None
        first, last = (None if day is None else date.fromordinal(day) for day in self.span)
        return first, last

    def outside(self, on: int | None, spans: Sequence[Span]) -> str:
        """Why a day does not count; "" where it does. ``spans`` are the days that do: the window, or the periods in it."""
        if self.span is None:
            return "no_window"
        if any(within(on, span) for span in spans):
            return ""
        if on is None:
            return "undated"
        if self.span.first is not None and on < self.span.first:
            return "before_window"
        if self.metric.settle and self.horizon < on <= self.day:
            return "not_final"
        if self.over_values and on > self.day:
            return "not_yet"
        return "open_period" if within(on, self.span) else "after_window"

    def table(self, on: int | None) -> Rates | None:
        """The rates that hold on a day; without one the latest."""
        held = [t for t in self.tables if on is None or t.since.toordinal() <= on]
        return held[-1] if held else None

    def rate(self, currency: str | None, on: int | None) -> Fraction | None:
        """What one unit of a currency is worth on a day; None where nobody says it."""
        table = self.table(on)
        if table is None or currency is None:
            return None
        if currency.upper() == table.base:
            return Fraction(1)
        found = table.rates.get(currency.upper())
        return None if found is None else Fraction(found)

    def why(self, reason: str, against: tuple[Condition, bool] | None = None, currency: str | None = None) -> str:
        """Why rows are left out, as a clause about them."""
        metric = self.metric
        if against is not None:
            condition, negated = against
            text = metric_words.line(condition, negated)
            return f"they fit {text}" if negated else f"they do not fit {text}"
        window = f"the window, {metric_words.window(metric, *self.dates)}"
        field = (metric.times if metric.aggregate == "count" else metric.field) or "value"
        fields = f"{field} or {metric.times}" if metric.times and metric.times != field else field
        said = {
            "undated": f"they lack {metric_words.dated(metric, self.over_values)}",
            "no_value": f"nothing stands in {fields}",
            "invalid": f"what stands in {fields} is no number{' from 0 to 10' if metric.aggregate == 'nps' else ''}",
            "no_date": f"they lack one of the dates {' and '.join(metric.between or ())}",
            "outside": "they fit neither side of the ratio",
            "no_rate": f"{metric.rates} has no rate on their day for {currency or 'rows without a currency'}",
            "left": "they are gone at the vendor's",
            "duplicate": "another item stands for them",
            "before_window": f"they lie before {window}",
            "after_window": f"they lie after {window}",
            "not_final": f"they are not final yet: younger than `settle`, {metric.settle} days",
            "not_yet": "they lie after the day of the calculation",
            "open_period": "their period has not ended, or is too long ago",
            "older": "they are older than the latest, which alone counts",
            "no_window": f"no cycle comes after {self.cycle}",
        }
        return said.get(reason, reason)


def within(on: int | None, span: Span) -> bool:
    """Whether a day lies in a span; what has none lies in one that is open at both ends."""
    if on is None:
        return span == OPEN
    return (span.first is None or span.first <= on) and (span.last is None or on <= span.last)
