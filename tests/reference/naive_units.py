"""Section 3 by the words: which items a key result counts, and its figure."""

from __future__ import annotations

from fractions import Fraction

from hub.model import Item, KeyResult, fold
from tests.reference.naive_rules import plain_number
from tests.reference.naive_state import closed_at, state
from tests.reference.naive_world import Counted, Figure, World, bounds, is_above, once


def why_not_eligible(world: World, key_result: KeyResult, item: Item) -> set[str]:
    """ "*Eligible* for a key result of cycle C is an attached item that was created before C ends, and was not done or dropped
    before C starts (`before_cycle = "count"` lifts the second condition). (...) a closed item that was already closed when
    first seen, without a date, belongs to no cycle and is left out (`before_cycle = "count"` does not change that). An item
    without a creation date counts as created before the cycle."
    """
    first, past = bounds(world, world.mapping.cycles[fold(key_result.cycle)])
    found = set()
    if item.created_at is not None and item.created_at >= past:
        found.add("after_cycle")
    if state(world, item) in ("done", "dropped"):
        at = closed_at(item)
        if at is None:
            found.add("undated")
        elif at < first and key_result.before_cycle == "leave_out":
            found.add("before_cycle")
    return found


def why_not_countable(world: World, key_result: KeyResult, item: Item) -> set[str]:
    """ "*Countable* is an eligible item that is not dropped." """
    found = why_not_eligible(world, key_result, item)
    if state(world, item) == "dropped":
        found.add("dropped")
    return found


def is_done_in_time(world: World, key_result: KeyResult, item: Item) -> bool:
    """ "An item that was done after C had ended counts in C as open: a past cycle's figure does not rise with late work."

    Chosen: as open in what is done, and in nothing else; it is not dropped with its epic, or because it is archived.
    """
    _, past = bounds(world, world.mapping.cycles[fold(key_result.cycle)])
    at = closed_at(item)
    return state(world, item) == "done" and at is not None and at < past


def attached(world: World, key_result: KeyResult) -> dict[int, Fraction]:
    """Part of credit by item."""
    return world.credited.get((key_result.cycle, fold(key_result.id)), {})


@once
def countable(world: World, key_result: KeyResult) -> list[Item]:
    items = [world.items[no] for no in attached(world, key_result)]
    return [i for i in items if not why_not_countable(world, key_result, i)]


def estimate(key_result: KeyResult, item: Item) -> Fraction | None:
    """ "An item *carries* when it has a valid estimate (a plain number from 0 to 1,000,000,000)." "With `by = "amount"` a unit
    weighs its amount". Chosen: then an amount is carried as an estimate is otherwise, if it is a plain number without a sign."""
    return plain_number(item.amount) if key_result.by == "amount" else plain_number(item.estimate, 1_000_000_000)


def carries(key_result: KeyResult, item: Item) -> bool:
    return estimate(key_result, item) is not None


def above_sub_task(item: Item) -> bool:
    return item.level >= 0


def beneath(world: World, all_: list[Item], item: Item) -> list[Item]:
    return [i for i in all_ if is_above(world, item, i)]


def above(world: World, all_: list[Item], item: Item) -> list[Item]:
    return [i for i in all_ if is_above(world, i, item)]


def is_unit_by_count(world: World, all_: list[Item], item: Item) -> bool:
    """ "An item above sub-task level is a unit when no item above sub-task level is beneath it. A sub-task is a unit only when
    nothing is above it." """
    if above_sub_task(item):
        return not any(above_sub_task(i) for i in beneath(world, all_, item))
    return not above(world, all_, item)


def is_unit_at_level(world: World, all_: list[Item], item: Item, level: str) -> bool:
    """ "`leaf`: an item is a unit when nothing is beneath it. Otherwise: an item at the level is a unit; an item over the level
    is a unit when nothing at that level or over it is beneath it; an item under the level is never a unit." """
    if level == "leaf":
        return not beneath(world, all_, item)
    wanted = {"epic": 1, "story": 0}[level]
    if item.level == wanted:
        return True
    if item.level > wanted:
        return not any(i.level >= wanted for i in beneath(world, all_, item))
    return False


def is_unit_by_estimate(world: World, key_result: KeyResult, all_: list[Item], item: Item) -> bool:
    """ "An item that carries is a unit when no item that carries is beneath it. An item that does not carry is a unit without
    an estimate when it would be a unit *by count, no level*, nothing that carries is beneath it, and nothing above it is a unit
    that carries." """
    if any(carries(key_result, i) for i in beneath(world, all_, item)):
        return False
    if carries(key_result, item):
        return True
    if not is_unit_by_count(world, all_, item):
        return False
    higher = [i for i in above(world, all_, item) if carries(key_result, i)]
    return not any(is_unit_by_estimate(world, key_result, all_, i) for i in higher)


