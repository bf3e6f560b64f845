"""What a Trello stand-in holds: boards with lists, labels, custom fields, cards, checklists and actions, as Trello's own rows.

Pure state; who may see it and how it is answered is in `trello`, how it changes in `trello_mutate`.
"""

from __future__ import annotations

import hashlib
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hub.sandbox.company import account_id

Json = dict[str, Any]


def moment(ms: int) -> str:
    """``2026-11-22T12:00:00.000Z``, as all of Trello's stamps."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def milliseconds(text: str) -> int:
    """The other way."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@dataclass
class TrelloSite:
    """Everything by id; `now` is the sandbox's clock in epoch milliseconds."""

    now: int
    boards: dict[str, Json] = field(default_factory=dict)
    lists: dict[str, Json] = field(default_factory=dict)
    labels: dict[str, Json] = field(default_factory=dict)
    custom: dict[str, Json] = field(default_factory=dict)
    """Definitions of custom fields; `idModel` is the board."""
    cards: dict[str, Json] = field(default_factory=dict)
    """As the API shows them, with `attachments` and `customFieldItems`, which it shows only where they are asked for."""
    checklists: dict[str, Json] = field(default_factory=dict)
    actions: list[Json] = field(default_factory=list)
    """In the order in which they happened."""
    hidden: set[str] = field(default_factory=set)
    """Boards that the account may not see."""
    salt: str = ""
    made: int = 0

    def ident(self, at: int | None = None) -> str:
        """A new id: the second of its making, then what nothing is to be read from; later ones of a second are greater."""
        self.made += 1
        rest = hashlib.blake2b(self.salt.encode(), digest_size=5).hexdigest() + f"{self.made:06x}"
        return f"{(self.now if at is None else at) // 1000:08x}{rest}"

    def of_board(self, table: dict[str, Json], board: str, key: str = "idBoard") -> list[Json]:
        """The rows of a table that belong to a board."""
        return [row for row in table.values() if row[key] == board]

    def board_order(self, cards: list[Json]) -> list[Json]:
        """As they stand on the board: by list and by place in it, which is not the order of their ids."""
        at = {ident: (row["pos"], ident) for ident, row in self.lists.items()}
        return sorted(cards, key=lambda card: (at.get(card["idList"], (0.0, "")), card["pos"], card["id"]))

    # --- what happens ------------------------------------------------------------------------------------------------

    def happened(self, kind: str, card: Json, at: int, **data: Any) -> None:
        """An action of a card."""
        board = self.boards[card["idBoard"]]
        told = {
            "card": {name: card[name] for name in ("id", "name", "idShort", "shortLink")},
            "board": {name: board.get(name) for name in ("id", "name", "shortLink")},
            **data,
        }
        row = {"id": self.ident(at), "type": kind, "date": moment(at), "idMemberCreator": account_id(0), "data": told}
        insort(self.actions, row, key=lambda action: str(action["id"]))

    def shown(self, place: str) -> Json:
        """A list as actions name it."""
        return {"id": place, "name": self.lists[place]["name"]}

    # --- making ------------------------------------------------------------------------------------------------------

    def add_board(self, name: str, at: int, **more: Any) -> Json:
        ident = self.ident(at)
        link = f"b{ident[-7:]}"
        row = {
            "id": ident, "name": name, "desc": "", "closed": False, "idOrganization": None, "pinned": False,
            "url": f"https://trello.com/b/{link}", "shortUrl": f"https://trello.com/b/{link}", "shortLink": link,
            "prefs": {"isTemplate": False, "permissionLevel": "org"}, "labelNames": {}, "dateLastActivity": moment(at), **more,
        }  # fmt: skip
        self.boards[ident] = row
        return row

    def add_list(self, board: str, name: str, at: int, closed: bool = False) -> Json:
        place = len(self.of_board(self.lists, board)) + 1
        ident = self.ident(at)
        row = {
            "id": ident,
            "name": name,
            "closed": closed,
            "idBoard": board,
            "pos": place * 16384.5,
            "subscribed": False,
        }
        self.lists[ident] = row
        return row

    def add_label(self, board: str, name: str, color: str | None, at: int) -> Json:
        ident = self.ident(at)
        row = {"id": ident, "idBoard": board, "name": name, "color": color}
        self.labels[ident] = row
        return row

    def add_custom(self, board: str, name: str, kind: str, at: int, options: tuple[str, ...] = ()) -> Json:
        ident = self.ident(at)
        row: Json = {
            "id": ident, "idModel": board, "modelType": "board", "fieldGroup": ident * 2, "name": name, "type": kind,
            "display": {"cardFront": True}, "pos": 16384,
        }  # fmt: skip
        if kind == "list":
            row["options"] = [
                {"id": self.ident(at), "idCustomField": ident, "value": {"text": text}, "color": "none", "pos": 16384}
                for text in options
            ]
        self.custom[ident] = row
        return row

    def add_card(self, place: str, name: str, at: int, **more: Any) -> Json:
        """A card, and the action that made it."""
        board = self.lists[place]["idBoard"]
        ident = self.ident(at)
        short = 1 + max((card["idShort"] for card in self.of_board(self.cards, board)), default=0)
        link = f"c{ident[-7:]}"
        row: Json = {
            "id": ident, "checkItemStates": None, "closed": False, "dateLastActivity": moment(at), "desc": "", "due": None,
            "dueComplete": False, "dueReminder": None, "email": None, "idBoard": board, "idChecklists": [], "idList": place,
            "idMembers": [], "idMembersVoted": [], "idShort": short, "idAttachmentCover": None, "idLabels": [],
            "manualCoverAttachment": False, "name": name, "pos": float((short * 7919) % 1000 * 64), "shortLink": link,
            "shortUrl": f"https://trello.com/c/{link}", "start": None, "subscribed": False,
            "url": f"https://trello.com/c/{link}/{short}-card", "cover": {"color": None}, "isTemplate": False,
            "cardRole": None, "nodeId": f"ari:cloud:trello::card/{ident}", "attachments": [], "customFieldItems": [], **more,
        }  # fmt: skip
        self.cards[ident] = row
        self.happened("createCard", row, at, list=self.shown(place))
        return row

    def add_checklist(self, card: Json, name: str, states: tuple[bool, ...], at: int) -> Json:
        ident = self.ident(at)
        row: Json = {
            "id": ident, "name": name, "idBoard": card["idBoard"], "idCard": card["id"], "pos": 16384,
            "checkItems": [
                {"id": self.ident(at), "name": f"Step {number}", "pos": number * 16384, "due": None, "idMember": None,
                 "state": "complete" if done else "incomplete", "idChecklist": ident}
                for number, done in enumerate(states, 1)
            ],
        }  # fmt: skip
        self.checklists[ident] = row
        card["idChecklists"] = [*card["idChecklists"], ident]
        return row

    def attach(self, card: Json, url: str, at: int, upload: bool = False) -> None:
        row: Json = {
            "id": self.ident(at), "bytes": 1200 if upload else None, "date": moment(at), "edgeColor": None,
            "idMember": account_id(0), "isUpload": upload,
            "mimeType": "application/pdf" if upload else "",
            "name": url, "previews": [], "url": url,
            "pos": 16384,
        }  # fmt: skip
        card["attachments"] = [*card["attachments"], row]

    def value(self, card: Json, definition: Json, text: str | None) -> None:
        """Set a custom field, all of whose values are texts; None takes it off."""
        kept = [item for item in card["customFieldItems"] if item["idCustomField"] != definition["id"]]
        if text is not None:
            item: Json = {"id": self.ident(), "idCustomField": definition["id"], "idModel": card["id"], "modelType": "card"}
            if definition["type"] == "list":
                option = next(each["id"] for each in definition["options"] if each["value"]["text"] == text)
                item |= {"idValue": option, "value": None}
            else:
                item |= {"value": {"checked" if definition["type"] == "checkbox" else definition["type"]: text}}
            kept.append(item)
        card["customFieldItems"] = kept

    def move(self, card: Json, place: str, at: int) -> None:
        """To another list, of the same or of another board."""
        before = card["idList"]
        if self.lists[place]["idBoard"] == card["idBoard"]:
            card["idList"] = place
            listed = {"listBefore": self.shown(before), "listAfter": self.shown(place), "old": {"idList": before}}
            self.happened("updateCard", card, at, **listed)
        else:
            source = self.boards[card["idBoard"]]
            target = self.boards[self.lists[place]["idBoard"]]
            ends = {"boardSource": {"id": source["id"]}, "list": self.shown(place)}
            self.happened("moveCardFromBoard", card, at, boardTarget={"id": target["id"]}, list=self.shown(before))
            for checklist in self.checklists.values():
                if checklist["idCard"] == card["id"]:
                    checklist["idBoard"] = target["id"]
            card |= {"idBoard": target["id"], "idList": place, "idLabels": [], "customFieldItems": []}
            self.happened("moveCardToBoard", card, at, **ends)
        card["dateLastActivity"] = moment(at)

    def badges(self, card: Json) -> Json:
        """What a card counts of itself."""
        if "badges" in card:
            found: Json = card["badges"]
            return found
        items = [
            item
            for checklist in self.checklists.values()
            if checklist["idCard"] == card["id"]
            for item in checklist["checkItems"]
        ]
        return {
            "attachmentsByType": {"trello": {"board": 0, "card": 0}}, "location": False, "votes": 0, "viewingMemberVoted": False,
            "subscribed": False, "fogbugz": "", "checkItems": len(items),
            "checkItemsChecked": sum(item["state"] == "complete" for item in items), "comments": 0,
            "attachments": len(card["attachments"]), "description": bool(card.get("desc")), "due": card["due"],
            "start": card["start"], "dueComplete": card["dueComplete"], "lastUpdatedByAi": False,
        }  # fmt: skip

    def work(self, board: str) -> Iterator[Json]:
        """The cards of a board that are work: neither templates nor mirrors."""
        for card in self.of_board(self.cards, board):
            if not card["isTemplate"] and card["cardRole"] != "mirror":
                yield card
