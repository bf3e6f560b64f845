"""How the hub itself is: when each source was read, what runs, and what waits for a person.

    store --Reader, read_status--> State of things --status(...)--> Status (cli: words; web: health and metrics)

What only files or the daemon know (mistakes in files, what is due next) is handed in; nothing here reads a file or a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from hub.config import Schedule
from hub.report import holds
from hub.report.values import RunRow
from hub.report.words import item_name, plural
from hub.store import Store, read_status
from hub.store.read import Reader, SourceRow
from hub.store.read import RunRow as Stored
from hub.store.read_status import Completed, OwnerRow
from hub.store.read_values import QuarantineRow

DAEMON = "daemon"
"""Name of the daemon's lock and owner row."""
LATEST = 5
"""Runs of a source that are shown."""
STATES = ("live", "archived", "deleted", "access_lost", "unobserved", "held", "quarantined")
"""What items are counted by. ``deleted`` are all that left: trashed, deleted, out of scope, merged."""
_STATE = {
    "present": "live",
    "archived": "archived",
    **dict.fromkeys(("trashed", "deleted", "out_of_scope", "merged"), "deleted"),
    "access_lost": "access_lost",
    "unobserved": "unobserved",
    "held": "held",
    "quarantined": "quarantined",
}
BAD = ("failed", "partial", "held", "running")
"""Results of a latest run that somebody should know of; ``running`` without a process broke off."""
Kind = Literal["hold", "approved", "failed", "rights", "quarantine", "file", "secret", "unread", "stale", "daemon"]
"""What waits; ``approved`` waits for the next run, everything else for a person."""
CHECK = "anchorline check --online"
"""Shows what the account sees; changes nothing"""
REFUSED = "refuses the credential"
"""What connectors say when a source does not know the account"""
STALE = "the last complete run that the schedule promises (a nightly one, if there are nights) is too old"
NAMED = 3
"""Records in quarantine that are named."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that a person must see to: one sentence, and the command or step that helps."""

    kind: Kind
    source: str | None
    text: str
    do: str = ""
    """What to do, a sentence"""
    command: str | None = None
    """What to type"""
    since: int | None = None


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source. ``configured`` is False for one that only the database knows any more."""

    name: str
    kind: str
    configured: bool
    complete_at: int | None
    """End of the last run that read everything"""
    running: RunRow | None
    """The run under way; None also where its process is gone without having said so"""
    runs: tuple[RunRow, ...]
    """The latest that ended, newest first"""
    counts: Mapping[str, int]
    """Items by state, all of ``STATES``"""
    next_at: int | None = None
    next_mode: str | None = None
    stale: bool = False
    """The last complete run, or the last complete nightly or full one, is older than its schedule allows"""
    judged_at: int | None = None
    """End of the last complete nightly or full run: only those notice what is gone"""


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """``running``: some process holds the daemon's lock at this moment. The rest is about the last one that did."""

    running: bool
    pid: int | None = None
    host: str | None = None
    since_at: int | None = None


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """Bytes; ``wal_bytes`` and ``free_bytes`` are None where they are the server's business."""

    where: str
    schema: str | None
    bytes: int
    wal_bytes: int | None
    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """All of it as of ``now_at``. ``evaluated_at`` is the instant that the present numbers stand for."""

    now_at: int
    sources: tuple[SourceStatus, ...]
    waiting: tuple[Waiting, ...]
    daemon: DaemonStatus
    database: DatabaseStatus
    evaluated_at: int | None = None
    unevaluated: int = 0
    """Items that changed since the numbers were calculated"""

    @property
    def waits(self) -> int:
        """How many things wait for a person: what is approved waits for a run only."""
        return sum(each.kind != "approved" for each in self.waiting)


class Promise(NamedTuple):
    """How old (ms) runs may become by a schedule: ``judged`` the last complete nightly or full one, ``read`` the last complete
    one of any mode. None: nothing is promised, so nothing is stale."""

    judged: int | None = None
    read: int | None = None

    @property
    def made(self) -> bool:
        """Whether anything is promised at all."""
        return self.judged is not None or self.read is not None

    def broken(self, done: Completed | None, now: int) -> bool:
        """Whether something that ran before is too old by now; a source never read completely is another matter."""
        if done is None or done.read is None:
            return False
        judged = done.first if done.judged is None else done.judged  # before the first night its time counts from the beginning
        return _older(judged, self.judged, now) or _older(done.read, self.read, now)


