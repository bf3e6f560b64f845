"""The instant at which a nightly run of a local day begins. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

SECOND = 1000


def fires(source: str, day: date, at: time, zone: str, jitter: int) -> int:
    """Milliseconds UTC at which the run of a local day begins: its time of day, and up to ``jitter`` seconds on top.

    A time that a spring night leaves out is the first instant after the gap, or the last before it where the gap ends with the
    day, so that each day has one; of one that an autumn night has twice, the first.
    The jitter follows from source and day alone, so that a restart does not move it.
    """
    return _instant(day, at, zone) + _share(source, day, jitter)


@lru_cache(maxsize=4096)
def _instant(day: date, at: time, zone: str) -> int:
    there = ZoneInfo(zone)
    first = datetime.combine(day, at, there)
    early, late = (first.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    naive = datetime.combine(day, at, UTC)
    if early >= late:  # an ordinary time, or the first of two
        return _millis(naive - early)
    end = _change(naive - late, naive - early, there)
    if end.astimezone(there).date() != day:  # as in Greenland, where the last hour of the day is left out
        end -= timedelta(seconds=1)
    return _millis(end)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second between two instants at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def _share(source: str, day: date, jitter: int) -> int:
    if not jitter:
        return 0
    drawn = int.from_bytes(blake2b(f"{source} {day}".encode(), digest_size=8).digest(), "big")
    return drawn * jitter * SECOND >> 64


def local_day(instant: int, zone: str) -> date:
    """The day that it is there at an instant."""
    return datetime.fromtimestamp(instant / SECOND, ZoneInfo(zone)).date()


def _millis(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND
