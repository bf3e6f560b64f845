"""What the library that reads cells does not tell: which cells hold errors, which formulas have no result, which are merged.

It gives an empty cell for the first two, and an empty cell is a value here. A worksheet of an .xlsx is searched with patterns,
block by block, because walking 1,000,000 cells would cost as much as reading them; of an .ods every cell is walked.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import cache
from xml.parsers import expat

from connectors.spreadsheet.grid import UNCALCULATED, Oddity, Refused, column_of, error_of, letters

COLUMNS = 702
"""To column ZZ."""
CELLS = 2_000_000
"""From the first cell of a sheet to its last one."""
BLOCK = 16 * 2**20
"""Bytes without the end of a row, which no row has."""
_REPEATED = 1_000
"""How often a cell that stands for many is noted."""
_FAR = re.compile(rb"""r=["']([A-Z]{3})[0-9]""")
_COLUMN = re.compile(rb"""r=["']([A-Z]{1,2})[0-9]""")
# Patterns end at the next tag, so that no content makes them slow.
_ROW = re.compile(rb"""<(?:\w{1,20}:)?row\s[^<>]{0,200}?\br=["']([0-9]{1,9})["']""")
_F = rb"<(?:\w{1,20}:)?f\b[^<>]{0,500}(?:/>|>[^<]*</(?:\w{1,20}:)?f>)\s*"
_V = rb"(<(?:\w{1,20}:)?v\b[^<>]{0,100}>([^<]*))?"
_FORMULA = re.compile(rb"<(?:\w{1,20}:)?c(\s[^<>]{0,500}|)>\s*" + _F + _V)
_ERROR = re.compile(rb"""<(?:\w{1,20}:)?c(\s[^<>]{0,200}?\bt=["']e["'][^<>]{0,300})>\s*(?:""" + _F + rb")?" + _V)
_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_TYPE = re.compile(rb"""\bt=["'](\w{1,10})["']""")

Odd = dict[int, dict[int, Oddity]]


def limits(file: str, sheet: str, rows: int, columns: int) -> None:
    """Raises ``Refused`` for a sheet that reaches too far."""
    remedy = "Remove what stands far outside of the table, or copy the table into a workbook of its own."
    if columns > COLUMNS:
        where = f"{letters(columns - 1)} is a column of it"
        raise Refused(f"{file}, {sheet} has more than {COLUMNS} columns: {where}", remedy)
    if rows * columns > CELLS:
        text = f"{file}, {sheet} reaches over {rows:,} rows and {columns:,} columns, more than {CELLS:,} cells"
        raise Refused(text, remedy)


class SheetScan:
    """Of one worksheet part: ``odd`` cells, and how far it reaches. ``uncalculated``: a result of 0 may be none."""

    def __init__(self, file: str, sheet: str, *, uncalculated: bool = False) -> None:
        self._file, self._sheet, self._uncalculated = file, sheet, uncalculated
        self.odd: Odd = {}
        self.rows = 0
        self._columns: set[bytes] = set()

    def read(self, chunks: Iterable[bytes]) -> None:
        """The whole part. Raises ``Refused``."""
        rest = b""
        for chunk in chunks:
            rest += chunk
            end = rest.rfind(b"row>")
            if end >= 0:
                self._block(rest[: end + 4])
                rest = rest[end + 4 :]
            elif len(rest) > BLOCK:
                raise Refused(f"{self._file}, {self._sheet} has a row that does not end", "See what writes this file.")
        self._block(rest)
        limits(self._file, self._sheet, self.rows, self.columns)

    @property
    def columns(self) -> int:
        return max((column_of(name.decode()) for name in self._columns), default=-1) + 1

    def _block(self, block: bytes) -> None:
        self._columns.update(_FAR.findall(block))
        for row in block.split(b"row>"):  # cells stand in their order; where they do not, only memory is the limit
            if last := _COLUMN.match(row, row.rfind(b" r=") + 1):
                self._columns.add(last[1])
        if found := _ROW.search(block, max(block.rfind(b"row r=") - 20, 0)):
            self.rows = max(self.rows, int(found[1]))
        if b'"e"' in block or b"'e'" in block:
            for cell in _ERROR.finditer(block):
                self._note(cell[1], _error(cell[3] or b""))
        if b"<f" in block or b":f" in block:
            for cell in _FORMULA.finditer(block):
                self._formula(cell[1], cell[2] is not None, cell[3] or b"")

    def _formula(self, attributes: bytes, has_result: bool, result: bytes) -> None:
        """Note a formula that has none. One that gives an empty text has a result; an error was noted."""
        found = _TYPE.search(attributes)
        kind = found[1] if found else b"n"
        calculated = bool(result.strip()) and not (self._uncalculated and result == b"0")
        if not calculated and kind != b"e" and not (kind == b"str" and has_result):
            self._note(attributes, UNCALCULATED)

    def _note(self, attributes: bytes, oddity: Oddity) -> None:
        place = _PLACE.search(attributes)
        if place is None:
            raise Refused(f"{self._file}, {self._sheet} has a cell without a place: {oddity.text}", oddity.remedy)
        self.odd.setdefault(int(place[2]) - 1, {})[column_of(place[1].decode())] = oddity


