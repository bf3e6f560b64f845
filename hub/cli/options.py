"""Options that several commands have."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, NamedTuple

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the data as JSON.")]
CycleOption = Annotated[str | None, typer.Option("--cycle", metavar="CYCLE", help="Another cycle than the one in force.")]


def days(text: str) -> int:
    """A number of days, as it is written."""
    if not text.isdecimal():
        raise typer.BadParameter(f"'{text}' is not a number of days, such as 30.")
    return int(text)


class Number(NamedTuple):
    """A number as it was typed; ``places`` are the decimals with which it was."""

    value: Fraction
    places: int


_PLAIN = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+|\d{1,3}([ _]\d{3})+)(\.(?P<decimals>\d+))?", re.ASCII)
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)


def number(text: str) -> Number:
    """A number as people write it: 212, 9,000,000, -1.5. What is one number here and another one there is none."""
    found = _PLAIN.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(f"'{text}' is not a number, such as 212 or 9000000.5.")
    if _AMBIGUOUS.fullmatch(text.strip()):
        whole = text.strip().replace(".", "")
        raise typer.BadParameter(f"'{text}' may be a whole number or have decimals: write {whole}, or {text.strip()}0.")
    plain = re.sub("[ ,_]", "", found[0])
    return Number(Fraction(plain), len(found["decimals"] or ""))
