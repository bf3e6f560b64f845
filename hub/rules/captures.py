"""``{key_result}`` and ``{team}`` in the texts of conditions: what an item names there.

A text fits in several ways when it has wildcards or two placeholders: every way names something. A placeholder then stands for
a run of letters, digits, ``.``, ``_`` and ``-`` that no wildcard beside it cuts short; otherwise for any characters, without the
blanks around them.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product

PLACEHOLDER = re.compile(r"\{(key_result|team)\}")
MOST_STEPS = 50_000
"""Ways that are tried in one text: a page of prose has millions of pairs of words."""

_RUN = re.compile(r"[a-z0-9_.\-]+")
"""In a folded text of ASCII."""

Way = tuple[tuple[str, str], ...]
"""(placeholder, what it stands for) of each placeholder in a text."""


@lru_cache(maxsize=16_384)
def ways(pattern: str, text: str) -> tuple[Way, ...]:
    """How a folded text with placeholders fits a folded text: each different way once, none if it does not fit."""
    pieces = PLACEHOLDER.split(pattern)
    around, names = pieces[::2], pieces[1::2]
    if len(names) == 1 and "*" not in pattern and "?" not in pattern:
        end = len(text) - len(around[1])
        if not (text.startswith(around[0]) and text.endswith(around[1])):
            return ()
        said = text[len(around[0]) : end].strip()
        return (((names[0], said),),) if said else ()
    fitting = _Fitting(text, around[0], around[-1])
    found: dict[Way, None] = {}
    for spans in fitting.pairs(around[1]) if len(names) == 2 else fitting.singles():
        found[tuple((name, text[a:b]) for name, (a, b) in zip(names, spans, strict=True))] = None
    return tuple(found)


def filled(template: str, way: Way) -> str | None:
    """A folded template with what the placeholders stand for; None when one of them stands for nothing."""
    for name, text in way:
        template = template.replace(f"{{{name}}}", text)
    return None if PLACEHOLDER.search(template) else template


Span = tuple[int, int]


class _Fitting:
    """Where placeholders can stand in a text: ``starts`` of the first one, ``stops`` of the last one."""

    def __init__(self, text: str, before: str, behind: str) -> None:
        self._text = text
        self._runs = [run.span() for run in _RUN.finditer(text)] if text.isascii() else list(_runs(text))
        self._in_run = {n for a, b in self._runs for n in range(a, b)}
        self._starts = sorted(
            {at for glob, _, edge in _variants(before) for at in _ends(glob, text, 0) if self._free(at - 1, edge)}
        )
        length, turned = len(text), text[::-1]
        stops = {
            length - n
            for glob, edge, _ in _variants(behind)
            for n in _ends(glob[::-1], turned, 0)
            if self._free(length - n, edge)
        }
        self._stops = sorted(stops)
        self._steps = 0

    def _free(self, place: int, edge: bool) -> bool:
        """Whether a wildcard (``edge``) that takes the character at a place cuts no run short."""
        return not edge or place not in self._in_run

    def singles(self) -> Iterator[tuple[Span]]:
        for run in self._runs:
            for start in _between(self._starts, run[0], run[1] - 1):
                for stop in self._ends_of_last(start, run):
                    yield ((start, stop),)

    def pairs(self, middle: str) -> Iterator[tuple[Span, Span]]:
        for run in self._runs:
            for start in _between(self._starts, run[0], run[1] - 1):
                for cut in range(start + 1, run[1] + 1):
                    if not self._step():
                        return
                    for other in self._gaps(middle, cut):
                        for stop in self._ends_of_last(other, self._run_at(other)):
                            yield ((start, cut), (other, stop))

    def _gaps(self, middle: str, cut: int) -> Iterator[int]:
        """Where the second placeholder can start behind the end of the first one."""
        for glob, left, right in _variants(middle):
            if self._free(cut, left):
                for other in _ends(glob, self._text, cut):
                    if not self._step():
                        return
                    if self._free(other - 1, right):
                        yield other

    def _ends_of_last(self, start: int, run: Span) -> Iterator[int]:
        return (stop for stop in _between(self._stops, start + 1, run[1]) if self._step())

    def _run_at(self, place: int) -> Span:
        return next((run for run in self._runs if run[0] <= place < run[1]), (place, place))

    def _step(self) -> bool:
        self._steps += 1
        return self._steps <= MOST_STEPS


def _runs(text: str) -> Iterator[Span]:
    """Runs of letters (with the accents that belong to them), digits, ``.``, ``_`` and ``-``."""
    start = None
    for n, c in enumerate(text):
        if c.isalnum() or c in "._-" or unicodedata.category(c)[0] == "M":
            start = n if start is None else start
        elif start is not None:
            yield start, n
            start = None
    if start is not None:
        yield start, len(text)


def _between(places: Sequence[int], low: int, high: int) -> Sequence[int]:
    """The places from ``low`` to ``high``, both included."""
    return places[bisect_left(places, low) : bisect_right(places, high)]


@lru_cache(maxsize=4096)
def _variants(glob: str) -> tuple[tuple[str, bool, bool], ...]:
    """A glob with the stars at its edges taken for nothing, and for something: (glob, whether its first character is taken by a
    wildcard, whether its last one is)."""
    core = glob.strip("*")
    if not core:
        return (("", False, False), ("?*", True, True)) if glob else (("", False, False),)
    lefts = [("", core[0] == "?"), *([("?*", True)] if glob[0] == "*" else [])]
    rights = [("", core[-1] == "?"), *([("*?", True)] if glob[-1] == "*" else [])]
    return tuple((before + core + behind, left, right) for (before, left), (behind, right) in product(lefts, rights))


def _ends(glob: str, text: str, at: int) -> Sequence[int]:
    """Where a glob can end that begins at a place of the text, in ascending order."""
    first, *others = re.split(r"\*+", glob)
    found = _literal(first).match(text, at)
    if found is None:
        return ()
    if not others:
        return (found.end(),)
    for piece in others[:-1]:  # the first place where a piece fits is as good as any other
        found = _literal(piece).search(text, found.end())
        if found is None:
            return ()
    last = others[-1]
    if not last:
        return range(found.end(), len(text) + 1)
    return [m.start() + len(last) for m in _literal(last, ahead=True).finditer(text, found.end())]


@lru_cache(maxsize=4096)
def _literal(piece: str, ahead: bool = False) -> re.Pattern[str]:
    expression = "".join("." if c == "?" else re.escape(c) for c in piece)
    return re.compile(f"(?={expression})" if ahead else expression, re.DOTALL)
