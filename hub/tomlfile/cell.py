"""The value of a template's placeholder: a text that stands where a number, a day or true may be wanted."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hub.model import fold
from hub.tomlfile.dates import is_day

_NUMBER = re.compile(r"[+-]?\d{1,30}(?:_\d{1,30}){0,10}(?:\.\d{1,30})?")
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


class Cell(str):
    """What a row put in the place of a value that is one placeholder and nothing else. It takes the type of its key."""

    __slots__ = ()


def number_of(value: Any) -> Decimal | None:
    """The number that a value is, None when it is none; true and false are none, a text is one in a cell only."""
    if isinstance(value, Cell):
        text = value.strip()
        return Decimal(text.replace("_", "")) if _NUMBER.fullmatch(text) and text.isascii() else None
    return Decimal(value) if isinstance(value, int | Decimal | float) and not isinstance(value, bool) else None


def day_of(value: Any) -> date | None:
    """The day that a value is, None when it is none (or has a time); a text is one in a cell only."""
    if isinstance(value, Cell):
        return date.fromisoformat(value.strip()) if is_day(value.strip()) else None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def flag_of(value: Any) -> bool | None:
    """True or false, None when it is neither; in a cell in any case of letters, also as yes and no."""
    if isinstance(value, Cell):
        return _FLAGS.get(fold(value))
    return value if isinstance(value, bool) else None


def typed(value: Any) -> Any:
    """A cell as the number, day, true or false that it looks like, else as a plain text; other values as they are."""
    if not isinstance(value, Cell):
        return value
    number, day = number_of(value), day_of(value)
    if number is not None:
        return int(number) if number == number.to_integral_value() and "." not in value else number
    flag = flag_of(value)
    return day if day is not None else flag if flag is not None else str(value)
