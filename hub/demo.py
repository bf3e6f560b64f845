"""The sandbox company in a folder of its own: files written, stand-in started, and what is worth showing chosen.

    write(plan) --> folder/config.toml, folder/mappings/*.toml (the shipped examples, moved to the quarter around ``today``),
                    and their schemas; the company's deals, typed figures and warehouse, which other sources read
    sandbox(plan) --> a process that speaks Jira's API on loopback, until the block is left
    settle(plan, url) --> the configuration names the stand-in; its token is only in the environment that is handed on

The run itself is an ordinary one, with the real connector; nothing that is shown is stored in advance. Nothing here prints.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import select
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import PackageNotFoundError, files
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hub.errors import AnchorlineError, UsageError
from hub.report.values import NodeExplanation, Tree, Unanchored
from hub.sandbox import books

if TYPE_CHECKING:
    from hub.report import Report

CONFIG, SCHEMA, MAPPINGS, MARKER = "config.toml", "config.schema.json", "mappings", ".anchorline-demo"
SOURCE = "jira"
OUTCOMES = f"{MAPPINGS}/outcomes.toml"
FIRST_OF_OUTCOMES, AFTER_SOURCES = "deals", "# What `anchorline serve` goes by"
"""Between these the example's configuration has the sources that outcomes are measured by."""
USER = "demo@anchorline.example"
READY = 60.0
"""Seconds that the stand-in has to be ready, on a slow machine with many issues."""
_SUFFIXES = (".toml", ".json", ".sql")
_MARK = "Made by `anchorline demo`, which writes this folder anew each time. Anything else in it may be lost.\n"


# ---- the shipped files --------------------------------------------------------------------------------------------------


def shipped() -> dict[str, str]:
    """The configuration and mapping files that come with Anchorline, by name in the folder that they are for; beside each the
    schema that its first line names, for editors."""
    config, mappings = _in_tree() or _installed()
    found = {CONFIG: config.read_text("utf-8"), SCHEMA: config.with_name(SCHEMA).read_text("utf-8")}
    found |= {f"{MAPPINGS}/{name}": path.read_text("utf-8") for name, path in sorted(mappings.items())}
    return found


def starting() -> dict[str, str]:
    """The shipped files for somebody who begins with a tracker alone: without outcomes, whose sources are the example's own."""
    found = {name: text for name, text in shipped().items() if not name.startswith((OUTCOMES, f"{MAPPINGS}/queries/"))}
    before, _, rest = found[CONFIG].partition(f"[source.{FIRST_OF_OUTCOMES}]")
    return found | {CONFIG: before + rest[rest.index(AFTER_SOURCES) :]}


def _in_tree() -> tuple[Path, dict[str, Path]] | None:
    """Beside the package, in a checkout; mapping files by their name in the mapping folder."""
    root = Path(__file__).resolve().parent.parent
    if (root / "pyproject.toml").is_file() and (root / "config.example.toml").is_file():
        mappings = root / MAPPINGS
        found = (path for path in mappings.rglob("*") if path.suffix in _SUFFIXES)
        return root / "config.example.toml", {path.relative_to(mappings).as_posix(): path for path in found}
    return None


def _installed() -> tuple[Path, dict[str, Path]]:
    """The wheel's shared data, wherever the installer put it."""
    try:
        shared = [file for file in files("anchorline") or () if "share/anchorline/" in file.as_posix()]
    except PackageNotFoundError:
        shared = []
    config = next((file for file in shared if file.name == "config.example.toml"), None)
    if config is None:
        hint = "Install Anchorline from its wheel, or run it from its source."
        raise AnchorlineError("The example files are not in this installation.", hint=hint)
    mappings = {}
    for file in shared:
        _, found, name = file.as_posix().partition(f"share/anchorline/{MAPPINGS}/")
        if found and file.suffix in _SUFFIXES:
            mappings[name] = Path(str(file.locate()))
    return Path(str(config.locate())), mappings


# ---- the folder ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """What to show. ``given`` is the day that somebody asked for; without one the company lives now."""

    folder: Path
    given: date | None = None
    issues: int = 1500
    seed: int = 7
    token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @property
    def today(self) -> date:
        return self.given or datetime.now(UTC).date()

    @property
    def config(self) -> Path:
        return self.folder / CONFIG


