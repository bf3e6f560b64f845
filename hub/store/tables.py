"""The schema: clock, owners, sources and items. ``tables_results`` has what is calculated and what waits for somebody.

The conventions are in ``tables_base``; ``METADATA`` is the whole schema.
"""

from __future__ import annotations

from sqlalchemy import Index, text

from hub.store import tables_results  # noqa: F401 - its tables belong to METADATA
from hub.store.tables_base import CLUSTERED, PRESENT_ONLY, Table, blob, number, serial, small, words

MOVED = text("presence <> 'present' OR presence_at IS NOT NULL")
"""Items that have left, are archived, or are back from there."""
WAITING = text("by = 'kept'")

# ---- time, owners, sources ----------------------------------------------------------------------------------------------


class Clock(Table, table=True):
    """One row. ``seq`` is raised by every write transaction; ``settled_seq`` is the seq up to which the parents of dirty
    items are resolved; ``calculated_with`` stands for the mapping, engine and facts that attachments are calculated with;
    ``erased`` is 1 while the file may hold traces of titles that were erased because they became private."""

    __tablename__ = "clock"
    id: int = serial()
    seq: int = number()
    settled_seq: int = number()
    calculated_with: str | None = words(nullable=True)
    erased: int = small(sa_column_kwargs={"server_default": "0"})


class Owner(Table, table=True):
    __tablename__ = "owner"
    name: str = words(primary_key=True)
    epoch: int = number()
    pid: int = number()
    host: str = words()
    since: int = number()


class Source(Table, table=True):
    """``private`` stands for the private rules that all of its stored titles obey; "" is none."""

    __tablename__ = "source"
    name: str = words(primary_key=True)
    kind: str = words()
    origin: str = words()
    account_id: str | None = words(nullable=True)
    account_name: str | None = words(nullable=True)
    timezone: str | None = words(nullable=True)
    from_seq: int = number()
    private: str = words(sa_column_kwargs={"server_default": ""})


class Partition(Table, table=True):
    """``listed`` is 0 once the vendor or the config no longer names it. The ``pass_*`` columns and ``resume`` describe the
    pass under way (``pass_open`` = 1) or the latest one: ``pass_kind`` is full, delta or recent (what changed in the cycle,
    before the first full one), ``pass_since`` where it reads from; ``cursor`` is vendor time at the start of the last complete
    pass. ``complete_pass_id`` is the pass whose ``seen`` rows list the partition, ``listed_run_id`` the run that listed it;
    ``version`` the version of the content that is stored, NULL where it is of none or of several."""

    __tablename__ = "partition"
    source: str = words(primary_key=True, foreign_key="source.name")
    id: str = words(primary_key=True)
    key: str | None = words(nullable=True)
    title: str = words()
    state: str = words()
    yields: str = words()
    reads: str = words()
    fingerprint: str = words()
    listed: int = small()
    pass_id: int = number()
    pass_open: int = small()
    pass_fingerprint: str | None = words(nullable=True)
    pass_run_id: int | None = number(nullable=True)
    pass_vendor_at: int | None = number(nullable=True)
    pass_started_at: int | None = number(nullable=True)
    pages: int = number()
    resume: str | None = words(nullable=True)
    resume_at: int | None = number(nullable=True)
    cursor: int | None = number(nullable=True)
    complete_pass_id: int | None = number(nullable=True)
    complete_fingerprint: str | None = words(nullable=True)
    last_complete_at: int | None = number(nullable=True)
    from_seq: int = number()
    pass_kind: str = words(sa_column_kwargs={"server_default": "full"})
    pass_read: int = number(sa_column_kwargs={"server_default": "0"})
    pass_new: int = number(sa_column_kwargs={"server_default": "0"})
    pass_changed: int = number(sa_column_kwargs={"server_default": "0"})
    pass_poison: int = number(sa_column_kwargs={"server_default": "0"})
    pass_emptied: str | None = words(nullable=True)
    pass_since: int | None = number(nullable=True)
    last_full_at: int | None = number(nullable=True)
    listed_run_id: int | None = number(nullable=True)
    version: str | None = words(nullable=True)


class Run(Table, table=True):
    """``result`` is NULL while it runs, then complete, partial, held or failed."""

    __tablename__ = "run"
    __table_args__ = (Index(None, "source", "started_at"),)
    id: int = serial()
    source: str = words(foreign_key="source.name")
    reason: str = words()
    mode: str = words()
    started_at: int = number()
    finished_at: int | None = number(nullable=True)
    result: str | None = words(nullable=True)
    mapping_hash: str | None = words(nullable=True)
    counts: str | None = words(nullable=True)
    error: str | None = words(nullable=True)
    hint: str | None = words(nullable=True)
    pid: int = number()
    host: str = words()
    epoch: int = number()
    from_seq: int = number()
    to_seq: int | None = number(nullable=True)


