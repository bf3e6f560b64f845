"""Templates, CSV files and all else of the grammar, mutilated in every way: problems that point somewhere, never a traceback."""

from __future__ import annotations

import re

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings

from hub.errors import Problem
from hub.mappings import parse
from tests.hub.mappings.test_shipped import EDITS, mutilate

FILES = {
    "maps/strategy.toml": """\
[cycle]
"2026" = { starts = 2026-01-01, ends = 2026-12-31 }
2026-q4 = { starts = 2026-10-01, ends = 2026-12-31, parent = "2026", agree_by = 2026-10-15, periods = [2026-11-01, 2026-12-01] }
[scale]
on_track = 0.9
[pillar]
groesse = { name = "Größe" }
enterprise = { name = "Win the enterprise", owner = "Ana", weight = 1.5 }
[allowance]
ktlo = { name = "Keep the lights on", budget = "20%" }
[[team]]
for_each.file = "teams.csv"
id = "{id}"
name = "{Team name}"
parent = "{parent}"
size = "{size}"
was = ["{old}"]
owns.field.team = ["{id}", "{team name}"]
owns.person = "ana@acme.example"
[[objective]]
for_each.team = ["sales*", "core"]
id = "o-{team}"
cycle = "2026-q4"
name = "What {name} is there for"
team = "{team}"
anchor.pillar = "enterprise"
state = "agreed"
""",
    "maps/deep/results.toml": """\
[file]
team = "sales"
[[key_result]]
for_each.rows = [{ region = "emea", weight = 2, day = 2026-11-01 }, { region = "amer", word = "x" }]
id = "arr-{region}"
was = "old-{region}"
objective = ["o-sales"]
name = '''
ARR of {region}'''
kind = "completion"
weight = "{weight}"
keywords = ["{region}", "{word}"]
needs = [{ key_result = "sso", by = "{day}" }]
dropped = { on = 2026-12-01, why = "not {region}" }
[[key_result]]
id = "sso"
objective = "o-sales"
kind = "completion"
[[rule]]
for_each.file = "rules.csv"
name = "{name}"
when.project = "{project}"
when.label = ["kr:{label}", { regex = "^{label}-[0-9]{2,3}$" }]
when.estimate = { gte = "{least}" }
unless.created = { within = "cycle" }
priority = "{priority}"
to = "{to}"
""",
    "maps/measures.toml": """\
[pace]
late = [[0.5, 0.2], [1, 1]]
[rates]
plan = [{ base = "USD", since = 2026-01-01, EUR = "1.08" }, { base = "USD", since = 2026-12-01, EUR = "1.1" }]
[[metric]]
for_each.rows = [{ id = "arr", field = "amount", days = "28d" }, { id = "size", field = "field.grösse", settle = "3d" }]
name = "m-{id}"
id = "{id}"
source = "crm"
sum = "{field}"
times = "probability"
when.state = ["done", "closed"]
when.label = ["x", "{id}"]
when.field.typ = { regex = "^New{1,2}" }
dated = "stage:Größe"
window = "{days}"
settle = "{settle}"
rates = "plan"
[[metric]]
id = "win-rate"
was = ["wins"]
source = "crm"
ratio = { of = { state = "done" }, to = { state = "closed", label = ["a", "b"] } }
dated = "closed"
every = "week"
[[key_result]]
for_each.rows = [{ r = "emea", start = 0, goal = "+5" }, { r = "amer", start = "measured", goal = "+30%" }]
id = "m-{r}"
objective = "o-sales"
kind = "increase"
metric = "arr"
when.field.region = "{r}"
start = "{start}"
target = "{goal}"
pace = "late"
part_of = "m-all"
[[key_result]]
id = "m-all"
objective = "o-sales"
kind = "increase"
combine = "sum"
target = 9
[[key_result]]
id = "wins"
objective = "o-sales"
kind = "stay_within"
metric = "wins"
target = [0.2, 0.5]
judge = "share"
part_of = "both"
[[key_result]]
id = "fewer"
objective = "o-sales"
kind = "decrease"
metric = { source = "jira", count = true, when = { type = "Bug" }, unless.state = "closed", every = "day" }
start = 9
target = 2
pace = [{ on = 2026-11-01, target = 6 }, { on = 2026-12-01, target = 3 }]
part_of = "both"
[[key_result]]
id = "both"
objective = "o-sales"
combine = "mean"
[[key_result]]
id = "steps"
objective = "o-sales"
kind = "milestone"
steps = [
  { name = "Ä", weight = 2, due = 2026-11-01, when = { key = "IDN-31" } },
  { name = "B", due = 2026-12-01, when = { label = "b" }, unless = { type = "Bug" } },
]
""",
    "maps/rules.toml": """\
[[rule]]
when.label = "kr:{key_result}"
unless.team = "sales*"
to = "{key_result}"
[[rule]]
for_each.team = "*"
name = "{team}"
when.field.squad = "{name}"
to = { sso = 0.5, arr-emea = 0.5 }
[[pattern]]
in = ["title", "attachment"]
finds = "([A-Z]{2,9}-[0-9]+)"
as = "child"
[status.jira]
"Done*" = "done"
[resolution]
dropped = ["Out of date"]
""",
    "maps/teams.csv": """\
id;Team name;parent;size;old
sales;Sales;;120;

sales-emea;"Sales; EMEA";sales;44,5;s2
core;Größe;;9;s3
""",
    "maps/deep/rules.csv": "\ufeffname,project,label,least,priority,to\na,A*,x,5,10,sso\nb,B,,,999,arr-emea\n",
    "maps/people.csv": 'mail,jira,team\nana@acme.example,5f00,core\n"ben@acme.example",5f01,\n',
}  # fmt: skip
NAMES = sorted(FILES)
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(files: dict[str, str]) -> None:
    mapping, problems = parse(files, "UTC")
    assert (mapping is None) == any(not p.warning for p in problems)
    assert problems == sorted(problems)
    for problem in problems:
        points_somewhere(problem, files)
    if mapping is not None:
        assert parse(mapping.files, mapping.timezone)[0] == mapping


