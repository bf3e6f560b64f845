"""A file from somebody's folder to sheets: XLSX and CSV, told apart by what is in them; one message where it is none."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

from hub.errors import UsageError
from hub.importing.csvsheet import read_csv
from hub.importing.package import AGAIN, Broken, Grid, look_through
from hub.importing.text import odd_one, seen
from hub.importing.values import Sheet

LARGEST = 20 * 2**20
"""Bytes. A sheet of OKRs has some hundred kilobytes."""
SAVE_AS = "Save it as .xlsx or as CSV and import that."
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "is an old Excel file, or one with a password", "Save it as .xlsx without a password."),
    (b"%PDF", "is a PDF", "Import the sheet that it was made from."),
    (b"{\\rtf", "is a text document", SAVE_AS),
    (b"\x1f\x8b", "is packed with gzip", "Unpack it first."),
)


def read_sheets(path: Path) -> list[Sheet]:
    """The visible sheets of a file that hold anything, in their order. Raises ``UsageError`` with what to do instead."""
    data = _bytes(path)
    for magic, what, remedy in _OTHERS:
        if data.startswith(magic):
            raise UsageError(f"{path.name} {what}.", hint=remedy)
    found = _workbook(path.name, data) if data.startswith(b"PK") else _text(path, data)
    sheets = [sheet for sheet in found if any(map(any, sheet.rows)) or sheet.faults]
    if not sheets:
        raise UsageError(f"{path.name} is empty: no visible sheet of it holds a text.", hint="Check that it was saved.")
    return sheets


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", hint="Name the file in it.")
    try:
        size = path.stat().st_size
        if size > LARGEST:
            text = f"{path.name} has {size / 2**20:.0f} MB; a sheet of objectives has less than {LARGEST >> 20}."
            raise UsageError(text, hint="Copy the sheet into a file of its own, without pictures.")
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.", hint="Check the name; quotes are needed around one with blanks.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", hint="Check its rights.") from None


def _text(path: Path, data: bytes) -> list[Sheet]:
    suffix = path.suffix.lower()
    if suffix == ".ods":
        raise _opendocument(path.name)
    if suffix in (".xlsx", ".xlsm"):
        raise UsageError(f"{path.name} is no {suffix[1:].upper()} file, whatever its name says.", hint="Save it again as .xlsx.")
    if suffix not in (".csv", ".tsv", ".txt"):
        raise UsageError(f"{path.name} is neither XLSX nor CSV.", hint=SAVE_AS)
    return [read_csv(path.name, path.stem, data)]


# ---- workbooks ----------------------------------------------------------------------------------------------------------


def _workbook(name: str, data: bytes) -> list[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "content.xml" in names:
                raise _opendocument(name)
            parts = look_through(archive)
        if any(part.strict for part in parts.values()):
            hint = "Save it as Excel Workbook (.xlsx) or as CSV, and import that."
            raise UsageError(f"{name} is saved as Strict Open XML, which is not read.", hint=hint)
        if any(part.root == "workbook" for part in parts.values()) or "xl/workbook.xml" in names:
            from hub.importing import xlsx  # here, since openpyxl takes its time

            return [_sheet(title, grid) for title, grid in xlsx.sheets(data, parts)]
    except Broken as error:
        raise UsageError(f"{name} cannot be read: {error}.", hint=error.remedy) from None
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError, struct.error):
        raise UsageError(f"{name} is damaged.", hint=AGAIN) from None
    raise UsageError(f"{name} is an archive, but no spreadsheet that can be read.", hint=SAVE_AS)


def _opendocument(name: str) -> UsageError:
    return UsageError(f"{name} is an OpenDocument file, which is not read.", hint="Save the sheet as .xlsx or .csv.")


def _sheet(title: str, grid: Grid) -> Sheet:
    remarks: dict[tuple[int, int], str] = {}
    rows = []
    for number, row in enumerate(grid.whole()):
        cells = []
        for column, cell in enumerate(row):
            text, odd = seen(cell)
            cells.append(text)
            if odd:
                remarks[number, column] = odd_one(odd)
        rows.append(tuple(cells))
    return Sheet(seen(title)[0] or "sheet", tuple(rows), grid.faults, remarks)
