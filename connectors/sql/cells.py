"""One cell of a result as a number, day, instant, text or field. What it cannot be is ``Wrong``, with what to do about it."""

from __future__ import annotations

import ipaddress
import math
import re
import uuid
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any

from connectors._shared.decode import clean

DIGITS = 60
"""Characters of a number at most: 1e400 is finite, and no measure."""
SHOWN = 40
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Wrong(ValueError):
    """Why a cell cannot be read, as the end of a sentence, and what to do."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


def number(cell: Any) -> str:
    """A plain decimal literal, exactly the number: ``-12.50``. A float is the shortest literal that reads as it."""
    remedy = "It must be a number: CAST it, or filter such rows out."
    if cell is None:
        raise Wrong("is NULL", "Leave rows without a number out: WHERE ... IS NOT NULL.")
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal | str):
        raise Wrong(f"is {named(cell)}, not a number", remedy)
    if isinstance(cell, str):
        text = cell.strip()
        if not _NUMBER.fullmatch(text):
            raise Wrong(f"is {shown(cell)}, not a plain number", remedy)
        cell = Decimal(text)
    if isinstance(cell, float):
        if not math.isfinite(cell):
            raise Wrong(f"is {_endless(cell)}", remedy)
        cell = Decimal(repr(cell))
    if isinstance(cell, Decimal):
        if not cell.is_finite():
            raise Wrong(f"is {_endless(cell)}", remedy)
        if abs(cell.adjusted()) > DIGITS:
            raise Wrong("is too large or too small a number", remedy)
        cell = -cell if cell.is_zero() and cell.is_signed() else cell
    literal = format(cell, "f" if isinstance(cell, Decimal) else "d")
    if len(literal) > DIGITS:
        raise Wrong(f"is a number of more than {DIGITS} characters", remedy)
    return literal


def optional(cell: Any) -> str | None:
    """A number, or None for NULL and for blanks."""
    return None if cell is None or (isinstance(cell, str) and not cell.strip()) else number(cell)


def day(cell: Any, zone: tzinfo) -> date:
    """A calendar day: of an instant that says its zone, the day in ``zone``; else as written."""
    remedy = "It must be a date, or a text such as 2027-03-31."
    if cell is None:
        raise Wrong("is NULL", "Leave rows without a date out: WHERE ... IS NOT NULL.")
    if isinstance(cell, str):
        cell = _parsed(cell, remedy)
    if isinstance(cell, datetime):
        return (_moved(cell, zone) if cell.tzinfo else cell).date()
    if isinstance(cell, date):
        return cell
    raise Wrong(f"is {named(cell)}, not a date", remedy)


def instant(cell: Any, zone: tzinfo) -> datetime | None:
    """An instant in UTC; one without a zone is of ``zone``, and a day is its midnight there."""
    remedy = "It must be a date or a timestamp."
    if isinstance(cell, str):
        cell = _parsed(cell, remedy) if cell.strip() else None
    if cell is None:
        return None
    if isinstance(cell, datetime):
        return _moved(cell if cell.tzinfo else cell.replace(tzinfo=zone), UTC)
    if isinstance(cell, date):
        return _moved(datetime.combine(cell, time(), zone), UTC)
    raise Wrong(f"is {named(cell)}, not a date", remedy)


def _moved(cell: datetime, zone: tzinfo) -> datetime:
    try:
        return cell.astimezone(zone)
    except OverflowError:
        raise Wrong("is outside of the years 1 to 9999", "Leave such rows out.") from None


def _parsed(text: str, remedy: str) -> date:
    text = text.strip()
    if _DAY.match(text):
        try:
            return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        except ValueError:
            pass  # such as 2027-02-30
    raise Wrong(f"is {shown(text)}, not a date", remedy)


def text(cell: Any) -> str | None:
    """A text; None for NULL and for blanks. Numbers are written as they are."""
    if cell is None:
        return None
    if isinstance(cell, bool | bytes | bytearray | memoryview | list | tuple | dict):
        raise Wrong(f"is {named(cell)}, not a text", "CAST it to a text.")
    written = number(cell) if isinstance(cell, int | float | Decimal) else _written(cell)
    return written.strip() or None


def needed(cell: Any) -> str:
    """A text that must be there."""
    found = text(cell)
    if found is None:
        raise Wrong("is NULL" if cell is None else "is empty", "It identifies the row, so every row must have one.")
    return found


def texts(cell: Any) -> tuple[str, ...]:
    """Several texts: an array, or a text with commas."""
    if isinstance(cell, list | tuple):
        return tuple(found for each in cell if (found := text(each)))
    return tuple(found for part in (text(cell) or "").split(",") if (found := part.strip()))


def plain(cell: Any) -> Any:
    """A further column: text, whole number, true or false, list of them, or None. Other numbers are literals, days ISO texts."""
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, int):
        return cell if len(str(abs(cell))) <= 18 else number(cell)
    if isinstance(cell, float | Decimal):
        return number(cell)
    if isinstance(cell, list | tuple):
        return [plain(each) for each in cell]
    if isinstance(cell, bytes | bytearray | memoryview | dict):
        raise Wrong(f"is {named(cell)}", "Leave the column out, or make a text of it.")
    return _written(cell)


_TEXTS = (uuid.UUID, ipaddress.IPv4Address, ipaddress.IPv6Address)


def _written(cell: Any) -> str:
    if isinstance(cell, str):
        return clean(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, _TEXTS):
        return str(cell)
    raise Wrong(f"is {named(cell)}", "Leave the column out, or CAST it to a text.")


def named(cell: Any) -> str:
    """What kind of value it is, in words."""
    words: dict[type, str] = {
        bool: "true or false", int: "a number", float: "a number", Decimal: "a number", str: "a text", datetime: "a timestamp",
        date: "a date", time: "a time of day", bytes: "binary data", bytearray: "binary data", memoryview: "binary data",
        list: "an array", tuple: "an array", dict: "a JSON object",
    }  # fmt: skip
    return words.get(type(cell), f"a value of the type {type(cell).__name__}")


def shown(text: str) -> str:
    """The beginning of a text, as it stands in a message."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


def _endless(cell: float | Decimal) -> str:
    if cell.is_nan() if isinstance(cell, Decimal) else math.isnan(cell):
        return "NaN"
    return "Infinity" if cell > 0 else "-Infinity"
