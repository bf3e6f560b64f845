"""What the second calculation stands on: its values, the items as given, who stands above whom, cycles and days.

See ``naive`` for what this is. Quotes are from docs/how-numbers-are-calculated.md; "Chosen:" marks what the words leave open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import wraps
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hub.model import Cycle, Dimensions, Item, KeyResult, Mapping, Objective, Rule, Value, fold

Target = tuple[Any, ...]
"""(kind, folded id); kind is key_result, allowance, ignore (id is empty), broken (the id that exists nowhere), or
("split", {(id or None while it is dormant, what was written, its part)})."""


class Claim(NamedTuple):
    target: Target
    strength: int
    rule: int
    named: str | None
    """The text by which the item itself names the target."""


class Anchored(NamedTuple):
    """Where one item belongs in one cycle. ``shares`` are (kind, folded id, part); ``broken`` are folded ids. ``via`` is the item
    whose claims won; for a duplicate the canonical one."""

    outcome: str
    shares: frozenset[tuple[str, str, Fraction]] = frozenset()
    strength: int = 0
    via: int | None = None
    distance: int = 0
    broken: frozenset[str] = frozenset()


class Counted(NamedTuple):
    """An attached item in one key result. ``why`` holds every reason that the words give for not counting it."""

    counts: bool
    part: Fraction
    done: bool
    why: frozenset[str] = frozenset()


class Figure(NamedTuple):
    progress: Fraction | None
    done: Fraction
    total: Fraction
    key_results: int
    measured: int


@dataclass
class World:
    """What is given, the attachments once they are known, and the answers given so far."""

    mapping: Mapping
    items: dict[int, Item]
    dimensions: Dimensions
    as_of: int
    anchored: dict[tuple[int, str], Anchored] = field(default_factory=dict)
    credited: dict[tuple[str, str], dict[int, Fraction]] = field(default_factory=dict)
    """(cycle, folded key result) -> part of credit by item."""
    answers: dict[tuple[object, ...], Any] = field(default_factory=dict)
    unevaluable: set[tuple[int, str]] = field(default_factory=set)
    """(rule, source): what is reported."""
    unwelcome: set[int] = field(default_factory=set)
    """Items whose claim by name was left aside because the key result does not accept their team."""
    met: Counter[str] = field(default_factory=Counter)
    """What came up, so that a sample can be asked whether it holds every case."""
    values: tuple[Value, ...] = ()
    whole: frozenset[str] = frozenset()
    """Sources of which a complete run has ended."""
    baselines: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    """Frozen measured starts, by (cycle, folded key result)."""


def once(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Keeps the answers of one world, so that thousands of companies fit into minutes."""

    def name(about: object) -> object:
        if isinstance(about, Item):
            return "item", about.no
        if isinstance(about, KeyResult):
            return "key result", about.cycle, fold(about.id)
        if isinstance(about, Cycle | Objective):
            return type(about).__name__, about.id
        return about.index if isinstance(about, Rule) else about

    @wraps(ask)
    def remembered(world: World, *about: Any) -> Any:
        question = (ask.__name__, *(name(a) for a in about))
        if question not in world.answers:
            world.answers[question] = ask(world, *about)
        return world.answers[question]

    return remembered


# ---- items, parents and duplicates ----------------------------------------------------------------------------------------


def has_left(item: Item) -> bool:
    """ "A trashed, deleted, merged or out-of-scope item leaves every calculation, as if it had not been read." """
    return item.presence in ("trashed", "deleted", "merged", "out_of_scope")


def written_parent(world: World, item: Item) -> Item | None:
    """ "A parent that the vendor names and that was not read gives no inheritance" """
    return world.items.get(item.parent) if item.parent is not None else None


def circle_of(item: Item, next_one: Callable[[Item], Item | None]) -> list[Item]:
    """The members of the circle that the item is on; empty when the way does not lead back to it."""
    seen = [item]
    above = next_one(item)
    while above is not None and above not in seen:
        seen.append(above)
        above = next_one(above)
    return seen if above is not None and above.no == item.no else []


@once
def parent(world: World, item: Item) -> Item | None:
    """ "Where parents form a circle, the member with the greatest (source, id) is treated as having no parent." """
    circle = circle_of(item, lambda one: written_parent(world, one))
    if circle and item.no == max(circle, key=lambda i: (i.source, i.id)).no:
        return None
    return written_parent(world, item)


