"""How rule tests came out."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from hub.cli.render.text import BAD, BOLD, DIM, clean, count, words
from hub.ruletests import Verdict


def report_of(verdicts: Sequence[Verdict], files: int) -> Group:
    """The failed ones with what decided, then one line."""
    parts: list[RenderableType] = []
    for verdict in verdicts:
        if not verdict.passed:
            parts.append(words((f"{verdict.place}: ", BOLD), clean(verdict.text)))
            parts += [Padding(Text(clean(hint), DIM), (0, 0, 0, 2)) for hint in verdict.hints]
    failed = sum(not v.passed for v in verdicts)
    told = f"{count(len(verdicts), 'expectation')} in {count(files, 'file')}"
    parts.append(Text(f"{told}: {failed} failed." if failed else f"{told}: all hold.", BAD if failed else "green"))
    return Group(*parts)
