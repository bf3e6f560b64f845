"""One stand-in for all seeds of a process, with pages of seven rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hub.sandbox.process import TOKEN, Sandbox, sandbox
from tests.hub.store.databases import *  # noqa: F403


@pytest.fixture(scope="session")
def company() -> Iterator[Sandbox]:
    """A hundred issues in eight projects; other tests may have changed it."""
    with sandbox(issues=100, seed=7, page_limit=7) as found:
        yield found


@pytest.fixture
def sb(company: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The company as it was at the start; runs have its token."""
    monkeypatch.setenv("ANCHORLINE_JIRA__TOKEN", TOKEN)
    company.reset()
    return company
