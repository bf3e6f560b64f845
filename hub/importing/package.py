"""The zip around an XLSX or ODS file, and its XML, read so that no file can do harm: parts of a sensible size only, as a stream,
without entities, and no sheet that reaches beyond a sensible area."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

MOST = 50 * 2**20
"""Bytes of one part, unpacked."""
CELLS = 2_000_000
"""The largest area of a sheet, in cells: from its first to its last one."""


class Broken(Exception):
    """The file is not what it says it is, or larger than anything sensible; the text says which."""


def part(archive: zipfile.ZipFile, name: str) -> bytes:
    """One part, unpacked. Raises ``Broken``."""
    try:
        info = archive.getinfo(name)
        if info.file_size > MOST:
            raise Broken(f"its part {name} unpacks to more than {MOST >> 20} MB")
        return archive.read(info)  # never more than it claims: what is longer fails its checksum
    except KeyError:
        raise Broken(f"its part {name} is missing") from None
    except RuntimeError:
        raise Broken("it has a password") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError):
        raise Broken(f"its part {name} is damaged") from None


Start = Callable[[str, dict[str, str]], None]
End = Callable[[str, str], str | None]


def parse(data: bytes, start: Start, end: End) -> None:
    """Call ``start(name, attributes)`` and ``end(name, text)`` for each element, names without their namespace. What ``end``
    returns becomes text of the element around it. Raises ``Broken``."""
    texts: list[list[str]] = [[]]

    def starts(name: str, attributes: dict[str, str]) -> None:
        texts.append([])
        start(name.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in attributes.items()})

    def ends(name: str) -> None:
        passed = end(name.rpartition(":")[2], "".join(texts.pop()))
        if passed:
            texts[-1].append(passed)

    def told(piece: str) -> None:
        texts[-1].append(piece)

    def refuse(*_: Any) -> None:
        raise Broken("it declares entities, which no spreadsheet program does")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = starts, ends
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = told, refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError):  # the latter for encodings that nobody has
        raise Broken("its XML is damaged") from None


class Grid:
    """The cells of one sheet while they are read, by (row, column) from 0."""

    def __init__(self) -> None:
        self.texts: dict[tuple[int, int], str] = {}
        self.faults: dict[tuple[int, int], str] = {}
        self.merged: list[tuple[int, int, int]] = []
        """(first row, last row, column) of cells that are one; only the column on the left counts."""
        self.rows = self.columns = 0

    def put(self, at: tuple[int, int], text: str, fault: str = "") -> None:
        """A cell with content. Raises ``Broken`` where the sheet grows beyond all measure."""
        self.rows, self.columns = max(self.rows, at[0] + 1), max(self.columns, at[1] + 1)
        if self.rows * self.columns > CELLS:
            raise Broken(f"a sheet of it reaches over {self.rows:,} rows and {self.columns:,} columns")
        if fault:
            self.faults[at] = fault
        else:
            self.texts[at] = text

    def whole(self) -> list[list[str]]:
        """All rows from the first on, equally long; merged cells hold their text in each row."""
        rows = [["" for _ in range(self.columns)] for _ in range(self.rows)]
        for (row, column), text in self.texts.items():
            rows[row][column] = text
        for first, last, column in self.merged:
            for row in range(first + 1, min(last + 1, self.rows)):
                if first < self.rows and column < self.columns:
                    rows[row][column] = rows[first][column]
        return rows


def number(text: str | None, otherwise: int = 0) -> int:
    """A count in an attribute; of more than nine digits none is sensible."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise
