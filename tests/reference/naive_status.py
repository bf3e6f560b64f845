"""docs/status.md by the words: the status of every node, and what it was held against.

Quotes are from that page, unless they say otherwise; "Chosen:" marks what the words leave open.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from hub.model import STAYS, Cycle, KeyResult, Metric, Objective, fold
from tests.reference.naive_kinds import (
    Standing,
    cycle_of,
    has_been_dropped,
    parts_of,
    standing,
)
from tests.reference.naive_rollup import (
    cycles_of,
    has_key_results,
    key_results_in,
    objectives_of_pillar,
    supporters_in,
)
from tests.reference.naive_rows import ONE, horizon, of_values
from tests.reference.naive_world import World, bounds, day_of

ORDER = ("missed", "off track", "at risk", "unknown", "not started", "too early", "on track", "done")
""" "The order, from the weakest" """
DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
ONE_DAY = 86_400_000


class Age(NamedTuple):
    """``freshness``: the end of each source's last complete run; ``fed``: the sources of a key result's work and steps."""

    freshness: MappingABC[str, int]
    fed: MappingABC[tuple[str, str], frozenset[str]]


class Told(NamedTuple):
    """``expected`` is what progress is held against, None where it is not. ``late``: it is unknown for lateness."""

    status: str
    expected: Fraction | None = None
    late: bool = False


# ---- lateness -------------------------------------------------------------------------------------------------------------


def judged_at(world: World, cycle: Cycle) -> int:
    """ "After the cycle's end nothing is late that was not late on its last day." """
    _, past = bounds(world, cycle)
    return min(world.as_of, past)


def is_stale(world: World, cycle: Cycle, source: str, days: int, age: Age) -> bool:
    """docs/metrics.md: "as old as the last complete run of its source, and late when that is more than `late` times the rhythm
    before `as_of`". Chosen: without a complete run there is nothing to be late."""
    ended = age.freshness.get(source)
    return ended is not None and judged_at(world, cycle) - ended > world.mapping.scale.late * days * ONE_DAY


def is_late_metric(world: World, key_result: KeyResult, metric: Metric, age: Age) -> bool:
    """docs/metrics.md: "A metric over values is *late* when more than `late` (...) times that rhythm has gone by from the date of
    its newest row in use to the horizon; (...) Values of which none lies in the window are late, too. Without `every`, values
    are never late." """
    cycle = cycle_of(world, key_result)
    if not of_values(world, metric):
        return is_stale(world, cycle, metric.source, DAYS[metric.every or "day"], age)
    newest = standing(world, key_result).newest
    if metric.every is None:
        return False
    if newest is None:
        return True  # "Values of which none lies in the window are late, too."
    gone_by = (horizon(world, metric, cycle) - newest).days
    return bool(gone_by > world.mapping.scale.late * DAYS[metric.every])


def is_late(world: World, key_result: KeyResult, age: Age) -> bool:
    """ "of attached work (completion) and of the steps of a milestone when the last complete run of a source that they come from
    lies more than `late` days before `as_of`. (...) Of a key result of parts: one of its measured parts is unknown." """
    if key_result.combine is not None:
        return any(told(world, part, age).late for part in parts_of(world, key_result))
    if key_result.metric is not None:
        return is_late_metric(world, key_result, world.mapping.metrics[key_result.metric], age)
    sources = age.fed.get((key_result.cycle, fold(key_result.id)), frozenset())
    return any(is_stale(world, cycle_of(world, key_result), source, 1, age) for source in sources)


# ---- what is expected -----------------------------------------------------------------------------------------------------


def joined(points: list[tuple[Fraction, Fraction]], at: Fraction) -> Fraction:
    """ "joined by straight lines" """
    for (left, low), (right, high) in pairwise(points):
        if left <= at <= right:
            return high if right == left else low + (high - low) * (at - left) / (right - left)
    return points[-1][1]


def day_number(world: World, cycle: Cycle) -> tuple[int, int]:
    """ "*Day N of M*: the cycle's M days, of which the day of `as_of` (in the strategy's time zone) is the Nth." """
    return (day_of(world, world.as_of) - cycle.starts).days + 1, (cycle.ends - cycle.starts).days + 1


def is_by_days(key_result: KeyResult) -> bool:
    """ "a pace by days (steps, dated targets)" """
    return isinstance(key_result.pace, tuple) or (key_result.kind == "milestone" and key_result.pace is None)


def pace_now(world: World, key_result: KeyResult, at: Standing) -> Fraction:
    """ "*Expected* by the pace" """
    cycle, today = cycle_of(world, key_result), day_of(world, world.as_of)
    n, m = day_number(world, cycle)
    if isinstance(key_result.pace, tuple):
        assert at.start is not None and at.target is not None
        shares = [(on, (Fraction(value) - at.start) / (at.target - at.start)) for on, value in key_result.pace]
        days: list[tuple[date, Fraction]] = [(cycle.starts - ONE, Fraction(0)), *shares]
        if days[-1][0] < cycle.ends:
            days.append((cycle.ends, Fraction(1)))
        return joined([(Fraction(on.toordinal()), share) for on, share in days], Fraction(today.toordinal()))
    if key_result.kind == "milestone" and key_result.pace is None:
        total = sum((Fraction(s.weight) for s in key_result.steps), Fraction(0))
        return sum((Fraction(s.weight) for s in key_result.steps if s.due <= today), Fraction(0)) / total
    if key_result.pace is None or key_result.pace == "linear":
        return Fraction(n, m)
    return joined([(Fraction(0), Fraction(0)), *world.mapping.curves[key_result.pace]], Fraction(n, m))


