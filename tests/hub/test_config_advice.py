"""What `check` says about a configuration that is understood and will still surprise: read twice, not changed yet, misspelt."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.cli import access, setup
from hub.config import load_config
from hub.config.timezones import remedy
from hub.errors import ConfigError

SITE = "https://acme.atlassian.net"


def problems_of(folder: Path, text: str) -> list[str]:
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    try:
        found = load_config(path, {}).warnings
    except ConfigError as error:
        found = error.problems
    return [str(p) for p in found if "The secret of the source" not in p.text]


def source(name: str, url: str = SITE, more: str = "") -> str:
    return f'[source.{name}]\nkind = "jira"\nurl = "{url}"\nuser = "me@acme.example"\n{more}\n'


# ---- two sources that read the same ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [SITE, f"{SITE}/", "https://ACME.Atlassian.net", f"{SITE}:443", "HTTPS://acme.atlassian.net./"])
def test_two_sources_that_read_the_same_site(tmp_path: Path, url: str) -> None:
    text = source("jira", more='projects = ["CORE", "GROW"]') + source("jira2", url, 'projects = ["IDN", "core"]')
    assert problems_of(tmp_path, text) == [
        f'config.toml:6:1: The sources "jira" and "jira2" both read core of {url.rstrip("/").replace("HTTPS", "https")}: '
        "every item would count twice. Remove one, or give each its own projects."
    ]


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("", "", "all projects"),
        ('projects = ["CORE"]', "", "CORE"),
        ("", 'projects = ["CORE", "GROW"]', "CORE and GROW"),
        ('projects = ["A", "B", "C", "D"]', "", "A, B, C and D"),
        ('projects = ["A", "B", "C", "D", "E"]', "", "A, B, C and 2 more"),
    ],
)
def test_what_both_read(tmp_path: Path, first: str, second: str, shared: str) -> None:
    assert problems_of(tmp_path, source("jira", more=first) + source("jira2", more=second)) == [
        f'config.toml:6:1: The sources "jira" and "jira2" both read {shared} of {SITE}: every item would count twice. '
        "Remove one, or give each its own projects."
    ]


def test_each_source_is_told_once(tmp_path: Path) -> None:
    found = problems_of(tmp_path, source("a") + source("b") + source("c"))
    assert [p.split(" both read")[0] for p in found] == [
        'config.toml:6:1: The sources "a" and "b"',
        'config.toml:11:1: The sources "a" and "c"',
    ]


@pytest.mark.parametrize(
    ("url", "more"),
    [
        (SITE, 'projects = ["GROW"]'),
        ("https://other.atlassian.net", ""),
        (f"{SITE}:8443", ""),
        (f"{SITE}/jira", ""),
    ],
)
def test_sources_that_read_different_work(tmp_path: Path, url: str, more: str) -> None:
    assert problems_of(tmp_path, source("jira", more='projects = ["CORE"]') + source("jira2", url, more)) == []


# ---- what is still the example's, or of another day -----------------------------------------------------------------------


@pytest.mark.parametrize("url", ["https://larkfield.example", "https://Larkfield.example/"])
def test_the_site_of_the_example(tmp_path: Path, url: str) -> None:
    assert problems_of(tmp_path, source("jira", url)) == [
        "config.toml:3:7: warning: `url` is still that of the example company. Put your own site there."
    ]


def test_check_tells_when_no_cycle_contains_today(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Today is that of the configured time zone: it is tomorrow in Auckland already."""
    path = tmp_path / "config.toml"
    path.write_text('timezone = "Pacific/Auckland"\n' + source("jira"), "utf-8")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "a.toml").write_text("[cycle]\n2026-q3 = { starts = 2026-07-01, ends = 2026-09-30 }\n", "utf-8")

    def told(now: datetime) -> list[str]:
        monkeypatch.setattr(access, "now", lambda: int(now.timestamp() * 1000))
        return [str(p) for p in setup.examine(path)[2] if "cycle" in p.text]

    assert told(datetime(2026, 9, 30, 10, tzinfo=UTC)) == []
    assert told(datetime(2026, 9, 30, 13, tzinfo=UTC)) == [
        "mappings/a.toml:2:1: warning: No cycle contains today (2026-10-01); the latest, 2026-q3, ended on 2026-09-30, "
        "so numbers stand still. Add a line for the current one."
    ]


# ---- words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Europe/Berln", 'Did you mean "Europe/Berlin"?'),
        ("europe/berlin", 'Did you mean "Europe/Berlin"?'),
        ("Berlin", 'Did you mean "Europe/Berlin"?'),
        ("Zürich", 'Did you mean "Europe/Zurich"?'),
        ("New York", 'Did you mean "America/New_York"?'),
        ("Europe/Munich", 'Did you mean "Europe/Zurich", "Europe/Monaco" or "Europe/Nicosia"?'),
        ("Utc", 'Did you mean "UTC"?'),
        ("CEST", "Write region and city, such as Europe/Berlin or America/New_York."),
        ("Middle-earth", "Write region and city, such as Europe/Berlin or America/New_York."),
        ("UTC+1", "Write region and city, such as Europe/Berlin or America/New_York; an offset knows no summer time."),
        ("+02:00", "Write region and city, such as Europe/Berlin or America/New_York; an offset knows no summer time."),
    ],
)
def test_time_zones(tmp_path: Path, name: str, said: str) -> None:
    assert remedy(name) == said
    found = problems_of(tmp_path, f'timezone = "{name}"\n' + source("jira"))
    assert found == [f'config.toml:1:12: "{name}" is no time zone. {said}']


def test_words_that_newcomers_write(tmp_path: Path) -> None:
    text = (
        'tz = "Europe/Berlin"\nuser = "me"\n[pillar]\nx = {}\n[source.jira]\ntype = "jira"\nhost = "acme.atlassian.net"\n'
        'email = "me"\nca_file = "ca.pem"\nproject = "CORE"\n'
    )
    assert problems_of(tmp_path, text) == [
        'config.toml:1:1: The key "tz" is unknown in config.toml. Did you mean "timezone"?',
        'config.toml:2:1: The key "user" is unknown in config.toml. It goes into the table of a source: [source.jira].',
        'config.toml:3:2: The key "pillar" is unknown in config.toml. It goes into a mapping file.',
        'config.toml:6:1: The key "type" is unknown in [source.jira]. Did you mean "kind"?',
        'config.toml:7:1: The key "host" is unknown in [source.jira]. Did you mean "url"?',
        'config.toml:8:1: The key "email" is unknown in [source.jira]. Did you mean "user"?',
        "config.toml:9:1: `ca_file` in [source.jira] is not supported by this version. "
        "Set SSL_CERT_FILE in the environment to a PEM file that also holds your own certificate authority.",
        'config.toml:10:1: The key "project" is unknown in [source.jira]. Did you mean "projects"?',
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "none.toml", {})
    assert [p.text + " " + p.remedy for p in caught.value.problems] == [
        "There is no such file. `anchorline init` writes one to start from; --config or ANCHORLINE_CONFIG names another file."
    ]
