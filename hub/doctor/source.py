"""What a source answered, judged: who we are, what we see, whether the clocks agree, whether a page can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hub.doctor.checks import Check, error, ok, unknown, warning
from hub.model import Mapping, fold
from hub.model.words import singular

SKEW_WARN, SKEW_BAD = 60.0, 600.0
"""Seconds between our clock and the source's."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one source said. ``error`` is what stopped the questions, with ``hint``; what comes after it is not known (None)."""

    source: str
    word: str
    """What its partitions are called"""
    error: str | None = None
    hint: str | None = None
    account: str | None = None
    timezone: str | None = None
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    """Settings that name what the source does not have"""
    visible: int | None = None
    unseen: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    """Keys, titles and ids of every partition in sight, folded, whether it is read or not"""
    skew: float | None = None
    """Seconds by which our clock is ahead of the source's"""
    asked: bool = False
    """Whether it was looked into what can be read, by a page or beforehand"""
    sample: int | None = None
    """Items on the one page that was read"""
    canary: tuple[str, bool] | None = None
    """(key, in sight) of the item that every run must see"""
    writes: tuple[str, ...] | None = None
    """Rights of the credential that change something; None where the source does not tell"""


def checks(told: Answers) -> Iterator[Check]:
    """All lines of one source."""
    name = told.source
    if told.account is None:
        yield error("account", told.error or "it did not say who we are", told.hint or "Try again.", name)
        return
    yield ok("account", f"we are {told.account}", name)
    if told.error is not None and told.visible and not (told.asked or told.unseen or told.unresolved):
        yield error("identity", told.error, told.hint or "Run `anchorline sync --new-account` if this is meant.", name)
    yield from _rights(told)
    if told.timezone:
        yield ok("timezone", f"the account's time zone is {told.timezone}", name)
    else:
        yield warning("timezone", "the account's time zone is not known", "Dates in searches are taken as UTC.", name)
    if told.skew is not None:
        yield skew(told.skew, name)
    yield from _partitions(told)
    for text in told.unresolved:
        yield error("fields", text, f"Mend `fields` under [source.{name}].", name)
    if told.sample is not None:
        yield ok("sample", f"one page was read: {told.sample} items", name)
    if told.error is not None and told.asked and (told.sample is None or not told.unseen):
        yield error("sample", told.error, told.hint or "Try again.", name)
    if told.canary is not None:
        key, seen = told.canary
        do = "Give the account its rights back, or name another item in `canary`."
        yield ok("canary", f"{key} is in sight", name) if seen else error("canary", f"{key} is not in sight", do, name)


def _rights(told: Answers) -> Iterator[Check]:
    for text in told.missing:
        yield warning("rights", text, "Give the account this right, or read on without it.", told.source)
    for text in told.warnings:
        yield warning("source", text, "See whether it stays.", told.source)
    if told.writes is None:
        text = "whether the credential can write is not known: the source does not tell"
        yield unknown("write", f"{text}; give it reading rights only", told.source)
    elif told.writes:
        do = "Give the hub an account that can only read: it never writes."
        yield warning("write", f"the credential can do more than read: {', '.join(told.writes)}", do, told.source)
    else:
        yield ok("write", "the credential can only read", told.source)


def skew(seconds: float, source: str) -> Check:
    """The two clocks: nights and ages are told by ours, positions in the source by the source's own."""
    ahead = "ahead of" if seconds > 0 else "behind"
    text = f"this machine's clock is {abs(seconds):.0f} s {ahead} the source's"
    if abs(seconds) > SKEW_BAD:
        return error("skew", text, "Set the clock; an NTP service keeps it right.", source)
    if abs(seconds) > SKEW_WARN:
        return warning("skew", text, "Let an NTP service keep the clock right.", source)
    return ok("skew", "both clocks agree" if abs(seconds) < 2 else text, source)


def _partitions(told: Answers) -> Iterator[Check]:
    if told.visible is None:
        yield error("visible", told.error or f"the {told.word} in sight are not known", told.hint or "Try again.", told.source)
    elif told.unseen:
        text = f"the configuration names what the account does not see: {', '.join(told.unseen)}"
        yield error("visible", text, "Check the keys, and that the account may browse them.", told.source)
    elif told.visible == 0:
        text = f"the account sees none of the {told.word} to read"
        yield error("visible", text, "Give it the right to browse what it shall read.", told.source)
    else:
        which = f"1 {singular(told.word)} is" if told.visible == 1 else f"{told.visible} {told.word} are"
        yield ok("visible", f"{which} in sight", told.source)


def named(mapping: Mapping, told: list[Answers]) -> Iterator[Check]:
    """Projects that rules name and no source has in sight. Only where every source answered."""
    if not told or any(each.visible is None for each in told):
        return
    seen = {name for each in told for name in each.names} | {fold(f"{each.source}:{n}") for each in told for n in each.names}
    lost: dict[str, str] = {}
    for rule in mapping.rules:
        for condition in rule.when:
            for test in condition.tests if condition.field == "project" else ():
                if test.how == "equal" and test.folded not in seen:
                    lost.setdefault(test.written, f"{condition.place[0]}:{condition.place[1]}")
    if lost:
        names = ", ".join(f"{name} ({place})" for name, place in lost.items())
        do = "Correct the names, or give the account the right to browse them."
        yield warning("mapping", f"rules name projects that no source has in sight: {names}", do)
    else:
        yield ok("mapping", "every project that rules name is in sight")
