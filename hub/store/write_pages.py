"""The pages of a pass, each one transaction: items, what cannot be stored, and what the vendor says of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from connectors.base import Gone, Page, Rejected, WorkItem
from hub.model import LEFT, PRESENT, fold
from hub.patterns import LONGEST
from hub.reconcile import (
    COLUMNS,
    Content,
    Stored,
    Unstorable,
    ValueRow,
    clean,
    content,
    decide,
    digest,
    fold_page,
    millis,
    value_identity,
)
from hub.store import write_passes, write_values
from hub.store.dialect import in_numbers, in_texts
from hub.store.write_base import Tx
from hub.store.write_passes import Place
from hub.store.write_private import Privacy, forget_past, item_of, traces_left
from hub.store.write_source import cleaned

RAW_KEPT = 65_536
"""Characters of a rejected record that are kept."""


class PageCounts(NamedTuple):
    """What became of a page. ``repeats`` are further records of an id that the page has already; ``quarantined`` those of
    ``rejected`` that were not in quarantine before. ``values`` were read; what is new, changed or gone of them is known with the
    last page of their pass."""

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
    values_new: int = 0
    values_changed: int = 0
    values_gone: int = 0
    altered: int = 0
    """Of the changed ones, those of which more than name, address and stamp changed."""
    held: int = 0
    """1 when the pass ended and a person must look first; 2 when it did not end, because too much of it is unreadable."""

    def plus(self, other: PageCounts) -> PageCounts:
        return PageCounts(*(a + b for a, b in zip(self, other, strict=True)))


# ---- a page -------------------------------------------------------------------------------------------------------------


class Put(NamedTuple):
    """What became of items: counts; whether any that was stored became private, or changed while it is; how many lost the
    value of a field, by its name."""

    counts: PageCounts = PageCounts()
    hidden: bool = False
    emptied: Mapping[str, int] = MappingProxyType({})


class Incoming(NamedTuple):
    """The items of a page in canonical form; the ids of private ones among them, without title and address; what cannot be
    stored; and its values."""

    contents: list[Content]
    private: set[str]
    refused: list[Rejected]
    values: Mapping[write_values.Key, ValueRow] = MappingProxyType({})


def put_page(tx: Tx, at: Place, page: Page, incoming: Incoming, vendor_at: int | None) -> PageCounts:
    """Everything that a page says, in the transaction ``tx``."""
    under_way = write_passes.check(tx, at)
    if under_way.values:
        return _put_values(tx, at, page, incoming, vendor_at, under_way)
    kept, repeats = fold_page(incoming.contents)
    rejected = [*page.rejected, *incoming.refused, *(_misplaced("items", value) for value in page.values)]
    counts, hidden, emptied = put_items(tx, at, kept, incoming.private)
    if hidden and not under_way.alike:  # new rules hide what may stand all over the file
        traces_left(tx)
    clear_former_trouble(tx, at.source, kept)
    poison = quarantine(tx, at, rejected)
    unaccounted = [clean(id_) for id_ in page.unaccounted]
    _note_unaccounted(tx, at, unaccounted)
    _suspect(tx, at, page.gone)
    if page.end == "complete":
        write_values.end_all(tx, at)
    if under_way.kind == "full":
        seen = [*kept, *(clean(r.id) for r in rejected if r.id is not None), *unaccounted]
        write_passes.put_seen(tx, at, under_way.pages + 1, seen)
    tally = write_passes.Tally(len(kept) + len(rejected), counts.new, counts.altered, poison, emptied)
    return counts._replace(
        repeats=repeats,
        rejected=len(rejected),
        quarantined=poison,
        unaccounted=len(unaccounted),
        gone=len(page.gone),
        held=write_passes.move_on(tx, at, page, vendor_at, tally),
    )


def _put_values(
    tx: Tx, at: Place, page: Page, incoming: Incoming, vendor_at: int | None, under_way: write_passes.UnderWay
) -> PageCounts:
    """A page of a partition of values."""
    rejected = [*page.rejected, *incoming.refused, *(_misplaced("values", item) for item in page.items)]
    write_values.stage(tx, at, incoming.values)
    poison = quarantine(tx, at, rejected, named=False)
    listed = [value_identity(*key) for key in incoming.values]
    trouble = {write_values.mark(_trouble(at, record, named=False)) for record in rejected}
    write_passes.put_seen(tx, at, under_way.pages + 1, [*listed, *sorted(trouble)])
    if page.end == "complete":
        write_values.forget_mended(tx, at)
    tally = write_passes.Tally(len(listed) + len(rejected), 0, 0, poison, {})
    held = write_passes.move_on(tx, at, page, vendor_at, tally)
    taken = write_values.Taken()
    if page.end is not None and held != write_passes.DISTRUSTED:
        taken = write_values.conclude(tx, at, unchanged=page.end == "unchanged", exempt=under_way.exempt)
    return PageCounts(
        rejected=len(rejected),
        quarantined=poison,
        values=len(page.values),
        values_new=taken.new,
        values_changed=taken.changed,
        values_gone=taken.gone,
        held=write_passes.HELD if taken.held else held,
    )


def _misplaced(yields: str, record: object) -> Rejected:
    """A fault of the connector: what it says of its partition decides how it is read."""
    return Rejected(None, f"the connector says that this partition has {yields}, and no others", repr(record))


def read_page(source: str, page: Page, privacy: Privacy | None) -> Incoming:
    """Canonical contents and values. Needs no transaction, so it is done before one is open."""
    found = read_items(source, page.items, privacy)
    if not page.values:
        return found
    values, refused = write_values.read(page.values)
    return found._replace(refused=[*found.refused, *refused], values=values)


def read_items(source: str, items: Iterable[WorkItem], privacy: Privacy | None) -> Incoming:
    """The same of items alone."""
    found = Incoming([], set(), [])
    for item in items:
        try:
            known = content(item)
            if privacy is not None and privacy.matches(item_of(source, known.row)):
                known = content(replace(item, title="", url=None))
                found.private.add(known.id)
            row = known.row
            if len(row[_ID]) + len(row[_KEY] or "") + len(row[_PARENT] or "") > LONGEST:
                _check_names(row)
            found.contents.append(known)
        except Unstorable as reason:
            found.refused.append(Rejected(item.id if isinstance(item.id, str) and item.id else None, str(reason), repr(item)))
    return found


_ID, _KEY, _PARENT = (COLUMNS.index(name) for name in ("id", "key", "parent_ref"))


def _check_names(row: Sequence[Any]) -> None:
    """PostgreSQL's indexes hold nothing longer than 2,704 bytes, so no name is longer in either database."""
    for what, name in (("id", row[_ID]), ("key", row[_KEY]), ("parent's name", row[_PARENT])):
        if name is not None and len(name) > LONGEST:
            raise Unstorable(f"its {what} is longer than {LONGEST} characters")


