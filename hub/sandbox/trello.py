"""Trello's API over one site: who may ask, and which resource answers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.sandbox.answers import Settings, meaning
from hub.sandbox.company import PEOPLE, account_id
from hub.sandbox.trello_mutate import TrelloMutator
from hub.sandbox.trello_site import TrelloSite

Json = dict[str, Any]
Handler = Callable[[Request], Awaitable[Any]]
ME = 0
MOST, USUAL_ACTIONS = 1000, 50
_OAUTH = re.compile(r'OAuth oauth_consumer_key="([^"]*)", *oauth_token="([^"]*)"')
_ID = re.compile(r"[0-9a-fA-F]{24}|[A-Za-z0-9]{8}")
_PRIVATE = ("attachments", "customFieldItems")
"""Of a card only where they are asked for."""


@dataclass
class TrelloSettings(Settings):
    """Its switches; `user` is the API key, `limit` counts by token and window of ten seconds, `role` names the boards seen."""

    user: str = "0123456789abcdef0123456789abcdef"
    account: str = account_id(ME)
    bare: bool = False  # listings of cards leave attachments out, whatever is asked
    largest: int = 0  # rows beyond which a listing is refused for its size; 0: none is
    gateway: int = 0  # rows beyond which the gateway gives up on a listing
    crowded: bool = False  # boards have too many checklists to list


class Plain(Exception):
    """A refusal: Trello's are mostly a line of text."""

    def __init__(self, status: int, body: str | Json) -> None:
        super().__init__(status)
        self.status, self.body = status, body


MISSING = "The requested resource was not found."
NO_RIGHT = "unauthorized permission requested"


