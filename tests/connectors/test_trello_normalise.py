"""One card's JSON to an item: what goes where, and what is left to the core."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.base import ARCHIVED, Rejected, SourceSettings, WorkItem
from connectors.trello.boards import Facts
from connectors.trello.fields import wanted
from connectors.trello.history import Move, entered, moves, since
from connectors.trello.normalise import created, make_normaliser, rejected
from tests.connectors.trello_site import (
    BOARD,
    CHOICE,
    DONE,
    HIGH,
    LABEL,
    LIST,
    POINTS,
    board_of,
    card,
    ident,
    read_board,
    stubbed,
    trello,
)
from tests.hub.sandbox.process import Sandbox

COLOUR, OLD = ident(70), ident(71)
FACTS = Facts(
    lists={LIST: ("Doing", False), DONE: ("Done 🎉", False), OLD: ("Done last spring", True)},
    labels={LABEL: "kr:sso", COLOUR: "green", ident(72): None},
    custom=(
        {"id": POINTS, "name": "Points", "type": "number"},
        {"id": CHOICE, "name": "Prio", "type": "list"},
        {"id": ident(73), "name": "Approved", "type": "checkbox"},
        {"id": ident(74), "name": "Launch", "type": "date"},
    ),
    options={HIGH: "High"},
    checklists={ident(1): {"Ready": True, "Launch": False}},
)


def one(row: Any, *found: Move, fields: dict[str, str] | None = None, estimate: str | None = None, zone: str = "UTC") -> WorkItem:
    settings = SourceSettings("cards", "trello", "https://x", fields=fields or {}, options={"estimate": estimate})
    item = make_normaliser(FACTS, wanted(settings), lambda _: found, ZoneInfo(zone))(row)
    assert isinstance(item, WorkItem), item
    return item


def test_a_card_is_an_item_on_its_board_and_list() -> None:
    item = one(card(1, idLabels=[LABEL], idMembers=[ident(80), ident(81)]))
    assert (item.id, item.title, item.key, item.url) == (ident(1), "Card 1", "link0001", "https://trello.com/c/link0001")
    assert (item.status_id, item.status, item.category) == (LIST, "Doing", None)
    assert item.containers == (BOARD, LIST) and item.labels == ("kr:sso",)
    assert item.assignee == ident(80) and item.type is None and item.level == 0
    assert item.updated_at == datetime(2026, 11, 20, 8, 13, 13, 360000, tzinfo=UTC)


def test_created_is_in_the_id_even_where_the_last_activity_is_older() -> None:
    """50 of 72 recorded cards, on boards made from templates, were last active years before they were created."""
    item = one(card(5, dateLastActivity="2019-10-25T18:54:40.458Z"))
    assert item.created_at == datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC) == created(ident(5))
    assert item.updated_at is not None and item.updated_at < item.created_at


@pytest.mark.parametrize(
    ("closed", "place", "told"),
    [(False, LIST, None), (True, LIST, "archived"), (False, OLD, "list archived"), (True, OLD, "archived")],
)
def test_an_archived_card_and_an_archived_list_are_facts_of_their_own(closed: bool, place: str, told: str | None) -> None:
    item = one(card(1, closed=closed, idList=place), fields={"card": "closed", "list": "list.closed"})
    assert item.resolution == told and item.resolution_id == (ARCHIVED if told else None)
    assert item.fields == {"card": closed, "list": place == OLD}
    assert item.status == FACTS.lists[place][0], "neither says anything about being done"


@pytest.mark.parametrize(("complete", "category"), [(True, "done"), (False, None), (None, None), ("true", None)])
def test_a_due_date_that_is_ticked_off_is_the_only_category(complete: Any, category: str | None) -> None:
    assert one(card(1, dueComplete=complete)).category == category


@pytest.mark.parametrize(("zone", "day"), [("UTC", 31), ("Europe/Berlin", 31), ("Pacific/Auckland", 1)])
def test_a_card_is_due_on_the_day_of_the_strategys_zone(zone: str, day: int) -> None:
    assert one(card(1, due="2026-10-31T15:00:00.000Z"), zone=zone).due_on == date(2026, 10 if day == 31 else 11, day)


def test_a_label_without_a_name_is_known_by_its_colour() -> None:
    assert one(card(1, idLabels=[COLOUR, LABEL, ident(72)])).labels == ("green", "kr:sso")


def test_values_of_custom_fields_are_texts_and_lists_give_their_options() -> None:
    items = [
        {"idCustomField": POINTS, "value": {"number": "2"}},
        {"idCustomField": CHOICE, "idValue": HIGH, "value": None},
        {"idCustomField": ident(73), "value": {"checked": "true"}},
        {"idCustomField": ident(74), "value": {"date": "2026-12-01T11:00:00.000Z"}},
    ]
    fields = {"points": "Points", "prio": CHOICE, "ok": "Approved", "launch": "Launch", "none": "Nowhere"}
    found = one(card(1, customFieldItems=items), fields=fields, estimate="Points")
    assert found.fields == {"points": "2", "prio": "High", "ok": "true", "launch": "2026-12-01T11:00:00.000Z", "none": None}
    assert (found.estimate, found.estimate_unit) == ("2", "points")
    empty = one(card(1, customFieldItems=[]), fields=fields, estimate="Points")
    assert set(empty.fields.values()) == {None} and empty.estimate is empty.estimate_unit is None


def test_custom_fields_that_were_not_answered_are_absent_not_empty() -> None:
    row = card(1)
    del row["customFieldItems"]
    assert one(row, fields={"points": "Points", "checks": "checkItems"}).fields == {"checks": 0}


def test_checklists_are_facts_of_the_card() -> None:
    fields = {"all": "checkItems", "ticked": "checkItemsChecked", "ready": "checklist:Ready", "launch": "checklist:Launch"}
    item = one(card(1, badges={"checkItems": 5, "checkItemsChecked": 3}), fields=fields | {"other": "checklist:Other"})
    assert item.fields == {"all": 5, "ticked": 3, "ready": "complete", "launch": "incomplete", "other": None}


def test_links_are_the_addresses_that_are_attached_and_not_the_files() -> None:
    attached = [{"url": "https://x/browse/IDN-1", "isUpload": False}, {"url": "https://x/a.pdf", "isUpload": True}]
    assert one(card(1, attachments=attached)).links == (("attachment", "https://x/browse/IDN-1"),)


def test_the_address_to_mail_to_is_kept_nowhere() -> None:
    secret = "inbound+secret@boards.trello.com"
    assert secret not in repr(one(card(1, email=secret), fields={"mail": "email"}))
    assert secret not in rejected(card(1, email=secret, name=None), "no title").raw
    broken = make_normaliser(FACTS, wanted(SourceSettings("x", "trello", "u")), lambda _: (), ZoneInfo("UTC"))
    found = broken(card(1, email=secret, name=None))
    assert isinstance(found, Rejected) and found.raw and secret not in found.raw


# ---- moves --------------------------------------------------------------------------------------------------------------


def action(kind: str, at: str, **data: Any) -> dict[str, Any]:
    return {"id": ident(1), "type": kind, "date": at, "data": {"card": {"id": ident(1)}, **data}}


def test_done_is_the_last_move_to_the_present_list_and_stages_are_the_first_ones() -> None:
    rows = [
        action("updateCard", "2026-05-05T10:00:00.000Z", listBefore={"id": LIST}, listAfter={"id": DONE, "name": "Done"}),
        action("updateCard", "2026-05-04T10:00:00.000Z", listBefore={"id": DONE}, listAfter={"id": LIST, "name": "Doing"}),
        action("updateCard", "2026-05-03T10:00:00.000Z", listBefore={"id": LIST}, listAfter={"id": DONE, "name": "Finished"}),
        action("createCard", "2026-05-01T10:00:00.000Z", list={"id": ident(60), "name": "Ideas"}),
        action("commentCard", "2026-05-06T10:00:00.000Z", text="x"),
        {"id": ident(2), "type": "updateCard", "date": "never", "data": {"card": {"id": ident(1)}, "list": {"id": LIST}}},
        {"id": ident(3)},
    ]
    found = [move for _, move in moves(rows)]
    item = one(card(1, idList=DONE), *found)
    assert item.done_at == datetime(2026, 5, 5, 10, tzinfo=UTC)
    assert item.stages == {
        "Ideas": datetime(2026, 5, 1, 10, tzinfo=UTC),
        "Done 🎉": datetime(2026, 5, 3, 10, tzinfo=UTC),
        "Doing": datetime(2026, 5, 4, 10, tzinfo=UTC),
    }, "a list by the name that it has now, one that is gone by the name that it had"


def test_a_card_whose_moves_are_not_known_has_no_dates() -> None:
    item = one(card(1, idList=DONE), Move(datetime(2026, 5, 1, tzinfo=UTC), LIST, "Doing"))
    assert item.done_at is None and set(item.stages) == {"Doing"}
    assert since([], LIST) is None and entered([], {}) == {}


def test_moves_of_the_stand_in_are_dated_in_order(tr: Sandbox) -> None:
    with trello(tr) as connector:
        items = read_board(connector)
    done = [item for item in items.values() if item.status == "Done"]
    assert len(done) > 5
    for item in done:
        assert item.created_at and item.done_at == item.stages["Done"]
        whens = [item.stages[name] for name in ("Next", "Doing", "Review", "Done") if name in item.stages]
        assert whens == sorted(whens) and item.created_at <= whens[0]
        assert (item.created_at - min(item.stages.values())).total_seconds() < 2


def test_a_card_that_came_from_another_board_is_dated_by_its_coming(tr: Sandbox) -> None:
    with trello(tr) as connector:
        item = next(iter(read_board(connector).values()))
        there = board_of(connector, "Mobile releases").id
    target = next(row for row in tr.get(f"/1/boards/{there}/lists") if row["name"] == "Doing")
    tr.mutate("move", card=item.id, list=target["id"])
    with trello(tr) as connector:
        moved = read_board(connector, "Mobile releases")[item.id]
        assert moved.containers == (there, target["id"]) and moved.created_at == item.created_at
        assert moved.done_at == moved.stages["Doing"] == moved.updated_at
        assert item.id not in read_board(connector)


def test_a_list_that_trello_does_not_know_rejects_the_card_and_not_the_page() -> None:
    import json

    rows = [json.dumps(card(number, idList=LIST if number == 1 else ident(99))).encode() for number in (1, 2)]
    with stubbed(rows) as (connector, _):
        pages = list(connector.changes(connector.partitions()[0], None, None))
    assert [item.id for page in pages for item in page.items] == [ident(1)]
    (bad,) = (one for page in pages for one in page.rejected)
    assert bad.id == ident(2) and "list" in bad.reason
