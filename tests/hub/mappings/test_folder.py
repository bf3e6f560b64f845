"""The mapping folder on disk: which files are read, and what one that cannot be read means."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.mappings import load_mappings, parse, read_folder
from hub.mappings.files import MAX_BYTES, normalise

CYCLE = "[cycle]\n2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }\n"
TEAMS = CYCLE + '[[team]]\nfor_each.file = "teams.csv"\nid = "{id}"\nlead = "{lead}"\n'
ROWS = "id;lead\ncore;Jürgen\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "maps"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "teams.toml").write_text(TEAMS, "utf-8")
    (folder / "deep" / "teams.csv").write_text(ROWS, "utf-8-sig", newline="\r\n")
    return folder


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_mappings(folder, "UTC")
    return [str(p) for p in caught.value.problems]


def test_csv_files_are_read_beside_the_mapping_files(folder: Path) -> None:
    (folder / "Other.CSV").write_text("a,b\n1,2\n")
    (folder / ".hidden.csv").write_text("x")
    (folder / "notes.txt").write_text("x")
    assert read_folder(folder) == {
        "maps/Other.CSV": "a,b\n1,2\n",
        "maps/deep/teams.csv": ROWS.replace("\n", "\r\n"),
        "maps/deep/teams.toml": TEAMS,
    }
    mapping, warnings = load_mappings(folder, "UTC")
    assert warnings == ()
    assert mapping.files == {"maps/deep/teams.csv": ROWS, "maps/deep/teams.toml": TEAMS}
    assert mapping.teams["core"].lead == "Jürgen"
    assert parse(mapping.files, "UTC")[0] == mapping


@pytest.mark.parametrize("name", ["tests", "queries"])
def test_folders_of_others_are_left_out(folder: Path, name: str) -> None:
    (folder / name / "deep").mkdir(parents=True)
    for file in ("x.toml", "x.csv", "deep/y.toml"):
        (folder / name / file).write_text("no = mapping = file")
    assert set(read_folder(folder)) == {"maps/deep/teams.csv", "maps/deep/teams.toml"}
    (folder / "deep" / name).mkdir()
    (folder / "deep" / name / "z.toml").write_text("")
    (folder / f"{name}.toml").write_text("")
    assert set(read_folder(folder)) >= {f"maps/deep/{name}/z.toml", f"maps/{name}.toml"}, "only those at the top"


def test_a_csv_file_that_cannot_be_read_matters_only_where_it_is_named(folder: Path) -> None:
    broken = folder / "deep" / "other.csv"
    broken.write_bytes("id\nJürgen\n".encode("latin-1"))
    assert load_mappings(folder, "UTC")[1] == ()
    assert len(read_folder(folder)) == 2
    broken.rename(folder / "deep" / "teams.csv")
    assert problems_of(folder) == ["maps/deep/teams.csv:2: The file is not UTF-8. Export the sheet again, as CSV in UTF-8."]


def test_people_that_cannot_be_read_are_a_problem(folder: Path) -> None:
    (folder / "people.csv").write_bytes(b"x" * (MAX_BYTES + 1))
    assert problems_of(folder) == ["maps/people.csv: The file is larger than 4 MB. Remove what no template needs."]


def test_csv_files_alone_are_no_mapping(tmp_path: Path) -> None:
    (tmp_path / "teams.csv").write_text(ROWS, "utf-8")
    assert "There is no *.toml file in this folder." in problems_of(tmp_path)[0]


def test_a_problem_shows_its_line_as_it_stands_in_the_file(folder: Path) -> None:
    (folder / "deep" / "teams.toml").write_bytes(b"\xef\xbb\xbf" + f'# größer\r\n{TEAMS}wieght = "{{id}}"\r\n'.encode())
    with pytest.raises(ConfigError) as caught:
        load_mappings(folder, "UTC")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.width) == (8, 1, 6)
    assert (problem.row, problem.excerpt) == ("maps/deep/teams.csv:2", 'wieght = "{id}"')


def test_line_ends_make_no_difference() -> None:
    texts = {"a.toml": '\ufeffa = """x\r\ny"""\r\n', "b.csv": "\ufeffa,b\r1,2\r\n", "c.toml": "\r"}
    assert normalise(texts) == {"a.toml": 'a = """x\ny"""\n', "b.csv": "a,b\n1,2\n", "c.toml": "\r"}
