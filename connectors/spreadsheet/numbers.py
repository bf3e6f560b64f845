"""A cell as a plain decimal number (``-1234.5``): by the format that its column declares, else only where no doubt is possible.

``1.234`` is twelve hundred and thirty-four in Berlin and a little more than one in Boston. A number that is wrong by a factor of
a thousand looks like any other, so such a cell is refused until the column's format is declared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

DIGITS = 18
"""On either side of the point: more are a mistake, or more than a sheet can hold exactly."""
EXACT = 1e15
"""From here on a sheet's numbers are no longer all whole."""

_SPACES = "\u0020\u00a0\u2007\u2009\u202f"
_APOSTROPHES = "'\u2019"
_MINUS = str.maketrans(dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d", "-"))
_SAME = str.maketrans(dict.fromkeys(_SPACES, " ") | dict.fromkeys(_APOSTROPHES, "'"))
_PLAINEST = re.compile(r"-?[1-9][0-9]{0,14}(?:\.[0-9]?[1-9])?")
"""What most numbers are: it reads as what it is."""
_PLAIN = re.compile(r"[0-9]+|[0-9]*\.[0-9]+|[0-9]*,[0-9]+")
_GROUPED = re.compile(
    r"(?P<one>[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,})"
    r"|(?P<other>[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,})"
    r"|(?P<gap>[0-9]{1,3}(?:(?P<mark>[ '])[0-9]{3})(?:(?P=mark)[0-9]{3})*(?:[.,][0-9]+)?)"
)
_SHORT = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]{1,3}")
_EXAMPLE = re.compile(
    r"(?P<before>[^0-9]*?)1(?P<group>[.,'\u2019 \u00a0\u2007\u2009\u202f]?)234(?:(?P<point>[.,])[0-9]+)?(?P<after>[^0-9]*)"
)
EXAMPLE = '"1.234,56"'
COLUMN = "@COLUMN@"
"""Stands for the column's name in a remedy."""


class Odd(Exception):
    """What a cell holds is not what its column should hold: a half sentence about the cell, and what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a column writes numbers. ``before`` and ``after`` are words around it that may be there, such as ``€``."""

    pattern: re.Pattern[str]
    group: str
    point: str
    before: str
    after: str
    written: str


@cache
def number_format(example: str) -> NumberFormat | None:
    """The format in which ``example`` is the number 1234, or 1234 and a fraction; None where it is not."""
    found = _EXAMPLE.fullmatch(example.strip().translate(_SAME))
    if found is None or (found["point"] and found["point"] == found["group"]):
        return None
    before, after = found["before"].strip(), found["after"].strip()
    if re.search(r"[.,+-]", before + after):
        return None
    group = found["group"]
    point = found["point"] or {".": ",", ",": "."}.get(group, "")
    whole = rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
    pattern = re.compile(rf"(?:{whole})(?:{re.escape(point)}[0-9]+)?" if point else f"(?:{whole})")
    return NumberFormat(pattern, group, point, before, after, example.strip())


def number(text: str, form: NumberFormat | None = None) -> str:
    """The plain decimal of a text. Raises ``Odd``."""
    if form is None and _PLAINEST.fullmatch(text):
        return text
    bare = text.translate(_SAME).translate(_MINUS).strip()
    if form is not None:
        return _declared(text, bare, form)
    negative, body = _sign(bare)
    hundredth = body.endswith("%")
    if hundredth:
        body = body[:-1].rstrip()
    if _PLAIN.fullmatch(body):
        whole, point, fraction = body.replace(",", ".").partition(".")
        if point and len(fraction) == 3 and 0 < len(whole) <= 3 and whole[0] != "0":
            raise Odd(
                f"{shown(text)} is ambiguous ({whole}{fraction}, or {whole} and a fraction)",
                f"Declare how the column writes 1234.56: formats = {{ {COLUMN} = {EXAMPLE} }} in config.toml.",
            )
        return _finished(whole, fraction, negative, hundredth, text)
    if found := _GROUPED.fullmatch(body):
        point = "." if found["one"] else "," if found["other"] else ("." if "." in body else ",")
        whole, _, fraction = body.rpartition(point) if _pointed(body, point, found) else (body, "", "")
        return _finished(re.sub("[^0-9]", "", whole), fraction, negative, hundredth, text)
    if _SHORT.fullmatch(bare):
        raise Odd(f"{shown(text)} is a shortened number", "Widen the column or give it another number format, and save it again.")
    raise Odd(f"{shown(text)} is no number", "Write it as 1234.56, or leave the cell empty.")


def _pointed(body: str, point: str, found: re.Match[str]) -> bool:
    """Whether the last mark of a grouped number is its point."""
    return point in body and (bool(found["gap"]) or ("," in body and "." in body))


def _declared(text: str, bare: str, form: NumberFormat) -> str:
    negative, body = _sign(bare)
    if form.before and body.startswith(form.before):
        body = body[len(form.before) :].lstrip()
        if not negative:
            negative, body = _sign(body)
    hundredth = False
    if form.after and body.endswith(form.after):
        body = body[: -len(form.after)].rstrip()
        hundredth = form.after == "%"
    elif body.endswith("%"):
        body, hundredth = body[:-1].rstrip(), True
    if not form.pattern.fullmatch(body):
        raise Odd(f"{shown(text)} is not written as {form.written}", f"Write it as {form.written}, or leave the cell empty.")
    whole, _, fraction = body.partition(form.point) if form.point else (body, "", "")
    return _finished(whole.replace(form.group, "") if form.group else whole, fraction, negative, hundredth, text)


def _sign(text: str) -> tuple[bool, str]:
    return (text[0] == "-", text[1:].lstrip()) if text.startswith(("-", "+")) else (False, text)


def _finished(whole: str, fraction: str, negative: bool, hundredth: bool, text: str) -> str:
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    if hundredth:
        padded = whole.rjust(3, "0")
        whole, fraction = padded[:-2].lstrip("0"), (padded[-2:] + fraction).rstrip("0")
    if len(whole) > DIGITS or len(fraction) > DIGITS:
        raise Odd(f"{shown(text)} has more than {DIGITS} digits", "Write fewer: no sheet holds so many exactly.")
    found = f"{whole or '0'}.{fraction}" if fraction else whole or "0"
    return f"-{found}" if negative and found != "0" else found


def plain(value: float) -> str:
    """A number of a workbook as people see it there: 15 significant digits (0.1 + 0.2 is 0.3). Raises ``Odd``."""
    if -EXACT < value < EXACT and value == (whole := int(value)):
        return str(whole)
    text = format(value, ".15g")
    if "e" in text or "n" in text:
        if not abs(value) < 10.0**DIGITS:  # also what is no number at all
            raise Odd(f"{shown(text)} has more than {DIGITS} digits", "Write fewer: no sheet holds so many exactly.")
        text = format(Decimal(text), "f")
    whole_part, _, fraction = text.partition(".")
    return text if len(fraction) <= DIGITS else f"{whole_part}.{fraction[:DIGITS]}".rstrip("0").rstrip(".")


MOST = 40
"""Characters of a cell that a message repeats."""


def shown(value: object) -> str:
    """The content of a cell in quotes for a message: short, on one line."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return f'"{text if len(text) <= MOST else text[: MOST - 1] + "…"}"'
