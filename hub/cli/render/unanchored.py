"""Work that serves nothing, and what could not be decided."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hub.cli.render.text import BOLD, DIM, clean, columns, count, exact, fit, heading, linked, name_of, percent, words
from hub.report.values import Unanchored, Waif

TEAMS_SHOWN = 12


def unanchored(value: Unanchored, width: int, filtered: bool) -> Group:
    """The three lists and the figures by team."""
    return Group(*_parts(value, width, filtered))


def _parts(value: Unanchored, width: int, filtered: bool) -> Iterator[RenderableType]:
    yield _head(value, filtered)
    if value.items:
        yield Text()
        yield _items(value.items, width)
        if any(item.active > 1 for item in value.items):
            yield Text("A row stands for all loose work beneath it, too: one label there anchors it all.", DIM)
        if value.rows > len(value.items):
            yield Text(f"The first {len(value.items):,} of {value.rows:,} rows; --limit {value.rows} shows all.", DIM)
    if value.by_team and value.total:
        yield from (Text(), _teams(value))
    if value.contested:
        claimed = f"Contested: {count(len(value.contested), 'item')}, claimed with equal strength, so nobody gets credit"
        yield from (Text(), heading(claimed))
        yield _reasons(value.contested, width)
    if value.broken:
        yield from (Text(), heading(f"Broken anchors: {count(len(value.broken), 'item')} with a name that does not exist"))
        yield _reasons(value.broken, width)


def _head(value: Unanchored, filtered: bool) -> Text:
    chosen = " of this choice" if filtered else ""
    if not value.total:
        text = words((f"No active item{chosen} is without an anchor", BOLD), f" ({clean(value.cycle)}).")
    else:
        of = "" if not value.active else f", {percent(Fraction(value.total, value.active))} of {value.active:,}"
        verb = "serves" if value.total == 1 else "serve"
        text = words((f"{count(value.total, 'active item')}{chosen} {verb} no key result", BOLD), f"{of} ({clean(value.cycle)}).")
    if value.dormant:
        text.append(f" {value.dormant:,} more in the backlog lie dormant.", DIM)
    return text


def _items(items: tuple[Waif, ...], width: int) -> Table:
    table = columns()
    table.add_column("item", no_wrap=True)
    counted = any(item.effort != item.active for item in items)  # else effort is the number of items, and says it all
    for name in ("items", "effort", "age") if counted else ("effort", "age"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("team", no_wrap=True)
    table.add_column("title", no_wrap=True)
    table.show_header, table.header_style = True, DIM
    key, team = _widest(items, 16), max(cell_len(_team(i)) for i in items)
    team = min(team, 14 if width < 100 else 24)
    used = key + 6 + 5 + 5 + team + 10 + 7 * counted
    for item in items:
        age = "" if item.age_days is None else f"{item.age_days} d"
        owner = Text(fit(_team(item), team), DIM if item.team is None else "")
        figures = [f"{item.active:,}"] * counted + [exact(item.effort), age, item.state]
        title = Text(fit(clean(item.title), max(width - used, 16)))
        table.add_row(linked(fit(name_of(item.key, item.id), key), item.url), *figures, owner, title)
    return table


def _team(item: Waif) -> str:
    return clean(item.team or "no team")


def _widest(items: tuple[Waif, ...], most: int) -> int:
    return min(max(cell_len(name_of(i.key, i.id)) for i in items), most)


def _teams(value: Unanchored) -> Table:
    table = columns()
    table.show_header, table.header_style = True, DIM
    table.add_column("team")
    table.add_column("items", justify="right")
    table.add_column("effort", justify="right")
    shown = value.by_team[:TEAMS_SHOWN]
    for name, items, effort in shown:
        table.add_row(clean(name), f"{items:,}", exact(effort))
    if len(value.by_team) > len(shown):
        table.add_row(Text(f"and {count(len(value.by_team) - len(shown), 'more team')}", DIM))
    return table


def _reasons(items: tuple[Waif, ...], width: int) -> Table:
    """Two lines an item: what it is, and what is the matter with it."""
    table = columns()
    table.add_column(no_wrap=True)
    table.add_column()
    key = _widest(items, 16)
    for item in items:
        title = Text(fit(clean(item.title), max(width - key - 6, 16)))
        table.add_row(Text("  ") + linked(fit(name_of(item.key, item.id), key), item.url), title)
        table.add_row("", Text(clean(item.why), DIM))
    return table
