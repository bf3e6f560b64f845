"""A second calculation of every number, written from docs/how-numbers-are-calculated.md and nothing else.

Slow and obvious on purpose: each paragraph of that page is one function that quotes it, everything is asked anew (``once``
only keeps the answers, so that thousands of companies fit into minutes), and no code is shared with the hub except its value
types and ``fold``. Where the words leave a choice, the docstring says "Chosen:".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import wraps
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hub.model import Condition, Cycle, Dimensions, Item, KeyResult, Mapping, Objective, Rule, Sprint, fold

Target = tuple[str, str]
"""(kind, folded id); kind is key_result, allowance, ignore (id is empty) or broken (the id that exists nowhere)."""


class Claim(NamedTuple):
    target: Target
    strength: int
    rule: int
    text: str


class Anchored(NamedTuple):
    """Where one item belongs in one cycle. ``shares`` are (kind, folded id, part); ``broken`` are folded ids."""

    outcome: str
    shares: frozenset[tuple[str, str, Fraction]] = frozenset()
    strength: int = 0
    via: int | None = None
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


@dataclass
class World:
    """What is given, the attachments once they are known, and the answers given so far."""

    mapping: Mapping
    items: dict[int, Item]
    dimensions: Dimensions
    as_of: int
    anchored: dict[tuple[int, str], Anchored] = field(default_factory=dict)
    answers: dict[tuple[object, ...], Any] = field(default_factory=dict)


def once(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Keeps the answers about an item, or about a key result, of one world."""

    @wraps(ask)
    def remembered(world: World, about: Item | KeyResult) -> Any:
        question = (ask.__name__, about.no if isinstance(about, Item) else (about.cycle, about.id))
        if question not in world.answers:
            world.answers[question] = ask(world, about)
        return world.answers[question]

    return remembered


def reference(mapping: Mapping, items: Iterable[Item], dimensions: Dimensions, as_of: int) -> Reference:
    world = World(mapping, {i.no: i for i in items if not has_left(i)}, dimensions, as_of)
    for cycle in mapping.cycles.values():
        for item in world.items.values():
            world.anchored[item.no, cycle.id] = anchor(world, cycle, item)
    in_force = cycle_in_force(world)
    units = {}
    nodes = {}
    for key_result in mapping.key_results.values():
        for no, counted in units_of(world, key_result).items():
            units[no, key_result.cycle, fold(key_result.id)] = counted
        nodes["key_result", key_result.cycle, fold(key_result.id)] = key_result_figure(world, key_result)
    for objective in mapping.objectives.values():
        nodes["objective", objective.cycle, fold(objective.id)] = objective_figure(world, objective)
    for cycle in mapping.cycles.values():
        for pillar in mapping.pillars.values():
            nodes["pillar", cycle.id, fold(pillar.id)] = pillar_figure(world, cycle, pillar.id)
        nodes["company", cycle.id, ""] = company_figure(world, cycle)
    in_list = lambda test: tuple(sorted(i.no for i in world.items.values() if in_force and test(world, i)))  # noqa: E731
    return Reference(
        in_force=in_force.id if in_force else None,
        states={i.no: state(world, i) for i in world.items.values()},
        attachments=world.anchored,
        units=units,
        nodes=nodes,
        teams={i.no: team(world, i) for i in world.items.values()},
        active=frozenset(i.no for i in world.items.values() if is_active(world, i)),
        unanchored=in_list(is_listed_unanchored),
        contested=in_list(is_listed_contested),
        broken=in_list(is_listed_broken),
    )


# ---- parents --------------------------------------------------------------------------------------------------------------


def has_left(item: Item) -> bool:
    """ "A trashed, deleted, merged or out-of-scope item leaves every calculation, as if it had not been read." """
    return item.presence in ("trashed", "deleted", "merged", "out_of_scope")


def written_parent(world: World, item: Item) -> Item | None:
    """ "Parents are the vendor's own. A parent that was not read gives no inheritance and is reported." """
    return world.items.get(item.parent) if item.parent is not None else None


def circle_of(world: World, item: Item) -> list[Item]:
    """The members of the circle that the item is on; empty when its parents do not lead back to it."""
    seen = [item]
    above = written_parent(world, item)
    while above is not None and above not in seen:
        seen.append(above)
        above = written_parent(world, above)
    return seen if above is not None and above.no == item.no else []


