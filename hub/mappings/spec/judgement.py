"""Time and judgement: ``[file]``, ``[cycle]``, ``[scale]``, ``[pace]``, ``[rates]`` and ``[allowance]``."""

from __future__ import annotations

from hub.tomlfile.spec import (
    ANY_ID,
    DAY,
    PERCENT,
    SHARE,
    TEXT,
    Key,
    formed,
    id_of,
    lines,
    listed,
    many,
    number,
    section,
    table,
)

FILE = section(
    "file",
    (Key("team", id_of("a team"), "The team that the file belongs to.", 'team = "identity"', required=True),),
    "At the head of a file that belongs to one team. It is the default `team` of the file's objectives and key results, and its "
    "fence: its rules see only items of that team and the teams beneath it, and reach only their key results.",
    """\
[file]
team = "identity"

[[rule]]
name = "identity-login"
when.component = "Login"     # sees the items of identity only
to = "sso"
""",
    "An objective or key result in it that names a team outside of the fence is an error, and so is a rule whose `to` does. What "
    "holds for all teams (status maps, resolutions, patterns) cannot stand in such a file.",
)

_CYCLE = (
    Key("starts", DAY, "The first day.", "starts = 2027-01-01", required=True),
    Key("ends", DAY, "The last day; it belongs to the cycle.", "ends = 2027-03-31", required=True),
    Key("parent", id_of("a cycle"), "The longer cycle that this one is a part of, such as its year.", 'parent = "2027"'),
    Key(
        "agree_by",
        DAY,
        "The day by which its objectives shall be agreed; `anchorline check` then names those that are still drafts.",
        "agree_by = 2027-01-15",
    ),
    Key(
        "periods",
        many(DAY),
        "The first days of its second and further parts, for thirds or 4-4-5 months. Kept; no figure uses them so far.",
        "periods = [2027-02-01, 2027-03-01]",
    ),
)
CYCLE = lines(
    "cycle",
    "ID = { starts = DAY, ends = DAY }",
    Key("ID", table(*_CYCLE), "A planning period.", "2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }", any=ANY_ID),
    _CYCLE,
    "The planning periods. Credit is decided for each cycle by itself; where a page shows one, it is the one in force: the "
    "shortest that contains today.",
    """\
[cycle]
2027 = { starts = 2027-01-01, ends = 2027-12-31 }
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31, parent = "2027", agree_by = 2027-01-15 }
2027-q2 = { starts = 2027-04-01, ends = 2027-06-30, parent = "2027" }
""",
    "A cycle may lie inside a longer one; two cycles may not share days otherwise. A new quarter is one more line here, and its "
    "objectives.",
)

_SCORE = table(
    Key("committed", SHARE, "Of a committed key result.", "committed = 1.0"),
    Key("aspirational", SHARE, "Of an aspirational one.", "aspirational = 0.7"),
    words="table",
)
SCALE = section(
    "scale",
    (
        Key(
            "on_track",
            SHARE,
            "From this share of the progress expected by now on, a key result is on track.",
            "on_track = 0.9",
            default="0.9",
        ),
        Key(
            "at_risk",
            SHARE,
            "From this share on it is at risk, below it off track; less than `on_track`.",
            "at_risk = 0.7",
            default="0.7",
        ),
        Key(
            "too_early", PERCENT, "The share of the cycle in which there is no verdict yet.", 'too_early = "15%"', default='"15%"'
        ),
        Key(
            "score",
            _SCORE,
            "What counts as done at the end.",
            "score = { committed = 1.0, aspirational = 0.7 }",
            default="1.0 and 0.7",
        ),
        Key(
            "late",
            number("number from 1 to 1000", minimum=1, maximum=1000),
            "A value older than this many times its own rhythm is unknown.",
            "late = 1.5",
            default="1.5",
        ),
    ),
    "The one scale by which every status is judged, the same for all teams. What each word means is in [Status](status.md).",
    """\
[scale]
on_track = 0.9
at_risk = 0.7
too_early = "15%"
score = { committed = 1.0, aspirational = 0.7 }
late = 1.5
""",
    "It stands once in all files.",
)

_POINT = listed(SHARE, "`[share of the cycle, share of the way]`", least=2, most=2)
_CURVE = Key(
    "NAME",
    listed(_POINT, "list of `[share of the cycle, share of the way]`"),
    "A curve that key results name in `pace`: both shares rise from point to point, and it ends at `[1, 1]`.",
    "bookings = [[0.5, 0.2], [1, 1]]",
    any=ANY_ID,
)
PACE = lines(
    "pace",
    "NAME = [[SHARE, SHARE], ...]",
    _CURVE,
    (_CURVE,),
    "Curves with a name: how far a key result should be at which part of its cycle. Every curve begins at `[0, 0]`, and straight "
    "lines join its points.",
    """\
[pace]
bookings = [[0.33, 0.15], [0.66, 0.37], [1, 1]]
""",
)

_RATE = (
    Key("base", formed("currency", r"^[A-Z]{3}$"), "The currency that sums are in.", 'base = "USD"', required=True),
    Key("since", DAY, "The day from which on the rates hold.", "since = 2027-01-01", required=True),
    Key(
        "CURRENCY",
        formed("number in quotes", r"^[0-9]{1,9}(\.[0-9]{1,9})?$"),
        "What one unit of it is worth in `base`.",
        'EUR = "1.08"',
        any=r"^[A-Z]{3}$",
    ),
)
RATES = lines(
    "rates",
    'NAME = { base = CURRENCY, since = DAY, CURRENCY = "RATE" }',
    Key(
        "NAME",
        many(table(*_RATE, least=3)),
        "A table of rates, or a list of them.",
        'plan-2027 = { base = "USD", since = 2027-01-01, EUR = "1.08" }',
        any=ANY_ID,
    ),
    _RATE,
    "Constant currency: Finance's plan rates, not the day's. A metric names a table in `rates`, and its amounts are then in the "
    "base of that table; a currency without a rate leaves it unmeasured, and is named.",
    """\
[rates]
plan-2027 = { base = "USD", since = 2027-01-01, EUR = "1.08", GBP = "1.27" }
""",
    "Rates that change within a name are a list, in braces or as `[[rates.NAME]]`: each holds for rows dated on its `since` or "
    "later, until the next one does; all have one base.",
)

_TEAM_SHARE = Key("TEAM", PERCENT, "The share of one team, where it is another.", 'platform = "40%"', any=ANY_ID)
_ALLOWANCE = (
    Key("name", TEXT, "What people call it.", 'name = "Keep the lights on"', default="its id"),
    Key("budget", PERCENT, "The share of a team's active effort that it may take. Checked; not judged so far.", 'budget = "20%"'),
    Key("budget_for", table(_TEAM_SHARE), "The same for single teams.", 'budget_for = { platform = "40%" }'),
)
ALLOWANCE = lines(
    "allowance",
    "ID = { ... }",
    Key("ID", table(*_ALLOWANCE), "Work that runs the business.", 'ktlo = { name = "Keep the lights on" }', any=ANY_ID),
    _ALLOWANCE,
    "Work that has to be done and serves no key result: it runs the business. Rules name one in `allowance`, and a label "
    "`kr:ktlo` does so too: key results and allowances share one namespace. It is shown, and is not drift.",
    """\
[allowance]
ktlo = { name = "Keep the lights on", budget = "20%", budget_for = { platform = "40%" } }
""",
)
