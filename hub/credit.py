"""Who gets credit for an item, and which items a key result counts. Pure; one tree of items at a time.

    claims of each item --down the tree--> winners --settle--> Attachment --per key result--> Unit

A tree is a root with all its descendants: claims come from ancestors only, and units are chosen along paths, so that no tree
needs another. docs/how-numbers-are-calculated.md, sections 2 and 3.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from hub.model import Attachment, Item, KeyResult, Mapping, Outcome, Share, State, TargetKind, Unit
from hub.rules import Claim
from hub.status import closed_at, estimate_of

ONE = Fraction(1)
LEVELS = {"epic": 1, "story": 0}


class Tree(NamedTuple):
    """Items of one tree, parents before their children; ``up[k]`` is the position of the parent of item ``k`` or -1."""

    items: list[Item]
    up: list[int]


def trees(items: Iterable[Item]) -> tuple[list[Tree], list[Item]]:
    """Split items into trees by ``parent``. A parent that is not among them counts as none.

    Second result: the items whose link to their parent was cut because the parents formed a circle (of each circle the member
    with the greatest (source, id)).
    """
    by_no = {item.no: item for item in items}
    children: dict[int, list[int]] = defaultdict(list)
    roots: list[int] = []
    for no, item in by_no.items():
        if item.parent is not None and item.parent in by_no:
            children[item.parent].append(no)
        else:
            roots.append(no)
    found = [_tree(root, by_no, children) for root in roots]
    cut: list[Item] = []
    if sum(len(t.items) for t in found) < len(by_no):
        reached = {item.no for tree in found for item in tree.items}
        for no in _circle_breakers(by_no, reached):
            children[by_no[no].parent or 0].remove(no)
            cut.append(by_no[no])
            found.append(_tree(no, by_no, children))
    return found, cut


def _tree(root: int, by_no: dict[int, Item], children: dict[int, list[int]]) -> Tree:
    items, up = [by_no[root]], [-1]
    for position, item in enumerate(items):  # grows while it is read: breadth first, without recursion
        for child in children.get(item.no, ()):
            items.append(by_no[child])
            up.append(position)
    return Tree(items, up)


def _circle_breakers(by_no: dict[int, Item], reached: set[int]) -> list[int]:
    seen: set[int] = set(reached)
    breakers: list[int] = []
    for start in by_no:
        path: list[int] = []
        on_path: set[int] = set()
        no = start
        while no not in seen and no not in on_path:
            path.append(no)
            on_path.add(no)
            no = by_no[no].parent or 0
        if no in on_path:
            circle = path[path.index(no) :]
            breakers.append(max(circle, key=lambda n: (by_no[n].source, by_no[n].id)))
        seen |= on_path
    return breakers


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
        self._anywhere = {id_ for _, id_ in mapping.key_results}
        self._nearest: dict[str, str | None] = {}
        self._settled: dict[tuple[str, tuple[Claim, ...]], _Settled] = {}
        self._strongest: dict[tuple[str, tuple[Claim, ...]], tuple[Claim, ...]] = {}

    def attach(
        self, tree: Tree, claims: list[tuple[Claim, ...]], states: list[State], teams: list[str | None]
    ) -> list[Attachment]:
        """One attachment per item and cycle, in the order cycle by cycle, item by item."""
        found: list[Attachment] = []
        for cycle in self.cycles:
            bests: list[_Best | None] = []
            for item, up, own, state, team in zip(tree.items, tree.up, claims, states, teams, strict=True):
                best = bests[up] if up >= 0 else None
                if own:
                    best = self._best(cycle, item.no, own, best)
                elif best is not None:
                    best = _new(_Best, (best.strength, best.via, best.distance + 1, best.settled))
                bests.append(best)
                if best is None:
                    found.append(_new(Attachment, (item.no, cycle, "unanchored", (), 0, None, 0, (), state, team)))
                    continue
                strength, via, distance, (outcome, shares, broken) = best
                found.append(_new(Attachment, (item.no, cycle, outcome, shares, strength, via, distance, broken, state, team)))
        return found

    def _best(self, cycle: str, no: int, own: tuple[Claim, ...], above: _Best | None) -> _Best | None:
        strongest = self._own(cycle, own)
        if strongest and (above is None or strongest[0].strength >= above.strength):
            return _Best(strongest[0].strength, no, 0, self._settle(cycle, strongest))
        return above._replace(distance=above.distance + 1) if above else None

    def _own(self, cycle: str, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        """The strongest of an item's own claims that mean something in this cycle."""
        found = self._strongest.get((cycle, claims))
        if found is None:
            alive = [c for c in claims if self._target(cycle, c) != "dormant"]
            top = max((c.strength for c in alive), default=0)
            found = self._strongest[cycle, claims] = tuple(c for c in alive if c.strength == top)
        return found

    def _target(self, cycle: str, claim: Claim) -> TargetKind | str:
        """What a claim means in a cycle: a kind of target, ``dormant`` or ``broken``."""
        if claim.kind in ("ignore", "allowance"):
            return claim.kind
        if (cycle, claim.id) in self.mapping.key_results:
            return "key_result"
        if claim.kind is None and claim.id in self.mapping.allowances:
            return "allowance"
        return "dormant" if claim.kind == "key_result" or claim.id in self._anywhere else "broken"

    def _settle(self, cycle: str, winners: tuple[Claim, ...]) -> _Settled:
        found = self._settled.get((cycle, winners))
        if found is None:
            found = self._settled[cycle, winners] = self._judge(cycle, winners)
        return found

    def _judge(self, cycle: str, winners: tuple[Claim, ...]) -> _Settled:
        targets: dict[tuple[str, str], Claim] = {}
        for claim in winners:
            kind = self._target(cycle, claim)
            targets.setdefault((kind, "" if kind == "ignore" else claim.id), claim)
        broken = tuple((c.named or c.id, c.id, self._near(c.id)) for (kind, _), c in targets.items() if kind == "broken")
        valid = [(kind, c) for (kind, _), c in targets.items() if kind != "broken"]
        if not valid:
            return _Settled("broken", (), broken)
        named = all(c.kind is None for c in winners)
        if len(valid) > 1 and not named:
            return _Settled("contested", tuple(Share(k, c.id, Fraction(0), c.rule, c.named) for k, c in valid), broken)  # type: ignore[arg-type]
        part = Fraction(1, len(targets))
        shares = tuple(Share(k, c.id, part, c.rule, c.named) for k, c in valid)  # type: ignore[arg-type]
        kinds = {k for k, _ in valid}
        outcome: Outcome = "linked" if "key_result" in kinds else "allowance" if "allowance" in kinds else "ignored"
        return _Settled(outcome, shares, broken)

    def _near(self, id_: str) -> str | None:
        if id_ not in self._nearest:
            known = sorted(self._anywhere | set(self.mapping.allowances))
            match = difflib.get_close_matches(id_, known, 1, 0.6)
            self._nearest[id_] = match[0] if match else None
        return self._nearest[id_]


