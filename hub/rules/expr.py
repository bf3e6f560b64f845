"""The variables of expressions: an item in values that CEL knows."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.model import DATES, Item, fold
from hub.rules.cel import Compiled
from hub.rules.days import Calendar, Window, day_after, instant_of, midnight
from hub.rules.fields import Reading, named_texts, number_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = {"item_type": "type", "labels": "label", "components": "component", "sprints": "sprint"}
"""Variables whose name is not that of the condition."""


def evaluate(expr: Compiled, reading: Reading, calendar: Calendar, cycle: int | None) -> bool | str:
    """As ``Compiled.evaluate``, for an item in a cycle; without any cycle an expression that names it is false."""
    if expr.cyclic and cycle is None:
        return False
    if reading.data is None:
        reading.data = {}
    data = reading.data
    for name in expr.names:
        if name not in data and not name.startswith("cycle_"):
            data[name] = _VARIABLES.get(name, _texts_of)(reading, name)
    given = {name: data[name] for name in expr.names if name in data}
    if expr.cyclic and cycle is not None:
        first, past = _window(calendar, cycle)
        given |= {"cycle_start": _moment(first), "cycle_end": _moment(past)}
    return expr.evaluate(given)


def _window(calendar: Calendar, cycle: int) -> Window:
    one = calendar.cycles[cycle]
    return midnight(one.starts, calendar.zone), day_after(one.ends, calendar.zone)


def _moment(at: int) -> datetime | None:
    try:
        moment = _EPOCH + timedelta(milliseconds=at)
    except OverflowError:
        return None
    return moment if moment.year > 1 else None  # CEL's own calendar ends there


def _texts_of(reading: Reading, name: str) -> list[str]:
    return list(reading.fields.read(_FIELDS.get(name, name), reading.item, reading.context) or ())


def _first(reading: Reading, name: str) -> str:
    found = _texts_of(reading, name)
    return found[0] if found else ""


def _dates(reading: Reading, _name: str) -> dict[str, datetime]:
    found: dict[str, datetime | None] = {}
    for name, texts in _named(reading.item):
        at = instant_of(texts[0], reading.fields.zone)
        found[name] = _moment(at) if at is not None else None
    for field in DATES:
        at = reading.fields.instant(field, reading.item, reading.context)
        found[field] = _moment(at) if at is not None else None
    return {name: moment for name, moment in found.items() if moment is not None}


def _numbers(reading: Reading, _name: str) -> dict[str, float]:
    found = {name: number_of(texts[0]) for name, texts in _named(reading.item)}
    found |= {name: reading.fields.number(name, reading.item) for name in ("estimate", "amount")}
    found["level"] = Decimal(reading.item.level)
    floats = {name: float(number) for name, number in found.items() if number is not None}
    return {name: number for name, number in floats.items() if math.isfinite(number)}


def _named(item: Item) -> list[tuple[str, tuple[str, ...]]]:
    """The item's own fields that say one thing, by the name as written and folded."""
    texts = [(name, named_texts(item, name)) for name in item.fields]
    return [(n, each) for name, each in texts if len(each) == 1 for n in dict.fromkeys((fold(name), name))]


def _own(reading: Reading, _name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in reading.item.fields.items():
        known = _known(value)
        if known is not None:
            found[name] = found[fold(name)] = known
    return found


def _known(value: Any) -> Any:
    """A value that CEL takes, None for others: one that it does not take would spoil the whole map."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 63 else None
    if isinstance(value, (float, Decimal)):
        return float(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [known for one in value if (known := _known(one)) is not None]
    if isinstance(value, dict):
        return {key: known for key, one in value.items() if isinstance(key, str) and (known := _known(one)) is not None}
    return None


_VARIABLES: dict[str, Callable[[Reading, str], Any]] = {
    "title": lambda r, _: r.item.title,
    "status": _first,
    "state": lambda r, _: r.context.state,
    "item_type": _first,
    "source": lambda r, _: r.item.source,
    "key": lambda r, _: r.item.key or "",
    "assignee": lambda r, _: r.item.assignee or "",
    "team": lambda r, _: r.context.team or "",
    "dates": _dates,
    "numbers": _numbers,
    "fields": _own,
}
