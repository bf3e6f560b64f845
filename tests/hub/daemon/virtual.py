"""A daemon in virtual time: its real loop, database and files, with runs that are values instead of processes.

with virtual(tmp_path, store, "2026-11-22 02:00") as machine:
    machine.live(until="2026-11-22 03:00")
    assert machine.begun() == [("jira", "nightly", "02:30")]
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from hub.daemon.daemon import Daemon
from hub.daemon.events import Event, ReloadFailed, RunEnded, RunStarted, name_of
from hub.daemon.files import ConfigFile
from hub.daemon.jobs import Job
from hub.daemon.state import Board, State
from hub.store import Store
from hub.store.write import Writer

CONFIG = """
[daemon]
jitter = "0s"
full = "never"
{daemon}
[source.jira]
kind = "jira"
url = "https://jira.example"
user = "svc"
{jira}
"""
OTHER = '\n[source.{name}]\nkind = "jira"\nurl = "https://{name}.example"\nuser = "svc"\n'
MAPPING = """
[cycle]
2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }
"""
EXIT = {"complete": 0, "failed": 1, "held": 4, "partial": 5}


def instant(text: str) -> int:
    """``2026-11-22 02:30`` in UTC, in milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


class VirtualClock:
    """Time passes while somebody waits; ``plan`` puts actions on the way, ``jump`` moves the clock on the wall alone."""

    def __init__(self, now: int, stride: float = 60.0) -> None:
        self._now = now
        self.stride = stride
        self._monotonic = 1000.0
        self._plans: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def wake(self) -> None:
        pass

    def wait(self, seconds: float) -> None:
        """On to the next whole ``stride``, or to what is planned before."""
        left = self.stride - (self._monotonic - 1000.0) % self.stride
        step = min([left if left > 1e-6 else self.stride, *(max(at - self._monotonic, 0.0) for at, _ in self._plans)])
        self._monotonic += step
        self._now += round(step * 1000)
        for plan in [each for each in self._plans if each[0] <= self._monotonic]:
            self._plans.remove(plan)
            plan[1]()

    def plan(self, seconds: float, action: Callable[[], None]) -> None:
        self._plans.append((self._monotonic + seconds, action))

    def jump(self, seconds: float) -> None:
        self._now += round(seconds * 1000)


@dataclass
class How:
    """How a run goes: after ``seconds`` it ends with ``result``; ``locked`` and ``refused`` leave no trace in the database.
    ``signal`` kills it; ``stubborn`` does not heed being asked to end."""

    result: str = "complete"
    seconds: float = 60.0
    signal: int = 0
    stubborn: bool = False
    hangs: bool = False


class VirtualRun:
    """A child that writes what a run writes about itself into the real database."""

    pid = 4711

    def __init__(self, job: Job, how: How, clock: VirtualClock, store: Store) -> None:
        self.job, self.how, self._clock, self._store = job, how, clock, store
        self.began = clock.monotonic()
        self._killed = 0
        self._lines: list[tuple[str, bytes]] = []
        self._run_id: int | None = None
        self._told = False
        if job.reads and how.result not in ("locked", "refused"):
            self._run_id = self._write(
                lambda w: w.start_run(job.source, reason=job.reason, mode=job.mode, started_at=clock.now())
            )
            self._say({"event": "Started", "source": job.source, "run_id": self._run_id, "partitions": 3})

    def _write(self, what: Callable[[Writer], Any]) -> Any:
        with self._store.own(f"source:{self.job.source}") as mine, Writer(self._store, mine) as writer:
            return what(writer)

    def _say(self, event: dict[str, Any]) -> None:
        self._lines.append(("out", orjson.dumps(event)))

    def lines(self) -> list[tuple[str, bytes]]:
        self._finish()
        found, self._lines = self._lines, []
        return found

    def _code(self) -> int | None:
        if self._killed:
            return -self._killed
        if self.how.hangs or self._clock.monotonic() - self.began < self.how.seconds:
            return None
        if self.how.signal:
            return -self.how.signal
        return {"locked": 3, "refused": 2}.get(self.how.result, EXIT.get(self.how.result, 1))

    def _finish(self) -> None:
        code = self._code()
        if self._told or code is None or code < 0:
            return
        self._told = True
        if not self.job.reads:
            self._say({"event": "Evaluated", "seq": 9})
        elif self._run_id is None:
            self._say({"event": "Refused", "result": self.how.result, "exit_code": code, "error": "No.", "hint": None})
        else:
            run_id, now = self._run_id, self._clock.now()
            self._write(lambda w: w.end_run(run_id, self.how.result, finished_at=now, counts={}))
            summary = {"run_id": run_id, "result": self.how.result, "seq": 5, "counts": {}, "error": None, "hint": None}
            self._say({"event": "Ended", "source": self.job.source, "summary": summary})

    def ended(self) -> int | None:
        self._finish()
        return None if self._lines else self._code()

    def terminate(self) -> None:
        if not self.how.stubborn:
            self._killed = self._killed or 15

    def kill(self) -> None:
        self._killed = self._killed or 9

    def close(self) -> None:
        pass


