"""What the units of key results add up to. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from hub.model import Unit


@dataclass(slots=True)
class Tally:
    """What the units of one key result add up to, kept as counts of equal units so that sums stay exact and cheap."""

    counted: Counter[tuple[Fraction, bool, int, Decimal | None]] = field(default_factory=Counter)
    """(part, done, level, estimate) -> how many"""
    covered: Counter[tuple[int, Decimal]] = field(default_factory=Counter)
    """(level, sum of the estimates beneath) -> how many items that stand above units"""
    left_out: Counter[str] = field(default_factory=Counter)
    """reason -> how many attached items that do not count"""
    currencies: Counter[str] = field(default_factory=Counter)
    """currency -> how many units by amount; "" is none"""

    def add(self, unit: Unit, times: int = 1) -> None:
        if unit.counts:
            self.counted[unit.part, unit.state == "done", unit.level, unit.estimate] += times
            if unit.estimate is not None:
                self.currencies[unit.why] += times
            return
        self.left_out[unit.why] += times
        if unit.below is not None:
            self.covered[unit.level, unit.below] += times


def tally(units: Iterable[Unit]) -> dict[tuple[str, str], Tally]:
    """Units by (cycle, key result)."""
    return tally_counted((unit, 1) for unit in units)


def tally_counted(units: Iterable[tuple[Unit, int]]) -> dict[tuple[str, str], Tally]:
    """The same from units that stand for several that are alike, with how many."""
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for unit, times in units:
        tallies[unit.cycle, unit.key_result].add(unit, times)
    return tallies


Tallies = MappingABC[tuple[str, str], Tally]
"""By (cycle id, folded id) of a key result."""
