"""The words of the mapping files: which keys each table takes, and which words of the grammar this version refuses.

A refused word comes with what to do instead. Nothing is ever ignored silently: a key is read, refused or unknown. Which keys
there are says ``spec``, from which editors' schemas and the reference are made as well.
"""

from __future__ import annotations

from typing import Literal, get_args

from hub.mappings import spec
from hub.model import AnchorKind, Judged, Kind

LEAVE = "Remove it for now."
_PRIVATE = "Write private = true on the [[rule]] that finds such work."

TOP = tuple(block.name for block in spec.BLOCKS)
KEY_RESULTS = ("kr", "krs", "keyresult", "keyresults", "key_results", "result", "results")
TOP_OTHERS = {
    **dict.fromkeys(("rules", "mapping", "mappings", "link", "links"), "[[rule]]"),
    **dict.fromkeys(("objectives", "okr", "okrs", "goal", "goals"), "[[objective]]"),
    **dict.fromkeys(KEY_RESULTS, "[[key_result]]"),
    **dict.fromkeys(("teams", "squad", "squads"), "[[team]]"),
    **dict.fromkeys(("metrics", "kpi", "kpis", "measure", "measures", "indicator", "indicators"), "[[metric]]"),
    **dict.fromkeys(("cycles", "quarter", "quarters", "period", "periods"), "[cycle]"),
    **dict.fromkeys(("pillars", "priority", "priorities", "theme", "themes"), "[pillar]"),
    **dict.fromkeys(("allowances", "budget", "budgets"), "[allowance]"),
    **dict.fromkeys(("curve", "curves", "paces"), "[pace]"),
    **dict.fromkeys(("rate", "exchange_rates", "currencies"), "[rates]"),
    **dict.fromkeys(("people", "person", "persons"), "It goes into people.csv, beside this file."),
    **dict.fromkeys(("statuses", "state", "states", "status_map"), "[status.NAME]"),
    "resolutions": "[resolution]",
    "patterns": "[[pattern]]",
    **dict.fromkeys(("source", "sources", "timezone", "database"), "It goes into config.toml."),
}

CYCLE = spec.CYCLE.names
CYCLE_OTHERS = {
    **dict.fromkeys(("within", "part_of", "year"), "parent"),
    **dict.fromkeys(("agreed_by", "agreed", "deadline"), "agree_by"),
    **dict.fromkeys(("months", "sprints", "parts"), "periods"),
    **dict.fromkeys(("from", "begin", "begins", "since", "first"), "starts"),
    **dict.fromkeys(("to", "until", "till", "through", "finish", "last"), "ends"),
}
CYCLE_REFUSED = {
    "was": "Keep the old id; objectives and stored numbers name it.",
    "for_each": "Write one line per cycle.",
}

AMBITIONS: tuple[Literal["committed", "aspirational"], ...] = ("committed", "aspirational")
SCALE = spec.SCALE.names
SCALE_OTHERS: dict[str, str] = {
    **dict.fromkeys(("green", "ok", "good"), "on_track"),
    **dict.fromkeys(("amber", "yellow", "warning"), "at_risk"),
    **dict.fromkeys(("red", "off_track"), "It begins below `at_risk`: remove the line."),
    **dict.fromkeys(("grace", "early", "no_verdict"), "too_early"),
    **dict.fromkeys(("stale", "unknown", "old"), "late"),
    **dict.fromkeys(("scores", "done", "success"), "score"),
    **dict.fromkeys(AMBITIONS, "They stand in `score`: score = { committed = 1.0, aspirational = 0.7 }."),
}
RATES = spec.RATES.names
RATES_OTHERS = {
    **dict.fromkeys(("currency", "in", "into"), "base"),
    **dict.fromkeys(("from", "starts", "date", "of", "day"), "since"),
}
PACES = ("linear", "none")
"""What `pace` may say beside the name of a curve."""

_FORMER = dict.fromkeys(("former", "formerly", "former_id", "former_ids", "old_id", "aliases", "alias", "renamed_from"), "was")

PILLAR = spec.PILLAR.names
PILLAR_OTHERS = {"title": "name", "description": "name", "lead": "owner", **_FORMER}
PILLAR_REFUSED = {"for_each": "Write one line per pillar."}

