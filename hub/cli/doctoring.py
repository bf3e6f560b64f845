"""``doctor``: asks everything that can be asked, judges it in ``hub.doctor``, and writes nothing."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hub.cli import access, children, output
from hub.cli.failures import FAILED, in_words
from hub.errors import AnchorlineError, ConfigError

if TYPE_CHECKING:
    from hub.cli.asking import Stored
    from hub.config import Config
    from hub.doctor import Check
    from hub.doctor.source import Answers
    from hub.model import Mapping as Strategy

NIGHTS = 3


def doctor(path: Path, source: str | None, offline: bool, json: bool) -> None:
    """Print a line for each check; leaves with 1 when one of them is an error."""
    from hub.doctor.checks import well

    children.heed_signals()
    logging.getLogger().addHandler(logging.NullHandler())  # what matters of it is in the checks
    access.require(path)
    found = list(examine(path, source, offline, access.now()))
    if json:
        output.data({"ok": well(found), "checks": found})
    else:
        from hub.cli.render.doctor import checks

        output.show(checks(found, output.out().width))
    if not well(found):
        raise typer.Exit(FAILED)


def examine(path: Path, source: str | None, offline: bool, now: int) -> Iterator[Check]:
    """All checks, one after the other: this machine first, then each source."""
    from hub.doctor import database, files, plan

    config, lines = _config(path)
    yield from lines
    yield from files.modes(path, config, os.environ)
    if config is None:
        return
    if source is not None and source not in config.sources:
        config.settings(source)  # says that there is none, and names the nearest
    mapping, line = _mapping(config)
    yield line
    yield from files.secrets(config)
    yield (found := database.schema(config.database))
    stored: dict[str, Stored] = {}
    if found.result == "ok" and _is_there(config):
        lines, stored = _database(config, now)
        yield from lines
    yield from plan.schedules(config, {name: fires(config, name, now) for name in config.sources})
    from hub.web.guard import is_loopback

    yield plan.web(config.web, loopback=is_loopback(config.web.host))
    if not offline:
        yield from _sources(config, mapping, [source] if source is not None else list(config.sources), stored, now)


def _config(path: Path) -> tuple[Config | None, list[Check]]:
    from hub.doctor import files

    try:
        config = access.config(path)
    except ConfigError as error:
        return None, files.configuration(error.problems, None)
    return config, files.configuration(config.warnings, config)


def _mapping(config: Config) -> tuple[Strategy | None, Check]:
    from hub.doctor import files
    from hub.mappings import load_mappings

    try:
        mapping, warnings = load_mappings(config.mappings, config.timezone)
    except ConfigError as error:
        return None, files.mapping(error.problems)
    return mapping, files.mapping(warnings)


def _is_there(config: Config) -> bool:
    database = access.sqlite_file(config)
    return database is None or database.exists()


def _database(config: Config, now: int) -> tuple[list[Check], dict[str, Stored]]:
    from hub.cli.asking import Stored
    from hub.doctor import database
    from hub.doctor.checks import error
    from hub.store import open_store
    from hub.store.read import Reader

    try:
        with open_store(config.database) as store:
            reader = Reader(store)
            stored = {row.name: Stored(row, tuple(reader.partitions(row.name))) for row in reader.sources()}
            return list(database.checks(store, now)), stored
    except AnchorlineError as fault:
        text, hint = in_words(fault)
        return [error("integrity", text.rstrip("."), hint or "Restore a backup.")], {}


def fires(config: Config, name: str, now: int) -> Sequence[int]:
    """The instants (ms) of the next nightly runs of a source."""
    from hub.scheduler import fires as instant
    from hub.scheduler.days import local_day

    settings, schedule = config.daemon, config.sources[name].schedule
    if schedule.nightly is None:
        return ()
    today: date = local_day(now, settings.timezone)
    days = (today + timedelta(days=ahead) for ahead in range(-1, NIGHTS + 2))
    found = (instant(name, day, schedule.nightly, settings.timezone, settings.jitter) for day in days)
    return sorted(at for at in found if at > now)[:NIGHTS]


# ---- the sources ----------------------------------------------------------------------------------------------------------


def _sources(
    config: Config, mapping: Strategy | None, chosen: list[str], stored: Mapping[str, Stored], now: int
) -> Iterator[Check]:
    from hub.doctor import network
    from hub.doctor import source as judged

    told: list[Answers] = []
    for name in chosen:
        source = config.sources[name]
        if source.needs_token and source.secret is None:
            continue  # said before
        reached = list(network.reach(source, now))
        yield from reached
        if all(check.result != "error" for check in reached):
            told.append(_ask(config, mapping, name, stored.get(name), now))
            yield from judged.checks(told[-1])
    if mapping is not None and chosen == list(config.sources) and len(told) == len(chosen):
        yield from judged.named(mapping, told)


def _ask(config: Config, mapping: Strategy | None, name: str, stored: Stored | None, now: int) -> Answers:
    from rich.text import Text

    from hub.cli.asking import Seen, ask
    from hub.cli.sampling import Sample
    from hub.doctor.source import Answers
    from hub.model import fold

    sample = Sample(config.sources[name].canary)
    with output.err().status(Text(f"asking {name}")):
        seen: Seen = ask(config, name, stored, datetime.fromtimestamp(now / 1000, UTC), (sample,), mapping)
    who = f"{seen.account} ({seen.account_id})" if seen.account else seen.account_id
    names = [each for row in seen.partitions for each in row if each]
    return Answers(
        source=name,
        word=seen.word,
        error=seen.error,
        hint=seen.hint,
        account=who,
        timezone=seen.timezone,
        missing=seen.missing,
        warnings=seen.warnings,
        unresolved=seen.unresolved,
        visible=len(seen.partitions) if seen.states else None,
        unseen=seen.unseen,
        names=frozenset(map(fold, (*names, *seen.left_out))),
        skew=sample.skew,
        asked=sample.asked,
        sample=sample.items,
        canary=sample.canary,
        writes=sample.writes,
    )
