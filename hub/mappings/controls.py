"""Control characters: no text of the grammar has more than one line, databases refuse some of them, and terminals obey others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hub.errors import Problem
from hub.mappings.csvfile import Cell, CsvFile
from hub.mappings.draft import Draft
from hub.mappings.files import is_csv
from hub.tomlfile import Table
from hub.tomlfile.locate import Path

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""The same without what an expression, and a cell that nobody reads, may have between its words."""
_NAMES = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}
_REMEDY = "Remove it: a text here is one line of visible characters."


def check_controls(draft: Draft) -> None:
    """Report every text, key and cell that holds a control character.

    What else was said about such a value only follows from it, and is taken back."""
    found: list[Problem] = []
    values: set[tuple[str, int, int]] = set()
    for top in draft.tops():
        for path, at_key in _odd(top.values, ()):
            values.add((top.at(*path) if at_key else top.value_at(*path))[:3])
            top.problem(path, _said("key" if at_key else "text", _text(top, path, at_key)), _REMEDY, at_key=at_key)
            found.append(draft.problems.pop())
    cells = [_of_cell(csv, cell) for csv in draft.used.values() if csv is not None for cell in _odd_cells(draft, csv)]
    if found or cells:
        draft.problems[:] = [p for p in draft.problems if not _follows(p, values)] + found + cells


def _follows(problem: Problem, values: set[tuple[str, int, int]]) -> bool:
    if problem.warning or (problem.file, problem.line, problem.column) in values:
        return not problem.warning
    return not is_csv(problem.file) and CONTROL.search(problem.text + problem.remedy) is not None


def _odd(value: Any, path: Path) -> Iterator[tuple[Path, bool]]:
    """Paths of texts with a control character, and of keys (then true)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if CONTROL.search(key):
                yield (*path, key), True
            yield from _odd(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _odd(inner, (*path, index))
    elif isinstance(value, str) and (_BUT_LINES if path[-1:] == ("expr",) else CONTROL).search(value):
        yield path, False


def _text(top: Table, path: Path, at_key: bool) -> str:
    if at_key:
        return str(path[-1])
    value: Any = top.values
    for part in path:
        value = value[part]
    return str(value)


def _odd_cells(draft: Draft, csv: CsvFile) -> Iterator[Cell]:
    """Cells with a control character; a line break or a tab is one only in columns that something is read from."""
    read = draft.read.get(csv.name, ())
    odd = [CONTROL if column in read else _BUT_LINES for column in csv.columns]
    for cells in (csv.names, *(row.cells for row in csv.rows)):
        yield from (cell for cell, pattern in zip(cells, odd, strict=True) if pattern.search(cell.text))


def _of_cell(csv: CsvFile, cell: Cell) -> Problem:
    return Problem(csv.name, cell.line, _said("cell", cell.text), _REMEDY, column=cell.column, width=cell.width)


def _said(what: str, text: str) -> str:
    char = next(iter(_BUT_LINES.findall(text) or CONTROL.findall(text)))
    return f"The {what} holds a control character, {_NAMES.get(char, f'U+{ord(char):04X}')}."
