"""``for_each``: what makes a template of a block; and the columns of ``people.csv``."""

from __future__ import annotations

from hub.tomlfile.spec import TEXT, Json, Key, Value, many, table


def _fixed(value: Value) -> Value:
    """A value that no row fills in: it says where the rows come from."""
    return Value(value.words, lambda _cells: value.schema(False), value.keys)


def _row(_cells: bool) -> Json:
    day: Json = {"type": "string", "format": "date"}
    cell: Json = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}, day]}
    row: Json = {"type": "object", "additionalProperties": cell}
    return {"type": "array", "minItems": 1, "items": row}


_SOURCES = (
    Key("rows", Value("list of tables", _row), "The rows themselves, with a column for each name.",
        'for_each.rows = [{ region = "EMEA" }, { region = "AMER" }]'),
    Key("file", TEXT, "A CSV file beside the file that names it, or in a folder there.", 'for_each.file = "teams.csv"'),
    Key("team", many(TEXT), "Ids of teams; `*` and `?` are wildcards. The columns are team, name, parent, lead, size, channel.",
        'for_each.team = "sales-*"'),
)  # fmt: skip
_MEANING = "Makes a template of the block: one copy per row, with `{column}` replaced by the row's value."
FOR_EACH = Key("for_each", _fixed(table(*_SOURCES, least=1, most=1)), _MEANING, 'for_each.file = "teams.csv"')
FOR_EACH_OF_TEAMS = Key("for_each", _fixed(table(*_SOURCES[:2], least=1, most=1)), _MEANING, 'for_each.file = "teams.csv"')
"""Teams cannot be copied for the teams that there are."""
SOURCES = tuple(key.name for key in _SOURCES)

PEOPLE = (
    Key("mail", TEXT, "The person's mail address: what the ids go with.", "ben@acme.example", required=True),
    *(
        Key(kind, TEXT, f"The account id in sources of kind {kind}; empty where there is none.", "5f0a9c")
        for kind in ("jira", "asana", "trello", "salesforce", "hubspot")
    ),
    Key("team", TEXT, "The id of the team whose work theirs is, like `owns.person` of that team.", "identity"),
)
"""The columns of ``people.csv``; the example is a cell."""
