"""The strategy as a tree with bars, how old its data is, and where the active work goes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from fractions import Fraction
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hub.cli.render.text import (
    BAR,
    BOLD,
    DIM,
    KEY,
    UNMEASURED,
    WARN,
    ago,
    bar,
    clean,
    columns,
    count,
    day,
    fit,
    moment,
    noted,
    percent,
    status,
    words,
)
from hub.model import fold
from hub.report.values import Node, SourceAge, Tree

STALE_AFTER = 36 * 3_600_000
"""A nightly source that missed one night is said to be stale."""
_WIDE = 100
"""From so many columns on, notes are shown in full length."""
_READABLE, _NARROW = 24, 18
"""So much of a name is left before other things give way; the second where nothing else can."""
_GAP, _PERCENT = 2, 6
NONE = "–"
"""In place of a percentage that nobody measured, where there is no room for the word."""
_LEAST_NOTE = 15
"""Cells of a note that are left when nothing else can give way."""


def tree(value: Tree, now: int, width: int, zone: tzinfo = UTC) -> Group:
    """Everything that ``anchorline progress`` shows; ``zone`` is where the cycle's days begin."""
    parts: list[RenderableType] = [_head(value, width, zone), Text()]
    if value.notes:
        parts += [noted(value.notes), Text()]
    parts += [_nodes(value.company, width), Text()]
    if value.company.kind == "company":  # the counts are those of all pillars
        parts.append(work(value.counts, value.broken_anchors))
    return Group(*parts, ages(value.sources, now), Text(meaning(value.company), DIM))


def _head(value: Tree, width: int, zone: tzinfo) -> Text:
    dates = f"{day(value.starts)} to {day(value.ends)}"
    first = words((clean(value.cycle), BOLD), f"  {dates}  ", _elapsed(value, zone))
    rest = f"evaluated for {moment(value.as_of)}"
    gap = "  " if first.cell_len + 2 + len(rest) <= width else "\n"
    return words(first, gap, (rest, DIM))


def _elapsed(value: Tree, zone: tzinfo) -> Text:
    """How much of the cycle is gone at ``as_of``, that day included."""
    today = datetime.fromtimestamp(value.as_of / 1000, zone).date()
    if today > value.ends:
        return Text(f"over for {count((today - value.ends).days, 'day')}", WARN)
    if today < value.starts:
        return Text(f"begins in {count((value.starts - today).days, 'day')}", WARN)
    gone, days = (today - value.starts).days + 1, (value.ends - value.starts).days + 1
    return Text(f"{gone} of {count(days, 'day')} gone ({percent(Fraction(gone, days))})")


def _nodes(company: Node, width: int) -> Table:
    wide = width >= _WIDE
    rows = [(("", company), None), *_rows(company, "")]
    notes = [_note(node, above, wide) for (_, node), above in rows]
    layout = _layout(rows, notes, width)
    table = columns(_GAP)
    table.add_column(no_wrap=True, max_width=layout.label)
    if layout.bars:
        table.add_column(no_wrap=True, min_width=layout.bars)
    table.add_column(no_wrap=True, min_width=_PERCENT, justify="right")
    if layout.status:
        table.add_column(no_wrap=True, min_width=layout.status)
    table.add_column(no_wrap=True, min_width=layout.note)
    for ((guide, node), _), note in zip(rows, notes, strict=True):
        shown = percent(node.progress if node.unclamped is None else node.unclamped)
        figures: list[RenderableType] = [bar(node.progress, BAR if wide else BAR - 2), shown]
        if not layout.bars:
            figures = [Text(NONE, DIM) if node.progress is None else shown]
        if layout.status:
            figures.append(status(node.status))
        table.add_row(_label(guide, node, layout.label), *figures, Text(fit(note, layout.note).removesuffix(" ·…"), DIM))
    return table


_Row = tuple[tuple[str, Node], Node | None]


class _Layout(NamedTuple):
    """Widths of columns; 0: it is left out."""

    label: int
    bars: int
    status: int
    note: int


def _layout(rows: list[_Row], notes: list[str], width: int) -> _Layout:
    """Names stay readable: first notes give way, then the bars go, then notes give way further."""
    wide = width >= _WIDE
    unmeasured = any(node.progress is None for (_, node), _ in rows)
    cells = BAR if wide else BAR - 2
    bars = max(cells, len(UNMEASURED)) if unmeasured else cells
    state = max(len(node.status) for (_, node), _ in rows)
    wanted = min(max(map(cell_len, notes)), 54 if wide else 29)
    label = note = 0
    for size, least, name in ((bars, 30 if wide else 22, _READABLE), (0, 22, _READABLE), (0, _LEAST_NOTE, _NARROW)):
        needed = max(_needed(guide, node, name) for (guide, node), _ in rows)
        figures = _PERCENT + _GAP + (size + _GAP if size else 0) + (state + _GAP if state else 0) + _GAP
        note = max(min(wanted, width - figures - needed), min(wanted, least))
        label = width - figures - note
        if label >= needed:
            return _Layout(label, size, state, note)
    return _Layout(label, 0, state, note)


def _needed(guide: str, node: Node, readable: int) -> int:
    id = cell_len(clean(node.id)) + 2 if node.kind == "key_result" else 0
    return cell_len(guide) + id + min(cell_len(clean(node.name)), readable)


def _rows(node: Node, indent: str) -> Iterator[tuple[tuple[str, Node], Node]]:
    """(guide, node) and the node above, for everything beneath a node."""
    for at, child in enumerate(node.children):
        last = at == len(node.children) - 1
        yield (f"{indent}{'└─ ' if last else '├─ '}", child), node
        yield from _rows(child, f"{indent}{'   ' if last else '│  '}")


