"""``sync``: one source in this process, several in one process each."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hub.cli import access, children, output
from hub.cli.failures import ReaderGone, Terminated
from hub.cli.outcome import REFUSED, Outcome, combined, of_error, of_summary
from hub.cli.watching import view
from hub.errors import AnchorlineError, UsageError

if TYPE_CHECKING:
    from hub.config import Config
    from hub.model import Mapping as Strategy
    from hub.sync import Event


def sync(path: Path, source: str | None, *, new_account: bool, json: bool, events: bool) -> None:
    """Read one source, or all of them; leaves with the code that says how it went."""
    children.heed_signals()
    logging.getLogger().addHandler(logging.NullHandler())  # what matters of it is in the events and the summary
    config = access.config(path)
    chosen = _chosen(config, source)
    rules = access.strategy(config)
    if events:
        raise typer.Exit(_as_child(config, rules, chosen[0], new_account))
    try:
        outcomes = _run(path, config, rules, chosen, new_account)
    except (KeyboardInterrupt, Terminated):
        output.say("Interrupted. What was read is kept; the next sync goes on from there.")
        raise
    _finish(outcomes, json)


def _chosen(config: Config, source: str | None) -> list[str]:
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


def _run(path: Path, config: Config, rules: Strategy, chosen: list[str], new_account: bool) -> list[Outcome]:
    with view() as shown:
        if len(chosen) == 1:
            return [run_source(config, rules, chosen[0], told(shown), new_account=new_account)]
        extra = ["--new-account"] if new_account else []
        return children.run_all({name: children.command(path.absolute(), name, extra) for name in chosen}, shown)


def run_source(
    config: Config,
    rules: Strategy,
    name: str,
    listener: Callable[[Event], None],
    *,
    as_of: int | None = None,
    new_account: bool = False,
) -> Outcome:
    """One run in this process. What the hub itself refuses becomes an outcome, too."""
    from hub.sync import sync_source

    try:
        config.settings(name)  # before a database is made for it
        _settle_memory()
        with access.store(config) as store:
            summary = sync_source(config, rules, store, name, listener=listener, as_of=as_of, new_account=new_account)
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


def _as_child(config: Config, rules: Strategy, name: str, new_account: bool) -> int:
    """Run for a parent that reads our events. A parent that is gone ends us through our standard input."""
    children.end_with_parent()
    outcome = run_source(config, rules, name, told(output.event), new_account=new_account)
    if outcome.run_id is None:
        output.event({"event": REFUSED, **dataclasses.asdict(outcome)})
    return outcome.exit_code


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
