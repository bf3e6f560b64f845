"""``init KIND``: looks at a source, drafts configuration and mapping files from it, and ends with a first tree.

    answers --probe--> config.toml --ordinary run--> stored items --draft--> mapping files --evaluate--> tree

Three questions at most, each with an option of its own. What is there already is kept.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

import connectors
from hub.cli import access, children, looked, output, schema, sheeting, syncing
from hub.cli.failures import Terminated
from hub.cli.outcome import Outcome
from hub.cli.watching import view
from hub.errors import AnchorlineError, ConfigError, UsageError
from hub.looking import FOLDER, Draft, Given, Site, Spread, Stock, config_file, draft, newest_day, news, spread, teams

if TYPE_CHECKING:
    from connectors.base import Kind, SourceSettings
    from hub.cli.probing import Probe
    from hub.config import Config, Source
    from hub.model import Dimensions, Item, Mapping
    from hub.store import Store

CONFIG = "config.toml"
LONG = 60.0
"""Seconds from which on it is said how long the reading takes."""


@dataclass(frozen=True)
class Answers:
    """What options say; what is None is asked for, unless ``silent``."""

    url: str | None = None
    user: str | None = None
    okrs: Path | None = None
    projects: tuple[str, ...] = ()
    silent: bool = False


def look(kind: str, folder: Path, answers: Answers, json: bool) -> None:
    """Everything. Leaves with the code of the run, as ``sync`` does."""
    children.heed_signals()
    logging.getLogger().addHandler(logging.NullHandler())  # what matters of it is in the answers
    looking = _Looking(connectors.load(kind), folder, answers)
    try:
        found = looking.run()
    except (KeyboardInterrupt, Terminated):
        output.say(looking.interrupted())
        raise
    if json:
        output.data(looked.as_data(found))
    else:
        looked.show(found)
    if found.outcome.exit_code:
        raise typer.Exit(found.outcome.exit_code)


class _Looking:
    def __init__(self, kind: Kind, folder: Path, answers: Answers) -> None:
        self.kind, self.folder, self.answers = kind, folder, answers
        self.path = folder / CONFIG
        self.written: list[str] = []
        self.kept: list[str] = []
        self.notes: list[str] = []
        self.again = " ".join(["anchorline init", kind.name, *([quote(str(folder))] if folder != Path() else [])])

    def interrupted(self) -> str:
        """What to say when somebody breaks off."""
        if not self.written and not self.kept:
            return "Interrupted. Nothing was written."
        return f"Interrupted. {self.path} is there, and what was read is kept; `{self.again}` goes on from there."

    def run(self) -> looked.Looked:
        self.given = self._standing()
        probe, okrs = None, None
        if self.path.exists():
            source = self._source()
            okrs = self._sheet() if self.answers.okrs else None
        else:
            settings, okrs = self._asked()
            probe = self._probe(settings)
            self._configure(settings, probe)
            source = self._source()
        outcome = self._read(source)
        config = access.config(self.path)
        with access.store(config) as store:
            return self._draft(config, store, source, probe, okrs, outcome)

    # ---- what stands already

    def _standing(self) -> Given:
        """The mapping files that are there. Raises ``ConfigError`` for mistakes in them."""
        from hub.mappings import load_mappings
        from hub.mappings.files import collect

        folder, timezone = self.folder / FOLDER, "UTC"
        if self.path.exists():
            config = access.config(self.path)
            folder, timezone = config.mappings, config.timezone
        self.mappings = folder
        texts = collect(folder)[0] if folder.is_dir() else {}
        kept = {f"{FOLDER}/{name.partition('/')[2]}": text for name, text in texts.items()}
        mapping = load_mappings(folder, timezone)[0] if any(name.endswith(".toml") for name in texts) else None
        self.kept += [str(self._shown(folder / name.partition("/")[2])) for name in kept]
        return Given(kept=kept, mapping=mapping)

    def _shown(self, path: Path) -> Path:
        """A path as it is seen from where the command was given."""
        whole = Path(os.path.abspath(self.folder))  # noqa: PTH100 - a linked folder keeps its name
        return self.folder / path.relative_to(whole) if path.is_relative_to(whole) else path

    def _source(self) -> Source:
        """The source of this kind in the configuration, which is the one that was just written or one that was there."""
        config = access.config(self.path)
        own = [source for source in config.sources.values() if source.kind == self.kind.name]
        if str(self.path) not in self.written:
            self.kept.insert(0, str(self.path))
            self._same(own)
        if not own:
            hint = f"Add a table [source.{self.kind.name}] to it, or choose another folder: {self.again} FOLDER."
            raise UsageError(f"{self.path} is kept, and has no source of kind {self.kind.name}.", hint=hint)
        if len(own) > 1:
            others = ", ".join(source.name for source in own[1:])
            self.notes.append(f"{self.path} has other sources of this kind, which were not looked at: {others}.")
        self.kind = self.kind.edition(own[0].options)
        config.settings(own[0].name)  # says what to export where its secret is missing
        return own[0]

    def _same(self, own: Sequence[Source]) -> None:
        """An option that contradicts a file which is kept would be lost without a word."""
        from hub.config.load import EXAMPLE_HOST

        for source in own[:1]:
            if urlsplit(source.url).hostname == EXAMPLE_HOST:
                hint = f"Put your own site and account there, or remove the file and say `{self.again}` again."
                raise UsageError(f"{self.path} still has the address of the example.", hint=hint)
            for name, said, has in (("--url", self.answers.url, source.url), ("--user", self.answers.user, source.user)):
                if said is not None and said.rstrip("/") != has:
                    hint = f"Leave {name} out, or choose another folder."
                    raise UsageError(f"{self.path} is kept, and says {has}.", hint=hint)
        if self.answers.projects:
            hint = f"Change `{self.kind.partition_word}` in it."
            raise UsageError(f"{self.path} is kept: --projects is for a new one.", hint=hint)

    # ---- the questions

    def _asked(self) -> tuple[SourceSettings, sheeting.Okrs | None]:
        """At most three answers; the secret is checked before the first question."""
        from hub.config import environment as env

        name = self.kind.name
        variable = env.variable(name)
        if self.kind.needs_token and not {variable, f"{variable}_FILE"} & set(os.environ):
            raise UsageError(
                f"The token for {self.kind.title} is not set.",
                hint=f"Set it, then run this again: export {variable}=... (or {variable}_FILE=PATH of a file that holds it). "
                f"To get one: `anchorline init {name} --letter`.",
            )
        if not self.answers.silent and None in (self.answers.url, self.answers.user):
            output.say(f"Looks at {self.kind.title} and drafts the files to begin with. It only reads.")
            output.say("")
        url = _address(self.answers.url or self._ask("--url", f"Address of your {self.kind.title} site"))
        user = None
        if self.kind.needs_user:
            what = "API key of the token" if self.kind.user_is_key else "Account of the token (mail address)"
            user = self.answers.user or self._ask("--user", what)
        okrs = self._sheet()
        return self._settings(url, user), okrs

    def _ask(self, option: str, question: str) -> str:
        """An answer that is needed."""
        if not self.answers.silent and (said := _answer(f"{question}: ")):
            return said
        raise UsageError(f"{question} is needed.", hint=f"Say it with {option}.")

    def _sheet(self) -> sheeting.Okrs | None:
        """Where the objectives come from: a sheet, or nothing for what the work itself names."""
        path = self.answers.okrs
        if path is None and not self.answers.silent and not self.path.exists():
            output.say("Objectives: the path of a sheet (.xlsx, .csv) that has them,", "bold")
            said = _answer("or Enter to draft them from labels and fields: ")
            path = Path(said.strip("\"'")).expanduser() if said else None
        if path is None:
            return None
        if self.given.has("objectives"):
            hint = f"To add what the sheet says: `anchorline import {quote(str(path))}`."
            raise UsageError("There are objectives in the mapping files already.", hint=hint)
        return sheeting.read(path)

    def _settings(self, url: str, user: str | None) -> SourceSettings:
        """The answers, checked as a configuration would be. Raises ``UsageError``."""
        from hub.config import load_config
        from hub.tomlfile.write import value

        name = self.kind.name
        lines = [f"[source.{name}]", f"kind = {value(name)}", f"url = {value(url)}"]
        lines += [f"user = {value(user)}"] if user is not None else []
        lines += [f"{self.kind.partition_word} = {value(list(self.answers.projects))}"] if self.answers.projects else []
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / CONFIG
            path.write_text("\n".join(lines) + "\n", "utf-8")
            try:
                return load_config(path).settings(name)
            except ConfigError as error:
                wrong = next(problem for problem in error.problems if not problem.warning)
                raise UsageError(wrong.text, hint=wrong.remedy) from None

    # ---- looking, reading

    def _probe(self, settings: SourceSettings) -> Probe:
        from hub.cli.probing import probe

        with output.err().status(Text(f"asking {self.kind.title} who we are")) as status:
            found = probe(settings, self.kind.partition_word, lambda text: status.update(Text(text)))
        if not any(each.items is None or each.items for each in found.alive):
            raise AnchorlineError(
                f"The account sees {len(found.partitions)} {self.kind.partition_word}, and no item in them.",
                hint=f"Give it the right to browse them: `anchorline init {self.kind.name} --letter` prints the request.",
            )
        return found

    def _configure(self, settings: SourceSettings, probe: Probe) -> None:
        from hub.config import environment as env

        site = Site(
            settings.name, settings.kind, self.kind.title, settings.url, settings.user, env.variable(settings.name),
            _zone(probe.account.timezone), self.kind.partition_word, any(o.name == "estimate" for o in self.kind.options),
        )  # fmt: skip
        from hub.looking.draft import files_day

        today = files_day(_today(site.timezone))
        text = config_file(site, today, probe.partitions, probe.choice, probe.newest)
        self._write(self.path, schema.headed(self.path, self.path.with_name("config.schema.json"), text))
        from hub.cli.render.looking import seen

        output.tell(seen(probe, self.kind, settings.url))
        if (seconds := probe.items * probe.seconds) > LONG:
            output.say(f"Reading {probe.items:,} items takes about {round(seconds / 60) or 1} min; Ctrl-C loses nothing.")

    def _write(self, path: Path, text: str) -> None:
        """A new file; one that is there stays."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except FileExistsError:
            self.kept.append(str(self._shown(path)))
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.", hint="Choose another folder.") from None
        else:
            self.written.append(str(self._shown(path)))

    def _read(self, source: Source) -> Outcome:
        """An ordinary run of this source."""
        config = access.config(self.path)
        strategy = self.given.mapping or _nothing(config.timezone)
        with view() as shown:
            outcome = syncing.run_source(config, strategy, source.name, syncing.told(shown))
        if outcome.run_id is None or outcome.result == "failed":
            hint = f"{outcome.hint or ''} Then say `{self.again}` again: {self.path} is kept.".strip()
            error = AnchorlineError(outcome.error or f"The run ended {outcome.result}.", hint=hint)
            error.code = outcome.exit_code
            raise error
        if outcome.exit_code:
            self.notes.append(f"The run is {outcome.result}: {outcome.error or 'not everything could be read'}.")
        self.notes += outcome.notes
        return outcome

    # ---- drafting

    def _draft(
        self, config: Config, store: Store, source: Source, probe: Probe | None, okrs: sheeting.Okrs | None, outcome: Outcome
    ) -> looked.Looked:
        from hub import sync
        from hub.mappings import load_mappings
        from hub.report import Report
        from hub.store.read import Reader

        reader = Reader(store)
        items = [item for trees in reader.everything() for item in trees]
        lists = replace(reader.dimensions(), sources={name: each.facts for name, each in config.sources.items()})
        latest = reader.evaluation()
        as_of = max(access.now(), latest.as_of if latest else 0)
        with output.err().status(Text("looking at what was read")) as status:
            made = self._made(items, lists, config, source, probe, okrs, as_of)
            for name, text in made.files.items():
                path = self.mappings / name.removeprefix(f"{FOLDER}/")
                headed = path.suffix == ".toml"
                self._write(path, schema.headed(path, self.mappings / "mapping.schema.json", text) if headed else text)
            drafted = bool(self.written)
            self._beside()
            mapping = load_mappings(config.mappings, config.timezone)[0]
            promise = _promise(mapping, items, lists, as_of)
            status.update(Text("calculating"))
            sync.evaluate(store, config, mapping, "", as_of=as_of, run_id=None)
        tree = Report(store).tree()
        return looked.Looked(
            self.folder, source, probe, outcome, made, promise, self.written, _once(self.kept), tree, self.notes,
            None if drafted else news(made, self.given.kept.values()),
        )  # fmt: skip

    def _beside(self) -> None:
        """What belongs to the files: the schemas that their first lines name, and what keeps the database out of git."""
        from hub.cli.setup import GITIGNORE

        self.written += [str(self._shown(path)) for path in schema.missing(self.mappings, self.path)]
        if not (self.folder / ".gitignore").exists():
            self._write(self.folder / ".gitignore", GITIGNORE)

    def _made(
        self,
        items: list[Item],
        lists: Dimensions,
        config: Config,
        source: Source,
        probe: Probe | None,
        okrs: sheeting.Okrs | None,
        as_of: int,
    ) -> Draft:
        stock = Stock(source.name, items, lists, _titles(source, probe))
        if not stock.items:
            hint = f"Check `{self.kind.partition_word}` in {self.path}, and that the account may browse them."
            raise AnchorlineError(f"Nothing was read from {source.name}, so there is nothing to draft from.", hint=hint)
        found = teams(stock)
        given = self.given
        if okrs is not None:
            sheet, told = sheeting.given(okrs, found, newest_day(stock, config.timezone, as_of), given.mapping)
            self.notes += told
            given = sheeting.joined(sheet, given)
        return draft(stock, self.kind.name, config.timezone, as_of, given, found)


