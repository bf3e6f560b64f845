"""``config.toml`` and the environment: values, every problem at once, and no secret anywhere."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors.base import Kind, Option, Secret, SourceSettings
from hub.config import Config, check_fields, load_config
from hub.errors import ConfigError, UsageError
from hub.mappings import parse
from hub.model import SourceFacts

SECRET = "s3cret-of-the-test"
TOKEN = {"ANCHORLINE_JIRA__TOKEN": SECRET}
JIRA = '[source.jira]\nkind = "tracker"\nurl = "https://jira.example"\nuser = "svc"\n'


def _never(*_: object) -> Any:
    raise AssertionError("reading the configuration opens no connector")


KINDS = {
    "tracker": Kind(
        "tracker",
        "Tracker",
        _never,
        needs_user=True,
        item_fields=frozenset({"source", "project", "key", "title", "label"}),
        options=(
            Option("estimate", str, None, "the field that holds estimates"),
            Option("limit", int, 50),
            Option("ratio", float, 0.5),
            Option("price", Decimal),
            Option("archived", bool, False),
            Option("states", tuple, ("live",)),
        ),
    ),
    "boards": Kind("boards", "Boards", _never, partition_word="boards", item_fields=frozenset({"source", "title", "status"})),
    "sheet": Kind("sheet", "Sheet", _never, needs_token=False),
}


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connectors, "kinds", lambda: tuple(sorted(KINDS)))
    monkeypatch.setattr(connectors, "load", KINDS.__getitem__)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def problems_of(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    try:
        config = load_config(path, TOKEN if environ is None else environ)
    except ConfigError as error:
        found = [str(p) for p in error.problems]
    else:
        found = [str(p) for p in config.warnings]
    assert not any(SECRET in p for p in found)
    return found


def short(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    """The places only."""
    return [p.split(": ")[0] for p in problems_of(path, environ)]


# ---- values ---------------------------------------------------------------------------------------------------------------


def test_defaults(write: Any, tmp_path: Path) -> None:
    config = load_config(write(JIRA), TOKEN)
    assert config == Config(
        tmp_path / "config.toml", f"sqlite:///{tmp_path}/data/anchorline.db", "UTC", tmp_path / "mappings", config.sources, ()
    )
    assert config.data == tmp_path / "data"
    assert config.sources["jira"].effort == "count"
    assert config.sources["jira"].options == {
        "estimate": None,
        "limit": 50,
        "ratio": 0.5,
        "price": None,
        "archived": False,
        "states": ("live",),
    }


def test_every_key(write: Any, tmp_path: Path) -> None:
    text = (
        'timezone = "Europe/Berlin"\nmappings = "../strategy"\ndatabase = "sqlite:////var/lib/hub/x.db"\n'
        + JIRA.replace("example", "example/jira/")
        + 'projects = ["CORE", "10001"]\nfields = { Team = "customfield_1", goal_1 = "Goal" }\n'
        'effort = "estimate"\nestimate = "Points"\n'
        'limit = 7\nratio = 1.5\nprice = 2\narchived = true\nstates = "all"\n'
    )
    config = load_config(write("\ufeff" + text.replace("\n", "\r\n")), TOKEN)
    assert (config.timezone, config.database, config.data) == (
        "Europe/Berlin",
        "sqlite:////var/lib/hub/x.db",
        Path("/var/lib/hub"),
    )
    assert config.mappings == tmp_path / ".." / "strategy"
    options = {"estimate": "Points", "limit": 7, "ratio": 1.5, "price": Decimal(2), "archived": True, "states": ("all",)}
    assert config.settings("jira") == SourceSettings(
        "jira",
        "tracker",
        "https://jira.example/jira",
        "svc",
        Secret(SECRET),
        ("CORE", "10001"),
        {"team": "customfield_1", "goal_1": "Goal"},
        options,
        timezone="Europe/Berlin",
    )
    fields = {"source", "project", "key", "title", "label", "state", "team", "field.team", "field.goal_1"}
    assert config.sources["jira"].facts == SourceFacts("jira", "tracker", frozenset(fields), "estimate")


def test_values_are_frozen(write: Any) -> None:
    config = load_config(write(JIRA), TOKEN)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.timezone = "x"  # type: ignore[misc]


def test_the_word_for_partitions_is_the_kinds(write: Any) -> None:
    text = '[source.b]\nkind = "boards"\nurl = "https://b.example"\n'
    config = load_config(write(text + 'boards = "one"\n'), {"ANCHORLINE_B__TOKEN": "x"})
    assert config.sources["b"].partitions == ("one",)
    assert problems_of(write(text + 'projects = ["A"]\n'), {"ANCHORLINE_B__TOKEN": "x"}) == [
        "config.toml:4:1: A source of this kind has no `projects`. Write `boards`."
    ]


def test_a_kind_without_a_secret_needs_none(write: Any) -> None:
    config = load_config(write('[source.s]\nkind = "sheet"\nurl = "https://s.example"\n'), {})
    assert config.warnings == ()
    assert config.settings("s").token is None


def test_the_environment_is_the_processes_own_if_not_given(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANCHORLINE_JIRA__TOKEN", SECRET)
    token = load_config(write(JIRA)).settings("jira").token
    assert token is not None
    assert token.reveal() == SECRET


# ---- secrets --------------------------------------------------------------------------------------------------------------


def test_a_missing_secret_is_a_warning_until_it_is_needed(write: Any) -> None:
    config = load_config(write(JIRA), {})
    remedy = "Set ANCHORLINE_JIRA__TOKEN, or ANCHORLINE_JIRA__TOKEN_FILE to the path of a file that holds it."
    assert [str(p) for p in config.warnings] == [f"config.toml:1:1: warning: The secret of the source jira is not set. {remedy}"]
    with pytest.raises(UsageError, match="The secret of the source jira is not set") as caught:
        config.settings("jira")
    assert (caught.value.hint, caught.value.code) == (remedy, 2)


def test_an_unknown_source_is_named_with_the_nearest(write: Any) -> None:
    with pytest.raises(UsageError, match='There is no source "jria"') as caught:
        load_config(write(JIRA), TOKEN).settings("jria")
    assert caught.value.hint == 'Did you mean "jira"?'


def test_no_printed_form_holds_the_secret(write: Any) -> None:
    text = JIRA.replace("source.jira", "source.my-jira_2")
    config = load_config(
        write(text), {"ANCHORLINE_MY_JIRA_2__TOKEN": SECRET, "ANCHORLINE_DATABASE": f"postgresql://me:{SECRET}@db/x"}
    )
    assert config.settings("my-jira_2").token == Secret(SECRET)
    assert SECRET in config.database
    assert SECRET not in f"{config} {config!r} {config.settings('my-jira_2')!r} {config.sources}"


def test_a_secret_from_a_file(write: Any, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"\ufeff  {SECRET}\n\n")
    file.chmod(0o600)
    config = load_config(write(JIRA), {"ANCHORLINE_JIRA__TOKEN_FILE": str(file)})
    assert config.warnings == ()
    assert config.settings("jira").token == Secret(SECRET)
    file.chmod(0o644)
    assert problems_of(write(JIRA), {"ANCHORLINE_JIRA__TOKEN_FILE": str(file)}) == [
        f"environment: warning: The file that ANCHORLINE_JIRA__TOKEN_FILE points to ({file}) can be read or changed by others. "
        f"Take that right away: chmod 600 {file}."
    ]


@pytest.mark.parametrize(
    ("environ", "content", "words"),
    [
        ({"ANCHORLINE_JIRA__TOKEN": ""}, None, "ANCHORLINE_JIRA__TOKEN is set, but empty"),
        ({"ANCHORLINE_JIRA__TOKEN": " \n"}, None, "ANCHORLINE_JIRA__TOKEN is set, but empty"),
        ({"ANCHORLINE_JIRA__TOKEN": f"{SECRET}\nx"}, None, "line break"),
        ({"ANCHORLINE_JIRA__TOKEN_FILE": ""}, None, "ANCHORLINE_JIRA__TOKEN_FILE is set, but empty"),
        ({"ANCHORLINE_JIRA__TOKEN_FILE": "FILE"}, None, "cannot be read: no such file"),
        ({"ANCHORLINE_JIRA__TOKEN_FILE": "FOLDER"}, None, "cannot be read: is a directory"),
        ({"ANCHORLINE_JIRA__TOKEN_FILE": "FILE"}, b"\n \n", "points to is empty"),
        ({"ANCHORLINE_JIRA__TOKEN_FILE": "FILE"}, b"\xff\xfe", "is not text"),
        ({"ANCHORLINE_JIRA__TOKEN_FILE": "FILE"}, SECRET.encode() + b"\nsecond", "line break"),
        ({"ANCHORLINE_JIRA__TOKEN_FILE": "FILE", **TOKEN}, SECRET.encode(), "Both ANCHORLINE_JIRA__TOKEN and"),
    ],
)
def test_unusable_secrets(write: Any, tmp_path: Path, environ: dict[str, str], content: bytes | None, words: str) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
        file.chmod(0o600)
    environ = {k: {"FILE": str(file), "FOLDER": str(tmp_path)}.get(v, v) for k, v in environ.items()}
    found = problems_of(write(JIRA), environ)
    assert len(found) == 1
    assert words in found[0]
    assert found[0].startswith("environment: ")
    assert "warning" not in found[0]


@pytest.mark.parametrize("key", ["token", "password", "api_token", "Secret", "client_secret", "api_key"])
def test_a_secret_in_the_file_is_refused_without_repeating_it(write: Any, key: str) -> None:
    for value in (f'"{SECRET}"', "123456"):
        found = problems_of(write(JIRA + f"{key} = {value}\n"))
        remedy = "Remove it from the file, and set ANCHORLINE_JIRA__TOKEN or ANCHORLINE_JIRA__TOKEN_FILE."
        assert found == [f"config.toml:5:1: `{key}` would put a secret into the configuration. {remedy}"]


SAFE = '[source.jira]\nkind = "tracker"\n'


NEVER_SHOWN = [
    f'token = "{SECRET}"',
    f'tokne = "{SECRET}"',
    f'apikey = "{SECRET}" # "',
    f"{SECRET}",
    f'url = "https://me:{SECRET}@jira.example"',
    f'url = "https://jira.example/?t={SECRET}"',
    f'url = "me:{SECRET}"',
    f'kind = "tracker" # {SECRET}',
    f'source = {{ a = {{ kind = "x", tokn = "{SECRET}" }} }}',
    f'limit = """\n{SECRET}\n"',
    f'timezone = """\n{SECRET}\n"""\nx = 1',
    f'user = "ATATT3xFf-{SECRET}"\nkind = 1',
]
SHOWN_UNLESS_KNOWN = [
    f'kind = "{SECRET}"',
    f'user = "{SECRET}',
    f"projects = ['{SECRET}', 1]",
    f'fields = {{ team = "{SECRET}", x = 1 }}',
    f"[{SECRET}]",
]


