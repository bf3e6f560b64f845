"""Spreadsheets: CSV, XLSX and ODS files by path or https, and Google Sheets. See docs/connectors/spreadsheet.md."""

from __future__ import annotations

from connectors.base import Connector, Io, Kind, Option, SourceSettings
from connectors.spreadsheet.access import ACCESS, EXPIRY
from connectors.spreadsheet.plan import ANSWERS, answers, faults, google_id


def _open(settings: SourceSettings, io: Io) -> Connector:
    from connectors.spreadsheet.connector import Spreadsheet

    return Spreadsheet(settings, io)


def needs_no_secret(url: str) -> bool:
    """Only a Google Sheet always needs one."""
    return google_id(url) is None


KIND = Kind(
    name="spreadsheet",
    title="Spreadsheet",
    factory=_open,
    needs_user=False,
    needs_token=True,
    open_address=needs_no_secret,
    address="file",
    work=False,
    partition_word="sheets",
    item_fields=ANSWERS,
    answers=answers,
    options=(
        Option("header", int, 1, "the row in which the headers stand"),
        Option("key", str, None, "the column that tells rows apart; items need one"),
        Option("columns", dict, None, 'what the columns of items hold: title, status, amount, done, "stage:NAME" and others'),
        Option("date", str, None, "the column with the day of a value; with `value` each row is a value"),
        Option("value", str, None, "the column with the value"),
        Option("series", str, None, "the column that names what was measured; without it the sheet's name"),
        Option("unit", str, None, "the column with the unit or currency of a value"),
        Option("by", str, None, "the column that says who typed a value"),
        Option("note", str, None, "the column with a remark on a value"),
        Option("formats", dict, None, "how columns write numbers (1234.56) or dates, where that is not plain"),
        Option("encoding", str, None, "the encoding of a CSV file that is not UTF-8"),
    ),
    examine=faults,
    rights="Reading the file, or the role Viewer on the Google Sheet.",
    access=ACCESS,
    expiry=EXPIRY,
)
