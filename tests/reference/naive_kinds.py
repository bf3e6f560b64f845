"""docs/key-results/README.md by the words: what a key result is at, and its progress.

Quotes are from that page, unless they say otherwise; "Chosen:" marks what the words leave open.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from hub.model import MEASURED, STAYS, Cycle, Filter, Item, KeyResult, Metric, Objective, Relative, Step, fold
from tests.reference.naive_metrics import current, measure, measured_start
from tests.reference.naive_rows import ONE, Look, ends_at_horizon, fits, has_dates, horizon, window, written_window
from tests.reference.naive_state import state
from tests.reference.naive_units import completion_figure, counted_items, units_of
from tests.reference.naive_world import Figure, World, day_of, is_duplicate, once


class Period(NamedTuple):
    """``holds`` is whether its value lies within the bounds; ``newest`` the day of its newest row."""

    first: date
    last: date
    value: Fraction
    holds: bool
    newest: date | None


class StepAt(NamedTuple):
    items: int
    done: int
    is_done: bool


class Standing(NamedTuple):
    """Where a key result is. ``progress`` is None while it is unmeasured, and not clamped."""

    progress: Fraction | None
    current: Fraction | None = None
    start: Fraction | None = None
    target: Fraction | None = None
    newest: date | None = None
    """The newest row of its metric that is in use."""
    periods: tuple[Period, ...] = ()
    """Those that are judged."""
    holds: bool | None = None
    steps: tuple[StepAt, ...] = ()
    parts: tuple[str, ...] = ()
    unit: str | None = None


def cycle_of(world: World, key_result: KeyResult) -> Cycle:
    return world.mapping.cycles[fold(key_result.cycle)]


def has_been_dropped(world: World, key_result: KeyResult) -> bool:
    return key_result.dropped is not None and day_of(world, world.as_of) >= key_result.dropped.on


# ---- increase, decrease ---------------------------------------------------------------------------------------------------


def target_from(key_result: KeyResult, start: Fraction | None) -> Fraction | None:
    """ "`"+30%"` is start + 30 % of |start|, `"-5"` is start - 5." """
    target = key_result.target
    if target is None or isinstance(target, Decimal):
        return None if target is None else Fraction(target)
    assert isinstance(target, Relative)
    if start is None:
        return None
    change = Fraction(target.change)
    return start + (abs(start) * change / 100 if target.percent else change)


def way(kind: str, now: Fraction | None, start: Fraction | None, target: Fraction | None) -> Fraction | None:
    """ "(current - start) / (target - start)"; "without a current value, a start or a target there is no progress"; "A measured
    start that equals its target (...) leaves the key result unmeasured." "`increase` needs a target above its start, `decrease`
    one below." """
    if now is None or start is None or target is None or start == target:
        return None
    if (target > start) != (kind == "increase"):
        return None
    return (now - start) / (target - start)


def start_of(world: World, key_result: KeyResult, metric: Metric) -> Fraction | None:
    """docs/metrics.md: "Once the cycle has begun and `settle` days have gone by, the start is frozen" """
    if key_result.start != "measured":
        return None if key_result.start is None else Fraction(key_result.start)
    frozen = world.baselines.get((key_result.cycle, fold(key_result.id)))
    if frozen is not None:
        world.met["a frozen start"] += 1
        return frozen
    return measured_start(world, metric, key_result.rows, cycle_of(world, key_result)).value


def rising(world: World, key_result: KeyResult, metric: Metric) -> Standing:
    number = current(world, metric, key_result.rows, cycle_of(world, key_result))
    start = start_of(world, key_result, metric)
    target = target_from(key_result, start)
    return Standing(
        way(key_result.kind, number.value, start, target), number.value, start, target, number.newest, unit=number.unit
    )


# ---- stay_above, stay_below, stay_within ----------------------------------------------------------------------------------


def period_around(day: date, every: str) -> Look:
    """ "days, weeks (from Monday), months, quarters, years of the calendar" """
    if every == "day":
        return Look(day, day)
    if every == "week":
        monday = day - day.weekday() * ONE
        return Look(monday, monday + 6 * ONE)
    months = {"month": 1, "quarter": 3, "year": 12}[every]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    after = first.month + months
    return Look(first, date(day.year + (after > 12), (after - 1) % 12 + 1, 1) - ONE)


