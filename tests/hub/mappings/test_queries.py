"""SQL queries beside the mapping files: which are read, that they belong to the mapping, and what a source is asked."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from hub.errors import ConfigError, Problem
from hub.mappings import load_mappings, parse, read_folder
from hub.mappings.queries import asked, check_queries
from hub.model import Mapping, Metric, Place
from hub.tomlfile import Document, Table
from hub.tomlfile import read as read_toml

CYCLES = "[cycle]\n2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }\n2027-q2 = { starts = 2027-04-01, ends = 2027-06-30 }\n"
SELECT = "SELECT day AS date, n AS value FROM t\n"
FEBRUARY = 1_802_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "maps"
    (folder / "queries").mkdir(parents=True)
    (folder / "cycles.toml").write_text(CYCLES)
    (folder / "queries" / "activation.sql").write_text(SELECT, newline="\r\n")
    return folder


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_mappings(folder, "UTC")
    return [str(p) for p in caught.value.problems]


def mapping_with(*metrics: tuple[str, str | None], **files: str) -> Mapping:
    """A mapping with metrics (source, series) and queries by name."""
    texts = {f"maps/queries/{name}.sql": text for name, text in files.items()}
    found, _ = parse({"maps/cycles.toml": CYCLES, **texts}, "UTC")
    assert found is not None
    made = {str(n): Metric(str(n), "", Place("x", 1, 1), source, series=series) for n, (source, series) in enumerate(metrics)}
    return dataclasses.replace(found, metrics=made)


# ---- files ------------------------------------------------------------------------------------------------------------------


def test_queries_are_a_part_of_the_mapping(folder: Path) -> None:
    mapping, warnings = load_mappings(folder, "UTC")
    assert warnings == ()
    assert mapping.files == {"maps/cycles.toml": CYCLES, "maps/queries/activation.sql": SELECT}
    assert parse(mapping.files, "UTC")[0] == mapping, "what is stored with an evaluation gives the same again"


def test_a_changed_query_is_another_mapping(folder: Path) -> None:
    before = load_mappings(folder, "UTC")[0].hash
    (folder / "queries" / "activation.sql").write_text(SELECT, newline="\n")
    assert load_mappings(folder, "UTC")[0].hash == before, "line ends do not matter"
    (folder / "queries" / "activation.sql").write_text(SELECT + "WHERE n > 0\n")
    assert load_mappings(folder, "UTC")[0].hash != before


def test_only_sql_files_at_the_top_of_queries_are_read(folder: Path) -> None:
    for name in ("queries/notes.txt", "queries/x.toml", "queries/x.csv", "queries/deep/y.sql", "z.sql", "deep/queries/w.sql"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("nothing of ours")
    (folder / "queries" / ".hidden.sql").write_text("nothing of ours")
    assert set(read_folder(folder)) == {"maps/cycles.toml", "maps/queries/activation.sql"}


def test_a_link_to_elsewhere_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("root:x:0:0")
    (folder / "queries" / "leak.sql").symlink_to(tmp_path / "secret")
    (found,) = problems_of(folder)
    assert found == "maps/queries/leak.sql: The file is a link to outside of the folder. Put the query itself here."
    (folder / "queries" / "leak.sql").unlink()
    (folder / "queries" / "again.sql").symlink_to(folder / "queries" / "activation.sql")
    assert "maps/queries/again.sql" in load_mappings(folder, "UTC")[0].files


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.sql", b"SELECT 'J\xfcrgen'", "maps/queries/a.sql:1: The file is not UTF-8. Save it as UTF-8 in your editor."),
        ("a.sql", b" \n", "maps/queries/a.sql: The query is empty. Write a SELECT into it, or remove the file."),
        (
            "a.sql",
            b"-- " + b"x" * 2**18,
            "maps/queries/a.sql: The query is larger than 256 kB. Make a view of it at the database, and select from that.",
        ),
        (
            "a b.sql",
            b"SELECT 1",
            'maps/queries/a b.sql: "a b" cannot be the name of a query.'
            " Rename it: letters, digits, - and _, and .sql at the end.",
        ),
        (
            "Activation.sql",
            b"SELECT 1",
            "maps/queries/activation.sql: The query has the same name as maps/queries/Activation.sql; case makes no difference."
            " Rename one of the two.",
        ),
    ],
)
def test_a_query_that_cannot_be_used_is_a_problem(folder: Path, name: str, content: bytes, problem: str) -> None:
    (folder / "queries" / name).write_bytes(content)
    assert problems_of(folder) == [problem]


def test_queries_alone_are_no_mapping(folder: Path) -> None:
    (folder / "cycles.toml").unlink()
    assert any("There is no *.toml file" in problem for problem in problems_of(folder))


# ---- a metric that names one ------------------------------------------------------------------------------------------------


def checked(text: str, *known: str) -> list[Problem]:
    document = read_toml("metrics.toml", text)
    assert isinstance(document, Document)
    problems: list[Problem] = []
    check_queries(Table(document, ("metric",), document.values["metric"], "[[metric]]", problems), known)
    return problems


@pytest.mark.parametrize("query", ['"activation"', '"Activation"', '" activation "', "7", '""'])
def test_a_query_with_a_file_is_right_and_what_is_no_name_is_told_elsewhere(query: str) -> None:
    assert checked(f"[metric]\nquery = {query}\n", "activation") == []


def test_a_query_without_a_file_is_told_with_its_place_and_the_nearest() -> None:
    (problem,) = checked('[metric]\nsource = "warehouse"\nquery = "activaton"\n', "activation", "churn")
    assert str(problem) == 'metrics.toml:3:9: There is no file queries/activaton.sql. Did you mean "activation"?'
    (problem,) = checked('[metric]\nquery = "activation"\n')
    assert problem.remedy == "Write it: a SELECT in queries/activation.sql, beside the mapping files."


# ---- what a source is asked -------------------------------------------------------------------------------------------------


def test_a_source_is_asked_what_its_metrics_name() -> None:
    mapping = mapping_with(
        ("Warehouse", "Activation"), ("jira", "churn"), ("warehouse", None), activation="A", churn="B", draft="C"
    )
    assert asked(mapping, "warehouse", (), FEBRUARY).queries == {"activation": "A"}


def test_what_the_configuration_names_comes_first() -> None:
    mapping = mapping_with(("warehouse", "activation"), activation="A", churn="B")
    assert asked(mapping, "warehouse", ("CHURN", "nowhere"), FEBRUARY).queries == {"churn": "B"}


def test_a_query_may_ask_for_the_days_of_the_cycle_in_force() -> None:
    parameters = asked(mapping_with(), "warehouse", (), FEBRUARY).parameters
    assert parameters == {"cycle_start": date(2027, 1, 1), "cycle_end": date(2027, 3, 31)}
    later = asked(mapping_with(), "warehouse", (), FEBRUARY + 90 * 86_400_000).parameters
    assert later["cycle_start"] == date(2027, 4, 1)
    none = dataclasses.replace(mapping_with(), cycles={})
    assert asked(none, "warehouse", (), FEBRUARY).parameters == {}
