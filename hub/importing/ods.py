"""ODS: the texts of its visible sheets as people see them, and errors of formulas."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

from hub.importing.package import Grid, number, parse, part

CONTENT = "content.xml"
_ERROR = re.compile(r"#[A-Z0-9/]+[!?]?|Err:\d+")
_PASSED = frozenset({"span", "a", "ruby-base"})


def sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, Grid]]:
    """(name, cells) of each visible table, in their order. Raises ``Broken``."""
    reading = _Reading()
    parse(part(archive, CONTENT), reading.start, reading.end)
    for name, style, grid in reading.found:
        if style not in reading.hidden:
            yield name, grid


class _Reading:
    """Where the reading of the one file stands."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str, Grid]] = []
        self.hidden: set[str] = set()
        """Names of styles of tables that are not shown."""
        self._style = ""
        self._row = self._column = 0
        self._rows = self._columns = self._down = 1
        self._kind, self._value = "", ""
        self._lines: list[str] = []
        self._remark = 0

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "style":
            self._style = given.get("name", "")
        elif name == "table-properties" and given.get("display") == "false":
            self.hidden.add(self._style)
        elif name == "table":
            self.found.append((given.get("name", "Sheet"), given.get("style-name", ""), Grid()))
            self._row = 0
        elif name == "table-row":
            self._column, self._rows = 0, number(given.get("number-rows-repeated"), 1)
        elif name in ("table-cell", "covered-table-cell"):
            self._columns = number(given.get("number-columns-repeated"), 1)
            self._down = number(given.get("number-rows-spanned"), 1)
            self._kind, self._lines = given.get("value-type", ""), []
            self._value = given.get("date-value") or given.get("value") or ""
        elif name == "annotation":
            self._remark += 1

    def end(self, name: str, text: str) -> str | None:
        if name == "annotation":
            self._remark -= 1
        elif name in _PASSED:
            return text
        elif name in ("s", "tab", "line-break"):
            return " "
        elif name == "p" and not self._remark:
            self._lines.append(text)
        elif name == "table-row":
            self._row += self._rows
        elif name in ("table-cell", "covered-table-cell"):
            self._cell("\n".join(self._lines))
            self._column += self._columns
        return None

    def _cell(self, shown: str) -> None:
        if not self.found or not (shown or self._kind):
            return
        grid = self.found[-1][2]
        wrong = shown if self._kind == "error" or (self._kind and _ERROR.fullmatch(shown)) else ""
        text = self._text(shown)
        for row in range(self._row, self._row + self._rows):
            for column in range(self._column, self._column + self._columns):
                grid.put((row, column), text, wrong)
        if self._down > 1:
            grid.merged.append((self._row, self._row + self._down - 1, self._column))

    def _text(self, shown: str) -> str:
        if self._kind == "date":
            return self._value.removesuffix("T00:00:00").replace("T", " ")
        if self._kind == "percentage":
            return re.sub(r"(?<=\d)%", " %", shown)
        if self._kind == "float":
            return self._value or shown
        return shown
