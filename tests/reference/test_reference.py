"""The hub's calculation against the naive reference, over generated companies."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings

from hub.assess import assess
from hub.model import Assessment, Attachment, fold
from tests.reference.builders import Company
from tests.reference.companies import companies
from tests.reference.naive import Reference, World, above_sub_task, has_left, is_above, reference

CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]
NORMAL = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=CHECKS, phases=PHASES)
SLOW = settings(max_examples=5_000, deadline=None, suppress_health_check=CHECKS, phases=PHASES, print_blob=True)


# ---- the differences between both, in words -------------------------------------------------------------------------------


def told(company: Company) -> str:
    """The company without what stands at its default."""
    lines = [f"  as of {company.as_of}, {company.mapping.timezone}"]
    for one in [*company.mapping.objectives.values(), *company.mapping.key_results.values()]:
        lines.append(f"  {one}".replace(f", place={one.place!r}", ""))
    for rule in company.mapping.rules:
        when = ", ".join(f"{line.field} = {[t.written for t in line.tests]}" for line in rule.when)
        lines.append(f"  rule {rule.index} ({rule.strength}): {when} -> {rule.target_kind} {rule.target}")
    for item in company.items:
        default = item._field_defaults
        said = ", ".join(f"{k}={v!r}" for k, v in item._asdict().items() if k not in default or v != default[k])
        lines.append(f"  {said}")
    used = {(i.source, i.status_id) for i in company.items}
    lines.append(f"  statuses: { {k: v.category for k, v in company.dimensions.statuses.items() if k in used} }")
    return "\n".join(lines)


def unlike(what: str, words: dict[Any, Any], hub: dict[Any, Any]) -> list[str]:
    nothing = "nothing"
    return [
        f"{what} {key}: by the words {words.get(key, nothing)}, by the hub {hub.get(key, nothing)}"
        for key in sorted({*words, *hub}, key=repr)
        if words.get(key, nothing) != hub.get(key, nothing)
    ]


def differences(company: Company, words: Reference, hub: Assessment) -> list[str]:
    """What the hub says differently. Whether items that have left are told of is the hub's matter, as long as none counts."""
    left = {i.no for i in company.items if has_left(i)}
    found = unlike(
        "attachment (outcome, shares, strength, via, broken) of",
        {key: (a.outcome, a.shares, a.strength, a.via, a.broken) for key, a in words.attachments.items()},
        {
            (a.no, a.cycle): (a.outcome, shares(a), a.strength, a.via, frozenset(fold(id) for _, id, _ in a.broken))
            for a in hub.attachments
            if a.no not in left
        },
    )
    found += unlike(
        "state and team of",
        {key: (words.states[key[0]], words.teams[key[0]]) for key in words.attachments},
        {(a.no, a.cycle): (a.state, a.team) for a in hub.attachments if a.no not in left},
    )
    found += unlike(
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
    found += unlike(
        "figure",
        {key: tuple(n) for key, n in words.nodes.items()},
        {
            (n.kind, n.cycle, "" if n.kind == "company" else fold(n.id)): (n.progress, n.done, n.total, n.key_results, n.measured)
            for n in hub.nodes
        },
    )
    return found + unlike("active", dict.fromkeys(words.active, True), dict.fromkeys(hub.active, True))


def shares(attachment: Attachment) -> frozenset[tuple[str, str, Fraction]]:
    """As the reference writes them: *ignore* is one target, whatever its reason."""
    return frozenset((s.kind, "" if s.kind == "ignore" else fold(s.id), s.part) for s in attachment.shares)


def compare(company: Company) -> None:
    words = reference(*company)
    for outcome in sorted({a.outcome for a in words.attachments.values()}):
        event(f"outcome: {outcome}")
    found = differences(company, words, assess(company.mapping, company.items, company.dimensions, company.as_of))
    assert not found, "\n".join(["", *found, "in this company:", told(company)])


# ---- properties of the reference alone ------------------------------------------------------------------------------------


def check_credit(company: Company, found: Reference) -> None:
    """No item is credited more than once in a cycle."""
    for (no, cycle), anchored in found.attachments.items():
        assert sum(part for _, _, part in anchored.shares) <= 1, (no, cycle)


def check_paths(company: Company, found: Reference) -> None:
    """By count, and by estimate among what carries, no unit above sub-task level stands above another one."""
    read = {i.no: i for i in company.items if not has_left(i)}
    world = World(company.mapping, read, company.dimensions, company.as_of)
    for key_result in company.mapping.key_results.values():
        if key_result.level is not None:
            continue
        counted = [
            world.items[no]
            for (no, cycle, id), unit in found.units.items()
            if unit.counts and (cycle, id) == (key_result.cycle, fold(key_result.id)) and above_sub_task(world.items[no])
        ]
        for high in counted:
            assert not any(is_above(world, high, low) for low in counted), (key_result.cycle, key_result.id, high.no)


def check_figures(company: Company, found: Reference) -> None:
    """Progress is a share, or nothing; what is measured has a total."""
    for key, figure in found.nodes.items():
        assert figure.progress is None or 0 <= figure.progress <= 1, key
        assert (figure.progress is None) == (figure.total == 0), key
        assert figure.measured <= figure.key_results, key
        assert (figure.progress is None) <= (figure.measured == 0), key


def check_reasons(company: Company, found: Reference) -> None:
    """Every attached item either counts or has a reason not to."""
    for key, unit in found.units.items():
        assert unit.counts != bool(unit.why), key


def check_lists(company: Company, found: Reference) -> None:
    """What is listed as unanchored is active; nothing stands on two of the lists of outcomes."""
    assert set(found.unanchored) <= found.active
    assert not set(found.unanchored) & set(found.contested)


def check_all(company: Company) -> None:
    found = reference(*company)
    for check in (check_credit, check_paths, check_figures, check_reasons, check_lists):
        check(company, found)


# ---- the runs -------------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(600)
@NORMAL
@given(companies())
def test_the_hub_says_what_the_words_say(company: Company) -> None:
    compare(company)


@pytest.mark.timeout(600)
@NORMAL
@given(companies())
def test_the_words_keep_their_promises(company: Company) -> None:
    check_all(company)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@SLOW
@given(companies())
def test_the_hub_says_what_the_words_say_of_thousands(company: Company) -> None:
    compare(company)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@SLOW
@given(companies())
def test_the_words_keep_their_promises_of_thousands(company: Company) -> None:
    check_all(company)
