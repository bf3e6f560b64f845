"""Reading values, and what contributions add up to over windows of days.

A day is ``date.toordinal``; what has none is stored under day 0, which lies in a window only when it is open at both ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

from hub.measure.answers import MOST_NEWEST
from hub.model import Baseline, Contribution, Sums, Value, Window
from hub.store import codec
from hub.store.dialect import Sql, in_numbers, in_texts
from hub.store.presences import STAYED
from hub.store.write_holds import OPEN
from hub.store.write_values import WHY

BATCH = 1_000
NEWEST = MOST_NEWEST
"""Contributions of a window's newest day that are given."""
FIRST, LAST = 1, 2**31 - 1
NO_DAY = 0
WITHIN = "contribution.measure = given.measure AND contribution.on_day BETWEEN given.first AND given.last"
GIVEN = ("position int", "measure int", "first int", "last int")


# ---- values -------------------------------------------------------------------------------------------------------------


def values(sql: Sql, sources: Collection[str] | None, series: Collection[str] | None, as_of: int | None) -> Iterator[Value]:
    """See ``Reader.values``."""
    conditions = ["to_seq IS NULL"] if as_of is None else ["from_seq <= ?", "(to_seq IS NULL OR to_seq > ?)"]
    given: list[object] = [] if as_of is None else [as_of, as_of]
    for column, wanted in (("source", sources), ("series", series)):
        if wanted is not None:
            conditions.append(in_texts(sql.dialect, column))
            given.append(sql.dialect.array(wanted))
    statement = (
        f"SELECT {codec.VALUE_COLUMNS} FROM metric_value WHERE {' AND '.join(conditions)}"
        " ORDER BY source, partition_id, series, on_day, row_key"
    )
    for batch in sql.stream(statement, *given, size=BATCH):
        yield from map(codec.value, batch)


def sources(sql: Sql) -> list[str]:
    """See ``Reader.sources_with_values``."""
    rows = sql.rows(
        "SELECT name FROM source WHERE EXISTS (SELECT 1 FROM metric_value AS v WHERE v.source = source.name AND v.to_seq IS NULL)"
        f" AND NOT EXISTS (SELECT 1 FROM item WHERE item.source = source.name AND item.{STAYED}) ORDER BY name"
    )
    return [row[0] for row in rows]


def held(sql: Sql) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """See ``Reader.held_values``."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for source, partition, kind in sql.rows(f"SELECT DISTINCT source, partition_id, kind FROM hold WHERE {OPEN}"):
        if kind not in WHY:
            continue
        series = sql.rows(
            "SELECT DISTINCT series FROM metric_value WHERE source = ? AND partition_id = ? AND to_seq IS NULL", source, partition
        )
        for (each,) in series:
            found.setdefault((source, each), set()).add((WHY[kind], f"{source}/{partition}"))
    return found


# ---- sums ---------------------------------------------------------------------------------------------------------------


class Span(NamedTuple):
    """A window as the table's days have it, both included."""

    measure: int
    first: int
    last: int


def span(window: Window) -> Span:
    measure, first, last = window
    if first is None and last is None:
        return Span(measure, NO_DAY, LAST)
    return Span(measure, max(FIRST, first if first is not None else FIRST), LAST if last is None else last)


Number = Fraction | int
At = tuple[int, str | None, int]
"""Measure, currency, and the first day of a piece."""


def sums(sql: Sql, windows: Sequence[Window]) -> list[tuple[Sums, ...]]:
    """See ``Reader.sums``.

    Windows may overlap as they like: their borders cut the days of a measure into pieces, each of which is added up once, in one
    statement for all; a window is then the difference of what all pieces up to its ends add up to.
    """
    spans = [span(window) for window in windows]
    cuts = _cuts(spans)
    figures = _added(sql, [Span(m, begin, after - 1) for m, days in cuts.items() for begin, after in pairwise(days)])
    _add_exact(sql, cuts, figures)
    lines: dict[int, list[_Line]] = {}
    for (measure, currency), those in groupby(sorted(figures, key=_order), key=lambda at: at[:2]):
        lines.setdefault(measure, []).append(_Line(currency, [(at[2], figures[at]) for at in those]))
    return [tuple(filter(None, (line.between(each) for line in lines.get(each.measure, ())))) for each in spans]


def _order(at: At) -> tuple[int, bool, str, int]:
    return at[0], at[1] is not None, at[1] or "", at[2]


class _Figures:
    """What a piece adds up to in one currency; x and w in billionths."""

    __slots__ = ("newest", "rows", "w", "x")

    def __init__(self, rows: int, x: Number, w: Number, newest: int) -> None:
        self.rows, self.x, self.w, self.newest = rows, x, w, newest


class _Line:
    """One currency of a measure: the first days of its pieces, ascending, and what all pieces before each add up to."""

    def __init__(self, currency: str | None, pieces: Sequence[tuple[int, _Figures]]) -> None:
        self._currency = currency
        self._begins = [begin for begin, _ in pieces]
        self._newest = [piece.newest for _, piece in pieces]
        self._rows, self._x, self._w = (
            list(accumulate((getattr(piece, name) for _, piece in pieces), initial=0)) for name in ("rows", "x", "w")
        )

    def between(self, window: Span) -> Sums | None:
        """What lies in a window, whose borders are borders of pieces; None when nothing does."""
        begin, after = bisect_left(self._begins, window.first), bisect_right(self._begins, window.last)
        if begin >= after:
            return None
        x, w = (Fraction(each[after] - each[begin]) / codec.BILLION for each in (self._x, self._w))
        return Sums(self._currency, self._rows[after] - self._rows[begin], x, w, self._newest[after - 1] or None)


