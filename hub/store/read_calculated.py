"""Reading what evaluations wrote: units, links, attachments, findings, snapshots."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import orjson

from hub.absence import CHANGED_ABOVE, RELATIVE
from hub.model import Attachment, Finding, Item, Share, Unit
from hub.store import codec, read_items
from hub.store.dialect import Sql, in_numbers, in_texts
from hub.store.presences import STANDS_STILL, among
from hub.store.read_values import EvaluationRow, LinkRow, SnapshotRow

BATCH = 500

_ATTACHMENT = "attachment." + codec.ATTACHMENT_COLUMNS.replace(", ", ", attachment.")


def units(sql: Sql, keys: Iterable[tuple[str, str]] | None) -> Iterator[Unit]:
    statement = f"SELECT {codec.UNIT_COLUMNS} FROM link WHERE target_kind = 'key_result' AND state IS NOT NULL"
    order = "ORDER BY cycle, target, item_no"
    selections: Iterable[tuple[str, ...]] = [()] if keys is None else keys
    for key in selections:
        only = " AND cycle = ? AND target = ?" if key else ""
        for batch in sql.stream(f"{statement}{only} {order}", *key, size=BATCH):
            yield from map(codec.unit, batch)


_ALIKE = codec.UNIT_COLUMNS.removeprefix("item_no, ")


def unit_groups(sql: Sql) -> Iterator[tuple[Unit, int]]:
    statement = (
        f"SELECT 0, {_ALIKE}, count(*) FROM link WHERE target_kind = 'key_result' AND state IS NOT NULL"
        f" GROUP BY {_ALIKE} ORDER BY cycle, target"
    )
    for batch in sql.stream(statement, size=BATCH):
        for row in batch:
            yield codec.unit(row[:-1]), row[-1]


def links(sql: Sql, cycle: str, kind: str, target: str, after: int, limit: int) -> list[LinkRow]:
    rows = sql.rows(
        f"SELECT {codec.UNIT_COLUMNS} FROM link WHERE cycle = ? AND target_kind = ? AND target = ? AND item_no > ?"
        " ORDER BY item_no LIMIT ?",
        *(cycle, kind, target, after, limit),
    )
    nos = [row[0] for row in rows]
    found = {item.no: item for item in read_items.by_numbers(sql, nos)}
    belongs = {each.no: each for each in attachments(sql, nos, cycle)}
    return [
        LinkRow(found[row[0]], belongs[row[0]], codec.unit(row) if row[6] is not None else None)
        for row in rows
        if row[0] in found and row[0] in belongs
    ]


def attachments(sql: Sql, nos: Collection[int], cycle: str | None) -> list[Attachment]:
    """The attachments of these items, in one cycle or all, with their shares."""
    d = sql.dialect
    only, given = ("", ()) if cycle is None else (" AND cycle = ?", (cycle,))
    by_item = in_numbers(d, "item_no")
    array = d.array(nos)
    shares: dict[tuple[int, str], list[Share]] = {}
    for row in sql.rows(
        f"SELECT {codec.SHARE_COLUMNS} FROM link WHERE {by_item}{only} AND rule IS NOT NULL ORDER BY target_kind, target",
        *(array, *given),
    ):
        shares.setdefault((row[0], row[1]), []).append(codec.share(row))
    rows = sql.rows(
        f"SELECT {codec.ATTACHMENT_COLUMNS} FROM attachment WHERE {by_item}{only} ORDER BY item_no, cycle", array, *given
    )
    return [codec.attachment(row, tuple(shares.get((row[0], row[1]), ()))) for row in rows]


def attached(
    sql: Sql,
    cycle: str,
    outcomes: Collection[str],
    sources: Collection[str] | None,
    containers: Collection[str] | None,
) -> Iterator[tuple[Item, Attachment]]:
    d = sql.dialect
    conditions = ["attachment.cycle = ?", in_texts(d, "attachment.outcome")]
    given: list[Any] = [cycle, d.array(outcomes)]
    if sources is not None:
        conditions.append(in_texts(d, "item.source"))
        given.append(d.array(sources))
    if containers is not None:
        conditions.append(d.overlaps("item.containers"))
        given.append(d.array(containers))
    statement = (
        f"SELECT {read_items.COLUMNS}, {_ATTACHMENT} FROM attachment JOIN item ON item.no = attachment.item_no"
        f" LEFT JOIN edge ON edge.child_no = item.no WHERE {' AND '.join(conditions)} ORDER BY attachment.item_no"
    )
    width = len(codec.ITEM_COLUMNS)
    for batch in sql.stream(statement, *given, size=BATCH):
        shares = _shares(sql, cycle, [row[0] for row in batch])
        for row, item in zip(batch, read_items.decode(sql, batch), strict=True):
            yield item, codec.attachment(row[width:], shares.get(item.no, ()))


def _shares(sql: Sql, cycle: str, nos: Collection[int]) -> dict[int, tuple[Share, ...]]:
    rows = sql.rows(
        f"SELECT {codec.SHARE_COLUMNS} FROM link WHERE {in_numbers(sql.dialect, 'item_no')} AND cycle = ? AND rule IS NOT NULL"
        " ORDER BY target_kind, target",
        *(sql.dialect.array(nos), cycle),
    )
    found: dict[int, tuple[Share, ...]] = {}
    for row in rows:
        found[row[0]] = (*found.get(row[0], ()), codec.share(row))
    return found


def findings(sql: Sql, nos: Collection[int] | None, kinds: Collection[str] | None) -> Iterator[Finding]:
    d = sql.dialect
    conditions, given = ["1 = 1"], []
    if nos is not None:
        conditions.append(in_numbers(d, "item_no"))
        given.append(d.array(nos))
    if kinds is not None:
        conditions.append(in_texts(d, "kind"))
        given.append(d.array(kinds))
    statement = f"SELECT kind, item_no, text FROM finding WHERE {' AND '.join(conditions)} ORDER BY no"
    for batch in sql.stream(statement, *given, size=BATCH):
        yield from (Finding(*row) for row in batch)


def evaluation(sql: Sql, seq: int | None) -> EvaluationRow | None:
    row = sql.row(
        "SELECT seq, as_of, mapping_hash, engine, run_id, facts, freshness, counts FROM evaluation"
        + (" WHERE seq <= ?" if seq is not None else "")
        + " ORDER BY seq DESC LIMIT 1",
        *(() if seq is None else (seq,)),
    )
    if row is None:
        return None
    facts, freshness, counts = (orjson.loads(each) if each is not None else {} for each in row[5:])
    return EvaluationRow._make((*row[:5], facts, freshness, counts))


def frozen(sql: Sql) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """See ``Reader.frozen``."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for cycle, target, why, source, partition in sql.rows(
        # CROSS: else SQLite goes through all links first, instead of the few items that the index on moved ones has
        "SELECT DISTINCT link.cycle, link.target, item.presence, item.source, item.partition_id FROM item CROSS JOIN link"
        f" WHERE link.item_no = item.no AND (item.presence <> 'present' OR item.presence_at IS NOT NULL)"
        f" AND item.{STANDS_STILL} AND link.target_kind = 'key_result'"
    ):
        found.setdefault((cycle, target), set()).add((why, f"{source}/{partition}"))
    troubled = _troubled(sql)
    for (source, partition), why in troubled.items():
        for cycle, target in sql.rows(
            "SELECT DISTINCT link.cycle, link.target FROM item JOIN link ON link.item_no = item.no"
            " WHERE item.source = ? AND item.partition_id = ? AND link.target_kind = 'key_result'",
            *(source, partition),
        ):
            found.setdefault((cycle, target), set()).add((why, f"{source}/{partition}"))
    if troubled:  # what a wave of changes took every link from stands still as long as the wave is looked at
        by_part = {f"{source}/{partition}": why for (source, partition), why in troubled.items()}
        for row in snapshots(sql, "to_seq IS NULL AND kind = 'key_result' AND details LIKE ?", '%"frozen"%'):
            said = row.node.details.get("frozen", {})
            for part in said.get("parts", ()):
                if part in by_part:
                    found.setdefault((row.node.cycle, row.node.id), set()).add((by_part[part], part))
    return found


