"""What the columns of a result say that its rows are, and the rows as values or work items. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Literal

from connectors.base import BadData, MetricValue, Misconfigured, SourceError, WorkItem
from connectors.sql import cells
from connectors.sql.query import Query

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
STAGE = "stage:"
KEY_LENGTH = 200
"""Characters of a key that is made of several columns; a longer one is a digest."""

Record = MetricValue | WorkItem

CATEGORIES = {
    **dict.fromkeys(("todo", "to do", "new", "open"), "new"),
    **dict.fromkeys(("doing", "in progress", "indeterminate"), "indeterminate"),
    **dict.fromkeys(("done", "dropped"), "done"),
}
"""Words of a ``state`` column, as the categories that the core knows."""
DROPPED = "Won't Do"

VALUE_COLUMNS = frozenset({"date", "value", "series", "metric", "unit", "by", "note", "key"})
ITEM_COLUMNS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "title": ("title", cells.text), "status": ("status", cells.text), "resolution": ("resolution", cells.text),
    "amount": ("amount", cells.optional), "currency": ("currency", cells.text), "estimate": ("estimate", cells.optional),
    "assignee": ("assignee", cells.text), "type": ("type", cells.text), "labels": ("labels", cells.texts),
    "parent": ("parent_ref", cells.text), "url": ("url", cells.text),
}  # fmt: skip
TIMES = {"created": "created_at", "updated": "updated_at", "started": "started_at", "done": "done_at"}
ITEM_NAMES = ("id", "key", "state", "category", "due", *ITEM_COLUMNS, *TIMES)


@dataclass(frozen=True, slots=True)
class Shape:
    """What each column is: its place in a row by its folded name, and further columns by the name that rules use."""

    query: Query
    zone: tzinfo
    yields: Literal["items", "values"]
    columns: Mapping[str, int]
    fields: Mapping[str, int]
    stages: Mapping[str, int]

    def record(self, number: int, row: Sequence[Any]) -> Record:
        """Row ``number`` (from 1) as a value or an item. Raises ``BadData`` that names query, row and column."""
        reader = _Row(self, number, row)
        return reader.value() if self.yields == "values" else reader.item()

    def identity(self, record: Record) -> str:
        """What no two rows may share."""
        if isinstance(record, WorkItem):
            return record.id
        return "\0".join((record.series, record.on.isoformat(), record.key))

    def doubled(self, first: int, second: int, record: Record) -> BadData:
        """The error for two rows of one identity."""
        if isinstance(record, WorkItem):
            what, hint = f"the same key {cells.shown(record.key or record.id)}", "Give every row a key of its own."
        else:
            named = f" and the key {cells.shown(record.key)}" if record.key else ""
            what = f"the same date {record.on}{named}"
            hint = "Add the column that tells them apart, or a column `key`, or sum them up with GROUP BY."
        return BadData(f"{self.query.file}, rows {first} and {second} have {what}", hint=hint)


def shape(query: Query, columns: Sequence[str], renamed: Mapping[str, str], zone: tzinfo) -> Shape:
    """What the columns say. ``renamed``: our name -> column; ``zone``: of days and times that say none. Raises
    ``Misconfigured``."""
    places: dict[str, int] = {}
    for at, column in enumerate(columns):
        if column.casefold() in places:
            hint = "Name the columns one by one, each with a name of its own: ... AS name."
            raise Misconfigured(f"{query.file}: two columns have the name {column}", hint=hint)
        places[column.casefold()] = at
    ours = {column.casefold(): name for name, column in renamed.items()}
    free = {name: at for name, at in places.items() if name not in ours}
    if {"date", "value"} <= free.keys():
        yields: Literal["items", "values"] = "values"
        known = {name for name in VALUE_COLUMNS if name in free}
        if {"series", "metric"} <= known:
            raise Misconfigured(f"{query.file}: `series` and `metric` mean the same", hint="Leave one of the two columns out.")
    elif "key" in free or "id" in free:
        yields = "items"
        known = {name for name in ITEM_NAMES if name in free}
        if {"state", "category"} <= known:
            raise Misconfigured(f"{query.file}: `state` and `category` mean the same", hint="Leave one of the two columns out.")
    else:
        raise _neither(query, columns, free)
    stages = {columns[at][len(STAGE) :].strip(): at for name, at in free.items() if name.startswith(STAGE) and yields == "items"}
    fields: dict[str, int] = {}
    for column, at in places.items():
        if column in known or at in stages.values():
            continue
        name = ours.get(column, column)
        if name in fields:
            hint = "Give the name in `fields` to no column, or the other column another one."
            raise Misconfigured(f"{query.file}: two columns would be the field {name}", hint=hint)
        fields[name] = at
    for name, at in fields.items():
        if not NAME.fullmatch(name):
            hint = "Give it one of letters, digits, - and _: ... AS name."
            raise Misconfigured(f"{query.file}: the column {columns[at]!r} needs another name", hint=hint)
    return Shape(query, zone, yields, {name: free[name] for name in known}, fields, stages)


def _neither(query: Query, columns: Sequence[str], free: Mapping[str, int]) -> Misconfigured:
    half = next((name for name in ("date", "value") if name in free), None)
    other = {"date": "value", "value": "date"}.get(half or "")
    what = f"there is a column `{half}`, but no column `{other}`" if half else f"the columns are {', '.join(columns)[:200]}"
    return Misconfigured(
        f"{query.file}: {what}",
        hint="Values need `date` and `value`, work items a `key`: name columns with ... AS date.",
    )


class _Row:
    """Reads one row, and says where what is wrong stands."""

    def __init__(self, shape: Shape, number: int, row: Sequence[Any]) -> None:
        self._shape, self._number, self._row = shape, number, row

    def _cell(self, column: str, read: Callable[[Any], Any], default: Any = None) -> Any:
        at = self._shape.columns.get(column)
        return default if at is None else self._read(column, at, read)

    def _read(self, column: str, at: int, read: Callable[[Any], Any]) -> Any:
        try:
            return read(self._row[at])
        except cells.Wrong as wrong:
            where = f"{self._shape.query.file}, row {self._number}, column {column}"
            raise BadData(f"{where}: {wrong}", hint=wrong.remedy) from None

    def _day(self, cell: Any) -> date:
        return cells.day(cell, self._shape.zone)

    def _due(self, cell: Any) -> date | None:
        return None if cell is None or cell == "" else self._day(cell)

    def _instant(self, cell: Any) -> datetime | None:
        return cells.instant(cell, self._shape.zone)

    def _fields(self) -> dict[str, Any]:
        return {name: self._read(name, at, cells.plain) for name, at in self._shape.fields.items()}

    def value(self) -> MetricValue:
        fields = self._fields()
        series = self._cell("series", cells.needed) or self._cell("metric", cells.needed) or self._shape.query.name
        return MetricValue(
            series,
            self._cell("date", self._day),
            self._cell("value", cells.number),
            self._cell("unit", cells.text),
            self._cell("key", cells.needed) or key_of(fields),
            fields,
            self._cell("by", cells.text),
            self._cell("note", cells.text),
            f"row {self._number}",
        )

    def item(self) -> WorkItem:
        identity, key = self._cell("id", cells.needed), self._cell("key", cells.needed)
        name = self._shape.query.name
        read = {field: self._cell(column, how) for column, (field, how) in ITEM_COLUMNS.items() if column in self._shape.columns}
        read |= {field: self._cell(column, self._instant) for column, field in TIMES.items() if column in self._shape.columns}
        stages: dict[str, datetime] = {}
        for stage, at in self._shape.stages.items():
            entered = self._read(f"{STAGE}{stage}", at, self._instant)
            if entered is not None:
                stages[stage] = entered
        state = self._cell("state", cells.text) or self._cell("category", cells.text)
        if state is not None and state.casefold() == "dropped":
            read["resolution"] = read.get("resolution") or DROPPED
        return WorkItem(
            id=f"{name}:{identity or key}",  # keys of two tables may be the same
            key=key or identity,
            category=state and CATEGORIES.get(state.casefold(), state),
            containers=(name,),
            due_on=self._cell("due", self._due),
            stages=stages,
            fields=self._fields(),
            **{**read, "title": read.get("title") or key or identity},
        )


def key_of(fields: Mapping[str, Any]) -> str:
    """The key of a value that has none of its own: its further columns by name, so that their order does not matter."""
    parts = [f"{_quoted(name)}={_quoted(_canonical(fields[name]))}" for name in sorted(fields) if fields[name] is not None]
    key = ";".join(parts)
    return key if len(key) <= KEY_LENGTH else hashlib.blake2b(key.encode("utf-8"), digest_size=16).hexdigest()


def _canonical(value: Any) -> str:
    return "[" + ",".join(_quoted(_canonical(each)) for each in value) + "]" if isinstance(value, list) else str(value)


def _quoted(text: str) -> str:
    for sign in "\\;=,":
        text = text.replace(sign, f"\\{sign}")
    return text


def too_many(query: Query, rows: int) -> SourceError:
    """The error for a result beyond the cap of rows."""
    return Misconfigured(
        f"{query.file} gives more than {rows:,} rows", hint="Sum up in the query (GROUP BY), or read fewer days."
    )


def too_large(query: Query, megabytes: int) -> SourceError:
    """The error for a result beyond the cap of bytes."""
    return Misconfigured(f"{query.file} gives more than {megabytes} MB", hint="Select fewer columns, or sum up in the query.")
