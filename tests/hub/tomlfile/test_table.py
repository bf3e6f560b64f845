"""What the readers of a table take and refuse, and where their problems point."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hub.errors import Problem
from hub.tomlfile import Cell, Document, Table, quoted, read

DAY = date(2026, 10, 1)
AS_DAY = "Write YEAR-MONTH-DAY without quotes, such as 2026-10-01."


def table(text: str) -> Table:
    doc = read("x.toml", text)
    assert isinstance(doc, Document), doc
    return Table(doc, (), doc.values, "x.toml", [])


def reading(value: str, how: str, *more: Any) -> tuple[Any, str]:
    """What a reader gives for a value, and what it says; the mistake is marked in brackets in the line."""
    top = table(f"  k = {value} # end\n")
    found = getattr(top, how)("k", *more)
    marked = ""
    for problem in quoted(top.problems, {"x.toml": f"  k = {value} # end\n"}):
        first = problem.column - 1
        marked += f"{problem.excerpt[:first]}>{problem.excerpt[first:][: problem.width]}< {problem.text} {problem.remedy}"
    return found, marked


@pytest.mark.parametrize(
    ("how", "value", "found", "said"),
    [
        ("number", "-1.50", Decimal("-1.5"), ""),
        ("number", "7", Decimal(7), ""),
        ("number", '"7"', None, '>"7"< `k` must be a number, not a text. Write a number such as 1.5 without quotes.'),
        ("number", "inf", None, ">inf< `k` must be a number. Write a number such as 1.5."),
        ("number", "true", None, ">true< `k` must be a number, not true or false. Write a number such as 1.5 without quotes."),
        ("positive", "0", None, ">0< `k` must be a number above 0. Write a number such as 1.5."),
        ("day", "2026-10-01", DAY, ""),
        ("day", '"2026-10-01"', None, '>"2026-10-01"< `k` must be a date, not a text. Write it without quotes: 2026-10-01.'),
        ("days", "[2026-10-01]", (DAY,), ""),
        ("days", "2026-10-01", (DAY,), ""),
        ("days", "[]", (), ">[]< `k` is an empty list. Name at least one day, or leave the line out."),
        ("days", "[2026-10-01, 5]", (DAY,), f"[2026-10-01, >5< `k` must be a date, not a number. {AS_DAY}"),
        ("days", "5", (), f">5< `k` must be a list of dates, not a number. {AS_DAY}"),
        ("flag", '"true"', False, '>"true"< `k` must be true or false, not a text. Write k = true, without quotes.'),
        ("flag", "1", False, ">1< `k` must be true or false, not a number. Write k = true or leave it out."),
        (
            "texts",
            '["a", ""]',
            ("a",),
            '["a", >""< `k` must hold texts only. Put each value in quotes, and leave empty ones out.',
        ),
    ],
)
def test_readers(how: str, value: str, found: Any, said: str) -> None:
    assert reading(value, how) == (found, f"  k = {said}" if said else "")


@pytest.mark.parametrize(
    ("value", "found", "said"),
    [
        ("0", 0, ""),
        ("999", 999, ""),
        ("1_0", 10, ""),
        ("1000", None, ">1000< `k` must be a whole number from 0 to 999. Write 999, for example."),
        ("-1", None, ">-1< `k` must be a whole number from 0 to 999. Write 0, for example."),
        ("1.5", None, ">1.5< `k` must be a whole number from 0 to 999. Write it without a point."),
        ("2.0", None, ">2.0< `k` must be a whole number from 0 to 999. Write it without a point."),
        ('"2"', None, '>"2"< `k` must be a whole number from 0 to 999, not a text. Write a number such as 0 without quotes.'),
        ("[2]", None, ">[2]< `k` must be a whole number from 0 to 999, not a list. Write a number such as 0 without quotes."),
    ],
)
def test_whole_numbers(value: str, found: int | None, said: str) -> None:
    assert reading(value, "whole", 0, 999) == (found, f"  k = {said}" if said else "")


def test_what_is_absent_is_no_problem() -> None:
    top = table("")
    assert [top.number("k"), top.positive("k"), top.whole("k", 0, 9), top.day("k"), top.text("k")] == [None] * 5
    assert (top.days("k"), top.texts("k"), top.flag("k"), top.problems) == ((), (), False, [])


# ---- where problems point -------------------------------------------------------------------------------------------------

TEXT = """\
[[rule]]
when.label = "kr:{x} ü {y}"
when.field."größe" = [ "a",
  "b" ]
