"""``progress``, ``unanchored``, ``explain`` and ``runs``: what the read side says, printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hub.cli import access, output
from hub.errors import UsageError
from hub.report.values import ItemExplanation, NodeExplanation

if TYPE_CHECKING:
    from hub.config import Config
    from hub.model import Mapping
    from hub.report import Explanation, Report

ROWS = 20
"""Items of a key result that are shown unless all are asked for."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[Config, Report, Mapping | None]]:
    """Configuration, read side and the mapping files of now. Says first when the numbers are not those of the files."""
    found = access.config(path)
    with access.report(found) as report:
        shown = report.mapping_hash()
        files = access.present(found) if shown is not None else None
        if (text := access.stale(found, shown, files)) is not None:
            output.say(text, "yellow")
        yield found, report, files


def progress(path: Path, cycle: str | None, pillar: str | None, json: bool) -> None:
    """The tree of one cycle."""
    from hub.cli.render.tree import only_pillar, tree

    with opened(path) as (config, report, _):
        found = report.tree(cycle)
    if found is None:
        raise access.not_yet()
    if pillar is not None:
        known = [node.id for node in found.company.children if node.id]
        chosen = only_pillar(found, pillar)
        if chosen is None:
            raise UsageError(f'There is no pillar "{pillar}" in {found.cycle}.', hint=_nearest(pillar, known))
        found = chosen
    if json:
        output.data(found)
        return
    output.show(tree(found, access.now(), output.out().width, ZoneInfo(config.timezone)))


def unanchored(
    path: Path, team: str | None, source: str | None, project: str | None, older_than: int | None, limit: int, json: bool
) -> None:
    """The lists of work that serves nothing."""
    from hub.cli.render.unanchored import first_row, mending
    from hub.cli.render.unanchored import unanchored as rendered

    with opened(path) as (_, report, files):
        found = report.unanchored(team=team, source=source, project=project, min_age_days=older_than, limit=limit)
    if found is None:
        raise access.not_yet()
    if json:
        output.data(found)
        return
    filtered = any(given is not None for given in (team, source, project, older_than))
    output.show(rendered(found, access.now(), output.out().width, filtered))
    steps = mending(found, access.label(files))
    first = first_row(found) or next(iter((*found.contested, *found.broken)), None)
    if first is not None:
        from hub.cli.render.text import name_of

        why = "why no rule matches it" if found.items else "what claims it"
        steps.append((f"anchorline explain {quote(name_of(first.key, first.id))}", why))
        output.next_steps(*steps)


def explain(path: Path, text: str, cycle: str | None, every: bool, json: bool, labels: Sequence[str] = ()) -> None:
    """Everything that is known by this name, explained."""
    with opened(path) as (_, report, _):
        if report.mapping_hash() is None:
            raise access.not_yet()
        found = report.explain(text, cycle, labels)
        ids, known = ([], None) if found else (report.ids(), report.known(text))
        named = bool(labels) and not found and bool(report.explain(text, cycle))
    if named:
        raise UsageError(f'"{text}" is no item: --label asks what a label would change for one.', hint="Name an item by its key.")
    if known is not None:
        raise UsageError(known)
    if not found:
        hint = _nearest(text, ids) or "Items go by their key; key results, objectives, pillars and metrics by id or name."
        raise UsageError(f'Nothing is known by the name "{text}".', hint=hint)
    if json:
        output.data(found)
        return
    show_explanations(found, every)


def show_explanations(found: Sequence[Explanation], every: bool, rows: int | None = None) -> None:
    """One after the other, a line between them; ``rows`` shortens the lists of items."""
    from rich.rule import Rule

    from hub.cli.render.item import item
    from hub.cli.render.metrics import metric
    from hub.cli.render.node import node

    most = None if every else rows or ROWS
    for at, each in enumerate(found):
        if at:
            output.show("", Rule(style="dim"), "")
        if isinstance(each, ItemExplanation):
            output.show(item(each, every))
        elif isinstance(each, NodeExplanation):
            output.show(node(each, access.now(), output.out().width, most))
        else:
            output.show(metric(each, access.now(), output.out().width, most))


def metrics(path: Path, json: bool) -> None:
    """All metrics with their values."""
    from hub.cli.render.metrics import metrics as rendered

    with opened(path) as (_, report, _files):
        found = report.metrics()
    if found is None:
        raise access.not_yet()
    if json:
        output.data(found)
        return
    output.show(rendered(found, access.now(), output.out().width))
    if found.metrics:
        output.next_steps((f"anchorline explain {quote(found.metrics[0].id)}", "the rows behind one of them"))


def _nearest(word: str, known: list[str]) -> str:
    from hub.tomlfile import nearest

    near = nearest(word, known)
    return f'Did you mean "{near}"?' if near else ""


def runs(path: Path, source: str | None, limit: int, json: bool) -> None:
    """The latest runs."""
    from hub.cli.render.runs import runs as rendered

    with access.report(access.config(path)) as report:
        found = report.runs(source, limit)
        known = [each.source for each in report.sources()] if source is not None else []
    if source is not None and not found and source not in known:
        raise UsageError(f'There was no run of a source "{source}".', hint=_nearest(source, known))
    if not found:
        raise access.not_yet()
    if json:
        output.data(found)
        return
    output.show(rendered(found, access.now()))
