"""A pass over a partition: where it stands, and its pages, each one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from connectors.base import Gone, MetricValue, Page, Rejected, WorkItem
from hub.model import PRESENT, fold
from hub.reconcile import COLUMNS, Content, Stored, Unstorable, canonical_json, clean, content, decide, digest, fold_page, millis
from hub.store.dialect import in_numbers, in_texts
from hub.store.write_base import Tx
from hub.store.write_private import Privacy, forget_past, item_of, traces_left
from hub.store.write_source import cleaned

RAW_KEPT = 65_536
"""Characters of a rejected record that are kept."""


class PassPosition(NamedTuple):
    """Where a pass stands. ``resume`` is None at its beginning; ``vendor_started_at`` is vendor time at its first page, the
    cursor-to-be, None until that page is stored."""

    pass_id: int
    resume: str | None
    vendor_started_at: int | None
    pages: int


class PageCounts(NamedTuple):
    """What became of a page. ``repeats`` are further records of an id that the page has already; ``quarantined`` those of
    ``rejected`` that were not in quarantine before; ``values`` changed ones."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    older: int = 0
    repeats: int = 0
    rejected: int = 0
    quarantined: int = 0
    unaccounted: int = 0
    gone: int = 0
    values: int = 0


# ---- the pass -----------------------------------------------------------------------------------------------------------


def start_pass(
    tx: Tx, source: str, partition_id: str, fingerprint: str, *, run_id: int, at: int, resume_ttl: float
) -> PassPosition:
    """See ``Writer.start_pass``."""
    row = tx.row(
        "SELECT pass_id, pass_open, pass_fingerprint, pass_run_id, pass_vendor_at, pages, resume, resume_at"
        " FROM partition WHERE source = ? AND id = ?",
        *(source, partition_id),
    )
    if row is None:
        raise ValueError(f"partition {partition_id!r} of {source!r} is not stored: put_partitions comes first")
    pass_id, is_open, former, former_run, vendor_at, pages, resume, resume_at = row
    if is_open and resume is not None and former == fingerprint:
        fresh = former_run == run_id or (resume_ttl > 0 and abs(at - resume_at) <= resume_ttl * 1000)
        if fresh:
            tx.run("UPDATE partition SET pass_run_id = ? WHERE source = ? AND id = ?", run_id, source, partition_id)
            return PassPosition(pass_id, resume, vendor_at, pages)
    tx.run("DELETE FROM seen WHERE source = ? AND partition_id = ? AND pass_id = ?"
           " AND NOT EXISTS (SELECT 1 FROM partition AS p WHERE p.source = seen.source AND p.id = seen.partition_id"
           " AND p.complete_pass_id = seen.pass_id)", source, partition_id, pass_id)  # fmt: skip
    tx.run(
        "UPDATE partition SET pass_id = ?, pass_open = 1, pass_fingerprint = ?, pass_run_id = ?, pass_vendor_at = NULL,"
        " pass_started_at = ?, pages = 0, resume = NULL, resume_at = NULL WHERE source = ? AND id = ?",
        *(pass_id + 1, fingerprint, run_id, at, source, partition_id),
    )
    return PassPosition(pass_id + 1, None, None, 0)


def restart_pass(tx: Tx, source: str, partition_id: str) -> None:
    """Forget the position of an unfinished pass; the next ``start_pass`` begins a new one."""
    tx.run("UPDATE partition SET resume = NULL, resume_at = NULL WHERE source = ? AND id = ?", source, partition_id)


# ---- a page -------------------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a page belongs and who wrote it. ``rules`` stands for the private rules that it obeys; "" is none."""

    source: str
    partition_id: str
    pass_id: int
    run_id: int
    seen_at: int
    shape: str | None
    rules: str = ""


class Incoming(NamedTuple):
    """The items of a page in canonical form; the ids of private ones among them, without title and address; and what cannot be
    stored."""

    contents: list[Content]
    private: set[str]
    refused: list[Rejected]


