"""docs/metrics.md by the words, first half: rows, dates, windows, and what a row holds.

See ``naive`` for what this is. Quotes are from docs/metrics.md; "Chosen:" marks what the words leave open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hub.model import Condition, Cycle, Filter, Item, Metric, Value, fold
from tests.reference.naive_rules import line_holds, plain_number, read_day, read_number, right_field
from tests.reference.naive_state import closed_at, has_field, named_field, own_state
from tests.reference.naive_world import World, day_of, is_duplicate, next_cycle

ONE = timedelta(days=1)


class Row(NamedTuple):
    """``item`` is the item, or the value in the shape of one. ``on`` is the date by which windows take it."""

    item: Item
    value: Value | None
    on: date | None


class Look(NamedTuple):
    """Which days are looked at, both included; None is open."""

    first: date | None
    last: date | None


class Number(NamedTuple):
    """``value`` is None while it is unmeasured, and ``why`` then is a word for the reason. ``rows`` are those in use."""

    value: Fraction | None
    why: str = ""
    rows: int = 0
    newest: date | None = None
    missing: int = 0
    unit: str | None = None


# ---- rows -----------------------------------------------------------------------------------------------------------------


def of_values(world: World, metric: Metric) -> bool:
    """ "With `query` or `series` they are the values of that series (...), and for a source that has values and no items, its
    values." """
    if metric.series is not None:
        return True
    return not any(i.source == metric.source for i in world.items.values()) and any(
        v.source == metric.source for v in world.values
    )


def as_item(world: World, number: int, value: Value) -> Item:
    """ "Of a value, `field.NAME` reads its further columns, `amount` its value, `created` and `done` its date" """
    noon = datetime.combine(value.on, time(12), ZoneInfo(world.mapping.timezone))
    at = int(noon.timestamp()) * 1000
    return Item(
        -number,
        value.source,
        f"value {number}",
        amount=value.value,
        created_at=at,
        done_at=at,
        category="done",
        fields=value.fields,
        currency=value.unit,
    )


def rows_of(world: World, metric: Metric) -> list[Row]:
    """ "The rows of a metric are the items of its source that have not left" (the world has no others); "a duplicate is no
    row". "A value is dated by its own date, whatever `dated` says." """
    if of_values(world, metric):
        return [
            Row(as_item(world, n, v), v, v.on)
            for n, v in enumerate(world.values, 1)
            if v.source == metric.source and (metric.series is None or fold(v.series) == fold(metric.series))
        ]
    own = [i for i in world.items.values() if i.source == metric.source and not is_duplicate(world, i)]
    return [Row(i, None, date_of(world, i, metric.dated) if metric.dated else None) for i in own]


def is_evaluable(world: World, metric: Metric, lines: Iterable[Condition]) -> bool:
    """ "A line on a field that the source does not have is not evaluable: no row takes part, and the metric is unmeasured and
    says so." """
    any_row = Item(-1 if of_values(world, metric) else 1, metric.source, "")
    for line in lines:
        rights = [right_field(c) for test in line.tests for c in test.comparisons]
        if not all(has_field(world, any_row, name) for name in (line.field, *(r for r in rights if r is not None))):
            return False
    return True


def all_lines(filters: Iterable[Filter]) -> list[Condition]:
    return [line for one in filters for line in (*one.when, *one.unless)]


def fits(world: World, cycle: Cycle, item: Item, lines: Filter) -> bool:
    """ "A row takes part when every `when` line holds and no `unless` line does" """
    holds: Callable[[Condition], bool | None] = lambda line: line_holds(world, cycle, item, line)  # noqa: E731
    return all(holds(line) is True for line in lines.when) and all(holds(line) is False for line in lines.unless)


# ---- dates ----------------------------------------------------------------------------------------------------------------


def date_of(world: World, item: Item, dated: str) -> date | None:
    """ "`created`, `started` (when work began), `done`, `closed`, `due`, `stage:NAME` (when it first entered that stage),
    `field.NAME` (a day or instant). (...) `closed` is the day of closing of a done or dropped item, `done` that of a done one"

    Chosen: of a field with several values the first that reads as a day.
    """
    if dated == "due":
        return date.fromisoformat(item.due) if item.due else None
    if dated.startswith("field."):
        days = [read_day(world, text) for text in named_field(item, dated.removeprefix("field."))]
        return next((day for day in days if day is not None), None)
    at: int | None = None
    if dated == "created":
        at = item.created_at
    elif dated == "started":
        at = item.started_at
    elif dated.startswith("stage:"):
        at = item.stages.get(fold(dated.removeprefix("stage:")))
    elif own_state(world, item) == "done" or (dated == "closed" and own_state(world, item) == "dropped"):
        at = closed_at(item)
    return day_of(world, at) if at is not None else None


