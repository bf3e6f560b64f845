"""`anchorline import` as a real process: preview, write, again, and what it says when something is wrong."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.hub.cli.builders import run
from tests.hub.importing.builders import BASE, HEADERS, ROW, xlsx

CONFIG = 'timezone = "Europe/Berlin"\n'
ROWS = [HEADERS, ROW, ("", "Retain 9 of 10", "Ada", "Sales", "", "")]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "strategy.toml").write_text(BASE)
    xlsx(tmp_path / "okrs.xlsx", {"OKRs": ROWS})
    return tmp_path


def into(home: Path, *words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    return run("import", *words, folder=home, **env)


def test_a_preview_then_the_files_then_nothing_to_change(home: Path) -> None:
    shown = into(home, "okrs.xlsx")
    assert shown.returncode == 0, shown.stderr
    for line in (
        'okrs.xlsx, sheet "OKRs": headers in row 1, 2 rows beneath',
        "objective   A Objective   Grow",
        "cycle       F Quarter     Q4 2026",
        "1 objective in 2026-q4",
        "mappings/objectives/growth.toml  new file",
        "  + objective   grow            Grow",
        "  + key result  activate-teams  Activate more teams",
    ):
        assert line in shown.stdout.splitlines(), line
    assert "This is a preview, nothing was written. Add --write to write 1 file." in shown.stderr
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert not (home / "mappings" / "objectives").exists()

    written = into(home, "okrs.xlsx", "--write")
    assert (written.returncode, "1 file written." in written.stderr) == (0, True)
    assert [path.name for path in (home / "mappings" / "objectives").iterdir()] == ["growth.toml"]
    checked = run("check", folder=home)
    assert checked.returncode == 0, checked.stderr
    assert "2  key results" in checked.stdout

    again = into(home, "okrs.xlsx", "--write")
    assert "Nothing to change: the files say what the sheet says." in again.stderr


def test_what_would_change_is_shown_key_by_key(home: Path) -> None:
    assert into(home, "okrs.xlsx", "--write").returncode == 0
    xlsx(home / "okrs.xlsx", {"OKRs": [HEADERS, ("Grow", "Activate more teams now", *ROW[2:]), ("", "Amaze", "", "", "", "")]})
    shown = into(home, "okrs.xlsx")
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert "mappings/objectives/growth.toml  1 new, 2 changed, 1 no longer in the sheet" in lines
    assert "~ key result  activate-teams  Activate more teams" in lines
    assert 'name: "Activate more teams" -> "Activate more teams now"' in " ".join(lines)
    assert "+ key result  amaze           Amaze" in lines
    assert "- key result  retain          Retain 9 of 10" in lines


def test_numbers_and_unknown_words_are_lists_to_work_off(home: Path) -> None:
    rows = [(*HEADERS, "Target", "Label"), ("Grow", "Activate", "Rosa", "Grwoth", "Trust", "Q4 2026", "80 %", "okr-x")]
    shown = into(home, xlsx(home / "a.xlsx", {"OKRs": rows}))
    text = " ".join(shown.stdout.split())
    assert "1 key result has no measure yet." in text
    assert "Rosa activate" in text
    assert '[pillar.trust] name = "Trust"' in text
    assert '# or correct "Grwoth" in the sheet to "Growth" [[team]] id = "grwoth" name = "Grwoth"' in text
    assert "1 key result has a label or a link to work in the sheet" in text


def test_what_is_proposed_can_be_pasted_anywhere(home: Path) -> None:
    rows = [HEADERS, ("Grow", "Activate", "Rosa", "Grwoth", "Trust", "Q3 2027")]
    path = xlsx(home / "a.xlsx", {"OKRs": rows})
    shown = into(home, path).stdout.partition("Not declared")[2]
    proposed = [line for line in shown.splitlines() if line.startswith("  ")]
    with (home / "mappings" / "strategy.toml").open("a") as file:
        file.write("\n".join(proposed))
    assert into(home, path, "--write").returncode == 0
    assert run("check", folder=home).returncode == 0
    assert "Not declared" not in into(home, path).stdout


def test_without_a_configuration_the_folder_beside_is_meant(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "strategy.toml").write_text(BASE)
    (tmp_path / "okrs.csv").write_text("Ziel;Schlüsselergebnis\nWachsen;Erstes\n", encoding="cp1252")
    done = into(tmp_path, "okrs.csv", "--cycle", "Q1 2027", "--write")
    assert done.returncode == 0, done.stderr
    assert "It is not UTF-8 and was read as Windows-1252" in done.stderr
    text = (tmp_path / "mappings" / "objectives" / "objectives.toml").read_text("utf-8")
    assert text.startswith('#:schema ../mapping.schema.json\n# Imported from "okrs.csv", by `anchorline import`')
    assert 'cycle = "2027-q1"' in text


def test_the_files_may_go_elsewhere(home: Path) -> None:
    inside = into(home, "okrs.xlsx", "--into", "mappings/q4", "--write")
    assert (inside.returncode, (home / "mappings" / "q4" / "growth.toml").is_file()) == (0, True)
    outside = into(home, "okrs.xlsx", "--into", "other", "--write")
    assert outside.returncode == 0
    assert "other is not inside mappings, so nothing reads these files." in outside.stderr
    assert into(home, "okrs.xlsx", "--into", "config.toml").returncode == 2


def test_a_written_file_keeps_its_rights(home: Path) -> None:
    into(home, "okrs.xlsx", "--write")
    file = home / "mappings" / "objectives" / "growth.toml"
    assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600
    file.chmod(0o640)
    xlsx(home / "okrs.xlsx", {"OKRs": [HEADERS, ("Grow", "Activate more teams now", *ROW[2:])]})
    assert into(home, "okrs.xlsx", "--write").returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["growth.toml"]


def test_several_sheets(home: Path) -> None:
    path = xlsx(home / "two.xlsx", {"Notes": [("x", "y")], "Q3": ROWS, "Q4": ROWS})
    done = into(home, path.name)
    assert (done.returncode, done.stdout) == (2, "")
    assert 'Several sheets of two.xlsx have objectives: "Q3" and "Q4".\nName one: --sheet "Q3".' in done.stderr
    assert into(home, path.name, "--sheet", "q4").returncode == 0
    assert 'It has "Notes", "Q3", "Q4".' in into(home, path.name, "--sheet", "Spring").stderr
    assert into(home, xlsx(home / "one.xlsx", {"Notes": [("x", "y")], "Q3": ROWS})).returncode == 0


def test_mistakes_have_their_cell_and_nothing_is_written(home: Path) -> None:
    rows = [(*HEADERS, "Weight"), (*ROW, "heavy"), ("", "=SUM(A1)", "", "", "", "", "")]
    done = into(home, xlsx(home / "a.xlsx", {"Q4 2026": rows}), "--write")
    assert done.returncode == 2
    assert "'Q4 2026'!G2: \"heavy\" is no weight." in done.stderr
    assert "'Q4 2026'!B3: The cell holds the text of a formula (=SUM(A1))." in done.stderr
    assert "Nothing was written; mend what is said above, and import again." in done.stderr
    assert "objective   A Objective" in done.stdout
    assert not (home / "mappings" / "objectives").exists()


def test_an_unknown_cycle(home: Path) -> None:
    rows = [HEADERS, (*ROW[:5], "Q3 2027")]
    done = into(home, xlsx(home / "a.xlsx", {"OKRs": rows}), "--write")
    assert done.returncode == 2
    assert 'OKRs!F2: No mapping file has a cycle "Q3 2027".' in done.stderr
    assert "  [cycle.2027-q3]\n  starts = 2027-07-01\n  ends = 2027-09-30\n" in done.stdout
    assert "2027-q3 = { starts = 2027-07-01, ends = 2027-09-30 }" in done.stderr
    asked = into(home, "okrs.xlsx", "--cycle", "2027-q3")
    assert asked.returncode == 2
    assert "Add it under [cycle] in a file of mappings: 2027-q3 = {" in asked.stderr


def test_a_sheet_without_a_cycle_takes_the_only_one_ahead(home: Path) -> None:
    rows = [HEADERS[:5], ROW[:5]]
    path = xlsx(home / "a.xlsx", {"OKRs": rows})
    ambiguous = into(home, path)
    assert (ambiguous.returncode, ambiguous.stdout) == (2, "")
    assert "The sheet has no column for the cycle.\nSay which: --cycle " in ambiguous.stderr
    lines = [line.replace("2026-12-31", "2999-12-31") for line in BASE.splitlines() if not line.startswith("2027-q1")]
    (home / "mappings" / "strategy.toml").write_text("\n".join(lines))
    assert "1 objective in 2026-q4" in into(home, path).stdout


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.xlsx", b"hello", "a.xlsx is no XLSX file, whatever its name says."),
        ("a.pdf", b"%PDF-1.4", "a.pdf is a PDF."),
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"Who,What\nx,y\n", "a!1: No column looks like the objective. Name it: --columns objective=HEADER."),
    ],
)
def test_files_that_cannot_be_read(home: Path, name: str, data: bytes, said: str) -> None:
    (home / name).write_bytes(data)
    done = into(home, name)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_mistakes_elsewhere_in_the_mapping_files_are_no_reason_not_to_import(home: Path) -> None:
    (home / "mappings" / "rules.toml").write_text('[[rule]]\nname = "x"\nwhen.label = "l"\nto = "activate-teams"\n')
    assert run("check", folder=home).returncode == 2  # the rule waits for the sheet
    assert into(home, "okrs.xlsx", "--write").returncode == 0
    assert run("check", folder=home).returncode == 0
    (home / "mappings" / "broken.toml").write_text("[x\n")
    assert into(home, "okrs.xlsx").returncode == 0


def test_as_json(home: Path) -> None:
    done = into(home, "okrs.xlsx", "--json")
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["sheet"], told["header_row"], told["written"]) == ("OKRs", 1, False)
    assert {"name": "owner", "column": "C", "header": "Owner", "samples": ["Rosa", "Ada"]} in told["columns"]
    (file,) = told["files"]
    assert (file["path"], file["new"], [change["id"] for change in file["changes"]]) == (
        "mappings/objectives/growth.toml",
        True,
        ["grow", "activate-teams", "retain"],
    )
    assert json.loads(into(home, "okrs.xlsx", "--json", "--write").stdout)["written"] is True


def test_columns_that_are_said(home: Path) -> None:
    path = xlsx(home / "a.xlsx", {"OKRs": [("Was", "Womit", "Quartal"), ("Grow", "Activate", "Q4 2026")]})
    assert into(home, path).returncode == 2
    done = into(home, path, "--columns", "objective=Was,key_result=B")
    assert done.returncode == 0, done.stderr
    assert "  + key result  activate  Activate" in done.stdout.splitlines()
    wrong = into(home, path, "--columns", "objektive=Was")
    assert (wrong.returncode, 'Did you mean "objective"?' in wrong.stderr) == (2, True)