@once
def parent(world: World, item: Item) -> Item | None:
    """ "Where parents form a circle, the member with the greatest (source, id) is treated as having no parent." """
    circle = circle_of(world, item)
    if circle and item.no == max(circle, key=lambda i: (i.source, i.id)).no:
        return None
    return written_parent(world, item)


@once
def ancestors(world: World, item: Item) -> list[Item]:
    """Nearest first."""
    above = parent(world, item)
    return [] if above is None else [above, *ancestors(world, above)]


def is_above(world: World, high: Item, low: Item) -> bool:
    """ "*beneath* and *above* mean descendant and ancestor (...), at any distance." """
    return any(a.no == high.no for a in ancestors(world, low))


# ---- 1. state of an item --------------------------------------------------------------------------------------------------

STATES = {"new": "todo", "indeterminate": "doing", "done": "done"}


def state_by_category(world: World, item: Item) -> str:
    """ "The status category of the vendor's status **list** (looked up by status id) gives `new` = todo, `indeterminate` =
    doing, `done` = done. Where the list does not know the status, the category copied into the item is used; where there is
    none either, the item is todo and the status is reported as unmapped. Where list and copy disagree, the list wins."

    Chosen: a row of the list without one of the three categories does not know the status.
    """
    row = world.dimensions.statuses.get((item.source, item.status_id or ""))
    if row is not None and row.category in STATES:
        return STATES[row.category]
    return STATES.get(item.category or "", "todo")


def state_by_resolution(world: World, item: Item) -> str:
    """ "A *done* item whose resolution is Won't Do, Won't Fix, Duplicate, Cannot Reproduce or Declined is *dropped*. A
    resolution on an item that is not done changes nothing." (The mapping holds the list of these.)"""
    now = state_by_category(world, item)
    if now == "done" and item.resolution is not None and fold(item.resolution) in world.mapping.dropped_resolutions:
        return "dropped"
    return now


def state_by_presence(world: World, item: Item) -> str:
    """ "an *archived* item that is done keeps its credit; an archived open item counts as dropped." """
    now = state_by_resolution(world, item)
    return "dropped" if item.presence == "archived" and now in ("todo", "doing") else now


@once
def state(world: World, item: Item) -> str:
    """ "An open item with a dropped ancestor (at any height, through attached or unattached parents alike) counts as
    dropped." """
    now = state_by_presence(world, item)
    if now in ("todo", "doing") and any(state_by_presence(world, a) == "dropped" for a in ancestors(world, item)):
        return "dropped"
    return now


# ---- 2. claims and credit -------------------------------------------------------------------------------------------------


