"""CSV files beside the mapping files: a header row and cells, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from hub.errors import Problem
from hub.model import fold

_SEPARATORS = (",", ";", "\t")
_SHOWN = 40


class Cell(NamedTuple):
    """One cell without the blanks around it; ``line`` and ``column`` count from 1, ``width`` is that of what is written."""

    text: str
    line: int
    column: int
    width: int


class Row(NamedTuple):
    """``line`` is the first of a row; a cell in quotes may go on on the next. ``cells`` are those of the header's columns."""

    line: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV text, understood. ``columns`` are folded, ``names`` as written."""

    name: str
    columns: tuple[str, ...]
    names: tuple[Cell, ...]
    rows: tuple[Row, ...]


def read_csv(name: str, text: str) -> CsvFile | list[Problem]:
    """Parse a text: separated by comma, semicolon or tab, whichever its header has most of. All its mistakes come back."""
    problems: list[Problem] = []
    rows = _rows(name, text, problems)
    if not rows:
        if not problems:
            remedy = "Write the names of the columns into the first row."
            problems.append(Problem(name, 1, "The file is empty.", remedy, column=1))
        return problems
    header, *body = rows
    columns = _columns(name, header, problems)
    for row in body:
        over = next((c for c in row.cells[len(columns) :] if c.text), None)
        if over is not None:
            text = f"The row has more cells than the header has columns ({len(columns)})."
            remedy = "Put a text that holds the separator in quotes, or name the column in the header."
            problems.append(_at(name, over, text, remedy))
    if not body and not problems:
        problems.append(
            Problem(name, header.line, "The file has a header and no row.", "Add a row, or remove the file.", column=1)
        )
    return problems or CsvFile(name, columns, header.cells, tuple(_filled(row, len(columns)) for row in body))


def _at(name: str, cell: Cell, text: str, remedy: str) -> Problem:
    return Problem(name, cell.line, text, remedy, column=cell.column, width=cell.width)


def _columns(name: str, header: Row, problems: list[Problem]) -> tuple[str, ...]:
    seen: dict[str, Cell] = {}
    for cell in header.cells:
        if not cell.text:
            problems.append(_at(name, cell, "A column has no name.", "Name it in the first row, or remove the column."))
        elif fold(cell.text) in seen:
            text = f'Two columns are called "{_short(cell.text)}"; case makes no difference.'
            problems.append(_at(name, cell, text, "Give one of the two another name, or remove it."))
        seen.setdefault(fold(cell.text), cell)
    return tuple(fold(cell.text) for cell in header.cells)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _filled(row: Row, width: int) -> Row:
    """Cells that are missing at the end are empty; empty ones beyond the header are dropped."""
    cells = row.cells[:width]
    if len(cells) == width:
        return row if len(row.cells) == width else Row(row.line, cells)
    last = cells[-1]
    return Row(row.line, cells + (Cell("", last.line, last.column, last.width),) * (width - len(cells)))


# ---- rows and cells -------------------------------------------------------------------------------------------------------


@cache
def _cell(separator: str) -> re.Pattern[str]:
    """A cell with what ends it: in quotes, where a doubled quote is one, or up to the next separator."""
    blank = r"[ \t]*" if separator != "\t" else " *"
    return re.compile(rf'{blank}"((?:[^"]|"")*+)"{blank}(?={separator}|\n|\Z)|([^{separator}\n]*)')


def _separator(text: str) -> str:
    line = re.sub(r'"[^"]*"', "", text.lstrip("\n").partition("\n")[0])
    return max(_SEPARATORS, key=line.count)  # the first of equals


def _rows(name: str, text: str, problems: list[Problem]) -> list[Row]:
    """The rows that hold anything."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    separator = _separator(text)
    cell = _cell(separator)
    rows: list[Row] = []
    cells: list[Cell] = []
    at = start = 0
    line = first = 1
    while True:
        found = cell.match(text, at)
        assert found is not None  # the second alternative holds everywhere
        quoted, plain = found[1], found[2]
        if plain is not None and plain.lstrip().startswith('"'):
            quote = Cell("", line, at - start + len(plain) - len(plain.lstrip()) + 1, 1)
            remedy = "Close it at the end of the cell, and write a quote inside it twice."
            problems.append(_at(name, quote, "A cell is opened with a quote that does not end it.", remedy))
            return rows
        written = plain if quoted is None else found[0]
        shown = written.strip().partition("\n")[0]
        column = at - start + len(written) - len(written.lstrip()) + 1
        value = plain.strip() if quoted is None else quoted.replace('""', '"').strip()
        cells.append(Cell(value, line, column, max(len(shown), 1)))
        if quoted is not None and (breaks := written.count("\n")):
            line += breaks
            start = at + written.rfind("\n") + 1
        at = found.end()
        if at < len(text) and text[at] == separator:
            at += 1
            continue
        if any(c.text for c in cells):
            rows.append(Row(first, tuple(cells)))
        if at >= len(text):
            return rows
        at += 1
        line += 1
        first, start, cells = line, at, []
