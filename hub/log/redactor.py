"""Takes secrets out of texts and values: those that this process knows, in every form they travel in, and what looks like one.

Known are the values of our own variables, the files that they point to, and whatever was registered with ``hide``. Every
occurrence of every form is found first and hidden together, so that neither a secret that begins another one nor two that
overlap leave a rest behind.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hub.log.forms import SHORTEST, forms

HIDDEN = "[hidden]"
PREFIX = "ANCHORLINE_"
_SECRET_WORDS = ("TOKEN", "PASSWORD", "SECRET", "DATABASE", "PING")
_DEEPEST = 12
"""Levels of nested values that are looked into; a deeper one is hidden as a whole."""

_registered: set[str] = set()

_NAMES = r"token|secret|passw(?:or)?d|passwd|api[_-]?key|credential|webhook|ping[_-]?url"
_KEYS = re.compile(rf"(?i){_NAMES}|authorization|cookie|database[_-]?url")
_WORD = r"[A-Za-z0-9_.-]*"
_HEADERS = r"(?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*(?:key|token)"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # a scheme of HTTP authentication and what follows it, unless that is a plain word of a sentence
    (re.compile(r"\b((?i:bearer|basic|digest)\s+)(?=\S*(?:[A-Z0-9=+/_~]|\.\w))[A-Za-z0-9+/._~=-]{6,}"), rf"\1{HIDDEN}"),
    # OAuth 1, whose parts stand in quotes of their own
    (re.compile(r"\b(OAuth\s+)(?=oauth_)[^\r\n]+", re.I), rf"\1{HIDDEN}"),
    # headers, to the end of their line or of their quotes
    (re.compile(rf"\b((?:{_HEADERS})[\"']?\s*:\s*(?:b?[\"'])?)[^\"'\r\n]+", re.I), rf"\1{HIDDEN}"),
    # key="value" and "key": "value", as reprs and JSON write them
    (re.compile(rf"({_WORD}(?:{_NAMES}){_WORD}[\"']?\s*[:=]\s*b?([\"']))(?:\\.|(?!\2).)+(\2)", re.I), rf"\1{HIDDEN}\3"),
    # ?key=value of addresses, NAME_TOKEN=value of environments
    (re.compile(rf"([?&;]{_WORD}(?:{_NAMES}|\bkey\b|\bsig\b|\bcode\b){_WORD}=)[^&#\s\"'<>]+", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"\b([A-Z][A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|API_KEY)=)(?!\.\.\.)[^\s\"']+"), rf"\1{HIDDEN}"),
    # user names and passwords in addresses; addresses that are a credential themselves
    (re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://)[^/?#\s\"'<>@]+@", re.I), rf"\1{HIDDEN}@"),
    (re.compile(r"(https?://[^/\s\"'<>]*hooks?\b[^/\s\"'<>]*/)[^\s\"'<>]+", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"(https?://[^/\s\"'<>]+/(?:[^\s\"'<>]*/)?webhooks?/)[^\s\"'<>]+", re.I), rf"\1{HIDDEN}"),
)


_SUSPECT = re.compile(r"[=:]|\b(?:bearer|basic|digest)\s", re.I)
"""What every one of the patterns needs; most texts have nothing of it."""


def hide(*secrets: str) -> None:
    """Register secrets that are in no variable, such as a refreshed token, the moment they arrive."""
    _registered.update(secret for secret in secrets if secret)


def redact(text: str) -> str:
    """The text without secrets."""
    return _clean(text, _known())


def redacted(value: Any, key: str = "") -> Any:
    """A value of JSON-able kinds without secrets, and without what stands under a key that names one. Other kinds of values
    become their redacted ``repr``."""
    return _value(value, key, 0, _known())


def _clean(text: str, known: tuple[str, ...]) -> str:
    text = _without(text, known)
    if _SUSPECT.search(text):
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
    return text


def _value(value: Any, key: str, depth: int, known: tuple[str, ...]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if key and _KEYS.search(key):
        return HIDDEN
    if isinstance(value, str):
        return _clean(value, known)
    if isinstance(value, int | float):
        return value if _without(text := str(value), known) == text else HIDDEN
    if depth >= _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {_clean(str(name), known): _value(each, str(name), depth + 1, known) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(each, key, depth + 1, known) for each in value]
    return _clean(repr(value), known)


# ---- what is known --------------------------------------------------------------------------------------------------------


def _without(text: str, known: tuple[str, ...]) -> str:
    spans = sorted(_spans(text, known))
    if not spans:
        return text
    parts: list[str] = []
    at = 0
    while spans:
        begins, ends = spans.pop(0)
        while spans and spans[0][0] < ends:
            ends = max(ends, spans.pop(0)[1])
        parts += (text[at:begins], HIDDEN)
        at = ends
    return "".join((*parts, text[at:]))


def _spans(text: str, known: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    for form in known:
        at = text.find(form)
        while at >= 0:
            yield at, at + len(form)
            at = text.find(form, at + 1)


def _known() -> tuple[str, ...]:
    """Every form of every secret, the longest first."""
    variables = [(name, os.environ[name]) for name in sorted(os.environ) if name.startswith(PREFIX) and _is_secret(name)]
    files = tuple(_stamp(value) for name, value in variables if name.endswith("_FILE"))
    return _all_forms(tuple(variables), files, frozenset(_registered))


def _is_secret(name: str) -> bool:
    return any(word in name for word in _SECRET_WORDS)


def _stamp(path: str) -> tuple[int, int, int] | None:
    """Changes when the file's content may have: a rotated secret must be known at once."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=8)
def _all_forms(variables: tuple[tuple[str, str], ...], _files: object, registered: frozenset[str]) -> tuple[str, ...]:
    found = {form for secret in _secrets(variables, registered) if len(secret) >= SHORTEST for form in forms(secret)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def _secrets(variables: Iterable[tuple[str, str]], registered: Iterable[str]) -> Iterator[str]:
    yield from registered
    for name, value in variables:
        if name.endswith("_FILE"):
            try:
                value = Path(value).read_bytes()[:65_536].decode("utf-8-sig", "replace")
            except (OSError, ValueError):
                continue
        value = value.strip()
        yield value
        if "DATABASE" in name:
            yield from _of_address(value)
        elif "PING" in name:
            yield from _of_ping(value)


def _of_address(text: str) -> Iterator[str]:
    """The password of a database's address: whatever stands between the first colon of a user and the last @, however the rest
    is mistyped, and its pieces."""
    password = text.partition("://")[2].rpartition("@")[0].partition(":")[2]
    yield from (password, *password.replace("@", ":").split(":"))


def _of_ping(text: str) -> Iterator[str]:
    """The path of a ping's address is its credential, and so is a query."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return
    yield from (parts.path.strip("/"), parts.query)
    yield from (piece for piece in parts.path.split("/") if len(piece) >= 8)
