"""Spreadsheets for tests: CSV, XLSX and ODS files with good defaults, and connectors that read them."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

import connectors
from connectors._shared.io import RunIo
from connectors._shared.limits import Gates
from connectors.base import Connector, IoSettings, MetricValue, Page, SourceError, SourceSettings, WorkItem, checked
from tests.connectors.runs import Clock

Rows = Sequence[Sequence[Any]]

DEALS: Rows = (
    ("Deal ID", "Deal", "Stage", "Amount", "Created"),
    ("D-1", "Alpen AG", "Won", 1200.5, date(2026, 9, 1)),
    ("D-2", "Baltic", "Pitch", 800, date(2026, 9, 2)),
    ("D-3", "Cadiz", "Lost", 30, date(2026, 9, 3)),
)
ITEMS: Mapping[str, Any] = {
    "key": "Deal ID",
    "columns": {"title": "Deal", "status": "Stage", "amount": "Amount", "created": "Created"},
}
TYPED: Rows = (
    ("Date", "Metric", "Value", "By", "Note"),
    (date(2026, 9, 30), "NPS", 41, "Ada", None),
    (date(2026, 9, 30), "Churn", 2.5, "Ben", "two accounts"),
    (date(2026, 10, 31), "NPS", 44, "Ada", None),
)
VALUES: Mapping[str, Any] = {"date": "Date", "value": "Value", "series": "Metric", "by": "By", "note": "Note"}


# ---- files ------------------------------------------------------------------------------------------------------------------


def csv_text(rows: Rows, separator: str = ",") -> str:
    """Rows as CSV, quoted where needed."""

    def cell(value: Any) -> str:
        text = "" if value is None else str(value)
        return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(mark in text for mark in (separator, '"', "\n")) else text

    return "".join(separator.join(map(cell, row)) + "\r\n" for row in rows)


def xlsx(
    path: Path,
    sheets: Mapping[str, Rows | Callable[[Any, Any], None]],
    *,
    from_1904: bool = False,
    hidden: Sequence[str] = (),
) -> Path:
    """A workbook. A sheet is rows, or a function that writes into (worksheet, workbook)."""
    book = xlsxwriter.Workbook(str(path), {"date_1904": from_1904})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        page = book.add_worksheet(name)
        if name in hidden:
            page.hide()
        if callable(rows):
            rows(page, book)
        else:
            put(page, rows, day)
    book.close()
    return path


def put(page: Any, rows: Rows, day: Any, top: int = 0, left: int = 0) -> None:
    """Write rows into a worksheet, each value as what it is."""
    for row, cells in enumerate(rows, top):
        for column, value in enumerate(cells, left):
            if isinstance(value, bool):
                page.write_boolean(row, column, value)
            elif isinstance(value, int | float):
                page.write_number(row, column, value)
            elif isinstance(value, datetime | date):
                page.write_datetime(row, column, value, day)
            elif value is not None:
                page.write_string(row, column, value)


def changed(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """The same workbook with another content of one part."""
    data = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, change(content) if entry.filename == part else content)
    return path


SHEET1 = "xl/worksheets/sheet1.xml"
_ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.3">'
    "<office:body><office:spreadsheet>{}</office:spreadsheet></office:body></office:document-content>"
)


def ods(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """An OpenDocument spreadsheet. A cell that begins with ``<`` is written as it is."""

    def cell(value: Any) -> str:
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, int | float):
            return (
                f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
            )
        if isinstance(value, date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"><text:p/></table:table-cell>'
        if value.startswith("<"):
            return str(value)
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    tables = "".join(
        f'<table:table table:name="{name}">'
        + "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", _ODS.format(tables))
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return path


# ---- reading ----------------------------------------------------------------------------------------------------------------


def settings_of(path: Path, options: Mapping[str, Any] = ITEMS, **changes: Any) -> SourceSettings:
    """Settings of a source that is a file."""
    values: dict[str, Any] = {"name": "kpis", "kind": "spreadsheet", "url": path.as_uri(), "options": dict(options)}
    return SourceSettings(**(values | changes))


@contextlib.contextmanager
def opened(settings: SourceSettings, clock: Clock | None = None, **limits: Any) -> Iterator[Connector]:
    """The connector, with a run in virtual time."""
    clock = clock or Clock()
    site = settings.url.startswith("http")
    io_ = RunIo(
        settings, IoSettings(**limits), monotonic=clock.monotonic, sleep=clock.sleep, rand=lambda: 1.0, gates=Gates(), site=site
    )
    with connectors.load("spreadsheet").factory(settings, io_) as connector:
        yield connector


def pages_of(settings: SourceSettings) -> list[Page]:
    """All pages of all live partitions, each pass checked."""
    with opened(settings) as connector:
        live = [part for part in connector.partitions() if part.state == "live"]
        return [page for part in live for page in checked(connector.changes(part, None, None))]


def items_of(path: Path, options: Mapping[str, Any] = ITEMS, **changes: Any) -> list[WorkItem]:
    return [item for page in pages_of(settings_of(path, options, **changes)) for item in page.items]


def values_of(path: Path, options: Mapping[str, Any] = VALUES, **changes: Any) -> list[MetricValue]:
    return [value for page in pages_of(settings_of(path, options, **changes)) for value in page.values]


def fault_of(path: Path, options: Mapping[str, Any] = ITEMS, **changes: Any) -> SourceError:
    """What is said of a file that cannot be read. Nothing of it is handed over before."""
    read: list[Page] = []
    try:
        with opened(settings_of(path, options, **changes), attempts=1) as connector:
            connector.check()
            for part in connector.partitions():
                read += connector.changes(part, None, None)
    except SourceError as error:
        assert read == [], "a part of a broken sheet was handed over"
        return error
    raise AssertionError(f"{path.name} was read without an error: {read}")
