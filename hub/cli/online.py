"""``check --online``: the offline check, then each source is asked who we are and what we see. Writes nothing anywhere."""

from __future__ import annotations

import contextlib
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from hub.cli import access, children, output
from hub.cli.ambiguity import ambiguous
from hub.cli.asking import Seen, Stored, ask
from hub.cli.failures import FAILED, USAGE, ReaderGone
from hub.cli.outcome import combined
from hub.errors import AnchorlineError, UsageError

if TYPE_CHECKING:
    from hub.config import Config
    from hub.errors import Problem
    from hub.model import Mapping


def check(path: Path, source: str | None, json: bool) -> None:
    """Files first, then the sources; a mistake in the mapping files keeps no source from being asked."""
    from hub.cli import setup

    children.heed_signals()
    logging.getLogger().addHandler(logging.NullHandler())  # what matters of it is in the answers
    access.require(path)
    config, mapping, problems = setup.examine(path)
    if config is None:
        setup.check(path, json)  # says what is wrong, and leaves
        return
    chosen = _chosen(config, source)
    stored, unread = _stored(config)
    now = datetime.fromtimestamp(access.now() / 1000, UTC)
    answers = _ask_all(config, mapping, chosen, stored, now)
    both = ambiguous(mapping, {each.source: each.partitions for each in answers})
    with contextlib.suppress(ReaderGone):  # the code must tell how it went, whoever listens
        _tell(path, config, mapping, problems, answers, [*both, *([unread] if unread else [])], json)
    if code := _code(problems, answers):
        raise typer.Exit(code)


def _chosen(config: Config, source: str | None) -> list[str]:
    if source is not None and source not in config.sources:
        config.settings(source)  # says that there is none, and names the nearest
    if not config.sources:
        hint = "Add a table such as [source.jira] with its kind and url."
        raise UsageError(f"No source is configured in {config.path.name}.", hint=hint)
    return [source] if source is not None else list(config.sources)


def _stored(config: Config) -> tuple[dict[str, Stored], str | None]:
    """What earlier runs saw, by source; and why that is not known, if there is a database and it cannot be read."""
    database = access.sqlite_file(config)
    if database is not None and not database.exists():
        return {}, None
    try:
        with access.store(config) as opened:
            from hub.store.read import Reader

            reader = Reader(opened)
            return {row.name: Stored(row, tuple(reader.partitions(row.name))) for row in reader.sources()}, None
    except AnchorlineError as error:
        from hub.cli.failures import in_words

        return {}, f"Nothing can be compared with the last run. {' '.join(in_words(error)).strip()}"


def _ask_all(config: Config, mapping: Mapping | None, chosen: list[str], stored: dict[str, Stored], now: datetime) -> list[Seen]:
    """One after the other: each one's warnings must be told apart, and the vendors' limits are shared."""
    answers = []
    with output.err().status(Text("asking")) as status:
        for name in chosen:
            status.update(Text(f"asking {name}"))
            answers.append(ask(config, name, stored.get(name), now, mapping=mapping))
    return answers


def _tell(
    path: Path,
    config: Config,
    mapping: Mapping | None,
    problems: list[Problem],
    answers: list[Seen],
    warnings: list[str],
    json: bool,
) -> None:
    from hub.cli import setup
    from hub.cli.render.online import answer, warned
    from hub.cli.render.problems import check_summary, problem_lines

    counts = setup.counted(config, mapping) if mapping else {}
    valid = _valid(problems)
    if json:
        found: dict[str, Any] = {"valid": valid, "problems": problems, "counts": counts, "sources": answers, "warnings": warnings}
        output.data(found)
        return
    if problems:
        output.tell(problem_lines(problems, output.err().width), whole=True)
    if valid:
        sources = [(each.name, each.kind) for each in config.sources.values()]
        output.show(check_summary(str(path), counts, sources, len(problems)))
    for each in answers:
        output.show("", answer(each, access.now(), output.out().width))
    if warnings:
        output.show("", warned(warnings))
    if not valid:
        output.say("The files have mistakes, listed above; mend them before a sync.", "bold")


def _valid(problems: list[Problem]) -> bool:
    return all(problem.warning for problem in problems)


def _code(problems: list[Problem], answers: list[Seen]) -> int:
    """2 for mistakes in files; else 0, 5 when a part of what is configured cannot be read, 1 when nothing can."""
    if not _valid(problems):
        return USAGE
    code = combined(each.exit_code for each in answers)
    hopeless = all(each.result in ("failed", "refused") for each in answers)
    return FAILED if hopeless and code not in (FAILED, USAGE) else code