class Units:
    """Chooses, within one tree, the items that each key result counts."""

    def __init__(self, mapping: Mapping) -> None:
        self._key_results = mapping.key_results
        self._bounds = {c.id: c.bounds(mapping.zone) for c in mapping.cycles.values()}

    def of(self, tree: Tree, attachments: list[Attachment], states: list[State]) -> list[Unit]:
        """All units of the tree, the attached items that do not count among them, with the reason."""
        attached: dict[tuple[str, str], dict[int, Fraction]] = defaultdict(dict)
        size = len(tree.items)
        for n, a in enumerate(attachments):
            if a.outcome == "linked":
                for share in a.shares:
                    if share.kind == "key_result":
                        attached[a.cycle, share.id][n % size] = share.part
        return [u for (cycle, id_), parts in attached.items() for u in self._choose(tree, cycle, id_, parts, states)]

    def _choose(self, tree: Tree, cycle: str, id_: str, parts: dict[int, Fraction], states: list[State]) -> list[Unit]:
        key_result = self._key_results[cycle, id_]
        by_estimate = key_result.by == "estimate"
        estimates = {k: estimate_of(tree.items[k].estimate) if by_estimate else None for k in parts}
        why = {k: self._left_out(tree.items[k], states[k], cycle, key_result) for k in parts}
        countable = [k for k in parts if not why[k]]
        paths = _Paths(tree, countable, estimates)
        alone = len(countable) == 1 and _alone(tree.items[countable[0]], key_result)
        chosen = set(countable) if alone else paths.units(key_result)
        below = paths.sums(chosen) if by_estimate else {}
        units: list[Unit] = []
        for k, part in parts.items():
            item = tree.items[k]
            reason = why[k] or ("" if k in chosen else paths.reason(k, key_result))
            state = self._state(item, states[k], cycle)
            row = (item.no, cycle, id_, part, k in chosen, state, item.level, estimates[k], below.get(k), reason)
            units.append(_new(Unit, row))
        return units

    def _left_out(self, item: Item, state: State, cycle: str, key_result: KeyResult) -> str:
        first, past = self._bounds[cycle]
        if item.created_at is not None and item.created_at >= past:
            return "after_cycle"
        if state == "done":
            closed = closed_at(item)
            if closed is None:
                return "undated"
            if closed < first and key_result.before_cycle == "leave_out":
                return "before_cycle"
        return "dropped" if state == "dropped" else ""

    def _state(self, item: Item, state: State, cycle: str) -> State:
        """Done after the cycle had ended counts in that cycle as open."""
        closed = closed_at(item)
        return "doing" if state == "done" and closed is not None and closed >= self._bounds[cycle][1] else state


