"""``init``, ``check`` and ``version``: the commands of the first five minutes."""

from __future__ import annotations

import sys
from collections.abc import Mapping as MappingABC
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from hub.cli import access
from hub.cli.failures import USAGE
from hub.errors import AnchorlineError, ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from hub.config import Config
    from hub.model import Mapping


# ---- init ---------------------------------------------------------------------------------------------------------------


GITIGNORE = "# The database holds titles of work items: it does not belong into git.\ndata/\n"
"""What `init` writes beside the configuration"""
_TOOLS = {
    "airtable": "Airtable", "asana": "Asana", "azure": "Azure DevOps", "azure-devops": "Azure DevOps", "basecamp": "Basecamp",
    "bitbucket": "Bitbucket", "clickup": "ClickUp", "confluence": "Confluence", "github": "GitHub", "gitlab": "GitLab",
    "hubspot": "HubSpot", "jira": "Jira", "linear": "Linear", "monday": "monday.com", "notion": "Notion",
    "openproject": "OpenProject", "pipedrive": "Pipedrive", "redmine": "Redmine", "salesforce": "Salesforce",
    "servicenow": "ServiceNow", "shortcut": "Shortcut", "slack": "Slack", "smartsheet": "Smartsheet", "trello": "Trello",
    "wrike": "Wrike", "youtrack": "YouTrack", "zendesk": "Zendesk",
}  # fmt: skip


class Said(NamedTuple):
    """Options that only looking at a source has; ``projects`` with commas between them."""

    url: str | None
    user: str | None
    okrs: Path | None
    projects: str | None
    yes: bool


def start(what: str | None, folder: str | None, said: Said, json: bool) -> None:
    """Look at a source where ``what`` is a kind of them, else write the example into the folder that it names."""
    import connectors

    if what in connectors.kinds():
        from hub.cli import looking

        named = tuple(part.strip() for part in (said.projects or "").split(",") if part.strip())
        looking.look(what, Path(folder or ""), looking.Answers(said.url, said.user, said.okrs, named, said.yes), json)
        return
    _no_tool(what)
    if folder is not None or any(said):
        from hub.tomlfile import did_you_mean

        known = connectors.kinds()
        text = f'There is no kind of source named "{what}".' if what else "Which kind of source shall be looked at?"
        raise UsageError(text, hint=did_you_mean(what or "", known, otherwise=f"Name it: anchorline init {known[0]}."))
    init(Path(what or ""), json)


def _no_tool(what: str | None) -> None:
    """The name of a tool that no connector reads is hardly meant as that of a folder. Raises ``UsageError``."""
    import connectors

    title = _TOOLS.get((what or "").lower())
    if title is not None:
        known = ", ".join(connectors.kinds())
        hint = f"It reads from {known}. If a folder of that name is meant: anchorline init ./{quote(what or '')}"
        raise UsageError(f"There is no connector for {title} in this version.", hint=hint)


def init(folder: Path, json: bool) -> None:
    """Write what is missing of the shipped files, and say what was kept."""
    from hub.cli import output
    from hub.demo import starting

    written: list[str] = []
    kept: list[str] = []
    try:
        for name, text in {**starting(), ".gitignore": GITIGNORE}.items():
            (written if _write_new(folder / name, text) else kept).append(name)
    except OSError as error:
        text = f"{error.filename or folder} cannot be written: {error.strerror}."
        raise UsageError(text, hint="Choose another folder.") from None
    steps = _steps(folder, any(_is_mapping(name) for name in written))
    if json:
        output.data(
            {
                "folder": str(folder),
                "written": written,
                "kept": kept,
                "next": [" ".join(" ".join(step).split()) for step in steps],
            }
        )
        return
    for name in written:
        output.line(f"wrote  {folder / name}")
    for name in kept:
        output.line(f"kept   {folder / name}, which was there already")
    output.say("")
    output.say("Next:")
    for number, (first, *more) in enumerate(steps, 1):
        output.say(f"  {number}. {first}")
        for text in more:
            output.say(f"     {text}")


def _is_mapping(name: str) -> bool:
    return name.startswith("mappings/") and name.endswith(".toml")


def _steps(folder: Path, example: bool) -> list[list[str]]:
    """What is left to do, step by step, each in one or more lines; ``example``: the mapping files are the shipped ones."""
    from hub.cli import output

    cd = f"cd {quote(str(folder))} && " if folder != Path() else ""
    steps = [[f"In {folder / 'config.toml'}, put your site and account under [source.jira]."]]
    steps[0].append(f"Set its token in the environment: export {_variable(folder)}=...")
    if (path := output.missing_from_path()) is not None:
        steps[0].append(f'So that the command is found: export PATH="{path}:$PATH"')
    if example:
        steps.append([f"In {folder / 'mappings'}, the strategy is that of an invented company, to show how it is written:"])
        steps[1].append("replace its pillars, objectives, key results, teams and rules by your own.")
    steps.append([f"{cd}anchorline check    finds mistakes in the files, without any network"])
    steps.append([f"{cd}anchorline sync     reads your work and ties it to the key results"])
    return steps


