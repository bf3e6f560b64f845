"""``sync``: one source in this process, several in one process each."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hub.cli import access, children, output
from hub.cli.failures import ReaderGone, Terminated
from hub.cli.outcome import REFUSED, Outcome, combined, of_error, of_summary
from hub.cli.watching import view
from hub.errors import AnchorlineError, ConfigError, UsageError

if TYPE_CHECKING:
    from hub.config import Config
    from hub.model import Mapping as Strategy
    from hub.sync import Event, Mode


@dataclass(frozen=True, slots=True)
class Said:
    """How a sync was asked for. ``last_good``: the daemon's, a file with the text of the configuration that it goes by; such a
    run also goes on with the last good mapping files while those of now have mistakes."""

    mode: Mode = "nightly"
    reason: str = "command"
    new_account: bool = False
    last_good: Path | None = None


PLAIN = Said()


def said(mode: str, full: bool, delta: bool, reason: str, new_account: bool, last_good: Path | None) -> Said:
    """The options of ``sync`` as a value. Raises ``UsageError`` where they contradict each other."""
    from typing import get_args

    from hub.sync import Mode

    if full and delta:
        raise UsageError("--full reads everything and --delta only what changed.", hint="Choose one of the two.")
    chosen = "full" if full else "delta" if delta else mode
    for known in get_args(Mode):
        if chosen == known:
            return Said(known, reason, new_account, last_good)
    raise UsageError(f'"{mode}" is no way to read a source.', hint=f"The ways are {', '.join(get_args(Mode))}.")


def sync(
    path: Path, source: str | None, said: Said = PLAIN, *, json: bool = False, events: bool = False, log: bool = False
) -> None:
    """Read one source, or all of them; leaves with the code that says how it went. ``log``: to write lines as the daemon does."""
    children.heed_signals()
    logging.getLogger().addHandler(logging.NullHandler())  # what matters of it is in the events and the summary
    config = access.config(path, last_good=said.last_good)
    names = chosen(config, source)
    if events:
        raise typer.Exit(_as_child(config, names[0], said, log=log))
    rules = access.strategy(config)
    try:
        outcomes = _run(path, config, rules, names, said)
    except (KeyboardInterrupt, Terminated):
        output.say("Interrupted. What was read is kept; the next sync goes on from there.")
        raise
    if any(each.result == "locked" for each in outcomes):
        from hub.cli import queued

        outcomes = queued.followed(config, outcomes, said)
    _finish(outcomes, json)


def chosen(config: Config, source: str | None) -> list[str]:
    """The source of this name, or all of them. Raises ``UsageError`` when there is none."""
    if source is not None:
        if source not in config.sources:
            from hub.tomlfile import did_you_mean

            hint = did_you_mean(source, config.sources) or f"Add a table [source.{source}] to {config.path.name}."
            raise UsageError(f'There is no source "{source}" in {config.path.name}.', hint=hint)
        return [source]
    if not config.sources:
        hint = "Add a table such as [source.jira] with its kind and url."
        raise UsageError(f"No source is configured in {config.path.name}.", hint=hint)
    return list(config.sources)


def _run(path: Path, config: Config, rules: Strategy, chosen: list[str], said: Said) -> list[Outcome]:
    with view() as shown:
        if len(chosen) == 1:
            return [run_source(config, rules, chosen[0], told(shown), said=said)]
        extra = ["--mode", said.mode, *(["--new-account"] if said.new_account else [])]
        return children.run_all({name: children.command(path.absolute(), name, extra) for name in chosen}, shown)


def run_source(
    config: Config,
    rules: Strategy,
    name: str,
    listener: Callable[[Event], None],
    *,
    as_of: int | None = None,
    said: Said = PLAIN,
    notes: tuple[str, ...] = (),
) -> Outcome:
    """One run in this process. What the hub itself refuses becomes an outcome, too. ``notes`` become notes of the run."""
    from hub.sync import sync_source

    try:
        config.settings(name)  # before a database is made for it
        _settle_memory()
        with access.store(config) as store:
            summary = sync_source(
                config, rules, store, name, mode=said.mode, reason=said.reason, listener=listener, as_of=as_of,
                new_account=said.new_account, notes=notes,
            )  # fmt: skip
    except AnchorlineError as error:
        return of_error(name, error)
    return of_summary(summary)


def _settle_memory() -> None:
    """What is loaded by now stays; a run makes millions of short-lived values without circles, so look for circles seldom.

    With Python's own thresholds a third of a first sync's CPU goes into collections that find nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def told(shown: Callable[[Mapping[str, Any]], None]) -> Callable[[Event], None]:
    """A listener that passes events on as dictionaries."""
    return lambda event: shown({"event": type(event).__name__, **dataclasses.asdict(event)})


