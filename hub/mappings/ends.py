"""Where a key result starts and what it shall reach: `start` and `target`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from hub.model import STAYS, Kind, Relative, Target
from hub.tomlfile import Cell, Table, number_of
from hub.tomlfile.table import named

_RELATIVE = re.compile(r"([+-])\s?([0-9]{1,18}(?:\.[0-9]{1,30})?)\s?(%?)", re.ASCII)
_UNSIGNED = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,30})?)\s?%", re.ASCII)
_PLAIN = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,30})?", re.ASCII)
LARGEST = Decimal(10) ** 18
MOST_PLACES = 30
Start = Decimal | Literal["measured"]


class Ends(NamedTuple):
    """Both ends; None where one is not said, or not understood."""

    start: Start | None = None
    target: Target | None = None


def read_ends(table: Table, kind: Kind | None, combined: bool) -> Ends:
    """The ends of a measured kind. Without one, whatever stands there is read for its mistakes. ``combined``: a sum of parts has
    theirs where it does not write its own."""
    before = len(table.problems)
    start, target = _start(table), _target(table, kind)
    if kind is None:
        return Ends()
    if kind not in STAYS and "start" not in table and not combined:
        table.missing("start", 'Add start = 0, or start = "measured" for what the metric was when the cycle began.')
    if "target" not in table and not combined:
        pair = kind == "stay_within"
        table.missing("target", f"Add {'what it shall stay within: target = [20, 30]' if pair else 'a number: target = 100'}.")
    if len(table.problems) == before:
        _direction(table, kind, start, target)
    return Ends(start if kind not in STAYS else None, target)


def plain_number(table: Table, keys: tuple[str | int, ...], value: Any, example: str) -> Decimal | None:
    """A number that can be measured; anything else is a problem at its place."""
    number = number_of(value)
    shown = f"`{table.prefix}{keys[0]}`"
    if number is None:
        where = "in that row" if isinstance(value, Cell) else "without quotes" if isinstance(value, str) else ""
        remedy = f"Write a number {where}, such as {example}." if where else f"Write a number such as {example}."
        table.problem(keys, f"{shown} must be a number, not {named(value)}.", remedy)
    elif not number.is_finite():
        table.problem(keys, f"{shown} must be a number.", f"Write a number such as {example}.")
    elif abs(number) > LARGEST or -int(number.as_tuple().exponent) > MOST_PLACES:
        text = f"{shown} is beyond what is measured: 18 digits before the point and {MOST_PLACES} behind it."
        table.problem(keys, text, "Correct it.")
    else:
        return number
    return None


def _start(table: Table) -> Start | None:
    value = table.values.get("start")
    if value is None:
        return None
    if isinstance(value, str) and value.strip().lower() == "measured":
        return "measured"
    if isinstance(value, str) and number_of(value) is None and not isinstance(value, Cell):
        plain = _PLAIN.fullmatch(value.strip().lstrip("-"))
        right = f"Write it without quotes: start = {value.strip()}." if plain else 'Write a number, or start = "measured".'
        table.problem("start", f'"{value}" is no start.', right)
        return None
    return plain_number(table, ("start",), value, "0")


# ---- what is to be reached ------------------------------------------------------------------------------------------------


def _target(table: Table, kind: Kind | None) -> Target | None:
    value = table.values.get("target")
    if value is None:
        return None
    if isinstance(value, list):
        return _pair(table, kind, value)
    if kind == "stay_within":
        table.expected("target", "two numbers", value, "Write what it shall stay within: target = [20, 30].")
        return None
    if isinstance(value, str):
        return _text(table, kind, value)
    return plain_number(table, ("target",), value, "100")


def _pair(table: Table, kind: Kind | None, value: list[Any]) -> tuple[Decimal, Decimal] | None:
    if kind is not None and kind != "stay_within":
        text = f'Two numbers are a target of kind "stay_within", not of "{kind}".'
        table.problem("target", text, "Write one number: target = 100.")
        return None
    if len(value) != 2:
        table.problem("target", "`target` must hold two numbers.", "Write target = [20, 30].")
        return None
    least, most = (plain_number(table, ("target", n), one, "20") for n, one in enumerate(value))
    if least is None or most is None:
        return None
    if least >= most:
        text = f"`target` begins with {least}, which is not less than {most}."
        table.problem("target", text, f"Write target = [{most}, {least}]." if most < least else "Name two different numbers.")
        return None
    return least, most


def _text(table: Table, kind: Kind | None, value: str) -> Target | None:
    """A change from the start; in a row also a number."""
    written = value.strip().replace("\N{MINUS SIGN}", "-")
    change = _RELATIVE.fullmatch(written)
    if isinstance(value, Cell) and number_of(value) is not None and written[:1] not in "+-":
        return plain_number(table, ("target",), value, "100")
    if change is not None and isinstance(value, Cell) and written[0] == "-" and not change[3]:
        text = f'"{value}" in a row may be a number or a change from the start.'
        remedy = 'For a change write the sign in the block, target = "-{column}"; a number below 0 cannot come from a row.'
        table.problem("target", text, remedy)
        return None
    if change is None:
        _no_change(table, value, written)
        return None
    if kind in STAYS:
        text = f'"{value}" is a change from the start, and a key result of kind "{kind}" has none.'
        table.problem("target", text, "Write a number: target = 99.9.")
        return None
    number = Decimal(change[2])
    return Relative(-number if change[1] == "-" else number, bool(change[3]))


def _no_change(table: Table, value: str, written: str) -> None:
    unsigned, plain = _UNSIGNED.fullmatch(written), _PLAIN.fullmatch(written)
    if unsigned is not None:
        remedy = f'Write target = {unsigned[1]}, or "+{unsigned[1]}%" for a change from the start.'
    elif plain is not None:
        remedy = f"Write it without quotes: target = {written}."
    else:
        remedy = 'Write a number, or a change from the start: "+30%", "-5".'
        if isinstance(value, Cell):
            remedy = "Write a number in that row, or a change such as +30%."
    table.problem("target", f'"{value}" is no target.', remedy)


# ---- both together ----------------------------------------------------------------------------------------------------------


def reached(ends: Ends) -> Decimal | None:
    """The value that is to be reached, where it is known without measuring."""
    match ends.start, ends.target:
        case _, Decimal() as target:
            return target
        case Decimal() as start, Relative(change, percent):
            return start + (abs(start) * change / 100 if percent else change)
    return None


def _direction(table: Table, kind: Kind, start: Start | None, target: Target | None) -> None:
    """The way from start to target must be that of the kind."""
    if kind in STAYS or target is None:
        return
    end, up = reached(Ends(start, target)), kind == "increase"
    if isinstance(target, Relative) and start == 0 and target.percent:
        text = "A share of a start of 0 is 0, so the target is the start."
        table.problem("target", text, "Write the number that is to be reached.")
    elif isinstance(target, Relative) and target.change == 0:
        table.problem("target", "The target is the start.", "Write a change that is more than 0.")
    elif isinstance(target, Relative) and (target.change > 0) != up:
        way, other = ("falls", "decrease") if up else ("rises", "increase")
        text = f'A target of "{table.values["target"]}" {way}, and the kind is "{kind}".'
        table.problem("target", text, f'Write kind = "{other}", or correct the sign.')
    elif isinstance(start, Decimal) and end is not None and isinstance(target, Decimal):
        if start == end:
            text = f"`start` and `target` are both {start}: there is no way between them."
            table.problem("target", text, "Correct one of the two.")
        elif (end > start) != up:
            side, other = ("below", "decrease") if up else ("above", "increase")
            text = f'The target {target} lies {side} the start {start}, and the kind is "{kind}".'
            table.problem("target", text, f'Write kind = "{other}", or exchange the two.')
