"""Sprints in Java's text form: as found in public code of other readers, and whatever names and goals people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.sprint_text import SprintText, parse

CLASS = "com.atlassian.greenhopper.service.sprint.Sprint@4c9c41a5"
START, END = "2016-10-06T14:40:52.687+01:00", "2016-10-20T14:40:00.000Z"
FORMS: dict[str, tuple[str, ...]] = {
    "old, without a goal": ("id", "rapidViewId", "state", "name", "startDate", "endDate", "completeDate", "sequence"),
    "id at the end": ("rapidViewId", "state", "name", "startDate", "endDate", "completeDate", "sequence", "id"),
    "goal behind the name": ("id", "rapidViewId", "state", "name", "goal", "startDate", "endDate", "completeDate", "sequence"),
    "goal at the end": ("id", "rapidViewId", "state", "name", "startDate", "endDate", "completeDate", "sequence", "goal"),
    "by alphabet": ("completeDate", "endDate", "goal", "id", "name", "rapidViewId", "sequence", "startDate", "state"),
    "newest": (
        "id", "rapidViewId", "state", "name", "startDate", "endDate", "completeDate", "activatedDate", "sequence", "goal",
        "synced", "autoStartStop", "incompleteIssuesDestinationId",
    ),
}  # fmt: skip


def written(form: tuple[str, ...], name: str, goal: str = "") -> str:
    values = {
        "id": "2322", "rapidViewId": "7", "state": "ACTIVE", "name": name, "goal": goal, "startDate": START, "endDate": END,
        "completeDate": "<null>", "activatedDate": START, "sequence": "19", "synced": "false", "autoStartStop": "true",
        "incompleteIssuesDestinationId": "<null>",
    }  # fmt: skip
    return f"{CLASS}[{','.join(f'{key}={values[key]}' for key in form)}]"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    "name",
    ["Sprint 23", "Sprint, with [brackets], and commas", "a=b", "id=99", "x,id=99", "x,state=CLOSED", "]", "[", "", ",", "=",
     "<null>", "a,sequence=5", "Релиз 1", "two\nlines", "a,startDate=x", "name=name", "x,completeDate=<null>"],
)  # fmt: skip
def test_a_name_may_hold_what_surrounds_it(form: tuple[str, ...], name: str) -> None:
    assert parse(written(form, name)) == SprintText("2322", name, "active", "7", None, {"startDate": START, "endDate": END})


@pytest.mark.parametrize("form", [one for one in FORMS.values() if "goal" in one], ids=[k for k in FORMS if "goal" in FORMS[k]])
@pytest.mark.parametrize(
    "goal", ["ship it, [then] rest", "a=b,c", "x,sequence=5", "no\nlines", f"a,startDate={START}", "state=ACTIVE"]
)
def test_a_goal_may_hold_anything(form: tuple[str, ...], goal: str) -> None:
    found = parse(written(form, "Sprint, [1]", goal))
    assert found is not None and (found.id, found.name, found.goal) == ("2322", "Sprint, [1]", goal)


# A name that itself holds ",goal=" or ends in parts that Jira writes behind it cannot be told from Jira's own writing.
PLAIN = st.text(max_size=30).filter(lambda text: ",goal=" not in text and ",name=" not in text)
BITS = st.sampled_from([",", "=", "[", "]", "id", "name", "goal", "state", "ACTIVE", "<null>", "5", "sequence", " ", "x", "\n"])
HOSTILE = st.lists(BITS, max_size=9).map("".join).filter(lambda text: ",goal=" not in text and ",name=" not in text)


@given(form=st.sampled_from(sorted(FORMS)), name=PLAIN | HOSTILE)
def test_any_name_comes_back_as_it_was_written(form: str, name: str) -> None:
    found = parse(written(FORMS[form], name))
    assert found is not None
    assert (found.id, found.name, found.state, found.board) == ("2322", name, "active", "7")
    assert found.dates == {"startDate": START, "endDate": END}


@given(form=st.sampled_from([name for name in FORMS if "goal" in FORMS[name]]), name=PLAIN | HOSTILE, goal=PLAIN | HOSTILE)
def test_with_any_goal_beside_it_the_id_and_the_name_come_back(form: str, name: str, goal: str) -> None:
    found = parse(written(FORMS[form], name, goal))
    assert found is not None and (found.id, found.name, found.goal or "") == ("2322", name, goal)


@given(st.text())
def test_no_text_makes_it_fail(text: str) -> None:
    for one in (text, f"{CLASS}[{text}]", f"{CLASS}[id=1,name={text}"):
        found = parse(one)
        assert found is None or found.id.isdigit()


@pytest.mark.parametrize(
    "text", ["", "Sprint 1", f"{CLASS}[]", f"{CLASS}[name=x]", f"{CLASS}[id=<null>,name=x]", f"{CLASS}[id=-1]"]
)
def test_a_text_without_an_id_is_no_sprint(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "name", "state"),
    [
        ("[id=42,name=Sprint 23,state=CLOSED]", "Sprint 23", "closed"),
        ("[id=42,name=PI 2026.4]", "PI 2026.4", None),
        ("[id=42,rapidViewId=7,state=ACTIVE,name=PI 2026.1,startDate=2026-07-01]", "PI 2026.1", "active"),
        ("[id=42,rapidViewId=<null>,state=FUTURE]", None, "future"),
    ],
)
def test_shorter_forms(text: str, name: str | None, state: str | None) -> None:
    found = parse(CLASS + text)
    assert found is not None and (found.id, found.name, found.state) == ("42", name, state)


def test_a_text_made_of_nothing_but_places_to_look_at_is_read_at_once() -> None:
    text = ",goal=" * 50_000
    found = parse(f"{CLASS}[id=1,name={text}]")
    assert found is not None and found.name == ""
