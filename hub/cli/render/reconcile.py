"""Our number beside somebody else's: the difference, what explains it, and what is on one side only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rich.console import Group as Parts
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.cli.render.text import BOLD, DIM, KEY, WARN, clean, columns, count, fit, heading, linked, moment, words
from hub.report.evidence import Row
from hub.report.figures import change, figure
from hub.report.reconciled import OneSided, Reconciled, Suspect

NAMED = 8
SHOWN = 20


def reconciled(value: Reconciled, width: int) -> Parts:
    """Everything that ``anchorline reconcile`` shows."""
    first = words((clean(value.id), f"bold {KEY}"), f"  {clean(value.name)}")
    about = Text(f"{clean(value.cycle)} · evaluated for {moment(value.as_of)}", DIM)
    parts: list[RenderableType] = [first, about, Text(), _verdict(value), _numbers(value)]
    for name, body in _sections(value, width):
        parts += [Text(), heading(name), Padding(body, (0, 0, 0, 2))]
    return Parts(*parts)


def _verdict(value: Reconciled) -> Text:
    if value.equal and value.difference:
        return Text("Both sides are the same, with the decimals that theirs has.", f"{BOLD} green")
    if value.equal:
        return Text("Both sides are the same.", f"{BOLD} green")
    if value.theirs is not None and value.ours is None:
        return Text(f"There is no number of ours to compare: {clean(value.why)}.", f"{BOLD} {WARN}")
    if value.difference:
        more = "more" if value.difference > 0 else "less"
        by = change(abs(value.difference), value.unit).removeprefix("+")
        return Text(f"Theirs is {by} {more} than ours.", f"{BOLD} {WARN}")
    return Text(
        "The rows are not the same" + (", although the number is." if value.theirs is not None else "."), f"{BOLD} {WARN}"
    )


def _numbers(value: Reconciled) -> Table:
    table = columns()
    table.add_column(style=DIM)
    table.add_column(justify="right")
    table.add_column()
    ours = "unmeasured" if value.ours is None else figure(value.ours, value.unit)
    table.add_row("ours", ours, Text(f"{clean(value.what)}, from {count(value.rows, 'row')}", DIM))
    if value.theirs is not None:
        table.add_row("theirs", figure(value.theirs, value.unit), "")
    if value.difference is not None:
        table.add_row("difference", change(value.difference, value.unit), "")
    if value.ids is not None:
        only = f"{len(value.only_theirs):,} in theirs only, {len(value.only_ours):,} in ours only"
        table.add_row("keys", f"{value.ids:,}", Text(f"{value.both:,} on both sides, {only}", DIM))
    return table


def _sections(value: Reconciled, width: int) -> Iterator[tuple[str, RenderableType]]:
    if value.only_theirs:
        yield f"In theirs, not in ours: {len(value.only_theirs):,}", _theirs(value.only_theirs)
    if value.only_ours:
        yield f"In ours, not in theirs: {len(value.only_ours):,}", _ours(value.only_ours, value.unit, width)
    if value.twice:
        more = f" and {len(value.twice) - NAMED:,} more" if len(value.twice) > NAMED else ""
        yield "Named more than once, counted once", Text(", ".join(map(clean, value.twice[:NAMED])) + more)
    if value.suspects:
        yield "Left out of ours, and what each group would change", _suspects(value.suspects, value.unit)


def _theirs(rows: Sequence[OneSided]) -> Table:
    """By reason, the most frequent first."""
    reasons: dict[tuple[str, str | None], list[OneSided]] = defaultdict(list)
    for row in rows:
        reasons[row.why, row.place].append(row)
    table = columns()
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for (why, place), those in sorted(reasons.items(), key=lambda pair: -len(pair[1])):
        table.add_row(f"{len(those):,}", words(clean(why), (f"  ({clean(place)})", DIM) if place else ""))
        names = Text(", ").join(linked(clean(each.name), each.row.url if each.row else None) for each in those[:NAMED])
        table.add_row("", names + Text(f" and {len(those) - NAMED:,} more; --json has all" if len(those) > NAMED else "", DIM))
    return table


def _ours(rows: Sequence[Row], unit: str | None, width: int) -> Parts:
    table = columns()
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    for row in rows[:SHOWN]:
        adds = "" if row.adds is None else figure(row.adds, unit)
        table.add_row(linked(fit(clean(row.name), 34), row.url), adds, Text(fit(clean(row.title), max(width - 50, 16)), DIM))
    more = [Text(f"and {len(rows) - SHOWN:,} more; --json has all", DIM)] if len(rows) > SHOWN else []
    return Parts(table, *more)


def _suspects(found: Sequence[Suspect], unit: str | None) -> Table:
    table = columns()
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for each in found:
        group = each.group
        place = (f"  ({clean(group.place)})", DIM) if group.place else ""
        exactly = ("  exactly the difference", f"{BOLD} green") if each.exactly else ""
        adds = change(group.adds, unit) if group.adds else ""
        table.add_row(count(group.count, "row"), adds, words(clean(group.why), place, exactly))
        named = group.rows[:NAMED]
        more = f" and {group.count - len(named):,} more" if group.count > len(named) else ""
        table.add_row("", "", Text(", ".join(clean(row.name) for row in named) + more, DIM))
    return table
