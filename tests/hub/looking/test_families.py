"""Labels that name goals."""

from __future__ import annotations

from datetime import date

import pytest

from hub.looking.families import families, in_cycle, slips, taken_apart


@pytest.mark.parametrize(
    ("text", "prefix", "rest"),
    [
        ("kr:sso", "kr:", "sso"),
        ("KR:SSO", "kr:", "sso"),
        ("okr-2027-q1-sso", "okr-2027-q1-", "sso"),
        ("2027-q1-land-20", "2027-q1-", "land-20"),
        ("Q1-2027_okr_sso", "q1-2027_okr_", "sso"),
        ("okr-2027-sso", "okr-2027-", "sso"),
        ("key-result/nps", "key-result/", "nps"),
        ("ziel:umsatz", "ziel:", "umsatz"),
        ("fy27-h1-churn", "fy27-h1-", "churn"),
        ("kr:a:b", "kr:", "a:b"),
    ],
)
def test_prefix_and_what_it_names(text: str, prefix: str, rest: str) -> None:
    found = taken_apart(text)
    assert found is not None
    assert (found.prefix, found.rest) == (prefix, rest)


@pytest.mark.parametrize(
    "text", ["", "kr:", "krypton", "backend", "okr", "okr-2027-q1", "goalkeeper", "2027-q1", "ios-15", "v1.2"]
)
def test_what_names_none(text: str) -> None:
    assert taken_apart(text) is None


def test_families_by_prefix_the_most_carried_first() -> None:
    found = families([(1, "kr:sso"), (2, "KR:sso"), (3, "kr:soc2"), (4, "okr-2027-q1-x"), (4, "backend")])
    assert [(f.prefix, f.pattern, sorted(f.names)) for f in found] == [
        ("kr:", "kr:{key_result}", ["soc2", "sso"]),
        ("okr-2027-q1-", "okr-2027-q1-{key_result}", ["x"]),
    ]
    assert found[0].names["sso"] == {1, 2}


def test_a_prefix_that_may_mean_goals_needs_two_names() -> None:
    assert families([(1, "theme-dark"), (2, "theme-dark")]) == []
    assert [f.prefix for f in families([(1, "theme-growth"), (2, "theme-trust")])] == ["theme-"]


@pytest.mark.parametrize(
    ("cycle", "inside"),
    [("", True), ("2027-q1", True), ("2027-q2", False), ("q1-2026", False), ("fy27-h1", True), ("27h2", False), ("2027", True)],
)
def test_the_cycle_in_a_prefix(cycle: str, inside: bool) -> None:
    assert in_cycle(cycle, date(2027, 2, 15)) is inside


def told(**reached: int) -> dict[str, str]:
    """Slips among names with one carrier each but the first."""
    names = {name.replace("_", "-"): number for name, number in reached.items()}
    return slips(names, dict.fromkeys(names, 1))


def test_slips_are_rare_and_alike() -> None:
    assert told(sso=20, ssso=2) == {"ssso": "sso"}
    assert told(templates=20, tempaltes=2) == {"tempaltes": "templates"}
    assert told(usage_billing=20, usagebilling=2) == {"usagebilling": "usage-billing"}
    assert slips({"a-b": 20, "ab": 2, "a_b": 2}, {"a-b": 1, "ab": 1, "a_b": 1}) == {"ab": "a-b", "a_b": "a-b"}


def test_names_that_are_as_frequent_or_differ_in_digits_are_names() -> None:
    assert told(sso=20, ssso=15) == {}
    assert told(okr1=20, okr2=2) == {}
    assert told(arr_emea=20, arr_amer=2) == {}
    assert told(nps=20, mps=2) == {"mps": "nps"}
