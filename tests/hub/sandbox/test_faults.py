"""Each fault is really seen by a client on the wire."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx
import pytest

from hub.sandbox.faults import MEANING, WIRE, FaultError, Rule
from tests.hub.sandbox.process import TOKEN, USER, Sandbox

SEARCH = "/rest/api/3/search/jql"
JQL = "project = CORE ORDER BY key"


def page(sb: Sandbox, **params: object) -> httpx.Response:
    return sb.http.get(SEARCH, params={"jql": JQL, "maxResults": "5", **params})  # type: ignore[dict-item]


def test_status_with_headers_and_body(sb: Sandbox) -> None:
    sb.fault(
        "status",
        path=SEARCH,
        status=429,
        headers={"Retry-After": "7", "RateLimit-Reason": "jira-burst-based"},
        body="<html>slow</html>",
    )
    answer = page(sb)
    assert (answer.status_code, answer.headers["retry-after"], answer.text) == (429, "7", "<html>slow</html>")
    assert answer.headers["content-type"].startswith("text/html")
    assert page(sb).status_code == 200


def test_status_with_a_json_body(sb: Sandbox) -> None:
    sb.fault("status", status=403, body={"errorMessages": ["no"]})
    assert page(sb).json() == {"errorMessages": ["no"]}


def test_the_kth_the_first_n_all_and_some(sb: Sandbox) -> None:
    sb.fault("status", path=SEARCH, status=500, at=2)
    assert [page(sb).status_code for _ in range(3)] == [200, 500, 200]
    sb.heal()
    sb.fault("status", path=SEARCH, status=502, at=[1, 3])
    assert [page(sb).status_code for _ in range(4)] == [502, 200, 502, 200]
    sb.heal()
    sb.fault("status", path=SEARCH, status=503, times=2)
    assert [page(sb).status_code for _ in range(3)] == [503, 503, 200]
    sb.heal()
    sb.fault("status", path=SEARCH, status=503, times=0)
    assert {page(sb).status_code for _ in range(5)} == {503}
    sb.heal()
    sb.fault("status", path=SEARCH, status=503, probability=0.5, seed=3)
    seen = [page(sb).status_code for _ in range(20)]
    assert set(seen) == {200, 503}
    sb.heal()
    sb.fault("status", path=SEARCH, status=503, probability=0.5, seed=3)
    assert [page(sb).status_code for _ in range(20)] == seen


def test_only_what_matches_suffers(sb: Sandbox) -> None:
    sb.fault("status", path=SEARCH, contains="IDN", method="GET", status=500)
    assert page(sb).status_code == 200
    assert sb.http.get("/rest/api/3/myself").status_code == 200
    assert sb.http.get(SEARCH, params={"jql": "project = IDN"}).status_code == 500
    assert [(rule["matched"], rule["fired"]) for rule in sb.faults()] == [(1, 1)]


def test_delay(sb: Sandbox) -> None:
    sb.fault("delay", path=SEARCH, seconds=0.25)
    with pytest.raises(httpx.ReadTimeout):
        sb.http.get(SEARCH, params={"jql": JQL}, timeout=0.05)
    assert page(sb).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_truncated_body(sb: Sandbox, chunked: bool) -> None:
    sb.fault("truncate", path=SEARCH, keep=20, chunked=chunked)
    with pytest.raises(httpx.RemoteProtocolError):
        page(sb)
    assert page(sb).status_code == 200


def test_a_reset_connection(sb: Sandbox) -> None:
    sb.fault("reset", path=SEARCH, keep=20)
    with pytest.raises(httpx.ReadError):
        page(sb)
    assert page(sb).status_code == 200


def test_a_dripping_body_arrives_whole_in_pieces(sb: Sandbox) -> None:
    whole = page(sb).content
    sb.fault("drip", path=SEARCH, bytes=20, seconds=0.001, keep=60)
    with sb.http.stream("GET", SEARCH, params={"jql": JQL, "maxResults": "5"}) as answer:
        pieces = list(answer.iter_raw())
    assert b"".join(pieces) == whole
    assert len(pieces) >= 3


def test_a_drip_outlives_a_read_timeout(sb: Sandbox) -> None:
    sb.fault("drip", path=SEARCH, bytes=10, seconds=0.02, keep=100)
    assert sb.http.get(SEARCH, params={"jql": JQL}, timeout=0.1).status_code == 200


def test_a_login_page_with_200(sb: Sandbox) -> None:
    sb.fault("html", path=SEARCH)
    answer = page(sb)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html") and "<form" in answer.text


@pytest.mark.parametrize("body", [{}, [], {"errors": ["x"]}, '{"issues": [NaN]}', '{"x": "\\ud800"}', ""])
def test_wrong_json(sb: Sandbox, body: object) -> None:
    sb.fault("json", path=SEARCH, body=body)
    answer = page(sb)
    assert answer.status_code == 200
    assert answer.text == (body if isinstance(body, str) else json.dumps(body, separators=(",", ":")))


def test_a_redirect(sb: Sandbox) -> None:
    sb.fault("redirect", path=SEARCH, location="http://127.0.0.1:9/elsewhere")
    answer = page(sb)
    assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.1:9/elsewhere")


def test_headers_of_a_good_answer(sb: Sandbox) -> None:
    sb.fault("headers", path=SEARCH, headers={"X-RateLimit-NearLimit": "true", "Date": "Fri, 31 Dec 2999 00:00:00 GMT"})
    answer = page(sb)
    assert answer.json()["issues"] and answer.headers["x-ratelimit-nearlimit"] == "true"
    assert "2999" in answer.headers["date"]


def test_huge_and_compressed(sb: Sandbox) -> None:
    sb.fault("huge", path=SEARCH, megabytes=1)
    answer = page(sb)
    assert len(answer.content) > 1_000_000 and answer.json()["issues"]
    sb.fault("gzip_bomb", path=SEARCH, megabytes=1)
    with sb.http.stream("GET", SEARCH, params={"jql": JQL}) as bomb:
        wire = b"".join(bomb.iter_raw())
    assert bomb.headers["content-encoding"] == "gzip" and len(wire) < 20_000


def test_a_repeated_token(sb: Sandbox) -> None:
    first = page(sb).json()["nextPageToken"]
    sb.fault("repeat_token", path=SEARCH)
    assert page(sb, nextPageToken=first).json()["nextPageToken"] == first


def test_an_empty_page_with_a_token_loses_nothing(sb: Sandbox) -> None:
    whole = sb.search(JQL, maxResults=10)
    for at in (1, 2):
        sb.fault("empty_page", path=SEARCH, at=at)
        answer = page(sb).json() if at == 1 else None
        if answer is not None:
            assert answer["issues"] == [] and answer["nextPageToken"] and answer["isLast"] is False
            sb.heal()
            sb.fault("empty_page", path=SEARCH, at=1)
        assert sb.search(JQL, maxResults=10) == whole
        sb.heal()


def test_a_page_that_claims_to_be_the_last(sb: Sandbox) -> None:
    sb.fault("no_token", path=SEARCH)
    answer = page(sb).json()
    assert answer["isLast"] is True and "nextPageToken" not in answer and len(answer["issues"]) == 5


def test_a_token_that_expires_in_mid_run(sb: Sandbox) -> None:
    token = page(sb).json()["nextPageToken"]
    sb.fault("expire_token", path=SEARCH)
    assert page(sb, nextPageToken=token).status_code == 400
    assert page(sb, nextPageToken=token).status_code == 200


def test_pages_that_moved(sb: Sandbox) -> None:
    whole = [row["id"] for row in sb.search(JQL, maxResults=10)]
    sb.fault("shift", path=SEARCH, at=2, by=3)
    assert [row["id"] for row in sb.search(JQL, maxResults=10)] == whole[:10] + whole[13:]
    sb.heal()
    sb.fault("shift", path=SEARCH, at=2, by=-2)
    assert [row["id"] for row in sb.search(JQL, maxResults=10)] == whole[:10] + whole[8:]
    sb.fault("shift", path="/rest/api/3/project/search", by=1)
    keys = [row["key"] for row in sb.get("/rest/api/3/project/search")["values"]]
    assert len(keys) == len(sb.get("/rest/api/3/project/search")["values"]) - 1


def test_a_change_between_two_pages(sb: Sandbox) -> None:
    whole = [row["id"] for row in sb.search(JQL, maxResults=10)]
    sb.fault("mutate", path=SEARCH, at=2, change={"op": "delete", "issue": whole[12]})
    assert [row["id"] for row in sb.search(JQL, maxResults=10)] == whole[:12] + whole[13:]


def test_rows_that_come_twice_in_one_page(sb: Sandbox) -> None:
    whole = [row["id"] for row in sb.search(JQL, maxResults=10)]
    sb.fault("duplicate", path=SEARCH, by=2)
    first = [row["id"] for row in page(sb).json()["issues"]]
    assert first == whole[:5] + whole[:2]
    sb.fault("duplicate", path="/rest/api/3/issue/bulkfetch")
    assert [row["id"] for row in sb.bulkfetch(*whole[:2])["issues"]] == [*whole[:2], whole[0]]


def outcome(sb: Sandbox, start: int) -> str:
    """What became of one request."""
    try:
        answer = page(sb, nothing=str(start))
    except httpx.TransportError as error:
        return type(error).__name__
    return f"{answer.status_code} {answer.headers['content-type'][:9]} {answer.headers.get('retry-after', '')}"


def test_random_faults_are_of_every_kind_and_the_same_again(sb: Sandbox) -> None:
    sb.fault("random", path=["/rest/api/3/search", "/rest/api/3/issue"], probability=0.5, seed=7)
    seen = [outcome(sb, at) for at in range(60)]
    assert set(seen) == {
        "200 applicati ", "503 applicati ", "429 applicati 1", "ReadError", "RemoteProtocolError", "200 text/html ",
    }  # fmt: skip
    assert sb.http.get("/rest/api/3/myself").status_code == 200
    sb.heal()
    sb.fault("random", path=["/rest/api/3/search", "/rest/api/3/issue"], probability=0.5, seed=7)
    assert [outcome(sb, at) for at in reversed(range(60))] == seen[::-1], "whatever the order, each request suffers the same"
    sb.heal()
    sb.fault("random", path=SEARCH, probability=0.5, seed=8)
    assert [outcome(sb, at) for at in range(60)] != seen


def test_a_request_that_failed_at_random_may_succeed_the_next_time(sb: Sandbox) -> None:
    sb.fault("random", path=SEARCH, probability=0.5, seed=1, kinds=["503"])
    assert {outcome(sb, 0) for _ in range(12)} == {"200 applicati ", "503 applicati "}


def test_issues_missing_from_a_bulkfetch_and_issue_errors(sb: Sandbox) -> None:
    names = [row["id"] for row in sb.search(JQL, maxResults=10)][:4]
    sb.fault("missing", path="/rest/api/3/issue/bulkfetch", ids=[names[0]])
    sb.fault("issue_error", path="/rest/api/3/issue/bulkfetch", ids=[names[1], "CORE-3"])
    answer = sb.bulkfetch(*names)
    assert [row["id"] for row in answer["issues"]] == [names[3]]
    assert sorted(row["id"] for row in answer["issueErrors"]) == names[1:3]
    assert [row["id"] for row in sb.bulkfetch(*names)["issues"]] == names


def test_rules_that_make_no_sense_are_refused(sb: Sandbox) -> None:
    with pytest.raises(FaultError, match="do is one of"):
        Rule.read({"do": "explode"})
    with pytest.raises(FaultError, match="kinds are some of"):
        Rule.read({"do": "random", "kinds": ["flood"]})
    assert sb.control_http.post("/faults", json={"do": "explode"}).status_code == 400


def test_every_kind_has_a_test_in_this_file() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    missing = [kind for kind in (*WIRE, *MEANING, "random") if f'fault("{kind}"' not in text]
    assert missing == []


def test_a_truncated_answer_promises_more_than_it_sends(sb: Sandbox) -> None:
    sb.fault("truncate", path="/rest/api/3/myself", keep=10)
    host, _, port = sb.url.removeprefix("http://").partition(":")
    credential = httpx.BasicAuth(USER, TOKEN)._auth_header
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(f"GET /rest/api/3/myself HTTP/1.1\r\nHost: x\r\nAuthorization: {credential}\r\n\r\n".encode())
        received = b""
        while data := raw.recv(65536):
            received += data
    head, _, body = received.partition(b"\r\n\r\n")
    assert len(body) == 10 and b"content-length: 10\r" not in head.lower()
