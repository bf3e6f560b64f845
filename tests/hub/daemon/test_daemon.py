"""The daemon's loop in virtual time, on a real database."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.daemon.events import (
    ClockJumped,
    Event,
    LostOwnership,
    Missed,
    Reloaded,
    ReloadFailed,
    RunEnded,
    RunEvent,
    RunStarted,
    Skipped,
    Standby,
    Stopping,
    TookOver,
    Troubled,
)  # fmt: skip
from hub.daemon.jobs import Job
from hub.daemon.state import Next
from hub.errors import ConfigError, Locked, StoreUnavailable
from hub.store import Ownership, Store, inbox
from hub.store.locks import holder
from hub.store.read import Reader
from hub.store.write import Writer
from tests.hub.daemon.virtual import OTHER, How, Machine, VirtualRun, clock, instant, virtual

DEALS = OTHER.format(name="deals")


@pytest.fixture
def machine(tmp_path: Path, hasty_store: Store) -> Machine:
    with virtual(tmp_path, hasty_store, "2026-11-22 01:00") as made:
        yield made


# ---- schedule ---------------------------------------------------------------------------------------------------------------


def test_what_was_never_read_is_read_at_once_and_then_every_night(machine: Machine) -> None:
    machine.clock.stride = 300
    machine.live(until="2026-11-24 12:00")
    assert machine.begun() == [("jira", "nightly", at) for at in ("01:00", "02:30", "02:30", "02:30")]
    assert machine.outcomes() == ["complete"] * 4
    assert [run.reason for run in Reader(machine.store).runs()] == ["schedule"] * 4


def test_deltas_run_between_nights(machine: Machine) -> None:
    machine.clock.stride = 300
    machine.write(jira='every = "6h"')
    machine.live(until="2026-11-23 01:00")
    assert machine.begun() == [
        ("jira", "nightly", "01:00"), ("jira", "nightly", "02:30"), ("jira", "delta", "08:30"), ("jira", "delta", "14:30"),
        ("jira", "delta", "20:30"),
    ]  # fmt: skip


def test_a_restart_repeats_nothing(machine: Machine) -> None:
    """F30: what was run is known from the database alone."""
    machine.live(until="2026-11-22 03:00")
    for _ in range(5):
        machine.live(hours=0.5)
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "nightly", "02:30")]


def test_off_for_three_days(machine: Machine) -> None:
    """F30: restarted after three days, the daemon makes up for the last night, and counts the others."""
    machine.live(until="2026-11-22 03:00")
    machine.clock.jump(3 * 86_400)
    machine.live(hours=5)
    assert machine.begun()[2:] == [("jira", "nightly", "03:00")]
    assert [event.slots for event in machine.of(Missed)] == [(instant("2026-11-23 02:30"), instant("2026-11-24 02:30"))]
    assert machine.state.sources["jira"].missed == 2


def test_asleep_for_an_hour(machine: Machine) -> None:
    """F30: the machine sleeps over the nightly run, with the daemon in it; one run when it wakes."""
    machine.clock.plan(1 * 3600, lambda: machine.clock.jump(3600))  # 02:00 -> 03:00
    machine.live(until="2026-11-22 23:00")
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "nightly", "03:00")]
    assert [event.seconds for event in machine.of(ClockJumped)] == [3600]
    assert machine.of(Missed) == []


def test_a_clock_that_is_set_back_repeats_nothing(machine: Machine) -> None:
    """F30: at 03:00 the clock is set back to 22:00 of the day before."""
    machine.clock.stride = 300
    machine.clock.plan(2 * 3600, lambda: machine.clock.jump(-5 * 3600))
    machine.live(hours=32)
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "nightly", "02:30"), ("jira", "nightly", "02:30")]
    starts = [event.at for event in machine.of(RunStarted)]
    assert starts[2] - starts[1] == 86_400_000


def test_no_overlap(machine: Machine) -> None:
    """F30: a delta that is due while the source is still being read is skipped, and told once."""
    machine.write(jira='every = "30m"')
    machine.how["jira"] = How(seconds=4000)
    machine.live(until="2026-11-22 02:00")
    assert machine.begun() == [("jira", "nightly", "01:00")]
    assert [(event.source, event.mode, clock(event.at)) for event in machine.of(Skipped)] == [("jira", "delta", "01:30")]


def test_no_more_runs_at_a_time_than_allowed(machine: Machine) -> None:
    machine.write(daemon="parallel = 1", more=DEALS)
    machine.how |= {"jira": How(seconds=600), "deals": How(seconds=600)}
    machine.live(until="2026-11-22 01:30")
    assert machine.begun() == [("jira", "nightly", "01:00"), ("deals", "nightly", "01:10")]


def test_the_state_says_what_comes_next(machine: Machine) -> None:
    machine.live(until="2026-11-22 02:00")
    jira = machine.state.sources["jira"]
    assert jira.next == Next(instant("2026-11-22 02:30"), "nightly")
    assert jira.running is None
    assert jira.last is not None
    assert (jira.last.result, jira.last.run_id, clock(jira.last.started_at)) == ("complete", 1, "01:00")


def test_the_state_says_what_runs(machine: Machine) -> None:
    machine.how["jira"] = How(seconds=600)
    seen = []
    machine.clock.plan(300, lambda: seen.append(machine.state.sources["jira"].running))
    machine.live(until="2026-11-22 01:30")
    assert [(each.mode, each.run_id, each.partitions, each.pid) for each in seen] == [("nightly", 1, 3, 4711)]


# ---- runs that end badly ----------------------------------------------------------------------------------------------------


def test_a_failed_night_is_tried_again_after_an_hour(machine: Machine) -> None:
    machine.live(until="2026-11-22 02:00")
    machine.how["jira"] = How("failed")
    machine.live(until="2026-11-22 12:00")
    assert machine.begun()[1:] == [("jira", "nightly", "02:30"), ("jira", "nightly", "03:31")]
    assert [run.reason for run in Reader(machine.store).runs()] == ["retry", "schedule", "schedule"]


def test_a_child_that_is_killed_is_a_failed_run(machine: Machine) -> None:
    machine.how["jira"] = How(signal=9)
    machine.live(until="2026-11-22 01:30")
    (ended,) = machine.of(RunEnded)
    assert (ended.outcome.result, ended.outcome.signal, ended.outcome.run_id) == ("failed", 9, 1)
    assert ended.outcome.error == "Its process was ended by signal 9."
    assert ended.duration == 60_000


def test_a_run_that_a_restart_cut_short_goes_on_at_once(machine: Machine) -> None:
    """F27: the daemon was killed with its child; the next one reads on."""
    machine.how["jira"] = How(hangs=True)
    machine.live(until="2026-11-22 01:30")
    machine.how["jira"] = How()
    machine.live(until="2026-11-22 02:00")
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "nightly", "01:30")]
    assert [run.reason for run in Reader(machine.store).runs()] == ["retry", "schedule"]


def test_a_child_that_is_killed_again_and_again_is_left_alone_for_a_while(machine: Machine) -> None:
    machine.how["jira"] = How(signal=9)
    machine.live(until="2026-11-22 02:25")
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "nightly", "02:01")]


@pytest.mark.parametrize(("stubborn", "signal"), [(False, 15), (True, 9)])
def test_a_child_that_hangs_is_ended(machine: Machine, stubborn: bool, signal: int) -> None:
    """A run that exceeds its deadline is asked to end, and killed when it does not."""
    machine.write(daemon='deadline = "2h"')
    machine.how["jira"] = How(hangs=True, stubborn=stubborn)
    machine.live(until="2026-11-22 03:05")
    ended = machine.of(RunEnded)[0]
    assert (ended.outcome.signal, ended.outcome.error) == (signal, "The run took longer than 2 hours and was ended.")
    assert 7_200_000 <= ended.duration <= 7_200_000 + 120_000


def test_a_source_that_another_process_reads_is_tried_again_soon(machine: Machine) -> None:
    machine.how["jira"] = How("locked", seconds=1)
    machine.clock.plan(300, lambda: machine.how.update(jira=How()))
    machine.live(until="2026-11-22 02:00")
    assert machine.outcomes()[-1] == "complete"
    assert 3 <= machine.outcomes().count("locked") <= 6


def test_a_source_that_cannot_begin_is_not_tried_all_the_time(machine: Machine) -> None:
    machine.how["jira"] = How("refused", seconds=1)
    machine.live(until="2026-11-22 05:55")
    assert len(machine.begun()) == 5


def test_a_night_that_is_interrupted_again_and_again_is_not_lost(machine: Machine) -> None:
    """F30: the machine is started anew three times in the night, each time in the middle of the run."""
    machine.live(until="2026-11-22 02:00")
    machine.how["jira"] = How(seconds=1200)
    for until in ("2026-11-22 02:35", "2026-11-22 02:42", "2026-11-22 02:55"):
        machine.live(until=until)
    machine.live(until="2026-11-22 12:00")
    assert machine.begun()[1:] == [("jira", "nightly", at) for at in ("02:30", "02:35", "02:42", "02:55")]
    assert machine.outcomes() == ["complete", "failed", "failed", "failed", "complete"]


def test_a_run_in_a_terminal_is_not_taken_for_one_that_died(machine: Machine) -> None:
    """F28: it holds its source: no child is begun beside it only to be locked out. When its process dies, it is repeated."""
    machine.live(until="2026-11-22 02:29")
    mine = machine.store.own("source:jira")
    with Writer(machine.store, mine) as writer:
        writer.start_run("jira", reason="command", mode="nightly", started_at=machine.clock.now() + 120_000)
    machine.clock.plan(2 * 3600, mine.release)
    machine.live(until="2026-11-22 02:30")
    machine.clock.jump(60)
    machine.live(until="2026-11-22 06:00")
    assert machine.outcomes() == ["complete"] * 2
    assert machine.begun()[1:] == [("jira", "nightly", "04:30")]


def test_one_source_that_fails_stops_no_other(machine: Machine) -> None:
    """F31: jira fails every night, deals goes on."""
    machine.clock.stride = 300
    machine.write(more=DEALS)
    machine.how["jira"] = How("failed")
    machine.live(until="2026-11-23 12:00")
    ended = [(event.source, event.outcome.result) for event in machine.of(RunEnded)]
    assert ended.count(("deals", "complete")) == 3
    assert {result for source, result in ended if source == "jira"} == {"failed"}


# ---- requests ---------------------------------------------------------------------------------------------------------------


def ask(machine: Machine, **payload: object) -> int:
    return inbox.put(machine.store, "sync", payload, "ann", machine.clock.now())


def test_a_request_is_run_and_answered(machine: Machine) -> None:
    """F28: a sync beside the daemon goes through its inbox."""
    asked: list[int] = []
    machine.clock.plan(1000, lambda: asked.append(ask(machine, source="jira", mode="full")))
    machine.live(until="2026-11-22 02:00")
    assert machine.begun()[1:] == [("jira", "full", "01:16:40")]
    row = inbox.get(machine.store, asked[0])
    assert row is not None
    assert row.result is not None
    assert (row.result["run"], row.result["result"], row.result["code"]) == (2, "complete", 0)
    assert Reader(machine.store).runs()[0].reason == "command"


def test_requests_alike_are_one_run(machine: Machine) -> None:
    asked: list[int] = []
    machine.how["jira"] = How(seconds=600)
    for after in (100, 200, 300):  # while the first run is under way
        machine.clock.plan(after, lambda: asked.append(ask(machine, source="jira", mode="delta")))
    machine.live(until="2026-11-22 02:00")
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "delta", "01:10")]
    answers = [inbox.get(machine.store, each) for each in asked]
    assert [row.result["run"] for row in answers if row and row.result] == [2, 2, 2]


@pytest.mark.parametrize(
    "payload", [{"source": "no-such"}, {"source": "jira", "mode": "quick"}, {"source": 5}, {}]
)  # fmt: skip
def test_a_request_without_sense_is_refused(machine: Machine, payload: dict[str, object]) -> None:
    row_id = ask(machine, **payload)
    machine.live(until="2026-11-22 01:05")
    row = inbox.get(machine.store, row_id)
    assert row is not None
    assert row.result is not None
    assert (row.result["result"], row.result["code"], row.result["run"]) == ("refused", 2, None)


def test_a_request_survives_a_daemon(machine: Machine) -> None:
    machine.live(until="2026-11-22 01:05")
    row_id = ask(machine, source="jira", mode="delta")
    machine.how["jira"] = How(seconds=600)
    machine.live(hours=0.05)  # ended while it runs
    row = inbox.get(machine.store, row_id)
    assert row is not None
    assert row.done_at is None
    machine.live(hours=0.5)
    row = inbox.get(machine.store, row_id)
    assert row is not None
    assert row.result is not None
    assert row.result["result"] == "complete"


def test_a_request_whose_run_completes_while_the_daemon_leaves_is_answered(machine: Machine) -> None:
    """F28: its child had said so before it ended; the next daemon does not run it again."""
    machine.live(until="2026-11-22 01:05")
    row_id = ask(machine, source="jira", mode="delta")
    machine.how["jira"] = How(seconds=119, stubborn=True)
    daemon = machine.daemon()
    machine.clock.stride = 1.0
    machine.live(hours=118 / 3600, daemon=daemon)
    row = inbox.get(machine.store, row_id)
    assert row is not None
    assert row.result is not None
    assert (row.result["result"], row.result["run"]) == ("complete", 2)
    machine.live(hours=0.1)
    assert len(machine.begun()) == 2


def test_what_is_not_for_the_daemon_stays(machine: Machine) -> None:
    row_id = inbox.put(machine.store, "approve", {"hold": 3}, "ann", machine.clock.now())
    machine.live(until="2026-11-22 01:05")
    assert [row.id for row in inbox.waiting(machine.store, "approve")] == [row_id]


# ---- files that change ------------------------------------------------------------------------------------------------------


def test_an_edited_schedule_is_followed(machine: Machine) -> None:
    """F29: a new schedule applies without a restart."""
    machine.clock.plan(600, lambda: machine.write(daemon='nightly = "01:30"'))
    machine.live(until="2026-11-22 04:00")
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "nightly", "01:30")]
    assert [event.what for event in machine.of(Reloaded)] == ["config"]


def test_a_broken_config_leaves_the_last_good_one(machine: Machine) -> None:
    """F29: an invalid edit keeps the old configuration, says so once, and is over when it is mended."""
    good = machine.config.read_text()
    machine.clock.plan(600, lambda: machine.put(machine.config, good + "nonsense = 1\n"))
    machine.live(until="2026-11-22 04:00")
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "nightly", "02:30")]
    assert len(machine.failures()) == 1
    assert 'The key "nonsense" is unknown' in machine.failures()[0][0]
    assert machine.state.config_problems == machine.failures()[0]
    machine.clock.plan(60, lambda: machine.put(machine.config, good))
    machine.live(hours=1)
    assert machine.state.config_problems == ()
    assert [event.what for event in machine.of(Reloaded)] == ["config"]


def test_a_restart_beside_a_broken_config_goes_on_and_says_so(machine: Machine) -> None:
    """F29: the last good text is kept for a restart, readable by nobody else, and relative paths start where they did."""
    machine.live(until="2026-11-22 01:30")
    machine.put(machine.config, machine.config.read_text() + "[[[\n")
    machine.live(until="2026-11-22 03:00")
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "nightly", "02:30")]
    assert len(machine.failures()) == 1
    kept = machine.folder / "data" / "config.last-good.toml"
    assert machine.files.copy == kept
    assert kept.stat().st_mode & 0o777 == 0o600
    assert machine.files.config.mappings == machine.folder / "mappings"


def test_without_a_last_good_text_a_broken_config_is_an_error(machine: Machine) -> None:
    machine.put(machine.config, "[[[\n")
    with pytest.raises(ConfigError):
        machine.daemon()


def test_half_a_file_is_not_read(machine: Machine) -> None:
    """F29: a file that is still being written is left alone until it has stayed the same for a second."""
    good = machine.config.read_text()
    machine.clock.stride = 0.25
    for step in range(1, 6):  # each part lands within a second of the one before
        machine.clock.plan(1 + step * 0.7, lambda step=step: machine.put(machine.config, good + "# more\n" * step + "half"))
    machine.clock.plan(1 + 6 * 0.7, lambda: machine.put(machine.config, good + "# done\n"))
    machine.live(hours=0.005)
    assert machine.failures() == []
    assert [event.what for event in machine.of(Reloaded)] == ["config"]


def test_sources_come_and_go(machine: Machine) -> None:
    """F29: an added source is read at once; one that is taken out is left alone, and the run of it ends in peace."""
    machine.how |= {"jira": How(seconds=1200), "deals": How(seconds=60)}
    good = machine.config.read_text()
    only_deals = good[: good.index("[source.jira]")] + DEALS
    machine.clock.plan(600, lambda: machine.put(machine.config, only_deals))
    machine.live(until="2026-11-23 01:00")
    assert machine.begun() == [("jira", "nightly", "01:00"), ("deals", "nightly", "01:11"), ("deals", "nightly", "02:30")]
    assert machine.outcomes() == ["complete"] * 3
    assert list(machine.state.sources) == ["deals"]


def test_another_database_needs_a_restart(machine: Machine) -> None:
    machine.clock.plan(600, lambda: machine.write(database="sqlite:///data/other.db"))
    machine.live(until="2026-11-22 02:00")
    assert machine.failures() == [
        ("config.toml: `database` changed while the daemon runs. Restart it to use the other database, or take the change back.",)
    ]


def evaluated(machine: Machine, seq: int = 1) -> None:
    """A database whose numbers come from the present mapping files."""
    from hub.mappings import load_mappings
    from hub.store.write import Writer

    mapping = load_mappings(machine.folder / "mappings", "UTC")[0]
    with machine.store.own("evaluation") as mine, Writer(machine.store, mine) as writer:
        writer.put_mapping(mapping, engine="test")
        writer.finish_evaluation(as_of=seq, mapping_hash=mapping.hash, engine="test", run_id=None, nodes=())


def test_a_changed_mapping_is_calculated_soon(machine: Machine) -> None:
    """F29: numbers follow an edit of the rules, without a run; several saves are one."""
    machine.live(until="2026-11-22 01:10")
    evaluated(machine)
    text = (machine.folder / "mappings" / "all.toml").read_text()
    machine.clock.stride = 0.5
    for step in range(3):
        machine.clock.plan(60 + step, lambda step=step: machine.mapping(f"{text}# {step}\n"))
    machine.live(hours=0.05)
    assert [(source, mode) for source, mode, _ in machine.begun()[1:]] == [("", "evaluate")]
    started = machine.of(RunStarted)[-1]
    assert started.reason == "mapping"
    assert started.at - instant("2026-11-22 01:11") < 6_000


def test_a_broken_mapping_is_told_once_and_calculates_nothing(machine: Machine) -> None:
    """F29: sources are read all the same."""
    machine.live(until="2026-11-22 01:10")
    evaluated(machine)
    machine.clock.plan(60, lambda: machine.mapping("[[rule]]\n"))
    machine.live(until="2026-11-22 03:00")
    assert machine.begun()[1:] == [("jira", "nightly", "02:30")]
    assert [event.what for event in machine.of(ReloadFailed)] == ["mapping"]
    assert machine.state.mapping_problems


def test_a_mapping_that_changed_while_nobody_ran_is_calculated_at_the_start(machine: Machine) -> None:
    machine.live(until="2026-11-22 01:10")
    evaluated(machine)
    machine.mapping((machine.folder / "mappings" / "all.toml").read_text() + "# more\n")
    machine.live(hours=0.1)
    assert [mode for _, mode, _ in machine.begun()[1:]] == ["evaluate"]


def test_a_fields_new_meaning_is_calculated(machine: Machine) -> None:
    """F29: what rules can read of a source changed, though no mapping file did."""
    machine.live(until="2026-11-22 01:10")
    evaluated(machine)
    machine.clock.plan(60, lambda: machine.write(jira='fields = { team = "customfield_1" }'))
    machine.live(hours=0.1)
    assert [mode for _, mode, _ in machine.begun()[1:]] == ["evaluate"]


def test_numbers_of_files_that_were_half_saved_do_not_stay(machine: Machine) -> None:
    """F29: a run ended just then, and all is as before by the time that the daemon looks."""
    machine.live(until="2026-11-22 01:10")
    good = (machine.folder / "mappings" / "all.toml").read_text()
    evaluated(machine)

    def half_saved() -> None:
        machine.mapping(good + "# half\n")
        evaluated(machine, 2)
        machine.mapping(good)

    machine.clock.plan(4830, half_saved)  # 02:30:30, in the night's run
    machine.live(until="2026-11-22 03:00")
    assert machine.begun()[1:] == [("jira", "nightly", "02:30"), ("", "evaluate", "02:32")]


def edited(machine: Machine) -> None:
    """A mapping that says something else than what was calculated with, two minutes from now."""
    machine.live(until="2026-11-22 01:10")
    evaluated(machine)
    text = (machine.folder / "mappings" / "all.toml").read_text()
    machine.clock.plan(120, lambda: machine.mapping(text + "# more\n"))


@pytest.mark.parametrize("how", [How(signal=9), How("refused"), How("locked")])
def test_an_evaluation_that_came_to_nothing_is_made_again(machine: Machine, how: How) -> None:
    """F29: with growing pauses, until one succeeds."""
    edited(machine)
    machine.how[""] = how
    machine.clock.plan(3600 - 30, lambda: machine.how.update({"": How()}))
    machine.live(until="2026-11-22 02:25")
    begun = [clock(event.at) for event in machine.of(RunStarted)][1:]
    assert begun == ["01:13", "01:15", "01:18", "01:23", "01:32", "01:49", "02:22"]
    assert machine.outcomes()[-2:] == [machine.outcomes()[1], "complete"]


def test_after_another_edit_it_is_made_at_once(machine: Machine) -> None:
    edited(machine)
    machine.how[""] = How(signal=9)
    text = (machine.folder / "mappings" / "all.toml").read_text()
    machine.clock.plan(2000, lambda: (machine.mapping(text + "# mended\n"), machine.how.update({"": How()})))
    machine.live(until="2026-11-22 02:20")
    assert [clock(event.at) for event in machine.of(RunStarted) if event.mode == "evaluate"][-2:] == ["01:32", "01:44"]


def test_an_evaluation_after_new_settings_is_made_again_too(machine: Machine) -> None:
    """F29: though no mapping file differs from those of the present numbers."""
    machine.live(until="2026-11-22 01:10")
    evaluated(machine)
    machine.how[""] = How(signal=9)
    machine.clock.plan(60, lambda: machine.write(jira='fields = { team = "customfield_1" }'))
    machine.clock.plan(150, lambda: machine.how.update({"": How()}))
    machine.live(until="2026-11-22 02:00")
    assert machine.outcomes()[1:] == ["failed", "complete"]


def test_an_evaluation_that_could_not_be_started_is_started_later(machine: Machine) -> None:
    """F29: as for want of memory."""
    edited(machine)
    launch, tries = machine.launch, []

    def starved(job: Job) -> VirtualRun:
        tries.append(job)
        if len(tries) < 3:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        return launch(job)

    machine.launch = starved  # type: ignore[method-assign]
    machine.live(until="2026-11-22 02:00")
    assert machine.begun()[1:] == [("", "evaluate", "01:16")]
    assert machine.outcomes()[1:] == ["complete"]


@pytest.mark.parametrize(("minutes", "told"), [(0, 0), (10, 1)])
def test_a_config_that_cannot_be_read_is_looked_at_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, minutes: int, told: int
) -> None:
    """F29: an edit that is away for an instant, or has the wrong rights for a while, counts once it can be read; meanwhile the
    daemon lives. Rights alone change neither time nor size."""
    read, refused = Path.read_bytes, []

    def guarded(path: Path) -> bytes:
        if path == machine.config and (not refused or machine.clock.now() < refused[0] + minutes * 60_000):
            refused.append(machine.clock.now())
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return read(path)

    def edit() -> None:
        machine.write(daemon='nightly = "01:45"')
        monkeypatch.setattr(Path, "read_bytes", guarded)

    machine.clock.plan(600, edit)
    machine.live(until="2026-11-22 02:15")
    assert refused
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "nightly", "01:45")]
    assert len(machine.failures()) == told
    assert machine.state.config_problems == ()


def test_a_mapping_that_cannot_be_read_is_looked_at_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """F29: though it looks as before."""
    read, until = Path.read_bytes, instant("2026-11-22 01:30")

    def guarded(path: Path) -> bytes:
        if path.name == "all.toml" and machine.clock.now() < until:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    machine.live(until="2026-11-22 02:00")
    assert len(machine.failures()) == 1
    assert [event.what for event in machine.of(Reloaded)] == ["mapping"]
    assert machine.state.mapping_problems == ()


def test_a_folder_that_goes_away_while_it_is_looked_at_ends_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """F29: as when a branch is changed under the daemon."""
    rglob, looks = Path.rglob, []

    def away(path: Path, pattern: str) -> Iterator[Path]:
        looks.append(path)
        if len(looks) == 9:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return iter(rglob(path, pattern))

    monkeypatch.setattr(Path, "rglob", away)
    assert machine.live(until="2026-11-22 03:00") == 0
    assert len(looks) > 9
    assert machine.failures() == []


# ---- two daemons ------------------------------------------------------------------------------------------------------------


def test_the_second_stands_by_and_takes_over(machine: Machine, tmp_path: Path) -> None:
    """F28: the second daemon names the owner, begins nothing, and takes over when the first is gone."""
    first = machine.store.own("daemon")
    machine.clock.plan(3600, first.release)
    machine.live(until="2026-11-22 02:05")
    assert machine.names() == ["Standby", "TookOver", "Stopping"]
    standby, took_over = machine.of(Standby)[0], machine.of(TookOver)[0]
    assert standby.owner.startswith("process ")
    assert took_over.former == standby.owner
    assert machine.begun() == [("jira", "nightly", "02:00")]


def test_who_stands_by_outlives_a_database_that_is_away(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """F25, F28: it goes away just between the two questions, whether there is an owner and who that is."""
    first = machine.store.own("daemon")
    asked = []

    def away(store: Store, name: str) -> str | None:
        asked.append(name)
        if len(asked) < 4:
            raise StoreUnavailable("The server is away.")
        return holder(store, name)

    monkeypatch.setattr("hub.daemon.daemon.holder", away)
    machine.clock.plan(1800, first.release)
    machine.live(until="2026-11-22 02:00")
    assert machine.names() == ["Troubled", "Standby", "TookOver", "Stopping"]
    assert machine.begun() == [("jira", "nightly", "01:30")]


def test_an_owner_that_lost_the_database_stops(machine: Machine, tmp_path: Path) -> None:
    """F28: somebody else took over without our noticing (the lock file was replaced): no run begins, exit code 3."""
    lock = Path(f"{machine.store.path}.daemon.lock")
    others: list[Ownership] = []

    def take() -> None:
        lock.unlink()
        others.append(machine.store.own("daemon"))

    machine.clock.plan(3600, take)
    assert machine.live(until="2026-11-22 04:00") == 3
    assert machine.begun() == [("jira", "nightly", "01:00")]
    assert len(machine.of(LostOwnership)) == 1
    assert [event.why for event in machine.of(Stopping)] == ["lost"]
    assert machine.state.role == "lost"
    others[0].release()


def test_once_beside_a_daemon_is_refused(machine: Machine) -> None:
    """F28: `serve --once` names the running daemon and leaves with 3."""
    with machine.store.own("daemon"), pytest.raises(Locked, match=r"is running already: process \d+"):
        machine.daemon().once()
    assert machine.begun() == []


# ---- once -------------------------------------------------------------------------------------------------------------------


def test_once_runs_what_is_due_and_leaves(machine: Machine) -> None:
    machine.write(more=DEALS, jira='every = "1m"')
    machine.how["jira"] = How(seconds=600)
    assert machine.daemon().once() == 0
    assert machine.begun() == [("jira", "nightly", "01:00"), ("deals", "nightly", "01:00")]
    assert machine.daemon().once() == 0
    assert machine.begun()[2:] == [("jira", "delta", "01:10")]


@pytest.mark.parametrize(("results", "code"), [(("failed", "failed"), 1), (("failed", "complete"), 5), (("held", "held"), 4)])
def test_once_tells_how_it_went_by_its_code(machine: Machine, results: tuple[str, str], code: int) -> None:
    """F31: one vendor is down: 5; all are: 1."""
    machine.write(more=DEALS)
    machine.how |= {"jira": How(results[0]), "deals": How(results[1])}
    assert machine.daemon().once() == code


def test_once_without_any_process_is_not_all_well(machine: Machine) -> None:
    """F31: nothing could be started: 1."""

    def starved(job: Job) -> VirtualRun:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    machine.launch = starved  # type: ignore[method-assign]
    assert machine.daemon().once() == 1
    assert len(machine.of(Troubled)) == 1


def test_once_answers_requests(machine: Machine) -> None:
    machine.daemon().once()
    good, bad = ask(machine, source="jira", mode="full"), ask(machine, source="none")
    assert machine.daemon().once() == 0
    rows = [inbox.get(machine.store, each) for each in (good, bad)]
    assert [row.result["result"] for row in rows if row and row.result] == ["complete", "refused"]


# ---- leaving, and what may go wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stubborn", "seconds"), [(False, 2.0), (True, 9.0)])
def test_leaving_ends_the_children_in_time(machine: Machine, stubborn: bool, seconds: float) -> None:
    machine.how["jira"] = How(hangs=True, stubborn=stubborn)
    machine.clock.stride = 0.5
    daemon = machine.daemon()
    assert machine.live(hours=0.01, daemon=daemon) == 0
    assert machine.of(RunEnded)[0].outcome.signal == (9 if stubborn else 15)
    assert machine.clock.monotonic() - 1036 <= seconds
    with machine.store.own("daemon"):
        pass  # the next one can begin


def test_asked_twice_it_leaves_at_once(machine: Machine) -> None:
    machine.how["jira"] = How(hangs=True, stubborn=True)
    machine.clock.stride = 0.5
    daemon = machine.daemon()
    machine.clock.plan(37, lambda: daemon.stop("again"))
    machine.live(hours=0.01, daemon=daemon)
    assert machine.clock.monotonic() - 1036 <= 2.0


def test_a_database_out_of_reach_ends_nothing(machine: Machine) -> None:
    """F25: the daemon lives, says so once, and goes on when the database is back."""
    path = str(machine.store.path)
    hidden = sqlite3.connect(path)
    hidden.close()
    moved = Path(path + ".away")
    for seconds, action in (
        (600, lambda: (machine.store._engine.dispose(), Path(path).rename(moved), Path(path).mkdir())),
        (1200, lambda: (Path(path).rmdir(), moved.rename(path))),
    ):
        machine.clock.plan(seconds, action)
    machine.live(until="2026-11-22 03:00")
    assert len(machine.of(Troubled)) == 1
    assert machine.state.trouble is None
    assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "nightly", "02:30")]


def test_a_listener_that_fails_stops_nothing(machine: Machine) -> None:
    def fail(event: Event) -> None:
        raise RuntimeError("no")

    machine.hear.append(fail)
    machine.live(until="2026-11-22 03:00")
    assert machine.outcomes() == ["complete", "complete"]


def test_children_are_heard_in_order(machine: Machine) -> None:
    machine.live(until="2026-11-22 01:30")
    assert [type(event).__name__ for event in machine.events if event.at] == [
        "TookOver", "RunStarted", "RunEvent", "RunEvent", "RunEnded", "Stopping",
    ]  # fmt: skip
    assert [event.event["event"] for event in machine.of(RunEvent)] == ["Started", "Ended"]


# ---- PostgreSQL -------------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_on_postgresql_an_owner_whose_connection_was_cut_stops(tmp_path: Path, postgres_store: Store) -> None:
    """F28: the server let go of the lock and another daemon took it: no run begins any more, exit code 3."""
    others: list[Ownership] = []

    def cut() -> None:
        connection = postgres_store.plain_connection()
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        )
        connection.close()
        others.append(postgres_store.own("daemon", wait=10))

    with virtual(tmp_path, postgres_store, "2026-11-22 01:00") as machine:
        machine.clock.plan(1800, cut)
        assert machine.live(until="2026-11-22 04:00") == 3
        assert machine.begun() == [("jira", "nightly", "01:00")]
        assert [type(event) for event in machine.events[-2:]] == [LostOwnership, Stopping]
    for other in others:
        other.release()


@pytest.mark.postgres
def test_on_postgresql_requests_and_nights_are_run(tmp_path: Path, postgres_store: Store) -> None:
    with virtual(tmp_path, postgres_store, "2026-11-22 01:00") as machine:
        asked: list[int] = []
        machine.clock.plan(600, lambda: asked.append(ask(machine, source="jira", mode="full")))
        machine.live(until="2026-11-22 03:00")
        assert machine.begun() == [("jira", "nightly", "01:00"), ("jira", "full", "01:10"), ("jira", "nightly", "02:30")]
        row = inbox.get(postgres_store, asked[0])
        assert row is not None
        assert row.done_at is not None
