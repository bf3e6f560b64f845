"""A vendor in a few lines: projects with items, behind the real contract. What it does not say, it does not say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.base import (
    Account,
    Connector,
    Dimension,
    Fetched,
    Gone,
    MetricValue,
    Page,
    Partition,
    Rejected,
    Seen,
    SourceError,
    SourceSettings,
    WorkItem,
)
from hub.config import load_config
from hub.mappings import load_mappings
from hub.model import Mapping as Strategy
from hub.store import Store, inbox
from hub.store.read import Reader
from hub.sync import Mode, RunSummary, evaluate, sync_source

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

CONFIG = """
database = "{database}"
[source.jira]
kind = "jira"
url = "https://tracker.example"
user = "svc"
{more}
"""

STRATEGY = """
[cycle]
2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }

[pillar]
growth = { name = "Growth" }

[[objective]]
id = "sell"
name = "Sell more"
cycle = "2026-q4"
pillar = "growth"
anchor.pillar = "growth"

[[key_result]]
id = "alpha"
objective = "sell"
name = "Alpha is done"
kind = "completion"

[[key_result]]
id = "beta"
objective = "sell"
name = "Beta is done"
kind = "completion"

[[rule]]
name = "alpha"
when.label = "alpha"
to = "alpha"

[[rule]]
name = "beta"
when.label = "beta"
to = "beta"
"""


@dataclass
class Tracker:
    """What the vendor holds, and what goes wrong there. Time passes by ``pass_time`` alone."""

    projects: dict[str, dict[str, WorkItem]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    """project -> archived, trashed, unseen, or unlisted (as if it did not exist); live if not named"""
    named: tuple[str, ...] = ()
    """Projects that the config names; none: it reads all"""
    unlisted: set[str] = field(default_factory=set)
    """ids that no listing and no search gives"""
    denied: set[str] = field(default_factory=set)
    """ids that asking for does not give"""
    words: dict[str, Gone] = field(default_factory=dict)
    """what asking for an id says instead"""
    poison: set[str] = field(default_factory=set)
    fails: dict[str, SourceError] = field(default_factory=dict)
    """project (or "get", "census:PROJECT") -> what reading it ends in"""
    pages: int = 3
    """records a page"""
    fingerprint: str = "1"
    overlap: float = 600.0
    now: datetime = START
    skew: timedelta = timedelta()
    whole: bool = False
    during: dict[str, Callable[[], None]] = field(default_factory=dict)
    """"PROJECT:2" -> what happens right after page 2 of it, or "census:PROJECT:1" """
    asked: list[str] = field(default_factory=list)
    """what was asked for by id"""
    read: list[tuple[str, datetime | None]] = field(default_factory=list)
    """(project, since) of passes"""
    sizes: dict[str, int] = field(default_factory=dict)
    sheets: dict[str, list[MetricValue]] = field(default_factory=dict)
    """partitions of values, each with what it holds"""
    unchanged: set[str] = field(default_factory=set)
    """sheets that prove to be what they were"""
    unreadable: dict[str, tuple[Rejected, ...]] = field(default_factory=dict)
    """sheet -> records on its last page that cannot be understood"""

    def put(self, project: str, *ids: str, **more: Any) -> None:
        """Create or replace items; the first call gives them a stamp, as every later one does."""
        for id_ in ids:
            self.now += timedelta(seconds=1)
            given = {"labels": ("alpha",), "status": "To Do", "category": "new", "created_at": START, "key": f"{project}-{id_}"}
            item = WorkItem(id=id_, title=f"Item {id_}", updated_at=self.now, containers=(project,), **(given | more))
            self.projects.setdefault(project, {})[id_] = item

    def change(self, id_: str, **more: Any) -> None:
        """Change an item where it is."""
        self.now += timedelta(seconds=1)
        for items in self.projects.values():
            if id_ in items:
                items[id_] = replace(items[id_], updated_at=self.now, **more)

    def finish(self, *ids: str) -> None:
        for id_ in ids:
            self.change(id_, status="Done", category="done", done_at=self.now)

    def delete(self, *ids: str) -> None:
        for items in self.projects.values():
            for id_ in ids:
                items.pop(id_, None)

    def move(self, id_: str, project: str) -> None:
        """To another project, under another key."""
        found = next(items.pop(id_) for items in self.projects.values() if id_ in items)
        self.now += timedelta(seconds=1)
        moved = replace(found, containers=(project,), key=f"{project}-{id_}", updated_at=self.now)
        self.projects.setdefault(project, {})[id_] = moved

    def tell(self, sheet: str, numbers: Mapping[int, str | int], **more: Any) -> None:
        """Values of a sheet by day; those of other days, or with another key, stay as they are."""
        said = [MetricValue("nps", START.date() + timedelta(days=day), str(n), **more) for day, n in numbers.items()]
        given = {(each.series, each.on, each.key): each for each in (*self.sheets.get(sheet, ()), *said)}
        self.sheets[sheet] = [given[at] for at in sorted(given)]

    def withdraw(self, sheet: str, *days: int) -> None:
        """Take values of a sheet away."""
        gone = {START.date() + timedelta(days=day) for day in days}
        self.sheets[sheet] = [each for each in self.sheets[sheet] if each.on not in gone]

    def pass_time(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    # ---- what it answers ----

    def seen(self, project: str) -> dict[str, WorkItem]:
        return {id_: item for id_, item in self.projects.get(project, {}).items() if id_ not in self.unlisted}

    def roster(self) -> list[Partition]:
        found = []
        for project in self.named or tuple(self.projects):
            state = self.states.get(project, "live" if project in self.projects else "unseen")
            if state != "unlisted":
                reads: Any = "whole" if self.whole else "delta"
                state_: Any = state
                found.append(
                    Partition(project, project, project, state_, reads=reads, fingerprint=self.fingerprint,
                              size=self.sizes.get(project))
                )  # fmt: skip
        for sheet in self.sheets:
            if self.states.get(sheet) != "unlisted":
                found.append(Partition(sheet, sheet, sheet, yields="values", reads="whole", fingerprint=self.fingerprint))
        return found

    def visible(self, id_: str) -> WorkItem | None:
        for project, items in self.projects.items():
            if id_ in items and self.states.get(project, "live") == "live":
                return items[id_]
        return None


class _Io:
    """Time as the vendor tells it; nothing leaves."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker

    def vendor_now(self) -> datetime:
        return self._tracker.now + self._tracker.skew

    def counters(self) -> Mapping[str, int]:
        return {}

    def close(self) -> None:
        return None