def write(plan: Plan) -> list[Path]:
    """Make the folder and its files anew. What somebody changed of them, or added to the mapping files, is moved aside first;
    where to. Raises ``UsageError`` for a folder that is not the demo's own."""
    folder = plan.folder
    if folder.exists() and not (folder / MARKER).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        text = f"{folder} is there already and was not made by `anchorline demo`."
        raise UsageError(text, hint="Choose another one with --folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        texts = moved(shipped(), plan.today)
        kept = _aside(folder)
        (folder / MARKER).write_text(_MARK, "utf-8")
        for old in (folder / "data", folder / MAPPINGS):
            shutil.rmtree(old, ignore_errors=True)
        (folder / MAPPINGS).mkdir()
        for name, text in texts.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        books.write(folder, books.books(plan.today, plan.seed))
        _mark(folder)
    except OSError as error:
        text = f"{error.filename or folder} cannot be written: {error.strerror}."
        raise UsageError(text, hint="Choose another one with --folder.") from None
    return kept


def _mark(folder: Path) -> None:
    """Note what the demo has written, to know it again."""
    lines = "".join(f"{digest} {name}\n" for name, digest in _digests(folder).items())
    (folder / MARKER).write_text(_MARK + lines, "utf-8")


def _digests(folder: Path) -> dict[str, str]:
    """The files that people may want to change, by name: the configuration, the sheets, and the mapping files."""
    paths = [folder / CONFIG, folder / books.DEALS, folder / books.KPIS, *sorted((folder / MAPPINGS).rglob("*"))]
    return {
        path.relative_to(folder).as_posix(): hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest()
        for path in paths
        if path.is_file()
    }


def _aside(folder: Path) -> list[Path]:
    """Move what is not as the demo wrote it: files, and of the mapping files the whole folder."""
    marker = folder / MARKER
    lines = marker.read_text("utf-8").removeprefix(_MARK).splitlines() if marker.is_file() else []
    written = {name: digest for digest, _, name in (line.partition(" ") for line in lines)}
    found = _digests(folder) if written else {}
    changed = {name for name in found.keys() | written.keys() if found.get(name) != written.get(name)}
    moving = {MAPPINGS if name.startswith(f"{MAPPINGS}/") else name for name in changed}
    return [_moved_aside(folder / name) for name in sorted(moving) if (folder / name).exists()]


def _moved_aside(path: Path) -> Path:
    return path.rename(next(free for n in count(1) if not (free := path.with_name(f"{path.name}.kept-{n}")).exists()))


def moved(texts: Mapping[str, str], today: date) -> dict[str, str]:
    """The example's one cycle becomes the calendar quarter around ``today``, under that quarter's id, and days within it move
    along."""
    from hub.sandbox.company import cycle

    id_, first, last = cycle(today)
    found = dict(texts)
    for old, days in _cycles(texts).items():
        starts, ends = days["starts"], days["ends"]
        within = [starts + timedelta(days=n) for n in range(1, (ends - starts).days)]
        words = {str(day): str(min(first + (day - starts), last)) for day in within}
        words |= {old: id_, str(starts): str(first), str(ends): str(last)}
        pattern = re.compile("|".join(map(re.escape, words)))
        for name, text in found.items():
            if name != CONFIG and name.endswith(".toml"):
                found[name] = _replaced(pattern, words, text)
    return found


def _replaced(pattern: re.Pattern[str], words: Mapping[str, str], text: str) -> str:
    return pattern.sub(lambda match: words[match[0]], text)


def _cycles(texts: Mapping[str, str]) -> dict[str, dict[str, date]]:
    found: dict[str, dict[str, date]] = {}
    for name, text in texts.items():
        if name != CONFIG and name.endswith(".toml"):
            found |= tomllib.loads(text).get("cycle", {})
    return found


def settle(plan: Plan, url: str) -> None:
    """Point the configuration's source to the stand-in."""
    text = plan.config.read_text("utf-8")
    for key, value in (("url", url), ("user", USER)):
        text = re.sub(rf'(?m)^{key} = "[^"]*"', f"{key} = {json.dumps(value)}", text, count=1)
    plan.config.write_text(text, "utf-8")
    _mark(plan.folder)


def environment(plan: Plan) -> dict[str, str]:
    """The process's environment for the demo: nothing of the user's own Anchorline, and the stand-in's token."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("ANCHORLINE_")}
    return own | {f"ANCHORLINE_{SOURCE.upper()}__TOKEN": plan.token}


def instant(plan: Plan, timezone: str) -> int | None:
    """The instant of the run: the end of a day that was asked for, else None for now."""
    if plan.given is None:
        return None
    end = datetime.combine(plan.given + timedelta(days=1), time(), ZoneInfo(timezone))
    return int(end.timestamp() * 1000) - 1


# ---- the stand-in -------------------------------------------------------------------------------------------------------


@contextmanager
def sandbox(plan: Plan) -> Iterator[str]:
    """The address of a running stand-in, which is ended when the block is left, however that happens."""
    words = [sys.executable, "-P", "-m", "hub.sandbox", "jira", "--port", "0", "--user", USER, "--token", plan.token]
    words += ["--seed", str(plan.seed), "--issues", str(plan.issues), "--until-stdin-closes"]
    words += ["--today", plan.given.isoformat()] if plan.given else []
    log = plan.folder / "sandbox.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, process_group=0) as process,
    ):
        try:
            yield _url(process, log)
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    """What the stand-in says when it is ready."""
    assert process.stdout is not None
    ready = select.select([process.stdout], [], [], READY)[0]
    line = process.stdout.readline() if ready else b""
    try:
        return str(json.loads(line)["url"])
    except (ValueError, KeyError, TypeError):
        raise AnchorlineError("The stand-in for Jira did not start.", hint=f"Its own words are in {log}.") from None


# ---- what is worth showing ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo has to show."""

    tree: Tree
    unanchored: Unanchored
    explained: NodeExplanation | None

    @property
    def item(self) -> str | None:
        """An item whose credit is worth a look: one that got it from an ancestor, else any that counts."""
        units = self.explained.units if self.explained else ()
        chosen = next((u for u in units if u.counts and u.via), None) or next((u for u in units if u.counts), None)
        return (chosen.key or chosen.id) if chosen else None

    @property
    def team(self) -> str | None:
        """A team with work to sort out: the one with most of it."""
        teams = {row.team for row in self.unanchored.items if row.team}
        named = [name for name, items, _ in self.unanchored.by_team if items and name in teams]
        return named[0] if named else None


def choose(report: Report, limit: int) -> Shown:
    """The tree, the head of the unanchored list, and the key result under way that most work is attached to."""
    tree, loose, busiest = report.tree(), report.unanchored(limit=limit), report.busiest_key_result()
    if tree is None or loose is None:
        raise AnchorlineError("The demo's run calculated nothing.", hint="Its messages above say why.")
    explained = report.explain_node(busiest) if busiest else []
    return Shown(tree, loose, explained[0] if explained else None)
