"""``progress``, ``unanchored``, ``explain`` and ``runs``: what the read side says, printed."""

from __future__ import annotations

from pathlib import Path

from hub.cli import access, output
from hub.errors import AnchorlineError, UsageError
from hub.report.values import ItemExplanation, NodeExplanation

ROWS = 20
"""Items of a key result that are shown unless all are asked for."""


def not_yet() -> AnchorlineError:
    return AnchorlineError(access.NOT_YET, hint=access.FIRST)


def progress(path: Path, cycle: str | None, pillar: str | None, json: bool) -> None:
    """The tree of one cycle."""
    from hub.cli.render.tree import only_pillar, tree

    with access.report(path) as report:
        found = report.tree(cycle)
    if found is None:
        raise not_yet()
    if pillar is not None:
        known = [node.id for node in found.company.children if node.id]
        chosen = only_pillar(found, pillar)
        if chosen is None:
            raise UsageError(f'There is no pillar "{pillar}" in {found.cycle}.', hint=_nearest(pillar, known))
        found = chosen
    if json:
        output.data(found)
        return
    output.show(tree(found, access.now(), output.out().width))


def unanchored(
    path: Path, team: str | None, source: str | None, project: str | None, older_than: int | None, limit: int, json: bool
) -> None:
    """The lists of work that serves nothing."""
    from hub.cli.render.unanchored import unanchored as rendered

    with access.report(path) as report:
        found = report.unanchored(team=team, source=source, project=project, min_age_days=older_than, limit=limit)
    if found is None:
        raise not_yet()
    if json:
        output.data(found)
        return
    filtered = any(given is not None for given in (team, source, project, older_than))
    output.show(rendered(found, output.out().width, filtered))
    first = next(iter((*found.items, *found.contested, *found.broken)), None)
    if first is not None:
        from hub.cli.render.text import name_of

        output.next_steps((f"anchorline explain {name_of(first.key, first.id)}", "why no rule ties it to a key result"))


def explain(path: Path, text: str, cycle: str | None, every: bool, json: bool) -> None:
    """Everything that is known by this name, explained."""
    with access.report(path) as report:
        if report.tree() is None:
            raise not_yet()
        found = report.explain(text, cycle)
        known = [] if found else report.ids()
    if not found:
        hint = _nearest(text, known) or "Items go by their key, key results by their id."
        raise UsageError(f'Nothing is known by the name "{text}".', hint=hint)
    if json:
        output.data(found)
        return
    show_explanations(found, every)


def show_explanations(found: list[ItemExplanation | NodeExplanation], every: bool, rows: int | None = None) -> None:
    """One after the other, a line between them; ``rows`` shortens the lists of items."""
    from rich.rule import Rule

    from hub.cli.render.item import item
    from hub.cli.render.node import node

    for at, each in enumerate(found):
        if at:
            output.show("", Rule(style="dim"), "")
        if isinstance(each, ItemExplanation):
            output.show(item(each, every))
        else:
            output.show(node(each, access.now(), output.out().width, None if every else rows or ROWS))


def _nearest(word: str, known: list[str]) -> str:
    from hub.tomlfile import nearest

    near = nearest(word, known)
    return f'Did you mean "{near}"?' if near else ""


def runs(path: Path, source: str | None, limit: int, json: bool) -> None:
    """The latest runs."""
    from hub.cli.render.runs import runs as rendered

    with access.report(path) as report:
        found = report.runs(source, limit)
        known = [each.source for each in report.sources()] if source is not None else []
    if source is not None and not found and source not in known:
        raise UsageError(f'There was no run of a source "{source}".', hint=_nearest(source, known))
    if not found:
        raise not_yet()
    if json:
        output.data(found)
        return
    output.show(rendered(found, access.now()))
