"""What `check` says of metrics and steps once it knows the sources: which there are, and which fields they have."""

from __future__ import annotations

from pathlib import Path

from hub.config import check_fields, load_config
from hub.mappings import parse

CONFIG = """\
[source.jira]
kind = "jira"
url = "https://acme.atlassian.net"
user = "me@acme.example"
fields = { region = "customfield_10001" }

[source.kpis]
kind = "spreadsheet"
file = "kpis.csv"
date = "Day"
value = "Value"
fields = { segment = "Segment" }

[source.warehouse]
kind = "sql"
url = "sqlite:///warehouse.db"
"""
STRATEGY = """\
[cycle]
q1 = { starts = 2027-01-01, ends = 2027-03-31 }
[[objective]]
id = "land"
cycle = "q1"
anchor.threat = "x"
"""


def said(folder: Path, *lines: str) -> list[str]:
    """What is said of a file with these lines."""
    (folder / "kpis.csv").write_text("Day,Value,Segment\n", "utf-8")
    path = folder / "config.toml"
    path.write_text(CONFIG, "utf-8")
    config = load_config(path, {})
    files = {"base.toml": STRATEGY, "m.toml": "\n".join((*lines, "")), "queries/churn.sql": "SELECT 1"}
    mapping, problems = parse(files, "UTC")
    assert mapping is not None, [str(p) for p in problems]
    return [str(p) for p in check_fields(mapping, config)]


def metric(*lines: str, source: str = "jira") -> tuple[str, ...]:
    return ("[[metric]]", 'id = "m"', f'source = "{source}"', *lines)


def test_a_source_that_is_not_configured(tmp_path: Path) -> None:
    assert said(tmp_path, *metric(source="jria")) == [
        'm.toml:3:10: warning: There is no source "jria" in the configuration, so the metric "m" stays unmeasured. '
        'Did you mean "jira"?'
    ]
    assert said(tmp_path, *metric(source="JIRA")) == []


def test_lines_and_fields_of_items(tmp_path: Path) -> None:
    right = ('sum = "field.region"', 'when.label = "x"', 'when.field.region = "EMEA"', 'dated = "closed"')
    assert said(tmp_path, *metric(*right)) == []
    wrong = ('sum = "field.arr"', 'times = "probability"', 'when.field.regoin = "EMEA"', 'dated = "field.signed"')
    assert said(tmp_path, *metric(*wrong)) == [
        'm.toml:4:7: warning: `field.arr` reads a field that the source "jira" does not name, so nothing is measured. '
        'Name it in [source.jira] of config.toml: fields = { arr = "THE SOURCE\'S FIELD" }.',
        'm.toml:5:9: warning: `probability` reads a field that the source "jira" does not name, so nothing is measured. '
        'Name it in [source.jira] of config.toml: fields = { probability = "THE SOURCE\'S FIELD" }.',
        'm.toml:6:12: warning: `when.field.regoin` reads a field that the source "jira" does not name, so nothing is measured. '
        'Did you mean "region"?',
        'm.toml:7:9: warning: `field.signed` reads a field that the source "jira" does not name, so nothing is measured. '
        'Name it in [source.jira] of config.toml: fields = { signed = "THE SOURCE\'S FIELD" }.',
    ]


def test_values_have_their_columns_a_number_and_a_date(tmp_path: Path) -> None:
    right = ('series = "nps"', 'when.field.segment = "a"', "when.amount = { gte = 0 }", "when.created = { gte = 2027-01-01 }")
    assert said(tmp_path, *metric(*right, source="kpis")) == []
    assert said(tmp_path, *metric('when.label = "x"', "count = true", 'window = "all"', source="kpis")) == [
        'm.toml:4:6: warning: `when.label` reads what the source "kpis" does not have, so nothing is measured. Use another field.'
    ]


def test_the_columns_of_a_query_are_its_own(tmp_path: Path) -> None:
    assert said(tmp_path, *metric('query = "churn"', 'when.field.anything = "x"', source="warehouse")) == []


def test_lines_of_a_key_result_narrow_the_source_of_its_metric(tmp_path: Path) -> None:
    narrowed = ("[[key_result]]", 'id = "k"', 'objective = "land"', 'kind = "stay_above"', 'metric = "m"', "target = 1")
    assert said(tmp_path, *metric('series = "nps"', source="kpis"), *narrowed, 'when.field.region = "EMEA"') == [
        'm.toml:11:12: warning: `when.field.region` reads a field that the source "kpis" does not name, so nothing is measured. '
        'Name it in [source.kpis] of config.toml: fields = { region = "THE SOURCE\'S FIELD" }.'
    ]


def test_steps_read_the_items_of_all_sources(tmp_path: Path) -> None:
    step = 'steps = [{ name = "A", due = 2027-02-01, when = { field.region = "x", field.reigon = "x", source = "jria" } }]'
    assert said(tmp_path, "[[key_result]]", 'id = "k"', 'objective = "land"', 'kind = "milestone"', step) == [
        'm.toml:5:77: warning: `when.field.reigon` reads a field that no source names. Did you mean "region"?',
        'm.toml:5:91: warning: There is no source "jria" in the configuration. Did you mean "jira"?',
    ]
