"""What the sources' words mean: ``[status.NAME]``, ``[resolution]`` and ``[[pattern]]``."""

from __future__ import annotations

from hub.mappings.spec.each import FOR_EACH
from hub.tomlfile.spec import TEXT, Block, Key, blocks, choice, either, formed, many, section, table

_STATUS = Key(
    "STATUS",
    choice("todo", "doing", "done", "dropped"),
    "What a vendor's status means, by its name or id; `*` and `?` are wildcards.",
    '"Parked" = "todo"',
    any=r"\S",
)
_MAP = Key("NAME", table(_STATUS), "A source by its name, or a kind for all of its sources.", '"Parked" = "todo"', any=r"\S")
STATUS = Block(
    "status",
    "[status.NAME]",
    table(_MAP),
    (_STATUS,),
    "What statuses mean, where the vendor's own category says otherwise. NAME is a source of config.toml, or a kind for all of "
    "its sources. What no line fits goes by the vendor's category; which line wins is in [How each number is calculated]"
    "(how-numbers-are-calculated.md#1-state-of-an-item).",
    """\
[status.jira]
"Parked" = "todo"
"Done - won't do" = "dropped"

[status.trello]
"Done*" = "done"
""",
    '"STATUS" = STATE',
)
RESOLUTION = section(
    "resolution",
    (Key("dropped", many(TEXT), "Names or ids of resolutions that mean: given up.", 'dropped = ["Out of date"]'),),
    "Resolutions by which finished work counts as dropped, beside the usual ones: Won't Do, Won't Fix, Duplicate, Cannot "
    "Reproduce and Declined.",
    """\
[resolution]
dropped = ["Out of date", "Moved elsewhere"]
""",
)

IN = ("title", "attachment", "description", "label")
FINDS = ("jira key", "url")
_PLACE = either(choice(*IN), formed("`field.NAME`", r"^\s*[Ff][Ii][Ee][Ll][Dd]\.."))
_PATTERN = (
    Key("source", TEXT, "The source whose items name others.", 'source = "trello"', default="all"),
    Key("in", many(_PLACE), "Where it looks. No source reads descriptions so far.", 'in = ["title", "attachment"]',
        required=True),
    Key(
        "finds",
        either(choice(*FINDS), TEXT, words='`"jira key"`, `"url"`, or an RE2 expression with one group'),
        "What names the other item there.",
        'finds = "jira key"',
        required=True,
    ),
    Key("as", choice("child", "relation", "duplicate"), "What the item is of the one that it names.", 'as = "child"',
        required=True),
)  # fmt: skip
PATTERN = blocks(
    "pattern",
    _PATTERN,
    FOR_EACH,
    "Work that spans tools: a text in an item that makes it the child, a relation or a duplicate of another one, of any source. "
    "A child inherits, a duplicate counts nowhere, a relation is only shown. The vendor's own parent goes before any pattern; "
    "see [How each number is calculated](how-numbers-are-calculated.md#parents-and-duplicates).",
    """\
[[pattern]]
source = "trello"
in = ["title", "attachment"]
finds = "jira key"
as = "child"
""",
)
