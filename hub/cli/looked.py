"""The end of ``init KIND``: what was found, the first tree, the files, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hub.cli import access, output
from hub.cli.failures import redact

if TYPE_CHECKING:
    from hub.cli.outcome import Outcome
    from hub.cli.probing import Probe
    from hub.config import Source
    from hub.looking import Draft, News, Spread
    from hub.report.values import Tree


@dataclass(frozen=True)
class Looked:
    """All of it. ``promise`` is how the active work is spread under the files that stand now, before anything is calculated."""

    folder: Path
    source: Source
    probe: Probe | None
    outcome: Outcome
    draft: Draft
    promise: Spread
    written: list[str]
    kept: list[str]
    tree: Tree | None
    notes: list[str]
    news: News | None = None
    """What is new where nothing was drafted; None where something was"""


def show(found: Looked) -> None:
    """For people."""
    from hub.cli.render import looking as shown
    from hub.cli.render.tree import tree
    from hub.looking.files import OBJECTIVES

    if found.news is not None:
        _again(found, found.news)
        return
    width = output.out().width
    missing = found.tree.broken_anchors if found.tree is not None else 0
    output.show("", shown.drafted(found.draft, found.promise, width, missing), "")
    if found.tree is not None:
        output.show(tree(found.tree, access.now(), width, ZoneInfo(found.draft.mapping.timezone)), "")
    output.show(shown.files(found.written, found.kept))
    doubtful = shown.doubtful(found.draft, [redact(note) for note in found.notes])
    if doubtful is not None:
        output.show("", doubtful)
    if found.draft.goals.goals and any(name.endswith(OBJECTIVES) for name in found.written):
        output.say("")
        output.say(f"Goals are called as their labels are: write real names in {OBJECTIVES}.")
    output.next_steps(*_steps(found.folder))


def _again(found: Looked, news: News) -> None:
    """The second time: what the work names beyond the files, and no more."""
    from hub.cli.render import looking as shown

    if found.written:
        output.show(shown.files(found.written, []))
    if (notes := shown.doubtful(None, [redact(note) for note in found.notes])) is not None:
        output.show(notes, "")
    output.line(shown.new(news))


def _steps(folder: Path) -> list[tuple[str, str]]:
    steps = [(f"cd {quote(str(folder))}", "all of it is there")] if folder != Path() else []
    if (path := output.missing_from_path()) is not None:
        steps.insert(0, (f'export PATH="{path}:$PATH"', "so that the command is found"))
    return [
        *steps,
        ("anchorline check", "mistakes in the files, and what they make of items"),
        ("anchorline evaluate", "calculates again after a change, without reading"),
        ("anchorline unanchored", "active work that serves nothing yet"),
        ("anchorline sync", "reads again"),
    ]


def as_data(found: Looked) -> dict[str, Any]:
    """For programs."""
    from hub.cli.render.looking import Told, doubts

    return {
        "folder": str(found.folder),
        "source": found.source.name,
        "run": found.outcome,
        **Told(found.draft, found.promise, found.probe).data(),
        "doubtful": doubts(found.draft, [redact(note) for note in found.notes]),
        "tree": found.tree,
        "written": found.written,
        "kept": found.kept,
        "new": found.news,
        "next": [command for command, _ in _steps(found.folder)],
    }
