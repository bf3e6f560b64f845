"""A run's events as lines. Which events there are is ``hub.sync``'s business; here they are known by name only, as values or as
the dictionaries that a child process sends."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from hub.log.lines import get

LINES: Mapping[str, tuple[str, str]] = {
    "Started": ("run_started", "info"),
    "PartitionStarted": ("partition_started", "debug"),
    "Progressed": ("page_stored", "debug"),
    "PartitionEnded": ("partition_ended", "info"),
    "Evaluating": ("evaluating", "debug"),
    "Refused": ("run_refused", "error"),
}
"""Event of a run -> (event of the line, level). A pause has a line by itself, ``waiting``; the summary is ``run_ended``."""
_BAD = ("failed", "held", "partial")
_CONTENT = ("title",)
"""What came from the vendor's side: in lines of level DEBUG only."""


class RunLines:
    """A listener of one run. ``page`` counts the pages of a partition in this run; ``duration_ms`` is since the partition's
    event before, of a run since its start."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._began = monotonic()
        self._before: dict[str, float] = {}
        self._pages: Counter[str] = Counter()

    def __call__(self, event: Any) -> None:
        """Write the line of one event, if it has one. Exactly one line of a run is its summary."""
        name, fields = _read(event)
        log = get("hub.sync")
        if name == "Ended":
            summary = dict(fields.get("summary") or {})
            summary["duration_ms"] = _millis(self._monotonic() - self._began)
            getattr(log, "warning" if summary.get("result") in _BAD else "info")("run_ended", **_flat(summary))
        elif name in LINES:
            line, level = LINES[name]
            unwanted = () if level == "debug" else _CONTENT
            kept = {key: value for key, value in fields.items() if value is not None and key not in unwanted}
            getattr(log, level)(line, **kept, **self._timed(name, str(fields.get("partition", ""))))

    def _timed(self, name: str, partition: str) -> dict[str, int]:
        if not partition:
            return {}
        now = self._monotonic()
        before = self._before.get(partition)
        self._before[partition] = now
        if before is None or name == "PartitionStarted":
            return {}
        if name == "Progressed":
            self._pages[partition] += 1
            return {"page": self._pages[partition], "duration_ms": _millis(now - before)}
        return {"pages": self._pages[partition]}


def _millis(seconds: float) -> int:
    return round(seconds * 1000)


def _read(event: Any) -> tuple[str, dict[str, Any]]:
    if dataclasses.is_dataclass(event) and not isinstance(event, type):
        return type(event).__name__, dataclasses.asdict(event)
    fields = dict(event)
    return str(fields.pop("event", "")), fields


def _flat(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The counts of the run beside its result, so that a search for ``changed`` finds them."""
    counts = summary.get("counts") or {}
    rest = {name: value for name, value in summary.items() if name != "counts" and value not in (None, (), [])}
    return {**rest, **{name: value for name, value in counts.items() if name not in rest}}
