"""The daemon's loop: own the database, look what is due, run it, tell what happened, leave in time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence

from hub.daemon import events as told
from hub.daemon.children import GRACE, Ended, Launch, Supervisor, Told
from hub.daemon.clock import Clock
from hub.daemon.events import Listener
from hub.daemon.files import DEBOUNCE, ConfigFile, MappingFiles
from hub.daemon.jobs import Job, combined
from hub.daemon.notify import Notify
from hub.daemon.plan import WHILE_REFUSED, Plan, Planner
from hub.daemon.requests import answer
from hub.daemon.state import Board
from hub.daemon.tracker import Tracker
from hub.errors import AnchorlineError, Locked
from hub.scheduler import Timers
from hub.store import Ownership, Store, inbox
from hub.store.locks import holder
from hub.store.read import Reader

NAME = "daemon"
"""The name of the owner in the database."""
TURN = 5.0
"""Seconds after which the loop turns though nobody woke it."""
LOOK = 0.9
"""Seconds between two looks at the database and the files."""
JUMP = 2.0
"""Seconds by which the wall clock must leave the one that never jumps to be said to have jumped."""
LOST = 3
AGAIN = 60.0
"""Seconds after which an evaluation that came to nothing is tried again; twice as many after each further one, up to an hour."""


class Daemon:
    """One daemon on one database. ``listeners`` and ``board`` are how others see it; ``stop`` may be called from anywhere."""

    def __init__(
        self,
        store: Store,
        files: ConfigFile,
        launch: Launch,
        clock: Clock,
        board: Board,
        *,
        listeners: Sequence[Listener] = (),
        timers: Timers | None = None,
        notify: Notify | None = None,
    ) -> None:
        self._store, self._files, self._clock, self._board = store, files, clock, board
        self._tell = told.listeners(*listeners)
        self._timers = timers
        self._notify = notify or Notify({})
        self._mapping = MappingFiles(files.config)
        self._supervisor = Supervisor(launch)
        self._planner = Planner(store)
        self._tracker = Tracker(board)
        self._ownership: Ownership | None = None
        self._stopping = ""
        self._hurry = False
        self._code = 0
        self._looked: float | None = None
        self._offset: int | None = None
        self._stale = True
        """The mapping files may say something else than what was calculated with"""
        self._settings_changed = False
        """What the calculation knows of the sources did"""
        self._evaluate_from = 0.0
        self._fruitless = 0
        """Evaluations in a row that came to nothing"""
        self._overlaps: dict[str, int] = {}
        self._missed: dict[str, int] = {}
        self._answers: dict[int, dict[str, object]] = {}
        self._once: set[str] | None = None
        """With ``once``, what was begun already"""
        self._outcomes: list[int] = []

    # ---- from outside -------------------------------------------------------------------------------------------------------

    def stop(self, why: str) -> None:
        """Leave; a second call ends the children at once. Safe in a signal's handler."""
        self._hurry = bool(self._stopping)
        self._stopping = self._stopping or why
        self._clock.wake()

    def serve(self) -> int:
        """Run until stopped; the exit code: 0, or 3 when another process took over."""
        self._announce()
        try:
            if self._become_owner():
                while not self._stopping:
                    self.turn()
                    self._clock.wait(TURN)
            return self._leave()
        finally:
            self._let_go()

    def once(self) -> int:
        """Run everything that is due now, each source once; the exit codes of the runs combined. Raises ``Locked`` when another
        daemon owns the database."""
        self._once = set()
        self._announce()
        try:
            self._own(self._store.own(NAME), None)
            while not self._stopping:
                if not self.turn() and not self._supervisor.jobs():
                    self._stopping = "once"
                else:
                    self._clock.wait(TURN)
            code = self._leave()
            return code or combined(self._outcomes)
        finally:
            self._let_go()

    # ---- becoming and ceasing to be the daemon ------------------------------------------------------------------------------

    def _announce(self) -> None:
        """What is wrong with the files already at the start."""
        self._board.change(config_hash=self._files.hash)
        if self._files.problems:
            self._reload_failed("config", self._files.problems)
        if self._mapping.problems:
            self._reload_failed("mapping", self._mapping.problems)

    def _become_owner(self) -> bool:
        """Wait until this process is the daemon; False when it was stopped before."""
        former = None
        while not self._stopping:
            self._heartbeat()
            try:
                self._own(self._store.own(NAME), former)
                return True
            except Locked:
                former = self._stand_by(former)
            except AnchorlineError as error:
                self._troubled(error)
            self._clock.wait(1.0)
        return False

    def _stand_by(self, former: str | None) -> str | None:
        """Tell who the daemon is, once for each; the latest one known."""
        self._notify.ready()
        try:
            owner = holder(self._store, NAME)
        except AnchorlineError as error:  # the database went away between the two questions
            self._troubled(error)
            return former
        if self._board.state.trouble is not None:
            self._board.change(trouble=None)
        if owner is None or owner == former:
            return former
        self._board.change(role="standby", owner=owner)
        self._tell(told.Standby(self._clock.now(), owner))
        self._notify.status(f"standing by: the daemon is {owner}")
        return owner

    def _own(self, ownership: Ownership, former: str | None) -> None:
        self._ownership = ownership
        self._board.change(role="owner", owner=None, epoch=ownership.epoch, trouble=None)
        self._tell(told.TookOver(self._clock.now(), ownership.epoch, former))
        self._notify.ready()

    def _still_owner(self) -> bool:
        assert self._ownership is not None
        if Reader(self._store).epoch(NAME) == self._ownership.epoch:
            return True
        owner = holder(self._store, NAME)
        self._board.change(role="lost", owner=owner)
        self._tell(told.LostOwnership(self._clock.now(), owner))
        self._stopping, self._code = "lost", LOST
        return False

    def _leave(self) -> int:
        """End the children and everything else, within ``GRACE`` and a moment."""
        self._notify.stopping()
        if self._board.state.role != "lost":
            self._board.change(role="stopping")
        self._tell(told.Stopping(self._clock.now(), self._stopping))
        self._supervisor.stop(self._clock.monotonic())
        until = self._clock.monotonic() + GRACE
        while self._supervisor.jobs():
            self._hear()
            if self._hurry or self._clock.monotonic() >= until:
                self._supervisor.kill()
            if self._supervisor.jobs():
                self._clock.wait(0.2)
        if self._ownership is not None and not self._code:
            with contextlib.suppress(AnchorlineError):  # what cannot be told now, the next daemon finds unanswered
                self._send_answers(self._clock.now())
        return self._code

    def _let_go(self) -> None:
        self._supervisor.kill()  # only after a fault of our own is there anything left
        if self._ownership is not None:
            self._ownership.release()
            self._ownership = None

    # ---- a turn of the loop -------------------------------------------------------------------------------------------------

    def turn(self) -> bool:
        """Hear the children, look what changed, begin what is due; whether something began."""
        self._heartbeat()
        self._hear()
        now, monotonic = self._clock.now(), self._clock.monotonic()
        self._supervisor.enforce(self._files.config.daemon.deadline, monotonic)
        if self._stopping or (self._looked is not None and monotonic - self._looked < LOOK):
            return False
        self._looked = monotonic
        self._check_clock(now, monotonic)
        try:
            began = self._still_owner() and self._look(now, monotonic)
        except AnchorlineError as error:
            if self._once is not None:
                raise
            self._troubled(error)
            return False
        if self._board.state.trouble is not None:
            self._board.change(trouble=None)
        return began

    def _look(self, now: int, monotonic: float) -> bool:
        self._reload(now, monotonic)
        self._send_answers(now)
        running = {source: self._supervisor.since(source) for source in self._supervisor.jobs()}
        plan = self._planner.plan(self._files.config, running, self._answers, now, monotonic)
        self._show(plan, now)
        begun = [job for job in self._chosen(plan, now, monotonic) if self._begin(job, now, monotonic)]
        self._notify.status(self._words())
        if self._timers is not None:
            self._timers.arm({name: each.at for name, each in plan.following.items() if each is not None and each.at > now})
        return bool(begun)

    def _chosen(self, plan: Plan, now: int, monotonic: float) -> Iterable[Job]:
        """What begins now: as many as there is room for, each source once."""
        room = self._parallel() - sum(job.reads for job in self._supervisor.jobs().values())
        seen: set[str] = set()
        for job in plan.begin:
            if room <= 0:
                break
            if job.source in seen or (self._once is not None and job.source in self._once):
                continue
            seen.add(job.source)
            room -= 1
            yield job
        if self._stale and monotonic >= self._evaluate_from and told.EVALUATION not in self._supervisor:
            evaluation = self._planner.evaluation(self._mapping.hash, now, whole=self._settings_changed)
            self._stale = self._settings_changed = False
            if evaluation is not None:
                yield evaluation

    def _parallel(self) -> int:
        return self._files.config.daemon.parallel or max(2, os.cpu_count() or 2)

    def _begin(self, job: Job, now: int, monotonic: float) -> bool:
        try:
            pid = self._supervisor.start(job, now, monotonic)
        except OSError as error:  # no process can be made, as for want of memory
            self._troubled(AnchorlineError(f"No process could be started: {error.strerror}."))
            if not job.reads:
                self._evaluate_again(job, monotonic)
            elif self._once is not None:
                self._outcomes.append(1)
            return False
        if self._once is not None:
            self._once.add(job.source)
        self._tracker.started(job, now, pid)
        self._tell(told.RunStarted(now, job.source, job.mode, job.reason, pid, job.due_at))
        return True

    # ---- children -----------------------------------------------------------------------------------------------------------

    def _hear(self) -> None:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        for each in self._supervisor.collect(monotonic):
            match each:
                case Told(job, dict() as event, _):
                    self._tracker.heard(job, event)
                    self._tell(told.RunEvent(now, job.source, event))
                case Told(job, None, line):
                    self._tell(told.RunLine(now, job.source, line))
                case Ended():
                    self._looked = None  # there is room for another one
                    self._ended(each, now)

    def _ended(self, end: Ended, now: int) -> None:
        job, outcome = end.job, end.outcome
        self._tracker.ended(job, outcome, end.since, now)
        monotonic = self._clock.monotonic()
        if job.reads:
            self._planner.ended(job, outcome, monotonic, broke_off=end.broke_off)
            if outcome.seq is not None:  # it may have met files that were just being saved, or that were taken back since
                self._stale = True
                self._evaluate_from = max(self._evaluate_from, monotonic + DEBOUNCE)
        elif outcome.result != "complete":
            self._evaluate_again(job, monotonic)
        else:
            self._fruitless = 0
        cut_short = bool(self._stopping) and end.broke_off
        if not cut_short and outcome.result != "locked":  # else they wait on, for us or for the next daemon
            self._answers |= {row_id: answer(job.source, outcome) for row_id in job.requests}
        self._outcomes.append(outcome.code)
        self._tell(told.RunEnded(now, job.source, job.mode, job.reason, outcome, end.duration))

    def _evaluate_again(self, job: Job, monotonic: float) -> None:
        """An evaluation came to nothing: what it was for is still to be calculated, unless a run does it meanwhile."""
        self._stale = True
        self._settings_changed = self._settings_changed or job.whole
        self._evaluate_from = monotonic + min(AGAIN * 2**self._fruitless, WHILE_REFUSED)
        self._fruitless = min(self._fruitless + 1, 10)

    def _changed(self, *, settings: bool = False) -> None:
        """Something was edited: calculate now, whatever came of it the last time."""
        self._stale = True
        self._settings_changed = self._settings_changed or settings
        self._evaluate_from, self._fruitless = 0.0, 0

    def _send_answers(self, now: int) -> None:
        for row_id, result in list(self._answers.items()):
            inbox.finish(self._store, row_id, result, now)
            del self._answers[row_id]

    # ---- what changed -------------------------------------------------------------------------------------------------------

    def _reload(self, now: int, monotonic: float) -> None:
        facts = {name: source.facts for name, source in self._files.config.sources.items()}
        change = self._files.poll(monotonic)
        if change is not None:
            self._reloaded(change.what, change.hash, change.problems)
            if not change.problems:
                self._planner.forget()
                self._board.change(config_hash=change.hash)
                if facts != {name: source.facts for name, source in self._files.config.sources.items()}:
                    self._changed(settings=True)
        change = self._mapping.poll(self._files.config, monotonic)
        if change is not None:
            self._reloaded(change.what, change.hash, change.problems)
            self._changed()

    def _reloaded(self, what: str, hash_: str, problems: tuple[str, ...]) -> None:
        if problems:
            self._reload_failed(what, problems)
        else:
            self._board.change(**{f"{what}_problems": ()})
            self._tell(told.Reloaded(self._clock.now(), what, hash_))

    def _reload_failed(self, what: str, problems: tuple[str, ...]) -> None:
        self._board.change(**{f"{what}_problems": problems})
        self._tell(told.ReloadFailed(self._clock.now(), what, problems))

    def _check_clock(self, now: int, monotonic: float) -> None:
        offset = now - int(monotonic * 1000)
        if self._offset is not None and abs(offset - self._offset) > JUMP * 1000:
            self._tell(told.ClockJumped(now, (offset - self._offset) / 1000))
            if self._timers is not None:
                self._timers.restart()
        self._offset = offset

    # ---- telling ------------------------------------------------------------------------------------------------------------

    def _show(self, plan: Plan, now: int) -> None:
        for row_id, outcome in plan.refused.items():
            self._answers[row_id] = answer("", outcome)
        for name, slots in plan.missed.items():
            self._missed[name] = self._missed.get(name, 0) + len(slots)
            self._tell(told.Missed(now, name, slots))
        for job in plan.overlapping:
            if self._overlaps.get(job.source) != job.due_at:
                self._overlaps[job.source] = job.due_at
                self._tell(told.Skipped(now, job.source, job.mode))
        self._tracker.planned(self._files.config.sources, plan.following, self._missed)
        self._board.change(parallel=self._parallel(), inbox=plan.waiting)

    def _words(self) -> str:
        state = self._board.state
        reading = [name for name, each in state.sources.items() if each.running]
        broken = [name for name in ("config", "mapping") if getattr(state, f"{name}_problems")]
        said = f"reading {', '.join(reading)}" if reading else f"{len(state.sources)} sources, none being read"
        return said + "".join(f"; the {name} has mistakes, the last good one is in force" for name in broken)

    def _heartbeat(self) -> None:
        self._board.change(ticked=self._clock.monotonic())
        self._notify.alive()

    def _troubled(self, error: AnchorlineError) -> None:
        text = str(error)
        if self._board.state.trouble != text:
            self._board.change(trouble=text)
            self._tell(told.Troubled(self._clock.now(), text))
