"""Which rows count for a metric in a cycle, and why the others do not. Pure.

Rows are asked of ``hub.measure`` without any line, so that it is known what each would add, and line by line, so that it is known
which one leaves it out. Those that fit are measured again by the code that made the number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from hub.assess import Known, Valued
from hub.measure import Kept, Measure, Measures, Reading, Rows, readings, value_items
from hub.measure.rows import value_item
from hub.measure.windows import Span
from hub.model import ALL, LEFT, Condition, Contribution, Cycle, Filter, Item, KeyResult, Metric, Rule, Value, fold
from hub.model import Mapping as Strategy
from hub.report import words
from hub.report.evidence import Group, Money, Row
from hub.report.explain import Evaluated
from hub.report.frame import OPEN, Frame
from hub.report.heaps import Heaps
from hub.rules import Context, Matcher, named_texts
from hub.status import States

_OF_NUMBERS = frozenset({"count", "sum", "average"})
_REASONS = {"no value": "no_value", "no date": "no_date"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A metric by its folded id, as a key result narrows it; by itself where there is none."""

    id: str
    metric: Metric
    cycle: Cycle
    key_result: KeyResult | None = None

    @property
    def narrowed(self) -> Filter:
        return ALL if self.key_result is None else self.key_result.rows

    @property
    def asks_for_teams(self) -> bool:
        """Whether a row's team must be known, which may be that of an item above it."""
        filters = (self.metric.rows, self.narrowed, self.metric.of, self.metric.to)
        return any(c.field == "team" for f in filters for c in (*f.when, *f.unless))


class Sifted(NamedTuple):
    """``reading`` is what the rows that fit are measured as; ``numbers`` are the items' numbers by (source, id)."""

    frame: Frame
    reading: Reading
    rows: tuple[Row, ...]
    groups: tuple[Group, ...]
    money: tuple[Money, ...]
    numbers: Mapping[tuple[str, str], int]


class Lines:
    """The lines of a metric one by one: which of them leaves a row out."""

    def __init__(self, evaluated: Evaluated, cycle: str, filters: Sequence[Filter]) -> None:
        self._cycle = cycle
        self._lines = [(c, False) for f in filters for c in f.when] + [(c, True) for f in filters for c in f.unless]
        rules = tuple(
            Rule(n, f"line {n}", (condition,), "ignore", "", 0, condition.place) for n, (condition, _) in enumerate(self._lines)
        )
        self._matcher = Matcher(replace(evaluated.mapping, rules=rules), evaluated.dimensions, evaluated.as_of)

    def against(self, item: Item, context: Context) -> tuple[Condition, bool] | None:
        """The first line that is against a row, and whether it is one of ``unless``."""
        if not self._lines:
            return None
        claims = self._matcher.claims(item, context)
        held = {claim.rule for claim in claims if claim.cycles is None or self._cycle in claim.cycles}
        return next((line for n, line in enumerate(self._lines) if (n in held) == line[1]), None)


