"""Section 5 by the words: active work, and the lists of what has no anchor, several, or a broken one."""

from __future__ import annotations

from hub.model import Item, Sprint
from tests.reference.naive_credit import own_claims
from tests.reference.naive_state import closed_at, state
from tests.reference.naive_units import above_sub_task
from tests.reference.naive_world import World, bounds, cycle_in_force, is_duplicate, once, parent


def outcome_in_force(world: World, item: Item) -> str:
    cycle = cycle_in_force(world)
    return world.anchored[item.no, cycle.id].outcome if cycle else "unanchored"


@once
def is_current_or_next(world: World, source: str, sprint_id: str) -> bool:
    """ "a sprint that is active, or the first future sprint of its board, by start, then by id". "Sprints without a start
    come last among the future ones."

    Chosen: sprints that name no board share one.
    """
    sprint = world.dimensions.sprints.get((source, sprint_id))
    if sprint is None or sprint.state != "future":
        return sprint is not None and sprint.state == "active"

    def order(one: str, row: Sprint) -> tuple[bool, int, str]:
        return row.starts_at is None, row.starts_at or 0, one

    rivals = world.dimensions.sprints.items()
    future = [order(one, r) for (s, one), r in rivals if s == source and r.board == sprint.board and r.state == "future"]
    return order(sprint_id, sprint) == min(future)


@once
def is_active(world: World, item: Item) -> bool:
    """ "An item is *active* when it is not a left or ignored one and is `doing`; or was done within the cycle in force; or is
    open and planned into a current or next sprint (...). Dropped work is not active, and duplicates are in no list."

    Chosen: "not a left or ignored one" holds for all three, and duplicates are not active. (One that has left is not there at
    all.)
    """
    if is_duplicate(world, item) or outcome_in_force(world, item) == "ignored":
        return False
    now = state(world, item)
    if now == "done":
        cycle, at = cycle_in_force(world), closed_at(item)
        if cycle is None or at is None:
            return False
        first, past = bounds(world, cycle)
        return bool(first <= at < past)
    return now == "doing" or (now == "todo" and any(is_current_or_next(world, item.source, s) for s in item.sprints))


def is_listed_unanchored(world: World, item: Item) -> bool:
    """ "The unanchored list shows active items above sub-task level whose outcome is *unanchored*, and sub-tasks of that kind
    without a parent (or whose parent was not read or is a duplicate, so that nothing hides)." """
    if not is_active(world, item) or outcome_in_force(world, item) != "unanchored":
        return False
    higher = parent(world, item)
    return above_sub_task(item) or higher is None or is_duplicate(world, higher)


def is_own_fault(world: World, item: Item, kinds: tuple[str, ...]) -> bool:
    """ "the items whose own match is at fault, active or not, as long as they are open" """
    cycle = cycle_in_force(world)
    if cycle is None or is_duplicate(world, item) or state(world, item) not in ("todo", "doing"):
        return False
    anchored = world.anchored[item.no, cycle.id]
    return anchored.outcome in kinds and anchored.distance == 0


def is_listed_contested(world: World, item: Item) -> bool:
    return is_own_fault(world, item, ("contested",))


def is_listed_broken(world: World, item: Item) -> bool:
    """Chosen: also beside other names that are right, and where a stronger claim of an ancestor wins."""
    cycle = cycle_in_force(world)
    if cycle is None or is_duplicate(world, item) or state(world, item) not in ("todo", "doing"):
        return False
    return any(c.target[0] == "broken" for c in own_claims(world, cycle, item))
