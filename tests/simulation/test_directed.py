"""The single stories: faults that random histories hit too seldom to be relied on."""

from __future__ import annotations

import pytest

from tests.simulation.directed import STORIES
from tests.simulation.stories_reading import killed_at_any_write


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    """F09, F11, F14, F15, F27, F28, F29, F32, F33, F40: see each story."""
    STORIES[name]()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_any_write() -> None:
    """F27: at every write and commit of a nightly run with changes, a move and a deletion."""
    killed_at_any_write()
