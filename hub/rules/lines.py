"""Lines of rules as closures, the common kinds without any detour. What is left goes through ``Judge``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any

from hub.model import DATES, Condition, Item, Test
from hub.rules.captures import ways
from hub.rules.compare import ORDER, Judge, cyclic, finder, glob, other_fields
from hub.rules.days import Calendar, Window, is_cyclic, is_of_days
from hub.rules.fields import Reading
from hub.status import estimate_of

Check = Callable[[Reading], bool]
"""Whether a line speaks for its rule."""
Bits = Callable[[Reading], int]
"""In which cycles a line speaks for its rule."""


class Depth(IntEnum):
    """How soon it is known what a field says: for the source, for a few words that come again and again, for lists of words, or
    for the item alone."""

    SOURCE = 0
    NARROW = 1
    WORDS = 2
    ITEM = 3


_DEPTHS = {
    "source": Depth.SOURCE,
    **dict.fromkeys(("project", "type", "level", "status", "resolution", "state", "team"), Depth.NARROW),
    **dict.fromkeys(("label", "component", "sprint", "assignee"), Depth.WORDS),
}
_COSTS = {"regex": 4, "capture": 3, "glob": 2, "compare": 1, "equal": 0}


def depth_of(field: str) -> Depth:
    return _DEPTHS.get(field, Depth.WORDS if field.startswith("field.") else Depth.ITEM)


class Line:
    """A ``when`` or (``negated``) ``unless`` line. ``bits`` is set in place of ``check`` where cycles differ."""

    __slots__ = ("bits", "check", "condition", "cost", "depth", "fields", "negated")

    def __init__(self, condition: Condition, negated: bool, judge: Judge, calendar: Calendar) -> None:
        self.condition = condition
        self.negated = negated
        self.fields = (condition.field, *other_fields(condition))
        self.depth = max(map(depth_of, self.fields))
        self.cost = max(_cost(test) for test in condition.tests)
        self.check: Check | None = None
        self.bits: Bits | None = None
        if cyclic(condition):
            bits = _bits(condition, judge, calendar)
            self.bits = (lambda r: calendar.all & ~bits(r)) if negated else bits
        else:
            check = _check(condition, judge, calendar)
            self.check = (lambda r: not check(r)) if negated else check

    @property
    def equal(self) -> bool:
        """Whether it is a list of values that the field has to be one of."""
        return not self.negated and all(t.how == "equal" for t in self.condition.tests)

    @property
    def textual(self) -> bool:
        """Whether it holds for a field when it holds for one of its texts by itself."""
        return not self.negated and all(t.how != "compare" for t in self.condition.tests)


def _cost(test: Test) -> int:
    return max(_COSTS[test.how], *(_COSTS.get(c.op, 1) for c in test.comparisons), 0)


def text_check(tests: Iterable[Test]) -> Callable[[frozenset[str]], bool]:
    """Whether one of some alternatives that are texts holds for one of a field's folded texts."""
    tests = tuple(tests)
    equal = frozenset(t.folded for t in tests if t.how == "equal")
    within = tuple(t.folded[1:-1] for t in tests if t.how == "glob" and _is_within(t.folded))
    others = tuple(_fits(t) for t in tests if t.how == "capture" or (t.how == "glob" and not _is_within(t.folded)))

    def check(texts: frozenset[str]) -> bool:
        for text in texts:
            for part in within:
                if part in text:
                    return True
            for fits in others:
                if fits(text):
                    return True
        return not equal.isdisjoint(texts)

    return check


def _is_within(pattern: str) -> bool:
    """Whether it is a text between two stars."""
    return len(pattern) > 2 and pattern[0] == pattern[-1] == "*" and not set(pattern[1:-1]) & {"*", "?"}


def _fits(test: Test) -> Callable[[str], bool]:
    if test.how == "glob":
        return glob(test.folded)
    return lambda text: bool(ways(test.folded, text))