def day(world: World, cycle: Cycle) -> date:
    """ "The *day* of a calculation is the day of `as_of`, or the last day of the cycle if that is earlier." """
    return min(day_of(world, world.as_of), cycle.ends)


def horizon(world: World, metric: Metric, cycle: Cycle) -> date:
    """ "The *horizon* is the day of `as_of` less `settle`, or the last day of the cycle if that is earlier" """
    return min(day_of(world, world.as_of) - metric.settle * ONE, cycle.ends)


def ends_at_horizon(world: World, metric: Metric) -> bool:
    """ "A window ends at the horizon where that is earlier, if `settle` is given or the rows are values." """
    return metric.settle > 0 or of_values(world, metric)


def year_of(world: World, cycle: Cycle) -> Look:
    """ "those of the outermost cycle around it (by `parent`); without one, the calendar year in which it begins" """
    if cycle.parent is None:
        return Look(date(cycle.starts.year, 1, 1), date(cycle.starts.year, 12, 31))
    outermost = cycle
    while outermost.parent is not None:
        outermost = world.mapping.cycles[fold(outermost.parent)]
    return Look(outermost.starts, outermost.ends)


def written_window(world: World, metric: Metric, cycle: Cycle) -> Look | None:
    """Before the horizon cuts it. None where there is no such cycle."""
    if metric.window == "cycle":
        return Look(cycle.starts, cycle.ends)
    if metric.window == "next cycle":
        after = next_cycle(world, cycle)
        return None if after is None else Look(after.starts, after.ends)
    if metric.window == "year":
        return year_of(world, cycle)
    if metric.window == "all":
        return Look(None, cycle.ends)
    last = horizon(world, metric, cycle)
    return Look(last - (int(metric.window.removesuffix("d")) - 1) * ONE, last)


def window(world: World, metric: Metric, cycle: Cycle) -> Look | None:
    written = written_window(world, metric, cycle)
    if written is None or not ends_at_horizon(world, metric):
        return written
    assert written.last is not None
    return Look(written.first, min(written.last, horizon(world, metric, cycle)))


def lies_in(row: Row, look: Look) -> bool:
    return row.on is not None and (look.first is None or look.first <= row.on) and (look.last is None or row.on <= look.last)


def has_dates(world: World, metric: Metric) -> bool:
    return metric.dated is not None or of_values(world, metric)


# ---- what a row holds -----------------------------------------------------------------------------------------------------


def texts_of(row: Row, field: str) -> list[str]:
    """ "FIELD is `value` (of a value; of an item its amount), `amount`, `estimate`, `probability`, or `field.NAME`."

    Chosen: the probability of an item is its field of that name.
    """
    item = row.item
    if field.startswith("field."):
        return named_field(item, field.removeprefix("field."))
    if row.value is not None:
        return [row.value.value] if field in ("value", "amount") else []
    if field == "probability":
        return named_field(item, "probability")
    text = item.estimate if field == "estimate" else item.amount
    return [text] if text else []


def number_in(row: Row, field: str) -> Fraction | None:
    """ "A text that is no plain decimal number counts as missing." Chosen: of several texts the first that is one."""
    read = (lambda t: plain_number(t, 1_000_000_000)) if field == "estimate" else read_number
    return next((n for text in texts_of(row, field) if (n := read(text)) is not None), None)


def times_of(row: Row, metric: Metric) -> Fraction | None:
    """ "As `times`, `probability` is a share from 0 to 1: a number over 1 is taken as a percentage, one over 100 or under 0 is
    invalid and counts as missing." """
    if metric.times is None:
        return Fraction(1)
    number = number_in(row, metric.times)
    if metric.times != "probability" or number is None:
        return number
    if number < 0 or number > 100:
        return None
    return number / 100 if number > 1 else number
