"""One stand-in of each product for all tests of a process, with pages of nine rows, as new before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.sql_world import *  # noqa: F403
from tests.hub.sandbox.process import Sandbox, sandbox


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with sandbox(issues=150, seed=7, page_limit=9) as found:
        yield found


@pytest.fixture
def sb(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture(scope="session")
def running_data_center() -> Iterator[Sandbox]:
    with sandbox(issues=150, seed=7, page_limit=9, deployment="datacenter") as found:
        yield found


@pytest.fixture
def dc(running_data_center: Sandbox) -> Sandbox:
    running_data_center.reset()
    return running_data_center


@pytest.fixture(scope="session")
def running_trello() -> Iterator[Sandbox]:
    with sandbox(issues=150, seed=7, vendor="trello", cards=90, page_limit=9) as found:
        yield found


@pytest.fixture
def tr(running_trello: Sandbox) -> Sandbox:
    running_trello.reset()
    return running_trello
