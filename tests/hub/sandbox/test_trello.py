"""The Trello stand-in: its company, what it refuses, its limits, and its answers against the official description."""

from __future__ import annotations

import json
import os
import pathlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest

from hub.sandbox import company
from hub.sandbox.answers import Settings
from hub.sandbox.trello_limits import REFUSED, TrelloLimiter
from tests.hub.sandbox.process import TOKEN, TRELLO_KEY, Sandbox, sandbox

SPECS = os.environ.get("ANCHORLINE_SPECS")
needs_specs = pytest.mark.skipif(not SPECS, reason="ANCHORLINE_SPECS is not set")
HEX = "0123456789abcdef"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with sandbox(issues=300, seed=7, vendor="trello", cards=120) as found:
        yield found


@pytest.fixture
def tr(running: Sandbox) -> Sandbox:
    running.reset()
    return running


def boards(tr: Sandbox) -> dict[str, str]:
    return {row["name"]: row["id"] for row in tr.get("/1/members/me/boards")}


def cards(tr: Sandbox, name: str = "Growth launches", **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tr.get(f"/1/boards/{boards(tr)[name]}/cards/all", limit=1000, **params)
    return found


# ---- the company --------------------------------------------------------------------------------------------------------


def test_the_same_seed_is_the_same_company(tr: Sandbox) -> None:
    with sandbox(issues=300, seed=7, vendor="trello", cards=120) as other:
        assert cards(other) == cards(tr)
    with sandbox(issues=300, seed=8, vendor="trello", cards=120) as stranger:
        assert cards(stranger) != cards(tr)


def test_its_cards_serve_the_companys_key_results_and_name_its_epics(tr: Sandbox) -> None:
    known = {f"kr:{one.id}" for one in company.KEY_RESULTS} | {f"kr:{company.ALLOWANCE}"}
    labels = Counter(label["name"] for card in cards(tr) for label in card["labels"])
    assert {"kr:activation", "kr:time-to-value", "kr:templates"} <= set(labels) and set(labels) - {""} <= known
    with sandbox(issues=300, seed=7) as jira:
        found = jira.search("project = GROW", fields="issuetype")
    epics = {row["key"] for row in found if row["fields"]["issuetype"]["name"] == "Epic"}
    named = [card["name"].rpartition("(")[2].rstrip(")") for card in cards(tr) if "(GROW-" in card["name"]]
    linked = [one["url"].rpartition("/")[2] for card in cards(tr, attachments="true") for one in card["attachments"]]
    assert named and set(named) <= epics
    assert {key for key in linked if key.startswith("GROW-")} & epics


def test_most_finished_cards_are_archived_and_some_lists_are(tr: Sandbox) -> None:
    done = [card for card in tr.truths().values() if card["list"] == "Done" and not card["board_closed"]]
    assert sum(card["closed"] for card in done) > len(done) * 0.75
    lists = tr.get(f"/1/boards/{boards(tr)['Growth launches']}/lists", filter="closed")
    assert {row["name"] for row in lists} == {"Done before the summer", "Parked"}


def test_ids_begin_with_the_second_of_their_making(tr: Sandbox) -> None:
    for card in cards(tr):
        assert len(card["id"]) == 24 and set(card["id"]) <= set(HEX)
        made = tr.get(f"/1/cards/{card['id']}", actions="createCard", actions_limit=1)["actions"][0]["date"]
        from datetime import datetime

        assert 0 <= datetime.fromisoformat(made).timestamp() - int(card["id"][:8], 16) < 2


# ---- answers ------------------------------------------------------------------------------------------------------------


def test_a_page_is_the_newest_below_before_in_the_boards_order(tr: Sandbox) -> None:
    everything = sorted((card["id"] for card in cards(tr)), reverse=True)
    page = tr.get(f"/1/boards/{boards(tr)['Growth launches']}/cards/all", limit=10, before=everything[4])
    ids = [card["id"] for card in page]
    assert sorted(ids, reverse=True) == everything[5:15] and ids != sorted(ids, reverse=True)


def test_open_cards_are_the_default_and_filters_choose(tr: Sandbox) -> None:
    board = boards(tr)["Growth launches"]
    counts = {name: len(tr.get(f"/1/boards/{board}/cards/{name}")) for name in ("all", "open", "closed", "visible")}
    assert counts["all"] == counts["open"] + counts["closed"] and counts["visible"] < counts["open"]
    assert len(tr.get(f"/1/boards/{board}/cards")) == counts["open"]


def test_actions_come_newest_first_fifty_unless_more_are_asked_for(tr: Sandbox) -> None:
    path = f"/1/boards/{boards(tr)['Growth launches']}/actions"
    rows = tr.get(path)
    assert len(rows) == 50 and [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    moves = tr.get(path, filter="updateCard:idList", limit=1000)
    assert len(moves) > 50 and all("listAfter" in row["data"] for row in moves)
    assert tr.get(path, limit=5, before=rows[4]["id"]) == rows[5:10]


@pytest.mark.parametrize(
    ("authorization", "status", "text"),
    [
        (None, 401, "unauthorized permission requested"),
        ('OAuth oauth_consumer_key="x", oauth_token="y"', 401, "invalid key"),
        (f'OAuth oauth_consumer_key="{TRELLO_KEY}", oauth_token="y"', 401, "invalid token"),
        (f'OAuth oauth_consumer_key="{TRELLO_KEY}", oauth_token="{TOKEN}"', 200, ""),
    ],
)
def test_who_may_ask(tr: Sandbox, authorization: str | None, status: int, text: str) -> None:
    headers = {"authorization": authorization} if authorization else {}
    answer = httpx.get(f"{tr.url}/1/members/me", headers=headers, trust_env=False)
    assert answer.status_code == status and (status == 200 or answer.text == text)


def test_what_is_not_there_and_what_is_not_for_this_account(tr: Sandbox) -> None:
    board, card = boards(tr)["Growth launches"], cards(tr)[0]["id"]
    status = {path: tr.http.get(path).status_code for path in ("/1/boards/a b", f"/1/boards/{'f' * 24}", f"/1/cards/{'f' * 24}")}
    assert list(status.values()) == [400, 404, 404]
    tr.mutate("board", board=board, hidden=True)
    assert tr.http.get(f"/1/boards/{board}/cards/all").text == "unauthorized permission requested"
    assert tr.http.get(f"/1/cards/{card}").text == "unauthorized card permission requested"
    assert "Growth launches" not in boards(tr)


def test_changes_of_lists_labels_and_boards_leave_the_cards_stamps_alone(tr: Sandbox) -> None:
    before = {card["id"]: card["dateLastActivity"] for card in cards(tr)}
    board = boards(tr)["Growth launches"]
    tr.mutate("list", list=cards(tr)[0]["idList"], name="Other", closed=True)
    tr.mutate("label", label=tr.get(f"/1/boards/{board}/labels")[0]["id"], name="kr:other")
    option = next(row for row in tr.get(f"/1/boards/{board}/customFields") if row["type"] == "list")["options"][0]
    tr.mutate("option", option=option["id"], name="Elsewhere")
    assert {card["id"]: card["dateLastActivity"] for card in cards(tr)} == before
    one = cards(tr)[0]["id"]
    tr.mutate("update", card=one, name="New name")
    assert {ident for ident, stamp in before.items() if tr.get(f"/1/cards/{ident}")["dateLastActivity"] != stamp} == {one}


def test_values_set_and_taken_off(tr: Sandbox) -> None:
    card = cards(tr)[0]["id"]
    tr.mutate("value", card=card, field="Story points", value="13")
    items = tr.get(f"/1/cards/{card}", customFieldItems="true")["customFieldItems"]
    assert {"number": "13"} in [item["value"] for item in items]
    tr.mutate("value", card=card, field="Story points", value=None)
    items = tr.get(f"/1/cards/{card}", customFieldItems="true")["customFieldItems"]
    assert all(not item["value"] or "number" not in item["value"] for item in items)
    assert tr.control_http.post("/mutate", json={"op": "value", "card": card, "field": "Nothing"}).status_code == 400


# ---- limits -------------------------------------------------------------------------------------------------------------


def test_requests_are_counted_in_windows_of_ten_seconds(tr: Sandbox) -> None:
    settings, clock = Settings(limit=3), [1000.0]
    limiter = TrelloLimiter(settings, lambda: clock[0])
    assert [limiter.admit("GET", "/1/x", "") for _ in range(5)] == [0, 0, 0, 10, 10]
    assert limiter.headers("GET", "/1/x")["x-rate-limit-api-token-remaining"] == "0"
    clock[0] += 4
    assert limiter.admit("GET", "/1/y", "") == 6, "every path counts towards the same limit"
    limiter.advance(6)
    assert limiter.admit("GET", "/1/x", "") == 0
    assert limiter.shown() | {"peak": 0} == limiter.shown() | {"worst": 3, "lockouts": 0, "requests": 7}
    for _ in range(REFUSED + 3):
        limiter.admit("GET", "/1/x", "")
    assert limiter.shown()["lockouts"] == 1
    limiter.clear()
    assert limiter.shown()["worst"] == 0


def test_a_429_names_the_limit_and_no_time(tr: Sandbox) -> None:
    tr.switch(limit=1)
    answers = [tr.http.get("/1/members/me") for _ in range(3)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"] == "API_TOKEN_LIMIT_EXCEEDED" and "retry-after" not in refused.headers
    assert refused.headers["x-rate-limit-api-token-interval-ms"] == "10000"


# ---- against the description --------------------------------------------------------------------------------------------

EXEMPTIONS = {
    ("Card", "labels"): "recorded: the labels themselves, although the description says ids",
    ("Card", "checkItemStates"): "recorded: null where it was not asked for",
    ("Card", "due"): "an instant, although the description says date",
    ("Attachment", "bytes"): "a number, although the description says text",
    ("Attachment", "date"): "an instant, although the description says date",
    ("Board", "idOrganization"): "null for a board outside of workspaces",
    ("Board", "dateLastActivity"): "an instant, although the description says date",
}
"""(schema, field) -> why the stand-in's answer may differ. Each must be needed."""


@cache
def schemas() -> dict[str, Any]:
    text = (pathlib.Path(SPECS or "") / "trello.openapi.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["components"]["schemas"]
    return found


@cache
def validator(name: str, field: str) -> Any:
    from jsonschema import Draft4Validator

    schema = schemas()[name]["properties"][field]
    return Draft4Validator({"allOf": [_nullable(schema)], "components": {"schemas": _nullable(schemas())}})


def wrong(name: str, row: dict[str, Any]) -> set[tuple[str, str]]:
    """(schema, field) of the parts of a row that its schema does not allow."""
    described = schemas()[name].get("properties", {})
    fields = [field for field in described if field in row and not (row[field] is None and described[field].get("nullable"))]
    return {
        (name, field)
        for field in fields
        if not validator(name, field).is_valid(row[field]) or _not_a_day(described[field], row[field])
    }


def _not_a_day(schema: dict[str, Any], value: Any) -> bool:
    return schema.get("format") == "date" and isinstance(value, str) and len(value) != 10


def _nullable(schema: Any) -> Any:
    """``nullable`` of OpenAPI 3.0 as the type that JSON schema has for it."""
    if isinstance(schema, list):
        return [_nullable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _nullable(value) for name, value in schema.items()}
    if found.pop("nullable", False) and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
        found.pop("enum", None)
    return found


def rows_by_schema(tr: Sandbox) -> dict[str, list[dict[str, Any]]]:
    board = boards(tr)["Growth launches"]
    shown = cards(tr, attachments="true", customFieldItems="true")
    return {
        "Board": [*tr.get("/1/members/me/boards"), tr.get(f"/1/boards/{board}")],
        "Card": [*shown, tr.get(f"/1/cards/{shown[0]['id']}")],
        "TrelloList": tr.get(f"/1/boards/{board}/lists", filter="all"),
        "Label": tr.get(f"/1/boards/{board}/labels", limit=1000),
        "CustomField": tr.get(f"/1/boards/{board}/customFields"),
        "Checklist": tr.get(f"/1/boards/{board}/checklists"),
        "Action": tr.get(f"/1/boards/{board}/actions", limit=1000),
        "Attachment": [one for card in shown for one in card["attachments"]],
        "Member": [tr.get("/1/members/me")],
    }


@needs_specs
def test_answers_are_what_the_description_allows_but_for_the_listed_exemptions(tr: Sandbox) -> None:
    found = set()
    for name, rows in rows_by_schema(tr).items():
        assert rows, name
        found |= set().union(*(wrong(name, row) for row in rows))
    assert found - set(EXEMPTIONS) == set()
    assert set(EXEMPTIONS) - found == set(), "exemptions that are no longer needed"


@needs_specs
def test_the_check_itself_notices_a_wrong_answer(tr: Sandbox) -> None:
    row = cards(tr)[0]
    assert wrong("Card", row | {"closed": "false"}) >= {("Card", "closed")}
    assert wrong("Card", row | {"idList": "x"}) >= {("Card", "idList")}
    assert wrong("TrelloList", {"id": row["idList"], "name": 5}) == {("TrelloList", "name")}


@needs_specs
def test_a_recorded_card_has_no_field_that_the_stand_in_lacks(tr: Sandbox) -> None:
    described = set(schemas()["Card"]["properties"])
    shown = set(cards(tr)[0])
    assert {"badges", "closed", "dateLastActivity", "due", "idBoard", "idList", "idLabels", "idMembers", "isTemplate"} <= shown
    assert {"badges", "closed", "dateLastActivity", "due", "idBoard", "idList", "idLabels", "idMembers"} <= described
