"""``{name}``: what a template's row or a rule's capture fills in. One that nothing explains is a mistake anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from hub.errors import Problem
from hub.mappings.draft import Draft
from hub.model import fold
from hub.tomlfile import Table, nearest
from hub.tomlfile.locate import Path

CAPTURES = ("key_result", "team")
"""What a rule's `when`, `unless` and `to` may hold in braces, beside the columns of its rows."""
_RULE_KEYS = frozenset({"when", "unless", "to"})
_BRACE = re.compile(r"\{([^{}\s]*)\}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_REGEX_BRACE = re.compile(r"\{\d+(?:,\d*)?\}|\\[pPx]\{[^{}]*\}")
"""Repetitions and classes: `{2,3}`, `\\p{L}`."""


def column_of(inner: str) -> str:
    """What stands between braces, as columns are compared."""
    return fold(inner.strip())


def pieces(text: str, columns: Iterable[str]) -> list[str]:
    """A text cut at its placeholders: a literal, a folded column, a literal, and so on; one literal when it has none."""
    found, past = [], 0
    for brace in _PLACEHOLDER.finditer(text):
        if column_of(brace[1]) in columns:
            found += [text[past : brace.start()], column_of(brace[1])]
            past = brace.end()
    return [*found, text[past:]]


def braces(text: str, path: Path) -> Iterator[str]:
    """The names in braces of a text at a path, but for what is no placeholder: in CEL and in regular expressions."""
    if "{" not in text or path[-1:] == ("expr",):
        return
    if "regex" in path or path[-1:] == ("finds",):
        text = _REGEX_BRACE.sub("", text)
    yield from dict.fromkeys(_BRACE.findall(text))


def captures(path: Path) -> tuple[str, ...]:
    """The captures that a text at a path may hold."""
    return CAPTURES if len(path) > 2 and path[0] == "rule" and path[2] in _RULE_KEYS else ()


def unexplained(table: Table) -> bool:
    """Whether a text of a block holds a brace that ``check_braces`` reports, so that what follows from it needs no words."""
    return any(name not in captures(path) for path, text in _texts(table.path, table.values) for name in braces(text, path))


def _texts(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts((*path, index), inner)
    elif isinstance(value, str):
        yield path, value


def check_braces(draft: Draft) -> None:
    """Report every ``{name}`` that neither a column nor a capture explains, so that a typo never becomes a name.

    What else was said about such a value only follows from it, and is taken back."""
    found: list[Problem] = []
    values: set[tuple[str, int, int]] = set()
    for top in draft.tops():
        for path, text in _texts((), top.values):
            if "{" not in text:
                continue
            columns = _columns(draft, top, path)
            for name in braces(text, path):
                if columns is None or name in captures(path) or column_of(name) in columns:
                    continue
                values.add(top.value_at(*path)[:3])
                brace = f"{{{name}}}"
                remedy = _remedy(name, captures(path), columns)
                top.problem(path, f"{brace} stands for nothing.", remedy, part=brace)
                found.append(draft.problems.pop())
    draft.problems[:] = [p for p in draft.problems if p.warning or (p.file, p.line, p.column) not in values] + found


def _columns(draft: Draft, top: Table, path: Path) -> frozenset[str] | None:
    """What a row may fill in at a path; None when the rows of its block are unknown."""
    blocks = top.values[str(path[0])]
    block = blocks[int(path[1])] if len(path) > 2 and isinstance(blocks, list) else None
    if not isinstance(block, dict) or "for_each" not in block or path[2] == "for_each":
        return frozenset()
    return draft.columns.get((top.doc.name, path[:2]))


def _remedy(name: str, allowed: tuple[str, ...], columns: frozenset[str]) -> str:
    near = nearest(name, [*sorted(columns), *allowed])
    if near is not None:
        return f"Did you mean {{{near}}}?"
    if columns:
        return f"Remove the braces, or name a column: {', '.join(f'{{{c}}}' for c in sorted(columns)[:8])}."
    if allowed:
        return "Remove the braces; a rule can hold {key_result} and {team} here."
    return "Remove the braces; only a rule's `when`, `unless` and `to` can hold {key_result} or {team}."
