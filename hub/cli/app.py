"""The commands and their words. Bodies live in the modules of their group and are imported when a command runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

HELP = """Ties the work of every tracker to key results, and names the work that serves none.

New here? `anchorline demo` shows an invented company without any setup; `anchorline init` sets up your own."""

Json = Annotated[bool, typer.Option("--json", help="Print the data as JSON.")]
CycleOption = Annotated[str | None, typer.Option("--cycle", metavar="CYCLE", help="Another cycle than the one in force.")]

app = typer.Typer(
    help=HELP,
    rich_markup_mode=None,  # plain help is read the same everywhere, and costs a third of the time
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


def days(text: str) -> int:
    """A number of days, as it is written."""
    if not text.isdecimal():
        raise typer.BadParameter(f"'{text}' is not a number of days, such as 30.")
    return int(text)


def build() -> Any:
    """The whole command line, ready to be called with arguments."""
    return typer.main.get_command(app)


def options_first(arguments: Sequence[str]) -> list[str]:
    """``--config`` may stand before the command or after it; it belongs to all of them."""
    before: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        if word == "--config" and waiting:
            before += [word, waiting.pop(0)]
        elif word.startswith("--config="):
            before.append(word)
        else:
            rest.append(word)
    return before + rest


@app.callback()
def settings(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", metavar="PATH", envvar="ANCHORLINE_CONFIG", help="The configuration file.")
    ] = Path("config.toml"),
) -> None:
    context.obj = config


@app.command()
def init(
    context: typer.Context,
    what: Annotated[str | None, typer.Argument(metavar="KIND", help="A kind of source to look at, such as jira.")] = None,
    folder: Annotated[str | None, typer.Argument(metavar="FOLDER", help="Where to; the current folder if not said.")] = None,
    letter: Annotated[
        bool, typer.Option("--letter", help="Print the access request for the source's administrator; write nothing.")
    ] = False,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="With KIND: the site's address.")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="MAIL", help="With KIND: the account of the token.")] = None,
    okrs: Annotated[Path | None, typer.Option("--okrs", metavar="FILE", help="With KIND: a sheet with the objectives.")] = None,
    projects: Annotated[str | None, typer.Option("--projects", metavar="A,B", help="With KIND: only these projects.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With KIND: ask nothing.")] = False,
    json: Json = False,
) -> None:
    """Write a configuration and mapping files to start from.

    Without KIND (`anchorline init my-hub`) an example. With KIND the source is looked at: `anchorline init jira my-hub` asks
    three questions at most, then drafts projects, fields, statuses, teams, goals and rules from what is there, and shows a
    first tree. Never overwrites: what is there already is kept, and listed. `anchorline init jira --letter` prints the
    request for access to forward to Jira's administrator."""
    if letter:
        from hub.cli import letter as letters

        letters.letter(context.obj, what, json)
        return
    from hub.cli import setup

    setup.start(what, folder, setup.Said(url, user, okrs, projects, yes), json)


@app.command()
def check(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="With --online: only this source.")] = None,
    online: Annotated[bool, typer.Option("--online", help="Then ask each source who we are and what we see.")] = False,
    items: Annotated[
        Path | None, typer.Option("--items", metavar="FILE", help="Check against this extract, not the database.")
    ] = None,
    alone: Annotated[bool, typer.Option("--files-only", help="Check the files alone, against no items.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on contested work and broken anchors, too.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Every line about items, not only the first of each kind.")] = False,
    json: Json = False,
) -> None:
    """Check configuration and mapping files, offline unless asked.

    Lists every problem with its place; then what the files make of the items read so far: contested work, broken anchors,
    rules that never match. Exit code 2 when a file has a problem; warnings do not count. With --online each source is
    asked as well, and nothing is written anywhere: 1 when all of them failed, 5 when some did."""
    if online:
        from hub.cli import online as asking

        asking.check(context.obj, source, json)
        return
    from hub.cli import setup

    setup.check(context.obj, json, source, items=items, alone=alone, strict=strict, every=every)