def _check(condition: Condition, judge: Judge, calendar: Calendar) -> Check:
    field = condition.field
    if all(t.how == "equal" for t in condition.tests):
        equal = frozenset(t.folded for t in condition.tests)
        if len(equal) == 1:
            (one,) = equal
            return lambda r: one in r[field]
        return lambda r: not equal.isdisjoint(r[field])
    if all(t.how != "compare" for t in condition.tests):
        texts = text_check(condition.tests)
        return lambda r: texts(r[field])
    patterns = [c.right for t in condition.tests for c in t.comparisons if c.op == "regex"]
    if len(patterns) == len(condition.tests) == sum(len(t.comparisons) for t in condition.tests):
        return _found(field, tuple(finder(str(pattern)) for pattern in patterns))
    scalar = _scalars(condition, calendar)
    if scalar is not None:
        return _of_scalar(field, scalar)
    return lambda r: judge.line(condition, r.valued, None) is True


def _found(field: str, searches: tuple[Callable[[str], bool], ...]) -> Check:
    """Whether one of some patterns is found in one of the field's texts."""

    def check(r: Reading) -> bool:
        for text in r.fields.texts(field, r.item, r.context):
            for search in searches:
                if search(text):
                    return True
        return False

    return check


# ---- numbers and days that are compared with what is written ---------------------------------------------------------------


def _of_scalar(field: str, scalar: Callable[[Any], bool]) -> Check:
    """A check of a field that has one value at most, so that no value has to be made of it."""
    if field in ("created", "updated"):
        at = Item._fields.index(f"{field}_at")
        return lambda r: scalar(r.item[at])
    if field == "estimate":
        return lambda r: scalar(estimate_of(r.item.estimate))
    if field in DATES:
        return lambda r: scalar(r.fields.instant(field, r.item, r.context))
    return lambda r: scalar(r.fields.number(field, r.item))


def _scalars(condition: Condition, calendar: Calendar) -> Callable[[Any], bool] | None:
    """A function of the instant or number of the field (None: empty); None where a line is not of that kind."""
    if condition.field not in DATES and condition.field not in ("estimate", "amount"):
        return None
    found = [_scalar(test, condition.field in DATES, calendar) for test in condition.tests]
    checks = [check for check in found if check is not None]
    if len(checks) < len(found):
        return None
    return checks[0] if len(checks) == 1 else lambda value: any(check(value) for check in checks)


def _scalar(test: Test, days: bool, calendar: Calendar) -> Callable[[Any], bool] | None:
    comparisons = test.comparisons
    if test.how != "compare" or any(is_cyclic(c) for c in comparisons):
        return None
    if len(comparisons) == 1 and comparisons[0].op == "empty":
        return (lambda value: value is None) if comparisons[0].right else (lambda value: value is not None)
    if days:
        if not all(map(is_of_days, comparisons)):
            return None
        first, past = _narrowest(calendar.window(c, None) for c in comparisons)
        return lambda value: value is not None and first <= value < past
    if any(c.op not in ORDER or isinstance(c.right, str) or is_of_days(c) for c in comparisons):
        return None
    orders = tuple((ORDER[c.op], c.right) for c in comparisons)
    if len(orders) == 1:
        order, right = orders[0]
        return lambda value: value is not None and order(value, right)
    return lambda value: value is not None and all(order(value, right) for order, right in orders)


def _narrowest(windows: Iterable[Window]) -> Window:
    each = tuple(windows)
    return max(first for first, _ in each), min(past for _, past in each)


# ---- cycles ------------------------------------------------------------------------------------------------------------------


def _bits(condition: Condition, judge: Judge, calendar: Calendar) -> Bits:
    positions = range(len(calendar.cycles))
    plain = all(t.how == "compare" and all(map(is_of_days, t.comparisons)) for t in condition.tests)
    if plain and condition.field in DATES:
        field = condition.field
        windows = [
            (1 << n, *_narrowest(calendar.window(c, n) for c in test.comparisons)) for test in condition.tests for n in positions
        ]

        def inside(r: Reading) -> int:
            at = r.fields.instant(field, r.item, r.context)
            found = 0
            if at is not None:
                for bit, first, past in windows:
                    if first <= at < past:
                        found |= bit
            return found

        return inside
    return lambda r: sum(1 << n for n in positions if judge.line(condition, r.valued, n))
