"""Which items a key result counts, within one tree. Pure; docs/how-numbers-are-calculated.md, section 3."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from hub.credit.trees import Tree
from hub.model import Attachment, Item, KeyResult, Mapping, State, Unit
from hub.status import amount_of, closed_at, estimate_of

LEVELS = {"epic": 1, "story": 0}

_new = tuple.__new__
"""Makes a named tuple without looking its fields up by name first: half the cost, for what is made once per item."""


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
        weighed = key_result.by != "count"
        weight_of = _WEIGHTS[key_result.by]
        estimates = {k: weight_of(tree.items[k]) for k in parts}
        why = {k: self._left_out(tree.items[k], states[k], cycle, key_result) for k in parts}
        countable = [k for k in parts if not why[k]]
        paths = _Paths(tree, countable, estimates)
        alone = len(countable) == 1 and _alone(tree.items[countable[0]], key_result)
        chosen = set(countable) if alone else paths.units(key_result)
        below = paths.sums(chosen) if weighed else {}
        units: list[Unit] = []
        for k, part in parts.items():
            item = tree.items[k]
            reason = why[k] or (_unit_of(item, key_result) if k in chosen else paths.reason(k, key_result))
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


_WEIGHTS: dict[str, Callable[[Item], Decimal | None]] = {
    "count": lambda item: None,
    "estimate": lambda item: estimate_of(item.estimate),
    "amount": lambda item: amount_of(item.amount),
}


def _unit_of(item: Item, key_result: KeyResult) -> str:
    """What a unit's weight is in: the currency of an amount."""
    return item.currency or "" if key_result.by == "amount" and item.amount is not None else ""


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
