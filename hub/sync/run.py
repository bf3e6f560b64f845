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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import connectors
from connectors.base import AuthError, Connector, CursorExpired, Page, Partition, SourceError, checked
from hub.config import Config
from hub.model import Mapping
from hub.store import Store
from hub.store.write import Writer
from hub.sync.evaluate import evaluate
from hub.sync.events import (
    Ended,
    Listener,
    PartitionEnded,
    PartitionStarted,
    Progressed,
    Result,
    RunSummary,
    Started,
    nobody,
)

log = logging.getLogger(__name__)

PARTLY = ("sprint",)
"""Lists that are read through others (boards), one of which may be closed to us: absence from them says nothing."""

BATCH = 1_000
"""Records per transaction while reading."""

RESTARTS = 2
"""How often one run starts a pass again whose position the vendor no longer accepts."""


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
    """Read one source and evaluate. ``as_of`` (milliseconds, by default now) is the instant that the evaluation is made for.

    ``new_account`` accepts that the credential belongs to another account than in the last run.

    Raises ``Locked`` when another process reads this source, ``UsageError`` when its secret is missing. What goes wrong at the
    vendor's end is not raised: it is the summary's ``error``.
    """
    settings = config.settings(name)
    at = _now()
    with store.own(f"source:{name}") as ownership, Writer(store, ownership) as writer:
        run_id = writer.start_run(name, reason=reason, mode="full", started_at=at, mapping_hash=mapping.hash)
        reading = _Reading(writer, name, run_id, at, listener, new_account)
        try:
            with connectors.open(settings) as connector:
                reading.source(connector, settings.kind, settings.url)
        except SourceError as error:
            reading.fail(error)
        except BaseException:
            # The lock dies with this process; the record must not say "running" for ever.
            writer.end_run(run_id, "failed", finished_at=_now(), counts=reading.counts, error="interrupted", hint="run it again")
            raise
        result = reading.result()
        writer.end_run(
            run_id, result, finished_at=_now(), counts=reading.counts, error=reading.error, hint=reading.hint
        )  # fmt: skip
        seq = evaluate(store, config, mapping, name, as_of=at if as_of is None else as_of, run_id=run_id, listener=listener)
    summary = RunSummary(name, run_id, result, dict(reading.counts), reading.error, reading.hint, seq)
    listener(Ended(name, summary))
    return summary


def _now() -> int:
    return int(time.time() * 1000)


def merged(pages: Iterable[Page], records: int = BATCH) -> Iterator[Page]:
    """Pages joined until they hold ``records`` records, so that a transaction is worth its cost; the end mark closes the last.

    A joined page resumes after the last of its parts. What was read before a fault of the source is handed on before the fault
    is; a crash loses at most what was not yet handed on, and the next run reads it again.
    """
    held: list[Page] = []
    try:
        for page in pages:
            held.append(page)
            if page.end is not None or sum(_size(p) for p in held) >= records:
                yield _joined(held)
                held = []
    except SourceError:
        if held:
            yield _joined(held)
        raise


def _size(page: Page) -> int:
    return len(page.items) + len(page.values) + len(page.gone) + len(page.rejected) + len(page.unaccounted)


def _joined(pages: list[Page]) -> Page:
    if len(pages) == 1:
        return pages[0]
    return Page(
        items=tuple(i for p in pages for i in p.items),
        values=tuple(v for p in pages for v in p.values),
        gone=tuple(g for p in pages for g in p.gone),
        rejected=tuple(r for p in pages for r in p.rejected),
        unaccounted=tuple(u for p in pages for u in p.unaccounted),
        resume=pages[-1].resume,
        end=pages[-1].end,
    )


@dataclass
class _Outcome:
    partition: Partition
    result: Result


class _Reading:
    """The reading half of a run, and what came of it."""

    def __init__(self, writer: Writer, name: str, run_id: int, at: int, listener: Listener, new_account: bool) -> None:
        self._writer = writer
        self._name = name
        self._run = run_id
        self._at = at
        self._listen = listener
        self._new_account = new_account
        self._outcomes: list[_Outcome] = []
        self.counts: Counter[str] = Counter()
        self.error: str | None = None
        self.hint: str | None = None

    def source(self, connector: Connector, kind: str, url: str) -> None:
        """Identity, partitions and lists first; then every live partition, one after the other."""
        try:
            account = connector.check()
            known = self._writer.account(self._name)
            if known is not None and known != account.id and not self._new_account:
                # Another account may see less, and a search does not say so (Jira answers 200 with fewer issues).
                raise AuthError(
                    f"the credential belongs to account {account.id}, the last run's to {known}",
                    hint="Use a token of the former account, or accept the new one with "
                    f"`anchorline sync {self._name} --new-account`.",
                )
            self._writer.put_source(self._name, kind, url, account, run_id=self._run)
            partitions = connector.partitions()
            self._writer.put_partitions(self._name, partitions, run_id=self._run)
            live = [p for p in partitions if p.state == "live"]
            self._listen(Started(self._name, self._run, len(live)))
            self._writer.put_dimensions(self._name, connector.dimensions(), partly=PARTLY, run_id=self._run)
            for partition in partitions:
                if partition.state == "unseen":
                    self._unseen(partition)
            for partition in live:
                self._partition(connector, partition)
        finally:
            counters = connector.io.counters()
            self.counts.update({k: counters[k] for k in ("requests", "retries") if k in counters})

    def _unseen(self, partition: Partition) -> None:
        self._outcomes.append(_Outcome(partition, "failed"))
        text = f"{partition.key or partition.id} is configured, but the account does not see it"
        self._note(text, "Check the key, and that the account may browse it.")
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
            log.warning("partition failed", extra={"source": self._name, "partition": partition.id, "error": str(error)})
            self._outcomes.append(_Outcome(partition, "failed"))
            self._note(f"{partition.key or partition.title}: {error}", error.hint)
            self._listen(PartitionEnded(self._name, partition.id, "failed", str(error)))
        else:
            self._outcomes.append(_Outcome(partition, "complete"))
            self._listen(PartitionEnded(self._name, partition.id, "complete"))

    def _pass(self, connector: Connector, partition: Partition) -> None:
        position = self._writer.start_pass(
            self._name, partition.id, partition.fingerprint, run_id=self._run, at=self._at, resume_ttl=connector.resume_ttl
        )
        resumed = position.resume is not None
        self._listen(PartitionStarted(self._name, partition.id, partition.title, resumed))
        read: Counter[str] = Counter()
        # vendor time before the first request of the pass: what changes from then on is the next delta's
        vendor_at = connector.io.vendor_now()
        for page in merged(checked(connector.changes(partition, None, position.resume))):
            began = vendor_at or connector.io.vendor_now()
            done = self._writer.put_page(
                self._name,
                partition.id,
                position.pass_id,
                page,
                run_id=self._run,
                seen_at=self._at,
                vendor_started_at=position.vendor_started_at or (int(began.timestamp() * 1000) if began else None),
            )
            for field, count in done._asdict().items():
                read[field] += count
                self.counts[field] += count
            read["read"] += len(page.items)
            self.counts["read"] += len(page.items)
            self._listen(Progressed(self._name, partition.id, read["read"], read["new"], read["changed"]))

    def fail(self, error: SourceError) -> None:
        """The run as a whole went wrong before or between partitions."""
        self._note(str(error), error.hint)
        self._outcomes.append(_Outcome(Partition("", ""), "failed"))

    def _note(self, text: str, hint: str) -> None:
        if self.error is None:
            self.error, self.hint = text, hint or None
        else:
            self.counts["other_errors"] += 1

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
