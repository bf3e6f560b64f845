"""Commands that read sources, calculate, and decide what a run left open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.options import Json

commands = typer.Typer()


@commands.command()
def sync(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="One source; all of them if not said.")] = None,
    new_account: Annotated[
        bool, typer.Option("--new-account", help="Accept that the token belongs to another account than last time.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what changed.")] = False,
    delta: Annotated[bool, typer.Option("--delta", help="Only what changed, without looking for what is gone.")] = False,
    json: Json = False,
    events: Annotated[bool, typer.Option("--events", hidden=True)] = False,
    mode: Annotated[str, typer.Option("--mode", hidden=True)] = "nightly",
    reason: Annotated[str, typer.Option("--reason", hidden=True)] = "command",
    last_good: Annotated[Path | None, typer.Option("--last-good", hidden=True)] = None,
    log: Annotated[bool, typer.Option("--log", hidden=True)] = False,
) -> None:
    """Read the sources and calculate everything that follows.

    Reads what changed and looks for what is gone, as every night. Beside a daemon that is reading the source it asks that for a
    run, and waits for it. Each source is read by a process of its own. Exit codes: 0 complete, 1 failed, 2 wrong words or
    configuration, 3 in use by another process, 4 held for approval, 5 partly done."""
    from hub.cli import syncing

    said = syncing.said(mode, full, delta, reason, new_account, last_good)
    syncing.sync(context.obj, source, said, json=json, events=events, log=log)


@commands.command()
def serve(
    context: typer.Context,
    web: Annotated[bool, typer.Option("--web/--no-web", help="Whether to serve the health pages and metrics, too.")] = True,
    once: Annotated[bool, typer.Option("--once", help="Run everything that is due now, then leave: for cron.")] = False,
) -> None:
    """Run for ever: sync on schedule, follow changed files.

    Every source is read by a process of its own when [daemon] and its own lines in config.toml say so. A second daemon on the
    same database stands by. Exit codes: 0 asked to end, 3 another process took over or, with --once, is the daemon; with --once
    else those of sync."""
    from hub.cli import serving

    serving.serve(context.obj, web=web, once=once)


@commands.command()
def held(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Every item, not only some of them.")] = False,
    json: Json = False,
) -> None:
    """List what is held back until somebody approves it.

    Too much gone at once, all of a project changed at once, too much of it unreadable, or a project that the configuration no
    longer names or the account no longer sees: nothing is concluded from such things by itself, and the key results concerned
    stand still."""
    from hub.cli import holding

    holding.held(context.obj, every, json)


@commands.command()
def approve(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `anchorline held` shows it.", min=1)],
    json: Json = False,
) -> None:
    """Approve what is held under a number.

    It covers what was shown and nothing else. What is to leave must be found missing once more by the run that applies it."""
    from hub.cli import holding

    holding.approve(context.obj, number, json)


@commands.command()
def verify(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="One source; all of them if not said.")] = None,
    json: Json = False,
) -> None:
    """Compare what the vendor lists with what is stored.

    Reads ids and stamps, writes nothing. Exit code 1 when they differ: a change of the last minutes is no fault, the next sync
    reads it."""
    from hub.cli import verifying

    verifying.verify(context.obj, source, json)


@commands.command()
def resync(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source to read again.")],
    partition: Annotated[str | None, typer.Argument(metavar="PROJECT", help="Only this project, by key or id.")] = None,
    json: Json = False,
) -> None:
    """Read a source, or one of its projects, whole again.

    Nothing is forgotten: what is stored is compared with what comes. Exit codes are those of sync."""
    from hub.cli import verifying

    verifying.resync(context.obj, source, partition, json)


@commands.command()
def evaluate(
    context: typer.Context,
    json: Json = False,
    events: Annotated[bool, typer.Option("--events", hidden=True)] = False,
    last_good: Annotated[Path | None, typer.Option("--last-good", hidden=True)] = None,
) -> None:
    """Calculate again with the present files, reading no source.

    After a change of the mapping files; a sync does it, too."""
    from hub.cli import evaluating

    evaluating.evaluate(context.obj, json, events=events, last_good=last_good)
