"""Reads ``config.toml``: every problem of the file and the environment at once, each with its line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from hub.config import environment as env
from hub.config.daemon import read_daemon, read_log, read_web, read_zone
from hub.config.database import placed
from hub.config.filename import local_path
from hub.config.filename import placed as file_placed
from hub.config.overlap import read_twice
from hub.config.secrecy import harmless
from hub.config.settings import Schedule
from hub.config.source import harmless_keys, read_source
from hub.config.values import Config, Source, secret_remedy
from hub.errors import ConfigError, Problem
from hub.tomlfile import Document, Table, quoted, read

_KEYS = ("database", "timezone", "mappings", "source", "daemon", "web", "log")
_LATER = {
    "channel": "Remove the table; no messages are sent.",
    "notify": "Remove the table; no messages are sent.",
    "checkin": "Remove the table.",
    "people": "Remove the line; no figure per person is calculated at all.",
    "io": "Remove the table; the limits of requests are fixed.",
    "data": "Name the database itself: database = \"sqlite:///data/anchorline.db\".",
}  # fmt: skip
_OTHERS = {
    **dict.fromkeys(("tz", "time_zone", "zone"), "timezone"),
    **dict.fromkeys(("db", "database_url"), "database"),
    **dict.fromkeys(("schedule", "serve", "scheduler"), "[daemon]"),
    **dict.fromkeys(("nightly", "full", "jitter", "catch_up", "parallel"), "It goes into the table [daemon]."),
    **dict.fromkeys(("logging", "logs"), "[log]"),
    **dict.fromkeys(("http", "server", "dashboard"), "[web]"),
    **dict.fromkeys(("jira", "sources", "connector"), "[source.jira]"),
    **dict.fromkeys(
        ("url", "user", "projects", "kind", "fields", "effort"), "It goes into the table of a source: [source.jira]."
    ),
    **dict.fromkeys(("cycle", "pillar", "team", "objective", "key_result", "rule"), "It goes into a mapping file."),
}
EXAMPLE_HOST = "larkfield.example"
DEFAULT_DATABASE = "sqlite:///data/anchorline.db"
_SCHEMES = ("sqlite", "postgresql", "postgresql+psycopg")


def load_config(path: Path, environ: Mapping[str, str] | None = None, *, text: str | None = None) -> Config:
    """The configuration in a file, with secrets from the environment. Raises ``ConfigError`` with all problems at once.

    With ``text`` that is read in place of the file's own: the last good one while the file has mistakes. Everything else is as
    if it stood in the file."""
    environ = os.environ if environ is None else environ
    path = Path(os.path.abspath(path))  # noqa: PTH100 - a symlinked config stays where its folder is
    problems: list[Problem] = []
    text = _text(path) if text is None else text
    top = _top(path, text, environ, problems)
    top.only(_KEYS, _LATER, _OTHERS)
    database = _database(top, path.parent, environ)
    timezone = read_zone(top) or "UTC"
    daemon, web, log = read_daemon(top), read_web(top), read_log(top)
    mappings = path.parent / Path(top.text("mappings") or "mappings")
    sources = _sources(top, environ, daemon.schedule, path.parent)
    ping = env.secret(env.PING, environ, problems)
    problems += env.unread(environ, _names(top))
    tables = top.values.get("source")
    known = set().union(*map(harmless_keys, tables.values())) if isinstance(tables, dict) else set()
    problems = quoted(sorted(dict.fromkeys(problems)), {path.name: text}, harmless(known, environ))
    if any(not p.warning for p in problems):
        raise ConfigError(problems)
    return Config(path, database, timezone, mappings, sources, tuple(problems), daemon, web, log, ping)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        remedy = "`anchorline init` writes one to start from; --config or ANCHORLINE_CONFIG names another file."
        raise ConfigError([Problem(str(path), 0, "There is no such file.", remedy)]) from None
    except OSError as error:
        raise ConfigError([Problem(str(path), 0, f"The file cannot be read: {error.strerror}.", "Correct its rights.")]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem(path.name, 0, "The file is not UTF-8.", "Save it as UTF-8 in your editor.")]) from None


def _top(path: Path, text: str, environ: Mapping[str, str], problems: list[Problem]) -> Table:
    """The top of the file."""
    found = read(path.name, text)
    if not isinstance(found, Document):
        raise ConfigError(quoted([found], {path.name: text}, harmless((), environ)))
    return Table(found, (), found.values, path.name, problems)


def _database(top: Table, folder: Path, environ: Mapping[str, str]) -> str:
    """The database's URL. A relative SQLite path starts at the config's folder; the environment wins over the file."""
    from_file = top.text("database", f'Write an address such as "{DEFAULT_DATABASE}".')
    if from_file is not None and _has_password(from_file):
        top.problem(
            "database", "The address of the database holds a password.", f"Move the whole address to the variable {env.DATABASE}."
        )
    url = environ.get(env.DATABASE)
    if url is not None and not url.strip():
        top.problems.append(
            Problem(env.FILE, 0, f"{env.DATABASE} is set, but empty.", "Unset it, or write the database's address.")
        )
    given = (url or "").strip() or from_file or DEFAULT_DATABASE
    scheme, separator, rest = given.partition("://")
    if not separator or scheme not in _SCHEMES:
        text, remedy = "is not the address of a database.", 'Write "sqlite:///FILE" or "postgresql://USER@HOST/NAME".'
        if url:
            top.problems.append(Problem(env.FILE, 0, f"The value of {env.DATABASE} {text}", remedy))
        else:
            top.problem("database", f"The value of `database` {text}", remedy)
        return given
    if scheme == "sqlite":
        if not rest.startswith("/") or not rest.strip("/"):
            top.problem(
                "database",
                "The address of the SQLite database names no file.",
                f'Write three slashes and a path: "{DEFAULT_DATABASE}".',
            )
            return given
        return f"sqlite:///{folder / rest[1:]}"
    return given.replace("postgresql://", "postgresql+psycopg://", 1)


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.password is not None or "password=" in parts.query.lower()
    except ValueError:
        return "@" in url


def _names(top: Table) -> list[str]:
    written = top.values.get("source")
    return list(written) if isinstance(written, dict) else []


def _sources(top: Table, environ: Mapping[str, str], usual: Schedule, folder: Path) -> dict[str, Source]:
    found: dict[str, Source] = {}
    names: list[str] = []
    for name, table in top.entries("source", "[source.{}]", "Write a table per source: [source.jira]."):
        names.append(name)
        source = read_source(name, table, names[:-1], environ, usual)
        if source is not None:
            found[name] = replace(source, url=file_placed(placed(source.url, folder), folder))
    if not top.values.get("source"):
        top.problem((), "No source is configured.", "Add a table such as [source.jira] with its kind and url.", warning=True)
    for source in found.values():
        if urlsplit(source.url).hostname == EXAMPLE_HOST:
            text, remedy = "`url` is still that of the example company.", "Put your own site there."
            top.problem(("source", source.name, "url"), text, remedy, warning=True)
        if (path := local_path(source.url)) is not None and not os.path.exists(path):  # noqa: PTH110 - it never raises
            text, remedy = f"There is no file {path}.", "Correct `file`; it is seen from this file's folder."
            top.problem(("source", source.name, "file"), text, remedy, warning=True)
    top.problems += read_twice(list(found.values()))
    for source in found.values():
        if source.needs_token and source.secret is None and not _spoken_of(source.variable, top.problems):
            text = f"The secret of the source {source.name} is not set."
            top.problems.append(Problem.at(source.place, text, secret_remedy(source.variable), warning=True))
    return found


def _spoken_of(variable: str, problems: list[Problem]) -> bool:
    return any(p.file == env.FILE and variable in p.text for p in problems)
