"""The description of the grammar: the reader, the editors' schemas and the reference say the same."""

from __future__ import annotations

import json
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from connectors.base import Kind, Option
from hub.cli.schema import NAMES, made
from hub.config import spec as config_spec
from hub.mappings import grammar as g
from hub.mappings import grammar_metrics as m
from hub.mappings import grammar_rules as r
from hub.mappings import parse, people, spec, templates
from hub.mappings.spec import each, worlds
from hub.mappings.spec.conditions import OWN
from hub.model import DATES, NUMBERS, Aggregate, AnchorKind, Judged, Rhythm, State
from hub.model import Kind as KeyResultKind
from hub.ruletests import read as ruletests
from hub.ruletests.values import OUTCOMES
from hub.tomlfile.schema import text
from hub.tomlfile.spec import Key
from tests.hub.mappings.test_files import BAD, GOOD, name, split

ROOT = Path(__file__).parents[3]
FILES = {
    "config": ROOT / "config.schema.json",
    "mapping": ROOT / "mappings" / "mapping.schema.json",
    "tests": ROOT / "mappings" / "tests.schema.json",
}
SCHEMAS = {name: made(name) for name in NAMES}
VALIDATORS = {
    name: jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker(["date"]))
    for name, schema in SCHEMAS.items()
}