def frozen_measures(sql: Sql) -> dict[int, set[tuple[str, str]]]:
    """See ``Reader.frozen_measures``."""
    found: dict[int, set[tuple[str, str]]] = {}
    for measure, why, source, partition in sql.rows(
        "SELECT DISTINCT contribution.measure, item.presence, item.source, item.partition_id FROM item CROSS JOIN contribution"
        " WHERE contribution.item_no = item.no AND (item.presence <> 'present' OR item.presence_at IS NOT NULL)"
        f" AND item.{STANDS_STILL}"
    ):
        found.setdefault(measure, set()).add((why, f"{source}/{partition}"))
    for (source, partition), why in _troubled(sql).items():
        for (measure,) in sql.rows(
            "SELECT DISTINCT contribution.measure FROM item JOIN contribution ON contribution.item_no = item.no"
            " WHERE item.source = ? AND item.partition_id = ?",
            *(source, partition),
        ):
            found.setdefault(measure, set()).add((why, f"{source}/{partition}"))
    return found


def _troubled(sql: Sql) -> dict[tuple[str, str], str]:
    """(source, partition) whose stored items are not to be published: a person looks at them first, or a pass that changed more
    than a few of them was not read to its end, so that nobody knows yet whether it changes nearly all."""
    found = {
        (row[0], row[1]): str(row[2])
        for row in sql.rows(
            "SELECT source, partition_id, kind FROM hold WHERE decision IS NULL AND kind IN ('changed', 'rejected')"
        )
    }
    for source, partition, changed in sql.rows(
        "SELECT source, id, pass_changed FROM partition WHERE pass_open = 1 AND pass_kind <> 'recent' AND pass_changed > ?"
        " AND complete_fingerprint = pass_fingerprint",
        CHANGED_ABOVE,
    ):
        of = sql.value("SELECT count(*) FROM item WHERE source = ? AND partition_id = ?", source, partition)
        if changed * 100 > int(of) * RELATIVE:
            found.setdefault((source, partition), "changing")
    return found


