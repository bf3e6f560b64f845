"""Test files: the days, items and expectations of ``mappings/tests/*.toml``."""

from __future__ import annotations

from hub.tomlfile.spec import (
    DAY,
    POSITIVE,
    TEXT,
    Block,
    Key,
    Value,
    blocks,
    choice,
    either,
    formed,
    id_of,
    many,
    number,
    table,
    whole,
)

_LITERAL = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}, {"type": "string", "format": "date"}]}
_CELL = Value("text", lambda _cells: _LITERAL)
_FIELD = Key("NAME", many(_CELL), "Its value in a field of your own.", 'field.team = "Identity"', any=r"\S")
_NUMBER = either(number("number"), TEXT)
_PART = Key("ID", either(POSITIVE, formed('fraction such as "1/3"', r"^[1-9][0-9]{0,5}/[1-9][0-9]{0,5}$")),
            "The part of one key result.", "sso = 0.5", any=r"\S")  # fmt: skip

ITEM = (
    Key("key", TEXT, "What `parent` and messages call it.", 'key = "IDN-31"', required=True),
    Key("source", TEXT, "Its source; needed where config.toml has several.", 'source = "jira"'),
    Key("type", TEXT, "Its type.", 'type = "Story"'),
    Key("level", either(whole(-9, 9), choice("epic", "story", "sub-task", "subtask"), words="word or number"),
        "Its level.", 'level = "epic"', default='"story"'),
    Key("project", many(TEXT), "Its projects, by key, name or id.", 'project = "IDN"'),
    Key("title", TEXT, "Its title.", 'title = "SAML for the mobile app"'),
    Key("label", many(TEXT), "Its labels.", 'label = ["kr:sso", "mobile"]'),
    Key("component", many(TEXT), "Its components.", 'component = "SSO"'),
    Key("sprint", many(TEXT), "Its sprints.", 'sprint = "IDN 2027-3"'),
    Key("assignee", TEXT, "The account id of who works on it.", 'assignee = "5f0a9c"'),
    Key("parent", TEXT, "The key of another item of the file.", 'parent = "IDN-30"'),
    Key("status", TEXT, "The vendor's status.", 'status = "Parked"'),
    Key("state", choice("todo", "doing", "done", "dropped"), "What the vendor's category of the status says.", 'state = "doing"',
        default='"todo"'),
    Key("resolution", TEXT, "The vendor's resolution.", 'resolution = "Out of date"'),
    Key("created", DAY, "The day it was created.", "created = 2027-01-11"),
    Key("updated", DAY, "The day it was last changed.", "updated = 2027-02-01"),
    Key("closed", DAY, "The day it was done or dropped.", "closed = 2027-02-01"),
    Key("due", DAY, "The day it is due.", "due = 2027-02-15"),
    Key("estimate", _NUMBER, "Its estimate.", "estimate = 8"),
    Key("amount", _NUMBER, "Its amount of money.", "amount = 12_000"),
    Key("links", many(TEXT), "Addresses among its links, which a pattern reads as `attachment`.",
        'links = "https://acme.example/browse/IDN-31"'),
    Key("url", TEXT, "Its own address.", 'url = "https://acme.example/browse/IDN-31"'),
    Key("former_keys", many(TEXT), "Keys that it had before.", 'former_keys = "OLD-7"'),
    Key("field", table(_FIELD), "Its values in fields of your own.", 'field.team = "Identity"'),
)  # fmt: skip
EXPECTED = (
    Key(
        "expect",
        either(TEXT, table(_PART), words="id, `{ ID = PART, ... }` or an outcome"),
        "What it serves: a key result or an allowance, parts of several, or unanchored, ignored, contested, broken, duplicate.",
        'expect = "sso"',
    ),
    Key("rule", TEXT, "The name of the rule that must be the reason; needs `expect`.", 'rule = "saml"'),
    Key("team", id_of("a team"), "The team whose item it must be; needs `expect`.", 'team = "identity"'),
)
HEAD = (
    Key("day", DAY, "The day at which everything is judged.", "day = 2027-02-01", default="the last day of `cycle`, or of the "
        "latest one"),
    Key("cycle", id_of("a cycle"), "The cycle whose outcome is meant.", 'cycle = "2027-q1"', default="the one in force on `day`"),
)  # fmt: skip
_EXAMPLE = """\
cycle = "2027-q1"

[[item]]
key = "IDN-31"
level = "epic"
label = "kr:sso"
expect = "sso"
rule = "label"

[[item]]                     # inherits from its epic
key = "IDN-32"
parent = "IDN-31"
expect = "sso"

[[item]]
key = "IDN-33"
project = "IDN"
title = "SAML, tried out"
label = "spike"
expect = "ktlo"

[[item]]
key = "IDN-88"
expect = { sso = 0.5, soc2 = 0.5 }
"""
_ITEMS = blocks("item", (*ITEM, *EXPECTED), None, "An item of the small world, and what must become of it.", _EXAMPLE)
WORLD = Block(
    "tests",
    "[[item]]",
    table(*HEAD, Key("item", _ITEMS.value, _ITEMS.intro, "[[item]]")),
    (*HEAD, *ITEM, *EXPECTED),
    "",
    _EXAMPLE,
)
TOP = (*(key.name for key in HEAD), "item")
