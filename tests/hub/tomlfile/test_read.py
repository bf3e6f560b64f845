"""Where things stand in a TOML text, and what is said about texts that are none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.errors import Problem
from hub.tomlfile import Document, did_you_mean, read
from hub.tomlfile.locate import Path, locate

TEXT = """\
# a comment
top.a = 1 # behind
[cycle] # header
2026-q4 = { starts = 2026-10-01, "e\\u006eds" = 2026-12-31 } # behind
[[rule]] # first

name = 'x'
when.label = [
  # in the list
  "a", # behind the element
  { b = [1] },
]
text = \"\"\"
[[rule]]
\"\"\"
[rule.when."field"] # of the first
'\\u' = 1
[[rule.step]]
n = 1
[[rule.step]]
n = 2
[[rule]]
name = "y"
[rule.when]
z = 1
[[rule.step]]
n = 3
[a.b.c]
d = 1
"""


def document(text: str) -> Document:
    found = read("x.toml", text)
    assert isinstance(found, Document), found
    return found


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("top", "a"), 2),
        (("cycle",), 3),
        (("cycle", "2026-q4"), 4),
        (("cycle", "2026-q4", "ends"), 4),
        (("rule",), 5),
        (("rule", 0), 5),
        (("rule", 0, "name"), 7),
        (("rule", 0, "when"), 8),
        (("rule", 0, "when", "label"), 8),
        (("rule", 0, "when", "label", 0), 10),
        (("rule", 0, "when", "label", 1), 11),
        (("rule", 0, "when", "label", 1, "b", 0), 11),
        (("rule", 0, "text"), 13),
        (("rule", 0, "when", "field"), 16),
        (("rule", 0, "when", "field", "\\u"), 17),
        (("rule", 0, "step", 0), 18),
        (("rule", 0, "step", 0, "n"), 19),
        (("rule", 0, "step", 1, "n"), 21),
        (("rule", 1), 22),
        (("rule", 1, "name"), 23),
        (("rule", 1, "when", "z"), 25),
        (("rule", 1, "step", 0, "n"), 27),
        (("a",), 28),
        (("a", "b"), 28),
        (("a", "b", "c", "d"), 29),
        (("rule", 1, "no", "such"), 22),
        (("nothing",), 1),
    ],
)
def test_places(path: Path, line: int) -> None:
    assert document(TEXT).place(path) == ("x.toml", line)


def paths(value: Any, at: Path = ()) -> set[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {at} | {p for key, one in inner for p in paths(one, (*at, key))}


def test_every_path_of_the_values_has_a_line() -> None:
    doc = document(TEXT)
    assert paths(doc.values) - {()} == set(doc.lines)


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\u00e9\u00df\u2013", "\U0001f680"])
def test_only_line_feeds_count_as_line_ends(odd: str) -> None:
    doc = document(f'# {odd}\na = "{odd}{odd}"\nb = 1\n')
    assert [doc.place(("a",)).line, doc.place(("b",)).line] == [2, 3]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    doc = document("\ufeff" + TEXT.replace("\n", "\r\n"))
    assert doc.lines == document(TEXT).lines


def test_numbers_with_a_point_are_exact() -> None:
    assert document("a = 1.10").values == {"a": Decimal("1.10")}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = {\n  c = 1 }\n", 2),
        ("a = 1\n\nb = { c = 1, }\n", 3),
        ('a = "\\e"\n', 1),
        ('a = "\\x41"\n', 1),
        ("a = { # comment\n b = 1 }", 1),
    ],
)
def test_the_newer_dialect_is_refused_with_one_message(text: str, line: int) -> None:
    found = read("x.toml", text)
    assert isinstance(found, Problem)
    assert (found.line, found.text) == (line, "TOML 1.1 syntax is not supported.")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a = [1,\n2,\n\n", 1, "opened with ["),
        ('[[rule]]\nwhen.label = ["a",\n  "b"\nto = "x"\n\n[[rule]]\nwhen.label = ["q"]\n', 2, "opened with ["),
        ("x = 1\r\na = [\r\n1", 2, "opened with ["),
        ("b = 1\na = { c = 1", 2, "opened with {"),
        ('b = 1\na = """\nx\n', 2, "opened with a quote"),
        ("b = 1\na = '''\nx\n", 2, "opened with a quote"),
        ('a = "x\nb = 1\n', 1, "not closed on its line"),
        ("a = 1\na = 2\n", 2, "twice"),
        ("[a.b]\n[a.b]\n", 2, "[a.b] is written twice"),
        ("a = { b = 1, b = 2 }", 1, "b is given twice"),
        ('a = "C:\\dir"', 1, "backslash"),
        ("a = 2026-02-30", 1, '"2026-02-30" is no date'),
        ("größe = 1", 1, "= is missing"),
        ("ä = 1", 1, "no `key = value`"),
        ("[a\nb = 1", 1, "brackets"),
        ("a = yes", 1, "not valid TOML"),
        ("a = " + "[" * 5000 + "]" * 5000, 1, "nested too deeply"),
        ("\na = " + "9" * 5000, 2, "too many digits"),
    ],
)
def test_syntax_errors(text: str, line: int, words: str) -> None:
    found = read("x.toml", text)
    assert isinstance(found, Problem)
    assert found.line == line
    assert words in found.text
    assert found.remedy


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("2026-13-01", "2026-13-01"),
        ("2026-02-30", "2026-02-30"),
        ("2026-10-1", "2026-10-1"),
        ("2026/10/01", "2026/10/01"),
        ("2026.10.01", "2026.10.01"),
        ("01.10.2026", "01.10.2026"),
        ("1.10.", "1.10."),
        ("10/1/26", "10/1/26"),
        ("26-10-01", "26-10-01"),
        ("2026-10", "2026-10"),
        ("1 October 2026", "1 October 2026"),
        ("01-Oct-2026", "01-Oct-2026"),
        ("9:00", "9:00"),
        ("07:32", "07:32"),
        ("2026-10-01 09:00", "2026-10-01 09:00"),
        ("2026-10-01T25:00:00", "2026-10-01T25:00:00"),
        ("2026-10-01T", "2026-10-01T"),
    ],
)
@pytest.mark.parametrize(
    "line", ["starts = {}", "starts={} # 2026-99-99", "q = {{ starts = {}, ends = 2026-12-31 }}", "q = [{}]"]
)
def test_what_looks_like_a_date_and_is_none(line: str, value: str, written: str) -> None:
    found = read("x.toml", f"a = 1\r\n{line.format(value)}\r\nb = 2\r\n")
    text = f'"{written}" is no date.'
    assert found == Problem("x.toml", 2, text, "Write YEAR-MONTH-DAY without quotes, such as 2026-10-01.")


