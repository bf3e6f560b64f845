"""Whether what a number rests on is older than its rhythm allows. Pure; docs/metrics.md, "The rhythm"."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from hub.measure.windows import LENGTH
from hub.model import Cycle, Mapping, Metric, day_in_words

DAY = 86_400_000


class Late(NamedTuple):
    """What a verdict must know of age. ``freshness`` is the end (ms) of each source's last complete run; ``valued`` are sources
    with values and no items; ``fed`` are, for each key result, the sources that its work and its steps come from."""

    as_of: int
    freshness: MappingABC[str, int]
    valued: frozenset[str] = frozenset()
    fed: MappingABC[tuple[str, str], frozenset[str]] = {}


def late_metric(
    mapping: Mapping, metric: Metric, newest: str | None, today: date, ends: date, late: Late, ended: int | None = None
) -> str | None:
    """Why a metric's number is late, as a sentence without its full stop; None when it is not. ``newest`` is the day of its
    newest row, ``ends`` the last day of the cycle; ``ended`` the instant at which the cycle was over, if it is."""
    allowed = mapping.scale.late
    if metric.series is not None or metric.source in late.valued:
        if metric.every is None:
            return None
        if newest is None:
            return f"it has no value in its window, and one is expected every {metric.every}"
        age = min(today.toordinal() - metric.settle, ends.toordinal()) - date.fromisoformat(newest).toordinal()
        if age <= allowed * LENGTH[metric.every]:
            return None
        return f"the newest value is of {day_in_words(date.fromisoformat(newest))}, and one is expected every {metric.every}"
    rhythm = LENGTH[metric.every] if metric.every else 1
    return _old(metric.source, rhythm, allowed, late, ended)


def late_work(mapping: Mapping, sources: frozenset[str], late: Late, ended: int | None = None) -> str | None:
    """Why figures that are made of these sources' items are late."""
    found = (_old(source, 1, mapping.scale.late, late, ended) for source in sorted(sources))
    return next((why for why in found if why is not None), None)


def _old(source: str, days: int, allowed: Fraction, late: Late, ended: int | None) -> str | None:
    at = late.freshness.get(source)
    if at is None:
        return f"{source} has not been read to its end yet"
    age = (late.as_of if ended is None else min(late.as_of, ended)) - at
    if age <= allowed * days * DAY:
        return None
    over = ended is not None and ended < late.as_of
    return f"{source} was last read to its end {_time(age)} {'before the cycle ended' if over else 'ago'}"


def _time(age: int) -> str:
    hours = age // 3_600_000
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"


def ended_at(mapping: Mapping, cycle: Cycle) -> int:
    """The instant at which a cycle is over."""
    return cycle.bounds(mapping.zone)[1]
