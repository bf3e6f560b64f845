"""What mapping files make of real items: a line each, with what to do."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from hub.cli.render.text import BAD, BOLD, DIM, WARN, clean, count, heading, words
from hub.report.audit import STRICT, Audit, AuditLine

LINES = 8
"""Lines of one kind that are shown unless all are asked for."""


def audit(value: Audit, every: bool) -> Group:
    """The lines under their heading, the gravest first, and how the active work is spread."""
    parts: list[RenderableType] = [Text(), heading(f"Over {count(value.items, 'item')}, in {value.cycle or 'no cycle'}")]
    for title, strict in (("To be mended", True), ("Good to know", False)):
        kinds: dict[str, list[AuditLine]] = {}
        for line in value.lines:
            if (line.kind in STRICT) == strict:
                kinds.setdefault(line.kind, []).append(line)
        if kinds:
            parts.append(Text(f"{title} ({sum(map(len, kinds.values()))}):", BOLD))
        for lines in kinds.values():
            shown = lines if every else lines[:LINES]
            parts += [Padding(_line(line), (0, 0, 0, 2)) for line in shown]
            if len(lines) > len(shown):
                more = f"and {len(lines) - len(shown)} more of this kind; --all shows them"
                parts.append(Padding(Text(more, DIM), (0, 0, 0, 2)))
    if not value.lines:
        parts.append(Text("  Nothing to look at: every rule matches, nothing is contested, every name exists.", "green"))
    parts += [Text(), _spread(value)]
    return Group(*parts)


def _line(line: AuditLine) -> Group:
    place = (f"{line.place}: ", BOLD) if line.place else ""
    style = BAD if line.kind in STRICT else WARN
    head = words(place, (clean(line.text), style if not line.place else ""))
    return Group(head, Padding(Text(clean(line.remedy), DIM), (0, 0, 0, 2)))


_WORDS = {
    "linked": "serve key results", "allowance": "run the business", "unanchored": "serve nothing", "contested": "are contested",
    "broken": "hang on names that do not exist",
}  # fmt: skip


def _spread(value: Audit) -> Text:
    """Coverage: where the active items go under these files."""
    total = sum(value.active.values())
    if not total:
        return Text("No item is active.", DIM)
    told = [
        f"{value.active[outcome]:,} {said} ({round(100 * value.active[outcome] / total)} %)"
        for outcome, said in _WORDS.items()
        if value.active.get(outcome)
    ]
    return Text(f"Of {count(total, 'active item')} {', '.join(told)}.", DIM)
