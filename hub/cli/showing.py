"""``demo``: the sandbox company, synced like any other and shown."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hub import demo as logic
from hub.cli import access, children, output, syncing
from hub.cli.outcome import Outcome
from hub.cli.watching import view
from hub.errors import AnchorlineError
from hub.log.redactor import hide

if TYPE_CHECKING:
    from rich.console import RenderableType

LISTED, ROWS = 8, 6


def demo(folder: Path, today: date | None, issues: int, seed: int, json: bool) -> None:
    """Write, start, sync, show, and say what to try next."""
    children.heed_signals()
    logging.getLogger().addHandler(logging.NullHandler())
    plan = logic.Plan(folder, today, issues, seed)
    hide(plan.token)
    if kept := logic.write(plan):
        names = ", ".join(str(path) for path in kept)
        output.say(f"Files were changed here since the last demo; yours are kept as {names}.", "yellow")
    output.say(f"Larkfield is an invented company with {plan.issues:,} issues in eight projects.")
    output.say(f"All of it stays on this machine, in {folder}.")
    with logic.sandbox(plan) as url:
        output.say(f"A stand-in for Jira answers at {url}; the real connector reads it now.")
        logic.settle(plan, url)
        output.say("Its deals, its typed figures and its warehouse are files beside it, read like any other source.")
        for outcome in _sync(plan):
            if outcome.exit_code:
                raise AnchorlineError(outcome.error or f"The demo's run ended {outcome.result}.", hint=outcome.hint or "")
    _show(plan, json)


def _sync(plan: logic.Plan) -> Iterator[Outcome]:
    """One source after the other, as they stand in the configuration."""
    config = access.config(plan.config, logic.environment(plan))
    strategy = access.strategy(config)
    for name in config.sources:
        with view() as shown:
            yield syncing.run_source(config, strategy, name, syncing.told(shown), as_of=logic.instant(plan, config.timezone))


def _show(plan: logic.Plan, json: bool) -> None:
    config = access.config(plan.config, logic.environment(plan))
    with access.report(config) as report:
        shown = logic.choose(report, LISTED)
    if json:
        output.data({"tree": shown.tree, "unanchored": shown.unanchored, "explained": shown.explained})
        return
    for title, command, body in _chapters(shown, ZoneInfo(config.timezone)):
        _rule(title, command)
        output.show(body)
    _next(plan, shown)


def _chapters(shown: logic.Shown, zone: ZoneInfo) -> Iterator[tuple[str, str, RenderableType]]:
    from hub.cli.render.node import node
    from hub.cli.render.tree import tree
    from hub.cli.render.unanchored import unanchored

    width, now = output.out().width, access.now()
    yield "Where the key results stand", "anchorline progress", tree(shown.tree, now, width, zone)
    yield (
        "Work that serves none of them",
        "anchorline unanchored",
        unanchored(replace(shown.unanchored, notes=()), now, width, False),
    )
    if shown.explained is not None:
        command = f"anchorline explain {shown.explained.id}"
        yield "Why a number is what it is", command, node(shown.explained, now, width, ROWS)


def _rule(title: str, command: str) -> None:
    from rich.rule import Rule
    from rich.text import Text

    output.show("", Rule(Text.assemble((title, "bold"), (f"  {command}", "dim")), align="left", style="dim"), "")


def _next(plan: logic.Plan, shown: logic.Shown) -> None:
    steps = [(f"cd {quote(str(plan.folder))}", "all that was just made is there")]
    if (path := output.missing_from_path()) is not None:
        steps.insert(0, (f'export PATH="{path}:$PATH"', "so that the command is found"))
    steps.append(("anchorline progress", "the tree again"))
    if shown.item:
        steps.append((f"anchorline explain {shown.item}", "where its credit goes, and why"))
    loose = shown.unanchored.items
    if loose:
        steps.append((f"anchorline explain {loose[0].key or loose[0].id}", "why it serves nothing"))
    if shown.team:
        steps.append((f"anchorline unanchored --team {quote(shown.team)}", "what one team has to sort out"))
    steps.append(("anchorline evaluate", "after a change in mappings/"))
    output.next_steps(*steps)
    output.say("")
    output.say("Links to issues lead to the stand-in, which has ended: here they open nothing.")
    output.say("Your own Jira: `anchorline init jira my-hub` in another folder, and follow its steps.")