@pytest.mark.parametrize(
    ("line", "environ"), [*((x, {}) for x in NEVER_SHOWN), *((x, TOKEN) for x in (*NEVER_SHOWN, *SHOWN_UNLESS_KNOWN))]
)
def test_no_line_that_may_hold_a_secret_is_shown(write: Any, line: str, environ: dict[str, str]) -> None:
    for text in (f"{line}\n{SAFE}", f"{SAFE}{line}\n", f"{SAFE}{line}\nuser = broken\n"):
        try:
            found = list(load_config(write(text), environ).warnings)
        except ConfigError as error:
            found = list(error.problems)
        assert found
        assert not [problem for problem in found if SECRET in problem.excerpt]


@pytest.mark.parametrize(
    ("text", "excerpt", "marked"),
    [
        ('timezone = "Mars"  # "red"', 'timezone = "Mars"', '"Mars"'),
        ("[surce.jira]", "[surce.jira]", "surce"),
        ("  kind = jira", "  kind = jira", "jira"),
        ('[source.a]\nurl = "http://jira.example"', 'url = "http://jira.example"', '"http://jira.example"'),
        ('[source.a]\nkind = "tracker"\nlimit = "many"', 'limit = "many"', '"many"'),
        ('[source.a]\nkind = "tracker"\nuser = ["me@example.com"]', 'user = ["me@example.com"]', '["me@example.com"]'),
        ('[source.a]\nkind = "tracker"\nfields = { "a b" = "x" }', 'fields = { "a b" = "x" }', '"a b"'),
    ],
)
def test_other_lines_are_shown_with_what_is_wrong(write: Any, text: str, excerpt: str, marked: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(f"{text}\n"), TOKEN)
    shown = [p for p in caught.value.problems if not p.warning and p.excerpt == excerpt]
    assert [p.excerpt[p.column - 1 :][: p.width] for p in shown] == [marked]


