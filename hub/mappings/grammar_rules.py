"""The words of rules: what ``[[rule]]``, ``[[pattern]]`` and the status maps take, which fields and operators a condition has.

A word that is often written in place of another one comes with that one, or with a whole remedy.
"""

from __future__ import annotations

from typing import Literal, get_args

from hub.mappings import spec
from hub.mappings.grammar import KEY_RESULTS, LEAVE
from hub.model import DATES, NUMBERS, State

RULE = (*spec.RULE.names, "for_each")
PRIORITIES = range(1000)

FIELDS = tuple(field.name for field in spec.FIELDS)
FIELDS_OTHERS = {
    **dict.fromkeys(
        ("not", "except", "exclude", "excluding", "without", "unless"),
        'What must not hold is a line of its own beside `when`: unless.label = "spike".',
    ),
    **dict.fromkeys(("any", "all", "or", "and"), 'A list means any of its values, and all lines hold: when.label = ["a", "b"].'),
    **dict.fromkeys(("tag", "tags"), "label"),
    **dict.fromkeys(("id", "issue", "epic"), "key"),
    **dict.fromkeys(("issuetype", "issue_type"), "type"),
    **dict.fromkeys(("summary", "name"), "title"),
    **dict.fromkeys(("points", "story_points", "effort", "size"), "estimate"),
    **dict.fromkeys(("value", "price"), "amount"),
    **dict.fromkeys(("due_date", "duedate", "deadline"), "due"),
    **dict.fromkeys(("created_at", "creation_date"), "created"),
    **dict.fromkeys(("updated_at", "modified", "changed"), "updated"),
    **dict.fromkeys(("done_at", "finished", "completed", "resolved"), "done"),
    "category": "state",
    "owner": "assignee",
    "squad": "team",
}
RULE_OTHERS = {
    **{f: f"when.{f}" for f in FIELDS},
    **{f"{f}s": f"when.{f}" for f in FIELDS},
    **{f: r if r.endswith(".") else f"when.{r}" for f, r in FIELDS_OTHERS.items()},
    **dict.fromkeys(("not", "except", "exclude", "excluding", "without"), "unless"),
    "field": "when.field",
    **dict.fromkeys(("target", "targets", "serves", "key_result", *KEY_RESULTS), "to"),
    **dict.fromkeys(("if", "where", "condition", "conditions", "match", "matches", "filter"), "when"),
    **dict.fromkeys(("cel", "expression"), "expr"),
    **dict.fromkeys(("from", "begin", "begins", "since"), "starts"),
    **dict.fromkeys(("until", "till", "through"), "ends"),
    **dict.fromkeys(("strength", "order", "rank"), "priority"),
    "weight": "A rule has no weight; shares are written in `to`, strength in `priority`.",
    "default": "fallback",
    "reason": "ignore",
}
FIELDS_REFUSED = {
    "probability": LEAVE,
    "started": "Use when.created.",
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
LEVEL_NUMBERS = {"epic": "1", "story": "0", "sub-task": "-1", "subtask": "-1"}
MAX_STARS = 5
"""Wildcards in one pattern; each more would multiply the time that an unlucky title takes."""

STATES: dict[str, tuple[State, ...]] = {
    "todo": ("todo",),
    "doing": ("doing",),
    "done": ("done",),
    "dropped": ("dropped",),
    "open": ("todo", "doing"),
    "closed": ("done", "dropped"),
}
STATES_OTHERS = {
    **dict.fromkeys(("to do", "to-do", "new", "backlog", "planned"), "todo"),
    **dict.fromkeys(("in progress", "in-progress", "wip", "started", "indeterminate", "active"), "doing"),
    **dict.fromkeys(("finished", "complete", "completed", "resolved"), "done"),
    **dict.fromkeys(("cancelled", "canceled", "rejected", "won't do", "wont do", "won't fix", "declined"), "dropped"),
}

NAMELESS = frozenset({"source", "project", "key", "state", "level"}) | DATES | NUMBERS
"""Fields that cannot name a key result or a team."""
MOVING = frozenset({"status", "sprint", "assignee", "resolution", "updated"})
"""Fields that change as work moves."""
FINISHING = frozenset({"state", "done", "closed"})
"""Fields that change when work is finished."""
PRIVATE = ("source", "project", "type", "label", "component", "key", "level", "field.NAME")
"""What is known of an item when it is read, before anything of it is stored."""
ALWAYS = {"source": "a source", "state": "a state", "level": "a level"}
"""Fields that no item is without."""

# ---- operators ------------------------------------------------------------------------------------------------------------

Bound = Literal["gt", "gte", "lt", "lte"]
BOUNDS: tuple[Bound, ...] = get_args(Bound)
OPERATORS = tuple(operator.name for operator in spec.OPERATORS)
_ITSELF = 'Name the value itself: when.label = "x"; a list means any of its values.'
_STARS = 'Write a text with stars: when.title = "*SAML*".'
LOOKS_INTO = ("contains", "contain", "like", "has", "starts_with", "startswith", "ends_with", "endswith", "glob")
"""Operators elsewhere for what a text with stars says here."""
OPERATORS_OTHERS = {
    **dict.fromkeys((">", "after", "above", "greater", "more", "more_than", "greater_than"), "gt"),
    **dict.fromkeys((">=", "=>", "ge", "min", "since", "from", "at_least"), "gte"),
    **dict.fromkeys(("<", "before", "below", "less", "less_than", "under"), "lt"),
    **dict.fromkeys(("<=", "=<", "le", "max", "until", "to", "at_most"), "lte"),
    **dict.fromkeys(("between", "range", "window", "during"), "within"),
    **dict.fromkeys(("re", "regexp", "match", "matches", "pattern", "regular_expression", "~", "=~"), "regex"),
    **dict.fromkeys(("is_empty", "isempty", "missing", "null", "none", "blank", "exists", "set"), "empty"),
    **dict.fromkeys(("eq", "=", "==", "equal", "equals", "is", "in", "any", "any_of", "one_of"), _ITSELF),
    **dict.fromkeys(
        ("ne", "!=", "<>", "not", "not_in", "unless", "except"),
        'What must not hold is a line of its own beside `when`: unless.label = "spike".',
    ),
    **dict.fromkeys(LOOKS_INTO, _STARS),
    "all": 'All lines of a rule hold at once; a list means any of its values: when.label = ["a", "b"].',
}
WINDOWS = spec.WINDOWS
WINDOWS_OTHERS = {
    **dict.fromkeys(("last cycle", "former cycle", "cycle before"), "previous cycle"),
    **dict.fromkeys(("this cycle", "current cycle", "the cycle", "quarter", "this quarter"), "cycle"),
    **dict.fromkeys(("following cycle", "coming cycle", "next quarter"), "next cycle"),
    **dict.fromkeys(("last quarter", "previous quarter"), "previous cycle"),
}
CYCLE_DAYS = spec.CYCLE_DAYS
TODAY = frozenset({"today", "now", "now()", "today()", "tomorrow", "yesterday"})

# ---- what the sources' words mean -------------------------------------------------------------------------------------------

STATUS_STATES: tuple[State, ...] = get_args(State)
RESOLUTION = spec.RESOLUTION.names
RESOLUTION_OTHERS = dict.fromkeys(("drop", "drops", "dropped_resolutions", "names", "wont_do", "cancelled"), "dropped")

PATTERN = (*spec.PATTERN.names, "for_each")
PATTERN_OTHERS = {
    **dict.fromkeys(("from", "sources"), "source"),
    **dict.fromkeys(("field", "fields", "where", "look_in", "within"), "in"),
    **dict.fromkeys(("find", "match", "matches", "regex", "pattern", "text"), "finds"),
    **dict.fromkeys(("is", "relation", "type", "kind", "makes"), "as"),
    **dict.fromkeys(("when", "unless"), "A pattern has no conditions; `source` and `in` say where it looks."),
    **dict.fromkeys(("id", "name"), "Remove it; a pattern has no name."),
    "to": "Remove it; a pattern finds the other item by its key or address.",
}
PATTERN_IN = spec.IN
PATTERN_IN_OTHERS = {
    **dict.fromkeys(("summary", "name"), "title"),
    **dict.fromkeys(("attachments", "link", "links", "url", "urls"), "attachment"),
    **dict.fromkeys(("body", "text", "desc", "notes"), "description"),
    **dict.fromkeys(("labels", "tag", "tags"), "label"),
}
PATTERN_FINDS = spec.FINDS
PATTERN_FINDS_OTHERS = {
    **dict.fromkeys(("key", "keys", "issue key", "jira", "jira_key", "jira-key", "jira issue"), "jira key"),
    **dict.fromkeys(("address", "addresses", "link", "links"), "url"),
}
Relation = Literal["child", "relation", "duplicate"]
PATTERN_AS: tuple[Relation, ...] = get_args(Relation)
PATTERN_AS_OTHERS = {
    **dict.fromkeys(("parent", "sub-task", "subtask", "children", "sub task"), "child"),
    **dict.fromkeys(("related", "relates", "relates to", "link", "linked"), "relation"),
    **dict.fromkeys(("copy", "same", "dup", "duplicates", "duplicate of"), "duplicate"),
}
