from __future__ import annotations

from pathlib import Path

import pytest

from hub.store import Store
from tests.hub.sandbox.conftest import *  # noqa: F403
from tests.hub.store.databases import *  # noqa: F403
from tests.hub.sync.tracker import Hub, Tracker


@pytest.fixture
def hub(tmp_path: Path, store: Store) -> Hub:
    """Twenty items in CORE, half of them done, and five in GROW."""
    tracker = Tracker()
    tracker.put("CORE", *(f"{n}" for n in range(100, 120)))
    tracker.put("GROW", *(f"{n}" for n in range(200, 205)), labels=("beta",))
    tracker.finish(*(f"{n}" for n in range(100, 110)))
    hub = Hub(tmp_path / "hub", store, tracker)
    assert hub.sync().result == "complete"
    assert hub.progress() == ("10", "20")
    return hub