def put_page(tx: Tx, at: Place, page: Page, incoming: Incoming, vendor_at: int | None) -> PageCounts:
    """Everything that a page says, in the transaction ``tx``."""
    pages, alike = _check_pass(tx, at)
    kept, repeats = fold_page(incoming.contents)
    rejected = [*page.rejected, *incoming.refused]
    counts, hidden = _put_items(tx, at, kept, incoming.private)
    if hidden and not alike:  # new rules hide what may stand all over the file
        traces_left(tx)
    _clear_former_trouble(tx, at.source, kept)
    poison = _quarantine(tx, at, rejected)
    unaccounted = [clean(id_) for id_ in page.unaccounted]
    _note_unaccounted(tx, at, unaccounted)
    _suspect(tx, at, page.gone)
    values = _put_values(tx, at, page.values)
    seen = [*kept, *(clean(r.id) for r in rejected if r.id is not None), *unaccounted]
    tx.run(
        "INSERT INTO seen (source, partition_id, pass_id, page, ids) VALUES (?, ?, ?, ?, ?)",
        *(at.source, at.partition_id, at.pass_id, pages + 1, canonical_json(seen) if seen else None),
    )
    _move_on(tx, at, page, vendor_at)
    return counts._replace(
        repeats=repeats,
        rejected=len(rejected),
        quarantined=poison,
        unaccounted=len(unaccounted),
        gone=len(page.gone),
        values=values,
    )


def read_items(source: str, items: Iterable[WorkItem], privacy: Privacy | None) -> Incoming:
    """Canonical contents. Needs no transaction, so it is done before one is open."""
    found = Incoming([], set(), [])
    for item in items:
        try:
            known = content(item)
            if privacy is not None and privacy.matches(item_of(source, known.row)):
                known = content(replace(item, title="", url=None))
                found.private.add(known.id)
            found.contents.append(known)
        except Unstorable as reason:
            found.refused.append(Rejected(item.id if isinstance(item.id, str) and item.id else None, str(reason), repr(item)))
    return found


def _check_pass(tx: Tx, at: Place) -> tuple[int, bool]:
    """How many pages the pass has, and whether all that is stored of the source obeys the page's private rules."""
    row = tx.row(
        "SELECT pages, source.private FROM partition JOIN source ON source.name = partition.source"
        " WHERE source = ? AND partition.id = ? AND pass_id = ? AND pass_open = 1",
        *(at.source, at.partition_id, at.pass_id),
    )
    if row is None:
        raise ValueError(f"pass {at.pass_id} of partition {at.partition_id!r} is not under way: start_pass comes first")
    alike = row[1] == at.rules
    if not alike:  # an evaluation has to look at all of them
        tx.run("UPDATE source SET private = ? WHERE name = ?", f"mixed since {tx.seq}", at.source)
    return int(row[0]), alike


def _move_on(tx: Tx, at: Place, page: Page, vendor_at: int | None) -> None:
    where = (at.source, at.partition_id)
    if page.end is None:
        tx.run(
            "UPDATE partition SET pages = pages + 1, resume = ?, resume_at = ?, pass_vendor_at = coalesce(pass_vendor_at, ?),"
            " from_seq = ? WHERE source = ? AND id = ?",
            *(page.resume, at.seen_at, vendor_at, tx.seq, *where),
        )
        return
    # the cursor never goes back, whatever the vendor's clock says
    tx.run(
        "UPDATE partition SET pages = pages + 1, pass_open = 0, resume = NULL, resume_at = NULL, last_complete_at = ?,"
        " pass_vendor_at = coalesce(pass_vendor_at, ?), complete_fingerprint = pass_fingerprint, from_seq = ?,"
        " cursor = CASE WHEN cursor > coalesce(pass_vendor_at, ?, cursor) THEN cursor"
        " ELSE coalesce(pass_vendor_at, ?, cursor) END WHERE source = ? AND id = ?",
        *(at.seen_at, vendor_at, tx.seq, vendor_at, vendor_at, *where),
    )
    if page.end == "complete":
        tx.run("UPDATE partition SET complete_pass_id = pass_id WHERE source = ? AND id = ?", *where)
        tx.run("DELETE FROM seen WHERE source = ? AND partition_id = ? AND pass_id < ?", *where, at.pass_id)
    else:  # an unchanged pass lists nothing: the last complete one stays the census
        tx.run("DELETE FROM seen WHERE source = ? AND partition_id = ? AND pass_id = ?", *where, at.pass_id)


# ---- items --------------------------------------------------------------------------------------------------------------

_SHARED = ("source", *COLUMNS, "presence", "presence_at", "evidence", "first_seen_at", "status_seen_at", "content_hash", "shape",
           "partition_id", "run_id", "no", "from_seq")  # fmt: skip
