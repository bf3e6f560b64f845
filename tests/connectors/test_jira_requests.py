"""What the Jira connector asks for, as whom, and how it uses the SDK."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import (
    AuthError,
    Secret,
)
from connectors.jira.client import make_client
from tests.connectors.jira_site import BULK, SEARCH, jira, queries, read_ids, sandbox_settings
from tests.connectors.runs import make_io
from tests.hub.sandbox.process import TOKEN, USER, Sandbox

# ---- how the SDK is used


def test_the_sdk_still_has_what_we_use_of_it(sb: Sandbox) -> None:
    """``_session`` and ``_get_url`` are semi-private: a new version of the package must fail here first."""
    settings = sandbox_settings(sb)
    client = make_client(settings, make_io(sb.url))
    assert client._get_url("search/jql", client.JIRA_BASE_URL) == f"{sb.url}/rest/api/3/search/jql"
    assert client._get_url("board", client.AGILE_BASE_URL) == f"{sb.url}/rest/agile/1.0/board"
    session = client._session
    assert (session.max_retries, session.timeout, session.trust_env, session.auth) == (0, (5, 60), False, (USER, TOKEN))
    assert set(session.adapters) == {"https://", "http://"}
    assert sb.log() == [], "the constructor sends nothing"


def test_nothing_is_asked_that_we_did_not_ask(sb: Sandbox) -> None:
    with jira(sb) as connector:
        read_ids(connector)
    asked = [entry["path"] for entry in sb.log()]
    assert asked.count("/rest/api/3/field") == 1, "one list of ours, none for the SDK's name translation"
    assert {path for path in asked if "/search" in path or "issue" in path} == {SEARCH, BULK, "/rest/api/3/field/search"}
    heads = [entry["headers"] for entry in sb.log()]
    assert {(head["accept-language"], head["x-force-accept-language"]) for head in heads} == {("en", "true")}
    assert all(entry["authorization"] for entry in sb.log()), "the credential goes with the first try"


def test_each_thread_has_a_client_of_its_own(sb: Sandbox) -> None:
    with jira(sb) as connector:
        found = {id(connector._site._client())}
        thread = threading.Thread(target=lambda: found.add(id(connector._site._client())))
        thread.start()
        thread.join()
        assert len(found) == 2
        assert connector._site._client() is connector._site._client()


# ---- who we are


def test_the_account_is_the_immutable_id(sb: Sandbox) -> None:
    with jira(sb) as connector:
        account = connector.check()
    assert account.id == sb.get("/rest/api/3/myself")["accountId"]
    assert account.timezone == "Europe/Lisbon"


def test_a_search_that_answers_200_to_a_stranger_is_an_auth_error(sb: Sandbox) -> None:
    """The search "can be accessed anonymously": a dropped credential reads fewer issues with status 200."""
    sb.switch(anonymous=True)
    with jira(sb, token=Secret("expired-token")) as connector, pytest.raises(AuthError):
        read_ids(connector)


def test_an_answer_to_another_account_is_an_auth_error(sb: Sandbox) -> None:
    with jira(sb) as connector:
        connector.check()
        sb.fault("headers", headers={"X-AAccountId": "somebody-else"}, path=SEARCH)
        with pytest.raises(AuthError, match="somebody else"):
            read_ids(connector)


def test_a_credential_that_dies_in_mid_run_is_one_auth_error_and_no_storm(sb: Sandbox) -> None:
    with jira(sb) as connector:
        sb.fault("status", status=401, path=BULK, times=0)
        with pytest.raises(AuthError):
            read_ids(connector)
    assert len([entry for entry in sb.log() if entry["path"] == BULK]) <= 8, "at most one request per thread and window"


def test_configured_fields_that_do_not_exist_are_named_with_what_is_near(sb: Sandbox) -> None:
    with jira(sb, fields={"prio": "Prioritty", "team": "nothing like it"}) as connector:
        missing = connector.check().unresolved
    assert len(missing) == 2
    assert "'Prioritty'" in missing[0] and "Priority" in missing[0]


def test_missing_rights_are_named(sb: Sandbox) -> None:
    sb.fault("status", status=403, path="/rest/agile/1.0/board", times=0)
    sb.fault("json", body={"values": [], "isLast": True}, path="/rest/api/3/project/search", times=0)
    with jira(sb) as connector:
        no_project, no_board = connector.check().missing
    assert "Browse Projects" in no_project and "sprints" in no_board


# ---- what is asked for


def test_the_first_run_asks_for_everything_without_a_date(sb: Sandbox) -> None:
    with jira(sb) as connector:
        read_ids(connector)
    assert {query["jql"][0] for query in queries(sb)} == {"project = 10001 ORDER BY key ASC"}


def test_a_delta_has_a_lower_bound_in_epoch_milliseconds_and_no_upper_bound(sb: Sandbox) -> None:
    since = datetime(2026, 11, 20, 8, 15, 42, 123456, tzinfo=UTC)
    with jira(sb) as connector:
        read_ids(connector, since=since)
    bound = int(datetime(2026, 11, 20, 8, 14, tzinfo=UTC).timestamp() * 1000)
    assert {query["jql"][0] for query in queries(sb)} == {f"project = 10001 AND updated >= {bound} ORDER BY key ASC"}


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati"])
def test_the_zone_of_the_user_moves_no_bound(sb: Sandbox, zone: str) -> None:
    changed = {str(sb.mutate("update", issue=key, summary="new")["id"]) for key in ("CORE-1", "CORE-2")}
    since = datetime.fromtimestamp(sb.clock() / 1000, UTC) - timedelta(minutes=1)
    sb.switch(zone=zone)
    with jira(sb) as connector:
        assert read_ids(connector, since=since) == changed


def test_fields_are_named_and_never_all(sb: Sandbox) -> None:
    with jira(sb) as connector:
        read_ids(connector)
    bodies = [json.loads(entry["body"]) for entry in sb.log() if entry["path"] == BULK]
    assert {tuple(query["fields"]) for query in queries(sb)} == {("id",)}
    assert all("summary" in body["fields"] and not any("*" in name for name in body["fields"]) for body in bodies)
    assert max(len(body["issueIdsOrKeys"]) for body in bodies) <= 100


def test_a_project_is_named_by_digits_only() -> None:
    from connectors.base import Misconfigured
    from connectors.jira.reading import project_query

    for hostile in ('A" OR 1=1', "CORE", "1 OR project is not empty", "", "١"):
        with pytest.raises(Misconfigured):
            project_query(hostile, None)
