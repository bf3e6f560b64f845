"""The reading half of a run: identity, roster, lists, passes and listings, and what is missing in the end."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from connectors.base import AccessLost, Account, AuthError, Connector, CursorExpired, Misconfigured, Partition, SourceError
from hub.absence import Visibility
from hub.store import Store
from hub.store.read_absence import Absences
from hub.store.write import DISTRUSTED, PassPosition, Place, Privacy, Writer
from hub.sync.events import Listener, PartitionEnded, PartitionStarted, Progressed, Started
from hub.sync.judge import Case, judge
from hub.sync.pages import edge
from hub.sync.plan import Known, Mode, Plan, plan, recent
from hub.sync.private import fingerprinted
from hub.sync.readers import Failed, Listed, Message, PageRead, Work, messages
from hub.sync.record import HELD, Record

PARTLY = ("status", "type", "field", "container", "sprint")
"""Lists whose missing rows stay as they were known: items use them, and a row may be missing because we lost sight of it."""

SHOWN = (("read", "values"), ("new", "values_new"), ("changed", "values_changed"))
"""What is told while a partition is read: of its items, or of its values."""

RESTARTS = 2
"""How often one run starts a pass again whose position the vendor no longer accepts."""


@dataclass(frozen=True)
class Run:
    """One run: its source, number, instant (ms) and mode; ``cycle_start`` is when the earliest present cycle began."""

    source: str
    id: int
    at: int
    mode: Mode
    canary: str | None
    threads: int
    new_account: bool
    cycle_start: datetime | None


@dataclass
class Pass:
    """A partition on its way through a run: what is planned, where it stands."""

    partition: Partition
    plan: Plan
    start: Callable[[Pass], PassPosition]
    position: PassPosition | None = None
    listing: int | None = None
    pages: int = 0
    restarts: int = 0
    over: bool = False
    carried: bool = False
    unclear: bool = False
    """Records came that nobody can name: what they are is not known to be missing"""
    tally: Counter[str] = field(default_factory=Counter)

    def begin(self) -> Work:
        """Where the pass goes on, or that it begins; called when its turn comes."""
        self.position = self.start(self)
        self.carried = self.position.resume is not None
        since = None if self.position.since is None else datetime.fromtimestamp(self.position.since / 1000, UTC)
        version = "" if self.carried or self.restarts else self.plan.version
        return Work(replace(self.partition, version=version), since, self.position.resume, self.lists)

    @property
    def lists(self) -> bool:
        """Whether a census follows: after a delta, and after a full pass of which an earlier run read a part, since what that
        part held may have changed meanwhile."""
        assert self.position is not None
        if self.partition.yields == "values":
            return False
        carried = self.position.kind == "full" and self.carried and self.partition.reads == "delta"
        return carried or (self.plan.census and self.position.kind == "delta")


class Reading:
    """Reads one source for one run. Only the thread that calls it writes."""

    def __init__(
        self,
        writer: Writer,
        store: Store,
        run: Run,
        record: Record,
        listener: Listener,
        private: Callable[[], Privacy | None],
        calculate: Callable[[], int | None],
    ) -> None:
        self._writer, self._store, self._run, self._record = writer, store, run, record
        self._listen, self._private, self._calculate = listener, private, calculate
        self._privacy: Privacy | None = None
        self._known: dict[str, Known] = {}
        self._seen: dict[str, Visibility] = {}
        self._fetch: list[str] = []

    def source(self, connector: Connector, kind: str, url: str, *, named: bool) -> None:
        """Everything there is to read. ``named``: the config names the partitions, so one that it does not name is no loss."""
        try:
            since = self._writer.seq()
            with edge("who it is"):
                account = connector.check()
            self._identity(account, url)
            self._writer.put_source(self._run.source, kind, url, account, run_id=self._run.id)
            partitions = self._roster(connector, named)
            live = [p for p in partitions if p.state == "live"]
            if not live and not self._record.results:
                raise AccessLost("this account sees nothing to read", hint="Give it the right to browse what it shall read.")
            self._canary(connector, partitions)
            self._listen(Started(self._run.source, self._run.id, len(live)))
            with edge("a list"):
                dimensions = list(connector.dimensions())
            self._writer.put_dimensions(self._run.source, dimensions, partly=PARTLY, run_id=self._run.id)
            self._privacy = self._private()  # it goes by the names of projects, which are known by now
            self._passes(connector, live)
            self._judge(connector, since)
        finally:
            self._record.counts.update(connector.io.counters())

    # ---- who, and what there is ----

    def _identity(self, account: Account, url: str) -> None:
        """Another account may see less, and a search does not say so (Jira answers 200 with fewer issues); another address may
        be another site, whose ids mean other items."""
        name = self._run.source
        known, origin = self._writer.known(name)
        accept = f"accept it once: `anchorline sync {name} --new-account`."
        if origin is not None and origin.rstrip("/") != url.rstrip("/") and not self._run.new_account:
            raise Misconfigured(
                f"the source was read from {origin} and its url is now {url}",
                hint=f"Give another site another source name. If it is the same site under a new address, {accept}",
            )
        if known is not None and known != account.id and not self._run.new_account:
            raise AuthError(
                f"the credential belongs to account {account.id}, the last run's to {known}",
                hint=f"Use a token of the former account, or {accept}",
            )
        if account.unresolved:
            raise Misconfigured("; ".join(account.unresolved), hint=f"Mend `fields` under [source.{name}] in config.toml.")
        self._record.notes.extend(account.missing)

    def _roster(self, connector: Connector, named: bool) -> list[Partition]:
        """All partitions, compared with those of before."""
        source = self._run.source
        with edge("the list of projects"):
            partitions = connector.partitions()
        stored = self._writer.keys(source)
        partitions = _recognised(partitions, stored)
        # A configured name that is nowhere may be the former key of what is no longer listed: then nothing was taken out.
        unknown = any(p.state == "unseen" and p.id not in stored for p in partitions)
        self._writer.put_partitions(source, partitions, run_id=self._run.id)
        self._known = {id_: Known(*each) for id_, each in self._writer.positions(source).items()}
        states: dict[str, Visibility] = {"live": "failed", "unseen": "lost", "archived": "archived", "trashed": "trashed"}
        self._seen = {p.id: states[p.state] for p in partitions}
        for partition in partitions:
            if partition.state == "unseen":
                self._failed(
                    partition,
                    f"{partition.key or partition.id} is configured, but the account does not see it",
                    "Check the key, and that the account may browse it. What was read of it stands as last seen.",
                )
        self._writer.listed_again(source, [p.id for p in partitions], self._run.at)
        for partition in self._writer.unlisted(source):
            self._missing(partition, named, unknown)
        return partitions

    def _missing(self, partition: Partition, named: bool, unknown: bool) -> None:
        """A partition with items that nothing lists any more: taken out of the config, or lost from sight, which says nothing
        about its items."""
        name = partition.key or partition.title
        if named and not unknown:
            self._seen[partition.id] = "dropped"
            self._let_go(partition, name, "unobserved")
            return
        self._seen[partition.id] = "lost"
        if not named:
            self._let_go(partition, name, "access_lost")
        self._failed(
            partition,
            f"{name} is no longer listed; its items stand as last seen",
            "Give the account its rights back. If it is gone for good, `anchorline held` and `approve` let its items go.",
        )

    def _let_go(self, partition: Partition, name: str, presence: str) -> None:
        """Ask whether its items shall leave, or take out those that a person let go."""
        self._record.counts["gone"] += self._writer.put_unlisted(self._place(partition.id), partition.id, name, presence)

    def _canary(self, connector: Connector, partitions: list[Partition]) -> None:
        """What must always be visible is: else the account sees less than it should, whatever the answers say."""
        wanted = self._run.canary
        if wanted is None:
            return
        live = {name.casefold() for p in partitions if p.state == "live" for name in (p.id, p.key) if name}
        if wanted.casefold() in live:
            return
        with edge("the canary"):
            if connector.get([wanted]).items:
                return
        raise AccessLost(
            f"the canary {wanted} cannot be seen", hint="The account has lost rights, or the item is gone: mend one, or `canary`."
        )

    # ---- passes ----

    def _passes(self, connector: Connector, live: list[Partition]) -> None:
        early = recent(live, self._known, self._run.cycle_start)
        if early:
            self._all(connector, [(p, Plan("recent", self._run.cycle_start)) for p in early])
            self._calculate()
        self._all(connector, [(p, self._plan(connector, p)) for p in live])

    def _plan(self, connector: Connector, partition: Partition) -> Plan:
        now = connector.io.vendor_now()
        planned = plan(
            partition,
            self._known.get(partition.id, Known()),
            fingerprinted(partition.fingerprint, self._privacy),
            mode=self._run.mode,
            overlap=connector.overlap,
            vendor_now=None if now is None else int(now.timestamp() * 1000),
        )
        if planned.note:
            self._record.notes.append(planned.note)
        return planned

    def _all(self, connector: Connector, planned: list[tuple[Partition, Plan]]) -> None:
        def start(each: Pass) -> PassPosition:
            return self._start(each, connector.resume_ttl)

        jobs = deque(Pass(partition, how, start) for partition, how in planned)
        for job, message in messages(connector, jobs, self._run.threads):
            if isinstance(message, Failed) and isinstance(message.error, CursorExpired) and job.restarts < RESTARTS:
                self._writer.restart_pass(self._run.source, job.partition.id)
                # not the position of the pass but where it begins is too old: everything, then
                at = job.position
                too_old = at is not None and at.kind == "delta" and at.resume is None and not job.tally
                again = Plan("full") if too_old else job.plan
                jobs.append(Pass(job.partition, again, start, restarts=job.restarts + 1))
            elif not job.over:
                self._take(job, message)

    def _start(self, job: Pass, resume_ttl: float) -> PassPosition:
        partition, planned = job.partition, job.plan
        position = self._writer.start_pass(
            self._run.source, partition.id, fingerprinted(partition.fingerprint, self._privacy), run_id=self._run.id,
            at=self._run.at, resume_ttl=resume_ttl, kind=planned.kind, since=_millis(planned.since), reset=planned.reset,
        )  # fmt: skip
        if not job.restarts:
            self._record.counts["partitions"] += planned.kind != "recent"
        self._listen(PartitionStarted(self._run.source, partition.id, partition.title, position.resume is not None))
        return position

    def _take(self, job: Pass, message: Message) -> None:
        if isinstance(message, PageRead):
            self._page(job, message)
        elif isinstance(message, Listed):
            self._census(job, message)
        else:
            job.over = True
            error = message.error
            self._failed(job.partition, f"{job.partition.key or job.partition.title}: {error}", error.hint)

    def _page(self, job: Pass, message: PageRead) -> None:
        page, position, partition = message.page, job.position, job.partition
        assert position is not None
        done = self._writer.put_page(
            self._run.source,
            partition.id,
            position.pass_id,
            page,
            run_id=self._run.id,
            seen_at=self._run.at,
            vendor_started_at=position.vendor_started_at or _millis(message.vendor_at),
            privacy=self._privacy,
        )
        job.unclear = job.unclear or any(record.id is None for record in page.rejected)
        added = {**done._asdict(), "read": len(page.items) + len(page.rejected)}
        if partition.yields == "values":
            added |= {"read": 0, "values": len(page.values) + len(page.rejected)}
        del added["held"], added["gone"]  # the vendor's word alone makes nothing gone
        for counted in (job.tally, self._record.counts):
            counted.update(added)
        so_far = (job.tally[items] + job.tally[values] for items, values in SHOWN)
        self._listen(Progressed(self._run.source, partition.id, *so_far))
        if done.held == DISTRUSTED:
            job.over = True
            text = f"{partition.key or partition.title}: too many records can no longer be understood; its numbers stand still"
            self._failed(partition, text, HELD)
        elif page.end is not None and position.kind != "recent" and not job.lists:
            listed = position.kind == "full"
            self._record.counts["same"] += page.end == "unchanged"
            if page.end == "unchanged" and partition.yields == "items":
                self._writer.restore(self._place(partition.id))
            self._complete(job, "listed" if listed and not job.unclear else "unclear", unchanged=page.end == "unchanged")

    def _census(self, job: Pass, message: Listed) -> None:
        partition = job.partition
        if job.listing is None:
            job.listing = self._writer.start_listing(self._run.source, partition.id)
        job.pages += 1
        place = self._place(partition.id, job.listing)
        found = self._writer.put_census(place, job.pages, message.rows, end=message.end)
        self._fetch.extend(found.fetch)
        self._record.counts["listed"] += len(message.rows)
        if message.end:
            self._complete(job, "listed")

    def _complete(self, job: Pass, how: Visibility, *, unchanged: bool = False) -> None:
        job.over = True
        self._seen[job.partition.id] = how
        self._record.results.append("complete")
        self._listen(PartitionEnded(self._run.source, job.partition.id, "complete", unchanged=unchanged or None))

    def _failed(self, partition: Partition, text: str, hint: str) -> None:
        self._record.fail(text, hint)
        self._listen(PartitionEnded(self._run.source, partition.id, "failed", text))

    # ---- the end ----

    def _judge(self, connector: Connector, since: int) -> None:
        case = Case(
            at=self._place(""),
            seen=self._seen,
            fetch=self._fetch,
            whole=self._record.whole,
            listed=self._run.mode != "delta",
            since=since,
        )
        try:
            counts = judge(self._writer, Absences(self._store), connector, case, self._privacy)
        except SourceError as error:
            self._record.fail(f"what is missing could not be looked up: {error}", error.hint)
            return
        kept = ("new", "changed", "unchanged", "older", "repeats", "rejected", "quarantined", "gone")
        self._record.counts.update({name: getattr(counts, name) for name in kept})

    def _place(self, partition: str, pass_id: int = 0) -> Place:
        rules = self._privacy.rules if self._privacy else ""
        return Place(self._run.source, partition, pass_id, self._run.id, self._run.at, None, rules)


def _millis(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)


def _recognised(partitions: list[Partition], stored: dict[str, str]) -> list[Partition]:
    """What is configured by a key and out of sight has no id of its own: it is the stored partition that had this key."""
    by_key = {key.casefold(): id_ for id_, key in stored.items()}
    listed = {p.id for p in partitions}
    found = []
    for p in partitions:
        known = by_key.get((p.key or p.id).casefold()) if p.state == "unseen" else None
        found.append(replace(p, id=known) if known is not None and known not in listed else p)
    return found
