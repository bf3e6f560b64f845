"""A grid as records, or the faults of the whole sheet. Pure: the same grid and plan give the same records.

    Grid --Table.records()--> [row, cell, cell, ...] in the order of Plan.slots, every cell a plain text, a list or None

Nothing may be used before everything was read: whoever takes the records asks ``finish`` last, and drops them if it raises.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from connectors.spreadsheet.cells import Convert, converter, filled, text_of
from connectors.spreadsheet.dates import Dates
from connectors.spreadsheet.grid import SHOWN, Faults, Grid, Oddity, Refused, letters
from connectors.spreadsheet.numbers import COLUMN, Odd, shown
from connectors.spreadsheet.plan import FIELD, KEY, Plan, Slot, folded

TOTALS = frozenset({
    "total", "totals", "grand total", "sum", "subtotal", "summe", "gesamt", "gesamtsumme", "gesamtergebnis", "zwischensumme",
    "total général", "total general", "totale", "totaal", "suma", "somme", "average", "durchschnitt", "mittelwert",
})  # fmt: skip
_NO_TOTALS = "Take the row of totals out of the table: it would count everything twice."
_TWICE = "Each row needs a key of its own: correct one of the two, or remove it."
_TWO_VALUES = "Remove one, or name in `key` or `fields` the columns that tell the two apart."

AHEAD = 30
"""Rows in which the headers are looked for, to say where they are."""

Record = list[Any]
"""The row, from 0, and the cells in the order of the plan's slots."""


class _Column(NamedTuple):
    """A column that is read: where it is in the sheet, and where in the rows of the grid."""

    slot: Slot
    place: int
    at: int
    convert: Convert