def as_json(value: Any) -> Any:
    """A TOML value as editors see it: days are texts."""
    if isinstance(value, dict):
        return {key: as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def wrong(schema: str, text: str) -> list[str]:
    """Where a TOML text breaks a schema, with dots."""
    errors = VALIDATORS[schema].iter_errors(as_json(tomllib.loads(text)))
    return sorted(".".join(map(str, error.absolute_path)) for error in errors)


# ---- the schemas ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", NAMES)
def test_the_shipped_file_is_what_the_command_writes(schema: str) -> None:
    assert FILES[schema].read_text("utf-8") == text(SCHEMAS[schema]), "run `make docs`"
    jsonschema.Draft7Validator.check_schema(SCHEMAS[schema])


@pytest.mark.parametrize("schema", NAMES)
def test_no_schema_leaves_a_table_open_by_oversight(schema: str) -> None:
    """An editor marks an unknown key only where nothing else is allowed."""

    def tables(node: Any, at: str) -> list[str]:
        if isinstance(node, list):
            return [found for n, one in enumerate(node) for found in tables(one, f"{at}/{n}")]
        if not isinstance(node, dict):
            return []
        here = [at] if node.get("type") == "object" and node.get("additionalProperties") is not False else []
        return here + [found for key, one in node.items() for found in tables(one, f"{at}/{key}")]

    opened = [at for at in tables(SCHEMAS[schema], "") if "/rows/" not in at]  # a row has whatever columns it likes
    assert opened == []


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_what_the_reader_takes_breaks_no_schema(path: Path) -> None:
    assert wrong("mapping", split(path)[0]) == []


@pytest.mark.parametrize("path", sorted((ROOT / "mappings").glob("*.toml")), ids=lambda p: p.name)
def test_shipped_files_name_their_schema_and_keep_to_it(path: Path) -> None:
    written = path.read_text("utf-8")
    assert written.startswith("#:schema ./mapping.schema.json\n")
    assert wrong("mapping", written) == []


def test_the_example_configuration_names_its_schema_and_keeps_to_it() -> None:
    written = (ROOT / "config.example.toml").read_text("utf-8")
    assert written.startswith("#:schema ./config.schema.json\n")
    assert wrong("config", written) == []


WORDS_AND_TYPES = (
    "anchors", "beginners-words", "comparison-words", "condition-fields", "cycle-words", "key-result-kinds", "key-result-words",
    "metric-aggregates", "metric-days", "metric-words", "milestone-lines", "milestone-steps", "objective-words", "pace-targets",
    "rates-dated", "resolutions", "rule-words", "scale", "team-words", "types", "unknown-keys", "weights",
)  # fmt: skip


@pytest.mark.parametrize("path", [path for path in BAD if name(path) in WORDS_AND_TYPES], ids=name)
def test_files_with_wrong_words_or_types_break_it(path: Path) -> None:
    assert wrong("mapping", split(path)[0]) != []


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ("[[rule]]\nlable = 1\n", "rule.0"),
        ('[[rule]]\nwhen.lable = "x"\n', "rule.0.when"),
        ('[[rule]]\nwhen.title = { regx = "a" }\n', "rule.0.when.title"),
        ('[[rule]]\nwhen.title = { gte = 1 }\n', "rule.0.when.title"),
        ('[[rule]]\nwhen.state = "finished"\n', "rule.0.when.state"),
        ("[[rule]]\nwhen.label = []\n", "rule.0.when.label"),
        ("[[rule]]\nwhen.due = 2027-01-01T00:00:00Z\n", "rule.0.when.due"),
        ("[[rule]]\npriority = 1000\n", "rule.0.priority"),
        ("[[rule]]\nto = { sso = 1 }\n", "rule.0.to"),
        ('[[rule]]\nfallback = "yes"\n', "rule.0.fallback"),
        ('[[rule]]\nfor_each = { file = "a.csv", team = "x" }\n', "rule.0.for_each"),
        ('[[team]]\nid = "a"\nfor_each.team = "x"\n', "team.0.for_each"),
        ('[[team]]\nid = "a b"\n', "team.0.id"),
        ('[[team]]\nname = "A"\n', "team.0"),
        ('[[key_result]]\nid = "a"\nobjective = "b"\nkind = "reduce"\n', "key_result.0.kind"),
        ('[[key_result]]\nid = "a"\nobjective = "b"\ntarget = "30%"\n', "key_result.0.target"),
        ('[[key_result]]\nid = "a"\nobjective = "b"\nmetric.sum = "amount"\n', "key_result.0.metric"),
        ('[[key_result]]\nid = "a"\nobjective = "b"\nsteps = [{ name = "A", due = 1, when = {} }]\n', "key_result.0.steps.0.due"),
        ("[cycle]\nq1 = { starts = 2027-01-01 }\n", "cycle.q1"),
        ('[pillar]\nq1 = { for_each.file = "x" }\n', "pillar.q1"),
        ('[status.jira]\n"Parked" = "open"\n', "status.jira.Parked"),
        ("[[metric]]\n", "metric.0"),
        ('[[metric]]\nsource = "a"\ncount = false\n', "metric.0.count"),
        ('[[metric]]\nsource = "a"\nwhen.lable = "x"\n', "metric.0.when"),
        ('[[metric]]\nsource = "a"\nwindow = "28 weeks"\n', "metric.0.window"),
        ("[[metrics]]\n", ""),
    ],
)  # fmt: skip
def test_what_an_editor_marks(written: str, where: str) -> None:
    assert wrong("mapping", written) == [where]


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ('zone = "UTC"\n', ""),
        ('[source.jira]\nkind = "jirra"\nurl = "https://a.example"\nuser = "me"\n', "source.jira.kind"),
        ('[source.jira]\nkind = "jira"\nuser = "me"\n', "source.jira"),
        ('[source.jira]\nkind = "jira"\nurl = "https://a.example"\nuser = "me"\ntoken = "x"\n', "source.jira"),
        ('[source.jira]\nkind = "jira"\nurl = "https://a.example"\nuser = "me"\neffort = "points"\n', "source.jira.effort"),
    ],
)
def test_what_an_editor_marks_in_the_configuration(written: str, where: str) -> None:
    assert wrong("config", written) == [where]


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ('[[item]]\nexpect = "x"\n', "item.0"),
        ('[[item]]\nkey = "A"\nstate = "open"\n', "item.0.state"),
        ('[[item]]\nkey = "A"\nexpect = { sso = "half" }\n', "item.0.expect"),
        ('[[item]]\nkey = "A"\nsummary = "x"\n', "item.0"),
        ("day = 1\n", "day"),
    ],
)
def test_what_an_editor_marks_in_test_files(written: str, where: str) -> None:
    assert wrong("tests", written)[0].startswith(where)


def test_every_kind_of_source_has_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    options = (Option("archived", bool, False, "whether archived boards are read"), Option("depth", int, 1))
    boards = Kind("boards", "Boards", lambda _settings, _io: None, partition_word="boards", options=options)  # type: ignore[arg-type, return-value]
    monkeypatch.setattr(config_spec, "installed", lambda: [boards])
    schema = jsonschema.Draft7Validator(config_spec.config_schema())
    source = {"kind": "boards", "url": "https://a.example", "boards": ["A"], "archived": True, "depth": 2}
    assert schema.is_valid({"source": {"mine": source}})
    assert not schema.is_valid({"source": {"mine": {**source, "projects": ["A"]}}})
    assert not schema.is_valid({"source": {"mine": {**source, "depth": "2"}}})