NOTHING = Promise()


def _older(at: int, limit: int | None, now: int) -> bool:
    return limit is not None and now - at > limit


@dataclass(frozen=True, slots=True)
class Plan:
    """What the files say of one source: when it is read next, and how old its runs may be. ``after_at`` is what comes after a
    run that is due now, which may be the one under way."""

    kind: str
    next_at: int | None = None
    next_mode: str | None = None
    promise: Promise = NOTHING
    after_at: int | None = None
    after_mode: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is handed in. ``plans``: every configured source, in the order of the file."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    problems: tuple[Waiting, ...] = ()
    """Mistakes in files, missing secrets"""


HOUR = 3_600_000
GRACE = 6 * HOUR
"""How much longer than the day before a night may take, as a weekly full pass does, before its source is stale."""


def promised(schedule: Schedule) -> Promise:
    """How old the runs of a source may become by its schedule. Nights do not count as deltas do: deltas notice nothing that is
    gone, and may go on for as long as every night fails. Deltas wait while a night's run takes its time."""
    night = None if schedule.nightly is None else 24 * HOUR + GRACE
    every = None if schedule.every is None else 3 * schedule.every * 1000 + (HOUR if night is None else GRACE)
    return Promise(night, every)


def status(store: Store, known: Known, now: int) -> Status:
    """How everything is at ``now``, in milliseconds."""
    reader = Reader(store)
    owners = {row.name: row for row in read_status.owners(store)}
    counts = read_status.counts(store)
    done = read_status.completed(store)
    rows = {row.name: row for row in reader.sources()}
    sources = [
        _source(reader, name, known.plans.get(name), rows.get(name), owners, counts.get(name, {}), done.get(name), now)
        for name in dict.fromkeys((*known.plans, *rows))
    ]
    size = read_status.size(store)
    evaluation = reader.evaluation()
    daemon = daemon_of(owners.get(DAEMON))
    return Status(
        now_at=now,
        sources=tuple(sources),
        waiting=tuple(_waiting(store, known, sources, daemon)),
        daemon=daemon,
        database=DatabaseStatus(store.url_for_people, read_status.schema(store), size.database, size.wal, size.free),
        evaluated_at=evaluation.as_of if evaluation else None,
        unevaluated=reader.dirty_count(),
    )


def empty(known: Known, where: str, now: int) -> Status:
    """The same before there is a database."""
    sources = tuple(
        SourceStatus(name, plan.kind, True, None, None, (), dict.fromkeys(STATES, 0), plan.next_at, plan.next_mode)
        for name, plan in known.plans.items()
    )
    waiting = (*known.problems, *map(_unread, sources))
    return Status(now, sources, waiting, DaemonStatus(False), DatabaseStatus(where, None, 0, None, None))


def daemon_of(row: OwnerRow | None) -> DaemonStatus:
    """What the owner's row and its lock say."""
    return DaemonStatus(False) if row is None else DaemonStatus(row.alive, row.pid, row.host, row.since)


def by_state(presences: Mapping[str, int]) -> dict[str, int]:
    """Counts by presence as counts by state, every state present."""
    found = dict.fromkeys(STATES, 0)
    for presence, number in presences.items():
        found[_STATE.get(presence, "unobserved")] += number
    return found


def _source(
    reader: Reader,
    name: str,
    plan: Plan | None,
    row: SourceRow | None,
    owners: Mapping[str, OwnerRow],
    counts: Mapping[str, int],
    done: Completed | None,
    now: int,
) -> SourceStatus:
    runs = reader.runs(LATEST + 1, name)
    configured = plan is not None
    complete_at = row.complete_at if row else None
    owner = owners.get(f"source:{name}")
    under_way = next((run for run in runs[:1] if run.result is None and owner is not None and owner.alive), None)
    plan = plan or Plan(row.kind if row else "")
    following = plan.next_at, plan.next_mode
    if under_way is not None and plan.next_at is not None and plan.next_at <= now:
        following = plan.after_at, plan.after_mode  # what is due is what runs
    return SourceStatus(
        name=name,
        kind=plan.kind,
        configured=configured,
        complete_at=complete_at,
        running=_row(under_way) if under_way else None,
        runs=tuple(_row(run) for run in runs if run is not under_way)[:LATEST],
        counts=by_state(counts),
        next_at=following[0],
        next_mode=following[1],
        stale=plan.promise.broken(done, now),
        judged_at=done.judged if done else None,
    )


