"""What ``config.toml`` takes, described once; and its schema for editors."""

from __future__ import annotations

import contextlib

import connectors
from connectors.base import Kind, Option
from hub.config.daemon import FORMATS, FULL, LEVELS
from hub.config.database import EXAMPLE
from hub.config.filename import EXAMPLE as FILE
from hub.tomlfile.schema import document
from hub.tomlfile.spec import (
    FLAG,
    POSITIVE,
    TEXT,
    Json,
    Key,
    Value,
    choice,
    described,
    either,
    formed,
    many,
    number,
    plain,
    table,
    whole,
)

_ADDRESS = formed("address", r"^\s*https?://")
_DATABASE_URL = Key("url", formed("address", r"^\s*[a-z][a-z0-9]*([+][a-z0-9_]+)?://"), "The address of the database; "
                    "its password comes from the environment.", EXAMPLE, required=True)  # fmt: skip
_FILE_URL = Key("url", _ADDRESS, "The https address of the file or of the Google Sheet; without it `file` says where it is.",
                'url = "https://intranet.example/kpis.csv"')  # fmt: skip
_FILE = Key("file", TEXT, "The path of the file, seen from this file.", FILE)
_DATABASE = formed("address", r"^\s*(sqlite|postgresql|postgresql\+psycopg)://")
_NAME = r"^[a-z][a-z0-9_-]*$"
_FIELD = Key("NAME", TEXT, "A field of the source, by id or exact name; rules read it as field.NAME.",
             'fields = { team = "customfield_10050" }', any=r"^[A-Za-z][A-Za-z0-9_-]*$")  # fmt: skip

TOP = (
    Key("timezone", TEXT, "The one time zone of the strategy: where a cycle's first and last day begin and end.",
        'timezone = "Europe/Berlin"', default='"UTC"'),
    Key("mappings", TEXT, "The folder of the mapping files, seen from this file.", 'mappings = "mappings"',
        default='"mappings"'),
    Key("database", _DATABASE, "Where the data lies. An address with a password goes into ANCHORLINE_DATABASE.",
        'database = "sqlite:///data/anchorline.db"', default='"sqlite:///data/anchorline.db"'),
)  # fmt: skip

_DURATION = formed("length of time", r"^\s*[0-9]{1,6}\s?[smhdSMHD]\s*$")
_TIME = formed("time of day", r"^\s*([01]?[0-9]|2[0-3]):[0-5][0-9]\s*$")
_NIGHTLY = either(_TIME, Value("false", lambda _cells: {"enum": [False]}))


def _schedule(nightly: str, full: str) -> tuple[Key, Key]:
    """When a source is read; with the defaults as they are there."""
    return (
        Key("nightly", _NIGHTLY, "When the nightly run begins, in the daemon's time zone; false for none.", 'nightly = "02:30"',
            default=nightly),
        Key("full", choice(*FULL), "On which day everything is read again in place of that day's nightly run.", 'full = "sunday"',
            default=full),
    )  # fmt: skip


DAEMON = (
    *_schedule('"02:30"', '"sunday"'),
    Key("timezone", TEXT, "The time zone of the times of day here.", 'timezone = "Europe/Berlin"', default='"UTC"'),
    Key("jitter", _DURATION, "Nightly runs begin up to so much later, each source by an amount of its own.", 'jitter = "5m"',
        default='"5m"'),
    Key("catch_up", _DURATION, "How late a nightly run is still made up for after the machine was off.", 'catch_up = "24h"',
        default='"24h"'),
    Key("parallel", whole(1, 64), "How many sources are read at a time.", "parallel = 4",
        default="the number of cores, at least 2"),
    Key("deadline", _DURATION, "A run that takes longer is ended.", 'deadline = "12h"', default='"12h"'),
)  # fmt: skip
WEB = (
    Key("listen", formed("address and port", r"^\s*\S+:[0-9]{1,5}\s*$"), "Where the dashboard listens.",
        'listen = "127.0.0.1:8080"', default='"127.0.0.1:8080"'),
    Key("insecure_allow_public", FLAG, "Let `listen` name an address that others can reach; nobody is asked who they are.",
        "insecure_allow_public = true", default="false"),
    Key("hosts", many(TEXT), "Names by which browsers and proxies call it, beside localhost and plain addresses.",
        'hosts = ["okr.example.com"]', default="none"),
    Key("metrics_networks", many(TEXT), "Networks that may read the metrics, beside this machine.",
        'metrics_networks = ["10.0.0.0/8"]', default="none"),
)  # fmt: skip
LOG = (
    Key("level", choice(*LEVELS), "From which weight on the daemon's messages are logged.", 'level = "info"', default='"info"'),
    Key(
        "format",
        choice(*FORMATS),
        "Columns for people or JSON for programs; auto is columns on a terminal.",
        'format = "json"',
        default='"auto"',
    ),
)


