"""Commands that show numbers, the work behind them, and how the hub itself is."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import typer

from hub.cli.options import CycleOption, Json, Number, days, number

commands = typer.Typer()


class Side(Enum):
    """Which units of a key result of attached work are meant."""

    done = "done"
    all = "all"

    @property
    def word(self) -> Literal["done", "all"]:
        return "done" if self is Side.done else "all"


@commands.command()
def progress(
    context: typer.Context,
    cycle: CycleOption = None,
    pillar: Annotated[str | None, typer.Option("--pillar", metavar="PILLAR", help="Only this pillar, by id or name.")] = None,
    json: Json = False,
) -> None:
    """Show where every key result stands.

    The strategy as a tree, with coverage, how old the data is, and where the active work goes."""
    from hub.cli import reading

    reading.progress(context.obj, cycle, pillar, json)


@commands.command()
def unanchored(
    context: typer.Context,
    team: Annotated[str | None, typer.Option("--team", metavar="TEAM", help="Only this team's work, by id or name.")] = None,
    source: Annotated[str | None, typer.Option("--source", metavar="SOURCE", help="Only work from this source.")] = None,
    project: Annotated[str | None, typer.Option("--project", metavar="PROJECT", help="Only work in this project.")] = None,
    older_than: Annotated[
        int | None,
        typer.Option("--older-than", metavar="DAYS", parser=days, help="Only work that nobody touched for so many days."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many items to list.")] = 50,
    json: Json = False,
) -> None:
    """List active work that serves no key result.

    What is cheapest to mend first: broken anchors, then contested items, then the rest, most effort first."""
    from hub.cli import reading

    reading.unanchored(context.obj, team, source, project, older_than, limit, json)


@commands.command()
def explain(
    context: typer.Context,
    text: Annotated[
        str,
        typer.Argument(
            metavar="KR|ITEM|METRIC", help="A key result, objective, pillar or metric by id or name, or an item by key."
        ),
    ],
    cycle: CycleOption = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="LABEL", help="What if the item had this label, too? May be repeated.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every rule and every item, not only the telling ones.")] = False,
    json: Json = False,
) -> None:
    """Explain a number, or where an item counts and why.

    A number down to the items, rows, rules and raw values behind it; an item up to the key results that it serves and the
    metrics that read it."""
    from hub.cli import reading

    reading.explain(context.obj, text, cycle, every, json, label or [])


@commands.command()
def metrics(context: typer.Context, json: Json = False) -> None:
    """List every metric with its value.

    What it is in the cycle in force, how new, whether it is late or typed by hand, and which key results use it. A metric that
    cannot be calculated says why."""
    from hub.cli import reading

    reading.metrics(context.obj, json)


@commands.command()
def reconcile(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="KR", help="A key result by id or name.")],
    expect: Annotated[
        Number | None,
        typer.Option("--expect", metavar="N", parser=number, help="The number that somebody else has, in the same unit."),
    ] = None,
    ids: Annotated[
        Path | None, typer.Option("--ids", metavar="FILE", help="The keys or ids behind it: one a line, or a CSV with a head.")
    ] = None,
    column: Annotated[str | None, typer.Option("--column", metavar="NAME", help="Which column of the CSV holds them.")] = None,
    side: Annotated[
        Side, typer.Option("--of", help="Of a key result of attached work: its done units, or all of them.")
    ] = Side.done,
    cycle: CycleOption = None,
    json: Json = False,
) -> None:
    """Set a number beside somebody else's.

    The difference; with --ids what is on one side only, each with the reason; without, what is left out by reason and what each
    group would change. Exit code 0 when both sides are the same, 1 when they differ."""
    from hub.cli import reconciling

    reconciling.reconcile(context.obj, text, expect, cycle, ids, column, side.word, json)


@commands.command()
def runs(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="Only runs of this source.")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many runs to list.")] = 20,
    json: Json = False,
) -> None:
    """List the latest runs.

    When they were, how they ended, and what they read."""
    from hub.cli import reading

    reading.runs(context.obj, source, limit, json)


@commands.command()
def status(
    context: typer.Context,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Leave with 1 when something waits for you.")] = False,
    json: Json = False,
) -> None:
    """Show how old the data is, and what waits for you.

    Per source the last complete run, the next one and how the latest ended; holds with the command to type, failed runs,
    mistakes in files. Exit code 0 when it could be told, also when something waits; monitoring asks /healthz/sync."""
    from hub.cli import status as statuses

    statuses.status(context.obj, json, exit_code)


@commands.command()
def doctor(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="Ask only this source.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no source; look at this machine only.")] = False,
    json: Json = False,
) -> None:
    """Look for what is wrong, from files to rights.

    Files, secrets, network, clock, database, rights: a line for each check, and what to do. Writes nothing; a page of each
    source is read and thrown away. Exit code 1 when a check ends in an error; warnings do not count."""
    from hub.cli import doctoring

    doctoring.doctor(context.obj, source, offline, json)


@commands.command()
def demo(
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="A folder of its own; made anew each time.")] = Path(
        "anchorline-demo"
    ),
    today: Annotated[
        datetime | None, typer.Option("--today", metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="The company's today.")
    ] = None,
    issues: Annotated[int, typer.Option("--issues", metavar="N", min=50, max=1_000_000, help="How many issues it has.")] = 1500,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another number, another company.")] = 7,
    json: Json = False,
) -> None:
    """Show it all with an invented company.

    No setup, no account, no network. Starts a stand-in for Jira on this machine, reads it with the real connector,
    and shows what comes of it."""
    from hub.cli import showing

    showing.demo(folder, today.date() if today else None, issues, seed, json)


@commands.command()
def version(context: typer.Context, json: Json = False) -> None:
    """Print the version, and those of what it stands on."""
    from hub.cli import setup

    setup.version(context.obj, json)
