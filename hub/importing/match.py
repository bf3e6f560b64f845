"""Which row is which block of an earlier import: by id, by the same name, by the same contents, by a name that hardly changed."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from hub.model import fold

ALIKE, APART = 0.8, 0.1
"""How alike two names must be (0 to 1), and how much less alike the next best pair."""
PREFIX = 8
"""Letters that a name must have at least for another one to be its continuation."""
PAIRS = 40_000
"""More comparisons than these would take longer than anybody waits; then only same names are found."""


class Side(NamedTuple):
    """What is compared: ids (any of them will do), a name, what tells two of the same name apart, and the names inside."""

    ids: tuple[str, ...]
    name: str
    hint: str = ""
    inside: frozenset[str] = frozenset()
    """Folded names of an objective's key results."""


def pairs(rows: Sequence[Side], blocks: Sequence[Side], *, alike: bool = True) -> dict[int, int]:
    """Index of a row -> index of its block. A name that is only alike counts where no other pair is nearly as good."""
    found: dict[int, int] = {}
    _by_id(rows, blocks, found)
    for with_hint in (True, False):
        _by_name(rows, blocks, found, with_hint)
    _by_contents(rows, blocks, found)
    if alike:
        _by_likeness(rows, blocks, found)
    return found


def _left(count: int, taken: set[int]) -> list[int]:
    return [n for n in range(count) if n not in taken]


def _by_id(rows: Sequence[Side], blocks: Sequence[Side], found: dict[int, int]) -> None:
    by_id = {fold(id): n for n, block in enumerate(blocks) for id in block.ids}
    for n, row in enumerate(rows):
        hit = next((by_id[fold(id)] for id in row.ids if fold(id) in by_id), None)
        if hit is not None and hit not in found.values():
            found[n] = hit


def _by_name(rows: Sequence[Side], blocks: Sequence[Side], found: dict[int, int], with_hint: bool) -> None:
    waiting: dict[tuple[str, str], list[int]] = {}
    for b in _left(len(blocks), set(found.values())):
        waiting.setdefault((fold(blocks[b].name), fold(blocks[b].hint) if with_hint else ""), []).append(b)
    for r in _left(len(rows), set(found)):
        same = waiting.get((fold(rows[r].name), fold(rows[r].hint) if with_hint else ""), [])
        if same:
            found[r] = same.pop(0)


def _by_contents(rows: Sequence[Side], blocks: Sequence[Side], found: dict[int, int]) -> None:
    """Another name, and most of the same inside: each is the other's best by that, and has half of it or more."""
    left, right = _left(len(rows), set(found)), _left(len(blocks), set(found.values()))
    by_name: dict[str, list[int]] = {}
    for b in right:
        for name in blocks[b].inside:
            by_name.setdefault(name, []).append(b)
    for r in left:
        shared = Counter(b for name in rows[r].inside for b in by_name.get(name, ()))
        if len(shared) == 1:
            (b, number), *_ = shared.items()
            if b not in found.values() and 2 * number >= max(len(rows[r].inside), len(blocks[b].inside)):
                found[r] = b


def _by_likeness(rows: Sequence[Side], blocks: Sequence[Side], found: dict[int, int]) -> None:
    left, right = _left(len(rows), set(found)), _left(len(blocks), set(found.values()))
    if not left or not right or len(left) * len(right) > PAIRS:
        return
    scores = {(r, b): _likeness(rows[r].name, blocks[b].name) for r in left for b in right}
    gone: set[int] = set()
    for (r, b), score in sorted(scores.items(), key=lambda one: -one[1]):
        if score < ALIKE or r in found or b in gone:
            continue
        others = [scores[r, other] for other in right if other != b and other not in gone]
        others += [scores[other, b] for other in left if other != r and other not in found]
        if max(others, default=0.0) < score - APART:
            found[r] = b
            gone.add(b)


def _likeness(one: str, other: str) -> float:
    """0 to 1; a name that goes on where the other ends is as like as one with a few other letters."""
    one, other = fold(one), fold(other)
    short, long = sorted((one, other), key=len)
    if len(short) >= PREFIX and long.startswith(f"{short} "):
        return ALIKE + APART / 2
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE else 0.0
