"""Every request that the connector makes is one that Atlassian's own API descriptions allow."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.connectors.jira_site import jira
from tests.hub.sandbox.process import Sandbox

SPECS = os.environ.get("ANCHORLINE_SPECS")
pytestmark = pytest.mark.skipif(not SPECS, reason="ANCHORLINE_SPECS is not set")

EXEMPT: dict[str, str] = {}
"""Path -> why its request may differ from the description. Empty; the test also fails for an exemption that is not needed."""
NO_SECURITY = {
    "jira-agile.openapi.json": "declares OAuth 2 only, which openapi-core does not check; API tokens work there too",
    "jira-datacenter-10.3.openapi.json": "declares basic authentication only; personal access tokens go as Bearer",
}
SITE = "https://your-domain.atlassian.net"


def description(name: str) -> Any:
    openapi_core = pytest.importorskip("openapi_core")
    document = json.loads((pathlib.Path(SPECS or "") / name).read_text(encoding="utf-8"))
    for operation in (one for path in document["paths"].values() for one in path.values() if name in NO_SECURITY):
        if isinstance(operation, dict):
            operation.pop("security", None)
    # None of the vendors' files passes strict validation of the description itself.
    return openapi_core.OpenAPI.from_dict(document, config=openapi_core.Config(spec_validator_cls=None))


class Sent:
    """A logged request in the form that openapi-core reads."""

    def __init__(self, entry: dict[str, Any]) -> None:
        from openapi_core.datatypes import RequestParameters

        self.host_url, self.path = SITE, entry["path"]
        self.full_url_pattern = SITE + urlsplit(entry["path"]).path
        self.method = entry["method"].lower()
        headers = Headers(entry["headers"] | ({"authorization": "Basic eDp5"} if entry["authorization"] else {}))
        self.parameters = RequestParameters(query=ImmutableMultiDict(parse_qsl(entry["query"])), header=headers)
        self.body = entry["body"].encode() or None
        self.content_type = entry["headers"].get("content-type", "").split(";")[0] or "application/json"


@pytest.fixture
def sent(sb: Sandbox) -> list[dict[str, Any]]:
    """All requests of a run that uses everything: check, lists, full pass, delta, census, lookup."""
    with jira(sb, fields={"prio": "Priority"}) as connector:
        connector.check()
        list(connector.dimensions())
        from connectors.jira.lists import estimation_fields

        estimation_fields(connector._site)
        for partition in connector.partitions()[:2]:
            pages = list(connector.changes(partition, None, None))
            list(connector.changes(partition, pages[0].items[0].updated_at, None))
            list(connector.census(partition))
            connector.get([pages[0].items[0].id, pages[0].items[0].key or ""])
    with jira(sb, partitions=("NOPE", "CORE")) as connector:
        connector.partitions()
    return sb.log()


def test_every_request_is_described(sent: list[dict[str, Any]]) -> None:
    platform, agile = description("jira-cloud-v3.openapi.json"), description("jira-agile.openapi.json")
    failed = {}
    for entry in sent:
        try:
            (agile if entry["path"].startswith("/rest/agile/") else platform).validate_request(Sent(entry))
        except Exception as error:
            failed[entry["path"]] = f"{error!r} {getattr(error, '__cause__', None)!r}"
    assert {path: why for path, why in failed.items() if path not in EXEMPT} == {}
    assert set(EXEMPT) <= set(failed), "an exemption that is no longer needed"


def test_the_check_itself_notices_a_wrong_request(sent: list[dict[str, Any]]) -> None:
    platform = description("jira-cloud-v3.openapi.json")
    entry = next(one for one in sent if one["path"].endswith("/search/jql"))
    for wrong in ({"query": "maxResults=abc"}, {"path": "/rest/api/3/nothing"}, {"method": "PATCH"}):
        with pytest.raises(Exception, match=r".+"):
            platform.validate_request(Sent(entry | wrong))


def test_the_run_asked_for_all_that_it_should(sent: list[dict[str, Any]]) -> None:
    paths = {entry["path"].rsplit("/rest/", 1)[1] for entry in sent}
    assert paths >= {
        "api/3/serverInfo", "api/3/myself", "api/3/field", "api/3/field/search", "api/3/project/search", "api/3/status",
        "api/3/project/NOPE",
        "api/3/issuetype", "api/3/search/jql", "api/3/issue/bulkfetch", "agile/1.0/board", "agile/1.0/board/1/sprint",
        "agile/1.0/board/1/configuration",
    }  # fmt: skip
