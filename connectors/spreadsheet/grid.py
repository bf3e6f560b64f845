"""Rows of cells as the readers of files give them, and what is wrong with them as people will read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from connectors.spreadsheet.numbers import shown

SHOWN = 5
"""Cells that a message names; the rest is counted."""


class Refused(Exception):
    """The file, or a sheet of it, cannot be read: what is wrong, and what to do. ``kind`` names the error of connectors.base."""

    def __init__(self, text: str, remedy: str, kind: Literal["BadData", "Misconfigured"] = "BadData") -> None:
        super().__init__(text)
        self.text, self.remedy, self.kind = text, remedy, kind


class Grid(NamedTuple):
    """A sheet from its first row on. ``rows`` are read once; the cell at index 0 of each is in the column ``left``.

    ``odd`` are cells whose content is no value: row -> column -> what is there. ``merged`` are areas (first row, first column,
    last row, last column). All counts begin at 0. A cell is a text, number, bool, date, time, or empty (``""``).
    """

    rows: Iterator[list[Any]]
    left: int = 0
    odd: Mapping[int, Mapping[int, Oddity]] = {}
    merged: tuple[tuple[int, int, int, int], ...] = ()
    from_1904: bool = False


class Oddity(NamedTuple):
    """Why a cell has no value, as half a sentence, and what to do."""

    text: str
    remedy: str


ERRORS = frozenset({
    "#REF!", "#N/A", "#NAME?", "#DIV/0!", "#VALUE!", "#NUM!", "#NULL!", "#GETTING_DATA", "#SPILL!", "#CALC!", "#FIELD!",
    "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#ERROR!", "#BUSY!", "#EXTERNAL!", "#PYTHON!",
})  # fmt: skip
"""What spreadsheet programs show in place of a result."""


def error_of(text: str) -> Oddity:
    """A cell that shows an error."""
    return Oddity(f"the formula gives {shown(text)[1:-1]}", "Mend the formula, or leave the cell empty.")


UNCALCULATED = Oddity(
    "the formula has no result",
    "Open the file in a spreadsheet program and save it there: programs that write files calculate nothing.",
)


def is_error(text: str) -> bool:
    """Whether a text is what a failed formula leaves in a CSV file or an answer."""
    return (text.startswith("#") and text.upper() in ERRORS) or text.startswith("Err:")


def letters(column: int) -> str:
    """The name of a column: 0 is A, 26 is AA."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def column_of(name: str) -> int:
    """The column with a name."""
    found = 0
    for letter in name:
        found = found * 26 + ord(letter) - 64
    return found - 1


class Faults:
    """Everything that is wrong in a sheet, as one message: the first cells by name, the rest by number."""

    def __init__(self, file: str, sheet: str | None) -> None:
        self._file, self._sheet = file, sheet
        self._first: list[tuple[str, list[str]]] = []
        """What is wrong, and where"""
        self._remedies: list[str] = []
        self._named = self._more = 0

    def at(self, where: str, text: str, remedy: str) -> None:
        """Note a fault at a cell (``C12``), an area or a row."""
        if self._named >= SHOWN:
            self._more += 1
            return
        if self._first and self._first[-1] == (text, [where]):
            return  # a column that is read for two purposes
        self._named += 1
        if self._first and self._first[-1][0] == text:
            self._first[-1][1].append(where)
        else:
            self._first.append((text, [where]))
        if remedy not in self._remedies:
            self._remedies.append(remedy)

    def cell(self, row: int, column: int, text: str, remedy: str) -> None:
        """Note a fault at a cell by its place, from 0."""
        self.at(f"{letters(column)}{row + 1}", text, remedy)

    def __bool__(self) -> bool:
        return bool(self._first)

    def refusal(self, kind: Literal["BadData", "Misconfigured"] = "BadData") -> Refused:
        """All of it. At most two remedies: what follows is seen after the first are mended."""
        parts = [f"{', '.join(where)}: {text}" for text, where in self._first]
        if self._more:
            parts.append(f"and {self._more:,} more")
        within = "" if self._sheet is None else f"{self._sheet}{', ' if parts[0].startswith('row ') else '!'}"
        return Refused(f"{self._file}, {within}{'; '.join(parts)}", " ".join(self._remedies[:2]), kind)
