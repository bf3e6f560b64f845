"""Small strategies in a few words for the cases of metrics, and both calculations asked the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from hub.assess import Known, assess
from hub.model import Cycle, Dimensions, Filter, Item, KeyResult, Mapping, Metric, Rates, SourceFacts, Step, Value, fold
from tests.reference.builders import FIELDS, HERE, Q1, at, by_label, item, key_result, lines, mapping
from tests.reference.naive import figures, world_of
from tests.reference.naive_kinds import standing
from tests.reference.naive_metrics import alone
from tests.reference.naive_world import World, cycle_in_force

NAMED = {"field.arr", "field.region", "field.score", "field.signed", "field.probability"}
FACTS = {"crm": SourceFacts("crm", "salesforce", FIELDS | NAMED), "sheet": SourceFacts("sheet", "spreadsheet", frozenset())}


class Strategy(NamedTuple):
    mapping: Mapping
    items: tuple[Item, ...]
    values: tuple[Value, ...]
    as_of: int
    whole: frozenset[str]


class Told(NamedTuple):
    """``values`` are metrics alone, the others are by folded key result; None is unmeasured."""

    values: dict[str, Fraction | None]
    progress: dict[str, Fraction | None]
    start: dict[str, Fraction | None]
    kept: dict[str, tuple[int, int] | None]
    """(periods that hold, periods)"""
    current: dict[str, Fraction | None]
    objective: Fraction | None
    """Of ``land``."""


def value(on: str, number: str, unit: str | None = None, source: str = "sheet", **columns: Any) -> Value:
    return Value(source, "p", "a", date.fromisoformat(on), number, unit, on + number, columns)


def deal(no: int, closed: str | None = "2027-02-01", amount: str | None = "100", state: str = "done", **more: Any) -> Item:
    """Of source ``crm``."""
    return item(no, state=state, closed=closed, amount=amount, source="crm", **{"currency": "USD", **more})


def metric(aggregate: Any = "latest", source: str = "sheet", id: str = "m", **more: Any) -> Metric:
    """``when`` and ``unless`` are lines; ``of`` and ``to`` those of a ratio."""
    if aggregate in ("sum", "average", "latest"):
        more.setdefault("field", "value")
    if aggregate == "latest":
        more.setdefault("window", "all")
    rows = Filter(lines(more.pop("when", {})), lines(more.pop("unless", {})))
    halves = {half: Filter(lines(more.pop(half))) for half in ("of", "to") if half in more}
    return Metric(id, id, HERE, source, aggregate, rows=rows, **halves, **more)


def rates(base: str, since: str, **each: str) -> Rates:
    return Rates(base, date.fromisoformat(since), {currency: Decimal(rate) for currency, rate in each.items()})


def step(name: str, due: str = "2027-02-15", weight: str = "1", **when: Any) -> Step:
    return Step(name, date.fromisoformat(due), Filter(lines(when)), Decimal(weight))


def number(text: str) -> Decimal:
    return Decimal(text)


def rising(id: str = "kr", start: Any = "measured", target: Any = Decimal(100), **more: Any) -> KeyResult:
    more.setdefault("kind", "increase")
    return key_result(id, metric="m", start=start if start in ("measured", None) else Decimal(start), target=target, **more)


def staying(kind: Any, target: Any, **more: Any) -> KeyResult:
    found = tuple(Decimal(t) for t in target) if isinstance(target, tuple) else Decimal(target)
    return key_result("kr", kind=kind, metric="m", target=found, **more)


def strategy(
    metric: Metric | None = None,
    rows: Iterable[Item | Value] = (),
    *key_results: KeyResult,
    as_of: str = "2027-02-15",
    whole: Iterable[str] = ("crm", "sheet"),
    cycles: Iterable[Cycle] = (Q1,),
    **more: Any,
) -> Strategy:
    rows = list(rows)
    found = mapping(
        cycles=cycles,
        key_results=key_results,
        rules=[by_label()],
        metrics={metric.id: metric} if metric is not None else {},
        **more,
    )
    items, values = (tuple(r for r in rows if isinstance(r, kind)) for kind in (Item, Value))
    return Strategy(found, items, values, at(as_of), frozenset(whole))  # type: ignore[arg-type]


# ---- both calculations ----------------------------------------------------------------------------------------------------


def by_words(given: Strategy) -> Told:
    world: World = world_of(given.mapping, given.items, Dimensions(sources=FACTS), given.as_of)
    world.values, world.whole = given.values, given.whole
    each = {fold(k.id): standing(world, k) for k in given.mapping.key_results.values()}
    assert cycle_in_force(world) is not None
    nodes = figures(world)
    return Told(
        {id: found.value for id, m in given.mapping.metrics.items() if (found := alone(world, m)) is not None},
        {id: s.progress for id, s in each.items()},
        {id: s.start for id, s in each.items()},
        {id: (sum(p.holds for p in s.periods), len(s.periods)) if s.periods else None for id, s in each.items()},
        {id: s.current for id, s in each.items()},
        nodes["objective", "2027-q1", "land"].progress,
    )


def by_hub(given: Strategy) -> Told:
    known = Known(given.values, given.whole)
    found = assess(given.mapping, given.items, Dimensions(sources=FACTS), given.as_of, known)
    nodes = {fold(n.id): n for n in found.nodes if n.kind == "key_result"}

    def detail(name: str) -> dict[str, Fraction | None]:
        return {id: Fraction(n.details[name]) if n.details.get(name) is not None else None for id, n in nodes.items()}

    raw = detail("raw")
    return Told(
        {id: m.value for (_, id), m in found.metrics.items()},
        {id: raw[id] if raw[id] is not None else n.progress for id, n in nodes.items()},
        detail("start"),
        {id: (n.details["kept"], n.details["periods"]) if n.details.get("periods") else None for id, n in nodes.items()},
        detail("current"),
        next(n.progress for n in found.nodes if (n.kind, n.id, n.cycle) == ("objective", "land", "2027-q1")),
    )


Ask = Callable[[Strategy], Told]