@once
def ancestors(world: World, item: Item) -> list[Item]:
    """Nearest first."""
    above = parent(world, item)
    return [] if above is None else [above, *ancestors(world, above)]


@once
def numbers_above(world: World, item: Item) -> frozenset[int]:
    return frozenset(a.no for a in ancestors(world, item))


def is_above(world: World, high: Item, low: Item) -> bool:
    """ "*beneath* and *above* mean descendant and ancestor (...), at any distance." """
    return high.no in numbers_above(world, low)


@once
def canonical(world: World, item: Item) -> Item:
    """ "Following them from one to the next ends at the *canonical* item (a circle is cut at the greatest (source, id), which
    then is the canonical one)." "An item that has left counts neither as parent nor as canonical."
    """

    def next_one(one: Item) -> Item | None:
        return world.items.get(one.duplicate_of) if one.duplicate_of is not None else None

    circle = circle_of(item, next_one)
    if circle:
        return max(circle, key=lambda i: (i.source, i.id))
    original = next_one(item)
    return item if original is None else canonical(world, original)  # type: ignore[no-any-return]


def is_duplicate(world: World, item: Item) -> bool:
    """ "All others are *duplicates*" """
    return bool(canonical(world, item).no != item.no)


@once
def ancestors_that_hand_down(world: World, item: Item) -> list[Item]:
    """ "what stands beneath them inherits nothing from them or through them (no claim, no state, no team)", nearest first."""
    found: list[Item] = []
    for above in ancestors(world, item):
        if is_duplicate(world, above):
            world.met["an item beneath a duplicate"] += 1
            break
        found.append(above)
    return found


# ---- cycles and days ------------------------------------------------------------------------------------------------------


@once
def bounds(world: World, cycle: Cycle) -> tuple[int, int]:
    """Both days belong to a cycle; days are those of the strategy's time zone. (first millisecond, first one past it)"""
    zone = ZoneInfo(world.mapping.timezone)
    first, past = (datetime.combine(day, time(), zone) for day in (cycle.starts, cycle.ends + timedelta(days=1)))
    return int(first.timestamp()) * 1000, int(past.timestamp()) * 1000


def day_of(world: World, at: int) -> date:
    """ "instants count as the day in the strategy's time zone" """
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    return moment.astimezone(ZoneInfo(world.mapping.timezone)).date()


@once
def cycle_in_force(world: World) -> Cycle | None:
    """ "the one that contains it (the shortest of several), else the latest that has begun, else the first to come; None when
    there is no cycle at all." """
    cycles = [(bounds(world, c), c) for c in world.mapping.cycles.values()]
    containing = [(past - first, c.id, c) for (first, past), c in cycles if first <= world.as_of < past]
    if containing:
        return min(containing)[2]
    begun = [(past, c.id, c) for (first, past), c in cycles if first <= world.as_of]
    if begun:
        return max(begun)[2]
    to_come = [(first, c.id, c) for (first, _), c in cycles]
    return min(to_come)[2] if to_come else None


def lies_within(world: World, inner: Cycle, outer: Cycle) -> bool:
    """ "(by `parent`, at any height)"; no cycle lies within itself."""
    above = inner.parent
    while above is not None:
        if fold(above) == fold(outer.id):
            return True
        above = world.mapping.cycles[fold(above)].parent
    return False


def next_cycle(world: World, cycle: Cycle) -> Cycle | None:
    """ "among the cycles that begin after C ends, the one that begins first (of several that one that ends first, then by
    id)" """
    later = [c for c in world.mapping.cycles.values() if c.starts > cycle.ends]
    return min(later, key=lambda c: (c.starts, c.ends, c.id)) if later else None


def previous_cycle(world: World, cycle: Cycle) -> Cycle | None:
    """ "among those that end before C begins, the one that ends last (of several the one that begins last, then by id)"

    Chosen: "then by id" means the first by id, as for the next one.
    """
    earlier = [c for c in world.mapping.cycles.values() if c.ends < cycle.starts]
    if not earlier:
        return None
    last = max((c.ends, c.starts) for c in earlier)
    return min((c for c in earlier if (c.ends, c.starts) == last), key=lambda c: c.id)
