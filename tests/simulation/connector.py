"""The connector of the model vendor: everything the contract asks, every request through the run's ``Io``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from connectors._shared.io import RunIo
from connectors._shared.limits import Gates
from connectors._shared.status import error_for, instant
from connectors.base import (
    AccessLost,
    Account,
    BadData,
    Connector,
    CursorExpired,
    Dimension,
    EndpointGone,
    Fetched,
    Gone,
    IoSettings,
    Page,
    Partition,
    Rejected,
    Seen,
    SourceError,
    SourceSettings,
    WorkItem,
)
from tests.simulation.faults import Transport
from tests.simulation.vendor import TYPES

PAGES = 200
"""More pages than this in one listing are an error."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a source is read; what may differ between two hubs that must come to the same."""

    reads: Literal["delta", "whole"] = "delta"
    page_size: int = 5
    order: str = "id"
    two_steps: bool = False
    """Listings give ids, the details are asked for: what Jira wants. Otherwise a listing's own rows count."""
    size: int | None = None
    """What the vendor says that a project holds."""
    shape: int = 1
    """Which form an item takes; another one is another fingerprint."""
    lag: float = 0.0
    overlap: float = 0.0
    resume_ttl: float = 3600.0


class ModelIo(RunIo):
    """The run's own ``Io`` with the model's clock in place of the wire's."""

    def __init__(self, settings: SourceSettings, transport: Transport, limits: IoSettings, rand: Any) -> None:
        def sleep(seconds: float) -> None:
            transport.pass_time(int(seconds * 1000) + 1)

        super().__init__(
            settings, limits, monotonic=lambda: transport.vendor.clock() / 1000, sleep=sleep, rand=rand, gates=Gates()
        )
        self.transport = transport
        self.vendor_date: datetime | None = None

    def vendor_now(self) -> datetime | None:
        return self.vendor_date

    def counters(self) -> Mapping[str, int]:
        return {**super().counters(), "requests": self.transport.requests}