ALLOWANCE = spec.ALLOWANCE.names
ALLOWANCE_REFUSED = {"for_each": "Write one line per allowance.", "was": "Keep the old id: labels name it."}

TEAM = spec.TEAM.names
TEAM_OTHERS = {
    **_FORMER,
    "title": "name",
    **dict.fromkeys(("owner", "head", "manager"), "lead"),
    **dict.fromkeys(("department", "tribe", "division", "part_of"), "parent"),
    **dict.fromkeys(("headcount", "fte", "ftes"), "size"),
    **dict.fromkeys(("slack", "chat", "digest"), "channel"),
    "field": "owns.field",
    **dict.fromkeys(("project", "projects"), "owns.project"),
    **dict.fromkeys(("person", "persons", "people", "member", "members"), "owns.person"),
}
OWNS = spec.OWNS
OWNS_REFUSED = {
    "board": "Write owns.project; a board is owned through its project.",
    "parent": "Remove it; an item that no team owns takes the team of its parent anyway.",
}

ANCHORS: tuple[AnchorKind, ...] = ("pillar", "supports", "strength", "opportunity", "weakness", "threat")
OBJECTIVE = spec.OBJECTIVE.names
OBJECTIVE_OTHERS = {
    **_FORMER,
    **dict.fromkeys(("teams", "helpers", "contributors", "shared_with"), "with"),
    **dict.fromkeys(("status", "stage"), "state"),
    **dict.fromkeys(("note", "notes", "page"), "home"),
    **{a: f"anchor.{a}" for a in ANCHORS if a != "pillar"},
    **dict.fromkeys(("title", "description"), "name"),
    **dict.fromkeys(("quarter", "period"), "cycle"),
    **dict.fromkeys(("theme", "priority"), "pillar"),
    "lead": "owner",
    "parent": "anchor.supports",
    **dict.fromkeys(("key_result", *KEY_RESULTS), "[[key_result]]"),
}
OBJECTIVE_REFUSED = {
    "continues": LEAVE,
    **dict.fromkeys(("draft", "agreed", "dropped"), 'Write state = "draft", "agreed" or "dropped".'),
    "private": _PRIVATE,
}
STATES: tuple[Literal["draft", "agreed", "dropped"], ...] = ("draft", "agreed", "dropped")

