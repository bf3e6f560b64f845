"""What is held back, one paragraph each."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.text import Text

from hub.cli.render.runs import sentence
from hub.cli.render.text import BOLD, DIM, KEY, WARN, ago, clean, columns, count, fit, words
from hub.report.holds import Held

TITLE = 70


def holds(rows: Iterable[Held], now: int) -> Group:
    """Number, where, what and since when; some of the items; the key results that stand still."""
    parts: list[RenderableType] = []
    for row in rows:
        parts += [Text(), *_one(row, now)] if parts else _one(row, now)
    return Group(*parts)


def _one(row: Held, now: int) -> list[RenderableType]:
    state = ("approved", "green") if row.approved else ("waits for you", WARN)
    parts: list[RenderableType] = [
        words((f"{row.id}", f"{BOLD} {KEY}"), "  ", (f"{clean(row.source)} {clean(row.where)}", BOLD), "  ", state,
              (f"  {ago(row.since_at, now)}", DIM)),
        words("   ", sentence(row.text)),
        words("   ", (sentence(row.what), DIM)),
    ]  # fmt: skip
    if row.examples:
        table = columns()
        for key, title in row.examples:
            table.add_row(Text("   "), Text(clean(key), KEY), Text(fit(clean(title), TITLE)))
        parts.append(table)
        if row.items > len(row.examples):
            parts.append(Text(f"      and {row.items - len(row.examples):,} more; --all names them", DIM))
    if row.key_results:
        shown = ", ".join(row.key_results[:6]) + (" and others" if len(row.key_results) > 6 else "")
        parts.append(words("   ", count(len(row.key_results), "key result"), f" stand{'s' if len(row.key_results) == 1 else ''}"
                           f" still meanwhile: {shown}."))  # fmt: skip
    if row.approved:
        parts.append(words("   ", row.then, f" `{row.command}` does it now."))
    return parts
