"""What is due for a source at an instant. Pure: the same values always give the same answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from hub.config import DaemonSettings, Schedule
from hub.scheduler.days import SECOND, fires, local_day

HORIZON = 24 * 3600 * SECOND
"""How far in the future a stored beginning may lie and still count: the clock was moved back. What lies further was written by a
clock that was wrong by days, and would keep a source from being read for as long."""
RETRY = 3600 * SECOND
"""How long after its end a failed nightly run is tried again, once; and the longest pause before one that was cut short is."""
LEAST = 60 * SECOND
"""How late a night's run may begin though nothing is made up for (``catch_up`` of 0): no daemon looks at its very instant."""
LOOK_BACK = 400
"""Days after which missed nights are no longer counted one by one."""


class Latest(NamedTuple):
    """A run as the database knows it; ``result`` is None when its process died, ``interrupted`` when it was asked to end."""

    mode: str
    reason: str
    started_at: int
    finished_at: int | None
    result: str | None
    interrupted: bool = False


class Starts(NamedTuple):
    """When a source was read, by its stored runs; instants in milliseconds UTC.

    ``first`` is the first beginning of all; ``nightly`` the latest of a nightly or full run and ``full`` the latest of a full
    one, leaving out what lies more than ``HORIZON`` ahead. ``latest`` and ``judged`` are the newest run, and the newest nightly
    or full one, in the order in which they were written.
    """

    first: int
    nightly: int | None
    full: int | None
    latest: Latest
    judged: Latest | None


class Due(NamedTuple):
    """A run that should begin: ``at`` is when it should have."""

    mode: str
    reason: str
    at: int


class Verdict(NamedTuple):
    """``due`` now, if anything; ``missed`` nights that are not made up for, the oldest first; ``next`` is what comes after,
    None where nothing ever does."""

    due: Due | None
    missed: tuple[int, ...]
    next: Due | None


def judge(name: str, schedule: Schedule, daemon: DaemonSettings, starts: Starts | None, now: int) -> Verdict:
    """What a source needs at ``now``. ``starts`` is None where it was never read, which is due at once.

    A night's run is due from its instant on until a nightly or full run began at or after it, however that began and ended. Of
    several nights without a run only the last is made up for, within ``daemon.catch_up``. The weekly full pass takes the place
    of the night's run on its day, or of the next one that is run. A failed one is tried again once, after ``RETRY``; one that was
    cut short, as by a restart, at once. A repetition, or a run begun by hand, that was cut short is tried again after a pause, up
    to ``daemon.catch_up`` after its night: as long as it began after that, at most ``RETRY``, so that a run which ends its own
    process each time is begun ever more rarely. Deltas are due ``schedule.every`` after the newest run began.
    """
    if starts is None:
        return Verdict(Due("nightly", "schedule", now), (), _next(name, schedule, daemon, None, now))
    slot, missed = _night(name, schedule, daemon, starts, now)
    due = slot or _retry(name, schedule, daemon, starts, now) or _delta(schedule, starts, now)
    return Verdict(due, missed, _next(name, schedule, daemon, starts, now))


# ---- nights -----------------------------------------------------------------------------------------------------------------


def _night(name: str, schedule: Schedule, daemon: DaemonSettings, starts: Starts, now: int) -> tuple[Due | None, tuple[int, ...]]:
    since = starts.nightly if starts.nightly is not None else starts.first
    open_slots = list(_slots(name, schedule, daemon, since, now))
    if not open_slots:
        return None, ()
    (day, at), *former = open_slots
    missed = [instant for _, instant in reversed(former)]
    if now - at > max(daemon.catch_up * SECOND, LEAST):
        return None, (*missed, at)
    return Due(_mode(name, schedule, daemon, starts, day), "schedule", at), tuple(missed)


def _slots(name: str, schedule: Schedule, daemon: DaemonSettings, since: int, now: int) -> Iterator[tuple[date, int]]:
    """(day, instant) of the nights after ``since`` up to ``now``, the latest first."""
    if schedule.nightly is None:
        return
    today = local_day(now, daemon.timezone)
    for back in range(LOOK_BACK):
        day = today - timedelta(days=back)
        at = fires(name, day, schedule.nightly, daemon.timezone, daemon.jitter)
        if at <= since:
            return
        if at <= now:
            yield day, at