class TrackerConnector(Connector):
    def __init__(self, settings: SourceSettings, tracker: Tracker) -> None:
        super().__init__(settings, _Io(tracker))  # type: ignore[arg-type]
        self.tracker = tracker
        self.overlap = tracker.overlap

    def check(self) -> Account:
        return Account("svc-1")

    def partitions(self) -> list[Partition]:
        return self.tracker.roster()

    def dimensions(self) -> Iterator[Dimension]:
        yield from (Dimension("container", p, p, attributes={"key": p}) for p in self.tracker.projects)

    def changes(self, partition: Partition, since: datetime | None, resume: str | None) -> Iterator[Page]:
        t, id_ = self.tracker, partition.id
        t.read.append((id_, since))
        if partition.yields == "values":
            yield from self._values(id_, int(resume or 0))
            return
        rows = [i for i in t.seen(id_).values() if since is None or i.updated_at is None or i.updated_at >= since]
        rows.sort(key=lambda i: i.id)
        after = resume or ""
        rows = [i for i in rows if i.id > after]
        number = 0
        while True:
            number += 1
            page, rows = rows[: t.pages], rows[t.pages :]
            self._fail(id_, number)
            bad = tuple(Rejected(i.id, "unreadable", i.id) for i in page if i.id in t.poison)
            good = tuple(i for i in page if i.id not in t.poison)
            last = not rows
            yield Page(good, rejected=bad, resume=None if last else page[-1].id, end="complete" if last else None)
            t.during.pop(f"{id_}:{number}", lambda: None)()
            if last:
                return

    def _values(self, sheet: str, begin: int) -> Iterator[Page]:
        t = self.tracker
        if sheet in t.unchanged:
            yield Page(end="unchanged")
            return
        for number, at in enumerate(range(begin, max(len(t.sheets[sheet]), begin + 1), t.pages), 1):
            self._fail(sheet, number)
            last = at + t.pages >= len(t.sheets[sheet])
            values, bad = tuple(t.sheets[sheet][at : at + t.pages]), t.unreadable.get(sheet, ()) if last else ()
            yield Page(values=values, rejected=bad, resume=None if last else str(at + t.pages), end="complete" if last else None)
            t.during.pop(f"{sheet}:{number}", lambda: None)()

    def _fail(self, what: str, number: int) -> None:
        for name in (what, f"{what}:{number}"):
            if name in self.tracker.fails:
                raise self.tracker.fails[name]

    def census(self, partition: Partition) -> Iterator[Seen]:
        self._fail(f"census:{partition.id}", 1)
        for number, item in enumerate(list(self.tracker.seen(partition.id).values()), 1):
            yield Seen(item.id, item.updated_at, item.containers)
            self.tracker.during.pop(f"census:{partition.id}:{number}", lambda: None)()

    def get(self, ids: Iterable[str]) -> Fetched:
        t = self.tracker
        self._fail("get", 1)
        asked = list(ids)
        t.asked += asked
        words = tuple(t.words[i] for i in asked if i in t.words)
        rest = [i for i in asked if i not in t.words]
        items = {i: t.visible(i) for i in rest if i not in t.denied}
        found = tuple(item for item in items.values() if item is not None and item.id not in t.poison)
        bad = tuple(Rejected(i, "unreadable", i) for i, item in items.items() if item is not None and i in t.poison)
        return Fetched(found, words, tuple(i for i in rest if items.get(i) is None), bad)


