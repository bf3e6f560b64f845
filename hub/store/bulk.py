"""Many rows at once: PostgreSQL takes them by COPY (a fifth of what executing a statement per row costs the client), SQLite by
executing one statement for each. What is stored is the same.

All of it happens in the caller's transaction. Rows that replace others travel into a temporary table of the connection's own
and are merged from there; it is made once per connection and empties itself with each commit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import exc
from sqlalchemy.engine import Connection

from hub.store import faults

if TYPE_CHECKING:
    from hub.store.dialect import Sql

Rows = Sequence[tuple[Any, ...]]
Names = tuple[str, ...]

FEW = 8
"""Rows up to which PostgreSQL, too, executes a prepared statement for each: opening a COPY costs more than they do."""
FIRST_LOOK = 1_000
"""Rows put into a table by one writer after which PostgreSQL is told to look at it; then after twice as many, and so on.

A load is over long before the server would look by itself. Without having looked it takes "the items of this source" for few,
and reads all of them for each page that asks for some: a first load would take quadratic time."""
LOADED = "anchorline_loaded"
"""Under this name a connection remembers, by table, how many rows came since and how many make the next look."""


def insert(sql: Sql, table: str, columns: Names, rows: Rows) -> None:
    """See ``Sql.insert``."""
    if sql.dialect.name == "sqlite" or len(rows) <= FEW:
        sql.many(_insert(table, columns), rows)
    else:
        _copy(sql.connection, table, columns, rows)
        _look(sql, table, len(rows))


def update(sql: Sql, table: str, columns: Names, key: Names, rows: Rows, only: str) -> None:
    """See ``Sql.update``."""
    if sql.dialect.name == "sqlite" or len(rows) <= FEW:
        sql.many(_update(table, columns, key, only), rows)
    else:
        came = _stage(sql, table, (*columns, *key), list({row[len(columns) :]: row for row in rows}.values()))
        sql.run(_update_from(table, columns, key, only, came))


def upsert(sql: Sql, table: str, columns: Names, key: Names, rows: Rows) -> None:
    """See ``Sql.upsert``."""
    statement = _insert(table, (*columns, *key)) + _else_replace(columns, key)
    if sql.dialect.name == "sqlite" or len(rows) <= FEW:
        sql.many(statement, rows)
    else:
        names = (*columns, *key)
        came = _stage(sql, table, names, list({row[len(columns) :]: row for row in rows}.values()))
        listed = ", ".join(names)
        sql.run(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {came}{_else_replace(columns, key)}")


# ---- statements ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=128)
def _insert(table: str, columns: Names) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


@lru_cache(maxsize=128)
def _update(table: str, columns: Names, key: Names, only: str) -> str:
    where = " AND ".join([*(f"{name} = ?" for name in key), *([only] if only else [])])
    return f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in columns)} WHERE {where}"


@lru_cache(maxsize=128)
def _update_from(table: str, columns: Names, key: Names, only: str, came: str) -> str:
    where = " AND ".join([*(f"{table}.{name} = {came}.{name}" for name in key), *([f"{table}.{only}"] if only else [])])
    return f"UPDATE {table} SET {', '.join(f'{name} = {came}.{name}' for name in columns)} FROM {came} WHERE {where}"


@lru_cache(maxsize=128)
def _else_replace(columns: Names, key: Names) -> str:
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in columns)}"


# ---- PostgreSQL ---------------------------------------------------------------------------------------------------------


def _stage(sql: Sql, table: str, columns: Names, rows: Rows) -> str:
    """Put the rows into a temporary table with these columns of ``table``; its name."""
    listed = ", ".join(columns)
    name = f"incoming_{table}_{blake2b(listed.encode(), digest_size=4).hexdigest()}"
    sql.run(f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS SELECT {listed} FROM {table} WITH NO DATA")
    sql.run(f"DELETE FROM {name}")  # what an earlier call of the same transaction left; mostly nothing, which costs nothing
    _copy(sql.connection, name, columns, rows)
    return name


def _copy(connection: Connection, table: str, columns: Names, rows: Rows) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    faults.before_write()
    raw: Any = connection.connection.driver_connection
    with _wrapped(connection, raw, statement), raw.cursor() as cursor, cursor.copy(statement) as copy:
        write = copy.write_row
        for row in rows:
            write(row)


def _look(sql: Sql, table: str, came: int) -> None:
    loaded = sql.connection.info.setdefault(LOADED, {})
    rows, wanted = loaded.get(table, (0, FIRST_LOOK))
    rows += came
    if rows >= wanted:
        sql.run(f"ANALYZE {table}")
        wanted = rows * 2
    loaded[table] = (rows, wanted)


@contextlib.contextmanager
def _wrapped(connection: Connection, raw: Any, statement: str) -> Iterator[None]:
    """Raise the driver's errors as SQLAlchemy raises those of its own statements, so that nobody need know which it was."""
    import psycopg

    try:
        yield
    except psycopg.Error as fault:
        lost = bool(raw.closed)
        if lost:
            connection.invalidate(fault)
        raise exc.DBAPIError.instance(
            statement, (), fault, psycopg.Error, hide_parameters=True, connection_invalidated=lost, dialect=connection.dialect
        ) from None