@pytest.mark.parametrize(
    ("line", "excerpt", "marked"),
    [
        (f'efort = "{SECRET}"', "efort = …", "efort"),
        (f'token = "{SECRET}"', "token = …", "token"),
        (f'url = "me:{SECRET}"', "url = …", "…"),
        ('url = "acme"  # ours', "url = …", "…"),
    ],
)
def test_of_a_value_that_may_be_a_secret_only_the_key_is_shown(write: Any, line: str, excerpt: str, marked: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(f"{SAFE}{line}\n"), {})
    shown = [p for p in caught.value.problems if p.excerpt == excerpt]
    assert [p.excerpt[p.column - 1 :][: p.width] for p in shown] == [marked]


@pytest.mark.parametrize("line", ["abcdefgh=", "abcdefgh==", "hunter2 = 1", f'x{SECRET} = "a"'])
def test_what_looks_like_a_key_and_may_be_a_secret_is_not_shown(write: Any, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(f"{SAFE}{line}\n"), {})
    assert not [p for p in caught.value.problems if line[:6] in p.excerpt]


def test_unknown_keys_are_told_beside_a_wrong_kind(write: Any) -> None:
    found = problems_of(write('[source.a]\nkind = "trackr"\nurl = "https://jira.example"\nefort = "count"\n'), {})
    assert [p.split(": ", 1)[0] for p in found if "warning" not in p] == ["config.toml:2:8", "config.toml:4:1"]