@cache
def _error(text: bytes) -> Oddity:
    return error_of(html.unescape(text[:80].decode("utf-8", "replace")) or "an error")


_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")


class OdsScan:
    """The same of one table of an .ods, and its merged areas, which the library does not tell either."""

    def __init__(self, file: str, sheet: str) -> None:
        self._file, self._sheet = file, sheet
        self.odd: Odd = {}
        self.merged: list[tuple[int, int, int, int]] = []
        self._inside = False
        self._row, self._rows = -1, 0
        self._column = 0
        self._failed: tuple[int, int, int] | None = None
        self._said: list[str] | None = None

    def read(self, chunks: Iterable[bytes]) -> None:
        """The whole of ``content.xml``. Raises ``Refused``."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        try:
            for chunk in chunks:
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise Refused(f"{self._file} is damaged: its part content.xml is no XML", "Open it and save it again.") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == f"{_TABLE}table":
            self._inside = attributes.get(f"{_TABLE}name") == self._sheet
        elif not self._inside:
            return
        elif name == f"{_TABLE}table-row":
            self._row += max(self._rows, 1) if self._row >= 0 else 1
            self._rows = _count(attributes.get(f"{_TABLE}number-rows-repeated"))
            self._column = 0
        elif name in _CELLS:
            self._cell(attributes)
        elif name == f"{_TEXT}p" and self._failed is not None:
            self._said = []

    def _cell(self, attributes: dict[str, str]) -> None:
        row, column, times = self._row, self._column, _count(attributes.get(f"{_TABLE}number-columns-repeated"))
        self._column += times
        wide = _count(attributes.get(f"{_TABLE}number-columns-spanned"))
        high = _count(attributes.get(f"{_TABLE}number-rows-spanned"))
        if wide > 1 or high > 1:
            self.merged.append((row, column, row + high - 1, column + wide - 1))
        if attributes.get(f"{_CALC}value-type") == "error":
            self._failed = (row, column, times)
        elif f"{_TABLE}formula" in attributes and f"{_OFFICE}value-type" not in attributes:
            self._note(row, column, times, UNCALCULATED)

    def _text(self, text: str) -> None:
        if self._said is not None:
            self._said.append(text)

    def _end(self, name: str) -> None:
        if name == f"{_TABLE}table":
            self._inside = False
        elif name in _CELLS and self._failed is not None:
            self._note(*self._failed, error_of("".join(self._said or ()) or "an error"))
            self._failed = self._said = None

    def _note(self, row: int, column: int, times: int, oddity: Oddity) -> None:
        for each in range(row, row + min(max(self._rows, 1), _REPEATED)):
            self.odd.setdefault(each, {}).update(dict.fromkeys(range(column, column + min(times, _REPEATED)), oddity))


def _count(written: str | None) -> int:
    return int(written) if written and written.isdecimal() and len(written) < 9 else 1
