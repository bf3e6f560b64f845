"""The simulation is proved: every bug that is planted into the hub is noticed, by its seed or by its story."""

from __future__ import annotations

import pytest

from tests.simulation.checks import Broken
from tests.simulation.directed import STORIES
from tests.simulation.planted import PLANTS
from tests.simulation.runner import play


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_bug_is_caught(name: str) -> None:
    """Without the plant the same seed or story passes: they are played by the other tests."""
    found = PLANTS[name]
    assert (found.seed is None) != (found.story is None), "a plant names what catches it, one thing"
    with found.planted():
        if found.seed is not None:
            failure = play(found.seed)
            assert failure is not None, f"{found.what}: seed {found.seed} does not notice"
            assert failure.name == found.by, failure.text
        else:
            with pytest.raises(Broken, match=f"^{found.by}: "):
                STORIES[found.story or ""]()


def test_there_are_enough_of_them() -> None:
    assert len(PLANTS) >= 20
