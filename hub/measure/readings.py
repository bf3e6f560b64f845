"""From sums over windows to the values of metrics, and what they are for each key result. Pure; docs/metrics.md."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from hub.measure.answers import MOST_NEWEST, Answer, Ask, Asking, Ledger, ask_all, side_by_side
from hub.measure.measures import Measure, Measures
from hub.measure.money import Converted, converted, segments, several
from hub.measure.windows import Days, Span, periods
from hub.model import (
    STAYS,
    Baseline,
    Contribution,
    Cycle,
    KeyResult,
    Mapping,
    Measured,
    Metric,
    Sums,
    Window,
    day_in_words,
    fold,
)

At = tuple[str, str]
"""(cycle id, folded id) of a key result."""

MOST_PERIODS = 1_500
"""Four years of days: what has more periods is judged by its latest ones."""


class Period(NamedTuple):
    """A part of a window, both days included, and the metric's value over it."""

    first: int
    last: int
    measured: Measured


class Reading(NamedTuple):
    """What was measured for a key result. ``started`` is its measured start, ``frozen`` whether that stands for good;
    ``baseline`` is to be stored. ``periods`` are those of ``stay_*``. ``steps`` are, for each step of a milestone, how many items
    fit and how many of them are done."""

    current: Measured | None = None
    started: Measured | None = None
    frozen: bool = False
    baseline: Baseline | None = None
    periods: tuple[Period, ...] = ()
    steps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Given:
    """What is known besides contributions: the day of the calculation in the strategy's zone, sources with values and no items,
    sources that were read to their end at least once, frozen starts, and measures that cannot be evaluated (with the field)."""

    today: date
    valued: frozenset[str] = frozenset()
    whole: Collection[str] = frozenset()
    complete: MappingABC[str, int] | None = None
    """When each source was last read to its end (ms): a start is frozen only by a run after its cycle began; None does not ask"""
    baselines: MappingABC[At, Baseline] = field(default_factory=dict)
    unevaluable: MappingABC[int, str] = field(default_factory=dict)


class Readings(NamedTuple):
    """By key result, and by (cycle id, folded id of a metric) for each metric as it stands alone in the cycle in force."""

    key_results: MappingABC[At, Reading]
    metrics: MappingABC[At, Measured]


def readings(measures: Measures, given: Given, ledger: Ledger, alone: Cycle | None = None) -> Readings:
    """Everything that is measured. ``alone`` is the cycle in which metrics are read as they stand alone; None: they are not."""
    mapping = measures.mapping
    reader = _Reader(measures, given)
    wanted = {at: kr for at, kr in mapping.key_results.items() if kr.metric is not None or kr.steps}
    found = ask_all([reader.key_result(at, key_result) for at, key_result in wanted.items()], ledger)
    metrics: dict[At, Measured] = {}
    if alone is not None:
        loose = {
            id_: m for id_, metric in mapping.metrics.items() if not metric.inline and (m := measures.of_metric(id_, alone.id))
        }
        values = ask_all([reader.metric(measure, alone) for measure in loose.values()], ledger)
        metrics = {(alone.id, id_): value for id_, value in zip(loose, values, strict=True)}
    return Readings(dict(zip(wanted, found, strict=True)), metrics)


