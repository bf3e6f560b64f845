"""``[source.NAME]`` of a database in ``config.toml``: its address, its secret, its queries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.base import Secret
from hub.config import Config, load_config
from hub.errors import ConfigError, UsageError

SECRET = "s3cret-of-the-warehouse"
TOKEN = {"ANCHORLINE_WAREHOUSE__TOKEN": SECRET}
POSTGRES = "postgresql+psycopg://reader@db.example:5432/warehouse"


@pytest.fixture
def configured(tmp_path: Path) -> Any:
    def configured(url: str = POSTGRES, more: str = "", environ: dict[str, str] | None = None) -> Config:
        path = tmp_path / "config.toml"
        path.write_text(f'[source.warehouse]\nkind = "sql"\nurl = "{url}"\n{more}\n', "utf-8")
        return load_config(path, TOKEN if environ is None else environ)

    return configured


def problems(configured: Any, *args: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        configured(*args)
    return [str(problem) for problem in caught.value.problems if not problem.warning]


def test_a_server_with_its_queries_names_and_time(configured: Any) -> None:
    config = configured(POSTGRES, 'queries = ["activation", "incidents"]\ntimeout = 90\nfields = { region = "Sales_Region" }')
    settings = config.settings("warehouse")
    assert (settings.url, settings.token, settings.partitions) == (POSTGRES, Secret(SECRET), ("activation", "incidents"))
    assert (settings.options, settings.fields) == ({"timeout": 90}, {"region": "Sales_Region"})
    assert not config.sources["warehouse"].work
    assert SECRET not in f"{config!r} {settings!r}"


def test_a_file_begins_at_the_folder_of_the_configuration_and_needs_no_secret(configured: Any, tmp_path: Path) -> None:
    config = configured("sqlite:///data/warehouse.db", "", {})
    assert config.warnings == ()
    assert config.settings("warehouse").url == f"sqlite:///{tmp_path / 'data' / 'warehouse.db'}"
    assert configured("sqlite:////srv/warehouse.db", "", {}).settings("warehouse").url == "sqlite:////srv/warehouse.db"


def test_a_socket_of_this_machine_needs_no_secret_and_takes_one(configured: Any) -> None:
    url = "postgresql+psycopg://reader@/warehouse?host=/run/postgresql"
    assert configured(url, "", {}).settings("warehouse").token is None
    assert configured(url).settings("warehouse").token == Secret(SECRET)


def test_a_server_without_its_secret_is_told_where_it_goes(configured: Any) -> None:
    config = configured(POSTGRES, "", {})
    assert [w.text for w in config.warnings] == ["The secret of the source warehouse is not set."]
    with pytest.raises(UsageError) as caught:
        config.settings("warehouse")
    assert "ANCHORLINE_WAREHOUSE__TOKEN" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (
            "postgresql://reader:geheim@db.example/x",
            "The address of the database holds a password. Take it out, and set ANCHORLINE_WAREHOUSE__TOKEN or"
            " ANCHORLINE_WAREHOUSE__TOKEN_FILE.",
        ),
        (
            "postgresql://db.example/x?password=geheim",
            "The address of the database holds a password. Take it out, and set ANCHORLINE_WAREHOUSE__TOKEN or"
            " ANCHORLINE_WAREHOUSE__TOKEN_FILE.",
        ),
        (
            "postgresql://db.example/x?service=geheim",
            "Url has an option that a source may not set: service. What may stand there: host, sslcert, sslkey, sslmode,"
            " sslrootcert.",
        ),
        ("sqlite:///", 'The address of the SQLite database names no file. Write three slashes and a path: "sqlite:///FILE".'),
        (
            "warehouse",
            "The value of `url` is not the address of a database. Write it in full: url ="
            ' "postgresql+psycopg://reader@db.example:5432/warehouse".',
        ),
    ],
)
def test_an_address_that_cannot_be_right(configured: Any, url: str, text: str) -> None:
    (found,) = problems(configured, url)
    assert found == f"config.toml:3:7: {text}"


def test_a_password_is_not_shown_beside_the_problem(configured: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        configured("postgresql://reader:geheim@db.example/x")
    assert "geheim" not in "".join(f"{p} {p.excerpt}" for p in caught.value.problems)


def test_a_password_of_its_own_key_is_told_where_it_goes(configured: Any) -> None:
    (found,) = problems(configured, POSTGRES, 'password = "geheim"')
    assert found.endswith("Remove it from the file, and set ANCHORLINE_WAREHOUSE__TOKEN or ANCHORLINE_WAREHOUSE__TOKEN_FILE.")
    assert "geheim" not in found


def test_other_mistakes_have_their_place(configured: Any) -> None:
    (found,) = problems(configured, POSTGRES, 'projects = ["X"]')
    assert found == "config.toml:4:1: A source of this kind has no `projects`. Write `queries`."
    (found,) = problems(configured, POSTGRES, "timeout = 0")
    assert found == "config.toml:4:11: `timeout` must be from 1 to 3600 seconds. Write timeout = 60."
    (found,) = problems(configured, POSTGRES, 'queries = ["a", "A"]')
    assert found.endswith('`queries` names "A" twice. Keep one of the two.')


def test_two_sources_of_one_database_may_each_have_their_queries(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"

    def loaded(one: str, other: str) -> Config:
        table = '[source.{}]\nkind = "sql"\nurl = "sqlite:///w.db"\n{}\n'
        path.write_text(table.format("a", one) + table.format("b", other))
        return load_config(path, {})

    assert loaded("", "").sources.keys() == {"a", "b"}
    assert loaded('queries = ["x"]', 'queries = ["y"]').sources.keys() == {"a", "b"}
    assert loaded('queries = ["x"]', 'queries = ["x"]').sources.keys() == {"a", "b"}, "metrics may share rows"
    assert loaded("work = true", "work = true").sources.keys() == {"a", "b"}, "each runs what its own metrics name"
    with pytest.raises(ConfigError) as caught:
        loaded('work = true\nqueries = ["x"]', 'work = true\nqueries = ["x", "y"]')
    assert "both read x" in str(caught.value.problems[0])
