"""What is due: nights, deltas, full passes, catching up, retries, and clocks that jump."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config import DaemonSettings, Schedule
from hub.scheduler import HORIZON, RETRY, Due, Latest, Starts, Verdict, fires, judge

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
PUNCTUAL = DaemonSettings(jitter=0)


def instant(text: str) -> int:
    """``2026-11-22 02:30`` in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


@dataclass
class Machine:
    """One source of a daemon whose runs take no time, and what its database would know of them."""

    schedule: Schedule = field(default_factory=lambda: Schedule(time(2, 30), None, None))
    daemon: DaemonSettings = PUNCTUAL
    name: str = "jira"
    result: str | None = "complete"
    runs: list[tuple[int, str, str]] = field(default_factory=list)
    missed: set[int] = field(default_factory=set)
    rows: list[Latest] = field(default_factory=list)

    def starts(self, now: int) -> Starts | None:
        """As ``Reader.last_starts`` gives it."""
        if not self.rows:
            return None
        nights = [row for row in self.rows if row.mode in ("nightly", "full")]
        counted = [row for row in nights if row.started_at <= now + HORIZON]
        return Starts(
            first=min(row.started_at for row in self.rows),
            nightly=max((row.started_at for row in counted), default=None),
            full=max((row.started_at for row in counted if row.mode == "full"), default=None),
            latest=self.rows[-1],
            judged=nights[-1] if nights else None,
        )

    def verdict(self, now: int) -> Verdict:
        return judge(self.name, self.schedule, self.daemon, self.starts(now), now)

    def tick(self, now: int) -> Due | None:
        """Look once, and run what is due."""
        verdict = self.verdict(now)
        self.missed |= set(verdict.missed)
        if verdict.due is not None:
            self.ran(now, verdict.due.mode, verdict.due.reason, self.result)
        return verdict.due

    def ran(self, at: int, mode: str = "nightly", reason: str = "schedule", result: str | None = "complete") -> Machine:
        self.runs.append((at, mode, reason))
        self.rows.append(Latest(mode, reason, at, at if result is not None else None, result))
        return self

    def cut_short(self, at: int, reason: str, result: str | None, interrupted: bool, *, mode: str = "nightly") -> None:
        """A run that was asked to end after a minute, or whose process died: then it has no result."""
        self.rows.append(Latest(mode, reason, at, None if result is None else at + MINUTE, result, interrupted))

    def awake(self, since: int, until: int, step: int = 5 * MINUTE) -> list[tuple[int, str, str]]:
        """Look every ``step``; the runs of that time."""
        before = len(self.runs)
        for now in range(since, until, step):
            self.tick(now)
        return self.runs[before:]


# ---- nights -----------------------------------------------------------------------------------------------------------------


def test_a_source_that_was_never_read_is_due_at_once() -> None:
    now = instant("2026-11-22 17:00")
    assert Machine().verdict(now).due == Due("nightly", "schedule", now)


def test_a_night_is_run_once_on_its_minute_and_not_before() -> None:
    machine = Machine().ran(instant("2026-11-21 12:00"))
    runs = machine.awake(instant("2026-11-21 12:05"), instant("2026-11-24 12:00"))
    assert runs == [(instant(f"2026-11-{day} 02:30"), "nightly", "schedule") for day in (22, 23, 24)]


def test_a_run_by_hand_in_the_afternoon_does_not_replace_the_night() -> None:
    machine = Machine().ran(instant("2026-11-22 02:30")).ran(instant("2026-11-22 15:00"), reason="command")
    assert machine.tick(instant("2026-11-23 02:30")) is not None


def test_a_nightly_run_by_hand_after_its_time_does() -> None:
    machine = Machine().ran(instant("2026-11-21 02:30")).ran(instant("2026-11-22 02:31"), reason="command")
    assert machine.verdict(instant("2026-11-22 02:32")).due is None


def test_jitter_differs_by_source_and_day_and_survives_a_restart() -> None:
    found = {fires(name, date(2026, 11, day), time(2, 30), "UTC", 300) for name in ("jira", "deals") for day in range(1, 29)}
    offsets = {at % DAY - (2 * HOUR + 30 * MINUTE) for at in found}
    assert len(found) == 56
    assert len(offsets) > 50
    assert all(0 <= offset < 5 * MINUTE for offset in offsets)
    assert fires("jira", date(2026, 11, 3), time(2, 30), "UTC", 300) in found