class ModelConnector(Connector):
    def __init__(self, settings: SourceSettings, io: ModelIo, style: Style) -> None:
        super().__init__(settings, io)
        self._io = io
        self._style = style
        self.lag, self.overlap, self.resume_ttl = style.lag, style.overlap, style.resume_ttl

    # ---- requests ----

    def _ask(self, path: str, wanted: str, **params: Any) -> dict[str, Any]:
        given = {name: value for name, value in params.items() if value is not None}
        return self._io.call(self._once, path, wanted, given)

    def _once(self, path: str, wanted: str, params: dict[str, Any]) -> dict[str, Any]:
        status, headers, body = self._io.transport.send(path, params)
        self._io.vendor_date = instant(headers.get("Date")) or self._io.vendor_date
        if status != 200:
            raise self._refused(status, headers, params)
        if not headers["Content-Type"].startswith("application/json"):
            raise BadData("the vendor answered with something that is not JSON")
        try:
            found: dict[str, Any] = orjson.loads(body)
        except ValueError:
            raise BadData("the vendor's answer is cut") from None
        if not isinstance(found, dict) or not isinstance(found.get(wanted), list | str):
            raise BadData("the vendor's answer is not what its API describes")
        return found

    def _refused(self, status: int, headers: Mapping[str, str], params: dict[str, Any]) -> SourceError:
        error = error_for(status, headers, vendor="the model")
        if isinstance(error, EndpointGone) and params.get("token") is not None:
            return CursorExpired("the page token is no longer valid")
        return error

    # ---- the contract ----

    def check(self) -> Account:
        return Account(self._ask("/me", "account")["account"], "Robot", "UTC")

    def partitions(self) -> list[Partition]:
        rows = self._ask("/partitions", "partitions")["partitions"]
        found = [
            Partition(
                r["id"],
                r["title"],
                r["key"],
                r["state"],
                reads=self._style.reads,
                fingerprint=f"shape {self._style.shape}",
                size=self._style.size,
            )
            for r in rows
        ]
        named = self.settings.partitions
        if not named:
            return found
        known = {p.id: p for p in found}
        return [known.get(id_, Partition(id_, id_, id_, "unseen", reads=self._style.reads)) for id_ in named]

    def dimensions(self) -> Iterator[Dimension]:
        for row in self._ask("/lists", "statuses")["statuses"]:
            yield Dimension("status", row["id"], row["name"], row["category"])
        for row in self._ask("/partitions", "partitions")["partitions"]:
            yield Dimension("container", row["id"], row["title"], attributes={"key": row["key"]})

    def changes(self, partition: Partition, since: datetime | None, resume: str | None) -> Iterator[Page]:
        minute = None if since is None else int(since.timestamp()) // 60 * 60_000
        mark = hashlib.blake2b(f"{partition.id} {minute} {self._style}".encode(), digest_size=6).hexdigest()
        token = None
        if resume is not None:
            token, _, of = resume.partition(" ")
            if of != mark:
                raise CursorExpired("the position belongs to another query")
        known: set[str] = set()
        for answer in self._listing("/search", partition.id, minute, token):
            following = answer.get("next")
            resume, end = (f"{following} {mark}", None) if following else (None, "complete")
            gone = tuple(Gone(row["id"], row["how"], into=row.get("into")) for row in answer.get("gone", ()))
            yield self._page(answer["rows"], known, gone, resume, end)

    def _page(self, rows: list[Any], known: set[str], gone: tuple[Gone, ...], resume: str | None, end: Any) -> Page:
        if not self._style.two_steps:
            items, bad = self._read(rows)
            return Page(items, gone=gone, rejected=bad, resume=resume, end=end)
        ids = [row["id"] for row in rows if row["id"] not in known]
        known.update(ids)
        fetched = self.get(ids) if ids else Fetched()
        silent = (*fetched.denied, *(g.id for g in fetched.gone))
        return Page(fetched.items, gone=gone, rejected=fetched.rejected, unaccounted=silent, resume=resume, end=end)

    def census(self, partition: Partition) -> Iterator[Seen]:
        for answer in self._listing("/census", partition.id, None, None):
            for row in answer["rows"]:
                yield Seen(row["id"], _when(row["updated"]), (partition.id,))

    def get(self, ids: Iterable[str]) -> Fetched:
        asked = list(dict.fromkeys(ids))
        items: list[WorkItem] = []
        gone: list[Gone] = []
        denied: list[str] = []
        bad: list[Rejected] = []
        for start in range(0, len(asked), 20):
            answer = self._ask("/fetch", "items", ids=asked[start : start + 20])
            more, worse = self._read(answer["items"])
            items += more
            bad += worse
            gone += [Gone(row["id"], row["how"], into=row.get("into")) for row in answer["gone"]]
            denied += answer["denied"]
        return Fetched(tuple(items), tuple(gone), tuple(denied), tuple(bad))

    def close(self) -> None:
        self._io.close()

    # ---- listings and rows ----

    def _listing(self, path: str, partition: str, since: int | None, token: str | None) -> Iterator[dict[str, Any]]:
        style = self._style
        tokens = {token}
        for _ in range(PAGES):
            first = {} if token else {"partition": partition, "since": since, "order": style.order, "size": style.page_size}
            try:
                answer = self._ask(path, "rows", token=token, **first)
            except AccessLost:
                raise AccessLost("the account may not read this project") from None
            if answer.get("last") is True:
                yield answer
                return
            token = answer.get("next")
            if not isinstance(token, str) or token in tokens:
                raise BadData("a page token is missing or comes again")
            tokens.add(token)
            yield answer
        raise BadData("the listing does not end")

    def _read(self, rows: Iterable[Any]) -> tuple[tuple[WorkItem, ...], tuple[Rejected, ...]]:
        items, bad = [], []
        for row in rows:
            try:
                items.append(item_of(row, self._style.shape))
            except (KeyError, TypeError, ValueError) as fault:
                ident = row.get("id")
                bad.append(Rejected(ident, f"it cannot be read: {type(fault).__name__}", orjson.dumps(row).decode()))
        return tuple(items), tuple(bad)


def item_of(row: Mapping[str, Any], shape: int) -> WorkItem:
    """A row as an item. Raises ``TypeError``, ``ValueError`` or ``KeyError`` for one that cannot be understood."""
    if not isinstance(row["status"], str):
        raise TypeError("no status")
    if not isinstance(row["labels"], list):
        raise TypeError("labels are no list")
    return WorkItem(
        id=row["id"], title=row["title"], key=row["key"], url=f"https://model.test/{row['key']}", type=TYPES[row["level"]],
        level=row["level"], status_id=row["status"], resolution=row["resolution"], parent_ref=row["parent"],
        containers=(row["partition"],), labels=tuple(row["labels"]), estimate=row["estimate"],
        estimate_unit="points" if shape > 1 else None, created_at=_when(row["created"]), updated_at=_when(row["updated"]),
        done_at=None if row["done"] is None else _when(row["done"]),
    )  # fmt: skip


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text)
