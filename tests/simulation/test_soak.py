"""F45: many nights with daily faults end equal to the truth, and cost no more at the end than at the beginning."""

from __future__ import annotations

import pytest

from tests.simulation.soak import judged, soak


@pytest.mark.timeout(300)
def test_a_hundred_nights() -> None:
    found, spoilt = soak(1, 100)
    print(judged(found))
    assert spoilt > 20, "the nights were too quiet to prove anything"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_four_hundred_nights() -> None:
    found, spoilt = soak(2, 400)
    print(judged(found), f"; {spoilt} runs were not complete")
    assert spoilt > 80