def points_somewhere(problem: Problem, files: dict[str, str]) -> None:
    assert problem.text[-1] in ".?", problem
    assert len(str(problem).splitlines()) == 1, problem
    assert problem.warning or problem.remedy, problem
    text = files[problem.file].removeprefix("\ufeff").replace("\r\n", "\n")
    lines = (text.replace("\r", "\n") if problem.file.endswith(".csv") else text).split("\n")
    assert 1 <= problem.line <= len(lines), problem
    line = lines[problem.line - 1].rstrip("\r")
    assert 0 <= problem.column <= len(line) + 1, problem
    assert problem.column or problem.line == 1, problem
    assert problem.excerpt == (line if problem.column and line.strip() else ""), problem
    assert 1 <= problem.width <= max(len(line) - problem.column + 1, 1), problem
    if problem.row:
        file, _, number = problem.row.partition(":")
        assert re.fullmatch(r"row [1-9]\d*|team .+", problem.row) or int(number) <= len(files[file].splitlines()), problem


def test_the_files_are_right_as_they_are() -> None:
    mapping, problems = parse(FILES, "UTC")
    assert [str(p) for p in problems if not p.warning] == [
        'maps/strategy.toml:16:8, maps/teams.csv:4: `size` must be a number above 0, not "44,5". '
        "Write a number such as 1.5 in that row."
    ], "one mistake, so that its message is mutilated, too"
    mapping, problems = parse({**FILES, "maps/teams.csv": FILES["maps/teams.csv"].replace("44,5", "44")}, "UTC")
    assert mapping is not None, [str(p) for p in problems]


@SLOW
@given(name=st.sampled_from(NAMES), edits=EDITS, right=st.booleans())
@example(name="maps/teams.csv", edits=[("delete", True, 0, 0, "")], right=True)
def test_mutilated(name: str, edits: list[tuple[str, bool, int, int, str]], right: bool) -> None:
    files = {**FILES, "maps/teams.csv": FILES["maps/teams.csv"].replace("44,5", "44")} if right else FILES
    check({**files, name: mutilate(files[name], edits)})


ODD = st.sampled_from(
    ["{", "}", "{id}", "{ID }", "{nope}", "{key_result}", "{}", "{{id}}", '"', "'", ",", ";", "\t", "\n", "\r", "\u2028", "\\",
     "\ufeff", "../", "*", "[[team]]", "for_each.rows = []\n", "for_each = 1\n", "9" * 40, "-1", "2026-02-30", "ß" * 3, "\0", "@"]
)  # fmt: skip


@SLOW
@given(name=st.sampled_from(NAMES), at=st.integers(0, 2000), odd=st.lists(ODD, min_size=1, max_size=3))
def test_anything_inserted_anywhere(name: str, at: int, odd: list[str]) -> None:
    text = FILES[name]
    at %= len(text) + 1
    check({**FILES, name: text[:at] + "".join(odd) + text[at:]})


CELLS = st.sampled_from(
    ["", " ", "x", "sso", "core", "1", "-1", "1.5", "1,5", "nan", "yes", "2026-10-01", "{x}", "{key_result}", "ö"]
)


@SLOW
@given(name=st.sampled_from([n for n in NAMES if n.endswith(".csv")]), rows=st.lists(st.lists(CELLS, max_size=7), max_size=6))
def test_any_cells(name: str, rows: list[list[str]]) -> None:
    header = FILES[name].partition("\n")[0]
    separator = ";" if ";" in header else ","
    check({**FILES, name: "\n".join([header, *(separator.join(f'"{cell}"' for cell in row) for row in rows)])})


@SLOW
@given(st.data())
def test_any_value_in_a_row(data: st.DataObject) -> None:
    values = st.sampled_from(
        ["1", '""', '"x"', '"{x}"', "true", "nan", "1e400", "2026-10-01", "2026-10-01T00:00:00", "[1]", "{}", '"ä"']
    )
    columns = st.sampled_from(["region", "REGION", "weight", "day", "word", '""', '"a b"', '"{"', "key_result", "team"])
    rows = data.draw(st.lists(st.dictionaries(columns, values, max_size=4), max_size=4))
    written = ", ".join("{ " + ", ".join(f"{k} = {v}" for k, v in row.items()) + " }" for row in rows)
    text = re.sub(r"for_each\.rows = .*", lambda _: f"for_each.rows = [{written}]", FILES["maps/deep/results.toml"])
    check({**FILES, "maps/deep/results.toml": text})


@pytest.mark.parametrize("name", NAMES)
def test_without_one_of_them(name: str) -> None:
    check({n: t for n, t in FILES.items() if n != name})
    check({**FILES, name: ""})
    check({**FILES, name: FILES[name].replace("\n", "\r\n")})
    check({**FILES, name: "\ufeff" + FILES[name]})
