"""The letter is about the product that the configuration names."""

from __future__ import annotations

from pathlib import Path

from tests.hub.cli.builders import run

CONFIG = """
[source.jira]
kind = "jira"
deployment = "datacenter"
url = "https://jira.larks.eu/jira"
projects = ["CORE"]
allow_private_networks = true
"""


def test_the_letter_for_data_center_asks_for_a_personal_access_token_and_no_scopes(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    done = run("init", "jira", "--letter", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert done.stdout.startswith("Subject: Read access to Jira Data Center for Anchorline\n")
    for needed in (
        "Site: https://jira.larks.eu/jira",
        "The project permission Browse Projects on CORE.",
        "A personal access token of that account",
        "only GET requests",
        "context path",
        "it takes a licence seat",
    ):
        assert needed in text, needed
    assert "read:jira-work" not in text and "Cloud" not in text and "Scopes" not in text
    assert max(map(len, done.stdout.splitlines())) <= 76