class TrelloApi:
    """The routes of one site."""

    TOO_MANY: ClassVar[Json] = {"error": "API_TOKEN_LIMIT_EXCEEDED", "message": "Rate limit exceeded"}

    def __init__(self, site: TrelloSite, settings: TrelloSettings) -> None:
        self.site, self.settings, self.mutator = site, settings, TrelloMutator(site)

    # --- what the sandbox's control asks -----------------------------------------------------------------------------

    def truth(self) -> Json:
        """Every card that is work, by id: its board, list, whether it, its list and its board are archived, and whether the
        account may see it."""
        found = {}
        for board in self.site.boards.values():
            for card in self.site.work(board["id"]):
                place = self.site.lists[card["idList"]]
                found[card["id"]] = {
                    "name": card["name"], "board": board["id"], "list": place["name"], "closed": card["closed"],
                    "list_closed": place["closed"], "board_closed": board["closed"], "seen": self._sees(board["id"]),
                    "template_board": board["prefs"]["isTemplate"], "labels": [self._label(each) for each in card["idLabels"]],
                }  # fmt: skip
        return found

    def _label(self, ident: str) -> str:
        row = self.site.labels[ident]
        return str(row["name"] or row["color"])

    def fact(self, name: str) -> Json | None:
        """What is true of one card."""
        return self.truth().get(name)

    def change(self, change: Json) -> Json:
        return self.mutator.apply(change)

    def switched(self) -> None:
        """Nothing depends on the switches but the answers."""

    def slow_down(self, wait: int, limit: int, now: int) -> dict[str, str]:
        """A 429 of Trello says what the limit is, and not when to come back."""
        stem = "x-rate-limit-api-token"
        return {f"{stem}-interval-ms": "10000", f"{stem}-max": str(limit), f"{stem}-remaining": "0"}

    # --- who asks ----------------------------------------------------------------------------------------------------

    def _caller(self, request: Request) -> None:
        header = _OAUTH.fullmatch(request.headers.get("authorization", ""))
        query = request.query_params
        key, token = header.groups() if header else (query.get("key"), query.get("token"))
        if key is None or token is None:
            raise Plain(401, NO_RIGHT)
        if key != self.settings.user:
            raise Plain(401, "invalid key")
        if token != self.settings.token:
            raise Plain(401, "invalid token")

    def _sees(self, board: str) -> bool:
        return board not in self.site.hidden and (not self.settings.role or board in self.settings.role)

    def _board(self, request: Request) -> Json:
        name = request.path_params["board"]
        if not _ID.fullmatch(name):
            raise Plain(400, "invalid id")
        found = next((row for row in self.site.boards.values() if name in (row["id"], row.get("shortLink"))), None)
        if found is None:
            raise Plain(404, MISSING)
        if not self._sees(found["id"]):
            raise Plain(401, NO_RIGHT)
        return found

    def _card(self, request: Request) -> Json:
        name = request.path_params["card"]
        if not _ID.fullmatch(name):
            raise Plain(400, "invalid id")
        found = next((row for row in self.site.cards.values() if name in (row["id"], row["shortLink"])), None)
        if found is None or found["id"] in (meaning(request, "missing") or {}).get("ids", ()):
            raise Plain(404, MISSING)
        if not self._sees(found["idBoard"]):
            raise Plain(401, "unauthorized card permission requested")
        return found

    # --- resources ---------------------------------------------------------------------------------------------------

    async def me(self, request: Request) -> Json:
        row = {"id": self.settings.account, "fullName": PEOPLE[ME], "username": "larkfield", "email": "someone@larkfield.example"}
        return fields_of(row, request.query_params.get("fields"))

    async def my_boards(self, request: Request) -> list[Json]:
        chosen = request.query_params.get("filter", "all")
        seen = [row for row in self.site.boards.values() if self._sees(row["id"])]
        if chosen in ("open", "closed"):
            seen = [row for row in seen if row["closed"] == (chosen == "closed")]
        return [fields_of(row, request.query_params.get("fields")) for row in seen]

    async def board(self, request: Request) -> Json:
        return fields_of(self._board(request), request.query_params.get("fields"))

    async def lists(self, request: Request) -> list[Json]:
        rows = self.site.of_board(self.site.lists, self._board(request)["id"])
        chosen = request.query_params.get("filter", "open")
        rows = [row for row in rows if chosen == "all" or row["closed"] == (chosen == "closed")]
        return [fields_of(row, request.query_params.get("fields")) for row in rows]

    async def labels(self, request: Request) -> list[Json]:
        rows = self.site.of_board(self.site.labels, self._board(request)["id"])
        return rows[: _count(request, 50)]

    async def custom_fields(self, request: Request) -> list[Json]:
        return self.site.of_board(self.site.custom, self._board(request)["id"], "idModel")

    async def checklists(self, request: Request) -> list[Json]:
        board = self._board(request)["id"]
        if self.settings.crowded:
            raise Plain(403, "Too many checklists")
        return self.site.of_board(self.site.checklists, board)

    async def cards(self, request: Request) -> list[Json]:
        """The newest `limit` cards below `before`, in the board's order."""
        board = self._board(request)["id"]
        size = _count(request, MOST)
        self._sized(size)
        if meaning(request, "empty_page") is not None:
            return []
        rows = [card for card in self.site.of_board(self.site.cards, board) if self._passes(card, request)]
        rows = self._page(request, rows, self.settings.cap(size))
        rows = self.site.board_order(rows)
        if twice := meaning(request, "duplicate"):
            rows = rows + rows[: int(twice.get("by", 1))]
        left_out = (meaning(request, "missing") or {}).get("ids", ())
        return [self._shown(card, request, listed=True) for card in rows if card["id"] not in left_out]

    def _sized(self, size: int) -> None:
        if self.settings.largest and size > self.settings.largest:
            raise Plain(403, {"error": "API_TOO_MANY_CARDS_REQUESTED", "message": "Too many cards requested"})
        if self.settings.gateway and size > self.settings.gateway:
            raise Plain(504, "upstream request timeout")

    def _passes(self, card: Json, request: Request) -> bool:
        chosen = str(request.path_params.get("filter", "open"))
        if chosen == "visible":
            return not card["closed"] and not bool(self.site.lists[card["idList"]]["closed"])
        return chosen == "all" or bool(card["closed"]) == (chosen == "closed")

    def _page(self, request: Request, rows: list[Json], size: int) -> list[Json]:
        before = request.query_params.get("before")
        if meaning(request, "repeat_token") is not None:
            before = None
        rows = [row for row in rows if before is None or row["id"] < before]
        return sorted(rows, key=lambda row: str(row["id"]), reverse=True)[:size]

    def _shown(self, card: Json, request: Request, listed: bool = False) -> Json:
        query = request.query_params
        whole = {name: value for name, value in card.items() if name not in _PRIVATE}
        whole |= {"badges": self.site.badges(card), "labels": [self.site.labels[each] for each in card["idLabels"]]}
        shown = fields_of(whole, query.get("fields"))
        if query.get("attachments") == "true" and not (listed and self.settings.bare):
            shown["attachments"] = [fields_of(each, query.get("attachment_fields")) for each in card["attachments"]]
        if query.get("customFieldItems") == "true":
            shown["customFieldItems"] = card["customFieldItems"]
        return shown

    async def card(self, request: Request) -> Json:
        card = self._card(request)
        shown = self._shown(card, request)
        if kinds := request.query_params.get("actions"):
            mine = [row for row in self.site.actions if row["data"]["card"]["id"] == card["id"]]
            chosen = [row for row in reversed(mine) if _is_of(row, kinds)]
            size = int(request.query_params.get("actions_limit", USUAL_ACTIONS))
            shown["actions"] = [fields_of(row, request.query_params.get("action_fields")) for row in chosen[:size]]
        return shown

    async def attachments(self, request: Request) -> list[Json]:
        return [fields_of(row, request.query_params.get("fields")) for row in self._card(request)["attachments"]]

    async def actions(self, request: Request) -> list[Json]:
        """Newest first."""
        board = self._board(request)["id"]
        size = _count(request, USUAL_ACTIONS)
        self._sized(size)
        kinds = request.query_params.get("filter", "all")
        rows = [row for row in self.site.actions if row["data"]["board"]["id"] == board and _is_of(row, kinds)]
        page = self._page(request, rows, self.settings.cap(size))
        return [fields_of(row, request.query_params.get("fields")) for row in page]

    # --- routes ------------------------------------------------------------------------------------------------------

    def app(self) -> Starlette:
        """The routes."""
        board = "/1/boards/{board}"
        table: tuple[tuple[str, Handler], ...] = (
            ("/1/members/me", self.me),
            ("/1/members/me/boards", self.my_boards),
            (board, self.board),
            (f"{board}/lists", self.lists),
            (f"{board}/labels", self.labels),
            (f"{board}/customFields", self.custom_fields),
            (f"{board}/checklists", self.checklists),
            (f"{board}/cards", self.cards),
            (f"{board}/cards/{{filter}}", self.cards),
            (f"{board}/actions", self.actions),
            ("/1/cards/{card}", self.card),
            ("/1/cards/{card}/attachments", self.attachments),
        )
        return Starlette(routes=[Route(path, self._guard(handler), methods=["GET"]) for path, handler in table])

    def _guard(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            try:
                self._caller(request)
                found = await handler(request)
            except Plain as refusal:
                if isinstance(refusal.body, str):
                    return Response(refusal.body, refusal.status, media_type="text/plain")
                return Response(orjson.dumps(refusal.body), refusal.status, media_type="application/json")
            return Response(orjson.dumps(found), 200, media_type="application/json")

        return guarded


def fields_of(row: Json, asked: str | None) -> Json:
    """The row with its id and the fields that were asked for; all without a word on it."""
    if asked is None or asked == "all":
        return row
    return {"id": row["id"], **{name: row[name] for name in asked.split(",") if name in row}}


def _is_of(action: Json, kinds: str) -> bool:
    """Whether an action is of one of the kinds: `createCard`, or `updateCard:idList` for a change of that field."""
    if kinds == "all":
        return True
    for kind in kinds.split(","):
        name, _, part = kind.partition(":")
        if action["type"] == name and (not part or part in action["data"].get("old", {})):
            return True
    return False


def _count(request: Request, usual: int) -> int:
    try:
        found = int(request.query_params.get("limit", usual))
    except ValueError:
        raise Plain(400, "invalid value for limit") from None
    if not 0 <= found <= MOST:
        raise Plain(400, "invalid value for limit")
    return found
