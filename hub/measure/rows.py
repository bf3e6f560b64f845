"""From one row to what it adds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hub.measure.literals import EXACT, plain_number, share
from hub.measure.measures import Measure, Measures
from hub.model import Contribution, Dimensions, Item, Metric, State, Value, fold
from hub.rules import Context, Matcher, named_texts
from hub.rules.compare import other_fields
from hub.rules.days import day_of, instant_of, midnight
from hub.rules.fields import ALWAYS
from hub.status import closed_at, estimate_of

ZERO, ONE = Decimal(0), Decimal(1)
MISSING = ""
"""In place of the currency of rows that have no number: they add nothing, and are not in use."""
_new = tuple.__new__


class Verdict(NamedTuple):
    """What one row is for one measure: what it adds, or why it adds nothing."""

    measure: Measure
    adds: tuple[Contribution, ...] = ()
    why: str = ""
    """``filtered``, ``undated``, ``no value``, ``invalid``, ``no date``, ``dropped``, ``outside`` both halves of a ratio"""


Made = tuple[Contribution, ...] | str
Maker = Callable[[Item, State, int | None], Made]


class Rows:
    """The measures of a mapping, ready to be asked about rows, in a strategy's days. ``valued`` are sources that have values
    and no items: their values are the rows of metrics that name no series. ``values``: values are asked about, not items."""

    def __init__(
        self, measures: Measures, dimensions: Dimensions, as_of: int, valued: Collection[str] = (), *, values: bool = False
    ) -> None:
        self._valued = frozenset(valued)
        self._values, self._sources = values, dimensions.sources
        self.measures = measures
        self._mapping = measures.mapping
        self._zone = measures.mapping.zone
        self._matcher = Matcher(measures.as_rules(), dimensions, as_of)
        self._makers: dict[int, Maker] = {}
        self._days: dict[int, int] = {}
        self._only_values = {m.index for m in measures.all if m.metric and m.metric.series is not None}

    @property
    def unevaluable(self) -> dict[int, str]:
        """Measure -> a field that its lines read and its source does not have: no row can be told from others by it."""
        found: dict[int, str] = {}
        for measure in self.measures.all:
            metric = measure.metric
            if metric is None:
                continue
            filters = (measure.rows, metric.of, metric.to)
            lines = [line for f in filters for line in (*f.when, *f.unless)]
            fields = [field for line in lines for field in (line.field, *other_fields(line))]
            lacking = next((f for f in fields if not self._answers(metric.source, f)), None)
            if lacking is not None:
                found[measure.index] = lacking
        return found

    def _answers(self, source: str, field: str) -> bool:
        """Of values, whose columns are all that they have, neither a state nor a team is known."""
        if self._values and field in ALWAYS and source in self._sources:
            return False
        return self._matcher.fields.answers(source, field)

    def of(self, item: Item, context: Context, state: State) -> list[Contribution]:
        """What an item adds to the measures it is a row of. ``context`` has its own state, ``state`` is that with dropped
        ancestors taken into account, which steps go by."""
        claims = self._matcher.claims(item, context)
        if not claims:
            return []
        rules = {claim.rule: claim.cycles for claim in claims}
        found: list[Contribution] = []
        for claim in claims:
            for measure in self.measures.matched(claim.rule, claim.cycles):
                if measure.index in self._only_values:
                    continue
                made = self._make(measure, item, context.state, state, rules)
                if not isinstance(made, str):
                    found.extend(made)
        return found

    def verdict(self, measure: Measure, item: Item, context: Context, state: State) -> Verdict:
        """What an item is for one measure, also where it adds nothing."""
        rules = {claim.rule: claim.cycles for claim in self._matcher.claims(item, context)}
        matched = any(measure in self.measures.matched(rule, cycles) for rule, cycles in rules.items())
        if not matched or measure.index in self._only_values:
            return Verdict(measure, (), "filtered")
        made = self._make(measure, item, context.state, state, rules)
        return Verdict(measure, (), made) if isinstance(made, str) else Verdict(measure, made)

    # ---- values ----

    def of_values(self, values: Iterable[tuple[int, Value]]) -> Iterator[tuple[int, list[Contribution]]]:
        """What each value, with its number, adds."""
        for no, value in values:
            item, day = value_item(no, value, self._zone), value.on.toordinal()
            context = Context("done", None)
            rules = {claim.rule: claim.cycles for claim in self._matcher.claims(item, context)}
            found: list[Contribution] = []
            for rule, cycles in rules.items():
                for measure in self.measures.matched(rule, cycles):
                    made = self._of_value(measure, value, item, day, rules)
                    if not isinstance(made, str):
                        found.extend(made)
            yield no, found

    def value_verdict(self, measure: Measure, no: int, value: Value) -> Verdict:
        """What a value is for one measure, also where it adds nothing."""
        item = value_item(no, value, self._zone)
        rules = {claim.rule: claim.cycles for claim in self._matcher.claims(item, Context("done", None))}
        if not any(measure in self.measures.matched(rule, cycles) for rule, cycles in rules.items()):
            return Verdict(measure, (), "filtered")
        made = self._of_value(measure, value, item, value.on.toordinal(), rules)
        return Verdict(measure, (), made) if isinstance(made, str) else Verdict(measure, made)

    def _of_value(self, measure: Measure, value: Value, item: Item, day: int, rules: dict[int, frozenset[str] | None]) -> Made:
        metric = measure.metric
        if metric is None:
            return "filtered"  # steps are work
        if metric.series is None:
            if value.source not in self._valued:
                return "filtered"
        elif fold(metric.series) != fold(value.series):
            return "filtered"
        return self._measured(measure, metric, item, "done", day, rules)

    # ---- what a row adds ----

    def _make(self, measure: Measure, item: Item, own: State, state: State, rules: dict[int, frozenset[str] | None]) -> Made:
        if item.duplicate_of is not None:
            return "duplicate"
        metric = measure.metric
        if metric is None:
            if state == "dropped":
                return "dropped"
            return (Contribution(measure.index, item.no, None, ONE if state == "done" else ZERO),)
        day = None
        if metric.dated is not None:
            day = self.day(metric.dated, item, own)
            if day is None:
                return "undated"
        return self._measured(measure, metric, item, own, day, rules)

    def _measured(
        self,
        measure: Measure,
        metric: Metric,
        item: Item,
        own: State,
        day: int | None,
        rules: dict[int, frozenset[str] | None],
    ) -> Made:
        if metric.aggregate == "ratio":
            return self._ratio(measure, item, day, rules)
        maker = self._makers.get(measure.index)
        if maker is None:
            maker = self._makers[measure.index] = self._maker(measure, metric)
        return maker(item, own, day)

    def _ratio(self, measure: Measure, item: Item, day: int | None, rules: dict[int, frozenset[str] | None]) -> Made:
        _, of, to = self.measures.halves(measure)
        x, w = (self._holds(rule, measure, rules) for rule in (of, to))
        if not x and not w:
            return "outside"
        return (Contribution(measure.index, item.no, day, ONE if x else ZERO, ONE if w else ZERO),)

    @staticmethod
    def _holds(rule: int | None, measure: Measure, rules: dict[int, frozenset[str] | None]) -> bool:
        if rule is None or rule not in rules:
            return False
        cycles = rules[rule]
        return cycles is None or measure.cycle is None or measure.cycle in cycles

    def _maker(self, measure: Measure, metric: Metric) -> Maker:
        common = (self, measure.index, metric)
        makers: dict[str, Maker] = {
            "count": partial(_count, *common),
            "sum": partial(_sum, *common),
            "average": partial(_average, *common),
            "latest": partial(_latest, *common),
            "distinct": partial(_distinct, *common),
            "nps": partial(_nps, *common),
            "days_between": partial(_days, *common),
        }
        return makers[metric.aggregate]

    # ---- what a row says ----

    def day(self, dated: str, item: Item, state: State) -> int | None:
        """The day (``date.toordinal``) of one of an item's dates."""
        at: int | None
        if dated == "created":
            at = item.created_at
        elif dated == "closed":
            at = closed_at(item) if state in ("done", "dropped") else None
        elif dated == "done":
            at = closed_at(item) if state == "done" else None
        elif dated == "started":
            at = item.started_at
        elif dated == "due":
            at = instant_of(item.due, self._zone) if item.due else None
        elif dated.startswith("stage:"):
            at = item.stages.get(fold(dated[6:].strip()))
        else:
            at = next((i for text in named_texts(item, dated[6:]) if (i := instant_of(text, self._zone)) is not None), None)
        if at is None:
            return None
        found = day_of(at, self._zone)
        return None if found is None else found.toordinal()

    def number(self, field: str, item: Item) -> Decimal | str | None:
        """The number in a field; None where it is empty, "" where it is none."""
        if field == "estimate":
            return None if item.estimate is None else ("" if (n := estimate_of(item.estimate)) is None else n)
        if field in ("value", "amount"):
            return _plain(item.amount)
        name = field[6:] if field.startswith("field.") else field
        return _plain(next(iter(named_texts(item, name)), None))

    def weight(self, metric: Metric, item: Item) -> Decimal | str | None:
        """What a row is multiplied by; 1 if nothing is said."""
        if metric.times is None:
            return ONE
        found = self.number(metric.times, item)
        if metric.times == "probability" and isinstance(found, Decimal):
            part = share(found)
            return "" if part is None else part
        return found

    def texts(self, field: str, item: Item) -> tuple[str, ...]:
        """The different texts in a field, folded."""
        if field.startswith("field."):
            found: Iterable[str] = named_texts(item, field[6:])
        else:
            found = filter(None, ((item.estimate if field == "estimate" else item.amount),))
        return tuple(dict.fromkeys(fold(text.strip()) for text in found if text.strip()))


