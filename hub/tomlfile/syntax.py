"""What is said about a text that is not TOML: the parser's words made clear, and the place where a person would mend it."""

from __future__ import annotations

import re
import tomllib

import tomli

from hub.errors import Problem
from hub.tomlfile.dates import REMEDY, no_date
from hub.tomlfile.slips import slip

_STRAYED = "Stray text in an inline table"
_CLEARER = tuple(
    (re.compile(pattern), what, remedy)
    for pattern, what, remedy in (
        (r"Cannot declare \((.+?),?\) twice", "The table [{key}] is written twice.", "Join the two, or rename one of them."),
        (r"Cannot overwrite a value", "A key is given twice in the same table.", "Keep one of the two."),
        (r"Duplicate inline table key (.+)", "The key {key} is given twice in one inline table.", "Keep one of the two."),
        (r"Unclosed array", "A list is opened with [ and never closed.", "Add the missing ], or the comma between two values."),
        (r"Unclosed inline table", "A table is opened with { and never closed.", "Add the missing }."),
        (_STRAYED, "Something in a table { ... } is not written right.",
         "A comma goes between two entries; a text goes in quotes: { name = \"A\", weight = 2 }."),
        (r"Unterminated string", "A text is opened with a quote and never closed.", "Add the missing quote."),
        (r"Expected \"'''\"", "A text is opened with a quote and never closed.", "Add the missing quote."),
        (r"Illegal character '\\n'", "A text is opened with a quote and not closed on its line.", "Add the missing quote."),
        (r"Unescaped '\\' in a string", "A text holds a single backslash.", "Write it twice, or put the text in single quotes."),
        (r"Invalid date or datetime", "There is no such day or time.", "Correct the date; it is written 2026-10-01."),
        (r"Invalid value", "The value is not valid TOML.",
         "A text goes in quotes; a date is written 2026-10-01, yes is true."),
        (r"Invalid statement", "The line is no `key = value`, no [table] and no # comment.",
         "A key with letters beyond a-z goes in quotes."),
        (r"Expected '=' after a key in a key/value pair", "A = is missing after the key.",
         "A key with spaces or with letters beyond a-z goes in quotes."),
        (r"Expected '\]+' at the end of .*", "The brackets of a header do not match.", "Write [name] or [[name]]."),
        (r"Expected newline or end of document after a statement", "Something follows the value on the same line.",
         "Start a new line for the next key; a text or an id goes in quotes."),
    )
)  # fmt: skip


def syntax(name: str, text: str, error: tomli.TOMLDecodeError) -> Problem:
    """The problem for what the parser says."""
    lines = _lines(text)
    line = min(error.lineno, len(lines))
    message = error.msg
    if (meant := slip(name, line, lines[line - 1].rstrip("\r"), error.colno, _parses)) is not None:
        return meant
    if message in _BY_DATES and (problem := _no_date(name, lines, line)) is not None:
        return problem
    if message == "Invalid value" and _parses(f"{text}\n0]"):
        message = "Unclosed array"  # the file ends behind a comma
    if message == "Unclosed inline table" and "}" in lines[line - 1][error.colno - 1 :]:
        message = _STRAYED
    if message in _OPENINGS:
        line, column = _opening(lines, line, _OPENINGS[message])
    else:
        column = _column(message, lines[line - 1], error.colno)
    if message == _BEYOND and lines[line - 1][column - 1 : column] == ",":
        return Problem(name, line, "Several values stand side by side.", 'Put them in brackets: ["a", "b"].', column=column)
    for pattern, what, remedy in _CLEARER:
        if found := pattern.fullmatch(message):
            key = found[1].replace("', '", ".").strip("'\"") if found.groups() else ""
            return Problem(name, line, what.replace("{key}", key), remedy, column=column)
    text = f"This is not valid TOML: {message[:1].lower()}{message[1:]}."
    return Problem(name, line, text, "Correct the line, or the one before it.", column=column)