def _label(guide: str, node: Node, width: int) -> Text:
    id = clean(node.id) if node.kind in ("objective", "key_result") else ""
    name = clean(node.name) or "Without a pillar"
    style = BOLD if node.kind in ("company", "pillar") else ""
    if node.kind == "key_result":
        return words((guide, DIM), (id, KEY), f"  {fit(name, width - cell_len(guide) - cell_len(id) - 2)}")
    return words((guide, DIM), (fit(name, width - cell_len(guide)), style))


def _note(node: Node, above: Node | None, wide: bool) -> str:
    """Who answers for it, where that changes; then the coverage of what rolls up, or what a key result is made of.

    Where it will be cut, who comes last.
    """
    who = clean(node.team or node.owner or "")
    whose = [who] if who and (above is None or fold(who) != fold(clean(above.team or above.owner or ""))) else []
    note = clean(node.note)
    made = [f"from {node.measured} of {node.key_results}"] if node.kind != "key_result" else []
    made.append(note if wide else re.split(r"[,;] | \(", note, maxsplit=1)[0])
    return " · ".join(part for part in ([*whose, *made] if wide else [*made, *whose]) if part)


# ---- the foot -----------------------------------------------------------------------------------------------------------

_WAY = "the way from start to target"
_MEANINGS = {
    "completion": "the share of attached work that is done (output, not outcome)",
    "milestone": "the share of steps that are done",
    "increase": _WAY,
    "decrease": _WAY,
    "stay_above": "whether it holds, or how often",
    "stay_below": "whether it holds, or how often",
    "stay_within": "whether it holds, or how often",
    "parts": "the mean of their parts",
}
_NAMES = {"increase": "increase and decrease", "decrease": "increase and decrease", "parts": "key results of parts"}


def meaning(node: Node) -> str:
    """What the percentages say, for the kinds of key results that are shown."""
    kinds = dict.fromkeys(kind for kind in _MEANINGS if kind in set(_kinds(node)))
    if set(kinds) <= {"completion"}:
        return "Completion is output: the share of attached work that is done, not the outcome."
    said: dict[str, str] = {}
    for kind in kinds:
        said[_NAMES.get(kind, "stay" if kind.startswith("stay") else kind)] = _MEANINGS[kind]
    return f"Percentages: {'; '.join(f'{name}, {what}' for name, what in said.items())}."


def _kinds(node: Node) -> Iterator[str]:
    if node.measured_by:
        yield node.measured_by
    for child in node.children:
        yield from _kinds(child)


_OUTCOMES = {
    "linked": ("serves key results", "serve key results"),
    "allowance": ("runs the business", "run the business"),
    "unanchored": ("serves nothing", "serve nothing"),
    "contested": ("is contested", "are contested"),
    "broken": ("hangs on", "hang on"),
}


def work(counts: Mapping[str, int], broken_anchors: int = 0) -> Text:
    """Where the active items go, in items and as shares of all that are not ignored."""
    total = sum(counts.get(name, 0) for name in _OUTCOMES)
    if not total:
        return Text("No active work.", DIM)
    said = []
    for name, (one, many) in _OUTCOMES.items():
        items = counts.get(name, 0)
        what = one if items == 1 else many
        if name == "broken":
            what += f" {_missing_names(broken_anchors)}"
        if items:
            said.append(f"{items:,} {what} ({percent(Fraction(items, total))})")
    text = words((count(total, "active item"), BOLD), f": {', '.join(said)}.")
    if counts.get("broken"):
        text.append("\n`anchorline unanchored` begins with those names, and what was probably meant.")
    elif counts.get("contested"):
        text.append("\n`anchorline unanchored` says who claims the contested ones.")
    return text


def _missing_names(number: int) -> str:
    if number == 1:
        return "1 name that does not exist"
    return f"{number:,} names that do not exist" if number else "names that do not exist"


_ENDED = {
    "partial": "read only a part",
    "failed": "failed",
    "held": "is held back, waiting for approval",
    "running": "has not ended yet",
}


def ages(sources: tuple[SourceAge, ...], now: int) -> Group:
    """How old each source's data is; what is stale, partial or missing is said plainly."""
    return Group(*(age(source, now) for source in sources))


def age(source: SourceAge, now: int) -> Text:
    """``Data of jira: 2 hours ago, complete.``"""
    name = words("Data of ", (clean(source.source), BOLD), ": ")
    if source.complete_at is None:
        last = f"; the last run {_ended(source)}" if source.last_result else ""
        return name + Text(f"never read completely{last}", WARN)
    text = ago(source.complete_at, now)
    late = now - source.complete_at > STALE_AFTER
    if source.last_result in ("complete", None):
        return name + (Text(f"{text}, complete, so it is stale", WARN) if late else Text(f"{text}, complete"))
    said = f"{text}{', so it is stale' if late else ''}; since then the last run ({ago(source.last_at, now)}) {_ended(source)}"
    return name + Text(said, WARN if late or source.last_result != "running" else "")


def _ended(source: SourceAge) -> str:
    return _ENDED.get(source.last_result or "", clean(source.last_result))


def only_pillar(value: Tree, wanted: str) -> Tree | None:
    """The tree of one pillar, by id or name; None when there is no such pillar."""
    for node in value.company.children:
        if fold(wanted) in (fold(node.id), fold(node.name)):
            return replace(value, company=node)
    return None
