"""Why a key result, objective or pillar has its number: everything needed to calculate it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.cli.render import evidence
from hub.cli.render.item import run
from hub.cli.render.text import (
    BOLD,
    DIM,
    KEY,
    WARN,
    bar,
    clean,
    columns,
    count,
    exact,
    fit,
    heading,
    linked,
    moment,
    name_of,
    percent,
    share,
    status,
    words,
)
from hub.cli.render.tree import ages
from hub.report.beside import NeedRow
from hub.report.figures import day
from hub.report.values import NodeExplanation, UnitRow

OPEN = ("todo", "doing")
_PARTS = {Fraction(1, 2): "by half", Fraction(1, 3): "by a third", Fraction(1, 4): "by a quarter"}
_UNIT_COLUMNS = ("item", "state", "weight", "rule")
NAMED = 6
"""Items named per reason, unless all are asked for."""
_KINDS = {"key_result": "key result", "objective": "objective", "pillar": "pillar", "company": "everything"}
_POLICY = {"by": "weighed by", "level": "level", "missing": "without an estimate", "before_cycle": "finished before the cycle"}


def node(value: NodeExplanation, now: int, width: int, rows: int | None) -> Group:
    """The whole explanation of one node; ``rows`` is how many counted items are shown, None for all."""
    parts: list[RenderableType] = [_head(value), Text()]
    if value.status:
        parts.append(verdict(value.status, value.why))
    parts.append(Text(clean(value.sentence), BOLD))
    for name, body in _sections(value, now, width, rows):
        parts += [Text(), heading(name), Padding(body, (0, 0, 0, 2))]
    return Group(*parts)


def _head(value: NodeExplanation) -> Group:
    shown = percent(value.progress if value.unclamped is None else value.unclamped)
    first = words((clean(value.id), f"bold {KEY}"), f"  {clean(value.name)}  ", bar(value.progress), f"  {shown}")
    kind = clean(value.policy.get("kind", "")) if value.evidence else ""
    told = [_KINDS[value.kind] + (f" ({kind})" if kind else ""), clean(value.cycle), f"evaluated for {moment(value.as_of)}"]
    told += [f"written in {clean(value.place)}"] if value.place else []
    return Group(first, Text(" · ".join(told), DIM))


def verdict(word: str, why: str) -> Text:
    """``At risk: 38 % against 50 % expected on day 45 of 90.``"""
    found = status(word)
    shown = Text(found.plain[:1].upper() + found.plain[1:], found.style)
    shown.stylize(BOLD)
    return words(shown, f": {clean(why)}." if why else ".")


def _sections(value: NodeExplanation, now: int, width: int, rows: int | None) -> Iterator[tuple[str, RenderableType]]:
    yield "How it is calculated", _calculation(value, rows is None)
    if value.children:
        coverage = f"from {value.measured} of {count(value.key_results, 'key result')}"
        yield f"Made of, {coverage}", _children(value.children, width)
    counting = sorted((unit for unit in value.units if unit.counts), key=_order)
    left = [unit for unit in value.units if not unit.counts]
    counted = "Counted"
    if value.evidence is not None:
        yield from evidence.sections(value.evidence, width, rows)
        counted = "Work beside it, which its number does not count"
    if counting:
        yield f"{counted}: {count(len(counting), 'item')}", _counted(counting, rows, width)
    if left:
        yield f"Attached, but not counted: {count(len(left), 'item')}", _left_out(left, rows is None, width)
    if value.needs:
        yield "Waits for", _needs(value.needs)
    if value.links:
        yield "At the vendor's", evidence.links(value.links)
    if value.sources:
        yield "How old the data is", ages(value.sources, now)
    if value.run or rows is None:
        yield "Evaluated", _evaluated(value, rows is None)
    yield "Look further", _further(value, counting)


def _calculation(value: NodeExplanation, details: bool) -> Group:
    rows: list[RenderableType] = [Text(clean(value.formula))]
    if value.evidence is not None:
        table = columns()
        table.add_column(style=DIM)
        table.add_column()
        for name, said in evidence.numbers(value.evidence):
            table.add_row(name, clean(said))
        return Group(*rows, *([table] if table.row_count else []))
    shown = {name: text for name, text in value.policy.items() if text not in (None, "", {}, ())}
    if not details:
        shown.pop("means", None)
    if shown.get("by") == "count":
        shown.pop("missing", None)
    if shown.get("ambition") == "committed":
        shown.pop("ambition")
    if shown:
        table = columns()
        table.add_column(style=DIM)
        table.add_column()
        for name, text in shown.items():
            table.add_row(_POLICY.get(name, clean(name.replace("_", " "))), Text(_policy(text)))
        rows.append(table)
    return Group(*rows)


def _needs(rows: Sequence[NeedRow]) -> Table:
    table = columns()
    for _ in range(4):
        table.add_column()
    for row in rows:
        by = "" if row.by is None else f"needed {'since' if row.is_late else 'by'} {day(row.by)}"
        table.add_row(Text(clean(row.id), KEY), clean(row.name), status(row.status), Text(by, WARN if row.is_late else ""))
    return table


def _policy(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{clean(name).replace('_', ' ')}: {_policy(inner)}" for name, inner in value.items())
    if isinstance(value, Fraction):
        return exact(value)
    return clean(str(value).replace("_", " "))


def _children(children: tuple[Mapping[str, Any], ...], width: int) -> Table:
    table = columns()
    for name, right in (("", False), ("", False), ("", True), ("weight", True), ("", False)):
        table.add_column(name, no_wrap=True, justify="right" if right else "left")
    table.show_header, table.header_style = True, DIM
    longest = max(cell_len(clean(child["id"])) for child in children)
    for child in children:
        progress = child.get("progress")
        progress = Fraction(progress) if isinstance(progress, str) else progress
        name = fit(clean(child.get("name", "")), max(width - longest - 36, 16))
        table.add_row(
            Text(clean(child["id"]), KEY), bar(progress), percent(progress), clean(child.get("weight", "1")), Text(name)
        )
    return table


# ---- items --------------------------------------------------------------------------------------------------------------


def _table(names: tuple[str, ...], right: frozenset[str] = frozenset()) -> Table:
    table = columns()
    table.show_header, table.header_style = True, DIM
    for name in names:
        table.add_column(name, no_wrap=True, justify="right" if name in right else "left")
    return table


def _order(row: UnitRow) -> tuple[bool, Fraction, str, str, int, str]:
    """What can still move the number comes first, the heaviest before the others, the oldest key before the newer."""
    name = row.key or row.id
    head, _, tail = name.rpartition("-")
    return (row.state not in OPEN, -(row.weight or Fraction(0)), row.source, head, int(tail) if tail.isdecimal() else 0, name)


def _shared(rows: list[UnitRow]) -> list[Text]:
    """How many count by a part only, in one line."""
    parts = Counter(row.part for row in rows if row.part != 1)
    said = [f"{number:,} {_PARTS.get(part, f'by {share(part)}')}" for part, number in sorted(parts.items(), reverse=True)]
    if not said:
        return []
    first, *more = said
    number, _, how = first.partition(" ")
    verb = "counts" if number == "1" else "count"
    return [Text(f"{number} of the items {verb} {how}{''.join(f', {each}' for each in more)}.")]


def _counted(every: list[UnitRow], most: int | None, width: int) -> Group:
    rows = every[:most]
    table = _table((*_UNIT_COLUMNS, "title"), frozenset({"weight"}))
    cells = [(_key(row), _state(row), _weight(row), _place(row, width)) for row in rows]
    used = sum(max(map(cell_len, column)) + 2 for column in zip(*cells, _UNIT_COLUMNS, strict=True)) + 2
    for row, (key, state, weight, place) in zip(rows, cells, strict=True):
        table.add_row(linked(key, row.url), state, weight, Text(place, DIM), Text(fit(clean(row.title), max(width - used, 12))))
    return Group(*_shared(every), table, *_more(len(rows), len(every)))


def _left_out(rows: list[UnitRow], every_row: bool, width: int) -> Table:
    """By reason: how many, and which."""
    table = columns()
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    reasons: dict[str, list[UnitRow]] = {}
    for row in rows:
        reasons.setdefault(row.why, []).append(row)
    for why, those in sorted(reasons.items(), key=lambda pair: -len(pair[1])):
        table.add_row(f"{len(those):,}", clean(why))
        if every_row:
            for row in those:
                table.add_row(
                    "", words((_key(row), KEY), f"  {_state(row)}  ", (fit(clean(row.title), max(width - 46, 16)), DIM))
                )
            continue
        named = ", ".join(_key(row) for row in those[:NAMED])
        table.add_row("", Text(named + (f" and {len(those) - NAMED:,} more" if len(those) > NAMED else ""), DIM))
    return table


def _more(shown: int, total: int) -> list[Text]:
    return [Text(f"and {total - shown:,} more; --all shows every one.", DIM)] if total > shown else []


def _key(row: UnitRow) -> str:
    return fit(name_of(row.key, row.id), 16)


def _place(row: UnitRow, width: int) -> str:
    """Where the rule stands; without the folder where every cell counts."""
    return clean(row.place if width >= 100 else row.place.rpartition("/")[2])


def _state(row: UnitRow) -> str:
    """Our word for it, and the vendor's."""
    raw = clean(row.raw_status or "")
    return row.state if not raw or raw.lower() == row.state else f"{row.state} ({fit(raw, 14)})"


