"""The schema, as SQLModel tables. Rows are written and read as tuples (see ``dialect``), never as objects of these classes.

Conventions: ``*_at`` are milliseconds since 1970-01-01T00:00:00Z; ``*_seq`` are values of ``clock.seq``; decimals, dates and
vendors' literals are TEXT; JSON is canonical text, NULL where it would be empty; flags are 0 or 1. A row is valid as of a
seq s when ``from_seq <= s < to_seq``; where there is no ``to_seq``, or it is NULL, the row is the present one.
"""

from __future__ import annotations

from typing import Any

import sqlmodel
from sqlalchemy import BigInteger, Index, Integer, LargeBinary, MetaData, Text
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

BigKey = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit primary key; on SQLite the name INTEGER makes it the row's own address."""


class Table(SQLModel):
    """Base of all tables: a metadata of its own, so that nobody else's models end up in this database."""

    metadata = MetaData(naming_convention=NAMING)


def words(**more: Any) -> Any:
    return Field(sa_type=Text, **more)


def number(**more: Any) -> Any:
    return Field(sa_type=BigInteger, **more)


def small(**more: Any) -> Any:
    return Field(sa_type=Integer, **more)


def blob(**more: Any) -> Any:
    return Field(sa_type=LargeBinary, **more)


def serial(**more: Any) -> Any:
    return Field(sa_type=BigKey, primary_key=True, sa_column_kwargs={"autoincrement": False}, **more)


CLUSTERED = {"sqlite_with_rowid": False}
"""On SQLite the table is stored in the order of its primary key."""


# ---- time, owners, sources ----------------------------------------------------------------------------------------------


class Clock(Table, table=True):
    """One row. ``seq`` is raised by every write transaction; ``settled_seq`` is the seq up to which the parents of dirty
    items are resolved; ``calculated_with`` stands for the mapping, engine and facts that attachments are calculated with."""

    __tablename__ = "clock"
    id: int = serial()
    seq: int = number()
    settled_seq: int = number()
    calculated_with: str | None = words(nullable=True)


class Owner(Table, table=True):
    __tablename__ = "owner"
    name: str = words(primary_key=True)
    epoch: int = number()
    pid: int = number()
    host: str = words()
    since: int = number()


class Source(Table, table=True):
    __tablename__ = "source"
    name: str = words(primary_key=True)
    kind: str = words()
    origin: str = words()
    account_id: str | None = words(nullable=True)
    account_name: str | None = words(nullable=True)
    timezone: str | None = words(nullable=True)
    from_seq: int = number()


class Partition(Table, table=True):
    """``listed`` is 0 once the vendor or the config no longer names it. The ``pass_*`` columns and ``resume`` describe the
    pass under way (``pass_open`` = 1) or the latest one; ``cursor`` is vendor time at the start of the last complete pass."""

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
    """Resolved parents; without circles."""

    __tablename__ = "edge"
    __table_args__ = (Index(None, "parent_no"),)
    child_no: int = serial()
    parent_no: int = number()
    from_seq: int = number()


class EdgeVersion(Table, table=True):
    """Superseded edges."""

    __tablename__ = "edge_version"
    __table_args__ = (CLUSTERED,)
    child_no: int = number(primary_key=True)
    from_seq: int = number(primary_key=True)
    to_seq: int = number()
    parent_no: int = number()


class Cut(Table, table=True):
    """The parent that an item names and does not get, because it would close a circle."""

    __tablename__ = "cut"
    child_no: int = serial()
    parent_no: int = number()
    from_seq: int = number()


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
    __table_args__ = (
        Index("ix_dimension_present", "source", "kind", "id", unique=True,
              sqlite_where=sqlmodel.text("to_seq IS NULL"), postgresql_where=sqlmodel.text("to_seq IS NULL")),
    )  # fmt: skip
    source: str = words(primary_key=True)
    kind: str = words(primary_key=True)
    id: str = words(primary_key=True)
    from_seq: int = number(primary_key=True)
    to_seq: int | None = number(nullable=True)
    name: str = words()
    category: str | None = words(nullable=True)
    attributes: str | None = words(nullable=True)
    hash: bytes = blob()


class MetricValue(Table, table=True):
    __tablename__ = "metric_value"
    source: str = words(primary_key=True)
    partition_id: str = words(primary_key=True)
    series: str = words(primary_key=True)
    on_day: str = words(primary_key=True)
    from_seq: int = number(primary_key=True)
    to_seq: int | None = number(nullable=True)
    value: str = words()
    unit: str | None = words(nullable=True)
    run_id: int = number()


# ---- calculation --------------------------------------------------------------------------------------------------------


class Mapping(Table, table=True):
    """``files`` is the JSON of the mapping files' texts by name."""

    __tablename__ = "mapping"
    hash: str = words(primary_key=True)
    files: str = words()
    timezone: str = words()
    git_commit: str | None = words(nullable=True)
    first_seq: int = number()


