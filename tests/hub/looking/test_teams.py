"""Rows for the table of teams."""

from __future__ import annotations

from hub.looking import teams
from tests.hub.looking.builders import stock, work


def several(first: int, number: int, team: str | None, project: str = "10") -> list:  # type: ignore[type-arg]
    return [work(n, project=project, fields={"team": team}) for n in range(first, first + number)]


def test_a_value_of_the_field_owns_the_project_that_is_mostly_its_own() -> None:
    found = teams(stock(several(1, 8, "Login"), several(20, 2, "Core"), several(30, 6, "Core", "20"), several(40, 5, None, "30")))
    assert found.by == "team"
    assert [(row.id, row.field, row.projects, row.items) for row in found.rows] == [
        ("login", "Login", ("IDN",), 8),
        ("core", "Core", ("CORE",), 8),
        ("service-desk", "", ("ITSD",), 5),  # nobody says: a team of the project's name
    ]
    assert (found.filled, found.of, found.shared, found.few) == (16, 21, (), ())


def test_a_project_of_several_teams_is_nobodys() -> None:
    found = teams(stock(several(1, 5, "A"), several(10, 5, "B"), several(20, 2, "C")))
    assert [(row.id, row.projects) for row in found.rows] == [("a", ()), ("b", ())]
    assert (found.shared, found.few) == (("IDN",), (("C", 2),))


def test_a_few_strays_do_not_take_a_project() -> None:
    found = teams(stock(several(1, 8, "A"), several(10, 1, "A", "20"), several(20, 9, None, "20")))
    assert [(row.name, row.projects) for row in found.rows] == [("A", ("IDN",)), ("Product core", ("CORE",))]


def test_a_small_team_that_has_a_project_of_its_own() -> None:
    found = teams(stock(several(1, 2, "A"), several(10, 2, "B", "20")))
    assert [row.name for row in found.rows] == ["A", "B"]


def test_without_a_field_every_project_is_a_team() -> None:
    found = teams(stock(work(1), work(2, project="20")))
    assert (found.by, [(row.id, row.name) for row in found.rows]) == (
        "",
        [("product-core", "Product core"), ("identity", "Identity")],
    )


def test_names_without_ascii_still_get_ids() -> None:
    found = teams(stock(several(1, 5, "製品"), several(10, 5, "製造", "20"), several(20, 5, "Ärzte & Co", "30")))
    assert sorted(row.id for row in found.rows) == ["aerzte-and-co", "team", "team-2"]


def test_the_field_is_found_by_the_source_s_name_too() -> None:
    items = [work(n, fields={"who": "A" if n % 2 else "B"}) for n in range(12)]
    assert teams(stock(items, who="Squad")).by == "who"
    assert teams(stock(items)).by == ""
