"""How a named case on metrics, dates and statuses is written: mapping files as text, rows, and both calculations' answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Mapping as MappingABC
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from hub.assess import Known, assess
from hub.model import Assessment, Dimensions, Item, KeyResult, Mapping, SourceFacts, Value, fold
from hub.scale import Late, Verdict, verdicts
from tests.reference.builders import FIELDS, at, item
from tests.reference.naive import figures, world_of
from tests.reference.naive_kinds import standing, work_beside
from tests.reference.naive_metrics import alone
from tests.reference.naive_status import Age, statuses
from tests.reference.naive_world import World

STRATEGY = """
[cycle]
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }

[pillar]
enterprise = { name = "Win the enterprise" }

[[objective]]
id = "land"
name = "Land twenty enterprises"
cycle = "2027-q1"
anchor.pillar = "enterprise"
"""
BOOKINGS = """
[[metric]]
id = "bookings"
source = "crm"
sum = "amount"
when.state = "done"
dated = "closed"
"""
ARR = """
[[key_result]]
id = "arr"
objective = "land"
name = "Bookings of 1,000"
kind = "increase"
metric = "bookings"
start = 0
target = 1000
"""
HOUR = 3_600_000
_NAMED = {"field.region", "field.sourced", "field.score", "field.probability", "field.werk"}
_ITEMS = FIELDS | _NAMED
FACTS = {
    "jira": SourceFacts("jira", "jira", FIELDS),
    "cards": SourceFacts("cards", "trello", FIELDS - {"component", "estimate", "resolution"}),
    "crm": SourceFacts("crm", "salesforce", _ITEMS, work=False),
    "sheet": SourceFacts("sheet", "spreadsheet", frozenset({"source", "project"}), work=False),
    "warehouse": SourceFacts("warehouse", "sql", frozenset({"source", "project"}), work=False),
}


class Given(NamedTuple):
    """One calculation. ``whole`` are the sources that were read to their end, ``freshness`` when each last was."""

    mapping: Mapping
    items: tuple[Item, ...]
    values: tuple[Value, ...]
    as_of: int
    whole: frozenset[str]
    freshness: MappingABC[str, int]
    fed: MappingABC[tuple[str, str], frozenset[str]]


class Reckoned(NamedTuple):
    """A key result. Progress is unclamped; ``kept`` is (periods that hold, periods), ``work`` (done, all), beside its number."""

    progress: Fraction | None
    start: Fraction | None
    current: Fraction | None
    kept: tuple[int, int] | None
    work: tuple[int, int]


class Told(NamedTuple):
    """Ids of another cycle than 2027-q1 are written ``cycle/id``."""

    metrics: dict[str, Fraction | None]
    """Each as it stands alone in the cycle in force."""
    key_results: dict[str, Reckoned]
    figures: dict[tuple[str, str], Fraction | None]
    """By (kind, id); the company's id is empty."""
    coverage: dict[tuple[str, str], tuple[int, int]]
    statuses: dict[tuple[str, str], str]


Tell = Callable[[Given], Told]


# ---- rows -----------------------------------------------------------------------------------------------------------------


def deal(no: int, amount: str | None = "100", *, state: str = "done", closed: str | None = "2027-02-01", **more: Any) -> Item:
    """A deal of source ``crm`` in dollars, won on 1 February if nothing else is said."""
    return item(no, state=state, closed=closed, amount=amount, **{"source": "crm", "currency": "USD", **more})


def typed(on: str, number: str, series: str = "", unit: str | None = None, source: str = "sheet", **columns: Any) -> Value:
    """A value of ``sheet``."""
    return Value(source, "p", series or "a", date.fromisoformat(on), number, unit, f"{series} {on} {columns}", columns)


def row(on: str, number: str, query: str, **columns: Any) -> Value:
    """A row of a query of the warehouse."""
    return typed(on, number, query, source="warehouse", **columns)