def periods_of(world: World, metric: Metric, cycle: Cycle) -> list[Look]:
    """ "The periods are those of the metric's `every` within its window: (...), cut at the window's ends; a window of `all`
    begins with the cycle here." "Without `every`, and over items without a date, the whole window is the one period."

    Chosen: the window's ends are those of the table of windows, before the horizon cuts it.
    """
    if not has_dates(world, metric):
        return [Look(cycle.starts, cycle.ends)]
    written, now = written_window(world, metric, cycle), window(world, metric, cycle)
    if written is None or now is None:
        return []
    first = written.first if written.first is not None else cycle.starts
    assert written.last is not None
    if metric.every is None:
        assert now.last is not None
        return [Look(first, now.last)] if first <= now.last else []
    found, begins = [], first
    while begins <= min(written.last, horizon(world, metric, cycle)):
        whole = period_around(begins, metric.every)
        assert whole.last is not None
        found.append(Look(begins, min(whole.last, written.last)))
        begins = whole.last + ONE
    return found


def outside(key_result: KeyResult, value: Fraction) -> Fraction:
    """How far a value lies outside of the bounds; within them it is 0 or less. "The bounds themselves are within" """
    target = key_result.target
    assert isinstance(target, tuple | Decimal) and not isinstance(target, Relative)
    if isinstance(target, tuple):
        least, most = (Fraction(one) for one in target)
        return max(least - value, value - most)
    return Fraction(target) - value if key_result.kind == "stay_above" else value - Fraction(target)


def valued_periods(world: World, key_result: KeyResult, metric: Metric) -> list[Period]:
    """ "The value of a period is the metric over its days alone. A period that has no value is left out (a count of 0 is
    a value)" """
    cycle = cycle_of(world, key_result)
    by = horizon(world, metric, cycle)
    found = []
    for look in periods_of(world, metric, cycle):
        assert look.first is not None and look.last is not None
        cut = min(look.last, by) if metric.every is not None or ends_at_horizon(world, metric) else look.last
        number = measure(world, metric, key_result.rows, cycle, Look(look.first, cut))
        if number.value is not None:
            holds = outside(key_result, number.value) <= 0
            found.append(Period(look.first, look.last, number.value, holds, number.newest))
    return found


def judged(world: World, metric: Metric, cycle: Cycle, periods: list[Period]) -> list[Period]:
    """ "a period whose last day, cut or not, comes after the horizon is left out, too, unless it is the only one that has a
    value." """
    ended = [p for p in periods if p.last <= horizon(world, metric, cycle)]
    if len(periods) == 1:
        return periods
    world.met["a period that is not over"] += len(ended) < len(periods)
    return ended


def staying(world: World, key_result: KeyResult, metric: Metric) -> Standing:
    """The table of `judge`. Chosen: the rows of a period that is not over are in use, too, when it is asked how old they are."""
    every = valued_periods(world, key_result, metric)
    newest = max((p.newest for p in every if p.newest is not None), default=None)
    periods = tuple(judged(world, metric, cycle_of(world, key_result), every))
    if not periods:
        return Standing(None)
    values = [p.value for p in periods]
    if key_result.judge == "share":
        share = Fraction(sum(p.holds for p in periods), len(periods))
        return Standing(share, share, newest=newest, periods=periods)
    if key_result.judge == "average":
        value = sum(values, Fraction(0)) / len(values)
    elif key_result.judge == "last":
        value = values[-1]
    else:
        furthest = max(outside(key_result, value) for value in values)
        value = [v for v in values if outside(key_result, v) == furthest][-1]
    holds = outside(key_result, value) <= 0
    return Standing(Fraction(int(holds)), value, newest=newest, periods=periods, holds=holds)


# ---- milestone ------------------------------------------------------------------------------------------------------------


def items_of_step(world: World, key_result: KeyResult, lines: Filter) -> list[Item]:
    cycle = cycle_of(world, key_result)
    return [i for i in world.items.values() if not is_duplicate(world, i) and fits(world, cycle, i, lines)]


def step_at(world: World, key_result: KeyResult, step: Step) -> StepAt:
    """ "A step is done when at least one item fits its lines and all that fit and are not dropped are done (states with dropped
    ancestors, as in section 1; duplicates and items that have left are no items)."

    Chosen: the one that fits is not dropped.
    """
    states = [state(world, i) for i in items_of_step(world, key_result, step.rows)]
    world.met["a step of dropped work only"] += bool(states) and set(states) == {"dropped"}
    alive = [s for s in states if s != "dropped"]
    return StepAt(len(alive), alive.count("done"), bool(alive) and set(alive) == {"done"})


