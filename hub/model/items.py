"""What the store hands to the core: items, values, and the vendors' lists."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from hub.model.words import PRESENT


class Item(NamedTuple):
    """A stored work item as the core sees it. ``no`` is the store's number for (source, id)."""

    no: int
    source: str
    id: str
    key: str | None = None
    title: str = ""
    url: str | None = None
    type_id: str | None = None
    type: str | None = None
    level: int = 0
    status_id: str | None = None
    status: str | None = None
    category: str | None = None
    resolution_id: str | None = None
    resolution: str | None = None
    parent_ref: str | None = None
    parent: int | None = None
    """``no`` of the resolved parent; None while it is unknown or there is none."""
    containers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    sprints: tuple[str, ...] = ()
    assignee: str | None = None
    estimate: str | None = None
    created_at: int | None = None
    updated_at: int | None = None
    done_at: int | None = None
    status_seen_at: int | None = None
    """When the hub saw the present status appear; None when it already had it when first seen."""
    presence: str = PRESENT
    fields: MappingABC[str, Any] = {}
    aliases: tuple[str, ...] = ()
    """Former keys: a rule that names a key follows the item when it moves."""
    due: str | None = None
    """The day it is due, ``YYYY-MM-DD``."""
    amount: str | None = None
    parent_by: str = ""
    """How ``parent`` came about: "" the vendor's own, ``pattern`` by a declared pattern, ``kept`` a former parent that stands
    until its source has been read to the end."""
    duplicate_of: int | None = None
    """``no`` of the item that stands for this one; an item with one takes no credit."""
    ambiguous: tuple[str, ...] = ()
    """The texts by which declared patterns found several parents, so that none counts."""
    addresses: tuple[str, ...] = ()
    """http(s) addresses among its links: what a pattern reads as ``attachment``."""
    former_urls: tuple[str, ...] = ()
    """Folded addresses that it had before, as ``aliases`` are its former keys."""
    currency: str | None = None
    started_at: int | None = None
    """When work on it began, where the vendor tells."""
    stages: MappingABC[str, int] = {}
    """Stages that it entered, by their folded names, and when it first did; empty where the vendor does not tell."""


class Value(NamedTuple):
    """A stored metric value: the literal ``value`` of ``series`` on a day. ``key`` tells values of one series and day apart;
    ``at`` is where the source has it (``KPIs!C12``, ``row 12``); ``by`` who typed it, None where nobody did."""

    source: str
    partition: str
    series: str
    on: date
    value: str
    unit: str | None = None
    key: str = ""
    fields: MappingABC[str, Any] = {}
    by: str | None = None
    note: str | None = None
    at: str = ""
    run_id: int | None = None


class Status(NamedTuple):
    """A row of a vendor's status list."""

    name: str
    category: str | None


class Container(NamedTuple):
    """A project, board or section; ``within`` is the id of the project in which a section is."""

    key: str | None
    name: str
    within: str | None = None


class Sprint(NamedTuple):
    """A sprint; ``state`` is the vendor's: active, future or closed. ``starts_at`` in milliseconds."""

    name: str
    state: str | None
    board: str | None = None
    starts_at: int | None = None


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the core must know of a source: which fields its items can have, and what its effort is."""

    name: str
    kind: str
    item_fields: frozenset[str]
    """Names of conditions that this source's items can answer; named fields as ``field.NAME``, folded."""
    effort: Literal["count", "estimate"] = "count"
    work: bool = True
    """Whether its items are work that should serve something; else only metrics read them, and none is unanchored."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The vendors' lists, keyed by (source, id)."""

    statuses: MappingABC[tuple[str, str], Status] = field(default_factory=dict)
    containers: MappingABC[tuple[str, str], Container] = field(default_factory=dict)
    sprints: MappingABC[tuple[str, str], Sprint] = field(default_factory=dict)
    types: MappingABC[tuple[str, str], str] = field(default_factory=dict)
    sources: MappingABC[str, SourceFacts] = field(default_factory=dict)
