"""Child processes: started, listened to, and ended in time. One for each run, at most one for each source."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import selectors
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson

from hub.daemon.events import RunOutcome
from hub.daemon.jobs import Job, final, told

log = logging.getLogger(__name__)

GRACE = 7.0
"""Seconds that a child has to end when asked to, before it is killed; the daemon itself must be out within 10."""
LINGER = 2.0
"""Seconds that the output of an ended child is waited for: a process of its own may keep the pipe open."""
LONGEST = 1 << 20
"""Bytes of a line; what follows is a line of its own."""
CHUNK = 1 << 16
"""Bytes read at a time."""
_NOT_THEIRS = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""What the service manager told the daemon alone."""


class Process(Protocol):
    """A running child, as the supervisor needs it."""

    @property
    def pid(self) -> int: ...
    def lines(self) -> list[tuple[str, bytes]]:
        """What it wrote since the last call: ("out" or "err", line)."""

    def ended(self) -> int | None:
        """Its exit code, negative for a signal, once it ended and everything that it wrote was given by ``lines``."""

    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def close(self) -> None:
        """Let go of its pipes; its standard input closes, at which it ends by itself."""


Launch = Callable[[Job], Process]


class Child:
    """A process of this machine. ``wake`` is called from its threads whenever there is something to see."""

    def __init__(self, words: Sequence[str], wake: Callable[[], None]) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_THEIRS}
        self._enough, self._until = os.pipe()  # that ``_until`` is closed wakes the pump
        try:
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0, env=environment
            )  # fmt: skip
        except BaseException:
            os.close(self._enough)
            os.close(self._until)
            raise
        self._lines: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._wake = wake
        self._given = False
        self._pump = threading.Thread(target=self._listen, name=f"child-{self.pid}", daemon=True)
        self._pump.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _listen(self) -> None:
        """Until both pipes are closed at their other end, or nobody wants to know: a process of the child's own may keep them
        open. Only this thread closes our ends, so that it never reads from a number that means another file by now."""
        out, err = self._process.stdout, self._process.stderr
        assert out is not None and err is not None
        with out, err, os.fdopen(self._enough, "rb", 0) as enough, selectors.DefaultSelector() as ready:
            ready.register(enough, selectors.EVENT_READ)
            for name, stream in (("out", out), ("err", err)):
                ready.register(stream, selectors.EVENT_READ, _Lines(name, self._lines))
            while len(ready.get_map()) > 1:
                found = [key for key, _ in ready.select()]
                if any(key.data is None for key in found):
                    break
                for key in found:
                    data = os.read(key.fd, CHUNK)
                    key.data.feed(data)
                    if not data:
                        ready.unregister(key.fileobj)
                self._wake()
        self._wake()

    def lines(self) -> list[tuple[str, bytes]]:
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._lines.get_nowait())
        return found

    def ended(self) -> int | None:
        code = self._process.poll()
        if code is None:
            return None
        if not self._given:
            self._pump.join(LINGER)
            self._given = True
        return code if self._lines.empty() else None

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        if self._until >= 0:
            os.close(self._until)
            self._until = -1


class _Lines:
    """Bytes of one pipe as lines."""

    def __init__(self, name: str, lines: queue.SimpleQueue[tuple[str, bytes]]) -> None:
        self._name, self._lines, self._rest = name, lines, bytearray()

    def feed(self, data: bytes) -> None:
        """What was read; nothing at the end."""
        seen = len(self._rest)
        self._rest += data
        begin = 0
        while (end := self._rest.find(b"\n", max(begin, seen)) + 1) or len(self._rest) - begin >= LONGEST:
            end = min(end or len(self._rest), begin + LONGEST)
            self._put(begin, end)
            begin = end
        del self._rest[:begin]
        if not data and self._rest:
            self._put(0, len(self._rest))
            self._rest.clear()

    def _put(self, begin: int, end: int) -> None:
        self._lines.put((self._name, bytes(self._rest[begin:end])))


@dataclass
class _Running:
    job: Job
    process: Process
    since: int
    began: float
    said: RunOutcome | None = None
    run_id: int | None = None
    asked: float | None = None
    """When it was asked to end"""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a child: an event, or a line that is none."""

    job: Job
    event: dict[str, Any] | None
    line: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A child's end; ``duration`` in milliseconds. ``broke_off``: it ended without saying how its run went."""

    job: Job
    outcome: RunOutcome
    since: int
    duration: int
    broke_off: bool


class Supervisor:
    """The children of this daemon. ``deadline`` (seconds) is how long a run may take; times are of ``monotonic``."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._running: dict[str, _Running] = {}

    def __contains__(self, source: str) -> bool:
        return source in self._running

    def jobs(self) -> dict[str, Job]:
        """What runs, by source."""
        return {source: each.job for source, each in self._running.items()}

    def since(self, source: str) -> int:
        """When the run of a source began, in milliseconds."""
        return self._running[source].since

    def start(self, job: Job, now: int, monotonic: float) -> int:
        """Begin a run; its process id. Raises ``OSError`` when no process can be made."""
        assert job.source not in self._running
        process = self._launch(job)
        self._running[job.source] = _Running(job, process, now, monotonic)
        return process.pid

    def collect(self, monotonic: float) -> Iterator[Told | Ended]:
        """What children told since the last call, and which of them ended."""
        for source, each in list(self._running.items()):
            for name, line in each.process.lines():
                yield self._heard(each, name, line)
            code = each.process.ended()
            if code is not None:
                del self._running[source]
                each.process.close()
                outcome = final(each.job, each.said, code, each.why)
                broke_off = outcome is not each.said
                if outcome.run_id is None and each.run_id is not None:
                    outcome = replace(outcome, run_id=each.run_id)
                yield Ended(each.job, outcome, each.since, int((monotonic - each.began) * 1000), broke_off)

    def _heard(self, each: _Running, name: str, line: bytes) -> Told:
        if name == "out":
            with contextlib.suppress(orjson.JSONDecodeError, KeyError, TypeError):
                event = orjson.loads(line)
                if isinstance(event, dict) and "event" in event:
                    each.said = told(event) or each.said
                    each.run_id = event.get("run_id", each.run_id)
                    return Told(each.job, event)
        return Told(each.job, None, line.decode("utf-8", "replace").rstrip())

    def enforce(self, deadline: float, monotonic: float) -> None:
        """Ask children that take too long to end, and kill those that were asked and do not."""
        for each in self._running.values():
            if each.asked is None and monotonic - each.began >= deadline:
                each.why = f"The run took longer than {deadline / 3600:.3g} hours and was ended."
                self._ask(each, monotonic)
            elif each.asked is not None and monotonic - each.asked >= GRACE:
                each.process.kill()

    def stop(self, monotonic: float) -> None:
        """Ask all children to end."""
        for each in self._running.values():
            if each.asked is None:
                self._ask(each, monotonic)

    def kill(self) -> None:
        """End all children at once."""
        for each in self._running.values():
            each.process.kill()

    @staticmethod
    def _ask(each: _Running, monotonic: float) -> None:
        each.asked = monotonic
        with contextlib.suppress(OSError):
            each.process.terminate()
