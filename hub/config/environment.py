"""The environment: secrets of sources, the database's URL, and variables that nobody reads."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from shlex import quote

from connectors.base import Secret
from hub.errors import Problem
from hub.tomlfile import nearest

PREFIX = "ANCHORLINE_"
FILE = "environment"
DATABASE = "ANCHORLINE_DATABASE"
PING = "ANCHORLINE_PING_URL"
OTHERS = "can be read or changed by others."
"""How every sentence about the rights of a secret's file ends"""
KNOWN = (
    "ANCHORLINE_CONFIG",
    DATABASE,
    PING,
    f"{PING}_FILE",
    "ANCHORLINE_RECORDINGS",
    "ANCHORLINE_REQUIRE_POSTGRES",
    "ANCHORLINE_SPECS",
    "ANCHORLINE_TEST_CRASH_AT",
    "ANCHORLINE_TEST_CRASH_COUNT",
)


def variable(source: str) -> str:
    """The variable that holds a source's secret."""
    return f"{PREFIX}{source.upper().replace('-', '_')}__TOKEN"


def secret(name: str, environ: Mapping[str, str], problems: list[Problem]) -> Secret | None:
    """The secret in a variable or in the file that ``NAME_FILE`` points to. No problem ever holds a part of it."""
    direct, by_file = environ.get(name), environ.get(f"{name}_FILE")
    if direct is not None and by_file is not None:
        problems.append(Problem(FILE, 0, f"Both {name} and {name}_FILE are set.", "Unset one of the two."))
        return None
    if direct is not None:
        return _clean(name, direct, f"{name} is set, but empty.", problems)
    if by_file is None:
        return None
    return (
        _from_file(f"{name}_FILE", Path(by_file), problems)
        if by_file.strip()
        else _clean(name, "", f"{name}_FILE is set, but empty.", problems)
    )


def _from_file(name: str, path: Path, problems: list[Problem]) -> Secret | None:
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()[:65_536].decode("utf-8-sig")
    except OSError as error:
        why = (error.strerror or "it cannot be opened").lower()
        problems.append(
            Problem(FILE, 0, f"The file that {name} points to cannot be read: {why}.", "Correct the path, or its rights.")
        )
        return None
    except UnicodeDecodeError:
        problems.append(
            Problem(FILE, 0, f"The file that {name} points to is not text.", "It must hold the secret and nothing else.")
        )
        return None
    if mode & (stat.S_IRWXG | stat.S_IRWXO) & ~(stat.S_IXGRP | stat.S_IXOTH) and stat.S_ISREG(mode):
        problems.append(Problem(FILE, 0, *exposed(name, path), warning=True))
    return _clean(name, text, f"The file that {name} points to is empty.", problems)


def exposed(name: str, path: Path) -> tuple[str, str]:
    """What to say, and to do, of a secret's file that others can read: everywhere the same."""
    return f"The file that {name} points to ({path}) {OTHERS}", f"Take that right away: chmod 600 {quote(str(path))}."


def _clean(name: str, text: str, empty: str, problems: list[Problem]) -> Secret | None:
    text = _one_line(text.strip())
    if not text:
        problems.append(Problem(FILE, 0, empty, "Put the secret there, or unset the variable."))
    elif not text.isprintable():
        problems.append(
            Problem(FILE, 0, f"The secret from {name} has a line break or another control character.", "It must be one line.")
        )
    else:
        return Secret(text)
    return None


def _one_line(text: str) -> str:
    """A key that is a JSON object may be written over several lines; anything else as it is."""
    if not text.startswith("{"):
        return text
    try:
        return json.dumps(json.loads(text), separators=(",", ":"))
    except ValueError:
        return text


def unread(environ: Mapping[str, str], sources: Iterable[str]) -> list[Problem]:
    """A warning for each variable with our prefix that nothing reads: most likely it is misspelt."""
    own = [f"{variable(s)}{suffix}" for s in sources for suffix in ("", "_FILE")]
    known = {name.removeprefix(PREFIX) for name in (*KNOWN, *own)}
    found = []
    for name in sorted(n for n in environ if n.startswith(PREFIX)):
        rest = name.removeprefix(PREFIX)
        if rest not in known:
            near = nearest(rest, known)
            remedy = (
                f"Did you mean {PREFIX}{near}?" if near else "Unset it, or add the source that it is for to the configuration."
            )
            found.append(Problem(FILE, 0, f"Nothing reads the variable {name}.", remedy, warning=True))
    return found
