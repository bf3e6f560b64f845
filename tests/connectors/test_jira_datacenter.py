"""The Data Center reader against the stand-in: the conformance class."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from connectors.base import Secret, SourceSettings
from tests.connectors.contract import ConnectorContract, StandIn
from tests.connectors.datacenter_site import OPTIONS, DataCenterStandIn, DataCenterStub, dc_stub_settings, issue
from tests.connectors.raw import raw_server
from tests.hub.sandbox.process import Sandbox


class TestJiraDataCenter(ConnectorContract):
    kind = "jira"
    posts = frozenset()
    optional_fields: ClassVar[dict[str, str]] = {"changed": "updated", "prio": "Priority"}

    @pytest.fixture
    def standin(self, dc: Sandbox) -> StandIn:
        return DataCenterStandIn(dc)

    def any_settings(self, url: str) -> SourceSettings:
        return SourceSettings("any", self.kind, url, token=Secret("any-token-0123456789"), options=OPTIONS)

    @contextlib.contextmanager
    def serving(self, rows: list[bytes]) -> Iterator[SourceSettings]:
        with raw_server(route=DataCenterStub(rows)) as server:
            yield dc_stub_settings(server.url, fields={"team": "Team"})

    def good(self, ident: str) -> bytes:
        return json.dumps(issue(ident)).encode()

    def hostile(self) -> dict[str, tuple[bytes, bool]]:
        def row(**fields: Any) -> bytes:
            return json.dumps(issue("1", **fields)).encode()

        def without(name: str) -> bytes:
            poor = issue("1")
            del poor["fields"][name]
            return json.dumps(poor).encode()

        java = "com.atlassian.greenhopper.service.sprint.Sprint@1"
        odd = self.good("1").replace(b'"Issue 1"', b'"%s"')
        return {
            "NUL": (odd % b"a\\u0000b", True),
            "lone surrogate": (odd % b"a\\ud800b", True),
            "not UTF-8": (odd % b"a\xffb", True),
            "NaN points": (row(customfield_10024=float("nan")), True),
            "points as an object": (row(customfield_10024={"a": 1}), True),
            "no updated": (without("updated"), True),
            "a user as a configured field": (row(customfield_10050={"name": "x", "key": "x", "displayName": "X"}), True),
            "odd configured field": (row(customfield_10050=[[{"value": {"a": [None]}}]]), True),
            "wiki text": (row(customfield_10050="h1. Title\r\n{code}x{code}"), True),
            "a sprint without a name": (row(customfield_10020=[f"{java}[id=7,state=FUTURE]"]), True),
            "an Epic Link that is empty": (row(customfield_10006=""), True),
            "no status": (row(status=None), False),
            "status is a text": (row(status="Done"), False),
            "updated has no offset": (row(updated="2026-01-01T00:00:00"), False),
            "title is a list": (row(summary=["a"]), False),
            "no title": (row(summary=None), False),
            "no type": (without("issuetype"), False),
            "type is null": (row(issuetype=None), False),
            "type is a text": (row(issuetype="Story"), False),
            "labels are a text": (row(labels="a"), False),
            "parent without an id": (row(parent={"fields": {}}, issuetype={"id": "1", "name": "x", "subtask": True}), False),
            "an Epic Link that is an object": (row(customfield_10006={"key": "EE-2"}), False),
            "assignee is a text": (row(assignee="bob"), False),
            "assignee without key and name": (row(assignee={"displayName": "Bob"}), False),
            "a sprint without an id": (row(customfield_10020=[f"{java}[name=S,state=FUTURE]"]), False),
            "a sprint that is any text": (row(customfield_10020=["Sprint 1"]), False),
            "id is a number": (self.good("1").replace(b'"id": "1"', b'"id": 1', 1), False),
            "id in other digits": (self.good("1").replace(b'"id": "1"', '"id": "١"'.encode(), 1), False),
            "fields are null": (b'{"id": "1", "key": "EE-1", "fields": null}', False),
            "a text": (b'"1"', False),
            "null": (b"null", False),
        }
