"""Whether a line of a rule holds, written as the page says it; ``hub.rules.lines`` does the same faster for common lines.

docs/how-numbers-are-calculated.md, section 2.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from hub.errors import UsageError
from hub.model import Comparison, Condition, Test, fold
from hub.rules.captures import ways
from hub.rules.days import CYCLE_DAYS, Calendar, day_of, is_cyclic, is_of_days
from hub.rules.fields import Value
from hub.status import wildcards

Read = Callable[[str], tuple[Value, ...] | None]
"""From a field to its values; None where the source has no such field."""

ORDER: dict[str, Callable[[Any, Any], bool]] = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def holds(test: Test, value: str) -> bool:
    """Whether an alternative that is a text holds for one folded value."""
    if test.how == "equal":
        return value == test.folded
    if test.how == "glob":
        return wildcards(test.folded).fullmatch(value) is not None
    return test.how == "capture" and bool(ways(test.folded, value))


def captures(condition: Condition) -> bool:
    """Whether the line says what the item names."""
    return any(t.how == "capture" for t in condition.tests)


def cyclic(condition: Condition) -> bool:
    """Whether the line has to be judged for each cycle by itself."""
    return any(is_cyclic(c) for t in condition.tests for c in t.comparisons)


def other_fields(condition: Condition) -> tuple[str, ...]:
    """The fields that the line compares its own field with."""
    rights = (c.right for t in condition.tests for c in t.comparisons if _is_field(c))
    return tuple(dict.fromkeys(str(right) for right in rights))


def _is_field(comparison: Comparison) -> bool:
    return comparison.op in ORDER and isinstance(comparison.right, str) and comparison.right not in CYCLE_DAYS


class Judge:
    """Judges lines in a cycle (its position in the calendar, None where there is none)."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def line(self, condition: Condition, read: Read, cycle: int | None) -> bool | None:
        """Whether the line holds; None when the source lacks a field that it reads, on either side."""
        values = read(condition.field)
        if values is None or any(read(field) is None for field in other_fields(condition)):
            return None
        return any(self._test(test, values, read, cycle) for test in condition.tests)

    def _test(self, test: Test, values: tuple[Value, ...], read: Read, cycle: int | None) -> bool:
        if test.how != "compare":
            return any(holds(test, fold(value.text)) for value in values)
        if not values:
            return all(c.op == "empty" and c.right is True for c in test.comparisons)
        return any(all(self._comparison(c, value, read, cycle) for c in test.comparisons) for value in values)

    def _comparison(self, comparison: Comparison, value: Value, read: Read, cycle: int | None) -> bool:
        if comparison.op == "empty":
            return comparison.right is False
        if comparison.op == "regex":
            return finds(str(comparison.right), value.text)
        if is_of_days(comparison):
            first, past = self._calendar.window(comparison, cycle)
            return value.at is not None and first <= value.at < past
        order = ORDER[comparison.op]
        if not _is_field(comparison):
            return value.number is not None and order(value.number, comparison.right)
        return any(self._both(order, value, other) for other in read(str(comparison.right)) or ())

    def _both(self, order: Callable[[Any, Any], bool], value: Value, other: Value) -> bool:
        if value.number is not None and other.number is not None:
            return order(value.number, other.number)
        if value.at is None or other.at is None:
            return False
        left, right = day_of(value.at, self._calendar.zone), day_of(other.at, self._calendar.zone)
        return left is not None and right is not None and order(left, right)


# ---- regular expressions ------------------------------------------------------------------------------------------------


def finds(pattern: str, text: str) -> bool:
    """Whether an RE2 pattern is found anywhere in a text."""
    return finder(pattern)(text)


@lru_cache(maxsize=4096)
def finder(pattern: str) -> Callable[[str], bool]:
    """The same, for a pattern that is looked for again and again. Raises ``UsageError`` for one that RE2 does not take."""
    search = _regex(pattern).search

    def found(text: str) -> bool:
        # bytes: the package need not count characters; a half character, which no text should have, becomes a question mark
        return search((text if text.isascii() else unicodedata.normalize("NFC", text)).encode("utf-8", "replace")) is not None

    return found


def _regex(pattern: str) -> Any:
    """An RE2 pattern for UTF-8, compiled, without regard to case."""
    import re2  # a rule without a regular expression costs no import

    options = re2.Options()
    options.log_errors = False  # else bad patterns go to stderr
    options.never_capture = True  # nobody asks what was found
    options.max_mem = 1 << 20
    try:
        return re2.compile(("(?i)" + unicodedata.normalize("NFC", pattern)).encode("utf-8", "replace"), options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise UsageError(f"The regular expression {pattern[:60]!r} cannot be used: {text}.", hint="Correct it.") from None


def glob(pattern: str) -> Callable[[str], bool]:
    """The quickest way to ask whether a folded text fits a folded pattern."""
    pieces = re.split(r"\*+", pattern)
    if "?" not in pattern and len(pieces) == 2 and not (pieces[0] and pieces[1]):
        one = pieces[0] or pieces[1]
        return (lambda text: text.startswith(one)) if pieces[0] else (lambda text: text.endswith(one))
    match = wildcards(pattern).fullmatch
    return lambda text: match(text) is not None
