"""What is shown while runs go on."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from hub.cli import output
from hub.cli.watching import Bars, Lines, View, view


def events(source: str = "jira") -> Iterator[dict[str, Any]]:
    part = {"source": source, "partition": "1"}
    yield {"event": "Started", "source": source, "run_id": 7, "partitions": 2}
    yield {"event": "PartitionStarted", **part, "title": "Core \x1b[31m[red]", "resumed": True}
    yield {"event": "Progressed", **part, "read": 4_000, "new": 1, "changed": 2}
    yield {"event": "Progressed", **part, "read": 6_000, "new": 3, "changed": 4}
    yield {"event": "PartitionEnded", **part, "result": "complete", "error": None}
    yield {"event": "PartitionEnded", "source": source, "partition": "GONE", "result": "failed", "error": "not seen"}
    sheet = {"source": source, "partition": source}
    yield {"event": "PartitionEnded", **sheet, "result": "complete", "error": None, "unchanged": True}
    yield {"event": "PartitionEnded", **sheet, "result": "failed", "error": f"{source}: x.csv, C3: no number"}
    yield {"event": "Evaluating", "source": source, "items": 6_000}
    yield {"event": "Ended", "source": source, "summary": {"result": "partial"}}
    yield {"event": "SomethingNew", "source": source}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> io.StringIO:
    """Standard error, as a terminal where the parameter says so."""
    file = io.StringIO()
    console = Console(
        file=file, width=100, force_terminal=request.param, markup=False, highlight=False, _environ={"TERM": "xterm"}
    )
    monkeypatch.setattr(output, "err", lambda: console)
    return file


def play(shown: View) -> None:
    with shown:
        for event in events():
            shown(event)
        shown({"event": "Refused", "source": "second", "result": "locked"})
        shown.note("second", "a line of \x1b[31mits own")


@pytest.mark.parametrize("written", [False], indirect=True)
def test_plain_lines_where_there_is_no_terminal(written: io.StringIO) -> None:
    shown = view()
    assert isinstance(shown, Lines)
    play(shown)
    assert written.getvalue().splitlines() == [
        "jira: reading 2 parts, run 7",
        "jira: Core [red]: going on where an earlier run stopped",
        "jira: Core [red]: 6,000 items so far",
        "jira: Core [red]: 6,000 items, 3 new, 4 changed",
        "jira: GONE: failed, not seen",
        "jira: unchanged",
        "jira: failed, x.csv, C3: no number",
        "second: a line of its own",
    ]


@pytest.mark.parametrize("written", [True], indirect=True)
def test_bars_on_a_terminal(written: io.StringIO) -> None:
    shown = view()
    assert isinstance(shown, Bars)
    play(shown)
    last = written.getvalue()
    assert "jira: not seen" in last
    assert "jira: x.csv, C3: no number" in last
    assert "6,000 items" in last
    assert "partial" in last
    assert "second" in last
    assert "\x1b[31mits" not in last
