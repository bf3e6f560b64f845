"""The simulation's own parts: the vendor's API through its connector, the faults, the oracle against the hub's calculation."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from connectors.base import BadData, CursorExpired, IoSettings, Page, Partition, Secret, SourceError, SourceSettings, checked
from hub.assess import assess
from hub.mappings import parse
from hub.model import Container, Dimensions, Item, SourceFacts, Status
from tests.simulation.connector import ModelConnector, ModelIo, Style
from tests.simulation.faults import FAMILIES, Transport
from tests.simulation.oracle import STRATEGY, Known, Oracle
from tests.simulation.setup import DAY, EPOCH, HOUR, make_vendor
from tests.simulation.vendor import STATUSES, TYPES, Company, Habits, Vendor

ITEM_FIELDS = frozenset(["source", "project", "key", "type", "level", "status", "state", "label", "title", "estimate"])


class Site:
    """A vendor, its clock, and a connector to it."""

    def __init__(self, start: int = 1, *, families: tuple[str, ...] = (), rate: float = 1.0, **style: Any) -> None:
        self.now = EPOCH
        self.vendor = make_vendor(start, "alpha").clone(lambda: self.now)
        self.transport = Transport(self.vendor, self.pass_time, random.Random(1), frozenset(families), rate)
        settings = SourceSettings("alpha", "jira", "https://alpha.example", token=Secret("alpha-secret-1"))
        self.io = ModelIo(settings, self.transport, IoSettings(), random.Random(2).random)
        self.connector = ModelConnector(settings, self.io, Style(**style))

    def pass_time(self, milliseconds: int) -> None:
        self.now += milliseconds

    def read(self, partition: str) -> list[Page]:
        return list(checked(self.connector.changes(Partition(partition, partition), None, None)))

    def ids(self, partition: str) -> set[str]:
        return {item.id for page in self.read(partition) for item in page.items}

    def truth(self, partition: str) -> set[str]:
        return {v.id for v in self.vendor.current() if v.partition == partition and v.state == "live"}


@pytest.mark.parametrize("order", ["id", "down", "updated"])
@pytest.mark.parametrize("two_steps", [False, True])
def test_every_way_of_reading_reads_everything(order: str, two_steps: bool) -> None:
    site = Site(3, order=order, two_steps=two_steps, page_size=3)
    assert [p.id for p in site.connector.partitions()] == ["1", "2", "3"]
    for partition in site.vendor.places:
        assert site.ids(partition) == site.truth(partition) != set()
        assert {seen.id for seen in site.connector.census(Partition(partition, partition))} == site.truth(partition)


def test_a_delta_brings_what_changed_since_the_minute() -> None:
    site = Site()
    site.now += 600_000
    site.vendor.put(site.vendor.latest("2")._replace(title="New", updated=site.vendor.stamp()))
    since = site.connector.io.vendor_now()
    assert since is None, "nothing was asked yet"
    site.connector.check()
    since = site.connector.io.vendor_now()
    partition = site.vendor.latest("2").partition
    (page,) = site.connector.changes(Partition(partition, partition), since, None)
    assert [item.title for item in page.items] == ["New"]


def test_an_index_that_lags_shows_the_former_version_and_fetch_the_new_one() -> None:
    site = Site()
    version = site.vendor.latest("2")._replace(title="New", updated=site.vendor.stamp() + 1)
    site.vendor.put(version, lag=60_000)
    assert not site.vendor.settled()
    listed = {item.id: item.title for page in site.read(version.partition) for item in page.items}
    assert listed["2"] != "New" and site.connector.get(["2"]).items[0].title == "New"
    site.now += 61_000
    assert site.vendor.settled()
    listed = {item.id: item.title for page in site.read(version.partition) for item in page.items}
    assert listed["2"] == "New"


@pytest.mark.parametrize("family", FAMILIES)
def test_each_fault_can_be_played_and_is_noticed(family: str) -> None:
    """Transient ones are waited out, the others end the read or change it."""
    site = Site(families=(family,), rate=0.5, page_size=2)
    outcomes = set()
    for _ in range(30):
        try:
            outcomes.add("same" if site.ids("1") == site.truth("1") else "other")
        except SourceError as error:
            outcomes.add(type(error).__name__)
    assert site.transport.played
    assert outcomes - {"same"} or family in (
        "rate",
        "unavailable",
        "timeout",
        "reset",
        "truncated",
        "html",
        "errors",
        "duplicates",
    )


def test_a_repeated_token_and_a_token_that_expired_are_told_apart() -> None:
    with pytest.raises(BadData, match="comes again"):
        Site(families=("repeat",), page_size=2).read("1")
    site = Site(page_size=2)
    first = next(iter(site.connector.changes(Partition("1", "1"), None, None)))
    site.now += 2 * HOUR
    with pytest.raises(CursorExpired):
        list(site.connector.changes(Partition("1", "1"), None, first.resume))


def test_in_a_blackout_nothing_is_listed_and_everything_denied() -> None:
    site = Site()
    site.vendor.blackout = True
    assert site.ids("1") == set()
    assert set(site.connector.get(["1", "2"]).denied) == {"1", "2"}


def test_a_vendor_that_tells_says_how_an_item_went() -> None:
    site = Site()
    site.vendor.habits = Habits(telling=True)
    site.vendor.put(site.vendor.latest("1")._replace(state="trashed"))
    assert [(g.id, g.how) for g in site.connector.get(["1"]).gone] == [("1", "trashed")]
    site.vendor.places["1"].hidden = True
    assert site.connector.get(["1"]).denied == ("1",)


# ---- the oracle ---------------------------------------------------------------------------------------------------------------


def known(vendor: Vendor) -> list[Known]:
    return [
        Known("alpha", v, v.state == "archived", vendor.places[v.partition].key, vendor.categories[v.status])
        for v in vendor.current()
        if v.state in ("live", "archived")
    ]


def as_item(no: int, each: Known, numbers: dict[str, int]) -> Item:
    v = each.version
    return Item(
        no, "alpha", v.id, v.key, v.title, type=TYPES[v.level], level=v.level, status_id=v.status, resolution=v.resolution,
        parent_ref=v.parent, parent=numbers.get(v.parent or ""), containers=(v.partition,), labels=v.labels, estimate=v.estimate,
        created_at=v.created, updated_at=v.updated, done_at=v.done, presence="archived" if each.archived else "present",
    )  # fmt: skip


def test_the_oracle_and_the_hub_calculate_the_same() -> None:
    """Two calculations that share no line, over 120 companies."""
    mapping, _ = parse({"all.toml": STRATEGY}, "UTC")
    assert mapping is not None
    measured = 0
    for seed in range(120):
        vendor = make_vendor(seed, "alpha")
        vendor.habits = replace(vendor.habits, telling=True)
        company = Company(vendor, random.Random(seed))
        for _ in range(20):
            company.act()
        items = known(vendor)
        numbers = {each.version.id: no for no, each in enumerate(items, 1)}
        dimensions = Dimensions(
            {("alpha", id_): Status(STATUSES[id_], vendor.categories[id_]) for id_ in STATUSES},
            {("alpha", p.id): Container(p.key, p.title) for p in vendor.places.values()},
            sources={"alpha": SourceFacts("alpha", "jira", ITEM_FIELDS)},
        )
        result = assess(mapping, [as_item(numbers[k.version.id], k, numbers) for k in items], dimensions, EPOCH + DAY)
        progress = Oracle(items).progress()
        assert {(n.kind, n.id): n.progress for n in result.nodes} == progress, seed
        measured += sum(1 for each in progress.values() if each)
    assert measured > 400
