"""Mistakes of templates: what is wrong in the block shows in every row, and is told once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from hub.errors import Problem

SHOWN = 3
"""Messages at one place that differ in what a row says are told one by one up to here: each may be its row's own mistake."""
_SAID = re.compile(r'"[^"]*"')
_END = re.compile(r"[.?]?$")


def told_once(problems: Iterable[Problem]) -> list[Problem]:
    """The problems in order, each once. Of the rows of one block the first is told, with how many more there are."""
    by_words: dict[Problem, list[Problem]] = {}
    for problem in dict.fromkeys(problems):
        by_words.setdefault(replace(problem, row=""), []).append(problem)
    by_place: dict[Problem, list[list[Problem]]] = {}
    for same in by_words.values():
        alike = replace(same[0], text=_SAID.sub('""', same[0].text), remedy="", row=same[0].row and "*")
        by_place.setdefault(alike, []).append(same)
    found = []
    for groups in by_place.values():
        if len(groups) > SHOWN and groups[0][0].row:
            groups = [[problem for group in groups for problem in group]]
        found += [_first(group) for group in groups]
    return sorted(found)


def _first(group: list[Problem]) -> Problem:
    first, more = group[0], len(group) - 1
    if not more or not first.row:
        return first
    count = f" (and {more:,} more row{'s' if more > 1 else ''})"
    end = _END.search(first.text)
    at = end.start() if end else len(first.text)
    return replace(first, text=f"{first.text[:at]}{count}{first.text[at:]}")
