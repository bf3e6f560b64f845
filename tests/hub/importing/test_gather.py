"""Rows to objectives and key results, each mistake with its cell."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.importing import Sheet, Wanted, gather
from hub.importing.gather import number_of
from tests.hub.importing.builders import columns, errors, sheet


def read(given: Sheet, **said: str) -> Wanted:
    return gather(given, columns(given, said))


def told(given: Sheet, **said: str) -> list[str]:
    return [str(problem) for problem in read(given, **said).problems]


def tree(wanted: Wanted) -> dict[str, list[str]]:
    return {objective.name: [each.name for each in objective.key_results] for objective in wanted.objectives}


def test_an_empty_objective_is_the_one_above() -> None:
    found = read(sheet(("Grow", "a"), ("", "b"), ("Last", "c"), ("", ""), ("", "d")))
    assert tree(found) == {"Grow": ["a", "b"], "Last": ["c", "d"]}


def test_an_objective_may_have_a_row_of_its_own() -> None:
    headers = ("Objective", "Key Result", "Owner", "Weight")
    (one,) = read(sheet(("Grow", "", "Rosa", "3"), ("", "a", "Ada", "2"), ("", "b", "", ""), headers=headers)).objectives
    assert (one.owner, one.weight) == ("Rosa", Decimal(3))
    assert [(each.owner, each.weight) for each in one.key_results] == [("Ada", Decimal(2)), ("", None)]


def test_the_owner_of_an_objective_without_a_row_of_its_own() -> None:
    headers = ("Objective", "Key Result", "Owner")
    both = read(sheet(("Grow", "a", "Rosa"), ("", "b", "Ada"), headers=headers)).objectives[0]
    first = read(sheet(("Grow", "a", "Rosa"), ("", "b", ""), headers=headers)).objectives[0]
    own = read(sheet(("Grow", "a", "Rosa", "Eve"), headers=(*headers, "Objective owner"))).objectives[0]
    assert (both.owner, first.owner, own.owner) == ("", "Rosa", "Eve")


def test_the_same_objective_further_down_is_the_same_unless_of_another_team() -> None:
    headers = ("Team", "Objective", "Key Result")
    found = read(
        sheet(("A", "Grow", "a"), ("B", "Save", "b"), ("A", "grow", "c"), ("A", "New", "e"), ("B", "Grow", "d"), headers=headers)
    )
    assert [(o.team, o.name, [k.name for k in o.key_results]) for o in found.objectives] == [
        ("A", "Grow", ["a", "c"]),
        ("B", "Save", ["b"]),
        ("A", "New", ["e"]),
        ("B", "Grow", ["d"]),
    ]


def test_a_row_of_another_cycle_than_its_objective_is_left_out() -> None:
    headers = ("Objective", "Key Result", "Cycle")
    given = sheet(("Grow", "a", "Q4 2026"), ("", "b", "Q1 2027"), ("", "c", "2026-Q4"), ("", "d", ""), headers=headers)
    found = read(given)
    assert tree(found) == {"Grow": ["a", "c", "d"]}
    assert errors(found.problems) == [
        'OKRs!C3: The row is of "Q1 2027" and its objective "Grow" of "Q4 2026": it is left out. '
        "Give the row an objective of its own cycle: write the objective's name into it."
    ]


def test_a_key_result_without_an_objective_has_its_cell() -> None:
    assert told(sheet(("", "a"), ("Grow", "b"))) == [
        "OKRs!B2: The key result has no objective: none stands in its row or above it. "
        "Write the objective's name into the same row."
    ]


def test_errors_and_texts_of_formulas_have_their_cell() -> None:
    given = sheet(("Grow", ""), ("", '=HYPERLINK("http://x","y")'), ("=A2", "c"), faults={(1, 1): "#DIV/0!"}, name="Q1 2027")
    assert told(given) == [
        "'Q1 2027'!B2: The cell holds #DIV/0!. Correct the formula.",
        '\'Q1 2027\'!B3: The cell holds the text of a formula (=HYPERLINK("http://x","y")). Put its result there, as a text.',
        "'Q1 2027'!A4: The cell holds the text of a formula (=A2). Put its result there, as a text.",
    ]


@pytest.mark.parametrize("text", ["+49 170 1234567 is answered", "-5 % churn", "= more", "@rosa asks", "a=b(c)"])
def test_what_only_begins_like_a_formula_is_a_text(text: str) -> None:
    assert tree(read(sheet(("Grow", text)))) == {"Grow": [text]}


def test_a_formula_without_a_result() -> None:
    (line,) = told(sheet(("Grow", "", ""), ("", "a", "b"), faults={(1, 1): "a formula without a result"}))
    assert (
        line == "OKRs!B2: The cell holds a formula without a result. Open the file, let it calculate, save it, and import again."
    )


def test_what_was_left_out_is_told_for_cells_that_are_used() -> None:
    given = sheet(
        ("Grow", "bell"), headers=("Objective", "Key Result", "Comment"), remarks={(1, 1): "Told.", (1, 2): "Not told."}
    )
    assert told(given) == ["OKRs!B2: warning: Told."]


def test_braces_become_parentheses() -> None:
    found = read(sheet(("Grow {fast}", "a {} b }{")))
    assert tree(found) == {"Grow (fast)": ["a () b )("]}
    assert len(found.problems) == 2


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2", "2"),
        ("1.5", "1.5"),
        ("1,5", "1.5"),
        ("20 %", "20"),
        ("1.000", "1000"),
        ("0.125", "0.125"),
        ("2.0", "2"),
        ("1,234.5", "1234.5"),
    ],
)
def test_numbers_in_english_and_german(text: str, wanted: str) -> None:
    assert number_of(text) == Decimal(wanted)


@pytest.mark.parametrize("text", ["high", "-1", "0", "1e9", "NaN", "١"])
def test_what_is_no_weight(text: str) -> None:
    (line,) = told(sheet(("Grow", "a", text), headers=("Objective", "Key Result", "Weight")))
    assert line.startswith(f'OKRs!C2: "{text}" is no weight.')


def test_ambition_in_words() -> None:
    rows = [("Grow", "a", "Committed"), ("", "b", "Stretch goal"), ("", "c", ""), ("", "d", "verbindlich"), ("", "e", "maybe")]
    found = read(sheet(*rows, headers=("Objective", "Key Result", "Ambition")))
    words = [each.ambition for each in found.objectives[0].key_results]
    assert words == ["committed", "aspirational", None, "committed", None]
    assert errors(found.problems) == []
    assert 'OKRs!C6: warning: "maybe" is neither committed nor aspirational' in str(found.problems[0])


def test_ids_of_the_sheet_and_of_labels() -> None:
    headers = ("Objective ID", "Objective", "ID", "Key Result", "Label")
    rows = [("O 1", "Grow", "KR 1.1", "a", ""), ("", "", "", "b", "kr:sso"), ("", "", "", "c", "okr-x")]
    (one,) = read(sheet(*rows, headers=headers)).objectives
    assert (one.id, [each.id for each in one.key_results]) == ("O-1", ["KR-1.1", "sso", None])


def test_an_id_that_two_rows_have() -> None:
    rows = [("Grow", "K1", "a"), ("Save", "k1", "b")]
    (line,) = told(sheet(*rows, headers=("Objective", "ID", "Key Result")))
    assert (
        line
        == 'OKRs!B3: The id "k1" stands in OKRs!B2 already. Give one of the two another, or leave the column out: --columns id=.'
    )


def test_an_id_that_cannot_be_one() -> None:
    (line,) = told(sheet(("Grow", "故事", "a"), headers=("Objective", "ID", "Key Result")))
    assert line.startswith('OKRs!B2: "故事" cannot be an id.')


def test_the_same_key_result_twice_under_an_objective() -> None:
    (line,) = told(sheet(("Grow", "a"), ("", "A")))
    assert line.startswith("OKRs!B3: The same key result stands in OKRs!B2 already")


def test_what_will_surprise_is_a_warning() -> None:
    headers = ("Objective", "Key Result", "Pillar", "Owner")
    found = read(
        sheet(
            ("Grow", "KR1: a KR2: b", "Q1", "x"),
            ("", "c", "Q2", "x"),
            ("Alone", "", "", ""),
            ("", "", "", "Sum"),
            headers=headers,
        )
    )
    assert errors(found.problems) == []
    said = " ".join(map(str, found.problems))
    for part in (
        "B2: warning: The cell seems to hold several",
        "C3: warning: The objective",
        "D5: warning: The row names neither",
    ):
        assert part in said
    assert "A4: warning: The objective has no key result" in said


def test_a_header_and_nothing_beneath_it() -> None:
    assert told(sheet(("", "")))[0].startswith("OKRs!A1: There is no row beneath the headers.")
