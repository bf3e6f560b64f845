"""Which days a metric looks at. Pure; docs/metrics.md. Days are ``date.toordinal``, both ends included, None is open."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from hub.model import Cycle, Mapping, Metric, Rhythm, fold
from hub.rules.days import Calendar

LENGTH: dict[Rhythm, int] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
"""Days that a rhythm may take."""


class Span(NamedTuple):
    """Days, both included; None is open."""

    first: int | None
    last: int | None


class Days:
    """The windows of metrics in a mapping's cycles, for a calculation on a certain day."""

    def __init__(self, mapping: Mapping, today: date) -> None:
        self._mapping = mapping
        self._today = today
        self._calendar = Calendar(mapping.zone, tuple(mapping.cycles.values()))

    def day(self, cycle: Cycle) -> int:
        """The day of the calculation, or the cycle's last if that is earlier."""
        return min(self._today, cycle.ends).toordinal()

    def horizon(self, metric: Metric, cycle: Cycle) -> int:
        """The last day that is final."""
        return min(self._today.toordinal() - metric.settle, cycle.ends.toordinal())

    def window(self, metric: Metric, cycle: Cycle, *, values: bool) -> Span | None:
        """The days that count; None where there is no such window. ``values``: its rows are values, not items."""
        span = self.whole(metric, cycle, values=values)
        if span is None or span.last is None or not (values or metric.settle):
            return span
        return Span(span.first, min(span.last, self.horizon(metric, cycle)))

    def whole(self, metric: Metric, cycle: Cycle, *, values: bool) -> Span | None:
        """The same with the days that are still to come."""
        if metric.dated is None and not values:
            return Span(None, None)
        if (length := length_of(metric.window)) is not None:
            last = self.horizon(metric, cycle)
            return Span(last - length + 1, last)
        return self._named(metric.window, cycle)

    def before(self, metric: Metric, cycle: Cycle, *, values: bool) -> Span:
        """The same as it was when the cycle began: nothing younger than the day before its first."""
        eve = cycle.starts.toordinal() - 1
        found = self._before(metric, cycle, eve)
        return Span(found.first, min(found.last, eve)) if values and found.last is not None else found

    def _before(self, metric: Metric, cycle: Cycle, eve: int) -> Span:
        if (length := length_of(metric.window)) is not None:
            return Span(eve - length + 1, eve)
        if metric.window == "all":
            return Span(None, eve)
        if metric.window == "next cycle":
            return Span(cycle.starts.toordinal(), cycle.ends.toordinal())
        if metric.window == "year":
            year = self._year(cycle)
            if year.first is not None and year.first <= eve:
                return Span(year.first, eve)
            return Span(_year_before(cycle.starts).toordinal(), eve)
        former = self._former(cycle)
        if former is not None:
            return Span(former.starts.toordinal(), former.ends.toordinal())
        return Span(eve - (cycle.ends - cycle.starts).days, eve)

    def _former(self, cycle: Cycle) -> Cycle | None:
        """The cycle that ended last before this one; of a quarter and a year that end together the one of its own length."""
        before = [c for c in self._mapping.cycles.values() if c.ends < cycle.starts]
        last = max((c.ends for c in before), default=None)
        length = cycle.ends - cycle.starts
        tied = [c for c in before if c.ends == last]
        return min(tied, key=lambda c: (abs((c.ends - c.starts) - length), -c.starts.toordinal(), c.id), default=None)

    def _named(self, window: str, cycle: Cycle) -> Span | None:
        if window == "all":
            return Span(None, cycle.ends.toordinal())
        if window == "year":
            return self._year(cycle)
        which = self._calendar.next(cycle) if window == "next cycle" else cycle
        return Span(which.starts.toordinal(), which.ends.toordinal()) if which else None

    def _year(self, cycle: Cycle) -> Span:
        outer, seen = cycle, {cycle.id}
        while outer.parent is not None and fold(outer.parent) in self._mapping.cycles:
            above = self._mapping.cycles[fold(outer.parent)]
            if above.id in seen:
                break
            seen.add(above.id)
            outer = above
        if outer is not cycle:
            return Span(outer.starts.toordinal(), outer.ends.toordinal())
        return Span(date(cycle.starts.year, 1, 1).toordinal(), date(cycle.starts.year, 12, 31).toordinal())


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return date(day.year - 1, 3, 1)


def length_of(window: str) -> int | None:
    """The days of a window that is a length, such as 28d or 4w."""
    if window[:-1].isdigit() and window[-1] in "dw":
        return int(window[:-1]) * (7 if window[-1] == "w" else 1)
    return None


def periods(every: Rhythm, first: int, last: int, horizon: int) -> Iterator[tuple[int, int, bool]]:
    """The periods of the calendar in a window that have begun by the horizon, cut at the window's ends, and whether each is
    over by the horizon."""
    at = first
    while at <= min(last, horizon):
        end = min(_end_of(every, date.fromordinal(at)).toordinal(), last)
        yield at, min(end, horizon), end <= horizon
        at = end + 1


def _end_of(every: Rhythm, day: date) -> date:
    if every == "day":
        return day
    if every == "week":
        return day + timedelta(days=6 - day.weekday())
    month = {"month": day.month, "quarter": (day.month + 2) // 3 * 3, "year": 12}[every]
    return date(day.year, month, monthrange(day.year, month)[1])