@dataclass
class Hub:
    """A configured hub that reads the tracker."""

    folder: Path
    store: Store
    tracker: Tracker
    more: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "mappings").mkdir(exist_ok=True)
        (self.folder / "config.toml").write_text(CONFIG.format(database="sqlite:///unused.db", more=self.more), "utf-8")
        self.rules(STRATEGY)

    def rules(self, text: str) -> None:
        (self.folder / "mappings" / "all.toml").write_text(text, "utf-8")

    def mapping(self) -> Strategy:
        return load_mappings(self.folder / "mappings", "UTC")[0]

    def now(self) -> int:
        return int(self.tracker.now.timestamp() * 1000)

    def sync(self, mode: Mode = "nightly", *, hours: float = 24, threads: int = 1, **more: Any) -> RunSummary:
        """A run, ``hours`` after the last thing that happened."""
        self.tracker.pass_time(hours=hours)
        config = load_config(self.folder / "config.toml", {"ANCHORLINE_JIRA__TOKEN": "a-token"})
        if self.tracker.named:
            source = replace(config.sources["jira"], partitions=self.tracker.named)
            config = replace(config, sources={"jira": source})
        given = {"mode": mode, "opener": lambda s: TrackerConnector(s, self.tracker), "now": self.now, "threads": threads}
        return sync_source(config, self.mapping(), self.store, "jira", **(given | more))

    def evaluate(self) -> int | None:
        config = load_config(self.folder / "config.toml", {"ANCHORLINE_JIRA__TOKEN": "a-token"})
        return evaluate(self.store, config, self.mapping(), "", as_of=None, run_id=None, now=self.now)

    def approve(self, hold: int) -> None:
        inbox.put(self.store, "approve", {"hold": hold}, "an admin", self.now())

    # ---- looking ----

    @property
    def reader(self) -> Reader:
        return Reader(self.store)

    def presences(self) -> dict[str, str]:
        return {item.id: item.presence for item in self.reader.items()}

    def here(self) -> set[str]:
        return {id_ for id_, presence in self.presences().items() if presence == "present"}

    def values(self, sheet: str = "KPIS", *, as_of: int | None = None) -> dict[int, str]:
        """day -> number, of one sheet"""
        found = [v for v in self.reader.values(["jira"], as_of=as_of) if v.partition == sheet]
        return {(v.on - START.date()).days: v.value for v in found}

    def progress(self, key_result: str = "alpha") -> tuple[str, str]:
        """done and total"""
        row = self.reader.snapshot("2026-q4", "key_result", key_result)
        assert row is not None
        return str(row.node.done), str(row.node.total)

    def frozen(self, key_result: str = "alpha") -> list[str]:
        row = self.reader.snapshot("2026-q4", "key_result", key_result)
        assert row is not None
        return list(row.node.details.get("frozen", {}).get("why", []))

    def holds(self) -> list[tuple[int, str, str | None, int]]:
        """(number, kind, decision, ids) of those that are not over."""
        return [(h.id, h.kind, h.decision, len(h.ids)) for h in self.reader.holds()]

    def cursors(self) -> dict[str, int | None]:
        return {p.id: p.cursor for p in self.reader.partitions()}


@contextmanager
def watched(hub: Hub) -> Iterator[list[str]]:
    """What is asked for by id meanwhile."""
    before = len(hub.tracker.asked)
    said: list[str] = []
    yield said
    said += hub.tracker.asked[before:]
