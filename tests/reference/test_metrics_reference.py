"""The hub's metrics, key results and statuses against the naive reference, over generated strategies: 300 in a normal
run, 2,000 under ``slow``."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import event, given, seed, settings

from hub.assess import Known, assess
from tests.reference.compared_metrics import by_hub, by_words, compare, frozen_before
from tests.reference.naive_kinds import standing
from tests.reference.strategies import Given, strategies
from tests.reference.test_reference import CHECKS, PHASES

SAMPLE = settings(max_examples=25, deadline=None, database=None, suppress_health_check=CHECKS, phases=PHASES)
SEEDS = range(12)
WHOLE = settings(max_examples=600, deadline=None, suppress_health_check=CHECKS, phases=PHASES, print_blob=True)
KEPT = settings(max_examples=200, deadline=None, suppress_health_check=CHECKS, phases=PHASES, print_blob=True)
FOCUSES = (None, "items", "values")
OCCURS = {
    "a dropped key result": 20,
    "a figure in a cycle within its own": 20,
    "a frozen start": 3,
    "a key result that a pillar takes once": 10,
    "a line that cannot be evaluated": 20,
    "a missing rate": 5,
    "a part beside its whole": 20,
    "a period that is not over": 1,
    "a step of dropped work only": 1,
    "an item beneath a duplicate": 5,
    "an objective that is no longer or not yet agreed": 20,
    "several currencies": 1,
    "the first value within the cycle as start": 3,
}
"""In how many of the 300 strategies of a normal run a case comes up at least."""


def check(strategy: Given) -> None:
    for what in sorted(what for what, times in compare(strategy).met.items() if times):
        event(what)


@pytest.mark.timeout(600)
def test_the_hub_measures_what_the_words_say_and_the_sample_holds_every_case() -> None:
    met: Counter[str] = Counter()

    def keep(strategy: Given) -> None:
        met.update(what for what, times in compare(strategy).met.items() if times)

    for number in SEEDS:
        seed(number)(SAMPLE(given(strategies(FOCUSES[number % len(FOCUSES)]))(keep)))()
    assert {what: met[what] for what in OCCURS if met[what] < OCCURS[what]} == {}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("focus", FOCUSES)
def test_the_hub_measures_what_the_words_say_of_thousands(focus: str | None) -> None:
    WHOLE(given(strategies(focus))(check))()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@KEPT
@given(strategies())
def test_the_order_of_rows_changes_nothing(strategy: Given) -> None:
    """Nor does a frozen start, once it is frozen: what it was stays what it is."""
    frozen = frozen_before(strategy)
    known = Known(strategy.values[::-1], strategy.whole, frozen)
    turned = assess(strategy.mapping, strategy.items[::-1], strategy.dimensions, strategy.as_of, known)
    straight = by_hub(strategy, frozen)
    assert (turned.nodes, turned.metrics) == (straight.nodes, straight.metrics)
    world = by_words(strategy, frozen)
    for (cycle, id), baseline in frozen.items():
        assert standing(world, strategy.mapping.key_results[cycle, id]).start == baseline.value
