"""The contract between the outside world and the hub: frozen values, one abstract class, one family of errors.

A connector turns a vendor's answers into the values below and decides nothing about their meaning: words, numbers and
identifiers stay the vendor's own. Adding a kind is one module that defines ``KIND = Kind(...)``; see
``docs/adding-a-connector.md``.

    vendor --HTTP--> Io (limits, retry, deadline, caps, guards) --> Connector --> Page(items, ..., resume, end) --> hub
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol, Self, TypeVar, runtime_checkable

T = TypeVar("T")
R = TypeVar("R")

# ---- values -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One epic, issue, task, card, deal or row, in the vendor's words.

    Identity is (source, ``id``): ``id`` is the vendor's immutable identifier, never a key that may change. Instants are
    aware datetimes; a value that the vendor leaves empty is ``None``. Numbers keep the vendor's literal as text
    (``"2.0"``, ``"-1"``): the core decides whether it is a number and whether it is valid.
    """

    id: str
    title: str
    key: str | None = None
    url: str | None = None
    type_id: str | None = None
    type: str | None = None
    level: int = 0
    """Height in the vendor's hierarchy: -1 sub-task, 0 story or task, 1 epic, 2 and above what contains epics."""
    status_id: str | None = None
    status: str | None = None
    category: str | None = None
    """The vendor's status category as *copied into the item* (``new``, ``indeterminate``, ``done``); the status list wins."""
    resolution_id: str | None = None
    resolution: str | None = None
    parent_ref: str | None = None
    """The parent as the vendor names it: its id where known, else its key or URL."""
    containers: tuple[str, ...] = ()
    """Ids of the projects, boards or sections that hold the item, the partition's among them; names and keys are dimensions."""
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    sprints: tuple[str, ...] = ()
    """Ids of all sprints the item was ever in; their names and states are dimensions."""
    links: tuple[tuple[str, str], ...] = ()
    """(the vendor's link type with direction, id or key of the other item)"""
    assignee: str | None = None
    """The vendor's account id; never a name or a mail address."""
    estimate: str | None = None
    estimate_unit: str | None = None
    amount: str | None = None
    currency: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    """The vendor's modification stamp. An item with an older stamp never overwrites one with a newer stamp."""
    done_at: datetime | None = None
    """When the vendor says that it was finished (resolution date, close date, move to a done category)."""
    due_on: date | None = None
    started_at: datetime | None = None
    """When work on it began, where the vendor or a column tells."""
    stages: Mapping[str, datetime] = field(default_factory=dict)
    """Names of the stages or statuses that it entered, and when it first did; empty where the vendor does not tell."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Fields named in the source's settings, by that name. A field that was not read is absent, an empty one is None."""


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A number about the world: the value of ``series`` on the day ``on``, as the source's literal.

    Identity is (source, partition, ``series``, ``on``, ``key``). ``value`` is a plain decimal number (``-12.5``, no grouping):
    what the source writes otherwise is read by its declared format, or refused by the connector.
    """

    series: str
    on: date
    value: str
    unit: str | None = None
    """A currency or unit, as the source says it."""
    key: str = ""
    """Tells values of one series and day apart (a region, a plant); the same from read to read, never a row number."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Further columns by the names that the settings give them: what metrics filter on. Empty cells are None."""
    by: str | None = None
    """Who typed it, as the source says; None where no person did."""
    note: str | None = None
    at: str = ""
    """Where the source has it, for people: ``KPIs!C12``, ``row 12``. May change without the value changing."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One row of a vendor's list that gives items meaning: a status, field, item type, sprint, project.

    ``kind`` is ``status``, ``field``, ``type``, ``sprint`` or ``container``; ``category`` is the vendor's own grouping
    (a status category, a sprint state). ``attributes`` hold what else rules or explanations need, JSON-able.
    """

    kind: str
    id: str
    name: str
    category: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """Who the credential belongs to, and what it lacks. Compared with the previous run: another account is an error."""

    id: str
    name: str | None = None
    timezone: str | None = None
    missing: tuple[str, ...] = ()
    """Scopes or rights that are missing, each as a sentence an admin can act on: the read goes on without them."""
    unresolved: tuple[str, ...] = ()
    """Settings that name what the vendor does not have, likewise: nothing is read until they are mended, because what rules
    read from them would silently be empty."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Partition:
    """The unit in which a source is read: a project, board, object or sheet."""

    id: str
    title: str
    key: str | None = None
    state: Literal["live", "archived", "trashed", "unseen"] = "live"
    """``unseen``: configured, but the vendor lists it nowhere. Only live partitions are read."""
    yields: Literal["items", "values"] = "items"
    reads: Literal["delta", "whole"] = "delta"
    """``delta``: ``changes(since=...)`` is honoured and ``census`` exists; ``whole``: every complete pass is its own census."""
    fingerprint: str = ""
    """Hash of settings, field mapping, field definitions and the connector's shape version: another one means a full pass."""
    size: int | None = None
    """How many items the vendor says it holds: decides what is read first, and proves nothing."""
    version: str = ""
    """Set by the hub, in what it gives to ``changes``: the ``Page.version`` of what it holds. Empty where everything is to be
    read whatever the vendor says."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One id in a census, with the vendor's stamp and containers where the listing gives them for free."""

    id: str
    stamp: datetime | None = None
    containers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """The vendor's own word that an item is no longer there."""

    id: str
    how: Literal["trashed", "deleted", "archived", "merged"]
    at: datetime | None = None
    into: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be understood: kept raw in quarantine, counted as read, never half-filled into an item."""

    id: str | None
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one step of a pass brought. It is committed in one transaction together with ``resume``.

    ``resume`` is opaque: given back to ``changes`` it continues *after* this page. Exactly the last page has ``end``:
    ``complete``, or ``unchanged`` when the vendor proves that nothing differs from the last pass (concludes nothing).
    """

    items: tuple[WorkItem, ...] = ()
    values: tuple[MetricValue, ...] = ()
    gone: tuple[Gone, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    unaccounted: tuple[str, ...] = ()
    """Ids that the vendor listed, then neither returned nor refused. Noted; nothing is concluded from them."""
    resume: str | None = None
    end: Literal["complete", "unchanged"] | None = None
    version: str | None = None
    """With ``complete``, of what is read whole: a text that is another one for other content (an ETag, a hash)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Answer to ``get``: each asked id is in exactly one of the four, or in none when the vendor did not say.

    ``gone`` is the vendor's own word. ``denied`` is not to be had: deleted or out of sight, the vendor does not say which; the
    core judges by whether the item's partition is visible.
    """

    items: tuple[WorkItem, ...] = ()
    gone: tuple[Gone, ...] = ()
    denied: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    """There, but not to be understood: to quarantine."""


# ---- settings ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential. ``reveal()`` is the only way to its text; every printed form is stars."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One ``[source.NAME]`` table of config.toml, validated, plus its secret from the environment."""

    name: str
    kind: str
    url: str
    user: str | None = None
    token: Secret | None = None
    partitions: tuple[str, ...] = ()
    """Keys or ids of the projects or boards to read; empty reads every live one that the account sees."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """our name -> the vendor's field, by id or exact name (``{"team": "customfield_10050"}``)"""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Validated settings that only this kind has."""
    queries: Mapping[str, str] = field(default_factory=dict)
    """Texts of the queries to run, by name, where the kind runs queries."""
    parameters: Mapping[str, date] = field(default_factory=dict)
    """What queries may ask for by name: ``cycle_start``, ``cycle_end``."""
    timezone: str = "UTC"
    """The strategy's zone, an IANA name: of days and times that the source writes without one."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Partition -> the ``Page.version`` of what the hub holds of it, to ask a vendor whether anything changed. Whether a
    partition may be left unread then, ``Partition.version`` says."""


@dataclass(frozen=True, slots=True)
class IoSettings:
    """Limits of one run's traffic. Times in seconds, sizes in bytes after decompression."""

    connect_timeout: float = 5.0
    read_timeout: float = 60.0
    call_deadline: float = 120.0
    """For one attempt, from its first byte sent to its last byte read: a server that drips cannot outlast it."""
    run_deadline: float = 6 * 3600.0
    max_body: int = 64 * 2**20
    max_run_bytes: int = 64 * 2**30
    """Of all answers of the run together: a vendor that never stops answering fills no disk and bills no traffic for ever."""
    attempts: int = 8
    """Tries per call, the first included: of 10,000 calls with 20 % random faults one in forty runs loses one."""
    backoff: float = 1.0
    """First pause; doubles with each try, with full jitter."""
    backoff_max: float = 60.0
    retry_floor: int = 100
    """Tokens in the run's retry bucket before any success has earned more."""
    parallel: int = 8
    """Threads of ``io.map``."""
    rate: float | None = None
    """Requests per second and bucket; None sends as fast as the vendor answers."""
    gates_folder: str | None = None
    """Where the processes of one machine share limits and waits per vendor account; None keeps them to this process."""
    allow_private_networks: bool = False
    """Whether the source may live at a private address. Link-local and metadata addresses are refused even so."""
    ca_file: str | None = None
    """PEM file with own certificate authorities, trusted beside the usual ones."""


# ---- the two interfaces -----------------------------------------------------------------------------------------------


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

    def writes(self) -> tuple[str, ...] | None:
        """What the credential may change, in the vendor's words, for a warning; None where the vendor does not tell."""
        return None

    def close(self) -> None:  # noqa: B027 - most connectors hold nothing but their ``io``
        """Give back connections, ``io``'s last. Called once, also after an error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of one kind's ``[source.NAME]`` table beyond the common ones.

    ``type``: ``str``, ``bool``, ``int``, ``float``, ``Decimal``; ``tuple`` for a list of texts; ``dict`` for a table of texts.
    """

    name: str
    type: type
    default: Any = None
    help: str = ""
    choices: tuple[str, ...] = ()
    """Of a text: the only values that it may have; empty takes any."""


@dataclass(frozen=True, slots=True)
class SettingFault:
    """What is wrong with the settings of a source: the keys that lead there, a sentence, and what to do about it."""

    at: tuple[str, ...]
    """``("columns", "amount")``; empty for the table as a whole."""
    text: str
    remedy: str = ""
    named: bool = False
    """The last key itself is wrong, not its value."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a vendor's administrator is asked for, in the vendor's own words; `init KIND --letter` makes a letter of it.

    Every text is a line of its own without the full stop; ``{partitions}`` in a right becomes the configured ones.
    """

    account: tuple[str, ...]
    """Which kind of account, and what it needs before any right on content."""
    rights: tuple[str, ...]
    """The least rights, each where it is given; nothing that writes."""
    scopes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(which case it is for, the scopes as they are spelt), for vendors whose credentials can be limited."""
    reads: tuple[str, ...] = ()
    """What is read."""
    leaves: tuple[str, ...] = ()
    """What is never read, although the rights would allow it."""
    token: tuple[str, ...] = ()
    """How the credential is made, how long it lives, how it is replaced."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a connector module offers as ``KIND``: its name, class, secrets and settings, known without importing an SDK."""

    name: str
    title: str
    factory: Callable[[SourceSettings, Io], Connector]
    needs_user: bool = False
    needs_token: bool = True
    open_address: Callable[[str], bool] | None = None
    """Of a kind that needs a token: which urls need none all the same (a database in a file, a socket of this machine)."""
    address: Literal["https", "file", "database"] = "https"
    """What ``url`` is: a site; a file (then ``file`` may stand in its place) or an https address; a database's URL."""
    work: bool = True
    """Whether its items are usually work that should serve a key result; else only metrics read them."""
    queries: bool = False
    """Whether it runs the queries that mapping files name, and ``partitions`` names them."""
    partition_word: str = "projects"
    """What the config calls its partitions: ``projects``, ``boards``, ``objects``."""
    item_fields: frozenset[str] = frozenset()
    """Which of the conditions' fields this kind has (``label``, ``component``, ``sprint``, ...)."""
    answers: Callable[[SourceSettings], frozenset[str]] | None = None
    """Which of ``item_fields`` the items of one source have, where its settings decide that; without it all of them."""
    options: tuple[Option, ...] = ()
    examine: Callable[[SourceSettings], Iterable[SettingFault]] | None = None
    """What is wrong with settings of which each is well-formed by itself. Looks at nothing else, and never at the secret."""
    rights: str = ""
    """The least rights the credential needs, as one sentence for the admin."""
    access: Access | None = None
    """The same in full, for the letter to the administrator."""
    expiry: str = ""
    """When a credential ends, where ``Account.expires_at`` cannot tell it: one sentence."""
    search_urls: Callable[[str, Sequence[str]], tuple[str, ...]] | None = None
    """Addresses at which the vendor lists certain items, for people: from the address of one of them, and the keys of all;
    several where one would be too long, none where it cannot be said."""
    edition_by: str = ""
    """The option that chooses between editions of the product: ``deployment``."""
    editions: Mapping[str, Kind] = field(default_factory=dict)
    """Value of that option -> the kind as it is then: another title, other needs and rights. Other values mean this one."""

    def edition(self, options: Mapping[str, Any]) -> Kind:
        """This kind as a source with these options has it."""
        return self.editions.get(str(options.get(self.edition_by)), self)


# ---- errors -----------------------------------------------------------------------------------------------------------


class SourceError(Exception):
    """A fault of the outside, translated at the edge: what happened and, in ``hint``, what to do next.

    The text never holds a credential, a header or a body; at most a path without its query.
    """

    retryable = False

    def __init__(self, message: str, *, hint: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.status = status


class AuthError(SourceError):
    """The credential is wrong, expired or belongs to somebody else than last time."""


class AccessLost(SourceError):
    """The account is known but no longer sees what it should see."""


class RateLimited(SourceError):
    """The vendor asks to wait. ``retry_after`` is a minimum in seconds, None when the vendor gives none."""

    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "", status: int | None = 429) -> None:
        super().__init__(message, hint=hint, status=status)
        self.retry_after = retry_after


class Unavailable(SourceError):
    """No answer, a broken answer or a server error. ``retry_after`` as in ``RateLimited``."""

    retryable = True

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        hint: str = "",
        status: int | None = None,
        timed_out: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, status=status)
        self.retry_after = retry_after
        self.timed_out = timed_out


class QuotaExhausted(SourceError):
    """The day's or the run's budget is spent; asking again before it renews makes it worse."""


class CursorExpired(SourceError):
    """A page token or resume position is no longer valid: the pass starts again from its beginning."""


class EndpointGone(SourceError):
    """The vendor retired an endpoint (404 or 410 on a listing): never an empty result."""


class Misconfigured(SourceError):
    """An address, certificate, host name or setting that cannot work, or a guard that refused to send."""


class BadData(SourceError):
    """An answer that is well-formed HTTP but not what the API describes. One retry may help; then the pass fails."""

    retryable = True


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
