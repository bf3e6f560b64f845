"""A pass over a partition: where it stands, what it listed and counted, and what its end means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

import orjson

from connectors.base import Page
from hub.absence import all_changed, too_many_rejected
from hub.absence import emptied as lost_field
from hub.reconcile import canonical_json
from hub.store import write_holds
from hub.store.presences import STAYED
from hub.store.write_base import Tx

PassKind = Literal["full", "delta", "recent"]
ENDED, HELD, DISTRUSTED = 0, 1, 2


class PassPosition(NamedTuple):
    """Where a pass stands. ``resume`` is None at its beginning; ``vendor_started_at`` is vendor time at its first page, the
    cursor-to-be, None until that page is stored; ``since`` is where it reads from, None for a full pass."""

    pass_id: int
    resume: str | None
    vendor_started_at: int | None
    pages: int
    kind: PassKind = "full"
    since: int | None = None


class Place(NamedTuple):
    """Where a page belongs and who wrote it. ``rules`` stands for the private rules that it obeys; "" is none."""

    source: str
    partition_id: str
    pass_id: int
    run_id: int
    seen_at: int
    shape: str | None
    rules: str = ""


class UnderWay(NamedTuple):
    """A pass that takes pages. ``alike``: all that is stored of the source obeys the page's private rules. ``values``: it reads
    values; ``exempt``: by other settings than the last complete pass, or it is the first one."""

    pages: int
    kind: PassKind
    alike: bool
    values: bool = False
    exempt: bool = False


class Tally(NamedTuple):
    """What a page adds to the counts of its pass: records read, new items, altered ones, newly unreadable ones, and how many
    lost the value of a field, by its name."""

    read: int
    new: int
    changed: int
    poison: int
    emptied: Mapping[str, int]


def start_pass(
    tx: Tx,
    source: str,
    partition_id: str,
    fingerprint: str,
    *,
    run_id: int,
    at: int,
    resume_ttl: float,
    kind: PassKind = "full",
    since: int | None = None,
    reset: bool = False,
) -> PassPosition:
    """See ``Writer.start_pass``."""
    row = tx.row(
        "SELECT pass_id, pass_open, pass_fingerprint, pass_run_id, pass_vendor_at, pages, resume, resume_at, pass_kind,"
        " pass_since FROM partition WHERE source = ? AND id = ?",
        *(source, partition_id),
    )
    if row is None:
        raise ValueError(f"partition {partition_id!r} of {source!r} is not stored: put_partitions comes first")
    pass_id, is_open, former, former_run, vendor_at, pages, resume, resume_at, open_kind, open_since = row
    if is_open and resume is not None and former == fingerprint and open_kind in ("full", kind):
        fresh = former_run == run_id or (resume_ttl > 0 and abs(at - resume_at) <= resume_ttl * 1000)
        if fresh:
            tx.run("UPDATE partition SET pass_run_id = ? WHERE source = ? AND id = ?", run_id, source, partition_id)
            return PassPosition(pass_id, resume, vendor_at, pages, open_kind, open_since)
    _forget_seen(tx, source, partition_id, pass_id)
    # what a pass that broke off has changed belongs to the one that replaces it: a crash must not divide it into harmless parts
    afresh = "" if is_open else ", pass_read = 0, pass_new = 0, pass_changed = 0, pass_poison = 0, pass_emptied = NULL"
    tx.run(
        "UPDATE partition SET pass_id = ?, pass_open = 1, pass_fingerprint = ?, pass_run_id = ?, pass_vendor_at = NULL,"
        " pass_started_at = ?, pages = 0, resume = NULL, resume_at = NULL, pass_kind = ?, pass_since = ?"
        f"{afresh}{', cursor = NULL' if reset else ''} WHERE source = ? AND id = ?",
        *(pass_id + 1, fingerprint, run_id, at, kind, since, source, partition_id),
    )
    return PassPosition(pass_id + 1, None, None, 0, kind, since)


def restart_pass(tx: Tx, source: str, partition_id: str) -> None:
    """Forget the position of an unfinished pass; the next ``start_pass`` begins a new one."""
    tx.run("UPDATE partition SET resume = NULL, resume_at = NULL WHERE source = ? AND id = ?", source, partition_id)


def forget_position(tx: Tx, source: str, partition_id: str | None) -> int:
    """Read a partition (all of the source's where None) whole the next time; how many there are."""
    only, given = ("", ()) if partition_id is None else (" AND id = ?", (partition_id,))
    return tx.run(
        "UPDATE partition SET cursor = NULL, complete_fingerprint = NULL, pass_open = 0, resume = NULL, resume_at = NULL,"
        f" version = NULL WHERE source = ?{only}",
        *(source, *given),
    )


def _forget_seen(tx: Tx, source: str, partition_id: str, pass_id: int) -> None:
    """The listing of a pass that never ended, and the values that it put aside; those of the last complete one stay."""
    for table in ("seen", "pending_value"):
        tx.run(
            f"DELETE FROM {table} WHERE source = ? AND partition_id = ? AND pass_id = ?"
            f" AND NOT EXISTS (SELECT 1 FROM partition AS p WHERE p.source = {table}.source AND p.id = {table}.partition_id"
            f" AND p.complete_pass_id = {table}.pass_id)",
            *(source, partition_id, pass_id),
        )


def check(tx: Tx, at: Place) -> UnderWay:
    """The pass that a page belongs to. Raises ``ValueError`` when it is not under way."""
    row = tx.row(
        "SELECT pages, pass_kind, source.private, yields, pass_fingerprint, complete_fingerprint FROM partition"
        " JOIN source ON source.name = partition.source"
        " WHERE source = ? AND partition.id = ? AND pass_id = ? AND pass_open = 1",
        *(at.source, at.partition_id, at.pass_id),
    )
    if row is None:
        raise ValueError(f"pass {at.pass_id} of partition {at.partition_id!r} is not under way: start_pass comes first")
    alike = obeys(tx, at, row[2])
    return UnderWay(int(row[0]), row[1], alike, row[3] == "values", row[4] != row[5])


def obeys(tx: Tx, at: Place, stored: str) -> bool:
    """Whether all that is ``stored`` of the source obeys the private rules of ``at``; else an evaluation looks at all of it."""
    if stored == at.rules:
        return True
    tx.run("UPDATE source SET private = ? WHERE name = ?", f"mixed since {tx.seq}", at.source)
    return False


def put_seen(tx: Tx, at: Place, page: int, ids: Collection[str]) -> None:
    """The ids that one page of a listing held."""
    tx.run(
        "INSERT INTO seen (source, partition_id, pass_id, page, ids) VALUES (?, ?, ?, ?, ?)",
        *(at.source, at.partition_id, at.pass_id, page, canonical_json(list(ids)) if ids else None),
    )


def move_on(tx: Tx, at: Place, page: Page, vendor_at: int | None, tally: Tally) -> int:
    """Where the pass stands after a page: ``ENDED`` or under way, ``HELD`` or ``DISTRUSTED``."""
    where = (at.source, at.partition_id)
    row = tx.row(
        "UPDATE partition SET pages = pages + 1, pass_read = pass_read + ?, pass_new = pass_new + ?,"
        " pass_changed = pass_changed + ?, pass_poison = pass_poison + ?, pass_vendor_at = coalesce(pass_vendor_at, ?),"
        " resume = ?, resume_at = ?, from_seq = ?, version = CASE WHEN ? = 1 THEN version END WHERE source = ? AND id = ?"
        " RETURNING pass_read, pass_new, pass_changed, pass_poison, pass_kind, pass_fingerprint, complete_fingerprint,"
        " pass_emptied",
        # what a page brings is of another version than what was held; which one, the last page says
        *(*tally[:4], vendor_at, page.resume, at.seen_at, tx.seq, int(page.end == "unchanged"), *where),
    )
    assert row is not None  # ``check`` has just read it
    read, new, changed, poison, kind, known, former, stored = row
    emptied = Counter(orjson.loads(stored) if stored else {}) + Counter(tally.emptied)
    if tally.emptied:
        tx.run("UPDATE partition SET pass_emptied = ? WHERE source = ? AND id = ?", canonical_json(dict(emptied)), *where)
    if page.end is None:
        return ENDED
    if too_many_rejected(poison, read):
        # not ended: what could not be read is most likely what changed
        text = f"{poison} of {read} records that were read can no longer be understood; the shape of the answers may have changed"
        write_holds.put(tx, write_holds.NewHold(at.source, at.partition_id, "rejected", (), text, at.run_id, at.seen_at))
        tx.run("UPDATE partition SET pass_read = 0, pass_poison = 0 WHERE source = ? AND id = ?", *where)  # it is said now
        return DISTRUSTED
    _end(tx, at, page, kind)
    if kind == "recent":
        return ENDED
    _thaw(tx, at)
    if known != former:  # a first pass, or other settings: everything may differ
        changed = 0
    return _held(tx, at, changed, new, emptied)


def _end(tx: Tx, at: Place, page: Page, kind: PassKind) -> None:
    where = (at.source, at.partition_id)
    if kind == "recent":  # the full pass follows
        tx.run("UPDATE partition SET pass_open = 0, resume = NULL, resume_at = NULL WHERE source = ? AND id = ?", *where)
        return
    # the cursor never goes back, whatever the vendor's clock says
    tx.run(
        "UPDATE partition SET pass_open = 0, resume = NULL, resume_at = NULL, last_complete_at = ?,"
        " complete_fingerprint = pass_fingerprint, cursor = CASE WHEN cursor > coalesce(pass_vendor_at, cursor) THEN cursor"
        " ELSE coalesce(pass_vendor_at, cursor) END WHERE source = ? AND id = ?",
        *(at.seen_at, *where),
    )
    if kind != "full":
        return
    if page.end == "complete":
        listed(tx, at)
        tx.run("UPDATE partition SET last_full_at = ?, version = ? WHERE source = ? AND id = ?", at.seen_at, page.version, *where)
    else:  # an unchanged pass lists nothing: the last complete one stays the listing, and is as good as new
        tx.run("DELETE FROM seen WHERE source = ? AND partition_id = ? AND pass_id = ?", *where, at.pass_id)
        tx.run("UPDATE partition SET listed_run_id = ? WHERE source = ? AND id = ?", at.run_id, *where)


def listed(tx: Tx, at: Place) -> None:
    """The ``seen`` rows of ``at.pass_id`` are the partition's whole listing, made by this run."""
    where = (at.source, at.partition_id)
    tx.run(
        "UPDATE partition SET complete_pass_id = ?, listed_run_id = ? WHERE source = ? AND id = ?",
        *(at.pass_id, at.run_id, *where),
    )
    tx.run("DELETE FROM seen WHERE source = ? AND partition_id = ? AND pass_id < ?", *where, at.pass_id)


def _thaw(tx: Tx, at: Place) -> None:
    """A partition that was distrusted is trusted again once little of it is unreadable."""
    if not write_holds.waiting(tx, at.source, "rejected", at.partition_id):
        return
    bad = tx.value("SELECT count(*) FROM quarantine WHERE source = ? AND partition_id = ?", at.source, at.partition_id)
    good = items_of(tx, at.source, at.partition_id) + values_of(tx, at.source, at.partition_id)
    if not too_many_rejected(int(bad), good + int(bad)):
        write_holds.close(tx, at.source, "rejected", at.partition_id, "withdrawn", at.seen_at)


def _held(tx: Tx, at: Place, changed: int, new: int, emptied: Mapping[str, int]) -> int:
    most = max(emptied.values(), default=0)
    if not all_changed(changed, changed) and lost_field(emptied, most) is None:  # spares counting
        return ENDED
    of = items_of(tx, at.source, at.partition_id) - new
    if (lost := lost_field(emptied, of)) is not None:
        text = f"the field {lost[0]} is empty now in {lost[1]} of {of} items that had a value"
    elif all_changed(changed, of):
        text = f"{changed} of {of} items changed at once"
    else:
        return ENDED
    write_holds.put(tx, write_holds.NewHold(at.source, at.partition_id, "changed", (), text, at.run_id, at.seen_at))
    return HELD


def items_of(tx: Tx, source: str, partition_id: str) -> int:
    """How many items that have not left came from a partition last."""
    return int(tx.value(f"SELECT count(*) FROM item WHERE source = ? AND partition_id = ? AND {STAYED}", source, partition_id))


def values_of(tx: Tx, source: str, partition_id: str) -> int:
    """How many values of a partition are in force."""
    which = "source = ? AND partition_id = ? AND to_seq IS NULL"
    return int(tx.value(f"SELECT count(*) FROM metric_value WHERE {which}", source, partition_id))


# ---- a listing of its own -----------------------------------------------------------------------------------------------


def start_listing(tx: Tx, source: str, partition_id: str) -> int:
    """Begin a census; the id under which its pages are kept."""
    pass_id = tx.value(
        "UPDATE partition SET pass_id = pass_id + 1 WHERE source = ? AND id = ? AND pass_open = 0 RETURNING pass_id",
        *(source, partition_id),
    )
    if pass_id is None:
        raise ValueError(f"a pass of partition {partition_id!r} is under way: no census beside it")
    return int(pass_id)
