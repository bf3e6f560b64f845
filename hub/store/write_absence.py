"""What a run concludes of items that no partition lists: listings compared with what is stored, presences, holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import orjson

from connectors.base import Seen
from hub.absence import Held, Judged, Suspect, Verdict, Visibility
from hub.model import FROZEN, LEFT, PRESENT, fold
from hub.reconcile import clean, fold_page, millis
from hub.store import write_holds, write_pages, write_passes, write_values
from hub.store.dialect import Sql, in_numbers, in_texts
from hub.store.presences import STAYED, among
from hub.store.write_base import Tx
from hub.store.write_passes import Place
from hub.store.write_private import traces_left

_AWAY = FROZEN | {"archived"}
RETRIES = 3
"""Runs that read only what changed and ask again for a record that could not be understood. A nightly run always asks again: the
vendor may mend a record without saying that it changed, and a hundred of them cost one request."""
MANY = 1_000
"""Such records that a run asks for."""


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
    _bring_back(tx, at, back)
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
            f"SELECT id, no, updated_at, presence, partition_id, containers FROM item WHERE source = ? AND {in_texts(d, 'id')}",
            *(at.source, d.array(stamps)),
        )
    }
    strangers = [row for row in found.values() if row[3] != at.partition_id and row[4]]
    write_pages.rehome(tx, at, [row[0] for row in strangers if write_pages.lies_in(orjson.loads(row[4]), at, row[3])])
    fetch = [id_ for id_ in stamps if id_ not in found]
    back = []
    for id_, (no, updated, presence, *_) in found.items():
        stamp = stamps[id_]
        newer = stamp is not None and updated is not None and stamp > updated
        blind = presence in _AWAY and (stamp is None or updated is None)  # what happened to it meanwhile, nobody can tell
        if newer or blind or presence in LEFT or presence == "held":
            fetch.append(id_)
        elif presence in _AWAY:
            back.append(int(no))
    bad = _unreadable(tx, at.source, fetch) if fetch else set()
    return [id_ for id_ in fetch if id_ not in bad], back


def _bring_back(tx: Tx, at: Place, nos: Sequence[int]) -> None:
    """They are in sight again, in this partition."""
    bring(tx, [(no, PRESENT, None) for no in nos], at)
    if nos:
        d = tx.dialect
        tx.run(f"UPDATE item SET partition_id = ? WHERE {in_numbers(d, 'no')}", at.partition_id, d.array(nos))


def restore(tx: Tx, at: Place) -> int:
    """A partition that was proved unchanged: what its last listing holds is in sight again. How many."""
    d = tx.dialect
    rows = tx.rows(
        "SELECT DISTINCT item.no FROM partition AS p JOIN seen ON p.source = seen.source AND p.id = seen.partition_id"
        f" AND p.complete_pass_id = seen.pass_id, {d.elements('seen.ids', 'id_')}, item"
        f" WHERE p.source = ? AND p.id = ? AND seen.ids IS NOT NULL AND item.presence IN ({among(_AWAY)})"
        " AND item.id = id_.value AND item.source = p.source",
        *(at.source, at.partition_id),
    )
    _bring_back(tx, at, [int(row[0]) for row in rows])
    return len(rows)


def _unreadable(tx: Tx, source: str, ids: Collection[str]) -> set[str]:
    """Those among them that are in quarantine; ``to_retry`` says which of them are read again."""
    d = tx.dialect
    rows = tx.rows(f"SELECT id FROM quarantine WHERE source = ? AND {in_texts(d, 'id')}", source, d.array(ids))
    return {row[0] for row in rows}


def to_retry(sql: Sql, source: str, before: int, *, patient: bool) -> list[str]:
    """Ids in quarantine that were not read since the seq ``before`` and are to be tried again; ``patient``: however often."""
    rows = sql.rows(
        "SELECT id FROM quarantine WHERE source = ? AND id IS NOT NULL AND tries <= ? AND last_seq < ?"
        " ORDER BY tries, id LIMIT ?",
        *(source, 2**31 if patient else RETRIES, before, MANY),
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


def forget_unreadable(tx: Tx, source: str, ids: Collection[str]) -> None:
    """These ids were asked for and are not to be had: a record of them that nobody understood is of no use any more."""
    d = tx.dialect
    tx.run(f"DELETE FROM quarantine WHERE source = ? AND {in_texts(d, 'id')}", source, d.array(ids))


def unlisted_quarantine(sql: Sql, source: str, at: Place) -> list[str]:
    """Ids in quarantine that no listing of this run holds, whatever was tried before: most likely they are gone."""
    d = sql.dialect
    rows = sql.rows(
        f"SELECT id FROM quarantine WHERE source = ? AND id IS NOT NULL AND {d.absent_from('quarantine.id', _listed(sql))}",
        *(source, source, at.run_id),
    )
    return [row[0] for row in rows]


def _listed(sql: Sql) -> str:
    """A subquery (source, run): the ids that the listings of a run hold."""
    return (
        "SELECT id_.value FROM seen JOIN partition AS p ON p.source = seen.source AND p.id = seen.partition_id"
        f" AND p.complete_pass_id = seen.pass_id, {sql.dialect.elements('seen.ids', 'id_')}"
        " WHERE seen.source = ? AND seen.ids IS NOT NULL AND p.listed_run_id = ? AND p.yields = 'items'"
    )


def suspects(
    sql: Sql, source: str, at: Place, partitions: Collection[str] | None = None, *, unless: str | None = None
) -> list[Suspect]:
    """Items of the source, those that have left aside, that no listing of this run holds, in order of their ids; of these
    partitions, or of all; without those of the presence ``unless``.

    A partition that was proved unchanged is still listed by what listed it last.
    """
    d = sql.dialect
    only: str = ""
    given: tuple[object, ...] = ()
    if partitions is not None:
        only, given = f" AND {in_texts(d, 'partition_id')}", (d.array(partitions),)
    if unless is not None:
        only, given = f"{only} AND presence <> ?", (*given, unless)
    rows = sql.rows(
        f"SELECT no, id, partition_id, presence FROM item WHERE source = ? AND {STAYED}{only}"
        f" AND {d.absent_from('item.id', _listed(sql))} ORDER BY id",
        *(source, *given, source, at.run_id),
    )
    return [Suspect(*row) for row in rows]


def named(sql: Sql, source: str) -> tuple[list[Suspect], dict[str, tuple[str, str | None]]]:
    """Items of which a page said that they are gone, and (how, into) by id."""
    rows = sql.rows(
        "SELECT item.no, suspect.id, item.partition_id, presence, how, into_id FROM suspect"
        " JOIN item ON item.source = suspect.source AND item.id = suspect.id"
        f" WHERE suspect.source = ? AND {STAYED} ORDER BY 2",
        source,
    )
    return [Suspect(*row[:4]) for row in rows], {row[1]: (row[4], row[5]) for row in rows}


# ---- conclusions --------------------------------------------------------------------------------------------------------


def put_fetched(
    tx: Tx, at: Place, incoming: write_pages.Incoming, reads: Mapping[str, Visibility]
) -> tuple[write_pages.PageCounts, dict[str, str]]:
    """Store items read by id; ``reads`` is what is known of the partitions, by id. One that lies in no partition of the source,
    or in one in the trash, is not stored: of those that are known the presence that they would have, by id."""
    alike = write_passes.obeys(tx, at, str(tx.value("SELECT private FROM source WHERE name = ?", at.source)))
    kept, repeats = fold_page(incoming.contents)
    known = _known(tx, at.source, kept)
    homes = {id_: _home(row.row, reads, known.get(id_)) for id_, row in kept.items()}
    # what lies outside is no item to be stored: whether one that is stored leaves is the guard's to say
    outside = {id_: homes[id_][1] for id_ in kept if id_ in known and homes[id_][1] in LEFT}
    kept = {id_: row for id_, row in kept.items() if homes[id_][1] == PRESENT or (id_ in known and id_ not in outside)}
    counts = write_pages.PageCounts(repeats=repeats)
    for home in sorted({homes[id_] for id_ in kept}):
        those = {id_: row for id_, row in kept.items() if homes[id_] == home}
        there = at._replace(partition_id=home[0])
        part, hidden, _ = write_pages.put_items(tx, there, those, incoming.private, presence=home[1], witnessed=True)
        counts = counts.plus(part)
        if hidden and not alike:
            traces_left(tx)
    write_pages.clear_former_trouble(tx, at.source, kept)
    if counts.new or counts.changed:  # from another moment than the pass: what is stored is of several versions
        tx.run("UPDATE partition SET version = NULL WHERE source = ? AND version IS NOT NULL", at.source)
    poison = write_pages.quarantine(tx, at, incoming.refused)
    return counts._replace(rejected=len(incoming.refused), quarantined=poison), outside


def _known(tx: Tx, source: str, ids: Collection[str]) -> dict[str, str]:
    d = tx.dialect
    return tx.pairs(f"SELECT id, partition_id FROM item WHERE source = ? AND {in_texts(d, 'id')}", source, d.array(ids))


def _home(row: Sequence[object], reads: Mapping[str, Visibility], former: str | None) -> tuple[str, str]:
    """(partition, presence) of an item that is there: in a partition that is read, else in an archived one, else outside."""
    named = write_pages.named_in(row)
    if not named:
        return former or "", PRESENT
    rank = {"listed": 0, "unclear": 0, "failed": 0, "lost": 0, "archived": 1, "dropped": 2, "trashed": 3}
    inside = sorted((rank[reads[c]], c) for c in named if reads.get(c) in rank)
    if not inside:
        return former or "", "out_of_scope"
    best, partition = inside[0]
    return partition, (PRESENT, "archived", "unobserved", "trashed")[best]


def live_of(sql: Sql, source: str, partitions: Collection[str], at: Place) -> dict[str, int]:
    """How many items that have not left each of these partitions had before the run."""
    if not partitions:  # nothing is missing, as in most nights: spares going through all items
        return {}
    d = sql.dialect
    return sql.pairs(
        f"SELECT partition_id, count(*) FROM item WHERE source = ? AND {STAYED} AND {in_texts(d, 'partition_id')}"
        " AND first_seen_at < ? GROUP BY partition_id",
        *(source, d.array(partitions), at.seen_at),
    )


def listed_of(sql: Sql, source: str, partitions: Collection[str], at: Place) -> dict[str, int]:
    """How many ids the listing of each of these partitions by this run holds."""
    if not partitions:
        return {}
    d = sql.dialect
    return sql.pairs(
        f"SELECT p.id, count(*) FROM partition AS p JOIN seen ON p.source = seen.source AND p.id = seen.partition_id"
        f" AND p.complete_pass_id = seen.pass_id, {d.elements('seen.ids', 'id_')}"
        f" WHERE p.source = ? AND seen.ids IS NOT NULL AND p.listed_run_id = ? AND {in_texts(d, 'p.id')} GROUP BY p.id",
        *(source, at.run_id, d.array(partitions)),
    )


def asked(sql: Sql, source: str) -> tuple[frozenset[str], frozenset[str], frozenset[int]]:
    """Ids whose absence a person has accepted and no run has applied; ids that a person was asked about and has not answered;
    and the numbers of the accepted holds. Of both only ids that were not seen again since."""
    d = sql.dialect
    holds = write_holds.waiting(sql, source, "absence")
    accepted = frozenset(hold.id for hold in holds if hold.decision == "approved")
    ids = sorted({id_ for hold in holds for id_ in hold.ids})
    if not ids:
        return frozenset(), frozenset(), accepted
    still = {
        row[0]
        for row in sql.rows(
            f"SELECT id FROM item WHERE source = ? AND presence = 'held' AND {in_texts(d, 'id')}", source, d.array(ids)
        )
    }
    yes = frozenset(id_ for hold in holds if hold.id in accepted for id_ in hold.ids if id_ in still)
    unanswered = frozenset(id_ for hold in holds if hold.id not in accepted for id_ in hold.ids if id_ in still)
    return yes, unanswered - yes, accepted


def conclude(tx: Tx, at: Place, judged: Judged, *, whole: bool, accepted: Collection[int], unclear: Collection[str]) -> None:
    """See ``Writer.conclude``."""
    _leave(tx, at, judged.apply)
    for held in judged.held:
        _hold(tx, at, held, accepted)
    if whole:
        _settle(tx, at, judged, accepted, unclear)
        tx.run(
            "DELETE FROM suspect WHERE source = ? AND NOT EXISTS (SELECT 1 FROM item WHERE item.source = suspect.source"
            f" AND item.id = suspect.id AND item.{STAYED})",
            at.source,
        )


def _leave(tx: Tx, at: Place, verdicts: Iterable[Verdict]) -> None:
    those = list(verdicts)
    bring(tx, [(v.no, v.presence, v.evidence) for v in those], at)
    d = tx.dialect
    gone = [v.id for v in those if v.presence in LEFT]
    for table in ("suspect", "quarantine"):
        tx.run(f"DELETE FROM {table} WHERE source = ? AND {in_texts(d, 'id')}", at.source, d.array(gone))
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


def _hold(tx: Tx, at: Place, held: Held, accepted: Collection[int]) -> None:
    ids = frozenset(v.id for v in held.verdicts)
    for former in write_holds.waiting(tx, at.source, "absence", held.partition):
        if former.decision == "approved" and former.id not in accepted and former.ids >= ids:
            return  # approved since this run asked: the next one applies it
    word = "none is listed any more" if held.empty else "are gone at once"
    text = f"{len(held.verdicts)} of {held.of} items {word}"
    write_holds.put(tx, write_holds.NewHold(at.source, held.partition, "absence", ids, text, at.run_id, at.seen_at))
    waiting = {no for no, presence in _presences(tx, [v.no for v in held.verdicts]) if presence != "held"}
    bring(tx, [(v.no, "held", v.evidence) for v in held.verdicts if v.no in waiting], at)


def _presences(tx: Tx, nos: Collection[int]) -> list[tuple[int, str]]:
    d = tx.dialect
    return [(row[0], row[1]) for row in tx.rows(f"SELECT no, presence FROM item WHERE {in_numbers(d, 'no')}", d.array(nos))]


def _settle(tx: Tx, at: Place, judged: Judged, accepted: Collection[int], unclear: Collection[str]) -> None:
    """End the holds that nothing calls for any more, and the approvals that this run knew of; none of ``unclear`` partitions."""
    still = {held.partition for held in judged.held}
    for hold in write_holds.waiting(tx, at.source, "absence"):
        if hold.partition_id in unclear:
            continue
        if hold.decision == "approved":
            if hold.id in accepted:  # a later approval is the next run's
                write_holds.decide(tx, hold.id, "applied" if hold.ids & judged.used else "withdrawn", at.seen_at)
        elif hold.partition_id not in still:
            write_holds.decide(tx, hold.id, "withdrawn", at.seen_at)


OUTSIDE = "the configuration no longer names its project", "the account no longer sees its project"


def left_with_project(sql: Sql, source: str, partitions: Collection[str]) -> list[Suspect]:
    """Items of these partitions that are out of scope because their whole partition was."""
    d = sql.dialect
    rows = sql.rows(
        "SELECT no, id, partition_id, presence FROM item WHERE source = ? AND presence = 'out_of_scope' AND evidence IN (?, ?)"
        f" AND {in_texts(d, 'partition_id')} ORDER BY id",
        *(source, *OUTSIDE, d.array(partitions)),
    )
    return [Suspect(*row) for row in rows]


def put_unlisted(tx: Tx, at: Place, partition: str, name: str, presence: str = "unobserved") -> int:
    """See ``Writer.put_unlisted``."""
    rows = tx.rows(
        f"SELECT no, id, presence FROM item WHERE source = ? AND partition_id = ? AND {STAYED} ORDER BY id",
        *(at.source, partition),
    )
    agreed: set[str] = set()
    for hold in write_holds.waiting(tx, at.source, "unlisted", partition):
        if hold.decision == "approved":
            agreed |= hold.ids
            write_holds.decide(tx, hold.id, "applied", at.seen_at)
    why = OUTSIDE[presence != "unobserved"]
    changes = [(row[0], "out_of_scope", why) for row in rows if row[1] in agreed]
    changes += [(row[0], presence, why) for row in rows if row[1] not in agreed and row[2] != presence]
    bring(tx, changes, at)
    ids = [row[1] for row in rows if row[1] not in agreed]
    values, ended = write_values.let_go(tx, at.source, partition, agreed)
    if ids or values:
        what = " and ".join(f"{len(those)} {word}" for those, word in ((ids, "items"), (values, "values")) if those)
        text = f"{what} of {name}, which {why.removesuffix(' its project')}"
        held = write_holds.NewHold(at.source, partition, "unlisted", [*ids, *values], text, at.run_id, at.seen_at)
        write_holds.put(tx, held)
    return sum(row[1] in agreed for row in rows) + ended
