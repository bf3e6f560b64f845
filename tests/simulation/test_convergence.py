"""Whatever breaks: when the faults stop and one complete run has passed, what the hub holds is the vendors' truth.

A failing seed is printed with its steps, shrunk, and replays: ``python -m tests.simulation SEED``.
"""

from __future__ import annotations

import secrets

import pytest

from tests.simulation.runner import play, shrink

FIXED, CHUNK = 400, 50
FRESH = 100


def assert_holds(seeds: range | list[int]) -> None:
    for seed in seeds:
        failure = play(seed)
        if failure is not None:
            pytest.fail(f"{shrink(failure)}\n\nAgain: python -m tests.simulation {seed}", pytrace=False)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, FIXED, CHUNK))
def test_fixed_seeds(first: int) -> None:
    """F10, F14, F27: random changes, faults, crashes and clock jumps, then the truth."""
    assert_holds(range(first, first + CHUNK))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(FRESH // CHUNK))
def test_fresh_seeds(part: int) -> None:
    """The same with seeds that nobody has seen; the number of one that fails is in the message."""
    assert_holds([secrets.randbelow(10**9) + 10**6 for _ in range(CHUNK)])


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_many_fresh_seeds() -> None:
    """Ten thousand of them."""
    first = secrets.randbelow(10**9) + 10**9
    assert_holds(range(first, first + 10_000))
