"""Recorded payloads of Trello, served instead of the generated company.

A folder of JSON files, each a list of the vendor's own objects:

    cards.json       cards                                             (needed)
    lists.json       lists                                             (needed)
    labels.json      labels
    checklists.json  checklists with their items
    boards.json      boards; missing ones are taken from the lists

Rows are served verbatim, but for fields that were not asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from hub.sandbox.recordings import RecordingError
from hub.sandbox.trello_site import TrelloSite

Json = dict[str, Any]


def load(folder: Path, now: int) -> TrelloSite:
    """A site made of the recorded payloads in a folder."""
    site = TrelloSite(now=now, salt="recorded")
    site.lists = _by_id(folder, "lists.json", needed=True)
    site.labels = _by_id(folder, "labels.json")
    site.checklists = _by_id(folder, "checklists.json")
    site.cards = _by_id(folder, "cards.json", needed=True)
    for card in site.cards.values():
        for name, empty in (("attachments", []), ("customFieldItems", []), ("isTemplate", False), ("cardRole", None)):
            card.setdefault(name, empty)
    site.boards = _by_id(folder, "boards.json")
    for row in (*site.lists.values(), *site.cards.values()):
        ident = row["idBoard"]
        link = f"https://trello.com/b/{ident[-8:]}"
        site.boards.setdefault(
            ident,
            {"id": ident, "name": f"Board {ident[-8:]}", "closed": False, "shortUrl": link, "url": link, "shortLink": ident[-8:]}
            | {"prefs": {"isTemplate": False}},
        )
    return site


def _by_id(folder: Path, name: str, needed: bool = False) -> dict[str, Json]:
    path = folder / name
    if not path.exists():
        if needed:
            raise RecordingError(f"{path} is missing")
        return {}
    rows = orjson.loads(path.read_bytes())
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RecordingError(f"{path} is not a list of objects")
    return {row["id"]: row for row in rows}
