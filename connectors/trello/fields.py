"""What the settings name beyond a card's usual parts: custom fields, checklists, and a few of the card's own facts.

Custom fields belong to a board: the same name has another id on each, so names are resolved board by board. A custom field that
a board does not have is empty on its cards.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.base import SourceSettings

ESTIMATE = "estimate"
CHECKLIST = "checklist:"
"""``checklist:NAME``: whether all items of the card's checklist of that name are complete."""

Fact = Callable[[Mapping[str, Any], bool], Any]


def _badge(name: str) -> Fact:
    def read(card: Mapping[str, Any], list_closed: bool) -> Any:
        badges = card.get("badges")
        return badges.get(name) if isinstance(badges, dict) else None

    return read


OWN: dict[str, Fact] = {
    "closed": lambda card, list_closed: card.get("closed"),
    "list.closed": lambda card, list_closed: list_closed,
    "dueComplete": lambda card, list_closed: card.get("dueComplete"),
    "start": lambda card, list_closed: card.get("start"),
    "idMembers": lambda card, list_closed: card.get("idMembers"),
    "checkItems": _badge("checkItems"),
    "checkItemsChecked": _badge("checkItemsChecked"),
}
"""Facts of a card (and of its list: whether that is archived), by the names that Trello gives them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings ask for, still by the names that they use."""

    own: tuple[tuple[str, str], ...] = ()
    """(our name, one of ``OWN``)"""
    checklists: tuple[tuple[str, str], ...] = ()
    """(our name, name of the checklist)"""
    custom: tuple[tuple[str, str], ...] = ()
    """(our name, id or exact name of the custom field)"""
    estimate: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The custom fields, each once."""
        found = [theirs for _, theirs in self.custom] + ([self.estimate] if self.estimate else [])
        return tuple(dict.fromkeys(found))


def wanted(settings: SourceSettings) -> Wanted:
    own, checklists, custom = [], [], []
    for ours, theirs in sorted(settings.fields.items()):
        if theirs in OWN:
            own.append((ours, theirs))
        elif theirs.startswith(CHECKLIST):
            checklists.append((ours, theirs.removeprefix(CHECKLIST).strip()))
        else:
            custom.append((ours, theirs))
    return Wanted(tuple(own), tuple(checklists), tuple(custom), settings.options.get(ESTIMATE))


def matching(name: str, definitions: Iterable[Mapping[str, Any]]) -> list[str]:
    """Ids of a board's custom fields that a name or an id means."""
    rows = list(definitions)
    same = [str(row["id"]) for row in rows if row["id"] == name]
    return same or [str(row["id"]) for row in rows if row.get("name") == name]


def unresolved(asked: Wanted, boards: Mapping[str, Iterable[Mapping[str, Any]]]) -> tuple[str, ...]:
    """Sentences for names that no board has, or one of them twice. ``boards``: name of a board -> its custom fields."""
    told = []
    for name in asked.names:
        found = {board: matching(name, rows) for board, rows in boards.items()}
        twice = sorted(board for board, ids in found.items() if len(ids) > 1)
        if twice:
            ids = found[twice[0]]
            told.append(f"{len(ids)} custom fields of {twice[0]} are named {name!r}: set one of the ids {', '.join(ids)}")
        elif not any(found.values()):
            names = sorted({str(row.get("name")) for rows in boards.values() for row in rows} | OWN.keys())
            near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
            told.append(f"no board that is read has a custom field {name!r}" + (f"; near: {', '.join(near)}" if near else ""))
    return tuple(told)
