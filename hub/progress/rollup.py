"""From key results to objectives, pillars and the company. Pure and exact; docs/how-numbers-are-calculated.md, section 4."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from collections.abc import Mapping as MappingABC
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple

from hub.measure import Reading
from hub.model import Cycle, KeyResult, Mapping, NodeKind, NodeResult, Objective, fold
from hub.progress.kinds import Part, key_result_node
from hub.progress.tally import Tallies, Tally

ZERO, ONE = Fraction(0), Fraction(1)

At = tuple[str, str]
"""(cycle id, folded id) of a key result."""


def nodes(
    mapping: Mapping,
    tallies: Tallies,
    as_of: int,
    frozen: MappingABC[At, Frozen] | None = None,
    measured: MappingABC[At, Reading] | None = None,
) -> tuple[NodeResult, ...]:
    """All nodes of all cycles: key results, objectives, pillars and the company of one cycle, then of the next.

    ``as_of`` (milliseconds) decides which key results have been dropped by then. ``frozen`` are results that stand whatever the
    tallies say, because part of the work behind them is out of sight; they roll up as they are. ``measured`` is what metrics and
    steps say.
    """
    return tuple(_RollUp(mapping, tallies, as_of, frozen or {}, measured or {}).nodes())


class Frozen(NamedTuple):
    """Why a key result stands still: reasons, and the parts of sources ("source/partition") that cause it. ``former`` is the
    result that stands, of the evaluation ``seq``; None for one that never had any: it is calculated from what is known."""

    why: tuple[str, ...]
    parts: tuple[str, ...] = ()
    former: NodeResult | None = None
    seq: int | None = None

    def node(self, computed: NodeResult) -> NodeResult:
        """The result as it stands; one that stood still already stays as old as it is."""
        stands = self.former or computed
        since = stands.details["frozen"]["since"] if "frozen" in stands.details else self.seq
        said = {"since": since, "why": sorted(set(self.why)), "parts": sorted(set(self.parts))}
        return stands._replace(details={**stands.details, "frozen": said})


def is_taken(key_result: KeyResult, on: date) -> bool:
    """Whether its objectives take it on that day: not from the day on which it was dropped."""
    return key_result.dropped is None or on < key_result.dropped.on


def whole_of(mapping: Mapping, key_result: KeyResult) -> At | None:
    """The key result that one is a part of."""
    if key_result.part_of is None:
        return None
    id_ = mapping.key_result_id(key_result.cycle, fold(key_result.part_of))
    return None if id_ is None else (key_result.cycle, id_)


def parts_of(mapping: Mapping) -> dict[At, list[At]]:
    """The parts of each key result that has any, in the order of the mapping."""
    found: dict[At, list[At]] = defaultdict(list)
    for at, key_result in mapping.key_results.items():
        whole = whole_of(mapping, key_result)
        if whole is not None:
            found[whole].append(at)
    return dict(found)


def rolls_up(objective: Objective) -> bool:
    """Whether pillars and supported objectives take its figures: not those of a draft, nor of one that was dropped."""
    return objective.state == "agreed"


def day_of(mapping: Mapping, at: int) -> date:
    """The day of an instant (milliseconds) in the strategy's time zone."""
    return datetime.fromtimestamp(at / 1000, mapping.zone).date()


class _Figure(NamedTuple):
    """A node, with the key results beneath it and whether each is measured."""

    node: NodeResult
    beneath: MappingABC[At, int]


class _Way(NamedTuple):
    """A key result as one of its objectives brings it to those above."""

    at: At
    objective: str


class _Child(NamedTuple):
    """What one node gives to another: its figure, or what is left of that without the key results of ``without``."""

    weight: Fraction
    figure: _Figure
    without: tuple[_Way, ...] = ()

    def details(self) -> dict[str, Any]:
        """As it is stored, with all that the figure of the node above can be calculated from."""
        node = self.figure.node
        said = {"kind": node.kind, "id": node.id, "cycle": node.cycle, "weight": str(self.weight)}
        if not self.without:
            return said
        left_out = [
            {"cycle": at[0], "id": at[1], **({"objective": objective} if objective != node.id else {})}
            for at, objective in self.without
        ]
        return {**said, "without": left_out, "progress": None if node.progress is None else str(node.progress)}


