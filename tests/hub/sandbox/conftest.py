"""One sandbox for the module's tests, reset before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hub.sandbox.process import Sandbox, sandbox


@pytest.fixture(scope="session")
def shared() -> Iterator[Sandbox]:
    """A company of 300 issues; other tests may have changed it."""
    with sandbox(issues=300, seed=7) as running:
        yield running


@pytest.fixture
def sb(shared: Sandbox) -> Sandbox:
    """A company of 300 issues as it was at the start."""
    shared.reset()
    return shared
