"""Bugs put into the hub on purpose: whether the simulation notices is what its own green is worth.

Each plant says what it breaks, and by what it is caught: a seed of the simulation, or one of the directed stories.
"""

from __future__ import annotations

from tests.simulation import plants_absence, plants_reading
from tests.simulation.plants import PLANTS, Plant

WHERE = (plants_absence, plants_reading)
"""Importing them has registered what is in them."""


def table() -> str:
    """All plants as a Markdown table: what is planted, what notices it, and which invariant does not hold then."""
    lines = ["| planted bug | what it does | caught by | as |", "|---|---|---|---|"]
    for each in PLANTS.values():
        caught = f"seed {each.seed}" if each.seed is not None else f"story `{each.story}`"
        lines.append(f"| `{each.name}` | {each.what} | {caught} | {each.by} |")
    return "\n".join(lines)


__all__ = ["PLANTS", "Plant", "table"]
