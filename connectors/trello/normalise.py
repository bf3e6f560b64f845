"""One card's JSON to a ``WorkItem``.

Words stay Trello's own: the status is the name of the list, numbers are the texts that custom fields hold. That a card is
archived, or the list that it is on, is a fact of its own and says nothing about whether it is done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from connectors._shared.draft import draft
from connectors.base import ARCHIVED, Rejected, WorkItem
from connectors.trello.boards import Facts
from connectors.trello.client import is_id
from connectors.trello.fields import OWN, Wanted, matching
from connectors.trello.history import Move, entered, since

RAW_LIMIT = 4000
"""Characters of a rejected card that are kept."""
SECRET_PARTS = ("email",)
"""Parts of a card that can hold a secret: whoever knows the address can add to the board."""
LIST_ARCHIVED = "list archived"
CARD_FIELDS = (
    "name,closed,dateLastActivity,due,dueComplete,idBoard,idList,idLabels,idMembers,shortLink,shortUrl,badges,start,isTemplate,"
    "cardRole"
)
"""What is asked of each card: no description, and no address to mail to."""


class Unreadable(ValueError):
    """A part of a card that has another type or form than the API describes."""


def created(ident: str) -> datetime:
    """An id begins with the second of its making: the createCard action came 0.03 to 1.24 s later (recorded)."""
    return datetime.fromtimestamp(int(ident[:8], 16), UTC)


def instant(value: Any, what: str) -> datetime | None:
    """``2019-09-16T16:19:17.156Z`` as UTC; None stays None."""
    if value is None:
        return None
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Unreadable(f"{what} is not an instant") from None
    if when.tzinfo is UTC:
        return when
    if when.tzinfo is None:
        raise Unreadable(f"{what} has no offset")
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise Unreadable(f"{what} is out of range") from None


def left_out(card: Any) -> bool:
    """Templates are no work, and a mirror is another card's work shown twice."""
    return isinstance(card, dict) and (card.get("isTemplate") is True or card.get("cardRole") == "mirror")


def strangers(card: Any, facts: Facts) -> bool:
    """Whether a card names a list, label or option that the lists of its board do not have: they are older than it is."""
    try:
        return (
            card["idList"] not in facts.lists
            or any(label not in facts.labels for label in card["idLabels"])
            or any(entry["idValue"] not in facts.options for entry in card.get("customFieldItems") or () if entry.get("idValue"))
        )
    except (KeyError, TypeError, AttributeError):
        return False  # it is not built as it should be, which no newer list mends


def rejected(raw: Any, reason: str) -> Rejected:
    """The card for quarantine, its raw form bounded and without what is secret."""
    ident = raw.get("id") if isinstance(raw, dict) else None
    shown = {name: value for name, value in raw.items() if name not in SECRET_PARTS} if isinstance(raw, dict) else raw
    try:
        text = orjson.dumps(shown).decode()
    except TypeError:  # an integer beyond 64 bits, or nested deeper than orjson writes
        text = json.dumps(shown, ensure_ascii=False)
    return Rejected(ident if is_id(ident) else None, reason, text[:RAW_LIMIT])


