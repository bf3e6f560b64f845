"""Everything in which SQLite and PostgreSQL differ. SQL elsewhere in this package is written once, with ``?`` placeholders,
in the words that both understand (``ON CONFLICT``, ``RETURNING``, recursive CTEs); a list of ids travels as one parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy.engine import Connection

from hub.store import bulk

Row = Sequence[Any]


class Dialect(NamedTuple):
    """The differences, by name; see ``SQLITE`` and ``POSTGRES``."""

    name: Literal["sqlite", "postgresql"]

    def words(self, sql: str) -> str:
        """The statement with this database's placeholders."""
        return sql if self.name == "sqlite" else _percent(sql)

    def array(self, values: Iterable[str | int]) -> Any:
        """A list as one parameter, to be read by ``texts``, ``numbers`` or ``overlaps``."""
        return orjson.dumps(list(values)).decode() if self.name == "sqlite" else _array_literal(values)

    @property
    def texts(self) -> str:
        """A subquery of one column ``value`` with the texts of an ``array`` parameter."""
        return "SELECT value FROM json_each(?)" if self.name == "sqlite" else "SELECT unnest(?::text[]) AS value"

    @property
    def numbers(self) -> str:
        """The same for integers."""
        return "SELECT value FROM json_each(?)" if self.name == "sqlite" else "SELECT unnest(?::bigint[]) AS value"

    def table(self, values: Iterable[Sequence[str | int | None]]) -> str:
        """Rows as one parameter, to be read by ``given``."""
        return orjson.dumps(list(values)).decode()

    def given(self, *columns: str) -> str:
        """A subquery with the rows of a ``table`` parameter; columns are named with their types: ``series text``, ``day int``."""
        named = [(column.split()[0], column.split()[1], n) for n, column in enumerate(columns)]
        if self.name == "sqlite":
            read = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for name, _, n in named)
            return f"SELECT {read} FROM json_each(?)"
        read = ", ".join(f"(value ->> {n})::{_TYPES[kind]} AS {name}" for name, kind, n in named)
        return f"SELECT {read} FROM jsonb_array_elements(?::jsonb)"

    def gathered(self, given: str, table: str, condition: str, keys: str, aggregates: str) -> str:
        """A statement: for each row of a ``given``, which has a ``position``, what the rows of ``table`` for which the condition
        on both holds add up to, by ``keys``. They are looked up for each given row in turn, by an index."""
        if self.name == "sqlite":
            return (
                f"SELECT given.position, {keys}, {aggregates} FROM ({given}) AS given CROSS JOIN {table} WHERE {condition}"
                f" GROUP BY given.position, {keys}"
            )
        return (
            f"SELECT given.position, found.* FROM ({given}) AS given CROSS JOIN LATERAL"
            f" (SELECT {keys}, {aggregates} FROM {table} WHERE {condition} GROUP BY {keys}) AS found"
        )

    def looked_up(self, given: str, table: str, condition: str, columns: str) -> str:
        """A statement: the rows of ``table`` for which the condition holds with a row of a ``given``, found for each given row in
        turn, by an index; never by going through the whole table, however few rows it is thought to have."""
        if self.name == "sqlite":
            return f"SELECT {columns} FROM ({given}) AS given CROSS JOIN {table} WHERE {condition}"
        return (
            f"SELECT found.* FROM ({given}) AS given CROSS JOIN LATERAL"
            f" (SELECT {columns} FROM {table} WHERE {condition} OFFSET 0) AS found"
        )

    def elements(self, column: str, name: str) -> str:
        """A row source ``name`` of one column ``value``: the texts of the JSON array in ``column``."""
        if self.name == "sqlite":
            return f"json_each({column}) AS {name}"
        return f"jsonb_array_elements_text({column}::jsonb) AS {name}(value)"

    def absent_from(self, column: str, subquery: str) -> str:
        """A condition: ``column`` is not among the values of a subquery of one column ``value`` without NULL. Each database has a
        form that it answers by a hash or an index of its own, and one that it answers row against row."""
        if self.name == "sqlite":
            return f"{column} NOT IN ({subquery})"
        return f"NOT EXISTS (SELECT 1 FROM ({subquery}) AS those WHERE those.value = {column})"

    def overlaps(self, column: str) -> str:
        """A condition: the JSON array of texts in ``column`` has a text of an ``array`` parameter."""
        if self.name == "sqlite":
            return f"EXISTS (SELECT 1 FROM json_each({column}) AS has WHERE has.value IN ({self.texts}))"
        return f"({column} IS NOT NULL AND jsonb_exists_any({column}::jsonb, ?::text[]))"


_TYPES = {"text": "text", "int": "bigint"}

SQLITE = Dialect("sqlite")
POSTGRES = Dialect("postgresql")


@lru_cache(maxsize=512)
def _percent(sql: str) -> str:
    return sql.replace("?", "%s")


def _array_literal(values: Iterable[str | int]) -> str:
    """PostgreSQL's text form of an array: a tenth of what the driver's own conversion of a list costs."""
    texts = [str(value) for value in values]
    plain = "".join(texts)
    if '"' in plain or "\\" in plain:
        texts = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return '{"' + '","'.join(texts) + '"}' if texts else "{}"


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

    def insert(self, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows of these columns that are not there yet."""
        bulk.insert(self, table, columns, rows)

    def update(
        self, table: str, columns: tuple[str, ...], key: tuple[str, ...], rows: Sequence[tuple[Any, ...]], *, only: str = ""
    ) -> None:
        """Set ``columns`` where ``key`` is as in each row of (``*columns``, ``*key``); the last row of a key counts.

        ``only`` is a further condition that begins with a column of the table.
        """
        bulk.update(self, table, columns, key, rows, only)

    def upsert(self, table: str, columns: tuple[str, ...], key: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows of (``*columns``, ``*key``), or set ``columns`` where ``key``, a unique one, is there; the last row of a
        key counts."""
        bulk.upsert(self, table, columns, key, rows)

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
        try:
            if self.dialect is POSTGRES:  # what can go wrong on the way from the server is SQLAlchemy's to translate
                yield from result.partitions(size)
                return
            while batch := result.cursor.fetchmany(size):
                yield batch
        finally:
            result.close()


def in_texts(dialect: Dialect, column: str) -> str:
    """A condition: the column is among the texts of an ``array`` parameter."""
    # on PostgreSQL not by a subquery: an array is looked up in an index at a third of the cost
    return f"{column} IN ({dialect.texts})" if dialect.name == "sqlite" else f"{column} = ANY(?::text[])"


def in_numbers(dialect: Dialect, column: str) -> str:
    """The same for integers."""
    return f"{column} IN ({dialect.numbers})" if dialect.name == "sqlite" else f"{column} = ANY(?::bigint[])"
