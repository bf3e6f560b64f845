"""What a run writes about its source: the run itself, the source, its partitions and its dimensions."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from connectors.base import Account, Dimension, Partition
from hub.patterns import LONGEST
from hub.reconcile import canonical_json, clean, digest
from hub.store.dialect import in_numbers, in_texts
from hub.store.write_base import Tx

Result = Literal["complete", "partial", "held", "failed"]


def cleaned(text: str | None) -> str | None:
    return None if text is None else clean(text)


# ---- runs ---------------------------------------------------------------------------------------------------------------


class NewRun(NamedTuple):
    source: str
    reason: str
    mode: str
    started_at: int
    mapping_hash: str | None
    epoch: int


def start_run(tx: Tx, run: NewRun) -> int:
    tx.run(
        "INSERT INTO source (name, kind, origin, from_seq) VALUES (?, '', '', ?) ON CONFLICT (name) DO NOTHING",
        *(run.source, tx.seq),
    )
    # we hold the source's lock, so a run without an end belongs to a process that died
    tx.run(
        "UPDATE run SET result = 'failed', finished_at = ?, to_seq = ?, error = ?, hint = ? WHERE source = ? AND result IS NULL",
        *(run.started_at, tx.seq, "The process ended before the run did.", "Nothing to do: the next run continues.", run.source),
    )
    run_id = int(tx.value("SELECT coalesce(max(id), 0) + 1 FROM run"))
    tx.run(
        "INSERT INTO run (id, source, reason, mode, started_at, mapping_hash, epoch, pid, host, from_seq)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(run_id, *run, os.getpid(), socket.gethostname(), tx.seq),
    )
    return run_id


def end_run(
    tx: Tx,
    run_id: int,
    result: Result,
    *,
    finished_at: int,
    counts: Mapping[str, int],
    error: str | None,
    hint: str | None,
) -> None:
    tx.run(
        "UPDATE run SET result = ?, finished_at = ?, counts = ?, error = ?, hint = ?, to_seq = ? WHERE id = ?",
        *(result, finished_at, canonical_json(dict(counts)), cleaned(error), cleaned(hint), tx.seq, run_id),
    )
    if result == "complete":  # a parent that was not read by now does not come any more
        tx.mark_where(
            "source = (SELECT source FROM run WHERE id = ?) AND no IN (SELECT child_no FROM edge WHERE by = 'kept'"
            " UNION ALL SELECT child_no FROM cut WHERE by = 'kept')",
            run_id,
        )


def put_notices(tx: Tx, source: str, texts: Iterable[str]) -> None:
    """Replace the source's notices of kind ``run``."""
    tx.run("DELETE FROM notice WHERE source = ? AND kind = 'run'", source)
    tx.many(
        "INSERT INTO notice (source, kind, ref, text, first_seq, last_seq, times) VALUES (?, 'run', ?, ?, ?, ?, 1)",
        [(source, f"{n:03}", clean(text), tx.seq, tx.seq) for n, text in enumerate(texts, 1)],
    )


# ---- the source and its partitions --------------------------------------------------------------------------------------


def put_source(tx: Tx, name: str, kind: str, origin: str, account: Account | None) -> None:
    known = account or Account(id="")
    tx.run(
        "INSERT INTO source (name, kind, origin, account_id, account_name, timezone, from_seq) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, origin = excluded.origin, from_seq = excluded.from_seq,"
        " account_id = coalesce(excluded.account_id, source.account_id),"
        " account_name = coalesce(excluded.account_name, source.account_name),"
        " timezone = coalesce(excluded.timezone, source.timezone)",
        *(name, kind, origin, known.id or None, cleaned(known.name), known.timezone, tx.seq),
    )