# ---- a key result ---------------------------------------------------------------------------------------------------------


def score_of(world: World, key_result: KeyResult) -> Fraction:
    """ "Expected is the pace times the `score` of its ambition: of an aspirational one 0.7 of it." """
    scale = world.mapping.scale
    return scale.aspirational if key_result.ambition == "aspirational" else scale.committed


def told(world: World, key_result: KeyResult, age: Age) -> Told:
    """ "The first that fits says the status" """
    cycle, scale = cycle_of(world, key_result), world.mapping.scale
    today, at = day_of(world, world.as_of), standing(world, key_result)
    stays, share = key_result.kind in STAYS, key_result.judge == "share"
    if has_been_dropped(world, key_result):
        return Told("dropped")
    if today < cycle.starts:
        return Told("not started")
    if at.progress is None:
        return Told("unknown")
    if is_late(world, key_result, age):
        return Told("unknown", late=True)
    if today > cycle.ends:
        if stays and not share:
            return Told("done" if at.holds else "missed")
        return Told("done" if at.progress >= score_of(world, key_result) else "missed")
    if at.progress >= 1 and not stays:
        return Told("on track" if key_result.kind == "decrease" else "done")
    if stays and not share:
        return Told("on track" if at.holds else "off track")
    if stays:
        return Told(by_share(world, at.progress, Fraction(1)))
    if key_result.pace == "none":
        return Told("too early")
    n, m = day_number(world, cycle)
    if not is_by_days(key_result) and n <= scale.too_early * m:
        return Told("too early")
    expected = pace_now(world, key_result, at) * score_of(world, key_result)
    return Told(by_share(world, at.progress, expected), expected)


def by_share(world: World, progress: Fraction, expected: Fraction) -> str:
    """ "progress against what is *expected*: at least `on_track` of it, at least `at_risk` of it, or less" """
    scale = world.mapping.scale
    if progress >= scale.on_track * expected:
        return "on track"
    return "at risk" if progress >= scale.at_risk * expected else "off track"


# ---- the sentence of progress against pace --------------------------------------------------------------------------------


def percent(share: Fraction, places: int) -> str:
    """Half a unit is rounded away from nought, and places that hold nothing are not written."""
    scaled = abs(share) * 100 * 10**places
    whole = int(scaled) + (1 if scaled - int(scaled) >= Fraction(1, 2) else 0)
    digits = str(whole).rjust(places + 1, "0")
    before, after = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    text = f"{int(before):,}" + (f".{after}" if after else "")
    return f"-{text} %" if share < 0 and whole else f"{text} %"


def percents(*shares: Fraction) -> list[str]:
    """ "A percentage is rounded to whole percents unless that would make two numbers equal that differ; then it has as many
    places as tell them apart, at most two." """
    for places in range(3):
        texts = [percent(share, places) for share in shares]
        if len(set(texts)) == len(set(shares)):
            break
    return texts


# ---- objectives, pillars, the company -------------------------------------------------------------------------------------


def weakest(statuses: list[str]) -> str:
    """ "Without anything to ask: unknown." """
    return min(statuses, key=ORDER.index) if statuses else "unknown"


def objective_status(world: World, objective: Objective, cycle: Cycle, age: Age) -> str:
    """ "An objective's status is that of its weakest committed key result; without a committed one (of those that its figure
    takes) that of its weakest. Key results that are dropped, and parts of others, are not asked." "when one of them is missed,
    off track or at risk, it is at risk at best; when it has no key result of its own, its status is that of the weakest
    objective that supports it." "A draft objective has the status *draft*, a dropped one *dropped*; nothing takes either."

    Chosen: a part that the figure takes, because the objective has not its whole, is asked.
    """
    if objective.state in ("draft", "dropped"):
        return objective.state
    below = [objective_status(world, o, cycle, age) for o in supporters_in(world, objective, cycle)]
    if not has_key_results(world, objective):
        return weakest(below)
    asked = key_results_in(world, objective, cycle)
    committed = [k for k in asked if k.ambition == "committed"]
    own = weakest([told(world, k, age).status for k in committed or asked])
    if any(status in ("missed", "off track", "at risk") for status in below):
        return weakest([own, "at risk"])
    return own


def statuses(world: World, age: Age) -> dict[tuple[str, str, str], Told]:
    """By (kind, cycle, folded id); the company's id is empty."""
    found = {}
    for key_result in world.mapping.key_results.values():
        found["key_result", key_result.cycle, fold(key_result.id)] = told(world, key_result, age)
    for objective in world.mapping.objectives.values():
        for cycle in cycles_of(world, objective):
            found["objective", cycle.id, fold(objective.id)] = Told(objective_status(world, objective, cycle, age))
    for cycle in world.mapping.cycles.values():
        pillars = []
        for pillar in world.mapping.pillars.values():
            beneath = [objective_status(world, o, cycle, age) for o in objectives_of_pillar(world, cycle, pillar.id)]
            found["pillar", cycle.id, fold(pillar.id)] = Told(weakest(beneath))
            pillars.append(weakest(beneath))
        found["company", cycle.id, ""] = Told(weakest(pillars))
    return found
