"""The guard before a workbook is read: the zip around it and the XML in it are looked through first, as a stream, so that no file
can do harm. It also notes what the library that reads the cells does not tell: merged cells, and which cells are formulas."""

from __future__ import annotations

import zipfile
import zlib
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.sax import parse

MOST = 30 * 2**20
"""Bytes of one part, unpacked."""
CELLS = 2_000_000
"""The largest area of a sheet, in cells: from its first to its last one."""
_ALL = 4 * MOST
_PARTS = 5_000
_DENSE = 200
"""How many times smaller a large part may be packed; sheets come to 50."""
_NODES = 3_000_000
"""Elements and attributes of all parts."""
_OTHERS = 500_000
"""Those of them that are no cells and no texts: the library keeps an object for each."""
_PLAIN = frozenset({"c", "v", "f", "is", "t", "si"})
_ROWS, _COLUMNS = 1_048_576, 16_384
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
AGAIN = "Open it, save it again as .xlsx or as CSV, and import that."


class Broken(Exception):
    """The file is not what it says it is."""

    remedy = AGAIN


class Large(Broken):
    """It is larger than anything sensible."""

    remedy = "Copy the sheet of objectives into a file of its own, without pictures, and import that."


class Part(ContentHandler):
    """What is known of one part. A worksheet's ``merged`` are areas, its ``formulas`` cells, as they are called in it."""

    def __init__(self, room: dict[bool, int]) -> None:
        super().__init__()
        self.root = ""
        self.strict = self.damaged = False
        self.rows = 0
        """The number of the last row."""
        self.merged: list[str] = []
        self.formulas: list[str] = []
        self._room, self._cells = room, 0
        self._cell, self._text = "", False

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        name = name.rpartition(":")[2]
        if not self.root:
            self.root = name
            self.strict = any(value.startswith("http://purl.oclc.org/ooxml/") for value in attrs.values())
        self._room[name in _PLAIN] -= 1 + len(attrs)
        if min(self._room.values()) < 0:
            raise Large("it holds far more than a sheet of objectives")
        if name == "c":
            self._cells += 1
            self._cell, self._text = attrs.get("r", ""), attrs.get("t") == "str"
        elif name == "f" and self._cell:
            self.formulas.append(self._cell)
        elif name == "v" and self._text and self.formulas[-1:] == [self._cell]:
            self.formulas.pop()  # its result may be an empty text
        elif name == "row":
            self._cells = 0
            self._row(attrs.get("r"))
        elif name == "mergeCell":
            self.merged.append(attrs.get("ref", ""))
        if self._cells > _COLUMNS:
            raise Large(f"a row of it has more than {_COLUMNS:,} cells")

    def _row(self, written: str | None) -> None:
        try:
            number = self.rows + 1 if written is None else int(float(written))
        except (ValueError, OverflowError):
            number = 0
        if not 0 < number <= _ROWS:
            raise Broken("a row of it has no place")
        self.rows = max(self.rows, number)


def look_through(archive: zipfile.ZipFile) -> dict[str, Part]:
    """All parts of a workbook. Raises ``Broken`` for what must not be read; what is merely damaged is noted."""
    entries = archive.infolist()
    if len(entries) > _PARTS or sum(entry.file_size for entry in entries) > _ALL:
        raise Large(f"it unpacks to more than {_PARTS:,} parts or {_ALL >> 20} MB")
    room = {True: _NODES, False: _OTHERS}
    parts: dict[str, Part] = {}
    for entry in entries:
        if entry.flag_bits & 1:
            raise Broken("it has a password")
        if entry.file_size > MOST:
            raise Large(f"its part {entry.filename} unpacks to more than {MOST >> 20} MB")
        dense = entry.file_size > 2**20 and entry.file_size > _DENSE * entry.compress_size
        if dense or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Broken(f"its part {entry.filename} is packed as in no spreadsheet")
        found = parts[entry.filename] = Part(room)
        try:
            with archive.open(entry) as stream:  # never more than it claims: what is longer fails its checksum
                parse(stream, found, forbid_dtd=True)
        except DefusedXmlException:
            raise Broken("it declares entities, which no spreadsheet program does") from None
        except (SAXException, LookupError, ValueError, *_UNREADABLE):  # pictures too; ValueError: encodings that nobody has
            found.damaged = True
    return parts


class Grid:
    """The cells of one sheet while they are read, by (row, column) from 0."""

    def __init__(self) -> None:
        self.texts: dict[tuple[int, int], str] = {}
        self.faults: dict[tuple[int, int], str] = {}
        self.merged: list[tuple[int, int, int]] = []
        """(column, first row, last row) of cells that are one; only the column on the left counts."""
        self.rows = self.columns = 0

    def put(self, at: tuple[int, int], text: str, fault: str = "") -> None:
        """A cell with content. Raises ``Broken`` where the sheet grows beyond all measure."""
        self.rows, self.columns = max(self.rows, at[0] + 1), max(self.columns, at[1] + 1)
        if self.rows * self.columns > CELLS:
            raise Large(f"a sheet of it reaches over {self.rows:,} rows and {self.columns:,} columns")
        if fault:
            self.faults[at] = fault
        else:
            self.texts[at] = text

    def whole(self) -> list[list[str]]:
        """All rows from the first on, equally long; merged cells hold their text in each row."""
        rows = [["" for _ in range(self.columns)] for _ in range(self.rows)]
        for (row, column), text in self.texts.items():
            rows[row][column] = text
        done = (-1, -1)
        for column, first, last in sorted(self.merged):
            if (column, first) <= done or column >= self.columns:  # those that overlap are a mistake
                continue
            done = (column, last)
            for row in range(first + 1, min(last + 1, self.rows)):
                rows[row][column] = rows[first][column]
        return rows
