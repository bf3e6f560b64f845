"""One line of ``when`` or ``unless`` while it is read: what it compares, and how messages call it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from hub.mappings.draft import Draft
from hub.model import DATES, NUMBERS
from hub.tomlfile import Cell, Table, number_of, typed

Kind = Literal["text", "state", "team", "day", "number", "own"]
Keys = tuple[str | int, ...]

KEY_RESULT, TEAM = "{key_result}", "{team}"
CAPTURES = (KEY_RESULT, TEAM)
"""What a text of `when` can hold for what the item says there."""


def kind_of(field: str) -> Kind:
    """What the values of a field are; those of a field of one's own are what each of them reads as."""
    if field.startswith("field."):
        return "own"
    if field in DATES:
        return "day"
    if field in NUMBERS:
        return "number"
    return "state" if field == "state" else "team" if field == "team" else "text"


@dataclass(frozen=True, slots=True)
class Line:
    """``table`` holds the line under ``key``; ``field`` is folded, ``field.NAME`` for one of one's own. ``word`` is what stands
    before it (``when``, ``metric.unless``); ``names`` is whether an item may name a key result or a team in it."""

    draft: Draft
    table: Table
    key: str
    field: str
    word: str
    names: bool = True

    @property
    def shown(self) -> str:
        return f"{self.word}.{self.field}"

    @property
    def kind(self) -> Kind:
        return kind_of(self.field)

    def problem(self, keys: Keys, text: str, remedy: str, *, row: str = "", at_key: bool = False, part: str = "") -> None:
        """Note a mistake; ``row`` is the remedy where the value comes from the row of a template."""
        self.table.problem(keys, text, row if row and isinstance(self._at(keys), Cell) else remedy, at_key=at_key, part=part)

    def _at(self, keys: Keys) -> Any:
        value: Any = self.table.values
        for key in keys:
            value = value[key]
        return value


def finite(value: object) -> Decimal | None:
    """A number that is one."""
    number = number_of(value)
    return number if number is not None and number.is_finite() else None


def toml(value: Any) -> str:
    """A value as the files would write it."""
    match value:
        case Cell():
            return toml(typed(value))
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case datetime() | date():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{_key(k)} = {toml(v)}' for k, v in value.items())} }}" if value else "{}"
    return str(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
