"""``[[objective]]`` and ``[[key_result]]``."""

from __future__ import annotations

from hub.mappings.spec.conditions import CONDITIONS
from hub.mappings.spec.each import FOR_EACH
from hub.mappings.spec.measures import INLINE
from hub.mappings.spec.who import former
from hub.tomlfile.spec import (
    DAY,
    ID,
    POSITIVE,
    TEXT,
    Key,
    Value,
    blocks,
    choice,
    either,
    formed,
    id_of,
    listed,
    many,
    number,
    table,
)

_ANCHOR = (
    Key(
        "pillar",
        id_of("a pillar"),
        "A strategic priority, by its id; the objective rolls up into it.",
        'anchor.pillar = "enterprise"',
    ),
    Key("supports", id_of("an objective"), "Another team's objective, by its id.", 'anchor.supports = "land"'),
    Key("strength", TEXT, "A strength, in words.", 'anchor.strength = "Our uptime"'),
    Key("opportunity", TEXT, "An opportunity, in words.", 'anchor.opportunity = "Nobody serves the mid-market"'),
    Key("weakness", TEXT, "A weakness, in words.", 'anchor.weakness = "No references in banking"'),
    Key("threat", TEXT, "A threat, in words.", 'anchor.threat = "Two rivals were bought by the same vendor"'),
)
ANCHORS = tuple(key.name for key in _ANCHOR)

_OBJECTIVE = (
    Key("id", ID, "What files call it, for ever; one over all cycles.", 'id = "land"', required=True),
    former("objective", 'was = "O1"'),
    Key("name", TEXT, "What people call it.", 'name = "Land twenty lighthouse enterprises"', default="its id"),
    Key("cycle", id_of("a cycle"), "The cycle that it is for.", 'cycle = "2027-q1"', required=True),
    Key("team", id_of("a team"), "The team that answers for it.", 'team = "identity"', default="the team of the file"),
    Key("with", many(id_of("a team")), "Teams that answer for it too; it counts once all the same.", 'with = ["platform"]'),
    Key("owner", TEXT, "The person who answers for it.", 'owner = "cro@acme.example"'),
    Key(
        "state",
        choice("draft", "agreed", "dropped"),
        "A draft or dropped one is shown, and nothing takes its figure.",
        'state = "draft"',
        default='"agreed"',
    ),
    Key(
        "anchor",
        table(*_ANCHOR),
        "Why it exists: one of six. An objective with none is homework, and `anchorline check` says so.",
        'anchor.pillar = "enterprise"',
    ),
    Key(
        "pillar",
        id_of("a pillar"),
        "The pillar that it rolls up into, where its anchor is something else.",
        'pillar = "enterprise"',
        default="that of `anchor.pillar`",
    ),
    Key("weight", POSITIVE, "How much it counts in its pillar.", "weight = 2", default="1"),
    Key("home", TEXT, "The item where its owner comments on it. Kept; this version reads no comments.", 'home = "STRAT-12"'),
)
OBJECTIVE = blocks(
    "objective",
    _OBJECTIVE,
    FOR_EACH,
    "What is to be reached in a cycle, and why. Its figure is the weighted mean of its measured key results, with the coverage "
    'beside it: "from 3 of 5". How figures add up is in [How each number is calculated]'
    "(how-numbers-are-calculated.md#4-objectives-pillars-the-company).",
    """\
[[objective]]
id = "land"
name = "Land twenty lighthouse enterprises"
cycle = "2027-q1"
team = "identity"
with = ["product"]
owner = "cro@acme.example"
anchor.pillar = "enterprise"

[[objective]]
id = "keep"
name = "Keep the customers that we have"
cycle = "2027-q1"
team = "product"
owner = "ana@acme.example"
anchor.threat = "Two rivals were bought by the same vendor"
pillar = "loyalty"
""",
    "An objective may have a strength, an opportunity, a weakness or a threat for its anchor and roll up into a pillar all the "
    "same: that is what `pillar` is for.",
)