KEY_RESULT = spec.KEY_RESULT.names
_CALCULATED = "Remove it; progress is calculated, from the metric or from the work that is attached."
_BY_RULE = 'Write a [[rule]] with when.label = "..." and `to` this key result.'
_OF_METRIC = "It belongs to the metric: write it there."
KEY_RESULT_OTHERS = {
    **_FORMER,
    **{key: f"metric.{key}" for key in spec.METRIC.names if key not in (*spec.KEY_RESULT.names, "every", "unit")},
    **dict.fromkeys(("title", "description"), "name"),
    **dict.fromkeys(("parent", "objectives"), "objective"),
    **dict.fromkeys(("quarter", "period"), "cycle"),
    **dict.fromkeys(("kpi", "measure", "measures", "metrics", "indicator"), "metric"),
    **dict.fromkeys(("start_value", "baseline", "initial"), "start"),
    **dict.fromkeys(("target_value", "goal", "targets"), "target"),
    **dict.fromkeys(("step", "milestones", "checklist", "deliverables"), "steps"),
    **dict.fromkeys(("if", "where", "filter", "condition", "conditions"), "when"),
    **dict.fromkeys(("whole", "part", "parent_key_result", "belongs_to"), "part_of"),
    **dict.fromkeys(("aggregate", "aggregation", "rollup", "roll_up"), "combine"),
    **dict.fromkeys(("judged", "evaluate", "judgement"), "judge"),
    **dict.fromkeys(("depends", "depends_on", "dependency", "dependencies", "waits_for", "blocked_by", "requires"), "needs"),
    **dict.fromkeys(("cancelled", "canceled", "abandoned"), "dropped"),
    **dict.fromkeys(("curve", "phasing", "trajectory"), "pace"),
    **dict.fromkeys(("note", "notes", "page"), "home"),
    **dict.fromkeys(("unit", "every"), _OF_METRIC),
    "due": "A key result lasts as long as its cycle; the steps of a milestone have a `due` each.",
    "type": "kind",
    "lead": "owner",
}
KEY_RESULT_REFUSED = {
    **dict.fromkeys(("progress", "current", "value", "done"), _CALCULATED),
    **dict.fromkeys(("label", "labels"), _BY_RULE),
    "starts": "Remove it; a key result lasts as long as its cycle.",
    "ends": "Remove it; a key result lasts as long as its cycle.",
    "private": _PRIVATE,
    "with": "Write `with` in its objective, or name the one team that answers for it in `team`.",
    "state": 'Write `state` in its objective; a key result that is given up says dropped = { on = DAY, why = "..." }.',
}
STEP = spec.STEP
STEP_OTHERS = {
    **dict.fromkeys(("title", "id"), "name"),
    **dict.fromkeys(("by", "date", "until", "deadline"), "due"),
    **dict.fromkeys(("if", "where"), "when"),
    **dict.fromkeys(("not", "except", "without"), "unless"),
    **dict.fromkeys(("size", "points", "share"), "weight"),
    "key": "when.key",
    "label": "when.label",
}
NEED = spec.NEED
NEED_OTHERS = {
    **dict.fromkeys(("id", *KEY_RESULTS), "key_result"),
    **dict.fromkeys(("due", "until", "date", "on"), "by"),
}
DROPPED = spec.DROPPED
DROPPED_OTHERS = {
    **dict.fromkeys(("date", "day", "since", "at"), "on"),
    **dict.fromkeys(("reason", "because", "comment"), "why"),
}
KINDS: tuple[Kind, ...] = (
    "increase", "decrease", "stay_above", "stay_below", "stay_within", "milestone", "completion",
)  # fmt: skip
"""Kinds as they are written; `parts` is what combine = "mean" makes of a key result."""
KINDS_OTHERS = {
    **dict.fromkeys(("reduce", "reduction", "down", "lower", "minimise", "minimize"), "decrease"),
    **dict.fromkeys(("raise", "grow", "growth", "up", "reach", "maximise", "maximize"), "increase"),
    **dict.fromkeys(("above", "at least", "at_least", "minimum", "min", "keep above", "maintain", "control"), "stay_above"),
    **dict.fromkeys(("below", "at most", "at_most", "maximum", "max", "keep below", "limit"), "stay_below"),
    **dict.fromkeys(("within", "between", "range", "band", "corridor"), "stay_within"),
    **dict.fromkeys(("milestones", "steps", "checklist", "binary", "boolean", "yes/no", "deliverable"), "milestone"),
    **dict.fromkeys(("complete", "work", "output", "tasks", "epics", "initiative"), "completion"),
    **dict.fromkeys(("parts", "sum", "mean", "roll-up", "rollup"), 'Write combine = "mean" without `kind`, or combine = "sum".'),
    **dict.fromkeys(
        ("metric", "kpi", "number", "numeric", "percent", "percentage", "currency", "amount", "target"),
        'Write which way it shall go: kind = "increase", "decrease", "stay_above", "stay_below" or "stay_within".',
    ),
}
COMBINE: tuple[Literal["sum", "mean"], ...] = ("sum", "mean")
COMBINE_OTHERS = {"average": "mean", "avg": "mean", "total": "sum", "add": "sum"}
JUDGE: tuple[Judged, ...] = get_args(Judged)
JUDGE_OTHERS = {
    **dict.fromkeys(("mean", "avg"), "average"),
    **dict.fromkeys(("latest", "newest", "current", "now", "end"), "last"),
    **dict.fromkeys(("max", "maximum", "min", "minimum", "every", "all", "always"), "worst"),
    **dict.fromkeys(("ratio", "percentage", "percent", "part"), "share"),
}
TARGETS = spec.TARGETS
TARGETS_OTHERS = {
    **dict.fromkeys(("by", "date", "day", "due", "until"), "on"),
    **dict.fromkeys(("value", "goal"), "target"),
}
BY: tuple[Literal["count", "estimate", "amount"], ...] = ("count", "estimate", "amount")
LEVELS: tuple[Literal["epic", "story", "leaf"], ...] = ("epic", "story", "leaf")
MISSING: tuple[Literal["mean", "0", "1"], ...] = ("mean", "0", "1")
BEFORE_CYCLE: tuple[Literal["leave_out", "count"], ...] = ("leave_out", "count")