# ---- items --------------------------------------------------------------------------------------------------------------


class ItemColumns(Table):
    """What ``item`` and ``item_version`` share: the vendor's words, then what the core assigned."""

    source: str = words()
    id: str = words()
    key: str | None = words(nullable=True)
    title: str = words()
    url: str | None = words(nullable=True)
    type_id: str | None = words(nullable=True)
    type: str | None = words(nullable=True)
    level: int = small()
    status_id: str | None = words(nullable=True)
    status: str | None = words(nullable=True)
    category: str | None = words(nullable=True)
    resolution_id: str | None = words(nullable=True)
    resolution: str | None = words(nullable=True)
    parent_ref: str | None = words(nullable=True)
    containers: str | None = words(nullable=True)
    labels: str | None = words(nullable=True)
    components: str | None = words(nullable=True)
    sprints: str | None = words(nullable=True)
    links: str | None = words(nullable=True)
    assignee: str | None = words(nullable=True)
    estimate: str | None = words(nullable=True)
    estimate_unit: str | None = words(nullable=True)
    amount: str | None = words(nullable=True)
    currency: str | None = words(nullable=True)
    created_at: int | None = number(nullable=True)
    updated_at: int | None = number(nullable=True)
    done_at: int | None = number(nullable=True)
    due_on: str | None = words(nullable=True)
    fields: str | None = words(nullable=True)
    started_at: int | None = number(nullable=True)
    stages: str | None = words(nullable=True)
    presence: str = words()
    presence_at: int | None = number(nullable=True)
    evidence: str | None = words(nullable=True)
    first_seen_at: int = number()
    status_seen_at: int | None = number(nullable=True)
    content_hash: bytes = blob()
    shape: str | None = words(nullable=True)
    partition_id: str = words()
    run_id: int = number()


class Item(ItemColumns, table=True):
    """The present row of each item. ``no`` is the writer's number for (source, id) and never changes."""

    __tablename__ = "item"
    __table_args__ = (
        Index("uq_item_source_id", "source", "id", unique=True),
        Index(None, "source", "key"),
        Index(None, "source", "parent_ref"),
        Index("ix_item_moved", "no", sqlite_where=MOVED, postgresql_where=MOVED),
    )
    no: int = serial()
    from_seq: int = number()


class ItemVersion(ItemColumns, table=True):
    """Superseded rows only."""

    __tablename__ = "item_version"
    __table_args__ = (Index(None, "source", "id"),)
    no: int = serial()
    from_seq: int = number(primary_key=True)
    to_seq: int = number()


class Alias(Table, table=True):
    """A former key or URL, or the id of an item that was merged into this one; ``value`` is folded."""

    __tablename__ = "alias"
    __table_args__ = (Index(None, "item_no"), CLUSTERED)
    source: str = words(primary_key=True)
    value: str = words(primary_key=True)
    kind: str = words(primary_key=True)
    item_no: int = number(primary_key=True)
    from_seq: int = number()


class Edge(Table, table=True):
    """Resolved parents; without circles. ``by`` is "" where the vendor names the parent, ``pattern`` where a pattern found it,
    ``kept`` where it was the parent before and its source must be read to the end before anything else is said."""

    __tablename__ = "edge"
    __table_args__ = (
        Index(None, "parent_no"),
        Index("ix_edge_kept", "child_no", sqlite_where=WAITING, postgresql_where=WAITING),
    )
    child_no: int = serial()
    parent_no: int = number()
    from_seq: int = number()
    by: str = words(sa_column_kwargs={"server_default": ""})


class EdgeVersion(Table, table=True):
    """Superseded edges."""

    __tablename__ = "edge_version"
    __table_args__ = (CLUSTERED,)
    child_no: int = number(primary_key=True)
    from_seq: int = number(primary_key=True)
    to_seq: int = number()
    parent_no: int = number()
    by: str = words(sa_column_kwargs={"server_default": ""})


class Cut(Table, table=True):
    """The parent that an item names and does not get, because it would close a circle; ``by`` as of an edge."""

    __tablename__ = "cut"
    child_no: int = serial()
    parent_no: int = number()
    from_seq: int = number()
    by: str = words(sa_column_kwargs={"server_default": ""})