_INSERTED = ("no", "source", *COLUMNS, "presence", "first_seen_at", "content_hash", "shape", "partition_id", "run_id", "from_seq")
_UPDATED = (*COLUMNS, "presence", "presence_at", "evidence", "status_seen_at", "content_hash", "shape", "partition_id",
            "run_id", "from_seq")  # fmt: skip

INSERT_ITEM = f"INSERT INTO item ({', '.join(_INSERTED)}) VALUES ({', '.join('?' * len(_INSERTED))})"
UPDATE_ITEM = f"UPDATE item SET {', '.join(f'{name} = ?' for name in _UPDATED)} WHERE no = ?"
SUPERSEDE = f"INSERT INTO item_version ({', '.join(_SHARED)}, to_seq) SELECT {', '.join(_SHARED)}, ? FROM item WHERE "


def _put_items(tx: Tx, at: Place, incoming: Mapping[str, Content], private: Collection[str]) -> tuple[PageCounts, bool]:
    """What became of them, and whether any that was stored became private, or changed while it is."""
    if not incoming:
        return PageCounts(), False
    d = tx.dialect
    found = tx.rows(
        f"SELECT id, no, content_hash, updated_at, presence FROM item WHERE source = ? AND {in_texts(d, 'id')}",
        *(at.source, d.array(incoming)),
    )
    stored = {row[0]: row for row in found}
    new: list[Content] = []
    changed: dict[int, Content] = {}
    older = 0
    for id_, each in incoming.items():
        row = stored.get(id_)
        if row is None:
            new.append(each)
            continue
        if row[2] == each.hash and row[4] == PRESENT:
            continue  # what ``decide`` would say as well: the stamp is part of what is hashed
        former = Stored(*row[1:])
        decision = decide(former, each)
        if decision == "changed":
            changed[former.no] = each
        elif decision == "older":
            older += 1
    nos = _insert(tx, at, new)
    _update(tx, at, changed)
    hidden = [no for no, each in changed.items() if each.id in private] if private else []
    forget_past(tx, hidden)
    if nos or changed:
        tx.mark([*nos, *changed])
    counts = PageCounts(len(new), len(changed), len(incoming) - len(new) - len(changed) - older, older)
    return counts, bool(hidden)


def _insert(tx: Tx, at: Place, new: list[Content]) -> range:
    if not new:
        return range(0)
    first = int(tx.value("SELECT coalesce(max(no), 0) + 1 FROM item"))
    common = (at.shape, at.partition_id, at.run_id, tx.seq)
    tx.many(
        INSERT_ITEM,
        [(no, at.source, *each.row, PRESENT, at.seen_at, each.hash, *common) for no, each in enumerate(new, first)],
    )
    return range(first, first + len(new))


def _update(tx: Tx, at: Place, changed: Mapping[int, Content]) -> None:
    if not changed:
        return
    d = tx.dialect
    former = tx.rows(
        "SELECT no, key, url, status_id, status, category, presence, presence_at, status_seen_at FROM item WHERE "
        + in_numbers(d, "no"),
        d.array(changed),
    )
    tx.run(SUPERSEDE + in_numbers(d, "no"), tx.seq, d.array(changed))
    rows, aliases = [], []
    for no, key, url, status_id, status, category, presence, presence_at, status_seen_at in former:
        hash_, row, *_ = changed[no]
        same_status = status_id == row[7] if status_id is not None and row[7] is not None else status == row[8]
        if category == "done" and row[9] == "done":
            same_status = True  # from one done status to another is not finishing it again; among others a status map may tell
        rows.append((
            *row, PRESENT, presence_at if presence == PRESENT else at.seen_at, None,
            status_seen_at if same_status else at.seen_at, hash_, at.shape, at.partition_id, at.run_id, tx.seq, no,
        ))  # fmt: skip
        for kind, old, now in (("key", key, row[1]), ("url", url, row[3])):
            if old is not None and (now is None or fold(old) != fold(now)):
                aliases.append((at.source, kind, fold(old), no, tx.seq))
    tx.many(UPDATE_ITEM, rows)
    tx.many(
        "INSERT INTO alias (source, kind, value, item_no, from_seq) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (source, value, kind, item_no) DO UPDATE SET from_seq = excluded.from_seq",
        aliases,
    )


# ---- what is no item ----------------------------------------------------------------------------------------------------