long = '''
one
two {y}'''
"""


def spot(keys: Any, **how: Any) -> tuple[int, int, int]:
    top = table(TEXT)
    (rule,) = top.tables("rule", "[[rule]]", "")
    rule.problem(keys, "Wrong.", **how)
    (problem,) = top.problems
    return problem.line, problem.column, problem.width


@pytest.mark.parametrize(
    ("keys", "how", "place"),
    [
        ((), {}, (1, 1, 8)),
        ("to", {}, (1, 1, 8)),
        (("when", "label"), {}, (2, 14, 14)),
        (("when", "label"), {"at_key": True}, (2, 6, 5)),
        (("when", "label"), {"part": "{y}"}, (2, 24, 3)),
        (("when", "label"), {"part": (3, 3)}, (2, 18, 3)),
        (("when", "label"), {"part": "{z}"}, (2, 14, 14)),
        ("when", {}, (2, 1, 4)),
        (("when", "field", "größe"), {"at_key": True}, (3, 12, 7)),
        (("when", "field", "größe"), {}, (3, 22, 6)),
        (("when", "field", "größe", 1), {}, (4, 3, 3)),
        ("long", {}, (5, 8, 3)),
        ("long", {"part": (4, 3)}, (7, 1, 3)),
        ("long", {"part": "{y}"}, (7, 5, 3)),
    ],
)
def test_problems_point_at_the_value_the_key_or_a_part(keys: Any, how: Any, place: tuple[int, int, int]) -> None:
    assert spot(keys, **how) == place


def test_places_of_keys_and_values() -> None:
    top = table(TEXT)
    (rule,) = top.tables("rule", "[[rule]]", "")
    assert (rule.place[1:3], rule.at("when", "label")[1:3], rule.value_at("when", "label")[1:3]) == ((1, 1), (2, 6), (2, 14))


def test_unknown_keys_are_shown_themselves() -> None:
    top = table('a = 1\nbb = "x"\n[cc]\n')
    top.only(("aa",), {"cc": "Remove it."}, {"bb": "It goes elsewhere."})
    assert [(p.line, p.column, p.width) for p in top.problems] == [(1, 1, 1), (2, 1, 2), (3, 2, 2)]


def test_a_key_whose_cell_is_empty_is_missing_for_another_reason() -> None:
    doc = read("x.toml", '[[rule]]\nid = "{id}"\n')
    assert isinstance(doc, Document)
    rule = Table(doc, ("rule", 0), {}, "[[rule]]", [], row="t.csv:3", template={"id": "{id}"})
    rule.missing("id", "Add one.")
    rule.missing("to", "Add one.")
    assert [str(p) for p in rule.problems] == [
        "x.toml:2:6, t.csv:3: [[rule]] has no `id`: the cell is empty. Fill it in, or remove the row.",
        "x.toml:1:1, t.csv:3: [[rule]] has no `to`. Add one.",
    ]


# ---- lines that problems speak of -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "column", "marked"),
    [
        ("[[rule]] # x", 1, "[[rule]]"),
        ("  [a.'b c'] # x", 3, "[a.'b c']"),
        ("when.label = x", 1, "when.label"),
        ("'a b' = 1", 1, "'a b'"),
        ("a = [1, 2]", 5, "["),
        ('a = "x \\" y" # z', 5, '"x \\" y"'),
        ("größer als", 3, "ößer"),
        ("a", 2, ""),
    ],
)
def test_a_place_without_a_width_gets_that_of_what_begins_there(line: str, column: int, marked: str) -> None:
    (found,) = quoted([Problem("f", 2, "Wrong.", column=column)], {"f": f"\ufeff# x\u2028\r\n{line}\r\n"})
    assert found.excerpt == line
    assert line[column - 1 :][: found.width] == marked


def test_what_has_no_line_to_show() -> None:
    given = [Problem("f", 0, "A."), Problem("f", 1, "B."), Problem("other", 1, "C.", column=1), Problem("f", 9, "D.", column=1)]
    assert [p.excerpt for p in quoted(given, {"f": "a = 1"})] == ["", "", "", ""]
    (hidden,) = quoted([Problem("f", 1, "E.", column=1)], {"f": "a = 1"}, lambda line: "")
    assert hidden.excerpt == ""


def test_cells_are_named_by_what_they_say() -> None:
    doc = read("x.toml", 'k = "{x}"\n')
    assert isinstance(doc, Document)
    top = Table(doc, (), {"k": Cell("many")}, "x", [], row="row 2")
    assert (top.whole("k", 0, 9), top.day("k"), top.flag("k"), top.table("k", "k", "R.")) == (None, None, False, None)
    assert [str(p) for p in top.problems] == [
        'x.toml:1:5, row 2: `k` must be a whole number from 0 to 9, not "many". Write a number such as 0 in that row.',
        'x.toml:1:5, row 2: `k` must be a date, not "many". Write YEAR-MONTH-DAY in that row, such as 2026-10-01.',
        'x.toml:1:5, row 2: `k` must be true or false, not "many". Write true or false in that row.',
        'x.toml:1:5, row 2: `k` must be a table, not "many". R.',
    ]
