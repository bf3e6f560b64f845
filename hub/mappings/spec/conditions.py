"""Conditions: the fields that a line of ``when`` or ``unless`` reads, and the operators that compare."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from hub.tomlfile.spec import DAY, FLAG, TEXT, Json, Key, Value, choice, either, formed, listed, many, number, table, whole

Kind = Literal["text", "source", "team", "state", "level", "number", "day", "own"]


class Field(NamedTuple):
    """A field of conditions: what its values are, what it is, and a line that reads it."""

    name: str
    kind: Kind
    meaning: str
    example: str


FIELDS = (
    Field("source", "source", "The source that the item was read from, by its name in config.toml.", 'when.source = "jira"'),
    Field("project", "text", "A project, board or section that holds it: key, name or id, also with the source in front.",
          'when.project = ["IDN", "jira:PLAT"]'),
    Field("key", "text", "Its key, present or former. A rule with this line is stronger than an ordinary one.",
          'when.key = "IDN-31"'),
    Field("type", "text", "Its type, by name or id.", 'when.type = ["Story", "Bug"]'),
    Field("level", "level", "Its level: epic (1), story (0), sub-task (-1), or a number; 2 and more stand above epics.",
          'when.level = "epic"'),
    Field("status", "text", "The vendor's status, by name or id.", 'when.status = "In Review"'),
    Field("state", "state", "What its status means: todo, doing, done, dropped; open is todo or doing, closed done or dropped.",
          'unless.state = "dropped"'),
    Field("resolution", "text", "The vendor's resolution, by name or id.", 'unless.resolution = "Moved"'),
    Field("label", "text", "One of its labels or tags.", 'when.label = "kr:{key_result}"'),
    Field("component", "text", "One of its components.", 'when.component = "SSO"'),
    Field("sprint", "text", "One of its sprints, by name or id.", 'when.sprint = "IDN 2027-*"'),
    Field("assignee", "text", "Who works on it: the account id, or the mail that people.csv gives it.",
          'when.assignee = "ben@acme.example"'),
    Field("team", "team", "The id of the team whose item it is, and of every team above that one.", 'when.team = "product"'),
    Field("title", "text", "Its title.", 'when.title = ["*SAML*", "*SCIM*"]'),
    Field("estimate", "number", "Its estimate; one that is no plain number is empty.", "when.estimate = { gte = 8 }"),
    Field("amount", "number", "Its amount of money.", "when.amount = { gt = 10_000 }"),
    Field("created", "day", "The day it was created.", 'when.created = { within = "cycle" }'),
    Field("updated", "day", "The day it was last changed.", "when.updated = { gte = 2027-01-01 }"),
    Field("done", "day", "The day it was done; empty unless its state is done.", 'when.done = { lte = "due" }'),
    Field("closed", "day", "The day it was done or dropped; empty while it is open.", 'when.closed = { within = "cycle" }'),
    Field("due", "day", "The day it is due.", "when.due = { empty = false }"),
)  # fmt: skip
OWN = Field(
    "field.NAME", "own", "A field of your own, by the name that `fields` of config.toml gives it.", 'when.field.region = "EMEA"'
)

# ---- what may stand behind them ---------------------------------------------------------------------------------------------

WINDOWS = ("cycle", "next cycle", "previous cycle")
CYCLE_DAYS = ("cycle.starts", "cycle.ends")
LEVELS = ("epic", "story", "sub-task")
_DATES = tuple(f.name for f in FIELDS if f.kind == "day")
_NUMBERS = tuple(f.name for f in FIELDS if f.kind in ("number", "level"))
_NUMBER = number("number")
_OWN_NAME = formed("`field.NAME`", r"^[Ff][Ii][Ee][Ll][Dd]\..")
_WORD = either(TEXT, Value("whole number", lambda _cells: {"type": "integer"}))
_LEVEL = either(whole(-99, 99), choice(*LEVELS, "subtask"), formed("digits", r"^-?[0-9]{1,2}$"))
_BETWEEN = either(choice(*WINDOWS), listed(DAY, "`[first, last]`", least=2, most=2))

_SHARED: dict[str, Value] = {}
"""What occurs so often that it stands in the schema once, by name."""


def _shared(name: str, value: Value) -> Value:
    _SHARED[name] = value
    return Value(value.words, lambda _cells: {"$ref": f"#/definitions/{name}"})


_RIGHT = {
    "day": _shared("day-right", either(DAY, choice(*CYCLE_DAYS, *_DATES), _OWN_NAME)),
    "number": _shared("number-right", either(_NUMBER, choice(*_NUMBERS), _OWN_NAME)),
    "own": _shared("own-right", either(_NUMBER, DAY, choice(*CYCLE_DAYS, *_DATES, *_NUMBERS), _OWN_NAME)),
    "level": _shared("level-right", _LEVEL),
}


class Operator(NamedTuple):
    """An operator: for which kinds of fields, what it means, and a line with it."""

    name: str
    kinds: tuple[Kind, ...]
    meaning: str
    right: str
    example: str


_BOUND = 'a number, a day, another field by name, or `"cycle.starts"`, `"cycle.ends"`'
OPERATORS = (
    Operator("gt", ("day", "number", "level", "own"), "The value is greater, or later.", _BOUND, "when.estimate = { gt = 5 }"),
    Operator("gte", ("day", "number", "level", "own"), "The value is at least this, or not earlier.", _BOUND,
             'when.created = { gte = "cycle.starts" }'),
    Operator("lt", ("day", "number", "level", "own"), "The value is less, or earlier.", _BOUND, 'when.done = { lt = "due" }'),
    Operator("lte", ("day", "number", "level", "own"), "The value is at most this, or not later.", _BOUND,
             'when.done = { lte = "due" }'),
    Operator("within", ("day", "own"), "The day lies between two days, both included, or in a cycle.",
             '`[first, last]`, `"cycle"`, `"next cycle"` or `"previous cycle"`', 'when.due = { within = "next cycle" }'),
    Operator("regex", ("text", "source", "own"), "The RE2 expression is found anywhere in the text, without regard to case.",
             "a text, best in single quotes", "when.title = { regex = '^(feat|fix):' }"),
    Operator("empty", ("text", "team", "day", "number", "own"), "The field has no value (`true`), or has one (`false`).",
             "`true` or `false`", "when.due = { empty = true }"),
)  # fmt: skip


def _right(operator: str, kind: Kind) -> Value:
    if operator == "within":
        return _BETWEEN
    return TEXT if operator == "regex" else FLAG if operator == "empty" else _RIGHT[kind]


def _compared(kind: Kind) -> Value:
    keys = [Key(o.name, _right(o.name, kind), o.meaning, o.example) for o in OPERATORS if kind in o.kinds]
    return table(*keys, words="operators in braces", least=1)


_PLAIN = {"day": DAY, "number": _NUMBER, "level": _LEVEL, "state": choice("todo", "doing", "done", "dropped", "open", "closed")}


def _one(kind: Kind) -> Value:
    value = _PLAIN.get(kind, _WORD)
    return _shared(f"{kind}-value", value if kind == "state" else either(value, _compared(kind)))


_LINES = {kind: _shared(f"{kind}-line", many(_one(kind))) for kind in get_args(Kind)}


def definitions() -> Json:
    """What the lines of conditions refer to in the schema."""
    return {name: value.schema(True) for name, value in _SHARED.items()}


def _line(field: Field, name: str, any: str = "") -> Key:
    line = _LINES[field.kind]
    aside = Value(line.words, lambda cells: {"allOf": [line.schema(cells)]})  # nothing may stand beside a reference
    return Key(name, aside, field.meaning, field.example, any=any)


_CONDITIONS = _shared(
    "conditions",
    table(
        *(_line(field, field.name) for field in FIELDS),
        Key("field", table(_line(OWN, "NAME", r"\S"), least=1), OWN.meaning, OWN.example),
        words="lines of conditions",
    ),
)
CONDITIONS = Value(_CONDITIONS.words, lambda cells: {"allOf": [_CONDITIONS.schema(cells)]})
"""What stands behind ``when`` and ``unless``."""
