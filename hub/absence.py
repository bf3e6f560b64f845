"""What it means that an item is not listed any more. Pure: facts in, verdicts out.

listed nowhere --> the partition it was in: archived, out of sight --> that is the verdict
               --> the partition was listed whole --> asked for by id: there, gone by the vendor's word, or not to be had
verdicts that take items away --> guard, partition by partition --> concluded, or held for a person

Nothing here is ever concluded from a listing alone, and never from a part of one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple

from hub.model import LEFT

ABSOLUTE, RELATIVE = 10, 10
"""So many items, or per cent of its items, whichever is more, may leave a partition in a run; beyond it a person decides."""
EMPTY_FROM = 5
"""A partition of this many items and more whose listing is empty is held whatever the number."""
CHANGED_ABOVE, CHANGED_SHARE = 10, 90
"""More changed items than this, and more than so many per cent of a partition, in one pass: held."""
EMPTIED_SHARE = 50
"""More than so many per cent of a partition's items (and more than ``CHANGED_ABOVE``) lost the value of one field: held."""
REJECTED_ABOVE, REJECTED_SHARE = 2, 10
"""More newly unreadable records than this, and more than so many per cent of what a pass read: the pass fails."""

Visibility = Literal["listed", "unclear", "archived", "trashed", "lost", "dropped", "failed"]
"""What a run learned of a partition: listed to the end; read to its end, but not listed, or with records that nobody can name;
archived or trashed by the vendor's word; out of the account's sight; no longer named by the config, which a person is asked
about; not read, or not to its end."""


class Suspect(NamedTuple):
    """A stored item that no partition lists: its number, id and presence, and the partition that brought it last."""

    no: int
    id: str
    partition: str
    presence: str


class Word(NamedTuple):
    """The vendor's own word on an item, from a page or from ``get``: how it went, and into which id it was merged."""

    how: str
    into: str | None = None


class Verdict(NamedTuple):
    """What becomes of an item, and what proves it."""

    no: int
    id: str
    partition: str
    presence: str
    evidence: str
    into: str | None = None


class Held(NamedTuple):
    """Verdicts of one partition that are not applied. ``of`` is how many items the partition had."""

    partition: str
    verdicts: tuple[Verdict, ...]
    of: int
    empty: bool


class Judged(NamedTuple):
    apply: tuple[Verdict, ...]
    held: tuple[Held, ...]
    used: frozenset[str]
    """Ids whose verdict a person had approved, and which were missing again."""


def by_roster(suspects: Iterable[Suspect], seen: Mapping[str, Visibility]) -> list[Verdict]:
    """Verdicts that follow from what became of the partition alone. They need no listing to be complete."""
    found = []
    for each in suspects:
        of = seen.get(each.partition)
        if of == "archived":
            verdict = Verdict(each.no, each.id, each.partition, "archived", "its project is archived")
        elif of == "lost":
            verdict = Verdict(each.no, each.id, each.partition, "access_lost", "the account no longer sees its project")
        else:
            continue
        if each.presence not in LEFT and each.presence != verdict.presence:
            found.append(verdict)
    return found


_EVIDENCE = {"out_of_scope": "it lies in a project that is not read"}


def by_answer(
    suspects: Iterable[Suspect],
    seen: Mapping[str, Visibility],
    there: Collection[str],
    denied: Collection[str],
    words: Mapping[str, Word],
) -> list[Verdict]:
    """Verdicts on items of partitions that were listed whole, or trashed, from what the vendor said of their ids.

    ``there`` were returned; ``denied`` is not to be had: deleted, since its partition is visible. Of whom the vendor said
    nothing, nothing is said.
    """
    found = []
    for each in suspects:
        if each.id in there:
            continue
        of = seen.get(each.partition)
        word = words.get(each.id)
        if word is not None:
            evidence = _EVIDENCE.get(word.how, f"the vendor says that it was {word.how}")
            if word.how != each.presence:
                found.append(Verdict(each.no, each.id, each.partition, word.how, evidence, word.into))
        elif of == "trashed":
            found.append(Verdict(each.no, each.id, each.partition, "trashed", "its project is in the trash"))
        elif of == "listed" and each.id in denied:
            evidence = "not listed any more, and asked for by id it is not there, while its project is visible"
            found.append(Verdict(each.no, each.id, each.partition, "deleted", evidence))
    return found


def guard(
    verdicts: Iterable[Verdict],
    live: Mapping[str, int],
    listed: Mapping[str, int],
    approved: Collection[str],
    waiting: Collection[str] = (),
) -> Judged:
    """Apply, or hold for a person: partition by partition.

    ``live`` is how many items each partition had before the run, ``listed`` how many ids its listing held, ``approved`` the ids
    whose absence a person has accepted: those that are missing again are applied, and do not count towards the limit. ``waiting``
    are ids that a person was asked about and has not answered: they stay held however few they are, until they are seen again.
    """
    apply: list[Verdict] = []
    held: list[Held] = []
    leaving: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.presence not in LEFT or verdict.id in approved:
            apply.append(verdict)
        else:
            leaving.setdefault(verdict.partition, []).append(verdict)
    for partition, those in leaving.items():
        of = live.get(partition, 0)
        empty = of >= EMPTY_FROM and listed.get(partition, 0) == 0
        if not empty and len(those) <= limit(of):
            apply += [v for v in those if v.id not in waiting]
            those = [v for v in those if v.id in waiting]
        if those:
            held.append(Held(partition, tuple(those), of, empty))
    return Judged(tuple(apply), tuple(held), frozenset(v.id for v in apply if v.id in approved))


def limit(live: int) -> int:
    """How many of ``live`` items may go in one run without a person."""
    return max(ABSOLUTE, live * RELATIVE // 100)


def all_changed(changed: int, of: int) -> bool:
    """Whether a pass changed so much of a partition of ``of`` items that a person should look first."""
    return changed > CHANGED_ABOVE and changed * 100 > of * CHANGED_SHARE


def emptied(counts: Mapping[str, int], of: int) -> tuple[str, int] | None:
    """A field whose value is gone from too many of ``of`` items, and from how many; ``counts`` are by field."""
    worst = max(counts.items(), key=lambda each: (each[1], each[0]), default=("", 0))
    return worst if worst[1] > CHANGED_ABOVE and worst[1] * 100 > of * EMPTIED_SHARE else None


def too_many_rejected(rejected: int, read: int) -> bool:
    """Whether so many of the records read are newly unreadable that their shape must have changed."""
    return rejected > REJECTED_ABOVE and rejected * 100 > read * REJECTED_SHARE