def _row(run: Stored) -> RunRow:
    """A run as people are shown it; one without a result whose process is gone was interrupted."""
    return RunRow(
        str(run.id), run.source, run.reason, run.mode, run.result or "running", run.started_at, run.finished_at, run.counts,
        run.error, run.hint,
    )  # fmt: skip


# ---- what waits for a person ----------------------------------------------------------------------------------------------


def _waiting(store: Store, known: Known, sources: Iterable[SourceStatus], daemon: DaemonStatus) -> Iterable[Waiting]:
    """What is most urgent first: decisions, then what stopped, then what is only incomplete."""
    reader = Reader(store)
    held = holds.holds(store)
    yield from (_held(hold) for hold in held if not hold.approved)
    for problem in known.problems:
        if problem.kind != "secret" or not daemon.running:  # the daemon has an environment of its own
            yield problem
    for source in sources:
        if source.configured:
            yield from _troubles(source, daemon)
    yield from _noticed(reader)
    yield from (_held(hold) for hold in held if hold.approved)


def _held(hold: holds.Held) -> Waiting:
    text = f"{hold.where}: {hold.text or plural(hold.items, 'conclusion') + ' kept back'}"
    if hold.approved:
        return Waiting("approved", hold.source, text, "Approved; the next run applies it.", hold.command, hold.since_at)
    do = f"Look at it, and if it is right, approve it: `anchorline approve {hold.id}`."
    return Waiting("hold", hold.source, text, do, "anchorline held", hold.since_at)


def _troubles(source: SourceStatus, daemon: DaemonStatus) -> Iterable[Waiting]:
    """What is wrong with one source. How its newest run ended stands until another one ends, whatever runs meanwhile."""
    if not source.runs and source.running is None:
        yield _unread(source)
    elif source.runs and source.runs[0].result in BAD and source.runs[0].result != "held":
        last = source.runs[0]
        command = CHECK if REFUSED in (last.error or "") else f"anchorline sync {source.name}"
        yield Waiting("failed", source.name, _ended(last), last.hint or "", command, last.finished_at)
    if source.stale:
        do = "See the latest runs for why." if daemon.running else "Start the daemon with `anchorline serve`."
        yield Waiting("stale", source.name, STALE, do, f"anchorline runs {source.name}", source.judged_at or source.complete_at)
    if lost := source.counts["access_lost"]:
        text = f"the account no longer sees {plural(lost, 'item')}, which {'counts' if lost == 1 else 'count'} as last seen"
        yield Waiting("rights", source.name, text, "Look at what it sees, and give it its right back.", CHECK)


def _unread(source: SourceStatus) -> Waiting:
    text = "nothing has been read from it yet"
    return Waiting("unread", source.name, text, "Read it for the first time.", f"anchorline sync {source.name}")


def _ended(run: RunRow) -> str:
    if run.result == "running":
        return "the last run broke off before its end"
    return f"the last run {'failed' if run.result == 'failed' else 'was partial'}: {run.error or 'it did not say why'}"


def _noticed(reader: Reader) -> Iterable[Waiting]:
    for notice in reader.notices():
        if notice.kind == "run":
            yield Waiting("rights", notice.source, notice.text)
    found: dict[str, list[QuarantineRow]] = {}
    for row in reader.quarantine():
        found.setdefault(row.source, []).append(row)
    for source, rows in sorted(found.items()):
        text = (
            f"{plural(len(rows), 'record')} could not be understood and {'counts' if len(rows) == 1 else 'count'} as last known"
        )
        yield Waiting(
            "quarantine",
            source,
            f"{text}: {_records(reader, rows)}",
            "The next runs try again; mend them in the source if it stays.",
        )


def _records(reader: Reader, rows: list[QuarantineRow]) -> str:
    """The first records, each with its reason; by the key of what is stored, where there is something."""
    ids = [(row.source, row.id) for row in rows[:NAMED] if row.id is not None]
    names = {item.id: item_name(item) for item in reader.items(ids=ids)} if ids else {}
    said = []
    for row in rows[:NAMED]:
        name, id_ = names.get(row.id or ""), row.id or "one without an id"
        said.append(f"{f'{name} (id {id_})' if name and name != id_ else id_}: {row.reason.rstrip('.')}")
    more = len(rows) - NAMED
    return "; ".join(said) + (f"; and {more:,} more" if more > 0 else "")
