"""Metrics, key results of every kind, scale, curves and rates: from words to values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from hub.mappings import parse
from hub.mappings.ends import Ends, reached
from hub.model import ALL, Comparison, Filter, KeyResult, Mapping, Metric, Place, Rates, Relative, Scale, Step
from hub.model import Test as Alternative

BASE = """\
[cycle]
2027 = { starts = 2027-01-01, ends = 2027-12-31 }
q1 = { starts = 2027-01-01, ends = 2027-03-31, parent = "2027" }
[pace]
Bookings = [[0.33, 0.15], [0.66, 0.37], [1, 1]]
[rates]
plan = { base = "USD", since = 2027-01-01, EUR = "1.08", GBP = "1.27" }
[[team]]
id = "core"
[[objective]]
id = "land"
cycle = "q1"
anchor.threat = "x"
[[metric]]
id = "m"
source = "sheet"
series = "m"
every = "day"
"""


def read(*texts: str, **queries: str) -> tuple[Mapping | None, list[str]]:
    files = {"base.toml": BASE, **{f"{n}.toml": text for n, text in enumerate(texts)}}
    mapping, problems = parse(files | {f"queries/{name}.sql": text for name, text in queries.items()}, "UTC")
    return mapping, [str(p) for p in problems if not p.warning]


def mapping_of(*texts: str, **queries: str) -> Mapping:
    mapping, problems = read(*texts, **queries)
    assert mapping is not None, problems
    return mapping


def metric(*lines: str, source: str = "jira", **queries: str) -> Metric:
    """The metric that a block of these lines is."""
    text = "\n".join(("[[metric]]", 'id = "Mine"', f'source = "{source}"', *lines, ""))
    return mapping_of(text, **queries).metrics["mine"]


def key_result(*lines: str, kind: str = "increase", **given: str) -> KeyResult:
    """A key result of a kind with these lines, and with what its kind needs besides."""
    needs = {"metric": '"m"', "target": "5", **({"start": "0"} if kind in ("increase", "decrease") else {}), **given}
    written = [f"{key} = {value}" for key, value in needs.items() if value]
    text = "\n".join(("[[key_result]]", 'id = "Mine"', 'objective = "land"', f'kind = "{kind}"', *written, *lines, ""))
    return mapping_of(text).key_results["q1", "mine"]


# ---- metrics ----------------------------------------------------------------------------------------------------------------


def test_a_metric_of_which_everything_is_said() -> None:
    found = metric(
        'name = "New ARR"',
        'sum = "Field.ARR"',
        'times = "Probability"',
        'when.state = "done"',
        'unless.label = "Test"',
        'dated = "Closed"',
        'window = "Next  cycle"',
        'every = "Week"',
        'settle = "2w"',
        'rates = "Plan"',
        source="CRM",
    )
    assert found.rows.when[0].tests == (Alternative("equal", "done", "done"),)
    assert [c.field for c in found.rows.unless] == ["label"]
    assert found == Metric(
        "Mine", "New ARR", Place("0.toml", 1, 1), "CRM", "sum", "field.arr", None, found.rows, ALL, ALL, None, "probability",
        "closed", "next cycle", "week", 14, None, "plan", False,
    )  # fmt: skip


def test_a_metric_of_which_nothing_is_said_is_the_latest_value() -> None:
    found = metric()
    assert (found.name, found.aggregate, found.field, found.window, found.dated, found.settle) == (
        "Mine", "latest", "value", "all", None, 0,
    )  # fmt: skip
    assert found.rows == ALL and found.series is None and found.every is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("count = true", ("count", None)),
        ('sum = "amount"', ("sum", "amount")),
        ('average = "Estimate"', ("average", "estimate")),
        ('latest = "field.Share of it"', ("latest", "field.share of it")),
        ('distinct = "field.account"', ("distinct", "field.account")),
        ('nps = "value"', ("nps", "value")),
    ],
)
def test_what_is_calculated(line: str, said: tuple[str, str | None]) -> None:
    found = metric(line, 'dated = "closed"')
    assert (found.aggregate, found.field) == said


def test_a_ratio_has_two_sets_of_rows() -> None:
    found = metric('ratio = { of = { state = "done", label = "x" }, to = { state = "closed" } }', 'dated = "closed"')
    assert found.aggregate == "ratio" and found.field is None
    assert [c.field for c in found.of.when] == ["state", "label"]
    assert [t.folded for t in found.to.when[0].tests] == ["done", "dropped"]
    dotted = metric('ratio.of.state = "done"', 'ratio.of.label = "x"', 'ratio.to.state = "closed"', 'dated = "closed"')
    assert [line.tests for line in dotted.of.when] == [line.tests for line in found.of.when]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Created", "created"), ("started", "started"), ("done", "done"), ("closed", "closed"), ("due", "due"),
        ("stage:Pitch deck", "stage:pitch deck"), ("Stage: Pitch ", "stage:pitch"), ("field.Signed", "field.signed"),
    ],
)  # fmt: skip
def test_dates(written: str, said: str) -> None:
    assert metric("count = true", f'dated = "{written}"').dated == said
    other = "due" if said == "created" else "created"
    assert metric(f'days_between = ["{other}", "{written}"]', 'dated = "closed"').between == (other, said)


@pytest.mark.parametrize(
    ("written", "said"),
    [("cycle", "cycle"), ("Year", "year"), ("all", "all"), ("28d", "28d"), ("28 D", "28d"), ("4w", "28d"), ("3660d", "3660d")],
)
def test_windows(written: str, said: str) -> None:
    assert metric("count = true", 'dated = "done"', f'window = "{written}"').window == said


def test_the_usual_window_is_the_cycle_and_that_of_latest_everything() -> None:
    assert metric("count = true", 'dated = "done"').window == "cycle"
    assert metric('latest = "amount"', 'dated = "done"').window == "all"


def test_a_metric_reads_one_series_or_one_query() -> None:
    assert metric('series = "Hiring plan"', source="sheet").series == "Hiring plan"
    assert metric('query = " churn "', source="warehouse", churn="SELECT 1").series == "churn"
    _, problems = read('[[metric]]\nid = "a"\nsource = "warehouse"\nquery = "churm"\n', churn="SELECT 1")
    assert problems == ['0.toml:4:9: There is no file queries/churm.sql. Did you mean "churn"?']


def test_a_query_that_changes_is_another_mapping() -> None:
    text = '[[metric]]\nid = "a"\nsource = "warehouse"\nquery = "churn"\n'
    one, other = (mapping_of(text, churn=f"SELECT {n}") for n in (1, 2))
    assert one.hash != other.hash
    assert parse(one.files, "UTC")[0] == one


def test_the_name_is_the_id_where_none_is_said_and_former_ids_lead_to_the_present_one() -> None:
    mapping = mapping_of(
        '[[metric]]\nname = "Win-Rate"\nwas = ["old"]\nsource = "crm"\n'
        '[[key_result]]\nid = "k"\nobjective = "land"\nkind = "stay_above"\nmetric = "OLD"\ntarget = 1\n'
    )
    assert (mapping.metrics["win-rate"].id, mapping.metrics["win-rate"].name) == ("Win-Rate", "Win-Rate")
    assert mapping.key_results["q1", "k"].metric == "win-rate"


def test_a_template_makes_a_metric_for_each_row() -> None:
    mapping = mapping_of(
        '[[metric]]\nfor_each.rows = [{ id = "a", every = "week", dated = "done", count = true }, '
        '{ id = "b", settle = "3d", sum = "amount", of = "x", dated = "field.x" }]\n'
        'id = "{id}"\nsource = "jira"\nwhen.label = ["l-{id}", "{of}"]\nevery = "{every}"\nsettle = "{settle}"\n'
        'count = "{count}"\nsum = "{sum}"\ndated = "{dated}"\n'
    )
    a, b = mapping.metrics["a"], mapping.metrics["b"]
    assert (a.aggregate, a.every, a.settle, a.dated) == ("count", "week", 0, "done")
    assert (b.aggregate, b.field, b.every, b.settle, b.dated) == ("sum", "amount", None, 3, "field.x")
    assert [[t.folded for t in m.rows.when[0].tests] for m in (a, b)] == [["l-a"], ["l-b", "x"]]
    assert str(b.place) == "0.toml:1, row 2"


def test_lines_of_a_metric_may_name_the_cycle_and_other_fields() -> None:
    found = metric("count = true", 'when.done = { lte = "due" }', 'when.created = { within = "cycle" }', 'dated = "done"')
    assert [line.tests[0].comparisons for line in found.rows.when] == [
        (Comparison("lte", "due"),),
        (Comparison("within", "cycle"),),
    ]


# ---- metrics that stand in a key result -------------------------------------------------------------------------------------


def test_a_metric_in_braces_or_as_dotted_lines_is_the_same() -> None:
    braces = 'metric = { source = "crm", sum = "amount", when = { state = "done" }, dated = "closed" }'
    dotted = ('metric.source = "crm"', 'metric.sum = "amount"', 'metric.when.state = "done"', 'metric.dated = "closed"')
    head = '[[key_result]]\nid = "ARR"\nname = "New ARR"\nobjective = "land"\nkind = "increase"\nstart = 0\ntarget = 5\n'
    for lines in (braces, "\n".join(dotted)):
        mapping = mapping_of(f"{head}{lines}\n")
        assert mapping.key_results["q1", "arr"].metric == "arr@q1"
        found = mapping.metrics["arr@q1"]
        assert (found.id, found.name, found.inline, found.aggregate, found.dated) == ("arr@q1", "New ARR", True, "sum", "closed")
        assert [line.field for line in found.rows.when] == ["state"]


def test_each_row_of_a_template_has_a_metric_of_its_own() -> None:
    lines = (
        "[[key_result]]",
        'for_each.rows = [{ r = "emea" }, { r = "amer", name = "Americas" }]',
        'id = "arr-{r}"',
        'objective = "land"',
        'kind = "stay_above"',
        'metric = { source = "crm", name = "{name}", when = { field.region = "{r}" } }',
        "target = 5",
    )
    found = [m for m in mapping_of("\n".join(lines)).metrics.values() if m.inline]
    assert [(m.id, m.name, m.rows.when[0].tests[0].folded) for m in found] == [
        ("arr-emea@q1", "arr-emea", "emea"),
        ("arr-amer@q1", "Americas", "amer"),
    ]


# ---- key results ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "written", "target"),
    [
        ("increase", "9_000_000", Decimal(9_000_000)),
        ("increase", '"+30%"', Relative(Decimal(30), True)),
        ("increase", '"+ 2.5"', Relative(Decimal("2.5"), False)),
        ("decrease", '"-5"', Relative(Decimal(-5), False)),
        ("decrease", '"\N{MINUS SIGN}5 %"', Relative(Decimal(-5), True)),
        ("decrease", "-3", Decimal(-3)),
        ("stay_above", "99.95", Decimal("99.95")),
        ("stay_below", "0", Decimal(0)),
        ("stay_within", "[-2, 30.5]", (Decimal(-2), Decimal("30.5"))),
    ],
)
def test_targets(kind: str, written: str, target: object) -> None:
    found = key_result(kind=kind, target=written, **({"start": "20"} if kind in ("increase", "decrease") else {}))
    assert found.kind == kind
    assert found.target == target
    assert (found.metric, found.judge, found.steps, found.pace) == ("m", "worst", (), None)


def test_a_start_is_a_number_or_measured() -> None:
    assert key_result(start='"Measured"', target='"+30%"').start == "measured"
    assert key_result(start="-2.5").start == Decimal("-2.5")
    assert key_result(kind="stay_above").start is None


@pytest.mark.parametrize(
    ("cells", "start", "target"),
    [
        ('start = 2, goal = "7.5"', Decimal(2), Decimal("7.5")),
        ('start = "-2", goal = 9_000', Decimal(-2), Decimal(9000)),
        ('start = "measured", goal = "+30%"', "measured", Relative(Decimal(30), True)),
        ('start = 3, goal = "+5"', Decimal(3), Relative(Decimal(5), False)),
    ],
)
def test_cells_take_the_type_of_their_key(cells: str, start: object, target: object) -> None:
    mapping = mapping_of(
        f'[[key_result]]\nfor_each.rows = [{{ {cells} }}]\nid = "k"\nobjective = "land"\nkind = "increase"\nmetric = "m"\n'
        'start = "{start}"\ntarget = "{goal}"\n'
    )
    found = mapping.key_results["q1", "k"]
    assert (found.start, found.target) == (start, target)


def test_a_change_from_a_row_has_its_sign_in_the_block() -> None:
    mapping = mapping_of(
        '[[key_result]]\nfor_each.rows = [{ by = 5 }]\nid = "k"\nobjective = "land"\nkind = "decrease"\nmetric = "m"\n'
        'start = 9\ntarget = "-{by}"\n'
    )
    assert mapping.key_results["q1", "k"].target == Relative(Decimal(-5), False)


NUMBERS = st.decimals(-1000, 1000, places=2, allow_nan=False)


@given(start=NUMBERS, end=NUMBERS, kind=st.sampled_from(["increase", "decrease"]))
def test_the_way_from_start_to_target_is_that_of_the_kind(start: Decimal, end: Decimal, kind: str) -> None:
    text = f'[[key_result]]\nid = "k"\nobjective = "land"\nkind = "{kind}"\nmetric = "m"\nstart = {start}\ntarget = {end}\n'
    mapping, problems = read(text)
    assert (mapping is not None) == ((end > start) if kind == "increase" else (end < start)), problems
    assert mapping is not None or problems[0].startswith("0.toml:7:10: ")


@given(start=NUMBERS, change=NUMBERS, percent=st.booleans())
def test_a_change_goes_the_way_of_its_sign(start: Decimal, change: Decimal, percent: bool) -> None:
    assume(change != 0 and not (percent and start == 0))
    end = reached(Ends(start, Relative(change, percent)))
    assert end is not None and (end > start) == (change > 0)
    kind = "increase" if change > 0 else "decrease"
    written = f'"{change:+f}{"%" if percent else ""}"'
    assert key_result(kind=kind, start=str(start), target=written).target == Relative(change, percent)


def test_a_key_result_narrows_its_metric() -> None:
    found = key_result('when.field.region = "EMEA"', 'unless.field.segment = ["a", "b"]')
    assert [line.field for line in found.rows.when] == ["field.region"]
    assert [len(line.tests) for line in found.rows.unless] == [2]
    assert key_result().rows == ALL


@pytest.mark.parametrize("judge", ["worst", "last", "average", "share"])
def test_control_key_results_say_what_is_judged(judge: str) -> None:
    assert key_result(f'judge = "{judge}"', kind="stay_below").judge == judge


def test_steps_of_a_milestone() -> None:
    found = key_result(
        "steps = [",
        '  { name = "SAML", weight = 2, due = 2027-02-15, when = { key = "IDN-31" } },',
        '  { name = "SCIM", due = 2027-03-15, when = { label = ["a", "b"], state = "done" }, unless = { type = "Bug" } },',
        "]",
        kind="milestone",
        metric="",
        target="",
    )
    saml, scim = found.steps
    assert saml == Step("SAML", date(2027, 2, 15), saml.rows, Decimal(2), Place("0.toml", 6, 3))
    assert [line.field for line in saml.rows.when] == ["key"] and saml.rows.unless == ()
    assert (scim.weight, [c.field for c in scim.rows.when], [c.field for c in scim.rows.unless]) == (
        1, ["label", "state"], ["type"],
    )  # fmt: skip


def test_steps_may_be_blocks_of_their_own() -> None:
    mapping = mapping_of(
        '[[key_result]]\nid = "k"\nobjective = "land"\nkind = "milestone"\n'
        '[[key_result.steps]]\nname = "A"\ndue = 2027-02-01\nwhen.key = "A-1"\nunless.label = "x"\n'
    )
    (step,) = mapping.key_results["q1", "k"].steps
    assert (step.name, step.place) == ("A", Place("0.toml", 5, 1))
    assert step.rows == Filter(step.rows.when, step.rows.unless) and len(step.rows.unless) == 1


@pytest.mark.parametrize(
    ("written", "pace"),
    [
        ('"Linear"', "linear"),
        ('"none"', "none"),
        ('"bookings"', "bookings"),
        (
            "[{ on = 2027-02-01, target = 2 }, { on = 2027-03-31, target = 4.5 }]",
            ((date(2027, 2, 1), Decimal(2)), (date(2027, 3, 31), Decimal("4.5"))),
        ),
    ],
)
def test_paces(written: str, pace: object) -> None:
    assert key_result(pace=written).pace == pace


def test_completion_may_weigh_amounts() -> None:
    assert key_result('by = "amount"', kind="completion", metric="", target="").by == "amount"


# ---- parts ------------------------------------------------------------------------------------------------------------------

PARTS = """\
[[key_result]]
id = "all"
objective = "land"
kind = "increase"
combine = "sum"
[[key_result]]
for_each.rows = [{ r = "emea" }, { r = "amer" }]
id = "arr-{r}"
objective = "land"
kind = "increase"
metric = "m"
when.field.region = "{r}"
start = 0
target = 5
part_of = "ALL"
[[key_result]]
id = "everything"
was = "top"
objective = "land"
combine = "mean"
[[key_result]]
id = "work"
objective = "land"
kind = "completion"
part_of = "Top"
"""


def test_parts_and_what_becomes_of_them() -> None:
    found = mapping_of(PARTS).key_results
    whole = found["q1", "all"]
    assert (whole.kind, whole.combine, whole.metric, whole.start, whole.target) == ("increase", "sum", None, None, None)
    assert (found["q1", "everything"].kind, found["q1", "everything"].combine) == ("parts", "mean")
    assert {id: result.part_of for (_, id), result in found.items() if result.part_of} == {
        "arr-emea": "all", "arr-amer": "all", "work": "everything",
    }  # fmt: skip


def test_a_sum_may_write_its_own_ends() -> None:
    text = PARTS.replace('combine = "sum"\n', 'combine = "sum"\nstart = 3\ntarget = "+30%"\n')
    whole = mapping_of(text).key_results["q1", "all"]
    assert (whole.start, whole.target) == (Decimal(3), Relative(Decimal(30), True))


def test_parts_are_of_the_same_cycle_also_where_an_id_is_in_two() -> None:
    q2 = 'q2 = { starts = 2027-04-01, ends = 2027-06-30, parent = "2027" }\n'
    both = "".join(
        f'[[objective]]\nid = "o-{q}"\ncycle = "{q}"\nanchor.threat = "x"\n'
        f'[[key_result]]\nid = "whole"\nobjective = "o-{q}"\nkind = "completion"\n'
        f'[[key_result]]\nid = "part"\nobjective = "o-{q}"\nkind = "completion"\npart_of = "whole"\n'
        for q in ("q1", "q2")
    )
    found = mapping_of(f"[cycle]\n{q2}{both}").key_results
    assert [found[q, "part"].part_of for q in ("q1", "q2")] == ["whole", "whole"]


def test_a_whole_whose_part_has_a_mistake_is_not_called_empty() -> None:
    text = PARTS.replace('kind = "completion"\npart_of', 'kind = "completoin"\npart_of')
    assert read(text)[1] == ['0.toml:24:8: "completoin" is no value of `kind`. Did you mean "completion"?']


# ---- scale, curves, rates ---------------------------------------------------------------------------------------------------


def test_the_scale_is_exact_and_as_usual_where_it_says_nothing() -> None:
    assert mapping_of("").scale == Scale()
    whole = (
        '[scale]\non_track = 0.95\nat_risk = 0.8\ntoo_early = "12.5 %"\n'
        "score = { committed = 0.9, aspirational = 0.6 }\nlate = 2.25\n"
    )
    assert mapping_of(whole).scale == Scale(
        Fraction(95, 100), Fraction(8, 10), Fraction(1, 8), Fraction(9, 10), Fraction(6, 10), Fraction(9, 4)
    )
    assert mapping_of("[scale]\nat_risk = 0\nscore.aspirational = 0.5\n").scale == Scale(
        at_risk=Fraction(0), aspirational=Fraction(1, 2)
    )


def test_curves_are_exact_and_known_by_their_folded_name() -> None:
    assert mapping_of("").curves == {
        "bookings": (
            (Fraction(33, 100), Fraction(15, 100)),
            (Fraction(66, 100), Fraction(37, 100)),
            (Fraction(1), Fraction(1)),
        )
    }


def test_rates_are_one_table_or_several_by_day() -> None:
    mapping = mapping_of(
        '[rates]\ndated = [{ base = "EUR", since = 2026-01-01, USD = "0.9" }, '
        '{ base = "EUR", since = 2027-01-01, USD = "0.92" }]\n'
    )
    assert mapping.rates["plan"] == (Rates("USD", date(2027, 1, 1), {"EUR": Decimal("1.08"), "GBP": Decimal("1.27")}),)
    assert [(r.since, r.rates) for r in mapping.rates["dated"]] == [
        (date(2026, 1, 1), {"USD": Decimal("0.9")}),
        (date(2027, 1, 1), {"USD": Decimal("0.92")}),
    ]
    blocks = mapping_of('[[rates.more]]\nbase = "EUR"\nsince = 2026-01-01\nUSD = "0.9"\n')
    assert [r.base for r in blocks.rates["more"]] == ["EUR"]


# ---- what a broken file hides -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ['metric = "m2"\nstart = 0\ntarget = 5', 'metric = { source = "x", rates = "p2" }\nstart = 0\ntarget = 5\npace = "c2"'],
)
def test_what_a_broken_file_declares_is_not_called_unknown(line: str) -> None:
    text = f'[[key_result]]\nid = "k"\nobjective = "land"\nkind = "increase"\n{line}\n'
    assert [p.split(":")[0] for p in read(text, "[metric\n")[1]] == ["1.toml"]


def test_a_metric_with_a_mistake_is_not_reported_again_where_it_is_used() -> None:
    _, problems = read(
        '[[metric]]\nid = "bad"\nsource = "jira"\nsum = "amuont"\n'
        '[[key_result]]\nid = "k"\nobjective = "land"\nkind = "stay_above"\nmetric = "bad"\ntarget = 1\n'
    )
    assert problems == ['0.toml:4:7: "amuont" is no field of a metric. Did you mean "amount"?']


def test_an_unknown_metric_is_told_with_the_nearest_one() -> None:
    text = '[[key_result]]\nid = "k"\nobjective = "land"\nkind = "stay_above"\nmetric = "{}"\ntarget = 1\n'
    assert read(text.format("mm"))[1] == ['0.toml:5:10: There is no metric "mm". Did you mean "m"?']
    assert read(text.format("arr"))[1] == ['0.toml:5:10: There is no metric "arr". Known: m.']


# ---- the whole grammar ------------------------------------------------------------------------------------------------------

WHOLE = """\
[file]
team = "sales"
[[metric]]
id = "activation"
source = "warehouse"
query = "activation"
unit = "%"
every = "day"
settle = "3d"
[[metric]]
id = "new-arr"
name = "New ARR won"
source = "crm"
sum = "field.arr"
when.state = "done"
when.field.type = "New"
dated = "closed"
window = "cycle"
rates = "plan"
[[metric]]
id = "win-rate"
source = "crm"
ratio = { of = { state = "done" }, to = { state = "closed" } }
dated = "closed"
[[key_result]]
id = "arr"
objective = "land"
team = "sales"
kind = "increase"
metric = "new-arr"
start = 0
target = 9_000_000
pace = "bookings"
needs = ["sso"]
[[key_result]]
for_each.file = "regions.csv"
id = "arr-{region}"
objective = "land"
team = "sales-{region}"
kind = "increase"
metric = "new-arr"
when.field.region = "{region}"
start = 0
target = "{goal}"
part_of = "arr"
[[key_result]]
id = "sso"
objective = "land"
kind = "milestone"
steps = [
  { name = "SAML", weight = 2, due = 2027-02-15, when = { key = "IDN-31" } },
  { name = "SCIM", weight = 1, due = 2027-03-15, when = { key = "IDN-44" } },
]
[[key_result]]
id = "soc2"
objective = "land"
kind = "completion"
by = "estimate"
"""


def test_all_of_it_at_once() -> None:
    rows = '{ id = "sales" }, { id = "sales-emea", p = "sales" }, { id = "sales-amer", p = "sales" }'
    files = {
        "base.toml": BASE,
        "teams.toml": f'[[team]]\nfor_each.rows = [{rows}]\nid = "{{id}}"\nparent = "{{p}}"\n',
        "whole.toml": WHOLE,
        "regions.csv": "region;goal\nEMEA;3000000\nAMER;6000000\n",
        "queries/activation.sql": "SELECT day AS date, share AS value FROM activation",
    }
    mapping, problems = parse(files, "UTC")
    assert mapping is not None, [str(p) for p in problems]
    assert {id: (r.kind, r.metric, r.target) for (_, id), r in mapping.key_results.items()} == {
        "arr": ("increase", "new-arr", Decimal(9_000_000)),
        "arr-emea": ("increase", "new-arr", Decimal(3_000_000)),
        "arr-amer": ("increase", "new-arr", Decimal(6_000_000)),
        "sso": ("milestone", None, None),
        "soc2": ("completion", None, None),
    }
    assert list(mapping.metrics) == ["m", "activation", "new-arr", "win-rate"]
    assert set(mapping.files) == set(files)
    again: Any = parse(mapping.files, mapping.timezone)[0]
    assert again == mapping