class Sieve:
    """One metric, ready to be shown rows. ``valued`` are sources with values and no items."""

    def __init__(self, evaluated: Evaluated, known: Known, valued: frozenset[str], subject: Subject) -> None:
        mapping, dimensions, metric = evaluated.mapping, evaluated.dimensions, subject.metric
        self._subject, self._mapping = subject, mapping
        over_values = metric.series is not None or metric.source in valued
        self.frame = Frame.of(mapping, evaluated.as_of, metric, subject.cycle, over_values)
        self._world = Valued(_only(mapping, subject), dimensions, evaluated.as_of, valued, known)
        if over_values:
            dimensions = value_items(dimensions, known.values)
        bare = Measures(_bare(mapping, subject))
        self._bare = _measure(bare, subject)
        self._rows = Rows(bare, dimensions, evaluated.as_of, valued)
        lists = replace(evaluated, dimensions=dimensions)
        self._lines = Lines(lists, subject.cycle.id, (metric.rows, subject.narrowed))
        self._states = States(mapping, dimensions)

    def sift(
        self, items: Iterable[Item], values: Sequence[Value], teams: Mapping[int, str | None], wanted: Collection[str] = ()
    ) -> Sifted:
        """``items`` are those of the source, ``values`` all that are known; ``teams`` are those of items, by number. Rows whose
        folded name or id is among ``wanted`` are kept however many there are."""
        heaps, metric = Heaps(self.frame, frozenset(wanted)), self._subject.metric
        fitting: list[Contribution] = []
        numbers: dict[tuple[str, str], int] = {}
        if self.frame.over_values:
            for n, value in enumerate(values, 1):
                if value.source == metric.source and _is_of(metric, value):
                    self._value(-n, value, heaps, fitting)
        else:
            for item in items:
                numbers[item.source, item.id] = item.no
                self._item(item, Context(self._states.of(item), teams.get(item.no)), heaps, fitting)
        reading = self._read(fitting)
        heaps.settle(self._spans(reading))
        return Sifted(self.frame, reading, tuple(heaps.rows), heaps.groups(), heaps.money(), numbers)

    # ---- one row ----

    def _item(self, item: Item, context: Context, heaps: Heaps, fitting: list[Contribution]) -> None:
        against = self._lines.against(item, context)
        if item.presence in LEFT or item.duplicate_of is not None:
            row = self._item_row(item, context, ())
            if against is not None:
                heaps.filtered(row, (), against)
            else:
                heaps.leave("left" if item.presence in LEFT else "duplicate", row)
            return
        verdict = self._rows.verdict(self._bare, item, context, context.state)
        row = self._item_row(item, context, verdict.adds)
        self._judge(item, row, verdict.adds, verdict.why, against, heaps, fitting)

    def _value(self, no: int, value: Value, heaps: Heaps, fitting: list[Contribution]) -> None:
        item = value_item(no, value, self._mapping.zone)
        verdict = self._rows.value_verdict(self._bare, no, value)
        row = self._with_sums(_value_row(value), verdict.adds)
        row = replace(row, value=self._literal(item) or value.value)
        against = self._lines.against(item, Context("done", None))
        self._judge(item, row, verdict.adds, verdict.why, against, heaps, fitting)

    def _judge(
        self,
        item: Item,
        row: Row,
        adds: tuple[Contribution, ...],
        why: str,
        against: tuple[Condition, bool] | None,
        heaps: Heaps,
        fitting: list[Contribution],
    ) -> None:
        lacks = "" if why else self._lacks(item)
        if against is not None:
            heaps.filtered(row, () if lacks else adds, against)
        elif why:
            heaps.leave(_REASONS.get(why, why), row)
        else:
            fitting.extend(adds)
            if lacks:
                heaps.leave(lacks, row)
            else:
                heaps.fit(row, adds)

    def _lacks(self, item: Item) -> str:
        """Why a row that is there has no number."""
        metric = self._subject.metric
        if metric.aggregate not in _OF_NUMBERS:
            return ""
        numbers = [self._rows.weight(metric, item)]
        if metric.aggregate != "count":
            numbers.append(self._rows.number(metric.field or "value", item))
        wrong = [number for number in numbers if not isinstance(number, Decimal)]
        return "" if not wrong else "no_value" if wrong[0] is None else "invalid"

    def _item_row(self, item: Item, context: Context, adds: tuple[Contribution, ...]) -> Row:
        row = Row(
            item.source, item.key or item.id, words.title_of(self._mapping, item), item.id, item.url, value=self._literal(item),
            currency=item.currency, state=context.state,
        )  # fmt: skip
        return self._with_sums(row, adds)

    def _with_sums(self, row: Row, adds: tuple[Contribution, ...]) -> Row:
        if not adds:
            return row
        first, metric = adds[0], self._subject.metric
        on = row.on if first.on is None else date.fromordinal(first.on)
        if metric.aggregate == "distinct":
            return replace(row, on=on, texts=tuple(each.text or "" for each in adds))
        rate = self.frame.rate(first.currency, first.on) if self.frame.tables else None
        weight = Fraction(first.w) if metric.aggregate in ("average", "ratio") else None
        worth = Fraction(first.x) if rate is None else Fraction(first.x) * rate
        return replace(row, on=on, adds=worth, weight=weight, rate=rate)

    def _literal(self, item: Item) -> str | None:
        """What stands in the field that the metric reads."""
        metric = self._subject.metric
        name = metric.times if metric.aggregate == "count" else metric.field
        if name is None:
            return None
        if name == "estimate":
            return item.estimate
        if name in ("value", "amount"):
            return item.amount
        return ", ".join(named_texts(item, name.removeprefix("field."))) or None

    # ---- all that fit ----

    def _read(self, fitting: Iterable[Contribution]) -> Reading:
        """The rows that fit, measured by the code that made the number."""
        subject, measures = self._subject, self._world.measures
        index = _measure(measures, subject).index
        ledger = Kept(each._replace(measure=index) for each in fitting)
        found = readings(measures, self._world.given(), ledger, subject.cycle if subject.key_result is None else None)
        if subject.key_result is None:
            return Reading(found.metrics[subject.cycle.id, subject.id])
        return found.key_results[subject.key_result.cycle, fold(subject.key_result.id)]

    def _spans(self, reading: Reading) -> list[Span]:
        """The days that count: the window, or the periods by which a control key result is judged."""
        if self.frame.span is None:
            return []
        if reading.periods and self._subject.metric.every is not None and self.frame.span != OPEN:
            return [Span(p.first, p.last) for p in reading.periods]
        return [self.frame.span]


def _only(mapping: Strategy, subject: Subject) -> Strategy:
    """The mapping with nothing to measure but this."""
    if subject.key_result is None:
        return replace(mapping, metrics={subject.id: replace(subject.metric, inline=False)}, key_results={})
    at = (subject.key_result.cycle, fold(subject.key_result.id))
    return replace(mapping, metrics={subject.id: subject.metric}, key_results={at: subject.key_result})


def _bare(mapping: Strategy, subject: Subject) -> Strategy:
    """The same without any line: what each row would add."""
    return replace(mapping, metrics={subject.id: replace(subject.metric, rows=ALL, inline=False)}, key_results={})


def _measure(measures: Measures, subject: Subject) -> Measure:
    own = None if subject.key_result is None else measures.of(subject.key_result)
    found = own or measures.of_metric(subject.id, subject.cycle.id)
    assert found is not None  # they were made for it
    return found


def _value_row(value: Value) -> Row:
    name = value.at or f"{value.series} {value.on.isoformat()}"
    columns = ", ".join(f"{name} {text}" for name, text in value.fields.items() if text not in (None, ""))
    run = None if value.run_id is None else str(value.run_id)
    return Row(
        value.source, name, columns or value.key, value.key, None, value.on, value.value, currency=value.unit, by=value.by,
        note=value.note, run=run,
    )  # fmt: skip


def _is_of(metric: Metric, value: Value) -> bool:
    return metric.series is None or fold(metric.series) == fold(value.series)
