"""One history: vendors, a hub and a clock, and what the steps of a seed do to them. Nothing here judges; ``checks`` does."""

from __future__ import annotations

import functools
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from connectors.base import Connector, IoSettings, SourceSettings
from hub.errors import LostOwnership
from hub.store import inbox
from hub.store.locks import lock_path
from hub.sync import RunSummary, pages, sync_source
from tests.simulation.connector import ModelConnector, ModelIo, Style
from tests.simulation.faults import Crash, Transport
from tests.simulation.hubs import Database, configuration, scratch, template
from tests.simulation.setup import EPOCH, SOURCES, Op, Setup, make_vendor, named_at, skew_at
from tests.simulation.vendor import Company, Habits, Vendor, Version

ALL = ("1", "2", "3")
"""The partitions that a configuration names, where it names any."""


@dataclass
class Outcome:
    """What one run came to. ``summary`` is None when it crashed or lost its ownership."""

    op: Op
    transport: Transport
    summary: RunSummary | None = None
    crashed: bool = False
    lost: bool = False
    drifted: bool = False
    others: list[Outcome] = field(default_factory=list)
    """Runs that took over meanwhile."""


@dataclass
class World:
    setup: Setup
    vendors: dict[str, Vendor] = field(default_factory=dict)
    database: Database = field(init=False)
    now: int = EPOCH
    ahead: int = 0
    """Milliseconds by which our own clock is wrong."""
    partitions: tuple[str, ...] = ()
    """Those that the configuration names."""
    threads: int = 1
    """With one everything is read in turn, which is the same every time."""
    shape: int = 1
    unsure: bool = False
    """The shape changed, and since then a listing was empty or short: items may keep the former shape until a full pass."""
    reshaped: bool = False
    darkened: bool = False
    binned: set[tuple[str, str]] = field(default_factory=set)
    """Projects that were in the trash, as (source, id)."""

    def begin(self, *, empty: bool = False) -> None:
        """Take over a company that is known to the hub already; ``empty``: the hub knows nothing yet."""
        path, vendors = (template(), fresh_vendors(self.setup.start)) if empty else started(self.setup.start)
        self.database = Database(path)
        self.readd()
        self.now = EPOCH + 3_600_000
        self.vendors = {name: vendors[name].clone(self._clock) for name in SOURCES}
        for vendor in self.vendors.values():
            vendor.habits = replace(self.setup.habits)

    def close(self) -> None:
        self.database.close()

    def _clock(self) -> int:
        return self.now

    def pass_time(self, milliseconds: int) -> None:
        self.now += milliseconds

    def local(self) -> int:
        return self.now + self.ahead

    def company(self, op: Op) -> Company:
        return Company(self.vendors[op.source], random.Random(op.seed))

    def sees(self, source: str, version: Version) -> bool:
        """Whether a run over the source is to hold this version: visible, and in a project that the configuration asks for."""
        return self.vendors[source].visible(version) and (not self.partitions or version.partition in self.partitions)

    @property
    def dropped(self) -> bool:
        """Whether the configuration leaves out a project that it named before."""
        return self.setup.named and len(self.partitions) < len(ALL)

    def readd(self) -> None:
        self.partitions = ALL if self.setup.named else ()

    def former_states(self, source: str, id_: str) -> set[str]:
        """States that an item had by way of its project, or that a blackout made believe."""
        if self.darkened:  # or that it left because the configuration did not ask for its project
            return {"deleted"}
        return {"trashed" for v in self.vendors[source].items[id_] if (source, v.partition) in self.binned}

    # ---- steps ----

    def step(self, op: Op) -> Outcome | None:
        """Play one step; what came of it if it was a run."""
        self.pass_time(op.after)
        if op.kind == "run":
            return self.run(op)
        if op.kind == "work":
            company = self.company(op)
            for _ in range(op.n):
                company.act(self.setup.poison)
                self.pass_time(company.rng.choice((0, 0, 400, 7_000)))
        else:
            self._surroundings(op)
        return None

    def _surroundings(self, op: Op) -> None:
        vendor, rng = self.vendors[op.source], random.Random(op.seed)
        place = vendor.places[str(op.n or 1)]
        if op.kind == "hide":
            place.hidden = True
        elif op.kind == "show":
            place.hidden, place.state = False, "live"
        elif op.kind == "archive":
            place.state = "archived"
        elif op.kind == "trash":
            place.state = "trashed"
            self.binned.add((op.source, place.id))
        elif op.kind == "rename":
            self.company(op).rename(place.id)
        elif op.kind in ("blackout", "light"):
            vendor.blackout = op.kind == "blackout"
            self.darkened = True
        elif op.kind == "recategorise":
            vendor.categories["4"] = "done" if vendor.categories["4"] != "done" else "indeterminate"
        elif op.kind == "refit":
            self.shape = 3 - self.shape
            self.reshaped = True
        elif op.kind == "jump":
            self.ahead = rng.choice((0, 1_000_000, -1_000_000, 40 * 86_400_000))
        elif op.kind == "flip":
            self.company(op).flip(place.id)
        elif op.kind == "clear":
            self.company(op).clear(place.id, rng.choice((0.5, 1.0)))
        elif op.kind == "drop" and self.partitions == ALL:
            self.partitions = tuple(each for each in ALL if each != place.id)
            self.darkened = True
        elif op.kind in ("drop", "readd"):
            self.readd()
        elif op.kind == "approve":
            self.approve()
        else:
            raise ValueError(op.kind)

    def approve(self) -> int:
        """A person agrees to all that is held; how much it was."""
        holds = [row[0] for row in self.database.rows("SELECT id FROM hold WHERE decision IS NULL ORDER BY id")]
        for hold in holds:
            inbox.put(self.database.store, "approve", {"hold": hold}, "somebody", self.local())
        return len(holds)

    # ---- runs ----

    def style(self) -> Style:
        return replace(self.setup.style, shape=self.shape)

    def run(self, op: Op) -> Outcome:
        rng = random.Random(f"run {op.seed}")
        vendor = self.vendors[op.source]
        transport = Transport(vendor, self.pass_time, rng, self.setup.families if op.rate else frozenset(), op.rate)
        outcome = Outcome(op, transport)
        transport.between = functools.partial(self._between, outcome, Company(vendor, random.Random(f"drift {op.seed}")))
        self.database.fuse.arm(op.crash_at)
        try:
            outcome.summary = self._sync(op, transport)
        except Crash:
            outcome.crashed = True
        except LostOwnership:
            if op.takeover_at is None:
                raise
            outcome.lost = True
        finally:
            if outcome.crashed:
                self.database.reopen()
            self.database.fuse.arm(None)
        if self.reshaped and (transport.lied or vendor.blackout):
            self.unsure = True
        if op.mode == "full" and outcome.summary is not None and outcome.summary.result == "complete":
            self.unsure = self.unsure and (transport.lied or vendor.blackout)
        return outcome

    def _sync(self, op: Op, transport: Transport) -> RunSummary:
        config, mapping = configuration(self.partitions)
        rand = random.Random(f"jitter {op.seed}").random

        def opener(settings: SourceSettings) -> Connector:
            io = ModelIo(settings, transport, IoSettings(), rand)
            return ModelConnector(settings, io, self.style())

        mode: Any = op.mode
        with small_transactions(self.setup.batch):
            return sync_source(
                config, mapping, self.database.store, op.source, mode=mode, opener=opener, now=self.local, threads=self.threads
            )

    def _between(self, outcome: Outcome, company: Company, request: int) -> None:
        """What happens while a request is on its way: other people work, another process takes over."""
        op = outcome.op
        if op.drift and company.rng.random() < op.drift:
            company.act()
            outcome.drifted = True
        if op.takeover_at is not None and request == op.takeover_at:
            self.steal(op.source)
            other = replace(op, seed=op.seed + 1, takeover_at=None, crash_at=None, drift=0.0, rate=0.0)
            at = self.database.fuse.at
            outcome.others.append(self.run(other))
            self.database.fuse.at = at

    def steal(self, source: str) -> None:
        """The lock file is replaced: who holds the old one does not notice, and keeps nobody out."""
        with suppress(FileNotFoundError):
            lock_path(self.database.path, f"source:{source}").unlink()


@contextmanager
def small_transactions(records: int) -> Iterator[None]:
    """Pages are joined only up to so many records, as those of a large vendor are."""
    former = pages.merged.__defaults__
    pages.merged.__defaults__ = (records,)
    try:
        yield
    finally:
        pages.merged.__defaults__ = former


# ---- companies that are known already ---------------------------------------------------------------------------------


def fresh_vendors(start: int) -> dict[str, Vendor]:
    return {name: make_vendor(start, name) for name in SOURCES}


@functools.cache
def started(start: int) -> tuple[Path, dict[str, Vendor]]:
    """A company and a hub that has read all of it once; made once per process."""
    world = World(Setup(0, start, sources=SOURCES, habits=Habits(skew=skew_at(start)), named=named_at(start)))
    world.begin(empty=True)
    for name in SOURCES:
        outcome = world.run(Op("run", 1, name, mode="full"))
        assert outcome.summary is not None and outcome.summary.result == "complete", outcome.summary
    path = scratch() / f"start-{start}.db"
    world.database.store.close()
    shutil.copy(world.database.path, path)
    vendors = {name: vendor.clone(lambda: EPOCH) for name, vendor in world.vendors.items()}
    world.close()
    return path, vendors