def _weight(row: UnitRow) -> str:
    """What it adds to the total; where its credit is shared, or the estimate is not its own, that is said."""
    if row.weight is None:
        return ""
    if row.part in (row.weight, 0):
        return share(row.weight)
    whole = row.weight / row.part
    about = "~" if row.estimate is None and whole != 1 else ""
    return f"{about}{exact(row.weight)}" + (f" ({share(row.part)} of {exact(whole)})" if row.part != 1 else "")


# ---- the foot -----------------------------------------------------------------------------------------------------------


def _evaluated(value: NodeExplanation, details: bool) -> Group:
    lines = [run(value.run)] if value.run else []
    if details:
        lines.append(Text(f"step {value.seq} of the database, mapping {clean(value.mapping_hash)[:12]}"))
    return Group(*lines)


def _further(value: NodeExplanation, counting: list[UnitRow]) -> Table:
    table = columns()
    table.add_column(style=KEY, no_wrap=True)
    table.add_column()
    if counting:
        table.add_row(f"anchorline explain {_key(counting[0])}", "one item, the other way round")
    for child in value.children[:1]:
        table.add_row(f"anchorline explain {clean(child['id'])}", "one of its parts")
    if value.kind == "key_result":
        every = "every item with its exact weight" if value.evidence is None else "every row with what it adds, exactly"
        table.add_row(f"anchorline explain {clean(value.id)} --json", f"{every}, to calculate it again")
    else:
        table.add_row("anchorline progress", "the whole tree")
    return table