def _as_child(config: Config, name: str, said: Said, *, log: bool) -> int:
    """Run for a parent that reads our events. A parent that is gone ends us through our standard input."""
    children.end_with_parent()
    shown = told(output.event)
    listener = _logged(config, name, shown) if log else shown
    try:
        rules, notes = _rules(config, said)
    except AnchorlineError as error:
        outcome = of_error(name, error)
    else:
        outcome = run_source(config, rules, name, listener, said=said, notes=notes)
    if outcome.run_id is None:
        output.event({"event": REFUSED, **dataclasses.asdict(outcome)})
    return outcome.exit_code


def _logged(config: Config, name: str, shown: Callable[[Event], None]) -> Callable[[Event], None]:
    """The same listener, and lines of the run on standard error as JSON, those of libraries with source and run, too."""
    from hub.log.lines import always, configure
    from hub.log.runs import RunLines

    configure(config.log.level, "json")
    always(source=name)
    lines = RunLines()

    def listen(event: Event) -> None:
        if (run_id := getattr(event, "run_id", None)) is not None:
            always(run_id=run_id)
        shown(event)
        lines(event)

    return listen


def _rules(config: Config, said: Said) -> tuple[Strategy, tuple[str, ...]]:
    """The mapping to run with, and what must be known of it. A run that nobody watches goes on with the last good mapping: what
    the vendor has is read all the same, and no number changes its meaning."""
    try:
        return access.strategy(config), ()
    except ConfigError as error:
        former = access.last_good(config) if said.last_good is not None else None
        if former is None:
            raise
        first = next((str(problem) for problem in error.problems if not problem.warning), str(error))
        return former, (f"{LAST_GOOD} {first}",)


LAST_GOOD = "The mapping files have mistakes, so the last good ones were used; `anchorline check` lists them:"


def _finish(outcomes: list[Outcome], json: bool) -> None:
    with contextlib.suppress(ReaderGone):  # the code must tell how the runs went, whoever listens
        _tell(outcomes, json)
    code = combined(each.exit_code for each in outcomes)
    if code:
        raise typer.Exit(code)


def _tell(outcomes: list[Outcome], json: bool) -> None:
    from hub.cli.render.runs import ended
    from hub.cli.render.text import clean

    if json:
        output.data(outcomes)
        return
    width = max(len(each.source) for each in outcomes)
    for each in outcomes:
        shown = output.show if each.run_id is not None else output.tell  # what never began left no data
        shown(ended(each.source, each.result, each.counts, each.error, each.hint, width))
        for note in each.notes:
            output.say(f"! {clean(each.source)}: {clean(note)}", "yellow")
    if steps := next_steps(outcomes):
        output.next_steps(*steps)


def next_steps(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    """What to try after runs that ended so: to mend comes before to look."""
    numbers = any(each.seq is not None for each in outcomes)
    if all(each.exit_code == 0 for each in outcomes):
        seen = [
            ("anchorline progress", "where every key result stands"),
            ("anchorline unanchored", "active work that serves none"),
        ]
        return seen if numbers else []
    begun = [each for each in outcomes if each.exit_code and each.run_id is not None]
    steps = []
    if any(each.result == "held" for each in begun):
        steps.append(("anchorline runs", "what is held back, and since when"))
    elif begun:
        steps.append((f"anchorline sync {begun[0].source}", "again, once what is said above is mended"))
        steps.append(("anchorline runs", "what went wrong, and when"))
    if numbers:
        steps.append(("anchorline progress", "the numbers of what could be read"))
    return steps
