"""How far a key result should be by a certain day. Pure; docs/status.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from hub.model import STAYS, Cycle, KeyResult, Mapping

ZERO, ONE = Fraction(0), Fraction(1)


class Expected(NamedTuple):
    """``share`` of the way that is expected by now, of which an aspirational one is asked its part; None where nothing is
    expected before the end. ``by_days``: its own days say so, so that it is never too early to judge."""

    share: Fraction | None
    by_days: bool = False


def expected(
    mapping: Mapping, key_result: KeyResult, cycle: Cycle, today: date, way: tuple[Fraction, Fraction] | None
) -> Expected:
    """``way`` is (start, target) where they are known."""
    pace = key_result.pace
    if key_result.kind in STAYS or pace == "none":
        return Expected(None)
    if key_result.kind == "milestone" and pace is None:
        total = sum((Fraction(step.weight) for step in key_result.steps), ZERO)
        due = sum((Fraction(step.weight) for step in key_result.steps if step.due <= today), ZERO)
        return Expected(due / total if total else ZERO, by_days=True)
    if isinstance(pace, tuple):
        return Expected(_dated(pace, cycle, today, way), by_days=True)
    time = elapsed(cycle, today)
    if pace is None or pace == "linear":
        return Expected(time)
    return Expected(_read([(ZERO, ZERO), *mapping.curves[pace]], time))


def elapsed(cycle: Cycle, today: date) -> Fraction:
    """Day N of M: N / M."""
    day, days = number(cycle, today)
    return Fraction(day, days)


def number(cycle: Cycle, today: date) -> tuple[int, int]:
    """Which day of how many it is; the last one when the cycle is over."""
    days = (cycle.ends - cycle.starts).days + 1
    return min(max((today - cycle.starts).days + 1, 0), days), days


def _dated(
    pace: Sequence[tuple[date, Decimal]], cycle: Cycle, today: date, way: tuple[Fraction, Fraction] | None
) -> Fraction | None:
    if way is None or way[0] == way[1]:
        return None
    start, target = way
    eve = cycle.starts.toordinal() - 1
    points = [(Fraction(eve), ZERO)]
    points += [(Fraction(day.toordinal()), (Fraction(value) - start) / (target - start)) for day, value in pace]
    last = Fraction(cycle.ends.toordinal())
    if points[-1][0] < last:
        points.append((last, ONE))
    return _read(points, Fraction(today.toordinal()))


def _read(points: Sequence[tuple[Fraction, Fraction]], at: Fraction) -> Fraction:
    """The height of a line through points, in order."""
    before = points[0]
    for point in points[1:]:
        if at <= point[0]:
            if point[0] == before[0]:
                return point[1]
            return before[1] + (point[1] - before[1]) * (at - before[0]) / (point[0] - before[0])
        before = point
    return points[-1][1]