def test_nights_of_a_time_zone() -> None:
    machine = Machine(daemon=replace(PUNCTUAL, timezone="Europe/Berlin")).ran(instant("2026-07-01 12:00"))
    assert machine.awake(instant("2026-07-01 12:05"), instant("2026-07-02 12:00")) == [
        (instant("2026-07-02 00:30"), "nightly", "schedule")
    ]


def test_without_nights_nothing_but_deltas() -> None:
    machine = Machine(schedule=Schedule(None, 6 * 3600, None)).ran(instant("2026-11-21 12:00"))
    runs = machine.awake(instant("2026-11-21 12:05"), instant("2026-11-22 12:05"))
    assert [(at % DAY // HOUR, mode) for at, mode, _ in runs] == [(18, "delta"), (0, "delta"), (6, "delta"), (12, "delta")]


# ---- daylight saving (F17) --------------------------------------------------------------------------------------------------


def test_a_time_that_does_not_exist_runs_right_after_the_gap() -> None:
    """F17: 02:30 is left out on 29 March 2026 in Berlin; the run begins at 03:00 local, which is 01:00 UTC."""
    machine = Machine(daemon=replace(PUNCTUAL, timezone="Europe/Berlin")).ran(instant("2026-03-28 12:00"))
    runs = machine.awake(instant("2026-03-28 12:00"), instant("2026-03-29 12:00"), MINUTE)
    assert runs == [(instant("2026-03-29 01:00"), "nightly", "schedule")]


def test_a_time_that_comes_twice_runs_once() -> None:
    """F17: 02:30 comes twice on 25 October 2026 in Berlin, at 00:30 and at 01:30 UTC."""
    machine = Machine(daemon=replace(PUNCTUAL, timezone="Europe/Berlin")).ran(instant("2026-10-24 12:00"))
    runs = machine.awake(instant("2026-10-24 12:00"), instant("2026-10-25 12:00"), MINUTE)
    assert runs == [(instant("2026-10-25 00:30"), "nightly", "schedule")]


@cache
def transitions() -> dict[str, tuple[tuple[int, int, int], ...]]:
    """Every zone's changes of offset from 2024 to 2030: (instant, seconds before, seconds after); zones alike once."""
    found: dict[tuple[tuple[int, int, int], ...], str] = {}
    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2024, 2031))

    def offset(at: int) -> int:
        return int((datetime.fromtimestamp(at, zone).utcoffset() or timedelta()).total_seconds())

    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        changes = []
        for noon in range(first, last, 86_400):
            low, high = noon, noon + 86_400
            if offset(low) == offset(high):
                continue
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            changes.append((high * SECOND, offset(low), offset(high)))
        found.setdefault(tuple(changes), name)
    return {name: changes for changes, name in found.items() if changes}


def test_exactly_one_run_per_local_day_at_every_change_of_every_zone() -> None:
    """F17: all zones' changes from 2024 to 2030, times of day inside and around each gap or repeated hour."""
    looked = 0
    for zone, changes in transitions().items():
        there = ZoneInfo(zone)
        daemon = replace(PUNCTUAL, timezone=zone)
        for change, before, after in changes:
            walls = [change // SECOND + before, change // SECOND + after]  # the clock on the wall, on both sides of it
            times = {datetime.fromtimestamp(wall + minutes * 60, UTC).time() for wall in walls for minutes in (-1, 0, 30)}
            for at in times:
                machine = Machine(Schedule(at, None, None), daemon, zone)
                _exactly_once(machine, at, change, there)
                looked += 1
    assert looked > 2000


def _exactly_once(machine: Machine, at: time, change: int, there: ZoneInfo) -> None:
    middle = datetime.fromtimestamp(change / SECOND, there).date()
    days = [middle + timedelta(days=back) for back in (-1, 0, 1)]
    exact = [fires(machine.name, day, at, machine.daemon.timezone, 0) for day in days]
    machine.ran(exact[0] - 2 * HOUR)
    ticks = sorted(
        {*exact, *range(exact[0] - HOUR, exact[2] + HOUR, 3 * HOUR), *range(change - 3 * HOUR, change + 3 * HOUR, HOUR)}
    )
    for tick in ticks:
        machine.tick(tick)
    started = [datetime.fromtimestamp(run[0] / SECOND, there) for run in machine.runs[1:]]
    assert [moment.date() for moment in started] == days, (machine.name, at, started)


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    at=st.times().map(lambda drawn: drawn.replace(second=0, microsecond=0)),
    first=st.dates(date(2024, 1, 2), date(2030, 12, 1)),
    jitter=st.sampled_from([0, 300, 3600]),
    gaps=st.lists(st.integers(1, 600), min_size=1, max_size=60),
)
@settings(max_examples=300, deadline=None)
def test_each_night_is_run_or_missed_once_however_the_daemon_looks(
    zone: str, at: time, first: date, jitter: int, gaps: list[int]
) -> None:
    """F17, F30: looking at any instants, every night whose time passed is run at most once, and run or missed, never both."""
    machine = Machine(Schedule(at, None, None), DaemonSettings(timezone=zone, jitter=jitter), "any")
    now = fires("any", first, at, zone, jitter)
    machine.ran(now)
    slots_run = []
    for gap in gaps:
        now += gap * 7 * MINUTE
        due = machine.tick(now)
        if due is not None:
            slots_run.append(due.at)
    days = [first + timedelta(days=day) for day in range(1, len(gaps) * 4 + 3)]
    passed = {slot for day in days if (slot := fires("any", day, at, zone, jitter)) <= now}
    assert len(slots_run) == len(set(slots_run))
    assert set(slots_run) | machine.missed == passed
    assert not set(slots_run) & machine.missed