# ---- work that spans tools; empty while the mapping has no patterns -----------------------------------------------------


class Reference(Table, table=True):
    """A text in an item that one of the mapping's patterns found (``pattern`` is its index) and that may name another item:
    as its ``relation``, by the names of a ``kind`` (key, url, any)."""

    __tablename__ = "reference"
    __table_args__ = (Index(None, "folded"), CLUSTERED)
    item_no: int = number(primary_key=True)
    pattern: int = small(primary_key=True)
    folded: str = words(primary_key=True)
    relation: str = words()
    kind: str = words()
    value: str = words()


class Bearer(Table, table=True):
    """What an item that has not left can be called by a reference: its names, present and former, folded."""

    __tablename__ = "bearer"
    __table_args__ = (Index(None, "item_no"), CLUSTERED)
    value: str = words(primary_key=True)
    sort: str = words(primary_key=True)
    item_no: int = number(primary_key=True)


class Twin(Table, table=True):
    """The item that patterns say another one is a duplicate of: one step of a chain, which may be a circle."""

    __tablename__ = "twin"
    __table_args__ = (Index(None, "of_no"), CLUSTERED)
    item_no: int = number(primary_key=True)
    from_seq: int = number(primary_key=True)
    to_seq: int | None = number(nullable=True)
    of_no: int = number()


class Ambiguity(Table, table=True):
    """The texts (a JSON array) by which patterns found several parents of an item, so that none counts."""

    __tablename__ = "ambiguity"
    __table_args__ = (CLUSTERED,)
    item_no: int = number(primary_key=True)
    from_seq: int = number(primary_key=True)
    to_seq: int | None = number(nullable=True)
    texts: str = words()


# ---- what waits to be judged --------------------------------------------------------------------------------------------


class Seen(Table, table=True):
    """The ids that one page of a pass listed, quarantined and unaccounted ones included."""

    __tablename__ = "seen"
    source: str = words(primary_key=True)
    partition_id: str = words(primary_key=True)
    pass_id: int = number(primary_key=True)
    page: int = number(primary_key=True)
    ids: str | None = words(nullable=True)


class Suspect(Table, table=True):
    """The vendor's word that an item is gone, waiting to be judged."""

    __tablename__ = "suspect"
    source: str = words(primary_key=True)
    id: str = words(primary_key=True)
    partition_id: str = words()
    how: str = words()
    at: int | None = number(nullable=True)
    into_id: str | None = words(nullable=True)
    run_id: int = number()
    from_seq: int = number()


class Dirty(Table, table=True):
    """Items whose attachments must be calculated again; ``from_seq`` is the seq of the newest reason."""

    __tablename__ = "dirty"
    item_no: int = serial()
    from_seq: int = number()


class Dimension(Table, table=True):
    __tablename__ = "dimension"
    __table_args__ = (Index("ix_dimension_present", "source", "kind", "id", **PRESENT_ONLY),)
    source: str = words(primary_key=True)
    kind: str = words(primary_key=True)
    id: str = words(primary_key=True)
    from_seq: int = number(primary_key=True)
    to_seq: int | None = number(nullable=True)
    name: str = words()
    category: str | None = words(nullable=True)
    attributes: str | None = words(nullable=True)
    hash: bytes = blob()


class ValueColumns(Table):
    """What ``metric_value`` and ``pending_value`` share: which value it is, and what the source says of it. ``place`` is where
    the source has it; it may change in a row that is in force."""

    source: str = words(primary_key=True)
    partition_id: str = words(primary_key=True)
    series: str = words(primary_key=True)
    on_day: str = words(primary_key=True)
    row_key: str = words(primary_key=True)
    value: str = words()
    unit: str | None = words(nullable=True)
    fields: str | None = words(nullable=True)
    typed_by: str | None = words(nullable=True)
    note: str | None = words(nullable=True)
    place: str = words()
    run_id: int = number()


class MetricValue(ValueColumns, table=True):
    __tablename__ = "metric_value"
    __table_args__ = (CLUSTERED,)
    from_seq: int = number(primary_key=True)
    to_seq: int | None = number(nullable=True)


class PendingValue(ValueColumns, table=True):
    """Values of a pass that are new or differ from those in force: until the pass ends, or until a person has looked."""

    __tablename__ = "pending_value"
    __table_args__ = (CLUSTERED,)
    pass_id: int = number(primary_key=True)


METADATA = Table.metadata