def common(kinds: tuple[str, ...]) -> tuple[Key, ...]:
    """What every source has."""
    example = kinds[0] if kinds else "jira"
    return (
        Key("kind", Value("kind", lambda _cells: {"enum": list(kinds)}), "The kind of system.", f'kind = "{example}"',
            required=True),
        Key("url", _ADDRESS, "The address of the site, without anything behind it.", 'url = "https://acme.atlassian.net"',
            required=True),
        Key("user", TEXT, "The account that the secret belongs to; it only needs to read. The secret itself comes from the "
            "environment.", 'user = "svc-okr@acme.example"'),
        Key("fields", table(_FIELD), "Names of yours for fields of the source.", 'fields = { team = "customfield_10050" }'),
        Key("effort", choice("count", "estimate"), "What an item weighs in shares of effort.", 'effort = "count"',
            default='"count"'),
        Key("work", FLAG, "Whether its items are work that should serve a key result; else only metrics read them.",
            "work = true", default="what suits the kind"),
        *_schedule("as in [daemon]", "as in [daemon]"),
        Key("every", _DURATION, "How often what changed is read between nightly runs.", 'every = "30m"',
            default="not between nightly runs"),
        Key("rate", POSITIVE, "How many requests a second the source is sent at most.", "rate = 5",
            default="what the vendor allows"),
        Key("threads", whole(1, 64), "How many parts of the source are read at a time.", "threads = 4",
            default="what suits the kind"),
        Key("canary", TEXT, "The key of an item that every run must be able to see.", 'canary = "CORE-1"'),
        Key("allow_private_networks", FLAG, "The source lives at a private address, such as 10.0.0.5.",
            "allow_private_networks = true"),
    )  # fmt: skip


def _own(kind: Kind) -> tuple[Key, ...]:
    """What a source of this kind takes beyond the common keys."""
    word = kind.partition_word
    named = "by their files' names; without the line those that metrics name"
    which = named if kind.queries else "by key or id; without the line all that the account sees"
    listed = Key(word, many(TEXT), f"The {word} to read, {which}.", f'{word} = ["{"activation" if kind.queries else "CORE"}"]')
    return (listed, *(_option(option) for option in kind.options))


_TYPES: dict[type, Value] = {
    bool: FLAG, int: plain("whole number", {"type": "integer"}), float: number("number"), tuple: many(TEXT), list: many(TEXT),
    dict: table(Key("NAME", TEXT, "A text.", 'NAME = "..."', any=r"\S")),
}  # fmt: skip
_EXAMPLES: dict[type, str] = {bool: "true", int: "1", float: "1.5", dict: '{ NAME = "..." }'}
_TEXT = '"..."'


def _option(option: Option) -> Key:
    text = f"{option.help[:1].upper()}{option.help[1:]}." if option.help else f"A setting of this kind: {option.name}."
    if option.choices:
        default = f'"{option.default}"' if option.default else ""
        example = f'{option.name} = "{option.choices[-1]}"'
        return Key(option.name, choice(*option.choices), text, example, default=default)
    example = f"{option.name} = {_EXAMPLES.get(option.type, _TEXT)}"
    return Key(option.name, _TYPES.get(option.type, TEXT), text, example)


def _source(kind: Kind) -> Value:
    own, (first, *rest) = _own(kind), common((kind.name,))
    user = kind.needs_user and all(edition.needs_user for edition in kind.editions.values())
    needed = [Key(k.name, k.value, k.meaning, k.example, True) if k.name == "user" and user else k for k in rest]
    if kind.address == "database":
        needed = [_DATABASE_URL if k.name == "url" else k for k in needed]
    if kind.address == "file":
        needed = [_FILE, *(_FILE_URL if k.name == "url" else k for k in needed)]
    return table(first, *needed, *own)


def _by_kind(kinds: list[Kind]) -> Value:
    """A source of any kind. Its ``kind`` decides what else it takes, so that an editor marks the line that is wrong and not the
    whole table; what a key is, an editor shows before the kind is written."""
    own = {kind.name: _source(kind) for kind in kinds}
    every = {key.name: key for value in own.values() for key in value.keys}

    def schema(cells: bool) -> Json:
        shown: Json = {name: {"description": described(key, cells)["description"]} for name, key in every.items()}
        shown["kind"] = described(common(tuple(own))[0], cells)
        rules = []
        for name, value in own.items():
            takes = value.schema(cells)
            others: Json = dict.fromkeys(every.keys() - takes["properties"].keys(), False)
            then = {"properties": {**takes["properties"], **dict(sorted(others.items()))}, "required": takes["required"]}
            rules.append({"if": {"properties": {"kind": {"const": name}}, "required": ["kind"]}, "then": then})
        return {"type": "object", "additionalProperties": False, "required": ["kind"], "properties": shown, "allOf": rules}

    return Value("table", schema, tuple(every.values()))


def installed() -> list[Kind]:
    """Every kind of source that can be loaded; what is wrong with another one `check` tells whoever uses it."""
    found = []
    for name in connectors.kinds():
        with contextlib.suppress(ImportError, AttributeError, TypeError):  # somebody else's package, or a half installed one
            found.append(connectors.load(name))
    return found


def config_schema() -> Json:
    """The schema of ``config.toml``, with the settings of every kind of source that is installed."""
    kinds = installed()
    source = _source(kinds[0]) if len(kinds) == 1 else _by_kind(kinds)
    about = "A source to read; its name is its identity."
    sources = table(Key("NAME", source, about, "[source.jira]", any=_NAME))
    ours = (
        Key("daemon", table(*DAEMON), "When `anchorline serve` reads the sources.", "[daemon]"),
        Key("web", table(*WEB), "The dashboard of `anchorline serve`.", "[web]"),
        Key("log", table(*LOG), "What `anchorline serve` says of itself.", "[log]"),
    )
    top = table(*TOP, *ours, Key("source", sources, "The sources, each in a table [source.NAME].", "[source.jira]"))
    return document(
        "Anchorline configuration", "Where the work is read and the data lies; no secret stands here.", top.schema(False)
    )
