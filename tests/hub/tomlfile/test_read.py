"""Where things stand in a TOML text, and what is said about texts that are none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.errors import Problem
from hub.tomlfile import Document, did_you_mean, read
from hub.tomlfile.locate import Path, Spots

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
    ("path", "head", "key", "value"),
    [
        (("top",), (2, 1, 3), (2, 1, 3), (2, 1, 3)),
        (("top", "a"), (2, 5, 1), (2, 5, 1), (2, 9, 1)),
        (("cycle",), (3, 1, 7), (3, 2, 5), (3, 1, 7)),
        (("cycle", "2026-q4"), (4, 1, 7), (4, 1, 7), (4, 11, 49)),
        (("cycle", "2026-q4", "ends"), (4, 34, 11), (4, 34, 11), (4, 48, 10)),
        (("rule",), (5, 1, 8), (5, 3, 4), (5, 1, 8)),
        (("rule", 0), (5, 1, 8), (5, 3, 4), (5, 1, 8)),
        (("rule", 0, "name"), (7, 1, 4), (7, 1, 4), (7, 8, 3)),
        (("rule", 0, "when"), (8, 1, 4), (8, 1, 4), (8, 1, 4)),
        (("rule", 0, "when", "label"), (8, 6, 5), (8, 6, 5), (8, 14, 1)),
        (("rule", 0, "when", "label", 0), (10, 3, 3), (10, 3, 3), (10, 3, 3)),
        (("rule", 0, "when", "label", 1), (11, 3, 11), (11, 3, 11), (11, 3, 11)),
        (("rule", 0, "when", "label", 1, "b", 0), (11, 10, 1), (11, 10, 1), (11, 10, 1)),
        (("rule", 0, "text"), (13, 1, 4), (13, 1, 4), (13, 8, 3)),
        (("rule", 0, "when", "field"), (16, 1, 19), (16, 12, 7), (16, 1, 19)),
        (("rule", 0, "when", "field", "\\u"), (17, 1, 4), (17, 1, 4), (17, 8, 1)),
        (("rule", 0, "step", 0), (18, 1, 13), (18, 8, 4), (18, 1, 13)),
        (("rule", 0, "step", 0, "n"), (19, 1, 1), (19, 1, 1), (19, 5, 1)),
        (("rule", 0, "step", 1, "n"), (21, 1, 1), (21, 1, 1), (21, 5, 1)),
        (("rule", 1), (22, 1, 8), (22, 3, 4), (22, 1, 8)),
        (("rule", 1, "when", "z"), (25, 1, 1), (25, 1, 1), (25, 5, 1)),
        (("rule", 1, "step", 0, "n"), (27, 1, 1), (27, 1, 1), (27, 5, 1)),
        (("a",), (28, 2, 1), (28, 2, 1), (28, 2, 1)),
        (("a", "b", "c"), (28, 1, 7), (28, 6, 1), (28, 1, 7)),
        (("a", "b", "c", "d"), (29, 1, 1), (29, 1, 1), (29, 5, 1)),
        (("rule", 1, "no", "such"), (22, 1, 8), (22, 1, 8), (22, 1, 8)),
        (("nothing",), (1, 0, 1), (1, 0, 1), (1, 0, 1)),
    ],
)
def test_places(path: Path, head: tuple[int, ...], key: tuple[int, ...], value: tuple[int, ...]) -> None:
    """Of a table the header, of a key the key and its value; what is not there stands where what would hold it does."""
    doc = document(TEXT)
    assert (doc.head(path), doc.key(path), doc.value(path)) == (head, key, value)
    assert doc.place(path, "row 3") == ("x.toml", *head[:2], "row 3")


def paths(value: Any, at: Path = ()) -> set[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {at} | {p for key, one in inner for p in paths(one, (*at, key))}


def test_every_path_of_the_values_has_a_line() -> None:
    doc = document(TEXT)
    assert paths(doc.values) - {()} == set(doc.spots.by_path)


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\u00e9\u00df\u2013", "\U0001f680"])
def test_only_line_feeds_count_as_line_ends(odd: str) -> None:
    doc = document(f'# {odd}\na = "{odd}{odd}"\nb = 1\n')
    assert [doc.place(("a",)).line, doc.place(("b",)).line] == [2, 3]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    doc = document("\ufeff" + TEXT.replace("\n", "\r\n"))
    same = document(TEXT)
    assert {p: (doc.key(p), doc.value(p)) for p in same.spots.by_path} == {
        p: (same.key(p), same.value(p)) for p in same.spots.by_path
    }


@pytest.mark.parametrize(
    ("text", "column", "width"),
    [
        ('a = { "ü" = "ßß", b = "x" }', 23, 3),
        ('a = { "\\u00fc" = "", b = "x" }', 26, 3),
        ('a = { "\U0001f680\u200d" = 1, b = "größer" }', 21, 8),
        ("a = {\t\tb\t=\t'x y' }", 12, 5),
        ('a = { b = "x\u2028y" }', 11, 5),
        ('a = { b = """ü\r\nx""" }', 11, 4),
    ],
)
def test_columns_count_characters(text: str, column: int, width: int) -> None:
    assert document(f"# ü\r\n{text}\r\n").value(("a", "b")) == (2, column, width)


@pytest.mark.parametrize(
    ("text", "part", "place"),
    [
        ('a = "x {y}"', (2, 3), (1, 8, 3)),
        ("a = 'x {y}'", (2, 3), (1, 8, 3)),
        ('a = "ü {y}"', (2, 3), (1, 8, 3)),
        ('a = """\nx\nü {y}"""', (4, 3), (3, 3, 3)),
        ("a = '''{y}'''", (0, 3), (1, 8, 3)),
        ('a = ["", "{y}"]', (0, 3), (1, 11, 3)),
        ("a = 5", (0, 3), (1, 5, 1)),
    ],
)
def test_a_part_of_a_text(text: str, part: tuple[int, int], place: tuple[int, ...]) -> None:
    path: Path = ("a", 1) if "[" in text else ("a",)
    assert document(text).part(path, *part) == place


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
    assert 1 <= found.column <= len(text.split("\n")[line - 1]) + 1


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a = [1,\n2,\n\n", (1, 5), "opened with ["),
        ('[[rule]]\nwhen.label = ["a",\n  "b"\nto = "x"\n\n[[rule]]\nwhen.label = ["q"]\n', (2, 14), "opened with ["),
        ("x = 1\r\na = [\r\n1", (2, 5), "opened with ["),
        ("b = 1\na = { c = 1", (2, 5), "opened with {"),
        ('b = 1\na = """\nx\n', (2, 5), "opened with a quote"),
        ("b = 1\na = '''\nx\n", (2, 5), "opened with a quote"),
        ('a = "x\nb = 1\n', (1, 5), "not closed on its line"),
        ('a = ["ü", "x, \'y\']\nb = 1\n', (1, 11), "not closed on its line"),
        ("a = 1\n  a = 2\n", (2, 3), "twice"),
        ("[a.b]\n[a.b]\n", (2, 1), "[a.b] is written twice"),
        ("a = { b = 1, b = 2 }", (1, 14), "b is given twice"),
        ('a = "C:\\dir"', (1, 8), "backslash"),
        ("a = 2026-02-30", (1, 5), '"2026-02-30" is no date'),
        ("größe = 1", (1, 3), "= is missing"),
        ("b = 1\nä = 1", (2, 1), "no `key = value`"),
        ("[a\nb = 1", (1, 3), "brackets"),
        ("a = yes", (1, 5), "not valid TOML"),
        ("a =", (1, 4), "not valid TOML"),
        ("ü = 1", (1, 1), "no `key = value`"),
        ('"ü" = 1 b = 2', (1, 9), "Something follows"),
        ("a = " + "[" * 5000 + "]" * 5000, (1, 1), "nested too deeply"),
        ("\na = " + "9" * 5000, (2, 5), "too many digits"),
    ],
)
def test_syntax_errors(text: str, place: tuple[int, int], words: str) -> None:
    found = read("x.toml", text)
    assert isinstance(found, Problem)
    assert (found.line, found.column) == place
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
    wrong = line.format(value)
    found = read("x.toml", f"a = 1\r\n{wrong}\r\nb = 2\r\n")
    text, remedy = f'"{written}" is no date.', "Write YEAR-MONTH-DAY without quotes, such as 2026-10-01."
    assert found == Problem("x.toml", 2, text, remedy, column=wrong.index(written) + 1)
    assert found.width == len(written)


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
    assert str(found) == 'x.toml:3:3: "2026-13-01" is no date. Write YEAR-MONTH-DAY without quotes, such as 2026-10-01.'


def test_a_tree_with_errors_never_stops_the_locator() -> None:
    for text in ("[", "[[]]", "= 1", "a =", "a = {", "[a", "a = [1", "\0", "[[a.b]]\n[a.b", '"\\q" = 1'):
        spots = Spots(text)
        assert all(spots.key(path) and spots.value(path) for path in spots.by_path)
        assert spots.odd is None or spots.odd >= 1


def test_did_you_mean() -> None:
    assert did_you_mean("whn", ["when", "to"]) == 'Did you mean "when"?'
    assert did_you_mean("WHEN", ["when", "to"]) == 'Did you mean "when"?'
    assert did_you_mean("xyz", ["b", "a"]) == "Known here: a, b."
    assert did_you_mean("xyz", ["b", "a"], otherwise="Ask.") == "Ask."
    assert did_you_mean("xyz", []) == ""
