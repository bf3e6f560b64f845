"""A night over a sheet of values: new, restated, withdrawn; too much at once; broken off."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType

from connectors.base import MetricValue, Rejected, SourceSettings, Unavailable
from hub.cli.render.holds import holds as rendered
from hub.cli.render.runs import ended, runs
from hub.config import load_config
from hub.report import Report
from hub.report.holds import holds
from hub.store import Store
from hub.store.measured import measure
from hub.sync.verify import Checked, verify_source
from tests.hub.sync.tracker import START, STRATEGY, Hub, Tracker, TrackerConnector


@pytest.fixture
def hub(tmp_path: Path, store: Store) -> Hub:
    """A sheet with thirty days, beside a project with five items."""
    tracker = Tracker()
    tracker.put("CORE", *(f"{n}" for n in range(100, 105)))
    tracker.tell("KPIS", {day: 5_000 + day for day in range(30)}, unit="EUR")
    hub = Hub(tmp_path / "hub", store, tracker)
    summary = hub.sync()
    assert summary.result == "complete"
    assert (summary.counts["read"], summary.counts["new"]) == (5, 5), "values are no items"
    assert (summary.counts["values"], summary.counts["values_new"]) == (30, 30)
    return hub


def test_a_night(hub: Hub) -> None:
    then = hub.reader.seq()
    hub.tracker.tell("KPIS", {30: 1})
    hub.tracker.tell("KPIS", {0: 7, 1: 8})
    hub.tracker.withdraw("KPIS", 5)
    summary = hub.sync()
    counts = {name: summary.counts[name] for name in ("values", "values_new", "values_changed", "values_gone")}
    assert summary.result == "complete"
    assert counts == {"values": 30, "values_new": 1, "values_changed": 2, "values_gone": 1}
    assert (hub.values()[0], hub.values()[30], 5 in hub.values()) == ("7", "1", False)
    assert (hub.values(as_of=then)[0], 30 in hub.values(as_of=then), hub.values(as_of=then)[5]) == ("5000", False, "5005")
    again = hub.sync()
    assert [again.counts[name] for name in counts] == [30, 0, 0, 0]
    assert hub.reader.runs(2)[1].counts["values_changed"] == 2


def test_values_take_no_part_in_what_becomes_of_items(hub: Hub) -> None:
    """Their names are no ids: an item that is called like one is missing all the same, and nobody is asked about values."""
    hub.tracker.put("CORE", "2026-11-02 3 nps")
    hub.sync()
    hub.tracker.delete("2026-11-02 3 nps")
    asked = len(hub.tracker.asked)
    assert hub.sync().result == "complete"
    assert hub.tracker.asked[asked:] == ["2026-11-02 3 nps"]
    assert hub.presences()["2026-11-02 3 nps"] == "deleted"
    assert len(hub.values()) == 30


def test_a_sheet_is_read_whole_in_every_mode_and_never_counted(hub: Hub) -> None:
    for mode in ("delta", "nightly", "full"):
        hub.tracker.read.clear()
        assert hub.sync(mode).result == "complete"  # type: ignore[arg-type]
        assert ("KPIS", None) in hub.tracker.read
    hub.tracker.fails["census:KPIS"] = Unavailable("nobody lists a sheet")
    assert hub.sync().result == "complete"


def test_many_values_gone_at_once_wait_for_a_person(hub: Hub) -> None:
    """F32: the sheet lost two thirds; the numbers stand, and what is new counts."""
    hub.tracker.withdraw("KPIS", *range(20))
    hub.tracker.tell("KPIS", {40: 1})
    summary = hub.sync()
    assert summary.result == "held" and summary.exit_code == 4
    assert "20 of 30 values are gone at once (KPIS)" in (summary.error or "")
    assert len(hub.values()) == 31
    (held,) = holds(hub.store)
    assert (held.kind, held.noun, held.items, held.command) == ("values", "value", 20, "anchorline sync jira")
    assert held.examples[0] == ("nps", "2026-11-02")
    assert hub.sync().result == "held", "time alone releases nothing"
    hub.approve(hub.holds()[0][0])
    assert hub.sync().result == "complete"
    assert sorted(hub.values()) == [*range(20, 30), 40]
    assert hub.holds() == []


def test_an_emptied_sheet_is_held(hub: Hub) -> None:
    """F32: a sheet that somebody is rebuilding."""
    kept = hub.tracker.sheets["KPIS"]
    hub.tracker.sheets["KPIS"] = []
    assert hub.sync().result == "held"
    assert len(hub.values()) == 30
    hub.tracker.sheets["KPIS"] = kept
    assert hub.sync().result == "complete" and hub.holds() == []


def test_all_values_restated_at_once_wait_for_a_person(hub: Hub) -> None:
    """F33: euros became thousands; the former values stay in use until somebody looked, and an approval is enough."""
    hub.tracker.tell("KPIS", dict.fromkeys(range(31), 5), unit="EUR")
    assert hub.sync().result == "held"
    assert hub.values()[0] == "5000" and 30 not in hub.values()
    (held,) = holds(hub.store)
    assert (held.kind, held.noun, held.command, held.examples[0]) == (
        "restated",
        "value",
        "anchorline evaluate",
        ("nps", "2026-11-02"),
    )
    hub.approve(hub.holds()[0][0])
    hub.evaluate()
    assert set(hub.values().values()) == {"5"} and len(hub.values()) == 31
    assert hub.sync().result == "complete"


def test_new_settings_may_restate_everything(hub: Hub) -> None:
    """F33: another fingerprint is exempt."""
    hub.tracker.tell("KPIS", dict.fromkeys(range(30), 5), unit="EUR")
    hub.tracker.fingerprint = "2"
    assert hub.sync().result == "complete"
    assert set(hub.values().values()) == {"5"}


def test_a_sheet_that_proves_unchanged_takes_nothing_away(hub: Hub) -> None:
    hub.tracker.unchanged.add("KPIS")
    hub.tracker.sheets["KPIS"] = []
    summary = hub.sync()
    assert summary.result == "complete" and summary.counts["values"] == 0
    assert len(hub.values()) == 30


def test_an_approval_is_applied_although_the_sheet_is_unchanged(hub: Hub) -> None:
    """F32: it is the one that was asked about."""
    hub.tracker.withdraw("KPIS", *range(20))
    hub.sync()
    hub.tracker.unchanged.add("KPIS")
    assert hub.sync().result == "held"
    hub.approve(hub.holds()[0][0])
    summary = hub.sync()
    assert summary.result == "complete" and summary.counts["values_gone"] == 20
    assert len(hub.values()) == 10


def test_a_reading_that_breaks_off_changes_nothing(hub: Hub) -> None:
    """F27: half a sheet is no sheet; the next run reads it again."""
    hub.tracker.tell("KPIS", {0: 1, 30: 1})
    hub.tracker.withdraw("KPIS", 29)
    hub.tracker.fails["KPIS:4"] = Unavailable("the server went away")
    assert hub.sync().result == "partial"
    assert hub.values()[0] == "5000" and 29 in hub.values() and 30 not in hub.values()
    del hub.tracker.fails["KPIS:4"]
    assert hub.sync().result == "complete"
    assert hub.values()[0] == "1" and 29 not in hub.values() and 30 in hub.values()


def test_a_cell_that_cannot_be_read_takes_no_value_away(hub: Hub) -> None:
    """F32: a typing mistake in a cell; the value of before stands until it is mended, and nobody is asked for it by id."""
    hub.tracker.withdraw("KPIS", 3)
    hub.tracker.unreadable["KPIS"] = (Rejected("KPIS!B5", '"12x" is no number', "2026-11-05;12x"),)
    summary = hub.sync()
    assert summary.result == "partial" and summary.counts["quarantined"] == 1
    assert hub.values()[3] == "5003" and hub.tracker.asked == []
    again = hub.sync()
    assert again.result == "complete" and hub.values()[3] == "5003"
    assert [q.reason for q in hub.reader.quarantine()] == ['KPIS!B5: "12x" is no number']
    hub.tracker.unreadable.clear()
    hub.tracker.tell("KPIS", {3: 12})
    assert hub.sync().counts["values_changed"] == 1
    assert hub.values()[3] == "12" and hub.reader.quarantine() == []


def test_a_sheet_that_nothing_names_any_more_is_asked_about(hub: Hub) -> None:
    """F32: its values stay until a person lets them go."""
    hub.tracker.states["KPIS"] = "unlisted"
    hub.tracker.named = ("CORE",)
    assert hub.sync().result == "complete"
    assert hub.holds() == [(1, "unlisted", None, 30)] and len(hub.values()) == 30
    assert "30 values of KPIS" in holds(hub.store)[0].text and holds(hub.store)[0].noun == "value"
    assert hub.reader.held_values() == {("jira", "nps"): {("unobserved", "jira/KPIS")}}
    hub.approve(1)
    assert hub.sync().counts["gone"] == 30
    assert hub.values() == {} and hub.holds() == []


def test_several_threads_read_the_same(hub: Hub) -> None:
    hub.tracker.tell("OTHER", {day: day for day in range(50)}, key="EMEA")
    hub.tracker.tell("KPIS", {0: 1})
    summary = hub.sync(threads=4)
    assert summary.result == "complete"
    assert (summary.counts["values"], summary.counts["values_new"], summary.counts["values_changed"]) == (80, 50, 1)


def test_verify_compares_what_is_said_of_each_value(hub: Hub) -> None:
    def checked() -> Checked:
        config = load_config(hub.folder / "config.toml", {"ANCHORLINE_JIRA__TOKEN": "a-token"})

        def opener(settings: SourceSettings) -> TrackerConnector:
            return TrackerConnector(settings, hub.tracker)

        verified = verify_source(config, hub.store, "jira", opener=opener)
        (sheet,) = [each for each in verified.partitions if each.partition == "KPIS"]
        assert verified.equal == (not (sheet.missing or sheet.restated or sheet.left))
        return sheet

    assert (checked().listed, checked().missing, checked().restated, checked().left) == (30, 0, 0, 0)
    hub.tracker.tell("KPIS", {0: 1, 77: 1})
    hub.tracker.withdraw("KPIS", 4, 5)
    found = checked()
    assert (found.listed, found.missing, found.restated, found.left) == (29, 1, 1, 2)
    assert found.examples[0] == "nps 2027-01-18"
    hub.tracker.unchanged.add("KPIS")
    assert (checked().listed, checked().left) == (30, 0)


def test_columns_and_places_reach_the_reader(hub: Hub) -> None:
    """F41: a value is known by its key, and a row that moved is the same one."""
    row = MetricValue("nps", START.date(), "41", key="EMEA", fields={"plan": "Pro"}, by="Ada", note="n", at="KPIS!B7")
    hub.tracker.sheets["KPIS"] = [*hub.tracker.sheets["KPIS"], row]
    hub.sync()
    hub.tracker.sheets["KPIS"] = [replace(row, at="KPIS!B9"), *hub.tracker.sheets["KPIS"][:-1]]
    assert hub.sync().counts["values_changed"] == 0
    (found,) = [v for v in hub.reader.values(series=["nps"]) if v.key == "EMEA"]
    assert (found.fields, found.by, found.note, found.at) == ({"plan": "Pro"}, "Ada", "n", "KPIS!B9")


def shown(part: RenderableType) -> str:
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(part)
    return " ".join(capture.get().split())


def test_people_are_told_what_became_of_values(hub: Hub) -> None:
    hub.tracker.withdraw("KPIS", 5)
    hub.tracker.tell("KPIS", {0: 7, 30: 1})
    hub.tracker.finish("100")
    summary = hub.sync()
    said = shown(ended("jira", summary.result, summary.counts, summary.error, summary.hint))
    assert said == "jira complete 30 values read, 1 new, 1 changed, 1 gone; 1 item read, 0 new, 1 changed"
    row = Report(hub.store).runs()[0]
    assert " 31 1 2" in shown(runs([row], hub.now())), "items and values together"
    hub.tracker.withdraw("KPIS", *range(20))
    hub.sync()
    told = shown(rendered(holds(hub.store), hub.now()))
    assert "19 of 30 values are gone at once." in told and "nps 2026-11-02" in told and "and 14 more" in told


NPS = """
[[metric]]
id = "nps"
name = "Net promoter score"
source = "jira"
latest = "value"
series = "nps"
unit = "EUR"

[[key_result]]
id = "loved"
objective = "sell"
name = "Customers love it"
kind = "increase"
metric = "nps"
start = 10
target = 50
"""


def test_a_value_that_comes_while_others_are_measured_is_in_the_result(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process takes a sheet over between the measuring and the snapshot: what is stored is of one moment."""
    hub.rules(STRATEGY + NPS)
    today = (hub.tracker.now - START).days
    told: list[Any] = []

    def measured(*given: Any) -> Any:
        found = measure(*given)
        if not told:
            hub.tracker.tell("KPIS", {today: 42}, unit="EUR")
            with monkeypatch.context() as own:
                own.setattr(sys.modules["hub.sync.run"], "evaluate", lambda *_, **__: None)  # it waits for this evaluation
                told.append(hub.sync(hours=0).counts["values_changed"])
        return found

    monkeypatch.setattr(sys.modules["hub.sync.evaluate"], "measure", measured)
    hub.evaluate()
    row = hub.reader.snapshot("2026-q4", "key_result", "loved")
    assert told == [1] and row is not None
    assert row.node.details["current"] == "42"
