"""Files to sheets: as people see them, with one message where nothing can be read."""

from __future__ import annotations

import csv
import random
import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from hub.errors import UsageError
from hub.importing import read_sheets
from hub.importing.csvsheet import WINDOWS
from tests.hub.importing.builders import repacked, xlsx

ROWS = [["Objective", "Key Result"], ["Grow", "Activate"]]
SHEET, BOOK, STYLES = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as refused:
        read_sheets(path)
    return f"{refused.value} {refused.value.hint}"


# ---- XLSX -----------------------------------------------------------------------------------------------------------------


def test_values_are_read_as_people_see_them(tmp_path: Path) -> None:
    cells = [
        (0.6, "0%", "60 %"),
        (0.6049, "0.0%", "60.5 %"),
        (1.25e6, '0.0,,"M"', "1.3 M"),
        (5, "#,##0.00 [$€-407]", "5 €"),
        (-3, "0;(0)", "(3)"),
        (2027, "", "2027"),
        (0.1 + 0.2, "", "0.3"),
        (date(2026, 10, 1), "dd.mm.yyyy", "2026-10-01"),
        (datetime(2026, 10, 1, 8, 30), "yyyy-mm-dd hh:mm", "2026-10-01 08:30"),  # noqa: DTZ001
        (True, "", "TRUE"),
        (5.25, '0.0" h"', "5.3 h"),
        (2.6, "0", "3"),
        (1e20, "0", "100000000000000000000"),
        (0.25, "# ?/?", "0.25"),
        (123456, "0.00E+00", "123456"),
        (12, "[Red]0", "12"),
        (-3, "#,##0.00_);(#,##0.00)", "(3)"),
        (5, '_-* #,##0.00 "€"_-;-* #,##0.00 "€"_-;_-* "-"??_-;_-@_-', "5 €"),
        (1.5, "[h]:mm:ss", "36:00"),
        (0.75, "hh:mm", "18:00"),
    ]
    row, codes = [cell for cell, _, _ in cells], {(0, c): code for c, (_, code, _) in enumerate(cells) if code}
    (found,) = read_sheets(xlsx(tmp_path / "a.xlsx", {"S": [row]}, codes))
    assert found.rows[0] == tuple(shown for _, _, shown in cells)


def test_texts_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [
        ["Ziel für alle", "a & b <c>", "  two  blanks ", "emoji \U0001f680"],
        ["é" * 300, "_x0041_ stays", "1", 12.5],
        [7, "", "x", None],
    ]
    (first, second) = read_sheets(xlsx(tmp_path / "a.xlsx", {"One": rows, "Two": ROWS}))
    assert first.rows == (
        ("Ziel für alle", "a & b <c>", "two blanks", "emoji \U0001f680"),
        ("é" * 300, "_x0041_ stays", "1", "12.5"),
        ("7", "", "x", ""),
    )
    assert (second.name, second.rows) == ("Two", (("Objective", "Key Result"), ("Grow", "Activate")))