def put_partitions(tx: Tx, source: str, partitions: Sequence[Partition]) -> None:
    """All partitions of the source; one that is not among them any more stays, with ``listed`` = 0. What becomes of what
    is stored of one that cannot be read is others' to say, so it is no longer of the version that was read."""
    tx.run("UPDATE partition SET listed = 0 WHERE source = ?", source)
    tx.many(
        "INSERT INTO partition (source, id, key, title, state, yields, reads, fingerprint, listed, pass_id, pass_open, pages,"
        " from_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0, ?) ON CONFLICT (source, id) DO UPDATE SET key = excluded.key,"
        " title = excluded.title, state = excluded.state, yields = excluded.yields, reads = excluded.reads,"
        " fingerprint = excluded.fingerprint, listed = 1, from_seq = excluded.from_seq",
        [(source, p.id, cleaned(p.key), clean(p.title), p.state, p.yields, p.reads, p.fingerprint, tx.seq) for p in partitions],
    )
    tx.run("UPDATE partition SET version = NULL WHERE source = ? AND (listed = 0 OR state <> 'live')", source)


# ---- dimensions ---------------------------------------------------------------------------------------------------------


def put_dimensions(
    tx: Tx, source: str, rows: Iterable[Dimension], kinds: Collection[str] | None, partly: Collection[str]
) -> list[tuple[str, str]]:
    """The source's lists: (kind, id) of the rows that are new, changed or vanished.

    ``kinds`` names the lists that were read; without it, those that have a row: a list that is empty now must be named.
    ``partly`` names those that may be short: a row that is missing there has not vanished.
    """
    incoming = {(row.kind, clean(row.id)): row for row in rows if len(row.id) <= LONGEST}  # see write_pages._check_names
    hashes = {at: digest((r.name, r.category, r.attributes)) for at, r in incoming.items()}
    read = sorted(set(kinds) if kinds is not None else {kind for kind, _ in incoming})
    d = tx.dialect
    stored = {
        (kind, id_): bytes(hash_)
        for kind, id_, hash_ in tx.rows(
            f"SELECT kind, id, hash FROM dimension WHERE source = ? AND to_seq IS NULL AND {in_texts(d, 'kind')}",
            *(source, d.array(read)),
        )
    }
    written = [at for at in incoming if stored.get(at) != hashes[at]]
    closed = [at for at in stored if (stored[at] != hashes[at] if at in incoming else at[0] not in partly)]
    gone = [(tx.seq, source, kind, id_) for kind, id_ in closed]
    tx.update("dimension", ("to_seq",), ("source", "kind", "id"), gone, only="to_seq IS NULL")
    tx.insert("dimension", DIMENSION, [_dimension_row(tx.seq, source, at, incoming[at], hashes[at]) for at in written])
    changed = sorted({*written, *closed})
    _mark_users(tx, source, changed)
    return changed


DIMENSION = ("source", "kind", "id", "from_seq", "name", "category", "attributes", "hash")


def _dimension_row(seq: int, source: str, at: tuple[str, str], row: Dimension, hash_: bytes) -> tuple[object, ...]:
    attributes = canonical_json(dict(row.attributes)) if row.attributes else None
    return (source, *at, seq, clean(row.name), cleaned(row.category), attributes, hash_)


def _mark_users(tx: Tx, source: str, changed: Collection[tuple[str, str]]) -> None:
    """Items that use a changed row must be calculated again, though the vendor did not touch them."""
    d = tx.dialect
    for kind, condition in (
        ("status", in_texts(d, "status_id")),
        ("type", in_texts(d, "type_id")),
        ("container", d.overlaps("containers")),
        ("sprint", d.overlaps("sprints")),
    ):
        ids = [id_ for each, id_ in changed if each == kind]
        if ids:
            tx.mark_where(f"source = ? AND {condition}", source, d.array(ids))


# ---- what becomes of marks ----------------------------------------------------------------------------------------------


def unmark(tx: Tx, nos: Iterable[int], read_seq: int) -> None:
    """Take away the marks of these items, but none that is newer than what the calculation saw."""
    d = tx.dialect
    tx.run(f"DELETE FROM dirty WHERE {in_numbers(d, 'item_no')} AND from_seq <= ?", d.array(nos), read_seq)
