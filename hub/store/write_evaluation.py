"""What an evaluation writes: the mapping it uses, links chunk by chunk, snapshots that changed, messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from hub.model import Attachment, Baseline, Contribution, Finding, NodeResult, Share, Unit
from hub.model import Mapping as Rules
from hub.reconcile import canonical_json, clean, digest
from hub.store import codec
from hub.store.dialect import in_numbers
from hub.store.write_base import Tx
from hub.store.write_source import cleaned, unmark


class Message(NamedTuple):
    """Something to be sent after the transaction; ``key`` is unique, a second message of that key is dropped."""

    key: str
    kind: str
    payload: Mapping[str, Any]


# ---- the mapping --------------------------------------------------------------------------------------------------------


def put_mapping(tx: Tx, mapping: Rules, *, engine: str, facts: object, git_commit: str | None, clockwork: object = None) -> bool:
    """See ``Writer.put_mapping``."""
    tx.run(
        "INSERT INTO mapping (hash, files, timezone, git_commit, first_seq) VALUES (?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
        *(mapping.hash, canonical_json(dict(mapping.files)), mapping.timezone, git_commit, tx.seq),
    )
    wanted = digest([mapping.hash, engine, facts, clockwork]).hex()
    # compared with what links are being calculated with, not with the latest evaluation: one that was cut short under
    # another mapping has already replaced some of them
    if tx.value("SELECT calculated_with FROM clock") == wanted:
        return False
    tx.run("UPDATE clock SET calculated_with = ?", wanted)
    tx.run("DELETE FROM finding WHERE item_no IS NULL")  # they are about rules and sources, which are others now
    tx.run("DELETE FROM contribution")  # measures are counted anew
    tx.mark_where("true")
    return True


# ---- links --------------------------------------------------------------------------------------------------------------


def put_attachments(
    tx: Tx,
    nos: Sequence[int],
    attachments: Iterable[Attachment],
    units: Iterable[Unit],
    findings: Iterable[Finding],
    read_seq: int,
    contributions: Iterable[Contribution] = (),
) -> None:
    """See ``Writer.put_attachments``."""
    d = tx.dialect
    array = d.array(nos)
    given = sorted(attachments, key=itemgetter(0, 1))  # in the order in which they are stored, which is cheaper to write
    for table in ("link", "attachment", "finding"):
        tx.run(f"DELETE FROM {table} WHERE {in_numbers(d, 'item_no')}", array)
    rows = [(a.no, a.cycle, a.outcome, a.strength, a.via, a.distance, _broken(a), a.state, a.team) for a in given]
    tx.insert("attachment", ATTACHMENT, rows)
    tx.insert("link", LINK, _link_rows(given, units))
    _insert_findings(tx, findings)
    _put_contributions(tx, nos, contributions)
    unmark(tx, nos, read_seq)


ATTACHMENT = ("item_no", "cycle", "outcome", "strength", "via_no", "distance", "broken", "state", "team")
LINK = ("cycle", "target_kind", "target", "item_no", "part_num", "part_den", "rule", "named", "strength",
        "counts", "state", "level", "estimate", "below", "why")  # fmt: skip
SNAPSHOT = ("cycle", "kind", "id", "seq", "progress", "done", "total", "key_results", "measured", "details")
_NO_UNIT = (None,) * 6


def _link_rows(attachments: Iterable[Attachment], units: Iterable[Unit]) -> list[tuple[Any, ...]]:
    by_target = {(u.cycle, "key_result", u.key_result, u.no): u for u in units}
    rows: list[tuple[Any, ...]] = []
    for a in attachments:
        for share in _merged(a.shares):
            at = (a.cycle, share.kind, share.id, a.no)
            unit = by_target.pop(at, None)
            part = share.part if unit is None else unit.part
            rows.append((*at, *part.as_integer_ratio(), share.rule, share.named, a.strength, *_unit_columns(unit)))
    # a unit without a share of its own would be an error of the core; it is stored, so that it shows
    rows.extend((*at, *u.part.as_integer_ratio(), None, None, 0, *_unit_columns(u)) for at, u in by_target.items())
    return rows


def _merged(shares: Sequence[Share]) -> Iterable[Share]:
    """One share per target."""
    if len(shares) < 2:
        return shares
    found: dict[tuple[str, str], Share] = {}
    for share in shares:
        former = found.get((share.kind, share.id))
        found[(share.kind, share.id)] = share if former is None else former._replace(part=former.part + share.part)
    return found.values()


def _unit_columns(unit: Unit | None) -> tuple[Any, ...]:
    if unit is None:
        return _NO_UNIT
    return (int(unit.counts), unit.state, unit.level, _literal(unit.estimate), _literal(unit.below), unit.why)


def _literal(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _broken(a: Attachment) -> str | None:
    return orjson.dumps(a.broken).decode() if a.broken else None


def _insert_findings(tx: Tx, findings: Iterable[Finding]) -> None:
    """Findings about no item stay until the mapping changes: the next chunks meet other items, so each is kept once."""
    given = list(findings)
    if any(f.no is None for f in given):
        known = {(row[0], row[1]) for row in tx.rows("SELECT kind, text FROM finding WHERE item_no IS NULL")}
        given = [f for f in given if f.no is not None or (f.kind, clean(f.text)) not in known]
    if given:
        first = tx.value("SELECT coalesce(max(no), 0) + 1 FROM finding")
        rows = [(no, f.no, f.kind, clean(f.text)) for no, f in enumerate(given, first)]
        tx.insert("finding", ("no", "item_no", "kind", "text"), rows)


# ---- what is measured ---------------------------------------------------------------------------------------------------

CONTRIBUTION = ("measure", "on_day", "item_no", "nth", "x_whole", "x_part", "w_whole", "w_part", "exact", "currency", "text")
_NOUGHT = (0, 0)


def _put_contributions(tx: Tx, nos: Sequence[int], contributions: Iterable[Contribution]) -> None:
    """Replace what these items add to measures. Most mappings have none, and then there is nothing to do."""
    given = list(contributions)
    if not given and tx.value("SELECT 1 FROM contribution LIMIT 1") is None:
        return
    tx.run(f"DELETE FROM contribution WHERE {in_numbers(tx.dialect, 'item_no')}", tx.dialect.array(nos))
    met: dict[tuple[int, int, int], int] = {}
    rows = []
    for each in given:
        at = (each.measure, each.on or 0, each.no)
        nth = met[at] = met.get(at, -1) + 1
        rows.append((*at, nth, *_numbers(each), cleaned(each.currency), cleaned(each.text)))
    rows.sort(key=itemgetter(0, 1, 2, 3))  # in the order in which they are stored, which is cheaper to write
    tx.insert("contribution", CONTRIBUTION, rows)


def _numbers(of: Contribution) -> tuple[int, int, int, int, str | None]:
    x, w = codec.split(of.x), codec.split(of.w)
    if x is None or w is None:
        return (*_NOUGHT, *_NOUGHT, f"{of.x} {of.w}")
    return (*x, *w, None)


def _put_baselines(tx: Tx, baselines: Iterable[Baseline]) -> None:
    """Freeze starts that are not frozen yet."""
    tx.many(
        "INSERT INTO baseline (cycle, key_result, measured, value, seq) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (cycle, key_result, measured) DO NOTHING",
        [(b.cycle, b.key_result, b.of, str(b.value), tx.seq) for b in baselines],
    )


# ---- the end ------------------------------------------------------------------------------------------------------------


class Conclusion(NamedTuple):
    """What one evaluation says about itself."""

    as_of: int
    mapping_hash: str
    engine: str
    run_id: int | None
    facts: object
    freshness: Mapping[str, int] | None
    counts: Mapping[str, int] | None


def finish(
    tx: Tx, about: Conclusion, nodes: Iterable[NodeResult], messages: Iterable[Message], baselines: Iterable[Baseline] = ()
) -> None:
    """Snapshots that changed, starts that are new, the evaluation's row and its messages."""
    _put_snapshots(tx, nodes)
    _put_baselines(tx, baselines)
    freshness = about.freshness if about.freshness is not None else _freshness(tx)
    tx.run(
        "INSERT INTO evaluation (seq, as_of, mapping_hash, engine, run_id, facts, freshness, counts)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(tx.seq, about.as_of, about.mapping_hash, about.engine, about.run_id),
        *(canonical_json(each) if each else None for each in (about.facts, freshness, about.counts)),
    )
    first = tx.value("SELECT coalesce(max(id), 0) + 1 FROM outbox")
    tx.many(
        "INSERT INTO outbox (id, key, kind, payload, from_seq, tries) VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (key) DO NOTHING",
        [(id_, m.key, m.kind, canonical_json(dict(m.payload)), tx.seq) for id_, m in enumerate(messages, first)],
    )