def test_errors_and_formulas_without_a_result_have_their_cell(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    page = book.add_worksheet("OKRs")
    page.write_formula("B7", "=1/0", None, "#DIV/0!")
    page.write_formula("A2", "=A1", None, "seen")
    page.write_formula("A3", '=IF(1,"",1)', None, "an empty text")
    page.write_formula("A4", "=1+1", None, 4711)
    page.write_formula("C1", '=HYPERLINK("http://x", "Label")', None, "Label")
    book.close()
    path = repacked(
        tmp_path / "a.xlsx",
        tmp_path / "b.xlsx",
        {SHEET: re.sub(b"<v>seen</v>|an empty text|4711", b"", part(tmp_path / "a.xlsx", SHEET))},
    )
    (found,) = read_sheets(path)
    assert found.faults == {(6, 1): "#DIV/0!", (1, 0): "a formula without a result", (3, 0): "a formula without a result"}
    assert found.ref(6, 1) == "OKRs!B7"
    assert (found.at(0, 2), found.at(2, 0)) == ("Label", "")


def part(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def test_merged_cells_hold_their_text_in_every_row(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    page = book.add_worksheet("OKRs")
    page.merge_range("A2:A4", "Grow")
    page.merge_range("B1:D1", "Title")
    for row in (1, 2, 3):
        page.write_string(row, 1, f"KR {row}")
    book.close()
    (found,) = read_sheets(tmp_path / "a.xlsx")
    assert [row[0] for row in found.rows] == ["", "Grow", "Grow", "Grow"]
    assert found.rows[0] == ("", "Title")


def test_hidden_and_empty_sheets_are_not_there(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    book.add_worksheet("Empty")
    book.add_worksheet("Seen").write_string("A1", "x")
    hidden = book.add_worksheet("Hidden")
    hidden.write_string("A1", "x")
    hidden.hide()
    book.add_chartsheet("Chart")
    book.close()
    assert [each.name for each in read_sheets(tmp_path / "a.xlsx")] == ["Seen"]


def test_invisible_characters_go_and_those_that_do_something_are_told(tmp_path: Path) -> None:
    rows = [["two\nlines", "soft\u00adhyphen\u200b", "bell\x07", "mirror\u202e", "a\u00a0b", "vertical\x0btab"]]
    (found,) = read_sheets(xlsx(tmp_path / "a.xlsx", {"OKRs": rows}))
    assert found.rows[0] == ("two lines", "softhyphen", "bell", "mirror", "a b", "vertical tab")
    assert found.remarks == {
        (0, 2): "A control character (U+0007) is left out.",
        (0, 3): "A control character (U+202E) is left out.",
    }


def test_days_of_a_workbook_from_an_old_mac(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"S": [[date(2026, 10, 1)]]})
    book = part(path, BOOK).replace(b"<workbookPr ", b'<workbookPr date1904="1" ')
    (found,) = read_sheets(repacked(path, tmp_path / "b.xlsx", {BOOK: book}))
    assert found.rows[0] == ("2030-10-02",)


def changed(folder: Path, name: str, *changes: tuple[bytes, bytes]) -> Path:
    """A workbook in which one part says something else."""
    path = xlsx(folder / "a.xlsx", {"OKRs": ROWS}, {(1, 1): "0%"})
    data = part(path, name)
    for old, new in changes:
        assert old in data, data
        data = data.replace(old, new)
    return repacked(path, folder / "b.xlsx", {name: data})


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (SHEET, b"</sheetData>", b'</sheetData><autoFilter ref="none"/><conditionalFormatting sqref="?"/>'),
        (SHEET, b"A1:B2", b"A1:A1"),
        (SHEET, b"</worksheet>", b'<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'),
        (STYLES, b"</cellXfs>", b"</cellXfs><extLst/>"),
        ("docProps/core.xml", b"</cp:coreProperties>", b"<cp:revision>x</cp:revision><cp:lastPrinted>never</cp:lastPrinted>"),
    ],
)
def test_what_is_odd_beside_the_cells_does_not_matter(tmp_path: Path, name: str, old: bytes, new: bytes) -> None:
    (found,) = read_sheets(changed(tmp_path, name, (old, new)))
    assert found.rows == (("Objective", "Key Result"), ("Grow", "Activate"))


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (b'<c r="B2" t="inlineStr"><is><t>in</t><rPh sb="0" eb="1"><t>no</t></rPh></is></c>', "in"),
        (b'<c r="B2" t="inlineStr"><is><t>a_x000D_\nb</t></is></c>', "a b"),
        (b'<c t="d"><v>2026-10-01</v></c>', "2026-10-01"),
        (b'<c r="B2" t="b"><v>0</v></c>', "FALSE"),
        (b'<c r="B2" t="n"><v>12345678901234567890</v></c>', "12345678901234600000"),
        (b'<c r="B2" s="1"><v>5E-1</v></c>', "50 %"),
    ],
)
def test_cells_as_other_programs_write_them(tmp_path: Path, cell: bytes, shown: str) -> None:
    path = changed(tmp_path, SHEET, (b'<c r="B2" s="1" t="s"><v>3</v></c>', cell))
    (found,) = read_sheets(path)
    assert found.rows[1] == ("Grow", shown)


def test_days_in_formats_of_east_asian_excel(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"S": [[46296, 46296.5, 10**9]]}, dict.fromkeys([(0, 0), (0, 1), (0, 2)], 57))
    (found,) = read_sheets(path)
    assert found.rows[0] == ("2026-10-01", "2026-10-01 12:00", "1000000000")


def test_a_day_beyond_the_calendar_is_an_error_as_in_excel(tmp_path: Path) -> None:
    (found,) = read_sheets(xlsx(tmp_path / "a.xlsx", {"S": [["x", 10**9]]}, {(0, 1): "yyyy-mm-dd"}))
    assert found.faults == {(0, 1): "#VALUE!"}