_NEED = (
    Key("key_result", id_of("a key result"), "The one that it waits for.", 'key_result = "sso"', required=True),
    Key("by", DAY, "The day by which it is needed.", "by = 2027-02-15"),
)
_ONE_NEED = either(id_of("a key result"), table(*_NEED), words="id or `{ key_result = ID, by = DAY }`")
_DROPPED = (
    Key("on", DAY, "The day from which on it no longer counts.", "on = 2027-02-10", required=True),
    Key("why", TEXT, "The reason, for those who look at it.", 'why = "The auditor left"', required=True),
)
_NUMBER = number("number")
_STEP = (
    Key("name", TEXT, "What people call it.", 'name = "SAML"', required=True),
    Key("weight", POSITIVE, "How much it counts in the milestone.", "weight = 2", default="1"),
    Key("due", DAY, "The day by which it shall be done, within the cycle.", "due = 2027-02-15", required=True),
    Key("when", CONDITIONS, "The work that finishes it, as in rules: done when something fits and all of it is done.",
        'when = { key = "IDN-31" }', required=True),
    Key("unless", CONDITIONS, "Work that is not meant.", 'unless = { label = "spike" }'),
)  # fmt: skip
_ON = (
    Key("on", DAY, "A day of the cycle.", "on = 2027-02-15", required=True),
    Key("target", _NUMBER, "The value that is to be reached by then.", "target = 60", required=True),
)
_RELATIVE = formed('change such as `"+30%"` or `"-5"`', r"^\s*[+-]\s?[0-9]+(\.[0-9]+)?\s?%?\s*$")
_PACE = either(
    TEXT,
    listed(table(*_ON, words="`{ on = DAY, target = NUMBER }`")),
    words='`"linear"`, `"none"`, the name of a curve, or a list of `{ on = DAY, target = NUMBER }`',
)


def _alone(value: Value) -> Value:
    """A table whose keys the reference lists elsewhere."""
    return Value(value.words, value.schema)


