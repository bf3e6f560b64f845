"""CSV as spreadsheet programs write it: any of four separators, UTF-8 with or without a mark, UTF-16, or Windows-1252."""

from __future__ import annotations

import csv
import io
from collections import Counter

from hub.errors import UsageError
from hub.importing.package import CELLS
from hub.importing.text import odd_one, seen
from hub.importing.values import Sheet

_SEPARATORS = (",", ";", "\t", "|")
_HEAD = 50
"""Rows by which the separator is chosen."""
WINDOWS = "It is not UTF-8 and was read as Windows-1252: if letters such as ä look wrong, save it as CSV UTF-8."


def read_csv(name: str, title: str, data: bytes) -> Sheet:
    """The one table of a CSV file. Raises ``UsageError``."""
    text, notes = _decoded(name, data)
    separator, text = _separator(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise UsageError(f"{name} cannot be read as CSV: {error}.", hint="Save it as .xlsx and import that.") from None
    if len(rows) * max(map(len, rows), default=0) > CELLS:
        raise UsageError(f"{name} has {len(rows):,} rows; that is no sheet of objectives.", hint="Import the right file.")
    remarks: dict[tuple[int, int], str] = {}
    cleaned = []
    for number, row in enumerate(rows):
        cells = []
        for column, cell in enumerate(row):
            shown, odd = seen(cell)
            if odd:
                remarks[number, column] = odd_one(odd)
            cells.append(shown)
        cleaned.append(tuple(cells))
    return Sheet(seen(title)[0] or "sheet", tuple(cleaned), {}, remarks, notes)


def _decoded(name: str, data: bytes) -> tuple[str, tuple[str, ...]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), ()
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    if data.count(b"\0"):
        raise UsageError(f"{name} is no text file.", hint="Save the sheet as .xlsx or as CSV.")
    return data.decode("cp1252", "replace"), (WINDOWS,)


def _separator(text: str) -> tuple[str, str]:
    """The separator, and the text without a first line ``sep=;``: the one by which most rows have the same width above one."""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4], rest
    best, most = ",", (0, 0)
    for separator in _SEPARATORS:
        widths: Counter[int] = Counter()
        try:
            for row, _ in zip(csv.reader(io.StringIO(text, newline=""), delimiter=separator), range(_HEAD), strict=False):
                widths[len(row)] += 1
        except csv.Error:
            continue
        width, rows = max(((w, n) for w, n in widths.items() if w > 1), key=lambda one: (one[1], one[0]), default=(0, 0))
        if (rows, width) > most:
            best, most = separator, (rows, width)
    return best, text