class _RollUp:
    """The figures of all nodes. Cycles go by their ids, all else by folded ids."""

    def __init__(
        self,
        mapping: Mapping,
        tallies: Tallies,
        as_of: int,
        frozen: MappingABC[At, Frozen],
        measured: MappingABC[At, Reading],
    ) -> None:
        self.mapping = mapping
        self._frozen, self._measured, self._tallies = frozen, measured, tallies
        self._day = day = day_of(mapping, as_of)
        self._parts = parts_of(mapping)
        self._around = {c.id: tuple(cycles_around(mapping, c)) for c in mapping.cycles.values()}
        self._results: dict[At, _Figure] = {}
        for at in mapping.key_results:
            self._key_result(at)
        self._own: dict[str, list[At]] = defaultdict(list)
        self._taken: dict[str, list[At]] = defaultdict(list)
        """The same without those that were dropped; an objective that has none left is not in it."""
        for at, key_result in mapping.key_results.items():
            for objective in dict.fromkeys(map(fold, key_result.objectives)):
                self._own[objective].append(at)
                if is_taken(key_result, day) and not self._within(key_result, objective):
                    self._taken[objective].append(at)
        self._supporters: dict[str, list[str]] = defaultdict(list)
        for id_, each in mapping.objectives.items():
            if each.anchor and each.anchor[0] == "supports" and rolls_up(each):
                self._supporters[fold(each.anchor[1])].append(id_)
        self._objectives: dict[At, _Figure] = {}
        """By (cycle, objective), each after all that it may take."""
        for id_ in _supporters_first(mapping.objectives, self._supporters):
            for cycle in self._cycles_of(id_):
                figures = {other: self._objectives[cycle, other] for other in self._lenders(cycle, id_)}
                self._objectives[cycle, id_] = _mean("objective", cycle, id_, self._children(cycle, id_, figures))

    def nodes(self) -> Iterator[NodeResult]:
        for cycle in self.mapping.cycles.values():
            yield from (self._results[at].node for at in self.mapping.key_results if at[0] == cycle.id)
            yield from (figure.node for (of, _), figure in self._objectives.items() if of == cycle.id)
            pillars = [_Child(Fraction(p.weight), self._pillar(cycle.id, id_)) for id_, p in self.mapping.pillars.items()]
            yield from (child.figure.node for child in pillars)
            yield _mean("company", cycle.id, "company", pillars).node

    def _key_result(self, at: At) -> _Figure:
        """Its parts come first. The mapping files allow no circle."""
        if at not in self._results:
            key_results = self.mapping.key_results
            taken = [part for part in self._parts.get(at, ()) if is_taken(key_results[part], self._day)]
            parts = [Part(key_results[part], self._key_result(part).node) for part in taken]
            node = key_result_node(key_results[at], self._tallies.get(at) or Tally(), self._measured.get(at), parts)
            if at in self._frozen:
                node = self._frozen[at].node(node)
            self._results[at] = _Figure(node, {at: node.measured})
        return self._results[at]

    def _within(self, key_result: KeyResult, objective: str) -> bool:
        """Whether it is part, at any height, of another key result of the objective, which has it in its figure."""
        whole = whole_of(self.mapping, key_result)
        while whole is not None:
            above = self.mapping.key_results[whole]
            if objective in map(fold, above.objectives):
                return True
            whole = whole_of(self.mapping, above)
        return False

    # ---- objectives ----

    def _cycles_of(self, id_: str) -> list[str]:
        """Its own cycle, and those within it that hold one of its key results or contain a cycle that does."""
        own = self.mapping.objectives[id_].cycle
        cycles = {own: None}
        for cycle, _ in self._own.get(id_, ()):
            around = self._around[cycle]
            if own in around:
                cycles.update(dict.fromkeys(around[: around.index(own)]))
        return list(cycles)

    def _scope(self, cycle: str, id_: str) -> list[At]:
        """The key results of its own from which an objective has its figure in a cycle."""
        whole = cycle == self.mapping.objectives[id_].cycle
        return [at for at in self._taken.get(id_, ()) if whole or cycle in self._around[at[0]]]

    def _lenders(self, cycle: str, id_: str) -> list[str]:
        """The objectives that lend their figures in a cycle to one that has no key results of its own."""
        return [] if id_ in self._taken else [o for o in self._supporters.get(id_, ()) if (cycle, o) in self._objectives]

    def _children(
        self, cycle: str, id_: str, figures: MappingABC[str, _Figure], without: AbstractSet[_Way] = frozenset()
    ) -> list[_Child]:
        """What an objective has its figure in a cycle from; ``figures`` are those of its lenders."""
        scope = [at for at in self._scope(cycle, id_) if _Way(at, id_) not in without]
        own = [_Child(Fraction(self.mapping.key_results[at].weight), self._results[at]) for at in scope]
        lent = [_Child(Fraction(self.mapping.objectives[o].weight), figures[o]) for o in self._lenders(cycle, id_)]
        return own + lent

    # ---- pillars ----

    def _pillar(self, cycle: str, id_: str) -> _Figure:
        """The mean of its objectives; each key result beneath, inherited ones too, counts with one of them."""
        members = {
            objective: None
            for of, objective in self._objectives
            if of == cycle and self._under(objective) == id_ and rolls_up(self.mapping.objectives[objective])
        }
        groups = {member: self._group(cycle, member, members) for member in members}
        ways = {m: [_Way(at, o) for o in inside for at in self._scope(cycle, o)] for m, (inside, _) in groups.items()}
        kept = self._kept({way for found in ways.values() for way in found})
        beneath: dict[str, list[_Way]] = {}
        children = []
        for member, (inside, others) in groups.items():  # those that lend come first
            elsewhere = [way for other in others for way in beneath[other]]
            beneath[member] = ways[member] + elsewhere
            without = [way for way in ways[member] if way not in kept] + elsewhere
            children.append(self._member(cycle, inside, others, without))
        return _mean("pillar", cycle, id_, children)

    def _under(self, id_: str) -> str | None:
        pillar = self.mapping.objectives[id_].pillar
        return None if pillar is None else fold(pillar)

    def _group(self, cycle: str, id_: str, members: Container[str]) -> tuple[list[str], list[str]]:
        """An objective of a pillar with all that lend their figures to it, directly or not, for as long as they are none of the
        pillar's; and those of the pillar where that ends, which give to it in their own place."""
        inside: list[str] = [id_]
        others: list[str] = []
        for each in inside:  # grows while it is read
            for lender in self._lenders(cycle, each):
                (others if lender in members else inside).append(lender)
        return inside, others

    def _kept(self, ways: AbstractSet[_Way]) -> set[_Way]:
        """The one way of each key result in which a pillar takes it: by the first of its objectives that bring it there."""
        found = set()
        for at in {way.at for way in ways}:
            named = (_Way(at, fold(objective)) for objective in self.mapping.key_results[at].objectives)
            found.add(next(way for way in named if way in ways))
        return found

    def _member(self, cycle: str, inside: list[str], others: list[str], without: list[_Way]) -> _Child:
        """What an objective, the first of ``inside``, gives to its pillar, but for what counts elsewhere there."""
        weight = Fraction(self.mapping.objectives[inside[0]].weight)
        if not without:
            return _Child(weight, self._objectives[cycle, inside[0]])
        left_out = frozenset(without)
        rests = {other: _mean("objective", cycle, other, []) for other in others}
        for each in reversed(inside):
            rests[each] = _mean("objective", cycle, each, self._children(cycle, each, rests, left_out))
        return _Child(weight, rests[inside[0]], tuple(without))