@pytest.mark.parametrize(
    "text",
    [
        'a = { name = "2026-13-01", b = 1 ',
        "a = { s = 2026-10-01, e = 2026-12-31 # 2026-13-01",
        "a = [2026-10-01, 12:00:00, 2026-10-01 12:00:00, 2026-10-01T12:00:00.5Z",
        "a = 1 b = 2 # 2026-13-01",
        "cycle = 2026-q4",
        "version = 1.2.3.4",
        "a = 2026 apples",
    ],
)
def test_other_mistakes_are_not_called_dates(text: str) -> None:
    found = read("x.toml", text)
    assert isinstance(found, Problem)
    assert "is no date" not in found.text


def test_a_date_on_a_line_of_a_list() -> None:
    found = read("x.toml", "a = [\n  2026-10-01,\n  2026-13-01,\n]\n")
    assert str(found) == 'x.toml:3: "2026-13-01" is no date. Write YEAR-MONTH-DAY without quotes, such as 2026-10-01.'


def test_a_tree_with_errors_never_stops_the_locator() -> None:
    for text in ("[", "[[]]", "= 1", "a =", "a = {", "[a", "a = [1", "\0", "[[a.b]]\n[a.b", '"\\q" = 1'):
        lines, odd = locate(text)
        assert isinstance(lines, dict)
        assert odd is None or odd >= 1


def test_did_you_mean() -> None:
    assert did_you_mean("whn", ["when", "to"]) == 'Did you mean "when"?'
    assert did_you_mean("WHEN", ["when", "to"]) == 'Did you mean "when"?'
    assert did_you_mean("xyz", ["b", "a"]) == "Known here: a, b."
    assert did_you_mean("xyz", ["b", "a"], otherwise="Ask.") == "Ask."
    assert did_you_mean("xyz", []) == ""
