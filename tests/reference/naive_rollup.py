"""Section 4 by the words: objectives, pillars, the company."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hub.model import Cycle, KeyResult, Objective, fold
from tests.reference.naive_kinds import is_under_another, key_result_figure
from tests.reference.naive_world import Figure, World, day_of, lies_within, once


def weighted(world: World, children: list[tuple[Decimal, Figure]], key_results: list[KeyResult]) -> Figure:
    """ "Nothing measured beneath, or weights that add up to 0: unmeasured. Coverage counts key results: each key result of the
    objectives beneath it once." """
    known = [(Fraction(w), f.progress) for w, f in children if f.progress is not None]
    done = sum((w * p for w, p in known), Fraction(0))
    total = sum((w for w, _ in known), Fraction(0))
    measured = [k for k in key_results if key_result_figure(world, k).progress is not None]
    return Figure(done / total if total else None, done, total, len(key_results), len(measured))


def cycle_of(world: World, key_result: KeyResult) -> Cycle:
    return world.mapping.cycles[fold(key_result.cycle)]


def is_in(world: World, inner: Cycle, outer: Cycle) -> bool:
    """In a cycle, or in one that lies within it."""
    return inner.id == outer.id or lies_within(world, inner, outer)


@once
def own_key_results(world: World, objective: Objective) -> list[KeyResult]:
    """Also those that are dropped."""
    every = world.mapping.key_results.values()
    return [k for k in every if fold(objective.id) in {fold(id) for id in k.objectives}]


def is_taken(world: World, key_result: KeyResult) -> bool:
    """ "A key result with `dropped = { on, why }` keeps its figure, and from that day on (`as_of` in the strategy's zone) no
    objective takes it." """
    return key_result.dropped is None or day_of(world, world.as_of) < key_result.dropped.on


@once
def has_key_results(world: World, objective: Objective) -> bool:
    """ "an objective of which all key results are dropped counts as one without key results of its own". "Parts of a dropped
    whole do not take its place." """
    own = own_key_results(world, objective)
    taken = [k for k in own if is_taken(world, k) and not is_under_another(world, objective, k)]
    world.met["an objective whose key results are all dropped"] += bool(own) and not taken
    return bool(taken)


def key_results_in(world: World, objective: Objective, cycle: Cycle) -> list[KeyResult]:
    """ "in its own cycle, from all of its key results", elsewhere "from the key results of D and of the cycles within D". Of key
    results and their parts: "an objective to which both belong takes the whole only." """
    taken = [k for k in own_key_results(world, objective) if is_taken(world, k)]
    world.met["a dropped key result"] += len(taken) < len(own_key_results(world, objective))
    world.met["a figure in a cycle within its own"] += fold(objective.cycle) != fold(cycle.id)
    taken = [k for k in taken if not is_under_another(world, objective, k)]
    if fold(objective.cycle) == fold(cycle.id):
        return taken
    return [k for k in taken if is_in(world, cycle_of(world, k), cycle)]


@once
def cycles_of(world: World, objective: Objective) -> list[Cycle]:
    """ "The objective has a figure in its own cycle, from all of its key results, and in each cycle D that lies within it (by
    `parent`, at any height) and holds one of its key results (also a dropped one) or contains a cycle that does" """
    own = world.mapping.cycles[fold(objective.cycle)]
    world.met["an objective that is no longer or not yet agreed"] += objective.state != "agreed"
    held = [cycle_of(world, k) for k in own_key_results(world, objective)]
    inner = [c for c in world.mapping.cycles.values() if lies_within(world, c, own)]
    return [own, *(c for c in inner if any(is_in(world, h, c) for h in held))]


def has_figure(world: World, objective: Objective, cycle: Cycle) -> bool:
    return cycle.id in [c.id for c in cycles_of(world, objective)]


@once
def supporters(world: World, objective: Objective) -> list[Objective]:
    """ "A *draft* or *dropped* objective has figures of its own that go nowhere: (...) no objective that it supports takes
    them." """
    found = []
    for other in world.mapping.objectives.values():
        kind, name = other.anchor or ("", "")
        if kind == "supports" and fold(name) == fold(objective.id) and other.state == "agreed":
            found.append(other)
    return found


def supporters_in(world: World, objective: Objective, cycle: Cycle) -> list[Objective]:
    """ "the objectives that support it (`anchor.supports`) and have a figure in the same cycle" """
    return [o for o in supporters(world, objective) if has_figure(world, o, cycle)]


@once
def key_results_beneath(world: World, objective: Objective, cycle: Cycle) -> list[KeyResult]:
    """Each once. An objective without key results of its own has those of the objectives that support it."""
    if has_key_results(world, objective):
        return key_results_in(world, objective, cycle)
    return each_once([k for o in supporters_in(world, objective, cycle) for k in key_results_beneath(world, o, cycle)])