# ---- pieces ---------------------------------------------------------------------------------------------------------------


def _answer(question: str) -> str:
    """One line from standard input, asked for on standard error; "" at its end."""
    console = output.err()
    console.print(Text(question, "bold"), end="", soft_wrap=True)
    console.file.flush()
    line = sys.stdin.readline()
    if not line.endswith("\n") or not sys.stdin.isatty():
        output.say("")
    return line.strip()


def _address(text: str) -> str:
    """An address as somebody pastes it: without what follows the site's name, with https in front."""
    bare = text.strip()
    whole = bare if "://" in bare else f"https://{bare}"
    try:
        parts = urlsplit(whole)
        host = parts.hostname or ""
    except ValueError:
        return whole
    return f"{parts.scheme}://{parts.netloc}" if host.endswith(".atlassian.net") and "@" not in parts.netloc else whole


def _zone(name: str | None) -> str:
    try:
        return ZoneInfo(name).key if name else "UTC"
    except (ValueError, OSError, KeyError):
        return "UTC"


def _today(timezone: str) -> date:
    return datetime.fromtimestamp(access.now() / 1000, UTC).astimezone(ZoneInfo(timezone)).date()


def _nothing(timezone: str) -> Mapping:
    """A mapping with a cycle and nothing else: what the items are read under before there are files."""
    from hub.looking.draft import quarter
    from hub.looking.files import cycle_lines, joined
    from hub.mappings import parse

    mapping, _ = parse({f"{FOLDER}/none.toml": joined(cycle_lines([quarter(_today(timezone))]))}, timezone)
    assert mapping is not None
    return mapping


def _titles(source: Source, probe: Probe | None) -> dict[str, str]:
    """What the source calls the fields that have a name of ours."""
    names = {row.id: row.name for row in probe.fields} if probe else {}
    return {ours: names.get(theirs, theirs) for ours, theirs in source.fields.items()}


def _promise(mapping: Mapping, items: list[Item], lists: Dimensions, as_of: int) -> Spread:
    """What `progress` will show of the active work: over everything, with the files as they are on disk."""
    from hub.patterns import link_items

    return spread(mapping, link_items(items, mapping.patterns), lists, as_of)


def _once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))
