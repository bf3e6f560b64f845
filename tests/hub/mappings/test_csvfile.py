"""CSV files: every way in which sheets are saved, and the place of each cell."""

from __future__ import annotations

import csv
import io

import hypothesis.strategies as st
import pytest
from hypothesis import given

from hub.mappings.csvfile import CsvFile, read_csv


def texts(text: str) -> list[list[str]]:
    found = read_csv("t.csv", text)
    assert isinstance(found, CsvFile), found
    return [[c.text for c in found.names], *([c.text for c in row.cells] for row in found.rows)]


def problems(text: str) -> list[tuple[int, int, str]]:
    found = read_csv("t.csv", text)
    assert not isinstance(found, CsvFile)
    assert all(p.remedy and p.file == "t.csv" for p in found)
    return [(p.line, p.column, p.text) for p in found]


@pytest.mark.parametrize(
    "text",
    [
        "id,name\na,A\nb,B\n",
        "id;name\na;A\nb;B",
        "id\tname\na\tA\nb\tB\n",
        "\ufeffid,name\r\na,A\r\nb,B\r\n",
        "id,name\ra,A\rb,B\r",
        '"id","name"\n"a","A"\n"b","B"\n',
        ' id , name \n a , "A" \n\tb,\tB\n',
        "\n\n,,\nid,name\n\na,A,,\n  \n,\nb,B,\n\n",
        '"id";"name"\n"a";A\n"b"; "B"\n',
    ],
)
def test_the_same_rows_however_they_are_saved(text: str) -> None:
    assert texts(text) == [["id", "name"], ["a", "A"], ["b", "B"]]


def test_quotes() -> None:
    assert texts('id,name\n"a,b","say ""yes"""\n"",x\n"1\n2",3\n') == [
        ["id", "name"],
        ["a,b", 'say "yes"'],
        ["", "x"],
        ["1\n2", "3"],
    ]
    assert texts("id,name\n5\" disk,it's\n") == [["id", "name"], ['5" disk', "it's"]], "a quote inside a cell is one"
    assert texts('"a;b;c",d\n1,2\n') == [["a;b;c", "d"], ["1", "2"]], "separators in quotes do not count"


def test_a_row_may_be_shorter_than_the_header() -> None:
    assert texts("a,b,c\n1\n") == [["a", "b", "c"], ["1", "", ""]]


def test_columns_compare_without_case() -> None:
    found = read_csv("t.csv", "Id,Größe\n1,2\n")
    assert isinstance(found, CsvFile)
    assert found.columns == ("id", "grösse")


def test_where_cells_stand() -> None:
    found = read_csv("t.csv", 'id,name,x\nä, "B\nC" ,dd\n\n e,f\n')
    assert isinstance(found, CsvFile)
    assert [(row.line, [c[1:] for c in row.cells]) for row in found.rows] == [
        (2, [(2, 1, 1), (2, 4, 2), (3, 5, 2)]),
        (5, [(5, 2, 1), (5, 4, 1), (5, 4, 1)]),
    ]


MORE = "The row has more cells than the header has columns (2)."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [(1, 1, "The file is empty.")]),
        ("\n ,\n", [(1, 1, "The file is empty.")]),
        ("id\n", [(1, 1, "The file has a header and no row.")]),
        ("id,\n1,2\n", [(1, 4, "A column has no name.")]),
        ("a,b,A\n1,2\n", [(1, 5, 'Two columns are called "A"; case makes no difference.')]),
        ("a,b\n1,2, ,3\n4,5,6\n", [(2, 7, MORE), (3, 5, MORE)]),
        ('a,b\n1,2\n3,"4\n5,6\n', [(3, 3, "A cell is opened with a quote that does not end it.")]),
        ('a,b\n"1" x,2\n', [(2, 1, "A cell is opened with a quote that does not end it.")]),
    ],
)
def test_mistakes(text: str, found: list[tuple[int, int, str]]) -> None:
    assert problems(text) == found


WORDS = st.text(st.sampled_from("ab\",;\t\n 'ß{"), max_size=6).map(str.strip)


@given(st.sampled_from(",;\t"), st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5))
def test_what_a_spreadsheet_saves_is_read_as_it_was(separator: str, rows: list[tuple[str, str]]) -> None:
    with io.StringIO() as file:
        csv.writer(file, delimiter=separator).writerows([("one", "two"), *rows])
        text = file.getvalue()
    expected = [["one", "two"], *(list(row) for row in rows if any(row))]
    if len(expected) > 1:
        assert texts(text) == expected


@given(st.text(st.sampled_from('a",;\t\n\r \ufeffß\u2028'), max_size=40))
def test_any_text_is_rows_or_problems_with_a_place(text: str) -> None:
    found = read_csv("t.csv", text)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    placed = found if isinstance(found, list) else [cell for row in found.rows for cell in row.cells]
    places = [(one.line, one.column) for one in placed]
    assert places
    for line, column in places:
        assert 1 <= column <= len(lines[line - 1]) + 1
