"""The Jira connector against the stand-in: the conformance class, then what Jira does to everybody who reads it."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

import connectors
from connectors.base import (
    AccessLost,
    AuthError,
    BadData,
    CursorExpired,
    EndpointGone,
    Partition,
    RateLimited,
    Secret,
    SourceSettings,
    checked,
)
from connectors.jira.client import make_client
from connectors.jira.connector import JiraCloud
from tests.connectors.contract import ConnectorContract, StandIn
from tests.connectors.jira_stub import Stub, issue, stub_settings
from tests.connectors.raw import raw_server
from tests.connectors.runs import Clock, make_io
from tests.hub.sandbox.process import TOKEN, USER, Sandbox

SEARCH, BULK = "/rest/api/3/search/jql", "/rest/api/3/issue/bulkfetch"
CORE = Partition("10001", "Product Core", "CORE")


class JiraStandIn(StandIn):
    """The sandbox, with faults in front of the search unless said otherwise."""

    def __init__(self, sb: Sandbox) -> None:
        self.sb, self.url = sb, sb.url

    def settings(self, **changes: Any) -> SourceSettings:
        return sandbox_settings(self.sb, **changes)

    def truth(self) -> dict[str, set[str]]:
        rows = self.sb.get("/rest/api/3/project/search", status="live", maxResults=100)
        rows_all = rows["values"] + ([] if rows["isLast"] else self.sb.get("/rest/api/3/project/search", startAt=9)["values"])
        return {row["id"]: {one["id"] for one in self.sb.search(f"project = {row['id']}", fields="id")} for row in rows_all}

    def fault(self, do: str, **options: Any) -> None:
        self.sb.fault(do, **({"path": SEARCH} | options))

    def heal(self) -> None:
        self.sb.heal()

    def log(self) -> list[dict[str, Any]]:
        return self.sb.log()


def sandbox_settings(sb: Sandbox, **changes: Any) -> SourceSettings:
    values: dict[str, Any] = {"name": "dev", "kind": "jira", "url": sb.url, "user": USER, "token": Secret(TOKEN)}
    return SourceSettings(**(values | changes))


@contextlib.contextmanager
def jira(sb: Sandbox, clock: Clock | None = None, attempts: int = 2, **changes: Any) -> Iterator[JiraCloud]:
    settings = sandbox_settings(sb, **changes)
    with JiraCloud(settings, make_io(sb.url, clock, settings=settings, attempts=attempts)) as connector:
        yield connector


def read_ids(connector: JiraCloud, partition: Partition = CORE, since: datetime | None = None) -> set[str]:
    return {item.id for page in checked(connector.changes(partition, since, None)) for item in page.items}


def queries(sb: Sandbox, path: str = SEARCH) -> list[dict[str, list[str]]]:
    return [parse_qs(entry["query"]) for entry in sb.log() if entry["path"] == path]


class TestJira(ConnectorContract):
    kind = "jira"
    posts = frozenset({BULK})
    optional_fields = {"changed": "updated", "prio": "Priority"}

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
        missing = connector.check().missing
    assert len(missing) == 2
    assert "'Prioritty'" in missing[0] and "Priority" in missing[0]


# ---- what is asked for


def test_the_first_run_asks_for_everything_without_a_date(sb: Sandbox) -> None:
    with jira(sb) as connector:
        read_ids(connector)
    assert {query["jql"][0] for query in queries(sb)} == {"project = 10001 ORDER BY key ASC"}


def test_a_delta_has_a_lower_bound_in_epoch_milliseconds_and_no_upper_bound(sb: Sandbox) -> None:
    since = datetime(2026, 11, 20, 8, 15, 42, 123456, tzinfo=UTC)
    with jira(sb) as connector:
        read_ids(connector, since=since)
    bound = int(datetime(2026, 11, 20, 8, 15, tzinfo=UTC).timestamp() * 1000)
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


# ---- pages and positions


def test_an_empty_page_with_a_token_is_followed_a_bounded_number_of_times(sb: Sandbox) -> None:
    with jira(sb) as connector:
        sb.fault("empty_page", path=SEARCH, times=0)
        with pytest.raises(BadData):
            read_ids(connector)
    assert len(queries(sb)) <= 12


def test_a_token_that_expires_in_mid_pass_starts_the_pass_again(sb: Sandbox) -> None:
    with jira(sb) as connector:
        sb.fault("expire_token", path=SEARCH, at=2)
        with pytest.raises(CursorExpired):
            read_ids(connector)


def test_a_position_that_is_older_than_seven_days_is_expired(sb: Sandbox) -> None:
    with jira(sb) as connector:
        pages = list(connector.changes(CORE, None, None))
        sb.clock(shift=connector.resume_ttl + 60)
        with pytest.raises(CursorExpired):
            list(connector.changes(CORE, None, pages[1].resume))


@pytest.mark.parametrize("position", ["", "garbage", "{}", "[]", '{"q": "0000", "t": null, "a": null}'])
def test_a_position_that_is_not_ours_is_expired(sb: Sandbox, position: str) -> None:
    with jira(sb) as connector, pytest.raises(CursorExpired):
        list(connector.changes(CORE, None, position))


def test_a_position_of_a_full_pass_does_not_continue_a_delta(sb: Sandbox) -> None:
    with jira(sb) as connector:
        resume = next(iter(connector.changes(CORE, None, None))).resume
        with pytest.raises(CursorExpired):
            list(connector.changes(CORE, datetime(2026, 1, 1, tzinfo=UTC), resume))


def test_a_position_whose_last_id_was_deleted_reads_its_page_again(sb: Sandbox) -> None:
    with jira(sb) as connector:
        pages = list(connector.changes(CORE, None, None))
        everything = {item.id for page in pages for item in page.items}
        after = json.loads(pages[0].resume or "")
        position = json.dumps(after | {"t": None, "a": pages[0].items[-1].id})
        sb.mutate("delete", issue=pages[0].items[-1].key)
        rest = {item.id for page in checked(connector.changes(CORE, None, position)) for item in page.items}
        assert rest == everything - {pages[0].items[-1].id}


def test_a_project_without_changes_is_one_empty_page_with_an_end(sb: Sandbox) -> None:
    with jira(sb) as connector:
        pages = list(checked(connector.changes(CORE, datetime(2030, 1, 1, tzinfo=UTC), None)))
    assert [(page.items, page.end) for page in pages] == [((), "complete")]


# ---- moved, deleted, out of sight


def test_a_moved_issue_keeps_its_identity_and_carries_its_new_key(sb: Sandbox) -> None:
    before = sb.bulkfetch("CORE-1", fields=["id"])["issues"][0]["id"]
    sb.mutate("move", issue="CORE-1", project="GROW")
    with jira(sb) as connector:
        (item,) = connector.get([before]).items
    assert item.id == before
    assert item.key is not None and item.key.startswith("GROW-")
    assert item.containers == ("10002",)


def test_a_deleted_issue_is_gone_and_one_that_jira_owes_us_is_neither(sb: Sandbox) -> None:
    gone, owed, there = (row["id"] for row in sb.bulkfetch("CORE-1", "CORE-2", "CORE-3", fields=["id"])["issues"])
    sb.mutate("delete", issue="CORE-1")
    sb.fault("issue_error", ids=[owed], path=BULK, times=0)
    with jira(sb) as connector:
        fetched = connector.get([gone, owed, there])
    assert [one.id for one in fetched.items] == [there]
    assert [(one.id, one.how) for one in fetched.gone] == [(gone, "deleted")]
    assert fetched.denied == ()


def test_a_lost_id_is_denied_while_a_configured_project_is_out_of_sight(sb: Sandbox) -> None:
    (row,) = sb.bulkfetch("CORE-1", fields=["id"])["issues"]
    sb.mutate("project", project="CORE", hidden=True)
    with jira(sb, partitions=("CORE", "GROW")) as connector:
        fetched = connector.get([row["id"]])
    assert (fetched.gone, fetched.denied) == ((), (row["id"],))


def test_a_key_that_is_not_found_concludes_nothing(sb: Sandbox) -> None:
    with jira(sb) as connector:
        assert connector.get(["CORE-99999"]) == type(connector.get([]))()


def test_an_id_that_jira_listed_and_did_not_return_is_noted_only(sb: Sandbox) -> None:
    (row,) = sb.bulkfetch("CORE-1", fields=["id"])["issues"]
    sb.fault("missing", ids=[row["id"]], path=BULK, times=0)
    with jira(sb) as connector:
        pages = list(checked(connector.changes(CORE, None, None)))
    assert [ident for page in pages for ident in page.unaccounted] == [row["id"]]
    assert [page.gone for page in pages if page.gone] == []
    assert pages[-1].end == "complete"


def test_an_issue_in_issue_errors_is_asked_again(sb: Sandbox) -> None:
    (row,) = sb.bulkfetch("CORE-1", fields=["id"])["issues"]
    sb.fault("issue_error", ids=[row["id"]], path=BULK, times=1)
    with jira(sb) as connector:
        assert row["id"] in read_ids(connector)


def test_an_issue_that_stays_in_issue_errors_is_rejected_and_the_rest_is_read(sb: Sandbox) -> None:
    (row,) = sb.bulkfetch("CORE-1", fields=["id"])["issues"]
    sb.fault("issue_error", ids=[row["id"]], path=BULK, times=0)
    with jira(sb) as connector:
        pages = list(checked(connector.changes(CORE, None, None)))
    assert [one.id for page in pages for one in page.rejected] == [row["id"]]
    assert pages[-1].end == "complete"


def test_a_project_that_cannot_be_searched_any_more_is_lost_access_and_not_empty(sb: Sandbox) -> None:
    sb.mutate("project", project="CORE", hidden=True)
    with jira(sb) as connector, pytest.raises(AccessLost):
        read_ids(connector)


def test_the_roster_tells_live_archived_and_unseen_apart(sb: Sandbox) -> None:
    sb.mutate("project", project="MOB", hidden=True)
    with jira(sb, partitions=("core", "10002", "CLSC", "MOB")) as connector:
        found = {partition.key: (partition.id, partition.state) for partition in connector.partitions()}
    assert found["CORE"] == ("10001", "live")
    assert found["GROW"] == ("10002", "live")
    assert found["CLSC"] == ("10009", "archived")
    assert found["MOB"] == ("MOB", "unseen")


# ---- retired, slow, broken


@pytest.mark.parametrize("status", [404, 410])
def test_a_retired_search_is_endpoint_gone_and_never_zero_issues(sb: Sandbox, status: int) -> None:
    with jira(sb) as connector:
        sb.fault("status", status=status, body={"errorMessages": ["removed"]}, path=SEARCH, times=0)
        with pytest.raises(EndpointGone) as caught:
            read_ids(connector)
    assert caught.value.hint


def test_a_429_whose_body_is_html_waits_as_asked(sb: Sandbox) -> None:
    clock = Clock()
    sb.fault("status", status=429, headers={"Retry-After": "7"}, body="<html>", path=SEARCH)
    with jira(sb, clock) as connector:
        assert read_ids(connector)
    assert [seconds for seconds in clock.slept if seconds >= 7.0]


def test_a_429_that_stays_is_rate_limited_and_bounded(sb: Sandbox) -> None:
    sb.fault("status", status=429, path=SEARCH, times=0)
    with jira(sb, attempts=3) as connector, pytest.raises(RateLimited):
        read_ids(connector)
    assert len(queries(sb)) == 3


# ---- lists


def test_one_board_that_fails_costs_its_sprints_only(sb: Sandbox) -> None:
    for number, status in ((1, 403), (2, 404), (3, 422)):
        sb.fault("status", status=status, path=f"/rest/agile/1.0/board/{number}/sprint", times=0)
    with jira(sb) as connector:
        found = list(connector.dimensions())
    shown = {board for row in found if row.kind == "sprint" for board in row.attributes["boards"]}
    assert shown and not shown & {1, 2, 3}


def test_boards_of_every_type_are_read_to_their_end(sb: Sandbox) -> None:
    with jira(sb) as connector:
        sprints = [row for row in connector.dimensions() if row.kind == "sprint"]
    boards = sb.get("/rest/agile/1.0/board")["values"]
    rows = []
    for board in boards:
        path = f"/rest/agile/1.0/board/{board['id']}/sprint"
        if any(entry["path"] == path for entry in sb.log()):
            with contextlib.suppress(Exception):
                rows += [row for start in range(0, 99, 9) for row in sb.get(path, startAt=start)["values"]]
    assert {row["type"] for row in boards} >= {"simple", "kanban"}
    assert {row.id for row in sprints} == {str(row["id"]) for row in rows}
    assert {row.category for row in sprints} == {"closed", "active", "future"}
    assert len({row.id for row in sprints}) == len(sprints), "a sprint on two boards is one"


def test_lists_carry_what_items_only_name_by_id(sb: Sandbox) -> None:
    with jira(sb) as connector:
        found = list(connector.dimensions())
        items = [item for page in connector.changes(CORE, None, None) for item in page.items]
    known = {(row.kind, row.id) for row in found}
    assert {("status", item.status_id) for item in items} <= known
    assert {("type", item.type_id) for item in items} <= known
    assert {("sprint", sprint) for item in items for sprint in item.sprints} <= known
    assert {("container", one) for item in items for one in item.containers} <= known
    assert {row.category for row in found if row.kind == "status"} == {"new", "indeterminate", "done"}
    assert {row.attributes["level"] for row in found if row.kind == "type"} >= {-1, 0, 1}


def test_the_kind_says_what_the_admin_must_know() -> None:
    kind = connectors.load("jira")
    assert kind.needs_user and kind.needs_token and "Browse Projects" in kind.rights
    assert {"sprint", "component", "label"} <= kind.item_fields
    assert (JiraCloud.lag, JiraCloud.overlap, JiraCloud.resume_ttl) == (86400.0, 86400.0, 604800.0)