_BEYOND = "Expected newline or end of document after a statement"
_BY_DATES = frozenset(
    {
        "Unclosed array",
        "Unclosed inline table",
        "Invalid value",
        "Invalid date or datetime",
        _BEYOND,
    }
)
"""What the parser says where a date stops making sense: it reads the digits before that as a number."""


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _no_date(name: str, lines: list[str], line: int) -> Problem | None:
    found = no_date(lines[line - 1])
    if found is None:
        return None
    at, written = found
    return Problem(name, line, f'"{written}" is no date.', REMEDY, column=at + 1, width=len(written))


_OPENINGS = {"Unclosed array": "[", "Unclosed inline table": "{", "Unterminated string": '"', "Expected \"'''\"": "'"}
_TRIES = 200
"""Lines that are tried as the beginning of an unfinished value; each costs one parse of what stands before it."""


def _opening(lines: list[str], line: int, mark: str) -> tuple[int, int]:
    """Line and column where the unfinished value begins: the parser says where it ends, which may be the end of the file."""
    candidates = [n for n in range(line, 0, -1) if mark in lines[n - 1]]
    for n in candidates[:_TRIES]:
        if _parses("\n".join(lines[: n - 1])):
            written = lines[n - 1]
            return n, written.find(mark, max(written.find("="), 0)) + 1 or written.find(mark) + 1
    return line, _first(lines[line - 1])


_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*')


def _column(message: str, line: str, column: int) -> int:
    """Where on its line the mistake is: the parser has often read on to what follows it."""
    column = min(column, len(line) + 1)
    if message.startswith(("Cannot declare", "Cannot overwrite")):
        return _first(line)
    if message.startswith("Duplicate inline table key"):
        key = message.removeprefix("Duplicate inline table key ").strip("'")
        return line.rfind(key, 0, column - 1) + 1 or column
    if message == "Illegal character '\\n'":  # the end of the line; the quote that opens the text is what counts
        bare = _QUOTED.sub(lambda quoted: "." * len(quoted[0]), line)
        return min((at for at in (bare.find('"'), bare.find("'")) if at >= 0), default=column - 1) + 1
    if message.startswith("Unescaped"):
        return line.rfind("\\", 0, column) + 1 or column
    return column


def _first(line: str) -> int:
    return len(line) - len(line.lstrip()) + 1


def _parses(text: str) -> bool:
    try:
        tomli.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def newer(name: str, text: str, odd: int | None) -> Problem | None:
    """The problem for the first syntax that only TOML 1.1 has. Editors and the locator know 1.0 only.

    ``odd`` is the line that the locator did not understand."""
    lines = _lines(text)
    line, column = odd, 0
    try:
        tomllib.loads(text)
        if not _READS_1_1:
            return None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+), column (\d+)", str(error))
        line, column = (int(at[1]), int(at[2])) if at else (odd or max(len(_lines(text.rstrip())), 1), 0)
    if line is None:
        return None
    line = min(line, len(lines))
    return _no_date(name, lines, line) or Problem(
        name, line, "TOML 1.1 syntax is not supported.",
        "Write an inline table { ... } on one line without a comma before its }, and times with seconds.",
        column=min(column, len(lines[line - 1]) + 1) or _first(lines[line - 1]),
    )  # fmt: skip


def long_number(name: str, text: str) -> Problem:
    """The problem for a number that Python refuses to read."""
    found = re.search(r"[0-9_]{4000,}", text)
    at = found.start() if found else 0
    column = at - text.rfind("\n", 0, at)
    return Problem(
        name, text.count("\n", 0, at) + 1, "A whole number has too many digits.", "Put it in quotes if it is an id.",
        column=column, width=len(found[0]) if found else 1,
    )  # fmt: skip


def _accepts(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


_READS_1_1 = _accepts("a = {b = 1,}")
"""Whether this Python's own parser is a 1.1 one; then only the syntax tree can tell the dialects apart."""
