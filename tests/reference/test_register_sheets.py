"""Named cases for the rows 27 and 40 of the register of needs, with real files: what people typed, and one sheet in two ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from hub.config import load_config
from hub.mappings import load_mappings
from hub.report import Report
from hub.store import Store, open_store
from hub.sync import sync_source
from tests.reference.register_metrics import STRATEGY

NOW = int(datetime(2027, 2, 15, 12, tzinfo=UTC).timestamp()) * 1000
TYPED = """\
Date,Metric,Value,By,Note
2026-12-31,Employee NPS,31,Ada Lim,
2027-02-08,Waiting,9,Ben Roth,"two clinics, not three"
2027-02-15,Waiting,7,Ada Lim,
"""
SCRAP = """\
No;Werk;Tag;Kosten
1;Köln;01.02.2027;1.250,75
2;KÖLN;15.02.2027;49,25
3;Győr;31.12.2026;9.999,99
4;Łódź;02.02.2027;700
"""
CONFIG = """
[source.typed]
kind = "spreadsheet"
file = "typed.csv"
date = "Date"
series = "Metric"
value = "Value"
by = "By"
note = "Note"

[source.rows]
kind = "spreadsheet"
file = "scrap.csv"
key = "No"
columns = { title = "Werk", amount = "Kosten", created = "Tag" }
fields = { werk = "Werk" }
formats = { Kosten = "1.234,56", Tag = "DD.MM.YYYY" }

[source.values]
kind = "spreadsheet"
file = "scrap.csv"
key = "No"
date = "Tag"
value = "Kosten"
fields = { werk = "Werk" }
formats = { Kosten = "1.234,56", Tag = "DD.MM.YYYY" }
"""
METRICS = """
[[metric]]
id = "enps"
source = "typed"
series = "Employee NPS"
every = "quarter"

[[metric]]
id = "waiting"
source = "typed"
series = "Waiting"
every = "week"

[[metric]]
for_each.rows = [{ source = "rows" }, { source = "values" }]
id = "scrap-{source}"
source = "{source}"
sum = "value"
when.field.werk = ["Köln", "Győr"]
dated = "created"

[[key_result]]
id = "shorter"
objective = "land"
kind = "decrease"
metric = "waiting"
start = 11
target = 3
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """After a night over all three sources."""
    folder: Path = tmp_path_factory.mktemp("sheets")
    (folder / "mappings").mkdir()
    texts = {"mappings/all.toml": STRATEGY + METRICS, "config.toml": CONFIG, "typed.csv": TYPED, "scrap.csv": SCRAP}
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    config = load_config(folder / "config.toml", {})
    mapping = load_mappings(folder / "mappings", "UTC")[0]
    with open_store(f"sqlite:///{folder / 'hub.db'}") as store:
        for source in config.sources:
            summary = sync_source(config, mapping, store, source, as_of=NOW, now=lambda: NOW, threads=1)
            assert (summary.result, summary.error) == ("complete", None)
        yield store


def test_register_27_what_a_person_typed_says_so_with_author_and_day(store: Store) -> None:
    found = Report(store).metrics()
    assert found is not None
    assert {m.id: (m.value, m.typed) for m in found.metrics if m.source == "typed"} == {"enps": (31, True), "waiting": (7, True)}
    assert not any(m.typed for m in found.metrics if m.source != "typed")
    (shorter,) = Report(store).explain_node("shorter")
    evidence = shorter.evidence
    assert evidence is not None and evidence.metric is not None
    assert (shorter.progress, shorter.status) == (Fraction(1, 2), "on track")
    assert evidence.metric.typed_by == ("Ada Lim",)
    assert [(row.on, row.value, row.by, row.note, row.name) for row in evidence.rows] == [
        (date(2027, 2, 15), "7", "Ada Lim", None, "row 4")
    ]
    older = next(row for group in evidence.left_out for row in group.rows)
    assert (older.by, older.note) == ("Ben Roth", "two clinics, not three")


def test_register_27_what_is_typed_is_counted_where_the_numbers_are(store: Store) -> None:
    tree = Report(store).tree()
    assert tree is not None
    assert "2 metrics typed by hand (enps, waiting)." in tree.notes


def test_register_40_a_sheet_with_date_and_value_has_values_and_any_other_items(store: Store) -> None:
    found = Report(store).metrics()
    assert found is not None
    by_id = {m.id: m for m in found.metrics}
    assert by_id["scrap-rows"].value == by_id["scrap-values"].value == 1300
    assert by_id["scrap-rows"].rows == by_id["scrap-values"].rows == 2
    assert {s.source: s.items for s in Report(store).sources()} == {"typed": 0, "rows": 4, "values": 0}
