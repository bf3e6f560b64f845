"""What a plant is: a bug that can be put into the hub and taken out again."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.simulation.setup import STARTS
from tests.simulation.world import started

evaluate: Any = importlib.import_module("hub.sync.evaluate")  # the room exports a function of the same name
judge: Any = importlib.import_module("hub.sync.judge")
readers: Any = importlib.import_module("hub.sync.readers")
reading: Any = importlib.import_module("hub.sync.reading")
write_pages: Any = importlib.import_module("hub.store.write_pages")

Change = tuple[Any, str, Any]


@dataclass(frozen=True, slots=True)
class Plant:
    """``changes`` gives what to replace: (module or class, name, value). ``seed`` or ``story`` notices it."""

    name: str
    what: str
    changes: Callable[[], list[Change]]
    by: str
    """The invariant that does not hold then."""
    seed: int | None = None
    story: str | None = None

    @contextmanager
    def planted(self) -> Iterator[None]:
        for start in range(STARTS):
            started(start)  # what a history begins with is made by the hub as it is
        changes = self.changes()
        former = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
        for owner, name, value in changes:
            setattr(owner, name, value)
        try:
            yield
        finally:
            for owner, name, value in former:
                setattr(owner, name, value)


PLANTS: dict[str, Plant] = {}


def plant(
    what: str, *, by: str, seed: int | None = None, story: str | None = None
) -> Callable[[Callable[[], list[Change]]], None]:
    def register(changes: Callable[[], list[Change]]) -> None:
        PLANTS[changes.__name__] = Plant(changes.__name__, what, changes, by, seed, story)

    return register