class _Reader:
    def __init__(self, measures: Measures, given: Given) -> None:
        self._measures, self._given = measures, given
        self._mapping = measures.mapping
        self._days = Days(measures.mapping, given.today)

    # ---- key results ----

    def key_result(self, at: At, key_result: KeyResult) -> Asking[Reading]:
        if key_result.steps:
            return (yield from self._steps(at, key_result))
        measure = self._measures.of(key_result)
        assert measure is not None and measure.metric is not None
        cycle = self._mapping.cycles[fold(key_result.cycle)]
        if key_result.kind in STAYS:
            found = yield from self._periods(measure, measure.metric, cycle)
            return Reading(periods=found)
        current = yield from self.metric(measure, cycle)
        if key_result.start != "measured":
            return Reading(current)
        return (yield from self._started(at, key_result, measure, cycle, current))

    def _steps(self, at: At, key_result: KeyResult) -> Asking[Reading]:
        places = [self._measures.of_step(*at, n) for n in range(len(key_result.steps))]
        answers = yield [Ask("sums", Window(place.index)) for place in places]
        counted = []
        for answer in answers:
            rows, done = sum(s.rows for s in answer.sums), sum((s.x for s in answer.sums), Fraction(0))
            counted.append((rows, int(done)))
        return Reading(steps=tuple(counted))

    def _started(self, at: At, key_result: KeyResult, measure: Measure, cycle: Cycle, current: Measured) -> Asking[Reading]:
        """The start: as it was frozen, else as it is measured now, to be frozen once it is final."""
        metric = measure.metric
        assert metric is not None
        of = definition(self._mapping, key_result)
        known = self._given.baselines.get(at)
        if known is not None and known.of == of:
            return Reading(current, Measured(known.value, unit=current.unit), frozen=True)
        if self._given.today < cycle.starts:
            return Reading(current, Measured(None, "the cycle has not begun"))
        started = yield from self._start(measure, metric, cycle, current)
        settle = metric.settle if metric.dated is not None or self._over_values(metric) else 0
        final = self._given.today >= cycle.starts + timedelta(days=settle) and self._read_since(metric, cycle)
        keep = final and started.value is not None
        return Reading(
            current, started, baseline=Baseline(*at, of, started.value) if keep and started.value is not None else None
        )

    def _read_since(self, metric: Metric, cycle: Cycle) -> bool:
        """Whether the source was read to its end since the cycle began: what it was on the eve is known then."""
        complete = self._given.complete
        return complete is None or complete.get(metric.source, 0) >= cycle.bounds(self._mapping.zone)[0]

    def _start(self, measure: Measure, metric: Metric, cycle: Cycle, current: Measured) -> Asking[Measured]:
        values = self._over_values(metric)
        if metric.dated is None and not values:
            return current  # it has no past: what is measured first in the cycle is where it starts
        span = self._days.before(metric, cycle, values=values)
        found = yield from self._over(measure, metric, span)
        if found.value is None and metric.aggregate == "latest" and span.last is not None and not found.rows:
            found = yield from self._first(measure, metric, cycle)
        return found

    def _first(self, measure: Measure, metric: Metric, cycle: Cycle) -> Asking[Measured]:
        """The first value within the cycle."""
        first, last = cycle.starts.toordinal(), self._days.horizon(metric, cycle)
        none = Measured(None, "nothing was measured before the cycle, nor in it")
        if last < first:
            return none
        answers = yield [
            Ask("sums", Window(measure.index, day, day)) for day in range(first, min(last, first + MOST_PERIODS) + 1)
        ]
        day = next((first + n for n, answer in enumerate(answers) if answer.sums), None)
        return none if day is None else (yield from self._over(measure, metric, Span(day, day)))

    # ---- metrics ----

    def metric(self, measure: Measure, cycle: Cycle) -> Asking[Measured]:
        """A metric's value in a cycle."""
        metric = measure.metric
        assert metric is not None
        span = self._days.window(metric, cycle, values=self._over_values(metric))
        if span is None:
            return Measured(None, f'no cycle comes after "{cycle.id}"')
        return (yield from self._over(measure, metric, span))

    def _periods(self, measure: Measure, metric: Metric, cycle: Cycle) -> Asking[tuple[Period, ...]]:
        """The periods that a control key result is judged by; with a value or, where none has one, with the reason."""
        values = self._over_values(metric)
        span = (self._days.whole if metric.every else self._days.window)(metric, cycle, values=values)
        if span is None:
            return (Period(0, 0, Measured(None, f'no cycle comes after "{cycle.id}"')),)
        if span == Span(None, None):
            return (Period(0, 0, (yield from self._over(measure, metric, span))),)
        first = cycle.starts.toordinal() if span.first is None else span.first
        horizon = self._days.horizon(metric, cycle)
        last = horizon if span.last is None else span.last
        if first > min(last, horizon) and (values or metric.settle or metric.every):
            return (Period(first, first, Measured(None, "nothing of its window has passed yet")),)
        if metric.every is None:
            return (Period(first, last, (yield from self._over(measure, metric, Span(first, last)))),)
        parts = list(periods(metric.every, first, last, horizon))[-MOST_PERIODS:]
        over = yield from side_by_side([self._over(measure, metric, Span(begin, end)) for begin, end, _ in parts])
        found = [(Period(begin, end, value), ended) for (begin, end, ended), value in zip(parts, over, strict=True)]
        with_value = [(period, over) for period, over in found if period.measured.value is not None]
        judged = (
            [period for period, over in with_value if over]
            or [period for period, _ in with_value]
            or [period for period, _ in found[-1:]]
        )
        # what the running period has is no verdict yet, but it is news
        news = max((p.measured.newest for p, _ in with_value if p.measured.newest is not None), default=None)
        *before, latest = judged
        return (*before, latest._replace(measured=latest.measured._replace(newest=news)))

    def _over(self, measure: Measure, metric: Metric, span: Span) -> Asking[Measured]:
        """The value over some days, in one currency."""
        field = self._given.unevaluable.get(measure.index)
        if field is not None:
            return Measured(None, f"the source {metric.source} has no {field}")
        window = Window(measure.index, *span)
        if metric.aggregate == "distinct":
            answer, rows = yield [Ask("distinct", window), Ask("sums", window)]
            newest = max((s.newest for s in rows.sums if s.newest is not None), default=None)
            return self._counted(metric, Fraction(answer.distinct), sum(s.rows for s in rows.sums), newest)
        if metric.aggregate == "latest":
            answer, rows = yield [Ask("newest", window), Ask("sums", window)]
            mixed = "" if metric.rates else several(metric, rows.sums)
            return Measured(None, mixed, len(answer.newest)) if mixed else self._latest(metric, answer)
        parts = segments(self._mapping, metric, window)
        answers = yield [Ask("sums", each.window) for each in parts]
        money = converted(self._mapping, metric, list(zip(parts, (a.sums for a in answers), strict=True)))
        return self._value(metric, money)

    def _latest(self, metric: Metric, answer: Answer) -> Measured:
        rows = answer.newest
        if not rows:
            return Measured(None, "it has no value yet")
        day = rows[0].on
        if day is None:
            return Measured(None, "its rows have no date, so none is the latest: say `dated`")
        if len(rows) > 1:
            many = str(len(rows)) if len(rows) < MOST_NEWEST else f"{MOST_NEWEST} or more"
            text = f"it has {many} values on {day_in_words(date.fromordinal(day))}: narrow it, or say `sum` or `average`"
            return Measured(None, text, len(rows), day)
        (part,) = segments(self._mapping, metric, Window(rows[0].measure, day, day))
        money = converted(self._mapping, metric, [(part, (_as_sums(rows[0]),))])
        if money.why:
            return Measured(None, money.why, 1, day)
        return Measured(money.x, "", 1, day, money.unit or metric.unit)

    def _value(self, metric: Metric, money: Converted) -> Measured:
        """docs/metrics.md, "What is calculated"."""
        rows, x, w = money.rows, money.x, money.w
        said = Measured(None, money.why, rows, money.newest, missing=money.missing)
        if money.why:
            return said
        if metric.aggregate in ("count", "sum"):
            if money.missing and not rows:
                return said._replace(why="no row has a value")
            if not rows and metric.aggregate == "sum" and self._over_values(metric):
                return said._replace(why="it has no value yet")
            return self._counted(metric, x, rows, money.newest, money.unit)._replace(missing=money.missing)
        if not rows or w == 0:
            none = {"ratio": "no row fits `to`", "average": "no row has a value", "nps": "nobody has answered"}
            return said._replace(why=none.get(metric.aggregate, "no row has both dates"))
        scaled = metric.aggregate == "nps" or (metric.aggregate == "ratio" and metric.unit == "%")
        return said._replace(value=x / w * (100 if scaled else 1), unit=money.unit or metric.unit)

    def _counted(self, metric: Metric, value: Fraction, rows: int, newest: int | None, unit: str | None = None) -> Measured:
        """A number of rows, or of what they add: of items it says nothing while they are still being read for the first time."""
        if metric.source not in self._given.whole and not (rows and self._over_values(metric)):
            return Measured(None, f"{metric.source} has not been read to its end yet")
        return Measured(value, "", rows, newest, unit or metric.unit)

    def _over_values(self, metric: Metric) -> bool:
        return metric.series is not None or metric.source in self._given.valued


def _as_sums(row: Contribution) -> Sums:
    return Sums(row.currency, 1, Fraction(row.x), Fraction(row.w), row.on)


def definition(mapping: Mapping, key_result: KeyResult) -> str:
    """What stands for how the start of a key result was measured: another one, and it is measured anew."""
    metric = mapping.metrics[key_result.metric or ""]
    filters = (metric.rows, metric.of, metric.to, key_result.rows)
    lines = [[(line.field, [str(t) for t in line.tests]) for line in part] for f in filters for part in f]
    said = (metric.source, metric.series, metric.aggregate, metric.field, metric.between, metric.times, metric.dated)
    begins = mapping.cycles[fold(key_result.cycle)].starts.isoformat()
    return repr((said, metric.window, metric.rates, metric.unit, lines, begins))
