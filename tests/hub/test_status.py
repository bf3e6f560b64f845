"""What a vendor's status means, with and without a map. docs/how-numbers-are-calculated.md, sections 1 and 5."""

from __future__ import annotations

import pytest

from hub.model import DROPPED_RESOLUTIONS, Dimensions, Item, SourceFacts, State, Status, StatusWord
from hub.status import Reading, States, wildcards
from tests.reference.builders import FIELDS, item, mapping, status_word

STATUSES = {
    ("jira", "1"): Status("Parked", "indeterminate"),
    ("jira", "2"): Status("Gone", "done"),
    ("jira", "3"): Status("Backlog", None),
    ("jira-hr", "1"): Status("Parked", "indeterminate"),
}
SOURCES = {name: SourceFacts(name, "jira", FIELDS) for name in ("jira", "jira-hr")}


def read(given: Item, dropped: frozenset[str] = frozenset(), **maps: dict[str, State]) -> Reading:
    """``maps`` are status maps by source or kind, ``_`` for ``-``: ``jira={"Parked": "todo"}``."""
    lines: dict[str, tuple[StatusWord, ...]] = {
        name.replace("_", "-"): tuple(status_word(written, state) for written, state in said.items())
        for name, said in maps.items()
    }
    strategy = mapping(statuses=lines, dropped_resolutions=DROPPED_RESOLUTIONS | dropped)
    return States(strategy, Dimensions(statuses=STATUSES, sources=SOURCES)).read(given)


def parked(**more: object) -> Item:
    """In progress by the vendor's list and by its own copy."""
    return item(1, state="doing", status_id="1", status="Parked", **more)  # type: ignore[arg-type]


# ---- the status map -------------------------------------------------------------------------------------------------------


def test_without_a_map_the_category_decides() -> None:
    assert read(parked()) == Reading("doing", None, "")


def test_a_line_of_the_map_goes_before_the_category() -> None:
    assert read(parked(), jira={"Parked": "todo"}).state == "todo"
    assert read(parked(), jira={"On hold": "todo"}).state == "doing"


@pytest.mark.parametrize("written", ["Geparkt", "geparkt", "parked", "1"])
def test_a_line_names_the_item_s_word_the_list_s_or_the_id(written: str) -> None:
    given = item(1, state="doing", status_id="1", status="Geparkt")
    assert read(given, jira={written: "todo"}).state == "todo"


def test_texts_compare_after_folding() -> None:
    given = item(1, state="doing", status="PRU\u0308FUNG gro\u00df")
    assert read(given, jira={"prüfung GROSS": "done"}).state == "done"


def test_a_map_may_stand_for_a_kind_and_that_of_the_source_goes_before_it() -> None:
    lines: dict[str, State] = {"Parked": "todo"}
    hr = parked(source="jira-hr")
    assert read(hr, jira=lines).state == "todo"
    assert read(hr, jira=lines, jira_hr={"Parked": "dropped"}).state == "dropped"
    assert read(hr, jira=lines, jira_hr={"P*": "dropped"}).state == "dropped"  # even by a wildcard
    assert read(parked(source="trello"), jira=lines).state == "doing"


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ({"Done*": "done", "Done - won't do": "dropped"}, "dropped"),
        ({"Done*": "done", "*won't do": "dropped"}, "dropped"),
        ({"Done*": "done", "Done - *": "dropped"}, "dropped"),
        ({"?one*": "todo", "Done*": "done"}, "todo"),
        ({"*": "dropped", "Done?": "todo"}, "dropped"),
    ],
    ids=["exact first", "longer first", "longer wildcard first", "then the alphabet", "a question mark is one character"],
)
def test_of_one_table_the_line_that_says_most_decides(lines: dict[str, State], state: State) -> None:
    given = item(1, state="doing", status="Done - won't do")
    assert read(given, jira=lines).state == state
    assert read(given, jira=dict(reversed(lines.items()))).state == state


def test_what_the_map_says_is_not_reported() -> None:
    odd = item(1, state="done", status_id="1", status="Parked")
    assert read(odd).kind == "category"
    assert read(odd, jira={"Parked": "doing"}) == Reading("doing", None, "")


def test_only_what_neither_map_nor_category_decides_is_unmapped() -> None:
    unknown = item(1, status_id="3", status="Backlog", category=None)
    told = read(unknown)
    assert (told.state, told.kind) == ("todo", "status")
    assert told.text == "status 'Backlog' has no category that is known and no line in [status.jira]; the item counts as todo"
    assert read(unknown, jira={"Backlog": "todo"}).kind is None
    assert read(unknown._replace(category="new")).kind is None


def test_a_row_without_a_status_that_says_when_it_was_done_is_done() -> None:
    """A sheet of savings with a column for the day and none for a status."""
    row = item(1, category=None, status=None, status_id=None, resolution=None)._replace(done_at=1)
    assert (read(row).state, read(row).kind) == ("done", None)
    assert (read(row._replace(done_at=None)).state, read(row._replace(done_at=None)).kind) == ("todo", "status")
    assert read(row._replace(status="Open")).state == "todo", "what it says goes first"
    assert read(row._replace(category="new")).state == "todo"


# ---- resolutions and presence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resolution", "id_", "state"),
    [("Done", "1", "done"), ("Won't Do", "2", "dropped"), ("OUT OF DATE", "3", "dropped"), ("Veraltet", "10007", "dropped")],
)
def test_resolutions_that_drop_are_the_usual_ones_and_those_of_the_files(resolution: str, id_: str, state: State) -> None:
    given = item(1, state="done", resolution=resolution, resolution_id=id_)
    assert read(given, dropped=frozenset({"out of date", "10007"})).state == state


def test_a_resolution_drops_what_the_map_calls_done_and_nothing_else() -> None:
    given = item(1, state="doing", status="Shipped", resolution="Won't Do")
    assert read(given, jira={"Shipped": "done"}).state == "dropped"
    assert read(given, jira={"Shipped": "todo"}).state == "todo"
    assert read(given).state == "doing"


def test_an_item_that_its_source_calls_archived_is_treated_like_one_of_an_archived_project() -> None:
    """A Trello card is read with its list and its archive; the archive says nothing about being done."""
    for words in ({"jira": {"Shipped": "doing"}}, {}):
        archived = item(1, state="doing", status="Shipped", resolution="list archived", resolution_id="archived")
        assert read(archived, **words).state == "dropped"
    done = item(1, state="doing", status="Shipped", resolution="archived", resolution_id="archived")
    assert read(done, jira={"Shipped": "done"}).state == "done"
    named = item(1, state="doing", status="Shipped", resolution="Archived", resolution_id="10007")
    assert read(named).state == "doing", "a resolution that somebody named so is another thing"


def test_archived_work_that_the_map_calls_open_is_dropped() -> None:
    archived = item(1, state="done", status="Shipped", presence="archived")
    assert read(archived).state == "done"
    assert read(archived, jira={"Shipped": "doing"}).state == "dropped"


# ---- wildcards ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "", True),
        ("a*c*e", "abcde", True),
        ("a*c*e", "abcd", False),
        ("?", "", False),
        ("a?c", "a\nc", True),
        ("*a*a*a*a*a*b", "a" * 5_000, False),
    ],
)
def test_a_star_is_any_text_and_a_question_mark_one_character(pattern: str, text: str, fits: bool) -> None:
    assert (wildcards(pattern).fullmatch(text) is not None) == fits
