"""CSV as a grid: the separator by the headers that are wanted, UTF-8 unless the source says otherwise, read as a stream."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Set
from pathlib import Path

from connectors.spreadsheet.grid import Grid, Oddity, Refused
from connectors.spreadsheet.plan import Plan, folded
from connectors.spreadsheet.scan import CELLS, COLUMNS

SEPARATORS = (",", ";", "\t", "|")
LINE = 2**20
"""Characters in which the headers must stand."""
FIELD = 2**17
"""Characters of one cell."""
UTF8 = 'Save it as CSV UTF-8, or say what it is: encoding = "windows-1252", for example.'
QUOTES = "A quotation mark opens a cell and never closes it; or the file was cut off: copy it again."


def grid(path: str, file: str, plan: Plan) -> Grid:
    """The cells of a CSV file. Raises ``Refused``, while its rows are read as well."""
    encoding = _encoding(path, plan.encoding)
    separator, skipped = _separator(path, file, encoding, plan)
    odd: dict[int, dict[int, Oddity]] = {}
    return Grid(_rows(path, file, encoding, separator, skipped, plan.header, odd), odd=odd)


def _encoding(path: str, declared: str | None) -> str:
    with Path(path).open("rb") as stream:
        start = stream.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if declared is None or codecs.lookup(declared).name == "utf-8" else declared


def _separator(path: str, file: str, encoding: str, plan: Plan) -> tuple[str, bool]:
    """The separator of most wanted headers, then of most columns; and whether a first line ``sep=;`` says so itself."""
    with Path(path).open(encoding=encoding, newline="") as stream:
        try:
            head = stream.read(LINE)
        except UnicodeError:
            raise _wrong_encoding(path, file, encoding) from None
    if "\0" in head:
        raise Refused(f"{file} is no text in {encoding.removesuffix('-sig').upper()}: it holds zero bytes", UTF8)
    first = head.partition("\n")[0]
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4], True
    wanted = {folded(slot.header) for slot in plan.slots}
    return max(SEPARATORS, key=lambda each: _fit(head, each, plan.header, wanted)), False


def _fit(head: str, separator: str, header: int, wanted: Set[str]) -> tuple[int, int]:
    rows = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    try:
        for _ in range(header - 1):
            next(rows, None)
        names = next(rows, [])
    except csv.Error:
        return 0, 0
    return len(wanted & set(map(folded, names))), len(names)


def _rows(
    path: str, file: str, encoding: str, separator: str, skipped: bool, header: int, odd: dict[int, dict[int, Oddity]]
) -> Iterator[list[str]]:
    """Rows from the first on. A row below the headers that has more or fewer cells than they is noted in ``odd``."""
    csv.field_size_limit(FIELD)
    width, cells, number = 0, 0, -1
    with Path(path).open(encoding=encoding, newline="") as stream:
        if skipped:
            stream.readline()
        rows = csv.reader(stream, delimiter=separator, strict=True)
        try:
            for number, row in enumerate(rows):
                cells += len(row)
                if len(row) > COLUMNS or cells > CELLS:
                    raise Refused(f"{file} has more than {COLUMNS} columns or {CELLS:,} cells", "Leave out what is not needed.")
                if number == header - 1:
                    width = max((at for at, cell in enumerate(row, 1) if cell.strip()), default=0)
                elif number >= header:
                    _note(number, row, width, separator, odd)
                yield row
        except UnicodeError:
            raise _wrong_encoding(path, file, encoding) from None
        except csv.Error as error:
            raise Refused(f"{file}, row {number + 2}: {_csv(error)}", QUOTES) from None


def _note(number: int, row: list[str], width: int, separator: str, odd: dict[int, dict[int, Oddity]]) -> None:
    if len(row) != width and any(cell.strip() for cell in (row if len(row) < width else row[width:])):
        mark = "TAB" if separator == "\t" else separator
        text = f"the row has {len(row)} cells, the header {width}"
        odd[number] = {
            -1: Oddity(text, f'Put texts that hold "{mark}" into quotation marks; a row that was cut off must be whole.')
        }


def _csv(error: csv.Error) -> str:
    said = str(error)
    if "field larger" in said:
        return f"a cell has more than {FIELD:,} characters"
    if "unexpected end" in said:
        return "the file ends within a cell"
    return "the quotation marks do not fit together"


def _wrong_encoding(path: str, file: str, encoding: str) -> Refused:
    """Names the first line that is not in the encoding."""
    shown = "UTF-8" if encoding == "utf-8-sig" else encoding
    if encoding == "utf-16":
        return Refused(f"{file} is not {shown}", UTF8)
    with Path(path).open("rb") as stream:
        for number, line in enumerate(stream):
            try:
                line.decode(encoding)
            except UnicodeError as error:
                byte = f"0x{line[error.start]:02X}" if isinstance(error, UnicodeDecodeError) else "a byte"
                return Refused(f"{file}, line {number + 1} is not {shown}: it holds {byte}", UTF8)
    return Refused(f"{file} is not {shown}", UTF8)
