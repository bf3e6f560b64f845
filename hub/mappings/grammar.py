"""The words of the mapping files: which keys each table takes, and which words of the grammar this version refuses.

A refused word comes with what to do instead. Nothing is ever ignored silently: a key is read, refused or unknown. Which keys
there are says ``spec``, from which editors' schemas and the reference are made as well.
"""

from __future__ import annotations

from typing import Literal

from hub.mappings import spec
from hub.model import AnchorKind

LEAVE = "Remove it for now."
_PRIVATE = "Write private = true on the [[rule]] that finds such work."

TOP = tuple(block.name for block in spec.BLOCKS)
TOP_REFUSED = {
    "metric": 'Remove the metric; a key result of kind "completion" measures the work that is attached to it.',
}

KEY_RESULTS = ("kr", "krs", "keyresult", "keyresults", "key_results", "result", "results")
TOP_OTHERS = {
    **dict.fromkeys(("rules", "mapping", "mappings", "link", "links"), "[[rule]]"),
    **dict.fromkeys(("objectives", "okr", "okrs", "goal", "goals"), "[[objective]]"),
    **dict.fromkeys(KEY_RESULTS, "[[key_result]]"),
    **dict.fromkeys(("teams", "squad", "squads"), "[[team]]"),
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

SCALE = spec.SCALE.names
AMBITIONS: tuple[Literal["committed", "aspirational"], ...] = ("committed", "aspirational")
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
_COMPLETION = 'A key result of kind "completion" goes from nothing done to all of its work done.'
_CALCULATED = "Remove it; progress is calculated from the work that is attached."
_BY_RULE = 'Write a [[rule]] with when.label = "..." and `to` this key result.'
KEY_RESULT_OTHERS = {
    **_FORMER,
    **dict.fromkeys(("title", "description"), "name"),
    **dict.fromkeys(("parent", "objectives"), "objective"),
    **dict.fromkeys(("quarter", "period"), "cycle"),
    **dict.fromkeys(("depends", "depends_on", "dependency", "dependencies", "waits_for", "blocked_by", "requires"), "needs"),
    **dict.fromkeys(("cancelled", "canceled", "abandoned"), "dropped"),
    **dict.fromkeys(("curve", "phasing"), "pace"),
    **dict.fromkeys(("note", "notes", "page"), "home"),
    "type": "kind",
    "lead": "owner",
}
KEY_RESULT_REFUSED = {
    **dict.fromkeys(("progress", "current", "value", "done"), _CALCULATED),
    **dict.fromkeys(("label", "labels"), _BY_RULE),
    "baseline": _COMPLETION,
    "part_of": "Give it the objective directly; parts would be averaged like the rest.",
    "combine": LEAVE,
    "metric": _COMPLETION,
    "start": _COMPLETION,
    "target": _COMPLETION,
    "unit": _COMPLETION,
    "every": LEAVE,
    "judge": LEAVE,
    "steps": 'Make each step an epic and use kind = "completion" with level = "epic".',
    "due": LEAVE,
    **dict.fromkeys(("when", "unless"), "Write a [[rule]] with these lines and `to` this key result."),
    "starts": "Remove it; a key result lasts as long as its cycle.",
    "ends": "Remove it; a key result lasts as long as its cycle.",
    "private": _PRIVATE,
    "with": "Write `with` in its objective, or name the one team that answers for it in `team`.",
    "state": 'Write `state` in its objective; a key result that is given up says dropped = { on = DAY, why = "..." }.',
}
STEP = ("name", "weight", "due", "when")
STEP_OTHERS = {
    **dict.fromkeys(("title", "id"), "name"),
    **dict.fromkeys(("by", "date", "until", "deadline"), "due"),
    **dict.fromkeys(("if", "where"), "when"),
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
KINDS: tuple[Literal["completion"], ...] = ("completion",)
KIND = 'Use kind = "completion", or leave this key result out until its kind is supported.'
KINDS_REFUSED = {
    **dict.fromkeys(("increase", "decrease", "stay_above", "stay_below", "stay_within"), KIND),
    "milestone": 'Make each step an epic and use kind = "completion" with level = "epic", or leave this key result out for now.',
}
METRIC_KINDS = frozenset({"metric", "kpi", "number", "numeric", "percent", "percentage", "currency", "amount", "target"})
"""What a key result with a metric is called elsewhere."""
OTHER_KINDS = (
    "baseline",
    "current",
    "value",
    "metric",
    "start",
    "target",
    "unit",
    "every",
    "judge",
    "steps",
    "due",
    "when",
    "unless",
    "part_of",
    "combine",
)
BY: tuple[Literal["count", "estimate"], ...] = ("count", "estimate")
BY_REFUSED = {"amount": 'Use by = "count" or by = "estimate".'}
LEVELS: tuple[Literal["epic", "story", "leaf"], ...] = ("epic", "story", "leaf")
MISSING: tuple[Literal["mean", "0", "1"], ...] = ("mean", "0", "1")
BEFORE_CYCLE: tuple[Literal["leave_out", "count"], ...] = ("leave_out", "count")
