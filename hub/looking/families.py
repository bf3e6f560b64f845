"""Labels and values that name goals by their spelling: ``kr:sso``, ``okr-2027-q1-sso``, ``2027-q1-sso``. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from hub.model import fold
from hub.tomlfile.ids import ID

FEW = 5
"""Items that something must reach to be written down."""
_OUTRIGHT = "kr|krs|okr|okrs|goals?|objectives?|obj|key[-_]?results?|ziele?"
_MAYBE = "theme|initiatives?|strategy|strategic|strategie|pillar|bet|outcome"
_PERIOD = r"(?:fy)?(?:20)?[0-9]{2}[-_.]?[qh][1-4]|[qh][1-4][-_.]?(?:fy)?(?:20)?[0-9]{2}"
_CYCLE = rf"{_PERIOD}|20[0-9]{{2}}"
_SEP = r"[:/=_.-]"
_BY_WORD = re.compile(rf"((?:({_OUTRIGHT})|{_MAYBE}){_SEP}+(?:({_CYCLE}){_SEP}+)?)(.+)")
_BY_CYCLE = re.compile(rf"(({_PERIOD}){_SEP}+(?:(?:{_OUTRIGHT}|{_MAYBE}){_SEP}+)?)(.+)")
_ONLY_CYCLE = re.compile(rf"{_CYCLE}|[qh][1-4]")


class Apart(NamedTuple):
    """A text as prefix and what it names. ``cycle`` is the one in the prefix, ``outright`` whether the prefix says goal."""

    prefix: str
    rest: str
    cycle: str = ""
    outright: bool = False


def taken_apart(text: str) -> Apart | None:
    """How a text names a goal, all folded; None for a text that does not look like it."""
    folded = fold(text.strip())
    if found := _BY_WORD.fullmatch(folded):
        apart = Apart(found[1], found[4], found[3] or "", found[2] is not None)
    elif found := _BY_CYCLE.fullmatch(folded):
        apart = Apart(found[1], found[3], found[2])
    else:
        return None
    return None if _ONLY_CYCLE.fullmatch(apart.rest) else apart


@dataclass(slots=True)
class Family:
    """Texts with one prefix. ``names`` is what they name -> numbers of the items that carry it."""

    prefix: str
    cycle: str
    outright: bool
    names: dict[str, set[int]] = field(default_factory=dict)
    spelt: Counter[str] = field(default_factory=Counter)
    """How the prefix is written."""

    @property
    def pattern(self) -> str:
        """The text of a rule that takes it up."""
        return f"{self.spelt.most_common(1)[0][0]}{{key_result}}"

    @property
    def carriers(self) -> set[int]:
        return set().union(*self.names.values())


def families(carried: Iterable[tuple[int, str]]) -> list[Family]:
    """Families among the texts of items, the most carried first; ``carried`` are (number of an item, text)."""
    found: dict[str, Family] = {}
    for no, text in carried:
        apart = taken_apart(text)
        if apart is None:
            continue
        family = found.setdefault(apart.prefix, Family(apart.prefix, apart.cycle, apart.outright))
        family.names.setdefault(apart.rest, set()).add(no)
        family.spelt[text.strip()[: len(apart.prefix)]] += 1
    kept = [f for f in found.values() if f.outright or len(f.names) > 1]
    return sorted(kept, key=lambda f: (-len(f.carriers), f.prefix))


def in_cycle(cycle: str, day: date) -> bool:
    """Whether a cycle as it is spelt in a label contains a day; true where none is spelt."""
    if not cycle:
        return True
    numbers = re.findall(r"20[0-9]{2}|(?<![0-9])[0-9]{2}(?![0-9])", cycle)
    part = re.search(r"([qh])([1-4])", cycle)
    if not numbers or int(numbers[0][-2:]) != day.year % 100:
        return False
    if part is None:
        return True
    return int(part[2]) == ((day.month + 2) // 3 if part[1] == "q" else (day.month + 5) // 6)


# ---- slips ----------------------------------------------------------------------------------------------------------------


def is_id(text: str) -> bool:
    """Whether a text can be an id in a mapping file."""
    return ID.fullmatch(text) is not None


def slips(reached: Mapping[str, int], carriers: Mapping[str, int]) -> dict[str, str]:
    """Names that are most likely another one misspelt, with that other: alike but for one letter or a sign, and far rarer.

    ``reached`` is how many items each name reaches, ``carriers`` how many carry it. Names that differ in digits are different.
    """
    order = sorted(reached, key=lambda name: (-carriers[name], -reached[name], name))
    found: dict[str, str] = {}
    for at, name in enumerate(order):
        for better in order[:at]:
            rarer = carriers[name] * 2 <= carriers[better] or reached[name] * 2 <= reached[better]
            if better not in found and rarer and _alike(name, better):
                found[name] = better
                break
    return found


def questions(carriers: Mapping[str, int], wrong: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs of names that are as alike as slips are, on one item each, so that neither can be told to be the right one."""
    once = sorted(name for name, number in carriers.items() if number == 1 and name not in wrong)
    return [(one, other) for at, one in enumerate(once) for other in once[at + 1 :] if _alike(one, other)]


def _alike(one: str, other: str) -> bool:
    if re.sub(r"[^0-9]", "", one) != re.sub(r"[^0-9]", "", other):
        return False
    bare, bare_other = (re.sub(r"[\W_]+", "", text) for text in (one, other))
    return bare == bare_other or (min(len(bare), len(bare_other)) >= 3 and _one_step(bare, bare_other))


def _one_step(one: str, other: str) -> bool:
    """One letter more, less or another, or two neighbours in the wrong order."""
    if len(one) > len(other):
        one, other = other, one
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) == len(other):
        swapped = one[:at] + one[at + 1 : at + 2] + one[at : at + 1] + one[at + 2 :]
        return one[at + 1 :] == other[at + 1 :] or swapped == other
    return len(other) == len(one) + 1 and one[at:] == other[at + 1 :]