# ---- CSV ------------------------------------------------------------------------------------------------------------------

TEXT = "Objective;Key Result;Start\nÖffnen;Erster, größter;1,5\n"


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        (TEXT.encode(), ()),
        (b"\xef\xbb\xbf" + TEXT.encode(), ()),
        (TEXT.encode("utf-16"), ()),
        (TEXT.replace("\n", "\r\n").encode("cp1252"), (WINDOWS,)),
        (b"sep=;\n" + TEXT.encode(), ()),
        (TEXT.replace(",", " ").replace(";", ",").replace("r g", "r, g").encode(), None),
        (TEXT.replace(";", "\t").encode(), ()),
    ],
)
def test_csv_as_spreadsheet_programs_write_it(tmp_path: Path, data: bytes, notes: tuple[str, ...] | None) -> None:
    path = tmp_path / "okrs.csv"
    path.write_bytes(data)
    (found,) = read_sheets(path)
    assert found.name == "okrs"
    assert found.rows[0] == ("Objective", "Key Result", "Start")
    assert found.rows[1][0] == "Öffnen"
    assert notes is None or (found.notes, found.rows[1][1]) == (notes, "Erster, größter")


def test_a_cell_of_csv_may_hold_lines_and_a_row_keeps_its_number(tmp_path: Path) -> None:
    (tmp_path / "okrs.csv").write_text('Objective,Key Result\n"Grow\nall",x\n\nNext,"y ""z"""\n', encoding="utf-8")
    (found,) = read_sheets(tmp_path / "okrs.csv")
    assert found.rows == (("Objective", "Key Result"), ("Grow all", "x"), (), ("Next", 'y "z"'))
    assert found.ref(3, 1) == "okrs!B4"


# ---- what cannot be read --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.xlsx", b"Objective,Key Result\n", "is no XLSX file, whatever its name says. Save it again as .xlsx."),
        ("a.xlsx", b"", "is no XLSX file"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel file, or one with a password. Save it as .xlsx"),
        ("a.pdf", b"%PDF-1.7", "is a PDF. Import the sheet that it was made from."),
        ("a.docx", b"PK\x03\x04", "is damaged."),
        ("a.md", b"# Objectives", "is neither XLSX nor CSV."),
        ("a.ods", b"<office:document/>", "is an OpenDocument file, which is not read. Save the sheet as .xlsx or .csv."),
        ("a.csv", b"\x00\x01\xff\xfe\x00", "is no text file."),
        ("a.csv", b"\n \n,,\n", "is empty: no visible sheet of it holds a text."),
        ("a.csv", b'Objective,"' + b"x" * 200_000, "cannot be read as CSV"),
    ],
)
def test_what_is_no_sheet_is_told_in_one_message(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    csv.field_size_limit(131_072)  # as a process begins: tests of recordings in the same one widen it
    (tmp_path / name).write_bytes(data)
    assert said in refusal(tmp_path / name)


def test_a_file_that_is_not_there_a_folder_and_a_huge_one(tmp_path: Path) -> None:
    assert "There is no file" in refusal(tmp_path / "nix.xlsx")
    assert "is a folder" in refusal(tmp_path)
    with (tmp_path / "huge.xlsx").open("wb") as file:
        file.truncate(30 * 2**20)
    assert refusal(tmp_path / "huge.xlsx").startswith("huge.xlsx has 30 MB; a sheet of objectives has less than 20.")


def test_an_archive_that_is_no_sheet(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "is an archive, but no spreadsheet" in refusal(tmp_path / "a.docx")


def test_opendocument_is_refused_whatever_its_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    assert refusal(tmp_path / "a.xlsx").endswith("which is not read. Save the sheet as .xlsx or .csv.")


def test_a_sheet_with_two_far_corners_takes_no_memory(tmp_path: Path) -> None:
    """S06: a sheet is as large as what is in it."""
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    page = book.add_worksheet("OKRs")
    page.write_string(0, 0, "here")
    page.write_string(1_048_575, 16_383, "there")
    book.close()
    assert "a sheet of it reaches over 1,048,576 rows and 16,384 columns" in refusal(tmp_path / "a.xlsx")


def test_a_part_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    """S06: sizes are looked at before anything is unpacked."""
    path = xlsx(tmp_path / "a.xlsx", {"OKRs": ROWS})
    bomb = repacked(path, tmp_path / "b.xlsx", {SHEET: b" " * (60 * 2**20)})
    assert bomb.stat().st_size < 2**20
    assert "unpacks to more than 30 MB" in refusal(bomb)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", ["xl/sharedStrings.xml", STYLES, "xl/theme/theme1.xml", "xl/other.bin"])
def test_entities_are_refused(tmp_path: Path, name: str, encoding: str) -> None:
    """S06: no DTD, so no entity."""
    path = xlsx(tmp_path / "a.xlsx", {"OKRs": ROWS})
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>'.encode(encoding)
    with zipfile.ZipFile(repacked(path, tmp_path / "b.xlsx", {name: None}), "a") as archive:
        archive.writestr(name, laughs)
    assert "it declares entities" in refusal(tmp_path / "b.xlsx")


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (SHEET, b"<row ", b'<row r="1048577"/><row ', "a row of it has no place"),
        (SHEET, b"<sheetData>", b"<sheetData><row>" + b"<c/>" * 16_385 + b"</row>", "a row of it has more than 16,384 cells"),
        (
            SHEET,
            b"<sheetData>",
            b"".join(b"<col min='%d'/>" % n for n in range(250_001)) + b"<sheetData>",
            "it holds far more than a sheet",
        ),
        (SHEET, b'r="B2"', b'r="B0"', "a cell has no place"),
        (SHEET, b"</sheetData>", b"", "its part xl/worksheets/sheet1.xml is damaged"),
        (STYLES, b"</cellXfs>", b"", "its part xl/styles.xml is damaged"),
        (BOOK, b'r:id="rId1"', b'r:id="rId7"', "it is not as Excel writes it"),
        (BOOK, b"</sheets>", b'<sheet name="More" sheetId="7" r:id="rId1"/></sheets>', "two sheets of it are one"),
        (BOOK, MAIN, b"http://purl.oclc.org/ooxml/spreadsheetml/main", "is saved as Strict Open XML"),
    ],
)
def test_a_workbook_that_harms_or_misleads_is_refused(tmp_path: Path, name: str, old: bytes, new: bytes, said: str) -> None:
    assert said in refusal(changed(tmp_path, name, (old, new)))


