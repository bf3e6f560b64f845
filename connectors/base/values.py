"""What connectors give: items, values, lists, and the pages that bring them. All are frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

ARCHIVED = "archived"
"""The ``resolution_id`` of an item that its vendor keeps, but put out of sight, without saying how it ended: done work keeps its
credit, open work counts as dropped, as in an archived partition."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One epic, issue, task, card, deal or row, in the vendor's words.

    Identity is (source, ``id``): ``id`` is the vendor's immutable identifier, never a key that may change. Instants are
    aware datetimes; a value that the vendor leaves empty is ``None``. Numbers keep the vendor's literal as text
    (``"2.0"``, ``"-1"``): the core decides whether it is a number and whether it is valid.
    """

    id: str
    title: str
    key: str | None = None
    url: str | None = None
    type_id: str | None = None
    type: str | None = None
    level: int = 0
    """Height in the vendor's hierarchy: -1 sub-task, 0 story or task, 1 epic, 2 and above what contains epics."""
    status_id: str | None = None
    status: str | None = None
    category: str | None = None
    """The vendor's status category as *copied into the item* (``new``, ``indeterminate``, ``done``); the status list wins."""
    resolution_id: str | None = None
    resolution: str | None = None
    parent_ref: str | None = None
    """The parent as the vendor names it: its id where known, else its key or URL."""
    containers: tuple[str, ...] = ()
    """Ids of the projects, boards or sections that hold the item, the partition's among them; names and keys are dimensions."""
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    sprints: tuple[str, ...] = ()
    """Ids of all sprints the item was ever in; their names and states are dimensions."""
    links: tuple[tuple[str, str], ...] = ()
    """(the vendor's link type with direction, id or key of the other item)"""
    assignee: str | None = None
    """The vendor's account id; never a name or a mail address."""
    estimate: str | None = None
    estimate_unit: str | None = None
    amount: str | None = None
    currency: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    """The vendor's modification stamp. An item with an older stamp never overwrites one with a newer stamp."""
    done_at: datetime | None = None
    """When the vendor says that it was finished (resolution date, close date, move to a done category)."""
    due_on: date | None = None
    started_at: datetime | None = None
    """When work on it began, where the vendor or a column tells."""
    stages: Mapping[str, datetime] = field(default_factory=dict)
    """Names of the stages or statuses that it entered, and when it first did; empty where the vendor does not tell."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Fields named in the source's settings, by that name. A field that was not read is absent, an empty one is None."""


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A number about the world: the value of ``series`` on the day ``on``, as the source's literal.

    Identity is (source, partition, ``series``, ``on``, ``key``). ``value`` is a plain decimal number (``-12.5``, no grouping):
    what the source writes otherwise is read by its declared format, or refused by the connector.
    """

    series: str
    on: date
    value: str
    unit: str | None = None
    """A currency or unit, as the source says it."""
    key: str = ""
    """Tells values of one series and day apart (a region, a plant); the same from read to read, never a row number."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Further columns by the names that the settings give them: what metrics filter on. Empty cells are None."""
    by: str | None = None
    """Who typed it, as the source says; None where no person did."""
    note: str | None = None
    at: str = ""
    """Where the source has it, for people: ``KPIs!C12``, ``row 12``. May change without the value changing."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One row of a vendor's list that gives items meaning: a status, field, item type, sprint, project.

    ``kind`` is ``status``, ``field``, ``type``, ``sprint`` or ``container``; ``category`` is the vendor's own grouping
    (a status category, a sprint state). ``attributes`` hold what else rules or explanations need, JSON-able.
    """

    kind: str
    id: str
    name: str
    category: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """Who the credential belongs to, and what it lacks. Compared with the previous run: another account is an error."""

    id: str
    name: str | None = None
    timezone: str | None = None
    missing: tuple[str, ...] = ()
    """Scopes or rights that are missing, each as a sentence an admin can act on: the read goes on without them."""
    unresolved: tuple[str, ...] = ()
    """Settings that name what the vendor does not have, likewise: nothing is read until they are mended, because what rules
    read from them would silently be empty."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Partition:
    """The unit in which a source is read: a project, board, object or sheet."""

    id: str
    title: str
    key: str | None = None
    state: Literal["live", "archived", "trashed", "unseen"] = "live"
    """``unseen``: configured, but the vendor lists it nowhere. Only live partitions are read."""
    yields: Literal["items", "values"] = "items"
    reads: Literal["delta", "whole"] = "delta"
    """``delta``: ``changes(since=...)`` is honoured and ``census`` exists; ``whole``: every complete pass is its own census."""
    fingerprint: str = ""
    """Hash of settings, field mapping, field definitions and the connector's shape version: another one means a full pass."""
    size: int | None = None
    """How many items the vendor says it holds: decides what is read first, and proves nothing."""
    version: str = ""
    """Set by the hub, in what it gives to ``changes``: the ``Page.version`` of what it holds. Empty where everything is to be
    read whatever the vendor says."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One id in a census, with the vendor's stamp and containers where the listing gives them for free."""

    id: str
    stamp: datetime | None = None
    containers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """The vendor's own word that an item is no longer there."""

    id: str
    how: Literal["trashed", "deleted", "archived", "merged"]
    at: datetime | None = None
    into: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be understood: kept raw in quarantine, counted as read, never half-filled into an item."""

    id: str | None
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one step of a pass brought. It is committed in one transaction together with ``resume``.

    ``resume`` is opaque: given back to ``changes`` it continues *after* this page. Exactly the last page has ``end``:
    ``complete``, or ``unchanged`` when the vendor proves that nothing differs from the last pass (concludes nothing).
    """

    items: tuple[WorkItem, ...] = ()
    values: tuple[MetricValue, ...] = ()
    gone: tuple[Gone, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    unaccounted: tuple[str, ...] = ()
    """Ids that the vendor listed, then neither returned nor refused. Noted; nothing is concluded from them."""
    resume: str | None = None
    end: Literal["complete", "unchanged"] | None = None
    version: str | None = None
    """With ``complete``, of what is read whole: a text that is another one for other content (an ETag, a hash)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Answer to ``get``: each asked id is in exactly one of the four, or in none when the vendor did not say.

    ``gone`` is the vendor's own word. ``denied`` is not to be had: deleted or out of sight, the vendor does not say which; the
    core judges by whether the item's partition is visible.
    """

    items: tuple[WorkItem, ...] = ()
    gone: tuple[Gone, ...] = ()
    denied: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    """There, but not to be understood: to quarantine."""
