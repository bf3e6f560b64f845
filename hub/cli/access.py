"""How commands reach the rooms below: configuration, mapping, database, read side. Nothing here prints."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli import failures
from hub.errors import AnchorlineError, ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from hub.config import Config
    from hub.model import Mapping as Strategy
    from hub.report import Report
    from hub.store import Store

CHANGED = "The mapping files changed since these numbers: `anchorline evaluate` calculates again."
MISTAKEN = "The mapping files have mistakes now (`anchorline check` lists them); these numbers are from the last good ones."
NOT_YET = "Nothing was synced yet."
FIRST = "Run `anchorline sync` first; without an account of your own, `anchorline demo` shows an example."


def now() -> int:
    """The present in milliseconds."""
    return time.time_ns() // 1_000_000


def author() -> str:
    """Who types the command, as this machine calls them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container a user may have a number and no name
        return f"user {os.getuid()}"


def config(path: Path, environ: Mapping[str, str] | None = None, last_good: Path | None = None) -> Config:
    """The configuration; from here on a crash is written beside the data. ``last_good`` is a file with the text that the daemon
    goes by, whatever stands in the configuration's own file by now."""
    if last_good is None:
        require(path)
    from hub.config import load_config

    found = load_config(path, environ, text=None if last_good is None else last_good.read_text("utf-8"))
    failures.crash_folder.append(found.data)
    return found


def in_force(path: Path) -> tuple[Config, tuple[Problem, ...]]:
    """The configuration that the daemon goes by, and the mistakes of the file where that is the last good text instead of it.
    Raises ``ConfigError`` where there is none."""
    try:
        return config(path), ()
    except ConfigError as mistakes:
        from hub.daemon.files import data_folders
        from hub.daemon.files import last_good as kept

        for folder in data_folders(path, os.environ):
            with suppress(ConfigError, OSError, UnicodeDecodeError):
                return config(path, last_good=kept(path, folder)), tuple(each for each in mistakes.problems if not each.warning)
        raise


def require(path: Path) -> None:
    """Raise ``UsageError`` when there is no configuration: the first thing that a newcomer meets."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", hint=f"Name the file in it: --config {path / 'config.toml'}.")
    if not path.exists():
        where = "here" if path.parent == Path() else f"in {path.parent}"
        raise UsageError(
            f"There is no {path.name} {where}.",
            hint="Write one with `anchorline init`, name another with --config PATH, or see an example with `anchorline demo`.",
        )


@contextmanager
def store(found: Config) -> Iterator[Store]:
    """The database, made if it is not there."""
    from hub.store import open_store

    try:
        found.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        text = f"The folder {found.data} cannot be made: {error.strerror}."
        raise AnchorlineError(text, hint="Check its path and rights.") from None
    with open_store(found.database) as opened:
        yield opened


@contextmanager
def report(found: Config) -> Iterator[Report]:
    """The read side of a database that something was synced into."""
    with synced(found) as opened:
        from hub.report import Report

        yield Report(opened)


@contextmanager
def synced(found: Config) -> Iterator[Store]:
    """The database, if something was synced into it; looking makes none."""
    database = sqlite_file(found)
    if database is not None and not database.exists():
        raise not_yet()
    with store(found) as opened:
        yield opened


def not_yet() -> AnchorlineError:
    """What every command says that needs numbers before there are any."""
    return AnchorlineError(NOT_YET, hint=FIRST)


def strategy(found: Config) -> Strategy:
    """The mapping files of a configuration, as they are now. Raises ``ConfigError``."""
    from hub.mappings import load_mappings

    return load_mappings(found.mappings, found.timezone)[0]


def last_good(found: Config) -> Strategy | None:
    """The mapping files of the latest evaluation; None before the first, or where they no longer read as they did."""
    from hub.mappings import parse
    from hub.store.read import Reader

    with store(found) as opened:
        reader = Reader(opened)
        latest = reader.evaluation()
        stored = reader.mapping(latest.mapping_hash) if latest is not None else None
    return parse(stored.files, stored.timezone)[0] if stored is not None else None


def present(found: Config) -> Strategy | None:
    """The same where mistakes do not matter; None when there are some, or no folder."""
    try:
        return strategy(found)
    except ConfigError:
        return None


def label(files: Strategy | None) -> str | None:
    """How a label names a key result under the mapping's rules, such as ``kr:<key result>``; None where none does."""
    rules = files.rules if files is not None else ()
    for rule in rules:
        for condition in rule.when:
            for test in condition.tests:
                if condition.field == "label" and test.how == "capture" and len(rule.when) == 1:
                    return test.written.replace("{key_result}", "<key result>")
    return None


def stale(found: Config, shown: str | None, files: Strategy | None) -> str | None:
    """What to say when the numbers, made with the mapping of hash ``shown``, are not those of the ``files`` of now."""
    if shown is None or not found.mappings.is_dir():
        return None
    if files is None:
        return MISTAKEN
    return CHANGED if files.hash != shown else None


def sqlite_file(found: Config) -> Path | None:
    """The database's file; None where a server has it."""
    prefix = "sqlite:///"
    return Path(found.database.removeprefix(prefix)) if found.database.startswith(prefix) else None
