"""Values as TOML text: what is written here reads back as the same value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

Value = str | bool | int | Decimal | date | Sequence["Value"] | Mapping[str, "Value"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_SPECIAL = re.compile(r'[\\"\x00-\x1f\x7f]')


def quoted(text: str) -> str:
    """A text as a basic string; what UTF-8 cannot hold (half a surrogate pair) becomes a question mark in a box."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return '"' + _SPECIAL.sub(lambda m: _ESCAPES.get(m[0]) or f"\\u{ord(m[0]):04X}", whole) + '"'


def key(name: str) -> str:
    """A key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else quoted(name)


def value(given: Value) -> str:
    """A value on one line; a table becomes an inline table."""
    if isinstance(given, str):
        return quoted(given)
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, date):
        return given.isoformat()
    if isinstance(given, int | Decimal):
        return format(given, "f") if isinstance(given, Decimal) else str(given)
    if isinstance(given, Mapping):
        return "{ " + ", ".join(f"{key(k)} = {value(v)}" for k, v in given.items()) + " }"
    return "[" + ", ".join(value(v) for v in given) + "]"