def _plain(text: str | None) -> Decimal | str | None:
    if text is None or not text.strip():
        return None
    found = plain_number(text)
    return "" if found is None else found


def currency_of(item: Item) -> str | None:
    """A currency by its three letters, in any case; another unit as it is written."""
    text = (item.currency or "").strip()
    return text.upper() if len(text) == 3 and text.isalpha() else text or None


def _lacks(number: Decimal | str | None) -> str:
    return "no value" if number is None else "invalid"


def _nothing(index: int, item: Item, day: int | None) -> Made:
    """A row without a number: it adds nothing, and is known to be there."""
    return (Contribution(index, item.no, day, ZERO, ZERO, MISSING),)


def _count(rows: Rows, index: int, metric: Metric, item: Item, state: State, day: int | None) -> Made:
    weight = rows.weight(metric, item)
    if not isinstance(weight, Decimal):
        return _nothing(index, item, day)
    return (_new(Contribution, (index, item.no, day, weight, ONE, None, None)),)


def _sum(rows: Rows, index: int, metric: Metric, item: Item, state: State, day: int | None) -> Made:
    number, weight = rows.number(metric.field or "value", item), rows.weight(metric, item)
    if not isinstance(number, Decimal) or not isinstance(weight, Decimal):
        return _nothing(index, item, day)
    x = number if weight is ONE else EXACT.multiply(number, weight)
    return (_new(Contribution, (index, item.no, day, x, ONE, currency_of(item), None)),)


