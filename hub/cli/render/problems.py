"""Mistakes in files, and what a configuration without mistakes holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Group
from rich.text import Text

from hub.cli.render.text import BAD, BOLD, DIM, WARN, clean, columns, count, words
from hub.errors import Problem


def problem_lines(problems: Iterable[Problem]) -> Group:
    """One line per problem: ``file:line: what. What next.``"""
    return Group(*(problem_line(problem) for problem in problems))


def problem_line(problem: Problem) -> Text:
    """Where, in bold; a warning says that it is one."""
    place = f"{problem.file}:{problem.line}" if problem.line else problem.file
    kind = ("warning: ", WARN) if problem.warning else ("", BAD)
    return words((f"{clean(place)}: ", BOLD), kind, clean(problem.text), f" {clean(problem.remedy)}" if problem.remedy else "")


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