# ---- items --------------------------------------------------------------------------------------------------------------

_SHARED = ("source", *COLUMNS, "presence", "presence_at", "evidence", "first_seen_at", "status_seen_at", "content_hash", "shape",
           "partition_id", "run_id", "no", "from_seq")  # fmt: skip
_INSERTED = ("no", "source", *COLUMNS, "presence", "first_seen_at", "content_hash", "shape", "partition_id", "run_id", "from_seq")
_UPDATED = (*COLUMNS, "presence", "presence_at", "evidence", "status_seen_at", "content_hash", "shape", "partition_id",
            "run_id", "from_seq")  # fmt: skip

SUPERSEDE = f"INSERT INTO item_version ({', '.join(_SHARED)}, to_seq) SELECT {', '.join(_SHARED)}, ? FROM item WHERE "


def put_items(
    tx: Tx,
    at: Place,
    incoming: Mapping[str, Content],
    private: Collection[str],
    presence: str = PRESENT,
    *,
    witnessed: bool = False,
) -> Put:
    """Store them as ``presence``; what became of them. ``witnessed``: they were asked for by id, so one that had left is there
    again even under an older stamp."""
    if not incoming:
        return Put()
    d = tx.dialect
    found = tx.rows(
        f"SELECT id, no, content_hash, updated_at, presence, partition_id FROM item WHERE source = ? AND {in_texts(d, 'id')}",
        *(at.source, d.array(incoming)),
    )
    stored = {row[0]: row[:5] for row in found}
    rehome(tx, at, [row[1] for row in found if lies_in(named_in(incoming[row[0]].row), at, row[5])])
    new: list[Content] = []
    changed: dict[int, Content] = {}
    older = 0
    for id_, each in incoming.items():
        row = stored.get(id_)
        if row is None:
            new.append(each)
            continue
        if row[2] == each.hash and row[4] == presence:
            continue  # what ``decide`` would say as well: the stamp is part of what is hashed
        former = Stored(*row[1:])
        if decide(former, each) == "older" and not (witnessed and former.presence in LEFT):
            older += 1
        else:
            changed[former.no] = each
    nos = _insert(tx, at, new)
    altered, emptied = _update(tx, at, changed, presence)
    hidden = [no for no, each in changed.items() if each.id in private] if private else []
    forget_past(tx, hidden)
    if nos or changed:
        tx.mark([*nos, *changed])
    unchanged = len(incoming) - len(new) - len(changed) - older
    return Put(PageCounts(len(new), len(changed), unchanged, older, altered=altered), bool(hidden), emptied)


