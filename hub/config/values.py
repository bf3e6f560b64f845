"""What ``config.toml`` says, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from connectors.base import IoSettings, Secret, SourceSettings
from hub.config.settings import DaemonSettings, LogSettings, Schedule, WebSettings
from hub.errors import Problem, UsageError
from hub.model import Place, SourceFacts, fold
from hub.tomlfile import did_you_mean

ALWAYS = frozenset({"source", "title", "state", "team"})
"""Fields of conditions that items of every kind have, and that the hub knows of every item."""


@dataclass(frozen=True, slots=True)
class Source:
    """One ``[source.NAME]`` table. ``variable`` is where its secret comes from; ``secret`` is None while it is not set."""

    name: str
    kind: str
    url: str
    place: Place
    variable: str
    user: str | None = None
    partitions: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    effort: Literal["count", "estimate"] = "count"
    options: Mapping[str, Any] = field(default_factory=dict)
    item_fields: frozenset[str] = frozenset()
    """What the kind's items can answer, without this source's own fields."""
    needs_token: bool = True
    secret: Secret | None = None
    schedule: Schedule = field(default_factory=Schedule)
    """When the daemon reads it"""
    rate: float | None = None
    """Requests a second at most; None is what the kind usually takes"""
    threads: int | None = None
    """Partitions that are read at a time; None is the kind's own number"""
    canary: str | None = None
    """Key or id of an item that every run must be able to see"""
    private_network: bool = False
    """Whether it may live at a private address"""
    work: bool = True
    """Whether its items are work that should serve a key result; else only metrics read them"""

    @property
    def facts(self) -> SourceFacts:
        """What the core must know of the source."""
        own = {f"field.{fold(name)}" for name in self.fields}
        return SourceFacts(self.name, self.kind, self.item_fields | ALWAYS | own, self.effort, self.work)


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration. ``database`` is an SQLAlchemy URL; it may hold a password and is never printed."""

    path: Path
    database: str = field(repr=False)
    timezone: str
    mappings: Path
    sources: Mapping[str, Source]
    warnings: tuple[Problem, ...] = ()
    daemon: DaemonSettings = field(default_factory=DaemonSettings)
    web: WebSettings = field(default_factory=WebSettings)
    log: LogSettings = field(default_factory=LogSettings)
    ping: Secret | None = field(default=None, repr=False)
    """The address that is told how runs went; whoever knows it can tell it, so it is a secret"""

    @property
    def data(self) -> Path:
        """The folder for what the hub keeps on disk: beside the SQLite database, else ``data`` beside the config."""
        prefix = "sqlite:///"
        return Path(self.database[len(prefix) :]).parent if self.database.startswith(prefix) else self.path.parent / "data"

    def limits(self, name: str, base: IoSettings | None = None) -> IoSettings:
        """``base`` (the usual limits if None) with what the source's table says, and a place that all processes share."""
        source = self.sources[name]
        return replace(
            base or IoSettings(),
            rate=source.rate,
            gates_folder=str(self.data / "limits"),
            allow_private_networks=source.private_network,
        )

    def settings(self, name: str) -> SourceSettings:
        """A source's settings with its secret. Raises ``UsageError`` when there is no such source, or no secret for it."""
        source = self.sources.get(name)
        if source is None:
            hint = did_you_mean(name, self.sources) or f"Add a table [source.{name}] to {self.path.name}."
            raise UsageError(f'There is no source "{name}" in {self.path.name}.', hint=hint)
        if source.needs_token and source.secret is None:
            raise UsageError(f"The secret of the source {name} is not set.", hint=secret_remedy(source.variable))
        return SourceSettings(
            name=source.name, kind=source.kind, url=source.url, user=source.user, token=source.secret,
            partitions=source.partitions, fields=source.fields, options=source.options, timezone=self.timezone,
        )  # fmt: skip


def secret_remedy(variable: str) -> str:
    """How to give a secret to the hub."""
    return f"Set {variable}, or {variable}_FILE to the path of a file that holds it."
