"""Everything in which SQLite and PostgreSQL differ. SQL elsewhere in this package is written once, with ``?`` placeholders,
in the words that both understand (``ON CONFLICT``, ``RETURNING``, recursive CTEs); a list of ids travels as one parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy.engine import Connection

Row = Sequence[Any]


class Dialect(NamedTuple):
    """The differences, by name; see ``SQLITE`` and ``POSTGRES``."""

    name: Literal["sqlite", "postgresql"]

    def words(self, sql: str) -> str:
        """The statement with this database's placeholders."""
        return sql if self.name == "sqlite" else _percent(sql)

    def array(self, values: Iterable[str | int]) -> Any:
        """A list as one parameter, to be read by ``texts`` or ``numbers``."""
        return orjson.dumps(list(values)).decode() if self.name == "sqlite" else list(values)

    @property
    def texts(self) -> str:
        """A subquery of one column ``value`` with the texts of an ``array`` parameter."""
        return "SELECT value FROM json_each(?)" if self.name == "sqlite" else "SELECT unnest(?::text[]) AS value"

    @property
    def numbers(self) -> str:
        """The same for integers."""
        return "SELECT value FROM json_each(?)" if self.name == "sqlite" else "SELECT unnest(?::bigint[]) AS value"

    def overlaps(self, column: str) -> str:
        """A condition: the JSON array of texts in ``column`` has a text of an ``array`` parameter."""
        if self.name == "sqlite":
            return f"EXISTS (SELECT 1 FROM json_each({column}) AS has WHERE has.value IN ({self.texts}))"
        return f"({column} IS NOT NULL AND jsonb_exists_any({column}::jsonb, ?::text[]))"


SQLITE = Dialect("sqlite")
POSTGRES = Dialect("postgresql")


@lru_cache(maxsize=512)
def _percent(sql: str) -> str:
    return sql.replace("?", "%s")


class Sql:
    """Statements on one connection: tuples in, tuples out. Nothing here begins or ends a transaction."""

    __slots__ = ("connection", "dialect")

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect

    def run(self, sql: str, *parameters: Any) -> int:
        """Execute one statement; the number of rows it touched."""
        return self.connection.exec_driver_sql(self.dialect.words(sql), parameters).rowcount

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute one statement for each row; nothing for none."""
        if rows:
            self.connection.exec_driver_sql(self.dialect.words(sql), list(rows))

    def rows(self, sql: str, *parameters: Any) -> Sequence[Row]:
        # as the driver's own tuples: SQLAlchemy's rows cost more than what is read from them
        result = self.connection.exec_driver_sql(self.dialect.words(sql), parameters)
        found: Sequence[Row] = result.cursor.fetchall()
        result.close()
        return found

    def pairs(self, sql: str, *parameters: Any) -> dict[Any, Any]:
        """Rows of two columns as a dict; of equal keys the last row stays."""
        return {row[0]: row[1] for row in self.rows(sql, *parameters)}

    def row(self, sql: str, *parameters: Any) -> Row | None:
        return self.connection.exec_driver_sql(self.dialect.words(sql), parameters).first()

    def value(self, sql: str, *parameters: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        row = self.row(sql, *parameters)
        return None if row is None else row[0]

    def stream(self, sql: str, *parameters: Any, size: int = 500) -> Iterator[Sequence[Row]]:
        """The rows in batches, never all in memory (a server-side cursor on PostgreSQL)."""
        # of this statement alone: those in between, for each batch, fetch all their rows at once
        options = {"stream_results": True, "max_row_buffer": size}
        result = self.connection.exec_driver_sql(self.dialect.words(sql), parameters, execution_options=options)
        if self.dialect is POSTGRES:  # what can go wrong on the way from the server is SQLAlchemy's to translate
            yield from result.partitions(size)
            return
        try:
            while batch := result.cursor.fetchmany(size):
                yield batch
        finally:
            result.close()


def in_texts(dialect: Dialect, column: str) -> str:
    return f"{column} IN ({dialect.texts})"


def in_numbers(dialect: Dialect, column: str) -> str:
    return f"{column} IN ({dialect.numbers})"
