"""What only shows when all files have been read: mistakes between blocks."""

from __future__ import annotations

from itertools import combinations

from hub.mappings.draft import Draft
from hub.model import Cycle


def check_whole(draft: Draft) -> None:
    """Mistakes between blocks."""
    _overlaps(draft)


def by_start(draft: Draft) -> list[Cycle]:
    """All cycles in the order of time."""
    return sorted(draft.cycles.values(), key=lambda c: (c.starts, c.ends, c.id))


def contains(outer: Cycle, inner: Cycle) -> bool:
    """Whether all days of one cycle are days of the other."""
    return outer.starts <= inner.starts and inner.ends <= outer.ends


def _overlaps(draft: Draft) -> None:
    for a, b in combinations(by_start(draft), 2):
        if b.starts > a.ends:
            continue
        if (a.starts, a.ends) == (b.starts, b.ends):
            draft.error(b.place, f'The cycles "{a.id}" and "{b.id}" have the same dates.', "Keep one of the two.")
        elif not contains(a, b) and not contains(b, a):
            text = f'The cycles "{a.id}" and "{b.id}" overlap from {b.starts} to {min(a.ends, b.ends)}.'
            draft.error(
                b.place, text, "A cycle may lie inside a longer one, but two may not share days otherwise: correct the dates."
            )
