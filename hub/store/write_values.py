"""The values of a partition: what a pass brings, put aside until its end, then taken over as a whole, or held.

    page --stage--> pending_value: what is new or differs; seen: what was listed
    end of the pass --conclude--> restated nearly all at once: all of it waits for a person
                              --> no longer listed: ended, or too much at once: stays, and a person is asked
                              --> the rest of what is pending: in force, what it replaces is superseded

Nothing of a pass counts before its last page: half a sheet is no sheet, and values have no stamps that could tell which of two is
the newer one. A pass that breaks off changes nothing, and is read again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from connectors.base import MetricValue, Rejected
from hub.absence import Verdict, all_changed, guard
from hub.patterns import LONGEST
from hub.reconcile import Unstorable, ValueRow, digest, value_identity, value_named, value_row
from hub.store import write_holds, write_passes
from hub.store.dialect import Sql, in_texts
from hub.store.write_base import Tx
from hub.store.write_passes import Place

Key = tuple[str, str, str]
"""Series, day and key of a value."""
KEY = ("series", "on_day", "row_key")
SAID = ("value", "unit", "fields", "typed_by", "note")
COLUMNS = (*KEY, *SAID, "place", "run_id")
IDENTITY = "on_day || ' ' || length(series) || ' ' || series || row_key"
"""``value_identity`` in SQL."""
OF = "source = ? AND partition_id = ?"
IN_FORCE = f"{OF} AND to_seq IS NULL"
GONE = "it is not listed any more"
_SAME = " AND ".join(f"v.{name} = p.{name}" for name in ("source", "partition_id", *KEY))
_EQUAL = " AND ".join(
    [_SAME.replace("p.", "pending_value."), *(f"coalesce(v.{name}, '') = coalesce(pending_value.{name}, '')" for name in SAID)]
)
MARK = "!"
"""Begins what stands in a listing for a record that could not be understood; identities begin with a digit."""


class Taken(NamedTuple):
    """What the end of a pass came to: values that are new, restated and gone; whether a person must look."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    held: bool = False


# ---- a page -------------------------------------------------------------------------------------------------------------


def read(values: Iterable[MetricValue]) -> tuple[dict[Key, ValueRow], list[Rejected]]:
    """Canonical rows, of one value given twice the last, and what cannot be stored. Needs no transaction."""
    rows: dict[Key, ValueRow] = {}
    refused = []
    for given in values:
        try:
            row = value_row(given)
            if len(row.series) + len(row.row_key) > LONGEST:
                raise Unstorable(f"its series and key are together longer than {LONGEST} characters")
            rows[row[:3]] = row
        except Unstorable as reason:
            refused.append(Rejected(None, str(reason), repr(given)))
    return rows, refused


def stage(tx: Tx, at: Place, rows: Mapping[Key, ValueRow]) -> None:
    """Put aside what is new or differs from what is in force. Where a value stands is brought up to date at once."""
    if not rows:
        return
    stored = _stored(tx, at, rows)
    differs = [row for key, row in rows.items() if key not in stored or stored[key][:-1] != row.said]
    alike = [key for key, row in rows.items() if key in stored and stored[key][:-1] == row.said]
    where = (at.source, at.partition_id, at.pass_id)
    if alike and tx.value(f"SELECT 1 FROM pending_value WHERE {OF} AND pass_id = ? LIMIT 1", *where):
        # an earlier page of the pass gave another one
        tx.many(
            f"DELETE FROM pending_value WHERE {OF} AND pass_id = ? AND series = ? AND on_day = ? AND row_key = ?",
            [(*where, *key) for key in alike],
        )
    moved = [(rows[key].place, at.source, at.partition_id, *key) for key in alike if stored[key][-1] != rows[key].place]
    tx.update("metric_value", ("place",), ("source", "partition_id", *KEY), moved, only="to_seq IS NULL")
    tx.upsert(
        "pending_value",
        (*SAID, "place", "run_id"),
        ("source", "partition_id", "pass_id", *KEY),
        [(*row.said, row.place, at.run_id, *where, *row[:3]) for row in differs],
    )


