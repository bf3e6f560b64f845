"""What `explain`, `metrics` and `reconcile` say of measured numbers, from values made by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
import typer
from rich.cells import cell_len

from hub.cli.options import Number, number
from hub.cli.reconciling import keys
from hub.cli.render.item import item
from hub.cli.render.metrics import metric, metrics
from hub.cli.render.node import node
from hub.cli.render.reconcile import reconciled
from hub.errors import UsageError
from hub.report.evidence import Link, ReadBy
from hub.report.figures import change, days_of, figure, figures
from hub.report.values import as_json
from tests.hub.cli import builders as b
from tests.hub.cli import measures as m
from tests.hub.cli.test_lists import lines
from tests.hub.cli.test_pages import HOSTILE


def test_a_measured_key_result_from_its_verdict_down_to_its_rows() -> None:
    assert lines(b.shown(node(m.key_result(run={}, sources=()), b.NOW, 80, 20))) == [
        "arr  New revenue  ████░░░░░░  41 %",
        "key result (increase) · 2026-q4 · evaluated for 2026-11-20 12:00 UTC · written",
        "in objectives.toml:15",
        "",
        "At risk: 41 % against 55 % expected on day 51 of 92; on track from 50 %.",
        "New revenue is at 40.5 %: 162,078 of 400,000 USD, from 0.",
        "",
        "How it is calculated",
        "  (current - start) / (target - start) = (162,078 - 0) / (400,000 - 0) = 40.5 %",
        "  start    0 USD, as written",
        "  target   +30% from the start, which comes to 400,000 USD",
        "  current  162,078 USD",
        "",
        "What is measured",
        "  metric        new-arr  the sum of amount over the items of crm",
        "                (metrics.toml:4)",
        "  its rows fit  when.state = done  (metrics.toml:8)",
        "                when.field.region = EMEA  (objectives.toml:20)",
        "  window        cycle: 1 Oct to 31 Dec 2026 (92 days), by the day they were",
        "                closed",
        "  settle        3 days: final up to 17 Nov 2026",
        "  rhythm        every week; the newest row is of 12 Nov 2026",
        "",
        "Money, by currency",
        "  currency  rows  amount  rate                     in USD",
        "  EUR          1  70,350  x 1.08 since 1 Jan 2026  75,978",
        "  USD          1  86,100                           86,100",
        "",
        "Counted: 2 rows",
        "  row   day              value    adds",
        "  D-9   12 Nov 2026      86100  86,100  Aldgate Retail",
        "  D-67  2 Oct 2026   70350 EUR  75,978  Aldgate Retail",
        "",
        "Left out: 130 rows",
        "  130  they do not fit when.state = done  (metrics.toml:8)  would change it by",
        "       +1,029,317 USD",
        "       D-2, D-3 and 128 more",
        "",
        "At the vendor's",
        "  open these 2 items in crm",
        "    https://x.example/issues/?jql=issuekey%20in%20(D-9,D-67)",
        "",
        "Look further",
        "  anchorline explain arr --json  every row with what it adds, exactly, to",
        "                                 calculate it again",
    ]


def test_work_beside_a_measured_number_is_said_to_be_beside_it() -> None:
    value = m.key_result(units=(b.unit(),), units_total=1)
    assert "Work beside it, which its number does not count: 1 item" in b.shown(node(value, b.NOW, 80, 20))


def test_periods_say_which_hold_and_typed_values_who_typed_them() -> None:
    said = lines(b.shown(node(m.key_result(evidence=m.control()), b.NOW, 80, 20)))
    at = said.index("Periods: 1 of 2 hold")
    assert said[at + 1 : at + 4] == [
        "  period                  value                 rows",
        "  9 Nov to 15 Nov 2026   99.5 %  does not hold     7",
        "  2 Nov to 8 Nov 2026   99.95 %  holds             7",
    ]
    at = said.index("Counted: 1 row")
    assert said[at + 1 : at + 3] == [
        "  row       day          value  typed by",
        '  KPIs!C12  12 Nov 2026   99.5  lena@acme.example  "by hand"',
    ]
    assert "  typed by  lena@acme.example" in said


def test_steps_name_what_fits_them_and_say_when_nothing_does() -> None:
    said = lines(b.shown(node(m.key_result(evidence=m.milestone()), b.NOW, 80, 20)))
    at = said.index("Steps: 1 of 2 done")
    assert said[at + 1 : at + 5] == [
        "  SAML  done  due 15 Nov 2026  weight 2  (kr.toml:9)",
        "    IDN-31  done (Closed)  Aldgate Retail",
        "  SCIM  not done  due 15 Dec 2026  (kr.toml:10)",
        "    nothing fits when.label = scim",
    ]


def test_parts_are_shown_with_their_numbers() -> None:
    said = lines(b.shown(node(m.key_result(evidence=m.of_parts()), b.NOW, 80, 20)))
    at = said.index("Parts: 2")
    assert said[at + 1 : at + 4] == [
        "  part                         status     current  target  weight",
        "  arr-EMEA  ░░░░░░░░░░  -5 %   off track  -40 USD     800       1  EMEA",
        "  arr-AMER  ██████████  112 %  done       112 USD     100       2  AMER",
    ]


def test_rows_that_do_not_give_the_number_are_said() -> None:
    value = m.key_result(evidence=m.evidence(adds_up=False))
    assert "These rows do not give the number that is shown" in b.shown(node(value, b.NOW, 120, 20), 120)


def test_a_very_long_address_is_a_link_and_not_a_page_of_text() -> None:
    url = "https://x.example/issues/?jql=" + "A-1," * 200
    text = b.shown(node(m.key_result(links=(Link("open these 200 items in crm", url),)), b.NOW, 80, 20), terminal=True)
    assert f";{url}\x1b" in text and "--json has it" in text


# ---- metrics --------------------------------------------------------------------------------------------------------------


def test_all_metrics_with_what_is_wrong_with_them() -> None:
    rows = (
        m.metric_row(),
        m.metric_row(id="nps", value=None, why="kpis has not been read to its end yet", newest=None, typed=True, used_by=()),
        m.metric_row(id="uptime", late="the newest value is of 2 Nov 2026, and one is expected every week"),
    )
    assert lines(b.shown(metrics(m.metrics(*rows), b.NOW, 80))) == [
        "2026-q4  evaluated for 2026-11-20 12:00 UTC",
        "",
        "metric         value  newest       every  used by",
        "new-arr  553,728 USD  12 Nov 2026  week   arr, arr-EMEA",
        "nps       unmeasured               week   nothing (typed by hand)",
        "uptime   553,728 USD  12 Nov 2026  late   arr, arr-EMEA",
        "",
        "nps cannot be calculated: kpis has not been read to its end yet",
        "(metrics.toml:4)",
        "uptime is late: the newest value is of 2 Nov 2026, and one is expected every",
        "week  (metrics.toml:4)",
        "",
        "1 more metric stands in the key result that uses it; `anchorline explain KR`.",
        "",
        "Data of jira: 2 hours ago, complete",
    ]


def test_without_metrics_that_is_said() -> None:
    assert "The mapping files have no [[metric]]." in b.shown(metrics(m.metrics(inline=0), b.NOW, 80))


def test_one_metric_alone() -> None:
    said = lines(b.shown(metric(m.metric(), b.NOW, 120, 20), 120))
    assert said[:4] == [
        "new-arr  New business won",
        "metric · 2026-q4 · evaluated for 2026-11-20 12:00 UTC · written in metrics.toml:4",
        "",
        "New business won is 162,078 USD, from 2 rows, the newest of 12 Nov 2026.",
    ]
    assert "  arr  2026-q4  narrowed by its own lines" in said


def test_an_item_says_what_measures_it() -> None:
    reads = (
        ReadBy("new-arr", None, Fraction(12_000), "USD", "new-arr adds 12,000 USD", ("arr", "arr-EMEA")),
        ReadBy("win-rate", None, None, None, "win-rate reads it: it is one of the rows of the ratio", ()),
        ReadBy("launch", "SAML", None, None, 'launch reads it for the step "SAML": it is done', ("launch",)),
    )
    said = lines(b.shown(item(b.item(read_by=reads), every_rule=False)))
    at = said.index("Measured by, which claims nothing")
    assert said[at + 1 : at + 5] == [
        "  new-arr adds 12,000 USD  in arr, arr-EMEA",
        "  win-rate reads it: it is one of the rows of the ratio  in no key result",
        '  launch reads it for the step "SAML": it is done',
        "",
    ]


# ---- reconcile ------------------------------------------------------------------------------------------------------------


def test_a_difference_and_the_group_that_explains_it() -> None:
    assert lines(b.shown(reconciled(m.reconciled(), 80))) == [
        "arr  New revenue",
        "2026-q4 · evaluated for 2026-11-20 12:00 UTC",
        "",
        "Theirs is 50,000 USD more than ours.",
        "ours        162,078 USD  its current value, from 2 rows",
        "theirs      212,078 USD",
        "difference  +50,000 USD",
        "",
        "Left out of ours, and what each group would change",
        "    2 rows     +50,000 USD  they do not fit when.type = Deal  (metrics.toml:8)",
        "                            exactly the difference",
        "                            D-2, D-3",
        "  130 rows  +1,029,317 USD  they do not fit when.state = done  (metrics.toml:8)",
        "                            D-2, D-3 and 128 more",
    ]


def test_what_is_on_one_side_only() -> None:
    assert lines(b.shown(reconciled(m.by_keys(), 80)))[3:] == [
        "The rows are not the same, although the number is.",
        "ours        162,078 USD  its current value, from 2 rows",
        "theirs      162,078 USD",
        "difference        0 USD",
        "keys                  4  1 on both sides, 3 in theirs only, 1 in ours only",
        "",
        "In theirs, not in ours: 3",
        "  2  they do not fit when.state = done  (metrics.toml:8)",
        "     D-2, D-3",
        "  1  not read: no source reads a project XY",
        "     XY-1",
        "",
        "In ours, not in theirs: 1",
        "  D-9  86,100 USD  Aldgate Retail",
        "",
        "Named more than once, counted once",
        "  D-2",
    ]


def test_sides_that_are_the_same_and_a_number_that_is_not_there() -> None:
    same = m.reconciled(equal=True, difference=Fraction(0), suspects=())
    assert "Both sides are the same." in b.shown(reconciled(same, 80))
    missing = m.reconciled(ours=None, difference=None, why="plan has no rate for CHF (1 row)")
    assert "There is no number of ours to compare: plan has no rate for CHF (1 row)." in b.shown(reconciled(missing, 80))


@pytest.mark.parametrize(
    ("text", "column", "wanted"),
    [
        ("IDN-1\n\n  IDN-2 \nIDN-3", None, ("IDN-1", "IDN-2", "IDN-3")),
        ("Issue key\nIDN-1\nIDN-2", None, ("IDN-1", "IDN-2")),
        ("Summary;Issue key;Amount\nBig, bigger;IDN-1;5\nSmall;;7\nLast;IDN-3;1", None, ("IDN-1", "IDN-3")),
        ("Summary,Opportunity ID\nOne,006A\nTwo,006B", "opportunity id", ("006A", "006B")),
        ("\ufeffkey\nIDN-1", None, ("IDN-1",)),
    ],
)
def test_keys_stand_one_a_line_or_in_a_column(tmp_path: Path, text: str, column: str | None, wanted: tuple[str, ...]) -> None:
    (tmp_path / "ids.csv").write_text(text, encoding="utf-8")
    assert keys(tmp_path / "ids.csv", column) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Deal ID\nD-1\nD-9", ("D-1", "D-9")),  # D-9 was not read
        ("Deal\nalpha\nbeta", ("alpha", "beta")),
        ("gamma\nalpha\nzeta", ("gamma", "alpha", "zeta")),  # two that are unknown are two keys
        ("D-8\nD-1", ("D-8", "D-1")),
        ("alpha\nD-1", ("alpha", "D-1")),
        ("Deal ID", ("Deal ID",)),
    ],
)
def test_a_first_line_that_is_no_key_while_the_others_are_is_the_head(tmp_path: Path, text: str, wanted: tuple[str, ...]) -> None:
    (tmp_path / "ids.csv").write_text(text, encoding="utf-8")
    assert keys(tmp_path / "ids.csv", None, {"D-1", "alpha", "beta"}.__contains__) == wanted


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("", None, "ids.csv is empty.", "Write one key or id a line"),
        ("Name,Ref\nOne,1", None, "ids.csv has several columns.", '--column: "Name", "Ref"'),
        ("Name,Ref\nOne,1", "Key", 'ids.csv has no column "Key".', 'Its first line has "Name", "Ref".'),
        ("PK\x03\x04", None, "ids.csv is a workbook, not a text.", "Save the sheet as CSV."),
    ],
)
def test_a_file_that_holds_no_keys_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, column: str | None, message: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ids.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        keys(Path("ids.csv"), column)
    assert str(raised.value) == message and hint in raised.value.hint


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_is_none_says_so(name: str) -> None:
    with pytest.raises(UsageError):
        keys(Path(name), None)


# ---- numbers --------------------------------------------------------------------------------------------------------------


def test_numbers_side_by_side_are_short_but_never_hide_that_they_differ() -> None:
    assert figures(Fraction(7_123_456), Fraction(9_000_000), Fraction(0)) == ("7.1 M", "9 M", "0")
    assert figures(Fraction(8_960_000), Fraction(9_000_000)) == ("8.96 M", "9 M")
    assert figures(Fraction(8_999_999), Fraction(9_000_000)) == ("8,999,999", "9,000,000")
    assert figures(Fraction(477_750), Fraction(1_600_000)) == ("477,750", "1,600,000")
    assert figures(Fraction(2_500_000_000), Fraction(10**10)) == ("2.5 bn", "10 bn")
    assert figures(Fraction("99.95"), Fraction("99.9")) == ("99.95", "99.9")


@pytest.mark.parametrize(
    ("text", "value", "places"),
    [("212", "212", 0), ("9,000,000", "9000000", 0), ("553,728.50", "553728.5", 2), ("-1.5", "-1.5", 1),
     ("9 000 000.1", "9000000.1", 1), ("0.125", "0.125", 3), ("1,234.567", "1234.567", 3), ("1.2340", "1.234", 4)],
)  # fmt: skip
def test_a_number_as_people_write_it(text: str, value: str, places: int) -> None:
    assert number(text) == Number(Fraction(value), places)


@pytest.mark.parametrize(
    ("text", "said"),
    [("553,7", "is not a number"), ("600.000", "write 600000, or 600.0000"), ("1e3", "is not a number"),
     ("1/3", "is not a number"), ("9,00,000", "is not a number"), ("", "is not a number"), ("1,234 567", "is not a number")],
)  # fmt: skip
def test_what_may_be_two_numbers_is_none(text: str, said: str) -> None:
    with pytest.raises(typer.BadParameter, match=said):
        number(text)


def test_single_numbers_differences_and_days() -> None:
    assert (figure(Fraction(1, 3)), figure(Fraction(1, 3000)), figure(None)) == ("0.33", "0.00033", "unknown")
    assert (change(Fraction(5), "USD"), change(Fraction(-5, 2), "%")) == ("+5 USD", "-2.5 percentage points")
    assert days_of("2026-12-28", "2027-01-03") == "28 Dec 2026 to 3 Jan 2027"


# ---- always ---------------------------------------------------------------------------------------------------------------


def hostile_pages(width: int) -> dict[str, str]:
    bad = m.row(
        name=HOSTILE, title=HOSTILE, value=HOSTILE, currency=HOSTILE, by=HOSTILE, note=HOSTILE, url=f"https://x/{HOSTILE}"
    )
    found = m.evidence(
        metric=m.facts(typed_by=(HOSTILE,), in_words=HOSTILE), rows=(bad,), left_out=(m.left_out(rows=(bad,), why=HOSTILE),)
    )
    value = m.key_result(evidence=found, why=HOSTILE, sentence=HOSTILE, links=(Link(HOSTILE, HOSTILE),))
    return {
        "key result": b.shown(node(value, b.NOW, width, None), width),
        "metrics": b.shown(
            metrics(m.metrics(m.metric_row(id=HOSTILE, why=HOSTILE, value=None, used_by=(HOSTILE,))), b.NOW, width), width
        ),
        "reconcile": b.shown(reconciled(m.by_keys(only_ours=(bad,), twice=(HOSTILE,)), width), width),
    }


def test_no_page_passes_on_what_a_terminal_obeys_and_all_keep_to_their_width() -> None:
    for name, text in hostile_pages(80).items():
        assert not [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2066")], name
        assert "[red]" in text, name
        assert max(cell_len(line) for line in text.splitlines()) <= 80, name


def test_the_shape_of_json() -> None:
    told = as_json(m.key_result())
    assert set(told) >= {"status", "why", "expected", "unclamped", "unclamped_value", "evidence", "links"}
    assert set(told["evidence"]) >= {
        "metric", "value", "value_value", "why", "unit", "start", "start_words", "target", "target_words", "rows", "left_out",
        "money", "periods", "steps", "parts", "work", "adds_up",
    }  # fmt: skip
    assert told["evidence"]["rows"][0] | {} == {
        "source": "crm", "name": "D-9", "title": "Aldgate Retail", "id": "9", "url": "https://x.example/browse/D-9",
        "on": "2026-11-12", "value": "86100", "adds": "86100/1", "adds_value": 86100.0, "weight": None, "currency": "USD",
        "rate": "1/1", "rate_value": 1.0, "texts": [], "state": "done", "by": None, "note": None, "run": "7",
    }  # fmt: skip
    assert set(as_json(m.metrics(m.metric_row()))["metrics"][0]) >= {
        "id", "name", "place", "source", "value", "why", "unit", "rows", "newest", "every", "late", "typed", "used_by",
    }  # fmt: skip
    assert set(as_json(m.by_keys())) >= {
        "id", "cycle", "ours", "theirs", "difference", "equal", "suspects", "ids", "both", "only_theirs", "only_ours", "twice",
    }  # fmt: skip
    assert set(as_json(b.key_result())) >= {"status", "why", "expected", "unclamped", "measured_by", "figures"}
