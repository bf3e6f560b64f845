"""Workbooks (.xlsx, .ods) as grids, by python-calamine. Used inside of the process with limits only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.spreadsheet.archive import AGAIN, BOOK, Package
from connectors.spreadsheet.grid import Grid, Refused
from connectors.spreadsheet.scan import OdsScan, SheetScan, limits

_ODS = "content.xml"
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f]|005[Ff])_")
"""How an .xlsx writes control characters, and the sign that begins such a sequence."""
_HAS_CELL = re.compile(rb"<(?:\w{1,20}:)?c[ />]")


class Workbook:
    """One workbook. ``file`` is its name in messages. Raises ``Refused`` throughout."""

    def __init__(self, path: str, file: str) -> None:
        self._path, self._file = path, file
        self._package = Package(path, file)
        self._is_ods = BOOK not in self._package and _ODS in self._package
        if not self._is_ods and BOOK not in self._package:
            what = "a binary workbook (.xlsb)" if "xl/workbook.bin" in self._package else "no spreadsheet"
            raise Refused(f"{file} is {what}", AGAIN)

    def sheets(self) -> list[tuple[str, bool, bool]]:
        """(name, whether it is visible, whether it is empty) of each sheet."""
        if self._is_ods:
            self._package.look_through()
            from python_calamine import SheetVisibleEnum

            with self._opened() as book:
                visible = {meta.name: meta.visible == SheetVisibleEnum.Visible for meta in book.sheets_metadata}
                return [(name, visible[name], book.get_sheet_by_name(name).start is None) for name in book.sheet_names]
        return [(sheet.name, sheet.visible, self._empty(sheet.part)) for sheet in self._package.book().sheets]

    def _empty(self, part: str) -> bool:
        tail = b""
        for chunk in self._package.chunks(part):
            if _HAS_CELL.search(tail + chunk):
                return False
            tail = chunk[-32:]
        return True

    def grid(self, name: str) -> Grid:
        """The cells of a sheet."""
        return self._ods(name) if self._is_ods else self._xlsx(name)

    def _xlsx(self, name: str) -> Grid:
        book = self._package.book()
        sheet = next((sheet for sheet in book.sheets if sheet.name == name), None)
        if sheet is None:
            raise self._gone(name)
        self._package.look_through(*(each.part for each in book.sheets))
        scan = SheetScan(self._file, name, uncalculated=book.uncalculated)
        scan.read(self._package.chunks(sheet.part))
        cells = self._cells(name)
        merged = tuple((*first, *last) for first, last in cells.merged_cell_ranges or ())
        return Grid(_rows(cells), _left(cells), scan.odd, merged, book.from_1904)

    def _ods(self, name: str) -> Grid:
        self._package.look_through(_ODS)
        scan = OdsScan(self._file, name)
        scan.read(self._package.chunks(_ODS))
        cells = self._cells(name)
        limits(self._file, name, cells.total_height, cells.total_width)
        return Grid(_rows(cells), _left(cells), scan.odd, tuple(scan.merged))

    def _cells(self, name: str) -> Any:
        with self._opened() as book:
            if name not in book.sheet_names:
                raise self._gone(name)
            return self._guarded(lambda: book.get_sheet_by_name(name))

    def _opened(self) -> Any:
        from python_calamine import CalamineWorkbook

        return self._guarded(lambda: CalamineWorkbook.from_path(self._path))

    def _guarded(self, read: Any) -> Any:
        from python_calamine import PasswordError

        try:
            return read()
        except (MemoryError, KeyboardInterrupt, SystemExit):
            raise
        except PasswordError:
            raise Refused(f"{self._file} has a password", "Save it without one.") from None
        except BaseException:  # where its authors did not foresee a file, the library panics
            raise self._package.damaged("it is not as a spreadsheet program writes it") from None

    def _gone(self, name: str) -> Refused:
        return Refused(f"{self._file} has no sheet {name}", "Correct `sheets` in config.toml.", "Misconfigured")


def _left(cells: Any) -> int:
    return int(cells.start[1]) if cells.start else 0


def _rows(cells: Any) -> Iterator[list[Any]]:
    for row in cells.iter_rows():
        for at, value in enumerate(row):
            if type(value) is str and "_x00" in value:
                row[at] = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
        yield row
