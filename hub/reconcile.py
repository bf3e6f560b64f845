"""What an incoming item means against the stored one: new, changed, unchanged or older. Pure; no database, no clock.

``content`` turns a ``WorkItem`` into its canonical columns and their hash. Canonical means: sets are sorted and without
repeats, JSON has sorted keys and no spaces, instants are milliseconds UTC, vendors' numbers stay the literal text that they
were, and text that no database could keep (NUL, lone surrogates) holds U+FFFD in its place. The hash is taken over the NFC
form, so the same word in another Unicode spelling is no change; it leaves out everything that the core assigns (``no``,
presence, first seen, partition, run).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Literal, NamedTuple

import orjson

from connectors.base import WorkItem
from hub.model import PRESENT

Decision = Literal["new", "changed", "unchanged", "older"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

COLUMNS = (
    *("id", "key", "title", "url", "type_id", "type", "level", "status_id", "status", "category", "resolution_id", "resolution"),
    *("parent_ref", "containers", "labels", "components", "sprints", "links", "assignee", "estimate", "estimate_unit"),
    *("amount", "currency", "created_at", "updated_at", "done_at", "due_on", "fields"),
)
"""Names and order of ``Content.row``: everything that comes from the vendor."""

_read = attrgetter(*COLUMNS)
_new = tuple.__new__
_LEVELS = range(-(2**31), 2**31)
_64_BIT = range(-(2**63), 2**64)


class Content(NamedTuple):
    """An item's canonical columns, in the order of ``COLUMNS``, and the 16-byte hash of them."""

    hash: bytes
    row: tuple[Any, ...]
    id: str
    updated_at: int | None


class Stored(NamedTuple):
    """What a decision needs of the stored item."""

    no: int
    content_hash: bytes
    updated_at: int | None
    presence: str


class Unstorable(ValueError):
    """A value that is not what the contract promises: a stamp without a time zone, a level out of range, no id."""


def millis(at: datetime) -> int:
    """An aware datetime as whole milliseconds since 1970-01-01T00:00:00Z; below that the fraction is cut towards the past."""
    return (at - EPOCH) // MILLISECOND


def clean(text: str) -> str:
    """The text with U+FFFD in place of NUL and lone surrogates: the same in every database."""
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


def canonical_json(value: Any) -> str:
    """Canonical JSON text: sorted keys, no spaces. Decimals and integers beyond 64 bits become their literal as text."""
    try:
        encoded = orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        encoded = orjson.dumps(_scrub(value), default=_plain, option=orjson.OPT_SORT_KEYS)
    else:
        if b"u0000" in encoded:
            encoded = orjson.dumps(_scrub(value), default=_plain, option=orjson.OPT_SORT_KEYS)
    return encoded.decode()


def digest(value: Any) -> bytes:
    """16 bytes of blake2b over the canonical JSON in NFC."""
    return blake2b(unicodedata.normalize("NFC", canonical_json(value)).encode(), digest_size=16).digest()


def content(item: WorkItem) -> Content:
    """The canonical form of an item. Raises ``Unstorable`` with a reason that a person understands."""
    try:
        row = _row(item, _sorted_plain, _dumps)
        payload = orjson.dumps(row)
        if not payload.isascii() or b"u0000" in payload or not row[0] or row[6] not in _LEVELS:
            return _careful(item)
    except TypeError:
        return _careful(item)
    return _new(Content, (blake2b(payload, digest_size=16).digest(), row, row[0], row[24]))


def rehash(row: Sequence[Any]) -> bytes:
    """The hash of columns as they are stored, in the order of ``COLUMNS``: what ``content`` would say of the same values."""
    payload = orjson.dumps(tuple(row))
    if not payload.isascii():
        payload = unicodedata.normalize("NFC", payload.decode()).encode()
    return blake2b(payload, digest_size=16).digest()


def decide(stored: Stored | None, incoming: Content) -> Decision:
    """Newest wins: an older vendor stamp is dropped, equal stamps with different content count as changed.

    Without a stamp on either side there is no order, and content alone decides. An item that had left and is read again
    is changed even when its content is the same: it is back.
    """
    if stored is None:
        return "new"
    if stored.updated_at is not None and incoming.updated_at is not None and incoming.updated_at < stored.updated_at:
        return "older"
    if stored.content_hash == incoming.hash and stored.presence == PRESENT:
        return "unchanged"
    return "changed"


