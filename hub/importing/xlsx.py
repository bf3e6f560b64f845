"""XLSX: the texts of its visible sheets as people see them, and what is wrong with a cell: an error, a formula not calculated."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from hub.importing.package import Broken, Grid, number, parse, part
from hub.importing.text import formatted, is_date, plain
from hub.importing.values import index_of

WORKBOOK = "xl/workbook.xml"
_DATES = {**dict.fromkeys((*range(14, 18), *range(27, 37), *range(50, 59)), "yyyy-mm-dd"), 22: "yyyy-mm-dd hh:mm"}
_TIMES = dict.fromkeys((*range(18, 22), *range(45, 48)), "hh:mm")
_NUMBERS = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    37: "#,##0",
    38: "#,##0",
    39: "#,##0.00",
    40: "#,##0.00",
}
_BUILT_IN = {**_DATES, **_TIMES, **_NUMBERS}
_REF = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NAMELESS = "Sheet"


def sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, Grid]]:
    """(name, cells) of each visible worksheet, in their order. Raises ``Broken``."""
    book = _Book(archive)
    for name, path in book.visible():
        yield name, book.sheet(path)


class _Book:
    """What all sheets of a workbook share."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = set(archive.namelist())
        self._texts = self._shared()
        self._formats = self._styles()
        self._listed: list[tuple[str, str]] = []
        self._since = datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet's days have no zone
        parse(part(archive, WORKBOOK), self._about, lambda *_: None)

    def _about(self, name: str, given: dict[str, str]) -> None:
        if name == "workbookPr" and given.get("date1904") in ("1", "true"):
            self._since = datetime(1904, 1, 1)  # noqa: DTZ001
        elif name == "sheet" and given.get("state", "visible") == "visible":
            self._listed.append((given.get("name", _NAMELESS), given.get("id", "")))

    def visible(self) -> Iterator[tuple[str, str]]:
        targets: dict[str, str] = {}

        def start(name: str, given: dict[str, str]) -> None:
            if name == "Relationship":
                targets[given.get("Id", "")] = given.get("Target", "")

        parse(part(self._archive, "xl/_rels/workbook.xml.rels"), start, lambda *_: None)
        for name, ident in self._listed:
            target = targets.get(ident, "")
            path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if path in self._names and "chartsheets/" not in path:
                yield name, path

    def _shared(self) -> list[str]:
        """The texts that cells refer to by number."""
        if "xl/sharedStrings.xml" not in self._names:
            return []
        found: list[str] = []
        pieces: list[str] = []
        reading: list[str] = []

        def start(name: str, _: dict[str, str]) -> None:
            reading.append(name)

        def end(name: str, text: str) -> None:
            reading.pop()
            if name == "t" and "rPh" not in reading:  # how the text is pronounced
                pieces.append(text)
            elif name == "si":
                found.append(_unescaped("".join(pieces)))
                pieces.clear()

        parse(part(self._archive, "xl/sharedStrings.xml"), start, end)
        return found

    def _styles(self) -> list[str]:
        """The number format of each cell style."""
        if "xl/styles.xml" not in self._names:
            return []
        own: dict[str, str] = {}
        styles: list[str] = []
        inside: list[str] = []

        def start(name: str, given: dict[str, str]) -> None:
            inside.append(name)
            if name == "numFmt":
                own[given.get("numFmtId", "")] = given.get("formatCode", "")
            elif name == "xf" and "cellXfs" in inside:
                ident = given.get("numFmtId", "0")
                styles.append(own.get(ident) or _BUILT_IN.get(number(ident), ""))

        def end(_name: str, _text: str) -> None:
            inside.pop()

        parse(part(self._archive, "xl/styles.xml"), start, end)
        return styles

    def sheet(self, path: str) -> Grid:
        reading = _Sheet(self._texts, self._formats, self._since)
        parse(part(self._archive, path), reading.start, reading.end)
        return reading.found


class _Sheet:
    """One sheet, cell by cell."""

    def __init__(self, texts: list[str], formats: list[str], since: datetime) -> None:
        self._texts, self._formats, self._since = texts, formats, since
        self.found = Grid()
        self._row = self._column = 0
        self._at = (0, 0)
        self._kind, self._style = "", 0
        self._formula = False
        self._value: str | None = None
        self._inside = 0

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "row":
            self._row, self._column = number(given.get("r"), self._row + 1) - 1, 0
        elif name == "c":
            ref = _REF.fullmatch(given.get("r", ""))
            self._at = (int(ref[2]) - 1, index_of(ref[1]) or 0) if ref else (self._row, self._column)
            self._kind, self._style = given.get("t", "n"), number(given.get("s"))
            self._formula, self._value = False, None
        elif name == "f":
            self._formula = True
        elif name == "rPh":
            self._inside += 1
        elif name == "mergeCell":
            self._merge(given.get("ref", ""))

    def _merge(self, written: str) -> None:
        first, _, last = written.partition(":")
        top, bottom = _REF.fullmatch(first), _REF.fullmatch(last)
        if top and bottom:
            self.found.merged.append((int(top[2]) - 1, int(bottom[2]) - 1, index_of(top[1]) or 0))

    def end(self, name: str, text: str) -> None:
        if name == "v":
            self._value = text
        elif name == "t" and not self._inside:  # of a text that stands in the cell itself
            self._value = (self._value or "") + text
        elif name == "rPh":
            self._inside -= 1
        elif name == "row":
            self._row += 1
        elif name == "c":
            self._column = self._at[1] + 1
            self._cell()

    def _cell(self) -> None:
        if min(self._at) < 0:
            raise Broken("a cell has no place")
        if self._value is None:
            if self._formula:
                self.found.put(self._at, "", "a formula without a result")
            return
        if self._kind == "e":
            self.found.put(self._at, "", self._value)
        elif text := self._text(self._value):
            self.found.put(self._at, text)

    def _text(self, value: str) -> str:
        if self._kind == "s":
            index = number(value.strip(), -1)
            return self._texts[index] if 0 <= index < len(self._texts) else ""
        if self._kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        if self._kind != "n":  # texts, results of formulas that are texts, days in ISO form
            return _unescaped(value)
        try:
            given = Decimal(value.strip())
        except InvalidOperation:
            return value
        code = self._formats[self._style] if self._style < len(self._formats) else ""
        return (_day(given, self._since) if is_date(code) else None) or formatted(given, code)


def _day(given: Decimal, since: datetime) -> str | None:
    """A day or time that is counted in days; None for what lies outside the calendar."""
    try:
        when = since + timedelta(seconds=round(given * 86_400))
    except (OverflowError, ValueError, ArithmeticError):
        return None
    return plain(when.time() if 0 <= given < 1 else when)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
