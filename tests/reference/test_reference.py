"""The hub's calculation against the naive reference, over generated companies."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings

from hub.model import fold
from tests.reference.builders import Company
from tests.reference.companies import companies
from tests.reference.companies_mapping import FOCUSES
from tests.reference.compared import compare
from tests.reference.naive import Reference, reference, world_of
from tests.reference.naive_units import above_sub_task
from tests.reference.naive_world import is_above

CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]
NORMAL = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=CHECKS, phases=PHASES)
SLOW = settings(max_examples=5_000, deadline=None, suppress_health_check=CHECKS, phases=PHASES, print_blob=True)


# ---- properties of the reference alone ------------------------------------------------------------------------------------


def check_credit(company: Company, found: Reference) -> None:
    """No item is credited more than once in a cycle."""
    for (no, cycle), anchored in found.attachments.items():
        assert sum(part for _, _, part in anchored.shares) <= 1, (no, cycle)


def check_paths(company: Company, found: Reference) -> None:
    """By count, and by estimate among what carries, no unit above sub-task level stands above another one."""
    world = world_of(*company)
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


def check_all(company: Company) -> Reference:
    found = reference(*company)
    for check in (check_credit, check_paths, check_figures, check_reasons, check_lists):
        check(company, found)
    return found


OCCURS = {
    "a claim of an own priority": 15,
    "a comparison with an empty field": 50,
    "a dormant claim": 50,
    "a dormant part of a split": 15,
    "a dropped key result": 20,
    "a figure in a cycle within its own": 50,
    "a former id": 20,
    "a key result that a pillar takes once": 25,
    "an inherited key result that a pillar takes once": 4,
    "an objective whose key results are all dropped": 8,
    "a line of a status map": 40,
    "a name beyond the fence": 6,
    "a name made of two placeholders": 6,
    "a reading that is left aside for another one": 4,
    "a rule that cannot be evaluated": 25,
    "a rule that only `unless` holds back": 25,
    "a split": 15,
    "a target beyond the fence": 5,
    "a team that is not accepted": 15,
    "an item beneath a duplicate": 12,
    "an item outside of the fence": 40,
    "an item outside of the rule's life": 15,
    "an objective that is no longer or not yet agreed": 80,
    "outcome: allowance": 20,
    "outcome: broken": 30,
    "outcome: contested": 20,
    "outcome: duplicate": 30,
    "outcome: ignored": 10,
    "outcome: linked": 80,
    "outcome: unanchored": 70,
}
"""In how many of 300 companies a case comes up at least."""


# ---- the runs -------------------------------------------------------------------------------------------------------------


def check_against_hub(company: Company) -> None:
    words = reference(*company)
    for what in sorted(what for what, times in words.met.items() if times):
        event(what)
    compare(company, words)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("focus", FOCUSES)
def test_the_hub_says_what_the_words_say(focus: str) -> None:
    NORMAL(given(companies(focus))(check_against_hub))()


@pytest.mark.timeout(600)
def test_the_words_keep_their_promises_and_the_sample_holds_every_case() -> None:
    met: Counter[str] = Counter()

    def check(company: Company) -> None:
        met.update(what for what, times in check_all(company).met.items() if times)

    for focus in FOCUSES:
        NORMAL(given(companies(focus))(check))()
    assert {what: met[what] for what in OCCURS if met[what] < OCCURS[what]} == {}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@SLOW
@given(companies())
def test_the_hub_says_what_the_words_say_of_thousands(company: Company) -> None:
    check_against_hub(company)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@SLOW
@given(companies())
def test_the_words_keep_their_promises_of_thousands(company: Company) -> None:
    check_all(company)
