"""What becomes of items that are not where they were: once per run, after all partitions.

listings of the run, vendor's words, ids to read again --get--> items stored; gone; not to be had
                                                             --> verdicts --> guard --> one transaction: concluded, or held
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from connectors.base import Connector, Fetched
from hub.absence import Judged, Suspect, Verdict, Visibility, Word, by_answer, by_roster, guard
from hub.store.read_absence import Absences
from hub.store.write import Fetch, PageCounts, Place, Privacy, Writer
from hub.sync.pages import edge

CHUNK = 1_000
"""Ids asked for at a time."""


@dataclass
class Found:
    """What asking by id brought."""

    there: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    words: dict[str, Word] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """What there is to judge. ``whole``: every partition was read to its end, so absence may be concluded; ``listed``: and
    listed; ``fetch``: ids that a listing named and that must be read."""

    at: Place
    seen: Mapping[str, Visibility]
    fetch: Collection[str]
    whole: bool
    listed: bool
    since: int
    """seq at the begin of the run"""


def judge(writer: Writer, absences: Absences, connector: Connector, case: Case, privacy: Privacy | None) -> PageCounts:
    """Read what must be read, conclude what may be concluded. Raises ``SourceError``: then nothing is concluded."""
    source = case.at.source
    away = [partition for partition, how in case.seen.items() if how in ("archived", "lost")]
    roster = by_roster(absences.suspects(case.at, away), case.seen) if away else []
    unlisted = absences.suspects(case.at) if case.whole and case.listed else []
    asked_of = [each for each in unlisted if case.seen.get(each.partition) in ("listed", "trashed", None)]
    named, words = absences.named(source) if case.whole else ([], {})
    wanted = {*case.fetch, *absences.to_retry(source, case.since), *(each.id for each in (*asked_of, *named))}
    found = Found(words=dict(words))
    counts = PageCounts()
    for fetched in _answers(connector, sorted(wanted)):
        counts = _sum(counts, _take(writer, case, fetched, found, privacy))
    whole = case.whole and not counts.quarantined
    judged = Judged(tuple(roster), (), frozenset())
    if whole:
        judged = _judged(absences, case, [*asked_of, *named], found, roster)
    if judged.apply or judged.held or (whole and case.listed):
        writer.conclude(case.at, judged, whole=whole and case.listed)
    return counts


def _answers(connector: Connector, ids: Iterable[str]) -> Iterator[Fetched]:
    waiting = iter(ids)
    while chunk := list(islice(waiting, CHUNK)):
        with edge("items asked for by id"):
            fetched = connector.get(chunk)
        yield fetched


def _take(writer: Writer, case: Case, fetched: Fetched, found: Found, privacy: Privacy | None) -> PageCounts:
    found.there.update(item.id for item in fetched.items)
    found.there.update(record.id for record in fetched.rejected if record.id is not None)
    found.denied.update(fetched.denied)
    found.words.update({gone.id: Word(gone.how, gone.into) for gone in fetched.gone})
    if not fetched.items and not fetched.rejected:
        return PageCounts()
    return writer.put_fetched(case.at, fetched, Fetch(case.seen), privacy)


def _judged(absences: Absences, case: Case, suspects: Iterable[Suspect], found: Found, roster: list[Verdict]) -> Judged:
    those = {each.no: each for each in suspects}.values()
    seen: dict[str, Visibility] = {**dict.fromkeys((each.partition for each in those), "listed"), **case.seen}
    verdicts = by_answer(those, seen, found.there, found.denied, found.words)
    partitions = {verdict.partition for verdict in verdicts}
    source = case.at.source
    return guard(
        [*roster, *verdicts],
        absences.live_of(source, partitions),
        absences.listed_of(source, partitions),
        absences.approved(source),
    )


def _sum(one: PageCounts, other: PageCounts) -> PageCounts:
    return PageCounts(*(a + b for a, b in zip(one, other, strict=True)))
