"""What the daemon tells whoever listens: frozen values without any text for people.

A listener is called on the daemon's own thread, one event after the other, and should be quick; what it raises is logged and
stops nothing. ``at`` is wall-clock time in milliseconds UTC everywhere. This module imports nothing of the hub, so that every
room may use its values through ``name_of`` and ``as_dict`` without importing the daemon.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)

EVALUATION = ""
"""In place of a source's name: the run of ``anchorline evaluate`` that follows a changed mapping."""


@dataclass(frozen=True, slots=True)
class TookOver:
    """This process is the daemon of its database now. ``former`` is the process it waited for, None when there was none."""

    at: int
    epoch: int
    former: str | None


@dataclass(frozen=True, slots=True)
class Standby:
    """Another process is the daemon; this one waits for its end. Told once for each other owner."""

    at: int
    owner: str


@dataclass(frozen=True, slots=True)
class LostOwnership:
    """Another process took over; this one begins no run any more and ends with exit code 3."""

    at: int
    owner: str | None


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A child process began. ``source`` is ``EVALUATION`` for an evaluation alone. ``mode``: nightly, delta, full or evaluate;
    ``reason``: schedule, retry, command (somebody asked by the inbox) or mapping (its files changed). ``due_at`` is when it
    should have begun."""

    at: int
    source: str
    mode: str
    reason: str
    pid: int
    due_at: int


@dataclass(frozen=True, slots=True)
class RunEvent:
    """What a child tells of its run, as in ``hub.sync.events``: ``{"event": "Progressed", "source": ..., "read": 100, ...}``."""

    at: int
    source: str
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunLine:
    """A line that a child wrote to its standard error, without its end."""

    at: int
    source: str
    line: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A child ended. ``outcome`` is that of ``RunOutcome``; ``duration`` in milliseconds, by a clock that never jumps."""

    at: int
    source: str
    mode: str
    reason: str
    outcome: RunOutcome
    duration: int


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """``result``: complete, partial, held, failed, locked (another process reads the source) or refused (nothing was tried).

    ``signal`` is set when the child was killed, ``code`` its exit code otherwise (0 complete, 1 failed, 2 refused, 3 locked,
    4 held, 5 partial). ``run_id`` is None where no run began. ``counts`` are those of the run's summary."""

    result: str
    code: int
    signal: int | None = None
    run_id: int | None = None
    seq: int | None = None
    counts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    error: str | None = None
    hint: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Missed:
    """Nightly runs that passed while this machine was off or asleep, and are not made up for. Each is told once."""

    at: int
    source: str
    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something was due while the same source is still being read; it is not begun a second time."""

    at: int
    source: str
    mode: str


@dataclass(frozen=True, slots=True)
class Reloaded:
    """``what`` (config or mapping) changed and is good; ``hash`` of its text."""

    at: int
    what: str
    hash: str


@dataclass(frozen=True, slots=True)
class ReloadFailed:
    """``what`` (config or mapping) has mistakes; the last good one stays in force. Told once for each change.

    ``problems`` are sentences with their place."""

    at: int
    what: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClockJumped:
    """The wall clock moved by ``seconds`` against one that never jumps; negative is back."""

    at: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Troubled:
    """The daemon could not do its own part of the work (as the database being out of reach) and tries again. Told once for each
    sentence in a row."""

    at: int
    error: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """The daemon is leaving: nothing begins any more, children are asked to end. ``why``: SIGTERM, SIGINT, once or lost."""

    at: int
    why: str


Event = (
    TookOver | Standby | LostOwnership | RunStarted | RunEvent | RunLine | RunEnded | Missed | Skipped | Reloaded | ReloadFailed
    | ClockJumped | Troubled | Stopping
)  # fmt: skip
Listener = Callable[[Event], None]


def name_of(event: Event) -> str:
    """The event's stable name: ``RunStarted`` and so on."""
    return type(event).__name__


def as_dict(event: Event) -> dict[str, Any]:
    """The event's fields, and its name under ``event`` (a ``RunEvent``'s own stands under ``told``)."""
    fields = {f.name: getattr(event, f.name) for f in dataclasses.fields(event)}
    if isinstance(event, RunEvent):
        fields["told"] = fields.pop("event")
    if isinstance(event, RunEnded):
        fields["outcome"] = dataclasses.asdict(event.outcome)
    return {"event": name_of(event), **fields}


def listeners(*all_: Listener) -> Listener:
    """Several listeners as one, or none; a fault of one is logged and does not keep the others from hearing."""

    def tell(event: Event) -> None:
        for each in all_:
            try:
                each(event)
            except Exception:
                log.exception("a listener failed on %s", name_of(event))

    return tell
