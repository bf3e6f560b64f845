"""The guard before a workbook is parsed: the zip around it and the XML in it are looked through as bytes, one chunk at a time.

Nothing in the file is believed that can be counted. Beside this the process has limits of its own (``child.py``).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from connectors.spreadsheet.grid import Refused

PARTS = 2_000
TOTAL = 100 * 2**20
"""Bytes of all parts, unpacked."""
RATIO = 100
"""How many times larger a part may unpack to, from ``SMALL`` bytes on; sheets come to 50."""
SMALL = 2**20
CHUNK = 2**20
BOOK = "xl/workbook.xml"
AGAIN = "Open it, save it again as .xlsx or as CSV UTF-8, and put it in its place."
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
_DECLARED = (b"<!DOCTYPE", b"<!ENTITY")
_OVERLAP = max(map(len, _DECLARED)) - 1


class Sheet(NamedTuple):
    """A sheet of a workbook: its name, the part that holds it, and whether it is visible."""

    name: str
    part: str
    visible: bool


class Book(NamedTuple):
    """What the workbook says of itself. ``uncalculated``: a program wrote it and nobody has opened it since."""

    sheets: tuple[Sheet, ...]
    from_1904: bool
    uncalculated: bool


class Package:
    """A workbook's archive, of which nothing can be read that was not looked at. Raises ``Refused`` throughout."""

    def __init__(self, path: str, file: str) -> None:
        self._file = file
        try:
            self._zip = zipfile.ZipFile(path)
        except _BROKEN:
            raise self.damaged("it ends too early, or was changed on its way") from None
        self._entries = {entry.filename: entry for entry in self._zip.infolist()}
        self._directory()

    def damaged(self, how: str) -> Refused:
        """The refusal of a file that is not whole."""
        return Refused(f"{self._file} is damaged: {how}", AGAIN)

    def _too_large(self, how: str) -> Refused:
        return Refused(f"{self._file} is refused: {how}", "Copy the sheet that is meant into a workbook of its own.")

    def _directory(self) -> None:
        entries = self._zip.infolist()
        if len(entries) > PARTS:
            raise self._too_large(f"it has more than {PARTS:,} parts")
        if len(self._entries) < len(entries):
            raise self.damaged("two parts have one name")
        if sum(entry.file_size for entry in entries) > TOTAL:
            raise self._too_large(f"it unpacks to more than {TOTAL >> 20} MB")
        for entry in entries:
            if entry.flag_bits & 1:
                raise Refused(f"{self._file} has a password", "Save it without one; who may read the file is up to its folder.")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise self.damaged(f"its part {entry.filename} is packed as in no spreadsheet")
            if entry.file_size > SMALL and entry.file_size > RATIO * max(entry.compress_size, 1):
                raise self._too_large(f"its part {entry.filename} unpacks to more than {RATIO} times its size")

    def __contains__(self, part: str) -> bool:
        return part in self._entries

    def chunks(self, part: str) -> Iterator[bytes]:
        """The bytes of a part, checked on their way; that they end means that the part is whole."""
        if part not in self._entries:
            raise self.damaged(f"its part {part} is missing")
        tail, first = b"", True
        try:
            with self._zip.open(self._entries[part]) as stream:
                while chunk := stream.read(CHUNK):
                    if first and (b"\0" in chunk[:8] or chunk[:2] in (b"\xff\xfe", b"\xfe\xff")):
                        raise self.damaged(f"its part {part} is written as in no spreadsheet")
                    seen = tail + chunk[:_OVERLAP]
                    if any(word in chunk or word in seen for word in _DECLARED):
                        raise Refused(
                            f"{self._file} is refused: its part {part} declares entities, which no spreadsheet program does",
                            AGAIN,
                        )
                    tail, first = chunk[-_OVERLAP:], False
                    yield chunk
        except _BROKEN:
            raise self.damaged(f"its part {part} is not whole") from None

    def look_through(self, *without: str) -> None:
        """Check all XML parts but those."""
        for part in self._entries:
            if part.endswith((".xml", ".rels")) and part not in without:
                for _ in self.chunks(part):
                    pass

    def tree(self, part: str) -> ElementTree.Element:
        """A small part as a tree. It has no entities by then."""
        data = b"".join(self.chunks(part))
        try:
            return ElementTree.fromstring(data)
        except ElementTree.ParseError:
            raise self.damaged(f"its part {part} is no XML") from None

    def book(self) -> Book:
        """What is in the workbook, for an .xlsx."""
        root = self.tree(BOOK)
        targets = {}
        for relation in self.tree("xl/_rels/workbook.xml.rels"):
            if relation.get("Type", "").endswith("/worksheet"):
                target = relation.get("Target", "")
                targets[relation.get("Id")] = target[1:] if target.startswith("/") else f"xl/{target}"
        sheets, from_1904, uncalculated = [], False, False
        for node in root.iter():
            name = _local(node.tag)
            if name == "workbookPr":
                from_1904 = node.get("date1904") in ("1", "true")
            elif name == "calcPr":
                uncalculated = node.get("fullCalcOnLoad") in ("1", "true")
            elif name == "sheet":
                ident = next((value for key, value in node.attrib.items() if _local(key) == "id" and key != "id"), None)
                if ident in targets:  # a chart's page is none
                    sheets.append(Sheet(node.get("name", ""), targets[ident], node.get("state", "visible") == "visible"))
        return Book(tuple(sheets), from_1904, uncalculated)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
