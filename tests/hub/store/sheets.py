"""Builders: a sheet of values that is read the way a run reads it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from connectors.base import MetricValue, Page, Partition
from hub.reconcile import value_named
from hub.store.write import PageCounts
from hub.store.write_holds import HoldKind
from tests.hub.store.world import NOON, PAYMENTS, World

SHEET = Partition("S1", "KPIs", key="KPI", yields="values", reads="whole", fingerprint="f1")
FIRST = date(2026, 1, 1)


def value(day: int, number: str | int = "1", series: str = "nps", **more: Any) -> MetricValue:
    """A value of the day that comes ``day`` days after the first one."""
    return MetricValue(series, FIRST + timedelta(days=day), str(number), **more)


def days(count: int, number: str | int = "1", **more: Any) -> list[MetricValue]:
    """A value for each of so many days."""
    return [value(n, number, **more) for n in range(count)]


class Sheet:
    """The sheet ``S1`` of a world's source."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.writer.put_partitions(world.source, [PAYMENTS, SHEET])

    def begin(self, fingerprint: str = "f1", **more: Any) -> int:
        given = {"run_id": self.world.run, "at": NOON, "resume_ttl": 0.0} | more
        return self.world.writer.start_pass(self.world.source, "S1", fingerprint, **given).pass_id

    def put(self, pass_id: int, page: Page) -> PageCounts:
        return self.world.writer.put_page(self.world.source, "S1", pass_id, page, run_id=self.world.run, seen_at=NOON)

    def read(self, *values: MetricValue, fingerprint: str = "f1", **more: Any) -> PageCounts:
        """A whole pass of one page."""
        return self.put(self.begin(fingerprint), Page(values=values, **{"end": "complete", **more}))

    def numbers(self, as_of: int | None = None) -> dict[tuple[str, int, str], str]:
        """What is in force: (series, day, key) -> number."""
        found = self.world.reader.values([self.world.source], as_of=as_of)
        return {(v.series, (v.on - FIRST).days, v.key): v.value for v in found}

    def holds(self) -> list[tuple[HoldKind, str | None, int]]:
        """Kind, decision and size of what is held."""
        return [(row.kind, row.decision, len(row.ids)) for row in self.world.reader.holds(self.world.source)]  # type: ignore[misc]

    def held(self) -> set[tuple[str, int, str]]:
        """The values that the only hold is about."""
        (row,) = self.world.reader.holds(self.world.source)
        ids = [id_.split(" ", 1)[1] if row.kind == "restated" else id_ for id_ in row.ids]
        return {(series, (date.fromisoformat(day) - FIRST).days, key) for series, day, key in map(value_named, ids)}

    def approve(self) -> str | None:
        (row,) = self.world.reader.holds(self.world.source)
        return self.world.writer.approve(row.id, NOON, "an admin")