def make_normaliser(
    facts: Facts, wanted: Wanted, moves: Callable[[str], Iterable[Move]], zone: ZoneInfo
) -> Callable[[Any], WorkItem | Rejected]:
    """The function for the cards of one board; it never raises for what an answer holds."""
    custom = tuple((ours, frozenset(matching(theirs, facts.custom))) for ours, theirs in wanted.custom)
    points = frozenset(matching(wanted.estimate, facts.custom)) if wanted.estimate else frozenset()
    asks_custom = bool(custom or points)

    def normalise(raw: Any) -> WorkItem | Rejected:
        try:
            return item(raw)
        except Unreadable as error:
            return rejected(raw, str(error))
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
            return rejected(raw, "the card is not built as the API describes")

    def item(raw: Mapping[str, Any]) -> WorkItem:
        ident, board, place = raw["id"], raw["idBoard"], raw["idList"]
        if not (is_id(ident) and is_id(board) and is_id(place)):
            raise Unreadable("id, idBoard or idList is unreadable")
        name, closed, link, url = raw["name"], raw["closed"], raw.get("shortLink"), raw.get("shortUrl")
        if not (isinstance(name, str) and isinstance(closed, bool)):
            raise Unreadable("name is not a text, or closed is not true or false")
        if place not in facts.lists:
            raise Unreadable("its list is not among those of its board")
        status, list_closed = facts.lists[place]
        people = raw["idMembers"]
        if not isinstance(people, list) or any(not isinstance(person, str) for person in people):
            raise Unreadable("idMembers are not a list of ids")
        values = _values(raw["customFieldItems"], facts) if asks_custom and "customFieldItems" in raw else None
        estimate = next((values[each] for each in points if values and values.get(each) is not None), None)
        history = list(moves(ident))
        found = draft(
            ident,
            name,
            _optional(link, "shortLink"),
            _optional(url, "shortUrl"),
            None,
            None,
            0,  # a card has no type and no level
            place,
            status,
            "done" if raw.get("dueComplete") is True else None,
            ARCHIVED if closed or list_closed else None,
            ARCHIVED if closed else LIST_ARCHIVED if list_closed else None,
            None,
            (board, place),
            _labels(raw["idLabels"], facts),
            (),
            (),
            _attached(raw.get("attachments")),
            people[0] if people else None,
            estimate,
            "points" if estimate is not None else None,
            None,
            None,  # amount and currency: Trello has none
            created(ident),
            instant(raw.get("dateLastActivity"), "dateLastActivity"),
            since(history, place),
            _day(raw.get("due"), zone),
            None,
            entered(history, facts.lists),
            {
                **{ours: OWN[theirs](raw, list_closed) for ours, theirs in wanted.own},
                **{ours: _complete(facts.checklists.get(ident, {}), theirs) for ours, theirs in wanted.checklists},
                **({} if values is None else {ours: next(map(values.get, ids), None) for ours, ids in custom}),
            },
        )
        found.__class__ = WorkItem
        return found  # type: ignore[no-any-return]

    return normalise


def _optional(value: Any, what: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise Unreadable(f"{what} is not a text")


def _labels(value: Any, facts: Facts) -> tuple[str, ...]:
    """Names; of a label without one its colour. One that was deleted meanwhile is on no card any more."""
    if not isinstance(value, list) or any(not isinstance(label, str) for label in value):
        raise Unreadable("idLabels are not a list of ids")
    return tuple(name for label in value if (name := facts.labels.get(label)))


def _attached(value: Any) -> tuple[tuple[str, str], ...]:
    """Addresses that are attached; files that were uploaded are none."""
    if value is None:
        return ()
    try:
        return tuple(("attachment", _link(each["url"])) for each in value if each.get("isUpload") is not True)
    except (KeyError, TypeError, AttributeError):
        raise Unreadable("attachments are unreadable") from None


def _link(url: Any) -> str:
    if not isinstance(url, str):
        raise Unreadable("the address of an attachment is not a text")
    return url


def _values(items: Any, facts: Facts) -> dict[str, str | None]:
    """Custom field -> its value, a text as Trello has it (``{"number": "2"}``); of a list the text of the option."""
    found: dict[str, str | None] = {}
    try:
        for entry in items:
            value = entry.get("value")
            if entry.get("idValue"):
                found[entry["idCustomField"]] = facts.options.get(entry["idValue"])
            elif value is not None:
                (literal,) = value.values()
                found[entry["idCustomField"]] = literal if literal is None or isinstance(literal, str) else _number(literal)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Unreadable("customFieldItems are unreadable") from None
    return found


def _number(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)[:200]


def _complete(checklists: Mapping[str, bool], name: str) -> str | None:
    """In the words that Trello has for checklist items; None without a checklist of that name."""
    return ("complete" if checklists[name] else "incomplete") if name in checklists else None


def _day(value: Any, zone: ZoneInfo) -> date | None:
    due = instant(value, "due")
    return None if due is None else due.astimezone(zone).date()
