"""The files that admins edit while the daemon runs: looked at between runs; a broken one leaves the last good one in force.

config.toml:   every run gets the text that the daemon took over last, from a copy in the data folder (no secret is in it), so
               that a run never sees half an edit, and a restart beside a broken file goes on, too.
mapping files: the last good ones are in the database; here is only noticed that they changed, and whether they are good.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from hub.config import Config, load_config
from hub.config.environment import DATABASE
from hub.errors import ConfigError, Problem
from hub.mappings import load_mappings

CALM = 1.0
"""Seconds that a file must have stayed as it is before it is read: an editor may be in the middle of writing it."""
DEBOUNCE = 2.0
"""The same for mapping files, which are often saved several at a time."""
REREAD = 60.0
"""Seconds after which mapping files with mistakes are read again though they seem to be the same: one that was away for an
instant, or whose rights were corrected, does not look different."""
_DATABASE_LINE = re.compile(r"""^\s*database\s*=\s*["']sqlite:///([^"'\n]+)["']""", re.MULTILINE)


class Change(NamedTuple):
    """A file's new text was read. ``what``: config or mapping; ``problems`` are sentences, empty when it is good."""

    what: str
    hash: str
    problems: tuple[str, ...]


Signature = tuple[tuple[str, int, int, int], ...]


