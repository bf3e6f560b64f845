"""One owner's write transactions: each takes the next seq and proves that the owner still is the owner."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from sqlalchemy.engine import Connection

from hub.errors import LostOwnership
from hub.store.dialect import Dialect, Sql
from hub.store.engine import Store
from hub.store.locks import Ownership
from hub.store.shield import shielded

FENCE = """
    UPDATE clock SET seq = seq + 1
    WHERE EXISTS (SELECT 1 FROM owner WHERE name = ? AND epoch = ?)
    RETURNING seq"""

MARK = """
    INSERT INTO dirty (item_no, from_seq) SELECT marked.no, ? FROM ({}) AS marked WHERE true
    ON CONFLICT (item_no) DO UPDATE SET from_seq = excluded.from_seq WHERE dirty.from_seq < excluded.from_seq"""


class Tx(Sql):
    """A write transaction; ``seq`` is its place in the order of all of them."""

    __slots__ = ("seq",)

    def __init__(self, connection: Connection, dialect: Dialect, seq: int) -> None:
        super().__init__(connection, dialect)
        self.seq = seq

    def mark(self, nos: Iterable[int], from_seq: int | None = None) -> None:
        """Mark items dirty, as of this transaction or an earlier ``from_seq``; a newer mark stays."""
        seq = self.seq if from_seq is None else from_seq
        self.run(MARK.format(f"SELECT value AS no FROM ({self.dialect.numbers}) AS given"), seq, self.dialect.array(nos))

    def mark_where(self, condition: str, *parameters: object) -> None:
        """Mark the items for which a condition on ``item`` holds."""
        self.run(MARK.format(f"SELECT no FROM item WHERE {condition}"), self.seq, *parameters)


class Pen:
    """Opens the transactions. Keeps one connection; belongs to one thread."""

    def __init__(self, store: Store, ownership: Ownership) -> None:
        self._store = store
        self._ownership = ownership
        self._connection: Connection | None = None

    @contextlib.contextmanager
    def begin(self) -> Iterator[Tx]:
        """A transaction. Raises ``LostOwnership`` when another process owns the name by now, ``StoreUnavailable``."""
        if self._connection is None:
            self._connection = self._store.writer_connection()
        try:
            with shielded(), self._store.transaction(self._connection) as sql:
                seq = sql.value(FENCE, self._ownership.name, self._ownership.epoch)
                if seq is None:
                    raise LostOwnership(
                        f"Another process has taken over {self._ownership.name}; this one stops writing.",
                        hint="Nothing is lost: the new owner continues from what is stored.",
                    )
                yield Tx(sql.connection, sql.dialect, seq)
        except BaseException:
            self.close()  # after a fault the connection may be dead; the next transaction takes a new one
            raise

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
