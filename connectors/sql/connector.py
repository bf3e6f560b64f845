"""``Sql``: what the contract asks, of queries that an admin wrote. Each query is a partition, read whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from connectors.base import (
    Account,
    AuthError,
    BadData,
    Connector,
    Dimension,
    Fetched,
    Io,
    MetricValue,
    Misconfigured,
    Page,
    Partition,
    Seen,
    SourceError,
    SourceSettings,
    Unavailable,
    WorkItem,
)
from connectors.sql import rows
from connectors.sql.query import PARAMETERS, Query, file_of, understood
from connectors.sql.rows import Shape
from connectors.sql.session import Database
from connectors.sql.spool import Spool

SHAPE = 1
"""Raise it when the same row would become another value or item."""
MAX_ROWS = 1_000_000
MAX_MEGABYTES = 1024
"""Of one query's result: more belongs summed up where it lies."""
PAGE = 500
"""Rows of a page."""

WHO = {
    "postgresql": "SELECT current_user AS who, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS mighty,"
    " (SELECT CASE WHEN isfinite(rolvaliduntil) THEN rolvaliduntil END FROM pg_roles WHERE rolname = current_user) AS until",
    "sqlite": "SELECT count(*) AS tables FROM sqlite_master",
    "other": "SELECT 1 AS one",
}
CHANGES = (
    "SELECT string_agg(DISTINCT right_name, ', ' ORDER BY right_name) AS rights FROM pg_class c JOIN pg_namespace n"
    " ON n.oid = c.relnamespace, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS kind(right_name)"
    " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
    " AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, right_name)"
)
"""Which rights to change rows the role has on any table that it can reach."""

log = logging.getLogger(__name__)

T = TypeVar("T")