def _mean(kind: NodeKind, cycle: str, id_: str, children: list[_Child]) -> _Figure:
    """The weighted mean of the measured children, with the coverage in key results beneath, each counted once."""
    done = total = ZERO
    beneath: dict[At, int] = {}
    for child in children:
        beneath.update(child.figure.beneath)
        if child.figure.node.progress is not None:
            done += child.weight * child.figure.node.progress
            total += child.weight
    progress = done / total if total else None
    details = {"children": [child.details() for child in children]}
    node = NodeResult(kind, cycle, id_, progress, done, total, len(beneath), sum(beneath.values()), details)
    return _Figure(node, beneath)


def cycles_around(mapping: Mapping, cycle: Cycle) -> Iterator[str]:
    """Ids of the cycle itself, its parent, and so on upwards."""
    seen: set[str] = set()
    while cycle.id not in seen:
        seen.add(cycle.id)
        yield cycle.id
        if cycle.parent is not None:
            cycle = mapping.cycles[fold(cycle.parent)]


def _supporters_first(objectives: MappingABC[str, Objective], supporters: MappingABC[str, list[str]]) -> list[str]:
    """Objectives so that each comes after all that support it. The mapping files allow no circle."""
    order: dict[str, None] = {}
    stack = list(objectives)[::-1]
    while stack:
        waiting = [s for s in supporters.get(stack[-1], ()) if s not in order]
        if waiting:
            stack += waiting
        else:
            order.setdefault(stack.pop())
    return list(order)
