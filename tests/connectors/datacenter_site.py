"""A Jira Data Center: the stand-in's, and one of canned answers; settings, a connector on each, what was asked of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.base import Partition, Secret, SourceSettings, WorkItem, checked
from connectors.jira.datacenter import JiraDataCenter
from tests.connectors.contract import StandIn
from tests.connectors.jira_stub import POINTS, SPRINT, TEAM, body
from tests.connectors.raw import RawServer, raw_server, reply
from tests.connectors.runs import Clock, make_io
from tests.hub.sandbox.process import TOKEN, Sandbox

CONTEXT = "/jira"
"""The path below which this Jira lives."""
SEARCH, ISSUE = "/rest/api/2/search", "/rest/api/2/issue/"
CORE = Partition("10001", "Product Core", "CORE")
OPTIONS = {"deployment": "datacenter"}


class DataCenterStandIn(StandIn):
    """The sandbox, with faults in front of the search unless said otherwise."""

    def __init__(self, sb: Sandbox) -> None:
        self.sb, self.url = sb, sb.url

    def settings(self, **changes: Any) -> SourceSettings:
        return dc_settings(self.sb, **changes)

    def truth(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {row["id"]: set() for row in self.sb.get("/rest/api/2/project")}
        for ident, issue in self.sb.truths().items():
            if issue["seen"]:
                found[issue["project_id"]].add(ident)
        return found

    def fault(self, do: str, **options: Any) -> None:
        self.sb.fault(do, **({"path": SEARCH} | options))

    def heal(self) -> None:
        self.sb.heal()

    def log(self) -> list[dict[str, Any]]:
        return self.sb.log()


def dc_settings(sb: Sandbox, **changes: Any) -> SourceSettings:
    values: dict[str, Any] = {
        "name": "dev", "kind": "jira", "url": sb.url + CONTEXT, "token": Secret(TOKEN), "options": OPTIONS,
    }  # fmt: skip
    return SourceSettings(**(values | changes))


@contextlib.contextmanager
def data_center(sb: Sandbox, clock: Clock | None = None, attempts: int = 2, **changes: Any) -> Iterator[JiraDataCenter]:
    settings = dc_settings(sb, **changes)
    with JiraDataCenter(settings, make_io(settings.url, clock, settings=settings, attempts=attempts)) as connector:
        yield connector


def read(connector: JiraDataCenter, partition: Partition = CORE, since: datetime | None = None) -> dict[str, WorkItem]:
    return {item.id: item for page in checked(connector.changes(partition, since, None)) for item in page.items}


def queries(sb: Sandbox) -> list[str]:
    """The JQL of every search so far."""
    return [parse_qs(entry["query"])["jql"][0] for entry in sb.log() if entry["path"] == SEARCH]


# ---- canned answers

EPIC_LINK = {
    "id": "customfield_10006",
    "name": "Epic-Verknüpfung",
    "schema": {"custom": "com.pyxis.greenhopper.jira:gh-epic-link"},
}
EPIC_NAME = {"id": "customfield_10007", "name": "Epic-Name", "schema": {"custom": "com.pyxis.greenhopper.jira:gh-epic-label"}}
FIELDS = [{"id": "summary", "name": "Summary", "schema": {"type": "string"}}, POINTS, SPRINT, TEAM, EPIC_LINK, EPIC_NAME]
STORY, EPIC_TYPE, SUBTASK = (
    {"id": "10001", "name": "Story", "subtask": False},
    {"id": "10000", "name": "Vorhaben", "subtask": False},
    {"id": "10003", "name": "Teilaufgabe", "subtask": True},
)


def issue(ident: str = "1", **fields: Any) -> dict[str, Any]:
    """An issue as Data Center's search returns it; ``fields`` replace or add."""
    plain: dict[str, Any] = {
        "summary": f"Issue {ident}",
        "issuetype": STORY,
        "project": {"id": "10000", "key": "EE", "name": "Eng"},
        "status": {"id": "3", "name": "In Progress", "statusCategory": {"id": 4, "key": "indeterminate", "name": "In Progress"}},
        "resolution": None, "labels": [], "components": [], "issuelinks": [], "assignee": None, "duedate": None,
        "created": "2026-06-01T08:00:00.000+0000", "updated": "2026-11-20T08:13:13.000+0000", "resolutiondate": None,
    }  # fmt: skip
    return {"id": ident, "key": f"EE-{ident}", "self": "https://x/1", "expand": "", "fields": plain | fields}


def found(*issues: Any, total: int | None = None) -> bytes:
    """One page of a search."""
    counted = len(issues) if total is None else total
    return body({"startAt": 0, "maxResults": 250, "total": counted, "issues": list(issues)})


def rows_of(rows: list[bytes]) -> bytes:
    """One whole page of rows as they are."""
    head = b'{"startAt": 0, "maxResults": 250, "total": %d, "issues": [' % len(rows)
    return reply(head + b",".join(rows) + b"]}")


Answer = bytes | Callable[[str], bytes]


class DataCenterStub:
    """Answers by the end of the path; a function is asked with the JQL, or with the path where there is none."""

    def __init__(self, rows: list[bytes] | None = None, **answers: Answer) -> None:
        whole = rows_of([json.dumps(issue()).encode()] if rows is None else rows)
        usual: dict[str, Answer] = {
            "serverInfo": body({"deploymentType": "Server", "version": "10.3.6", "baseUrl": "https://x"}),
            "myself": body({"name": "robot", "key": "JIRAUSER1", "displayName": "Robot", "timeZone": "Asia/Shanghai"}),
            "field": body(FIELDS),
            "project": body([{"id": "10000", "key": "EE", "name": "Eng", "archived": False}]),
            "search": lambda jql: found() if "cf[" in jql else whole,
            "board": body({"values": [], "isLast": True, "startAt": 0, "maxResults": 50, "total": 0}),
            "status": body([]),
            "issuetype": body([STORY, EPIC_TYPE, SUBTASK]),
        }
        self.answers = usual | {name.replace("__", "/"): answer for name, answer in answers.items()}

    def __call__(self, request: bytes) -> bytes:
        target = urlsplit(request.split(b" ")[1].decode())
        for prefix in ("/rest/api/2/", "/rest/agile/1.0/"):
            if target.path.startswith(prefix):
                answer = self.answers.get(target.path.removeprefix(prefix))
                if callable(answer):
                    return answer(parse_qs(target.query).get("jql", [target.path])[0])
                if answer is not None:
                    return answer
        return reply(b"{}", "404 Not Found")


def dc_stub_settings(url: str, **changes: Any) -> SourceSettings:
    values: dict[str, Any] = {"name": "dev", "kind": "jira", "url": url, "token": Secret("pat-0123456789"), "options": OPTIONS}
    return SourceSettings(**(values | changes))


@contextlib.contextmanager
def dc_stubbed(
    rows: list[bytes] | None = None, *, settings: dict[str, Any] | None = None, clock: Clock | None = None, attempts: int = 2,
    **answers: Answer,
) -> Iterator[tuple[JiraDataCenter, RawServer]]:  # fmt: skip
    """A connector on a stub."""
    with raw_server(route=DataCenterStub(rows, **answers)) as server:
        chosen = dc_stub_settings(server.url, **(settings or {}))
        with JiraDataCenter(chosen, make_io(server.url, clock, settings=chosen, attempts=attempts)) as connector:
            yield connector, server
