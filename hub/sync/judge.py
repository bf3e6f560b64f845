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
from hub.model import LEFT
from hub.store.read_absence import Absences
from hub.store.write import PageCounts, Place, Privacy, Writer
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
    lost = _roster(absences, case, "lost", "access_lost")
    if lost:  # before anything is asked: what is out of sight stands still, whatever else happens
        writer.conclude(case.at, Judged(tuple(lost), (), frozenset()), whole=False)
    unlisted = absences.suspects(case.at) if case.whole and case.listed else []
    asked_of = [each for each in unlisted if case.seen.get(each.partition) in ("listed", "trashed", None)]
    named, words = absences.named(source) if case.whole else ([], {})
    here = [partition for partition, how in case.seen.items() if how == "listed"] if case.whole and case.listed else []
    former = [each for each in absences.left_with_project(case.at, here) if each.id not in case.fetch]
    wanted = {
        *case.fetch,
        *absences.to_retry(source, case.since, patient=case.listed),
        *(each.id for each in (*asked_of, *named, *former)),
    }
    if case.whole and case.listed:
        wanted.update(absences.unlisted_quarantine(case.at))
    found = Found(words=dict(words))
    counts = PageCounts()
    for fetched in _answers(connector, sorted(wanted)):
        counts = counts.plus(_take(writer, case, fetched, found, privacy))
    if case.whole and not counts.quarantined:
        counts = counts._replace(gone=_conclude(writer, absences, case, [*asked_of, *named], former, found))
    return counts


def _roster(absences: Absences, case: Case, how: Visibility, presence: str) -> list[Verdict]:
    """Verdicts on the items of the partitions of which the run learned this."""
    those = [partition for partition, seen in case.seen.items() if seen == how]
    if not those:
        return []
    found = by_roster(absences.suspects(case.at, those, unless=presence), case.seen)
    if how == "archived":  # they had left with their whole project, which is back, archived
        back = absences.left_with_project(case.at, those)
        found += [Verdict(each.no, each.id, each.partition, "archived", "its project is archived") for each in back]
    return found


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
    writer.forget_unreadable(case.at.source, [*fetched.denied, *(gone.id for gone in fetched.gone)])
    if not fetched.items and not fetched.rejected:
        return PageCounts()
    counts, outside = writer.put_fetched(case.at, fetched, case.seen, privacy)
    found.there.difference_update(outside)
    found.words.update({id_: Word(presence) for id_, presence in outside.items()})
    return counts


def _conclude(
    writer: Writer, absences: Absences, case: Case, suspects: Collection[Suspect], former: Collection[Suspect], found: Found
) -> int:
    """Everything was read: verdicts, guard, and one transaction. ``former`` had left with their project, which is listed again
    and does not hold them: what became of them takes nothing away any more, so there is nothing to guard. How many items left."""
    told = {each.no for each in suspects}  # asked for one by one: that says more than what became of their project
    roster = [each for each in _roster(absences, case, "archived", "archived") if each.no not in told]
    those = {each.no: each for each in suspects}.values()
    seen: dict[str, Visibility] = {**dict.fromkeys((each.partition for each in those), "listed"), **case.seen}
    verdicts = by_answer(those, seen, found.there, found.denied, found.words)
    partitions = {verdict.partition for verdict in verdicts}
    _, unanswered, accepted = absences.asked(case.at.source)
    late = by_answer(former, case.seen, found.there, found.denied, found.words)
    judged = guard(
        [*roster, *verdicts],
        absences.live_of(case.at, partitions),
        absences.listed_of(case.at, partitions),
        absences.approved(case.at.source),
        unanswered,
    )
    leaving = sum(each.presence in LEFT for each in judged.apply)
    judged = judged._replace(apply=(*judged.apply, *(each for each in late if each.no not in told)))
    unclear = [partition for partition, how in case.seen.items() if how == "unclear"]
    if judged.apply or judged.held or case.listed:
        writer.conclude(case.at, judged, whole=case.listed, accepted=accepted, unclear=unclear)
    return leaving
