"""Section 2 by the words, first half: when a rule matches an item, and what the item says where a rule listens."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from hub.model import DATES, NUMBERS, Comparison, Condition, Cycle, Item, KeyResult, Rule, Test, fold
from tests.reference.naive_state import (
    assignee_texts,
    closed_at,
    glob,
    has_field,
    is_run_character,
    is_within,
    named_field,
    own_state,
    project_texts,
    status_texts,
    team,
    team_and_above,
    texts,
)
from tests.reference.naive_world import World, day_of, next_cycle, once, previous_cycle


class Value(NamedTuple):
    """One value of a field, as each kind that it can be read as."""

    text: str
    number: Fraction | None = None
    day: date | None = None


def plain_number(text: str | None, limit: int | None = None) -> Fraction | None:
    """ "a plain number from 0 to 1,000,000,000"; "plain is digits with an optional fraction and exponent (`3`, `2.5`, `1E+3`),
    without sign, spaces or separators." """
    mantissa, mark, power = (text or "").lower().partition("e")
    whole, point, rest = mantissa.partition(".")
    digits = [whole, *([rest] if point else []), *([power[1:] if power[:1] in ("+", "-") else power] if mark else [])]
    if any(not part or set(part) - set("0123456789") for part in digits) or len(power) > 4:
        return None
    number = Fraction(Decimal(text or ""))
    return number if limit is None or number <= limit else None


def read_number(text: str) -> Fraction | None:
    """A `field.NAME` that reads as "a plain decimal number". Chosen: with a sign, other than an estimate."""
    number = plain_number(text.removeprefix("-").removeprefix("+") if text[:2] not in ("-+", "+-") else "")
    return -number if number is not None and text.startswith("-") else number


def read_day(world: World, text: str) -> date | None:
    """A `field.NAME` that reads as "an ISO date or instant".

    Chosen: `2027-02-10`, `2027-02-10T09:30:00Z` and the like; without an offset a time is that of the strategy's zone.
    """
    shape = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ][0-9]{2}:[0-9]{2}.*)?", text)
    try:
        if shape is None:
            return None
        moment = datetime.fromisoformat(text)
        return moment.date() if moment.tzinfo is None else day_of(world, int(moment.timestamp() * 1000))
    except ValueError:
        return None


# ---- the values of a field ------------------------------------------------------------------------------------------------


def days(world: World, item: Item, name: str) -> list[Value]:
    """ "`created`, `updated`, `done`, `closed`, `due` are days (`done` is empty unless the item's own state is done; `closed`
    unless it is done or dropped)" """
    if name == "due":
        return [Value(item.due, None, date.fromisoformat(item.due))] if item.due else []
    closed = closed_at(item) if own_state(world, item) in ("done", "dropped") else None
    at = {
        "created": item.created_at,
        "updated": item.updated_at,
        "done": closed if own_state(world, item) == "done" else None,
        "closed": closed,
    }[name]
    return [Value(day_of(world, at).isoformat(), None, day_of(world, at))] if at is not None else []


def numbers(item: Item, name: str) -> list[Value]:
    """ "`estimate`, `amount` are numbers (invalid ones are empty); `level` is a number"; "a sign is allowed" in `amount`."""
    if name == "level":
        return [Value(str(item.level), Fraction(item.level))]
    text = item.estimate if name == "estimate" else item.amount
    number = plain_number(text, 1_000_000_000) if name == "estimate" else read_number(text or "")
    return [Value(text or "", number)] if number is not None else []


def sprint_texts(world: World, item: Item) -> list[str]:
    """ "types, statuses and sprints by the name in the item, the name in the vendor's list, or id" """
    rows = [world.dimensions.sprints.get((item.source, s)) for s in item.sprints]
    return [*item.sprints, *(r.name for r in rows if r is not None)]


@once
def values(world: World, item: Item, name: str) -> list[Value]:
    """ "A project is known by key, name or id (...); `team` is the id of the item's team (section 6) and of every team above it;
    `state` is the item's own state (section 1, without its ancestors)"; a key is also what the item was called before."""
    if name in DATES:
        return days(world, item, name)
    if name in NUMBERS:
        return numbers(item, name)
    if name.startswith("field."):
        return [Value(t, read_number(t), read_day(world, t)) for t in named_field(item, name.removeprefix("field."))]
    whose = team(world, item)
    found = {
        "source": item.source,
        "project": project_texts(world, item.source, item.containers),
        "key": (item.key, *item.aliases),
        "type": (item.type, world.dimensions.types.get((item.source, item.type_id or "")), item.type_id),
        "status": status_texts(world, item),
        "state": own_state(world, item),
        "resolution": (item.resolution, item.resolution_id),
        "label": item.labels,
        "component": item.components,
        "sprint": sprint_texts(world, item),
        "assignee": assignee_texts(world, item.source, item.assignee) if item.assignee else (),
        "team": team_and_above(world, whose) if whose is not None else (),
        "title": item.title,
    }[name]
    return [Value(t) for t in texts(found)]


# ---- a line ---------------------------------------------------------------------------------------------------------------


