"""Series that metrics name and nothing was read of."""

from __future__ import annotations

from hub.mappings import parse
from hub.report.series import unread_series

FILE = """\
[cycle]
q1 = { starts = 2027-01-01, ends = 2027-03-31 }
[[metric]]
id = "a"
source = "kpis"
series = "{}"
every = "week"
"""


def said(series: str, *stored: tuple[str, str]) -> list[str]:
    mapping, problems = parse({"m.toml": FILE.replace("{}", series)}, "UTC")
    assert mapping is not None, problems
    return [str(problem) for problem in unread_series(mapping, stored)]


def test_a_series_that_is_there_is_found_in_any_case() -> None:
    assert said("NPS", ("kpis", "nps"), ("kpis", "churn")) == []


def test_a_slip_is_told_with_what_was_meant() -> None:
    assert said("npss", ("kpis", "nps"), ("kpis", "churn")) == [
        'm.toml:6:10: warning: kpis has no series "npss", so the metric "a" stays unmeasured. Did you mean "nps"?'
    ]


def test_one_that_is_like_none_is_told_with_all_of_a_few() -> None:
    (line,) = said("revenue", ("kpis", "nps"), ("kpis", "churn"))
    assert line.endswith("Known here: churn, nps.")


def test_nothing_is_said_of_a_source_without_values() -> None:
    assert said("npss") == []
    assert said("npss", ("other", "nps")) == []