def _write_new(path: Path, text: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _variable(folder: Path) -> str:
    """The variable of the first source's token, as the written configuration has it."""
    from hub.config import load_config

    try:
        sources = load_config(folder / "config.toml", {}).sources
    except ConfigError:
        sources = {}
    return next((source.variable for source in sources.values()), "ANCHORLINE_JIRA__TOKEN")


# ---- check --------------------------------------------------------------------------------------------------------------


def check(
    path: Path,
    json: bool,
    source: str | None = None,
    *,
    items: Path | None = None,
    alone: bool = False,
    strict: bool = False,
    every: bool = False,
) -> None:
    """Every problem of configuration and mapping; a summary when there is none, and what the files make of the ``items`` of an
    extract or of the database, unless they are to be checked ``alone``."""
    from hub.cli import auditing, output
    from hub.cli.render.problems import check_summary, problem_lines

    if source is not None:
        raise UsageError(
            "Files are checked all together.", hint=f"To ask one source, add --online: anchorline check --online {source}."
        )
    access.require(path)
    config, mapping, problems = examine(path)
    if items is not None:  # no source is asked, so no secret is missing
        problems = [problem for problem in problems if not problem.text.startswith("The secret of the source")]
    valid = not any(not problem.warning for problem in problems)
    counts = counted(config, mapping) if config and mapping else {}
    if valid and config and mapping and items is None and not alone:
        problems += auditing.over_values(config, mapping)
    found, unread = auditing.note(config, mapping, items) if valid and config and mapping and not alone else (None, None)
    if json:
        output.data({"valid": valid, "problems": problems, "counts": counts, "items": found})
    else:
        if problems:
            output.tell(problem_lines(problems, output.err().width), whole=True)
        if valid and config:
            sources = [(source.name, source.kind) for source in config.sources.values()]
            output.show(check_summary(str(path), counts, sources, len(problems)))
        if found is not None:
            from hub.cli.render.audit import audit

            output.show(audit(found, every))
        if unread is not None:
            output.say(unread, "yellow")
        elif valid and found is None and not alone:
            output.say("No items were read yet: `anchorline sync` reads them, or name an extract with --items FILE.", "dim")
    if not valid:
        wrong = sum(not problem.warning for problem in problems)
        output.say("1 problem; mend it before a sync." if wrong == 1 else f"{wrong} problems; mend them before a sync.", "bold")
        raise typer.Exit(USAGE)
    if strict and (wrong := auditing.failing(found)):
        output.say(f"{wrong} to mend: --strict lets no contested work and no broken anchor pass.", "bold")
        raise typer.Exit(USAGE)


def examine(path: Path) -> tuple[Config | None, Mapping | None, list[Problem]]:
    """Configuration and mapping, as far as they are valid, and their problems. Both halves are read even when one has mistakes,
    so that all of them show at once."""
    from hub.config import check_fields, load_config
    from hub.mappings import load_mappings, stands_still
    from hub.tomlfile import quoted

    problems: list[Problem] = []
    config, mapping = None, None
    try:
        config = load_config(path)
        problems += config.warnings
    except ConfigError as error:
        problems += error.problems
    folder = config.mappings if config else path.parent / "mappings"
    if config or folder.is_dir():
        try:
            mapping, warnings = load_mappings(folder, config.timezone if config else "UTC")
            problems += warnings
        except ConfigError as error:
            problems += error.problems
    if mapping:
        today = datetime.fromtimestamp(access.now() / 1000, mapping.zone).date()
        advice = stands_still(mapping, today) + (check_fields(mapping, config) if config else [])
        problems += quoted(advice, mapping.files)
    return config, mapping, sorted(dict.fromkeys(problems), key=lambda p: (p.warning, p))


def counted(config: Config, mapping: Mapping) -> dict[str, int]:
    """How many of each a valid configuration holds."""
    return {
        "cycles": len(mapping.cycles),
        "pillars": len(mapping.pillars),
        "teams": len(mapping.teams),
        "objectives": len(mapping.objectives),
        "key_results": len(mapping.key_results),
        "rules": len(mapping.rules),
        "sources": len(config.sources),
    }


# ---- version ------------------------------------------------------------------------------------------------------------


def version(path: Path, json: bool) -> None:
    """The package, Python, SQLite, and the database's schema where there is a database."""
    import sqlite3
    from importlib.metadata import version as installed

    from hub.cli import output

    found: dict[str, Any] = {
        "anchorline": installed("anchorline"),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "schema": schema(path),
    }
    if json:
        output.data(found)
        return
    output.line(_versions(found))


def _versions(found: MappingABC[str, Any]) -> str:
    schema_ = f", database schema {found['schema']}" if found["schema"] else ""
    return f"anchorline {found['anchorline']} (Python {found['python']}, SQLite {found['sqlite']}{schema_})"


def schema(path: Path) -> str | None:
    """The schema of the configured database; None when there is no database yet, or it cannot be opened."""
    try:
        found = access.config(path)
        database = access.sqlite_file(found)
        if database is not None and not database.exists():
            return None
        from hub.store.migrate import revision

        with access.store(found) as opened, opened.read() as sql:
            return revision(sql.connection)
    except AnchorlineError:
        return None