# ---- asleep or off (F30) ----------------------------------------------------------------------------------------------------


def test_after_an_hour_asleep_the_night_is_made_up_for() -> None:
    """F30: the machine slept from 02:00 to 03:00."""
    machine = Machine().ran(instant("2026-11-21 02:30"))
    assert machine.tick(instant("2026-11-22 03:00")) == Due("nightly", "schedule", instant("2026-11-22 02:30"))
    assert machine.awake(instant("2026-11-22 03:01"), instant("2026-11-22 23:00")) == []
    assert machine.missed == set()


def test_after_three_days_off_one_run_and_the_rest_counted() -> None:
    """F30: off from Friday to Monday: one run for Monday's night, Saturday's and Sunday's are missed."""
    machine = Machine().ran(instant("2026-11-20 02:30"))
    runs = machine.awake(instant("2026-11-23 09:00"), instant("2026-11-23 23:00"))
    assert runs == [(instant("2026-11-23 09:00"), "nightly", "schedule")]
    assert machine.missed == {instant("2026-11-21 02:30"), instant("2026-11-22 02:30")}


def test_beyond_the_window_nothing_is_made_up_for() -> None:
    """F30: with a window of two hours the night of 02:30 is missed at 05:00; the next one is run."""
    machine = Machine(daemon=replace(PUNCTUAL, catch_up=7200)).ran(instant("2026-11-21 02:30"))
    assert machine.awake(instant("2026-11-22 05:00"), instant("2026-11-23 02:00")) == []
    assert machine.missed == {instant("2026-11-22 02:30")}
    assert machine.tick(instant("2026-11-23 02:30")) is not None


def test_without_making_up_for_anything_nights_run_all_the_same() -> None:
    """F30: the daemon looks seconds after the instant."""
    machine = Machine(daemon=replace(PUNCTUAL, catch_up=0)).ran(instant("2026-11-20 02:30"))
    assert machine.tick(instant("2026-11-21 02:30") + 5 * SECOND) is not None
    assert machine.tick(instant("2026-11-22 02:32")) is None
    assert machine.missed == {instant("2026-11-22 02:30")}


def test_deltas_that_were_slept_through_become_one() -> None:
    machine = Machine(schedule=Schedule(time(2, 30), 1800, None)).ran(instant("2026-11-22 02:30"))
    runs = machine.awake(instant("2026-11-22 14:00"), instant("2026-11-22 14:30"))
    assert runs == [(instant("2026-11-22 14:00"), "delta", "schedule")]


def test_a_night_goes_before_a_delta() -> None:
    machine = Machine(schedule=Schedule(time(2, 30), 1800, None)).ran(instant("2026-11-21 02:30"))
    due = machine.tick(instant("2026-11-22 02:30"))
    assert due is not None
    assert due.mode == "nightly"


# ---- the weekly full pass ---------------------------------------------------------------------------------------------------


def test_on_its_day_the_full_pass_takes_the_nights_place() -> None:
    machine = Machine(schedule=Schedule(time(2, 30), None, 6)).ran(instant("2026-11-16 12:00"))  # a Monday
    modes = [mode for _, mode, _ in machine.awake(instant("2026-11-16 12:05"), instant("2026-12-01 12:00"))]
    assert modes == [*["nightly"] * 5, "full", *["nightly"] * 6, "full", "nightly", "nightly"]


