"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the data as JSON.")]
CycleOption = Annotated[str | None, typer.Option("--cycle", metavar="CYCLE", help="Another cycle than the one in force.")]


def days(text: str) -> int:
    """A number of days, as it is written."""
    if not text.isdecimal():
        raise typer.BadParameter(f"'{text}' is not a number of days, such as 30.")
    return int(text)
