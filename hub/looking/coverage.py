"""How active work is spread under a mapping: exactly what ``progress`` shows of it after an evaluation. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from hub.assess import Activity, Assessor
from hub.model import LEFT, Dimensions, Item, Mapping

COUNTED = ("linked", "allowance", "unanchored", "contested", "broken")


@dataclass(frozen=True)
class Spread:
    """``counts`` are active items by outcome, of ``ignored`` all items; ``active`` and ``set_aside`` (active items that are
    ignored) are numbers of items, and ``team`` gives each item's."""

    counts: dict[str, int]
    active: frozenset[int] = frozenset()
    set_aside: frozenset[int] = frozenset()
    anchored: frozenset[int] = frozenset()
    """Active items that serve a key result or run the business"""
    linked: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Active item -> ids of the key results that it serves"""
    team: dict[int, str | None] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Active items in all, those set aside left out."""
        return sum(self.counts[outcome] for outcome in COUNTED)


def spread(mapping: Mapping, items: Iterable[Item], dimensions: Dimensions, as_of: int) -> Spread:
    """The items, whole trees or each with all above it, assessed at an instant (milliseconds)."""
    known = {item.no: item for item in items if item.presence not in LEFT}
    part = Assessor(mapping, dimensions, as_of).part(known.values())
    activity = Activity(mapping, dimensions, as_of)
    cycle = activity.cycle.id if activity.cycle else None
    counts: Counter[str] = Counter()
    groups: dict[str, set[int]] = {"active": set(), "ignored": set(), "anchored": set()}
    linked: dict[int, tuple[str, ...]] = {}
    found = [a for a in part.attachments if a.cycle == cycle]
    for each in found:
        counts["ignored"] += each.outcome == "ignored"
        if known[each.no].level < 0 or not activity(known[each.no], each.state):
            continue
        if each.outcome == "ignored":
            groups["ignored"].add(each.no)
        elif each.outcome in COUNTED:
            counts[each.outcome] += 1
            groups["active"].add(each.no)
        if each.outcome in ("linked", "allowance"):
            groups["anchored"].add(each.no)
        if each.outcome == "linked":
            linked[each.no] = tuple(share.id for share in each.shares if share.kind == "key_result")
    return Spread(
        {outcome: counts[outcome] for outcome in (*COUNTED, "ignored")},
        frozenset(groups["active"]),
        frozenset(groups["ignored"]),
        frozenset(groups["anchored"]),
        linked,
        {each.no: each.team for each in found},
    )
