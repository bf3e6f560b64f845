"""The lines that problems speak of, as they stand in the files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from hub.errors import Problem

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|[\w.+-]+')
_HEADER = re.compile(r"\[\[?[^\[\]#]+\]\]?")


def quoted(
    problems: Iterable[Problem], texts: Mapping[str, str], shown: Callable[[str], str] = lambda line: line
) -> list[Problem]:
    """The problems, each with its line as ``excerpt`` if its file is among the texts; ``shown`` may withhold a line or the
    end of it. A problem that knows its column only gets the width of the word, text or header that begins there."""
    lines: dict[str, list[str]] = {}
    found = []
    for problem in problems:
        text = texts.get(problem.file)
        if text is not None and problem.column and not problem.excerpt:
            if problem.file not in lines:
                lines[problem.file] = text.removeprefix("\ufeff").split("\n")  # other line ends are part of a line
            of_file = lines[problem.file]
            whole = of_file[problem.line - 1].rstrip("\r") if problem.line <= len(of_file) else ""
            excerpt = shown(whole)
            if not whole.startswith(excerpt):  # its end is masked, in one character
                cut = len(excerpt) - problem.column + 1
                if cut >= 1:
                    width = problem.width if problem.width > 1 else _width(whole, problem.column)
                    problem = replace(problem, excerpt=excerpt, width=min(width, cut))
            elif excerpt.strip():
                width = problem.width if problem.width > 1 else _width(whole, problem.column)
                problem = replace(problem, excerpt=excerpt, width=width)
        found.append(problem)
    return found


def _width(line: str, column: int) -> int:
    at = column - 1
    begins = _HEADER.match(line, at) if not line[:at].strip() else None
    begins = begins or _TOKEN.match(line, at)
    return len(begins[0]) if begins else 1
