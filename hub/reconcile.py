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

from connectors.base import MetricValue, WorkItem
from hub.model import PRESENT

Decision = Literal["new", "changed", "unchanged", "older"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

COLUMNS = (
    *("id", "key", "title", "url", "type_id", "type", "level", "status_id", "status", "category", "resolution_id", "resolution"),
    *("parent_ref", "containers", "labels", "components", "sprints", "links", "assignee", "estimate", "estimate_unit"),
    *("amount", "currency", "created_at", "updated_at", "done_at", "due_on", "fields", "started_at", "stages"),
)
"""Names and order of ``Content.row``: everything that comes from the vendor."""
_LATER = 2
"""The last so many columns came later: an item that has none of them keeps the hash that it had before there were any."""

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
        payload = orjson.dumps(_hashed(row))
        if not payload.isascii() or b"u0000" in payload or not row[0] or row[6] not in _LEVELS:
            return _careful(item)
    except TypeError:
        return _careful(item)
    return _new(Content, (blake2b(payload, digest_size=16).digest(), row, row[0], row[24]))


def rehash(row: Sequence[Any]) -> bytes:
    """The hash of columns as they are stored, in the order of ``COLUMNS``: what ``content`` would say of the same values."""
    payload = orjson.dumps(_hashed(tuple(row)))
    if not payload.isascii():
        payload = unicodedata.normalize("NFC", payload.decode()).encode()
    return blake2b(payload, digest_size=16).digest()


def _hashed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[:-_LATER] if row[-1] is None and row[-2] is None else row


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


# ---- values -------------------------------------------------------------------------------------------------------------


class ValueRow(NamedTuple):
    """A metric value in canonical form: which one it is (``series``, ``on_day`` as ``YYYY-MM-DD``, ``row_key``), what is said of
    it, and where it stands. Texts are in NFC: another Unicode spelling is neither another value nor a change; an empty unit,
    author or note is none."""

    series: str
    on_day: str
    row_key: str
    value: str
    unit: str | None
    fields: str | None
    typed_by: str | None
    note: str | None
    place: str

    @property
    def said(self) -> tuple[str | None, ...]:
        """What makes it another value when it differs; all but where it stands."""
        return self[3:8]


def value_row(given: MetricValue) -> ValueRow:
    """The canonical form of a value. Raises ``Unstorable`` with a reason that a person understands."""
    series, key, value, place = given.series, given.key, given.value, given.at
    known = isinstance(series, str) and isinstance(key, str) and isinstance(value, str) and isinstance(place, str)
    if not known or not series or not value:
        raise Unstorable("the value has no series or no number")
    if not all(text is None or isinstance(text, str) for text in (given.unit, given.by, given.note)):
        raise Unstorable("its unit, author or note is no text")
    if not isinstance(given.on, date) or isinstance(given.on, datetime):
        raise Unstorable(f"its date {given.on!r} is no day")
    try:
        fields = _one_spelling(canonical_json(given.fields)) if given.fields else None
    except (TypeError, ValueError, RecursionError) as fault:
        raise Unstorable(f"a column cannot be stored: {fault}") from fault
    unit, by, note = given.unit, given.by, given.note
    return ValueRow(
        _one_spelling(series),
        given.on.isoformat(),
        _one_spelling(key),
        _one_spelling(value),
        _one_spelling(unit) if unit else None,
        fields,
        _one_spelling(by) if by else None,
        _one_spelling(note) if note else None,
        _one_spelling(place),
    )


def value_identity(series: str, on_day: str, row_key: str) -> str:
    """One text for which value of a partition it is; ``value_named`` reads it. The store makes the same in SQL."""
    return f"{on_day} {len(series)} {series}{row_key}"


def value_named(identity: str) -> tuple[str, str, str]:
    """(series, day, key) of a ``value_identity``."""
    on_day, length, rest = identity.split(" ", 2)
    return rest[: int(length)], on_day, rest[int(length) :]


def _one_spelling(text: str) -> str:
    return text if text.isascii() and "\0" not in text else unicodedata.normalize("NFC", clean(text))


# ---- the two ways to a row ----------------------------------------------------------------------------------------------


def _row(item: WorkItem, many: Callable[[tuple[Any, ...]], str], dumps: Callable[[Any], str]) -> tuple[Any, ...]:
    (id_, key, title, url, type_id, type_, level, status_id, status, category, resolution_id, resolution,
     parent_ref, containers, labels, components, sprints, links, assignee, estimate, estimate_unit,
     amount, currency, created_at, updated_at, done_at, due_on, fields, started_at, stages) = _read(item)  # fmt: skip
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
        None if started_at is None else (started_at - EPOCH) // MILLISECOND,
        dumps({name: (at - EPOCH) // MILLISECOND for name, at in stages.items()}) if stages else None,
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
    payload = unicodedata.normalize("NFC", orjson.dumps(_hashed(row)).decode()).encode()
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
    stamps = {name: getattr(item, name) for name in ("created_at", "updated_at", "done_at", "started_at")}
    stages = {f"stage {name}": at for name, at in item.stages.items()} if isinstance(item.stages, Mapping) else {}
    for name, at in (stamps | stages).items():
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