def test_a_full_pass_that_was_slept_through_is_the_next_nights() -> None:
    """F30: a machine that is off every Sunday still reads everything once a week."""
    machine = Machine(schedule=Schedule(time(2, 30), None, 6)).ran(instant("2026-11-16 12:00"))
    assert machine.tick(instant("2026-11-21 02:30")) == Due("nightly", "schedule", instant("2026-11-21 02:30"))
    assert machine.tick(instant("2026-11-23 08:00")) == Due("full", "schedule", instant("2026-11-23 02:30"))
    assert machine.tick(instant("2026-11-24 02:30")) == Due("nightly", "schedule", instant("2026-11-24 02:30"))


# ---- failures ---------------------------------------------------------------------------------------------------------------


def test_a_failed_night_is_tried_again_once_after_an_hour() -> None:
    machine = Machine(result="failed").ran(instant("2026-11-21 02:30"))
    runs = machine.awake(instant("2026-11-22 02:00"), instant("2026-11-23 02:00"))
    assert runs == [
        (instant("2026-11-22 02:30"), "nightly", "schedule"),
        (instant("2026-11-22 03:30"), "nightly", "retry"),
    ]


@pytest.mark.parametrize(("result", "interrupted"), [(None, False), ("failed", True)])
def test_a_night_that_was_cut_short_goes_on_at_once(result: str | None, interrupted: bool) -> None:
    machine = Machine().ran(instant("2026-11-21 02:30"))
    at = instant("2026-11-22 02:30")
    machine.cut_short(at, "schedule", result, interrupted)
    runs = machine.awake(at + 5 * MINUTE, instant("2026-11-22 12:00"))
    assert runs == [(at + 5 * MINUTE, "nightly", "retry")]


@pytest.mark.parametrize(("result", "interrupted"), [(None, False), ("failed", True)])
@pytest.mark.parametrize("reason", ["retry", "command"])
def test_a_night_is_not_lost_when_what_took_its_place_is_cut_short_too(
    reason: str, result: str | None, interrupted: bool
) -> None:
    """F30: two restarts in one night, or one while somebody's own run stood in for the night's."""
    machine = Machine().ran(instant("2026-11-21 02:30"))
    at = instant("2026-11-22 02:30") + 10 * MINUTE
    machine.cut_short(at, reason, result, interrupted)
    ended = at if result is None else at + MINUTE
    following = Due("nightly", "retry", ended + 10 * MINUTE)  # as long as it began after its night
    assert machine.verdict(following.at - 1) == Verdict(None, (), following)
    assert machine.tick(following.at) == following
    assert machine.awake(following.at, instant("2026-11-23 02:30")) == []


def test_a_full_pass_that_is_cut_short_twice_stays_one() -> None:
    machine = Machine(schedule=Schedule(time(2, 30), None, 6)).ran(instant("2026-11-21 02:30"))
    at = instant("2026-11-22 02:40")
    machine.cut_short(at, "retry", None, False, mode="full")
    assert machine.tick(at + 10 * MINUTE) == Due("full", "retry", at + 10 * MINUTE)


