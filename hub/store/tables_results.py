"""The schema: what evaluations calculate, and what waits for somebody."""

from __future__ import annotations

from sqlalchemy import Index, text

from hub.store.tables_base import CLUSTERED, PRESENT_ONLY, Table, blob, number, serial, small, words

INEXACT = text("exact IS NOT NULL")

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
    __table_args__ = (Index("ix_snapshot_present", "cycle", "kind", "id", **PRESENT_ONLY),)
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


class Contribution(Table, table=True):
    """What an item adds to a measure on a day (``date.toordinal``, 0 where it has none); ``nth`` tells several of an item apart.

    Numbers are whole parts and billionths (``-0.5`` is -1 and 500,000,000), so that both databases add them exactly; where one
    does not fit, ``exact`` is "x w" and they are 0."""

    __tablename__ = "contribution"
    __table_args__ = (
        Index(None, "item_no"),
        Index("ix_contribution_exact", "measure", sqlite_where=INEXACT, postgresql_where=INEXACT),
        CLUSTERED,
    )
    measure: int = small(primary_key=True)
    on_day: int = small(primary_key=True)
    item_no: int = number(primary_key=True)
    nth: int = small(primary_key=True)
    x_whole: int = number()
    x_part: int = number()
    w_whole: int = number()
    w_part: int = number()
    exact: str | None = words(nullable=True)
    currency: str | None = words(nullable=True)
    text: str | None = words(nullable=True)


class Baseline(Table, table=True):
    """The measured start of a key result; ``measured`` stands for what was measured, ``value`` is exact ("7/16")."""

    __tablename__ = "baseline"
    __table_args__ = (CLUSTERED,)
    cycle: str = words(primary_key=True)
    key_result: str = words(primary_key=True)
    measured: str = words(primary_key=True)
    value: str = words()
    seq: int = number()


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
