"""A run that the daemon wants, and what came of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.daemon.events import EVALUATION, RunOutcome
from hub.sync.events import EXIT_CODES

MODES = ("nightly", "delta", "full")
PARTLY = 5
_RESULTS = {2: "refused", 3: "locked"}
_CODES = {"refused": 2, "locked": 3}


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one source, or of the evaluation alone. ``requests`` are the inbox rows that it answers; ``whole``: the
    evaluation is needed whatever the mapping files say."""

    source: str
    mode: str
    reason: str
    due_at: int
    new_account: bool = False
    requests: tuple[int, ...] = ()
    whole: bool = False

    @property
    def reads(self) -> bool:
        """Whether it reads a source."""
        return self.source != EVALUATION


def evaluation(at: int, *, whole: bool = False) -> Job:
    """Calculate again with the mapping files as they are."""
    return Job(EVALUATION, "evaluate", "mapping", at, whole=whole)


def told(event: Mapping[str, Any]) -> RunOutcome | None:
    """The outcome that a child tells with this event, if it is of that kind."""
    match event.get("event"):
        case "Ended":
            summary = event["summary"]
            known = {name: summary.get(name) for name in ("run_id", "seq", "error", "hint")}
            counts, notes = summary.get("counts") or {}, tuple(summary.get("notes") or ())
            return RunOutcome(summary["result"], EXIT_CODES[summary["result"]], counts=counts, notes=notes, **known)
        case "Refused":
            return RunOutcome(event["result"], event["exit_code"], error=event.get("error"), hint=event.get("hint"))
        case "Evaluated":
            seq = event.get("seq")
            return RunOutcome("complete" if seq is not None else "partial", 0 if seq is not None else PARTLY, seq=seq)
    return None


def final(job: Job, said: RunOutcome | None, code: int, ended_by_us: str = "") -> RunOutcome:
    """What a child said, if it came to say it and its exit code agrees; else that it broke off. ``ended_by_us``: why."""
    if said is not None and said.code == code and not ended_by_us:
        return said
    run_id = said.run_id if said is not None else None
    hint = "Nothing to do: the next run goes on where this one stopped."
    if ended_by_us:
        return RunOutcome("failed", 1, -code if code < 0 else None, run_id, error=ended_by_us, hint=hint)
    if code < 0:
        return RunOutcome("failed", 1, -code, run_id, error=f"Its process was ended by signal {-code}.", hint=hint)
    if code == 0 and not job.reads:
        return RunOutcome("complete", 0)
    result = _RESULTS.get(code, "failed")
    return RunOutcome(result, _CODES.get(result, 1), None, run_id, error=f"Its process ended with code {code}.", hint=hint)


def combined(codes: Iterable[int]) -> int:
    """All the same: that one. Else partly done, whatever the mixture; 0 of nothing."""
    distinct = set(codes)
    return distinct.pop() if len(distinct) == 1 else PARTLY if distinct else 0
