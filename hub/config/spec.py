"""What ``config.toml`` takes, described once; and its schema for editors."""

from __future__ import annotations

import contextlib

import connectors
from connectors.base import Kind, Option
from hub.tomlfile.schema import document
from hub.tomlfile.spec import FLAG, TEXT, Json, Key, Value, choice, either, formed, many, number, plain, table

_ADDRESS = formed("address", r"^\s*https?://")
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
    )  # fmt: skip


def _own(kind: Kind) -> tuple[Key, ...]:
    """What a source of this kind takes beyond the common keys."""
    word = kind.partition_word
    listed = Key(word, many(TEXT), f"The {word} to read, by key or id; without the line all that the account sees.",
                 f'{word} = ["CORE"]')  # fmt: skip
    return (listed, *(_option(option) for option in kind.options))


_TYPES: dict[type, Value] = {
    bool: FLAG, int: plain("whole number", {"type": "integer"}), float: number("number"), tuple: many(TEXT), list: many(TEXT),
}  # fmt: skip
_EXAMPLES: dict[type, str] = {bool: "true", int: "1", float: "1.5"}
_TEXT = '"..."'


def _option(option: Option) -> Key:
    text = f"{option.help[:1].upper()}{option.help[1:]}." if option.help else f"A setting of this kind: {option.name}."
    example = f"{option.name} = {_EXAMPLES.get(option.type, _TEXT)}"
    return Key(option.name, _TYPES.get(option.type, TEXT), text, example)


def _source(kind: Kind) -> Value:
    own, (first, *rest) = _own(kind), common((kind.name,))
    needed = [Key(k.name, k.value, k.meaning, k.example, True) if k.name == "user" and kind.needs_user else k for k in rest]
    return table(first, *needed, *own)


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
    source = _source(kinds[0]) if len(kinds) == 1 else either(*map(_source, kinds))
    about = "A source to read; its name is its identity."
    sources = table(Key("NAME", source, about, "[source.jira]", any=_NAME))
    top = table(*TOP, Key("source", sources, "The sources, each in a table [source.NAME].", "[source.jira]"))
    return document(
        "Anchorline configuration", "Where the work is read and the data lies; no secret stands here.", top.schema(False)
    )
