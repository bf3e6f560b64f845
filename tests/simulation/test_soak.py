"""F45: many nights with daily faults end equal to the truth, and cost no more at the end than at the beginning."""

from __future__ import annotations

import pytest

from tests.simulation.soak import judged, soak


@pytest.mark.timeout(600)
def test_four_hundred_nights() -> None:
    """F45: two runs a night, about half of them spoilt; then thirty nights in which nothing happens."""
    found, spoilt = soak(2, 400)
    print(judged(found), f"; {spoilt} runs were not complete")
    assert spoilt > 200, "the nights were too quiet to prove anything"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(3, 13))
def test_more_companies(seed: int) -> None:
    """F45: the same with other companies and other faults."""
    found, _ = soak(seed, 400)
    judged(found)
