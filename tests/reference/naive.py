"""A second calculation of every number, written from docs/how-numbers-are-calculated.md and nothing else.

Slow and obvious on purpose: each paragraph of that page is one function that quotes it, everything is asked anew (``once``
only keeps the answers), and no code is shared with the hub except its value types and ``fold``. Where the words leave a choice,
the docstring says "Chosen:".

``naive_world`` parents, duplicates and cycles; ``naive_state`` states and teams; ``naive_rules`` matches; ``naive_credit`` claims
and credit; ``naive_units`` what a key result counts; ``naive_rollup`` objectives, pillars, the company; ``naive_lists`` lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from hub.model import Dimensions, Item, Mapping, fold
from tests.reference.naive_credit import anchor
from tests.reference.naive_kinds import key_result_figure
from tests.reference.naive_lists import is_active, is_listed_broken, is_listed_contested, is_listed_unanchored
from tests.reference.naive_rollup import company_figure, cycles_of, objective_figure, pillar_figure
from tests.reference.naive_state import is_reported_disagreeing, is_reported_unmapped, state, team, whose
from tests.reference.naive_units import units_of
from tests.reference.naive_world import Anchored, Counted, Figure, World, cycle_in_force, has_left


class Reference(NamedTuple):
    in_force: str | None
    states: dict[int, str]
    attachments: dict[tuple[int, str], Anchored]
    units: dict[tuple[int, str, str], Counted]
    """By (item, cycle, folded key result)."""
    nodes: dict[tuple[str, str, str], Figure]
    """By (kind, cycle, folded id); the company's id is empty."""
    teams: dict[int, str | None]
    active: frozenset[int]
    unanchored: tuple[int, ...]
    contested: tuple[int, ...]
    broken: tuple[int, ...]
    reports: dict[str, frozenset[int]]
    """What the words say is reported, by kind: items."""
    unevaluable: frozenset[tuple[int, str]]
    """(rule, source)."""
    met: Counter[str]


def world_of(mapping: Mapping, items: Iterable[Item], dimensions: Dimensions, as_of: int) -> World:
    """With the attachments of all items in all cycles."""
    world = World(mapping, {i.no: i for i in items if not has_left(i)}, dimensions, as_of)
    for cycle in mapping.cycles.values():
        for item in world.items.values():
            anchored = anchor(world, cycle, item)
            world.anchored[item.no, cycle.id] = anchored
            for kind, id, part in anchored.shares:
                if kind == "key_result" and part > 0:
                    world.credited.setdefault((cycle.id, id), {})[item.no] = part
    return world


def reference(mapping: Mapping, items: Iterable[Item], dimensions: Dimensions, as_of: int) -> Reference:
    world = world_of(mapping, items, dimensions, as_of)
    in_force = cycle_in_force(world)
    units = {}
    for key_result in mapping.key_results.values():
        for no, counted in units_of(world, key_result).items():
            units[no, key_result.cycle, fold(key_result.id)] = counted
    every = list(world.items.values())
    nodes = figures(world)
    for anchored in world.anchored.values():
        world.met[f"outcome: {anchored.outcome}"] += 1

    def those(test: Callable[[World, Item], bool]) -> tuple[int, ...]:
        return tuple(sorted(i.no for i in every if test(world, i)))

    return Reference(
        in_force=in_force.id if in_force else None,
        states={i.no: state(world, i) for i in every},
        attachments=world.anchored,
        units=units,
        nodes=nodes,
        teams={i.no: team(world, i) for i in every},
        active=frozenset(those(is_active)),
        unanchored=those(is_listed_unanchored) if in_force else (),
        contested=those(is_listed_contested),
        broken=those(is_listed_broken),
        reports={
            "status": frozenset(those(is_reported_unmapped)),
            "category": frozenset(those(is_reported_disagreeing)),
            "team": frozenset(i.no for i in every if whose(world, i)[1]),
            "ambiguous": frozenset(i.no for i in every if i.ambiguous),
            "accepts": frozenset(world.unwelcome),
        },
        unevaluable=frozenset(world.unevaluable),
        met=world.met,
    )


def figures(world: World) -> dict[tuple[str, str, str], Figure]:
    nodes = {}
    for key_result in world.mapping.key_results.values():
        nodes["key_result", key_result.cycle, fold(key_result.id)] = key_result_figure(world, key_result)
    for objective in world.mapping.objectives.values():
        for cycle in cycles_of(world, objective):
            nodes["objective", cycle.id, fold(objective.id)] = objective_figure(world, objective, cycle)
    for cycle in world.mapping.cycles.values():
        for pillar in world.mapping.pillars.values():
            nodes["pillar", cycle.id, fold(pillar.id)] = pillar_figure(world, cycle, pillar.id)
        nodes["company", cycle.id, ""] = company_figure(world, cycle)
    return nodes
