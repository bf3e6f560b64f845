"""Moves of a board's cards between lists, from its actions: newest first, and read back only as far as somebody asks.

An action belongs to the moment of the change, so no card has one older than itself, unless it came from another board; there,
too, its first action on this board is the move to it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from connectors.trello.client import Site, pages

log = logging.getLogger(__name__)

KINDS = "updateCard:idList,createCard,copyCard,convertToCardFromCheckItem,emailCard,moveCardToBoard"
"""Actions after which a card stands in a list where it was not before."""
_PARAMS = {"filter": KINDS, "fields": "type,date,data", "member": "false", "memberCreator": "false"}
FAR = 200
"""Pages of a board's actions that one run reads at most, 1,000 actions each."""


class Move(NamedTuple):
    """A card came to a list, whose name was then ``name``."""

    at: datetime
    list: str
    name: str | None


class Moves:
    """Of one board, shared by the threads of a run."""

    def __init__(self, site: Site, board: str) -> None:
        self._site, self._board = site, board
        self._before: str | None = None
        self._pages = self._from_there()
        self._lock = threading.Lock()
        self._read = 0
        self._reached: datetime | None = None
        """How far back it is read; None before the first page."""
        self._over = False
        self._found: dict[str, list[Move]] = {}

    def back_to(self, since: datetime) -> None:
        """Read on until every action since then is known."""
        with self._lock:
            while not self._over and (self._reached is None or self._reached >= since):
                if self._read >= FAR:
                    log.warning(
                        "trello: board %s has more than %s moves of cards; those before that are not known",
                        *(self._board, FAR * 1000),
                    )
                    self._over = True
                    return
                self._one_page()

    def _one_page(self) -> None:
        try:
            page = next(self._pages, None)
        except BaseException:
            self._pages = self._from_there()  # a generator that raised is dead, and would look like the end
            raise
        self._read += 1
        if page is None:
            self._over = True
            return
        rows, _, self._before = page
        for card, move in moves(rows):
            self._found.setdefault(card, []).append(move)
        # the id of an action, like any, begins with the second in which it was made
        self._reached = datetime.fromtimestamp(int(self._before[:8], 16), UTC)

    def _from_there(self) -> Iterator[tuple[list[dict[str, Any]], list[Any], str]]:
        return pages(self._site, f"boards/{self._board}/actions", _PARAMS, self._before)

    def of(self, card: str) -> list[Move]:
        """Those of one card, newest first."""
        return self._found.get(card, [])


def moves(rows: Iterable[Any]) -> Iterator[tuple[str, Move]]:
    """(card, move) of each action that is one. What has another form is passed over: Trello has over a hundred kinds of actions,
    and none of them decides what a card is."""
    for row in rows:
        data = row.get("data") if isinstance(row, dict) else None
        if not isinstance(data, dict):
            continue
        card, to, when = data.get("card"), data.get("listAfter") or data.get("list"), _instant(row.get("date"))
        if when and isinstance(card, dict) and isinstance(to, dict):
            ident, place, name = card.get("id"), to.get("id"), to.get("name")
            if type(ident) is str and type(place) is str:
                yield ident, Move(when, place, name if type(name) is str else None)


def _instant(value: Any) -> datetime | None:
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return when if when.tzinfo is UTC else when.astimezone(UTC) if when.tzinfo else None


def entered(found: Iterable[Move], lists: Mapping[str, tuple[str, bool]]) -> dict[str, datetime]:
    """Name of each list that a card was in -> when it first came there; by the list's present name, if the board still has it."""
    stages: dict[str, datetime] = {}
    for move in sorted(found, key=lambda each: each.at):
        name = lists[move.list][0] if move.list in lists else move.name
        if name:
            stages.setdefault(name, move.at)
    return stages


def since(found: Iterable[Move], present: str) -> datetime | None:
    """When a card last came to the list that it is in."""
    return max((move.at for move in found if move.list == present), default=None)
