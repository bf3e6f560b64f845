"""Commands over configuration and mapping files, from the first draft to their tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.options import Json

commands = typer.Typer()


@commands.command()
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


@commands.command()
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


@commands.command()
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


@commands.command()
def extract(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write; .gz packs it.")] = Path("items.jsonl.gz"),
    json: Json = False,
) -> None:
    """Write all items, reduced to what rules read, for a CI.

    `anchorline check --items FILE` then checks mapping files against real work without the database."""
    from hub.cli import testing

    testing.extract(context.obj, out, json)


@commands.command("import")
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


@commands.command()
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