def _cuts(spans: Iterable[Span]) -> dict[int, list[int]]:
    """By measure the first days of pieces, ascending, and the day after the last one."""
    days: dict[int, set[int]] = {}
    for measure, first, last in spans:
        days.setdefault(measure, set()).update((first, max(first, last + 1)))
    return {measure: sorted(each) for measure, each in days.items()}


def _added(sql: Sql, pieces: Sequence[Span]) -> dict[At, _Figures]:
    d = sql.dialect
    statement = d.gathered(
        d.given(*GIVEN), "contribution", WITHIN, "currency",
        "count(*), sum(x_whole), sum(x_part), sum(w_whole), sum(w_part), max(on_day)",
    )  # fmt: skip
    found = {}
    for n, currency, rows, *parts, newest in sql.rows(statement, d.table((n, *each) for n, each in enumerate(pieces))):
        x_whole, x_part, w_whole, w_part = map(int, parts)
        x, w = x_whole * codec.BILLION + x_part, w_whole * codec.BILLION + w_part
        found[pieces[n].measure, currency, pieces[n].first] = _Figures(rows, x, w, newest)
    return found


def _add_exact(sql: Sql, cuts: dict[int, list[int]], figures: dict[At, _Figures]) -> None:
    """Add numbers that do not fit into the database's integers; there are hardly ever any. They are counted already."""
    if not sql.value("SELECT 1 FROM contribution WHERE exact IS NOT NULL LIMIT 1"):
        return
    d = sql.dialect
    statement = (
        f"SELECT measure, on_day, currency, exact FROM contribution WHERE exact IS NOT NULL AND {in_numbers(d, 'measure')}"
        " AND on_day BETWEEN ? AND ?"
    )
    asked = [day for days in cuts.values() for day in days]
    for batch in sql.stream(statement, d.array(cuts), min(asked, default=0), max(asked, default=0), size=BATCH):
        for measure, day, currency, exact in batch:
            at = bisect_right(cuts[measure], day) - 1
            piece = figures.get((measure, currency, cuts[measure][at])) if at >= 0 else None
            if piece is not None:
                x, w = codec.exact_pair(exact)
                piece.x += Fraction(x) * codec.BILLION
                piece.w += Fraction(w) * codec.BILLION


# ---- other questions ----------------------------------------------------------------------------------------------------


def distinct(sql: Sql, windows: Sequence[Window]) -> list[int]:
    """See ``Reader.distinct``."""
    d = sql.dialect
    counts = sql.pairs(
        f"SELECT given.position, count(DISTINCT contribution.text) FROM ({d.given(*GIVEN)}) AS given"
        f" CROSS JOIN contribution WHERE {WITHIN} GROUP BY given.position",
        d.table((n, *span(window)) for n, window in enumerate(windows)),
    )
    return [int(counts.get(n, 0)) for n in range(len(windows))]


def newest(sql: Sql, windows: Sequence[Window]) -> list[tuple[Contribution, ...]]:
    """See ``Reader.newest``."""
    d = sql.dialect
    columns = ", ".join(f"c.{name}" for name in codec.CONTRIBUTION_COLUMNS.split(", "))
    rows = sql.rows(
        f"WITH given AS ({d.given(*GIVEN)}), asked AS MATERIALIZED (SELECT position, measure, (SELECT on_day FROM contribution"
        f" WHERE {WITHIN} ORDER BY on_day DESC LIMIT 1) AS on_day FROM given)"
        " SELECT * FROM (SELECT asked.position,"
        f" row_number() OVER (PARTITION BY asked.position ORDER BY c.item_no, c.nth) AS place, {columns}"
        " FROM asked CROSS JOIN contribution AS c WHERE c.measure = asked.measure AND c.on_day = asked.on_day) AS ranked"
        f" WHERE place <= {NEWEST} ORDER BY position, place",
        d.table((n, *span(window)) for n, window in enumerate(windows)),
    )
    found: list[list[Contribution]] = [[] for _ in windows]
    for row in rows:
        found[row[0]].append(codec.contribution(row[2:]))
    return [tuple(each) for each in found]


def contributions(sql: Sql, window: Window, limit: int | None) -> Iterator[Contribution]:
    """See ``Reader.contributions``."""
    statement = (
        f"SELECT {codec.CONTRIBUTION_COLUMNS} FROM contribution WHERE measure = ? AND on_day BETWEEN ? AND ?"
        " ORDER BY on_day DESC, item_no, nth" + ("" if limit is None else " LIMIT ?")
    )
    for batch in sql.stream(statement, *span(window), *(() if limit is None else (limit,)), size=BATCH):
        yield from map(codec.contribution, batch)


def baselines(sql: Sql) -> list[Baseline]:
    """See ``Reader.baselines``."""
    rows = sql.rows("SELECT cycle, key_result, measured, value, seq FROM baseline ORDER BY cycle, key_result, seq, measured")
    return [Baseline(row[0], row[1], row[2], Fraction(row[3]), row[4]) for row in rows]