class Sql(Connector):
    """One database, and the queries that are run there. A query that cannot be run fails by itself, not the others."""

    def __init__(self, settings: SourceSettings, io: Io, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(settings, io)
        self._database = Database(settings, io, monotonic)
        self._zone = ZoneInfo(settings.timezone)
        self._lock = threading.Lock()
        self._shapes: dict[str, Shape | SourceError] | None = None
        self._spools: dict[str, Spool] = {}

    # ---- who, and what there is

    def check(self) -> Account:
        """The database answers, and there are queries to ask it."""
        address = self._database.address
        row = self._call(self._database.ask, WHO[address.kind], bucket="who")
        if not self.settings.queries:
            hint = "Name one in a metric (query = ...) or in `queries` of config.toml; its text is mappings/queries/NAME.sql."
            raise Misconfigured("no query is named for this source", hint=hint)
        who = row.get("who") or address.url.username
        until = row.get("until")
        return Account(
            id=f"{who}@{address.url.database}" if who else address.kind,
            name=str(who) if who else address.label,
            missing=tuple(f"mappings/{file_of(name)} does not exist" for name in self._absent()),
            unresolved=self._unresolved(),
            expires_at=until.astimezone(UTC) if isinstance(until, datetime) else None,
        )

    def writes(self) -> tuple[str, ...] | None:
        """What the role could change, were the session not one that only reads. Known of PostgreSQL only."""
        if self._database.address.kind != "postgresql":
            return None
        if self._call(self._database.ask, WHO["postgresql"], bucket="who").get("mighty"):
            return ("everything: it is a superuser",)
        rights = self._call(self._database.ask, CHANGES, bucket="who").get("rights")
        return tuple(str(rights).split(", ")) if rights else ()

    def partitions(self) -> list[Partition]:
        """One for each query, by name; one that is configured and has no file is ``unseen``."""
        live = [self._partition(name, shape) for name, shape in self._kept().items()]
        return [*live, *(Partition(name, name, name, "unseen", reads="whole") for name in self._absent())]

    def dimensions(self) -> Iterator[Dimension]:
        """The queries as containers, and their further columns as fields."""
        found: dict[str, list[str]] = {}
        for name, shape in self._kept().items():
            yield Dimension("container", name, name, "live", {"key": name})
            for field in shape.fields if isinstance(shape, Shape) else ():
                found.setdefault(field, []).append(name)
        for field, names in sorted(found.items()):
            yield Dimension("field", self.settings.fields.get(field, field), field, attributes={"queries": names})

    def _partition(self, name: str, shape: Shape | SourceError) -> Partition:
        if isinstance(shape, SourceError):  # what it yields is told when it is read, by the error
            return Partition(name, name, name, yields="values", reads="whole")
        return Partition(name, name, name, yields=shape.yields, reads="whole", fingerprint=self._fingerprint(shape.query))

    def _fingerprint(self, query: Query) -> str:
        asked = {name: self.settings.parameters[name].isoformat() for name in query.asks}
        read = [SHAPE, self.settings.queries[query.name], asked, self.settings.timezone, sorted(self.settings.fields.items())]
        return hashlib.blake2b(json.dumps(read).encode("utf-8"), digest_size=16).hexdigest()

    def _absent(self) -> list[str]:
        known = {name.casefold() for name in self.settings.queries}
        return [name for name in self.settings.partitions if name.casefold() not in known]

    def _unresolved(self) -> tuple[str, ...]:
        """Columns that ``fields`` names and no query has; unknown while a query cannot be run."""
        shapes = self._kept().values()
        if any(isinstance(shape, SourceError) for shape in shapes):
            return ()
        columns = {name for shape in shapes if isinstance(shape, Shape) for name in shape.fields}
        missing = {ours: column for ours, column in self.settings.fields.items() if ours not in columns}
        return tuple(f"no query has the column {column}, which `fields` names for {ours}" for ours, column in missing.items())

    # ---- the queries

    def _kept(self) -> dict[str, Shape | SourceError]:
        """The columns of each query, or why they are not known. Found once; a database that is out of reach is an error."""
        with self._lock:
            if self._shapes is None:
                self._shapes = {name: self._shape(name) for name in sorted(self.settings.queries)}
            return self._shapes

    def _shape(self, name: str) -> Shape | SourceError:
        try:
            query = understood(name, self.settings.queries[name], tuple(self.settings.parameters))
            return self._call(self._columns, query, bucket="columns")
        except (AuthError, Unavailable):
            raise
        except SourceError as error:
            return error

    def _columns(self, query: Query) -> Shape:
        columns = self._database.columns(query, self.settings.parameters)
        return rows.shape(query, columns, self.settings.fields, self._zone)

    def _read(self, query: Query) -> tuple[Shape, Spool]:
        """All rows of a query, each checked: one attempt."""
        spool = Spool()
        try:
            with self._database.run(query, self.settings.parameters) as result:
                shape = rows.shape(query, result.columns, self.settings.fields, self._zone)
                size = 0
                for batch in result.batches:
                    size += sum(len(cell) for row in batch for cell in row if isinstance(cell, str))
                    if size > MAX_MEGABYTES * 2**20:
                        raise rows.too_large(query, MAX_MEGABYTES)
                    self._fill(shape, spool, batch)
        except BaseException:
            spool.close()
            raise
        return shape, spool

    def _fill(self, shape: Shape, spool: Spool, batch: Iterable[Any]) -> None:
        for row in batch:
            number = spool.count + 1
            if number > MAX_ROWS:
                raise rows.too_many(shape.query, MAX_ROWS)
            record = shape.record(number, row)
            first = spool.add(shape.identity(record), record)
            if first is not None:
                raise shape.doubled(first, number, record)

    def _call(self, fn: Callable[..., T], *args: Any, bucket: str) -> T:
        """``io.call``, whose errors bring nothing of the driver's along: those hold statements, hosts and users. What a query
        gives is the same a second later, so it is not asked again over bad data."""
        try:
            found: T | BadData = self.io.call(_or_bad, fn, *args, bucket=bucket)
            if isinstance(found, BadData):
                raise found
            return found
        except SourceError as error:
            error.__cause__ = error.__context__ = None
            raise

    # ---- reading

    def changes(self, partition: Partition, since: datetime | None, resume: str | None) -> Iterator[Page]:
        """The whole result, once its last row is known to be good; a query that gives no row is complete and empty."""
        shape, spool = self._whole(partition.id)
        if not spool.count:
            log.warning("%s gave no row.", shape.query.file)
            yield Page(end="complete")
            return
        for number, page in enumerate(spool.pages(PAGE), 1):
            values = tuple(each for each in page if isinstance(each, MetricValue))
            items = tuple(each for each in page if isinstance(each, WorkItem))
            yield Page(items=items, values=values, end="complete" if number * PAGE >= spool.count else None)

    def _understood(self, name: str) -> Shape:
        kept = self._kept().get(name)
        if kept is None:
            raise Misconfigured(f"mappings/{file_of(name)} does not exist", hint="Restore the file, or name another query.")
        if isinstance(kept, SourceError):
            raise kept
        return kept

    def _whole(self, name: str) -> tuple[Shape, Spool]:
        shape, spool = self._call(self._read, self._understood(name).query, bucket="query")
        with self._lock:
            before, self._spools[name] = self._spools.get(name), spool
        if before is not None:
            before.close()
        return shape, spool

    def examine(self, partition: Partition) -> None:
        """That the query can be run and its columns can be understood. Its rows are not read."""
        self._understood(partition.id)

    def census(self, partition: Partition) -> Iterator[Seen]:
        """The ids of a query's items; never needed, since each pass is whole."""
        for page in self._whole(partition.id)[1].pages(PAGE):
            for each in page:
                if isinstance(each, WorkItem):
                    yield Seen(each.id, each.updated_at, each.containers)

    def get(self, ids: Iterable[str]) -> Fetched:
        """Items by id (``QUERY:KEY``) or by key, as this run read them; queries that it has not read are run.

        An id whose query was read and does not have it is ``denied``; of others nothing is known.
        """
        items: dict[str, WorkItem] = {}
        denied: list[str] = []
        for asked in dict.fromkeys(ids):
            name, _, _ = asked.partition(":")
            names = [name] if name in self._kept() else [each for each, shape in self._kept().items() if _has_items(shape)]
            found = [self._found(each, asked if each == name else f"{each}:{asked}") for each in names]
            items.update({item.id: item for item in found if item is not None})
            if name in self._kept() and _has_items(self._kept()[name]) and not any(found):
                denied.append(asked)
        return Fetched(tuple(items.values()), denied=tuple(denied))

    def _found(self, name: str, identity: str) -> WorkItem | None:
        if not _has_items(self._kept()[name]):
            return None
        with self._lock:
            spool = self._spools.get(name)
        record = (spool or self._whole(name)[1]).find(identity)
        return record if isinstance(record, WorkItem) else None

    def close(self) -> None:
        self._database.close()
        with self._lock:
            for spool in self._spools.values():
                with contextlib.suppress(Exception):  # a reader that was left alone may still hold it
                    spool.close()
        self.io.close()


def _has_items(shape: Shape | SourceError) -> bool:
    return isinstance(shape, Shape) and shape.yields == "items"


def _or_bad(fn: Callable[..., T], *args: Any) -> T | BadData:
    """What ``fn`` gives, or the bad data that it found, as an answer."""
    try:
        return fn(*args)
    except BadData as bad:
        return bad


__all__ = ["PARAMETERS", "Sql"]