class Table:
    """Reads one sheet. ``file`` and ``sheet`` (None of a CSV) are their names in messages."""

    def __init__(self, grid: Grid, plan: Plan, file: str, sheet: str | None) -> None:
        self._grid, self._plan, self._file, self._sheet = grid, plan, file, sheet
        self._faults = Faults(file, sheet)
        self._seen: dict[Any, int] = {}
        self._last: tuple[int, Any] = (-1, None)
        roles = {slot.role: number for number, slot in enumerate(plan.slots, 1)}
        self._roles = roles
        self.column: str | None = None
        """The letter of the values' column, known from the first record on"""
        if plan.yields == "values":
            told = [roles[KEY]] if KEY in roles else [number for role, number in roles.items() if role.startswith(FIELD)]
            self._identity = itemgetter(roles["date"], *([roles["series"]] if "series" in roles else []), *told)

    def records(self) -> Iterator[Record]:
        """All records; ``finish`` then tells whether they may be used. Raises ``Refused`` where there is no table at all."""
        columns = self._columns()
        if "value" in self._roles:
            self.column = letters(columns[self._roles["value"] - 1].place)
        self._merged({column.place for column in columns})
        complete = self._value if self._plan.yields == "values" else self._item
        odd, steps = self._grid.odd, [(column.at, column.convert) for column in columns]
        first, width = steps[0][0], max(at for at, _ in steps) + 1
        for row, cells in enumerate(self._grid.rows, self._plan.header):
            if row in odd and self._odd(row, odd[row], columns):
                continue
            if len(cells) < width:
                cells = cells + [""] * (width - len(cells))
            if not filled(cells[first]) and not any(filled(cells[at]) for at, _ in steps):
                continue
            try:
                record = [row, *[convert(cells[at]) for at, convert in steps]]
            except Odd:
                self._unreadable(row, cells, columns)
                continue
            if complete(record, columns):
                yield record

    def finish(self) -> None:
        """Raises ``Refused`` with everything that is wrong."""
        row, key = self._last
        if isinstance(key, str) and folded(key) in TOTALS:
            self._faults.at(f"row {row + 1}", f"{shown(key)} looks like a row of totals", _NO_TOTALS)
        if self._faults:
            raise self._faults.refusal()

    # ---- the header

    def _columns(self) -> list[_Column]:
        """The column of each slot. Raises ``Refused`` with all that are missing or there twice."""
        names = self._headers()
        number, left = self._plan.header, self._grid.left
        missing = []
        for slot in {folded(slot.header): slot for slot in self._plan.slots}.values():
            found = names.get(folded(slot.header), [])
            if len(found) > 1:
                where = " and ".join(f"{letters(place)}{number}" for place, _ in found[:3])
                text = f"the header {shown(slot.header)} is there {len(found)} times"
                self._faults.at(where, text, "Rename the column that is not meant.")
            elif not found:
                missing.append(slot.header)
        if missing:
            taken = {folded(slot.header) for slot in self._plan.slots}
            written = [(text, name in taken) for name, each in names.items() for _, text in each]
            text = f"there is no column {' and no '.join(map(shown, missing[:SHOWN]))}"
            self._faults.at(f"row {number}", text, self._elsewhere() or _renamed(missing, written))
        if self._faults:
            raise self._faults.refusal("Misconfigured")
        dates = Dates(self._plan.zone, self._grid.from_1904)
        found_at = [names[folded(slot.header)][0][0] for slot in self._plan.slots]
        return [_Column(slot, at, at - left, converter(slot, dates)) for slot, at in zip(self._plan.slots, found_at, strict=True)]

    def _elsewhere(self) -> str:
        """The remedy where the headers stand in a row further down; a sheet is given up by then, so its rows may be used up."""
        wanted = {folded(slot.header) for slot in self._plan.slots}
        for row, cells in zip(range(self._plan.header + 1, self._plan.header + AHEAD), self._grid.rows, strict=False):
            if wanted <= {folded(cell) for cell in cells if isinstance(cell, str)}:
                return f"They stand in row {row}: write header = {row} in config.toml."
        return ""

    def _headers(self) -> dict[str, list[tuple[int, str]]]:
        """Folded header -> its places, and how it is written there. Raises ``Refused``."""
        row: list[Any] | None = []
        for _ in range(self._plan.header):
            row = next(self._grid.rows, None)
            if row is None:
                raise self._empty()
        names: dict[str, list[tuple[int, str]]] = {}
        for at, cell in enumerate(row or (), self._grid.left):
            try:
                text = text_of(cell)
            except Odd:
                continue  # a broken header is no header that is looked for
            if text:
                names.setdefault(folded(text), []).append((at, text))
        if not names:
            raise self._empty()
        return names

    def _empty(self) -> Refused:
        where = self._file if self._sheet is None else f"{self._file}, {self._sheet}"
        if self._plan.header > 1:
            text = f"{where} has no headers in row {self._plan.header}"
            return Refused(text, "Correct `header` in config.toml, or the sheet.", "Misconfigured")
        return Refused(f"{where} is empty", "Write the names of the columns into its first row, or copy the file again.")

    def _merged(self, used: set[int]) -> None:
        for first_row, first, last_row, last in self._grid.merged:
            if last_row >= self._plan.header - 1 and used & set(range(first, last + 1)):
                area = f"{letters(first)}{first_row + 1}:{letters(last)}{last_row + 1}"
                self._faults.at(area, "the cells are merged", "Unmerge them, and write the value into each row.")

    # ---- what is wrong with cells

    def _odd(self, row: int, bad: Mapping[int, Oddity], columns: list[_Column]) -> bool:
        """Note cells that have no value, in columns that are read, and a row that does not fit; whether there is any."""
        used = {column.place: column.slot.header for column in columns}
        found = False
        for place, oddity in bad.items():
            if place < 0:
                self._faults.at(f"row {row + 1}", oddity.text, oddity.remedy)
            elif place in used:
                self._faults.cell(row, place, f"{oddity.text} in the column {used[place]}", oddity.remedy)
            else:
                continue
            found = True
        return found

    def _unreadable(self, row: int, cells: list[Any], columns: list[_Column]) -> None:
        for column in columns:
            value = cells[column.at] if column.at < len(cells) else ""
            try:
                column.convert(value)
            except Odd as fault:
                if isinstance(value, str) and folded(value) in TOTALS:
                    self._faults.cell(row, column.place, f"{shown(value)} looks like a row of totals", _NO_TOTALS)
                    return
                header = column.slot.header
                bare = re.fullmatch("[A-Za-z0-9_-]+", header)
                remedy = fault.remedy.replace(COLUMN, header if bare else json.dumps(header, ensure_ascii=False))
                self._faults.cell(row, column.place, f"{fault.reason} in the column {header}", remedy)

    def _item(self, record: Record, columns: list[_Column]) -> bool:
        row, key = record[0], record[self._roles[KEY]]
        column = columns[self._roles[KEY] - 1]
        if key is None:
            remedy = "Write one; or take the row out of the table, if it holds totals or a remark."
            self._faults.cell(row, column.place, f"there is no {column.slot.header} in a row that holds something", remedy)
            return False
        self._last = (row, key)
        return self._single(key, f"the {column.slot.header} {shown(key)}", row, _TWICE)

    def _value(self, record: Record, columns: list[_Column]) -> bool:
        """A row without a value says nothing yet."""
        row = record[0]
        if record[self._roles["value"]] is None:
            return False
        for role in ("date", "series"):
            number = self._roles.get(role)
            if number is not None and record[number] is None:
                column = columns[number - 1]
                remedy = f"Fill in the column {column.slot.header}, or take the row out of the table, if it holds totals."
                self._faults.cell(row, column.place, f"a value without {role}", remedy)
                return False
        identity = self._identity(record)
        day = record[self._roles["date"]]
        series = f" of {shown(record[self._roles['series']])}" if "series" in self._roles else ""
        return self._single(identity, f"a value{series} on {day}", row, _TWO_VALUES)

    def _single(self, identity: Any, what: str, row: int, remedy: str) -> bool:
        before = self._seen.setdefault(identity, row)
        if before == row:
            return True
        self._faults.at(f"row {row + 1}", f"{what} is also in row {before + 1}", remedy)
        return False


def _renamed(missing: list[str], written: list[tuple[str, bool]]) -> str:
    """What may be meant: a header as written in the sheet that is not (True) another column's already."""
    free = {folded(text): text for text, taken in written if not taken}
    for header in missing:
        near = difflib.get_close_matches(folded(header), free, n=1, cutoff=0.6)
        if near:
            like = free[near[0]]
            return f"Did you mean {shown(like)}? Correct the name in config.toml, or in the sheet."
    listed = ", ".join(shown(text)[1:-1] for text, _ in written[:8]) + (
        f" and {len(written) - 8} more" if len(written) > 8 else ""
    )
    return f"Its columns are {listed}. Correct the name in config.toml, or in the sheet."
