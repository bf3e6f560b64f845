"""The words of the mapping files: which keys each table takes, and which words of the grammar this version refuses.

A refused word comes with what to do instead. Nothing is ever ignored silently: a key is read, refused or unknown.
"""

from __future__ import annotations

from typing import Literal

from hub.model import AnchorKind

LEAVE = "Remove it for now."
_NO_COPIES = "Write one block per row."
_NO_PRIVATE = "Leave such projects out of `projects` in config.toml when their titles must not be stored."

TOP = ("cycle", "scale", "allowance", "pillar", "team", "objective", "key_result", "rule")
TOP_REFUSED = {
    "file": "Move the file's `team` to each of its key results; a CODEOWNERS file can say who may edit it.",
    "pace": "Remove the curves; no status is judged yet.",
    "rates": "Remove the rates; amounts are not read yet.",
    "metric": 'Remove the metric; a key result of kind "completion" measures the work that is attached to it.',
    "status": "Remove the table; the categories of the source's own status list decide.",
    "resolution": ("Remove the table; Won't Do, Won't Fix, Duplicate, Cannot Reproduce and Declined count as dropped."),
    "pattern": "Remove it; parents are the source's own.",
}

_KEY_RESULTS = ("kr", "krs", "keyresult", "keyresults", "key_results", "result", "results")
TOP_OTHERS = {
    **dict.fromkeys(("rules", "mapping", "mappings", "link", "links"), "[[rule]]"),
    **dict.fromkeys(("objectives", "okr", "okrs", "goal", "goals"), "[[objective]]"),
    **dict.fromkeys(_KEY_RESULTS, "[[key_result]]"),
    **dict.fromkeys(("teams", "squad", "squads"), "[[team]]"),
    **dict.fromkeys(("cycles", "quarter", "quarters", "period", "periods"), "[cycle]"),
    **dict.fromkeys(("pillars", "priority", "priorities", "theme", "themes"), "[pillar]"),
    "allowances": "[allowance]",
    **dict.fromkeys(("source", "sources", "timezone", "database"), "It goes into config.toml."),
}

CYCLE = ("starts", "ends")
CYCLE_OTHERS = {
    **dict.fromkeys(("from", "begin", "begins", "since", "first"), "starts"),
    **dict.fromkeys(("to", "until", "till", "through", "finish", "last"), "ends"),
}
CYCLE_REFUSED = {
    "parent": "Remove it; a cycle inside a longer one is recognised by its dates.",
    "periods": "Write one cycle per period.",
    "agree_by": LEAVE,
}

SCALE = ("on_track", "at_risk", "too_early", "score", "late")

PILLAR = ("name", "owner", "weight")
PILLAR_OTHERS = {"title": "name", "description": "name", "lead": "owner"}
PILLAR_REFUSED = {"for_each": "Write one line per pillar."}

ALLOWANCE = ("name", "budget", "budget_for")
ALLOWANCE_REFUSED = {"for_each": "Write one line per allowance."}

TEAM = ("id", "name", "lead", "owns")
TEAM_OTHERS = {
    "title": "name",
    "owner": "lead",
    "field": "owns.field",
    **dict.fromkeys(("project", "projects"), "owns.project"),
    **dict.fromkeys(("person", "persons", "people", "member", "members"), "owns.person"),
}
TEAM_REFUSED = {
    "for_each": "Write one [[team]] block per team.",
    "parent": "Remove it; teams stand side by side.",
    "size": "Remove it; effort is shown per team only.",
    "channel": "Remove it; no digest is sent.",
}
OWNS = ("field", "project", "person")
OWNS_REFUSED = {
    "board": "Write owns.project; a board is owned through its project.",
    "parent": "Remove it; an item that no team owns takes the team of its parent anyway.",
}

ANCHORS: tuple[AnchorKind, ...] = ("pillar", "supports", "strength", "opportunity", "weakness", "threat")
OBJECTIVE = ("id", "name", "cycle", "team", "owner", "anchor", "pillar", "weight")
OBJECTIVE_OTHERS = {
    **{a: f"anchor.{a}" for a in ANCHORS if a != "pillar"},
    **dict.fromkeys(("title", "description"), "name"),
    **dict.fromkeys(("quarter", "period"), "cycle"),
    **dict.fromkeys(("theme", "priority"), "pillar"),
    "lead": "owner",
    "parent": "anchor.supports",
    **dict.fromkeys(("key_result", *_KEY_RESULTS), "[[key_result]]"),
}
OBJECTIVE_REFUSED = {
    "for_each": _NO_COPIES,
    "with": "Name the one team that answers for it in `team`.",
    "state": "Remove it; every objective in the files counts. Keep a draft out of the files until it is agreed.",
    "home": LEAVE,
    "was": "Keep the old id.",
    "continues": LEAVE,
    "dropped": "Remove the objective with its key results to drop it.",
    "private": _NO_PRIVATE,
}

