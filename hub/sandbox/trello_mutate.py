"""Changes to a sandbox Trello, as its people would make them: each moves `dateLastActivity` where the real product would.

A change is an object with `op`: create, update, move, archive, delete, value, attach, list, board, label or option. Changes of
lists, labels, options and boards leave the cards' stamps alone, as the real ones do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.sandbox.mutate_lists import MutationError
from hub.sandbox.trello_site import TrelloSite, moment

Json = dict[str, Any]
TICK_MS = 1000
_FREE = ("name", "due", "dueComplete", "desc", "idLabels", "idMembers", "isTemplate", "cardRole", "dateLastActivity", "start")


class TrelloMutator:
    """Applies changes to one site."""

    def __init__(self, site: TrelloSite) -> None:
        self.site = site
        self._ops: dict[str, Callable[[Json], Json]] = {
            "create": self.create,
            "update": self.update,
            "move": self.move,
            "archive": self.archive,
            "delete": self.delete,
            "value": self.value,
            "attach": self.attach,
            "list": self.list,
            "board": self.board,
            "label": self.label,
            "option": self.option,
        }

    def apply(self, change: Json) -> Json:
        """Make one change; the answer is the row that was touched."""
        op = self._ops.get(str(change.get("op")))
        if op is None:
            raise MutationError(f"op is one of {', '.join(self._ops)}, not {change.get('op')!r}")
        self.site.now += TICK_MS
        return op(change)

    def _one(self, table: dict[str, Json], what: Any, name: str) -> Json:
        found = [row for row in table.values() if what in (row["id"], row.get("shortLink"))]
        if not found:
            raise MutationError(f"no {name} {what!r}")
        return found[0]

    def _card(self, change: Json, silent: bool = False) -> Json:
        card = self._one(self.site.cards, change.get("card"), "card")
        if not silent:
            card["dateLastActivity"] = moment(self.site.now)
        return card

    def create(self, change: Json) -> Json:
        place = self._one(self.site.lists, change.get("list"), "list")
        given = {name: change[name] for name in _FREE if name in change and name != "name"}
        return self.site.add_card(place["id"], str(change.get("name", "New card")), self.site.now, **given)

    def update(self, change: Json) -> Json:
        """Any of a card's plain fields."""
        card = self._card(change)
        card |= {name: change[name] for name in _FREE if name in change}
        card.pop("badges", None)
        return card

    def move(self, change: Json) -> Json:
        """To a list, of the same or of another board."""
        card = self._card(change)
        self.site.move(card, self._one(self.site.lists, change.get("list"), "list")["id"], self.site.now)
        return card

    def archive(self, change: Json) -> Json:
        card = self._card(change)
        card["closed"] = bool(change.get("closed", True))
        listed = {"old": {"closed": not card["closed"]}, "list": self.site.shown(card["idList"])}
        self.site.happened("updateCard", card, self.site.now, **listed)
        return card

    def delete(self, change: Json) -> Json:
        """For good. Its actions stay on the board, but for the one that says so they name a card that is not there."""
        card = self._card(change)
        self.site.happened("deleteCard", card, self.site.now, list=self.site.shown(card["idList"]))
        del self.site.cards[card["id"]]
        return card

    def value(self, change: Json) -> Json:
        card = self._card(change)
        fields = self.site.of_board(self.site.custom, card["idBoard"], "idModel")
        definition = next((row for row in fields if row["name"] == change.get("field")), None)
        if definition is None:
            raise MutationError(f"no custom field {change.get('field')!r}")
        self.site.value(card, definition, change.get("value"))
        return card

    def attach(self, change: Json) -> Json:
        card = self._card(change)
        self.site.attach(card, str(change["url"]), self.site.now, bool(change.get("upload")))
        return card

    def list(self, change: Json) -> Json:
        """Rename, archive or (with `board` in place of `list`) make one."""
        if "board" in change:
            board = self._one(self.site.boards, change["board"], "board")
            return self.site.add_list(board["id"], str(change["name"]), self.site.now)
        row = self._one(self.site.lists, change.get("list"), "list")
        row |= {name: change[name] for name in ("name", "closed") if name in change}
        return row

    def board(self, change: Json) -> Json:
        """Rename or close it, take the account's access away (`hidden`), or delete it with all that is on it."""
        board = self._one(self.site.boards, change.get("board"), "board")
        board |= {name: change[name] for name in ("name", "closed") if name in change}
        if "hidden" in change:
            (self.site.hidden.add if change["hidden"] else self.site.hidden.discard)(board["id"])
        if change.get("delete"):
            del self.site.boards[board["id"]]
            for table in (self.site.lists, self.site.cards, self.site.labels):
                for row in self.site.of_board(table, board["id"]):
                    del table[row["id"]]
        return board

    def label(self, change: Json) -> Json:
        row = self._one(self.site.labels, change.get("label"), "label")
        row |= {name: change[name] for name in ("name", "color") if name in change}
        return row

    def option(self, change: Json) -> Json:
        """Rename an option of a custom field."""
        for row in self.site.custom.values():
            for option in row.get("options", ()):
                if option["id"] == change.get("option"):
                    option["value"] = {"text": str(change["name"])}
                    return row
        raise MutationError(f"no option {change.get('option')!r}")
