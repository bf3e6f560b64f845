"""What is valid in rules and will still surprise somebody: conditions that stop holding, and rules that find the same work."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple

from hub.mappings import grammar_rules as g
from hub.mappings.draft import Draft
from hub.mappings.repeated import SHOWN
from hub.mappings.targets import Reach
from hub.model import Condition, Rule, Test, fold

_STAYS = "Use what stays, such as a label, a component or the key of the epic."


def warn_of_rules(draft: Draft) -> None:
    """Warn of what moves, and of rules that are provably the same set of work."""
    for rule in draft.rules:
        _moving(draft, rule)
    _same_work(draft)


# ---- what moves -----------------------------------------------------------------------------------------------------------


def _moving(draft: Draft, rule: Rule) -> None:
    for word, conditions in (("when", rule.when), ("unless", rule.unless)):
        for condition in conditions:
            shown = f"`{word}.{condition.field}`"
            other = next((r for r in _compared_with(condition) if r in g.MOVING | g.FINISHING), None)
            if condition.field in g.MOVING:
                text = f"{shown} changes as work moves, so the rule may lose the work when it is finished."
            elif condition.field in g.FINISHING:
                text = f"{shown} changes as work moves, so the rule takes or loses the work when it is finished."
            elif other is not None:
                text = f"{shown} is compared with `{other}`, which changes as work moves, so the rule may lose the work."
            else:
                continue
            draft.warn(condition.place, text, _STAYS)


def _compared_with(condition: Condition) -> Iterable[str]:
    return (c.right for t in condition.tests for c in t.comparisons if c.op in g.BOUNDS and isinstance(c.right, str))


# ---- the same work --------------------------------------------------------------------------------------------------------


class _Claimed(NamedTuple):
    """What a rule claims: for which target, and in which cycles. In all others its claim is dormant and left aside."""

    target: Hashable
    cycles: frozenset[str]


def _same_work(draft: Draft) -> None:
    """Only rules whose lines are the same find provably the same; of the others an overlap shows in the items only."""
    alike: dict[Hashable, list[Rule]] = defaultdict(list)
    for rule in draft.rules:
        alike[_set(rule)].append(rule)
    reach, cycles = Reach(draft), frozenset(c.id for c in draft.cycles.values())
    for rules in alike.values():
        if len(rules) > 1:
            _tell(draft, _compared(rules, {rule.index: _claimed(rule, reach, cycles) for rule in rules}))


def _tell(draft: Draft, found: Iterable[tuple[Rule, Rule, str]]) -> None:
    """Warn of rules, each beside the other one and with what becomes of it; of many that are alike of the first one."""
    groups: dict[tuple[int, str], list[tuple[Rule, Rule]]] = defaultdict(list)
    for rule, other, fate in found:
        groups[other.index, fate].append((rule, other))
    for (_, fate), pairs in groups.items():
        pairs.sort(key=lambda pair: pair[0].index)
        many = len(pairs) > SHOWN
        for rule, other in pairs[:1] if many else pairs:
            subject = "The rule" if rule.name == str(rule.place) else f'The rule "{rule.name}"'
            text, remedy = _FATES[fate]
            more = f" (and {len(pairs) - 1:,} more rules)" if many else ""
            draft.warn(rule.place, f"{text.format(subject, _shown(other))}{more}.", remedy)


_FATES = {
    "repeated": ("{} says what {} says already", "Remove one of the two."),
    "weaker": ("{} never decides anything: {} finds the same work and is stronger", "Remove it, or let it find other work."),
    "contested": (
        "{} finds the same work as {}, which points elsewhere: all of it is contested",
        "Remove one of the two, or share the work: to = { a = 0.5, b = 0.5 }.",
    ),
}


def _compared(rules: Iterable[Rule], claims: Mapping[int, _Claimed]) -> Iterator[tuple[Rule, Rule, str]]:
    """Rules that find the same work, each with the first stronger or earlier one beside which it is of no use, and why. A rule is
    compared with the first of each kind only, so that thousands of equal ones cost no more than they are."""
    first: dict[Hashable, Rule] = {}
    widest: dict[frozenset[str], Rule] = {}
    for rule in sorted(rules, key=lambda r: -r.strength):
        mine = claims[rule.index]
        if rule.template:  # several names share the credit
            other = first.setdefault((rule.strength, rule.template), rule)
            if other is not rule:
                yield rule, other, "repeated"
            continue
        stronger = [w for of, w in widest.items() if w.strength > rule.strength and mine.cycles <= of]
        keys = [(rule.strength, mine.target), *((rule.strength, cycle) for cycle in mine.cycles)]
        equals = [first.setdefault(key, rule) for key in keys]
        widest.setdefault(mine.cycles, rule)
        if stronger:
            yield rule, min(stronger, key=lambda r: (-r.strength, r.index)), "weaker"
            continue
        other = min(equals, key=lambda r: r.index)
        if other is not rule:
            yield rule, other, "repeated" if claims[other.index].target == mine.target else "contested"


def _shown(rule: Rule) -> str:
    return f"the one at {rule.place}" if rule.name == str(rule.place) else f'"{rule.name}" at {rule.place}'


def _claimed(rule: Rule, reach: Reach, cycles: frozenset[str]) -> _Claimed:
    if rule.target_kind != "key_result":
        return _Claimed((rule.target_kind, fold(rule.target or "") if rule.target_kind == "allowance" else ""), cycles)
    shares = rule.split or ((rule.target or "", 1),)
    alive = frozenset(cycle for id, _ in shares for cycle in reach.homes(id))
    return _Claimed(frozenset((fold(id), share) for id, share in shares), alive)


def _set(rule: Rule) -> Hashable:
    """What decides which work a rule finds, apart from how it is written."""
    return _lines(rule.when), _lines(rule.unless), rule.starts, rule.ends, rule.private, rule.fence, (rule.expr or "").strip()


def _lines(conditions: Iterable[Condition]) -> Hashable:
    return frozenset((c.field, frozenset(map(_alternative, c.tests))) for c in conditions)


def _alternative(test: Test) -> Hashable:
    return (test.how, re.sub(r"\*+", "*", test.folded), frozenset(test.comparisons))
