"""A sheet of OKRs as `init` takes it: what it adds to the files, alone and beside files that stand."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from hub.cli import sheeting
from hub.errors import UsageError
from hub.looking import Given, TeamRow, Teams
from tests.hub.looking.builders import understood

TODAY = date(2026, 11, 22)
TEAMS = Teams((TeamRow("identity", "Identity", projects=("IDN",)),))
WITH_ALL = """Objective,Key Result,ID,Team,Cycle,Pillar
Pass every review,SSO generally available,sso,Identity,Q4 2026,Win the enterprise
,SOC 2 controls,soc2,Research,Q4 2026,
"""
BARE = "Objective,Key Result\nPass every review,SSO generally available\n"


def read(folder: Path, text: str) -> sheeting.Okrs:
    (folder / "okrs.csv").write_text(text)
    return sheeting.read(folder / "okrs.csv")


def told(folder: Path, text: str, standing: str = "") -> tuple[Given, list[str]]:
    mapping = understood({"mappings/mine.toml": standing}) if standing else None
    return sheeting.given(read(folder, text), TEAMS, TODAY, mapping)


def test_cycles_pillars_and_teams_of_the_sheet_are_declared(tmp_path: Path) -> None:
    given, notes = told(tmp_path, WITH_ALL)
    assert given.cycles == [("2026-q4", date(2026, 10, 1), date(2026, 12, 31))]
    assert given.pillars == [("win-the-enterprise", "Win the enterprise")]
    assert [(row.id, row.name) for row in given.teams] == [("research", "Research")]  # Identity is known from the work
    assert (given.known, notes) == (frozenset({"sso", "soc2"}), [])
    ((name, text),) = given.objectives.items()
    assert name.startswith("mappings/objectives/")
    assert [o["team"] for o in tomllib.loads(text)["objective"]] == ["identity"]


def test_a_sheet_without_cycles_is_about_the_present_quarter(tmp_path: Path) -> None:
    given, _ = told(tmp_path, BARE)
    assert [id for id, *_ in given.cycles] == ["2026-q4"]
    assert '\ncycle = "2026-q4"\n' in next(iter(given.objectives.values()))


STANDING = """
[cycle]
autumn = { starts = 2026-09-01, ends = 2026-12-31 }
spring = { starts = 2026-01-01, ends = 2026-04-30 }
[pillar]
growth = { name = "Growth" }
[[team]]
id = "login"
name = "Identity"
"""


def test_beside_files_that_stand_their_words_count(tmp_path: Path) -> None:
    given, notes = told(tmp_path, BARE.replace("Objective", "Team,Objective").replace("Pass", "Identity,Pass"), STANDING)
    text = next(iter(given.objectives.values()))
    assert '\ncycle = "autumn"\nteam = "login"\n' in text
    assert notes == []


def test_what_standing_files_do_not_have_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='No mapping file has a cycle "Q4 2026"'):
        told(tmp_path, WITH_ALL, STANDING)
    _, notes = told(tmp_path, WITH_ALL.replace("Q4 2026", "autumn"), STANDING)
    assert notes == [
        'The sheet names a pillar that no file declares: "Win the enterprise".',
        'The sheet names a team that no file declares: "Research".',
    ]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "Objective,Key Result\n"])
def test_a_sheet_without_objectives(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        read(tmp_path, text)
