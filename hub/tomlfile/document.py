"""One TOML text: its values, and the line of each of them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import tomli

from hub.errors import Problem
from hub.model import Place
from hub.tomlfile.dates import REMEDY, no_date
from hub.tomlfile.locate import Path, locate

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


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML text, understood. Numbers with a point are ``Decimal``."""

    name: str
    values: dict[str, Any]
    lines: dict[Path, int]

    def place(self, path: Path = ()) -> Place:
        """The line of a path, or of the nearest part above it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return Place(self.name, self.lines.get(path, 1))


def read(name: str, text: str) -> Document | Problem:
    """Parse a text. A mistake in the syntax comes back as the one problem of the file: nothing after it can be trusted."""
    text = text.removeprefix("\ufeff")
    try:
        values = tomli.loads(text, parse_float=Decimal)
        lines, odd = locate(text)
    except tomli.TOMLDecodeError as error:
        return _syntax(name, text, error)
    except RecursionError:
        return Problem(
            name, 1, "Lists or tables are nested too deeply.", "A mapping or configuration never needs more than four levels."
        )
    except ValueError:
        return Problem(name, _long_number(text), "A whole number has too many digits.", "Put it in quotes if it is an id.")
    newer = _newer(text, odd)
    if newer is not None:
        return _no_date(name, text, newer) or Problem(
            name, newer, "TOML 1.1 syntax is not supported.",
            "Write an inline table { ... } on one line without a comma before its }, and times with seconds.",
        )  # fmt: skip
    return Document(name, values, lines)


def _syntax(name: str, text: str, error: tomli.TOMLDecodeError) -> Problem:
    line = min(error.lineno, text.count("\n") + 1)
    message = error.msg
    if message in _BY_DATES and (problem := _no_date(name, text, line)) is not None:
        return problem
    if message == "Invalid value" and _parses(f"{text}\n0]"):
        message = "Unclosed array"  # the file ends behind a comma
    if message == "Unclosed inline table" and "}" in text.split("\n")[line - 1][error.colno - 1 :]:
        message = _STRAYED
    if message in _OPENINGS:
        line = _opening(text, line, _OPENINGS[message])
    for pattern, what, remedy in _CLEARER:
        if found := pattern.fullmatch(message):
            key = found[1].replace("', '", ".").strip("'\"") if found.groups() else ""
            return Problem(name, line, what.replace("{key}", key), remedy)
    return Problem(
        name, line, f"This is not valid TOML: {message[:1].lower()}{message[1:]}.", "Correct the line, or the one before it."
    )


_BY_DATES = frozenset(
    {
        "Unclosed array",
        "Unclosed inline table",
        "Invalid value",
        "Invalid date or datetime",
        "Expected newline or end of document after a statement",
    }
)
"""What the parser says where a date stops making sense: it reads the digits before that as a number."""


def _no_date(name: str, text: str, line: int) -> Problem | None:
    written = no_date(text.replace("\r\n", "\n").split("\n")[line - 1])
    return None if written is None else Problem(name, line, f'"{written}" is no date.', REMEDY)


_OPENINGS = {"Unclosed array": "[", "Unclosed inline table": "{", "Unterminated string": '"', "Expected \"'''\"": "'"}
_TRIES = 200
"""Lines that are tried as the beginning of an unfinished value; each costs one parse of what stands before it."""


def _opening(text: str, line: int, mark: str) -> int:
    """Where the unfinished value begins: the parser says where it ends, which may be the end of the file."""
    lines = text.replace("\r\n", "\n").split("\n")
    candidates = [n for n in range(min(line, len(lines)), 0, -1) if mark in lines[n - 1]]
    for n in candidates[:_TRIES]:
        if _parses("\n".join(lines[: n - 1])):
            return n
    return line


def _parses(text: str) -> bool:
    try:
        tomli.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _newer(text: str, odd: int | None) -> int | None:
    """The line of the first syntax that only TOML 1.1 has, or None. Editors and the locator know 1.0 only."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        return int(at[1]) if at else odd or max(text.rstrip().count("\n") + 1, 1)
    return odd if _READS_1_1 else None


def _long_number(text: str) -> int:
    found = re.search(r"[0-9_]{4000}", text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _accepts(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


_READS_1_1 = _accepts("a = {b = 1,}")
"""Whether this Python's own parser is a 1.1 one; then only the syntax tree can tell the dialects apart."""