# ---- one description ------------------------------------------------------------------------------------------------------


def choices(key: Key) -> list[Any]:
    """The words that a key takes, as the schema lists them."""
    return next(one["enum"] for one in key.value.schema(False)["anyOf"] if "enum" in one)


def key_of(keys: tuple[Key, ...], name: str) -> Key:
    return next(key for key in keys if key.name == name)


def test_the_words_of_choices_are_the_readers() -> None:
    of_key_result = {key.name: key for key in spec.KEY_RESULT.keys}
    assert choices(key_of(spec.OBJECTIVE.keys, "state")) == list(g.STATES)
    assert choices(of_key_result["kind"]) == list(g.KINDS)
    assert {*g.KINDS, "parts"} == set(get_args(KeyResultKind)), "a mean of parts has no kind that is written"
    assert choices(of_key_result["by"]) == list(g.BY)
    assert choices(of_key_result["level"]) == list(g.LEVELS)
    assert choices(of_key_result["missing"]) == [*g.MISSING, 0, 1]
    assert choices(of_key_result["before_cycle"]) == list(g.BEFORE_CYCLE)
    assert choices(of_key_result["ambition"]) == list(g.AMBITIONS)
    assert choices(of_key_result["combine"]) == list(g.COMBINE)
    assert choices(of_key_result["judge"]) == list(g.JUDGE) == list(get_args(Judged))
    assert choices(key_of(spec.METRIC.keys, "every")) == list(m.RHYTHMS) == list(get_args(Rhythm))
    assert set(m.AGGREGATES) == set(get_args(Aggregate)) <= set(spec.METRIC.names)
    assert choices(key_of(spec.PATTERN.keys, "as")) == list(r.PATTERN_AS)
    assert choices(spec.STATUS.keys[0]) == list(r.STATUS_STATES) == list(get_args(State))
    score = key_of(spec.SCALE.keys, "score")
    assert [key.name for key in score.value.keys] == list(g.AMBITIONS)
    state = SCHEMAS["mapping"]["definitions"]["state-value"]["anyOf"][0]["enum"]
    assert state == list(r.STATES)


def test_the_keys_of_inner_tables_are_the_readers() -> None:
    anchor = key_of(spec.OBJECTIVE.keys, "anchor")
    assert [key.name for key in anchor.value.keys] == list(g.ANCHORS) == list(get_args(AnchorKind))
    assert each.SOURCES == templates.SOURCES
    assert [key.name for key in each.PEOPLE] == ["mail", *people.KINDS, "team"]


def test_fields_are_of_the_kind_that_the_core_takes_them_for() -> None:
    assert {f.name for f in spec.FIELDS if f.kind == "day"} == DATES
    assert {f.name for f in spec.FIELDS if f.kind in ("number", "level")} == NUMBERS


def test_test_files_have_the_keys_that_their_reader_knows() -> None:
    assert worlds.TOP == ruletests.TOP
    assert tuple(key.name for key in worlds.ITEM) == ruletests.ITEM
    assert tuple(key.name for key in worlds.EXPECTED) == ruletests.EXPECTED
    assert all(outcome in worlds.EXPECTED[0].meaning for outcome in OUTCOMES)


def test_the_configuration_has_the_keys_that_its_reader_knows() -> None:
    from hub.config.load import _KEYS
    from hub.config.source import _COMMON

    assert {key.name for key in config_spec.TOP} | {"source", "daemon", "web", "log"} == set(_KEYS)
    assert {key.name for key in config_spec.common(("jira",))} == set(_COMMON)


# ---- every key of the description, to the reader ----------------------------------------------------------------------------

