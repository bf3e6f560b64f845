"""What the number of a metric or of a measured key result is made of: rows, what is left out, periods, steps, parts, money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from rich.cells import cell_len
from rich.console import Group as Parts
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.cli.render.text import BOLD, DIM, KEY, WARN, bar, clean, columns, count, fit, linked, percent, status, words
from hub.report.evidence import Evidence, Group, Link, MetricFacts, Money, PartRow, PeriodRow, Row, StepRow
from hub.report.figures import change, day, days, figure

NAMED = 6
"""Rows named per reason, unless all are asked for."""
PERIODS = 12
LONGEST = 400
"""An address beyond is given as a link and in --json, not in full."""
_NAME = 34


def sections(value: Evidence, width: int, rows: int | None) -> Iterator[tuple[str, RenderableType]]:
    """(heading, body) of everything beneath the formula; ``rows`` is how many rows are shown, None for all."""
    if value.metric is not None:
        yield "What is measured", facts(value.metric, value)
    if value.money:
        yield "Money, by currency", _money(value.money, value.unit)
    if len(value.periods) > 1:
        yield _kept(value.periods), _periods(value.periods, value.unit, rows)
    if value.steps:
        done = sum(step.done for step in value.steps)
        yield f"Steps: {done} of {len(value.steps)} done", _steps(value.steps, width)
    if value.parts:
        yield f"Parts: {len(value.parts)}", _parts(value.parts, width)
    if value.rows:
        aggregate = value.metric.aggregate if value.metric else ""
        yield f"Counted: {count(len(value.rows), 'row')}", _rows(value.rows, aggregate, value.unit, rows, width)
    if value.left_out:
        left = sum(group.count for group in value.left_out)
        yield f"Left out: {count(left, 'row')}", left_out(value.left_out, value.unit, rows is None, width)
    if not value.adds_up:
        yield "To be looked at", Text("These rows do not give the number that is shown; run `anchorline evaluate`.", WARN)


def numbers(value: Evidence) -> list[tuple[str, str]]:
    """(name, text) of what the formula is filled with."""
    said = [("start", value.start_words), ("target", value.target_words)]
    if value.value is not None and value.start_words:
        said.append(("current", figure(value.value, value.unit)))
    return [(name, text) for name, text in said if text]


# ---- the metric -------------------------------------------------------------------------------------------------------------


def facts(metric: MetricFacts, value: Evidence) -> Table:
    """What is measured, over which rows, in which days."""
    table = columns()
    table.add_column(style=DIM, no_wrap=True)
    table.add_column()
    where = "in the key result itself" if metric.inline else clean(metric.id)
    table.add_row("metric", words((where, KEY), f"  {clean(metric.in_words)}  ", (f"({clean(metric.place)})", DIM)))
    if metric.query:
        table.add_row("query", clean(metric.query))
    for n, (line, place) in enumerate(metric.lines):
        table.add_row("its rows fit" if n == 0 else "", words(clean(line), (f"  ({clean(place)})", DIM)))
    open_ended = metric.first is None and metric.last is None
    if not open_ended:
        span = f"{days(metric.first, metric.last)}{_length(metric)}"
        table.add_row("window", f"{clean(metric.window)}: {span}, by {clean(metric.dated or '')}")
    elif metric.dated:
        table.add_row("window", f"none, by {clean(metric.dated)}")
    if metric.settle:
        table.add_row("settle", f"{metric.settle} days: final up to {day(metric.horizon)}")
    if metric.every or metric.newest:
        every = f"every {metric.every}" if metric.every else "none said"
        newest = f"; the newest row is of {day(metric.newest)}" if metric.newest else ""
        table.add_row("rhythm", f"{every}{newest}")
    if metric.late:
        table.add_row("late", Text(clean(metric.late), WARN))
    if metric.typed_by:
        table.add_row("typed by", Text(", ".join(map(clean, metric.typed_by)), WARN))
    if value.why:
        table.add_row("unmeasured", Text(clean(value.why), WARN))
    return table


def _length(metric: MetricFacts) -> str:
    if metric.first is None or metric.last is None:
        return ""
    return f" ({count((metric.last - metric.first).days + 1, 'day')})"


def _money(money: Sequence[Money], unit: str | None) -> Table:
    table = _table(("currency", "rows", "amount", "rate", f"in {unit}" if unit else ""), {"rows", "amount", f"in {unit}"})
    for each in money:
        rate = "" if each.rate is None else f"x {figure(each.rate)}" + (f" since {day(each.since)}" if each.since else "")
        rate = "" if each.rate == 1 else rate
        converted = "" if each.converted is None else figure(each.converted)
        table.add_row(clean(each.currency or "none"), f"{each.rows:,}", figure(each.amount), rate, converted)
    return table


# ---- periods, steps, parts --------------------------------------------------------------------------------------------------


def _kept(periods: Sequence[PeriodRow]) -> str:
    return f"Periods: {sum(p.holds is True for p in periods)} of {len(periods)} hold"


def _periods(periods: Sequence[PeriodRow], unit: str | None, rows: int | None) -> Parts:
    """Those that do not hold first, then the latest."""
    ordered = sorted(periods, key=lambda p: (p.holds is True, -(p.last.toordinal() if p.last else 0)))
    shown = ordered if rows is None else ordered[:PERIODS]
    table = _table(("period", "value", "", "rows"), {"value", "rows"})
    for period in shown:
        verdict = Text("holds", "green") if period.holds else Text(clean(period.why) or "does not hold", WARN)
        value = "" if period.value is None else figure(period.value, unit)
        table.add_row(days(period.first, period.last), value, verdict, f"{period.rows:,}")
    return Parts(table, *_more(len(shown), len(periods), "period"))


def _steps(steps: Sequence[StepRow], width: int) -> Parts:
    parts: list[RenderableType] = []
    for step in steps:
        weight = "" if step.weight == 1 else f"  weight {figure(step.weight)}"
        state = Text("done", "green") if step.done else Text("not done", WARN)
        head = words((clean(step.name), BOLD), "  ", state, (f"  due {day(step.due)}{weight}  ({clean(step.place or '')})", DIM))
        parts.append(head)
        lines = ", ".join(map(clean, step.lines))
        if not step.rows:
            parts.append(Padding(Text(f"nothing fits {lines}", WARN), (0, 0, 0, 2)))
        for row in step.rows:
            raw = f" ({clean(row.value)})" if row.value else ""
            title = fit(clean(row.title), max(width - 40, 16))
            parts.append(Padding(words(linked(clean(row.name), row.url), f"  {row.state}{raw}  ", (title, DIM)), (0, 0, 0, 2)))
    return Parts(*parts)


def _parts(parts: Sequence[PartRow], width: int) -> Table:
    table = _table(("part", "", "", "status", "current", "target", "weight", ""), {"current", "target", "weight"})
    used = max(cell_len(clean(part.id)) for part in parts) + 62
    for part in parts:
        current = "" if part.current is None else figure(part.current, part.unit)
        target = "" if part.target is None else figure(part.target)
        table.add_row(
            Text(clean(part.id), KEY), bar(_clamped(part.progress)), percent(part.progress), status(part.status), current, target,
            figure(part.weight), Text(fit(clean(part.name), max(width - used, 12)), DIM),
        )  # fmt: skip
    return table


def _clamped(progress: Fraction | None) -> Fraction | None:
    return None if progress is None else min(max(progress, Fraction(0)), Fraction(1))


# ---- rows -------------------------------------------------------------------------------------------------------------------


_ADDS = {"sum": "adds", "count": "adds", "average": "times weight", "days_between": "days", "nps": "counts"}
_FITS = {(1, 1): "both sides", (1, 0): "`of` only", (0, 1): "`to` only"}


def _rows(every: Sequence[Row], aggregate: str, unit: str | None, most: int | None, width: int) -> Parts:
    shown = every[:most]
    cells = {"row": [fit(clean(row.name), _NAME) for row in shown]}
    cells["day"] = [day(row.on) for row in shown]
    cells["value"] = [_value(row, aggregate, unit) for row in shown]
    if aggregate in _ADDS and any(row.adds is not None and figure(row.adds) != row.value for row in shown):
        cells[_ADDS[aggregate]] = ["" if row.adds is None else figure(row.adds) for row in shown]
    if aggregate == "average":
        cells["weight"] = ["" if row.weight in (None, 1) else figure(row.weight) for row in shown]
    if aggregate == "ratio":
        cells["fits"] = [_FITS.get((int(row.adds or 0), int(row.weight or 0)), "") for row in shown]
    cells["tells apart"] = [", ".join(map(clean, row.texts)) for row in shown]
    cells["typed by"] = [clean(row.by or "") for row in shown]
    kept = {name: column for name, column in cells.items() if any(column)}
    table = _table((*kept, ""), {"value", "weight", *_ADDS.values()})
    used = sum(max(map(cell_len, (name, *column))) + 2 for name, column in kept.items()) + 2
    for n, row in enumerate(shown):
        name, *said = (column[n] for column in kept.values())
        title = clean(row.title) + (f'  "{clean(row.note)}"' if row.note else "")
        table.add_row(linked(name, row.url), *said, Text(fit(title.strip(), max(width - used, 12)), DIM))
    return Parts(table, *_more(len(shown), len(every), "row"))


def _value(row: Row, aggregate: str, unit: str | None) -> str:
    """The literal, with its currency where that is not the unit of the number."""
    if row.value is None or aggregate == "ratio":
        return ""
    money = aggregate in ("sum", "average", "latest") and row.currency and row.currency != unit
    return f"{fit(clean(row.value), 18)}{f' {clean(row.currency)}' if money else ''}"


def left_out(groups: Sequence[Group], unit: str | None, every_row: bool, width: int) -> Table:
    """By reason: how many, what they would change, and which."""
    table = columns()
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for group in groups:
        place = (f"  ({clean(group.place)})", DIM) if group.place else ""
        adds = (f"  would change it by {change(group.adds, unit)}", DIM) if group.adds else ""
        table.add_row(f"{group.count:,}", words(clean(group.why), place, adds))
        if every_row:
            for row in group.rows:
                on = f"  {day(row.on)}" if row.on else ""
                value = f"  {fit(clean(row.value), 18)}" if row.value else ""
                title = fit(clean(row.title), max(width - 56, 12))
                name = linked(fit(clean(row.name), _NAME), row.url)
                table.add_row("", words(name, on, value, (f"  {title}", DIM)))
            if group.count > len(group.rows):
                table.add_row("", Text(f"and {group.count - len(group.rows):,} more", DIM))
            continue
        named = group.rows[:NAMED]
        more = f" and {group.count - len(named):,} more" if group.count > len(named) else ""
        table.add_row("", Text(", ".join(clean(row.name) for row in named) + more, DIM))
    return table


def links(value: Sequence[Link]) -> Parts:
    """Addresses that show it at the vendor's; a very long one only as a link."""
    rows: list[RenderableType] = []
    for link in value:
        rows.append(linked(clean(link.text), link.url))
        short = len(link.url) <= LONGEST
        rows.append(Padding(Text(clean(link.url) if short else "the address is long: --json has it", DIM), (0, 0, 0, 2)))
    return Parts(*rows)


def _table(names: tuple[str, ...], right: set[str]) -> Table:
    table = columns()
    table.show_header, table.header_style = True, DIM
    for name in names:
        table.add_column(name, no_wrap=True, justify="right" if name in right else "left")
    return table


def _more(shown: int, total: int, word: str) -> list[Text]:
    return [Text(f"and {count(total - shown, f'more {word}')}; --all shows every one.", DIM)] if total > shown else []