def test_the_zip_is_looked_at_before_it_is_unpacked(tmp_path: Path) -> None:
    def packed(name: str, entries: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
        with zipfile.ZipFile(tmp_path / name, "w", how) as archive:
            for entry, data in entries.items():
                archive.writestr(entry, data)
        return tmp_path / name

    book = {BOOK: b"<workbook/>"}
    assert "packed as in no spreadsheet" in refusal(packed("dense.xlsx", book | {SHEET: b" " * (9 * 2**20)}))
    assert "packed as in no spreadsheet" in refusal(packed("lzma.xlsx", book, zipfile.ZIP_LZMA))
    assert "more than 5,000 parts or 120 MB" in refusal(packed("many.xlsx", book | {f"{n}": b"" for n in range(5_000)}))
    secret = packed("secret.xlsx", book)
    data = bytearray(secret.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    secret.write_bytes(data)
    assert "it has a password" in refusal(secret)


def test_merged_areas_that_overlap_do_not_take_forever(tmp_path: Path) -> None:
    merges = b"<mergeCells>" + b'<mergeCell ref="A2:A100000"/>' * 10_000 + b"</mergeCells>"
    end = b'<row r="100000"><c r="B100000"><v>1</v></c></row></sheetData>'
    (found,) = read_sheets(changed(tmp_path, SHEET, (b"</sheetData>", end + merges)))
    assert found.rows[-1] == ("Grow", "1")


def test_a_damaged_workbook_is_read_or_refused_but_never_more(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"OKRs": ROWS}, {(1, 1): "0%"})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    draw = random.Random(7)
    outcomes = set()
    for number in range(150):
        name = draw.choice([*sorted(parts), ""])
        data = bytearray(parts.get(name) or path.read_bytes())
        if number % 3 == 0:
            data = data[: draw.randrange(2, len(data))]
        else:
            for _ in range(draw.choice((1, 8))):
                data[draw.randrange(2, len(data))] = draw.randrange(32, 127)
        try:
            if name:
                repacked(path, tmp_path / "b.xlsx", {name: bytes(data)})
            else:
                (tmp_path / "b.xlsx").write_bytes(data)
            read_sheets(tmp_path / "b.xlsx")
            outcomes.add("read")
        except UsageError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
