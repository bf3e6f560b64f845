"""docs/metrics.md by the words, second half: what is calculated, money, a measured start.

See ``naive`` for what this is. Quotes are from docs/metrics.md; "Chosen:" marks what the words leave open.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from hub.model import ALL, Cycle, Filter, Metric, Rates, fold
from tests.reference.naive_rows import (
    ONE,
    Look,
    Number,
    Row,
    all_lines,
    date_of,
    day,
    ends_at_horizon,
    fits,
    has_dates,
    horizon,
    is_evaluable,
    lies_in,
    number_in,
    of_values,
    rows_of,
    texts_of,
    times_of,
    window,
    year_of,
)
from tests.reference.naive_world import World, cycle_in_force, day_of

# ---- money ----------------------------------------------------------------------------------------------------------------


def rate_for(tables: Iterable[Rates], row: Row) -> Fraction | None:
    """ "Of several tables of that name the one with the latest `since` that is not after the row's date counts (without a date:
    the latest of all)." None for "a row with no currency, a currency without a rate, or one dated before every `since`"."""
    in_force = [t for t in tables if row.on is None or t.since <= row.on]
    if not in_force or row.item.currency is None:
        return None
    table = max(in_force, key=lambda t: t.since)
    if row.item.currency == table.base:
        return Fraction(1)
    rate = table.rates.get(row.item.currency)
    return None if rate is None else Fraction(rate)


def money_field(metric: Metric) -> str | None:
    return metric.field if metric.aggregate in ("sum", "average", "latest") else None


# ---- what is calculated ---------------------------------------------------------------------------------------------------


class Weighed(NamedTuple):
    """A row with its number, times what it is multiplied by, and what it weighs."""

    row: Row
    x: Fraction
    weight: Fraction


def weighed(world: World, metric: Metric, rows: list[Row]) -> tuple[list[Weighed], str]:
    """Those rows that have what they need, and why that cannot be added up, if it cannot. "With `rates`, of `latest` only its own
    row is asked for a currency and a rate." """
    found = []
    for row in rows:
        number = Fraction(1) if metric.aggregate == "count" else number_in(row, metric.field or "value")
        times = times_of(row, metric)
        if number is not None and times is not None:
            found.append(Weighed(row, number, times))
    several = {w.row.item.currency for w in found} if money_field(metric) in ("amount", "value") else set()
    if metric.rates is None and len(several) > 1:
        world.met["several currencies"] += 1
        return [], "currencies"
    if metric.aggregate == "latest":
        found = [w for w in found if w.row.on == newest_of(w.row for w in found)]
    if metric.rates is not None:
        tables = world.mapping.rates[metric.rates]
        converted = []
        for row, number, times in found:
            rate = rate_for(tables, row)
            if rate is None:
                world.met["a missing rate"] += 1
                return [], "rates"
            converted.append(Weighed(row, number * rate, times))
        return converted, ""
    return found, ""


def newest_of(rows: Iterable[Row]) -> date | None:
    return max((r.on for r in rows if r.on is not None), default=None)


def calculate(world: World, metric: Metric, cycle: Cycle, rows: list[Row]) -> Number:
    """The table of "What is calculated" for the rows that lie in the window and fit all lines."""
    whole = is_whole(world, metric, rows)
    if metric.aggregate == "ratio":
        return ratio(world, metric, cycle, rows)
    if metric.aggregate == "nps":
        return nps(metric, rows)
    if metric.aggregate == "days_between":
        return days_between(world, metric, rows)
    if metric.aggregate == "distinct":
        return distinct(world, metric, rows)
    found, why = weighed(world, metric, rows)
    missing = len(rows) - len(found)
    if why:
        return Number(None, why)
    unit = unit_of(world, metric, found)
    if metric.aggregate == "latest":
        return latest(found, missing)._replace(unit=unit)
    if metric.aggregate != "average" and not whole:
        return Number(None, "not read whole")
    if not found and (rows or metric.aggregate == "average" or (metric.aggregate == "sum" and of_values(world, metric))):
        return Number(None, "no row has one" if rows else "no row", missing=missing)
    total = sum((w.x * w.weight for w in found), Fraction(0))
    if metric.aggregate == "average":
        weights = sum((w.weight for w in found), Fraction(0))
        if weights == 0:
            return Number(None, "no weight")
        total /= weights
    return Number(total, "", len(found), newest_of(w.row for w in found), missing, unit)


