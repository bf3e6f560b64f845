"""The hub's metrics, key results and statuses beside the naive reference: every difference, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingABC
from datetime import date
from fractions import Fraction
from typing import Any

from hub.assess import Assessor, Known, Valued, assess
from hub.measure import Joined, Kept, readings
from hub.model import ALL, Assessment, Baseline, Condition, Filter, KeyResult, Metric, NodeResult, fold
from hub.scale import Late, Verdict, verdicts
from tests.reference.compared import unlike
from tests.reference.naive import figures, world_of
from tests.reference.naive_kinds import clamped, standing, work_beside
from tests.reference.naive_metrics import alone
from tests.reference.naive_rows import Number
from tests.reference.naive_status import Age, Told, day_number, percents, statuses
from tests.reference.naive_world import World, cycle_in_force
from tests.reference.strategies import Given

Frozen = MappingABC[tuple[str, str], Baseline]
At = tuple[str, str]


# ---- the hub's answers ----------------------------------------------------------------------------------------------------


def valued(given: Given) -> frozenset[str]:
    """Sources with values and no items."""
    return frozenset(v.source for v in given.values) - {i.source for i in given.items}


def frozen_before(given: Given) -> dict[At, Baseline]:
    """What the earlier evaluation froze."""
    if given.earlier is None:
        return {}
    as_of, values = given.earlier
    assessor = Assessor(given.mapping, given.dimensions, as_of)
    world = Valued(given.mapping, given.dimensions, as_of, valued(given), Known(values, given.whole))
    ledger = Joined(Kept(assessor.part(given.items).contributions), world.ledger(values))
    found = readings(world.measures, world.given(), ledger)
    return {at: reading.baseline for at, reading in found.key_results.items() if reading.baseline is not None}


def by_hub(given: Given, frozen: Frozen) -> Assessment:
    known = Known(given.values, given.whole, frozen)
    return assess(given.mapping, given.items, given.dimensions, given.as_of, known)


def late_of(given: Given) -> Late:
    return Late(given.as_of, given.freshness, valued(given), given.fed)


def by_words(given: Given, frozen: Frozen) -> World:
    world = world_of(given.mapping, given.items, given.dimensions, given.as_of)
    world.values, world.whole = given.values, given.whole
    world.baselines = {at: baseline.value for at, baseline in frozen.items()}
    return world


# ---- frozen starts --------------------------------------------------------------------------------------------------------


def earlier_starts(given: Given, frozen: Frozen) -> list[str]:
    """What was frozen then is what the words said then, and nothing is frozen before the cycle has begun and settled."""
    if given.earlier is None:
        return []
    world = by_words(given._replace(as_of=given.earlier[0], values=given.earlier[1]), {})
    words = {}
    for key_result in given.mapping.key_results.values():
        start = standing(world, key_result).start if key_result.start == "measured" and key_result.metric else None
        if start is not None and is_frozen(world, key_result):
            words[key_result.cycle, fold(key_result.id)] = start
    return unlike("frozen start of", words, {at: baseline.value for at, baseline in frozen.items()})


def is_frozen(world: World, key_result: KeyResult) -> bool:
    """docs/metrics.md: "Once the cycle has begun and `settle` days have gone by, the start is frozen"."""
    cycle = world.mapping.cycles[key_result.cycle]
    metric = world.mapping.metrics[key_result.metric or ""]
    return day_number(world, cycle)[0] - 1 >= metric.settle


# ---- key results ----------------------------------------------------------------------------------------------------------


def number(text: Any) -> Fraction | None:
    return None if text is None else Fraction(text)


def told_by_words(world: World, key_result: KeyResult) -> dict[str, Any]:
    at = standing(world, key_result)
    found: dict[str, Any] = {"progress": clamped(at.progress), "measured": at.progress is not None, "raw": at.progress}
    if key_result.kind in ("increase", "decrease") and at.progress is not None:
        found |= {"current": at.current, "start": at.start, "target": at.target}
    if at.periods:
        found |= {"current": at.current, "periods": len(at.periods), "kept": sum(p.holds for p in at.periods), "holds": at.holds}
    if at.steps:
        found["steps"] = [tuple(step) for step in at.steps]
    if key_result.combine is not None:
        found["parts"] = sorted(at.parts)
    if key_result.kind != "completion":
        found["work"] = work_beside(world, key_result)
    return found


def told_by_hub(node: NodeResult, key_result: KeyResult, words: dict[str, Any]) -> dict[str, Any]:
    details = node.details
    found: dict[str, Any] = {"progress": node.progress, "measured": node.progress is not None}
    found["raw"] = number(details["raw"]) if "raw" in details else node.progress
    for name in ("current", "start", "target"):
        if name in words:
            found[name] = number(details.get(name))
    for name in ("periods", "kept", "holds"):
        if name in words:
            found[name] = details.get(name)
    if "steps" in details:
        found["steps"] = [(s["items"], s["done"], s["is_done"]) for s in details["steps"]]
    if key_result.combine is not None:
        found["parts"] = sorted(details.get("parts", ()))
    if key_result.kind != "completion":
        work = details.get("work", {})
        found["work"] = (work.get("done_units", 0), work.get("units", 0))
    return found


def key_results(world: World, hub: Assessment) -> list[str]:
    nodes = {(n.cycle, fold(n.id)): n for n in hub.nodes if n.kind == "key_result"}
    words = {at: told_by_words(world, k) for at, k in world.mapping.key_results.items()}
    told = {at: told_by_hub(nodes[at], k, words[at]) for at, k in world.mapping.key_results.items()}
    return unlike("key result", words, told)


def rolled_up(world: World, hub: Assessment) -> list[str]:
    """Done and total of key results are shown nowhere but with completion."""
    kinds = {at: k.kind for at, k in world.mapping.key_results.items()}

    def shown(kind: str, at: At, figure: tuple[Any, ...]) -> tuple[Any, ...]:
        return figure if kind != "key_result" or kinds[at] == "completion" else (figure[0], *figure[3:])

    return unlike(
        "figure",
        {(kind, cycle, id): shown(kind, (cycle, id), tuple(f)) for (kind, cycle, id), f in figures(world).items()},
        {
            (n.kind, n.cycle, name(n.kind, n.id)): shown(
                n.kind, (n.cycle, fold(n.id)), (n.progress, n.done, n.total, n.key_results, n.measured)
            )
            for n in hub.nodes
        },
    )


def name(kind: str, id: str) -> str:
    return "" if kind == "company" else fold(id)


# ---- metrics alone --------------------------------------------------------------------------------------------------------


def shown(number: Number, of: Metric) -> tuple[Any, ...]:
    """What is missing is told of numbers that are added up. The rows of ``distinct`` are pairs of a row and a text in the hub."""
    if number.value is None:
        return ("unmeasured",)
    rows = number.rows if of.aggregate != "distinct" else None
    return number.value, rows, number.missing if of.aggregate in ("sum", "average") else 0, number.newest


def day_at(ordinal: int | None) -> date | None:
    return None if ordinal is None else date.fromordinal(ordinal)


def metrics(world: World, hub: Assessment) -> list[str]:
    cycle = cycle_in_force(world)
    assert cycle is not None
    words = {}
    for id, metric in world.mapping.metrics.items():
        found = alone(world, metric)
        if found is not None:
            words[cycle.id, id] = shown(found, metric)
    told = {
        (cycle, id): shown(Number(m.value, "", m.rows, day_at(m.newest), m.missing), world.mapping.metrics[id])
        for (cycle, id), m in hub.metrics.items()
    }
    return unlike("metric (value, rows, missing, newest)", words, told)


# ---- statuses -------------------------------------------------------------------------------------------------------------


def sentence(world: World, key_result: KeyResult, told: Told) -> str | None:
    """Of progress that is held against a pace, as far as its numbers go."""
    at = standing(world, key_result)
    if told.expected is None or at.progress is None:
        return None
    cycle, scale = world.mapping.cycles[key_result.cycle], world.mapping.scale
    words, share = {
        "on track": ("at risk below", scale.on_track),
        "at risk": ("on track from", scale.on_track),
        "off track": ("at risk from", scale.at_risk),
    }[told.status]
    n, m = day_number(world, cycle)
    if told.expected == 0 and told.status == "on track":
        return f"{percents(at.progress)[0]}; nothing is expected by day {n} of {m}"
    mine, expected, bound = percents(at.progress, told.expected, share * told.expected)
    return f"{mine} against {expected} expected on day {n} of {m}; {words} {bound}"


def compare_statuses(world: World, given: Given, hub: Assessment) -> list[str]:
    told: dict[tuple[str, str, str], Verdict] = {
        (kind, cycle, name(kind, id)): verdict
        for (cycle, kind, id), verdict in verdicts(given.mapping, hub.nodes, late_of(given)).items()
    }
    words = statuses(world, Age(given.freshness, given.fed))
    found = unlike("status", {at: t.status for at, t in words.items()}, {at: v.status for at, v in told.items()})
    sentences = {}
    for (kind, cycle, id), said in words.items():
        if kind == "key_result" and (kind, cycle, id) in told and said.status == told[kind, cycle, id].status:
            wanted = sentence(world, world.mapping.key_results[cycle, id], said)
            if wanted is not None:
                sentences[kind, cycle, id] = wanted
    return found + unlike("sentence", sentences, {at: told[at].why for at in sentences})


# ---- all ------------------------------------------------------------------------------------------------------------------


def filter_told(lines: Filter) -> str:
    def one(line: Condition) -> str:
        return f"{line.field} {[t.written for t in line.tests]}"

    return "all" if lines == ALL else f"{[one(c) for c in lines.when]} unless {[one(c) for c in lines.unless]}"


def told(given: Given) -> str:
    """The strategy without what stands at its default."""

    def said(one: Any, names: Any, defaults: dict[str, Any]) -> str:
        kept = {n: getattr(one, n) for n in names if n != "place" and getattr(one, n) != defaults.get(n, "no default")}
        kept = {n: filter_told(v) if isinstance(v, Filter) else v for n, v in kept.items()}
        return re.sub(r"Place\(.*?\)", "", f"{kept}")

    def of_class(one: Any) -> str:
        fields = type(one).__dataclass_fields__
        return said(one, fields, {n: f.default for n, f in fields.items()})

    m = given.mapping
    lines = [f"  as of {given.as_of}, {m.timezone}, whole {sorted(given.whole)}, {of_class(m.scale)}, fresh {given.freshness}"]
    for table in (m.cycles, m.metrics, m.objectives, m.key_results):
        lines += [f"  {type(one).__name__} {of_class(one)}" for one in table.values()]  # type: ignore[attr-defined]
    lines += [f"  item {said(i, i._fields, i._field_defaults)}" for i in given.items]
    lines += [f"  value {said(v, v._fields, v._field_defaults)}" for v in given.values]
    return "\n".join([*lines, f"  earlier {given.earlier}", f"  fed {given.fed}"])


def differences(given: Given) -> tuple[list[str], World]:
    frozen = frozen_before(given)
    world, hub = by_words(given, frozen), by_hub(given, frozen)
    found = [
        *earlier_starts(given, frozen),
        *metrics(world, hub),
        *key_results(world, hub),
        *rolled_up(world, hub),
        *compare_statuses(world, given, hub),
    ]
    return found, world


def compare(given: Given) -> World:
    found, world = differences(given)
    assert not found, "\n".join(["", *found[:40], "in this strategy:", told(given)])
    return world
