"""A source's settings with what the mapping files ask of it."""

from __future__ import annotations

from dataclasses import replace

import connectors
from connectors.base import SourceSettings
from hub.config import Config
from hub.mappings.queries import asked
from hub.model import Mapping


def source_settings(config: Config, mapping: Mapping | None, name: str, at: int) -> SourceSettings:
    """``config.settings(name)``; for a kind that runs queries, with their texts and the days of the cycle in force at ``at``
    (milliseconds). Without a mapping there are none. Raises ``UsageError``."""
    settings = config.settings(name)
    if mapping is None or not connectors.load(settings.kind).queries:
        return settings
    found = asked(mapping, name, settings.partitions, at)
    return replace(settings, queries=found.queries, parameters=found.parameters)
