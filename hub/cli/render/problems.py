"""Mistakes in files, and what a configuration without mistakes holds."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from hub.cli.render.hanging import Hanging
from hub.cli.render.text import BAD, BOLD, DIM, WARN, clean, columns, count, fit, words
from hub.errors import Problem

INDENT = "    "
"""Before the line of a file, and what to do."""
_NARROWEST = 20
_READ = 500
"""Characters on each side of a mistake that are looked at: a line may be as long as its file."""


def problem_lines(problems: Iterable[Problem], width: int) -> Group:
    """Each problem with the line that it is about, in at most ``width`` cells, and what to do.

    ``file:line:column: what.``, the line, a caret under the mistake, the remedy; all in one line where there is none to show."""
    return Group(*(line for problem in problems for line in _lines(problem, width)))


def problem_line(problem: Problem) -> Text:
    """Where, in bold, what and what next; a warning says that it is one."""
    return words(_what(problem), f" {clean(problem.remedy)}" if problem.remedy else "")


def _lines(problem: Problem, width: int) -> list[Text | Hanging]:
    if not problem.excerpt:
        return [Hanging(problem_line(problem), len(INDENT))]
    shown, before, marks = _marked(problem, max(width - len(INDENT), _NARROWEST))
    caret = Text(INDENT + " " * before + "^" * marks, WARN if problem.warning else BAD)
    told = [Hanging(Text(INDENT + clean(problem.remedy)), len(INDENT))] if problem.remedy else []
    return [Hanging(_what(problem), len(INDENT)), Text(INDENT + shown, DIM), caret, *told]


def _what(problem: Problem) -> Text:
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    row = f", {problem.row}" if problem.row else ""
    kind = ("warning: ", WARN) if problem.warning else ("", BAD)
    return words((f"{clean(place)}{clean(row)}: ", BOLD), kind, clean(problem.text))


def _marked(problem: Problem, room: int) -> tuple[str, int, int]:
    """What is shown of a line, how many cells stand before the mistake, and how many it has."""
    at, past = problem.column - 1, problem.column - 1 + problem.width
    line = problem.excerpt
    before, wrong, after = (
        _visible(part) for part in (line[max(at - _READ, 0) : at], line[at:past][:_READ], line[past:][:_READ])
    )
    if at > _READ or cell_len(before + wrong + after) > room:
        wrong = fit(wrong, room // 2)
        left = room - cell_len(wrong) - min(cell_len(after), room // 4)
        if at > _READ or cell_len(before) > left:
            before = f"…{_tail(before, left - 1)}"
        after = fit(after, room - cell_len(before + wrong)) if not wrong.endswith("…") else ""
    return f"{before}{wrong}{after}".rstrip(), cell_len(before), max(cell_len(wrong), 1)


def _tail(text: str, width: int) -> str:
    """The end of a text in at most ``width`` cells."""
    while cell_len(text) > width:
        text = text[1:]
    return text


def _visible(text: str) -> str:
    """Every character takes the cells that it seems to: no tabs, and nothing that a terminal would obey."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char == "\t":
        return "    "
    return "�" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in "\u200c\u200d" else char


def check_summary(place: str, counts: Mapping[str, int], sources: Iterable[tuple[str, str]], warnings: int) -> Group:
    """What a valid configuration holds."""
    table = columns()
    table.add_column(justify="right")
    table.add_column()
    for name, number in counts.items():
        table.add_row(str(number), name.replace("_", " ").removesuffix("s" if number == 1 else ""))
    but = f", with {count(warnings, 'warning')}." if warnings else "."
    head = words((f"{clean(place)} is valid", BOLD), but)
    listed = ", ".join(f"{clean(name)} ({clean(kind)})" for name, kind in sources)
    return Group(head, table, Text(f"Sources: {listed or 'none'}", DIM))