def test_unread_variables_are_warned_about(write: Any) -> None:
    environ = {
        **TOKEN,
        "ANCHORLINE_JRIA__TOKEN": SECRET,
        "ANCHORLINE_CONFG": "x",
        "ANCHORLINE_ZZZZ": SECRET,
        "ANCHORLINE_SPECS": "x",
        "HOME": "/",
    }
    assert problems_of(write(JIRA), environ) == [
        "environment: warning: Nothing reads the variable ANCHORLINE_CONFG. Did you mean ANCHORLINE_CONFIG?",
        "environment: warning: Nothing reads the variable ANCHORLINE_JRIA__TOKEN. Did you mean ANCHORLINE_JIRA__TOKEN?",
        "environment: warning: Nothing reads the variable ANCHORLINE_ZZZZ. "
        "Unset it, or add the source that it is for to the configuration.",
    ]


# ---- mistakes -------------------------------------------------------------------------------------------------------------


def test_all_problems_at_once(write: Any) -> None:
    path = write(
        'timezone = "Europe/Berln"\ndatabse = "x"\nmappings = 3\n[channel]\nevery = "1d"\n'
        '[source.jira]\nkind = "trakcer"\nurl = "jira.example"\n'
        '[source.other]\nkind = "tracker"\nuser = 5\nproject = ["A"]\nprojects = ["A", "a"]\n'
        'fields = { team = "", "a b" = "x" }\n'
        'effort = "points"\nlimit = "7"\narchived = 1\nestimate = 3\n[source.third]\nrenamed_from = "jira"\n'
    )
    assert problems_of(path) == [
        'config.toml:1:12: "Europe/Berln" is no time zone. Did you mean "Europe/Berlin"?',
        'config.toml:2:1: The key "databse" is unknown in config.toml. Did you mean "database"?',
        'config.toml:3:12: `mappings` must be a text, not a number. Put it in quotes: mappings = "3".',
        "config.toml:4:2: [channel] is not supported by this version. Remove the table; no messages are sent.",
        'config.toml:7:8: There is no connector of kind "trakcer". Did you mean "tracker"?',
        "[source.other]".join(
            ["config.toml:9:1: ", ' has no `url`. Add the address of the site, for example url = "https://NAME.atlassian.net".']
        ),
        'config.toml:11:8: `user` must be a text, not a number. Put it in quotes: user = "5".',
        'config.toml:12:1: The key "project" is unknown in [source.other]. Did you mean "projects"?',
        'config.toml:13:18: `projects` names "a" twice. Keep one of the two.',
        "config.toml:14:19: `fields.team` is empty. Write the field's id or its exact name.",
        'config.toml:14:23: "a b" cannot be the name of a field. Use letters, digits, - and _: rules read it as field.NAME.',
        'config.toml:15:10: "points" is no value of `effort`. Known here: count, estimate.',
        "config.toml:16:9: `limit` must be a whole number, not a text.",
        "config.toml:17:12: `archived` must be true or false, not a number.",
        "config.toml:18:12: `estimate` must be a text, not a number. It is the field that holds estimates.",
        'config.toml:19:1: [source.third] has no `kind`. Add kind = "boards", for example.',
        'config.toml:19:1: [source.third] has no `url`. Add the address of the site, for example url = "https://NAME.atlassian.net".',
        "config.toml:20:1: `renamed_from` in [source.third] is not supported by this version. Keep the old name of the source.",
    ]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("jira.example", "not an address"),
        ("ftp://jira.example", "not an address"),
        ("https://", "not an address"),
        ("https://[::1", "not an address"),
        ("https://jira.example:port", "not an address"),
        ("https://jira example", "not an address"),
        ("https://jira.example\\t", "not an address"),
        ("http://jira.example", "not encrypted"),
        ("http://127.0.0.1.example", "not encrypted"),
        ("http://0.0.0.0", "not encrypted"),
        (f"https://me:{SECRET}@jira.example", "user name or password"),
        ("https://me@jira.example", "user name or password"),
        (f"https://jira.example/?token={SECRET}", "query or fragment"),
        ("https://jira.example/#top", "query or fragment"),
        ("https://jira.example?", "query or fragment"),
    ],
)
def test_addresses_that_are_refused(write: Any, url: str, words: str) -> None:
    found = problems_of(write(JIRA.replace("https://jira.example", url.replace("\\t", "\\u0009x"))))
    assert len(found) == 1
    assert found[0].startswith("config.toml:3:7: ")
    assert words in found[0]


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:8080", "https://jira.example:8443/a/b"]
)
def test_addresses_that_are_accepted(write: Any, url: str) -> None:
    config = load_config(write(JIRA.replace("https://jira.example", url + "/")), TOKEN)
    assert config.sources["jira"].url == url


