"""A company that the hub knows already, and short words for what happens to it: what the single stories are told in."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hub.sync import RunSummary
from tests.simulation.checks import Watch, check
from tests.simulation.connector import Style
from tests.simulation.look import Look, look
from tests.simulation.setup import DAY, HOUR, Op, Setup, named_at, skew_at
from tests.simulation.vendor import Company, Habits, Vendor, Version
from tests.simulation.world import Outcome, World

BIG = 3
"""A start whose third project has some thirty items."""


class Scene:
    """A synced company and short words for what happens to it."""

    def __init__(
        self, start: int = 4, *, empty: bool = False, lag: int = 0, telling: bool = False, batch: int = 1, **style: Any
    ) -> None:
        habits = Habits(lag=lag, skew=skew_at(start), telling=telling)
        given = {"page_size": 3, "lag": lag / 1000, "overlap": lag / 1000} | style
        self.setup = Setup(0, start, habits=habits, style=Style(**given), named=named_at(start), batch=batch)
        self.world = World(self.setup)
        self.world.begin(empty=empty)
        self.watch = Watch(self.world)
        self.steps = 0

    @property
    def vendor(self) -> Vendor:
        return self.world.vendors["alpha"]

    @property
    def company(self) -> Company:
        return Company(self.vendor, random.Random(5))

    def change(self, id_: str, **values: Any) -> Version:
        self.world.pass_time(1_000)
        version = self.vendor.latest(id_)._replace(**({"updated": self.vendor.stamp()} | values))
        self.vendor.put(version)
        self.watch.after_people()
        return version

    def outcome(self, mode: str = "nightly", **op: Any) -> Outcome:
        self.steps += 1
        outcome = self.world.step(Op("run", self.steps, mode=mode, **({"after": HOUR} | op)))
        assert outcome is not None
        self.watch.after(outcome)
        return outcome

    def run(self, mode: str = "nightly", **op: Any) -> RunSummary:
        summary = self.outcome(mode, **op).summary
        assert summary is not None
        return summary

    def approve(self) -> None:
        check(self.world.approve() > 0, "held", "there is nothing to approve")
        self.watch.approved = True

    def now(self) -> Look:
        return look(self.world.database)

    def presence(self, *ids: str) -> set[str]:
        items = self.now().items
        return {items["alpha", id_].presence for id_ in ids}

    def inside(self, partition: str) -> list[str]:
        return [v.id for v in self.vendor.current() if v.partition == partition and v.state == "live"]

    def right(self) -> None:
        """Everything equals the truth, after one more night."""
        summary = self.run(after=DAY)
        check(summary.result == "complete", "C2", f"a clean run is {summary.result}: {summary.error}")
        now = self.now()
        self.watch.live_is_truth("alpha", now, "C2")
        self.watch.progress_is_truth(now)


@contextmanager
def scene(*given: Any, **more: Any) -> Iterator[Scene]:
    found = Scene(*given, **more)
    try:
        yield found
    finally:
        found.world.close()


def much_happens(s: Scene) -> None:
    """Something of everything, for a run to read."""
    one, two, three, *_ = s.inside("1")
    s.change(one, labels=("kr:count", "kr:points"), title="Renamed")
    s.change(two, state="deleted")
    s.change(three, partition="2", key=f"OPS-{three}")
    s.company.create("3", 1)
    s.company.create("3", 0)
    s.watch.after_people()
