"""The strategy as a tree with bars, how old its data is, and where the active work goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from rich.cells import cell_len
from rich.console import Group
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
    percent,
    words,
)
from hub.model import fold
from hub.report.values import Node, SourceAge, Tree

STALE_AFTER = 36 * 3_600_000
"""A nightly source that missed one night is said to be stale."""
_WIDE = 100
"""From so many columns on, notes are shown in full length."""


def tree(value: Tree, now: int, width: int) -> Group:
    """Everything that ``anchorline progress`` shows."""
    return Group(_head(value), Text(), _nodes(value.company, width), Text(), work(value.counts), ages(value.sources, now))


def _head(value: Tree) -> Text:
    dates = f"{day(value.starts)} to {day(value.ends)}"
    return words((clean(value.cycle), BOLD), f"  {dates}", (f"  evaluated for {moment(value.as_of)}", DIM))


def _nodes(company: Node, width: int) -> Table:
    wide = width >= _WIDE
    rows = [(("", company), None), *_rows(company, "")]
    notes = [_note(node, above, wide) for (_, node), above in rows]
    cells = BAR if wide else BAR - 2
    bars = max(cells, len(UNMEASURED)) if any(node.progress is None for (_, node), _ in rows) else cells
    note_width = min(max(map(cell_len, notes)), 54 if wide else 29)
    name_width = width - bars - 5 - note_width - 6
    table = columns()
    table.add_column(no_wrap=True, max_width=name_width)
    for size in (bars, 5, note_width):
        table.add_column(no_wrap=True, min_width=size, justify="right" if size == 5 else "left")
    for ((guide, node), _), note in zip(rows, notes, strict=True):
        label, said = _label(guide, node, name_width), Text(fit(note, note_width), DIM)
        table.add_row(label, bar(node.progress, cells), percent(node.progress), said)
    return table


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
    """Who answers for it, where that changes; then the coverage of what rolls up, or what a key result is made of."""
    who = clean(node.team or node.owner or "")
    parts = [who] if who and (above is None or fold(who) != fold(clean(above.team or above.owner or ""))) else []
    if node.kind != "key_result":
        parts.append(f"from {node.measured} of {node.key_results}")
    note = clean(node.note)
    parts.append(note if wide else note.partition(",")[0])
    return " · ".join(part for part in parts if part)


# ---- the foot -----------------------------------------------------------------------------------------------------------

_OUTCOMES = (("linked", "serve key results"), ("allowance", "run the business"), ("unanchored", "serve nothing"))


def work(counts: Mapping[str, int]) -> Text:
    """Where the active items go, as shares of all that are not ignored."""
    total = sum(counts.get(name, 0) for name in ("linked", "allowance", "unanchored", "contested", "broken"))
    if not total:
        return Text("No active work.", DIM)
    shares = [f"{percent(Fraction(counts.get(name, 0), total))} {what}" for name, what in _OUTCOMES]
    doubtful = f"{counts.get('contested', 0):,} contested, {counts.get('broken', 0):,} under a broken anchor"
    return words((count(total, "active item"), BOLD), f": {', '.join(shares)}; {doubtful}")


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
