"""Asking a source who we are and what we see, without reading an item and without writing anywhere."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as MappingABC
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import connectors
from connectors.base import Account, Connector, Dimension, IoSettings, Partition, SourceError
from hub.cli.ambiguity import listed
from hub.errors import UsageError

if TYPE_CHECKING:
    from hub.config import Config
    from hub.model import Mapping
    from hub.store.read_values import PartitionRow, SourceRow

LIMITS = IoSettings(attempts=3, backoff=0.5, run_deadline=300.0)
"""Somebody is waiting: give up sooner than a run in the night would."""
SOON = 30
"""Days before the end of a credential from which on it is a warning."""
HEARD = 20

Result = Literal["complete", "partial", "failed", "refused"]
CODES: MappingABC[Result, int] = {"complete": 0, "partial": 5, "failed": 1, "refused": 2}


@dataclass(frozen=True, slots=True)
class Last:
    """What the last run saw, against what is seen now. Names are keys, else titles."""

    at: int | None
    seen: int
    gone: tuple[str, ...]
    """Out of sight."""
    new: tuple[str, ...]
    unnamed: tuple[str, ...] = ()
    """In sight, but the configuration does not name them any more."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One source as it answers today. ``result`` says how a sync would begin: not at all (failed), without some partitions
    (partial), or with all (complete); refused means that it was not asked."""

    source: str
    kind: str
    title: str
    url: str
    word: str
    """What its partitions are called."""
    result: Result = "complete"
    error: str | None = None
    hint: str | None = None
    account_id: str | None = None
    account: str | None = None
    timezone: str | None = None
    expires_on: str | None = None
    expires_in_days: int | None = None
    expiry: str = ""
    """What is to be said where the source does not tell the end of its credential."""
    states: MappingABC[str, int] = field(default_factory=dict)
    """Partitions to read, by state."""
    named: bool = False
    """The configuration names them; else every live one is read."""
    partitions: tuple[tuple[str, str | None, str], ...] = ()
    """(id, key, title) of the live ones."""
    unseen: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Seen, but not named in the configuration."""
    fields: MappingABC[str, str | None] = field(default_factory=dict)
    """Our name -> the field that it is there, None where there is none; empty where the source lists no fields."""
    lists: MappingABC[str, int] = field(default_factory=dict)
    """Rows of the source's lists, by kind."""
    last: Last | None = None
    of_file: bool = False
    """It is a file or a sheet: nobody in particular reads it, unless an account is named."""
    faulty: bool = False
    """The error is about what is to be read, not about who reads."""
    missing: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        return CODES[self.result]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database knows of a source."""

    row: SourceRow
    partitions: tuple[PartitionRow, ...]


def ask(
    config: Config,
    name: str,
    stored: Stored | None,
    now: datetime,
    more: Sequence[Step] = (),
    mapping: Mapping | None = None,
) -> Seen:
    """Everything that one source tells; what goes wrong is part of the answer, with what was learnt before it. ``more`` steps
    follow the usual ones. ``mapping`` has the queries, where the source runs some."""
    from hub.sync.queries import source_settings

    source = config.sources[name]
    kind = connectors.load(source.kind).edition(source.options)
    seen = Seen(
        name, source.kind, kind.title, source.url, kind.partition_word,
        named=bool(source.partitions), of_file=kind.address == "file",
    )  # fmt: skip
    expiry = kind.expiry if source.needs_token or source.secret is not None else "none is needed"
    heard: list[str] = []
    try:
        settings = source_settings(config, mapping, name, int(now.timestamp() * 1000))
        limits = replace(config.limits(name, LIMITS), gates_folder=None)  # looking writes nothing
        with _listening(heard), connectors.open(settings, limits) as connector:
            for step in (_account(config, stored, expiry, now), _partitions(stored), _lists(source.fields), *more):
                seen = step(connector, seen)
    except UsageError as error:
        return replace(seen, result="refused", error=str(error), hint=error.hint)
    except _Stopped as stop:
        seen = stop.seen
    return replace(seen, warnings=tuple(dict.fromkeys((*seen.warnings, *heard))))


# ---- step by step -------------------------------------------------------------------------------------------------------

Step = Callable[[Connector, Seen], Seen]


class _Stopped(Exception):
    """The source could not answer; ``seen`` is what was learnt until then."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen


@contextmanager
def _step(seen: Seen, what: str) -> Iterator[None]:
    from hub.sync.pages import edge

    try:
        with edge(what):
            yield
    except SourceError as error:
        hint = error.hint or "Try again; nothing was changed anywhere."
        raise _Stopped(replace(seen, result="failed", error=str(error), hint=hint)) from None


def _account(config: Config, stored: Stored | None, expiry: str, now: datetime) -> Step:
    def step(connector: Connector, seen: Seen) -> Seen:
        with _step(seen, "who it is"):
            account = connector.check()
        seen = replace(
            seen,
            account_id=account.id,
            account=account.name,
            timezone=account.timezone,
            missing=account.missing,
            unresolved=account.unresolved,
            expiry=expiry,
        )
        seen = _until(seen, account, now)
        wrong = _other(seen, account, stored)
        if account.unresolved:
            hint = f"Mend `fields` under [source.{seen.source}] in {config.path.name}; a sync reads nothing before."
            wrong = ("; ".join(account.unresolved), hint)
        return replace(seen, result="failed", error=wrong[0], hint=wrong[1]) if wrong else seen

    return step


def _until(seen: Seen, account: Account, now: datetime) -> Seen:
    if account.expires_at is None:
        return seen
    days = (account.expires_at - now).days
    warnings = seen.warnings
    if days < SOON:
        when = "has ended" if account.expires_at <= now else "ends today" if days == 0 else f"ends in {days} days"
        warnings = (*warnings, f"The credential {when}: make a new one before a sync needs it.")
    on = account.expires_at.astimezone(UTC).date().isoformat()
    return replace(seen, expires_on=on, expires_in_days=days, warnings=warnings)


