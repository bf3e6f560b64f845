"""The words of metrics: what ``[[metric]]`` and a metric that stands in a key result take, their fields, dates and windows.

A word that is often written in place of another one comes with that one, or with a whole remedy.
"""

from __future__ import annotations

import re
from typing import get_args

from hub.mappings import spec
from hub.mappings.grammar_rules import FIELDS as _CONDITIONS
from hub.mappings.grammar_rules import FIELDS_OTHERS as _CONDITIONS_OTHERS
from hub.model import Aggregate, Rhythm

METRIC = spec.METRIC.names
NAMED = ("id", "was")
"""What a metric that stands in a key result has not: it is nobody else's."""
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)
OF_FIELD: tuple[Aggregate, ...] = ("sum", "average", "latest", "distinct", "nps")
"""Aggregates of one field."""
WEIGHED: tuple[Aggregate, ...] = ("count", "sum", "average")
"""Aggregates that `times` goes with."""

_QUERY = "A metric does not calculate that: say it in a query, a file in mappings/queries."
_MEANS = 'A metric has one of count, sum, average, latest, distinct, nps, ratio and days_between: sum = "amount".'
_IN_KEY_RESULT = "It belongs to the key result that uses the metric."
METRIC_OTHERS = {
    **{f: f"when.{f}" for f in _CONDITIONS if f not in ("source", "done", "closed", "due", "created")},
    **{f: right for f, right in _CONDITIONS_OTHERS.items() if right.endswith(".") and f not in ("any", "all")},
    **dict.fromkeys(("former", "formerly", "former_id", "former_ids", "old_id", "aliases", "alias", "renamed_from"), "was"),
    **dict.fromkeys(("title", "description"), "name"),
    **dict.fromkeys(("from", "sources", "system", "connector"), "source"),
    **dict.fromkeys(("counts", "number", "total_count"), "count"),
    **dict.fromkeys(("sums", "total", "sum_of", "add"), "sum"),
    **dict.fromkeys(("avg", "mean", "average_of", "averages"), "average"),
    **dict.fromkeys(("last", "newest", "current", "value", "field", "column"), "latest"),
    **dict.fromkeys(("unique", "count_distinct", "distinct_count", "uniques", "different"), "distinct"),
    **dict.fromkeys(("share", "rate", "percentage", "percent", "quotient"), "ratio"),
    **dict.fromkeys(("net_promoter_score", "promoters", "score"), "nps"),
    **dict.fromkeys(("duration", "lead_time", "cycle_time", "days", "age", "between", "time_between"), "days_between"),
    **dict.fromkeys(("max", "maximum", "min", "minimum", "median", "percentile", "p50", "p90", "stddev", "first"), _QUERY),
    **dict.fromkeys(("formula", "expression", "calculation", "numerator", "denominator"), _QUERY),
    **dict.fromkeys(("aggregate", "aggregation", "agg", "function", "type", "kind", "measure"), _MEANS),
    **dict.fromkeys(("weight", "weights", "weighted_by", "multiply", "multiplied_by", "factor"), "times"),
    **dict.fromkeys(("if", "where", "condition", "conditions", "match", "matches", "filter", "filters"), "when"),
    **dict.fromkeys(("sql", "query_file", "queries"), "query"),
    **dict.fromkeys(("sheet", "row", "rows", "line"), "series"),
    **dict.fromkeys(("date", "on", "dated_by", "date_field", "by_date", "created", "done", "closed", "due"), "dated"),
    **dict.fromkeys(("period", "timeframe", "range", "time_window", "windows", "during", "within", "last_days"), "window"),
    **dict.fromkeys(("frequency", "rhythm", "interval", "cadence", "schedule"), "every"),
    **dict.fromkeys(("delay", "lag", "grace", "final_after", "settles"), "settle"),
    **dict.fromkeys(("units", "format", "suffix"), "unit"),
    **dict.fromkeys(("rate_table", "exchange_rates", "plan_rates", "convert"), "rates"),
    "currency": 'Write rates = "plan-2027" for sums in the base of that table, or unit = "EUR" if all amounts are in one.',
    **dict.fromkeys(("target", "start", "baseline", "goal", "objective", "judge", "pace", "weight_in_objective"), _IN_KEY_RESULT),
    "team": "A metric belongs to nobody; when.team narrows it to the items of a team.",
    "owner": "A metric belongs to nobody; its key results have owners.",
    "expr": "A metric has no expression; say it in `when` lines, or in a query.",
    **dict.fromkeys(("to", "of"), "ratio"),
}
INLINE_OTHERS = dict.fromkeys(NAMED, "Remove it: nobody else can name it. For a metric that others use, write a [[metric]].")