def _average(rows: Rows, index: int, metric: Metric, item: Item, state: State, day: int | None) -> Made:
    number, weight = rows.number(metric.field or "value", item), rows.weight(metric, item)
    if not isinstance(number, Decimal) or not isinstance(weight, Decimal):
        return _nothing(index, item, day)
    return (Contribution(index, item.no, day, EXACT.multiply(number, weight), weight, currency_of(item)),)


def _latest(rows: Rows, index: int, metric: Metric, item: Item, state: State, day: int | None) -> Made:
    number = rows.number(metric.field or "value", item)
    if not isinstance(number, Decimal):
        return _lacks(number)
    return (Contribution(index, item.no, day, number, ONE, currency_of(item)),)


def _distinct(rows: Rows, index: int, metric: Metric, item: Item, state: State, day: int | None) -> Made:
    texts = rows.texts(metric.field or "value", item)
    return tuple(Contribution(index, item.no, day, ONE, ONE, None, text) for text in texts) or "no value"


def _nps(rows: Rows, index: int, metric: Metric, item: Item, state: State, day: int | None) -> Made:
    """docs/metrics.md; Reichheld, "The One Number You Need to Grow" (2003): promoters less detractors."""
    score = rows.number(metric.field or "value", item)
    if not isinstance(score, Decimal):
        return _lacks(score)
    if not 0 <= score <= 10:
        return "invalid"
    return (Contribution(index, item.no, day, ONE if score >= 9 else -ONE if score <= 6 else ZERO),)


def _days(rows: Rows, index: int, metric: Metric, item: Item, state: State, day: int | None) -> Made:
    assert metric.between is not None
    first, last = (rows.day(dated, item, state) for dated in metric.between)
    if first is None or last is None:
        return "no date"
    return (Contribution(index, item.no, day, Decimal(last - first)),)


def value_item(no: int, value: Value, zone: ZoneInfo) -> Item:
    """A value as the row that lines read: its number is its amount, its unit the currency, its columns are fields."""
    at = midnight(value.on, zone)
    return Item(
        no, value.source, value.key, currency=value.unit, amount=value.value, created_at=at, done_at=at, fields=value.fields,
    )  # fmt: skip


def value_items(dimensions: Dimensions, values: Iterable[Value]) -> Dimensions:
    """The lists by which lines read the values of sources: a value answers the columns that its source's values have, its amount,
    its dates and its source, and nothing else."""
    columns: dict[str, set[str]] = {}
    for value in values:
        known = columns.setdefault(value.source, {"source", "amount", "created", "done"})
        known.update(f"field.{fold(name)}" for name in value.fields)
    sources = {
        name: replace(dimensions.sources[name], item_fields=frozenset(known))
        for name, known in columns.items()
        if name in dimensions.sources
    }
    return replace(dimensions, sources={**dimensions.sources, **sources})