def looked_at(
    mapping: Mapping,
    *rows: Item | Value,
    as_of: str = "2027-02-15",
    unread: Iterable[str] = (),
    read: MappingABC[str, int] | None = None,
    fed: MappingABC[str, Iterable[str]] | None = None,
) -> Given:
    """The strategy at noon of a day. ``unread`` are sources that were never read to their end; ``read`` says how many hours ago
    others were (1 if not said), ``fed`` which sources the work of a key result of 2027-q1 comes from."""
    whole = frozenset(FACTS) - set(unread)
    hours = dict.fromkeys(whole, 1) | dict(read or {})
    return Given(
        mapping,
        tuple(r for r in rows if isinstance(r, Item)),
        tuple(r for r in rows if isinstance(r, Value)),
        at(as_of),
        whole,
        {source: at(as_of) - ago * HOUR for source, ago in hours.items()},
        {("2027-q1", fold(id)): frozenset(sources) for id, sources in (fed or {}).items()},
    )


# ---- both calculations ----------------------------------------------------------------------------------------------------


def _name(cycle: str, id: str) -> str:
    return id if cycle == "2027-q1" else f"{cycle}/{id}"


def told_by_words(given: Given) -> Told:
    world = world_of(given.mapping, given.items, Dimensions(sources=FACTS), given.as_of)
    world.values, world.whole = given.values, given.whole
    nodes = figures(world)
    return Told(
        {id: found.value for id, m in given.mapping.metrics.items() if not m.inline and (found := alone(world, m)) is not None},
        {_name(cycle, id): _by_words(world, k) for (cycle, id), k in given.mapping.key_results.items()},
        {(kind, _name(cycle, id)): f.progress for (kind, cycle, id), f in nodes.items()},
        {(kind, _name(cycle, id)): (f.measured, f.key_results) for (kind, cycle, id), f in nodes.items()},
        {(kind, _name(cycle, id)): t.status for (kind, cycle, id), t in statuses(world, Age(given.freshness, given.fed)).items()},
    )


def _by_words(world: World, key_result: KeyResult) -> Reckoned:
    found = standing(world, key_result)
    kept = (sum(p.holds for p in found.periods), len(found.periods)) if found.periods else None
    return Reckoned(found.progress, found.start, found.current, kept, work_beside(world, key_result))


def assessed(given: Given) -> Assessment:
    """What the hub makes of it."""
    known = Known(given.values, given.whole)
    return assess(given.mapping, given.items, Dimensions(sources=FACTS), given.as_of, known)


def _judged(given: Given, found: Assessment) -> dict[tuple[str, str], Verdict]:
    valued = frozenset(v.source for v in given.values) - {i.source for i in given.items}
    late = Late(given.as_of, given.freshness, valued, given.fed)
    said = verdicts(given.mapping, found.nodes, late)
    return {(kind, _name(cycle, _id(kind, id))): verdict for (cycle, kind, id), verdict in said.items()}


def _id(kind: str, id: str) -> str:
    return "" if kind == "company" else fold(id)


def told_by_hub(given: Given) -> Told:
    found = assessed(given)
    nodes = {(n.kind, _name(n.cycle, _id(n.kind, n.id))): n for n in found.nodes}
    return Told(
        {id: m.value for (_, id), m in found.metrics.items()},
        {id: _by_hub(n.details, n.progress) for (kind, id), n in nodes.items() if kind == "key_result"},
        {name: n.progress for name, n in nodes.items()},
        {name: (n.measured, n.key_results) for name, n in nodes.items()},
        {name: verdict.status for name, verdict in _judged(given, found).items()},
    )


def _by_hub(details: MappingABC[str, Any], progress: Fraction | None) -> Reckoned:
    def number(name: str) -> Fraction | None:
        return Fraction(details[name]) if details.get(name) is not None else None

    work, raw = details.get("work", details), number("raw")
    return Reckoned(
        progress if raw is None else raw,
        number("start"),
        number("current"),
        (details["kept"], details["periods"]) if details.get("periods") else None,
        (work.get("done_units", 0), work.get("units", 0)),
    )


def sentences(given: Given) -> dict[tuple[str, str], str]:
    """The hub's statuses with their reasons, as people read them."""
    return {name: str(verdict) for name, verdict in _judged(given, assessed(given)).items()}


def reasons(given: Given) -> dict[str, str]:
    """Why the hub cannot measure a metric that stands alone."""
    return {id: m.why for (_, id), m in assessed(given).metrics.items() if m.value is None}
