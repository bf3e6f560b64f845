"""Showing runs while they go on, on standard error: bars on a terminal, plain lines elsewhere.

Both take events as dictionaries, ``{"event": "Progressed", "source": ...}``, from this process or from a child's output.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from hub.cli import output
from hub.cli.render.text import clean, count

if TYPE_CHECKING:
    from rich.progress import TaskID

EVERY = 5_000
"""Items between two plain lines about the same partition."""


class View:
    """Shows nothing of the runs, but what children complain about. Is left when all have ended."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Show one event."""

    def note(self, source: str, line: str) -> None:
        """A line that a child wrote to its standard error."""
        output.say(f"{clean(source)}: {clean(line)}")


def view() -> View:
    """What suits the place where standard error goes."""
    return Bars() if output.err().is_terminal else Lines()


def waiting(event: Mapping[str, Any]) -> str:
    """Why nothing comes for a while."""
    return f"{clean(event['why'])}; tried again in {max(event['seconds'], 1):.0f} s"


class Lines(View):
    """A line when something begins or ends, and now and then between."""

    def __init__(self) -> None:
        self._titles: dict[tuple[str, str], str] = {}
        self._progress: dict[tuple[str, str], Mapping[str, Any]] = {}

    def __call__(self, event: Mapping[str, Any]) -> None:
        show = getattr(self, f"_{event['event'].lower()}", None)
        if show is not None:
            show(event)

    def _say(self, event: Mapping[str, Any], text: str) -> None:
        output.say(f"{clean(event['source'])}: {text}")

    def _title(self, event: Mapping[str, Any]) -> str:
        return self._titles.get((event["source"], event["partition"]), clean(event["partition"]))

    def _say_of(self, event: Mapping[str, Any], text: str) -> None:
        """A line about a partition; one that is called as its source is (a file's only sheet) is not named twice."""
        title = self._title(event)
        self._say(event, text if title == clean(event["source"]) else f"{title}: {text}")

    def _started(self, event: Mapping[str, Any]) -> None:
        self._say(event, f"reading {count(event['partitions'], 'part')}, run {event['run_id']}")

    def _partitionstarted(self, event: Mapping[str, Any]) -> None:
        self._titles[event["source"], event["partition"]] = clean(event["title"] or event["partition"])
        if event["resumed"]:
            self._say_of(event, "going on where an earlier run stopped")

    def _progressed(self, event: Mapping[str, Any]) -> None:
        which = event["source"], event["partition"]
        before = self._progress.get(which, {}).get("read", 0)
        self._progress[which] = event
        if event["read"] // EVERY > before // EVERY:
            self._say_of(event, f"{count(event['read'], 'item')} so far")

    def _waiting(self, event: Mapping[str, Any]) -> None:
        self._say(event, waiting(event))

    def _partitionended(self, event: Mapping[str, Any]) -> None:
        if event["error"]:
            error = clean(event["error"]).removeprefix(f"{self._title(event)}: ")
            self._say_of(event, f"{event['result']}, {error}")
            return
        if event.get("unchanged"):
            self._say_of(event, "unchanged")
            return
        seen = self._progress.get((event["source"], event["partition"]), {"read": 0, "new": 0, "changed": 0})
        self._say_of(event, f"{count(seen['read'], 'item')}, {seen['new']:,} new, {seen['changed']:,} changed")


class Bars(View):
    """A bar per source, over its partitions."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.table import Column

        self._bars = Progress(
            TextColumn("{task.fields[source]}", style="bold", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.completed}/{task.fields[of]}", markup=False),
            TextColumn("{task.fields[items]:>16}", markup=False),
            TimeElapsedColumn(),
            TextColumn(
                "{task.fields[now]}", style="dim", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
            ),
            console=output.err(),
            expand=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._read: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def _task(self, source: str) -> TaskID:
        if source not in self._tasks:
            self._tasks[source] = self._bars.add_task(
                "", total=None, source=clean(source), items=count(0, "item"), of="?", now="connecting"
            )
        return self._tasks[source]

    def __call__(self, event: Mapping[str, Any]) -> None:
        task, kind = self._task(event["source"]), event["event"]
        if kind == "Started":
            # what was out of sight before it began is none of the parts to read
            self._bars.update(task, total=event["partitions"], of=event["partitions"], completed=0)
        elif kind == "PartitionStarted":
            again = " (going on)" if event["resumed"] else ""
            self._bars.update(task, now=clean(event["title"] or event["partition"]) + again)
        elif kind == "Progressed":
            self._read[event["source"], event["partition"]] = event["read"]
            total = sum(read for (source, _), read in self._read.items() if source == event["source"])
            self._bars.update(task, items=count(total, "item"))
        elif kind == "Waiting":
            self._bars.update(task, now=waiting(event))
        elif kind == "PartitionEnded":
            self._bars.advance(task)
            if event["error"]:
                source = clean(event["source"])
                output.say(f"{source}: {clean(event['error']).removeprefix(f'{source}: ')}", "yellow")
        elif kind == "Evaluating":
            self._bars.update(task, now=f"tying {count(event['items'], 'item')} to key results")
        elif kind == "Ended":
            self._finish(task, event["summary"]["result"])
        elif kind == "Refused":
            self._finish(task, event["result"])

    def _finish(self, task: TaskID, result: str) -> None:
        """Stop its clock; a bar without an end would go on moving for ever."""
        if self._bars.tasks[task].total is None:
            self._bars.update(task, total=1, of=0)
        self._bars.update(task, now=result)
        self._bars.stop_task(task)