def _other(seen: Seen, account: Account, stored: Stored | None) -> tuple[str, str] | None:
    """What a sync would refuse: another account or another site than the last time."""
    if stored is None:
        return None
    accept = f"accept it once: `anchorline sync {seen.source} --new-account`."
    if stored.row.origin.rstrip("/") != seen.url.rstrip("/"):
        text = f"the source was read from {stored.row.origin} and its url is now {seen.url}, so a sync refuses it"
        return text, f"Give another site another source name. If it is the same site under a new address, {accept}"
    if stored.row.account_id is not None and stored.row.account_id != account.id:
        text = f"the last run was made as {stored.row.account_name or stored.row.account_id}, so a sync refuses this account"
        return text, f"Use a credential of the former account, or {accept}"
    return None


def _partitions(stored: Stored | None) -> Step:
    def step(connector: Connector, seen: Seen) -> Seen:
        with _step(seen, f"the list of {seen.word}"):
            found = connector.partitions()
        live = [p for p in found if p.state == "live"]
        unseen = tuple(_name(p) for p in found if p.state == "unseen")
        seen = replace(
            seen,
            states=dict(Counter(p.state for p in found)),
            partitions=tuple((p.id, p.key, p.title) for p in live),
            unseen=unseen,
            last=_compared(live, stored),
        )
        if seen.result == "failed":
            return seen
        seen = _examined(connector, live, seen)
        if not live:
            text = f"the account sees none of the {seen.word} to read"
            return replace(seen, result="failed", error=text, hint="Give it the right to browse what it shall read.")
        if unseen and seen.result != "failed":
            text = f"{listed(unseen)} {'is' if len(unseen) == 1 else 'are'} configured, but the account does not see "
            text += "it" if len(unseen) == 1 else "them"
            told = (*seen.warnings, _whole(seen)) if seen.error else seen.warnings
            hint = "Check the key, and that the account may browse it."
            return replace(seen, result="partial", error=text, hint=hint, warnings=told)
        return seen

    return step


def _examined(connector: Connector, live: list[Partition], seen: Seen) -> Seen:
    """What a sync would find wrong with partitions, as far as the connector knows it without reading them. The first fault is
    the error, the others are told below it."""
    faults = [fault for fault in (_fault(connector, partition) for partition in live) if fault is not None]
    if not faults:
        return seen
    first, *others = (replace(seen, error=str(fault), hint=fault.hint or None) for fault in faults)
    result: Result = "failed" if len(faults) == len(live) else "partial"
    return replace(first, result=result, faulty=True, warnings=(*seen.warnings, *map(_whole, others)))


def _fault(connector: Connector, partition: Partition) -> SourceError | None:
    from hub.sync.pages import edge

    try:
        with edge(_name(partition)):
            connector.examine(partition)
    except SourceError as error:
        return error
    return None


def _whole(seen: Seen) -> str:
    """An error and its hint as one text."""
    return f"{(seen.error or '').rstrip('.')}. {seen.hint}" if seen.hint else f"{seen.error}"


def _compared(live: list[Partition], stored: Stored | None) -> Last | None:
    if stored is None:
        return None
    before = {row.id: row.key or row.title for row in stored.partitions if row.listed and row.state == "live"}
    now = {p.id: _name(p) for p in live}
    gone = tuple(name for id, name in before.items() if id not in now)
    new = tuple(name for id, name in now.items() if id not in before)
    return Last(stored.row.last_at, len(before), gone, new)


def _lists(wanted: MappingABC[str, str]) -> Step:
    def step(connector: Connector, seen: Seen) -> Seen:
        with _step(seen, "a list"):
            rows = list(connector.dimensions())
        fields = [r for r in rows if r.kind == "field"]
        read = {id for id, _, _ in seen.partitions}
        left_out = [r for r in rows if r.kind == "container" and seen.named and r.id not in read and r.category in (None, "live")]
        names = tuple(str(r.attributes.get("key") or r.name) for r in left_out)
        return replace(
            seen,
            lists=dict(Counter(r.kind for r in rows)),
            fields=_fields(wanted, fields) if fields else {},
            left_out=names,
            last=_apart(seen.last, names) if seen.last else None,
        )

    return step


def _apart(last: Last, in_sight: tuple[str, ...]) -> Last:
    """What the account still sees did not go out of sight."""
    gone = tuple(name for name in last.gone if name not in in_sight)
    return replace(last, gone=gone, unnamed=tuple(name for name in last.gone if name in in_sight))


def _fields(wanted: MappingABC[str, str], rows: list[Dimension]) -> dict[str, str | None]:
    """Each configured field as the source has it: by id, else by its name where only one field has it."""
    found: dict[str, str | None] = {}
    for ours, theirs in wanted.items():
        by_id = [row for row in rows if row.id == theirs]
        fitting = by_id or [row for row in rows if theirs in (row.name, row.attributes.get("untranslated"))]
        found[ours] = f"{fitting[0].name} ({fitting[0].id})" if len(fitting) == 1 else None
    return found


def _name(partition: Partition) -> str:
    return partition.key or partition.title or partition.id


# ---- what the connector says meanwhile ----------------------------------------------------------------------------------


@contextmanager
def _listening(heard: list[str]) -> Iterator[None]:
    """Warnings that the connector logs are part of the answer."""

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            if text not in heard and len(heard) < HEARD:
                heard.append(text)

    ear, logger = Ear(logging.WARNING), logging.getLogger("connectors")
    logger.addHandler(ear)
    try:
        yield
    finally:
        logger.removeHandler(ear)
