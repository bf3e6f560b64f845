"""The two interfaces: ``Connector``, which each kind implements, and ``Io``, its only way out; and the rule of a pass."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

from connectors.base.errors import BadData
from connectors.base.settings import SourceSettings
from connectors.base.values import Account, Dimension, Fetched, Page, Partition, Seen

T = TypeVar("T")
R = TypeVar("R")


@runtime_checkable
class Io(Protocol):
    """The only way out. Every request goes through ``call`` or ``map``; every transport comes from here and is guarded.

    The guards: the request's origin must be the source's, redirects are refused, bodies are capped after decompression,
    one attempt has a total deadline, and only GET and the reading POSTs that the connector declared leave.
    """

    def call(self, fn: Callable[..., R], /, *args: Any, bucket: str = "default", **kwargs: Any) -> R:
        """Run ``fn`` as one retried request: limit, attempt, retry with backoff, deadline. Raises ``SourceError``.

        Where a credential expires in mid-run, ``fn`` raises what ``Login.refused`` makes of a 401: the login is renewed once for
        all threads, and ``fn`` runs once more (``connectors/_shared/login.py``).
        """
        ...

    def map(self, fn: Callable[[T], R], things: Iterable[T], /, *, bucket: str = "default") -> Iterator[R]:
        """``call(fn, thing)`` for each, in parallel on a pool of its own; results in order, a bounded window ahead."""
        ...

    def requests_adapter(self) -> Any:
        """A ``requests.adapters.BaseAdapter`` to mount on an SDK's session."""
        ...

    def httpx_transport(self) -> Any:
        """An ``httpx.BaseTransport`` for connectors without an SDK."""
        ...

    def beside(self, url: str) -> Io:
        """An ``Io`` of the same kind for another address that the vendor's own protocol needs (where tokens are given out): with
        the same limits, pinned to that origin. The connector names it, never an answer. Closed and counted with this one."""
        ...

    def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """For a driver that speaks no HTTP, inside of ``call``: the addresses of ``host`` at which the source may live, judged by
        the same rules; the driver connects to one of these and to no other. Raises ``Misconfigured``, ``Unavailable``."""
        ...

    def took(self, size: int) -> None:
        """Count bytes that such a driver received. Raises ``QuotaExhausted`` beyond the run's, ``Cancelled`` after ``close``."""
        ...

    def allow_post(self, *paths: str) -> None:
        """Declare POSTs that only read (searches, batch reads), as paths below the source's base URL."""
        ...

    def vendor_now(self) -> datetime | None:
        """The vendor's clock by the ``Date`` header of the latest answer; None before the first."""
        ...

    def counters(self) -> Mapping[str, int]:
        """What the run cost so far, for its record and for metrics.

        ``requests`` sent, ``http_2xx`` to ``http_5xx`` answers by class, ``bytes`` received after decompression, ``retries`` and
        of these ``retry_rate_limited``, ``retry_timeout``, ``retry_unavailable``, ``retry_bad_data``, whole seconds ``waited``,
        and ``retry_budget``, the tokens left for retries.
        """
        ...

    def close(self) -> None:
        """End waits and requests under way at once, give back threads and connections. A connector's ``close`` calls it last."""
        ...


class Connector(abc.ABC):
    """One per run, a context manager, shared by the run's threads; SDK clients are thread-local."""

    lag: float = 0.0
    """Seconds by which the vendor's index may trail its truth."""
    overlap: float = 0.0
    """Seconds that a delta re-reads before its cursor; at least ``lag``."""
    resume_ttl: float = 0.0
    """Seconds for which a ``resume`` of an unfinished pass stays usable; 0 means only within the run."""

    def __init__(self, settings: SourceSettings, io: Io) -> None:
        self.settings = settings
        self.io = io

    @abc.abstractmethod
    def check(self) -> Account:
        """Prove who we are and what is missing. Raises ``AuthError``, ``Unavailable``, ``Misconfigured``."""

    @abc.abstractmethod
    def partitions(self) -> list[Partition]:
        """All partitions to read, configured ones that are invisible included (``unseen``)."""

    @abc.abstractmethod
    def dimensions(self) -> Iterator[Dimension]:
        """The vendor's lists, each whole."""

    @abc.abstractmethod
    def changes(self, partition: Partition, since: datetime | None, resume: str | None) -> Iterator[Page]:
        """A pass: full when ``since`` is None, else what changed since then. Continues after ``resume``.

        Must end with a page whose ``end`` is set; a generator that just stops is an error of the connector.
        Raises ``CursorExpired`` when ``resume`` is no longer usable.
        """

    @abc.abstractmethod
    def census(self, partition: Partition) -> Iterator[Seen]:
        """A cheap listing of all ids of the partition: the same ids as a full pass."""

    @abc.abstractmethod
    def get(self, ids: Iterable[str]) -> Fetched:
        """Read items by id: confirms absence, fetches missing parents."""

    def examine(self, partition: Partition) -> None:  # noqa: B027 - most partitions have nothing to find out beforehand
        """Raise the error that a pass of this partition would end in, as far as it can be known cheaply and without writing."""

    def writes(self) -> tuple[str, ...] | None:
        """What the credential may change, in the vendor's words, for a warning; None where the vendor does not tell."""
        return None

    def close(self) -> None:  # noqa: B027 - most connectors hold nothing but their ``io``
        """Give back connections, ``io``'s last. Called once, also after an error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# ---- the rule of a pass -------------------------------------------------------------------------------------------------


def checked(pages: Iterable[Page]) -> Iterator[Page]:
    """The pages of one pass as the core reads them, with the proof that it ended.

    Raises ``BadData`` when the pass stops without a page that has ``end``, or goes on after it; in the second case the
    page with ``end`` is not let through, so that nothing concludes from it.
    """
    pages = iter(pages)
    for page in pages:
        if page.end is None:
            yield page
            continue
        if next(pages, None) is not None:
            raise BadData("a pass went on after its end", hint="this is a fault of the connector")
        yield page
        return
    raise BadData("a pass stopped without an end", hint="nothing is concluded from it; this is a fault of the connector")
