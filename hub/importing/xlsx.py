"""XLSX, by openpyxl: the texts of its visible sheets as people see them, and what is wrong with a cell: an error, a formula not
calculated."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import cast

from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import coordinate_to_tuple, range_boundaries
from openpyxl.utils.datetime import from_excel

from hub.importing.package import CELLS, Broken, Grid, Large, Part
from hub.importing.text import formatted, plain

_EASTERN = frozenset((*range(27, 37), *range(50, 59)))
"""Built-in formats that are days in East Asian editions of Excel; openpyxl knows only those of the English one."""
_DAYS = 2_958_466
"""To the end of the calendar."""
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f]|005[Ff])_")


class _Reader(ExcelReader):
    """What load_workbook(read_only=True, data_only=True) does, keeping which part a sheet is, and without what cells do not need:
    a file whose chart or author openpyxl does not understand is no worse a sheet."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)

    def read_chartsheet(self, sheet: object, rel: object) -> None:
        pass

    def read_properties(self) -> None:
        pass

    read_custom = read_theme = read_properties


def sheets(data: bytes, parts: Mapping[str, Part]) -> list[tuple[str, Grid]]:
    """(name, cells) of each visible worksheet, in their order; ``parts`` is what the guard found. Raises ``Broken``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what would be lost on saving
        try:
            return _sheets(data, parts)
        except Broken:
            raise
        except Exception as error:  # openpyxl checks little: a damaged file ends in any of a dozen kinds
            damaged = [name for name, part in parts.items() if part.damaged and name.endswith((".xml", ".rels"))]
            raise Broken(f"its part {damaged[0]} is damaged" if damaged else "it is not as Excel writes it") from error


def _sheets(data: bytes, parts: Mapping[str, Part]) -> list[tuple[str, Grid]]:
    reader = _Reader(data)
    reader.read()
    try:
        listed = [(sheet.name, rel.target) for sheet, rel in reader.parser.find_sheets()]
        part_of = dict(listed)
        if len(listed) != len(part_of) or len(listed) != len(set(part_of.values())):
            raise Broken("two sheets of it are one")
        found = []
        for page in reader.wb.worksheets:
            if page.sheet_state != "visible":
                continue
            part = parts[part_of[page.title]]
            if part.damaged:
                raise Broken(f"its part {part_of[page.title]} is damaged")
            page.reset_dimensions()  # what a file says of its size may be wrong
            grid = Grid()
            # No further than the last row: what stands behind, such as filters, often fails and is not needed.
            for row in islice(cast("Iterator[tuple[ReadOnlyCell, ...]]", page.iter_rows()), part.rows):
                for cell in row:
                    if cell.value is not None:
                        _put(grid, cell, reader)
            _complete(grid, part)
            found.append((page.title, grid))
            if sum(each.rows * each.columns for _, each in found) > CELLS:
                raise Large(f"its sheets reach over more than {CELLS:,} cells")
        return found
    finally:
        reader.wb.close()


def _put(grid: Grid, cell: ReadOnlyCell, reader: ExcelReader) -> None:
    at = (cell.row - 1, cell.column - 1)
    if min(at) < 0:
        raise Broken("a cell has no place")
    if cell.data_type == "e":
        grid.put(at, "", str(cell.value))
    elif text := _text(cell, reader):
        grid.put(at, text)


def _text(cell: ReadOnlyCell, reader: ExcelReader) -> str:
    value = cell.value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, date | time | timedelta):
        return plain(value)
    if isinstance(value, int | float):
        if cell.style_array.numFmtId in _EASTERN and 0 <= value < _DAYS:
            return plain(from_excel(value, reader.wb.epoch))
        return formatted(Decimal(str(value)), cell.number_format)
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value))


def _complete(grid: Grid, part: Part) -> None:
    """What only the guard has seen: formulas that nothing calculated, and merged cells."""
    for name in part.formulas:
        row, column = coordinate_to_tuple(name)
        at = (row - 1, column - 1)
        if at not in grid.texts and at not in grid.faults:
            grid.put(at, "", "a formula without a result")
    for written in part.merged:
        left, top, _, bottom = range_boundaries(written)
        if left and top and bottom:
            grid.merged.append((left - 1, top - 1, bottom - 1))