def _stored(tx: Tx, at: Place, keys: Collection[Key]) -> dict[Key, Sequence[str | None]]:
    d = tx.dialect
    statement = d.looked_up(
        d.given("series text", "on_day text", "row_key text"),
        "metric_value AS v",
        "v.source = ? AND v.partition_id = ? AND v.series = given.series AND v.on_day = given.on_day"
        " AND v.row_key = given.row_key AND v.to_seq IS NULL",
        ", ".join(f"v.{name}" for name in (*KEY, *SAID, "place")),
    )
    found = tx.rows(statement, d.table(keys), at.source, at.partition_id)
    return {(row[0], row[1], row[2]): tuple(row[3:]) for row in found}


def changed_since(tx: Tx, seq: int) -> bool:
    """Whether values came or went after a seq."""
    if tx.value("SELECT 1 FROM partition WHERE yields = 'values' AND from_seq > ? LIMIT 1", seq) is None:  # spares a scan
        return False
    return tx.value("SELECT 1 FROM metric_value WHERE from_seq > ? OR to_seq > ? LIMIT 1", seq, seq) is not None


# ---- the end of a pass --------------------------------------------------------------------------------------------------


def conclude(tx: Tx, at: Place, *, unchanged: bool, exempt: bool) -> Taken:
    """A pass ended, and ``write_passes`` has noted it. ``unchanged``: it listed nothing, so the last complete one is looked at
    again, and nothing goes but what a person agreed to. ``exempt``: it was read by other settings, so all may be restated."""
    where = (at.source, at.partition_id)
    listing = tx.value("SELECT complete_pass_id FROM partition WHERE source = ? AND id = ?", *where)
    tx.run(f"DELETE FROM pending_value WHERE {OF} AND pass_id <> ?", *where, -1 if listing is None else listing)
    if listing is None:
        return Taken()
    # a person may have agreed to them while the pass was under way
    tx.run(
        f"DELETE FROM pending_value WHERE {OF} AND EXISTS (SELECT 1 FROM metric_value AS v WHERE v.to_seq IS NULL AND {_EQUAL})",
        *where,
    )
    if _restated(tx, at, listing, exempt):
        return Taken(held=True)
    gone, held = _vanished(tx, at, listing, unchanged)
    new, changed = _take_over(tx, at.source, at.partition_id, listing, _days(held))
    return Taken(new, changed, gone, bool(held))


def _restated(tx: Tx, at: Place, pass_id: int, exempt: bool) -> bool:
    """Whether a person must look at what the pass restates: nearly all at once, or what was asked about and not answered."""
    where = (at.source, at.partition_id)
    asked = frozenset(id_ for hold in write_holds.waiting(tx, at.source, "restated", at.partition_id) for id_ in hold.ids)
    pending = int(tx.value(f"SELECT count(*) FROM pending_value WHERE {OF} AND pass_id = ?", *where, pass_id))
    many = not exempt and all_changed(pending, pending)  # spares counting
    if not asked and not many:
        return False
    ids = [] if exempt else _restatements(tx, at, pass_id)
    of = write_passes.values_of(tx, *where)
    if all_changed(len(ids), of) or asked.intersection(ids):
        text = f"{len(ids)} of {of} values are other ones at once"
        write_holds.put(tx, write_holds.NewHold(*where, "restated", ids, text, at.run_id, at.seen_at))
        return True
    write_holds.close(tx, at.source, "restated", at.partition_id, "withdrawn", at.seen_at)
    return False


def _restatements(tx: Tx, at: Place, pass_id: int) -> list[str]:
    """Which values are restated, and as what: an approval covers what was seen."""
    rows = tx.rows(
        f"SELECT {', '.join(f'p.{name}' for name in (*KEY, *SAID))} FROM pending_value AS p JOIN metric_value AS v ON"
        f" {_SAME} AND v.to_seq IS NULL WHERE p.source = ? AND p.partition_id = ? AND p.pass_id = ?",
        *(at.source, at.partition_id, pass_id),
    )
    return [f"{digest(list(row[3:])).hex()} {value_identity(*row[:3])}" for row in rows]


