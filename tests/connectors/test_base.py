"""The values and the one rule of ``connectors.base``, and how connectors are found."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

import connectors
from connectors._shared.draft import draft
from connectors.base import BadData, Kind, Page, Secret, WorkItem, checked


def test_a_pass_that_ends_is_passed_on() -> None:
    pages = [Page(resume="1"), Page(), Page(end="complete")]
    assert list(checked(iter(pages))) == pages


@pytest.mark.parametrize(
    ("pages", "let_through"),
    [
        ([], 0),
        ([Page()], 1),
        ([Page(), Page(end="complete"), Page()], 1),
        ([Page(end="complete"), Page(end="unchanged")], 0),
    ],
)
def test_a_pass_that_stops_without_an_end_or_goes_on_after_it_is_an_error(pages: list[Page], let_through: int) -> None:
    got = []
    with pytest.raises(BadData, match="end"):
        for page in checked(iter(pages)):
            got.append(page)
    assert len(got) == let_through
    assert all(page.end is None for page in got), "nothing may be concluded"


def test_a_secret_shows_stars() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {(secret,)} {vars(type(secret))}"
    assert secret.reveal() == "hunter2"


def test_jira_is_found_and_known_without_its_sdk() -> None:
    assert "jira" in connectors.kinds()
    code = "import connectors, sys; connectors.load('jira'); print('jira' in sys.modules, 'requests' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["False", "False"]
    assert isinstance(connectors.load("jira"), Kind)


def test_an_unknown_kind_names_those_that_exist() -> None:
    with pytest.raises(connectors.UnknownKind) as caught:
        connectors.load("jirra")
    assert "jira" in caught.value.known


# ---- items made quickly ---------------------------------------------------------------------------------------------------


def test_a_drafted_item_is_a_work_item_like_any_other() -> None:
    quick: WorkItem = draft("7", "Sign in", labels=("kr:sso",), level=1)
    quick.__class__ = WorkItem
    slow = WorkItem(id="7", title="Sign in", labels=("kr:sso",), level=1)
    assert quick == slow and type(quick) is WorkItem
    assert dataclasses.replace(quick, title="Other") == dataclasses.replace(slow, title="Other")
    with pytest.raises(dataclasses.FrozenInstanceError):
        quick.title = "changed"  # type: ignore[misc]


def test_a_draft_has_the_fields_of_a_work_item_in_their_order() -> None:
    assert [f.name for f in dataclasses.fields(draft)] == [f.name for f in dataclasses.fields(WorkItem)]
