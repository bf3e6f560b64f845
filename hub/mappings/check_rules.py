"""What is valid in rules and will still surprise somebody: conditions that stop holding, and rules that find the same work."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import NamedTuple

from hub.mappings import grammar_rules as g
from hub.mappings.draft import Draft
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
        for at, rule in enumerate(rules):
            others = [*rules[:at], *(r for r in rules[at + 1 :] if r.strength > rule.strength)]
            others.sort(key=lambda other: -other.strength)
            warning = next((w for other in others if (w := _against(rule, other, reach, cycles))), None)
            if warning is not None:
                draft.warn(rule.place, *warning)


def _against(rule: Rule, other: Rule, reach: Reach, cycles: frozenset[str]) -> tuple[str, str] | None:
    """What becomes of a rule beside another one that finds the same work; None when nothing of that can be proved."""
    subject = "The rule" if rule.name == str(rule.place) else f'The rule "{rule.name}"'
    repeated = f"{subject} says what {_shown(other)} says already.", "Remove one of the two."
    if rule.template or other.template:  # several names share the credit
        return repeated if rule.template == other.template and rule.strength == other.strength else None
    mine, theirs = _claimed(rule, reach, cycles), _claimed(other, reach, cycles)
    if rule.strength < other.strength and mine.cycles <= theirs.cycles:
        text = f"{subject} never decides anything: {_shown(other)} finds the same work and is stronger."
        return text, "Remove it, or let it find other work."
    if rule.strength != other.strength:
        return None
    if mine.target == theirs.target:
        return repeated
    if not mine.cycles & theirs.cycles:
        return None
    text = f"{subject} finds the same work as {_shown(other)}, which points elsewhere: all of it is contested."
    return text, "Remove one of the two, or share the work: to = { a = 0.5, b = 0.5 }."


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
