"""One cell by the type of its column: what the parsers give becomes plain text, a list, or None for an empty cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from connectors.spreadsheet.dates import Dates, date_format
from connectors.spreadsheet.grid import error_of, is_error
from connectors.spreadsheet.numbers import NumberFormat, Odd, number, number_format, plain, shown
from connectors.spreadsheet.plan import Slot

MAX_TEXT = 2**15
"""Characters of a cell; no workbook holds more."""
KEPT = 10_000
"""Contents of a column that are remembered."""
UTF8 = 'Save it as CSV UTF-8, or say what it is: encoding = "windows-1252", for example.'
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_PARTS = re.compile("[,;\n]")

Convert = Callable[[Any], Any]
"""Gives the cell's content or None. Raises ``Odd``."""


def filled(value: Any) -> bool:
    """Whether there is anything in a cell."""
    return bool(value.strip()) if type(value) is str else value is not None


def text_of(value: Any) -> str:
    """The content as text: numbers without grouping, days in ISO form; "" for an empty cell. Raises ``Odd``."""
    if type(value) is str:
        text: str = value.strip()
        if text[:1] in ("#", "E") and is_error(text):
            raise Odd(*error_of(text))
        return text if text.isascii() and text.isprintable() and len(text) <= MAX_TEXT else _unusual(text)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | int):
        return plain(float(value))
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if value is None else str(value)


def _unusual(text: str) -> str:
    if "\0" in text:
        raise Odd("the cell holds a character that no text has", UTF8)
    if len(text) > MAX_TEXT:
        raise Odd(f"the text has more than {MAX_TEXT:,} characters", "Shorten it.")
    return _CONTROL.sub("\ufffd", unicodedata.normalize("NFC", text))


def number_of(value: Any, form: NumberFormat | None) -> str | None:
    """The number as a plain decimal; None for an empty cell. Raises ``Odd``."""
    if type(value) is float:
        return plain(value)
    if isinstance(value, str):
        text = text_of(value)
        return number(text, form) if text else None
    if isinstance(value, bool):
        raise Odd(f"{shown(str(value).upper())} is no number", "Write a number, or leave the cell empty.")
    if isinstance(value, int):
        return plain(float(value))
    if isinstance(value, date | time | timedelta):
        raise Odd(
            f"{shown(text_of(value))} is a date and no number", "Give the cell the format of a number, or name another column."
        )
    return None


def converter(slot: Slot, dates: Dates) -> Convert:
    """How cells of a column are read."""
    if slot.type == "labels":
        return _kept(lambda value: [part for each in _PARTS.split(text_of(value)) if (part := each.strip())])
    form = number_format(slot.form) if slot.form else None
    if slot.type == "number" or (slot.type == "literal" and form is not None):
        return lambda value: number_of(value, form)
    written = date_format(slot.form) if slot.form else None
    if slot.type in ("day", "instant") or written is not None:
        read = dates.instant if slot.type == "instant" else dates.day
        return _kept(lambda value: read(_dated(value), written) if filled(value) else None)
    return lambda value: text_of(value) or None


def _dated(value: Any) -> Any:
    return text_of(value) if type(value) is str else value


def _kept(convert: Convert) -> Convert:
    """The same, asked once for each of the few contents that such columns have. A bool is no number, though they are equal."""
    known: dict[Any, Any] = {}

    def read(value: Any) -> Any:
        at = (type(value), value)
        found = known.get(at, known)
        if found is known:
            found = convert(value)
            if len(known) < KEPT:
                known[at] = found
        return found

    return read