BASE = """\
[cycle]
2027 = { starts = 2027-01-01, ends = 2027-12-31 }
2027-q1 = { starts = 2027-01-01, ends = 2027-03-30 }
[allowance]
ktlo = {}
[pillar]
enterprise = {}
[pace]
curve = [[1, 1]]
[rates]
plan-2027 = { base = "USD", since = 2027-01-01, EUR = "1.08" }
[[metric]]
id = "new-arr"
source = "sheet"
series = "arr"
[[team]]
id = "product"
[[team]]
id = "identity"
[[team]]
id = "platform"
[[objective]]
id = "land"
cycle = "2027-q1"
[[key_result]]
id = "sso"
objective = "land"
kind = "completion"
[[key_result]]
id = "soc2"
objective = "land"
kind = "completion"
[[key_result]]
id = "arr"
objective = "land"
kind = "completion"
"""
PEOPLE = "mail,jira\nben@acme.example,5f0a9c\n"
NEEDED = {
    "cycle": {"starts": "starts = 2027-01-01", "ends": "ends = 2027-06-30"},
    "scale": {}, "pace": {}, "allowance": {}, "pillar": {}, "file": {}, "resolution": {}, "status": {},
    "rates": {"base": 'base = "USD"', "since": "since = 2027-01-01", "EUR": 'EUR = "1.08"'},
    "team": {"id": 'id = "mine"'},
    "objective": {"id": 'id = "mine"', "cycle": 'cycle = "2027-q1"'},
    "key_result": {"id": 'id = "mine"', "objective": 'objective = "land"', "kind": 'kind = "completion"'},
    "metric": {"id": 'id = "mine"', "source": 'source = "jira"', "count": "count = true", "dated": 'dated = "closed"'},
    "rule": {"when": 'when.label = "x"', "to": 'to = "sso"'},
    "pattern": {"in": 'in = "title"', "finds": 'finds = "url"', "as": 'as = "child"'},
}  # fmt: skip
"""What a section has beside the key that is looked at."""
RISES = {"kind": 'kind = "increase"', "metric": 'metric = "new-arr"', "start": "start = 1", "target": "target = 9"}
STAYS = {"kind": 'kind = "stay_above"', "metric": 'metric = "new-arr"', "target": "target = 9"}
FOR_KEYS = {
    **{("key_result", key): RISES for key in ("kind", "metric", "when", "unless", "start", "target", "pace")},
    ("key_result", "judge"): STAYS,
    ("key_result", "steps"): {"kind": 'kind = "milestone"'},
    ("key_result", "combine"): {"kind": 'kind = "increase"'},
    ("metric", "rates"): {"sum": 'sum = "amount"'},
}
"""What a key goes with, in place of what its section has usually."""
PART = """\
[[key_result]]
id = "part"
objective = "land"
kind = "increase"
metric = "new-arr"
start = 1
target = 9
part_of = "mine"
"""
LINES = frozenset({"cycle", "allowance", "pillar", "rates"})
HEADERS = {"status": "[status.jira]"}
KEYS = [(block.name, key.name, key.example) for block in spec.BLOCKS for key in block.keys if not key.any or block.line]
INNER = [
    (block.name, f"{key.name}.{inner.name}", inner.example)
    for block in spec.BLOCKS
    for key in block.keys
    for inner in key.value.keys
    if inner.example.startswith(f"{key.name}.")
]
CONDITIONS = [("rule", f"when.{field.name}", field.example) for field in (*spec.FIELDS, OWN)]
OPERATORS = [("rule", f"when.{operator.name}", operator.example) for operator in spec.OPERATORS]


def section(block: str, key: str, line: str) -> str:
    """A section with a line, and with what it needs besides."""
    line = 'id = "mine"' if key == "id" and line.startswith('id = "') else line
    first = line.partition(" ")[0].partition(".")[0].strip('"')
    beside = {k: v for k, v in {**NEEDED[block], **FOR_KEYS.get((block, first), {})}.items() if k != first}
    if block == "metric" and (first in m.AGGREGATES or "sum" in beside):
        beside.pop("count", None)
    if key in ("allowance", "ignore"):
        beside.pop("to")
    if "{key_result}" in line:
        beside["to"] = 'to = "{key_result}"'
    if block in LINES:
        return f"[{block}]\nmine-1.{f'{chr(10)}mine-1.'.join((*beside.values(), line))}\n"
    of = next(b for b in spec.BLOCKS if b.name == block)
    written = "\n".join((HEADERS.get(block, of.header), *beside.values(), line, ""))
    return written + PART if first == "combine" else written


def written_key(key: str) -> str:
    return key.replace("NAME", "region").replace("CURRENCY", "EUR")


def errors(written: str) -> list[str]:
    files = {"m/base.toml": BASE, "m/mine.toml": written, "m/people.csv": PEOPLE, "m/teams.csv": "id\nx\n"}
    files["m/queries/activation.sql"] = "SELECT 1"
    return [str(p) for p in parse(files, "UTC")[1] if not p.warning]


