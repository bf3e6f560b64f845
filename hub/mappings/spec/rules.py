"""``[[rule]]``: which work serves which key result."""

from __future__ import annotations

from hub.mappings.spec.conditions import CONDITIONS
from hub.mappings.spec.each import FOR_EACH
from hub.tomlfile.spec import ANY_ID, DAY, FLAG, POSITIVE, TEXT, Key, blocks, either, id_of, table, whole

_SHARE = Key("ID", POSITIVE, "The share of one key result.", "sso = 0.5", any=ANY_ID)
_RULE = (
    Key("name", TEXT, "What pages and messages call it.", 'name = "saml"', default="its place"),
    Key("when", CONDITIONS, "What must hold of an item: every line.", 'when.project = "IDN"'),
    Key("unless", CONDITIONS, "What must not hold: none of these lines.", 'unless.label = "spike"'),
    Key(
        "to",
        either(
            TEXT,
            table(_SHARE, words="`{ ID = SHARE, ... }`", least=2),
            words="id, `{key_result}`, or `{ ID = SHARE, ... }`",
        ),
        "The key result that the work serves: an id, what the item names (`{key_result}`), or fixed shares that add up to 1.",
        'to = "sso"',
    ),
    Key("allowance", id_of("an allowance"), "The allowance that the work is of, in place of `to`.", 'allowance = "ktlo"'),
    Key("ignore", TEXT, "Why the work is out of scope, in place of `to`: neither anchored nor adrift.", 'ignore = "requests"'),
    Key("fallback", FLAG, "Only where nothing else holds, neither the item's own nor what it inherits.", "fallback = true",
        default="false"),
    Key("priority", whole(0, 999), "Its strength, in place of the usual one.", "priority = 60"),
    Key("starts", DAY, "The first day of its life.", "starts = 2027-01-10"),
    Key("ends", DAY, "The last day of its life.", "ends = 2027-02-28"),
    Key("private", FLAG, "The work counts, and its titles are never stored.", "private = true", default="false"),
    Key("expr", TEXT, "A condition in CEL that must hold too (an extra).", "expr = 'size(labels) > 2'"),
)  # fmt: skip
RULE = blocks(
    "rule",
    _RULE,
    FOR_EACH,
    "Which work serves which key result. Every `when` line holds, no `unless` line does, and the rule has exactly one of `to`, "
    "`allowance` and `ignore`. What an epic is given, its stories and sub-tasks inherit.",
    """\
[[rule]]                     # the convention: work names its key result itself
name = "label"
when.label = "kr:{key_result}"
to = "{key_result}"

[[rule]]                     # one line per condition, so that each has its line in a message and in a diff
name = "saml"
when.project = "IDN"
when.title = ["*SAML*", "*SCIM*"]
unless.label = "spike"
to = "sso"

[[rule]]                     # one epic, two key results
name = "audit-log"
when.key = "IDN-88"
to = { sso = 0.5, soc2 = 0.5 }

[[rule]]                     # last of all: what nothing else claims
name = "identity-upkeep"
when.project = "IDN"
fallback = true
allowance = "ktlo"

[[rule]]
name = "service-desk"
when.project = "ITSD"
ignore = "requests, not planned work"
""",
)
