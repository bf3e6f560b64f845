"""Recorded answers of real boards (Apache DevLake's tests), read through the stand-in, against counts from the CSV."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Dimension, WorkItem, checked
from tests.connectors.trello_site import trello
from tests.hub.sandbox.devlake import RECORDINGS, needs_recordings
from tests.hub.sandbox.devlake_trello import from_devlake
from tests.hub.sandbox.process import sandbox

pytestmark = needs_recordings
FIELDS = {"checks": "checkItems", "ticked": "checkItemsChecked", "legal": "checklist:All Documents Attached"}


def recorded(table: str) -> list[dict[str, Any]]:
    """The raw objects of a table, by the plainest means."""
    csv.field_size_limit(2**31 - 1)
    with (Path(RECORDINGS or "") / f"devlake-trello/_raw_trello_{table}.csv").open(encoding="utf-8", newline="") as handle:
        return [json.loads(row["data"]) for row in csv.DictReader(handle)]


@pytest.fixture(scope="module")
def cards() -> list[dict[str, Any]]:
    """The recorded cards that are work."""
    return [card for card in recorded("cards") if not card["isTemplate"] and card["cardRole"] != "mirror"]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, WorkItem], list[Dimension]]]:
    folder = from_devlake(Path(RECORDINGS or "") / "devlake-trello", tmp_path_factory.mktemp("site"))
    with sandbox(vendor="trello", load=folder, page_limit=7) as sb, trello(sb, fields=FIELDS) as connector:
        found: dict[str, WorkItem] = {}
        for partition in connector.partitions():
            for page in checked(connector.changes(partition, None, None)):
                assert page.rejected == ()
                assert not found.keys() & {item.id for item in page.items}
                found |= {item.id: item for item in page.items}
        yield found, list(connector.dimensions())


@pytest.fixture
def items(read: tuple[dict[str, WorkItem], list[Dimension]]) -> dict[str, WorkItem]:
    return read[0]


def test_every_recorded_card_is_one_item_and_templates_are_none(items: dict[str, WorkItem], cards: list[dict[str, Any]]) -> None:
    everything = recorded("cards")
    assert len(everything) == 72 and 0 < len(cards) < 72
    assert set(items) == {card["id"] for card in cards}
    assert {ident: item.title for ident, item in items.items()} == {card["id"]: card["name"] for card in cards}


def test_cards_by_list_and_board_open_and_archived(items: dict[str, WorkItem], cards: list[dict[str, Any]]) -> None:
    lists = {row["id"]: row for row in recorded("lists")}
    assert len(lists) == 37
    assert Counter(item.status for item in items.values()) == Counter(lists[card["idList"]]["name"] for card in cards)
    assert Counter(item.containers for item in items.values()) == Counter((card["idBoard"], card["idList"]) for card in cards)
    away = {card["id"] for card in cards if card["closed"] or lists[card["idList"]]["closed"]}
    assert {ident for ident, item in items.items() if item.resolution_id == "archived"} == away
    assert Counter(item.resolution == "archived" for item in items.values())[True] == sum(card["closed"] for card in cards)


def test_checklist_items_are_those_of_the_cards_and_of_the_checklists(
    items: dict[str, WorkItem], cards: list[dict[str, Any]]
) -> None:
    mine = {card["id"] for card in cards}
    entries = [entry for row in recorded("check_items") if row["idCard"] in mine for entry in row["checkItems"]]
    complete = sum(entry["state"] == "complete" for entry in entries)
    assert sum(item.fields["checks"] for item in items.values()) == len(entries) > 0
    assert sum(item.fields["ticked"] for item in items.values()) == complete
    named = {row["idCard"] for row in recorded("check_items") if row["name"] == "All Documents Attached"} & mine
    assert {ident for ident, item in items.items() if item.fields["legal"] is not None} == named
    everything = [entry for row in recorded("check_items") for entry in row["checkItems"]]
    assert len(everything) == 58 == sum(card["badges"]["checkItems"] for card in recorded("cards"))


def test_labels_members_and_stamps_are_as_recorded(items: dict[str, WorkItem], cards: list[dict[str, Any]]) -> None:
    labels = {row["id"]: row["name"] or row["color"] for row in recorded("labels")}
    for card in cards:
        item = items[card["id"]]
        assert item.labels == tuple(labels[each] for each in card["idLabels"])
        assert item.assignee == next(iter(card["idMembers"]), None)
        assert item.updated_at == datetime.fromisoformat(card["dateLastActivity"])
        assert item.created_at == datetime.fromtimestamp(int(card["id"][:8], 16), UTC)
        assert item.key == card["shortLink"] and item.url == card["shortUrl"]


def test_cards_of_boards_from_templates_are_read_although_they_look_years_old(
    items: dict[str, WorkItem], cards: list[dict[str, Any]]
) -> None:
    old = [
        card
        for card in recorded("cards")
        if datetime.fromisoformat(card["dateLastActivity"]).timestamp() < int(card["id"][:8], 16)
    ]
    assert len(old) == 50
    mine = {card["id"] for card in old} & {card["id"] for card in cards}
    assert mine and mine <= set(items)
    assert all(items[ident].updated_at < items[ident].created_at for ident in mine)  # type: ignore[operator]


def test_recorded_pages_are_not_sorted_by_id() -> None:
    by_board: dict[str, list[str]] = {}
    for card in recorded("cards"):
        by_board.setdefault(card["idBoard"], []).append(card["id"])
    assert any(ids != sorted(ids) and ids != sorted(ids, reverse=True) for ids in by_board.values())


def test_lists_are_statuses_with_their_names(read: tuple[dict[str, WorkItem], list[Dimension]]) -> None:
    rows = {row.id: row for row in read[1] if row.kind == "status"}
    lists = {row["id"]: row for row in recorded("lists")}
    assert {ident: row.name for ident, row in rows.items()} == {ident: row["name"] for ident, row in lists.items()}
    assert {ident: row.attributes["archived"] for ident, row in rows.items()} == {
        ident: row["closed"] for ident, row in lists.items()
    }
    assert all(row.category is None for row in rows.values())
