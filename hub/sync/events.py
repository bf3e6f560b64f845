"""What a run tells whoever watches it: frozen values without any text for people, which is the command line's business."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Result = Literal["complete", "partial", "held", "failed"]
EXIT_CODES: dict[str, int] = {"complete": 0, "failed": 1, "held": 4, "partial": 5}


@dataclass(frozen=True, slots=True)
class Started:
    """A run began; ``partitions`` are to be read."""

    source: str
    run_id: int
    partitions: int


@dataclass(frozen=True, slots=True)
class PartitionStarted:
    """``resumed``: an unfinished pass of an earlier run goes on where it stopped."""

    source: str
    partition: str
    title: str
    resumed: bool


@dataclass(frozen=True, slots=True)
class Progressed:
    """Counts of the partition so far in this run."""

    source: str
    partition: str
    read: int
    new: int
    changed: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The vendor could not answer; it is asked again after ``seconds``."""

    source: str
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PartitionEnded:
    """``unchanged``: it was proven to be what it was, and not read; None where it was read."""

    source: str
    partition: str
    result: Result
    error: str | None = None
    unchanged: bool | None = None


@dataclass(frozen=True, slots=True)
class Evaluating:
    """Links and progress are calculated; ``items`` so far."""

    source: str
    items: int


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How a run ended. ``seq`` is that of the evaluation that followed, None if there was none."""

    source: str
    run_id: int
    result: Result
    counts: Mapping[str, int] = field(default_factory=dict)
    """read, new, changed, unchanged, older, rejected, unaccounted, partitions (of these ``same`` were left unread as unchanged),
    requests, retries; of values ``values`` (read), values_new, values_changed, values_gone"""
    error: str | None = None
    hint: str | None = None
    seq: int | None = None
    notes: tuple[str, ...] = ()
    """What did not fail the run but must be known: further errors, missing rights, warnings of the connector"""

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.result]


@dataclass(frozen=True, slots=True)
class Ended:
    source: str
    summary: RunSummary


Event = Started | PartitionStarted | Progressed | Waiting | PartitionEnded | Evaluating | Ended
Listener = Callable[[Event], None]


def nobody(event: Event) -> None:
    """A listener that does not listen."""
