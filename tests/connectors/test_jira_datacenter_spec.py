"""Every request to Data Center is one that Atlassian's own description of version 10.3 allows, but for a listed few."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.connectors.datacenter_site import CONTEXT, data_center
from tests.connectors.test_jira_spec import SPECS, Sent, description
from tests.hub.sandbox.process import Sandbox

pytestmark = pytest.mark.skipif(not SPECS, reason="ANCHORLINE_SPECS is not set")

NAME = "jira-datacenter-10.3.openapi.json"
HOST = "http://localhost:8090"
EXEMPT: dict[str, str] = {
    "fields": "the description makes a list of lists of it; its own words, 'a comma-separated list', are what Jira takes",
}
"""Query parameter -> why it is left out of the comparison with the description. Security is too: the description knows basic
authentication only, personal access tokens are described in Atlassian's manual."""


class SentThere(Sent):
    """A logged request as the description's server would see it."""

    def __init__(self, entry: dict[str, Any], exempt: frozenset[str] = frozenset(EXEMPT)) -> None:
        from openapi_core.datatypes import RequestParameters
        from werkzeug.datastructures import ImmutableMultiDict

        super().__init__(entry)
        self.host_url, self.full_url_pattern = HOST, HOST + entry["path"]
        asked = [(name, value) for name, value in parse_qsl(entry["query"]) if name not in exempt]
        self.parameters = RequestParameters(query=ImmutableMultiDict(asked), header=self.parameters.header)


@pytest.fixture
def sent(dc: Sandbox) -> list[dict[str, Any]]:
    """All requests of a run that uses everything: check, lists, full pass, delta, census, lookups, sprints of issues."""
    with data_center(dc, fields={"prio": "Priority"}) as connector:
        connector.check()
        connector.writes()
        list(connector.dimensions())
        from connectors.jira.lists import estimation_fields

        estimation_fields(connector._site)
        for partition in connector.partitions()[:2]:
            pages = list(connector.changes(partition, None, None))
            list(connector.changes(partition, pages[0].items[0].updated_at, None))
            list(connector.census(partition))
            connector.get([pages[0].items[0].id, pages[0].items[0].key or "", "999999"])
    dc.fault("status", status=403, path="/rest/agile/1.0/board", times=1)
    with data_center(dc, partitions=("NOPE", "CORE")) as connector:
        list(connector.dimensions())
    return dc.log()


def test_every_request_is_described(sent: list[dict[str, Any]]) -> None:
    spec = description(NAME)
    failed = {}
    for entry in sent:
        try:
            spec.validate_request(SentThere(entry))
        except Exception as error:
            failed[entry["path"]] = f"{error!r} {getattr(error, '__cause__', None)!r}"
    assert failed == {}


def test_no_exemption_is_idle(sent: list[dict[str, Any]]) -> None:
    spec = description(NAME)
    for parameter in EXEMPT:
        entry = next(one for one in sent if f"{parameter}=" in one["query"] and one["path"].endswith("/search"))
        with pytest.raises(Exception, match=r".+"):
            spec.validate_request(SentThere(entry, frozenset()))


def test_the_check_itself_notices_a_wrong_request(sent: list[dict[str, Any]]) -> None:
    spec = description(NAME)
    entry = next(one for one in sent if one["path"].endswith("/search"))
    for wrong in (
        {"query": "maxResults=abc"},
        {"path": "/rest/api/2/nothing"},
        {"path": "/rest/api/2/search/jql"},
        {"method": "PATCH"},
    ):
        with pytest.raises(Exception, match=r".+"):
            spec.validate_request(SentThere(entry | wrong))


def test_the_run_asked_for_all_that_it_should(sent: list[dict[str, Any]]) -> None:
    assert {entry["path"].removeprefix("/rest/") for entry in sent} >= {
        "api/2/serverInfo", "api/2/myself", "api/2/mypermissions", "api/2/field", "api/2/project", "api/2/project/NOPE",
        "api/2/status", "api/2/issuetype", "api/2/search", "api/2/issue/999999", "agile/1.0/board", "agile/1.0/board/1/sprint",
        "agile/1.0/board/1/configuration",
    }  # fmt: skip
    assert {entry["method"] for entry in sent} == {"GET"}
    assert all(entry["full_path"].startswith(CONTEXT) for entry in sent)