# ---- fields ---------------------------------------------------------------------------------------------------------------

FIELDS = spec.METRIC_FIELDS
FIELDS_OTHERS = {
    **dict.fromkeys(("points", "story_points", "effort", "size"), "estimate"),
    **dict.fromkeys(("price", "money", "volume", "arr", "revenue"), "amount"),
    **dict.fromkeys(("likelihood", "chance"), "probability"),
    **dict.fromkeys(("number", "values"), "value"),
}
OF_VALUES = ("value", "amount")
"""What a value has, beside columns of its own."""
LINES_OF_VALUES = frozenset({"amount", "created", "done"})
"""What lines can read of a value, beside columns of its own."""
MONEY = frozenset({"value", "amount"})
"""Fields whose numbers may have a currency; so may those of one's own."""

# ---- dates and windows ----------------------------------------------------------------------------------------------------

DATES = spec.METRIC_DATES
DATES_OTHERS = {
    **dict.fromkeys(("created_at", "creation", "opened", "reported"), "created"),
    **dict.fromkeys(("started_at", "begun", "in progress", "doing", "start"), "started"),
    **dict.fromkeys(
        ("done_at", "finished", "finished_at", "completed", "completed_at", "resolved", "resolved_at", "resolution"), "done"
    ),
    **dict.fromkeys(("closed_at", "won", "lost", "closing", "close date", "close_date"), "closed"),
    **dict.fromkeys(("due_date", "duedate", "deadline", "due date"), "due"),
    **dict.fromkeys(("updated", "modified", "changed"), "It changes with every edit: use created, started, done, closed or due."),
    **dict.fromkeys(("today", "now"), "Name a date of the row, such as created or closed."),
}
WINDOWS = spec.METRIC_WINDOWS
WINDOWS_OTHERS = {
    **dict.fromkeys(("this cycle", "current cycle", "quarter", "this quarter"), "cycle"),
    **dict.fromkeys(("following cycle", "coming cycle", "next quarter"), "next cycle"),
    **dict.fromkeys(("this year", "fiscal year", "annual", "ytd", "year to date"), "year"),
    **dict.fromkeys(("ever", "always", "everything", "total", "none"), "all"),
    **dict.fromkeys(
        ("previous cycle", "last cycle", "last quarter"), "A past cycle has its own figures; name days, such as 90d."
    ),
    **dict.fromkeys(("day", "today"), "1d"),
    **dict.fromkeys(("week", "this week", "last week"), "7d"),
    **dict.fromkeys(("month", "this month", "last month", "30 days"), "30d"),
}
DAYS = re.compile(r"([0-9]{1,4})\s?([dw])", re.ASCII)
"""Days or weeks: ``28d``, ``4w``."""
MOST_DAYS = 3660
"""Ten years."""
MOST_SETTLE = 366
RHYTHMS: tuple[Rhythm, ...] = get_args(Rhythm)
RHYTHMS_OTHERS = {
    **dict.fromkeys(("daily", "days", "1d", "night", "nightly"), "day"),
    **dict.fromkeys(("weekly", "weeks", "7d", "1w"), "week"),
    **dict.fromkeys(("monthly", "months", "30d"), "month"),
    **dict.fromkeys(("quarterly", "quarters", "cycle"), "quarter"),
    **dict.fromkeys(("yearly", "annual", "annually", "years"), "year"),
    **dict.fromkeys(("hour", "hourly"), 'A day is the shortest rhythm: write every = "day".'),
}
RATIO = ("of", "to")
RATIO_OTHERS = {
    **dict.fromkeys(("numerator", "part", "good", "when", "top"), "of"),
    **dict.fromkeys(("denominator", "all", "whole", "over", "bottom", "total"), "to"),
}