def _insert(tx: Tx, at: Place, new: list[Content]) -> range:
    if not new:
        return range(0)
    first = int(tx.value("SELECT coalesce(max(no), 0) + 1 FROM item"))
    common = (at.shape, at.partition_id, at.run_id, tx.seq)
    rows = [(no, at.source, *each.row, PRESENT, at.seen_at, each.hash, *common) for no, each in enumerate(new, first)]
    tx.insert("item", _INSERTED, rows)
    return range(first, first + len(new))


_CONTAINERS = COLUMNS.index("containers")


def named_in(row: Sequence[Any]) -> Sequence[str]:
    """The containers that an item (its columns) says it lies in."""
    text = row[_CONTAINERS]
    return orjson.loads(text) if text else ()


def lies_in(named: Collection[str], at: Place, other: str) -> bool:
    """Whether an item that says that it lies in these containers belongs to the partition ``at``, and not to the ``other`` that
    brought it last."""
    return at.partition_id in named and other not in named


def rehome(tx: Tx, at: Place, nos: Collection[int]) -> None:
    """These items belong to the partition ``at``: a late list of another one had brought them after they had moved."""
    if nos:
        d = tx.dialect
        tx.run(f"UPDATE item SET partition_id = ? WHERE {in_numbers(d, 'no')}", at.partition_id, d.array(nos))


_ALTERING = tuple(name for name in COLUMNS if name not in ("id", "key", "title", "url", "updated_at"))
"""What numbers may depend on; a renamed project changes every key and address, and nothing else."""
_WATCHED = frozenset({"type_id", "type", "status_id", "status", "parent_ref", "estimate", "amount", "due_on", "created_at"})
"""Of which a wave of empty values means that the vendor's answers changed, rather than the work."""
_altering = itemgetter(*(COLUMNS.index(name) for name in _ALTERING))


def _update(tx: Tx, at: Place, changed: Mapping[int, Content], now_is: str) -> tuple[int, Counter[str]]:
    """How many of them changed in more than name, address and stamp, and how many lost the value of a field, by its name."""
    emptied: Counter[str] = Counter()
    if not changed:
        return 0, emptied
    d = tx.dialect
    former = tx.rows(
        "SELECT no, key, url, status_id, status, category, presence, presence_at, status_seen_at,"
        f" {', '.join(_ALTERING)} FROM item WHERE {in_numbers(d, 'no')}",
        d.array(changed),
    )
    tx.run(SUPERSEDE + in_numbers(d, "no"), tx.seq, d.array(changed))
    rows, aliases = [], []
    altered = 0
    for no, key, url, status_id, status, category, presence, presence_at, status_seen_at, *before in former:
        hash_, row, *_ = changed[no]
        now_holds = _altering(row)
        if tuple(before) != now_holds:
            altered += not _renamed(before, now_holds)
            emptied.update(_emptied(before, now_holds))
        same_status = status_id == row[7] if status_id is not None and row[7] is not None else status == row[8]
        if category == "done" and row[9] == "done":
            same_status = True  # from one done status to another is not finishing it again; among others a status map may tell
        rows.append((
            *row, now_is, presence_at if presence == now_is else at.seen_at, None,
            status_seen_at if same_status else at.seen_at, hash_, at.shape, at.partition_id, at.run_id, tx.seq, no,
        ))  # fmt: skip
        for kind, old, now in (("key", key, row[1]), ("url", url, row[3])):
            if old is not None and len(old) <= LONGEST and (now is None or fold(old) != fold(now)):
                aliases.append((tx.seq, at.source, fold(old), kind, no))
    tx.update("item", _UPDATED, ("no",), rows)
    tx.upsert("alias", ("from_seq",), ("source", "value", "kind", "item_no"), aliases)
    return altered, emptied


