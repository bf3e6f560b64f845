"""Asking a source what there is before anything is configured: who we are, projects and their activity, fields by a sample."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import connectors
from connectors.base import (
    Account,
    Connector,
    Dimension,
    IoSettings,
    Partition,
    Seen,
    SourceError,
    SourceSettings,
    WorkItem,
)
from hub.cli.asking import _listening
from hub.errors import AnchorlineError
from hub.looking import Census, FieldChoice, PartitionFigures, candidates, choose, figures, living, newest_of

LIMITS = IoSettings(attempts=4, backoff=0.5, run_deadline=3600.0)
"""Somebody is waiting, but a large site takes its time."""
WHO = "who it is"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Probe:
    """What the source told. ``seconds`` an item took in the sample."""

    account: Account
    partitions: tuple[PartitionFigures, ...]
    newest: int | None
    fields: tuple[Dimension, ...]
    choice: FieldChoice
    sampled: int
    seconds: float
    warnings: tuple[str, ...] = ()

    @property
    def alive(self) -> list[PartitionFigures]:
        return [each for each in self.partitions if each.living]

    @property
    def items(self) -> int:
        """Items to read, as far as they were counted."""
        return sum(each.items or 0 for each in self.alive)


def probe(settings: SourceSettings, word: str, tell: Tell) -> Probe:
    """Ask. ``settings.partitions`` are the only ones to look at, if there are any. Raises ``AnchorlineError``."""
    title = connectors.load(settings.kind).title
    heard: list[str] = []
    with _listening(heard), connectors.open(settings, LIMITS) as connector:
        with _edge(title, WHO):
            account = connector.check()
        with _edge(title, f"the list of {word}"):
            partitions = connector.partitions()
        _some(partitions, word, title)
        with _edge(title, "the list of fields"):
            rows = _fields(connector)
        censuses = [_census(connector, each, title, tell, at, len(partitions)) for at, each in enumerate(partitions, 1)]
    found = living(censuses, named=bool(settings.partitions))
    ids = [id for each in found for id in each.sample]
    tell(f"reading {len(ids):,} items for a sample")
    began = time.monotonic()
    fit = candidates(rows)
    sample = _sample(settings, fit, ids, title)
    seconds = (time.monotonic() - began) / max(len(sample), 1)
    choice = choose(figures(fit, sample), sample)
    told = (*account.missing, *heard)
    return Probe(
        account, tuple(found), newest_of(censuses), tuple(rows), choice, len(sample), seconds, tuple(dict.fromkeys(told))
    )


@contextmanager
def _edge(title: str, what: str) -> Iterator[None]:
    from hub.sync.pages import edge

    try:
        with edge(what):
            yield
    except SourceError as error:
        text = f"{title} did not give {what}: {error}" if what != WHO else _capital(str(error))
        hint = error.hint or "Try again; nothing was written."
        for name, meant in (("`url` in config.toml", "the address"), ("`user` in config.toml", "the account")):
            hint = hint.replace(name, meant)  # there is no such file yet
        raise AnchorlineError(text, hint=_capital(hint)) from None


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _some(partitions: Sequence[Partition], word: str, title: str) -> None:
    unseen = [p.key or p.id for p in partitions if p.state == "unseen"]
    if unseen:
        text = f"The account does not see {', '.join(unseen)}."
        raise AnchorlineError(text, hint="Check the spelling, and that it may browse them; nothing was written.")
    if not any(p.state == "live" for p in partitions):
        hint = "Give it the right to browse what it shall read: `anchorline init KIND --letter` prints the request."
        raise AnchorlineError(f"The account sees none of the {word} of {title}.", hint=hint)


def _fields(connector: Connector) -> list[Dimension]:
    """The rows about fields; other lists are not read to their end, since some of them are long."""
    rows: list[Dimension] = []
    for row in connector.dimensions():
        if row.kind == "field":
            rows.append(row)
        elif rows:
            break
    return rows


def _census(connector: Connector, partition: Partition, title: str, tell: Tell, at: int, of: int) -> Census:
    """Ids and stamps of a live partition; one that is read whole each time has no cheap listing."""
    found = Census(partition)
    if partition.state != "live":
        return found
    if partition.reads != "delta":
        found.told = False
        return found
    name = partition.key or partition.title

    def rows() -> Iterator[Seen]:
        for number, row in enumerate(connector.census(partition)):
            if number % 1000 == 0:
                tell(f"counting {name} ({at} of {of}): {number:,} items" if number else f"counting {name} ({at} of {of})")
            yield row

    with _edge(title, f"the items of {name}"):
        found.add(rows())
    return found


def _sample(settings: SourceSettings, fields: Sequence[Dimension], ids: Sequence[str], title: str) -> list[WorkItem]:
    """Items by id, with all the fields that may be worth reading."""
    if not ids:
        return []
    wide = replace(settings, fields={row.id: row.id for row in fields}, partitions=())
    with _edge(title, "a sample of items"), connectors.open(wide, LIMITS) as connector:
        return list(connector.get(ids).items)
