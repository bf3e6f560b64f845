"""The doctor's lines: how it is, and beneath it what to do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hub.cli.render.runs import sentence
from hub.cli.render.text import BAD, BOLD, DIM, WARN, clean, count, words
from hub.doctor import Check

STYLES = {"ok": "green", "unknown": DIM, "warning": WARN, "error": BAD}


def checks(found: Sequence[Check], width: int) -> RenderableType:
    """Grouped by source, what concerns all first; a summary at the end."""
    parts: list[RenderableType] = []
    for source in dict.fromkeys(check.source for check in found):
        of_it = [check for check in found if check.source == source]
        parts += [Text(clean(source) if source else "this installation", BOLD), _table(of_it), Text()]
    parts.append(_summary(found))
    return Group(*parts)


def _table(found: Sequence[Check]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, width=9)
    table.add_column(no_wrap=True, style=DIM, width=9)
    table.add_column(overflow="fold")
    for check in found:
        said = words(
            sentence(check.text), (f" {sentence(check.do)}" if check.do else "", BOLD if check.result == "error" else "")
        )
        table.add_row(Text(f"  {check.result}", STYLES[check.result]), check.name, said)
    return table


def _summary(found: Sequence[Check]) -> Text:
    errors = sum(check.result == "error" for check in found)
    warnings = sum(check.result == "warning" for check in found)
    if not errors and not warnings:
        open_ = sum(check.result == "unknown" for check in found)
        if not open_:
            return Text(f"All {len(found)} checks are well.", "green")
        return Text(f"{len(found) - open_} of {len(found)} checks are well, and nothing is known to be wrong.", "green")
    parts = ([count(errors, "error")] if errors else []) + ([count(warnings, "warning")] if warnings else [])
    return Text(f"{' and '.join(parts)} in {len(found)} checks.", BAD if errors else WARN)
