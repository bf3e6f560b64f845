"""From rows to the values of ``hub.model``. JSON is decoded only where a column is not NULL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson

from hub.model import Attachment, Container, Dimensions, Item, NodeResult, Share, Sprint, Status, Unit
from hub.reconcile import millis

ITEM_COLUMNS = (
    *("no", "source", "id", "key", "title", "url", "type_id", "type", "level", "status_id", "status", "category"),
    *("resolution_id", "resolution", "parent_ref", "parent_no", "containers", "labels", "components", "sprints", "assignee"),
    *("estimate", "created_at", "updated_at", "done_at", "status_seen_at", "presence", "fields"),
)
"""In the order of ``hub.model.Item``; ``parent_no`` comes from ``edge``, the aliases at the end are read apart."""

UNIT_COLUMNS = "item_no, cycle, target, part_num, part_den, counts, state, level, estimate, below, why"
SHARE_COLUMNS = "item_no, cycle, target_kind, target, part_num, part_den, rule, named"
ATTACHMENT_COLUMNS = "item_no, cycle, outcome, strength, via_no, distance, broken, state, team"
NODE_COLUMNS = "kind, cycle, id, progress, done, total, key_results, measured, details"

_make = Item._make


def words(text: str | None) -> tuple[str, ...]:
    """A JSON array of texts."""
    return tuple(orjson.loads(text)) if text is not None else ()


def item(row: Sequence[Any], aliases: tuple[str, ...] = ()) -> Item:
    """A row of ``ITEM_COLUMNS``, with the item's former keys."""
    head, tail, fields = row[:16], row[20:27], row[27]
    containers, labels, components, sprints = row[16:20]
    return _make(
        (*head, words(containers), words(labels), words(components), words(sprints), *tail,
         orjson.loads(fields) if fields is not None else {}, aliases)
    )  # fmt: skip


def unit(row: Sequence[Any]) -> Unit:
    """A row of ``UNIT_COLUMNS``."""
    no, cycle, target, num, den, counts, state, level, estimate, below, why = row
    return Unit(no, cycle, target, Fraction(num, den), bool(counts), state, level, _decimal(estimate), _decimal(below), why or "")


def share(row: Sequence[Any]) -> Share:
    """A row of ``SHARE_COLUMNS``."""
    _no, _cycle, kind, target, num, den, rule, named = row
    return Share(kind, target, Fraction(num, den), rule, named)


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
    return None if text is None else Decimal(text)


# ---- dimensions ---------------------------------------------------------------------------------------------------------


def dimensions(rows: Sequence[Sequence[Any]]) -> Dimensions:
    """Rows of (source, kind, id, name, category, attributes).

    A container's ``key`` is in its attributes. A sprint's board is ``board``, ``originBoardId`` or ``boardId``, its start
    ``starts_at`` or ``startDate``, in milliseconds or as ISO 8601 with an offset; what cannot be read is None.
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
            containers[at] = Container(more.get("key"), name)
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
