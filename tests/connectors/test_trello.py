"""The Trello connector against the stand-in: the conformance class."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from connectors.base import AccessLost, AuthError, BadData, Secret, SourceError, SourceSettings
from tests.connectors.contract import ConnectorContract, StandIn
from tests.connectors.raw import raw_server
from tests.connectors.trello_site import POINTS, Stub, TrelloStandIn, card, ident, stub_settings
from tests.hub.sandbox.process import TRELLO_KEY, Sandbox


class TestTrello(ConnectorContract):
    kind = "trello"
    posts = frozenset()
    first, second = ident(1), ident(2)
    optional_fields: ClassVar[dict[str, str]] = {"region": "Region", "checks": "checkItemsChecked"}
    # An empty list is Trello's own end mark; a list of anything but cards is not.
    FAULTS: ClassVar[dict[str, tuple[dict[str, Any], type[SourceError]]]] = ConnectorContract.FAULTS | {
        "list": ({"do": "json", "body": [1, None]}, BadData),
        "no permission": ({"do": "status", "status": 401, "body": "unauthorized permission requested"}, AccessLost),
        "invalid token": ({"do": "status", "status": 401, "body": "invalid token"}, AuthError),
        "not found": ({"do": "status", "status": 404, "body": "The requested resource was not found."}, AccessLost),
    }

    @pytest.fixture
    def standin(self, tr: Sandbox) -> StandIn:
        return TrelloStandIn(tr)

    def any_settings(self, url: str) -> SourceSettings:
        return SourceSettings("any", self.kind, url, user=TRELLO_KEY, token=Secret("any-token-0123456789"))

    @contextlib.contextmanager
    def serving(self, rows: list[bytes]) -> Iterator[SourceSettings]:
        with raw_server(route=Stub(rows)) as server:
            yield stub_settings(server.url, fields={"points": "Points"})

    def good(self, ident: str) -> bytes:
        return json.dumps(card() | {"id": ident}).encode()

    def hostile(self) -> dict[str, tuple[bytes, bool]]:
        def row(**parts: Any) -> bytes:
            return json.dumps(card(1, **parts)).encode()

        def without(name: str) -> bytes:
            poor = card(1)
            del poor[name]
            return json.dumps(poor).encode()

        def points(value: Any) -> list[dict[str, Any]]:
            return [{"id": "x", "idCustomField": POINTS, "value": value}]

        odd = row().replace(b'"Card 1"', b'"%s"')
        whole = f'"id": "{ident(1)}"'.encode()
        return {
            "NUL": (odd % b"a\\u0000b", True),
            "raw NUL": (odd % b"a\x00b", True),
            "lone surrogate": (odd % b"a\\ud800b", True),
            "four bytes and right to left": (odd % "😀 مرحبا".encode(), True),
            "not UTF-8": (odd % b"a\xffb", True),
            "NaN points": (row(customFieldItems=points({"number": float("nan")})), True),
            "infinite points": (row(customFieldItems=points({"number": "@"})).replace(b'"@"', b"1e400"), True),
            "huge points": (row(customFieldItems=points({"number": 2**80})), True),
            "points as a list": (row(customFieldItems=points({"number": [1]})), True),
            "points without a value": (row(customFieldItems=points(None)), True),
            "points of two kinds": (row(customFieldItems=points({"number": "1", "text": "2"})), False),
            "custom fields are a text": (row(customFieldItems="a"), False),
            "no dateLastActivity": (without("dateLastActivity"), True),
            "no due": (without("due"), True),
            "unknown fields": (row(nodeId="ari", agent={"a": [None]}, badges={"lastUpdatedByAi": True}), True),
            "no badges": (without("badges"), True),
            "badges are a list": (row(badges=[1]), True),
            "a label that was deleted": (row(idLabels=[ident(9)]), True),
            "no list": (row(idList=None), False),
            "a list that no board has": (row(idList=ident(9)), False),
            "no board": (without("idBoard"), False),
            "closed is a text": (row(closed="false"), False),
            "closed is missing": (without("closed"), False),
            "dateLastActivity is a number": (row(dateLastActivity=1732877091000), False),
            "dateLastActivity has no offset": (row(dateLastActivity="2026-01-01T00:00:00"), False),
            "dateLastActivity is garbage": (row(dateLastActivity="yesterday"), False),
            "dateLastActivity before time began": (row(dateLastActivity="0001-01-01T00:00:00+08:00"), False),
            "title is a list": (row(name=["a"]), False),
            "no title": (row(name=None), False),
            "labels are a text": (row(idLabels="a"), False),
            "label is null": (row(idLabels=[None]), False),
            "members are a text": (row(idMembers="bob"), False),
            "member is null": (row(idMembers=[None]), False),
            "due is a number": (row(due=5), False),
            "attachments are a text": (row(attachments="a"), False),
            "attachment without an address": (row(attachments=[{"isUpload": False}]), False),
            "id is a number": (row().replace(whole, b'"id": 1', 1), False),
            "id is a list": (row().replace(whole, b'"id": []', 1), False),
            "id in other digits": (row().replace(whole, b'"id": "' + "١".encode() * 24 + b'"', 1), False),
            "id of a hand-made export": (row().replace(whole, b'"id": "card-1"', 1), False),
            "a text": (b'"1"', False),
            "null": (b"null", False),
            "deep": (row(x="@").replace(b'"@"', b"[" * 150 + b"]" * 150), True),
        }
