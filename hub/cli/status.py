"""``status``: how old the data is, what runs, what comes next, and what waits for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hub.cli import access, output
from hub.errors import ConfigError, Problem

if TYPE_CHECKING:
    from hub.config import Config
    from hub.report.status import Known, Status, Waiting
    from hub.store import Store

WAITS = 1


def status(path: Path, json: bool, exit_code: bool) -> None:
    """Show it; with ``exit_code`` leave with 1 when something waits for a person."""
    config, mistakes = access.in_force(path)
    found = look(config, access.now(), mistakes)
    if json:
        output.data(found)
    else:
        from zoneinfo import ZoneInfo

        from hub.cli.render.status import status as shown

        if mistakes:
            output.show(f"{path.name} has mistakes, so this goes by its last good text, as the daemon does.")
        output.show(shown(found, ZoneInfo(config.daemon.timezone), output.out().width))
        _next(found)
    if exit_code and found.waits:
        raise typer.Exit(WAITS)


def look(config: Config, now: int, mistakes: Sequence[Problem] = ()) -> Status:
    """The status of what a configuration names; looking makes no database. ``mistakes`` are those of the file in place of which
    its last good text is in force."""
    from hub.report import status as report

    database = access.sqlite_file(config)
    if database is not None and not database.exists():
        return report.empty(_known(config, now, mistakes), _address(config), now)
    with access.store(config) as store:
        return report.status(store, _known(config, now, mistakes, store), now)


def _address(config: Config) -> str:
    database = access.sqlite_file(config)
    return f"sqlite:///{database}" if database is not None else "PostgreSQL"


def _known(config: Config, now: int, mistakes: Sequence[Problem], store: Store | None = None) -> Known:
    from hub.report.status import Known, Plan, promised
    from hub.scheduler import HORIZON, Latest, Starts, judge
    from hub.store.read import Reader

    rows = Reader(store).last_starts(now + HORIZON) if store is not None else {}
    plans = {}
    for name, source in config.sources.items():
        starts, row = None, rows.get(name)
        if row is not None:
            judged = Latest(*row.judged[1:]) if row.judged is not None else None
            starts = Starts(row.first, row.nightly, row.full, Latest(*row.latest[1:]), judged)
        verdict = judge(name, source.schedule, config.daemon, starts, now)
        following = verdict.due or verdict.next
        at, mode = (following.at, following.mode) if following is not None else (None, None)
        after = (verdict.next.at, verdict.next.mode) if verdict.next is not None else (None, None)
        plans[name] = Plan(source.kind, at, mode, promised(source.schedule), *after)
    return Known(plans, tuple(_problems(config, mistakes)))


def _problems(config: Config, mistakes: Sequence[Problem]) -> Iterator[Waiting]:
    from hub.config.values import secret_remedy
    from hub.report.status import Waiting

    if mistakes:
        more = f", and {len(mistakes) - 1} more" if len(mistakes) > 1 else ""
        text = f"the configuration has a mistake ({mistakes[0]}{more})"
        yield Waiting("file", None, text, "The last good text stays in force until it is mended.", "anchorline check")
    for name, source in config.sources.items():
        if source.needs_token and source.secret is None:
            text = f"`{source.variable}` is not set where this command runs, so a run that is begun here would fail"
            yield Waiting("secret", name, text, secret_remedy(source.variable))
    try:
        access.strategy(config)
    except ConfigError as error:
        first = next(problem for problem in error.problems if not problem.warning)
        more = f", and {len(error.problems) - 1} more" if len(error.problems) > 1 else ""
        text = f"a mapping file has a mistake ({first}{more})"
        yield Waiting("file", None, text, "The last good files stay in force until it is mended.", "anchorline check")


def _next(found: Status) -> None:
    commands = [each.command for each in found.waiting if each.command]
    if not commands and found.evaluated_at is not None:
        output.next_steps(("anchorline progress", "where every key result stands"))
