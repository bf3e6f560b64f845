"""Page bytes to Python objects, strictly checked for shape, tolerant of the text inside.

orjson decodes; a page that it refuses (a lone surrogate, NaN, 1e400, a raw control character) is decoded by ``json``
instead, so that one row never costs the page. Of two equal keys both keep the last. Integers from 2**64 become floats
in orjson: ids of vendors are text, so only numbers that no rule could use are touched.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from typing import Any

import orjson

from connectors.base import BadData

REPLACEMENT = "�"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates: PostgreSQL refuses the first, UTF-8 the second."""
MAX_DEPTH = 200
HOPS = 1000
"""Backslashes that are looked at one by one; in a page with more of them the plain search is as fast."""


MAX_TEXT = 2**18
"""Characters of one text. No field of a vendor is longer (Salesforce's long text areas, the longest, hold 131,072)."""
CUT = " [cut]"
"""What a text that was too long ends in."""
_QUOTE = re.compile(rb'(?<!\\)"')


def clean(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD, cut with a mark where it is longer than any field."""
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + CUT
    return _UNSTORABLE.sub(REPLACEMENT, text) if _UNSTORABLE.search(text) else text


def _cleaned(value: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise BadData("an answer is nested too deeply")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {clean(key): _cleaned(entry, depth + 1) for key, entry in value.items()}
    return value


def _number(literal: str) -> float | str:
    # The literal as text is the marker: whoever needs a number finds one that is not finite, and says "invalid".
    number = float(literal)
    return number if math.isfinite(number) else literal


_REFUSED = object()


def _slowly(body: bytes) -> Any:
    text = body.decode("utf-8-sig", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        return _cleaned(json.loads(text, parse_float=_number, parse_constant=str, strict=False))
    # Raised out here: the decoder's own error holds the whole text, and chains keep it.
    raise BadData("an answer is not valid JSON", hint="it is tried once more; then look at what stands before the API")


def loads(body: bytes) -> Any:
    """Any JSON value. Raises ``BadData`` (without any of the text)."""
    value: Any = _REFUSED
    with contextlib.suppress(orjson.JSONDecodeError):
        value = orjson.loads(body)
    if value is _REFUSED:
        return _slowly(body)
    # The escape is searched in the bytes because walking each page costs as much as decoding it.
    return _cleaned(value) if _escapes_nul(body) or _holds_long_text(body) else value


def _escapes_nul(body: bytes) -> bool:
    """Whether ``\\u0000`` is in the body. One byte is found a hundred times faster than six, and few texts hold a backslash."""
    at = -1
    for _ in range(HOPS):
        at = body.find(b"\\", at + 1)
        if at < 0 or body.startswith(b"\\u0000", at):
            return at >= 0
    return body.find(b"\\u0000", at + 1) >= 0


def _holds_long_text(body: bytes) -> bool:
    """Whether a text may be longer than ``MAX_TEXT``: some stretch of half that many bytes has no quote that ends one."""
    stretch = MAX_TEXT // 2
    return any(not _QUOTE.search(body, at, at + stretch) for at in range(0, len(body) - stretch, stretch))


def _checked_type(body: bytes, content_type: str | None) -> None:
    if not body.strip():
        raise BadData("an answer has no body")
    kind = (content_type or "").split(";")[0].strip().lower()
    if not (kind in ("application/json", "") or kind.endswith("+json")):
        what = (
            "an HTML page, perhaps a login page,"
            if "html" in kind
            else repr(kind)
            if kind in _KINDS
            else "another kind of content"
        )
        raise BadData(f"the server answers {what} instead of JSON", hint="open the source's url in a browser")


_KINDS = frozenset(
    ("text/plain", "text/csv", "text/xml", "application/xml", "application/octet-stream", "text/javascript", "text/event-stream")
)
"""Kinds of content that are named; no other word of an answer gets into a message."""


def obj(body: bytes, content_type: str | None, *keys: str) -> dict[str, Any]:
    """A JSON object that has ``keys`` and does not report errors in a 200. Raises ``BadData``."""
    _checked_type(body, content_type)
    value = loads(body)
    if not isinstance(value, dict):
        raise BadData(f"an answer is a JSON {_kind(value)} instead of an object")
    if any(value.get(key) for key in ("errors", "errorMessages")):
        raise BadData("an answer with status 200 reports errors instead of data")
    for key in keys:
        if key not in value:
            raise BadData(f"an answer lacks {key!r}")
    return value


def array(body: bytes, content_type: str | None) -> list[Any]:
    """A JSON array. Raises ``BadData``."""
    _checked_type(body, content_type)
    value = loads(body)
    if not isinstance(value, list):
        raise BadData(f"an answer is a JSON {_kind(value)} instead of an array")
    return value


def _kind(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
