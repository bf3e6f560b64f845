"""Every request to Trello is one that its official description allows, but for what it says nothing of."""

from __future__ import annotations

import json
import os
import pathlib
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.connectors.trello_site import board_of, read_board, trello
from tests.hub.sandbox.process import Sandbox

SPECS = os.environ.get("ANCHORLINE_SPECS")
pytestmark = pytest.mark.skipif(not SPECS, reason="ANCHORLINE_SPECS is not set")

LISTING = "the description names no parameter of this listing; {} is in Trello's older reference and in other connectors"
EXEMPT: dict[tuple[str, str], str] = {
    **{
        ("/boards/{id}/cards/{filter}", name): LISTING.format(name)
        for name in ("limit", "before", "fields", "attachments", "attachment_fields", "customFieldItems")
    },
    ("/members/{id}/boards", "id"): '"me" stands for the account of the token, as it does in /members/{id}',
    ("/members/{id}/boards", "fields"): "the description has one name, its own default has several with commas",
    ("/members/{id}", "fields"): "the description knows the field id only, its schema Member the others",
    ("/boards/{boardId}/actions", "fields"): "the description refers to the schema of a whole action in place of names",
    ("/cards/{id}", "action_fields"): "not described; belongs to the nested resource actions",
    ("/cards/{id}", "actions_limit"): "not described; belongs to the nested resource actions",
    ("/cards/{id}", "id"): "a short link is an id, too",
    ("/boards/{id}", "id"): "a short link is an id, too",
}
"""(path, parameter) -> why it may differ from the description; the test also fails for one that is not needed."""


@cache
def description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((pathlib.Path(SPECS or "") / "trello.openapi.json").read_text(encoding="utf-8"))
    return found


def template_of(path: str) -> tuple[str, dict[str, str]]:
    """The described path that an actual one fits, most literal first, with its parameters."""
    parts = path.strip("/").split("/")
    fits = []
    for template, operations in description()["paths"].items():
        pieces = template.strip("/").split("/")
        if "get" in operations and len(pieces) == len(parts):
            named = {piece[1:-1]: part for piece, part in zip(pieces, parts, strict=True) if piece.startswith("{")}
            if all(piece.startswith("{") or piece == part for piece, part in zip(pieces, parts, strict=True)):
                fits.append((len(named), template, named))
    assert fits, f"{path} is not described"
    _, template, named = min(fits)
    return template, named


def schema_of(parameter: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = parameter.get("schema", {})
    if "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def allowed(schema: dict[str, Any], text: str) -> bool:
    """Whether a text of an address is a value of the schema."""
    import re

    if "oneOf" in schema:
        return any(allowed(schema_of({"schema": one}), text) for one in schema["oneOf"])
    if schema.get("type") == "boolean":
        return text in ("true", "false")
    if schema.get("type") in ("integer", "number"):
        inside = text.isdecimal() and int(text) >= schema.get("minimum", 0)
        return inside and int(text) <= schema.get("maximum", 1000)
    if schema.get("type") == "object":
        return False
    return text in schema.get("enum", [text]) and re.fullmatch(schema.get("pattern", ".*"), text) is not None


def undescribed(entry: dict[str, Any]) -> set[tuple[str, str]]:
    """(path, parameter) of a logged request that the description does not have, or has otherwise."""
    template, named = template_of(urlsplit(entry["path"]).path.removeprefix("/1"))
    path = description()["paths"][template]
    parameters = {one["name"]: one for one in path["get"].get("parameters", []) + path.get("parameters", [])}
    given = named | {name: values[0] for name, values in parse_qs(entry["query"]).items()}
    missing = {name for name, one in parameters.items() if one.get("required") and name not in given}
    wrong = {name for name, text in given.items() if name not in parameters or not allowed(schema_of(parameters[name]), text)}
    return {(template, name) for name in missing | wrong}


@pytest.fixture
def sent(tr: Sandbox) -> list[dict[str, Any]]:
    """All requests of a run that uses everything."""
    fields = {"region": "Region", "launch": "checklist:Launch"}
    with trello(tr, fields=fields) as connector:
        connector.check()
        list(connector.dimensions())
        items = read_board(connector)
        list(connector.census(board_of(connector)))
        connector.get([item.id for item in items.values()][:2] + [item.key or "" for item in items.values()][:1])
    tr.switch(bare=True)
    with trello(tr, partitions=("zzzzzzzz",)) as connector:
        connector.partitions()
    with trello(tr) as connector:
        read_board(connector)
    return tr.log()


def test_every_request_is_described_but_for_the_listed_exemptions(sent: list[dict[str, Any]]) -> None:
    found = set().union(*(undescribed(entry) for entry in sent))
    assert found - set(EXEMPT) == set()
    assert set(EXEMPT) - found == set(), "exemptions that are no longer needed"
    assert all(EXEMPT.values()) and {entry["method"] for entry in sent} == {"GET"}


def test_the_check_itself_notices_a_wrong_request() -> None:
    board = "6" * 24
    for path, query, told in (
        (f"/1/boards/{board}/labels", "limit=2000", "limit"),
        (f"/1/boards/{board}/lists", "filter=some", "filter"),
        (f"/1/boards/{board}/cards/some", "", "filter"),
        ("/1/boards/short/lists", "", "id"),
        (f"/1/cards/{board}", "customFieldItems=yes", "customFieldItems"),
    ):
        assert {name for _, name in undescribed({"path": path, "query": query})} == {told}
    with pytest.raises(AssertionError, match="not described"):
        undescribed({"path": "/1/nothing/at/all", "query": ""})


def test_the_run_asked_for_all_that_it_should(sent: list[dict[str, Any]]) -> None:
    assert {template_of(entry["path"].removeprefix("/1"))[0] for entry in sent} == {
        "/members/{id}",
        "/members/{id}/boards",
        "/boards/{id}",
        "/boards/{id}/lists",
        "/boards/{id}/labels",
        "/boards/{id}/customFields",
        "/boards/{id}/checklists",
        "/boards/{id}/cards/{filter}",
        "/boards/{boardId}/actions",
        "/cards/{id}",
        "/cards/{id}/attachments",
    }
