"""What a source has that the mapping files do not mention with a word: news for whoever looks a second time. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hub.looking.draft import Draft
from hub.looking.families import FEW
from hub.looking.text import clean
from hub.model import fold


@dataclass(frozen=True, slots=True)
class News:
    """Names that stand in no file, in the order in which they are told."""

    goals: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.goals or self.teams or self.statuses)


def news(made: Draft, kept: Collection[str]) -> News:
    """What is new of a draft beside the texts of the files that stand. Names in comments are known, too: drafts list there what
    they leave out."""
    text = fold(" ".join(clean(re.sub(r'^# ?|""', "", line)) for each in kept for line in each.splitlines()))

    def fresh(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in dict.fromkeys(map(clean, names)) if not _stands(fold(name), text))

    goals = (name for each in made.goals.conventions for name, reach in each.few if reach >= FEW)
    teams = (row for row in made.teams.rows if not any(_stands(fold(clean(t)), text) for t in (row.id, *row.projects)))
    return News(fresh(goals), fresh(row.name for row in teams), fresh(each.name for each in made.statuses))


def _stands(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None
