"""A hub on a company that changes: real HTTP, real connector, real store, and a clock that only we move.

The clock of the hub is that of the stand-in, so days pass without waiting; pauses between requests are told to the stand-in
instead of being slept, so that its announced waits end when ours do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connectors._shared.io import RunIo
from connectors._shared.limits import Gates
from connectors.base import Connector, IoSettings, SourceSettings
from connectors.jira.connector import JiraCloud
from hub.store import Store, inbox
from hub.sync import Event, RunSummary, nobody, sync_source
from tests.hub.sandbox.process import Sandbox
from tests.hub.sync.worlds import World, rows

END = 1_798_632_000_000  # 2026-12-30T12:00:00Z: what every comparison is calculated for
BACKOFF = 0.01
TRIES = 6
APPROVALS = 4


class Clock:
    """Real seconds plus those that were slept, of which the stand-in is told."""

    def __init__(self, sb: Sandbox) -> None:
        self._sb, self._passed, self._lock = sb, 0.0, threading.Lock()

    def monotonic(self) -> float:
        with self._lock:
            return time.monotonic() + self._passed

    def sleep(self, seconds: float) -> None:
        self._sb.waited(seconds)
        with self._lock:
            self._passed += seconds


class Site:
    """One company and one hub that reads it. ``new_hub`` is another hub that knows nothing yet."""

    def __init__(self, sb: Sandbox, world: World, store: Store, threads: int = 1, database: str = "") -> None:
        self.sb, self.world, self.store, self.threads, self.database = sb, world, store, threads, database
        self.clock, self.gates = Clock(sb), Gates()

    def new_hub(self, store: Store) -> Site:
        return Site(self.sb, self.world, store, self.threads)

    # ---- running

    def opener(self, settings: SourceSettings) -> Connector:
        limits = IoSettings(attempts=TRIES, backoff=BACKOFF, parallel=2, call_deadline=30)
        io = RunIo(
            settings, limits, monotonic=self.clock.monotonic, sleep=self.clock.sleep, rand=lambda: 0.5, gates=self.gates
        )  # fmt: skip
        return JiraCloud(settings, io)

    def sync(self, mode: Any = "nightly", listener: Callable[[Event], None] = nobody) -> RunSummary:
        return sync_source(
            self.world.config(), self.world.mapping(), self.store, "jira", mode=mode, listener=listener, as_of=END,
            opener=self.opener, now=self.sb.clock, threads=self.threads,
        )  # fmt: skip

    def settle(self) -> list[RunSummary]:
        """Nightly runs until one is complete and nothing waits: approving what is held, as a person would after a look."""
        done: list[RunSummary] = []
        for _ in range(APPROVALS):
            self.sb.clock(shift=60)
            done.append(self.sync("nightly"))
            if not self.approve() and done[-1].result == "complete":
                return done
        return done

    # ---- what a person does

    def holds(self) -> list[int]:
        return [row[0] for row in rows(self.store, "SELECT id FROM hold WHERE decision IS NULL ORDER BY id")]

    def approve(self) -> int:
        """Agree to everything that waits; how much that was."""
        waiting = self.holds()
        for hold in waiting:
            inbox.put(self.store, "approve", {"hold": hold}, "ada", self.sb.clock())
        return len(waiting)

    # ---- what there is

    def presence(self) -> dict[str, str]:
        return {row[0]: row[1] for row in rows(self.store, "SELECT id, presence FROM item")}


PROJECTS = ("CORE", "GROW", "IDN", "BILL", "DATA")
READ = ("10001", "10002", "10003", "10005", "10007")
"""Their ids, which stay when the keys change."""


def make_site(sb: Sandbox, folder: Path, store: Store, *, named: bool = True, threads: int = 1, database: str = "") -> Site:
    """``named``: the config names five of the eight projects, by key; else it reads all that the account sees.

    ``database`` is the store's address, for those that open it once more.
    """
    keys = ", ".join(f'"{key}"' for key in PROJECTS)
    world = World(folder, sb.url, database or "sqlite:///unused.db", more=f"projects = [{keys}]" if named else "")
    return Site(sb, world, store, threads, database)
