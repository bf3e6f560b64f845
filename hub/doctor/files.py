"""The configuration, the modes of files, and whether secrets are there; never their values."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from hub.config import Config
from hub.config.environment import FILE, OTHERS, PING, PREFIX, exposed
from hub.config.values import secret_remedy
from hub.doctor.checks import Check, error, ok, warning
from hub.errors import Problem

OTHERS_READ, OTHERS_WRITE = stat.S_IRGRP | stat.S_IROTH, stat.S_IWGRP | stat.S_IWOTH
WORDS = ("TOKEN", "PASSWORD", "SECRET", "PING", "DATABASE")


def configuration(found: Iterable[Problem], config: Config | None) -> list[Check]:
    """Problems of ``config.toml`` and the environment; one line when there are none. Missing secrets have lines of their own."""
    known = {secret_remedy(source.variable) for source in config.sources.values()} if config is not None else set()
    lines = [
        (warning if each.warning else error)("config", f"{_unended(each.text)} ({_place(each)})", each.remedy or "Correct it.")
        for each in found
        if each.remedy not in known and not (each.file == FILE and each.text.endswith(OTHERS))  # as are files' rights
    ]
    return lines or [ok("config", "the configuration is valid")]


def mapping(found: Sequence[Problem]) -> Check:
    """The mapping files, in a line; ``anchorline check`` has all of it."""
    bad = [each for each in found if not each.warning]
    if bad:
        text = f"{_unended(bad[0].text)} ({_place(bad[0])})" + (f", and {len(bad) - 1} more mistakes" if bad[1:] else "")
        return error("mapping", text, "`anchorline check` lists them; until then the last good files stay in force.")
    if found:
        return warning(
            "mapping",
            f"the mapping files are valid, with {len(found)} warning{'s' if found[1:] else ''}",
            "`anchorline check` lists them.",
        )
    return ok("mapping", "the mapping files are valid")


def _unended(text: str) -> str:
    return text.rstrip(".")


def _place(problem: Problem) -> str:
    return ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)


def modes(path: Path, config: Config | None, environ: Mapping[str, str]) -> Iterator[Check]:
    """Who may read and change what the hub trusts: the configuration, the files of secrets, the data."""
    bad: list[Check] = []
    if (mode := _mode(path)) is not None and mode & OTHERS_WRITE:
        bad.append(error("modes", f"{path.name} can be changed by others", f"Take that right away: chmod go-w {path.name}."))
    for name, file in secret_files(environ):
        mode = _mode(file)
        if mode is None:
            bad.append(error("modes", f"the file that {name} points to cannot be read", "Correct the path, or its rights."))
        elif mode & (OTHERS_READ | OTHERS_WRITE) and stat.S_ISREG(mode):
            text, do = exposed(name, file)
            bad.append(error("modes", _unended(text), do))
    for what in _data(config) if config is not None else ():
        if (mode := _mode(what)) is not None and mode & (OTHERS_READ | OTHERS_WRITE):
            do = f"Take that right away: chmod {'700' if stat.S_ISDIR(mode) else '600'} {what.name}."
            bad.append(warning("modes", f"{what.name} can be read or changed by others: it holds titles of work", do))
    yield from bad or [ok("modes", "configuration, secrets and data belong to this user alone")]


def _data(config: Config) -> Iterator[Path]:
    prefix = "sqlite:///"
    if config.database.startswith(prefix):
        database = Path(config.database[len(prefix) :])
        yield from (database, database.with_name(f"{database.name}-wal"))


def secret_files(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """(variable, file) of every secret that is given by a file."""
    for name in sorted(environ):
        if name.startswith(PREFIX) and name.endswith("_FILE") and any(word in name for word in WORDS) and environ[name].strip():
            yield name, Path(environ[name])


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError:
        return None


def secrets(config: Config) -> Iterator[Check]:
    """Whether every source has its secret, and whether somebody hears when the daemon is silent."""
    for source in config.sources.values():
        if not source.needs_token:
            yield ok("secret", "none is needed", source.name)
        elif source.secret is None:
            yield error("secret", f"{source.variable} is not set", secret_remedy(source.variable), source.name)
        else:
            yield ok("secret", f"{source.variable} is set", source.name)
    if config.ping is None:
        do = f"Set {PING} to the address of a dead-man's switch, or watch /healthz/sync."
        yield warning("ping", "nobody is told when nightly runs stop", do)
    elif not config.ping.reveal().lower().startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
        yield error(
            "ping", f"{PING} is not an https address, so nothing is sent there", "Write an address that begins with https://."
        )
    else:
        yield ok("ping", "a dead-man's switch is told of every night")