def stepping(world: World, key_result: KeyResult) -> Standing:
    """ "progress = weight of the done steps / weight of all steps. Always measured." """
    steps = tuple(step_at(world, key_result, step) for step in key_result.steps)
    total = sum((Fraction(s.weight) for s in key_result.steps), Fraction(0))
    done = sum((Fraction(s.weight) for s, at in zip(key_result.steps, steps, strict=True) if at.is_done), Fraction(0))
    return Standing(done / total, steps=steps)


# ---- parts ----------------------------------------------------------------------------------------------------------------


def whole_of(world: World, key_result: KeyResult) -> KeyResult | None:
    if key_result.part_of is None:
        return None
    return world.mapping.key_results[key_result.cycle, fold(key_result.part_of)]


def parts_of(world: World, key_result: KeyResult) -> list[KeyResult]:
    """ "A dropped part is left out from its day on." """
    every = [k for k in world.mapping.key_results.values() if whole_of(world, k) is key_result]
    return [k for k in every if not has_been_dropped(world, k)]


def is_under_another(world: World, objective: Objective, key_result: KeyResult) -> bool:
    """ "an objective to which both belong takes the whole only." Chosen: also the whole of the whole, and so on."""
    above = whole_of(world, key_result)
    while above is not None:
        if fold(objective.id) in {fold(id) for id in above.objectives}:
            world.met["a part beside its whole"] += 1
            return True
        above = whole_of(world, above)
    return False


def clamped(progress: Fraction | None) -> Fraction | None:
    return None if progress is None else max(Fraction(0), min(Fraction(1), progress))


def averaged(world: World, key_result: KeyResult) -> Standing:
    """ "`combine = "mean"`: progress is the weighted mean of the measured parts' clamped progress, by their `weight`." """
    parts = parts_of(world, key_result)
    known = [(Fraction(p.weight), clamped(standing(world, p).progress)) for p in parts]
    measured = [(w, p) for w, p in known if p is not None]
    weights = sum((w for w, _ in measured), Fraction(0))
    names = tuple(fold(p.id) for p in parts)
    if weights == 0:
        return Standing(None, parts=names)
    return Standing(sum((w * p for w, p in measured), Fraction(0)) / weights, parts=names)


def added(world: World, key_result: KeyResult) -> Standing:
    """ "`combine = "sum"`: start, target and current are the sums of the parts' (those that it writes itself go before), (...);
    all parts must be measured, else it is unmeasured." Chosen: and in one unit."""
    parts = parts_of(world, key_result)
    names = tuple(fold(p.id) for p in parts)
    each = [standing(world, p) for p in parts]
    if not each or any(one.progress is None for one in each) or len({one.unit for one in each}) > 1:
        return Standing(None, parts=names)

    def total(of: list[Fraction | None]) -> Fraction:
        return sum((one for one in of if one is not None), Fraction(0))

    now, start, target = (total([getattr(one, name) for one in each]) for name in ("current", "start", "target"))
    if key_result.start is not None and key_result.start != "measured":
        start = Fraction(key_result.start)
    if key_result.target is not None:
        own = target_from(key_result, start)
        assert own is not None
        target = own
    return Standing(way(key_result.kind, now, start, target), now, start, target, parts=names, unit=each[0].unit)


# ---- all ------------------------------------------------------------------------------------------------------------------


@once
def standing(world: World, key_result: KeyResult) -> Standing:
    if key_result.kind == "completion":
        return Standing(completion_figure(world, key_result).progress)
    if key_result.kind == "milestone":
        return stepping(world, key_result)
    if key_result.combine is not None:
        return averaged(world, key_result) if key_result.combine == "mean" else added(world, key_result)
    assert key_result.kind in MEASURED and key_result.metric is not None
    metric = world.mapping.metrics[key_result.metric]
    return staying(world, key_result, metric) if key_result.kind in STAYS else rising(world, key_result, metric)


@once
def key_result_figure(world: World, key_result: KeyResult) -> Figure:
    """ "Progress is an exact fraction. It is shown as it is, (...) and clamped to 0..1 where an objective takes it." """
    if key_result.kind == "completion":
        found: Figure = completion_figure(world, key_result)
        return found
    progress = clamped(standing(world, key_result).progress)
    return Figure(progress, Fraction(0), Fraction(0), 1, int(progress is not None))


def work_beside(world: World, key_result: KeyResult) -> tuple[int, int]:
    """ "**Work** that rules attach to a key result of another kind than completion is counted the same way and shown beside its
    number ("work 14/20"), never in it." (done units, units)"""
    units = [u for u in units_of(world, key_result).values() if u.counts]
    assert len(units) == len(counted_items(world, key_result))
    return sum(u.done for u in units), len(units)
