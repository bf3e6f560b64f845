"""Who answers what contributions add up to: the store, or what is kept in memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple, Protocol, TypeVar

from hub.model import Contribution, Sums, Window

R = TypeVar("R")

MOST_NEWEST = 100
"""Contributions of a window's newest day that are told: more than one is too many already."""


class Ask(NamedTuple):
    """``sums`` of a window by currency; how many different texts (``distinct``); the contributions of its ``newest`` day."""

    how: Literal["sums", "distinct", "newest"]
    window: Window


class Answer(NamedTuple):
    """The answer to one question; of the three only what was asked for."""

    sums: tuple[Sums, ...] = ()
    distinct: int = 0
    newest: tuple[Contribution, ...] = ()


class Ledger(Protocol):
    """Answers questions, in their order."""

    def answer(self, asks: Sequence[Ask]) -> list[Answer]: ...


Asking = Generator[Sequence[Ask], Sequence[Answer], R]
"""A calculation that asks as often as it needs to."""


def ask_all(calculations: Sequence[Asking[R]], ledger: Ledger) -> list[R]:
    """Run calculations side by side, so that all of them ask at once: a round is one set of statements, however many ask."""
    whole = side_by_side(calculations)
    try:
        asks = next(whole)
        while True:
            asks = whole.send(ledger.answer(asks))
    except StopIteration as end:
        results: list[R] = end.value
        return results


def side_by_side(calculations: Sequence[Asking[R]]) -> Asking[list[R]]:
    """Several calculations as one that asks, each time, what all of them ask."""
    results: dict[int, R] = {}
    answers: dict[int, Sequence[Answer] | None] = dict.fromkeys(range(len(calculations)))
    while answers:
        waiting: dict[int, Sequence[Ask]] = {}
        for n, given in answers.items():
            try:
                waiting[n] = next(calculations[n]) if given is None else calculations[n].send(given)
            except StopIteration as end:
                results[n] = end.value
        if not waiting:
            break
        found = yield [ask for asks in waiting.values() for ask in asks]
        answers, at = {}, 0
        for n, asks in waiting.items():
            answers[n] = found[at : at + len(asks)]
            at += len(asks)
    return [results[n] for n in range(len(calculations))]


class Kept:
    """Contributions in memory."""

    def __init__(self, contributions: Iterable[Contribution]) -> None:
        self._dated: dict[int, list[Contribution]] = defaultdict(list)
        self._undated: dict[int, list[Contribution]] = defaultdict(list)
        for each in contributions:
            (self._undated if each.on is None else self._dated)[each.measure].append(each)
        self._days: dict[int, list[int]] = {}
        for measure, rows in self._dated.items():
            rows.sort(key=lambda row: (row.on or 0, row.no))
            self._days[measure] = [row.on or 0 for row in rows]

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        return [self._one(ask) for ask in asks]

    def _one(self, ask: Ask) -> Answer:
        rows = self.within(ask.window)
        if ask.how == "sums":
            return Answer(sums=added(rows))
        if ask.how == "distinct":
            return Answer(distinct=len({row.text for row in rows}))
        newest = max((row.on for row in rows if row.on is not None), default=None)
        return Answer(newest=tuple(row for row in rows if row.on == newest)[:MOST_NEWEST])

    def within(self, window: Window) -> list[Contribution]:
        """The contributions that lie in a window."""
        measure, first, last = window
        days = self._days.get(measure, [])
        begin = 0 if first is None else bisect_left(days, first)
        end = len(days) if last is None else bisect_right(days, last)
        rows = self._dated.get(measure, [])[begin:end]
        return [*self._undated.get(measure, ()), *rows] if first is None and last is None else rows


def added(rows: Iterable[Contribution]) -> tuple[Sums, ...]:
    """The sums of some contributions, by currency."""
    found: dict[str | None, tuple[int, Fraction, Fraction, int | None]] = {}
    counted: dict[tuple[str | None, Decimal, Decimal], int] = defaultdict(int)
    newest: dict[str | None, int | None] = {}
    for row in rows:
        counted[row.currency, row.x, row.w] += 1
        before = newest.get(row.currency)
        newest[row.currency] = row.on if before is None else before if row.on is None else max(before, row.on)
    for (currency, x, w), times in counted.items():
        n, sum_x, sum_w, _ = found.get(currency, (0, Fraction(0), Fraction(0), None))
        found[currency] = (n + times, sum_x + Fraction(x) * times, sum_w + Fraction(w) * times, newest[currency])
    return tuple(Sums(c, *found[c]) for c in sorted(found, key=lambda c: c or ""))


class Joined:
    """Several ledgers as one, of which no two have rows of the same measure."""

    def __init__(self, *ledgers: Ledger) -> None:
        self._ledgers = ledgers

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        if not asks:
            return []
        return [joined(each) for each in zip(*(ledger.answer(asks) for ledger in self._ledgers), strict=True)]


def joined(answers: Sequence[Answer]) -> Answer:
    """The answer of the one ledger that has any rows."""
    return next((a for a in answers if a != Answer()), Answer())
