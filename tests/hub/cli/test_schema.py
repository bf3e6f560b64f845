"""``schema``: printed, or written where the first lines of the files point."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hub.cli.builders import run

ROOT = Path(__file__).parents[3]
PLACES = {"config": "config.schema.json", "mapping": "mappings/mapping.schema.json", "tests": "mappings/tests.schema.json"}


def test_init_writes_the_schemas_that_its_files_name(tmp_path: Path) -> None:
    assert run("init", folder=tmp_path).returncode == 0
    for file in (tmp_path / "config.toml", *(tmp_path / "mappings").glob("*.toml")):
        first = file.read_text("utf-8").partition("\n")[0]
        assert first.startswith("#:schema ./")
        assert (file.parent / first.removeprefix("#:schema ")).is_file(), file
    assert run("check", "--files-only", folder=tmp_path).returncode == 0


def test_after_an_upgrade_only_what_differs_is_written(tmp_path: Path) -> None:
    assert run("init", folder=tmp_path).returncode == 0
    (tmp_path / PLACES["mapping"]).write_text("{}")
    (tmp_path / PLACES["tests"]).unlink()
    done = run("schema", folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "kept   config.schema.json, which is up to date",
        "wrote  mappings/mapping.schema.json",
        "wrote  mappings/tests.schema.json",
    ]
    assert "#:schema ../tests.schema.json" in done.stderr
    for place in PLACES.values():
        assert (tmp_path / place).read_bytes() == (ROOT / place).read_bytes()


def test_the_mapping_folder_is_the_one_that_the_configuration_names(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text('mappings = "strategy"\n[source.jira]\nkind = "broken"\n')
    done = run("--config", "hub.toml", "schema", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "strategy" / "mapping.schema.json").is_file()


@pytest.mark.parametrize("name", PLACES)
def test_one_is_printed(name: str, tmp_path: Path) -> None:
    done = run("schema", name, folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout == (ROOT / PLACES[name]).read_text("utf-8")
    assert json.loads(done.stdout)["title"].startswith("Anchorline")
    assert list(tmp_path.iterdir()) == []


def test_into_a_folder_of_choice(tmp_path: Path) -> None:
    assert run("schema", "--out", "a/b", folder=tmp_path).returncode == 0
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == [f"{name}.schema.json" for name in PLACES]
    assert run("schema", "tests", "--out", "one", folder=tmp_path).returncode == 0
    assert [p.name for p in (tmp_path / "one").iterdir()] == ["tests.schema.json"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["schema", "mappings"], 'There is no schema "mappings".\nThe schemas are mapping, config and tests.'),
        (["schema"], "There is no config.toml here."),
        (["schema", "--out", "file"], "file is no folder."),
    ],
)
def test_what_is_said_when_it_cannot_be(words: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(*words, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