def test_a_run_that_ends_its_process_each_time_is_begun_ever_more_rarely() -> None:
    """F30: looked at every minute, by a daemon that starts anew each time: pauses double up to an hour."""
    machine = Machine(result=None).ran(instant("2026-11-21 02:30"), result="complete")
    runs = machine.awake(instant("2026-11-22 02:30"), instant("2026-11-23 02:30"), MINUTE)
    minutes = [(at - instant("2026-11-22 02:30")) // MINUTE for at, _, _ in runs]
    assert minutes[:10] == [0, 1, 2, 4, 8, 16, 32, 64, 124, 184]
    assert len(minutes) < 32


def test_what_is_cut_short_again_and_again_is_given_up_after_the_window() -> None:
    machine = Machine(result=None, daemon=replace(PUNCTUAL, catch_up=4 * 3600)).ran(
        instant("2026-11-21 02:30"), result="complete"
    )
    runs = machine.awake(instant("2026-11-22 02:30"), instant("2026-11-23 02:30"), MINUTE)
    assert runs[-1][0] <= instant("2026-11-22 06:30")
    assert len(runs) > 8


def test_the_first_read_of_all_that_is_cut_short_twice_goes_on() -> None:
    """Its own beginning stands in for the night: that of last night is long over."""
    machine = Machine(daemon=replace(PUNCTUAL, catch_up=7200))
    first = instant("2026-11-22 17:00")
    machine.cut_short(first, "schedule", "failed", True)
    machine.cut_short(first + 5 * MINUTE, "retry", "failed", True)
    assert machine.tick(first + 11 * MINUTE) == Due("nightly", "retry", first + 11 * MINUTE)


@pytest.mark.parametrize("reason", ["retry", "command"])
def test_what_failed_by_itself_is_tried_again_in_the_nights_name_only(reason: str) -> None:
    machine = Machine().ran(instant("2026-11-21 02:30")).ran(instant("2026-11-22 02:40"), reason=reason, result="failed")
    assert machine.awake(instant("2026-11-22 02:41"), instant("2026-11-23 02:30")) == []


def test_deltas_in_between_do_not_hide_a_failed_night() -> None:
    machine = Machine(schedule=Schedule(time(2, 30), 1800, None)).ran(instant("2026-11-22 02:30"), result="failed")
    machine.ran(instant("2026-11-22 03:00"), "delta").ran(instant("2026-11-22 03:29"), "delta")
    assert machine.tick(instant("2026-11-22 03:30")) == Due("nightly", "retry", instant("2026-11-22 02:30") + RETRY)


@pytest.mark.parametrize("result", ["complete", "partial", "held"])
def test_what_did_not_fail_is_not_tried_again(result: str) -> None:
    machine = Machine(result=result).ran(instant("2026-11-21 02:30"))
    assert len(machine.awake(instant("2026-11-22 02:00"), instant("2026-11-23 02:00"))) == 1


# ---- clocks that jump -------------------------------------------------------------------------------------------------------


def test_a_clock_that_goes_back_some_hours_does_not_repeat_the_night() -> None:
    """F30: at 03:00 the clock goes back to 22:00; 02:30 comes again and is not run again, the next night is."""
    machine = Machine(schedule=Schedule(time(2, 30), 1800, None)).ran(instant("2026-11-22 02:30"))
    machine.ran(instant("2026-11-22 03:00"), "delta")
    runs = machine.awake(instant("2026-11-21 22:00"), instant("2026-11-23 02:35"))
    assert [at for at, mode, _ in runs if mode == "nightly"] == [instant("2026-11-23 02:30")]
    assert runs[0] == (instant("2026-11-21 22:00"), "delta", "schedule")  # how old the data is nobody knows now
    assert runs[1][0] == instant("2026-11-21 22:30")


def test_a_clock_that_was_wrong_by_years_blocks_nothing() -> None:
    """F30: a run was written in 2031 by a clock that was set right afterwards."""
    machine = Machine().ran(instant("2026-11-21 02:30")).ran(instant("2031-01-01 00:00"))
    assert machine.awake(instant("2026-11-21 23:00"), instant("2026-11-23 23:00")) == [
        (instant("2026-11-22 02:30"), "nightly", "schedule"),
        (instant("2026-11-23 02:30"), "nightly", "schedule"),
    ]


@given(jumps=st.lists(st.integers(-20, 20), max_size=6))
@settings(max_examples=200, deadline=None)
def test_no_jump_runs_a_night_twice(jumps: list[int]) -> None:
    """F30: whatever jumps of up to 20 hours the clock makes, no night is run twice, and after the last jump nights go on."""
    machine = Machine().ran(instant("2026-11-20 02:30"))
    now = instant("2026-11-21 02:00")
    slots = []
    for jump in [*jumps, 0]:
        now += jump * HOUR
        for _ in range(30):
            now += 20 * MINUTE
            if (due := machine.tick(now)) is not None:
                slots.append(due.at)
    assert len(slots) == len(set(slots))
    assert machine.awake(now, now + 3 * DAY, 20 * MINUTE)


# ---- what comes next --------------------------------------------------------------------------------------------------------


def test_the_next_night_is_told() -> None:
    machine = Machine(schedule=Schedule(time(2, 30), None, 6)).ran(instant("2026-11-21 02:30"))  # a Saturday
    assert machine.verdict(instant("2026-11-21 12:00")).next == Due("full", "schedule", instant("2026-11-22 02:30"))


def test_the_next_delta_is_told() -> None:
    machine = Machine(schedule=Schedule(time(2, 30), 1800, None)).ran(instant("2026-11-21 02:30"))
    assert machine.verdict(instant("2026-11-21 02:45")).next == Due("delta", "schedule", instant("2026-11-21 03:00"))


@given(st.integers(0, 40 * DAY // MINUTE), st.sampled_from([None, 1800, 90_000]))
@settings(max_examples=200, deadline=None)
def test_nothing_is_due_before_what_was_told_next(minutes: int, every: int | None) -> None:
    now = instant("2026-03-01 00:00") + minutes * MINUTE
    machine = Machine(Schedule(time(2, 30), every, 6), replace(PUNCTUAL, timezone="Europe/Berlin")).ran(now)
    following = machine.verdict(now).next
    assert following is not None
    assert machine.verdict(following.at - 1).due is None
    assert machine.verdict(following.at).due == following
