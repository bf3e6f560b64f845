"""Records of the parser as the hub's values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from connectors._shared.draft import draft
from connectors.base import MetricValue, WorkItem
from connectors.spreadsheet.plan import FIELD, KEY, STAGE, Plan
from connectors.spreadsheet.table import Record

TOLD_APART = " / "
"""Between the further columns that together tell values of a day apart."""


def _named(plan: Plan, prefix: str) -> list[tuple[str, int]]:
    """(name, place in the record) of the slots with a prefix."""
    found = [(slot.role, number) for number, slot in enumerate(plan.slots, 1)]
    return [(role.removeprefix(prefix), number) for role, number in found if role.startswith(prefix)]


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def item_builder(plan: Plan, partition: str) -> Callable[[Record], WorkItem]:
    """How a record becomes an item: its key is its identity."""
    places = {slot.role: number for number, slot in enumerate(plan.slots, 1)}
    fields, stages = _named(plan, FIELD), _named(plan, STAGE)
    key, containers, nowhere = places[KEY], (partition,), -1
    roles = (
        "title", "url", "type", "status", "parent", "assignee", "estimate", "amount", "currency", "labels", "created", "done",
        "due", "started",
    )  # fmt: skip
    at = [places.get(role, nowhere) for role in roles]
    title, url, type_, status, parent, assignee, estimate, amount, currency, labels, created, done, due, started = at

    def build(record: Record) -> WorkItem:
        cells = [*record, None]
        ident, on = cells[key], cells[due]
        found = draft(
            id=ident, title=cells[title] or ident, key=ident, url=cells[url], type=cells[type_], status=cells[status],
            parent_ref=cells[parent], containers=containers, labels=tuple(cells[labels] or ()), assignee=cells[assignee],
            estimate=cells[estimate], amount=cells[amount], currency=cells[currency], created_at=_instant(cells[created]),
            done_at=_instant(cells[done]), due_on=date.fromisoformat(on) if on else None, started_at=_instant(cells[started]),
            stages={name: datetime.fromisoformat(cells[place]) for name, place in stages if cells[place]},
            fields={name: cells[place] for name, place in fields},
        )  # fmt: skip
        found.__class__ = WorkItem
        return found  # type: ignore[no-any-return]

    return build


def value_builder(plan: Plan, sheet: str, column: str | None) -> Callable[[Record], MetricValue]:
    """How a record becomes a value. ``column`` is the letter of the values in a workbook, None for a CSV file. Without a column
    for it the series is the sheet's name."""
    places = {slot.role: number for number, slot in enumerate(plan.slots, 1)}
    fields = _named(plan, FIELD)
    on, value, told = places["date"], places["value"], places.get(KEY)
    series, unit, by, note = (places.get(role) for role in ("series", "unit", "by", "note"))

    def build(record: Record) -> MetricValue:
        row = record[0] + 1
        further = {name: record[at] for name, at in fields}
        key = record[told] if told is not None else TOLD_APART.join(each or "" for each in further.values())
        return MetricValue(
            series=record[series] if series is not None else sheet,
            on=date.fromisoformat(record[on]),
            value=record[value],
            unit=record[unit] if unit is not None else None,
            key=key or "",
            fields=further,
            by=record[by] if by is not None else None,
            note=record[note] if note is not None else None,
            at=f"{sheet}!{column}{row}" if column else f"row {row}",
        )

    return build
