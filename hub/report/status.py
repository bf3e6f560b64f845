"""How the hub itself is: when each source was read, what runs, and what waits for a person.

    store --Reader, read_status--> State of things --status(...)--> Status (cli: words; web: health and metrics)

What only files or the daemon know (mistakes in files, what is due next) is handed in; nothing here reads a file or a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from hub.config import Schedule
from hub.errors import AnchorlineError
from hub.report.values import RunRow
from hub.report.words import plural
from hub.store import Store, read_status
from hub.store.read import Reader, SourceRow
from hub.store.read import RunRow as Stored
from hub.store.read_status import OwnerRow

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
Kind = Literal["hold", "failed", "rights", "quarantine", "file", "secret", "unread", "stale", "daemon"]


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
    """The last complete run is older than its schedule allows"""


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


@dataclass(frozen=True, slots=True)
class Plan:
    """What the files say of one source: when it is read next, and how old (ms) its last complete run may be. ``limit`` None:
    nothing is promised, so nothing is stale."""

    kind: str
    next_at: int | None = None
    next_mode: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is handed in. ``plans``: every configured source, in the order of the file."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    problems: tuple[Waiting, ...] = ()
    """Mistakes in files, missing secrets"""


HOUR = 3_600_000
GRACE = 6 * HOUR
"""How much longer than the day before a night may take, as a weekly full pass does, before its source is stale."""


def promised(schedule: Schedule) -> int | None:
    """How old (ms) the last complete run of a source may become by its schedule; None where it has none."""
    if schedule.nightly is not None:
        return 24 * HOUR + GRACE
    return None if schedule.every is None else 3 * schedule.every * 1000 + HOUR


def status(store: Store, known: Known, now: int) -> Status:
    """How everything is at ``now``, in milliseconds."""
    reader = Reader(store)
    owners = {row.name: row for row in read_status.owners(store)}
    counts = read_status.counts(store)
    rows = {row.name: row for row in reader.sources()}
    sources = [
        _source(reader, name, known.plans.get(name), rows.get(name), owners, counts.get(name, {}), now)
        for name in dict.fromkeys((*known.plans, *rows))
    ]
    size = read_status.size(store)
    evaluation = reader.evaluation()
    daemon = daemon_of(owners.get(DAEMON))
    return Status(
        now_at=now,
        sources=tuple(sources),
        waiting=tuple(_waiting(reader, known, sources, daemon)),
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
    now: int,
) -> SourceStatus:
    runs = reader.runs(LATEST + 1, name)
    complete_at = row.complete_at if row else None
    owner = owners.get(f"source:{name}")
    under_way = next((run for run in runs[:1] if run.result is None and owner is not None and owner.alive), None)
    limit = plan.limit if plan else None
    return SourceStatus(
        name=name,
        kind=plan.kind if plan else row.kind if row else "",
        configured=plan is not None,
        complete_at=complete_at,
        running=_row(under_way) if under_way else None,
        runs=tuple(_row(run) for run in runs if run is not under_way)[:LATEST],
        counts=by_state(counts),
        next_at=plan.next_at if plan else None,
        next_mode=plan.next_mode if plan else None,
        stale=limit is not None and complete_at is not None and now - complete_at > limit,
    )


def _row(run: Stored) -> RunRow:
    """A run as people are shown it; one without a result whose process is gone was interrupted."""
    return RunRow(
        str(run.id), run.source, run.reason, run.mode, run.result or "running", run.started_at, run.finished_at, run.counts,
        run.error, run.hint,
    )  # fmt: skip


# ---- what waits for a person ----------------------------------------------------------------------------------------------


def _waiting(reader: Reader, known: Known, sources: Iterable[SourceStatus], daemon: DaemonStatus) -> Iterable[Waiting]:
    """What is most urgent first: decisions, then what stopped, then what is only incomplete."""
    for hold in reader.holds():
        if hold.decision is not None:
            continue  # decided; the next run applies it
        text = f"{hold.where}: {hold.text or plural(len(hold.ids), 'conclusion') + ' kept back'}"
        yield Waiting("hold", hold.source, text, "Look at it, then approve it if it is right.", f"anchorline approve {hold.id}",
                      hold.created_at)  # fmt: skip
    yield from known.problems
    for source in sources:
        if not source.configured:
            continue
        if not source.runs and source.running is None:
            yield _unread(source)
        elif source.running is None and source.runs[0].result in BAD:
            last = source.runs[0]
            if last.result != "held":
                yield Waiting(
                    "failed", source.name, _ended(last), last.hint or "", f"anchorline sync {source.name}", last.finished_at
                )
        if source.stale:
            yield Waiting(
                "stale", source.name, "the last complete run is older than the schedule allows",
                "Start the daemon with `anchorline serve`." if not daemon.running else "See the latest runs for why.",
                "anchorline runs " + source.name, source.complete_at,
            )  # fmt: skip
    yield from _noticed(reader)


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
    found: dict[str, list[str]] = {}
    for row in reader.quarantine():
        found.setdefault(row.source, []).append(row.reason)
    for source, reasons in sorted(found.items()):
        text = f"{plural(len(reasons), 'record')} could not be understood and count as last known: {reasons[0]}"
        yield Waiting("quarantine", source, text, "The next runs try again; mend them in the source if it stays.")


# ---- health ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures behind the metrics. Keys are names of sources, modes, results and states; never content."""

    items: Mapping[str, Mapping[str, int]]
    runs: Mapping[tuple[str, str, str], int]
    success: Mapping[tuple[str, str], tuple[int, int]]
    """(source, mode) -> end and duration (ms) of the latest complete run"""
    running: tuple[str, ...]
    holds: Mapping[str, int]
    key_results: Mapping[tuple[str, str], tuple[float | None, bool]]
    """(cycle, id) -> progress, and whether it is frozen at its last figure"""
    dirty: int
    outbox: int
    """Messages that were not sent yet"""
    database_bytes: int
    wal_bytes: int | None


class Health:
    """What health pages and metrics ask of the database. Every call looks anew."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ready(self) -> str | None:
        """Why the data cannot be used, as a word for a log; None when it can: a question is answered, the schema is ours."""
        try:
            found = read_status.schema(self._store)
        except AnchorlineError:
            return "database"
        return None if found == read_status.newest() else "schema"

    def completed(self) -> dict[str, int | None]:
        """End of the last complete run of every source that ever ran."""
        return {row.name: row.complete_at for row in Reader(self._store).sources()}

    def measured(self) -> Measured:
        """All figures, as of now."""
        reader, store = Reader(self._store), self._store
        holds: dict[str, int] = {}
        for hold in reader.holds():
            holds[hold.source] = holds.get(hold.source, 0) + len(hold.ids)
        size = read_status.size(store)
        return Measured(
            items={source: by_state(found) for source, found in read_status.counts(store).items()},
            runs=dict(read_status.run_counts(store)),
            success={key: (row[0], row[1]) for key, row in read_status.latest_success(store).items()},
            running=tuple(
                row.name.removeprefix("source:")
                for row in read_status.owners(store)
                if row.alive and row.name.startswith("source:")
            ),
            holds=holds,
            key_results={
                (node.cycle, node.id): (None if node.progress is None else float(node.progress), "frozen" in node.details)
                for node in (row.node for row in reader.latest_snapshots())
                if node.kind == "key_result"
            },
            outbox=read_status.outbox(store),
            dirty=reader.dirty_count(),
            database_bytes=size.database,
            wal_bytes=size.wal,
        )
