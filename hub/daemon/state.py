"""What the daemon is doing right now, as one frozen value that any thread may read.

    board = Board(now)             # the daemon's thread replaces the value
    board.state                    # any thread: one look, never half changed

Instants are milliseconds UTC. This module imports nothing of the hub.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Role = Literal["starting", "standby", "owner", "lost", "stopping"]


@dataclass(frozen=True, slots=True)
class Running:
    """A child process at work. ``run_id``, ``partitions``, ``ended`` (partitions) and ``read`` (items) as it told of them."""

    mode: str
    reason: str
    since: int
    pid: int
    run_id: int | None = None
    partitions: int | None = None
    ended: int = 0
    read: int = 0
    waiting: str | None = None
    """Why it is waiting for the vendor at the moment, in the connector's words"""


@dataclass(frozen=True, slots=True)
class Last:
    """How this daemon's latest run of a source ended."""

    mode: str
    reason: str
    result: str
    code: int
    started_at: int
    ended_at: int
    run_id: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next for a source, when, and in which mode; ``at`` may be past: then it waits for a free place."""

    at: int
    mode: str


@dataclass(frozen=True, slots=True)
class SourceState:
    """``missed`` nightly runs since this daemon began."""

    running: Running | None = None
    last: Last | None = None
    next: Next | None = None
    missed: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """``owner`` is who the daemon is where that is another process. ``ticked`` is ``time.monotonic()`` of the latest turn of the
    loop: ``age()`` says whether it lives. ``sources`` holds every source of the configuration in force, and what still runs of
    one that was taken out. ``*_problems`` are sentences about a broken file in place of which the last good one is in force."""

    started_at: int
    pid: int
    ticked: float
    role: Role = "starting"
    owner: str | None = None
    epoch: int | None = None
    sources: Mapping[str, SourceState] = field(default_factory=dict)
    evaluating: Running | None = None
    config_hash: str | None = None
    config_problems: tuple[str, ...] = ()
    mapping_problems: tuple[str, ...] = ()
    trouble: str | None = None
    """Why the daemon cannot do its own part at the moment, as the database being out of reach"""
    parallel: int = 0
    inbox: int = 0
    """Requests that wait for a run"""

    def age(self) -> float:
        """Seconds since the loop's latest turn; it turns at least every 5 s."""
        return max(0.0, time.monotonic() - self.ticked)


class Board:
    """Holds the state. Replacing one reference is atomic, so readers need no lock; only the daemon's thread changes it."""

    def __init__(self, started_at: int, pid: int) -> None:
        self.state = State(started_at=started_at, pid=pid, ticked=time.monotonic())

    def change(self, **fields: Any) -> None:
        """Put a state with other values of these fields in place."""
        self.state = replace(self.state, **fields)

    def source(self, name: str, **fields: Any) -> None:
        """The same for one source."""
        known = self.state.sources.get(name, SourceState())
        self.change(sources={**self.state.sources, name: replace(known, **fields)})