@pytest.mark.parametrize("name", ["Jira", "2jira", '"ji ra"', '"jirä"'])
def test_names_of_sources(write: Any, name: str) -> None:
    found = problems_of(write(JIRA.replace("source.jira", f"source.{name}")), {})
    assert len(found) == 1
    assert "cannot be the name of a source" in found[0]


def test_two_sources_never_share_a_variable(write: Any) -> None:
    found = problems_of(write(JIRA.replace("jira]", "a-b]") + JIRA.replace("jira]", "a_b]")), {})
    assert [p for p in found if "warning" not in p] == [
        'config.toml:5:1: The sources "a-b" and "a_b" would share the variable ANCHORLINE_A_B__TOKEN. '
        "Give one of the two another name."
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = [1,\n", "config.toml:1:5"),
        ("[source]\njira = 1\n", "config.toml:2:8"),
        ('source = "jira"\n', "config.toml:1:10"),
        ("[[source]]\nkind = 1\n", "config.toml:1:1"),
        ("[source.jira]\nkind = { a = 1,\n b = 2 }\n", "config.toml:2:16"),
        ("[source.jira.fields]\nx = 1\n", "config.toml:1:9"),
        (JIRA + "projects = []\n", "config.toml:5:12"),
        (JIRA + "projects = [1]\n", "config.toml:5:13"),
        (JIRA + "fields = { A = 'x', a = 'y' }\n", "config.toml:5:21"),
        (JIRA.replace('user = "svc"\n', ""), "config.toml:1:1"),
        ('timezone = "../etc/passwd"\n', "config.toml:1:12"),
        ('timezone = "Europe"\n', "config.toml:1:12"),
        ('database = "mysql://x"\n', "config.toml:1:12"),
        ('database = "sqlite:///"\n', "config.toml:1:12"),
        ('database = "sqlite://x.db"\n', "config.toml:1:12"),
        (f'database = "postgresql://me:{SECRET}@db/x"\n', "config.toml:1:12"),
        (f'database = "postgresql://db/x?password={SECRET}"\n', "config.toml:1:12"),
    ],
)
def test_places_of_mistakes(write: Any, text: str, place: str) -> None:
    assert next(found for found in short(write(text)) if found != "config.toml:1") == place


def test_a_config_that_is_not_there_or_not_readable(write: Any, tmp_path: Path) -> None:
    assert "There is no such file." in problems_of(tmp_path / "none.toml")[0]
    assert "cannot be read" in problems_of(tmp_path)[0]
    path = write("")
    path.write_bytes(b"\xff")
    assert "not UTF-8" in problems_of(path)[0]