def glob(pattern: str, text: str) -> bool:
    """ "`*` matches any text, `?` one character." """
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(glob(pattern[1:], text[i:]) for i in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and glob(pattern[1:], text[1:])


def texts(value: object) -> list[str]:
    """The texts of a field; "a field that is empty" has none."""
    if value is None:
        return []
    if isinstance(value, list | tuple | set | frozenset):
        return [t for v in value for t in texts(v)]
    return [str(value)] if str(value) else []


def named_field(item: Item, name: str) -> list[str]:
    return [t for key, value in item.fields.items() if fold(key) == fold(name) for t in texts(value)]


def project_texts(world: World, item: Item) -> list[str]:
    """ "by key, name or id". Chosen: so for rules as for teams."""
    found = []
    for container in item.containers:
        row = world.dimensions.containers.get((item.source, container))
        found += [container] if row is None else [container, *texts(row.key), *texts(row.name)]
    return found


def field_values(world: World, item: Item, name: str) -> list[str] | None:
    """ "A field that the source does not have makes the line *not evaluable*" (None); "a field that is empty" has no values.

    A key is also what the item was called before it moved. Chosen: a status, type or sprint compares by its name, an
    assignee by account id.
    """
    facts = world.dimensions.sources.get(item.source)
    if facts is None or fold(name) not in facts.item_fields:
        return None
    if name.startswith("field."):
        return named_field(item, name.removeprefix("field."))
    if name == "project":
        return project_texts(world, item)
    if name == "sprint":
        rows = [world.dimensions.sprints.get((item.source, s)) for s in item.sprints]
        return [r.name for r in rows if r is not None]
    return texts(
        {
            "source": item.source,
            "key": (item.key, *item.aliases),
            "type": item.type,
            "status": item.status,
            "resolution": item.resolution,
            "label": item.labels,
            "component": item.components,
            "assignee": item.assignee,
            "title": item.title,
        }[name]
    )


def holds(world: World, item: Item, line: Condition) -> bool:
    """ "Texts compare after Unicode NFC and case folding. A line with several values holds when any of them holds for any of
    the item's values." """
    values = field_values(world, item, line.field)
    if values is None:
        return False
    for test in line.tests:
        for value in values:
            if test.how == "equal" and fold(value) == test.folded:
                return True
            if test.how == "glob" and glob(test.folded, fold(value)):
                return True
            if test.how == "capture" and captured(test.folded, value) is not None:
                return True
    return False


def captured(around: str, value: str) -> str | None:
    """The id that stands where ``{key_result}`` does. Chosen: an empty one names nothing."""
    prefix, suffix = around.split("\0")
    text = fold(value)
    if text.startswith(prefix) and text.endswith(suffix) and len(text) > len(prefix) + len(suffix):
        return text[len(prefix) : len(text) - len(suffix)]
    return None


def named_ids(world: World, item: Item, rule: Rule) -> list[tuple[str, str]]:
    """(id, the text that names it): what a rule with a capture finds in an item."""
    found = []
    for line in rule.when:
        for test in line.tests:
            if test.how == "capture":
                for value in field_values(world, item, line.field) or []:
                    name = captured(test.folded, value)
                    if name is not None:
                        found.append((name, value))
    return found


def target_of(world: World, cycle: Cycle, rule: Rule, name: str) -> Target | None:
    """ "In cycle C an id means the key result of that id in C; the ids of allowances belong to every cycle. A claim for a key
    result that exists, but only in other cycles, is *dormant* in C: it is left aside" (None). "A named id that exists nowhere
    is a *broken anchor*; it still competes."

    Chosen: *ignore* is one target, whatever the reason.
    """
    if rule.target_kind == "ignore":
        return ("ignore", "")
    if (cycle.id, fold(name)) in world.mapping.key_results:
        return ("key_result", fold(name))
    if fold(name) in world.mapping.allowances:
        return ("allowance", fold(name))
    if any(fold(name) == known for _, known in world.mapping.key_results):
        return None
    return ("broken", fold(name))


def own_claims(world: World, cycle: Cycle, item: Item) -> list[Claim]:
    """ "A rule matches an item when every `when` line holds. Each match makes a *claim* for a target (a key result, an
    allowance, or *ignore*) with a strength." """
    found = []
    for rule in world.mapping.rules:
        if not all(holds(world, item, line) for line in rule.when):
            continue
        names = named_ids(world, item, rule) if rule.target is None else [(rule.target, "")]
        for name, text in names:
            target = target_of(world, cycle, rule, name)
            if target is not None:
                found.append(Claim(target, rule.strength, rule.index, text))
    return found


def winners(world: World, cycle: Cycle, item: Item) -> tuple[Item | None, list[Claim]]:
    """ "The claims of an item are its own and those of its ancestors, nearest first. The greatest strength wins, wherever on
    the chain it stands; among claims of that strength those of the nearest item win." """
    chain = [(one, own_claims(world, cycle, one)) for one in [item, *ancestors(world, item)]]
    strengths = [claim.strength for _, claims in chain for claim in claims]
    for one, claims in chain:
        best = [c for c in claims if c.strength == max(strengths)]
        if best:
            return one, best
    return None, []


def anchor(world: World, cycle: Cycle, item: Item) -> Anchored:
    """ "equal targets count once.

    - All winners are named (strength 100): each named target gets an equal part, a broken anchor's part goes to nobody.
    - One target is left: it gets everything (*linked*, *allowance* or *ignored*).
    - Several targets from ordinary rules of equal strength: *contested*. Nobody gets credit, and the item is listed.
    - Only broken anchors among the winners: *broken*. There is no fall-through to weaker rules.
    - No claim at all: *unanchored*."

    Chosen: several targets from rules by key, or from fallbacks, are contested too; an item that names a key result and an
    allowance is *linked*.
    """
    via, claims = winners(world, cycle, item)
    if via is None:
        return Anchored("unanchored")
    strength = claims[0].strength
    targets = {c.target for c in claims}
    known = {t for t in targets if t[0] != "broken"}
    broken = frozenset(name for kind, name in targets if kind == "broken")
    if not known:
        return Anchored("broken", frozenset(), strength, via.no, broken)
    if len(targets) > 1 and strength < 100:
        return Anchored("contested", frozenset((k, n, Fraction(0)) for k, n in known), strength, via.no, broken)
    shares = frozenset((kind, name, Fraction(1, len(targets))) for kind, name in known)
    kinds = {kind for kind, _ in known}
    outcome = "linked" if "key_result" in kinds else "allowance" if "allowance" in kinds else "ignored"
    return Anchored(outcome, shares, strength, via.no, broken)


# ---- 3. which items a key result counts -----------------------------------------------------------------------------------


def bounds(world: World, cycle: Cycle) -> tuple[int, int]:
    """Both days belong to a cycle; days are those of the strategy's time zone. (first millisecond, first one past it)"""
    zone = ZoneInfo(world.mapping.timezone)
    first, past = (datetime.combine(day, time(), zone) for day in (cycle.starts, cycle.ends + timedelta(days=1)))
    return int(first.timestamp()) * 1000, int(past.timestamp()) * 1000


def closed_at(item: Item) -> int | None:
    """ "When a closed item was closed: the vendor's date, else the moment when the hub saw the status appear" """
    return item.done_at if item.done_at is not None else item.status_seen_at


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


@once
def attached(world: World, key_result: KeyResult) -> dict[int, Fraction]:
    """Part of credit by item."""
    found = {}
    for (no, cycle), anchored in world.anchored.items():
        for kind, name, part in anchored.shares:
            if cycle == key_result.cycle and kind == "key_result" and name == fold(key_result.id) and part > 0:
                found[no] = part
    return found


@once
def countable(world: World, key_result: KeyResult) -> list[Item]:
    items = [world.items[no] for no in attached(world, key_result)]
    return [i for i in items if not why_not_countable(world, key_result, i)]


def estimate(item: Item) -> Fraction | None:
    """ "An item *carries* when it has a valid estimate (a plain number from 0 to 1,000,000,000)."

    "Plain is digits with an optional fraction and exponent (`3`, `2.5`, `1E+3`), without sign, spaces or separators."
    """
    mantissa, mark, power = (item.estimate or "").lower().partition("e")
    whole, point, rest = mantissa.partition(".")
    digits = [whole, *([rest] if point else []), *([power[1:] if power[:1] in ("+", "-") else power] if mark else [])]
    if any(not part or set(part) - set("0123456789") for part in digits) or len(power) > 4:
        return None
    number = Fraction(Decimal(item.estimate or ""))
    return number if number <= 1_000_000_000 else None


def carries(item: Item) -> bool:
    return estimate(item) is not None


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


def is_unit_by_estimate(world: World, all_: list[Item], item: Item) -> bool:
    """ "An item that carries is a unit when no item that carries is beneath it. An item that does not carry is a unit without
    an estimate when it would be a unit *by count, no level*, nothing that carries is beneath it, and nothing above it is a unit
    that carries." """
    if any(carries(i) for i in beneath(world, all_, item)):
        return False
    if carries(item):
        return True
    if not is_unit_by_count(world, all_, item):
        return False
    return not any(carries(i) and is_unit_by_estimate(world, all_, i) for i in above(world, all_, item))


def is_unit(world: World, key_result: KeyResult, all_: list[Item], item: Item) -> bool:
    """ "**By estimate, with `level`.** The units are those of *by count* with that level." """
    if key_result.level is not None:
        return is_unit_at_level(world, all_, item, key_result.level)
    if key_result.by == "estimate":
        return is_unit_by_estimate(world, all_, item)
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

    Chosen: estimates enter these means whole, not by their part of credit.
    """
    units = counted_items(world, key_result)
    same_level = []
    for other in countable(world, key_result):
        if other.level != item.level:
            continue
        if other in units:
            own = estimate(other)
            if own is not None:
                same_level.append(own)
        else:
            sums = [e for u in beneath(world, units, other) if (e := estimate(u)) is not None]
            if sums:
                same_level.append(sum(sums, Fraction(0)))
    if same_level:
        return mean(same_level)
    every = [e for u in units if (e := estimate(u)) is not None]
    return mean(every) if every else Fraction(1)


def size(world: World, key_result: KeyResult, item: Item) -> Fraction:
    """ "by count every estimate is 1. (...) Units without an estimate weigh, by `missing`: `0` or `1` as written; `mean`: the
    mean of the others" """
    if key_result.by == "count":
        return Fraction(1)
    own = estimate(item)
    if own is not None:
        return own
    if key_result.missing in ("0", "1"):
        return Fraction(key_result.missing)
    return mean_of_the_others(world, key_result, item)


@once
def key_result_figure(world: World, key_result: KeyResult) -> Figure:
    """ "A unit weighs its part of credit (1, or 1/2 when two key results share it) times its estimate. progress = weight of the
    units that are done / weight of all units. No units, or a total weight of 0: *unmeasured*, never 0 %." """
    parts = attached(world, key_result)
    done = total = Fraction(0)
    for item in counted_items(world, key_result):
        weight = parts[item.no] * size(world, key_result, item)
        total += weight
        if is_done_in_time(world, key_result, item):
            done += weight
    if total == 0:
        return Figure(None, done, total, 1, 0)
    return Figure(done / total, done, total, 1, 1)


# ---- 4. objectives, pillars, the company ----------------------------------------------------------------------------------


def weighted(children: list[tuple[Decimal, Figure]], key_results: list[KeyResult], world: World) -> Figure:
    """ "Nothing measured beneath: unmeasured. Coverage counts key results: each key result of the objectives beneath it once."

    Chosen: weights that add up to 0 are unmeasured too.
    """
    known = [(Fraction(w), f.progress) for w, f in children if f.progress is not None]
    done = sum((w * p for w, p in known), Fraction(0))
    total = sum((w for w, _ in known), Fraction(0))
    measured = [k for k in key_results if key_result_figure(world, k).progress is not None]
    return Figure(done / total if total else None, done, total, len(key_results), len(measured))


def own_key_results(world: World, objective: Objective) -> list[KeyResult]:
    every = world.mapping.key_results.values()
    return [k for k in every if fold(k.objective) == fold(objective.id) and k.cycle == objective.cycle]


def supporters(world: World, objective: Objective) -> list[Objective]:
    """Chosen: those of its own cycle."""
    found = []
    for other in world.mapping.objectives.values():
        kind, name = other.anchor or ("", "")
        if kind == "supports" and fold(name) == fold(objective.id) and other.cycle == objective.cycle:
            found.append(other)
    return found


def key_results_beneath(world: World, objectives: list[Objective]) -> list[KeyResult]:
    """Each once. An objective without key results of its own has those of the objectives that support it."""
    found: list[KeyResult] = []
    for objective in objectives:
        own = own_key_results(world, objective)
        for key_result in own or key_results_beneath(world, supporters(world, objective)):
            if key_result not in found:
                found.append(key_result)
    return found


def objective_figure(world: World, objective: Objective) -> Figure:
    """ "the mean of its measured key results, weighted by `weight`; beside it the coverage ("from 3 of 5"). An objective without
    key results of its own takes the mean of the objectives that support it (`anchor.supports`), weighted likewise, whatever
    their own pillar; otherwise a supporting objective is not averaged into the one it supports." """
    own = own_key_results(world, objective)
    children = [(k.weight, key_result_figure(world, k)) for k in own]
    if not own:
        children = [(o.weight, objective_figure(world, o)) for o in supporters(world, objective)]
    return weighted(children, key_results_beneath(world, [objective]), world)


def objectives_of_pillar(world: World, cycle: Cycle, pillar: str) -> list[Objective]:
    """ "its measured objectives of that cycle (those with `anchor.pillar` or `pillar`)" """
    found = []
    for objective in world.mapping.objectives.values():
        kind, name = objective.anchor or ("", "")
        places = {fold(objective.pillar or ""), fold(name) if kind == "pillar" else ""}
        if objective.cycle == cycle.id and fold(pillar) in places:
            found.append(objective)
    return found


def pillar_figure(world: World, cycle: Cycle, pillar: str) -> Figure:
    """ "Pillar, in each cycle: the weighted mean of its measured objectives of that cycle." """
    objectives = objectives_of_pillar(world, cycle, pillar)
    children = [(o.weight, objective_figure(world, o)) for o in objectives]
    return weighted(children, key_results_beneath(world, objectives), world)


def company_figure(world: World, cycle: Cycle) -> Figure:
    """ "Company, in each cycle: the weighted mean of the pillars measured in that cycle."

    Chosen: an objective under no pillar is not beneath the company.
    """
    pillars = list(world.mapping.pillars.values())
    children = [(p.weight, pillar_figure(world, cycle, p.id)) for p in pillars]
    objectives = [o for p in pillars for o in objectives_of_pillar(world, cycle, p.id)]
    return weighted(children, key_results_beneath(world, objectives), world)


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


# ---- 5. active work, and work without an anchor ---------------------------------------------------------------------------


def outcome_in_force(world: World, item: Item) -> str:
    cycle = cycle_in_force(world)
    return world.anchored[item.no, cycle.id].outcome if cycle else "unanchored"


def is_current_or_next(world: World, source: str, sprint_id: str) -> bool:
    """ "a sprint that is active, or the first future sprint of its board, by start, then by id"

    Chosen: a sprint without a start comes after those that have one; sprints that name no board share one.
    """
    sprint = world.dimensions.sprints.get((source, sprint_id))
    if sprint is None or sprint.state != "future":
        return sprint is not None and sprint.state == "active"

    def order(one: str, row: Sprint) -> tuple[bool, int, str]:
        return row.starts_at is None, row.starts_at or 0, one

    rivals = world.dimensions.sprints.items()
    future = [order(one, r) for (s, one), r in rivals if s == source and r.board == sprint.board and r.state == "future"]
    return order(sprint_id, sprint) == min(future)


def is_active(world: World, item: Item) -> bool:
    """ "An item is *active* when it is not a left or ignored one and is `doing`; or was done within the cycle in force; or is
    open and planned into a current or next sprint. Dropped work is not active."

    Chosen: "not a left or ignored one" holds for all three. (One that has left is not there at all.)
    """
    if outcome_in_force(world, item) == "ignored":
        return False
    now = state(world, item)
    if now == "done":
        cycle, at = cycle_in_force(world), closed_at(item)
        if cycle is None or at is None:
            return False
        first, past = bounds(world, cycle)
        return first <= at < past
    return now == "doing" or (now == "todo" and any(is_current_or_next(world, item.source, s) for s in item.sprints))


def is_listed_unanchored(world: World, item: Item) -> bool:
    """ "The unanchored list shows active items above sub-task level whose outcome is *unanchored*, and sub-tasks of that kind
    without a parent".

    Chosen: a sub-task whose parent gives nothing, because it was not read or has left, is without a parent.
    """
    if not is_active(world, item) or outcome_in_force(world, item) != "unanchored":
        return False
    return above_sub_task(item) or parent(world, item) is None


def is_listed_contested(world: World, item: Item) -> bool:
    """ "*contested* items and *broken* anchors have lists of their own". Chosen: of contested items the active ones."""
    return is_active(world, item) and outcome_in_force(world, item) == "contested"


def is_listed_broken(world: World, item: Item) -> bool:
    """ "of broken anchors: the items that carry the text themselves, active or not, as long as they are open" """
    cycle = cycle_in_force(world)
    if cycle is None or state(world, item) not in ("todo", "doing"):
        return False
    return any(c.target[0] == "broken" for c in own_claims(world, cycle, item))


# ---- 6. teams -------------------------------------------------------------------------------------------------------------


def team(world: World, item: Item) -> str | None:
    """ "The first of these that names a team: a field (`owns.field.NAME`), the project (`owns.project`, by key, name or id), the
    assignee (`owns.person`, by account id), the team of its parent. Two teams at the same step: nobody's, and reported." """
    fields, projects, people = set(), set(), set()
    for one in world.mapping.teams.values():
        for name, wanted in one.owns_field.items():
            if {fold(w) for w in wanted} & {fold(v) for v in named_field(item, name)}:
                fields.add(fold(one.id))
        if any(glob(fold(w), fold(v)) for w in one.owns_project for v in project_texts(world, item)):
            projects.add(fold(one.id))
        if item.assignee and fold(item.assignee) in {fold(p) for p in one.owns_person}:
            people.add(fold(one.id))
    for step in (fields, projects, people):
        if step:
            return step.pop() if len(step) == 1 else None
    higher = parent(world, item)
    return team(world, higher) if higher else None
