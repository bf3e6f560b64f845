"""Every generated answer is what the vendor's own description allows."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from hub.sandbox.answers import Settings
from hub.sandbox.catalog import Catalog
from hub.sandbox.jira import JiraApi
from hub.sandbox.site import Site
from tests.hub.sandbox.process import Sandbox

SPECS = os.environ.get("ANCHORLINE_SPECS")
pytestmark = pytest.mark.skipif(not SPECS, reason="ANCHORLINE_SPECS is not set")
HOST = "https://your-domain.atlassian.net"
CLOUD, AGILE = "jira-cloud-v3.openapi.json", "jira-agile.openapi.json"
ALL = "project in (CORE, GROW, IDN, PLAT, BILL, MOB, DATA, ITSD) ORDER BY key"

# What the real product answers although its description forbids it: (path, field, why we follow the product).
EXEMPTIONS = (
    ("/rest/api/3/serverInfo", "serverTime", "an offset without a colon, as in the description's own example"),
    ("/rest/api/3/serverInfo", "buildDate", "an offset without a colon, as in the description's own example"),
)

GETS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (CLOUD, "/rest/api/3/serverInfo", {}),
    (CLOUD, "/rest/api/3/myself", {}),
    (CLOUD, "/rest/api/3/mypermissions", {"permissions": "EDIT_ISSUES,ADMINISTER"}),
    (CLOUD, "/rest/api/3/field", {}),
    (CLOUD, "/rest/api/3/field/search", {}),
    (CLOUD, "/rest/api/3/field/search", {"maxResults": "5", "startAt": "3"}),
    (CLOUD, "/rest/api/3/issuetype", {}),
    (CLOUD, "/rest/api/3/status", {}),
    (CLOUD, "/rest/api/3/statuses/search", {}),
    (CLOUD, "/rest/api/3/project/search", {}),
    (CLOUD, "/rest/api/3/project/search", {"maxResults": "3"}),
    (CLOUD, "/rest/api/3/project/search", {"status": "archived"}),
    (CLOUD, "/rest/api/3/project/search", {"status": "deleted"}),
    (CLOUD, "/rest/api/3/project/search", {"expand": "insight"}),
    (CLOUD, "/rest/api/3/project/CORE", {}),
    (CLOUD, "/rest/api/3/project/10007", {}),
    (CLOUD, "/rest/api/3/project/NOPE", {}),
    (CLOUD, "/rest/api/3/search/jql", {"jql": ALL, "maxResults": "5000"}),
    (CLOUD, "/rest/api/3/search/jql", {"jql": ALL, "fields": "key"}),
    (CLOUD, "/rest/api/3/search/jql", {"jql": ALL, "fields": "*all", "maxResults": "100"}),
    (CLOUD, "/rest/api/3/search/jql", {"jql": "text ~ x"}),
    (CLOUD, "/rest/api/3/issue/CORE-1", {}),
    (CLOUD, "/rest/api/3/issue/GROW-3", {"fields": "summary,status"}),
    (CLOUD, "/rest/api/3/issue/NOPE-3", {}),
    (AGILE, "/rest/agile/1.0/board", {}),
    (AGILE, "/rest/agile/1.0/board", {"maxResults": "2"}),
    *((AGILE, f"/rest/agile/1.0/board/{at}/sprint", {}) for at in range(1, 11)),
    *((AGILE, f"/rest/agile/1.0/board/{at}/configuration", {}) for at in range(1, 11)),
)


@cache
def api(name: str) -> OpenAPI:
    text = (pathlib.Path(SPECS or "") / name).read_text(encoding="utf-8")
    return OpenAPI.from_dict(json.loads(text), config=Config(spec_validator_cls=None))


def problems(
    name: str, method: str, path: str, status: int, body: Any, sent: Any = None, query: dict[str, str] | None = None
) -> list[str]:
    """What is wrong with one answer; empty if nothing."""
    request = MockRequest(HOST, method, path, args=query or {}, data=json.dumps(sent).encode() if sent is not None else None)
    content_type = "application/json"
    response = MockResponse(json.dumps(body).encode(), status_code=status, content_type=content_type)
    try:
        api(name).validate_response(request, response)
    except Exception as error:
        found: list[str] = []
        cause: BaseException | None = error
        while cause is not None:
            found += [str(each) for each in getattr(cause, "schema_errors", ())]
            cause = cause.__cause__
        return found or [repr(error)]
    return []


def without_exemptions(path: str, body: Any) -> Any:
    if isinstance(body, dict):
        return {name: value for name, value in body.items() if (path, name) not in {(row[0], row[1]) for row in EXEMPTIONS}}
    return body


def check(
    name: str, method: str, path: str, status: int, body: Any, sent: Any = None, query: dict[str, str] | None = None
) -> None:
    assert problems(name, method, path, status, without_exemptions(path, body), sent, query) == []


@pytest.mark.parametrize(("name", "path", "query"), GETS, ids=[f"{row[1]}?{'&'.join(row[2])}" for row in GETS])
def test_answers_to_get(sb: Sandbox, name: str, path: str, query: dict[str, str]) -> None:
    if "deleted" in query.values():
        sb.mutate("project", project="BILL", state="deleted")
    answer = sb.http.get(path, params=query)
    check(name, "get", path, answer.status_code, answer.json(), None, query)


def test_every_issue_of_the_company(sb: Sandbox) -> None:
    names = [row["id"] for row in sb.search(ALL, maxResults=5000)]
    path, seen = "/rest/api/3/issue/bulkfetch", 0
    for at in range(0, len(names), 100):
        sent = {"issueIdsOrKeys": names[at : at + 100], "fields": ["*all"]}
        answer = sb.http.post(path, json=sent)
        check(CLOUD, "post", path, answer.status_code, answer.json(), sent)
        seen += len(answer.json()["issues"])
    assert seen == 300


def test_answers_to_post(sb: Sandbox) -> None:
    sb.fault("issue_error", path="/rest/api/3/issue/bulkfetch", ids=["CORE-1"])
    for path, sent in (
        ("/rest/api/3/issue/bulkfetch", {"issueIdsOrKeys": ["CORE-1", "CORE-2"], "fields": ["summary"]}),
        ("/rest/api/3/issue/bulkfetch", {"issueIdsOrKeys": []}),
        ("/rest/api/3/search/jql", {"jql": ALL, "fields": ["summary", "status"], "maxResults": 7}),
        ("/rest/api/3/search/jql", {"jql": "order by key"}),
        ("/rest/api/3/search/approximate-count", {"jql": ALL}),
    ):
        answer = sb.http.post(path, json=sent)
        check(CLOUD, "post", path, answer.status_code, answer.json(), sent)


def test_answers_after_changes(sb: Sandbox) -> None:
    made = sb.mutate("create", project="MOB", summary="Made later", points=2)
    sb.mutate("transition", issue=made["key"], status="Done")
    sb.mutate("move", issue="CORE-4", project="GROW")
    sent = {"issueIdsOrKeys": [made["id"], "CORE-4"], "fields": ["*all"]}
    answer = sb.post("/rest/api/3/issue/bulkfetch", sent)
    assert len(answer["issues"]) == 2
    check(CLOUD, "post", "/rest/api/3/issue/bulkfetch", 200, answer, sent)


@pytest.mark.parametrize(("path", "field", "why"), EXEMPTIONS)
def test_each_exemption_is_needed(sb: Sandbox, path: str, field: str, why: str) -> None:
    found = problems(CLOUD, "get", path, 200, {field: sb.get(path)[field]})
    assert found and why


def test_the_check_notices_a_wrong_answer(sb: Sandbox) -> None:
    wrong: tuple[tuple[str, Callable[[Any], Any]], ...] = (
        ("/rest/agile/1.0/board", lambda body: body | {"next": 2}),
        ("/rest/api/3/myself", lambda body: body | {"nickname": "x"}),
        ("/rest/api/3/field", lambda body: [*body, {"id": 7}]),
        ("/rest/api/3/project/search", lambda body: body | {"isLast": "yes"}),
    )
    for path, spoil in wrong:
        body = sb.get(path)
        name = AGILE if "agile" in path else CLOUD
        assert problems(name, "get", path, 200, body) == []
        assert problems(name, "get", path, 200, spoil(body))


def test_every_route_is_checked() -> None:
    """No path of the sandbox is left out of this file."""
    routes = {route.path for route in JiraApi(Site(Catalog([], {}, {}), None), Settings()).app().routes}  # type: ignore[attr-defined]
    text = pathlib.Path(__file__).read_text(encoding="utf-8")
    for path in routes - {"/rest/api/{version}/search"}:  # the removed search, which no description has
        plain = (
            path.replace("{version}", "3")
            .replace("{issue}", "CORE-1")
            .replace("{project}", "CORE")
            .replace("{board:int}", "{at}")
        )
        assert plain in text, path
