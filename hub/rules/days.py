"""Days of the strategy's time zone and windows of cycles, as instants: comparing them is comparing integers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hub.model import Comparison, Cycle

Window = tuple[int, int]
"""[first, past) in milliseconds."""

ALWAYS_FROM, FOREVER = -(1 << 62), 1 << 62
NEVER: Window = (0, 0)
CYCLE_DAYS = frozenset({"cycle.starts", "cycle.ends"})
WINDOWS = frozenset({"cycle", "next cycle", "previous cycle"})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}[\d:.,Zz+-]*", re.ASCII)


@lru_cache(maxsize=65_536)
def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant at which a day begins, in milliseconds."""
    try:
        return (datetime.combine(day, time(), zone).astimezone(UTC) - _EPOCH) // _MILLISECOND
    except OverflowError:  # the first days of year 1, east of Greenwich
        return ALWAYS_FROM


def day_after(day: date, zone: ZoneInfo) -> int:
    """The instant at which a day has passed."""
    return FOREVER if day == date.max else midnight(day + timedelta(days=1), zone)


def day_of(at: int, zone: ZoneInfo) -> date | None:
    """The day that an instant lies in; None beyond the years that a calendar has."""
    try:
        return (_EPOCH + timedelta(milliseconds=at)).astimezone(zone).date()
    except OverflowError:
        return None


@lru_cache(maxsize=65_536)
def instant_of(text: str, zone: ZoneInfo) -> int | None:
    """What an ISO date (its midnight) or an ISO instant stands for; one without an offset is of the zone. None for others."""
    try:
        if _DAY.fullmatch(text):
            return midnight(date.fromisoformat(text), zone)
        if not _INSTANT.fullmatch(text):
            return None
        moment = datetime.fromisoformat(text.upper())
        return ((moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC) - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None


def is_cyclic(comparison: Comparison) -> bool:
    """Whether it has to be judged for each cycle by itself."""
    return comparison.op != "regex" and isinstance(comparison.right, str) and comparison.right in CYCLE_DAYS | WINDOWS


def is_of_days(comparison: Comparison) -> bool:
    """Whether it compares days with days that are written in it, or with those of a cycle."""
    return comparison.op == "within" or (
        comparison.op in _BOUNDS and (isinstance(comparison.right, date) or comparison.right in CYCLE_DAYS)
    )


class Calendar:
    """The strategy's zone and its cycles, in the order of the mapping; a cycle is known by its position."""

    def __init__(self, zone: ZoneInfo, cycles: tuple[Cycle, ...]) -> None:
        self.zone = zone
        self.cycles = cycles
        self.positions = {cycle.id: n for n, cycle in enumerate(cycles)}
        self.all = (1 << len(cycles)) - 1
        """All cycles as a set of bits."""
        self._following = tuple(map(self.next, cycles))
        self._preceding = tuple(map(self.previous, cycles))
        self._ids: dict[int, frozenset[str]] = {}

    def ids(self, bits: int) -> frozenset[str]:
        """The ids of the cycles in a set of bits."""
        found = self._ids.get(bits)
        if found is None:
            found = self._ids[bits] = frozenset(c.id for n, c in enumerate(self.cycles) if bits >> n & 1)
        return found

    def window(self, comparison: Comparison, cycle: int | None) -> Window:
        """The instants for which a comparison of days holds; ``cycle`` is None where there is no cycle."""
        right = comparison.right
        if isinstance(right, str):
            if cycle is None:
                return NEVER
            if comparison.op == "within":
                return self._span(right, cycle)
            one = self.cycles[cycle]
            right = one.starts if right == "cycle.starts" else one.ends
        if isinstance(right, tuple):
            return midnight(right[0], self.zone), day_after(right[1], self.zone)
        assert isinstance(right, date)
        return _BOUNDS[comparison.op](right, self.zone)

    def _span(self, word: str, cycle: int) -> Window:
        one = {"cycle": self.cycles, "next cycle": self._following, "previous cycle": self._preceding}[word][cycle]
        return (midnight(one.starts, self.zone), day_after(one.ends, self.zone)) if one else NEVER

    def next(self, cycle: Cycle) -> Cycle | None:
        """The cycle that begins next after one has ended."""
        later = [c for c in self.cycles if c.starts > cycle.ends]
        return min(later, key=lambda c: (c.starts, c.ends, c.id), default=None)

    def previous(self, cycle: Cycle) -> Cycle | None:
        """The cycle that ended last before one began."""
        earlier = [c for c in self.cycles if c.ends < cycle.starts]
        return min(earlier, key=lambda c: (-c.ends.toordinal(), -c.starts.toordinal(), c.id), default=None)


_BOUNDS: dict[str, Callable[[date, ZoneInfo], Window]] = {
    "gt": lambda day, zone: (day_after(day, zone), FOREVER),
    "gte": lambda day, zone: (midnight(day, zone), FOREVER),
    "lt": lambda day, zone: (ALWAYS_FROM, midnight(day, zone)),
    "lte": lambda day, zone: (ALWAYS_FROM, day_after(day, zone)),
}
