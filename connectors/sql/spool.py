"""Where a result waits until its last row was checked: on disk beyond a few megabytes, gone with the connection.

A result is handed on whole or not at all, so that a bad row near its end leaves the last good data as it is, and a connection
that breaks in the middle can be tried again.
"""

from __future__ import annotations

import hashlib
import pickle
import sqlite3
from collections.abc import Iterator

from connectors.base import Unavailable
from connectors.sql.rows import Record

CACHE = 4096
"""Kilobytes kept in memory."""


class Spool:
    """Records in order, each with an identity that no other has. One thread at a time."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)  # a temporary file without a name
        for statement in (
            "PRAGMA journal_mode=OFF",
            f"PRAGMA cache_size=-{CACHE}",
            "CREATE TABLE record (n INTEGER PRIMARY KEY, identity BLOB NOT NULL UNIQUE, body BLOB NOT NULL)",
        ):
            self._db.execute(statement)
        self.count = 0

    def add(self, identity: str, record: Record) -> int | None:
        """Keep a record; the number (from 1) of an earlier one with the same identity, else None."""
        try:
            digest = _digest(identity)
            self._db.execute("INSERT INTO record VALUES (?, ?, ?)", (self.count + 1, digest, pickle.dumps(record)))
        except sqlite3.IntegrityError:
            (first,) = self._db.execute("SELECT n FROM record WHERE identity = ?", (digest,)).fetchone()
            return int(first)
        except sqlite3.OperationalError:
            raise Unavailable(
                "there is no room on this machine for the result", hint="Make room where temporary files lie."
            ) from None
        self.count += 1
        return None

    def pages(self, size: int) -> Iterator[list[Record]]:
        """All records, ``size`` at a time."""
        for after in range(0, self.count, size):
            rows = self._db.execute("SELECT body FROM record WHERE n > ? AND n <= ? ORDER BY n", (after, after + size))
            yield [pickle.loads(body) for (body,) in rows.fetchall()]

    def find(self, identity: str) -> Record | None:
        """The record of an identity."""
        row = self._db.execute("SELECT body FROM record WHERE identity = ?", (_digest(identity),)).fetchone()
        found: Record | None = pickle.loads(row[0]) if row else None
        return found

    def close(self) -> None:
        self._db.close()


def _digest(identity: str) -> bytes:
    return hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).digest()