def _mode(name: str, schedule: Schedule, daemon: DaemonSettings, starts: Starts | None, day: date) -> str:
    """Full on its day of the week, and on the first night after one on which it was missed."""
    if schedule.full is None or schedule.nightly is None or starts is None:
        return "nightly"
    chosen = day - timedelta(days=(day.weekday() - schedule.full) % 7)
    at = fires(name, chosen, schedule.nightly, daemon.timezone, daemon.jitter)
    done = starts.first if starts.full is None else starts.full  # the first of all reads everything, too
    return "full" if done < at else "nightly"


# ---- between nights ---------------------------------------------------------------------------------------------------------


def _retry(name: str, schedule: Schedule, daemon: DaemonSettings, starts: Starts, now: int) -> Due | None:
    found = _again(name, schedule, daemon, starts)
    return None if found is None or not found.due.at <= now <= found.until else found.due


class _Again(NamedTuple):
    """A run is to be repeated, not later than ``until``."""

    due: Due
    until: int


def _again(name: str, schedule: Schedule, daemon: DaemonSettings, starts: Starts) -> _Again | None:
    run = starts.judged
    if run is None or run.result not in ("failed", None):
        return None
    ended, catch_up = run.finished_at or run.started_at, daemon.catch_up * SECOND
    cut_short = run.result is None or run.interrupted
    if run.reason == "schedule":
        at = ended + (0 if cut_short else RETRY)
        return _Again(Due(run.mode, "retry", at), at + catch_up)
    night = _night_of(name, schedule, daemon, starts, run) if cut_short else None
    if night is None:
        return None
    return _Again(Due(run.mode, "retry", ended + min(run.started_at - night, RETRY)), night + catch_up)


def _night_of(name: str, schedule: Schedule, daemon: DaemonSettings, starts: Starts, run: Latest) -> int | None:
    """The latest instant, up to its beginning, at which a run or the source's very first one was due."""
    found = [starts.first]
    if schedule.nightly is not None:
        day = local_day(run.started_at, daemon.timezone)
        days = (day - timedelta(days=back) for back in range(3))
        found += [fires(name, each, schedule.nightly, daemon.timezone, daemon.jitter) for each in days]
    return max((at for at in found if at <= run.started_at), default=None)


def _delta(schedule: Schedule, starts: Starts, now: int) -> Due | None:
    at = _delta_at(schedule, starts, now)
    return None if at is None or at > now else Due("delta", "schedule", at)


def _delta_at(schedule: Schedule, starts: Starts, now: int) -> int | None:
    if schedule.every is None:
        return None
    # a newest run that begins in the future was written before the clock was moved back: how long ago it was nobody knows
    return now if starts.latest.started_at > now else starts.latest.started_at + schedule.every * SECOND


# ---- what comes next --------------------------------------------------------------------------------------------------------


def _next(name: str, schedule: Schedule, daemon: DaemonSettings, starts: Starts | None, now: int) -> Due | None:
    """The earliest that lies after ``now``, supposing that what is due now begins now."""
    found: list[Due] = []
    if schedule.nightly is not None:
        found.append(_next_night(name, schedule, daemon, starts, now))
    if schedule.every is not None:
        at = _delta_at(schedule, starts, now) if starts is not None else None
        found.append(Due("delta", "schedule", at if at is not None and at > now else now + schedule.every * SECOND))
    again = _again(name, schedule, daemon, starts) if starts is not None else None
    if again is not None and now < again.due.at <= again.until:
        found.append(again.due)
    return min(found, key=lambda due: due.at, default=None)


def _next_night(name: str, schedule: Schedule, daemon: DaemonSettings, starts: Starts | None, now: int) -> Due:
    assert schedule.nightly is not None
    after = max(now, starts.nightly or 0) if starts is not None else now
    day = local_day(after, daemon.timezone) - timedelta(days=1)
    while True:
        at = fires(name, day, schedule.nightly, daemon.timezone, daemon.jitter)
        if at > after:
            return Due(_mode(name, schedule, daemon, starts, day), "schedule", at)
        day += timedelta(days=1)