def test_a_connector_that_cannot_be_loaded(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(kind: str) -> Kind:
        raise ModuleNotFoundError("No module named 'sdk'")

    monkeypatch.setattr(connectors, "load", broken)
    assert "cannot be loaded: No module named 'sdk'" in problems_of(write(JIRA))[0]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://me:x@db/y", "postgresql+psycopg://me:x@db/y"),
        ("postgresql+psycopg://db/y", "postgresql+psycopg://db/y"),
        ("sqlite:////abs/x.db", "sqlite:////abs/x.db"),
    ],
)
def test_the_database_of_the_environment_wins(write: Any, url: str, expected: str) -> None:
    config = load_config(write('database = "sqlite:///other.db"\n' + JIRA), {**TOKEN, "ANCHORLINE_DATABASE": url})
    assert config.database == expected


def test_a_database_of_the_environment_that_is_none(write: Any) -> None:
    assert short(write(JIRA), {**TOKEN, "ANCHORLINE_DATABASE": f"mysql://{SECRET}"}) == ["environment"]
    assert short(write(JIRA), {**TOKEN, "ANCHORLINE_DATABASE": " "}) == ["environment"]


# ---- mapping against config -------------------------------------------------------------------------------------------------

MAPPING = """\
[cycle]
q = { starts = 2026-10-01, ends = 2026-12-31 }
[[team]]
id = "t"
owns.field.taem = "T"
[[rule]]
when.field.goals = "a"
when.source = ["jira", "jria"]
when.project = ["CORE", "COER", "jira:CORE", "Product Core", "10001", "X*"]
when.component = "UI"
when.label = "x"
when.field.nothing-like-it = "b"
ignore = "x"
"""


def test_conditions_that_no_source_can_answer(write: Any) -> None:
    mapping, problems = parse({"m.toml": MAPPING}, "UTC")
    assert mapping is not None, problems
    config = load_config(write(JIRA + 'projects = ["CORE"]\nfields = { goal = "G", team = "T" }\n'), TOKEN)
    assert [str(p) for p in check_fields(mapping, config)] == [
        'm.toml:3:1: warning: `owns.field.taem` reads a field that no source names. Did you mean "team"?',
        'm.toml:7:12: warning: `when.field.goals` reads a field that no source names. Did you mean "goal"?',
        'm.toml:8:6: warning: There is no source "jria" in the configuration. Did you mean "jira"?',
        'm.toml:9:6: warning: No configured source reads a project "COER". Did you mean "CORE"?',
        "m.toml:10:6: warning: `when.component` reads what no configured source has. The line never holds; use another field.",
        "m.toml:12:12: warning: `when.field.nothing-like-it` reads a field that no source names. "
        'Name it in config.toml: fields = { nothing-like-it = "THE SOURCE\'S FIELD" }.',
    ]


def test_projects_are_only_judged_when_every_source_lists_its_own(write: Any) -> None:
    mapping, _ = parse({"m.toml": '[[rule]]\nwhen.project = "OPS"\nignore = "x"\n'}, "UTC")
    assert mapping is not None
    assert check_fields(mapping, load_config(write(JIRA), TOKEN)) == []
    assert check_fields(mapping, load_config(write(""), {})) == []
    assert len(check_fields(mapping, load_config(write(JIRA + 'projects = "CORE"\n'), TOKEN))) == 1


WIDER = """\
[cycle]
q = { starts = 2026-10-01, ends = 2026-12-31 }
[[rule]]
when.project = "CORE"
when.field.region = { gte = "due" }
unless.field.regoin = "EMEA"
ignore = "x"
[[pattern]]
source = "trelo"
in = ["title", "field.url"]
finds = "jira key"
as = "child"
[status.jria]
"Parked" = "todo"
[status.JIRA]
"Parked" = "todo"
"""


def test_the_other_places_that_name_fields_and_sources(write: Any) -> None:
    mapping, problems = parse({"m.toml": WIDER}, "UTC")
    assert mapping is not None, problems
    config = load_config(write(JIRA + 'projects = ["CORE"]\nfields = { region = "R" }\n'), TOKEN)
    assert [str(p) for p in check_fields(mapping, config)] == [
        "m.toml:5:12: warning: `when.due` reads what no configured source has. The line never holds; use another field.",
        'm.toml:6:14: warning: `unless.field.regoin` reads a field that no source names. Did you mean "region"?',
        'm.toml:8:1: warning: There is no source "trelo" in the configuration. Known here: jira.',
        "m.toml:8:1: warning: `field.url` reads a field that no source names. "
        'Name it in config.toml: fields = { url = "THE SOURCE\'S FIELD" }.',
        'm.toml:14:1: warning: No source of the configuration has the name or kind "jria", so [status.jria] means nothing. '
        'Did you mean "jira"?',
    ]