_STATUS_ID = _ALTERING.index("status_id")
_WORDED = frozenset(_ALTERING.index(name) for name in ("status", "stages"))


def _renamed(before: Sequence[Any], now: Sequence[Any]) -> bool:
    """Whether nothing changed but the name of the status that an item has (and with it those of stages): the vendor's list was
    renamed, and the item was left alone."""
    if before[_STATUS_ID] is None:
        return False
    return all(old == new for at, (old, new) in enumerate(zip(before, now, strict=True)) if at not in _WORDED)


def _emptied(before: Sequence[Any], now: Sequence[Any]) -> Iterator[str]:
    """Names of the columns and of the source's own fields that held something and do not any more."""
    for name, old, new in zip(_ALTERING, before, now, strict=True):
        if name == "fields" and old is not None and old != new:
            left = orjson.loads(new) if new is not None else {}
            yield from (f"field.{own}" for own, value in orjson.loads(old).items() if value is not None and left.get(own) is None)
        elif name in _WATCHED and old is not None and new is None:
            yield name


# ---- what is no item ----------------------------------------------------------------------------------------------------


def clear_former_trouble(tx: Tx, source: str, ids: Iterable[str]) -> None:
    """What arrives well-formed is in no quarantine, not unaccounted for and not suspected any more."""
    tables = ("quarantine", "notice", "suspect")
    some = tx.row("SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM {t} WHERE source = ?)" for t in tables), *[source] * 3)
    d = tx.dialect
    for table, any_row in zip(tables, some or (), strict=True):
        if any_row:
            column = "kind = 'unaccounted' AND ref" if table == "notice" else "id"
            tx.run(f"DELETE FROM {table} WHERE source = ? AND {in_texts(d, column)}", source, d.array(ids))


def quarantine(tx: Tx, at: Place, rejected: Iterable[Rejected], *, named: bool = True) -> int:
    """Keep them with their reason; how many of them are new there. Without ``named`` nobody can ask for them by their ids, which
    are places: the id is part of the reason, and those of two partitions are never the same."""
    rows: dict[bytes, tuple[object, ...]] = {}
    for record in rejected:
        id_, raw = cleaned(record.id), clean(record.raw)
        identity = _trouble(at, record, named=named)
        kept = "" if at.rules else raw if len(raw) <= RAW_KEPT else raw[:RAW_KEPT] + "… (cut)"
        reason = clean(record.reason) if named or not id_ else f"{id_}: {clean(record.reason)}"
        shown = id_ if named and id_ is not None and len(id_) <= LONGEST else None  # it is in ``raw``; see ``_check_names``
        rows[identity] = (at.source, identity, shown, at.partition_id, kept, reason, tx.seq, tx.seq)
    if not rows:
        return 0
    before = int(tx.value("SELECT count(*) FROM quarantine WHERE source = ?", at.source))
    tx.many(
        "INSERT INTO quarantine (source, hash, id, partition_id, raw, reason, first_seq, last_seq, tries)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (source, hash) DO UPDATE SET partition_id ="
        " CASE WHEN excluded.partition_id = '' THEN quarantine.partition_id ELSE excluded.partition_id END,"
        " raw = excluded.raw, reason = excluded.reason, last_seq = excluded.last_seq, tries = quarantine.tries + 1",
        list(rows.values()),
    )
    return int(tx.value("SELECT count(*) FROM quarantine WHERE source = ?", at.source)) - before


def _trouble(at: Place, record: Rejected, *, named: bool) -> bytes:
    """What makes a record the same as one in quarantine."""
    what = ["id", cleaned(record.id)] if record.id is not None else ["raw", clean(record.raw)]
    return digest(what if named else [at.partition_id, *what])


def _note_unaccounted(tx: Tx, at: Place, ids: Iterable[str]) -> None:
    text = "The vendor listed it, then neither returned nor refused it."
    tx.many(
        "INSERT INTO notice (source, kind, ref, partition_id, text, first_seq, last_seq, times)"
        " VALUES (?, 'unaccounted', ?, ?, ?, ?, ?, 1) ON CONFLICT (source, kind, ref) DO UPDATE SET"
        " partition_id = excluded.partition_id, last_seq = excluded.last_seq, times = notice.times + 1",
        [(at.source, id_, at.partition_id, text, tx.seq, tx.seq) for id_ in dict.fromkeys(ids) if len(id_) <= LONGEST],
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
            if len(g.id) <= LONGEST
        ],
    )
