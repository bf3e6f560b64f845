"""Numbers of metrics in words: short where they are large, never so short that two become equal that differ. Pure."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hub.model import day_in_words
from hub.scale.verdict import plain

_SIZES = ((10**9, "bn"), (10**6, "M"))


def figure(value: Fraction | None, unit: str | None = None) -> str:
    """One number in full: ``7,123,456.5 USD``."""
    if value is None:
        return "unknown"
    text = plain(value) if value == 0 or abs(value) >= Fraction(1, 100) else f"{float(value):.2g}"
    return f"{text} {unit}" if unit else text


def figures(*values: Fraction) -> tuple[str, ...]:
    """Numbers side by side, in one form: ``7.1 M`` and ``9 M``, unless that hides that two differ, or much of one."""
    largest = max((abs(v) for v in values), default=Fraction(0))
    size, word = next(((size, word) for size, word in _SIZES if largest >= size), (1, ""))
    for places in (1, 2) if word else ():
        texts = tuple(_sized(v, size, word, places) for v in values)
        near = all(abs(v) >= Fraction(50 * size, 10**places) for v in values if v)  # off by one in a hundred at most
        if near and len(set(texts)) == len(set(values)):
            return texts
    return tuple(figure(v) for v in values)


def _sized(value: Fraction, size: int, word: str, places: int) -> str:
    return "0" if value == 0 else f"{plain(value / size, places)} {word}"


def change(value: Fraction, unit: str | None = None) -> str:
    """A difference with its sign: ``+120,000 USD``."""
    unit = "percentage points" if unit == "%" else unit
    return f"{'+' if value > 0 else ''}{figure(value, unit)}"


def day(on: date | str | None) -> str:
    """``1 Feb 2027``; also of a day as it is stored."""
    if on is None:
        return ""
    at = date.fromisoformat(on) if isinstance(on, str) else on
    return day_in_words(at)


def days(first: date | None, last: date | None) -> str:
    """``1 Jan to 31 Mar 2027``; open at either end where it is."""
    if first is None and last is None:
        return "any day"
    if first is None:
        return f"up to {day(last)}"
    if last is None:
        return f"from {day(first)} on"
    if first == last:
        return day(first)
    begins = f"{first.day} {first:%b}" if first.year == last.year else day(first)
    return f"{begins} to {day(last)}"


def days_of(first: str, last: str) -> str:
    """The same of days as they are stored."""
    return days(date.fromisoformat(first), date.fromisoformat(last))