_KEY_RESULT = (
    Key("id", ID, "What files and labels call it, for ever; one per cycle.", 'id = "sso"', required=True),
    former("key result", 'was = ["saml"]'),
    Key("name", TEXT, "What people call it.", 'name = "Single sign-on generally available"', default="its id"),
    Key("objective", many(id_of("an objective")), "The objective that it belongs to, or several.",
        'objective = "land"', required=True),
    Key(
        "cycle",
        id_of("a cycle"),
        "Its own cycle, within that of its objective: a quarter of a year.",
        'cycle = "2027-q1"',
        default="that of its objective",
    ),
    Key(
        "kind",
        choice("increase", "decrease", "stay_above", "stay_below", "stay_within", "milestone", "completion"),
        "What is asked of it. Required, but with `combine = \"mean\"`, where the parts say it.",
        'kind = "increase"',
    ),
    Key(
        "metric",
        either(id_of("a metric"), INLINE, words="id of a metric, or `{ source = ..., sum = ... }`"),
        "Where its number comes from (`increase`, `decrease`, `stay_*`). One that nobody else uses may stand in it, in braces or "
        "as dotted lines: `metric.source`, `metric.sum`.",
        'metric = "new-arr"',
    ),
    Key("when", CONDITIONS, "Narrows the metric to these rows, for this key result alone.", 'when.field.region = "EMEA"'),
    Key("unless", CONDITIONS, "Narrows it likewise.", 'unless.field.segment = "Public"'),
    Key(
        "start",
        either(_NUMBER, choice("measured")),
        "Where it starts (`increase`, `decrease`): a number, or what the metric was when the cycle began.",
        'start = "measured"',
    ),
    Key(
        "target",
        either(_NUMBER, _RELATIVE, listed(_NUMBER, "`[least, most]`", least=2, most=2)),
        "What is to be reached, or kept: a number, a change from `start`, or for `stay_within` two numbers.",
        "target = 9_000_000",
    ),
    Key(
        "judge",
        choice("worst", "last", "average", "share"),
        "What of its periods decides, for `stay_*`.",
        'judge = "share"',
        default='"worst"',
    ),
    Key(
        "steps",
        _alone(listed(table(*_STEP, words="`{ name, weight, due, when, unless }`"))),
        "The steps of a milestone; their keys are below.",
        'steps = [{ name = "SAML", due = 2027-02-15, when = { key = "IDN-31" } }]',
    ),
    Key("part_of", id_of("a key result"), "The one of the same cycle that it is a part of: shown under it, and not averaged "
        "again.", 'part_of = "arr"'),
    Key("combine", choice("sum", "mean"), "How its parts make it, in place of a metric: their sum (`increase`, `decrease`), or "
        "the mean of their progress.", 'combine = "sum"'),
    Key("by", choice("count", "estimate", "amount"), "What a unit of attached work weighs: each the same, its estimate, or its "
        "amount.", 'by = "estimate"', default='"count"'),
    Key(
        "level",
        choice("epic", "story", "leaf"),
        "Which items are its units.",
        'level = "epic"',
        default="the lowest above sub-tasks; by estimate the lowest that carries one",
    ),
    Key(
        "missing",
        choice("mean", "0", "1", numbers=(0, 1)),
        "What a unit without an estimate weighs.",
        'missing = "0"',
        default='"mean"',
    ),
    Key(
        "before_cycle",
        choice("leave_out", "count"),
        "Whether work counts that was finished before the cycle began.",
        'before_cycle = "count"',
        default='"leave_out"',
    ),
    Key(
        "ambition",
        choice("committed", "aspirational"),
        "A promise, or a stretch of which a part is a success (`score` of `[scale]`).",
        'ambition = "aspirational"',
        default='"committed"',
    ),
    Key(
        "pace",
        _alone(_PACE),
        "How far it should be at which part of its cycle; days of its own for `increase` and `decrease` only.",
        'pace = "linear"',
        default="linear; of a milestone the days its steps are due; none for `stay_*`",
    ),
    Key("team", id_of("a team"), "The team that answers for it.", 'team = "identity"',
        default="the team of the file, else that of its objective"),
    Key("owner", TEXT, "The person who answers for it.", 'owner = "sven@acme.example"', default="that of its objective, else "
        "the `lead` of its team"),
    Key("weight", POSITIVE, "How much it counts in its objective.", "weight = 2", default="1"),
    Key("keywords", many(TEXT), "Words for suggestions; they never anchor anything.", 'keywords = ["saml", "okta"]'),
    Key(
        "accepts",
        many(id_of("a team")),
        "The teams whose items may name it themselves, with the teams beneath them.",
        'accepts = ["identity"]',
        default="all",
    ),
    Key(
        "needs",
        either(_ONE_NEED, listed(_ONE_NEED), words="id, `{ key_result = ID, by = DAY }`, or a list of them"),
        "Key results that it waits for, whoever owns them. Checked for circles, and shown beside its number until they are done; "
        "its status does not change by it.",
        'needs = [{ key_result = "soc2", by = 2027-02-15 }]',
    ),
    Key(
        "dropped",
        table(*_DROPPED),
        "That it was given up: its figure stays visible, and from that day on no objective takes it.",
        'dropped = { on = 2027-02-10, why = "The auditor left" }',
    ),
    Key("home", TEXT, "The item where its owner comments on it. Kept; this version reads no comments.", 'home = "STRAT-13"'),
)  # fmt: skip
KEY_RESULT = blocks(
    "key_result",
    _KEY_RESULT,
    FOR_EACH,
    "What says whether an objective is reached. Six kinds are measured: by a [metric](#3-metrics) that shall rise, fall or stay, "
    "or by steps that work finishes; the seventh, `completion`, is the share of the work attached to it: an output, and shown as "
    "one. Work may be attached to a key result of any kind, and is then shown beside its number. How each kind is calculated is "
    "in [Key results](key-results/README.md).",
    """\
[[key_result]]               # measured, and made of regions
id = "arr"
was = ["O1-KR1"]
objective = "land"
name = "New-business ARR 9.0 M"
kind = "increase"
metric = "new-arr"
start = 0                    # or "measured"
target = 9_000_000           # or "+30%", "-5": from the start
pace = "bookings"
needs = ["sso"]

[[key_result]]
for_each.rows = [{ region = "EMEA", goal = 3_000_000 }, { region = "AMER", goal = 6_000_000 }]
id = "arr-{region}"
objective = "land"
name = "New-business ARR {region}"
kind = "increase"
metric = "new-arr"
when.field.region = "{region}"
start = 0
target = "{goal}"
part_of = "arr"

[[key_result]]               # a guard-rail, with a metric of its own
id = "churn"
objective = "keep"
name = "Churn stays below 2 % a month"
kind = "stay_below"
metric = { source = "warehouse", query = "churn", unit = "%", every = "month" }
target = 2
judge = "worst"

[[key_result]]               # steps that work finishes, not a hand
id = "scim"
objective = "land"
name = "SAML and SCIM with every customer"
kind = "milestone"
steps = [
  { name = "SAML", weight = 2, due = 2027-02-15, when = { key = "IDN-31" } },
  { name = "SCIM", due = 2027-03-15, when = { key = "IDN-44" }, unless = { label = "spike" } },
]

[[key_result]]               # share of the attached work
id = "sso"
was = ["saml"]
objective = "land"
name = "Single sign-on generally available"
kind = "completion"
level = "epic"
owner = "sven@acme.example"
needs = [{ key_result = "soc2", by = 2027-02-15 }]

[[key_result]]
id = "soc2"
objective = "land"
name = "SOC 2 controls in place"
kind = "completion"
by = "estimate"              # weigh by story points; what has none weighs as the mean of the others
weight = 2
accepts = ["identity"]
""",
    "A key result is known by its cycle and its id: the same id in the next cycle is another one, and a label or a rule means "
    "the one of the cycle that is looked at. A rule without a key result in a cycle is *dormant* there, which is no error.",
)
NEED, DROPPED = tuple(key.name for key in _NEED), tuple(key.name for key in _DROPPED)
STEPS, TARGETS = _STEP, tuple(key.name for key in _ON)
STEP = tuple(key.name for key in _STEP)
