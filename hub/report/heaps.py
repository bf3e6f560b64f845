"""Rows sorted into those that count and those that do not, and what they add up to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from hub.measure.windows import Span
from hub.model import MONEY, Condition, Contribution, Metric, fold
from hub.report.evidence import Group, Money, Row
from hub.report.frame import Frame, within

MOST = 500
"""Left out rows that are kept per reason; all are counted."""
ZERO = Fraction(0)


@dataclass(slots=True)
class Total:
    """What rows add up to, whatever is made of it."""

    x: Fraction = ZERO
    w: Fraction = ZERO
    rows: int = 0
    texts: set[str] = field(default_factory=set)

    def add(self, x: Fraction, w: Fraction, text: str | None) -> None:
        self.x += x
        self.w += w
        self.rows += 1
        if text is not None:
            self.texts.add(text)

    def value(self, metric: Metric) -> Fraction | None:
        """docs/metrics.md, "What is calculated"; None of a latest, and of a quotient by 0."""
        if metric.aggregate in ("count", "sum"):
            return self.x
        if metric.aggregate == "distinct":
            return Fraction(len(self.texts))
        if metric.aggregate == "latest" or not self.w:
            return None
        scaled = metric.aggregate == "nps" or (metric.aggregate == "ratio" and metric.unit == "%")
        return self.x / self.w * (100 if scaled else 1)

    def beside(self, other: Total) -> Total:
        return Total(self.x + other.x, self.w + other.w, self.rows + other.rows, self.texts | other.texts)


@dataclass(slots=True)
class _Heap:
    """Rows with one reason."""

    reason: str
    against: tuple[Condition, bool] | None
    currency: str | None
    count: int = 0
    rows: list[Row] = field(default_factory=list)
    total: Total = field(default_factory=Total)


class Heaps:
    """Rows of one metric as they come in; those whose folded name or id is ``wanted`` are kept however many there are."""

    def __init__(self, frame: Frame, wanted: frozenset[str]) -> None:
        self._frame, self._wanted = frame, wanted
        self._left: dict[tuple[str, object], _Heap] = {}
        self._fitting: list[tuple[Row, tuple[Contribution, ...]]] = []
        self._money: dict[tuple[str | None, date | None], list[tuple[Fraction, Fraction]]] = {}
        """By currency and the day from which its rate holds: amounts as they are, and converted"""
        self._total = Total()
        self.rows: list[Row] = []
        """Those that count"""

    def leave(
        self, reason: str, row: Row, adds: tuple[Contribution, ...] = (), against: tuple[Condition, bool] | None = None
    ) -> None:
        """A row that does not count; ``adds`` is what it would add."""
        currency = row.currency if reason == "no_rate" else None
        heap = self._left.setdefault((reason, against or currency), _Heap(reason, against, currency))
        heap.count += 1
        if len(heap.rows) < MOST or (self._wanted and {fold(row.name), fold(row.id)} & self._wanted):
            heap.rows.append(row)
        for each in adds:
            heap.total.add(*_worth(row, each), each.text)

    def filtered(self, row: Row, adds: tuple[Contribution, ...], against: tuple[Condition, bool]) -> None:
        """A row that a line leaves out; where its day does not count either, it would add nothing."""
        span = self._frame.span
        inside = tuple(each for each in adds if span is not None and within(each.on, span))
        priced = not self._frame.tables or row.rate is not None
        self.leave("filtered", row, inside if priced else (), against)

    def fit(self, row: Row, adds: tuple[Contribution, ...]) -> None:
        """A row that counts if its day does."""
        self._fitting.append((row, adds))

    def settle(self, spans: Sequence[Span]) -> None:
        """Sort the rows that fit by their days; ``spans`` are those that count. Of a latest only the newest day's stay."""
        inside: list[tuple[Span, Row, tuple[Contribution, ...]]] = []
        newest: dict[Span, int] = {}
        for row, adds in self._fitting:
            on = adds[0].on if adds else None
            priced = not self._frame.tables or row.rate is not None
            why = self._frame.outside(on, spans) or ("" if priced else "no_rate")
            if why:
                self.leave(why, row, adds if priced else ())
                continue
            span = next(s for s in spans if within(on, s))
            inside.append((span, row, adds))
            if on is not None:
                newest[span] = max(newest.get(span, on), on)
        for span, row, adds in inside:
            if self._frame.metric.aggregate == "latest" and adds[0].on is not None and adds[0].on != newest[span]:
                self.leave("older", row)
            else:
                self._count(row, adds)

    def _count(self, row: Row, adds: tuple[Contribution, ...]) -> None:
        self.rows.append(row)
        for each in adds:
            x, w = _worth(row, each)
            self._total.add(x, w, each.text)
            table = self._frame.table(each.on)
            self._money.setdefault((each.currency, table.since if table else None), []).append((Fraction(each.x), x))

    # ---- what came of it ----

    def money(self) -> tuple[Money, ...]:
        """By currency and rate, where amounts of money are added."""
        if self._frame.metric.aggregate not in MONEY or not any(currency for currency, _ in self._money):
            return ()
        found = []
        for (currency, since), amounts in self._money.items():
            amount, converted = (sum(each, ZERO) for each in zip(*amounts, strict=True))
            if since is None:
                found.append(Money(currency, len(amounts), amount))
                continue
            rate = self._frame.rate(currency, since.toordinal())
            found.append(Money(currency, len(amounts), amount, rate, since, converted))
        return tuple(sorted(found, key=lambda m: (m.currency or "", m.since or date.min)))

    def groups(self) -> tuple[Group, ...]:
        """What is left out, by reason: what a line leaves out comes last, the most first."""
        metric = self._frame.metric
        now = self._total.value(metric) or ZERO
        found = []
        for heap in self._left.values():
            then = self._total.beside(heap.total).value(metric) if heap.total.rows else None
            why = self._frame.why(heap.reason, heap.against, heap.currency)
            place = str(heap.against[0].place) if heap.against else None
            found.append(Group(heap.reason, why, heap.count, tuple(heap.rows), place, None if then is None else then - now))
        return tuple(sorted(found, key=lambda g: (g.reason == "filtered", -g.count, g.reason, g.why)))


def _worth(row: Row, each: Contribution) -> tuple[Fraction, Fraction]:
    """What a contribution adds, in the metric's currency."""
    x = Fraction(each.x)
    return x if row.rate is None else x * row.rate, Fraction(each.w)


def every_row(rows: Sequence[Row], groups: Sequence[Group]) -> Iterator[tuple[Row, Group | None]]:
    """All rows that are kept, each with the group that it is left out with."""
    yield from ((row, None) for row in rows)
    yield from ((row, group) for group in groups for row in group.rows)
