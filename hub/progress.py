"""From units to the progress of key results, objectives, pillars and the company. Pure and exact.

docs/how-numbers-are-calculated.md, sections 3 (the weights) and 4.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from hub.model import KeyResult, Mapping, NodeKind, NodeResult, Objective, Unit, fold

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(slots=True)
class Tally:
    """What the units of one key result add up to, kept as counts of equal units so that sums stay exact and cheap."""

    counted: Counter[tuple[Fraction, bool, int, Decimal | None]] = field(default_factory=Counter)
    """(part, done, level, estimate) -> how many"""
    covered: Counter[tuple[int, Decimal]] = field(default_factory=Counter)
    """(level, sum of the estimates beneath) -> how many items that stand above units"""
    left_out: Counter[str] = field(default_factory=Counter)
    """reason -> how many attached items that do not count"""

    def add(self, unit: Unit, times: int = 1) -> None:
        if unit.counts:
            self.counted[unit.part, unit.state == "done", unit.level, unit.estimate] += times
            return
        self.left_out[unit.why] += times
        if unit.below is not None:
            self.covered[unit.level, unit.below] += times


def tally(units: Iterable[Unit]) -> dict[tuple[str, str], Tally]:
    """Units by (cycle, key result)."""
    return tally_counted((unit, 1) for unit in units)


def tally_counted(units: Iterable[tuple[Unit, int]]) -> dict[tuple[str, str], Tally]:
    """The same from units that stand for several that are alike, with how many."""
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for unit, times in units:
        tallies[unit.cycle, unit.key_result].add(unit, times)
    return tallies


def key_result_node(key_result: KeyResult, tally: Tally) -> NodeResult:
    """Completion: weight of the done units / weight of all units; unmeasured without units or without any weight."""
    means = _Means(tally)
    done = total = ZERO
    units = done_units = missing = 0
    for (part, is_done, level, estimate), count in tally.counted.items():
        units += count
        done_units += count * is_done
        if key_result.by == "count":
            weight = ONE
        elif estimate is not None:
            weight = Fraction(estimate)
        else:
            missing += count
            weight = means.at(level) if key_result.missing == "mean" else Fraction(key_result.missing)
        total += part * weight * count
        done += part * weight * count * is_done
    used = {level for (_, _, level, estimate) in tally.counted if estimate is None} if missing else set()
    details = {
        "units": units,
        "done_units": done_units,
        "missing": missing,
        "means": {str(level): str(means.at(level)) for level in sorted(used)} if key_result.missing == "mean" else {},
        "left_out": dict(sorted(tally.left_out.items())),
    }
    progress = done / total if total else None
    measured = int(progress is not None)
    return NodeResult("key_result", key_result.cycle, fold(key_result.id), progress, done, total, 1, measured, details)


class _Means:
    """The weight of a unit without an estimate: the mean of the others of its level, else of all, else 1."""

    def __init__(self, tally: Tally) -> None:
        levels: dict[int, list[Fraction]] = defaultdict(lambda: [ZERO, ZERO])
        everything = [ZERO, ZERO]
        for (_, _, level, estimate), count in tally.counted.items():
            if estimate is not None:
                for total in (levels[level], everything):
                    total[0] += Fraction(estimate) * count
                    total[1] += count
        for (level, below), count in tally.covered.items():
            levels[level][0] += Fraction(below) * count
            levels[level][1] += count
        self._levels = {level: s / n for level, (s, n) in levels.items()}
        self._all = everything[0] / everything[1] if everything[1] else ONE

    def at(self, level: int) -> Fraction:
        return self._levels.get(level, self._all)


def nodes(mapping: Mapping, tallies: MappingABC[tuple[str, str], Tally]) -> tuple[NodeResult, ...]:
    """All nodes of all cycles: key results, objectives, pillars, company, each cycle by itself."""
    return tuple(node for cycle in mapping.cycles.values() for node in _Cycle(mapping, cycle.id, tallies).nodes())


class _Cycle:
    """The roll-up of one cycle. ``_beneath`` holds, per node, the key results under it and whether they are measured."""

    def __init__(self, mapping: Mapping, cycle: str, tallies: MappingABC[tuple[str, str], Tally]) -> None:
        self.mapping = mapping
        self.cycle = cycle
        self._objectives = {id_: o for id_, o in mapping.objectives.items() if o.cycle == cycle}
        self._results = {
            id_: key_result_node(key_result, tallies.get((cycle, id_)) or Tally())
            for (of, id_), key_result in mapping.key_results.items()
            if of == cycle
        }
        self._beneath: dict[tuple[NodeKind, str], dict[str, int]] = {
            ("key_result", id_): {id_: node.measured} for id_, node in self._results.items()
        }

    def nodes(self) -> list[NodeResult]:
        objectives = self._roll_up_objectives()
        under: dict[str, list[tuple[Fraction, NodeResult]]] = {id_: [] for id_ in self.mapping.pillars}
        for id_, node in objectives.items():
            objective = self._objectives[id_]
            if objective.pillar is not None:
                under[fold(objective.pillar)].append((Fraction(objective.weight), node))
        pillars = {id_: self._mean("pillar", id_, children) for id_, children in under.items()}
        company = self._mean("company", "company", [(Fraction(self.mapping.pillars[p].weight), n) for p, n in pillars.items()])
        return [*self._results.values(), *objectives.values(), *pillars.values(), company]

    def _roll_up_objectives(self) -> dict[str, NodeResult]:
        own: dict[str, list[tuple[Fraction, NodeResult]]] = defaultdict(list)
        for id_, node in self._results.items():
            key_result = self.mapping.key_results[self.cycle, id_]
            own[fold(key_result.objective)].append((Fraction(key_result.weight), node))
        supporters: dict[str, list[str]] = defaultdict(list)
        for id_, objective in self._objectives.items():
            if objective.anchor and objective.anchor[0] == "supports":
                supporters[fold(objective.anchor[1])].append(id_)
        found: dict[str, NodeResult] = {}
        for id_ in _supporters_first(self._objectives, supporters):
            children = own.get(id_) or [(Fraction(self._objectives[s].weight), found[s]) for s in supporters[id_]]
            found[id_] = self._mean("objective", id_, children)
        return found

    def _mean(self, kind: NodeKind, id_: str, children: list[tuple[Fraction, NodeResult]]) -> NodeResult:
        """The weighted mean of the measured children, with the coverage in key results beneath."""
        done = total = ZERO
        beneath: dict[str, int] = {}
        for weight, node in children:
            beneath.update(self._beneath[node.kind, node.id])
            if node.progress is not None:
                done += weight * node.progress
                total += weight
        self._beneath[kind, id_] = beneath
        details = {"children": [{"kind": n.kind, "id": n.id, "weight": str(w)} for w, n in children]}
        progress = done / total if total else None
        return NodeResult(kind, self.cycle, id_, progress, done, total, len(beneath), sum(beneath.values()), details)


def _supporters_first(objectives: MappingABC[str, Objective], supporters: MappingABC[str, list[str]]) -> list[str]:
    """Objectives so that each comes after all that support it. The mapping files allow no circle."""
    order: dict[str, None] = {}
    stack = list(objectives)
    while stack:
        waiting = [s for s in supporters.get(stack[-1], ()) if s not in order]
        if waiting:
            stack += waiting
        else:
            order.setdefault(stack.pop())
    return list(order)