def right_field(one: Comparison) -> str | None:
    """The name of the field on the right side of a comparison, if there is one."""
    is_name = one.op in ("gt", "gte", "lt", "lte") and isinstance(one.right, str)
    return str(one.right) if is_name and not str(one.right).startswith("cycle.") else None


def ordered(op: str, left: Fraction | date, right: Fraction | date) -> bool:
    """ "the value is greater, at least, less, at most" """
    return bool({"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[op])  # type: ignore[operator]


def compares(op: str, left: Value, right: Value) -> bool:
    """ "both sides must be days or both numbers. A value that is not of that kind does not hold." """
    if left.number is not None and right.number is not None:
        return ordered(op, left.number, right.number)
    return left.day is not None and right.day is not None and ordered(op, left.day, right.day)


def lies_in(world: World, cycle: Cycle, day: date | None, window: object) -> bool:
    """ "a day lies in `[first, last]`, both included, or in `"cycle"`, `"next cycle"`, `"previous cycle"`". "Where there is none,
    the operator does not hold." """
    if isinstance(window, tuple):
        return day is not None and window[0] <= day <= window[1]
    which = {"cycle": cycle, "next cycle": next_cycle(world, cycle), "previous cycle": previous_cycle(world, cycle)}[str(window)]
    return day is not None and which is not None and which.starts <= day <= which.ends


def has_pattern(pattern: str, text: str) -> bool:
    """ "the RE2 pattern is found anywhere in the text (NFC, without regard to case)" """
    nfc = lambda t: unicodedata.normalize("NFC", t)  # noqa: E731
    return re.search(nfc(pattern), nfc(text), re.IGNORECASE) is not None


def comparison_holds(world: World, cycle: Cycle, item: Item, one: Comparison, value: Value) -> bool:
    """For a value that there is."""
    if one.op == "empty":
        return one.right is False
    if one.op == "regex":
        return has_pattern(str(one.right), value.text)
    if one.op == "within":
        return lies_in(world, cycle, value.day, one.right)
    if one.right in ("cycle.starts", "cycle.ends"):
        return compares(one.op, value, Value("", None, cycle.starts if one.right == "cycle.starts" else cycle.ends))
    name = right_field(one)
    if name is not None:
        return any(compares(one.op, value, other) for other in values(world, item, name))
    if isinstance(one.right, date):
        return compares(one.op, Value("", None, value.day), Value("", None, one.right))
    assert isinstance(one.right, Decimal)
    return compares(one.op, Value("", value.number), Value("", Fraction(one.right)))


def alternative_holds(world: World, cycle: Cycle, item: Item, test: Test, found: list[Value]) -> bool:
    """ "An alternative in braces compares, and every one of its operators must hold for the same value". "A field that is
    empty is a value: every comparison with it is false (...); only `{ empty = true }` holds." """
    if test.how == "compare":
        if not found:
            return all(c.op == "empty" and c.right is True for c in test.comparisons)
        return any(all(comparison_holds(world, cycle, item, c, value) for c in test.comparisons) for value in found)
    if test.how == "capture":
        return any(readings(test.folded, value.text) for value in found)
    if test.how == "glob":
        return any(glob(test.folded, fold(value.text)) for value in found)
    return any(fold(value.text) == test.folded for value in found)


def line_holds(world: World, cycle: Cycle, item: Item, line: Condition) -> bool | None:
    """ "A line reads one field and holds when any of its alternatives holds for any of the field's values". "A field that the
    source does not have makes its line *not evaluable* (whatever the operator)" (None).

    Chosen: also a field on the right side.
    """
    rights = [right_field(c) for test in line.tests for c in test.comparisons]
    if not all(has_field(world, item, name) for name in (line.field, *(r for r in rights if r is not None))):
        return None
    found = values(world, item, line.field)
    world.met["a comparison with an empty field"] += not found and any(t.how == "compare" for t in line.tests)
    return any(alternative_holds(world, cycle, item, test, found) for test in line.tests)


# ---- a rule ---------------------------------------------------------------------------------------------------------------


def lines_hold(world: World, cycle: Cycle, item: Item, rule: Rule) -> bool | None:
    """ "If no line is against the rule (no `when` false, no `unless` true) and at least one line or the `expr` is not
    evaluable, the rule does not match, and that is reported once per rule and source." (The reference is never asked of an
    `expr`.)"""
    assert rule.expr is None
    when = [line_holds(world, cycle, item, line) for line in rule.when]
    unless = [line_holds(world, cycle, item, line) for line in rule.unless]
    world.met["a rule that only `unless` holds back"] += True in unless and False not in when
    if False in when or True in unless:
        return False
    return None if None in when or None in unless else True


def is_in_fence(world: World, item: Item, rule: Rule) -> bool:
    """ "a rule in a file with `[file] team = T` sees items whose team is T or a team beneath T" """
    return rule.fence is None or is_within(world, team(world, item), rule.fence)


def is_beyond_fence(world: World, rule: Rule, key_result: KeyResult) -> bool:
    """ "and reaches key results that belong to T or a team beneath it (by their own `team`, else by the objective's `team` or
    `with`)". Chosen: of several objectives any."""
    if rule.fence is None:
        return False
    owners = [key_result.team] if key_result.team else []
    if not owners:
        for id in key_result.objectives:
            objective = world.mapping.objectives[fold(id)]
            owners += [*texts(objective.team), *objective.helpers]
    return not any(is_within(world, owner, rule.fence) for owner in owners)


def is_alive(world: World, item: Item, rule: Rule) -> bool:
    """ "`starts` and `ends` (both days included) hold for the day the item was closed, for an open item the day of `as_of`, for a
    closed one without a date no day at all (then the rule does not match when it has a life)."

    Chosen: open and closed by the item's own state.
    """
    if rule.starts is None and rule.ends is None:
        return True
    at = closed_at(item) if own_state(world, item) in ("done", "dropped") else world.as_of
    if at is None:
        return False
    day = day_of(world, at)
    return (rule.starts is None or rule.starts <= day) and (rule.ends is None or day <= rule.ends)


def matches(world: World, cycle: Cycle, item: Item, rule: Rule) -> bool:
    """ "A rule matches an item when every `when` line holds, no `unless` line holds, (...) and the item lies within the rule's
    *fence* and *life*." Chosen: what lies outside of these is not reported as not evaluable."""
    found = lines_hold(world, cycle, item, rule)
    if not is_in_fence(world, item, rule):
        world.met["an item outside of the fence"] += found is True
        return False
    if not is_alive(world, item, rule):
        world.met["an item outside of the rule's life"] += found is True
        return False
    if found is None:
        world.unevaluable.add((rule.index, item.source))
        world.met["a rule that cannot be evaluated"] += 1
    return found is True


# ---- captures -------------------------------------------------------------------------------------------------------------

PLACEHOLDERS = ("{key_result}", "{team}")
Reading = tuple[tuple[str, str], ...]
"""((placeholder, what stands there), ...)"""


def pieces(written: str) -> list[str]:
    """``kr:{key_result}*`` -> k, r, :, {key_result}, *"""
    return re.findall(r"\{key_result\}|\{team\}|.", written, re.DOTALL)


def ways(parts: list[str], text: str, start: int) -> Iterator[list[tuple[str, int, int]]]:
    """Every way in which the rest of the pattern takes the rest of the text: (piece, from, to) each."""
    if not parts:
        if start == len(text):
            yield []
        return
    first, rest = parts[0], parts[1:]
    if first in PLACEHOLDERS:
        ends = range(start + 1, len(text) + 1)
    elif first == "*":
        ends = range(start, len(text) + 1)
    else:
        fits = start < len(text) and first in ("?", text[start])
        ends = range(start + 1, start + 2) if fits else range(0)
    for end in ends:
        for others in ways(rest, text, end):
            yield [(first, start, end), *others]


def is_longest_run(text: str, way: list[tuple[str, int, int]], start: int, end: int) -> bool:
    """ "for a longest run of letters, digits, `.`, `_` and `-`". Chosen: a run could be longer where a wildcard beside it takes
    another such character, and not where the pattern's own text or another placeholder does."""
    wild = {n for piece, first, past in way if piece in ("*", "?") for n in range(first, past)}
    beside = [n for n in (start - 1, end) if n in wild]
    return all(is_run_character(c) for c in text[start:end]) and not any(is_run_character(text[n]) for n in beside)


def readings(written: str, value: str) -> set[Reading]:
    """ "Without wildcards in the text a placeholder stands for any characters (at least one); beside wildcards, or with two
    placeholders, for a longest run (...). Blanks around what it stands for are no part of it, and only blanks are nothing. Where
    a text with wildcards fits in several ways, every one names something" """
    parts, text = pieces(written), fold(value)
    holders = [p for p in parts if p in PLACEHOLDERS]
    free = len(holders) == 1 and not {"*", "?"} & set(parts)
    found = set()
    for way in ways(parts, text, 0):
        spans = [(piece, start, end) for piece, start, end in way if piece in PLACEHOLDERS]
        if free or all(is_longest_run(text, way, start, end) for _, start, end in spans):
            said = tuple(sorted((piece, text[start:end].strip()) for piece, start, end in spans))
            if all(word for _, word in said):
                found.add(said)
    return found


class Said(NamedTuple):
    """What an item says where a rule listens: the texts in which it says it, and the id that `to` makes of them."""

    texts: tuple[str, ...]
    id: str


def sayings(world: World, item: Item, rule: Rule) -> set[Said]:
    """ "`{key_result}` and `{team}` in a `when` text stand for what the item says there, and `to` is made of them".

    (The companies are too small for "10,000 ways of reading its texts" and "1,000 names".)"""
    by_line = []
    for line in rule.when:
        captures = [t for t in line.tests if t.how == "capture"]
        if captures:
            heard = {(v.text, r) for t in captures for v in values(world, item, line.field) for r in readings(t.folded, v.text)}
            by_line.append(heard)
    found = set()
    for combination in itertools.product(*by_line):
        id = fold(rule.template or "{key_result}")
        for _, reading in combination:
            for holder, word in reading:
                id = id.replace(holder, word)
        found.add(Said(tuple(text for text, _ in combination), id))
    return found
