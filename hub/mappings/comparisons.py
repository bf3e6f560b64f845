"""Operator tables such as ``{ gte = 5 }`` and ``{ within = "cycle" }``: from alternatives of a line to comparisons."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from hub.mappings import grammar_rules as g
from hub.mappings.line import CAPTURES, Keys, Line, finite, kind_of, toml
from hub.mappings.regexes import compiled, normal
from hub.model import DATES, NUMBERS, Comparison, Test, fold
from hub.tomlfile import day_of, did_you_mean, flag_of, instead, nearest
from hub.tomlfile.dates import REMEDY, is_day, no_date

Right = Decimal | date | str


def read_table(line: Line, keys: Keys, value: dict[str, Any]) -> Test | None:
    """An alternative in braces; None, with problems, when something in it is wrong."""
    if not value:
        line.problem(keys, f"`{line.shown}` is an empty table, which says nothing.", f"Write for example {_example(line)}.")
        return None
    found: list[Comparison | None] = []
    for op, right in value.items():
        if op in g.OPERATORS:
            found.append(_READ[op](line, (*keys, op), op, right))
        else:
            line.problem((*keys, op), f'"{op}" is no operator of `{line.shown}`.', _no_operator(line, op, right), at_key=True)
            found.append(None)
    comparisons = tuple(c for c in found if c is not None)
    if len(comparisons) < len(found) or not _can_hold(line, keys, comparisons):
        return None
    return Test("compare", "", toml(value), comparisons)


def exactly(value: Decimal | date) -> Test:
    """The alternative that a number or a day by itself is."""
    return Test("compare", "", toml(value), (Comparison("gte", value), Comparison("lte", value)))


def _no_operator(line: Line, op: str, value: Any) -> str:
    word = fold(op).strip().replace("-", "_")
    if word.replace(" ", "_") in g.LOOKS_INTO and line.kind in ("text", "own"):
        return _with_stars(line, word.replace(" ", "_"), value)
    right = g.OPERATORS_OTHERS.get(word) or g.OPERATORS_OTHERS.get(word.replace(" ", "_")) or nearest(op, g.OPERATORS) or ""
    if right:
        return instead(right)
    dotted = f'; a field with a dot in its name goes in quotes: {line.word}.field."a.b".' if line.kind == "own" else "."
    return f"Operators are {', '.join(g.OPERATORS[:-1])} and {g.OPERATORS[-1]}{dotted}"


def _with_stars(line: Line, word: str, value: Any) -> str:
    """What says the same as ``contains``, ``starts_with`` and the like of a text or several."""
    given = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one.strip("%* ")]
    before, after = "" if word.startswith("starts") else "*", "" if word.startswith("ends") else "*"
    shown = [toml(f"{before}{one.strip('%* ')}{after}") for one in given] or ['"*x*"']
    right = shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"
    return f"Write a text with stars: {line.shown} = {right}."


def _example(line: Line) -> str:
    right = {"day": '{ within = "cycle" }', "number": "{ gte = 5 }"}.get(line.kind, "{ empty = false }")
    return f"{line.shown} = {right}"


# ---- one operator ---------------------------------------------------------------------------------------------------------


def _bound(line: Line, keys: Keys, op: str, value: Any) -> Comparison | None:
    if line.kind in ("text", "state", "team"):
        remedy = (
            f'Name the values: {line.shown} = ["todo", "doing"].'
            if line.kind == "state"
            else f'Write a text, with stars if need be: {line.shown} = "x*".'
        )
        line.problem(keys, f"`{op}` compares numbers and days, and `{line.shown}` is neither.", remedy, at_key=True)
        return None
    right = _right(line, keys, op, value)
    return None if right is None else Comparison(next(b for b in g.BOUNDS if b == op), right)


def _right(line: Line, keys: Keys, op: str, value: Any) -> Right | None:
    if line.field == "level":
        return _level(line, keys, op, value)
    number, day = finite(value), day_of(value)
    if number is not None and line.kind != "day":
        return number
    if day is not None and line.kind != "number":
        return day
    if isinstance(value, datetime) and line.kind != "number":
        line.problem(keys, f"`{op}` takes a day, without a time.", f"Write {op} = {value.date()}.")
        return None
    if isinstance(value, str) and value.strip():
        return _named(line, keys, op, value.strip())
    wanted = {"day": "a day", "number": "a number"}.get(line.kind, "a number, a day")
    example = f"{op} = 5" if line.kind == "number" else f"{op} = 2027-01-31"
    line.problem(keys, f"`{op}` of `{line.shown}` takes {wanted} or the name of a field.", f"Write for example {example}.")
    return None


def _level(line: Line, keys: Keys, op: str, value: Any) -> Decimal | None:
    number = finite(value)
    if number is not None and abs(number) < 100 and number == number.to_integral_value():
        return number
    if isinstance(value, str) and fold(value.strip()) in g.LEVEL_NUMBERS:
        return Decimal(g.LEVEL_NUMBERS[fold(value.strip())])
    remedy = f'Write {op} = "epic", "story" or "sub-task", or a number (2 is above epics).'
    line.problem(keys, f"{toml(value)} is no level.", remedy)
    return None


def _named(line: Line, keys: Keys, op: str, written: str) -> str | None:
    """What a text on the right side stands for: a day of the cycle, or another field."""
    name = fold(written.removeprefix("when.").removeprefix("unless."))
    if name in g.CYCLE_DAYS:
        if line.kind != "number":
            return name
        line.problem(keys, f"`{line.shown}` is a number and `{name}` a day, so they never compare.", f"Write {op} = 5.")
        return None
    kind = kind_of(name) if name in g.FIELDS or (name.startswith("field.") and len(name) > 6) else None
    if kind is None:
        wanted = {"day": "a day", "number": "a number"}.get(line.kind, "a number, a day")
        line.problem(keys, *_unknown(line, op, written), row=f"Write {wanted} or the name of a field in that row.")
    elif name == line.field:
        line.problem(keys, f"`{line.shown}` is compared with itself.", "Name another field, a number or a day.")
    elif kind in _COMPARABLE[line.kind]:
        return name
    else:
        are = {"day": "a day", "number": "a number"}
        text = f"`{line.shown}` is {are.get(line.kind, 'a number or a day')} and `{name}` is {are.get(kind, 'a text')}"
        others = ", ".join(f for f in _partners(line) if f != line.field)
        line.problem(keys, f"{text}, so they never compare.", f"Compare it with {others}, or field.NAME for a field of your own.")
    return None


_COMPARABLE: dict[str, tuple[str, ...]] = {"day": ("day", "own"), "number": ("number", "own"), "own": ("day", "number", "own")}


def _partners(line: Line) -> list[str]:
    """The fields that can stand on the right side, by name."""
    fields = {"day": DATES, "number": NUMBERS}.get(line.kind, DATES | NUMBERS)
    return [f for f in g.FIELDS if f in fields and f != "level"]


def _unknown(line: Line, op: str, written: str) -> tuple[str, str]:
    if fold(written) in g.TODAY:
        text = "Conditions never name today, so that past figures stay as they are."
        return text, 'Write "cycle.starts", "cycle.ends" or a day.'
    if is_day(written) and line.kind != "number":
        return f'"{written}" in quotes is a text, not a day.', f"Write it without quotes: {op} = {written}."
    if re.fullmatch(r"-?\d+(\.\d+)?", written) and line.kind != "day":
        return f'"{written}" in quotes is a text, not a number.', f"Write it without quotes: {op} = {written}."
    unit = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*[^\d\s][^\d]*", written)
    if unit is not None and line.kind == "number":
        return f'"{written}" is a text, not a number.', f"Write the number without quotes and unit: {op} = {unit[1]}."
    if line.kind == "day" and no_date(f"a = {written}") == (4, written):
        return f'"{written}" is no date.', REMEDY
    words = [*(g.CYCLE_DAYS if line.kind != "number" else ()), *(f for f in _partners(line) if f != line.field)]
    otherwise = f"It can be {', '.join(words)}, or field.NAME for a field of your own."
    text = f'"{written}" is no field that `{line.shown}` could be compared with.'
    return text, did_you_mean(written, words, otherwise=otherwise, likeness=0.7)


def _within(line: Line, keys: Keys, op: str, value: Any) -> Comparison | None:
    example = f"{line.shown} = {{ within = [2027-01-01, 2027-01-31] }}"
    if line.kind not in ("day", "own"):
        numbers = f"Write {line.shown} = {{ gte = 1, lte = 5 }}."
        remedy = numbers if line.kind == "number" else "Use it with created, updated, done, closed, due or a field of your own."
        line.problem(keys, f"`within` is for days, and `{line.shown}` is none.", remedy)
    elif isinstance(value, str):
        word = fold(" ".join(value.split()))
        if word in g.WINDOWS:
            return Comparison("within", word)
        remedy = instead(g.WINDOWS_OTHERS.get(word, "")) or did_you_mean(
            word, g.WINDOWS, otherwise=f'Write "cycle", "next cycle", "previous cycle", or two days: {example}.'
        )
        line.problem(keys, f'"{value}" is no window of days.', remedy)
    elif isinstance(value, list) and len(value) == 2:
        return _days(line, keys, value)
    else:
        line.problem(keys, "`within` takes the first and the last day, or the name of a cycle.", f"Write for example {example}.")
    return None


def _days(line: Line, keys: Keys, value: list[Any]) -> Comparison | None:
    first, last = map(day_of, value)
    for index, one in enumerate(value):
        if day_of(one) is None:
            right = one.date() if isinstance(one, datetime) else one if isinstance(one, str) and is_day(one) else None
            remedy = f"Write it without quotes or a time: {right}." if right else "Write YEAR-MONTH-DAY, such as 2027-01-31."
            line.problem((*keys, index), f"{toml(one)} is no day.", remedy)
    if first is None or last is None:
        return None
    if last < first:
        line.problem(keys, f"The window ends on {last}, before it starts on {first}.", "Exchange the two days.")
        return None
    return Comparison("within", (first, last))


def _regex(line: Line, keys: Keys, op: str, value: Any) -> Comparison | None:
    if line.kind not in ("text", "own"):
        form = {"day": '{ within = "cycle" }', "number": "{ gte = 5 }", "state": '"open"', "team": '"core"'}[line.kind]
        text = f"`regex` looks into texts, and `{line.shown}` is none."
        line.problem(keys, text, f"Write for example {line.shown} = {form}.")
        return None
    if not isinstance(value, str):
        line.problem(keys, "`regex` takes a text.", "Write the expression in single quotes: regex = 'SAML|SCIM'.")
        return None
    named = next((c for c in CAPTURES if c in value), None)
    if named is not None:
        text = f"A regular expression cannot name {'a key result' if named == CAPTURES[0] else 'a team'}."
        line.problem(keys, text, f'Write a text with stars: {line.shown} = "*kr:{named}*".', part=named)
        return None
    return None if compiled(line.table, keys, line.shown, value) is None else Comparison("regex", normal(value))


def _empty(line: Line, keys: Keys, op: str, value: Any) -> Comparison | None:
    if line.field in g.ALWAYS:
        line.problem(keys, f"An item always has {g.ALWAYS[line.field]}, so it is never empty.", "Remove the line.")
    elif (flag := flag_of(value)) is None:
        remedy = "Write empty = true to find what has no value, empty = false to find what has one."
        line.problem(keys, "`empty` takes true or false.", remedy)
    else:
        return Comparison("empty", flag)
    return None


_READ: dict[str, Callable[[Line, Keys, str, Any], Comparison | None]] = {
    **dict.fromkeys(g.BOUNDS, _bound),
    "within": _within,
    "regex": _regex,
    "empty": _empty,
}

# ---- several operators ----------------------------------------------------------------------------------------------------


class _End(NamedTuple):
    """One end of what a value may be; ``strict``: without the end itself."""

    at: Right
    strict: bool
    words: str


def _can_hold(line: Line, keys: Keys, comparisons: tuple[Comparison, ...]) -> bool:
    """Whether some value can satisfy all of them; what cannot is certainly a slip."""
    ops = {c.op for c in comparisons}
    if "empty" in ops and len(ops) > 1:
        remedy = "Write it as a line of its own, or remove it: a comparison holds for a value only."
        line.problem((*keys, "empty"), "`empty` stands beside another operator.", remedy)
        return False
    for one, other in (("gt", "gte"), ("lt", "lte")):
        if one in ops and other in ops:
            line.problem((*keys, other), f"`{one}` and `{other}` stand side by side.", "Keep one of the two.")
            return False
    lower = [end for c in comparisons for end in _lower(c)]
    upper = [end for c in comparisons for end in _upper(c)]
    for low in lower:
        for high in upper:
            if _nothing_between(line, low, high):
                mixed = isinstance(low.at, Decimal) != isinstance(high.at, Decimal)
                remedy = "Compare with numbers only, or with days only." if mixed else "Exchange the two, or correct one of them."
                line.problem(keys, f"No {_noun(line, low)} is {low.words} and {high.words}.", remedy)
                return False
    return True


def _noun(line: Line, end: _End) -> str:
    if line.field == "level":
        return "level"
    return {"day": "day", "number": "number"}.get(line.kind, "day" if isinstance(end.at, date) else "value")


def _lower(c: Comparison) -> list[_End]:
    if c.op == "within" and isinstance(c.right, tuple):
        return [_End(c.right[0], False, f"on or after {c.right[0]}")]
    if c.op == "within":
        return {
            "cycle": [_End("cycle.starts", False, "within the cycle")],
            "next cycle": [_End("cycle.ends", True, "within the next cycle")],
        }.get(str(c.right), [])
    if c.op in ("gt", "gte") and not isinstance(c.right, bool | tuple):
        day = isinstance(c.right, date | str)
        words = ("after" if day else "above") if c.op == "gt" else ("on or after" if day else "at least")
        return [_End(c.right, c.op == "gt", f"{words} {_text(c.right)}")]
    return []


def _upper(c: Comparison) -> list[_End]:
    if c.op == "within" and isinstance(c.right, tuple):
        return [_End(c.right[1], False, f"on or before {c.right[1]}")]
    if c.op == "within":
        return {
            "cycle": [_End("cycle.ends", False, "within the cycle")],
            "previous cycle": [_End("cycle.starts", True, "within the previous cycle")],
        }.get(str(c.right), [])
    if c.op in ("lt", "lte") and not isinstance(c.right, bool | tuple):
        day = isinstance(c.right, date | str)
        words = ("before" if day else "below") if c.op == "lt" else ("on or before" if day else "at most")
        return [_End(c.right, c.op == "lt", f"{words} {_text(c.right)}")]
    return []


def _text(right: Right) -> str:
    return f"`{right}`" if isinstance(right, str) else str(right)


def _nothing_between(line: Line, low: _End, high: _End) -> bool:
    strict = low.strict or high.strict
    match low.at, high.at:
        case str(), str():
            return (low.at, high.at) == ("cycle.ends", "cycle.starts") or (low.at == high.at and strict)
        case date(), date():
            return high.at - low.at < timedelta(days=low.strict + high.strict)
        case Decimal(), Decimal() if line.field == "level":
            return high.at - low.at < low.strict + high.strict
        case Decimal(), Decimal():
            return low.at > high.at or (low.at == high.at and strict)
    return isinstance(low.at, Decimal) != isinstance(high.at, Decimal) and not isinstance(low.at, str) | isinstance(high.at, str)
