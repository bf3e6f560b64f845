"""One run over one source: prove who we are, read what there is, store it page by page, then assess.

    connector --Page--> Writer.put_page (items, versions, aliases, seen ids, dirty marks, resume: one transaction)
                                |  last page of the partition: the cursor too
                                v
    all partitions read --> evaluate(): dirty trees -> links -> key results -> snapshots

A partition that fails keeps what was committed, concludes nothing and is read again, from its ``resume``, by the next run.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import connectors
from connectors.base import (
    AccessLost,
    Account,
    AuthError,
    Connector,
    CursorExpired,
    Misconfigured,
    Partition,
    SourceError,
    checked,
)
from hub.config import Config
from hub.model import Mapping
from hub.store import Store
from hub.store.read import Reader
from hub.store.write import Privacy, Writer
from hub.sync.evaluate import evaluate, facts_of, known_dimensions
from hub.sync.events import (
    Ended,
    Listener,
    PartitionEnded,
    PartitionStarted,
    Progressed,
    Result,
    RunSummary,
    Started,
    Waiting,
    nobody,
)
from hub.sync.pages import edge, merged, read
from hub.sync.private import fingerprinted, privacy

log = logging.getLogger(__name__)

PARTLY = ("status", "type", "field", "container", "sprint")
"""Lists whose missing rows stay as they were known: items use them, and a row may be missing because we lost sight of it."""

RESTARTS = 2
"""How often one run starts a pass again whose position the vendor no longer accepts."""

HEARD = 20
"""Warnings of a connector that a run keeps."""


def sync_source(
    config: Config,
    mapping: Mapping,
    store: Store,
    name: str,
    *,
    reason: str = "command",
    listener: Listener = nobody,
    as_of: int | None = None,
    new_account: bool = False,
) -> RunSummary:
    """Read one source and evaluate with the mapping files as they are by then (``mapping`` if they have mistakes by then).

    ``as_of`` (milliseconds) is the instant that the evaluation is made for, by default the moment of it. ``new_account`` accepts
    that the credential belongs to another account, or the source to another address, than in the last run.

    Raises ``Locked`` when another process reads this source, ``UsageError`` when its secret is missing. What goes wrong at the
    vendor's end is not raised: it is the summary's ``error``.
    """
    settings = config.settings(name)
    at = _now()
    facts = facts_of(config)
    with store.own(f"source:{name}") as ownership, Writer(store, ownership) as writer:
        run_id = writer.start_run(name, reason=reason, mode="full", started_at=at, mapping_hash=mapping.hash)

        def private() -> Privacy | None:
            return privacy(mapping, known_dimensions(Reader(store), facts))

        reading = _Reading(writer, name, run_id, at, listener, new_account, private)
        try:
            with reading.heard(), connectors.open(settings) as connector:
                reading.source(connector, settings.kind, settings.url, named=bool(settings.partitions))
        except SourceError as error:
            reading.fail(error)
        except BaseException:
            # The lock dies with this process; the record must not say "running" for ever.
            reading.end("failed", "interrupted", "Run it again: it goes on where it stopped.")
            raise
        reading.end(reading.result())
        seq = evaluate(store, config, mapping, name, as_of=as_of, run_id=run_id, listener=listener)
        if seq is None:
            reading.notes.append(
                "Items kept changing, so what was read is not calculated yet; the run that changes them does it."
            )
    summary = reading.summary(seq)
    listener(Ended(name, summary))
    return summary


def _now() -> int:
    return int(time.time() * 1000)


@dataclass
class _Outcome:
    partition: Partition
    result: Result


class _Reading:
    """The reading half of a run, and what came of it."""

    def __init__(
        self,
        writer: Writer,
        name: str,
        run_id: int,
        at: int,
        listener: Listener,
        new_account: bool,
        private: Callable[[], Privacy | None],
    ) -> None:
        self._writer = writer
        self._name = name
        self._run = run_id
        self._at = at
        self._listen = listener
        self._new_account = new_account
        self._private = private
        self._privacy: Privacy | None = None
        self._outcomes: list[_Outcome] = []
        self._ended: Result = "failed"
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        """What did not fail the run, but must be known"""
        self.error: str | None = None
        self.hint: str | None = None

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Warnings that the connector logs meanwhile become notes of the run, and its pauses events."""
        ear = _Ear(self.notes, lambda why, seconds: self._listen(Waiting(self._name, why, seconds)))
        logger = logging.getLogger("connectors")
        level = logger.level
        logger.addHandler(ear)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.setLevel(level)
            logger.removeHandler(ear)

    def source(self, connector: Connector, kind: str, url: str, *, named: bool) -> None:
        """Identity, partitions and lists first; then every live partition, one after the other.

        ``named``: the config names the partitions, so one that it does not name any more is no loss.
        """
        try:
            with edge("who it is"):
                account = connector.check()
            self._identity(account, url)
            self._writer.put_source(self._name, kind, url, account, run_id=self._run)
            with edge("the list of projects"):
                partitions = connector.partitions()
            self._writer.put_partitions(self._name, partitions, run_id=self._run)
            live = [p for p in partitions if p.state == "live"]
            for partition in partitions:
                if partition.state == "unseen":
                    self._unseen(partition)
            if not named:
                self._vanished()
            if not live and not self._outcomes:
                raise AccessLost("this account sees nothing to read", hint="Give it the right to browse what it shall read.")
            self._listen(Started(self._name, self._run, len(live)))
            with edge("a list"):
                dimensions = list(connector.dimensions())
            self._writer.put_dimensions(self._name, dimensions, partly=PARTLY, run_id=self._run)
            self._privacy = self._private()  # it goes by the names of projects, which are known by now
            for partition in live:
                self._partition(connector, partition)
        finally:
            counters = connector.io.counters()
            self.counts.update({k: counters[k] for k in ("requests", "retries") if k in counters})

    def _identity(self, account: Account, url: str) -> None:
        """Another account may see less, and a search does not say so (Jira answers 200 with fewer issues); another address may
        be another site, whose ids mean other items."""
        known, origin = self._writer.known(self._name)
        accept = f"accept it once: `anchorline sync {self._name} --new-account`."
        if origin is not None and origin.rstrip("/") != url.rstrip("/") and not self._new_account:
            raise Misconfigured(
                f"the source was read from {origin} and its url is now {url}",
                hint=f"Give another site another source name. If it is the same site under a new address, {accept}",
            )
        if known is not None and known != account.id and not self._new_account:
            raise AuthError(
                f"the credential belongs to account {account.id}, the last run's to {known}",
                hint=f"Use a token of the former account, or {accept}",
            )
        if account.unresolved:
            raise Misconfigured("; ".join(account.unresolved), hint=f"Mend `fields` under [source.{self._name}] in config.toml.")
        self.notes.extend(account.missing)

    def _unseen(self, partition: Partition) -> None:
        self._fail(
            partition,
            f"{partition.key or partition.id} is configured, but the account does not see it",
            "Check the key, and that the account may browse it. What was read of it stands as last seen.",
        )

    def _vanished(self) -> None:
        """Partitions with items that nothing lists any more: lost from sight, which says nothing about their items."""
        for partition in self._writer.unlisted(self._name):
            self._fail(
                partition,
                f"{partition.key or partition.title} is no longer listed; its items stand as last seen",
                "Give the account its rights back. If this is meant, name the projects to read in `projects`.",
            )

    def _fail(self, partition: Partition, text: str, hint: str) -> None:
        self._outcomes.append(_Outcome(partition, "failed"))
        self._note(text, hint)
        self._listen(PartitionEnded(self._name, partition.id, "failed", text))

    def _partition(self, connector: Connector, partition: Partition) -> None:
        self.counts["partitions"] += 1
        try:
            for restart in range(RESTARTS + 1):
                try:
                    self._pass(connector, partition)
                    break
                except CursorExpired:
                    if restart == RESTARTS:
                        raise
                    self._writer.restart_pass(self._name, partition.id)
        except SourceError as error:
            hint = error.hint or "Run `anchorline sync` again; what was read is kept."
            self._fail(partition, f"{partition.key or partition.title}: {error}", hint)
        else:
            self._outcomes.append(_Outcome(partition, "complete"))
            self._listen(PartitionEnded(self._name, partition.id, "complete"))

    def _pass(self, connector: Connector, partition: Partition) -> None:
        fingerprint = fingerprinted(partition.fingerprint, self._privacy)
        position = self._writer.start_pass(
            self._name, partition.id, fingerprint, run_id=self._run, at=self._at, resume_ttl=connector.resume_ttl
        )
        resumed = position.resume is not None
        self._listen(PartitionStarted(self._name, partition.id, partition.title, resumed))
        tally: Counter[str] = Counter()
        # vendor time before the first request of the pass: what changes from then on is the next delta's
        vendor_at = connector.io.vendor_now()
        for page in merged(checked(read(connector.changes(partition, None, position.resume)))):
            began = vendor_at or connector.io.vendor_now()
            done = self._writer.put_page(
                self._name,
                partition.id,
                position.pass_id,
                page,
                run_id=self._run,
                seen_at=self._at,
                vendor_started_at=position.vendor_started_at or (int(began.timestamp() * 1000) if began else None),
                privacy=self._privacy,
            )
            for counted in (tally, self.counts):
                counted.update(done._asdict())
                counted["read"] += len(page.items) + len(page.rejected)
            self._listen(Progressed(self._name, partition.id, tally["read"], tally["new"], tally["changed"]))

    def fail(self, error: SourceError) -> None:
        """The run as a whole went wrong before or between partitions."""
        self._note(str(error), error.hint or "Run `anchorline sync` again; what was read is kept.")
        self._outcomes.append(_Outcome(Partition("", ""), "failed"))

    def _note(self, text: str, hint: str) -> None:
        if self.error is None:
            self.error, self.hint = text, hint or None
        else:
            self.notes.append(text)

    def result(self) -> Result:
        """complete, partial when something could be read and something not, failed when nothing could."""
        results = {o.result for o in self._outcomes}
        if "failed" in results:
            return "partial" if "complete" in results else "failed"
        if self.counts["quarantined"]:
            self._note(
                f"{self.counts['quarantined']} records could not be understood and went into quarantine",
                "Everything else was read; the next run tries them again.",
            )
        return "partial" if self.counts["quarantined"] else "complete"

    def end(self, result: Result, error: str | None = None, hint: str | None = None) -> None:
        """Close the run's record and keep its notes."""
        self._ended = result
        self.notes[:] = dict.fromkeys(self.notes)
        self._writer.put_notices(self._name, self.notes)
        self._writer.end_run(
            self._run, result, finished_at=_now(), counts=self.counts, error=error or self.error, hint=hint or self.hint
        )

    def summary(self, seq: int | None) -> RunSummary:
        result = "partial" if seq is None and self._ended == "complete" else self._ended
        return RunSummary(self._name, self._run, result, dict(self.counts), self.error, self.hint, seq, tuple(self.notes))


class _Ear(logging.Handler):
    """Collects warnings of all the read's threads, once each, and passes pauses on."""

    def __init__(self, notes: list[str], waiting: Callable[[str, float], None]) -> None:
        super().__init__(logging.INFO)
        self._notes = notes
        self._waiting = waiting

    def emit(self, record: logging.LogRecord) -> None:  # one at a time: the handler's own lock is held
        text = record.getMessage()
        seconds = getattr(record, "waiting", None)
        if seconds is not None:
            self._waiting(text, seconds)
        elif record.levelno >= logging.WARNING and text not in self._notes and len(self._notes) < HEARD:
            self._notes.append(text)
