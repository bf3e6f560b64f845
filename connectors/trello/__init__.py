"""Trello: boards with their lists and cards. See docs/connectors/trello.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from connectors.base import Connector, Io, Kind, Option, SettingFault, SourceSettings
from connectors.trello.access import ACCESS, EXPIRY
from connectors.trello.fields import ESTIMATE

RATE = 8.0
"""Requests a second: below the 100 in 10 seconds that a token may send (Trello: Rate limits), with room for others on the key."""
_KEY = re.compile(r"[0-9A-Za-z]{32}")


def _open(settings: SourceSettings, io: Io) -> Connector:
    from connectors.trello.connector import Trello

    return Trello(settings, io)


def examine(settings: SourceSettings) -> Iterator[SettingFault]:
    """An address for people instead of the API's, a token in place of the key."""
    if (urlsplit(settings.url).hostname or "") in ("trello.com", "www.trello.com"):
        yield SettingFault(("url",), "This is the address for people.", 'Write url = "https://api.trello.com/1".')
    if settings.user is not None and not _KEY.fullmatch(settings.user):
        remedy = "Copy it from the Power-Up's page (https://trello.com/power-ups/admin): 32 letters and digits."
        yield SettingFault(("user",), "`user` must be the API key of your Power-Up.", remedy)


KIND = Kind(
    name="trello",
    title="Trello",
    factory=_open,
    needs_user=True,
    user_is_key=True,
    needs_token=True,
    rate=RATE,
    partition_word="boards",
    item_fields=frozenset(
        {
            "source",
            "project",
            "key",
            "status",
            "resolution",
            "label",
            "assignee",
            "title",
            "estimate",
            "created",
            "updated",
            "done",
            "closed",
            "due",
        }
    ),
    options=(
        Option(ESTIMATE, str, None, "the custom field that holds estimates, by id or exact name"),
        Option("history", bool, True, "whether moves between lists are read, for done dates and stages"),
    ),
    examine=examine,
    rights="Membership of every board to read (observer is enough), and a token with the scope read.",
    access=ACCESS,
    expiry=EXPIRY,
)
