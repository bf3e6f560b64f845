"""One run over one source: prove who we are, read what there is, store it page by page, judge what is missing, then assess.

    connector --PageRead, Listed--> Writer.put_page, put_census: one transaction each, the last page with the cursor
                                |
    all partitions read --> judge(): asked for by id --> guard --> concluded, or held: one transaction
                                |
                                v
                        evaluate(): dirty trees -> links -> key results -> snapshots

A partition that fails keeps what was committed, concludes nothing and is read again, from its ``resume``, by the next run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import connectors
from connectors.base import Connector, IoSettings, SourceError, SourceSettings
from hub.config import Config
from hub.model import Mapping
from hub.store import Store, space
from hub.store.read import Reader
from hub.store.write import Privacy, Writer
from hub.sync import approvals
from hub.sync.evaluate import evaluate, facts_of, known_dimensions
from hub.sync.events import Ended, Listener, RunSummary, nobody
from hub.sync.hearing import heard
from hub.sync.plan import Mode
from hub.sync.private import privacy
from hub.sync.queries import source_settings
from hub.sync.reading import Reading, Run
from hub.sync.record import Record

THREADS = 8
"""Partitions read at the same time, where the config says nothing."""

Opener = Callable[[SourceSettings], Connector]


def sync_source(
    config: Config,
    mapping: Mapping,
    store: Store,
    name: str,
    *,
    mode: Mode = "nightly",
    reason: str = "command",
    listener: Listener = nobody,
    as_of: int | None = None,
    new_account: bool = False,
    opener: Opener | None = None,
    now: Callable[[], int] | None = None,
    threads: int | None = None,
    notes: Sequence[str] = (),
) -> RunSummary:
    """Read one source and evaluate with the mapping files as they are by then (``mapping`` if they have mistakes by then).

    ``mode``: nightly reads what changed and lists all ids, delta only what changed, full everything. ``as_of`` (milliseconds) is
    the instant that the evaluation is made for, by default the moment of it. ``new_account`` accepts that the credential belongs
    to another account, or the source to another address, than in the last run. ``opener`` gives the connector, ``now`` the time
    in milliseconds; with ``threads`` = 1 everything is read in this thread, one partition after the other. ``notes`` are known
    before it begins and become notes of the run.

    Raises ``Locked`` when another process reads this source, ``UsageError`` when its secret is missing. What goes wrong at the
    vendor's end is not raised: it is the summary's ``error``.
    """
    now = now or _now
    at = now()
    settings = source_settings(config, mapping, name, at)
    facts = facts_of(config)
    space.require(store.path)
    with store.own(f"source:{name}") as ownership, Writer(store, ownership) as writer:
        approvals.take(store, writer, at)
        run_id = writer.start_run(name, reason=reason, mode=mode, started_at=at, mapping_hash=mapping.hash)

        def private() -> Privacy | None:
            return privacy(mapping, known_dimensions(Reader(store), facts))

        def calculate() -> int | None:
            writer.close()  # gives its connection back, with the cache: two of them are 32 MB more
            return evaluate(store, config, mapping, name, as_of=as_of, run_id=run_id, listener=listener, now=now)

        source = config.sources[name]
        if mode != "full":
            settings = replace(settings, versions=writer.versions(name))
        run = Run(
            name, run_id, at, mode, source.canary, threads or source.threads or THREADS, new_account, _cycle_start(mapping, at)
        )
        record = Record(name, run_id)
        record.notes.extend(notes)
        reading = Reading(writer, store, run, record, listener, private, calculate)
        try:
            with heard(name, record.notes, listener), (opener or _opener(config.limits(name)))(settings) as connector:
                reading.source(connector, settings.kind, settings.url, named=bool(settings.partitions or settings.queries))
        except SourceError as error:
            record.fail(str(error), error.hint)
        except BaseException:
            # The lock dies with this process; the record must not say "running" for ever.
            record.end(writer, "failed", now(), "interrupted", "Run it again: it goes on where it stopped.")
            raise
        record.end(writer, record.result(Reader(store)), now())
        seq = calculate()
        if seq is None:
            record.notes.append("Items kept changing, so what was read is not calculated yet; the run that changes them does it.")
    summary = record.summary(seq)
    listener(Ended(name, summary))
    return summary


def _opener(limits: IoSettings) -> Opener:
    return lambda settings: connectors.open(settings, limits)


def _now() -> int:
    return int(time.time() * 1000)


def _cycle_start(mapping: Mapping, at: int) -> datetime | None:
    """When the earliest cycle began that is in force; None outside of cycles."""
    bounds = [cycle.bounds(ZoneInfo(mapping.timezone)) for cycle in mapping.cycles.values()]
    starts = [first for first, past in bounds if first <= at < past]
    return datetime.fromtimestamp(min(starts) / 1000, UTC) if starts else None
