"""Who may ask: credentials, the anonymous search that answers 200 with less, and the account behind it."""

from __future__ import annotations

import httpx

from tests.hub.sandbox.process import TOKEN, USER, Sandbox, sandbox

JQL = {"jql": "project in (CORE, ITSD)", "maxResults": "5000"}


def test_without_a_credential_only_the_server_info_answers(sb: Sandbox) -> None:
    with httpx.Client(base_url=sb.url, trust_env=False) as nobody:
        assert nobody.get("/rest/api/3/serverInfo").status_code == 200
        for path in ("/rest/api/3/myself", "/rest/api/3/search/jql", "/rest/agile/1.0/board", "/rest/api/3/field"):
            answer = nobody.get(path)
            assert answer.status_code == 401
            assert "www-authenticate" not in answer.headers


def test_a_wrong_credential_says_so(sb: Sandbox) -> None:
    for auth in ((USER, "expired"), ("other@anchorline.example", TOKEN)):
        answer = httpx.get(f"{sb.url}/rest/api/3/myself", auth=auth, trust_env=False)
        assert answer.status_code == 401
        assert answer.headers["x-seraph-loginreason"] == "AUTHENTICATED_FAILED"
    answer = httpx.get(f"{sb.url}/rest/api/3/myself", headers={"Authorization": "Basic ???"}, trust_env=False)
    assert answer.status_code == 401


def test_a_bearer_token_works_under_the_gateway_prefix(sb: Sandbox) -> None:
    answer = httpx.get(f"{sb.url}/ex/jira/cloud/rest/api/3/myself", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
    assert answer.status_code == 200


def test_a_dropped_credential_can_search_with_200_and_less(sb: Sandbox) -> None:
    sb.switch(anonymous=True)
    known = sb.get("/rest/api/3/search/jql", **JQL)["issues"]
    answer = httpx.get(
        f"{sb.url}/rest/api/3/search/jql", params={"jql": "id > 1", "maxResults": "5000"}, auth=(USER, "gone"), trust_env=False
    )
    assert answer.status_code == 200
    assert 0 < len(answer.json()["issues"]) < len(known)
    assert answer.headers["x-seraph-loginreason"] == "AUTHENTICATED_FAILED"
    assert "x-aaccountid" not in answer.headers
    assert httpx.get(f"{sb.url}/rest/api/3/myself", auth=(USER, "gone"), trust_env=False).status_code == 401


def test_the_account_and_its_time_zone(sb: Sandbox) -> None:
    answer = sb.http.get("/rest/api/3/myself")
    me = answer.json()
    assert answer.headers["x-aaccountid"] == me["accountId"]
    assert me["timeZone"] == "Europe/Lisbon" and me["emailAddress"] == USER
    sb.switch(account="5f-somebody-else", zone="Asia/Tokyo")
    other = sb.get("/rest/api/3/myself")
    assert (other["accountId"], other["timeZone"]) == ("5f-somebody-else", "Asia/Tokyo")


def test_the_credential_of_the_command_line() -> None:
    with sandbox(issues=20, user="svc@corp.example", token="s3") as running:
        assert running.http.get("/rest/api/3/myself").status_code == 401
        answer = httpx.get(f"{running.url}/rest/api/3/myself", auth=("svc@corp.example", "s3"), trust_env=False)
        assert answer.json()["emailAddress"] == "svc@corp.example"