def _vanished(tx: Tx, at: Place, listing: int, unchanged: bool) -> tuple[int, frozenset[str]]:
    """End the values that a listing does not hold, or ask; how many ended, and which are held."""
    holds = write_holds.waiting(tx, at.source, "values", at.partition_id)
    asked = frozenset(id_ for hold in holds if hold.decision is None for id_ in hold.ids)
    approved = frozenset(id_ for hold in holds if hold.decision == "approved" for id_ in hold.ids)
    if _unclear(tx, at):  # what could not be understood may be any of them
        return 0, asked | approved
    d = tx.dialect
    listed = _listed(d.elements("seen.ids", "id_"))
    place = (at.source, at.partition_id, listing)
    missing = [
        str(row[0])
        for row in tx.rows(
            f"SELECT {IDENTITY} FROM metric_value WHERE {IN_FORCE} AND {d.absent_from(IDENTITY, listed)}",
            *(at.source, at.partition_id, *place),
        )
    ]
    if unchanged:
        missing = [id_ for id_ in missing if id_ in approved]
    if not missing and not holds:
        return 0, frozenset()
    verdicts = [Verdict(0, id_, at.partition_id, "deleted", GONE) for id_ in missing]
    of = write_passes.values_of(tx, at.source, at.partition_id)
    shown = int(tx.value(f"SELECT count(*) FROM ({listed}) AS those", *place))
    judged = guard(verdicts, {at.partition_id: of}, {at.partition_id: shown}, approved, asked)
    end(tx, at.source, at.partition_id, [verdict.id for verdict in judged.apply])
    held = frozenset(verdict.id for each in judged.held for verdict in each.verdicts)
    for each in judged.held:
        text = f"{len(held)} of {of} values {'none is listed any more' if each.empty else 'are gone at once'}"
        write_holds.put(tx, write_holds.NewHold(*place[:2], "values", held, text, at.run_id, at.seen_at))
    for hold in holds:
        if hold.decision == "approved":
            write_holds.decide(tx, hold.id, "applied" if hold.ids & judged.used else "withdrawn", at.seen_at)
        elif not held and not unchanged:
            write_holds.decide(tx, hold.id, "withdrawn", at.seen_at)
    return len(judged.apply), asked if unchanged else held


def _listed(elements: str, mark: str = "<>") -> str:
    """A subquery (source, partition, pass): the identities in a listing; with ``=`` the marks instead."""
    return (
        f"SELECT id_.value FROM seen, {elements} WHERE seen.source = ? AND seen.partition_id = ? AND seen.pass_id = ?"
        f" AND seen.ids IS NOT NULL AND substr(id_.value, 1, 1) {mark} '{MARK}'"
    )


def _unclear(tx: Tx, at: Place) -> bool:
    """Whether there are records in the partition that could not be understood."""
    return tx.value(f"SELECT 1 FROM quarantine WHERE {OF} LIMIT 1", at.source, at.partition_id) is not None


def forget_mended(tx: Tx, at: Place) -> None:
    """The pass has listed everything: what is in quarantine and was not met again can be understood by now, or is gone."""
    rows = tx.rows(f"SELECT hash FROM quarantine WHERE {OF}", at.source, at.partition_id)
    if not rows:
        return
    marks = _listed(tx.dialect.elements("seen.ids", "id_"), "=")
    still = {row[0] for row in tx.rows(marks, at.source, at.partition_id, at.pass_id)}
    over = [(at.source, row[0]) for row in rows if mark(bytes(row[0])) not in still]
    tx.many("DELETE FROM quarantine WHERE source = ? AND hash = ?", over)


