"""Runs: those of the past, and how the ones of this command ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from hub.cli.render.text import BAD, BOLD, DIM, WARN, ago, clean, clock, columns, count, duration, words
from hub.report.values import RunRow

_NUMBERS = ("run", "took", "read", "new", "changed")
_BOTH = (("read", "values"), ("new", "values_new"), ("changed", "values_changed"))
"""Counts of items, and of values; a source mostly has one of them."""
_NAME = re.compile(r"[^\s,:]*[./_0-9][^\s,:]|[^\s,:]+[,:](\s|$)")
"""How a text begins that begins with the name of a file, column, source or the like."""
STYLES = {"complete": "green", "partial": WARN, "held": WARN, "failed": BAD, "locked": WARN, "refused": BAD, "running": ""}


def runs(rows: Iterable[RunRow], now: int) -> Group:
    """One line a run, newest first; what went wrong beneath it."""
    table = columns()
    table.show_header, table.header_style = True, DIM
    for name in ("run", "source", "began (UTC)", "", "result", "took", "read", "new", "changed"):
        table.add_column(name, no_wrap=True, justify="right" if name in _NUMBERS else "left")
    said: dict[tuple[str, str | None], list[RunRow]] = {}
    for row in rows:
        counts = [f"{_count(row.counts, items) + _count(row.counts, values):,}" for items, values in _BOTH]
        result = Text(clean(row.result), STYLES.get(row.result, ""))
        when = clock(row.started_at), Text(_short(ago(row.started_at, now)), DIM)
        took = duration(row.started_at, row.finished_at)
        table.add_row(clean(row.id), clean(row.source), *when, result, took, *counts)
        if row.error:
            said.setdefault((row.error, row.hint), []).append(row)
    notes = [trouble(_which(those), error, hint) for (error, hint), those in said.items()]
    return Group(table, *([Text(), *notes] if notes else []))


def _which(those: list[RunRow]) -> str:
    """The runs that ended with the same words, newest first."""
    return f"run {those[0].id}" + (f", and {len(those) - 1} before it" if len(those) > 1 else "")


def _short(age: str) -> str:
    """``22 min ago``: where it stands beside the clock time."""
    for word, less in (("minute", "min"), ("hour", "h"), ("day", "d")):
        age = re.sub(rf"\b{word}s?\b", less, age)
    return age


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name, 0)
    return value if isinstance(value, int) else 0


def trouble(where: str, error: str, hint: str | None) -> Text:
    """What went wrong, and what to do."""
    return words((f"{clean(where)}: ", BOLD), sentence(error), f" {sentence(hint)}" if hint else "")


def sentence(text: str) -> str:
    """Cleaned, with a capital and an end. A name that comes first (``deals.csv``, ``deals:``) stays as it is written."""
    said = clean(text)
    if not said:
        return ""
    named = bool(_NAME.match(said))
    return (said if named else said[0].upper() + said[1:]) + ("" if said[-1] in ".!?`" else ".")


def _said(counts: Mapping[str, Any]) -> Iterator[str]:
    """What was read, of items and of values; of items also when nothing was read at all."""
    (read, values), (new, values_new), (changed, values_changed) = ((_count(counts, i), _count(counts, v)) for i, v in _BOTH)
    rest = "".join(f", {_count(counts, name):,} {name}" for name in ("rejected", "unaccounted") if _count(counts, name))
    gone, values_gone = (f", {_count(counts, n):,} gone" if _count(counts, n) else "" for n in ("gone", "values_gone"))
    if values:
        yield f"{count(values, 'value')} read, {values_new:,} new, {values_changed:,} changed{values_gone}{'' if read else rest}"
    same = _count(counts, "same")
    if same:
        yield f"{same:,} of {_count(counts, 'partitions'):,} unchanged since the last run and not read again"
    if read or not (values or same):
        yield f"{count(read, 'item')} read, {new:,} new, {changed:,} changed{gone}{rest}"


def ended(source: str, result: str, counts: Mapping[str, Any], error: str | None, hint: str | None, width: int = 0) -> Group:
    """How one run ended: what it read, what was new, what went wrong. ``width`` aligns the names of several sources."""
    said = ""
    if counts:
        said = "  " + "; ".join(_said(counts))
    lines: list[RenderableType] = [words((clean(source).ljust(width), BOLD), "  ", (result, STYLES.get(result, "")), said)]
    if error:
        lines.append(Padding(words(sentence(error), f" {sentence(hint)}" if hint else ""), (0, 0, 0, 2)))
    return Group(*lines)
