"""Runs: those of the past, and how the ones of this command ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from hub.cli.render.text import BAD, BOLD, DIM, WARN, ago, clean, columns, count, duration, words
from hub.report.values import RunRow

_NUMBERS = ("took", "read", "new", "changed")
STYLES = {"complete": "green", "partial": WARN, "held": WARN, "failed": BAD, "locked": WARN, "refused": BAD, "running": ""}


def runs(rows: Iterable[RunRow], now: int) -> Group:
    """One line a run, newest first; what went wrong beneath it."""
    table = columns()
    table.show_header, table.header_style = True, DIM
    for name in ("source", "began", "result", "took", "read", "new", "changed"):
        table.add_column(name, no_wrap=True, justify="right" if name in _NUMBERS else "left")
    table.add_column("run", overflow="ellipsis", no_wrap=True, style=DIM)
    notes: dict[tuple[str, str], RenderableType] = {}
    for row in rows:
        counts = [f"{_count(row.counts, name):,}" for name in ("read", "new", "changed")]
        result = Text(clean(row.result), STYLES.get(row.result, ""))
        table.add_row(
            clean(row.source), ago(row.started_at, now), result, duration(row.started_at, row.finished_at), *counts, clean(row.id)
        )  # fmt: skip
        if row.error and (row.source, row.error) not in notes:  # the newest of its kind is enough
            notes[row.source, row.error] = trouble(f"{row.source}, {ago(row.started_at, now)}", row.error, row.hint)
    return Group(table, *([Text(), *notes.values()] if notes else []))


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name, 0)
    return value if isinstance(value, int) else 0


def trouble(where: str, error: str, hint: str | None) -> Text:
    """What went wrong, and what to do."""
    return words((f"{clean(where)}: ", BOLD), sentence(error), f" {sentence(hint)}" if hint else "")


def sentence(text: str) -> str:
    """Cleaned, with a capital and an end."""
    said = clean(text)
    if not said:
        return ""
    return said[0].upper() + said[1:] + ("" if said[-1] in ".!?`" else ".")


def ended(source: str, result: str, counts: Mapping[str, Any], error: str | None, hint: str | None, width: int = 0) -> Group:
    """How one run ended: what it read, what was new, what went wrong. ``width`` aligns the names of several sources."""
    said = ""
    if counts:
        read, new, changed = (_count(counts, name) for name in ("read", "new", "changed"))
        said = f"  {count(read, 'item')} read, {new:,} new, {changed:,} changed"
        for name in ("rejected", "unaccounted"):
            said += f", {_count(counts, name):,} {name}" if _count(counts, name) else ""
    lines: list[RenderableType] = [words((clean(source).ljust(width), BOLD), "  ", (result, STYLES.get(result, "")), said)]
    if error:
        lines.append(words("  ", sentence(error), f" {sentence(hint)}" if hint else ""))
    return Group(*lines)
