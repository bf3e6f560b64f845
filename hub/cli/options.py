"""Options that several commands have."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the data as JSON.")]
CycleOption = Annotated[str | None, typer.Option("--cycle", metavar="CYCLE", help="Another cycle than the one in force.")]


def days(text: str) -> int:
    """A number of days, as it is written."""
    if not text.isdecimal():
        raise typer.BadParameter(f"'{text}' is not a number of days, such as 30.")
    return int(text)


def number(text: str) -> Fraction:
    """A number as people write it: 212, 9,000,000, -1.5."""
    plain = text.replace(",", "").replace("_", "").replace(" ", "")
    try:
        if "/" in plain or "e" in plain.lower():
            raise ValueError
        return Fraction(plain)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a number, such as 212 or 9000000.5.") from None