KEY_RESULT = (
    "id",
    "name",
    "objective",
    "kind",
    "by",
    "level",
    "missing",
    "before_cycle",
    "ambition",
    "team",
    "owner",
    "weight",
    "keywords",
)
_COMPLETION = 'A key result of kind "completion" goes from nothing done to all of its work done.'
_CALCULATED = "Remove it; progress is calculated from the work that is attached."
_BY_RULE = 'Write a [[rule]] with when.label = "..." and `to` this key result.'
KEY_RESULT_OTHERS = {"title": "name", "description": "name", "type": "kind", "parent": "objective", "lead": "owner"}
KEY_RESULT_REFUSED = {
    **dict.fromkeys(("progress", "current", "value", "done"), _CALCULATED),
    **dict.fromkeys(("label", "labels"), _BY_RULE),
    "baseline": _COMPLETION,
    "for_each": _NO_COPIES,
    "was": "Keep the old id, so that labels and rules keep working.",
    "part_of": "Give it the objective directly; parts would be averaged like the rest.",
    "combine": LEAVE,
    "needs": LEAVE,
    "metric": _COMPLETION,
    "start": _COMPLETION,
    "target": _COMPLETION,
    "unit": _COMPLETION,
    "every": LEAVE,
    "pace": LEAVE,
    "judge": LEAVE,
    "steps": 'Make each step an epic and use kind = "completion" with level = "epic".',
    "due": LEAVE,
    "dropped": "Remove the key result to drop it.",
    "when": "Write a [[rule]] with these lines and `to` this key result.",
    "unless": "Write a [[rule]] that names the wanted work only.",
    "accepts": LEAVE,
    "cycle": "Remove it; a key result belongs to the cycle of its objective.",
    "starts": "Remove it; a key result lasts as long as its cycle.",
    "ends": "Remove it; a key result lasts as long as its cycle.",
    "home": LEAVE,
    "private": _NO_PRIVATE,
    "with": "Name the one team that answers for it in `team`.",
    "state": LEAVE,
}
KINDS: tuple[Literal["completion"], ...] = ("completion",)
KIND = 'Use kind = "completion", or leave this key result out until its kind is supported.'
KINDS_REFUSED = dict.fromkeys(("increase", "decrease", "milestone", "stay_above", "stay_below", "stay_within"), KIND)
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
    "pace",
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
AMBITION: tuple[Literal["committed", "aspirational"], ...] = ("committed", "aspirational")

RULE = ("name", "when", "to", "allowance", "ignore", "fallback")
_WANTED = "ame the wanted work in `when`, or give the unwanted work a stronger rule of its own (by key, for example)."
_EXCLUSION = dict.fromkeys(
    ("not", "except", "exclude", "excluding", "without", "unless"),
    f"What must not hold is written `unless`, which is not supported by this version: n{_WANTED}",
)
RULE_REFUSED = {
    "unless": f"N{_WANTED}",
    "starts": "Remove it; a rule lasts as long as its key result.",
    "ends": "Remove it; a rule lasts as long as its key result.",
    "priority": "Remove it; named by the item is stronger than `when.key`, that than other lines, those than `fallback = true`.",
    "private": _NO_PRIVATE,
    "expr": "Say it in `when` lines.",
    "for_each": "Write one [[rule]] block per row.",
    "team": LEAVE,
}

FIELDS = (
    "source", "project", "key", "type", "level", "status", "resolution", "label", "component", "sprint", "assignee", "title",
)  # fmt: skip
FIELDS_OTHERS = {
    **_EXCLUSION,
    **dict.fromkeys(("any", "all", "or", "and"), 'A list means any of its values, and all lines hold: when.label = ["a", "b"].'),
    **dict.fromkeys(("tag", "tags"), "label"),
    **dict.fromkeys(("id", "issue", "epic"), "key"),
    **dict.fromkeys(("issuetype", "issue_type"), "type"),
    **dict.fromkeys(("summary", "name"), "title"),
}
RULE_OTHERS = {
    **{f: f"when.{f}" for f in FIELDS},
    **{f"{f}s": f"when.{f}" for f in FIELDS},
    **{f: r if r.endswith(".") else f"when.{r}" for f, r in FIELDS_OTHERS.items()},
    "field": "when.field",
    **dict.fromkeys(("target", "targets", "serves", "key_result", *_KEY_RESULTS), "to"),
    **dict.fromkeys(("if", "where", "condition", "conditions", "match", "matches", "filter"), "when"),
    "default": "fallback",
    "reason": "ignore",
}
FIELDS_REFUSED = {
    "state": "Remove the line; a key result counts done and open work alike.",
    "team": 'Name what the team owns instead, for example when.project = "CORE".',
    "estimate": LEAVE,
    "amount": LEAVE,
    "probability": LEAVE,
    "created": LEAVE,
    "started": LEAVE,
    "done": LEAVE,
    "closed": LEAVE,
    "due": LEAVE,
    "stage": "Use when.status.",
    "list": "Use when.status.",
    "section": "Use when.project.",
    "board": "Use when.project.",
    "container": "Use when.project.",
    "description": "Use when.title or when.label.",
    "attachment": LEAVE,
    "url": "Use when.key.",
    "parent": "Use when.key with the parent's key; what lies beneath it inherits.",
}
OPERATORS = frozenset({"gt", "gte", "lt", "lte", "eq", "ne", "not", "in", "within", "regex", "empty", "any", "all"})
LEVEL_NUMBERS = {"epic": "1", "story": "0", "sub-task": "-1", "subtask": "-1"}
MAX_STARS = 5
"""Wildcards in one pattern; each more would multiply the time that an unlucky title takes."""
