"""How the run of one source ended, seen from outside, and what a command makes of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.errors import AnchorlineError

if TYPE_CHECKING:
    from hub.sync import RunSummary

PARTLY = 5
_RESULTS = {2: "refused", 3: "locked"}
ENDED, REFUSED = "Ended", "Refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``result`` is the run's, or locked (another process reads this source), or refused (nothing was tried)."""

    source: str
    result: str
    exit_code: int
    run_id: int | None = None
    seq: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None
    hint: str | None = None
    notes: tuple[str, ...] = ()
    """What did not fail the run but must be known"""


def of_summary(summary: RunSummary) -> Outcome:
    """A run that came to its end."""
    return Outcome(
        summary.source,
        summary.result,
        summary.exit_code,
        summary.run_id,
        summary.seq,
        dict(summary.counts),
        summary.error,
        summary.hint,
        summary.notes,
    )


def of_error(source: str, error: AnchorlineError) -> Outcome:
    """A run that did not begin, or that the hub's own side ended."""
    from hub.cli.failures import in_words

    message, hint = in_words(error)
    return Outcome(source, _RESULTS.get(error.code, "failed"), error.code, error=message, hint=hint or None)


def of_event(event: Mapping[str, Any]) -> Outcome | None:
    """The outcome that a child's event tells, if it is of that kind."""
    if event.get("event") == ENDED:
        summary = event["summary"]
        from hub.sync.events import EXIT_CODES

        told = {name: summary[name] for name in ("run_id", "seq", "counts", "error", "hint")}
        notes = tuple(summary.get("notes", ()))
        return Outcome(event["source"], summary["result"], EXIT_CODES[summary["result"]], **told, notes=notes)
    if event.get("event") == REFUSED:
        return Outcome(event["source"], event["result"], event["exit_code"], error=event["error"], hint=event["hint"])
    return None


def combined(codes: Iterable[int]) -> int:
    """All the same: that one. Else partly done, whatever the mixture."""
    distinct = set(codes)
    return distinct.pop() if len(distinct) == 1 else PARTLY if distinct else 0
