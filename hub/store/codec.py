"""From rows to the values of ``hub.model``. JSON is decoded only where a column is not NULL."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from hub.model import Attachment, Container, Contribution, Dimensions, Item, NodeResult, Share, Sprint, Status, Unit, Value, fold
from hub.patterns import is_address
from hub.reconcile import millis

ITEM_COLUMNS = (
    *("no", "source", "id", "key", "title", "url", "type_id", "type", "level", "status_id", "status", "category"),
    *("resolution_id", "resolution", "parent_ref", "parent_no", "containers", "labels", "components", "sprints", "assignee"),
    *("estimate", "created_at", "updated_at", "done_at", "status_seen_at", "presence", "fields"),
    *("due_on", "amount", "by", "links", "currency", "started_at", "stages"),
)
"""In the order of ``hub.model.Item``, without what is read apart (``Beside``). ``parent_no`` and ``by`` come from ``edge``."""
OF_EDGE = ("parent_no", "by")

UNIT_COLUMNS = "item_no, cycle, target, part_num, part_den, counts, state, level, estimate, below, why"
SHARE_COLUMNS = "item_no, cycle, target_kind, target, part_num, part_den, rule, named"
ATTACHMENT_COLUMNS = "item_no, cycle, outcome, strength, via_no, distance, broken, state, team"
NODE_COLUMNS = "kind, cycle, id, progress, done, total, key_results, measured, details"

_new = tuple.__new__
_CACHED = 200
"""Characters of JSON up to which a decoded value is kept: the same few projects, labels and teams come again and again."""


def words(text: str | None) -> tuple[str, ...]:
    """A JSON array of texts."""
    if text is None:
        return ()
    return _known_words(text) if len(text) <= _CACHED else tuple(orjson.loads(text))


@lru_cache(maxsize=16_384)
def _known_words(text: str) -> tuple[str, ...]:
    return tuple(orjson.loads(text))


@lru_cache(maxsize=16_384)
def _known_fields(text: str) -> MappingABC[str, Any]:
    found: MappingABC[str, Any] = orjson.loads(text)
    return found


_NONE: MappingABC[str, Any] = {}
_NOTHING: tuple[str, ...] = ()


class Beside(NamedTuple):
    """What is known of an item beside its row; most items have nothing of it."""

    aliases: tuple[str, ...] = ()
    duplicate_of: int | None = None
    ambiguous: tuple[str, ...] = ()
    former_urls: tuple[str, ...] = ()


_PLAIN = Beside()


def item(row: Sequence[Any], beside: Beside = _PLAIN) -> Item:
    """A row of ``ITEM_COLUMNS``, with what stands beside it. Equal ``fields`` of two items may be one object."""
    containers, labels, components, sprints = row[16:20]
    fields, due, amount, by, links, currency, started_at, stages = row[27:35]
    aliases, duplicate_of, ambiguous, former_urls = beside
    return _new(
        Item,
        (
            *row[:16],
            _NOTHING if containers is None else words(containers),
            _NOTHING if labels is None else words(labels),
            _NOTHING if components is None else words(components),
            _NOTHING if sprints is None else words(sprints),
            *row[20:27],
            _NONE if fields is None else _known_fields(fields) if len(fields) <= _CACHED else orjson.loads(fields),
            aliases,
            due,
            amount,
            by or "",
            duplicate_of,
            ambiguous,
            _NOTHING if links is None or "://" not in links else addresses(links),
            former_urls,
            currency,
            started_at,
            _NONE if stages is None else entered(stages),
        ),
    )


def entered(stages: str) -> dict[str, int]:
    """The stages of an item, a JSON object of their names and instants, by folded name; of two that fold to one the earlier."""
    found: dict[str, int] = {}
    for name, at in orjson.loads(stages).items():
        folded = fold(name)
        found[folded] = min(at, found.get(folded, at))
    return found


def addresses(links: str) -> tuple[str, ...]:
    """The addresses in an item's links, a JSON array of (type, id, key or address of the other end)."""
    return tuple(dict.fromkeys(end for _, end in orjson.loads(links) if is_address(end)))


def unit(row: Sequence[Any]) -> Unit:
    """A row of ``UNIT_COLUMNS``."""
    no, cycle, target, num, den, counts, state, level, estimate, below, why = row
    return _new(
        Unit,
        (no, cycle, target, _part(num, den), counts == 1, state, level, _decimal(estimate), _decimal(below), why or ""),
    )


@lru_cache(maxsize=4096)  # nearly all parts are 1, and making a Fraction costs as much as the rest of a unit
def _part(num: int, den: int) -> Fraction:
    return Fraction(num, den)


def share(row: Sequence[Any]) -> Share:
    """A row of ``SHARE_COLUMNS``."""
    _no, _cycle, kind, target, num, den, rule, named = row
    return Share(kind, target, _part(num, den), rule, named)


