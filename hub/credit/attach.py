"""Who gets credit for an item, cycle by cycle: what wins over its own claims and those of its ancestors. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fractions import Fraction
from typing import Literal, NamedTuple

from hub.credit.trees import Tree
from hub.model import Attachment, Mapping, Outcome, Share, State, TargetKind, fold
from hub.rules import Claim

ZERO, ONE = Fraction(0), Fraction(1)
_SPELLED, _LONGEST = 10, 100
"""Broken anchors of one item, and characters of each, for which the nearest id is looked up: it is slow, and prose is no slip."""


class _Target(NamedTuple):
    """What a claim means in one cycle; equal targets count once. ``parts`` are (folded id, part): of a split all of them, also
    those that are dormant in the cycle; of *ignore* none, since several reasons to ignore are one target."""

    kind: TargetKind | Literal["broken"]
    parts: tuple[tuple[str, Fraction], ...]


class _Settled(NamedTuple):
    outcome: Outcome
    shares: tuple[Share, ...]
    broken: tuple[tuple[str, str, str | None], ...]


class _Best(NamedTuple):
    """The winners so far on the way down: the strongest claims, the nearest of them, and what follows from them."""

    strength: int
    via: int
    distance: int
    settled: _Settled


_new = tuple.__new__
"""Makes a named tuple without looking its fields up by name first: half the cost, for what is made once per item."""


class Credit:
    """Attaches items to key results, allowances and ignores, cycle by cycle."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.cycles = tuple(c.id for c in mapping.cycles.values())
        self._anywhere = {id_ for _, id_ in (*mapping.key_results, *mapping.former)}
        self._ids = sorted(self._anywhere | set(mapping.allowances))
        self._accepts = {at: _teams(mapping, kr.accepts) for at, kr in mapping.key_results.items() if kr.accepts}
        self.accepting = bool(self._accepts)
        """Whether any key result says from which teams it accepts work that names it."""
        self._nearest: dict[str, str | None] = {}
        self._settled: dict[tuple[str, tuple[Claim, ...]], _Settled] = {}
        self._known: dict[tuple[str, tuple[Claim, ...], str | None], tuple[int, _Settled | None]] = {}

    def attach(
        self, tree: Tree, claims: list[tuple[Claim, ...]], states: list[State], teams: list[str | None]
    ) -> list[Attachment]:
        """One attachment per item and cycle, in the order cycle by cycle, item by item."""
        found: list[Attachment] = []
        for cycle in self.cycles:
            bests: list[_Best | None] = []
            for item, up, own, state, team in zip(tree.items, tree.up, claims, states, teams, strict=True):
                if item.duplicate_of is not None:  # neither its own claims nor those above it are handed down
                    bests.append(None)
                    row = (item.no, cycle, "duplicate", (), 0, item.duplicate_of, 0, (), state, team)
                    found.append(_new(Attachment, row))
                    continue
                best = bests[up] if up >= 0 else None
                if own:
                    best = self._best(cycle, item.no, own, team, best)
                elif best is not None:
                    best = _new(_Best, (best.strength, best.via, best.distance + 1, best.settled))
                bests.append(best)
                if best is None:
                    found.append(_new(Attachment, (item.no, cycle, "unanchored", (), 0, None, 0, (), state, team)))
                    continue
                strength, via, distance, (outcome, shares, broken) = best
                found.append(_new(Attachment, (item.no, cycle, outcome, shares, strength, via, distance, broken, state, team)))
        return found

    def refused(self, claims: tuple[Claim, ...], team: str | None) -> list[str]:
        """What the item names although the key result does not accept it from its team, each as a sentence's end."""
        texts: dict[str, None] = {}
        for cycle in self.cycles:
            for claim in claims:
                if _in(cycle, claim) and (at := self._refusing(cycle, claim, team)) is not None:
                    key_result = self.mapping.key_results[at]
                    names = [self.mapping.teams[fold(t)].name for t in key_result.accepts]
                    texts[f"names {key_result.id}, which accepts work of {_listed(names)} only"] = None
        return list(texts)

    def meaning(self, cycle: str, claim: Claim, team: str | None) -> Literal["competes", "broken", "dormant", "refused"]:
        """What a claim of an item of a team comes to in a cycle, before it is compared with others."""
        target = self._target(cycle, claim) if _in(cycle, claim) else None
        if target is None:
            return "dormant"
        if self._refusing(cycle, claim, team) is not None:
            return "refused"
        return "broken" if target.kind == "broken" else "competes"

    def _best(self, cycle: str, no: int, own: tuple[Claim, ...], team: str | None, above: _Best | None) -> _Best | None:
        key = (cycle, own, team if self.accepting else None)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._own(*key)
        strength, settled = found
        if settled is not None and (above is None or strength >= above.strength):
            return _new(_Best, (strength, no, 0, settled))
        return above._replace(distance=above.distance + 1) if above else None

    def _own(self, cycle: str, claims: tuple[Claim, ...], team: str | None) -> tuple[int, _Settled | None]:
        """The strength of the strongest of an item's own claims that mean something in this cycle, and what they come to; None
        where none does."""
        alive = [c for c in claims if self._alive(cycle, c, team)]
        if not alive:
            return 0, None
        top = max(c.strength for c in alive)
        return top, self._settle(cycle, tuple(c for c in alive if c.strength == top))

    def _alive(self, cycle: str, claim: Claim, team: str | None) -> bool:
        return (
            _in(cycle, claim)
            and self._target(cycle, claim) is not None
            and (not self.accepting or self._refusing(cycle, claim, team) is None)
        )

    def _refusing(self, cycle: str, claim: Claim, team: str | None) -> tuple[str, str] | None:
        """The key result that the item names and that does not accept work of its team."""
        if claim.kind is not None:
            return None
        at = (cycle, self.mapping.key_result_id(cycle, claim.id) or "")
        return at if at in self._accepts and team not in self._accepts[at] else None

    def _target(self, cycle: str, claim: Claim) -> _Target | None:
        """What a claim means in a cycle; None while it is dormant there."""
        if claim.kind == "ignore":
            return _Target("ignore", ())
        if claim.kind == "allowance":
            return _Target("allowance", ((claim.id, ONE),))
        parts = self._parts(cycle, claim)
        if any((cycle, id_) in self.mapping.key_results for id_, _ in parts):
            return _Target("key_result", parts)
        if claim.kind is None and claim.id in self.mapping.allowances:
            return _Target("allowance", ((claim.id, ONE),))
        return None if claim.kind == "key_result" or claim.id in self._anywhere else _Target("broken", ((claim.id, ONE),))

    def _parts(self, cycle: str, claim: Claim) -> tuple[tuple[str, Fraction], ...]:
        """(id, part) by the ids that the key results have in this cycle, each once; an id that none has there as it is."""
        found: dict[str, Fraction] = {}
        for written, part in claim.split or ((claim.id, ONE),):
            id_ = self.mapping.key_result_id(cycle, fold(written)) or fold(written)
            found[id_] = found.get(id_, ZERO) + part
        return tuple(sorted(found.items())) if claim.split else tuple(found.items())

    def _settle(self, cycle: str, winners: tuple[Claim, ...]) -> _Settled:
        found = self._settled.get((cycle, winners))
        if found is None:
            found = self._settled[cycle, winners] = self._judge(cycle, winners)
        return found

    def _judge(self, cycle: str, winners: tuple[Claim, ...]) -> _Settled:
        targets: dict[_Target, Claim] = {}
        for claim in winners:
            target = self._target(cycle, claim)
            assert target is not None  # dormant claims are no winners
            targets.setdefault(target, claim)
        lost = [c for t, c in targets.items() if t.kind == "broken"]
        broken = tuple((c.named or c.id, c.id, self._near(c.id) if n < _SPELLED else None) for n, c in enumerate(lost))
        if len(broken) == len(targets):
            return _Settled("broken", (), broken)
        if len(targets) > 1 and any(c.kind is not None for c in winners):
            return _Settled("contested", tuple(self._shares(cycle, targets, ZERO)), broken)
        shares = tuple(self._shares(cycle, targets, Fraction(1, len(targets))))
        kinds = {share.kind for share in shares}
        outcome: Outcome = "linked" if "key_result" in kinds else "allowance" if "allowance" in kinds else "ignored"
        return _Settled(outcome, shares, broken)

    def _shares(self, cycle: str, targets: dict[_Target, Claim], each: Fraction) -> Iterable[Share]:
        """The shares of all targets that exist in the cycle when every target gets ``each``."""
        for (kind, parts), claim in targets.items():
            if kind == "broken":
                continue
            for id_, part in parts or ((claim.id, ONE),):
                if kind != "key_result" or (cycle, id_) in self.mapping.key_results:
                    yield Share(kind, id_, each * part, claim.rule, claim.named)

    def _near(self, id_: str) -> str | None:
        if id_ not in self._nearest:
            match = difflib.get_close_matches(id_, self._ids, 1, 0.6) if len(id_) <= _LONGEST else []
            self._nearest[id_] = match[0] if match else None
        return self._nearest[id_]


def _in(cycle: str, claim: Claim) -> bool:
    return claim.cycles is None or cycle in claim.cycles


def _teams(mapping: Mapping, ids: Iterable[str]) -> frozenset[str]:
    """Folded ids of the teams and of all beneath them."""
    return frozenset(team for id_ in ids for team in mapping.teams_within(id_))


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