def each_once(key_results: list[KeyResult]) -> list[KeyResult]:
    return list({(k.cycle, fold(k.id)): k for k in key_results}.values())


@once
def objective_figure(world: World, objective: Objective, cycle: Cycle) -> Figure:
    """ "Objective: the mean of its measured key results, weighted by `weight`; beside it the coverage ("from 3 of 5"). An
    objective without key results of its own takes the mean of the objectives that support it (...), weighted likewise, whatever
    their own pillar; otherwise a supporting objective is not averaged into the one it supports." """
    if has_key_results(world, objective):
        children = [(k.weight, key_result_figure(world, k)) for k in key_results_in(world, objective, cycle)]
    else:
        children = [(o.weight, objective_figure(world, o, cycle)) for o in supporters_in(world, objective, cycle)]
    return weighted(world, children, key_results_beneath(world, objective, cycle))


@once
def objectives_of_pillar(world: World, cycle: Cycle, pillar: str) -> list[Objective]:
    """ "its measured objectives that have a figure in that cycle (those with `anchor.pillar` or `pillar`)"; no drafts, none
    that was dropped."""
    found = []
    for objective in world.mapping.objectives.values():
        kind, name = objective.anchor or ("", "")
        places = {fold(objective.pillar or ""), fold(name) if kind == "pillar" else ""}
        if fold(pillar) in places and objective.state == "agreed" and has_figure(world, objective, cycle):
            found.append(objective)
    return found


Way = tuple[str, ...]
"""A cycle and a folded key result, then the folded objectives from the one that names it upwards."""


def ways_to(world: World, cycle: Cycle, objective: Objective) -> list[tuple[KeyResult, Way]]:
    """Every way on which key results come to an objective."""
    here = fold(objective.id)
    if has_key_results(world, objective):
        return [(k, (k.cycle, fold(k.id), here)) for k in key_results_in(world, objective, cycle)]
    lent = [way for o in supporters_in(world, objective, cycle) for way in ways_to(world, cycle, o)]
    return [(key_result, (*way, here)) for key_result, way in lent]


def ways_that_count(world: World, cycle: Cycle, objectives: list[Objective]) -> set[Way]:
    """ "All key results beneath count once in it, the inherited ones too. A key result counts by the first of the objectives in
    its `objective = [...]` that bring it to the pillar in that cycle. An objective of the pillar brings it in its own place; any
    other one brings it through the objective that takes its figure, and so on upwards, to the first that is one of the pillar."
    """
    every = [found for objective in objectives for found in ways_to(world, cycle, objective)]
    count = set()
    for key_result, way in every:
        rivals = [other for _, other in every if other[:2] == way[:2]]
        first = next(fold(id) for id in key_result.objectives if any(other[2] == fold(id) for other in rivals))
        nearest = min(len(other) for other in rivals if other[2] == first)
        if way[2] == first and len(way) == nearest:
            count.add(way)
        else:
            world.met["a key result that a pillar takes once"] += 1
            world.met["an inherited key result that a pillar takes once"] += len(way) > 3
    return count


def figure_by(world: World, cycle: Cycle, objective: Objective, above: Way, count: set[Way]) -> Figure:
    """ "For the pillar, the figures on all other ways are averaged without that key result, and one of which nothing measured is
    left gives nothing." """
    higher = (fold(objective.id), *above)
    if has_key_results(world, objective):
        left = [k for k in key_results_in(world, objective, cycle) if (k.cycle, fold(k.id), *higher) in count]
        children = [(k.weight, key_result_figure(world, k)) for k in left]
    else:
        children = [(o.weight, figure_by(world, cycle, o, higher, count)) for o in supporters_in(world, objective, cycle)]
    return weighted(world, children, [])


@once
def pillar_figure(world: World, cycle: Cycle, pillar: str) -> Figure:
    """ "Pillar, in each cycle: the weighted mean of its measured objectives that have a figure in that cycle" """
    objectives = objectives_of_pillar(world, cycle, pillar)
    count = ways_that_count(world, cycle, objectives)
    children = [(o.weight, figure_by(world, cycle, o, (), count)) for o in objectives]
    return weighted(world, children, each_once([k for o in objectives for k in key_results_beneath(world, o, cycle)]))


def company_figure(world: World, cycle: Cycle) -> Figure:
    """ "Company, in each cycle: the weighted mean of the pillars measured in that cycle." "Objectives under no pillar are shown
    beside the pillars and are not in the company's figure." """
    pillars = list(world.mapping.pillars.values())
    children = [(p.weight, pillar_figure(world, cycle, p.id)) for p in pillars]
    objectives = [o for p in pillars for o in objectives_of_pillar(world, cycle, p.id)]
    return weighted(world, children, each_once([k for o in objectives for k in key_results_beneath(world, o, cycle)]))
