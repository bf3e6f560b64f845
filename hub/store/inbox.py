"""The inbox: requests that any process may write, and whoever they are for answers.

Nobody owns it: a request needs no lock, and its transaction no fence; it takes a seq of its own like every other one. The kind
``sync`` is for the daemon: ``{"source": name, "mode": "nightly" | "delta" | "full", "new_account": bool}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson

from hub.reconcile import canonical_json, clean
from hub.store.dialect import Row
from hub.store.engine import Store
from hub.store.write_base import Tx

SYNC = "sync"


class InboxRow(NamedTuple):
    """``done_at`` and ``result`` are None while the request waits; ``author`` is who wrote it, in words."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    author: str | None
    created_at: int
    done_at: int | None
    result: Mapping[str, Any] | None


def put(store: Store, kind: str, payload: Mapping[str, Any], author: str | None, at: int) -> int:
    """Leave a request; its id. ``payload`` is JSON-able; ``at`` in milliseconds UTC. Raises ``StoreUnavailable``."""
    with _transaction(store) as tx:
        row_id = int(tx.value("SELECT coalesce(max(id), 0) + 1 FROM inbox"))
        tx.run(
            "INSERT INTO inbox (id, kind, payload, author, created_at, from_seq) VALUES (?, ?, ?, ?, ?, ?)",
            *(row_id, kind, canonical_json(dict(payload)), None if author is None else clean(author)[:200], at, tx.seq),
        )
    return row_id


def waiting(store: Store, kind: str | None = None) -> list[InboxRow]:
    """The requests that nobody answered yet, of one kind or of all, the oldest first."""
    only, given = ("", ()) if kind is None else (" AND kind = ?", (kind,))
    with store.read() as sql:
        return [_row(row) for row in sql.rows(f"SELECT {_COLUMNS} FROM inbox WHERE done_at IS NULL{only} ORDER BY id", *given)]


def get(store: Store, row_id: int) -> InboxRow | None:
    """One request, answered or not."""
    with store.read() as sql:
        row = sql.row(f"SELECT {_COLUMNS} FROM inbox WHERE id = ?", row_id)
    return None if row is None else _row(row)


def finish(store: Store, row_id: int, result: Mapping[str, Any], at: int) -> bool:
    """Answer a request; False, and nothing, where it was answered already. Raises ``StoreUnavailable``."""
    with _transaction(store) as tx:
        answer = canonical_json(dict(result))
        return tx.run("UPDATE inbox SET done_at = ?, result = ? WHERE id = ? AND done_at IS NULL", at, answer, row_id) > 0


_COLUMNS = "id, kind, payload, author, created_at, done_at, result"


def _row(row: Row) -> InboxRow:
    return InboxRow(
        row[0], row[1], orjson.loads(row[2]), row[3], row[4], row[5], None if row[6] is None else orjson.loads(row[6])
    )


@contextmanager
def _transaction(store: Store) -> Iterator[Tx]:
    """A write transaction of nobody in particular."""
    connection = store.writer_connection()
    try:
        with store.transaction(connection) as sql:
            seq = int(sql.value("UPDATE clock SET seq = seq + 1 RETURNING seq"))
            yield Tx(sql.connection, sql.dialect, seq)
    finally:
        connection.close()
