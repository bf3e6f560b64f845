"""What rules claim: what their names mean, and what a fence reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from fractions import Fraction
from itertools import islice, product
from typing import NamedTuple

from hub.model import Condition, KeyResult, Mapping, Rule, TargetKind, fold
from hub.rules.captures import Way, filled, ways
from hub.rules.compare import captures
from hub.rules.days import Calendar

DEFAULT = "{key_result}"
MOST_READINGS = 10_000
"""Ways of reading an item that one rule tries: two pages of prose have hundreds of thousands of pairs of words."""
MOST_NAMES = 1_000
"""Names that one rule hears of an item."""


class Claim(NamedTuple):
    """One match. ``id`` is folded; an ignore's is its reason, a split's is "". ``kind`` is None when the item itself named the
    id, by the folded text ``named``. ``cycles`` are the ids of the cycles in which the claim is made; None: in all."""

    strength: int
    kind: TargetKind | None
    id: str
    rule: int
    named: str | None = None
    split: tuple[tuple[str, Fraction], ...] = ()
    cycles: frozenset[str] | None = None


class Named(NamedTuple):
    """What an item named: ``ids`` -> the text they stood in, and the ids that were left aside since another one of the same text
    means something."""

    ids: dict[str, str]
    aside: tuple[str, ...]


class Targets:
    """Ids as the mapping knows them, and what follows for the claims of a rule."""

    def __init__(self, mapping: Mapping, calendar: Calendar) -> None:
        self.known = {id_ for _, id_ in mapping.key_results} | {id_ for _, id_ in mapping.former} | set(mapping.allowances)
        """Folded ids that mean something in some cycle."""
        self._mapping = mapping
        self._calendar = calendar
        self._reach: dict[tuple[frozenset[str], str], int] = {}

    def claims(self, rule: Rule, fence: frozenset[str] | None) -> tuple[tuple[Claim, int], ...]:
        """The claim of a rule whose target is written in it, with the cycles (bits) in which it can be made."""
        if rule.split:
            split = tuple((fold(id_), part) for id_, part in rule.split)
            claim = Claim(rule.strength, rule.target_kind, "", rule.index, None, split)
            return self._within(claim, fence, [id_ for id_, _ in split])
        if rule.target_kind == "ignore":
            return ((Claim(rule.strength, "ignore", rule.target or "", rule.index), self._calendar.all),)
        id_ = fold(rule.target or "")
        reached = [id_] if rule.target_kind == "key_result" else []
        return self._within(Claim(rule.strength, rule.target_kind, id_, rule.index), fence, reached)

    def named_claims(self, rule: Rule, fence: frozenset[str] | None, named: Named) -> list[tuple[Claim, int]]:
        """The claims of what an item named, with the cycles in which they can be made."""
        found: list[tuple[Claim, int]] = []
        for id_, text in named.ids.items():
            found += self._within(Claim(rule.strength, None, id_, rule.index, text), fence, [id_])
        return found

    def _within(self, claim: Claim, fence: frozenset[str] | None, ids: Iterable[str]) -> tuple[tuple[Claim, int], ...]:
        bits = self._calendar.all
        if fence is not None:
            for id_ in ids:
                bits &= self.reach(fence, id_)
        return ((claim, bits),) if bits or not self._calendar.all else ()

    def reach(self, fence: frozenset[str], id: str) -> int:
        """The cycles (bits) in which a folded id does not mean a key result outside of the teams of a fence."""
        found = self._reach.get((fence, id))
        if found is None:
            found = 0
            for n, cycle in enumerate(self._calendar.cycles):
                present = self._mapping.key_result_id(cycle.id, id)
                if present is None or self._belongs(self._mapping.key_results[cycle.id, present], fence):
                    found |= 1 << n
            if len(self._reach) > 100_000:  # names that mean nothing can be any
                self._reach.clear()
            self._reach[fence, id] = found
        return found

    def _belongs(self, key_result: KeyResult, fence: frozenset[str]) -> bool:
        if key_result.team is not None:
            return fold(key_result.team) in fence
        objectives = [o for id_ in key_result.objectives if (o := self._mapping.objectives.get(fold(id_)))]
        return any(fold(team) in fence for o in objectives for team in (o.team, *o.helpers) if team is not None)


class Captures:
    """The lines of a rule in which items name its target."""

    def __init__(self, rule: Rule) -> None:
        self.conditions: tuple[Condition, ...] = ()
        if rule.target is None and not rule.split:
            lines = [c for c in rule.when if captures(c)]
            # the text that names the key result is the one to show
            self.conditions = tuple(sorted(lines, key=lambda c: not any("{key_result}" in t.folded for t in c.tests)))
        self._template = fold(rule.template or DEFAULT)

    def named(self, texts: Iterable[frozenset[str]], known: AbstractSet[str]) -> Named:
        """What the folded texts of the fields name; ``texts`` are in the order of ``conditions``. What is beyond the limits
        is left aside, names that mean nothing first."""
        ids: dict[str, str] = {}
        unknown: dict[str, str] = {}
        aside: dict[str, None] = {}
        for each, found in self._readings(texts).items():
            meaningful = [id_ for id_ in found if id_ in known]
            for id_ in meaningful or found:
                (ids if meaningful else unknown)[id_] = each[0]
            if meaningful:
                aside |= dict.fromkeys(id_ for id_ in found if id_ not in known)
        named = dict(islice({**ids, **unknown}.items(), MOST_NAMES))
        return Named(named, tuple(id_ for id_ in aside if id_ not in named))

    def _readings(self, texts: Iterable[frozenset[str]]) -> dict[tuple[str, ...], dict[str, None]]:
        """The ids that each combination of texts names, one text and one of its ways for every line."""
        if not self.conditions:
            return {}
        lines = [
            list(islice(((text, way) for text in sorted(said) for way in _ways(condition, text)), MOST_READINGS))
            for condition, said in zip(self.conditions, texts, strict=True)
        ]
        found: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
        for combination in islice(product(*lines), MOST_READINGS):
            said: dict[str, str] = {}
            if all(said.setdefault(name, text) == text for _, way in combination for name, text in way):
                id_ = filled(self._template, tuple(said.items()))
                if id_ is not None:
                    found[tuple([text for text, _ in combination])][id_] = None
        return found


def _ways(condition: Condition, text: str) -> Iterator[Way]:
    return (way for test in condition.tests if test.how == "capture" for way in ways(test.folded, text))
