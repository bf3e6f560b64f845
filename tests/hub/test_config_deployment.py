"""A source whose product comes in two editions: what each of them needs is asked for, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import connectors
from hub.config import load_config
from hub.config.spec import config_schema
from hub.errors import ConfigError

TOKEN = {"ANCHORLINE_JIRA__TOKEN": "pat-0123456789"}


def source(*lines: str) -> str:
    return "\n".join(["[source.jira]", 'kind = "jira"', 'url = "https://jira.example/jira"', *lines, ""])


def problems(folder: Path, *lines: str) -> list[str]:
    path = folder / "config.toml"
    path.write_text(source(*lines), "utf-8")
    try:
        load_config(path, TOKEN)
    except ConfigError as error:
        return [problem.text for problem in error.problems if not problem.warning]
    return []


@pytest.mark.parametrize("lines", [(), ('deployment = "cloud"',)])
def test_cloud_needs_a_user(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert problems(tmp_path, *lines) == ["[source.jira] has no `user`."]
    assert problems(tmp_path, *lines, 'user = "svc@acme.example"') == []


@pytest.mark.parametrize("word", ["datacenter", "DataCenter"])
def test_data_center_needs_none(tmp_path: Path, word: str) -> None:
    assert problems(tmp_path, f'deployment = "{word}"') == []
    settings = load_config(tmp_path / "config.toml", TOKEN).settings("jira")
    assert (settings.user, settings.options["deployment"], settings.url) == (None, "datacenter", "https://jira.example/jira")
    with connectors.open(settings) as connector:
        assert type(connector).__name__ == "JiraDataCenter"


@pytest.mark.parametrize("value", ['"datacentre"', '"server"', "1", "true"])
def test_another_word_is_refused_with_those_there_are(tmp_path: Path, value: str) -> None:
    found = problems(tmp_path, 'user = "svc"', f"deployment = {value}")
    assert len(found) == 1 and "deployment" in found[0]


def test_the_editors_schema_knows_the_words_and_asks_no_user_of_those_who_need_none() -> None:
    schemas = config_schema()["properties"]["source"]
    found = [one for one in _tables(schemas) if _tables(one.get("properties", {}).get("deployment"))[1:]]  # more than a name
    assert len(found) == 1
    words = [one["enum"] for one in _tables(found[0]["properties"]["deployment"]) if "enum" in one]
    assert words == [["cloud", "datacenter"]]
    assert "user" not in found[0].get("required", []) and "url" in found[0]["required"]


def _tables(value: object) -> list[dict[str, Any]]:
    """Every object of a schema."""
    if isinstance(value, list):
        return [found for one in value for found in _tables(one)]
    if isinstance(value, dict):
        return [value, *(found for one in value.values() for found in _tables(one))]
    return []
