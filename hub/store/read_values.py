"""What the read side gives besides the values of ``hub.model``. Instants are milliseconds UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.model import Attachment, Item, NodeResult, Unit


class SourceRow(NamedTuple):
    """A source and how old its data is. ``complete_at`` is the end of its last complete run, None before the first;
    ``last_result`` is None while the latest run is under way, and when there was none."""

    name: str
    kind: str
    origin: str
    account_id: str | None
    account_name: str | None
    timezone: str | None
    complete_at: int | None
    last_run: int | None
    last_result: str | None
    last_at: int | None
    """End of the latest run, or its start while it is under way."""
    items: int


class PartitionRow(NamedTuple):
    """A partition and where its reading stands. ``listed`` is False once neither vendor nor config names it."""

    source: str
    id: str
    key: str | None
    title: str
    state: str
    listed: bool
    cursor: int | None
    last_complete_at: int | None
    unfinished: bool
    """A pass began and did not end."""


class RunStart(NamedTuple):
    """When a run began and how it ended; ``result`` is None while it runs, or when its process died. ``interrupted``: it was
    asked to end before it had."""

    id: int
    mode: str
    reason: str
    started_at: int
    finished_at: int | None
    result: str | None
    interrupted: bool = False


class StartsRow(NamedTuple):
    """What a source's runs say about when it was read. ``first`` began first of all; ``nightly`` is the latest beginning of a
    nightly or full run, ``full`` that of a full one, None for none. ``latest`` is the newest run, ``judged`` the newest nightly
    or full one; both by order of writing, whatever the clock said."""

    source: str
    first: int
    nightly: int | None
    full: int | None
    latest: RunStart
    judged: RunStart | None


class RunRow(NamedTuple):
    """A run over a source; ``result`` is None while it is under way."""

    id: int
    source: str
    reason: str
    mode: str
    started_at: int
    finished_at: int | None
    result: str | None
    mapping_hash: str | None
    counts: Mapping[str, int]
    error: str | None
    hint: str | None


class EvaluationRow(NamedTuple):
    """One calculation of everything. ``freshness``: the end of each source's last complete run as it was then."""

    seq: int
    as_of: int
    mapping_hash: str
    engine: str
    run_id: int | None
    facts: Any
    freshness: Mapping[str, int]
    counts: Mapping[str, int]


class SnapshotRow(NamedTuple):
    """A node's result, in force from evaluation ``seq`` until ``to_seq``; None: still."""

    seq: int
    to_seq: int | None
    node: NodeResult


class MappingRow(NamedTuple):
    """Mapping files as they were, by name."""

    hash: str
    files: Mapping[str, str]
    timezone: str
    git_commit: str | None


class QuarantineRow(NamedTuple):
    """A record that could not be understood; ``tries`` is how often it was read."""

    source: str
    id: str | None
    partition_id: str
    reason: str
    raw: str
    first_seq: int
    last_seq: int
    tries: int


class NoticeRow(NamedTuple):
    source: str
    kind: str
    ref: str
    partition_id: str | None
    text: str
    times: int


class HoldRow(NamedTuple):
    """Conclusions kept back; ``decision`` is None until somebody decides. ``where`` is the partition's key or title."""

    id: int
    source: str
    partition_id: str | None
    kind: str
    ids: tuple[str, ...]
    text: str
    created_at: int
    decision: str | None
    where: str


class LinkRow(NamedTuple):
    """An item under a target, with its unit where it is one (``unit`` is None for allowances and ignored items)."""

    item: Item
    attachment: Attachment
    unit: Unit | None


class Provenance(NamedTuple):
    """Where an item's present row comes from."""

    no: int
    run_id: int
    partition_id: str
    from_seq: int
    first_seen_at: int
    shape: str | None


class Related(NamedTuple):
    """Another item that a relation ties one to, and the text that does; ``names``: it is the one asked about that says it."""

    item: Item
    text: str
    names: bool