def signature(*paths: Path) -> Signature:
    """What of files changes when they are edited."""
    found = []
    for path in paths:
        with contextlib.suppress(OSError):
            stat = path.stat()
            found.append((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return tuple(found)


class _Calm:
    """Notices that files changed once they have stayed as they are for a while."""

    def __init__(self, now: Signature, seconds: float) -> None:
        self._read, self._seen, self._since, self._seconds = now, now, 0.0, seconds

    def changed(self, now: Signature, monotonic: float) -> bool:
        """Whether to read them; True once for each change."""
        if now != self._seen:
            self._seen, self._since = now, monotonic
        if self._seen == self._read or monotonic - self._since < self._seconds:
            return False
        self._read = self._seen
        return True

    def again(self) -> None:
        """What was read does not count: the next look is to read it again, whether it changed or not."""
        self._read = (*self._seen, ("", 0, 0, 0))


# ---- config.toml ------------------------------------------------------------------------------------------------------------


def last_good(path: Path, data: Path) -> Path:
    """Where the last good text of a configuration is kept."""
    return data / f"{path.stem}.last-good.toml"


class ConfigFile:
    """The configuration in force. Raises ``ConfigError`` where the file has mistakes and there is no last good text."""

    def __init__(self, path: Path, environ: Mapping[str, str] | None = None) -> None:
        self.path = Path(os.path.abspath(path))  # noqa: PTH100 - a symlinked config stays where its folder is
        self._environ = environ
        self._calm = _Calm(signature(self.path), CALM)
        self.problems: tuple[str, ...] = ()
        """Of the present text, in place of which the last good one is in force"""
        self.hash = ""
        self.copy: Path | None = None
        """A file with the text in force, for children"""
        try:
            self._text = _read(self.path, environ)
            self.config = load_config(self.path, environ, text=self._text)
        except ConfigError as error:
            self._text, self.config = self._restored(error)
            self.problems = sentences(error)
            if isinstance(error, _Unread):
                self._calm.again()
        self._taken()

    def _restored(self, error: ConfigError) -> tuple[str, Config]:
        """What was in force before this process began."""
        environ = os.environ if self._environ is None else self._environ
        for folder in data_folders(self.path, environ):
            with contextlib.suppress(ConfigError, OSError):
                text = _read(last_good(self.path, folder))
                return text, load_config(self.path, self._environ, text=text)
        raise error

    def _taken(self) -> None:
        self.hash = digest(self._text)
        try:
            self.config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
            kept = last_good(self.path, self.config.data)
            if not kept.exists() or _read(kept) != self._text:
                _write(kept, self._text)
            self.copy = kept
        except (OSError, ConfigError):  # no room or no right: children read the file itself
            self.copy = None

    def poll(self, monotonic: float) -> Change | None:
        """Look whether the file changed, and take it over if it is good; what came of it."""
        if not self._calm.changed(signature(self.path), monotonic):
            return None
        try:
            text = _read(self.path, self._environ)
            if text == self._text:  # as it was, or mended
                mended, self.problems = bool(self.problems), ()
                return Change("config", self.hash, ()) if mended else None
            config = load_config(self.path, self._environ, text=text)
            if config.database != self.config.database:
                raise ConfigError([_moved(self.path)])
        except _Unread as error:
            self._calm.again()
            if error.passing or sentences(error) == self.problems:
                return None
            return self._broken(error)
        except ConfigError as error:
            return self._broken(error)
        self._text, self.config, self.problems = text, config, ()
        self._taken()
        return Change("config", self.hash, ())

    def _broken(self, error: ConfigError) -> Change:
        self.problems = sentences(error)
        return Change("config", digest("\n".join(self.problems)), self.problems)


class _Unread(ConfigError):
    """The file could not be read at all. ``passing``: an instant later it could, as when it was just being replaced."""

    passing = False


def _moved(path: Path) -> Problem:
    text = "`database` changed while the daemon runs."
    return Problem(path.name, 0, text, "Restart it to use the other database, or take the change back.")


def data_folders(path: Path, environ: Mapping[str, str]) -> list[Path]:
    """Where the data of a configuration with mistakes may lie: as the environment says, as its line says, where it usually is."""
    given = environ.get(DATABASE, "").strip()
    found = [path.parent / Path(given.removeprefix("sqlite:///")).parent] if given.startswith("sqlite:///") else []
    with contextlib.suppress(ConfigError):
        line = _DATABASE_LINE.search(_read(path))
        found += [(path.parent / line[1]).parent] if line else []
    return [*found, path.parent / "data"]


def _read(path: Path, environ: Mapping[str, str] | None = None) -> str:
    """A file's text. Raises ``ConfigError``, with the words of ``load_config``, where it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        try:
            load_config(path, environ)
        except ConfigError as error:
            raise _Unread(error.problems) from None
    unread = _Unread([Problem(path.name, 0, "The file was away for a moment.", "Nothing to do: it is read again.")])
    unread.passing = True
    raise unread


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole; nobody else can read it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # of mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# ---- mapping files ----------------------------------------------------------------------------------------------------------


class MappingFiles:
    """The mapping files of a configuration: ``hash`` is that of what they say now, None while they have mistakes."""

    def __init__(self, config: Config) -> None:
        self.hash: str | None = None
        self.problems: tuple[str, ...] = ()
        self._of = (config.mappings, config.timezone)
        self._calm = _Calm(_folder(config.mappings), DEBOUNCE)
        self._loaded = float("-inf")
        self._load(config)

    def _load(self, config: Config) -> None:
        try:
            self.hash, self.problems = load_mappings(config.mappings, config.timezone)[0].hash, ()
        except ConfigError as error:
            self.hash, self.problems = None, sentences(error)

    def poll(self, config: Config, monotonic: float) -> Change | None:
        """Look whether the files changed, or another folder or time zone is in force; what came of it, None where they still
        say the same."""
        elsewhere = self._of != (config.mappings, config.timezone)
        if elsewhere:
            self._of, self._calm = (config.mappings, config.timezone), _Calm(_folder(config.mappings), DEBOUNCE)
        again = bool(self.problems) and monotonic - self._loaded >= REREAD
        if not self._calm.changed(_folder(config.mappings), monotonic) and not elsewhere and not again:
            return None
        self._loaded = monotonic
        before = self.hash, self.problems
        self._load(config)
        if (self.hash, self.problems) == before:
            return None
        return Change("mapping", self.hash or digest("\n".join(self.problems)), self.problems)


def _folder(folder: Path) -> Signature:
    try:
        return signature(*sorted(path for pattern in ("*.toml", "*.csv", "*.sql") for path in folder.rglob(pattern)))
    except OSError:  # a folder in it went away meanwhile: the next look finds it calm, or changed again
        return ()


# ---- words ------------------------------------------------------------------------------------------------------------------


def sentences(error: ConfigError, most: int = 20) -> tuple[str, ...]:
    """The mistakes, each with its place and what to do; warnings are none."""
    found = [str(problem) for problem in error.problems if not problem.warning]
    return (*found[:most], *([f"{len(found) - most} more."] if len(found) > most else ()))


def digest(text: str) -> str:
    """The identity of a text: 32 hex digits."""
    return blake2b(text.encode(), digest_size=16).hexdigest()