def is_whole(world: World, metric: Metric, rows: list[Row]) -> bool:
    """ ""Read whole": a complete run over the source has ended. (...) A sheet or query is taken over as a whole, so what is there
    of it counts at once." """
    return metric.source in world.whole or (bool(rows) and of_values(world, metric))


def unit_of(world: World, metric: Metric, found: list[Weighed]) -> str | None:
    """ "All others are in the unit of their rows." """
    if metric.rates is not None:
        return world.mapping.rates[metric.rates][0].base
    currencies = (
        {w.row.item.currency for w in found if w.row.item.currency} if money_field(metric) in ("amount", "value") else set()
    )
    return currencies.pop() if currencies else metric.unit


def latest(found: list[Weighed], missing: int) -> Number:
    """ "FIELD of the row with the latest date", "unmeasured when there is none; or several on that day" """
    if not found:
        return Number(None, "no row", missing=missing)
    if len(found) > 1:
        return Number(None, "several on that day")
    return Number(found[0].x, "", 1, found[0].row.on)


def distinct(world: World, metric: Metric, rows: list[Row]) -> Number:
    """ "how many different texts (without regard to case) FIELD has; a row may have several" """
    having = [r for r in rows if texts_of(r, metric.field or "")]
    if not is_whole(world, metric, having):
        return Number(None, "not read whole")
    different = {fold(text) for r in having for text in texts_of(r, metric.field or "")}
    return Number(Fraction(len(different)), "", len(having), newest_of(having), len(rows) - len(having))


def ratio(world: World, metric: Metric, cycle: Cycle, rows: list[Row]) -> Number:
    """ "rows for which the lines of `of` hold / rows for which those of `to` hold"; "with `unit = "%"` it is 100 times that" """
    of = [r for r in rows if fits(world, cycle, r.item, metric.of)]
    to = [r for r in rows if fits(world, cycle, r.item, metric.to)]
    if not to:
        return Number(None, "no row")
    used = [r for r in rows if r in of or r in to]
    return Number(Fraction(len(of), len(to)) * (100 if metric.unit == "%" else 1), "", len(used), newest_of(used))


def nps(metric: Metric, rows: list[Row]) -> Number:
    """ "100 x (rows with 9 or 10 - rows with 0 to 6) / rows with 0 to 10; others are invalid and left out" """
    scores = [(r, number_in(r, metric.field or "")) for r in rows]
    valid = [(r, s) for r, s in scores if s is not None and 0 <= s <= 10]
    if not valid:
        return Number(None, "no row", missing=len(rows))
    promoters, detractors = sum(s in (9, 10) for _, s in valid), sum(s <= 6 for _, s in valid)
    value = 100 * Fraction(promoters - detractors, len(valid))
    return Number(value, "", len(valid), newest_of(r for r, _ in valid), len(rows) - len(valid))


def day_in(world: World, row: Row, name: str) -> date | None:
    """ "(dates as in `dated`)"; of a value "`created` and `done` its date; it has no other fields" but its columns."""
    if row.value is not None and not name.startswith("field."):
        return row.value.on if name in ("created", "done") else None
    return date_of(world, row.item, name)


def days_between(world: World, metric: Metric, rows: list[Row]) -> Number:
    """ "the mean of the days from A to B, over rows that have both" """
    assert metric.between is not None
    pairs = [(r, *(day_in(world, r, name) for name in metric.between)) for r in rows]
    both = [(r, (b - a).days) for r, a, b in pairs if a is not None and b is not None]
    if not both:
        return Number(None, "no row has both", missing=len(rows))
    mean = Fraction(sum(days for _, days in both), len(both))
    return Number(mean, "", len(both), newest_of(r for r, _ in both), len(rows) - len(both))


