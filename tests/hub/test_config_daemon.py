"""``[daemon]``, ``[web]``, ``[log]`` and a source's own schedule: values, defaults, and what is wrong with them in words."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import pytest

from hub.config import Config, DaemonSettings, LogSettings, Schedule, WebSettings, load_config
from hub.config.daemon import listen, words
from hub.config.spec import config_schema
from hub.errors import ConfigError

JIRA = '[source.jira]\nkind = "jira"\nurl = "https://jira.example"\nuser = "svc"\n'
TOKEN = {"ANCHORLINE_JIRA__TOKEN": "s3cret-of-the-test"}


@pytest.fixture
def load(tmp_path: Path) -> Any:
    def load(text: str, **environ: str) -> Config:
        path = tmp_path / "config.toml"
        path.write_text(text, "utf-8")
        return load_config(path, TOKEN | environ)

    return load


def problem(load: Any, text: str) -> str:
    """The one mistake of a text."""
    with pytest.raises(ConfigError) as caught:
        load(text)
    found = [str(each) for each in caught.value.problems if not each.warning]
    assert len(found) == 1, found
    return found[0].removeprefix("config.toml:")


# ---- what holds without a line, and with all of them ------------------------------------------------------------------------


def test_what_holds_without_a_line(load: Any) -> None:
    config = load(JIRA)
    assert config.daemon == DaemonSettings(Schedule(time(2, 30), None, 6), "UTC", 300, 86_400, None, 43_200)
    assert config.web == WebSettings("127.0.0.1", 8080, False)
    assert config.log == LogSettings("info", "auto")
    jira = config.sources["jira"]
    assert jira.schedule == Schedule(time(2, 30), None, 6)
    assert (jira.rate, jira.threads, jira.canary) == (None, None, None)
    assert config.ping is None


def test_every_line(load: Any) -> None:
    config = load(
        '[daemon]\nnightly = "4:05"\ntimezone = "Europe/Berlin"\njitter = "90s"\nfull = "Monday"\ncatch_up = "2d"\nparallel = 3\n'
        'deadline = "30m"\n[web]\nlisten = "[::1]:9000"\n[log]\nlevel = "debug"\nformat = "json"\n'
        + JIRA + 'every = "30 m"\nnightly = "23:59"\nfull = "never"\nrate = 2.5\nthreads = 4\ncanary = "CORE-1"\n'
    )  # fmt: skip
    assert config.daemon == DaemonSettings(Schedule(time(4, 5), None, 0), "Europe/Berlin", 90, 172_800, 3, 1800)
    assert config.web == WebSettings("::1", 9000, False)
    assert config.log == LogSettings("debug", "json")
    jira = config.sources["jira"]
    assert jira.schedule == Schedule(time(23, 59), 1800, None)
    assert (jira.rate, jira.threads, jira.canary) == (2.5, 4, "CORE-1")


def test_a_source_takes_from_daemon_what_it_does_not_say_itself(load: Any) -> None:
    config = load('[daemon]\nnightly = "04:00"\nfull = "friday"\n' + JIRA + 'every = "1h"\n')
    assert config.sources["jira"].schedule == Schedule(time(4), 3600, 4)


@pytest.mark.parametrize("where", ["daemon", "source"])
def test_no_nights(load: Any, where: str) -> None:
    text = "[daemon]\nnightly = false\n" + JIRA if where == "daemon" else JIRA + "nightly = false\n"
    assert load(text).sources["jira"].schedule.nightly is None


def test_the_strategys_time_zone_is_not_the_schedules(load: Any) -> None:
    assert load('timezone = "Europe/Berlin"\n' + JIRA).daemon.timezone == "UTC"


def test_the_address_to_tell_is_a_secret(load: Any, tmp_path: Path) -> None:
    config = load(JIRA, ANCHORLINE_PING_URL="https://ping.example/abcdef")
    assert config.ping.reveal() == "https://ping.example/abcdef"
    assert "abcdef" not in repr(config)
    file = tmp_path / "ping"
    file.write_text("https://ping.example/x\n")
    file.chmod(0o600)
    assert load(JIRA, ANCHORLINE_PING_URL_FILE=str(file)).ping.reveal() == "https://ping.example/x"


# ---- mistakes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('nightly = "25:00"', '"25:00" is no time of day. Write a time of day such as nightly = "02:30", or nightly = false'),
        ("nightly = true", "`nightly` must be a time of day in quotes, or false, not true or false."),
        ("nightly = 02:30:00", "`nightly` must be a time of day in quotes, or false, not a time."),
        ("nightly = 230", "`nightly` must be a time of day in quotes, or false, not a number."),
        ('timezone = "Berlin"', '"Berlin" is no time zone. Did you mean "Europe/Berlin"?'),
        ('jitter = "5"', '"5" is no length of time. Write a number and s, m, h or d: jitter = "30m".'),
        ("jitter = 5", '`jitter` must be a text, not a number. Write a number and s, m, h or d: jitter = "30m".'),
        ('jitter = "7h"', '`jitter` must be from 0s to 6h. Write jitter = "6h", for example.'),
        ('catch_up = "8d"', '`catch_up` must be from 0s to 7d. Write catch_up = "7d", for example.'),
        ('full = "sundays"', '"sundays" is no value of `full`. Did you mean "sunday"?'),
        ("parallel = 0", "`parallel` must be a whole number from 1 to 64. Write 1, for example."),
        ('deadline = "10s"', '`deadline` must be from 1m to 7d. Write deadline = "1m", for example.'),
        ('every = "1h"', 'The key "every" is unknown in [daemon]. It goes into the table of a source: [source.jira].'),
        ('cron = "0 2 * * *"', 'The key "cron" is unknown in [daemon]. Did you mean "nightly"?'),
        ('nightly = false\nfull = "sunday"', "A full pass takes the place of a nightly run, and there is none here"),
    ],
)
def test_what_is_wrong_in_daemon(load: Any, line: str, said: str) -> None:
    found = problem(load, f"[daemon]\n{line}\n{JIRA}")
    assert said in found
    assert found[0] in "23"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('every = "10s"', '`every` must be from 1m to 7d. Write every = "1m", for example.'),
        ("every = 30", "`every` must be a text, not a number."),
        ('rate = "fast"', "`rate` must be a number above 0, not a text."),
        ("rate = 0", "`rate` must be a number above 0."),
        ("threads = 100", "`threads` must be a whole number from 1 to 64. Write 64, for example."),
        ("canary = 5", "`canary` must be a text, not a number."),
        ('interval = "1h"', 'The key "interval" is unknown in [source.jira]. Did you mean "every"?'),
        ("workers = 3", 'The key "workers" is unknown in [source.jira]. Did you mean "threads"?'),
    ],
)
def test_what_is_wrong_in_a_source(load: Any, line: str, said: str) -> None:
    assert said in problem(load, JIRA + line)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[log]\nlevel = "loud"', '"loud" is no value of `level`. Known here: debug, error, info, warning.'),
        ('[log]\nformat = "xml"', '"xml" is no value of `format`. Known here: auto, console, json.'),
        ('[log]\nfile = "x"', 'The key "file" is unknown in [log].'),
        ("daemon = 5", "`daemon` must be a table, not a number."),
        ("[web]\nport = 80", 'The key "port" is unknown in [web]. Did you mean "listen"?'),
        ('[web]\nlisten = "8080"', '"8080" is no address and port. Write both: listen = "127.0.0.1:8080", for example.'),
        ("[web]\nlisten = 8080", "`listen` must be a text, not a number."),
        ('nightly = "02:30"', 'The key "nightly" is unknown in config.toml. It goes into the table [daemon].'),
    ],
)
def test_what_is_wrong_elsewhere(load: Any, text: str, said: str) -> None:
    assert said in problem(load, f"{text}\n{JIRA}")


# ---- who can reach the dashboard (S15) --------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.168.1.5", "hub.acme.example", "[2001:db8::1]", "[::ffff:127.0.0.1]"])
def test_an_address_that_others_can_reach_is_refused(load: Any, host: str) -> None:
    """S15: exit code 2, unless it is allowed by a word that says what it is."""
    found = problem(load, f'[web]\nlisten = "{host}:8080"\n{JIRA}')
    assert "where others can reach it, and it asks nobody who they are." in found
    assert "insecure_allow_public = true" in found
    allowed = load(f'[web]\nlisten = "{host}:8080"\ninsecure_allow_public = true\n{JIRA}')
    assert allowed.web.public
    assert ConfigError.code == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "[::1]"])
def test_this_machine_alone_is_fine(load: Any, host: str) -> None:
    """S15: the default, and whatever else only this machine can reach."""
    assert load(f'[web]\nlisten = "{host}:8080"\n{JIRA}').web.port == 8080


@pytest.mark.parametrize(
    "written",
    ["", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.1:80", "0x7f.1:80", "2130706433:80", "::1:80",
     "[127.0.0.1]:80",
     "http://127.0.0.1:80", "a b:80", "127.0.0.1:８０", "-x:80"],
)  # fmt: skip
def test_what_is_no_address(written: str) -> None:
    """S15: other ways to write an address are not guessed at."""
    assert listen(written) is None


# ---- the rest ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0s"), (90, "90s"), (300, "5m"), (7200, "2h"), (86_400, "1d"), (90_000, "25h")]
)
def test_lengths_of_time_in_words(seconds: int, shown: str) -> None:
    assert words(seconds) == shown


def test_the_lines_of_the_example_are_the_defaults(load: Any) -> None:
    root = Path(__file__).resolve().parents[2]
    text = (root / "config.example.toml").read_text("utf-8")
    head, _, tail = text.partition("\n# What `anchorline serve`")
    lines = [
        line.removeprefix("# ")
        for line in tail.splitlines()[1:]
        if (line.startswith(("# [", "# ")) and "=" in line) or "# [" in line
    ]
    plain = load(JIRA)
    found = load("\n".join(lines) + "\n" + JIRA)
    assert (found.daemon.schedule, found.daemon.timezone, found.daemon.jitter) == (Schedule(), "UTC", 300)
    assert (found.daemon.catch_up, found.daemon.deadline) == (plain.daemon.catch_up, plain.daemon.deadline)
    assert ((found.web.host, found.web.port, found.web.public), found.log) == (("127.0.0.1", 8080, False), plain.log)
    for line in ("every", "nightly", "full", "rate", "threads", "canary"):
        assert f"\n# {line} = " in head


def test_the_schema_takes_every_line_and_refuses_what_is_wrong() -> None:
    from jsonschema import Draft7Validator

    schema = Draft7Validator(config_schema())

    def wrong(daemon: dict[str, Any]) -> int:
        return len(list(schema.iter_errors({"daemon": daemon})))

    good = {
        "nightly": "02:30",
        "timezone": "UTC",
        "jitter": "5m",
        "full": "never",
        "catch_up": "24h",
        "parallel": 2,
        "deadline": "1d",
    }
    assert wrong(good) == 0
    assert wrong({"nightly": False}) == 0
    for bad in ({"nightly": True}, {"nightly": "25:00"}, {"jitter": 5}, {"full": "someday"}, {"parallel": 0}, {"every": "1h"}):
        assert wrong(bad), bad
    assert not list(schema.iter_errors({"web": {"listen": "[::1]:80", "insecure_allow_public": True}, "log": {"level": "info"}}))


def test_another_text_in_the_files_place(load: Any, tmp_path: Path) -> None:
    """F29: the last good text is read as if it stood in the file, relative paths included."""
    (tmp_path / "config.toml").write_text("[[[")
    config = load_config(tmp_path / "config.toml", TOKEN, text=JIRA)
    assert config.path == tmp_path / "config.toml"
    assert config.mappings == tmp_path / "mappings"
    assert config.database == f"sqlite:///{tmp_path}/data/anchorline.db"
