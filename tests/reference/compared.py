"""The hub's calculation beside the naive reference: every difference, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from hub.assess import assess
from hub.model import Assessment, Attachment, Condition, fold
from tests.reference.builders import Company
from tests.reference.naive import Reference
from tests.reference.naive_world import has_left


def told(company: Company) -> str:
    """The company without what stands at its default."""
    lines = [f"  as of {company.as_of}, {company.mapping.timezone}"]
    given = company.mapping
    tables = (given.cycles, given.teams, given.objectives, given.key_results)
    for one in [*(value for table in tables for value in table.values()), *given.people]:
        lines.append(f"  {one}".replace(f", place={one.place!r}", ""))
    lines.append(f"  former ids {given.former}, status maps {given.statuses}")
    for rule in company.mapping.rules:
        lines.append(f"  rule {rule.index} ({rule.strength}): {condition(rule.when)} unless {condition(rule.unless)}")
        lines.append(f"    -> {rule.target_kind} {rule.target or rule.template or rule.split}")
        lines.append(f"    fence {rule.fence}, life {rule.starts} to {rule.ends}")
    for item in company.items:
        default = item._field_defaults
        said = ", ".join(f"{k}={v!r}" for k, v in item._asdict().items() if k not in default or v != default[k])
        lines.append(f"  {said}")
    used = {(i.source, i.status_id) for i in company.items}
    lines.append(f"  statuses: { {k: tuple(v) for k, v in company.dimensions.statuses.items() if k in used} }")
    return "\n".join(lines)


def condition(lines: Iterable[Condition]) -> str:
    return ", ".join(f"{line.field} = {[t.written for t in line.tests]}" for line in lines)


def unlike(what: str, words: dict[Any, Any], hub: dict[Any, Any]) -> list[str]:
    nothing = "nothing"
    return [
        f"{what} {key}: by the words {words.get(key, nothing)}, by the hub {hub.get(key, nothing)}"
        for key in sorted({*words, *hub}, key=repr)
        if words.get(key, nothing) != hub.get(key, nothing)
    ]


def shares(attachment: Attachment) -> frozenset[tuple[str, str, Fraction]]:
    """As the reference writes them: *ignore* is one target, whatever its reason."""
    return frozenset((s.kind, "" if s.kind == "ignore" else fold(s.id), s.part) for s in attachment.shares)


def attachments(company: Company, words: Reference, hub: Assessment) -> list[str]:
    """Whether items that have left are told of is the hub's matter, as long as none counts."""
    left = {i.no for i in company.items if has_left(i)}
    found = unlike(
        "attachment (outcome, shares, strength, via, distance, broken) of",
        {key: tuple(a) for key, a in words.attachments.items()},
        {
            (a.no, a.cycle): (a.outcome, shares(a), a.strength, a.via, a.distance, frozenset(fold(b[1]) for b in a.broken))
            for a in hub.attachments
            if a.no not in left
        },
    )
    return found + unlike(
        "state and team of",
        {key: (words.states[key[0]], words.teams[key[0]]) for key in words.attachments},
        {(a.no, a.cycle): (a.state, a.team) for a in hub.attachments if a.no not in left},
    )


def units(company: Company, words: Reference, hub: Assessment) -> list[str]:
    left = {i.no for i in company.items if has_left(i)}
    found = unlike(
        "unit (counts, part, done) of",
        {key: (u.counts, u.part, u.counts and u.done) for key, u in words.units.items()},
        {
            (u.no, u.cycle, fold(u.key_result)): (u.counts, u.part, u.counts and u.state == "done")
            for u in hub.units
            if u.no not in left
        },
    )
    for unit in hub.units:
        key = (unit.no, unit.cycle, fold(unit.key_result))
        if unit.no in left and unit.counts:
            found.append(f"unit {key}: the hub counts an item that has left")
        if key in words.units and not unit.counts and unit.why not in words.units[key].why:
            found.append(f"why {key} does not count: by the words one of {sorted(words.units[key].why)}, by the hub {unit.why}")
    return found


def figures(words: Reference, hub: Assessment) -> list[str]:
    return unlike(
        "figure",
        {key: tuple(n) for key, n in words.nodes.items()},
        {
            (n.kind, n.cycle, "" if n.kind == "company" else fold(n.id)): (n.progress, n.done, n.total, n.key_results, n.measured)
            for n in hub.nodes
        },
    )


def reports(words: Reference, hub: Assessment) -> list[str]:
    """What is reported of items, by kind; and that rules that cannot be evaluated are, once per rule and source."""
    by_kind = {kind: frozenset(f.no for f in hub.findings if f.kind == kind) for kind in words.reports}
    found = unlike("reported", dict(words.reports), by_kind)
    times = Counter(f.kind for f in hub.findings)["unevaluable"]
    if times != len(words.unevaluable):
        found.append(f"not evaluable: by the words {sorted(words.unevaluable)}, by the hub {times}")
    return found


def differences(company: Company, words: Reference, hub: Assessment) -> list[str]:
    """What the hub says differently."""
    return [
        *attachments(company, words, hub),
        *units(company, words, hub),
        *figures(words, hub),
        *unlike("active", dict.fromkeys(words.active, True), dict.fromkeys(hub.active, True)),
        *reports(words, hub),
    ]


def compare(company: Company, words: Reference) -> None:
    found = differences(company, words, assess(company.mapping, company.items, company.dimensions, company.as_of))
    assert not found, "\n".join(["", *found[:50], "in this company:", told(company)])
