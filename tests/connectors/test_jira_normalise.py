"""From one issue's JSON to a work item: what is taken, in whose words, and what quarantines a row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Rejected, WorkItem
from connectors.jira.fields import make_plan
from connectors.jira.normalise import flat, make_normaliser
from tests.connectors.jira_stub import FIELDS, issue

SITE = "https://x.atlassian.net/"
COMPANY, TEAM = "customfield_10024", "customfield_10016"


def item(raw: dict[str, Any], wanted: dict[str, str] | None = None, estimate: str | None = None) -> WorkItem:
    found = make_normaliser(make_plan(FIELDS, wanted or {}, estimate), SITE)(raw)
    assert isinstance(found, WorkItem), found
    return found


def test_an_issue_in_full() -> None:
    found = item(
        issue(
            "7",
            summary="Pay by card",
            issuetype={"id": "10005", "name": "缺陷", "untranslatedName": "Bug", "hierarchyLevel": 0},
            status={"id": "10068", "name": "已完成", "statusCategory": {"key": "done"}},
            resolution={"id": "10000", "name": "完成"},
            resolutiondate="2026-11-19T10:00:00.000+0800",
            parent={"id": "20707", "key": "K5-1"},
            labels=["pay", "q4"],
            components=[{"id": "1", "name": "Checkout"}],
            assignee={"accountId": "5e97", "displayName": "Somebody", "emailAddress": "somebody@example.com"},
            duedate="2026-12-24",
            customfield_10020=[{"id": 7, "name": "S7", "state": "closed"}, {"id": 8, "name": "S8", "state": "active"}],
            customfield_10024=2.0,
            customfield_10050={"id": "1", "value": "Payments"},
            issuelinks=[
                {
                    "id": "1",
                    "type": {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
                    "outwardIssue": {"id": "9"},
                },
                {
                    "id": "2",
                    "type": {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
                    "inwardIssue": {"id": "3"},
                },
            ],
        ),
        {"team": "Team"},
    )
    assert found == WorkItem(
        id="7",
        title="Pay by card",
        key="EE-7",
        url="https://x.atlassian.net/browse/EE-7",
        type_id="10005",
        type="缺陷",
        level=0,
        status_id="10068",
        status="已完成",
        category="done",
        resolution_id="10000",
        resolution="完成",
        parent_ref="20707",
        containers=("10000",),
        labels=("pay", "q4"),
        components=("Checkout",),
        sprints=("7", "8"),
        links=(("blocks", "9"), ("is blocked by", "3")),
        assignee="5e97",
        estimate="2.0",
        estimate_unit="points",
        created_at=datetime(2026, 6, 1, 0, 0, tzinfo=UTC),
        updated_at=datetime(2026, 11, 20, 0, 13, 13, 360000, tzinfo=UTC),
        done_at=datetime(2026, 11, 19, 2, 0, tzinfo=UTC),
        due_on=date(2026, 12, 24),
        fields={"team": "Payments"},
    )


# ---- estimates


@pytest.mark.parametrize(
    ("company", "team", "simplified", "estimate"),
    [
        (2.0, None, False, "2.0"),
        (None, 3, False, "3"),
        (None, None, False, None),
        (2.0, 5.0, False, "2.0"),
        (2.0, 5.0, True, "5.0"),
        (2.0, None, True, "2.0"),
        ("-1", None, False, "-1"),
        (0.0, 5.0, False, "0.0"),
        ("NaN", None, False, "NaN"),
        (1e400, None, False, "inf"),
        (2**70, None, False, str(2**70)),
    ],
)
def test_points_come_from_the_field_of_the_projects_style_and_keep_their_literal(
    company: Any, team: Any, simplified: bool, estimate: str | None
) -> None:
    project = {"id": "10000", "simplified": simplified}
    found = item(issue(project=project, **{COMPANY: company, TEAM: team}))
    assert (found.estimate, found.estimate_unit) == (estimate, "points" if estimate else None)


def test_the_configured_field_overrides_both() -> None:
    points: dict[str, Any] = {COMPANY: 2.0, TEAM: 5.0}
    found = item(issue(customfield_10050=8, **points), estimate="Team")
    assert found.estimate == "8"


# ---- when, and in what state


@pytest.mark.parametrize(
    ("category", "resolved", "moved", "done"),
    [
        ("done", "2026-11-19T10:00:00.000+0000", "2026-11-18T10:00:00.000+0000", 19),
        ("done", None, "2026-11-18T10:00:00.000+0000", 18),
        ("new", "2026-11-19T10:00:00.000+0000", "2026-11-18T10:00:00.000+0000", 19),
        ("new", None, "2026-11-18T10:00:00.000+0000", None),
        ("done", None, None, None),
    ],
)
def test_done_at_is_the_resolution_else_the_move_to_done(
    category: str, resolved: str | None, moved: str | None, done: int | None
) -> None:
    status = {"id": "1", "name": "x", "statusCategory": {"key": category}}
    found = item(issue(status=status, resolutiondate=resolved, statuscategorychangedate=moved))
    assert found.done_at == (datetime(2026, 11, done, 10, tzinfo=UTC) if done else None)


def test_the_category_is_what_the_issue_says_however_its_status_is_named() -> None:
    """Recorded: a status named "done" of category ``new``, resolved as done."""
    status = {"id": "10068", "name": "已完成", "statusCategory": {"key": "new"}}
    found = item(issue(status=status, resolution={"id": "10000", "name": "完成"}))
    assert (found.category, found.status, found.resolution) == ("new", "已完成", "完成")


def test_a_done_issue_without_a_resolution_is_no_error() -> None:
    found = item(issue(status={"id": "1", "name": "Done", "statusCategory": {"key": "done"}}, resolution=None))
    assert (found.category, found.resolution_id, found.resolution) == ("done", None, None)


def test_instants_do_not_depend_on_the_profile_zone_of_the_reader() -> None:
    one = item(issue(updated="2026-11-20T08:13:13.360+0800", created="2026-06-01T00:00:00.000+0000"))
    other = item(issue(updated="2026-11-19T19:13:13.360-0500", created="2026-05-31T19:00:00.000-0500"))
    assert repr(one) == repr(other)


def test_an_issue_without_updated_is_read(  # singer-io/tap-jira#138
) -> None:
    assert item(issue(updated=None)).updated_at is None


# ---- hierarchy


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ({"hierarchyLevel": 1}, 1),
        ({"hierarchyLevel": -1, "subtask": True}, -1),
        ({"hierarchyLevel": 2}, 2),
        ({"subtask": True}, -1),
        ({}, 0),
    ],
)
def test_the_level_is_a_number_and_no_name(kind: dict[str, Any], level: int) -> None:
    assert item(issue(issuetype={"id": "1", "name": "故事"} | kind)).level == level


def test_the_parent_is_its_id_and_the_epic_link_is_ignored() -> None:
    """Recorded: ``parent``, ``customfield_10014`` and ``epic`` on one issue. Only the first is alive on Cloud."""
    found = item(issue(parent={"id": "20707", "key": "K5-1"}, customfield_10014="K5-9", epic={"id": 5, "key": "K5-8"}))
    assert found.parent_ref == "20707"
    assert item(issue(parent={"key": "K5-1"})).parent_ref == "K5-1"


def test_all_sprints_are_kept_in_either_form() -> None:
    java = "com.atlassian.greenhopper.service.sprint.Sprint@4c9c[id=2322,name=A, [b]=c,completeDate=<null>]"
    assert item(issue(customfield_10020=[{"id": 1}, {"id": 2}, java])).sprints == ("1", "2", "2322")
    assert item(issue(customfield_10020=None)).sprints == ()


# ---- configured fields


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("free", "free"),
        (5.0, 5.0),
        ({"id": "1", "value": "Red"}, "Red"),
        ([{"value": "Red"}, {"value": "Blue"}], ["Red", "Blue"]),
        ({"value": "Europe", "child": {"value": "Oslo"}}, ["Europe", "Oslo"]),
        ({"accountId": "5e97", "displayName": "Somebody", "emailAddress": "a@example.com"}, "5e97"),
        ([{"accountId": "a"}, {"accountId": "b"}], ["a", "b"]),
        ({"id": "3", "name": "High"}, "High"),
        ({"odd": 1}, {"odd": 1}),
        (
            {
                "type": "doc",
                "version": 1,
                "content": [
                    {
                        "type": "paragraph",
                        "content": [{"type": "text", "text": "Hello "}, {"type": "mention", "attrs": {"text": "@A"}}],
                    },
                    {"type": "unknownPanel", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "World"}]}]},
                ],
            },
            "Hello @A\nWorld",
        ),
    ],
)
def test_configured_fields_become_plain_values(value: Any, text: Any) -> None:
    assert flat(value) == text


def test_a_configured_field_that_the_answer_lacks_is_absent_and_an_empty_one_none() -> None:
    assert item(issue(), {"team": "Team"}).fields == {}
    assert item(issue(customfield_10050=None), {"team": "Team"}).fields == {"team": None}


# ---- no answer breaks it

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "key", "name", "value", "child", "x"]), inner)
    ),
    max_leaves=6,
)
NAMES = [*issue()["fields"], COMPANY, "customfield_10020", "customfield_10050"]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), anything, max_size=4), st.sampled_from(NAMES))
def test_whatever_a_field_holds_the_answer_is_an_item_or_a_rejection(changes: dict[str, Any], lost: str) -> None:
    raw = issue("1", **changes)
    raw["fields"].pop(lost, None)
    found = make_normaliser(make_plan(FIELDS, {"team": "Team"}, None), SITE)(raw)
    assert isinstance(found, (WorkItem, Rejected))
    if isinstance(found, WorkItem):
        hash((found.labels, found.components, found.sprints, found.links, found.category, found.resolution, found.assignee))
        for text in (found.category, found.resolution_id, found.resolution, found.assignee, found.estimate, found.parent_ref):
            assert text is None or isinstance(text, str)
        assert all(isinstance(text, str) for pair in found.links for text in pair)
