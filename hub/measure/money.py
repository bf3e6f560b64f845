"""Amounts of several currencies as one. Pure and exact; docs/metrics.md, "Money"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from hub.measure.rows import MISSING
from hub.model import MONEY, Mapping, Metric, Rates, Sums, Window, day_in_words


class Segment(NamedTuple):
    """The part of a window in which one table of rates holds; None where none does, or none is asked for."""

    window: Window
    rates: Rates | None = None


class Converted(NamedTuple):
    """Sums in one unit; ``why`` says why there are none. ``missing`` rows have no number; ``newest`` is of those that have."""

    rows: int
    x: Fraction
    w: Fraction
    newest: int | None
    unit: str | None = None
    why: str = ""
    missing: int = 0


def segments(mapping: Mapping, metric: Metric, window: Window) -> list[Segment]:
    """A window by the tables of rates that hold in its parts; what has no date goes by the latest of all."""
    if metric.rates is None or metric.aggregate not in MONEY:
        return [Segment(window)]
    tables = mapping.rates[metric.rates]
    if window.first is None and window.last is None:
        if metric.dated is None:
            return [Segment(window, tables[-1])]
        window = window._replace(first=1)  # a window that is open at both ends would take what has no day, in every part
    found = []
    begins: int | None = window.first
    for n, table in enumerate((None, *tables)):
        ends = tables[n].since.toordinal() - 1 if n < len(tables) else window.last
        last = ends if window.last is None or ends is None else min(ends, window.last)
        if last is None or begins is None or begins <= last:
            found.append(Segment(Window(window.measure, begins, last), table))
            begins = None if last is None else max(last + 1, begins or last + 1)
        if last is None or (window.last is not None and last >= window.last):
            break
    return found


def converted(mapping: Mapping, metric: Metric, parts: Sequence[tuple[Segment, Sequence[Sums]]]) -> Converted:
    """The sums of all parts and currencies as one, or why that cannot be."""
    missing = sum(s.rows for _, sums in parts for s in sums if s.currency == MISSING)
    has = [(segment, [s for s in sums if s.currency != MISSING]) for segment, sums in parts]
    return _converted(mapping, metric, has)._replace(missing=missing)


def _converted(mapping: Mapping, metric: Metric, parts: Sequence[tuple[Segment, Sequence[Sums]]]) -> Converted:
    rows = sum(s.rows for _, sums in parts for s in sums)
    newest = max((s.newest for _, sums in parts for s in sums if s.newest is not None), default=None)
    if metric.rates is None or metric.aggregate not in MONEY:
        return _together(metric, [s for _, sums in parts for s in sums], rows, newest)
    base = mapping.rates[metric.rates][0].base
    x = w = Fraction(0)
    for segment, sums in parts:
        for each in sums:
            rate, why = _rate(metric, segment, each)
            if rate is None:
                return Converted(rows, Fraction(0), Fraction(0), newest, None, why)
            x += each.x * rate
            w += each.w
    return Converted(rows, x, w, newest, base)


def _rate(metric: Metric, segment: Segment, sums: Sums) -> tuple[Fraction | None, str]:
    table, many = segment.rates, f"{sums.rows} row{'s' * (sums.rows != 1)}"
    if table is None:
        when = f" ({day_in_words(date.fromordinal(sums.newest))})" if sums.newest is not None else ""
        lie = "lies" if sums.rows == 1 else "lie"
        return None, f"{many} of {sums.currency or 'no currency'}{when} {lie} before the first rates of {metric.rates}"
    if sums.currency is None:
        return None, f"{many} without a currency cannot be converted to {table.base}"
    if sums.currency == table.base:
        return Fraction(1), ""
    rate = table.rates.get(sums.currency)
    if rate is None:
        return None, f"{metric.rates} has no rate for {sums.currency} ({many})"
    return Fraction(rate), ""


def several(metric: Metric, sums: Sequence[Sums]) -> str:
    """Why sums cannot be added as they are; "" where they can."""
    currencies = sorted({s.currency or "" for s in sums if s.currency != MISSING})
    if len(currencies) < 2 or metric.aggregate not in MONEY or metric.field not in (None, "value", "amount"):
        return ""
    words = [c or "no currency" for c in currencies]
    return f"its rows are in {', '.join(words[:-1])} and {words[-1]}: add `rates`"


def _together(metric: Metric, sums: Sequence[Sums], rows: int, newest: int | None) -> Converted:
    currencies = sorted({s.currency or "" for s in sums})
    if why := several(metric, sums):
        return Converted(rows, Fraction(0), Fraction(0), newest, None, why)
    x, w = (sum((getattr(s, name) for s in sums), Fraction(0)) for name in ("x", "w"))
    unit = currencies[0] or None if len(currencies) == 1 and metric.field in (None, "value", "amount") else None
    return Converted(rows, x, w, newest, unit if metric.aggregate in MONEY else None)
