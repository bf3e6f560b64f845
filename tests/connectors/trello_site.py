"""The stand-in as a Trello site: settings, a connector on it, canned answers beside it, and what was asked of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from connectors.base import Partition, Secret, SourceSettings, WorkItem, checked
from connectors.trello.connector import Trello
from tests.connectors.contract import StandIn
from tests.connectors.raw import RawServer, raw_server, reply
from tests.connectors.runs import Clock, make_io
from tests.hub.sandbox.process import TOKEN, TRELLO_KEY, Sandbox

GROWTH = "Growth launches"
"""The largest board, of several pages."""


class TrelloStandIn(StandIn):
    """The sandbox, with faults in front of the pages of cards unless said otherwise."""

    def __init__(self, sb: Sandbox) -> None:
        self.sb, self.url = sb, sb.url

    def settings(self, **changes: Any) -> SourceSettings:
        return trello_settings(self.sb, **changes)

    def truth(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for ident, card in self.sb.truths().items():
            if card["seen"] and not card["board_closed"] and not card["template_board"]:
                found.setdefault(card["board"], set()).add(ident)
        return found

    def fault(self, do: str, **options: Any) -> None:
        paths = [f"/1/boards/{board}/cards" for board in self.truth()]
        self.sb.fault(do, **({"path": paths} | options))

    def heal(self) -> None:
        self.sb.heal()

    def log(self) -> list[dict[str, Any]]:
        return self.sb.log()


def trello_settings(sb: Sandbox, **changes: Any) -> SourceSettings:
    values: dict[str, Any] = {"name": "cards", "kind": "trello", "url": f"{sb.url}/1", "user": TRELLO_KEY, "token": Secret(TOKEN)}
    return SourceSettings(**(values | changes))


@contextlib.contextmanager
def trello(sb: Sandbox, clock: Clock | None = None, attempts: int = 2, **changes: Any) -> Iterator[Trello]:
    settings = trello_settings(sb, **changes)
    with Trello(settings, make_io(settings.url, clock, settings=settings, attempts=attempts)) as connector:
        yield connector


def board_of(connector: Trello, title: str = GROWTH) -> Partition:
    return next(part for part in connector.partitions() if part.title == title)


def read_board(connector: Trello, title: str = GROWTH) -> dict[str, WorkItem]:
    """A whole pass."""
    return {item.id: item for page in checked(connector.changes(board_of(connector, title), None, None)) for item in page.items}


# ---- canned answers -----------------------------------------------------------------------------------------------------

BOARD, LIST, DONE, LABEL, POINTS, CHOICE, HIGH = (f"60000000{number:016x}" for number in range(7))
Canned = bytes | list[bytes] | Callable[[bytes], bytes]


def ident(number: int) -> str:
    """The id of a card that was made so many seconds into 2026."""
    return f"{1767225600 + number:08x}{number:016x}"


def card(number: int = 1, **parts: Any) -> dict[str, Any]:
    """A card as a listing shows it; ``parts`` replace or add."""
    plain: dict[str, Any] = {
        "id": ident(number), "name": f"Card {number}", "closed": False, "due": None,
        "dateLastActivity": "2026-11-20T08:13:13.360Z", "dueComplete": False,
        "idBoard": BOARD, "idList": LIST, "idLabels": [], "idMembers": [],
        "shortLink": f"link{number:04d}",
        "shortUrl": f"https://trello.com/c/link{number:04d}", "start": None, "isTemplate": False, "cardRole": None,
        "badges": {"checkItems": 0, "checkItemsChecked": 0, "attachments": 0}, "attachments": [], "customFieldItems": [],
    }  # fmt: skip
    return plain | parts


def body(value: Any) -> bytes:
    return reply(json.dumps(value).encode())


class Stub:
    """Answers by path. A list of answers is used up, its last one stays; a function sees the request."""

    def __init__(self, rows: list[bytes] | None = None, **answers: Any) -> None:
        rows = [json.dumps(card()).encode()] if rows is None else rows
        board = {"id": BOARD, "name": "Eng", "closed": False, "shortUrl": "https://trello.com/b/eeeeeeee", "prefs": {}}
        stub_lists = [{"id": LIST, "name": "Doing", "closed": False}, {"id": DONE, "name": "Done", "closed": False}]
        custom = [
            {"id": POINTS, "name": "Points", "type": "number"},
            {"id": CHOICE, "name": "Prio", "type": "list", "options": [{"id": HIGH, "value": {"text": "High"}}]},
        ]
        self.answers: dict[str, Canned] = {
            "members/me": body({"id": ident(0), "fullName": "Robot"}),
            "members/me/boards": body([board]),
            "lists": body(stub_lists),
            "labels": body([{"id": LABEL, "name": "kr:sso", "color": "green"}]),
            "customFields": body(custom),
            "checklists": body([]),
            "actions": body([]),
            "cards/all": [reply(b"[" + b",".join(rows) + b"]"), body([])],
        } | {name.replace("__", "/"): answer for name, answer in answers.items()}

    def __call__(self, request: bytes) -> bytes:
        path = request.split(b" ")[1].split(b"?")[0].decode().removeprefix("/1/").removeprefix(f"boards/{BOARD}/")
        answer = self.answers.get(path)
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            return answer(request)
        return answer if answer is not None else reply(b"The requested resource was not found.", "404 Not Found")


def stub_settings(url: str, **changes: Any) -> SourceSettings:
    values: dict[str, Any] = {"name": "cards", "kind": "trello", "url": f"{url}/1", "user": TRELLO_KEY, "token": Secret("t0ken")}
    return SourceSettings(**(values | changes))


@contextlib.contextmanager
def stubbed(
    rows: list[bytes] | None = None, *, settings: dict[str, Any] | None = None, clock: Clock | None = None, attempts: int = 2,
    **answers: Any,
) -> Iterator[tuple[Trello, RawServer]]:  # fmt: skip
    """A connector on a stub."""
    with raw_server(route=Stub(rows, **answers)) as server:
        chosen = stub_settings(server.url, **(settings or {}))
        with Trello(chosen, make_io(chosen.url, clock, settings=chosen, attempts=attempts)) as connector:
            yield connector, server
