"""A Jira of canned answers, byte for byte, for what the stand-in is too well-behaved to say; and issues as JSON."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from connectors.base import Secret, SourceSettings
from connectors.jira.connector import JiraCloud
from tests.connectors.raw import RawServer, raw_server, reply
from tests.connectors.runs import Clock, make_io

POINTS = {
    "id": "customfield_10024",
    "name": "Story Points",
    "schema": {"type": "number", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:float"},
}
TEAM_POINTS = {
    "id": "customfield_10016",
    "name": "Story point estimate",
    "schema": {"type": "number", "custom": "com.pyxis.greenhopper.jira:jsw-story-points"},
}
SPRINT = {
    "id": "customfield_10020",
    "name": "Sprint",
    "schema": {"type": "array", "custom": "com.pyxis.greenhopper.jira:gh-sprint"},
}
TEAM = {"id": "customfield_10050", "name": "Team", "schema": {"type": "option", "custom": "x:select"}}
FIELDS = [{"id": "summary", "name": "Summary", "schema": {"type": "string"}}, POINTS, TEAM_POINTS, SPRINT, TEAM]


Canned = bytes | list[bytes] | Callable[[bytes], bytes]


def body(value: Any) -> bytes:
    return reply(json.dumps(value).encode())


def listed(*values: Any, **more: Any) -> bytes:
    """One whole offset page."""
    return body({"values": list(values), "isLast": True, "startAt": 0, "maxResults": 50, "total": len(values)} | more)


def ids(*numbers: Any, token: str | None = None, **more: Any) -> bytes:
    """One page of search/jql with bare ids."""
    page: dict[str, Any] = {"issues": [{"id": str(number)} for number in numbers], "isLast": token is None}
    return body(page | ({"nextPageToken": token} if token else {}) | more)


def issue(ident: str = "1", **fields: Any) -> dict[str, Any]:
    """An issue as bulkfetch returns it; ``fields`` replace or add."""
    plain: dict[str, Any] = {
        "summary": f"Issue {ident}",
        "issuetype": {"id": "10001", "name": "Story", "subtask": False, "hierarchyLevel": 0},
        "project": {"id": "10000", "key": "EE", "name": "Eng", "simplified": False},
        "status": {"id": "3", "name": "In Progress", "statusCategory": {"id": 4, "key": "indeterminate", "name": "In Progress"}},
        "resolution": None, "parent": None, "labels": [], "components": [], "issuelinks": [], "assignee": None, "duedate": None,
        "created": "2026-06-01T08:00:00.000+0800", "updated": "2026-11-20T08:13:13.360+0800",
        "resolutiondate": None, "statuscategorychangedate": "2026-11-01T08:00:00.000+0800",
    }  # fmt: skip
    return {"id": ident, "key": f"EE-{ident}", "self": "https://x/1", "expand": "", "fields": plain | fields}


def asked_ids(request: bytes) -> list[str]:
    """The ids in the body of a bulkfetch."""
    found: list[str] = json.loads(request.partition(b"\r\n\r\n")[2])["issueIdsOrKeys"]
    return found


def as_asked(request: bytes) -> bytes:
    """A bulkfetch that returns whatever is asked."""
    return body({"issueErrors": [], "issues": [issue(ident) for ident in asked_ids(request)]})


class Stub:
    """Answers by the end of the path. A list of answers is used up, its last one stays; a function sees the request."""

    def __init__(self, rows: list[bytes] | None = None, **answers: Any) -> None:
        rows = [json.dumps(issue()).encode()] if rows is None else rows
        usual: dict[str, Canned] = {
            "serverInfo": body({"deploymentType": "Cloud", "baseUrl": "https://x"}),
            "myself": body({"accountId": "me", "displayName": "Robot", "timeZone": "Asia/Shanghai"}),
            "field": body(FIELDS),
            "field/search": listed(*FIELDS),
            "project/search": [listed({"id": "10000", "key": "EE", "name": "Eng", "simplified": False}), listed()],
            "search/jql": ids(*range(1, len(rows) + 1)),
            "issue/bulkfetch": reply(b'{"issueErrors": [], "issues": [' + b",".join(rows) + b"]}"),
            "board": listed(),
        }
        self.answers: dict[str, Canned] = usual | {name.replace("__", "/"): answer for name, answer in answers.items()}

    def __call__(self, request: bytes) -> bytes:
        path = request.split(b" ")[1].split(b"?")[0].decode()
        for prefix in ("/rest/api/3/", "/rest/agile/1.0/"):
            if path.startswith(prefix):
                answer = self.answers.get(path.removeprefix(prefix))
                if isinstance(answer, list):
                    return answer.pop(0) if len(answer) > 1 else answer[0]
                if callable(answer):
                    return answer(request)
                if answer is not None:
                    return answer
        return reply(b"{}", "404 Not Found")


def stub_settings(url: str, **changes: Any) -> SourceSettings:
    values: dict[str, Any] = {"name": "dev", "kind": "jira", "url": url, "user": "robot@example.com", "token": Secret("t0ken")}
    return SourceSettings(**(values | changes))


@contextlib.contextmanager
def stubbed(
    rows: list[bytes] | None = None, *, settings: dict[str, Any] | None = None, clock: Clock | None = None, attempts: int = 2,
    **answers: Any,
) -> Iterator[tuple[JiraCloud, RawServer]]:  # fmt: skip
    """A connector on a stub."""
    with raw_server(route=Stub(rows, **answers)) as server:
        chosen = stub_settings(server.url, **(settings or {}))
        with JiraCloud(chosen, make_io(server.url, clock, settings=chosen, attempts=attempts)) as connector:
            yield connector, server
