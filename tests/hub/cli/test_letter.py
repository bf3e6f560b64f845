"""The letter to the administrator: facts of the connector, filled in from the configuration."""

from __future__ import annotations

import json
import os
import pathlib
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors.base import Access, Connector, Io, Kind, SourceSettings
from hub.cli.render.letter import letter
from tests.hub.cli.builders import run

SPECS = os.environ.get("ANCHORLINE_SPECS")
CONFIG = """
[source.jira]
kind = "jira"
url = "https://larks.atlassian.net"
user = "svc-okr@larks.eu"
projects = ["CORE", "IDN"]
[source.ops-jira]
kind = "jira"
url = "https://ops.atlassian.net"
user = "svc-okr@larks.eu"
"""


def test_the_letter_stands_alone_in_an_empty_folder(tmp_path: Path) -> None:
    done = run("init", "jira", "--letter", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Subject: Read access to Jira Cloud for Anchorline\n")
    for needed in (
        "service account",
        "Browse projects on [the projects, by key]",
        "read:jira-work",
        "Granular only",
        "Nothing is ever written to Jira Cloud",
        "It ends after a year at the latest",
        "`anchorline check --online jira`",
        "[ ] account made",
    ):
        assert needed in done.stdout, needed
    assert max(map(len, done.stdout.splitlines())) <= 76
    assert "Fill in what stands in [brackets]" in done.stderr
    assert list(tmp_path.iterdir()) == []  # nothing is written


def test_the_configuration_fills_it_in(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    done = run("init", "jira", "--letter", folder=tmp_path)
    assert "Site:      https://larks.atlassian.net\n" in done.stdout
    assert "Account:   svc-okr@larks.eu\n" in done.stdout
    assert "- The project permission Browse projects on CORE, IDN.\n" in done.stdout
    assert "to larks.atlassian.net" in done.stdout.replace("\n", " ")
    assert "Another source of this kind: `anchorline init ops-jira --letter`." in done.stderr
    other = run("init", "ops-jira", "--letter", folder=tmp_path)
    assert "Browse projects on all projects whose work shall count" in other.stdout.replace("\n  ", " ")
    assert "`anchorline check --online ops-jira`" in other.stdout
    first = run("init", "--letter", folder=tmp_path)  # no name: the first source
    assert first.stdout == done.stdout


def test_what_init_wrote_and_nobody_changed_is_left_open(tmp_path: Path) -> None:
    assert run("init", folder=tmp_path).returncode == 0
    done = run("init", "--letter", folder=tmp_path)
    assert "larkfield" not in done.stdout
    assert "[the site's address]" in done.stdout


def test_a_broken_configuration_is_said_and_not_used(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[source.jira\n")
    done = run("init", "jira", "--letter", folder=tmp_path)
    assert (done.returncode, "[the site's address]" in done.stdout) == (0, True)
    assert "config.toml has mistakes (`anchorline check` lists them)" in done.stderr


def test_an_unknown_kind_names_the_nearest(tmp_path: Path) -> None:
    done = run("init", "jirra", "--letter", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert 'There is no source and no kind of source named "jirra".\nDid you mean "jira"?' in done.stderr


def test_as_json(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    told = json.loads(run("init", "ops-jira", "--letter", "--json", folder=tmp_path).stdout)
    assert (told["kind"], told["source"]) == ("jira", "ops-jira")
    assert "read:jira-user" in told["scopes"][0]["scopes"]
    assert told["letter"].startswith("Subject:")


def test_a_connector_without_access_still_gets_a_letter() -> None:
    text = letter(Kind("acme", "Acme Tracker", _no_connector, rights="May read boards"), None)
    assert "- May read boards.\n" in text
    assert "Scopes" not in text


def test_a_database_is_no_site_and_its_queries_have_names() -> None:
    text = letter(connectors.load("sql"), None)
    assert "Dear administrator of the SQL database,\n" in text
    assert "Database:  [the database's address]\n" in text
    assert "Queries:   [the queries, by name]\n" in text
    assert "Site" not in text and "site" not in text and "HTTPS" not in text
    assert "Dear administrator of the spreadsheet,\n" in letter(connectors.load("spreadsheet"), None)


def test_a_connector_of_somebody_else_supplies_its_own_facts() -> None:
    access = Access(account=("A robot",), rights=("Sees {partitions}",), scopes=(("All", ("acme:read",)),), token=("A key",))
    text = letter(Kind("acme", "Acme Tracker", _no_connector, partition_word="boards", access=access), None)
    assert "- Sees [the boards, by key].\n" in text
    assert "acme:read" in text


def _no_connector(settings: SourceSettings, io: Io) -> Connector:
    raise AssertionError("a letter opens no connector")


@pytest.mark.skipif(not SPECS, reason="ANCHORLINE_SPECS is not set")
def test_the_scopes_are_those_of_atlassians_own_descriptions() -> None:
    classic, granular = (set(scopes) for _, scopes in connectors.load("jira").access.scopes[:2])  # type: ignore[union-attr]
    cloud, agile = (description(name) for name in ("jira-cloud-v3.openapi.json", "jira-agile.openapi.json"))
    current: set[str] = set()
    beta: set[str] = set()
    read = ("serverInfo", "myself", "field", "field/search", "issuetype", "status", "project/search", "search/jql")
    operations = [cloud[f"/rest/api/3/{path}"]["get"] for path in read] + [cloud["/rest/api/3/issue/bulkfetch"]["post"]]
    for scheme in (each for operation in operations for each in operation["x-atlassian-oauth2-scopes"]):
        (current if scheme["state"] == "Current" else beta).update(scheme["scopes"])
    boards = [agile[f"/rest/agile/1.0/board{path}"]["get"]["security"] for path in ("", "/{boardId}/sprint")]
    sprints = {scope for security in boards for each in security for scope in each.get("OAuth2", [])}
    assert classic == current | sprints
    assert granular == beta | sprints


def description(name: str) -> Any:
    return json.loads((pathlib.Path(SPECS or "") / name).read_text(encoding="utf-8"))["paths"]