class Evaluation(Table, table=True):
    """``facts`` is what the calculation knew of the sources, ``freshness`` the end of each source's last complete run."""

    __tablename__ = "evaluation"
    seq: int = serial()
    as_of: int = number()
    mapping_hash: str = words()
    engine: str = words()
    run_id: int | None = number(nullable=True)
    facts: str | None = words(nullable=True)
    freshness: str | None = words(nullable=True)
    counts: str | None = words(nullable=True)


class Snapshot(Table, table=True):
    """A node's result from evaluation ``seq`` until ``to_seq``; ``progress``, ``done``, ``total`` are exact ("7/16")."""

    __tablename__ = "snapshot"
    __table_args__ = (
        Index("ix_snapshot_present", "cycle", "kind", "id", unique=True,
              sqlite_where=sqlmodel.text("to_seq IS NULL"), postgresql_where=sqlmodel.text("to_seq IS NULL")),
    )  # fmt: skip
    cycle: str = words(primary_key=True)
    kind: str = words(primary_key=True)
    id: str = words(primary_key=True)
    seq: int = number(primary_key=True)
    to_seq: int | None = number(nullable=True)
    progress: str | None = words(nullable=True)
    done: str = words()
    total: str = words()
    key_results: int = small()
    measured: int = small()
    details: str | None = words(nullable=True)


class Attachment(Table, table=True):
    __tablename__ = "attachment"
    __table_args__ = (Index(None, "cycle", "outcome"), CLUSTERED)
    item_no: int = number(primary_key=True)
    cycle: str = words(primary_key=True)
    outcome: str = words()
    strength: int = small()
    via_no: int | None = number(nullable=True)
    distance: int = small()
    broken: str | None = words(nullable=True)
    state: str = words()
    team: str | None = words(nullable=True)


class Link(Table, table=True):
    """A share of an item's credit, and what the item is as a unit of that target (``state`` is NULL where it is none)."""

    __tablename__ = "link"
    __table_args__ = (Index(None, "item_no"), CLUSTERED)
    cycle: str = words(primary_key=True)
    target_kind: str = words(primary_key=True)
    target: str = words(primary_key=True)
    item_no: int = number(primary_key=True)
    part_num: int = number()
    part_den: int = number()
    rule: int | None = small(nullable=True)
    named: str | None = words(nullable=True)
    strength: int = small()
    counts: int | None = small(nullable=True)
    state: str | None = words(nullable=True)
    level: int | None = small(nullable=True)
    estimate: str | None = words(nullable=True)
    below: str | None = words(nullable=True)
    why: str | None = words(nullable=True)


class Finding(Table, table=True):
    """``no`` only orders them; ``item_no`` is NULL for a finding about a rule or source."""

    __tablename__ = "finding"
    __table_args__ = (Index(None, "item_no"),)
    no: int = serial()
    item_no: int | None = number(nullable=True)
    kind: str = words()
    text: str = words()


# ---- what waits for somebody --------------------------------------------------------------------------------------------


class Hold(Table, table=True):
    """Conclusions kept back for approval, with their ids."""

    __tablename__ = "hold"
    id: int = serial()
    source: str = words(foreign_key="source.name")
    partition_id: str | None = words(nullable=True)
    kind: str = words()
    ids: str = words()
    text: str = words()
    run_id: int = number()
    created_at: int = number()
    from_seq: int = number()
    decided_at: int | None = number(nullable=True)
    decision: str | None = words(nullable=True)
    decided_by: str | None = words(nullable=True)


class Quarantine(Table, table=True):
    """A record that could not be understood. ``hash`` stands for its id, or for its raw text where it has none."""

    __tablename__ = "quarantine"
    __table_args__ = (Index(None, "source", "id"),)
    source: str = words(primary_key=True)
    hash: bytes = blob(primary_key=True)
    id: str | None = words(nullable=True)
    partition_id: str = words()
    raw: str = words()
    reason: str = words()
    first_seq: int = number()
    last_seq: int = number()
    tries: int = number()


class Notice(Table, table=True):
    """Something that a person should know of a source and that concludes nothing, such as an unaccounted id (``ref``)."""

    __tablename__ = "notice"
    source: str = words(primary_key=True)
    kind: str = words(primary_key=True)
    ref: str = words(primary_key=True)
    partition_id: str | None = words(nullable=True)
    text: str = words()
    first_seq: int = number()
    last_seq: int = number()
    times: int = number()


class Outbox(Table, table=True):
    """Messages, stored in the transaction that caused them; ``key`` makes each one unique."""

    __tablename__ = "outbox"
    __table_args__ = (Index("uq_outbox_key", "key", unique=True),)
    id: int = serial()
    key: str = words()
    kind: str = words()
    payload: str = words()
    from_seq: int = number()
    sent_at: int | None = number(nullable=True)
    tries: int = number()
    error: str | None = words(nullable=True)


class Inbox(Table, table=True):
    """Requests that any process may write: a note, an approval, "sync now"."""

    __tablename__ = "inbox"
    id: int = serial()
    kind: str = words()
    payload: str = words()
    author: str | None = words(nullable=True)
    created_at: int = number()
    from_seq: int = number()
    done_at: int | None = number(nullable=True)
    result: str | None = words(nullable=True)


METADATA = Table.metadata