def attachment(row: Sequence[Any], shares: tuple[Share, ...]) -> Attachment:
    """A row of ``ATTACHMENT_COLUMNS`` with its links."""
    no, cycle, outcome, strength, via, distance, broken, state, team = row
    anchors = tuple(tuple(each) for each in orjson.loads(broken)) if broken is not None else ()
    return Attachment(no, cycle, outcome, shares, strength, via, distance, anchors, state, team)


def node(row: Sequence[Any]) -> NodeResult:
    """A row of ``NODE_COLUMNS``. ``details`` come back as JSON has them: Fractions as "7/16", keys as text."""
    kind, cycle, id_, progress, done, total, key_results, measured, details = row
    return NodeResult(
        kind, cycle, id_, None if progress is None else Fraction(progress), Fraction(done), Fraction(total),
        key_results, measured, orjson.loads(details) if details is not None else {},
    )  # fmt: skip


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else _number(text)


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal:
    return Decimal(text)


VALUE_COLUMNS = "source, partition_id, series, on_day, value, unit, row_key, fields, typed_by, note, place, run_id"
"""In the order of ``hub.model.Value``."""


def value(row: Sequence[Any]) -> Value:
    """A row of ``VALUE_COLUMNS``. Equal ``fields`` of two values may be one object."""
    fields = row[7]
    known = _NONE if fields is None else _known_fields(fields) if len(fields) <= _CACHED else orjson.loads(fields)
    return _new(Value, (*row[:3], _day(row[3]), *row[4:7], known, *row[8:]))


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    return date.fromisoformat(text)


# ---- what items add to measures -----------------------------------------------------------------------------------------

CONTRIBUTION_COLUMNS = "measure, item_no, on_day, x_whole, x_part, w_whole, w_part, exact, currency, text"
PLACES = 9
BILLION = 10**PLACES
LARGEST = 12
"""Numbers below 10 to the power of this, with no more than ``PLACES`` places, are stored as two integers: nine million of the
largest add up to what a 64-bit integer holds. Beyond are no amounts that anybody has."""
_WIDE = Context(prec=60)


def split(number: Decimal) -> tuple[int, int] | None:
    """Whole part and billionths; None where they do not hold the number. Raises ``ValueError`` for what is no number."""
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{number} adds to nothing")
    if exponent < -PLACES or len(digits) + exponent > LARGEST:
        return (0, 0) if not number else None
    whole, part = divmod(int(_WIDE.scaleb(number, PLACES)), BILLION)
    return whole, part


def joined(whole: int, part: int) -> Decimal:
    """The number of which ``split`` made two."""
    return Decimal(whole) if part == 0 else _WIDE.normalize(_WIDE.scaleb(Decimal(whole * BILLION + part), -PLACES))


def exact_pair(exact: str) -> tuple[Decimal, Decimal]:
    """x and w of a contribution that does not fit into integers."""
    x, w = exact.split(" ")
    return Decimal(x), Decimal(w)


def contribution(row: Sequence[Any]) -> Contribution:
    """A row of ``CONTRIBUTION_COLUMNS``."""
    measure, no, day, x_whole, x_part, w_whole, w_part, exact, currency, text = row
    x, w = (joined(x_whole, x_part), joined(w_whole, w_part)) if exact is None else exact_pair(exact)
    return Contribution(measure, no, day or None, x, w, currency, text)


# ---- dimensions ---------------------------------------------------------------------------------------------------------


def dimensions(rows: Sequence[Sequence[Any]]) -> Dimensions:
    """Rows of (source, kind, id, name, category, attributes).

    A container's ``key``, and of a section the project that it is ``within``, are in its attributes. A sprint's board is
    ``board``, ``originBoardId`` or ``boardId``, its start ``starts_at`` or ``startDate``, in milliseconds or as ISO 8601 with an
    offset; what cannot be read is None.
    """
    statuses: dict[tuple[str, str], Status] = {}
    containers: dict[tuple[str, str], Container] = {}
    sprints: dict[tuple[str, str], Sprint] = {}
    types: dict[tuple[str, str], str] = {}
    for source, kind, id_, name, category, attributes in rows:
        at = (source, id_)
        more = orjson.loads(attributes) if attributes is not None else {}
        if kind == "status":
            statuses[at] = Status(name, category)
        elif kind == "container":
            containers[at] = Container(more.get("key"), name, more.get("within"))
        elif kind == "sprint":
            sprints[at] = Sprint(name, category, _board(more), _instant(more.get("starts_at", more.get("startDate"))))
        elif kind == "type":
            types[at] = name
    return Dimensions(statuses, containers, sprints, types)


def _board(attributes: dict[str, Any]) -> str | None:
    for name in ("board", "originBoardId", "boardId"):
        if attributes.get(name) is not None:
            return str(attributes[name])
    return None


def _instant(value: Any) -> int | None:
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return None
        return millis(at) if at.tzinfo is not None else None
    return None
