"""``check`` over real items: those of the database, or of an extract where a CI has no database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli import access
from hub.errors import AnchorlineError

if TYPE_CHECKING:
    from hub.config import Config
    from hub.errors import Problem
    from hub.model import Mapping
    from hub.report.audit import Audit


def over_items(config: Config, mapping: Mapping, extract: Path | None) -> Audit | None:
    """What the files make of the items that an extract or the database holds; None where nothing was synced yet.

    Raises ``UsageError`` for an extract that cannot be read.
    """
    from hub.model import Dimensions
    from hub.patterns import link_items
    from hub.report.audit import audit

    if extract is not None:
        from hub.ruletests import read_extract

        held = read_extract(extract)
        facts = {**held.dimensions.sources, **{n: s.facts for n, s in config.sources.items()}}
        d = held.dimensions
        lists = Dimensions(d.statuses, d.containers, d.sprints, d.types, facts)
        return audit(mapping, link_items(held.items, mapping.patterns), lists, held.as_of)
    database = access.sqlite_file(config)
    if database is not None and not database.exists():
        return None
    from hub.store.read import Reader

    with access.store(config) as store:
        reader = Reader(store)
        if not any(source.items for source in reader.sources()):
            return None
        d = reader.dimensions()
        lists = Dimensions(d.statuses, d.containers, d.sprints, d.types, {n: s.facts for n, s in config.sources.items()})
        items = [item for trees in reader.everything() for item in trees]
        return audit(mapping, link_items(items, mapping.patterns), lists, access.now())


def over_values(config: Config, mapping: Mapping) -> list[Problem]:
    """What the files name that no stored value has; nothing where the database cannot be read."""
    from hub.report.series import unread_series
    from hub.store.read import Reader
    from hub.tomlfile import quoted

    database = access.sqlite_file(config)
    if database is not None and not database.exists():
        return []
    try:
        with access.store(config) as store:
            return quoted(sorted(unread_series(mapping, Reader(store).series())), mapping.files)
    except AnchorlineError:
        return []  # which is said where the items are looked at


def failing(found: Audit | None) -> int:
    """Lines that ``--strict`` fails on."""
    from hub.report.audit import STRICT

    return sum(line.kind in STRICT for line in found.lines) if found else 0


def note(config: Config, mapping: Mapping, extract: Path | None) -> tuple[Audit | None, str | None]:
    """The same for a command that goes on without it: a database that cannot be read is told in a sentence."""
    try:
        return over_items(config, mapping, extract), None
    except AnchorlineError as error:
        if extract is not None:
            raise
        return None, f"The stored items could not be checked: {error}."
