"""Statuses whose name says another thing than their category."""

from __future__ import annotations

import pytest

from hub.looking.statuses import judged, status_figures
from tests.hub.looking.builders import lists, work


@pytest.mark.parametrize(
    ("name", "category", "state", "plain"),
    [
        ("Done - won't do", "done", "dropped", True),
        ("Won’t Fix", "done", "dropped", True),
        ("Cancelled", "done", "dropped", True),
        ("Abgelehnt", "done", "dropped", True),
        ("Hinfällig", "done", "dropped", True),
        ("Canceled", "indeterminate", "dropped", True),
        ("Parked", "indeterminate", "todo", True),
        ("On Hold", "indeterminate", "todo", True),
        ("Zurückgestellt", "indeterminate", "todo", True),
        ("Blocked", "indeterminate", "todo", False),
        ("Waiting for customer", "indeterminate", "todo", False),
        ("Rejected", "indeterminate", "dropped", False),
        ("Released", "indeterminate", "done", False),
        ("In Review", "done", "doing", False),
        ("In Arbeit", "new", "doing", False),
        ("Erledigt", "new", "done", False),
        ("Anything", "", "doing", False),
    ],
)
def test_doubtful(name: str, category: str, state: str, plain: bool) -> None:
    found = judged(name, category)
    assert found is not None
    assert found[:2] == (state, plain)


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("Done", "done"), ("Closed", "done"), ("Fertig", "done"), ("Resolved - waiting for release", "done"),
        ("In Progress", "indeterminate"), ("In Review", "indeterminate"), ("Ready for release", "indeterminate"),
        ("Review done, in test", "indeterminate"), ("To Do", "new"), ("Backlog", "new"), ("Ready for development", "new"),
        ("Waiting for support", "new"), ("Offen", "new"),
    ],
)  # fmt: skip
def test_as_they_say(name: str, category: str) -> None:
    assert judged(name, category) is None


def test_figures_by_name_with_the_list_s_category() -> None:
    dimensions = lists(s1=("To Do", "new"), s2=("Parked", "indeterminate"), s3=("Done", "done"))
    items = [work(n, status="old name", status_id="2", category="done") for n in range(3)]
    items += [work(4, status="To Do", status_id="1"), work(5, state="done", status_id="3"), work(6, status="Lost", category=None)]
    found = {s.name: (s.category, s.items, s.state, s.proposal) for s in status_figures(items, dimensions)}
    assert found == {
        "To Do": ("new", 1, "todo", None),
        "Parked": ("indeterminate", 3, "doing", "todo"),
        "Done": ("done", 1, "done", None),
        "Lost": ("", 1, "todo", "doing"),
    }


def test_one_name_in_two_categories_gets_no_proposal() -> None:
    dimensions = lists(s1=("Parked", "new"), s2=("Parked", "indeterminate"))
    (found,) = status_figures([work(1, status_id="1"), work(2, status_id="2")], dimensions)
    assert (found.items, found.proposal, found.plain, found.why) == (2, None, False, "several categories")