def _freshness(tx: Tx) -> dict[str, int]:
    return tx.pairs("SELECT source, max(finished_at) FROM run WHERE result = 'complete' GROUP BY source")


def _put_snapshots(tx: Tx, nodes: Iterable[NodeResult]) -> None:
    """``nodes`` are all of them: a node that is no longer among them has its last snapshot closed."""
    stored = {
        tuple(row[:3]): tuple(row[3:])
        for row in tx.rows(
            "SELECT cycle, kind, id, progress, done, total, key_results, measured, details FROM snapshot WHERE to_seq IS NULL"
        )
    }
    incoming = {(n.cycle, n.kind, n.id): _snapshot_columns(n) for n in nodes}
    closed = [at for at, row in stored.items() if incoming.get(at) != row]
    tx.update("snapshot", ("to_seq",), ("cycle", "kind", "id"), [(tx.seq, *at) for at in closed], only="to_seq IS NULL")
    tx.insert("snapshot", SNAPSHOT, [(*at, tx.seq, *row) for at, row in incoming.items() if stored.get(at) != row])


def _snapshot_columns(n: NodeResult) -> tuple[Any, ...]:
    progress: Fraction | None = n.progress
    details = canonical_json(dict(n.details)) if n.details else None
    return (None if progress is None else str(progress), str(n.done), str(n.total), n.key_results, n.measured, details)
