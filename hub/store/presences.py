"""Sets of presences as SQL writes them."""

from __future__ import annotations

from collections.abc import Iterable

from hub.model import FROZEN, LEFT


def among(presences: Iterable[str]) -> str:
    """A list for ``IN``: ``'held', 'unobserved'``."""
    return ", ".join(f"'{each}'" for each in sorted(presences))


STAYED = f"presence NOT IN ({among(LEFT)})"
"""A condition on ``item``: it has not left."""
STANDS_STILL = f"presence IN ({among(FROZEN)})"
"""A condition on ``item``: what became of it is not known, so what it counts for does not move."""
