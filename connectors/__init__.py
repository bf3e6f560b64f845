"""Connectors by name. A kind is a module of this package with ``KIND``, or an entry point ``anchorline.connectors``."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.metadata
import pkgutil
from functools import cache

from connectors import base as _base

ENTRY_POINTS = "anchorline.connectors"


class UnknownKind(LookupError):
    """No connector of that name is installed; ``known`` lists those that are."""

    def __init__(self, kind: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no connector of kind {kind!r}")
        self.kind = kind
        self.known = known


@cache
def kinds() -> tuple[str, ...]:
    """The names of all installed kinds, without importing any of them."""
    own = {m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_") and m.name != "base"}
    return tuple(sorted(own | _others().keys()))


@cache
def _others() -> dict[str, importlib.metadata.EntryPoint]:
    """What other packages offer; finding them opens a file of every package that is installed."""
    return {entry.name: entry for entry in importlib.metadata.entry_points(group=ENTRY_POINTS)}


def load(kind: str) -> _base.Kind:
    """The ``KIND`` of a connector module, imported now. Its SDK is imported only when a connector is opened.

    Raises ``UnknownKind``.
    """
    if kind not in kinds():
        raise UnknownKind(kind, kinds())
    entry = _others().get(kind)
    found = entry.load() if entry is not None else importlib.import_module(f"connectors.{kind}").KIND
    if not isinstance(found, _base.Kind):
        raise TypeError(f"connector {kind!r} offers {type(found).__name__} instead of a Kind")
    return found


def open(settings: _base.SourceSettings, limits: _base.IoSettings | None = None) -> _base.Connector:
    """The ready connector of a source, with its own guarded ``Io``. Use it as a context manager."""
    from connectors._shared.io import RunIo

    kind = load(settings.kind)
    site = kind.address == "https" or settings.url.startswith(("https://", "http://"))
    limits = limits or _base.IoSettings()
    if limits.rate is None:
        limits = dataclasses.replace(limits, rate=kind.rate)
    io = RunIo(settings, limits, site=site)
    return kind.factory(settings, io)


def reach(url: str, limits: _base.IoSettings | None = None) -> _base.Io:
    """A guarded ``Io`` for an address that is no source: the same origin, redirect, size and time guards. Close it."""
    from connectors._shared.io import RunIo

    return RunIo(_base.SourceSettings(name="", kind="", url=url), limits or _base.IoSettings())
