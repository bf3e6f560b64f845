"""Cells as people see them: without line breaks, invisible and control characters; and texts that may stand in a comment."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

_JOINERS = {"\u200c", "\u200d"}  # words of some scripts, and emoji, need them
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def seen(text: str) -> tuple[str, str]:
    """A cell's text on one line, and the first character that had to be left out because it does something ("" if none).

    Line breaks, tabs and odd blanks become one blank. Marks that show nothing, such as a zero-width blank, go silently.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split()), ""
    kept, odd = [], ""
    for char in text:
        category = unicodedata.category(char)
        if char in "\t\n\r\v\f\x85" or category in ("Zl", "Zp", "Zs"):
            kept.append(" ")
        elif category in ("Cc", "Cs") or char in _DIRECTIONS:
            odd = odd or char
        elif category != "Cf" or char in _JOINERS:
            kept.append(char)
    return " ".join("".join(kept).split()), odd


def odd_one(char: str) -> str:
    """What is said of a character that was left out."""
    return f"A control character (U+{ord(char):04X}) is left out."


def comment(text: str) -> str:
    """One line of a TOML comment: whatever the text, it neither ends the line nor breaks the file."""
    return f"# {seen(text)[0]}".rstrip()


def plain(value: object) -> str:
    """A value of a cell without a number format: 2027.0 is 2027, a day is 2026-10-01."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M")
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{'-' if minutes < 0 else ''}{abs(minutes) // 60}:{abs(minutes) % 60:02}"
    if isinstance(value, Decimal):
        return _digits(value)
    return str(value)


def _digits(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > 30:
        return str(value)
    text = format(
        value.quantize(Decimal(1).scaleb(max(value.adjusted() - 14, -14))) if len(value.as_tuple().digits) > 15 else value, "f"
    )
    return text.rstrip("0").rstrip(".") if "." in text else text


_SECTION = re.compile(r'((?:"[^"]*"|\\.|[^;"])*)(;|$)')
_PART = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]|[_*].|([0#?][0#?,]*(?:\.[0#?]*)?,*|\.[0#?]+)|(.)', re.DOTALL
)
_GENERAL = frozenset({"", "general", "@"})
_MOST = Decimal(10) ** 15


def formatted(value: Decimal, code: str) -> str:
    """A number as its format shows it: 0.6 with ``0%`` is ``60 %``, 1.25e6 with ``0.0,,"M"`` is ``1.3 M``.

    Thousands separators, fractions and exponents are not imitated: such a number is written plainly.
    """
    sections = [found[1] for found in _SECTION.finditer(code) if found[1] or found[2]]
    second = value < 0 and len(sections) > 1
    section = sections[1] if second else sections[0] if sections else ""
    before, after, digits = "", "", ""
    for text, escaped, currency, found, other in _PART.findall(section):
        if found and not digits:
            digits = found
            continue
        literal = text or escaped or currency or (other if other in "%€$£¥ -+()" else "")
        if other and not literal:  # E+00, a fraction: not imitated
            return plain(value)
        before, after = (before, after + literal) if digits else (before + literal, after)
    if not digits or section.lower() in _GENERAL or not value.is_finite() or abs(value) > _MOST:
        return plain(value)
    bare = digits.rstrip(",")
    moved = (abs(value) if second else value).scaleb(2 * (before + after).count("%") - 3 * (len(digits) - len(bare)))
    shown = _digits(moved.quantize(Decimal(1).scaleb(-min(len(bare.partition(".")[2]), 9)), ROUND_HALF_UP))
    return seen(f"{before}{shown}{re.sub(r'^(?=[%€A-Za-z])', ' ', after)}")[0]