def is_unit(world: World, key_result: KeyResult, all_: list[Item], item: Item) -> bool:
    """ "**By estimate, with `level`.** The units are those of *by count* with that level." """
    if key_result.level is not None:
        return is_unit_at_level(world, all_, item, key_result.level)
    if key_result.by in ("estimate", "amount"):
        return is_unit_by_estimate(world, key_result, all_, item)
    return is_unit_by_count(world, all_, item)


@once
def counted_items(world: World, key_result: KeyResult) -> list[Item]:
    all_ = countable(world, key_result)
    return [i for i in all_ if is_unit(world, key_result, all_, i)]


def why_not_unit(world: World, key_result: KeyResult, all_: list[Item], item: Item) -> set[str]:
    """``covered``: counted through others on its path, or a sub-task of something. ``level``: under the wanted level."""
    units = counted_items(world, key_result)
    found = set()
    if above(world, units, item) or beneath(world, units, item):
        found.add("covered")
    if not above_sub_task(item) and above(world, all_, item):
        found.add("covered")
    if key_result.level in ("epic", "story") and item.level < {"epic": 1, "story": 0}[key_result.level]:
        found.add("level")
    return found


def units_of(world: World, key_result: KeyResult) -> dict[int, Counted]:
    units = counted_items(world, key_result)
    found = {}
    for no, part in attached(world, key_result).items():
        item = world.items[no]
        why = why_not_countable(world, key_result, item)
        counts = item in units
        if not counts and not why:
            why = why_not_unit(world, key_result, countable(world, key_result), item)
        found[no] = Counted(counts, part, is_done_in_time(world, key_result, item), frozenset(why))
    return found


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def mean_of_the_others(world: World, key_result: KeyResult, item: Item) -> Fraction:
    """ "1. over the countable items of the same level: each unit that has an estimate with that, and each item that is not a
    unit but has units with estimates beneath it, with their sum;
    2. if there is none at that level: the mean over all units that have an estimate;
    3. if there is none at all: 1."

    "Means are taken over whole estimates, whatever their part."
    """
    units = counted_items(world, key_result)
    same_level = []
    for other in countable(world, key_result):
        if other.level != item.level:
            continue
        if other in units:
            own = estimate(key_result, other)
            if own is not None:
                same_level.append(own)
        else:
            sums = [e for u in beneath(world, units, other) if (e := estimate(key_result, u)) is not None]
            if sums:
                same_level.append(sum(sums, Fraction(0)))
    if same_level:
        return mean(same_level)
    every = [e for u in units if (e := estimate(key_result, u)) is not None]
    return mean(every) if every else Fraction(1)


def size(world: World, key_result: KeyResult, item: Item) -> Fraction:
    """ "by count every estimate is 1. (...) Units without an estimate weigh, by `missing`: `0` or `1` as written; `mean`: the
    mean of the others" """
    if key_result.by == "count":
        return Fraction(1)
    own = estimate(key_result, item)
    if own is not None:
        return own
    if key_result.missing in ("0", "1"):
        return Fraction(key_result.missing)
    return mean_of_the_others(world, key_result, item)


def has_several_currencies(world: World, key_result: KeyResult) -> bool:
    """ "amounts of several currencies leave it unmeasured." Chosen: amounts without a currency are those of one more."""
    units = [i for i in counted_items(world, key_result) if carries(key_result, i)]
    return key_result.by == "amount" and len({i.currency for i in units}) > 1


@once
def completion_figure(world: World, key_result: KeyResult) -> Figure:
    """ "A unit weighs its part of credit (1, or 1/2 when two key results share it) times its estimate. progress = weight of the
    units that are done / weight of all units. No units, or a total weight of 0: *unmeasured*, never 0 %." """
    parts = attached(world, key_result)
    done = total = Fraction(0)
    for item in counted_items(world, key_result):
        weight = parts[item.no] * size(world, key_result, item)
        total += weight
        if is_done_in_time(world, key_result, item):
            done += weight
    if has_several_currencies(world, key_result):
        return Figure(None, Fraction(0), Fraction(0), 1, 0)
    if total == 0:
        return Figure(None, done, total, 1, 0)
    return Figure(done / total, done, total, 1, 1)
