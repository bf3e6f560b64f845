"""What stands around the cards: boards, and of each its lists, labels, custom fields and checklists, read apart from the cards.

Nothing is nested under cards: Trello refuses that on large boards (airbytehq/airbyte#22037).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from connectors.base import AccessLost, BadData, Dimension, Misconfigured
from connectors.trello.client import Site, TooLarge, is_id

log = logging.getLogger(__name__)

MOST_LABELS = 1000
"""What a board may have, and what one answer may hold (official description)."""
BOARD_FIELDS = "name,closed,shortUrl,prefs"
LIST_FIELDS = "name,closed"


@dataclass(frozen=True, slots=True)
class Board:
    """A board as the list of boards shows it."""

    id: str
    name: str
    key: str | None
    closed: bool
    template: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What gives the cards of one board their meaning, by id."""

    lists: Mapping[str, tuple[str, bool]]
    """List -> (name, whether it is archived)"""
    labels: Mapping[str, str | None]
    """Label -> name; one without a name is known by its colour."""
    custom: tuple[Mapping[str, Any], ...]
    """Definitions of custom fields: id, name, type."""
    options: Mapping[str, str]
    """Option of a custom field of type list -> its text"""
    checklists: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """Card -> name of a checklist -> whether all of its items are complete; empty where none is asked for."""


def roster(site: Site) -> dict[str, Board]:
    """All boards that the account is a member of, closed ones too, by id."""
    found = {}
    for row in site.rows("members/me/boards", {"filter": "all", "fields": BOARD_FIELDS}):
        board = _board(row)
        found[board.id] = board
    return found


def named(site: Site, name: str) -> Board | None:
    """A board that the account is no member of, but may see, by id or short link; None where there is none."""
    try:
        return _board(site.row(f"boards/{name}", {"fields": BOARD_FIELDS}))
    except (AccessLost, Misconfigured):  # 400 is the answer for what cannot be an id
        return None


def _board(row: Any) -> Board:
    if not (isinstance(row, dict) and is_id(row.get("id")) and isinstance(row.get("name"), str)):
        raise BadData("a row of Trello's list of boards has no id or name", hint="Run `anchorline sync` again.")
    prefs = row.get("prefs")
    template = isinstance(prefs, dict) and prefs.get("isTemplate") is True
    return Board(row["id"], row["name"], _short_link(row.get("shortUrl")), row.get("closed") is True, template)


def _short_link(url: Any) -> str | None:
    """``dQHqCohZ`` of ``https://trello.com/b/dQHqCohZ``."""
    parts = urlsplit(url).path.split("/") if isinstance(url, str) else []
    return parts[2] if len(parts) > 2 and parts[1] == "b" and parts[2] else None


def facts(site: Site, board: str, *, checklists: bool) -> Facts:
    """The lists of one board. Raises ``AccessLost`` where the account does not see it."""
    lists, labels, custom = (
        _rows(site.rows(f"boards/{board}/{path}", params), path)
        for path, params in (
            ("lists", {"filter": "all", "fields": LIST_FIELDS}),
            ("labels", {"limit": MOST_LABELS}),
            ("customFields", None),
        )
    )
    return Facts(
        lists={row["id"]: (_name(row, "list"), row.get("closed") is True) for row in lists},
        labels={row["id"]: row.get("name") or row.get("color") for row in labels},
        custom=tuple({"id": row["id"], "name": _name(row, "custom field"), "type": row.get("type")} for row in custom),
        options=dict(_options(custom)),
        checklists=_checklists(site, board) if checklists else {},
    )


def _rows(found: list[Any], path: str) -> list[dict[str, Any]]:
    for row in found:
        if not (isinstance(row, dict) and isinstance(row.get("id"), str)):
            raise BadData(f"a row of a board's {path} has no id", hint="Run `anchorline sync` again.")
    return found


def _name(row: Mapping[str, Any], what: str) -> str:
    name = row.get("name")
    if not isinstance(name, str):
        raise BadData(f"a {what} of a board has no name", hint="Run `anchorline sync` again.")
    return name


def _options(custom: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Of custom fields of type list; in answers they stand in the field itself, in the description under ``display``."""
    for row in custom:
        display = row.get("display")
        for option in row.get("options") or (display.get("options") if isinstance(display, dict) else None) or ():
            value = option.get("value") if isinstance(option, dict) else None
            if isinstance(value, dict) and isinstance(value.get("text"), str) and isinstance(option.get("id"), str):
                yield option["id"], value["text"]


def _checklists(site: Site, board: str) -> dict[str, dict[str, bool]]:
    """All checklists of a board come in one answer; on a board with too many Trello refuses it."""
    try:
        rows = site.rows(f"boards/{board}/checklists")
    except TooLarge:
        raise TooLarge(
            "Trello refuses to list the checklists of this board, it has too many",
            hint="Take `checklist:` out of `fields` in config.toml; checkItems and checkItemsChecked need no list of them.",
        ) from None
    found: dict[str, dict[str, bool]] = {}
    for row in _rows(rows, "checklists"):
        items = row.get("checkItems")
        if not isinstance(items, list) or not isinstance(row.get("idCard"), str):
            raise BadData("a checklist of a board has no card or no items", hint="Run `anchorline sync` again.")
        complete = bool(items) and all(isinstance(item, dict) and item.get("state") == "complete" for item in items)
        named = found.setdefault(row["idCard"], {})
        name = str(row.get("name"))
        named[name] = complete and named.get(name, True)  # of two with one name, both
    return found


# ---- as lists that give items meaning -----------------------------------------------------------------------------------


def board_rows(boards: Mapping[str, Board]) -> Iterator[Dimension]:
    for ident in sorted(boards):
        board = boards[ident]
        state = "archived" if board.closed else "live"
        yield Dimension("container", ident, board.name, state, {"key": board.key, "archived": board.closed})


def field_rows(board: str, known: Facts) -> Iterator[Dimension]:
    for row in known.custom:
        yield Dimension("field", row["id"], row["name"], None, {"type": row["type"], "board": board})


def list_rows(board: str, known: Facts) -> Iterator[Dimension]:
    """A list is a status, and a container like a section of the board. Trello has no category of lists."""
    for ident, (name, closed) in known.lists.items():
        yield Dimension("status", ident, name, None, {"board": board, "archived": closed})
        yield Dimension("container", ident, name, "list", {"board": board, "archived": closed})
