"""Work that serves nothing, and what could not be decided."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hub.cli.render.text import BOLD, DIM, clean, columns, count, exact, fit, heading, linked, name_of, noted, percent, words
from hub.cli.render.tree import ages
from hub.report.values import Unanchored, UnanchoredRow

TEAMS_SHOWN = 12
FINISHED = ("done", "dropped")
_TOOLS = {"asana": "Asana", "jira": "Jira", "salesforce": "Salesforce", "trello": "Trello"}


def unanchored(value: Unanchored, now: int, width: int, filtered: bool) -> Group:
    """The three lists, the cheapest to mend first, and the figures by team."""
    return Group(*_parts(value, now, width, filtered))


def _parts(value: Unanchored, now: int, width: int, filtered: bool) -> Iterator[RenderableType]:
    if value.notes:
        yield from (noted(value.notes), Text())
    yield _head(value, filtered)
    yield from _broken(value, width)
    yield from _contested(value, width)
    if len(value.by_team) > 1:
        yield from (Text(), _teams(value))
    if value.items:
        yield from _rows(value, width)
    if value.sources:
        yield from (Text(), ages(value.sources, now))


def _head(value: Unanchored, filtered: bool) -> Text:
    chosen = " of this choice" if filtered else ""
    cycle = f" ({clean(value.cycle)})."
    if not value.active and not value.total:  # nothing to judge is no good news
        text = words((f"No active item{chosen} is known", BOLD), cycle)
    elif not value.total:
        text = words((f"No active item{chosen} is without an anchor", BOLD), cycle)
    else:
        of = "" if not value.active else f", {percent(Fraction(value.total, value.active))} of {value.active:,}"
        verb = "serves" if value.total == 1 else "serve"
        text = words((f"{count(value.total, 'active item')}{chosen} {verb} no key result", BOLD), f"{of}{cycle}")
    if value.dormant:
        lies = "lies" if value.dormant == 1 else "lie"
        text.append(f" {value.dormant:,} more in the backlog {lies} dormant.", DIM)
    return text


# ---- what somebody has to decide ----------------------------------------------------------------------------------------


def _broken(value: Unanchored, width: int) -> Iterator[RenderableType]:
    if not value.broken:
        return
    total = max(value.broken_total, len(value.broken))
    said = (
        f", {value.under_broken:,} with what hangs beneath" if value.under_broken > total else " with a name that does not exist"
    )
    yield from (Text(), heading(f"Broken anchors: {count(total, 'item')}{said}"))
    yield _reasons(value.broken, width)
    yield from _cut(len(value.broken), total, "item")


def _contested(value: Unanchored, width: int) -> Iterator[RenderableType]:
    if not value.contested:
        return
    total = max(value.contested_total, len(value.contested))
    yield from (Text(), heading(f"Contested: {count(total, 'item')}, claimed with equal strength, so nobody gets credit"))
    yield _reasons(value.contested, width)
    yield from _cut(len(value.contested), total, "item")


def _reasons(items: tuple[UnanchoredRow, ...], width: int) -> Table:
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


def _cut(shown: int, total: int, what: str) -> list[Text]:
    """Said wherever something is not shown."""
    return [Text(f"The first {shown:,} of {count(total, what)}; --limit {total} shows all.", DIM)] if total > shown else []


def mending(value: Unanchored, label: str | None) -> list[tuple[str, str]]:
    """(what to do in the vendor's tool, what for), the cheapest first; ``label`` is how a label names a key result here."""
    kinds = {source.source: _TOOLS.get(source.kind, source.source) for source in value.sources}
    steps = []
    typo = next(((item, *found) for item in value.broken for found in item.broken if found[2] is not None), None)
    if typo is not None:
        item, said, unknown, near = typo
        tool = clean(kinds.get(item.source, item.source))
        meant = re.sub(re.escape(unknown), lambda _: near or "", said, count=1, flags=re.IGNORECASE)
        change = f"in {tool}, change {'the label ' if label else ''}{said} of {name_of(item.key, item.id)} to {meant}"
        steps.append((clean(change), ""))
    row = first_row(value)
    if row is not None and label is not None:
        tool = kinds.get(row.source, row.source)
        what = f"one label anchors {row.active:,} items" if row.active > 1 else "then it counts there"
        steps.append((clean(f"label {name_of(row.key, row.id)} {label} in {tool}"), what))
    return steps


def first_row(value: Unanchored) -> UnanchoredRow | None:
    """Where to begin: the first row that is not finished yet, if there is one."""
    return next((item for item in value.items if item.state not in FINISHED), next(iter(value.items), None))


# ---- work that serves nothing -------------------------------------------------------------------------------------------


def _teams(value: Unanchored) -> Table:
    table = columns()
    table.show_header, table.header_style = True, DIM
    weighed = any(effort != items for _, items, effort in value.by_team)
    table.add_column("team")
    for name in ("items", "effort")[: 1 + weighed]:
        table.add_column(name, justify="right")
    shown = value.by_team[:TEAMS_SHOWN]
    for name, items, effort in shown:
        table.add_row(clean(name), f"{items:,}", *[exact(effort)] * weighed)
    if len(value.by_team) > len(shown):
        table.add_row(Text(f"and {count(len(value.by_team) - len(shown), 'more team')}", DIM))
    return table


def _rows(value: Unanchored, width: int) -> Iterator[RenderableType]:
    going = tuple(item for item in value.items if item.state not in FINISHED)
    finished = tuple(item for item in value.items if item.state in FINISHED)
    for name, rows in (("In progress or planned", going), ("Already finished in this cycle", finished)):
        if rows:
            yield from (Text(), heading(name), _table(rows, value.items, width))
    if any(item.active > 1 for item in value.items):
        yield Text("A row stands for all loose work beneath it, too: one label there anchors it all.", DIM)
    yield from _cut(len(value.items), value.rows, "row")


def _table(rows: tuple[UnanchoredRow, ...], every: tuple[UnanchoredRow, ...], width: int) -> Table:
    """Some of the rows, in columns that suit ``every`` one, so that tables beneath each other agree."""
    team_width = 14 if width < 100 else 24
    shown = {"item": True, "items": any(i.active > 1 for i in every), "effort": any(i.effort != i.active for i in every)}
    shown["source"] = len({i.source for i in every}) > 1
    cells = {id(item): _cells(item, team_width) for item in every}
    names = [name for name in next(iter(cells.values())) if shown.get(name, True)]
    table = columns()
    table.show_header, table.header_style = True, DIM
    used = 0
    for name in names:
        size = max(cell_len(name), *(own[name].cell_len for own in cells.values()))
        table.add_column(
            name, no_wrap=True, min_width=size, justify="right" if name in ("items", "effort", "touched") else "left"
        )
        used += size + 2
    table.add_column("title", no_wrap=True)
    for item in rows:
        own = cells[id(item)]
        table.add_row(*(own[name] for name in names), Text(fit(clean(item.title), max(width - used, 16))))
    return table


def _cells(item: UnanchoredRow, team_width: int) -> dict[str, Text]:
    team = Text(fit(clean(item.team or "no team"), team_width), DIM if item.team is None else "")
    return {
        "item": linked(fit(name_of(item.key, item.id), 16), item.url),
        "items": Text(f"{item.active:,}"),
        "effort": Text(exact(item.effort)),
        "touched": Text(_touched(item.age_days)),
        "state": Text(item.state),
        "source": Text(fit(clean(item.source), 12)),
        "team": team,
    }


def _touched(days: int | None) -> str:
    if days is None:
        return ""
    return f"{days:,} d ago" if days else "today"


def _widest(items: tuple[UnanchoredRow, ...], most: int) -> int:
    return min(max(cell_len(name_of(i.key, i.id)) for i in items), most)
