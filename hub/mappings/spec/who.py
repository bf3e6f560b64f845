"""Who: ``[pillar]`` and ``[[team]]``."""

from __future__ import annotations

from hub.mappings.spec.each import FOR_EACH_OF_TEAMS
from hub.tomlfile.spec import ANY_ID, ID, POSITIVE, TEXT, Key, blocks, id_of, lines, many, table


def former(of: str, example: str) -> Key:
    """The key ``was``."""
    return Key("was", many(ID), f"Ids that the {of} had before; they go on meaning it wherever an id is named.", example)


_PILLAR = (
    Key("name", TEXT, "What people call it.", 'name = "Win the enterprise"', default="its id"),
    Key("owner", TEXT, "Who answers for it.", 'owner = "cro@acme.example"'),
    Key("weight", POSITIVE, "How much it counts in the company's figure.", "weight = 2", default="1"),
    former("pillar", 'was = "large-accounts"'),
)
PILLAR = lines(
    "pillar",
    "ID = { ... }",
    Key("ID", table(*_PILLAR), "A strategic priority.", 'enterprise = { name = "Win the enterprise" }', any=ANY_ID),
    _PILLAR,
    "The strategic priorities. Objectives roll up into them, and they into the company's figure.",
    """\
[pillar]
enterprise = { name = "Win the enterprise", owner = "cro@acme.example", weight = 2 }
loyalty = { name = "Customers who stay" }
""",
)

_FIELD = Key(
    "NAME", many(TEXT), "The value that a field of your own has in its items.", 'owns.field.team = "Identity"', any=r"\S"
)
_OWNS = (
    Key("field", table(_FIELD), "Fields of your own, by the names of config.toml, with the team's values in them.",
        'owns.field.team = "Identity"'),
    Key("project", many(TEXT), "Projects or boards, by key, name or id; `*` and `?` are wildcards.", 'owns.project = "IDN"'),
    Key("person", many(TEXT), "Assignees, by account id, or by mail where people.csv has it.",
        'owns.person = ["ben@acme.example"]'),
)  # fmt: skip
_TEAM = (
    Key("id", ID, "What files and labels call it, for ever.", 'id = "identity"', required=True),
    former("team", 'was = ["login-team"]'),
    Key("name", TEXT, "What people call it.", 'name = "Identity"', default="its id"),
    Key("parent", id_of("a team"), "The team that it is a part of; its items are that team's, too.", 'parent = "product"'),
    Key("lead", TEXT, "Who leads it: the owner of its key results where nobody else is named.", 'lead = "sven@acme.example"'),
    Key("size", POSITIVE, "Its people: the weight of its effort in company figures.", "size = 7"),
    Key("channel", TEXT, "Where its messages go. Kept; this version sends none.", 'channel = "slack-identity"'),
    Key("owns", table(*_OWNS), "Which work is its own: the first of field, project and person that says so, else the team of the "
        "item's parent.", 'owns.project = "IDN"'),
)  # fmt: skip
TEAM = blocks(
    "team",
    _TEAM,
    FOR_EACH_OF_TEAMS,
    "The teams and what they own. Two teams that own an item at the same step own it neither: that is reported.",
    """\
[[team]]
id = "product"
name = "Product"

[[team]]
id = "identity"
name = "Identity"
parent = "product"
lead = "sven@acme.example"
size = 7
owns.field.team = "Identity" # the field that config.toml calls team
owns.project = ["IDN", "LOGIN*"]

[[team]]
id = "platform"
parent = "product"
owns.project = "PLAT"
""",
)
OWNS = tuple(key.name for key in _OWNS)
