"""Words for the schema's tables. Rows are written and read as tuples (see ``dialect``), never as objects of these classes.

Conventions: ``*_at`` are milliseconds since 1970-01-01T00:00:00Z; ``*_seq`` are values of ``clock.seq``; decimals, dates and
vendors' literals are TEXT; JSON is canonical text, NULL where it would be empty; flags are 0 or 1. A row is valid as of a
seq s when ``from_seq <= s < to_seq``; where there is no ``to_seq``, or it is NULL, the row is the present one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, Text
from sqlmodel import Field, SQLModel, text

from hub.store.naming import NAMING

BigKey = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit primary key; on SQLite the name INTEGER makes it the row's own address."""


class Table(SQLModel):
    """Base of all tables: a metadata of its own, so that nobody else's models end up in this database."""

    metadata = MetaData(naming_convention=NAMING)


Words = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that compares by its bytes in both databases: one order everywhere, and no index that a new libc puts out of order."""


def words(**more: Any) -> Any:
    return Field(sa_type=Words, **more)


def number(**more: Any) -> Any:
    return Field(sa_type=BigInteger, **more)


def small(**more: Any) -> Any:
    return Field(sa_type=Integer, **more)


def blob(**more: Any) -> Any:
    return Field(sa_type=LargeBinary, **more)


def serial(**more: Any) -> Any:
    return Field(sa_type=BigKey, primary_key=True, sa_column_kwargs={"autoincrement": False}, **more)


_IN_FORCE = text("to_seq IS NULL")
PRESENT_ONLY: dict[str, Any] = {"unique": True, "sqlite_where": _IN_FORCE, "postgresql_where": _IN_FORCE}
"""For the index over the rows in force, of which there is one per key."""

CLUSTERED = {"sqlite_with_rowid": False}
"""On SQLite the table is stored in the order of its primary key."""