def _alone(item: Item, key_result: KeyResult) -> bool:
    """Whether an item without any other countable one in its tree is a unit: always, unless it stands under the wanted level."""
    wanted = LEVELS.get(key_result.level or "")
    return wanted is None or item.level >= wanted


class _Paths:
    """The countable items of one key result in one tree: who stands beneath and above whom."""

    def __init__(self, tree: Tree, countable: list[int], estimates: dict[int, Decimal | None]) -> None:
        self.tree = tree
        self.order = countable  # parents before children, since positions of a tree are
        self.inside = set(countable)
        self.estimates = estimates

    def beneath(self, property_: Callable[[int], bool]) -> set[int]:
        """Positions (countable or not) that have a countable item with the property beneath them."""
        marked: set[int] = set()
        up = self.tree.up
        for k in reversed(self.order):
            if property_(k):
                n = up[k]
                while n >= 0 and n not in marked:
                    marked.add(n)
                    n = up[n]
        return marked

    def above(self, property_: Callable[[int], bool]) -> set[int]:
        """Countable positions that have a countable item with the property above them."""
        marked: set[int] = set()
        flags: dict[int, bool] = {}
        up = self.tree.up
        for k in range(len(up)):
            n = up[k]
            flags[k] = n >= 0 and (flags[n] or (n in self.inside and property_(n)))
            if flags[k] and k in self.inside:
                marked.add(k)
        return marked

    def units(self, key_result: KeyResult) -> set[int]:
        if key_result.level is not None or key_result.by == "count":
            return self._by_count(key_result.level)
        carries = {k for k in self.order if self.estimates[k] is not None}
        over_carrier = self.beneath(carries.__contains__)
        carrying = carries - over_carrier
        covered = self.above(carrying.__contains__)
        return carrying | (self._by_count(None) - carries - over_carrier - covered)

    def _by_count(self, level: str | None) -> set[int]:
        items = self.tree.items
        if level == "leaf":
            over = self.beneath(lambda k: True)
            return {k for k in self.order if k not in over}
        floor = LEVELS[level] if level else 0
        over = self.beneath(lambda k: items[k].level >= floor)
        if level is not None:
            return {k for k in self.order if items[k].level == floor or (items[k].level > floor and k not in over)}
        beneath_any = self.above(lambda k: True)
        return {k for k in self.order if (k not in over if items[k].level >= 0 else k not in beneath_any)}

    def sums(self, chosen: set[int]) -> dict[int, Decimal]:
        """For each countable item that is no unit: the sum of the estimates of the units beneath it, where one has any."""
        sums: dict[int, Decimal] = {}
        if len(chosen) == len(self.order):
            return sums
        up = self.tree.up
        totals: dict[int, Fraction] = {}
        for k in range(len(up) - 1, -1, -1):
            estimate = self.estimates.get(k) if k in chosen else None
            total = totals.get(k)
            if k in self.inside and k not in chosen and total is not None:
                sums[k] = _decimal(total)
            if estimate is not None:
                total = (total or Fraction(0)) + Fraction(estimate)
            if total is not None and up[k] >= 0:
                totals[up[k]] = totals.get(up[k], Fraction(0)) + total
        return sums

    def reason(self, k: int, key_result: KeyResult) -> str:
        """Why a countable item is no unit."""
        floor = LEVELS.get(key_result.level or "")
        return "level" if floor is not None and self.tree.items[k].level < floor else "covered"


def _decimal(value: Fraction) -> Decimal:
    """Exact: a sum of decimals has a denominator of twos and fives only."""
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
    return Decimal((value * 10**digits).numerator).scaleb(-digits)