def _clear_former_trouble(tx: Tx, source: str, ids: Iterable[str]) -> None:
    """What arrives well-formed is in no quarantine, not unaccounted for and not suspected any more."""
    tables = ("quarantine", "notice", "suspect")
    some = tx.row("SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM {t} WHERE source = ?)" for t in tables), *[source] * 3)
    d = tx.dialect
    for table, any_row in zip(tables, some or (), strict=True):
        if any_row:
            column = "kind = 'unaccounted' AND ref" if table == "notice" else "id"
            tx.run(f"DELETE FROM {table} WHERE source = ? AND {in_texts(d, column)}", source, d.array(ids))


def _quarantine(tx: Tx, at: Place, rejected: Iterable[Rejected]) -> int:
    """Keep them with their reason; how many of them are new there."""
    rows: dict[bytes, tuple[object, ...]] = {}
    for record in rejected:
        id_, raw = cleaned(record.id), clean(record.raw)
        identity = digest(["id", id_] if id_ is not None else ["raw", raw])
        kept = "" if at.rules else raw if len(raw) <= RAW_KEPT else raw[:RAW_KEPT] + "… (cut)"
        rows[identity] = (at.source, identity, id_, at.partition_id, kept, clean(record.reason), tx.seq, tx.seq)
    if not rows:
        return 0
    before = int(tx.value("SELECT count(*) FROM quarantine WHERE source = ?", at.source))
    tx.many(
        "INSERT INTO quarantine (source, hash, id, partition_id, raw, reason, first_seq, last_seq, tries)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (source, hash) DO UPDATE SET partition_id = excluded.partition_id,"
        " raw = excluded.raw, reason = excluded.reason, last_seq = excluded.last_seq, tries = quarantine.tries + 1",
        list(rows.values()),
    )
    return int(tx.value("SELECT count(*) FROM quarantine WHERE source = ?", at.source)) - before


def _note_unaccounted(tx: Tx, at: Place, ids: Iterable[str]) -> None:
    text = "The vendor listed it, then neither returned nor refused it."
    tx.many(
        "INSERT INTO notice (source, kind, ref, partition_id, text, first_seq, last_seq, times)"
        " VALUES (?, 'unaccounted', ?, ?, ?, ?, ?, 1) ON CONFLICT (source, kind, ref) DO UPDATE SET"
        " partition_id = excluded.partition_id, last_seq = excluded.last_seq, times = notice.times + 1",
        [(at.source, id_, at.partition_id, text, tx.seq, tx.seq) for id_ in dict.fromkeys(ids)],
    )


def _suspect(tx: Tx, at: Place, gone: Iterable[Gone]) -> None:
    """The vendor's word is kept for the judgement at the end of the run; nothing is concluded by a page."""
    tx.many(
        "INSERT INTO suspect (source, id, partition_id, how, at, into_id, run_id, from_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (source, id) DO UPDATE SET partition_id = excluded.partition_id, how = excluded.how, at = excluded.at,"
        " into_id = excluded.into_id, run_id = excluded.run_id, from_seq = excluded.from_seq",
        [
            (at.source, clean(g.id), at.partition_id, g.how, millis(g.at) if g.at else None, cleaned(g.into), at.run_id, tx.seq)
            for g in gone
        ],
    )


def _put_values(tx: Tx, at: Place, values: Iterable[MetricValue]) -> int:
    incoming = {(clean(v.series), v.on.isoformat()): (clean(v.value), cleaned(v.unit)) for v in values}
    if not incoming:
        return 0
    d = tx.dialect
    stored = {
        (row[0], row[1]): (row[2], row[3])
        for row in tx.rows(
            "SELECT series, on_day, value, unit FROM metric_value WHERE source = ? AND partition_id = ? AND to_seq IS NULL"
            f" AND {in_texts(d, 'series')} AND {in_texts(d, 'on_day')}",
            *(at.source, at.partition_id, d.array({s for s, _ in incoming}), d.array({day for _, day in incoming})),
        )
    }
    changed = [key for key, value in incoming.items() if stored.get(key) != value]
    tx.many(
        "UPDATE metric_value SET to_seq = ? WHERE source = ? AND partition_id = ? AND series = ? AND on_day = ?"
        " AND to_seq IS NULL",
        [(tx.seq, at.source, at.partition_id, *key) for key in changed if key in stored],
    )
    tx.many(
        "INSERT INTO metric_value (source, partition_id, series, on_day, from_seq, value, unit, run_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(at.source, at.partition_id, *key, tx.seq, *incoming[key], at.run_id) for key in changed],
    )
    return len(changed)
