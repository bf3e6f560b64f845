"""The Jira connector against the stand-in: the conformance class."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from connectors.base import (
    SourceSettings,
)
from tests.connectors.contract import ConnectorContract, StandIn
from tests.connectors.jira_site import BULK, JiraStandIn
from tests.connectors.jira_stub import Stub, issue, stub_settings
from tests.connectors.raw import raw_server
from tests.hub.sandbox.process import Sandbox


class TestJira(ConnectorContract):
    kind = "jira"
    posts = frozenset({BULK})
    optional_fields: ClassVar[dict[str, str]] = {"changed": "updated", "prio": "Priority"}

    @pytest.fixture
    def standin(self, sb: Sandbox) -> StandIn:
        return JiraStandIn(sb)

    @contextlib.contextmanager
    def serving(self, rows: list[bytes]) -> Iterator[SourceSettings]:
        with raw_server(route=Stub(rows)) as server:
            yield stub_settings(server.url, fields={"team": "Team"})

    def good(self, ident: str) -> bytes:
        return json.dumps(issue(ident)).encode()

    def hostile(self) -> dict[str, tuple[bytes, bool]]:
        def row(**fields: Any) -> bytes:
            return json.dumps(issue("1", **fields)).encode()

        def without(name: str) -> bytes:
            poor = issue("1")
            del poor["fields"][name]
            return json.dumps(poor).encode()

        odd = self.good("1").replace(b'"Issue 1"', b'"%s"')
        return {
            "NUL": (odd % b"a\\u0000b", True),
            "raw NUL": (odd % b"a\x00b", True),
            "lone surrogate": (odd % b"a\\ud800b", True),
            "four bytes and right to left": (odd % "😀 مرحبا".encode(), True),
            "not UTF-8": (odd % b"a\xffb", True),
            "NaN points": (row(customfield_10024=float("nan")), True),
            "infinite points": (row(customfield_10024="@").replace(b'"@"', b"1e400"), True),
            "huge points": (row(customfield_10024=2**80), True),
            "points as an object": (row(customfield_10024={"a": 1}), True),
            "no updated": (without("updated"), True),
            "odd configured field": (row(customfield_10050=[[{"value": {"a": [None]}}]]), True),
            "no status": (row(status=None), False),
            "status without an id": (row(status={"name": "Done"}), False),
            "status is a text": (row(status="Done"), False),
            "updated is a number": (row(updated=1732877091000), False),
            "updated has no offset": (row(updated="2026-01-01T00:00:00"), False),
            "updated is garbage": (row(updated="yesterday"), False),
            "updated before time began": (row(updated="0001-01-01T00:00:00+0800"), False),
            "title is a list": (row(summary=["a"]), False),
            "no title": (row(summary=None), False),
            "type is null": (row(issuetype=None), False),
            "level is a text": (row(issuetype={"id": "1", "name": "x", "hierarchyLevel": "1"}), False),
            "labels are a text": (row(labels="a"), False),
            "label is null": (row(labels=[None]), False),
            "components without names": (row(components=[{"id": "1"}]), False),
            "parent without an id": (row(parent={"fields": {}}), False),
            "assignee is a text": (row(assignee="bob"), False),
            "due date is an instant": (row(duedate=5), False),
            "links without a type": (row(issuelinks=[{"inwardIssue": {"id": "2"}}]), False),
            "sprint without an id": (row(customfield_10020=[{"name": "S"}]), False),
            "id is a number": (self.good("1").replace(b'"id": "1"', b'"id": 1', 1), False),
            "id is a list": (self.good("1").replace(b'"id": "1"', b'"id": []', 1), False),
            "id in other digits": (self.good("1").replace(b'"id": "1"', '"id": "١"'.encode(), 1), False),
            "fields are null": (b'{"id": "1", "key": "EE-1", "fields": null}', False),
            "a text": (b'"1"', False),
            "null": (b"null", False),
            "deep": (row(customfield_10050="@").replace(b'"@"', b"[" * 150 + b"]" * 150), True),
        }
