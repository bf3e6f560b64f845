"""Cycles, ids and likeness: small decisions on words."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.importing.cycles import named, period, proposal
from hub.importing.edit import block
from hub.importing.match import Side, pairs
from hub.importing.slug import slug
from hub.importing.text import comment, seen
from hub.tomlfile.ids import ID

CYCLES = {id: (id, date(2026, 1, 1), date(2026, 3, 31)) for id in ("2026-q1", "2026-q2", "2027-q1", "spring")}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-Q1", "2026-q1"),
        ("SPRING", "spring"),
        ("Q2", "2026-q2"),
        ("Q1", None),  # of which year?
        ("1. Quartal 27", "2027-q1"),
        ("Q3 2026", None),
        ("H1 2026", None),
        ("soon", None),
    ],
)
def test_which_cycle_a_text_means(text: str, wanted: str | None) -> None:
    assert named(text, CYCLES) == wanted


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Q4 2027", "2027-q4 = { starts = 2027-10-01, ends = 2027-12-31 }"),
        ("2. Halbjahr 2027", "2027-h2 = { starts = 2027-07-01, ends = 2027-12-31 }"),
        ("2028", "2028 = { starts = 2028-01-01, ends = 2028-12-31 }"),
        ("Q1/28", "2028-q1 = { starts = 2028-01-01, ends = 2028-03-31 }"),
        ("v1.2", '"v1.2" = { starts = YYYY-MM-DD, ends = YYYY-MM-DD }'),
        ("Frühling!", "fruehling = { starts = YYYY-MM-DD, ends = YYYY-MM-DD }"),
    ],
)
def test_the_line_that_declares_a_cycle(text: str, line: str) -> None:
    found = proposal(text)
    assert found.line == line
    if "YYYY" not in line:
        import tomllib

        assert tomllib.loads("[cycle]\n" + line) == tomllib.loads("\n".join(found.table))


def test_a_part_of_a_year() -> None:
    found = period("H1 2028")
    assert found is not None
    assert (found.id, found.days()) == ("2028-h1", (date(2028, 1, 1), date(2028, 6, 30)))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Pass every enterprise security review", "pass-enterprise-security"),
        ("KR1: Activation from 41 % to 55 %", "activation"),
        ("Größere Kunden für die Plattform gewinnen", "groessere-kunden-plattform"),
        ("Straße & Weg", "strasse-weg"),
        ("Internationalisierungsvorbereitung abschließen", "internationalisierungsvorbereitung"),
        ("2027", "2027"),
        ("100 % → 120 %", "100-120"),
        ("故事", "kr"),
        ("The of and", "the-of-and"),
    ],
)
def test_ids_of_names(name: str, wanted: str) -> None:
    assert slug(name, "kr", lambda _: False) == wanted


def test_an_id_that_is_taken_gets_more_words_then_a_number() -> None:
    taken = {"pass-enterprise-security"}
    assert slug("Pass enterprise security review", "kr", taken.__contains__) == "pass-enterprise-security-review"
    taken |= {"pass-enterprise-security-review", "pass-enterprise-security-2"}
    assert slug("Pass enterprise security review", "kr", taken.__contains__) == "pass-enterprise-security-3"


@given(st.text(max_size=80))
def test_every_name_gives_an_id(name: str) -> None:
    assert ID.fullmatch(slug(name, "kr", lambda id: id == "kr"))


@given(st.text(max_size=60))
def test_no_comment_breaks_its_file(text: str) -> None:
    import tomllib

    written = comment(text)
    assert tomllib.loads(f"{written}\na = 1\n") == {"a": 1}
    assert tomllib.loads(block("objective", {("name",): seen(text)[0], ("anchor", "pillar"): text}, [text])) == {
        "objective": [{"name": seen(text)[0], "anchor": {"pillar": text}}]
    }


def sides(*names: str) -> list[Side]:
    return [Side((), name) for name in names]


def test_same_names_come_before_alike_ones() -> None:
    assert pairs(sides("Launch in Germany", "Launch in Hungary"), sides("Launch in Hungary", "Launch in Germany")) == {0: 1, 1: 0}


def test_a_name_that_is_continued_is_the_same() -> None:
    assert pairs(sides("Single sign-on for everybody and SCIM"), sides("Single sign-on")) == {0: 0}
    assert pairs(sides("Launch in Germany"), sides("Launch", "Land in Germany")) == {0: 1}


def test_two_of_the_same_name_are_told_apart_by_their_team() -> None:
    rows = [Side((), "Grow", "b"), Side((), "Grow", "a")]
    assert pairs(rows, [Side((), "Grow", "a"), Side((), "Grow", "b")]) == {0: 1, 1: 0}


def test_an_id_counts_more_than_a_name() -> None:
    assert pairs([Side(("x",), "One"), Side((), "Two")], [Side(("z",), "One"), Side(("X",), "Two")]) == {0: 1}
