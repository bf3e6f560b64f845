"""What should run now: schedules and requests against what the database knows of earlier runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from hub.config import Config
from hub.daemon.events import RunOutcome
from hub.daemon.jobs import Job, evaluation
from hub.daemon.requests import wanted
from hub.daemon.state import Next
from hub.scheduler import HORIZON, Latest, Starts, Verdict, judge
from hub.store import Store, inbox
from hub.store.locks import holder
from hub.store.read import Reader, RunStart, StartsRow

REREAD = 5.0
"""Seconds for which the beginnings of runs are taken as read; whatever this daemon runs itself is known at once."""
WHILE_LOCKED = 60.0
"""Seconds until a source that another process reads is tried again."""
WHILE_ASKED = 5.0
"""The same where somebody waits for it."""
WHILE_REFUSED = 3600.0
"""Seconds until a source is tried again whose run could not even begin, as without its secret, or was killed; less once the
config changes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``begin`` is what should run now, the most urgent first; ``overlapping`` what became due while its source is being read.
    ``following`` is what comes next; ``missed`` nights that were not told before; ``refused`` answers to requests without sense.
    ``waiting`` counts requests."""

    begin: list[Job] = field(default_factory=list)
    overlapping: list[Job] = field(default_factory=list)
    following: dict[str, Next | None] = field(default_factory=dict)
    missed: dict[str, tuple[int, ...]] = field(default_factory=dict)
    refused: dict[int, RunOutcome] = field(default_factory=dict)
    waiting: int = 0


class Planner:
    """Reads the database and says what should run. What it remembers itself (until when a source is left alone, what was told)
    is a help only: a new one comes to the same decisions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader = Reader(store)
        self._starts: dict[str, Starts] = {}
        self._read_at: float | None = None
        self._not_before: dict[str, float] = {}
        self._told: dict[str, int] = {}

    def forget(self) -> None:
        """The configuration changed: what could not begin may be able to now."""
        self._not_before.clear()
        self._read_at = None

    def ended(self, job: Job, outcome: RunOutcome, monotonic: float, *, broke_off: bool) -> None:
        """A run ended. One that left no trace in the database must not be begun again at once, nor one that was killed while this
        daemon lives: it may have been too large, or have hung."""
        self._read_at = None
        if outcome.result == "locked":
            self._not_before[job.source] = monotonic + (WHILE_ASKED if job.requests else WHILE_LOCKED)
        elif outcome.run_id is None or broke_off:
            self._not_before[job.source] = monotonic + WHILE_REFUSED

    def plan(self, config: Config, running: Mapping[str, int], answered: Collection[int], now: int, monotonic: float) -> Plan:
        """``running``: sources that are being read, and since when. ``answered``: requests that are done already."""
        if self._read_at is None or not 0 <= monotonic - self._read_at < REREAD:
            self._starts = self._read(now)
            self._read_at = monotonic
        rows = [row for row in inbox.waiting(self._store, inbox.SYNC) if row.id not in answered]
        asked, refused = wanted(rows, config.sources)
        plan = Plan(refused=refused, waiting=len(rows))
        for job in asked:
            if job.source not in running and self._free(job.source, monotonic, asked=True):
                plan.begin.append(job)
        taken = {job.source for job in plan.begin}
        scheduled = []
        for name, source in config.sources.items():
            starts = self._starts.get(name)
            if starts is not None and name in running:
                starts = starts._replace(judged=None)  # how it ends is not known yet
            verdict = judge(name, source.schedule, config.daemon, starts, now)
            plan.following[name] = _following(verdict)
            if news := self._news(name, verdict):
                plan.missed[name] = news
            if verdict.due is None or name in taken or not self._free(name, monotonic):
                continue
            job = Job(name, verdict.due.mode, verdict.due.reason, verdict.due.at)
            if name not in running:
                scheduled.append(job)
            elif name in self._starts and job.due_at > running[name]:  # else it is what runs, whose beginning is not written yet
                plan.overlapping.append(job)
        plan.begin.extend(sorted(scheduled, key=lambda job: job.due_at))
        return plan

    def _read(self, now: int) -> dict[str, Starts]:
        """What is stored of earlier runs. One without an end whose source somebody holds did not die but is under way, as in a
        terminal: how it ends is not known yet."""
        found = self._stored(now)
        unended = [name for name, starts in found.items() if _unended(starts)]
        if not unended:
            return found
        held = {name for name in unended if holder(self._store, f"source:{name}") is not None}
        found = self._stored(now)  # one that ended in between has its result by now
        return {name: each._replace(judged=None) if name in held and _unended(each) else each for name, each in found.items()}

    def _stored(self, now: int) -> dict[str, Starts]:
        return {name: _starts(row) for name, row in self._reader.last_starts(now + HORIZON).items()}

    def calculated(self) -> str | None:
        """The hash of the mapping files behind the present numbers; None where there are none yet."""
        found = self._reader.evaluation()
        return None if found is None else found.mapping_hash

    def evaluation(self, mapping_hash: str | None, now: int, *, whole: bool = False) -> Job | None:
        """The evaluation that good mapping files of this hash need, if they need one; ``whole``: whatever they say, because the
        sources' own settings changed."""
        shown = self.calculated() if mapping_hash is not None else None
        return evaluation(now, whole=whole) if shown is not None and (whole or shown != mapping_hash) else None

    def _free(self, name: str, monotonic: float, asked: bool = False) -> bool:
        """Whether a source may be tried. Somebody who asks is answered at once, whatever was wrong the last time."""
        until = self._not_before.get(name)
        if until is None or monotonic >= until:
            self._not_before.pop(name, None)
            return True
        return asked and until - monotonic > WHILE_LOCKED

    def _news(self, name: str, verdict: Verdict) -> tuple[int, ...]:
        known = self._told.get(name)
        found = tuple(slot for slot in verdict.missed if known is None or slot > known)
        if found:
            self._told[name] = found[-1]
        return found


def _following(verdict: Verdict) -> Next | None:
    chosen = verdict.due or verdict.next
    return None if chosen is None else Next(chosen.at, chosen.mode)


def _unended(starts: Starts) -> bool:
    return starts.judged is not None and starts.judged.result is None


def _starts(row: StartsRow) -> Starts:
    return Starts(
        row.first, row.nightly, row.full, _latest(row.latest), None if row.judged is None else _latest(row.judged)
    )  # fmt: skip


def _latest(run: RunStart) -> Latest:
    return Latest(run.mode, run.reason, run.started_at, run.finished_at, run.result, run.interrupted)
