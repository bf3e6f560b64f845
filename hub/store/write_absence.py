"""What a run concludes of items that no partition lists: listings compared with what is stored, presences, holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import orjson

from connectors.base import Seen
from hub.absence import Held, Judged, Suspect, Verdict, Visibility
from hub.model import FROZEN, LEFT, PRESENT, fold
from hub.reconcile import COLUMNS, clean, fold_page, millis
from hub.store import write_holds, write_pages, write_passes
from hub.store.dialect import Sql, in_numbers, in_texts
from hub.store.write_base import Tx
from hub.store.write_passes import Place
from hub.store.write_private import traces_left

STILL_HERE = f"presence NOT IN ({', '.join(repr(each) for each in sorted(LEFT))})"
_AWAY = FROZEN | {"archived"}
RETRIES = 3
"""Runs that ask again for a record that could not be understood; afterwards it is read again only when it changed."""


class Listed(NamedTuple):
    """What a page of a census says beside presence: ids to be fetched, because they are not stored, newer than what is stored,
    or said to have left; and how many came back into sight."""

    fetch: tuple[str, ...]
    back: int


def put_census(tx: Tx, at: Place, page: int, rows: Sequence[Seen], *, end: bool) -> Listed:
    """A page of a census: kept as part of the listing, compared with what is stored."""
    stamps = {clean(row.id): None if row.stamp is None else millis(row.stamp) for row in rows}
    write_passes.put_seen(tx, at, page, stamps)
    fetch, back = _compare(tx, at, stamps)
    bring(tx, [(no, PRESENT, None) for no in back], at)
    if end:
        write_passes.listed(tx, at)
        tx.run("UPDATE partition SET from_seq = ? WHERE source = ? AND id = ?", tx.seq, at.source, at.partition_id)
    return Listed(tuple(fetch), len(back))


def _compare(tx: Tx, at: Place, stamps: Mapping[str, int | None]) -> tuple[list[str], list[int]]:
    """Ids to fetch, and numbers of items that are in sight again with nothing new about them."""
    if not stamps:
        return [], []
    d = tx.dialect
    found = {
        row[0]: row[1:]
        for row in tx.rows(
            f"SELECT id, no, updated_at, presence FROM item WHERE source = ? AND {in_texts(d, 'id')}",
            *(at.source, d.array(stamps)),
        )
    }
    fetch = [id_ for id_ in stamps if id_ not in found]
    back = []
    for id_, (no, updated, presence) in found.items():
        stamp = stamps[id_]
        newer = stamp is not None and updated is not None and stamp > updated
        if newer or presence in LEFT:
            fetch.append(id_)
        elif presence in _AWAY:
            back.append(int(no))
    bad = _unreadable(tx, at.source, fetch) if fetch else set()
    return [id_ for id_ in fetch if id_ not in bad], back


def _unreadable(tx: Tx, source: str, ids: Collection[str]) -> set[str]:
    """Those among them that are in quarantine; ``to_retry`` says which of them are read again."""
    d = tx.dialect
    rows = tx.rows(f"SELECT id FROM quarantine WHERE source = ? AND {in_texts(d, 'id')}", source, d.array(ids))
    return {row[0] for row in rows}


def to_retry(sql: Sql, source: str, before: int) -> list[str]:
    """Ids in quarantine that were not read since the seq ``before`` and are to be tried again."""
    rows = sql.rows(
        "SELECT id FROM quarantine WHERE source = ? AND id IS NOT NULL AND tries <= ? AND last_seq < ? ORDER BY id",
        *(source, RETRIES, before),
    )
    return [row[0] for row in rows]


# ---- presence -----------------------------------------------------------------------------------------------------------


def bring(tx: Tx, changes: Sequence[tuple[int, str, str | None]], at: Place) -> None:
    """Set (number, presence, evidence); the former rows become versions, and the items dirty."""
    if not changes:
        return
    d = tx.dialect
    nos = [no for no, _, _ in changes]
    tx.run(write_pages.SUPERSEDE + in_numbers(d, "no"), tx.seq, d.array(nos))
    rows = [(presence, at.seen_at, evidence, at.run_id, tx.seq, no) for no, presence, evidence in changes]
    tx.update("item", ("presence", "presence_at", "evidence", "run_id", "from_seq"), ("no",), rows)
    tx.mark(nos)


def suspects(sql: Sql, source: str, at: Place, partitions: Collection[str] | None = None) -> list[Suspect]:
    """Items of the source, those that have left aside, that no listing of this run holds, in order of their ids; of these
    partitions, or of all.

    A partition that was proved unchanged is still listed by what listed it last.
    """
    d = sql.dialect
    listed = (
        "SELECT id_.value FROM seen JOIN partition AS p ON p.source = seen.source AND p.id = seen.partition_id"
        f" AND p.complete_pass_id = seen.pass_id, {d.elements('seen.ids', 'id_')}"
        " WHERE seen.source = ? AND seen.ids IS NOT NULL AND (p.listed_run_id = ? OR p.last_complete_at = ?)"
    )
    only, given = ("", ()) if partitions is None else (f" AND {in_texts(d, 'partition_id')}", (d.array(partitions),))
    rows = sql.rows(
        f"SELECT no, id, partition_id, presence FROM item WHERE source = ? AND {STILL_HERE}{only}"
        f" AND {d.absent_from('item.id', listed)} ORDER BY id",
        *(source, *given, source, at.run_id, at.seen_at),
    )
    return [Suspect(*row) for row in rows]


def named(sql: Sql, source: str) -> tuple[list[Suspect], dict[str, tuple[str, str | None]]]:
    """Items of which a page said that they are gone, and (how, into) by id."""
    rows = sql.rows(
        "SELECT item.no, suspect.id, item.partition_id, presence, how, into_id FROM suspect"
        " JOIN item ON item.source = suspect.source AND item.id = suspect.id"
        f" WHERE suspect.source = ? AND {STILL_HERE} ORDER BY 2",
        source,
    )
    return [Suspect(*row[:4]) for row in rows], {row[1]: (row[4], row[5]) for row in rows}


# ---- conclusions --------------------------------------------------------------------------------------------------------


class Fetch(NamedTuple):
    """Items that were asked for by id: where they are counted, and what became of that place. ``reads`` are the partitions by id
    with what is known of them."""

    reads: Mapping[str, Visibility]


def put_fetched(tx: Tx, at: Place, incoming: write_pages.Incoming, where: Fetch) -> write_pages.PageCounts:
    """Store items read by id. One that lies in no partition of the source is out of its scope; a new one of that kind is not
    stored at all."""
    alike = write_passes.obeys(tx, at, str(tx.value("SELECT private FROM source WHERE name = ?", at.source)))
    kept, repeats = fold_page(incoming.contents)
    known = _known(tx, at.source, kept)
    homes = {id_: _home(row.row, where, known.get(id_)) for id_, row in kept.items()}
    kept = {id_: row for id_, row in kept.items() if id_ in known or homes[id_][1] == PRESENT}
    counts = write_pages.PageCounts(repeats=repeats)
    for home in sorted({homes[id_] for id_ in kept}):
        those = {id_: row for id_, row in kept.items() if homes[id_] == home}
        there = at._replace(partition_id=home[0])
        part, hidden, _ = write_pages.put_items(tx, there, those, incoming.private, presence=home[1])
        counts = counts._replace(
            new=counts.new + part.new, changed=counts.changed + part.changed, older=counts.older + part.older,
            unchanged=counts.unchanged + part.unchanged, altered=counts.altered + part.altered,
        )  # fmt: skip
        if hidden and not alike:
            traces_left(tx)
    write_pages.clear_former_trouble(tx, at.source, kept)
    poison = write_pages.quarantine(tx, at, incoming.refused)
    return counts._replace(rejected=len(incoming.refused), quarantined=poison)


def _known(tx: Tx, source: str, ids: Collection[str]) -> dict[str, str]:
    d = tx.dialect
    return tx.pairs(f"SELECT id, partition_id FROM item WHERE source = ? AND {in_texts(d, 'id')}", source, d.array(ids))


_CONTAINERS = COLUMNS.index("containers")


def _home(row: Sequence[object], where: Fetch, former: str | None) -> tuple[str, str]:
    """(partition, presence) of an item that is there: in a partition that is read, else in an archived one, else outside."""
    text = row[_CONTAINERS]
    named = orjson.loads(text) if isinstance(text, str) else []
    if not named:
        return former or "", PRESENT
    rank = {"listed": 0, "unchanged": 0, "failed": 0, "lost": 0, "archived": 1, "trashed": 2}
    inside = sorted((rank[where.reads[c]], c) for c in named if where.reads.get(c) in rank)
    if not inside:
        return former or "", "out_of_scope"
    best, partition = inside[0]
    return partition, (PRESENT, "archived", "trashed")[best]


def live_of(sql: Sql, source: str, partitions: Collection[str]) -> dict[str, int]:
    """How many items that have not left each of these partitions has."""
    d = sql.dialect
    return sql.pairs(
        f"SELECT partition_id, count(*) FROM item WHERE source = ? AND {STILL_HERE} AND {in_texts(d, 'partition_id')}"
        " GROUP BY partition_id",
        *(source, d.array(partitions)),
    )


def listed_of(sql: Sql, source: str, partitions: Collection[str]) -> dict[str, int]:
    """How many ids the last listing of each of these partitions holds."""
    d = sql.dialect
    return sql.pairs(
        f"SELECT p.id, count(*) FROM partition AS p JOIN seen ON p.source = seen.source AND p.id = seen.partition_id"
        f" AND p.complete_pass_id = seen.pass_id, {d.elements('seen.ids', 'id_')}"
        f" WHERE p.source = ? AND seen.ids IS NOT NULL AND {in_texts(d, 'p.id')} GROUP BY p.id",
        *(source, d.array(partitions)),
    )


def approved(sql: Sql, source: str) -> frozenset[str]:
    """Ids whose absence a person has accepted and no run has applied yet."""
    return frozenset(
        id_ for hold in write_holds.waiting(sql, source, "absence") if hold.decision == "approved" for id_ in hold.ids
    )


def conclude(tx: Tx, at: Place, judged: Judged, *, whole: bool) -> None:
    """See ``Writer.conclude``."""
    _leave(tx, at, judged.apply)
    for held in judged.held:
        _hold(tx, at, held)
    if whole:
        _settle(tx, at, judged)


def _leave(tx: Tx, at: Place, verdicts: Iterable[Verdict]) -> None:
    those = list(verdicts)
    bring(tx, [(v.no, v.presence, v.evidence) for v in those], at)
    d = tx.dialect
    tx.run(f"DELETE FROM suspect WHERE source = ? AND {in_texts(d, 'id')}", at.source, d.array(v.id for v in those))
    merged = [v for v in those if v.presence == "merged" and v.into is not None]
    winners = _numbers(tx, at.source, [v.into for v in merged if v.into is not None])
    tx.many(
        "INSERT INTO alias (source, kind, value, item_no, from_seq) VALUES (?, 'id', ?, ?, ?)"
        " ON CONFLICT (source, value, kind, item_no) DO UPDATE SET from_seq = excluded.from_seq",
        [(at.source, fold(v.id), winners[v.into], tx.seq) for v in merged if v.into in winners],
    )
    tx.mark(winners.values())


def _numbers(tx: Tx, source: str, ids: Collection[str]) -> dict[str, int]:
    d = tx.dialect
    return tx.pairs(f"SELECT id, no FROM item WHERE source = ? AND {in_texts(d, 'id')}", source, d.array(ids)) if ids else {}


def _hold(tx: Tx, at: Place, held: Held) -> None:
    word = "none is listed any more" if held.empty else "are gone at once"
    text = f"{len(held.verdicts)} of {held.of} items {word}"
    hold = write_holds.NewHold(
        at.source, held.partition, "absence", [v.id for v in held.verdicts], text, at.run_id, at.seen_at
    )  # fmt: skip
    write_holds.put(tx, hold)
    waiting = {no for no, presence in _presences(tx, [v.no for v in held.verdicts]) if presence != "held"}
    bring(tx, [(v.no, "held", v.evidence) for v in held.verdicts if v.no in waiting], at)


def _presences(tx: Tx, nos: Collection[int]) -> list[tuple[int, str]]:
    d = tx.dialect
    return [(row[0], row[1]) for row in tx.rows(f"SELECT no, presence FROM item WHERE {in_numbers(d, 'no')}", d.array(nos))]


def _settle(tx: Tx, at: Place, judged: Judged) -> None:
    still = {held.partition for held in judged.held}
    for hold in write_holds.waiting(tx, at.source, "absence"):
        if hold.decision == "approved":
            write_holds.decide(tx, hold.id, "applied" if hold.ids & judged.used else "withdrawn", at.seen_at)
        elif hold.partition_id not in still:
            write_holds.decide(tx, hold.id, "withdrawn", at.seen_at)


def put_unlisted(tx: Tx, at: Place, partition: str, name: str) -> None:
    """See ``Writer.put_unlisted``."""
    rows = tx.rows(
        f"SELECT no, id, presence FROM item WHERE source = ? AND partition_id = ? AND {STILL_HERE} ORDER BY id",
        *(at.source, partition),
    )
    agreed: set[str] = set()
    for hold in write_holds.waiting(tx, at.source, "unlisted", partition):
        if hold.decision == "approved":
            agreed |= hold.ids
            write_holds.decide(tx, hold.id, "applied", at.seen_at)
    outside = "the configuration no longer names its project"
    changes = [(row[0], "out_of_scope", outside) for row in rows if row[1] in agreed]
    changes += [(row[0], "unobserved", outside) for row in rows if row[1] not in agreed and row[2] != "unobserved"]
    bring(tx, changes, at)
    ids = [row[1] for row in rows if row[1] not in agreed]
    if ids:
        text = f"{len(ids)} items of {name}, which the configuration no longer names"
        write_holds.put(tx, write_holds.NewHold(at.source, partition, "unlisted", ids, text, at.run_id, at.seen_at))
