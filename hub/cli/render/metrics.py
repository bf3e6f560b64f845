"""All metrics as a list, and one metric down to its rows."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.cli.render import evidence
from hub.cli.render.text import BOLD, DIM, KEY, WARN, clean, columns, count, fit, heading, moment, words
from hub.cli.render.tree import ages
from hub.report.evidence import MetricExplanation, MetricRow, Metrics
from hub.report.figures import day, figure

_WIDE = 100


def metrics(value: Metrics, now: int, width: int) -> Group:
    """Everything that ``anchorline metrics`` shows."""
    head = words((clean(value.cycle), BOLD), (f"  evaluated for {moment(value.as_of)}", DIM))
    if not value.metrics:
        return Group(head, Text(), Text("The mapping files have no [[metric]]."), *_inline(value.inline))
    parts: list[RenderableType] = [head, Text(), _table(value.metrics, width)]
    parts += _reasons(value.metrics)
    parts += _inline(value.inline)
    return Group(*parts, Text(), ages(value.sources, now))


def _table(rows: tuple[MetricRow, ...], width: int) -> Table:
    table = columns()
    table.show_header, table.header_style = True, DIM
    wide = width >= _WIDE
    names = ["metric", "value", "newest", "every", *(["source"] * wide), "used by"]
    for name in names:
        table.add_column(name, no_wrap=True, justify="right" if name == "value" else "left")
    cells = []
    for row in rows:
        every = "late" if row.late else row.every or ""
        value = "unmeasured" if row.value is None else figure(row.value, row.unit)
        cells.append([clean(row.id), value, day(row.newest), every, *([clean(row.source)] * wide)])
    used = sum(max(cell_len(text) for text in (*column, name)) + 2 for name, *column in zip(names, *cells, strict=False))
    for row, said in zip(rows, cells, strict=True):
        users = ", ".join(map(clean, row.used_by)) or "nothing"
        if row.typed:
            users = f"{users} (typed by hand)"
        style = WARN if row.value is None else ""
        late = WARN if row.late else ""
        table.add_row(
            Text(said[0], KEY), Text(said[1], style), said[2], Text(said[3], late), *said[4:],
            Text(fit(users, max(width - used, 12)), DIM),
        )  # fmt: skip
    return table


def _reasons(rows: tuple[MetricRow, ...]) -> list[RenderableType]:
    """Why some have no value or are late, once each."""
    said: list[RenderableType] = []
    for row in rows:
        why = row.why if row.value is None else row.late
        if why:
            what = "cannot be calculated" if row.value is None else "is late"
            said.append(words((clean(row.id), KEY), f" {what}: ", (clean(why), WARN), (f"  ({clean(row.place)})", DIM)))
    return [Text(), *said] if said else []


def _inline(inline: int) -> list[RenderableType]:
    if not inline:
        return []
    verb = "stands" if inline == 1 else "stand"
    return [Text(), Text(f"{count(inline, 'more metric')} {verb} in the key result that uses it; `anchorline explain KR`.", DIM)]


def metric(value: MetricExplanation, now: int, width: int, rows: int | None) -> Group:
    """The whole explanation of one metric; ``rows`` is how many rows are shown, None for all."""
    first = words((clean(value.id), f"bold {KEY}"), f"  {clean(value.name)}")
    told = ["metric", clean(value.cycle), f"evaluated for {moment(value.as_of)}", f"written in {clean(value.place)}"]
    parts: list[RenderableType] = [first, Text(" · ".join(told), DIM), Text(), Text(clean(value.sentence), BOLD)]
    found = list(evidence.sections(value.evidence, width, rows))
    if value.used_by:
        found.append(("Used by", _users(value)))
    if value.links:
        found.append(("At the vendor's", evidence.links(value.links)))
    found.append(("How old the data is", ages(value.sources, now)))
    for name, body in found:
        parts += [Text(), heading(name), Padding(body, (0, 0, 0, 2))]
    return Group(*parts)


def _users(value: MetricExplanation) -> Table:
    table = columns()
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for each in value.used_by:
        narrowed = "narrowed by its own lines" if each["narrowed"] else "as it is"
        table.add_row(Text(clean(each["id"]), KEY), clean(each["cycle"]), Text(narrowed, DIM))
    return table