@app.command()
def test(
    context: typer.Context,
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE", help="Only these test files.")] = None,
    record: Annotated[
        list[str] | None, typer.Option("--record", metavar="ITEM", help="Freeze this item as a test; may be repeated.")
    ] = None,
    into: Annotated[str | None, typer.Option("--into", metavar="FILE", help="With --record: the test file to add to.")] = None,
    json: Json = False,
) -> None:
    """Run the rule tests of mappings/tests, offline.

    A test file is a small world: items, and what each of them must serve. With --record, real items become one, reduced to
    the fields that rules read. Exit code 1 when an expectation does not hold."""
    from hub.cli import testing

    testing.test(context.obj, files or [], record or [], into, json)


@app.command()
def extract(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write; .gz packs it.")] = Path("items.jsonl.gz"),
    json: Json = False,
) -> None:
    """Write all items, reduced to what rules read, for a CI.

    `anchorline check --items FILE` then checks mapping files against real work without the database."""
    from hub.cli import testing

    testing.extract(context.obj, out, json)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The sheet: .xlsx or .csv.")],
    into: Annotated[Path | None, typer.Option("--into", metavar="DIR", help="Where to; mappings/objectives if not said.")] = None,
    cycle: Annotated[
        str | None, typer.Option("--cycle", metavar="CYCLE", help="Only this cycle, and for objectives without one.")
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Which sheet of the file.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--columns", metavar="NAME=HEADER,...", help="What a column is; by header or letter, empty for none."),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write the files; else they are only shown.")] = False,
    json: Json = False,
) -> None:
    """Import objectives and key results from a sheet.

    One way: the sheet stays where they are kept, the mapping files become a copy with ids that last. Shows what would change;
    writes with --write only, and never deletes. Exit code 2 when the sheet has mistakes."""
    from hub.cli import importing

    importing.import_(context.obj, file, into, cycle, sheet, columns or [], write, json)


@app.command()
def schema(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Print this one: mapping, config or tests; all are written if not said.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write into this folder.")] = None,
) -> None:
    """Write what editors need to complete and check the files.

    JSON Schemas of mapping files, config.toml and test files, beside the files: an editor with a TOML extension reads them
    by the first line of a file, `#:schema ./mapping.schema.json`. `anchorline init` writes them, too; run this after an
    upgrade."""
    from hub.cli import schema as schemas

    schemas.schema(context.obj, name, out)


@app.command()
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


@app.command()
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


@app.command()
def held(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Every item, not only some of them.")] = False,
    json: Json = False,
) -> None:
    """List what is held back until somebody approves it.

    Too much gone at once, all of a project changed at once, too much of it unreadable, or a project that the configuration no
    longer names: nothing is concluded from such things by itself, and the key results concerned stand still."""
    from hub.cli import holding

    holding.held(context.obj, every, json)


@app.command()
def approve(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `anchorline held` shows it.", min=1)],
    json: Json = False,
) -> None:
    """Approve what is held under a number.

    It covers what was shown and nothing else. What is to leave must be found missing once more by the run that applies it."""
    from hub.cli import holding

    holding.approve(context.obj, number, json)


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def explain(
    context: typer.Context,
    text: Annotated[
        str, typer.Argument(metavar="KR|ITEM", help="A key result, objective or pillar by id or name, or an item by key.")
    ],
    cycle: CycleOption = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="LABEL", help="What if the item had this label, too? May be repeated.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every rule and every item, not only the telling ones.")] = False,
    json: Json = False,
) -> None:
    """Explain a number, or where an item counts and why.

    A number down to the items, rules and raw values behind it; an item up to the key results that it serves."""
    from hub.cli import reading

    reading.explain(context.obj, text, cycle, every, json, label or [])


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def version(context: typer.Context, json: Json = False) -> None:
    """Print the version, and those of what it stands on."""
    from hub.cli import setup

    setup.version(context.obj, json)
