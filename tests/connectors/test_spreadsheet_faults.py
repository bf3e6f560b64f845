"""Broken spreadsheets, each with exactly what is said of it. Nothing of a sheet with a fault is handed over."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from connectors.base import BadData, Misconfigured, SourceError
from tests.connectors.sheets import (
    DEALS,
    ITEMS,
    SHEET1,
    TYPED,
    VALUES,
    Rows,
    changed,
    csv_text,
    fault_of,
    items_of,
    ods,
    opened,
    put,
    settings_of,
    values_of,
    xlsx,
)

HEADER, *REST = DEALS
Build = Callable[[Path], Path]


class Broken(NamedTuple):
    """A spreadsheet with a fault: how it is made, and what is said."""

    build: Build
    message: str
    hint: str
    options: Mapping[str, Any] = ITEMS
    error: type[SourceError] = BadData


def text(content: str | bytes, name: str = "deals.csv") -> Build:
    def build(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return build


def table(*rows: Any, name: str = "deals.csv", separator: str = ",") -> Build:
    return text(csv_text(rows, separator), name)


def book(sheets: Mapping[str, Any] | None = None, *, name: str = "deals.xlsx", **more: Any) -> Build:
    return lambda folder: xlsx(folder / name, sheets or {"Deals": DEALS}, **more)


def deals(*rows: Any) -> Build:
    """A workbook with these rows under the usual header."""
    return book({"Deals": (HEADER, *rows)})


def kpis(*rows: Any) -> Build:
    return book({"KPIs": (TYPED[0], *rows)}, name="kpis.xlsx")


def written(write: Callable[[Any, Any], None], rows: Rows = DEALS) -> Build:
    """A workbook into which ``write`` puts something that a program would."""

    def fill(page: Any, book_: Any) -> None:
        put(page, rows, book_.add_format({"num_format": "yyyy-mm-dd"}))
        write(page, book_)

    return book({"Deals": fill})


def part(change: Callable[[bytes], bytes], name: str = SHEET1) -> Build:
    return lambda folder: changed(book()(folder), name, change)


def spliced(cut: slice) -> Build:
    def build(folder: Path) -> Path:
        path = book()(folder)
        path.write_bytes(path.read_bytes()[cut])
        return path

    return build


DAY = date(2026, 9, 30)
LONG = tuple((f"D-{n}", "x", "Won", "abc", date(2026, 9, 1)) for n in range(12))
ODS_ERROR = (
    '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error">'
    "<text:p>#DIV/0!</text:p></table:table-cell>"
)
ODS_MERGED = '<table:table-cell table:number-rows-spanned="2" office:value-type="string"><text:p>Won</text:p></table:table-cell>'
ODS_FORMULA = '<table:table-cell table:formula="of:=[.A1]"/>'


def zipped(path: Path, parts: Mapping[str, bytes], *, encrypted: bool = False) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    if encrypted:  # the bit that says so, in both of the archive's headers
        data = bytearray(path.read_bytes())
        data[6] |= 1
        data[data.index(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(bytes(data))
    return path


AGAIN = "Open it, save it again as .xlsx or as CSV UTF-8, and put it in its place."
MEND = "Mend the formula, or leave the cell empty."
NOBODY = "Open the file in a spreadsheet program and save it there: programs that write files calculate nothing."
EMPTY = "Write the names of the columns into its first row, or copy the file again."

BROKEN: dict[str, Broken] = {
    "header renamed": Broken(
        book({"Deals": (("Deal No", *HEADER[1:]), *REST)}),
        'deals.xlsx, Deals, row 1: there is no column "Deal ID"',
        'Did you mean "Deal No"? Correct the name in config.toml, or in the sheet.',
        error=Misconfigured,
    ),
    "header gone": Broken(
        book({"Deals": [row[:3] for row in DEALS]}),
        'deals.xlsx, Deals, row 1: there is no column "Amount" and no "Created"',
        "Its columns are Deal ID, Deal, Stage. Correct the name in config.toml, or in the sheet.",
        error=Misconfigured,
    ),
    "header twice": Broken(
        book({"Deals": [(*row, row[3]) for row in DEALS]}),
        'deals.xlsx, Deals!D1 and F1: the header "Amount" is there 2 times',
        "Rename the column that is not meant.",
        error=Misconfigured,
    ),
    "header in another row": Broken(
        book({"Deals": (("Pipeline of the third quarter",), (), *DEALS)}),
        ('deals.xlsx, Deals, row 1: there is no column "Deal ID" and no "Deal" and no "Stage" and no "Amount" and no "Created"'),
        "They stand in row 3: write header = 3 in config.toml.",
        error=Misconfigured,
    ),
    "key twice": Broken(
        deals(*REST, ("D-1", "Again", "Won", 5, DAY)),
        'deals.xlsx, Deals, row 5: the Deal ID "D-1" is also in row 2',
        "Each row needs a key of its own: correct one of the two, or remove it.",
    ),
    "no key": Broken(
        deals(REST[0], (None, "Nobody", "Won", 5, DAY), REST[1]),
        "deals.xlsx, Deals!A3: there is no Deal ID in a row that holds something",
        "Write one; or take the row out of the table, if it holds totals or a remark.",
    ),
    "totals below": Broken(
        deals(*REST, ("Total", None, None, 2030.5, None)),
        'deals.xlsx, Deals, row 5: "Total" looks like a row of totals',
        "Take the row of totals out of the table: it would count everything twice.",
    ),
    "totals without a key": Broken(
        deals(*REST, (None, None, None, 2030.5, None)),
        "deals.xlsx, Deals!A5: there is no Deal ID in a row that holds something",
        "Write one; or take the row out of the table, if it holds totals or a remark.",
    ),
    "totals under dates": Broken(
        kpis(*TYPED[1:], ("Total", "NPS", 85, None, None)),
        'kpis.xlsx, KPIs!A5: "Total" looks like a row of totals',
        "Take the row of totals out of the table: it would count everything twice.",
        VALUES,
    ),
    "merged cells": Broken(
        written(lambda page, _: page.merge_range("C2:C3", "Won")),
        "deals.xlsx, Deals!C2:C3: the cells are merged",
        "Unmerge them, and write the value into each row.",
    ),
    "reference lost": Broken(
        written(lambda page, _: page.write_formula("D3", "=1", None, "#REF!")),
        "deals.xlsx, Deals!D3: the formula gives #REF! in the column Amount",
        MEND,
    ),
    "no such name": Broken(
        written(lambda page, _: page.write_formula("D3", "=x", None, "#NAME?")),
        "deals.xlsx, Deals!D3: the formula gives #NAME? in the column Amount",
        MEND,
    ),
    "error as text in a csv": Broken(
        table(HEADER, ("D-1", "A", "Won", "#N/A", "2026-09-01")),
        "deals.csv, D2: the formula gives #N/A in the column Amount",
        MEND,
    ),
    "formula never calculated": Broken(
        written(lambda page, _: page.write_formula("D3", "=D2*2", None, "")),
        "deals.xlsx, Deals!D3: the formula has no result in the column Amount",
        NOBODY,
    ),
    "formula calculated by nobody": Broken(
        written(lambda page, _: page.write_formula("D3", "=D2*2")),
        "deals.xlsx, Deals!D3: the formula has no result in the column Amount",
        NOBODY,
    ),
    "word for a number": Broken(
        deals(("D-1", "A", "Won", "abc", DAY)),
        'deals.xlsx, Deals!D2: "abc" is no number in the column Amount',
        "Write it as 1234.56, or leave the cell empty.",
    ),
    "many words for numbers": Broken(
        deals(*LONG),
        'deals.xlsx, Deals!D2, D3, D4, D5, D6: "abc" is no number in the column Amount; and 7 more',
        "Write it as 1234.56, or leave the cell empty.",
    ),
    "yes for a number": Broken(
        deals(("D-1", "A", "Won", True, DAY)),
        'deals.xlsx, Deals!D2: "TRUE" is no number in the column Amount',
        "Write a number, or leave the cell empty.",
    ),
    "date for a number": Broken(
        deals(("D-1", "A", "Won", DAY, DAY)),
        'deals.xlsx, Deals!D2: "2026-09-30" is a date and no number in the column Amount',
        "Give the cell the format of a number, or name another column.",
    ),
    "number in two ways": Broken(
        table(HEADER, ("D-1", "A", "Won", "1.234", "2026-09-01")),
        'deals.csv, D2: "1.234" is ambiguous (1234, or 1 and a fraction) in the column Amount',
        'Declare how the column writes 1234.56: formats = { Amount = "1.234,56" } in config.toml.',
    ),
    "shortened number": Broken(
        table(HEADER, ("D-1", "A", "Won", "1.2E+09", "2026-09-01")),
        'deals.csv, D2: "1.2E+09" is a shortened number in the column Amount',
        "Widen the column or give it another number format, and save it again.",
    ),
    "other format than declared": Broken(
        table(HEADER, ("D-1", "A", "Won", "1,234.56", "2026-09-01")),
        'deals.csv, D2: "1,234.56" is not written as 1.234,56 in the column Amount',
        "Write it as 1.234,56, or leave the cell empty.",
        {**ITEMS, "formats": {"Amount": "1.234,56"}},
    ),
    "year for a date": Broken(
        deals(("D-1", "A", "Won", 5, 2026)),
        'deals.xlsx, Deals!E2: "2026" is no date in the column Created',
        "Write a whole date into the cell, and format it as a date.",
    ),
    "date of a country": Broken(
        table(HEADER, ("D-1", "A", "Won", "5", "01/10/2026")),
        'deals.csv, E2: "01/10/2026" is no date in the column Created',
        ('Write it as 2026-10-01, or declare how the column writes dates: formats = { Created = "DD.MM.YYYY" } in config.toml.'),
    ),
    "no such day": Broken(
        table(HEADER, ("D-1", "A", "Won", "5", "2026-02-30")),
        'deals.csv, E2: "2026-02-30" is no day of the calendar in the column Created',
        "Correct the date.",
    ),
    "value without a date": Broken(
        kpis((None, "NPS", 41, None, None)),
        "kpis.xlsx, KPIs!A2: a value without date",
        "Fill in the column Date, or take the row out of the table, if it holds totals.",
        VALUES,
    ),
    "value without a series": Broken(
        kpis((DAY, None, 41, None, None)),
        "kpis.xlsx, KPIs!B2: a value without series",
        "Fill in the column Metric, or take the row out of the table, if it holds totals.",
        VALUES,
    ),
    "two values of a day": Broken(
        kpis((DAY, "NPS", 41, None, None), (DAY, "NPS", 42, None, None)),
        'kpis.xlsx, KPIs, row 3: a value of "NPS" on 2026-09-30 is also in row 2',
        "Remove one, or name in `key` or `fields` the columns that tell the two apart.",
        VALUES,
    ),
    "row too long": Broken(
        text("Deal ID,Deal,Stage,Amount,Created\nD-1,Alpen, Inc.,Won,5,2026-09-01\n"),
        "deals.csv, row 2: the row has 6 cells, the header 5",
        'Put texts that hold "," into quotation marks; a row that was cut off must be whole.',
    ),
    "row too short": Broken(
        text("Deal ID,Deal,Stage,Amount,Created\nD-1,Alpen,Won,5,2026-09-01\nD-2,Bal"),
        "deals.csv, row 3: the row has 2 cells, the header 5",
        'Put texts that hold "," into quotation marks; a row that was cut off must be whole.',
    ),
    "cut inside of a text": Broken(
        text('Deal ID,Deal,Stage,Amount,Created\nD-1,"Alpen,Won,5,2026-09-01\n'),
        "deals.csv, row 2: the file ends within a cell",
        "A quotation mark opens a cell and never closes it; or the file was cut off: copy it again.",
    ),
    "other encoding": Broken(
        text("Deal ID,Deal,Stage,Amount,Created\nD-1,Müller,Won,5,2026-09-01\n".encode("cp1252")),
        "deals.csv, line 2 is not UTF-8: it holds 0xFC",
        'Save it as CSV UTF-8, or say what it is: encoding = "windows-1252", for example.',
    ),
    "UTF-16 without a mark": Broken(
        text(csv_text(DEALS).encode("utf-16-le")),
        "deals.csv is no text in UTF-8: it holds zero bytes",
        'Save it as CSV UTF-8, or say what it is: encoding = "windows-1252", for example.',
    ),
    "empty file": Broken(text(""), "deals.csv is empty", EMPTY),
    "blank file": Broken(text("\n\n\n"), "deals.csv is empty", EMPTY),
    "workbook cut short": Broken(
        spliced(slice(None, -200)), "deals.xlsx is damaged: it ends too early, or was changed on its way", AGAIN
    ),
    "workbook without its beginning": Broken(
        spliced(slice(200, None)), "deals.xlsx is damaged: it does not begin as a workbook does", "Copy the file again."
    ),
    "part damaged": Broken(
        part(lambda data: data[:400]), "deals.xlsx is damaged: it is not as a spreadsheet program writes it", AGAIN
    ),
    "no XML": Broken(
        part(lambda data: b"Hello", "xl/workbook.xml"), "deals.xlsx is damaged: its part xl/workbook.xml is no XML", AGAIN
    ),
    "old workbook": Broken(
        text(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "deals.xlsx"),
        "deals.xlsx is an old workbook (.xls), or has a password",
        "Save it as .xlsx without a password.",
    ),
    "a page of the intranet": Broken(
        text("<!DOCTYPE html><html><body>Log in</body></html>"),
        "deals.csv is a web page, perhaps one to log in",
        "Download it again as .xlsx or CSV.",
    ),
    "no workbook": Broken(
        lambda folder: zipped(folder / "deals.xlsx", {"word/document.xml": b"<x/>"}), "deals.xlsx is no spreadsheet", AGAIN
    ),
    "binary workbook": Broken(
        lambda folder: zipped(folder / "deals.xlsx", {"xl/workbook.bin": b"x"}), "deals.xlsx is a binary workbook (.xlsb)", AGAIN
    ),
    "empty sheet": Broken(book({"Deals": ()}), "deals.xlsx, Deals is empty", EMPTY),
    "error in an ods": Broken(
        lambda folder: ods(folder / "deals.ods", {"Deals": (HEADER, ("D-1", "A", "Won", ODS_ERROR, DAY))}),
        "deals.ods, Deals!D2: the formula gives #DIV/0! in the column Amount",
        MEND,
    ),
    "merged in an ods": Broken(
        lambda folder: ods(folder / "deals.ods", {"Deals": (HEADER, ("D-1", "A", ODS_MERGED, 5, DAY))}),
        "deals.ods, Deals!C2:C3: the cells are merged",
        "Unmerge them, and write the value into each row.",
    ),
    "formula without a result in an ods": Broken(
        lambda folder: ods(folder / "deals.ods", {"Deals": (HEADER, ("D-1", "A", "W", ODS_FORMULA, DAY))}),
        "deals.ods, Deals!D2: the formula has no result in the column Amount",
        NOBODY,
    ),
    "password": Broken(
        lambda folder: zipped(folder / "deals.xlsx", {"xl/workbook.xml": b"x"}, encrypted=True),
        "deals.xlsx has a password",
        "Save it without one; who may read the file is up to its folder.",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_sheet_is_refused_whole_with_one_message_that_names_the_cells(tmp_path: Path, name: str) -> None:
    """F41."""
    broken = BROKEN[name]
    error = fault_of(broken.build(tmp_path), broken.options)
    assert (type(error), str(error), error.hint) == (broken.error, broken.message, broken.hint)


def test_there_are_thirty() -> None:
    assert len(BROKEN) >= 30


# ---- what is no fault -------------------------------------------------------------------------------------------------------

GOOD: dict[str, Build] = {
    "other order of columns": book({"Deals": [row[::-1] for row in DEALS]}),
    "other order of rows": book({"Deals": (HEADER, *reversed(REST))}),
    "further columns": book({"Deals": [("x", *row, "y") for row in DEALS]}),
    "blank rows between": deals(REST[0], (), REST[1], (None, " ", None), REST[2], ()),
    "headers in other letters": book({"Deals": ((" deal  id", "DEAL", "Stage", "amount\n", "Created"), *REST)}),
    "merged cells beside the table": written(lambda page, _: page.merge_range("H2:H3", "remark")),
    "an error beside the table": written(lambda page, _: page.write_formula("H2", "=1/0", None, "#DIV/0!")),
    "formulas with results": written(lambda page, _: page.write_formula("D4", "=15*2", None, 30)),
    "serial numbers of days": book({"Deals": [(*row[:4], 46266 + n if n >= 0 else row[4]) for n, row in enumerate(DEALS, -1)]}),
    "the system of 1904": book(from_1904=True),
    "serial numbers of the system of 1904": book(
        {"Deals": [(*row[:4], 44804 + n if n >= 0 else row[4]) for n, row in enumerate(DEALS, -1)]}, from_1904=True
    ),
    "further sheets, empty or hidden": book({"Deals": DEALS, "Notes": (("a",),), "Sheet3": ()}, hidden=["Notes"]),
    "a title above the table": written(lambda page, _: page.write_string("A1", "Deal ID")),
    "texts for numbers": book({"Deals": [(*row[:3], str(row[3]), row[4]) for row in DEALS]}),
    "a csv with semicolons": table(*DEALS, separator=";"),
    "a csv with tabs": table(*DEALS, separator="\t"),
    "a csv with a mark in front": text(b"\xef\xbb\xbf" + csv_text(DEALS).encode()),
    "a csv in UTF-16": text(csv_text(DEALS, "\t").encode("utf-16")),
    "a csv that names its separator": text("sep=;\n" + csv_text(DEALS, ";")),
    "a csv without an end of line": text(csv_text(DEALS).rstrip()),
    "a csv with blank lines": text(csv_text(DEALS).replace("\r\n", "\n\n")),
    "a csv with empty cells at the end": text(csv_text(DEALS).replace("\r\n", ",,\r\n", 1).replace("\r\n", "\n")),
    "an ods": lambda folder: ods(folder / "deals.ods", {"Deals": DEALS}),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_no_fault_changes_nothing(tmp_path: Path, name: str) -> None:
    """F41."""
    found = {item.id: (item.title, item.status, item.amount, item.created_at) for item in items_of(GOOD[name](tmp_path))}
    usual = {item.id: (item.title, item.status, item.amount, item.created_at) for item in items_of(table(*DEALS)(tmp_path))}
    assert found == usual and len(usual) == 3


def test_a_header_may_stand_further_down_where_the_source_says_so(tmp_path: Path) -> None:
    path = book({"Deals": (("Pipeline",), (), *DEALS)})(tmp_path)
    assert [item.id for item in items_of(path, {**ITEMS, "header": 3})] == ["D-1", "D-2", "D-3"]


def test_merged_cells_above_the_header_are_a_title(tmp_path: Path) -> None:
    def fill(page: Any, book_: Any) -> None:
        page.merge_range("A1:E1", "Pipeline")
        put(page, DEALS, book_.add_format({"num_format": "yyyy-mm-dd"}), top=1)

    assert len(items_of(book({"Deals": fill})(tmp_path), {**ITEMS, "header": 2})) == 3


def test_a_csv_in_another_encoding_is_read_where_the_source_names_it(tmp_path: Path) -> None:
    path = text("Deal ID,Deal,Stage,Amount,Created\nD-1,Müller,Won,5,2026-09-01\n".encode("cp1252"))(tmp_path)
    assert [item.title for item in items_of(path, {**ITEMS, "encoding": "windows-1252"})] == ["Müller"]


def test_rows_without_a_value_say_nothing_yet(tmp_path: Path) -> None:
    path = kpis(*TYPED[1:], (date(2026, 11, 30), "NPS", None, None, None), (None, "Churn", None, None, None))(tmp_path)
    assert [value.value for value in values_of(path, VALUES)] == ["41", "2.5", "44"]


def test_a_key_in_two_sheets_fails_the_second(tmp_path: Path) -> None:
    path = book({"EMEA": DEALS, "AMER": (HEADER, *REST[1:])})(tmp_path)
    with opened(settings_of(path)) as connector:
        first, second = connector.partitions()
        assert len(list(connector.changes(first, None, None))) == 1
        with pytest.raises(BadData) as caught:
            list(connector.changes(second, None, None))
    assert str(caught.value) == 'deals.xlsx, AMER, row 2: the key "D-2" is also in the sheet EMEA, row 3; and 1 more'


def test_a_column_that_is_read_for_two_purposes_is_named_once(tmp_path: Path) -> None:
    path = table(("Deal ID", "Deal", "Close"), ("D-1", "Alpen", "x"))(tmp_path)
    options = {"key": "Deal ID", "columns": {"title": "Deal", "done": "Close", "due": "Close"}}
    error = fault_of(path, options)
    assert str(error).startswith("deals.csv, C2: ")


def test_many_columns_are_listed_with_a_number_at_their_end(tmp_path: Path) -> None:
    path = table(("Deal ID", *(f"Column {n}" for n in range(9))), ("D-1", *"123456789"))(tmp_path)
    hint = fault_of(path).hint
    assert "Column 5, Column 6 and 2 more. Correct" in hint
