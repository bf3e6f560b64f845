"""``[[objective]]`` and ``[[key_result]]``."""

from __future__ import annotations

from hub.mappings.spec.each import FOR_EACH
from hub.mappings.spec.who import former
from hub.tomlfile.spec import DAY, ID, POSITIVE, TEXT, Key, blocks, choice, either, id_of, listed, many, table

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
    Key("kind", choice("completion"), "What it measures: the share of its work that is done.", 'kind = "completion"',
        required=True),
    Key("by", choice("count", "estimate"), "What a unit weighs: each the same, or its estimate.", 'by = "estimate"',
        default='"count"'),
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
        "A promise, or a stretch of which 0.7 is a success. Kept; no status is judged so far.",
        'ambition = "aspirational"',
        default='"committed"',
    ),
    Key(
        "pace",
        TEXT,
        'How far it should be at which part of its cycle: `"linear"`, `"none"` or a curve of `[pace]`. Checked; not judged so '
        "far.",
        'pace = "linear"',
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
        "Key results that it waits for, whoever owns them. Checked for circles, and kept.",
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
    "What says whether an objective is reached. In this version that is the share of the work attached to it (`kind = "
    '"completion"`): an output, and shown as one. Which items it counts, and how much each weighs, is in [How each number is '
    "calculated](how-numbers-are-calculated.md#3-which-items-a-key-result-counts-kind-completion).",
    """\
[[key_result]]
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
