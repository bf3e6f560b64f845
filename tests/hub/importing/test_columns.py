"""Headers to meanings, in English and German."""

from __future__ import annotations

import pytest

from hub.errors import UsageError
from hub.importing import asked, guess
from tests.hub.importing.builders import columns, sheet


def meant(headers: str, *rows: str, **said: str) -> dict[str, str]:
    """meaning -> header, of headers and rows separated by bars."""
    given = sheet(*(row.split("|") for row in rows), headers=headers.split("|"))
    return {name: one.header for name, one in columns(given, said).meant.items()}


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        (
            "Objective|Key Result|Owner|Team|Theme|Quarter|Weight|Baseline|Target|Actual|KPI|Jira Link|Ambition",
            "objective key_result owner team pillar cycle weight start target current metric link ambition",
        ),
        (
            "Strategische Säule|Bereich|Quartal|Ziel|Schlüsselergebnis|Verantwortlich|Startwert|Zielwert|Ist|Messgröße|Gewicht",
            "pillar team cycle objective key_result owner start target current metric weight",
        ),
        ("OBJECTIVES|KRs (measurable!)|Lead", "objective key_result owner"),
        ("Objective Q1 2027|Key result description|KR Owner|Objective owner", "objective key_result owner objective_owner"),
        ("Objective|Key Result|Start|Ziel", "objective key_result start target"),
        ("Goal|Result|To", "objective key_result target"),
    ],
)
def test_headers_in_english_and_german(headers: str, wanted: str) -> None:
    assert meant(headers) == dict(zip(wanted.split(), headers.split("|"), strict=True))


def test_the_header_may_stand_beneath_a_title() -> None:
    given = sheet(("", ""), ("Key Result", "Objective"), ("Activate", "Grow"), headers=("Our objectives for 2027", ""))
    found = columns(given)
    assert (found.header, found.meant["objective"].column, found.meant["objective"].samples) == (2, 1, ("Grow",))


def test_what_no_meaning_is_found_for_is_listed() -> None:
    found = columns(sheet(("Grow", "Activate", "red", "x"), headers=("Objective", "Key Result", "Status", "")))
    assert [(one.letter, one.header) for one in found.others] == [("C", "Status"), ("D", "")]


def test_numbers_of_rows_are_no_ids_and_many_things_are_a_type() -> None:
    headers = "Nr|Objective|Key Result|Type"
    assert set(meant(headers, "1|Grow|Activate|KPI", "2|Grow|Retain|Initiative")) == {"objective", "key_result"}
    assert set(meant(headers, "O1.1|Grow|Activate|Stretch")) == {"id", "objective", "key_result", "ambition"}


def test_what_is_said_comes_before_any_guess() -> None:
    headers = "Objective|Was|Wer|Owner"
    assert meant(headers, key_result="was", owner="C") == {"objective": "Objective", "key_result": "Was", "owner": "Wer"}
    assert meant("Objective|Key Result|Owner", owner="") == {"objective": "Objective", "key_result": "Key Result"}


def test_a_missing_column_names_what_there_is() -> None:
    (problem,) = guess(sheet(headers=("Objective", "Outcome", "Who")), {})
    assert str(problem) == (
        "OKRs!1: No column looks like the key result. Name it: --columns key_result=HEADER. "
        'Row 1 has A "Objective", B "Outcome", C "Who".'
    )


def test_a_column_that_is_not_there_names_the_nearest() -> None:
    (problem,) = guess(sheet(headers=("Objective", "Key Result", "Responsible")), {"owner": "Responsable"})
    assert str(problem) == 'OKRs!1: There is no column "Responsable" for `owner`. Did you mean "Responsible"?'


def test_no_header_at_all() -> None:
    (problem,) = guess(sheet(headers=("only a title",)), {})
    assert "There is no row of headers." in str(problem)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["owner=Responsible,key_result=KR"], {"owner": "Responsible", "key_result": "KR"}),
        (["owner=Who, what and why", "Key Result=B"], {"owner": "Who, what and why", "key_result": "B"}),
        (["owner=Smith, John,team="], {"owner": "Smith, John", "team": ""}),
        ([], {}),
    ],
)
def test_columns_as_they_are_said(words: list[str], wanted: dict[str, str]) -> None:
    assert asked(words) == wanted


def test_columns_that_cannot_be_meant() -> None:
    with pytest.raises(UsageError, match='no column meant by "ownr"') as refused:
        asked(["ownr=B"])
    assert refused.value.hint == 'Did you mean "owner"?'
    with pytest.raises(UsageError, match="says nothing about a column"):
        asked(["owner"])