def fold_page(contents: Iterable[Content]) -> tuple[dict[str, Content], int]:
    """One content per id, and how many were left out: the newest stamp wins, at equal stamps the later one."""
    kept: dict[str, Content] = {}
    repeats = 0
    for each in contents:
        former = kept.get(each.id)
        if former is not None:
            repeats += 1
            if former.updated_at is not None and each.updated_at is not None and each.updated_at < former.updated_at:
                continue
        kept[each.id] = each
    return kept, repeats


# ---- the two ways to a row ----------------------------------------------------------------------------------------------


def _row(item: WorkItem, many: Callable[[tuple[Any, ...]], str], dumps: Callable[[Any], str]) -> tuple[Any, ...]:
    (id_, key, title, url, type_id, type_, level, status_id, status, category, resolution_id, resolution,
     parent_ref, containers, labels, components, sprints, links, assignee, estimate, estimate_unit,
     amount, currency, created_at, updated_at, done_at, due_on, fields) = _read(item)  # fmt: skip
    return (
        id_, key, title, url, type_id, type_, level, status_id, status, category, resolution_id, resolution, parent_ref,
        many(containers) if containers else None,
        many(labels) if labels else None,
        many(components) if components else None,
        many(sprints) if sprints else None,
        many(links) if links else None,
        assignee, estimate, estimate_unit, amount, currency,
        None if created_at is None else (created_at - EPOCH) // MILLISECOND,
        None if updated_at is None else (updated_at - EPOCH) // MILLISECOND,
        None if done_at is None else (done_at - EPOCH) // MILLISECOND,
        None if due_on is None else due_on.isoformat(),
        dumps(fields) if fields else None,
    )  # fmt: skip


def _dumps(value: Any) -> str:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS).decode()


@lru_cache(maxsize=16_384)  # the same few projects, labels and sprints come again and again
def _sorted_plain(values: tuple[Any, ...]) -> str:
    return orjson.dumps(sorted(set(values)) if len(values) > 1 else values).decode()


def _careful(item: WorkItem) -> Content:
    """The slow way, for text beyond ASCII and for what the fast way refuses; equal to it wherever both work."""
    try:
        raw = _row(item, _sorted_nfc, canonical_json)
        row: tuple[Any, ...] = tuple(clean(value) if isinstance(value, str) else value for value in raw)
    except (TypeError, ValueError, OverflowError, RecursionError) as fault:
        raise Unstorable(_reason(item, fault)) from fault
    if not isinstance(row[0], str) or not row[0] or not isinstance(row[2], str):
        raise Unstorable("the record has no id or no title")
    if not isinstance(row[6], int) or row[6] not in _LEVELS:
        raise Unstorable(f"its level {row[6]!r} is no height in a hierarchy")
    payload = unicodedata.normalize("NFC", orjson.dumps(row).decode()).encode()
    stamp: int | None = row[24]
    return Content(blake2b(payload, digest_size=16).digest(), row, row[0], stamp)


def _sorted_nfc(values: tuple[Any, ...]) -> str:
    distinct = {_clean_word(value) for value in values}
    return canonical_json(sorted(distinct, key=_nfc) if len(distinct) > 1 else tuple(distinct))


def _clean_word(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else tuple(clean(part) for part in value)


def _nfc(value: Any) -> Any:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else tuple(map(_nfc, value))


def _reason(item: WorkItem, fault: Exception) -> str:
    for name in ("created_at", "updated_at", "done_at"):
        at = getattr(item, name)
        if at is not None and (not isinstance(at, datetime) or at.tzinfo is None):
            return f"its {name} is no instant with a time zone"
    return f"a value cannot be stored: {fault}"


def _plain(value: Any) -> Any:
    """What orjson does not know by itself: exact numbers become text, "7/16" and "2.50"."""
    if isinstance(value, (Decimal, Fraction)):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no value of JSON")


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(name)): _scrub(each) for name, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(_scrub(each) for each in value)
    if isinstance(value, (list, tuple)):
        return [_scrub(each) for each in value]
    if isinstance(value, int) and value not in _64_BIT:
        return str(value)
    if value is None or isinstance(value, (bool, int, float, date, datetime)):
        return value
    return _plain(value)