def mark(hash_: bytes) -> str:
    """What stands in a listing for a record in quarantine."""
    return MARK + hash_.hex()


# ---- what is in force ---------------------------------------------------------------------------------------------------


def in_force(sql: Sql, source: str, partition_id: str) -> list[str]:
    """The identities of a partition's values, in order."""
    rows = sql.rows(f"SELECT {IDENTITY} FROM metric_value WHERE {IN_FORCE} ORDER BY 1", source, partition_id)
    return [row[0] for row in rows]


def end(tx: Tx, source: str, partition_id: str, ids: Iterable[str]) -> None:
    """These values are no more."""
    keys = [(tx.seq, source, partition_id, *value_named(id_)) for id_ in ids]
    tx.update("metric_value", ("to_seq",), ("source", "partition_id", *KEY), keys, only="to_seq IS NULL")


def end_all(tx: Tx, at: Place) -> None:
    """A partition was read that has items: the values that it had before, by other settings, are no more."""
    tx.run(f"UPDATE metric_value SET to_seq = ? WHERE {IN_FORCE}", tx.seq, at.source, at.partition_id)


def let_through(tx: Tx, hold_id: int) -> None:
    """A person agreed to what a pass restates: it is in force."""
    row = tx.row(
        "SELECT hold.source, hold.partition_id, p.complete_pass_id FROM hold JOIN partition AS p ON p.source = hold.source"
        " AND p.id = hold.partition_id WHERE hold.id = ? AND hold.kind = 'restated' AND p.complete_pass_id IS NOT NULL",
        hold_id,
    )
    if row is not None:
        asked = (hold.ids for hold in write_holds.waiting(tx, row[0], "values", row[1]))
        _take_over(tx, row[0], row[1], row[2], _days(frozenset().union(*asked)))


def _days(held: Iterable[str]) -> frozenset[str]:
    """What a pass brings for a day of which values are held back waits with them: it may be the same under another name, and
    would count twice."""
    return frozenset(value_named(id_)[1] for id_ in held)


def _take_over(tx: Tx, source: str, partition_id: str, pass_id: int, waits: Collection[str]) -> tuple[int, int]:
    """Put what a pass set aside in force, but what is of days that wait; how many values are new, and how many restated."""
    those: str = f"{OF} AND pass_id = ?"
    given: tuple[object, ...] = (source, partition_id, pass_id)
    if waits:
        those, given = f"{those} AND NOT ({in_texts(tx.dialect, 'on_day')})", (*given, tx.dialect.array(waits))
    changed = tx.run(
        f"UPDATE metric_value SET to_seq = ? FROM (SELECT * FROM pending_value WHERE {those}) AS p WHERE"
        f" {_SAME.replace('v.', 'metric_value.')} AND metric_value.to_seq IS NULL",
        *(tx.seq, *given),
    )
    shared = ", ".join(("source", "partition_id", *COLUMNS))
    rows = tx.run(
        f"INSERT INTO metric_value ({shared}, from_seq) SELECT {shared}, CAST(? AS BIGINT) FROM pending_value WHERE {those}",
        *(tx.seq, *given),
    )
    tx.run(f"DELETE FROM pending_value WHERE {those}", *given)
    return rows - changed, changed


def let_go(tx: Tx, source: str, partition_id: str, agreed: Collection[str]) -> tuple[list[str], int]:
    """Of a partition that nothing lists any more: the values that are left when those that a person agreed to are gone, and how
    many these are."""
    ids = in_force(tx, source, partition_id)
    left = [id_ for id_ in ids if id_ not in agreed]
    end(tx, source, partition_id, (id_ for id_ in ids if id_ in agreed))
    return left, len(ids) - len(left)


HeldWhy = Literal["held", "changed", "unobserved", "rejected"]
WHY: Mapping[str, HeldWhy] = {"values": "held", "restated": "changed", "unlisted": "unobserved", "rejected": "rejected"}
"""Kind of a hold -> in the words of ``Reader.frozen``, why numbers of its values stand still."""