@pytest.mark.parametrize(("block", "key", "example"), [*KEYS, *INNER, *CONDITIONS, *OPERATORS])
def test_the_example_of_every_key_is_read(block: str, key: str, example: str) -> None:
    written = section(block, key, example)
    assert errors(written) == []
    assert wrong("mapping", written) == []


@pytest.mark.parametrize("block", [b.name for b in spec.BLOCKS if b.name not in ("pace", "status", "rates")])
def test_a_key_that_is_not_described_is_unknown_to_both(block: str) -> None:
    written = section(block, "", "zzz = 1")
    assert [message for message in errors(written) if "zzz" in message and "unknown" in message]
    assert wrong("mapping", written) != []


VALUES = [
    "1", "-7", "0", "1.5", "true", '"x"', '""', '" "', '"{a}"', '"sso"', '"land"', '"2027-q1"', '"identity"', '"enterprise"',
    '"ktlo"', '"20%"', '"1.08"', '"Draft"', '"EPIC"', '"Open"', '"Completion"', '"estimate"', '"count"', '"Aspirational"',
    '"linear"', '"todo"', '"jira key"', '"url"', '"child"', '"mean"', '"USD"', '"Title"', "'size(labels) > 2'", "2027-01-01",
    "2027-02-01", '"2027"', "2027-02-01T00:00:00Z", "07:32:00", "[]", '["x"]', '["sso", "soc2"]', '["identity", "platform"]',
    "[2027-02-01]", "[1, 2]",
    "[[0.5, 0.2], [1, 1]]", "{}", "{ gte = 5 }", '{ within = "Cycle" }', "{ empty = true }", "{ regex = 'a' }",
    "{ sso = 0.5, soc2 = 0.5 }", '{ pillar = "enterprise" }', '{ on = 2027-02-01, why = "x" }', '{ lt = "Due" }',
    '{ label = "x" }', '[{ gte = 5 }, "x"]', '{ key_result = "soc2", by = 2027-02-01 }', "{ gt = 2, lte = 5.5 }",
    '"value"', '"field.Arr"', '"28d"', '"closed"', '"Day"', '"3d"', '["created", "stage:Pitch"]', '"activation"', '"new-arr"',
    '{ of = { label = "x" }, to = { label = ["x", "y"] } }', '"Measured"', '"+30%"', "[3, 9]", '"share"', '"Sum"', '"Increase"',
    '[{ name = "A", due = 2027-02-01, when = { key = "A-1" } }]', "[{ on = 2027-02-01, target = 3 }]", '{ source = "jira" }',
    '{ source = "jira", sum = "amount", dated = "closed", when = { state = "done" } }', '"plan-2027"',
    '["title", "Field.link"]', "{ within = [2027-01-01, 2027-02-01] }", '{ gte = "field.x" }', '{ region = ["x", { gt = 1 }] }',
]  # fmt: skip
"""Something of every sort that can stand behind a key."""


@pytest.mark.parametrize(("block", "key"), [(block, key) for block, key, _ in (*KEYS, *CONDITIONS)])
def test_the_schema_is_never_stricter_than_the_reader(block: str, key: str) -> None:
    """What an editor marks must be a mistake; the other way round some mistakes are the reader's alone."""
    taken = 0
    for value in VALUES:
        written = section(block, key, f"{written_key(key)} = {value}")
        if not errors(written):
            taken += 1
            assert wrong("mapping", written) == [], written
    assert taken, "no value fits: the test says nothing"


@pytest.mark.parametrize(("block", "key"), [(block, key) for block, key, _ in (*KEYS, *CONDITIONS) if key != "NAME"])
def test_a_value_of_the_wrong_type_is_marked(block: str, key: str) -> None:
    """A time of day fits nowhere."""
    written = section(block, key, f"{written_key(key)} = 07:32:00")
    found = [str(e.absolute_path) for e in VALIDATORS["mapping"].iter_errors(timeless(tomllib.loads(written)))]
    assert found and errors(written)


def timeless(value: Any) -> Any:
    """As ``as_json``; what is no type of JSON at all is null."""
    if isinstance(value, dict):
        return {key: timeless(one) for key, one in value.items()}
    if isinstance(value, list):
        return [timeless(one) for one in value]
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) else None


def test_schemas_are_plain_json() -> None:
    for schema in SCHEMAS.values():
        assert json.loads(text(schema)) == schema
