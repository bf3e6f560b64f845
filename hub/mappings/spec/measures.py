"""``[[metric]]``: numbers about the world."""

from __future__ import annotations

from hub.mappings.spec.conditions import CONDITIONS
from hub.mappings.spec.each import FOR_EACH
from hub.mappings.spec.who import former
from hub.tomlfile.spec import ID, TEXT, Json, Key, Value, blocks, choice, either, formed, listed, plain, table

FIELDS = ("value", "amount", "estimate", "probability")
DATES = ("created", "started", "done", "closed", "due")
WINDOWS = ("cycle", "next cycle", "year", "all")

_OWN = formed("`field.NAME`", r"^\s*[Ff][Ii][Ee][Ll][Dd]\..")
_FIELD = either(choice(*FIELDS), _OWN, words="FIELD")
_DATE = either(choice(*DATES), formed("`stage:NAME`", r"^\s*[Ss][Tt][Aa][Gg][Ee]\s?:\s?\S"), _OWN, words="DATE")
_DAYS = r"^\s*[0-9]{1,4}\s?[DdWw]\s*$"
_RATIO = table(
    Key("of", CONDITIONS, "The rows on the upper side: those that are a success, say.", 'of = { state = "done" }', required=True),
    Key("to", CONDITIONS, "The rows on the lower side: all that are looked at.", 'to = { state = "closed" }', required=True),
    words="`{ of = { LINES }, to = { LINES } }`",
)
_RATIO_ALONE = Value(_RATIO.words, _RATIO.schema)

_MEASURE = (
    Key("name", TEXT, "What people call it.", 'name = "New-business ARR won"', default="its id"),
    Key("source", TEXT, "The source of config.toml whose items or rows it reads: one.", 'source = "jira"', required=True),
    Key("count", plain("true", {"enum": [True]}), "How many rows; with `times` the sum of that.", "count = true"),
    Key("sum", _FIELD, "The sum of a field.", 'sum = "amount"'),
    Key("average", _FIELD, "Its mean; with `times` a weighted one.", 'average = "field.score"'),
    Key("latest", _FIELD, "That of the row with the latest date.", 'latest = "value"', default='"value"'),
    Key("distinct", _FIELD, "How many different texts are in it.", 'distinct = "field.account"'),
    Key("nps", _FIELD, "The net promoter score of answers from 0 to 10.", 'nps = "field.score"'),
    Key("ratio", _RATIO_ALONE, "The rows that fit `of` per row that fits `to`, from 0 to 1; with `unit = \"%\"` 100 times that.",
        'ratio = { of = { state = "done" }, to = { state = "closed" } }'),
    Key("days_between", listed(_DATE, "`[DATE, DATE]`", least=2, most=2), "The mean of the days from one date to another.",
        'days_between = ["started", "done"]'),
    Key("times", _FIELD, "Multiplies each row: of `count`, `sum` and `average`. A probability is a share, said as 60 or as 0.6.",
        'times = "probability"'),
    Key("when", CONDITIONS, "What must hold of a row: every line, as in rules.", 'when.state = "done"'),
    Key("unless", CONDITIONS, "What must not hold: none of these lines.", 'unless.label = "internal"'),
    Key("query", TEXT, "A query of the source: the name of a file in `mappings/queries`. Only its values are rows.",
        'query = "activation"'),
    Key("series", TEXT, "What the series column of a sheet says. Only these values are rows.", 'series = "activation"'),
    Key("dated", _DATE, "The date of an item that must lie in the window. Values have their own.", 'dated = "closed"'),
    Key(
        "window",
        either(choice(*WINDOWS), formed("days such as `28d`, `4w`", _DAYS)),
        "Which days count.",
        'window = "28d"',
        default='`"cycle"`, and `"all"` for `latest`',
    ),
    Key("every", choice("day", "week", "month", "quarter", "year"), "How often a new value is expected: it then grows old, and "
        "`stay_*` is judged by these periods.", 'every = "week"'),
    Key("settle", formed("days such as `3d`", r"^\s*[0-9]{1,3}\s?[DdWw]\s*$"), "Rows of so many last days are not final, and "
        "not used.", 'settle = "3d"'),
    Key("unit", TEXT, "What the number is in.", 'unit = "%"'),
    Key("rates", TEXT, "The table of `[rates]` by which amounts become those of its base currency.", 'rates = "plan-2027"'),
)  # fmt: skip
_METRIC = (
    Key("id", ID, "What files call it, for ever.", 'id = "new-arr"', default="its `name`, where that can be an id"),
    former("metric", 'was = ["bookings"]'),
    *_MEASURE,
)


def _inline(cells: bool) -> Json:
    return table(*_MEASURE).schema(cells)


INLINE = Value("a metric of its own", _inline)
"""A metric that stands in the one key result that uses it."""
METRIC = blocks(
    "metric",
    _METRIC,
    FOR_EACH,
    "A number about the world, over the items of a source or over its rows of values. It reads and claims nothing: one deal may "
    "serve ten metrics. It outlives the cycle, several key results may use it, each narrowed by lines of its own, and one that "
    "none uses is a KPI. What exactly is calculated is in [Metrics](metrics.md).",
    """\
[[metric]]                   # values of a query
id = "activation"
source = "warehouse"
query = "activation"         # mappings/queries/activation.sql: date, value, and columns to filter on
unit = "%"
every = "day"
settle = "3d"

[[metric]]                   # won deals, in the base currency of the plan rates
id = "new-arr"
name = "New-business ARR won"
source = "crm"
sum = "field.arr"
when.state = "done"
when.field.type = "New Business"
dated = "closed"
rates = "plan-2027"

[[metric]]                   # a stock: no date, so the items count as they are now
id = "open-bugs"
source = "jira"
count = true
when.type = "Bug"
when.state = "open"
every = "week"
""",
    "FIELD is `value`, `amount`, `estimate`, `probability` or `field.NAME`; DATE is `created`, `started`, `done`, `closed`, "
    "`due`, `stage:NAME` or `field.NAME`. A metric has at most one of `count`, `sum`, `average`, `latest`, `distinct`, `nps`, "
    "`ratio` and `days_between`. The lines of `when` and `unless` are those of [rules](#fields-of-conditions), without "
    "`when.source` and without `{key_result}`. Two sources in one number are a query's business: a ratio of theirs cannot be "
    "said here.",
)
