"""Pages of cards and of actions, and what is asked for: the traps of Trello's listings, each by a case that loses cards."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors.base import AccessLost, BadData, CursorExpired, Misconfigured, Unavailable, checked
from connectors.trello import client, history
from connectors.trello.client import SIZES, TooLarge
from tests.connectors.raw import reply
from tests.connectors.runs import Clock
from tests.connectors.trello_site import (
    BOARD,
    DONE,
    GROWTH,
    LABEL,
    LIST,
    TrelloStandIn,
    board_of,
    body,
    card,
    ident,
    read_board,
    stubbed,
    trello,
)
from tests.hub.sandbox.process import TOKEN, TRELLO_KEY, Sandbox

EMPTY = body([])


def queries(sb: Sandbox, part: str) -> list[dict[str, list[str]]]:
    return [parse_qs(entry["query"]) for entry in sb.log() if part in entry["path"]]


def truth(sb: Sandbox, title: str = GROWTH) -> set[str]:
    boards = {row["name"]: row["id"] for row in sb.get("/1/members/me/boards")}
    return TrelloStandIn(sb).truth()[boards[title]]


# ---- pages --------------------------------------------------------------------------------------------------------------


def test_a_page_is_in_the_boards_order_and_goes_on_below_its_smallest_id(tr: Sandbox) -> None:
    with trello(tr) as connector:
        part = board_of(connector)
        assert set(read_board(connector)) == truth(tr)
    asked = [query.get("before", [None])[0] for query in queries(tr, "/cards/all")]
    shown, unsorted = [None], 0
    while page := tr.get(f"/1/boards/{part.id}/cards/all", limit=1000, **({"before": shown[-1]} if shown[-1] else {})):
        ids = [row["id"] for row in page]
        unsorted += ids[-1] != min(ids)
        shown.append(min(ids))
    assert asked == shown
    assert unsorted >= 2, "the last card of a page would have done as well, so this proves nothing"


def test_pages_are_asked_for_as_large_as_can_be_and_a_short_one_is_not_the_end(tr: Sandbox) -> None:
    with trello(tr) as connector:
        read_board(connector)
    asked = queries(tr, "/cards/all")
    assert {query["limit"][0] for query in asked} == {"1000"} and len(asked) >= 4, "the stand-in gives nine at a time"


def test_a_page_with_only_the_card_that_it_goes_on_from_is_the_end() -> None:
    cards = [body([card(3), card(2)]), body([card(2)])]
    with stubbed(cards__all=cards) as (connector, _):
        assert set(read_board(connector, "Eng")) == {ident(2), ident(3)}


def test_a_page_that_was_there_already_is_an_error_whatever_its_size() -> None:
    with stubbed(cards__all=[body([card(3), card(2)])]) as (connector, _), pytest.raises(BadData, match="repeats a page"):
        read_board(connector, "Eng")


def test_pages_that_never_end_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_PAGES", 3)
    cards = [body([card(number)]) for number in range(9, 0, -1)]
    with stubbed(cards__all=cards) as (connector, server), pytest.raises(BadData, match="more than 3 pages"):
        read_board(connector, "Eng")
    assert sum(b"/cards/all" in request for request in server.requests) == 3


def test_a_page_without_one_readable_id_is_an_error() -> None:
    with stubbed(cards__all=[body([{"id": "1"}])]) as (connector, _), pytest.raises(BadData, match="no row with an id"):
        read_board(connector, "Eng")


def test_a_position_that_is_none_of_trellos_starts_the_pass_again(tr: Sandbox) -> None:
    with trello(tr) as connector, pytest.raises(CursorExpired):
        list(connector.changes(board_of(connector), None, "[1]"))


# ---- size is no rate ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", ["largest", "gateway"])
def test_an_answer_that_is_too_large_is_asked_for_in_smaller_parts(tr: Sandbox, switch: str) -> None:
    """403 API_TOO_MANY_CARDS_REQUESTED and 504 (airbytehq/airbyte#22037): the same request again would be refused again."""
    tr.switch(**{switch: 250})
    with trello(tr, clock := Clock()) as connector:
        assert set(read_board(connector)) == truth(tr)
    for what in ("/cards/all", "/actions"):
        limits = [int(query["limit"][0]) for query in queries(tr, what)]
        assert limits[:3] == [1000, 500, 250] and set(limits[3:]) == {250}
    assert clock.slept == []


@pytest.mark.parametrize(("status", "text"), [(449, ""), (413, ""), (403, "Too many cards"), (504, "")])
def test_an_answer_that_is_always_too_large_says_so_and_was_not_tried_again_as_it_was(
    tr: Sandbox, status: int, text: str
) -> None:
    with trello(tr, clock := Clock(), attempts=8) as connector:
        part = board_of(connector)
        tr.fault("status", status=status, body=text, times=0, path=f"/1/boards/{part.id}/cards")
        with pytest.raises(TooLarge, match="50 rows") as caught:
            list(connector.changes(part, None, None))
    assert [int(query["limit"][0]) for query in queries(tr, "/cards/all")] == list(SIZES)
    assert caught.value.hint and clock.slept == []


def test_a_403_without_those_words_is_no_matter_of_size(tr: Sandbox) -> None:
    with trello(tr) as connector:
        part = board_of(connector)
        tr.fault("status", status=403, body="forbidden", times=0, path=f"/1/boards/{part.id}/cards")
        with pytest.raises(AccessLost):
            list(connector.changes(part, None, None))
    assert len(queries(tr, "/cards/all")) == 1


def test_too_many_checklists_names_the_setting_that_asks_for_them(tr: Sandbox) -> None:
    tr.switch(crowded=True)
    with trello(tr, fields={"launch": "checklist:Launch"}) as connector, pytest.raises(TooLarge) as caught:
        read_board(connector)
    assert "checklist:" in caught.value.hint
    with trello(tr, fields={"checks": "checkItems"}) as connector:
        assert set(read_board(connector)) == truth(tr), "the counts on the cards need no list of them"


# ---- what is asked for --------------------------------------------------------------------------------------------------


def test_key_and_token_are_in_the_header_and_never_in_an_address(tr: Sandbox) -> None:
    with trello(tr, fields={"region": "Region", "launch": "checklist:Launch"}) as connector:
        connector.check()
        list(connector.dimensions())
        connector.get([*read_board(connector)][:2])
    for entry in tr.log():
        assert entry["authorization"]
        for secret in (TRELLO_KEY, TOKEN, "key=", "token="):
            assert secret not in entry["query"] and secret not in entry["path"]


def test_nothing_is_nested_under_a_listing_of_cards_and_no_description_or_mail_address_is_asked_for(tr: Sandbox) -> None:
    with trello(tr, fields={"launch": "checklist:Launch"}) as connector:
        read_board(connector)
    for query in queries(tr, "/cards/all"):
        assert not {"actions", "checklists", "members", "checkItemStates"} & set(query)
        assert not {"desc", "email"} & set(query["fields"][0].split(","))


def test_checklists_and_custom_fields_are_asked_for_only_where_they_are_wanted(tr: Sandbox) -> None:
    with trello(tr) as connector:
        read_board(connector)
    assert queries(tr, "/checklists") == []
    assert all("customFieldItems" not in query for query in queries(tr, "/cards/all"))


# ---- what belongs to cards ----------------------------------------------------------------------------------------------


def test_archived_cards_are_read_too(tr: Sandbox) -> None:
    with trello(tr) as connector:
        items = read_board(connector)
    closed = {ident: card for ident, card in tr.truths().items() if ident in items and card["closed"]}
    assert len(closed) > len(items) / 3
    assert {ident for ident, item in items.items() if item.resolution == "archived"} == set(closed)


def test_templates_and_mirrors_are_no_items_and_not_to_be_had_by_id(tr: Sandbox) -> None:
    with trello(tr) as connector:
        items = read_board(connector)
        part = board_of(connector)
        rows = list(tr.get(f"/1/boards/{part.id}/cards/all", limit=1000))
        while len(more := tr.get(f"/1/boards/{part.id}/cards/all", limit=1000, before=min(row["id"] for row in rows))):
            rows += more
        others = {row["id"] for row in rows if row["isTemplate"] or row["cardRole"] == "mirror"}
        assert len(others) >= 2 and not others & set(items)
        assert {row["id"] for row in rows} == others | set(items)
        fetched = connector.get(others)
        assert set(fetched.denied) == others and fetched.items == fetched.gone == ()


def test_attachments_are_asked_for_one_by_one_where_the_listing_leaves_them_out(tr: Sandbox) -> None:
    with trello(tr) as connector:
        nested = {ident: item.links for ident, item in read_board(connector).items()}
        assert queries(tr, "/attachments") == []
    tr.switch(bare=True)
    with trello(tr) as connector:
        assert {ident: item.links for ident, item in read_board(connector).items()} == nested
    assert 0 < len(queries(tr, "/attachments")) < len(nested)
    assert any(nested.values())


def test_a_list_label_or_option_that_was_made_meanwhile_is_looked_for_again() -> None:
    late = [{"id": LIST, "name": "Doing", "closed": False}]
    lists = [body(late), body([*late, {"id": DONE, "name": "New", "closed": False}])]
    labels = [EMPTY, body([{"id": LABEL, "name": "kr:sso", "color": None}])]
    one = card(1, idList=DONE, idLabels=[LABEL])
    with stubbed([json.dumps(one).encode()], lists=lists, labels=labels) as (connector, server):
        (item,) = read_board(connector, "Eng").values()
    assert (item.status, item.labels) == ("New", ("kr:sso",))
    assert sum(b"/lists?" in request for request in server.requests) == 2


# ---- actions ------------------------------------------------------------------------------------------------------------


def test_actions_are_read_back_only_as_far_as_the_cards_of_a_page_need(tr: Sandbox) -> None:
    with trello(tr) as connector:
        pages = checked(connector.changes(board_of(connector), None, None))
        next(pages)
        first = len(queries(tr, "/actions"))
        list(pages)
        asked = queries(tr, "/actions")
    assert 0 < first < len(asked)
    assert {query["limit"][0] for query in asked} == {"1000"}
    befores = [query["before"][0] for query in asked[1:]]
    assert befores == sorted(befores, reverse=True) and len(set(befores)) == len(befores)


def test_a_fault_in_the_middle_of_the_actions_is_not_taken_for_their_end(tr: Sandbox) -> None:
    with trello(tr) as connector:
        whole = read_board(connector)
        part = board_of(connector)
    tr.fault("status", status=500, at=[2], path=f"/1/boards/{part.id}/actions")
    with trello(tr, attempts=1) as connector:
        with pytest.raises(Unavailable):
            read_board(connector)
        assert read_board(connector) == whole


def test_a_board_with_more_actions_than_are_read_says_so(
    tr: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(history, "FAR", 2)
    with trello(tr) as connector, caplog.at_level(logging.WARNING):
        items = read_board(connector)
    assert set(items) == truth(tr) and "more than 2000 moves" in caplog.text
    assert any(item.done_at for item in items.values()) and not all(item.done_at for item in items.values())


def test_without_history_no_actions_are_read(tr: Sandbox) -> None:
    with trello(tr, options={"history": False}) as connector:
        items = read_board(connector)
        connector.get([*items][:1])
    assert queries(tr, "/actions") == [] and all("actions" not in query for query in queries(tr, "/1/cards/"))
    assert all(item.done_at is None and item.stages == {} for item in items.values())


# ---- boards -------------------------------------------------------------------------------------------------------------


def states(sb: Sandbox, *named: str) -> dict[str, str]:
    with trello(sb, partitions=named) as connector:
        return {part.title: part.state for part in connector.partitions()}


def test_boards_are_found_by_id_short_link_and_name(tr: Sandbox) -> None:
    row = next(row for row in tr.get("/1/members/me/boards") if row["name"] == GROWTH)
    for name in (row["id"], row["shortUrl"].split("/")[-1], GROWTH, GROWTH.upper()):
        assert states(tr, name) == {GROWTH: "live"}
    assert states(tr, GROWTH, row["id"]) == {GROWTH: "live"}, "named twice, read once"


def test_a_closed_board_is_archived_and_a_template_is_read_only_if_it_is_named(tr: Sandbox) -> None:
    found = states(tr)
    assert found["Growth launches last year"] == "archived" and "Launch template" not in found
    assert states(tr, "Launch template") == {"Launch template": "live"}


def test_two_boards_of_one_name_are_told_apart_by_their_links(tr: Sandbox) -> None:
    for row in tr.get("/1/members/me/boards"):
        if row["name"] in (GROWTH, "Mobile releases"):
            tr.mutate("board", board=row["id"], name="Twin")
    with pytest.raises(Misconfigured, match="2 boards are named") as caught:
        states(tr, "Twin")
    assert "short link" in caught.value.hint


def test_a_board_that_the_account_is_no_member_of_may_be_named_by_its_link() -> None:
    public = body({"id": BOARD, "name": "Open", "closed": False, "shortUrl": "https://trello.com/b/eeeeeeee"})
    answers: dict[str, Any] = {"members__me__boards": EMPTY, "boards__eeeeeeee": public}
    with stubbed(**answers, settings={"partitions": ("eeeeeeee",)}) as (connector, _):
        (part,) = connector.partitions()
    assert (part.id, part.title, part.state) == (BOARD, "Open", "live")


@pytest.mark.parametrize("answer", ["400 Bad Request", "401 Unauthorized", "404 Not Found"])
def test_a_board_that_is_out_of_sight_is_unseen(answer: str) -> None:
    canned = reply(b"unauthorized permission requested", answer)
    answers: dict[str, Any] = {"members__me__boards": EMPTY, "boards__eeeeeeee": canned}
    with stubbed(**answers, settings={"partitions": ("eeeeeeee",)}) as (connector, _):
        assert [part.state for part in connector.partitions()] == ["unseen"]


def test_a_board_that_is_lost_between_two_requests_fails_its_own_pass_only(tr: Sandbox) -> None:
    with trello(tr) as connector:
        part, other = board_of(connector), board_of(connector, "Mobile releases")
        tr.mutate("board", board=part.id, hidden=True)
        with pytest.raises(AccessLost):
            list(connector.changes(part, None, None))
        assert set(read_board(connector, other.title)) == truth(tr, other.title)
        assert {row.attributes.get("board") for row in connector.dimensions() if row.kind == "status"} >= {other.id}


def test_names_that_no_board_has_are_told_with_what_is_near(tr: Sandbox) -> None:
    with trello(tr, fields={"points": "Story pionts"}, options={"estimate": "Size"}) as connector:
        told = connector.check().unresolved
    assert len(told) == 2 and "near: Story points" in told[0] and "'Size'" in told[1]


def test_a_board_with_two_fields_of_one_name_asks_which() -> None:
    twice = body([{"id": ident(5), "name": "Size", "type": "number"}, {"id": ident(6), "name": "Size", "type": "text"}])
    with stubbed(customFields=twice, settings={"fields": {"size": "Size"}}) as (connector, _):
        (told,) = connector.check().unresolved
    assert ident(5) in told and ident(6) in told and "Eng" in told


# ---- by id --------------------------------------------------------------------------------------------------------------


def test_what_trello_says_of_one_card(tr: Sandbox) -> None:
    with trello(tr) as connector:
        items = read_board(connector)
        kept, moved, deleted, lost = [*items][:4]
        there = tr.get(f"/1/boards/{board_of(connector, 'Mobile releases').id}/lists")[0]
        tr.mutate("move", card=moved, list=there["id"])
        tr.mutate("delete", card=deleted)
        tr.fault("status", status=401, body="unauthorized card permission requested", times=0, path=f"/1/cards/{lost}")
        found = connector.get([kept, moved, deleted, lost, "f" * 24, "nonsense"])
    by_id = {item.id: item for item in found.items}
    assert set(by_id) == {kept, moved} and by_id[kept] == items[kept]
    assert by_id[moved].containers == (there["idBoard"], there["id"]) and by_id[moved].status == there["name"]
    assert {(one.id, one.how) for one in found.gone} == {(deleted, "deleted"), ("f" * 24, "deleted")}
    assert found.denied == (lost,)


def test_a_card_is_found_by_its_short_link_as_a_canary_is(tr: Sandbox) -> None:
    with trello(tr) as connector:
        item = next(iter(read_board(connector).values()))
        assert item.key and connector.get([item.key]).items == (item,)
        assert connector.get(["../members"]).items == ()
