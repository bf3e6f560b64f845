"""What thousands of faulty runs log is no news; a failing seed prints its own story."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    plugin = request.config.pluginmanager.get_plugin("logging-plugin")
    handlers = [getattr(plugin, name) for name in ("report_handler", "caplog_handler") if hasattr(plugin, name)]
    former = [handler.level for handler in handlers]
    for handler in handlers:
        handler.setLevel(logging.CRITICAL + 1)
    yield
    for handler, level in zip(handlers, former, strict=True):
        handler.setLevel(level)