def held_key_results(sql: Sql, source: str, partition: str | None, kind: str) -> set[tuple[str, str]]:
    """See ``Reader.held_key_results``."""
    away = {"absence": ("held",), "unlisted": ("unobserved", "access_lost")}.get(kind)
    only = "" if away is None else f" AND item.presence IN ({among(away)})"
    rows = sql.rows(
        "SELECT DISTINCT link.cycle, link.target FROM item JOIN link ON link.item_no = item.no"
        f" WHERE item.source = ? AND item.partition_id = ? AND link.target_kind = 'key_result'{only}",
        *(source, partition),
    )
    return {(row[0], row[1]) for row in rows}


def retargeted(sql: Sql, as_of: int) -> Iterator[tuple[str, str, Any, Any, int]]:
    """See ``Reader.retargeted``. A target is another one only where the mapping is, so only the results that ended at an
    evaluation by other files are looked at."""
    rows = sql.rows(
        "SELECT a.cycle, a.id, a.details, b.details, change.as_of FROM (SELECT seq, as_of, mapping_hash,"
        " lag(mapping_hash) OVER (ORDER BY seq) AS former FROM evaluation WHERE seq <= ?) AS change"
        " JOIN snapshot AS a ON a.to_seq = change.seq AND a.kind = 'key_result'"
        " JOIN snapshot AS b ON b.cycle = a.cycle AND b.kind = a.kind AND b.id = a.id AND b.seq = change.seq"
        " WHERE change.former <> change.mapping_hash ORDER BY change.seq DESC",
        as_of,
    )
    for cycle, id_, before, after, at in rows:
        former, present = ((orjson.loads(text) if text else {}).get("target") for text in (before, after))
        if former is not None and present is not None and former != present:
            yield cycle, id_, former, present, at


def snapshots(sql: Sql, condition: str, *given: Any) -> list[SnapshotRow]:
    rows = sql.rows(
        f"SELECT seq, to_seq, {codec.NODE_COLUMNS} FROM snapshot WHERE {condition} ORDER BY cycle, kind, id, seq", *given
    )
    return [SnapshotRow(row[0], row[1], codec.node(row[2:])) for row in rows]


def snapshot(sql: Sql, cycle: str, kind: str, id_: str, as_of: int | None) -> SnapshotRow | None:
    when, given = ("to_seq IS NULL", ()) if as_of is None else ("seq <= ? AND (to_seq IS NULL OR to_seq > ?)", (as_of, as_of))
    found = snapshots(sql, f"cycle = ? AND kind = ? AND id = ? AND {when}", cycle, kind, id_, *given)
    return found[0] if found else None
