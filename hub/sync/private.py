"""Which items must not show their titles: the mapping's private rules, asked when an item is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from hub.assess import Teams
from hub.model import Condition, Dimensions, Item, Mapping, Rule, Test, fold
from hub.reconcile import digest
from hub.rules import Context, Matcher
from hub.store.write import Privacy

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def privacy(mapping: Mapping, dimensions: Dimensions) -> Privacy | None:
    """What is private under a mapping; None when no rule says so.

    Such a rule reads only what is known of an item when it is read. Its life does not matter: what was private stays so. Nor does
    what it points to. Of a rule in a fence the team decides; where only the parent's could tell, the title is not kept.
    """
    rules = tuple(_bare(rule) for rule in mapping.rules if rule.private)
    if not rules:
        return None
    matcher = Matcher(replace(mapping, rules=rules), dimensions, 0)
    teams = Teams(mapping, matcher.fields)
    fences = [fold(rule.fence) for rule in rules if rule.fence is not None]

    def matches(item: Item) -> bool:
        team = teams.of(item) if fences else None
        possible = fences if team is None and item.parent_ref is not None else [team]
        return any(matcher.claims(item, Context(team=each)) for each in possible or [None])

    return Privacy(_text(mapping, rules), matches)


def fingerprinted(fingerprint: str, known: Privacy | None) -> str:
    """A partition's fingerprint under these private rules: others mean that all of it is read again."""
    return fingerprint if known is None else f"{fingerprint}+private:{known.rules}"


def _bare(rule: Rule) -> Rule:
    """The rule with nothing but the conditions that make an item private."""
    return replace(
        rule, when=_without_names(rule.when), unless=_without_names(rule.unless), target_kind="ignore", target="private",
        template=None, split=(), starts=None, ends=None,
    )  # fmt: skip


def _without_names(lines: Iterable[Condition]) -> tuple[Condition, ...]:
    """Placeholders stand for any text here: what an item names by them makes no difference."""
    return tuple(replace(line, tests=tuple(map(_open, line.tests))) for line in lines)


def _open(test: Test) -> Test:
    return Test("glob", _PLACEHOLDER.sub("?*", test.folded), test.written) if test.how == "capture" else test


def _text(mapping: Mapping, rules: Iterable[Rule]) -> str:
    """Stands for all that decides: equal for rules that were only renamed, moved or put in another order."""
    said = sorted({repr((_lines(r.when), _lines(r.unless), r.fence and fold(r.fence))) for r in rules})
    owners = repr((mapping.teams, mapping.people)) if any(r.fence for r in rules) else ""
    return digest([said, owners]).hex()


def _lines(lines: Iterable[Condition]) -> list[str]:
    return sorted(repr((line.field, sorted((t.how, t.folded, repr(t.comparisons)) for t in line.tests))) for line in lines)