def measure(world: World, metric: Metric, narrowed: Filter, cycle: Cycle, look: Look | None) -> Number:
    """The metric over the days of a look; None where there is no such window. "Without `dated`, items have no date: they count as
    they are now, whatever the window." """
    if look is None and has_dates(world, metric):
        return Number(None, "no next cycle")
    if not is_evaluable(world, metric, all_lines((metric.rows, narrowed, metric.of, metric.to))):
        world.met["a line that cannot be evaluated"] += 1
        return Number(None, "not evaluable")
    rows = [r for r in rows_of(world, metric) if fits(world, cycle, r.item, metric.rows) and fits(world, cycle, r.item, narrowed)]
    if look is not None and has_dates(world, metric):
        rows = [r for r in rows if lies_in(r, look)]
    return calculate(world, metric, cycle, rows)


def current(world: World, metric: Metric, narrowed: Filter, cycle: Cycle) -> Number:
    return measure(world, metric, narrowed, cycle, window(world, metric, cycle))


def alone(world: World, metric: Metric) -> Number | None:
    """ "a metric that no key result uses stands alone"; "`"cycle"` in a line is (...) for a metric that stands alone the cycle
    in force" """
    cycle = cycle_in_force(world)
    return None if cycle is None else current(world, metric, ALL, cycle)


# ---- a measured start -----------------------------------------------------------------------------------------------------


def cycle_before(world: World, cycle: Cycle) -> Cycle | None:
    """ "the cycle that ended last before it (of several the one nearest to it in length, then the one that began last)" """
    earlier = [c for c in world.mapping.cycles.values() if c.ends < cycle.starts]
    ended_last = [c for c in earlier if c.ends == max(e.ends for e in earlier)]
    own = (cycle.ends - cycle.starts).days
    ranked = sorted(ended_last, key=lambda c: (abs((c.ends - c.starts).days - own), (cycle.starts - c.starts).days, c.id))
    return ranked[0] if ranked else None


def window_before(world: World, metric: Metric, cycle: Cycle) -> Look:
    """ "A window that goes by the cycle is then that of the days before: `cycle` becomes the cycle that ended last before it
    (without one: as many days before it as it has), `next cycle` the cycle itself, `year` the part of the year before the cycle
    began (nothing, if they begin together: then the year before), `28d` the 28 days before."

    Chosen: "with nothing younger" holds of `next cycle` for values only. The year before has the same days one year earlier.
    """
    last = cycle.starts - ONE
    if metric.window == "cycle":
        before = cycle_before(world, cycle)
        if before is not None:
            return Look(before.starts, before.ends)
        return Look(cycle.starts - ((cycle.ends - cycle.starts).days + 1) * ONE, last)
    if metric.window == "next cycle":
        return Look(cycle.starts, last if of_values(world, metric) else cycle.ends)
    if metric.window == "year":
        first = year_of(world, cycle).first
        assert first is not None
        return Look(first if first < cycle.starts else first.replace(year=first.year - 1), last)
    if metric.window == "all":
        return Look(None, last)
    return Look(last - (int(metric.window.removesuffix("d")) - 1) * ONE, last)


def has_begun(world: World, cycle: Cycle) -> bool:
    return cycle.starts <= day_of(world, world.as_of)


def measured_start(world: World, metric: Metric, narrowed: Filter, cycle: Cycle) -> Number:
    """ "the metric's value as it was when the cycle began"; "a metric over items without `dated` has no past, so its start is
    what the first evaluation in the cycle measured. If nothing was measured before the cycle, the start is the first value
    dated within it (`latest` only)." """
    if not has_begun(world, cycle):
        return Number(None, "has not begun")
    if not has_dates(world, metric):
        return current(world, metric, narrowed, cycle)
    look = window_before(world, metric, cycle)
    before = measure(world, metric, narrowed, cycle, look)
    if before.value is not None or metric.aggregate != "latest" or before.why != "no row":
        return before
    return first_within(world, metric, narrowed, cycle)


def first_within(world: World, metric: Metric, narrowed: Filter, cycle: Cycle) -> Number:
    """Chosen: not after the day, of items neither."""
    last = horizon(world, metric, cycle) if ends_at_horizon(world, metric) else day(world, cycle)
    days = sorted({r.on for r in rows_of(world, metric) if r.on is not None and cycle.starts <= r.on <= last})
    for one in days:
        found = measure(world, metric, narrowed, cycle, Look(one, one))
        if found.why != "no row":
            world.met["the first value within the cycle as start"] += found.value is not None
            return found
    return Number(None, "no row")