@dataclass
class Machine:
    """A folder with files, a clock, a database, and the daemon of the moment; ``restart`` gives it another one."""

    folder: Path
    store: Store
    clock: VirtualClock
    how: dict[str, How] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    hear: list[Callable[[Event], None]] = field(default_factory=list)
    runs: list[VirtualRun] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def write(self, *, daemon: str = "", jira: str = "", more: str = "", database: str | None = None) -> None:
        """config.toml."""
        text = CONFIG.format(daemon=daemon, jira=jira) + more
        self.put(self.config, f'database = "{database or "sqlite:///data/a.db"}"\n{text}')

    def put(self, path: Path, text: str) -> None:
        """A file as an editor saves it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        stat = path.stat()
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + len(self.events) + 1))  # two saves within one tick of the disk

    def mapping(self, text: str) -> None:
        self.put(self.folder / "mappings" / "all.toml", text)

    def launch(self, job: Job) -> VirtualRun:
        run = VirtualRun(job, self.how.get(job.source, How()), self.clock, self.store)
        self.runs.append(run)
        return run

    def daemon(self) -> Daemon:
        """A new daemon on these files; the board of it is ``self.board``."""
        self.files = ConfigFile(self.config, {"ANCHORLINE_JIRA__TOKEN": "secret", "ANCHORLINE_DEALS__TOKEN": "secret"})
        self.board = Board(self.clock.now(), os.getpid())
        return Daemon(self.store, self.files, self.launch, self.clock, self.board, listeners=[self._heard])

    def _heard(self, event: Event) -> None:
        self.events.append(event)
        for each in self.hear:
            each(event)

    def live(self, *, until: str = "", hours: float = 0.0, daemon: Daemon | None = None) -> int:
        """A daemon from now on until then; its exit code."""
        mine = daemon or self.daemon()
        seconds = (instant(until) - self.clock.now()) / 1000 if until else hours * 3600
        self.clock.plan(seconds, lambda: mine.stop("test"))
        return mine.serve()

    @property
    def state(self) -> State:
        return self.board.state

    def begun(self) -> list[tuple[str, str, str]]:
        """(source, mode, time of day) of the runs so far."""
        return [(e.source, e.mode, clock(e.at)) for e in self.of(RunStarted)]

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def outcomes(self) -> list[str]:
        return [event.outcome.result for event in self.of(RunEnded)]

    def names(self) -> list[str]:
        return [name_of(event) for event in self.events if not name_of(event).startswith("Run")]

    def failures(self) -> list[tuple[str, ...]]:
        return [event.problems for event in self.of(ReloadFailed)]


def clock(at: int) -> str:
    """``02:30``; seconds only where there are any."""
    shown = datetime.fromtimestamp(at / 1000, UTC).strftime("%H:%M:%S")
    return shown.removesuffix(":00")


@contextlib.contextmanager
def virtual(folder: Path, store: Store, now: str, **config: str) -> Iterator[Machine]:
    machine = Machine(folder, store, VirtualClock(instant(now)))
    machine.write(**config)
    machine.mapping(MAPPING)
    yield machine
