"""What waits for a person: too much gone, changed or unreadable at once, and what an approval covers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from connectors.base import Unavailable
from hub.report import Report
from hub.store import Store
from tests.hub.sync.tracker import Hub, Tracker, watched


def test_up_to_ten_items_may_go_in_a_night(hub: Hub) -> None:
    hub.tracker.delete(*(f"{n}" for n in range(110, 120)))
    assert hub.sync().result == "complete"
    assert hub.progress() == ("10", "10")


def test_more_than_ten_and_a_tenth_are_held(hub: Hub) -> None:
    """F32: proved one by one, and still too many at once: a person decides. Additions and updates apply."""
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.tracker.put("CORE", "130")
    hub.tracker.finish("200")
    summary = hub.sync()
    assert summary.result == "held" and summary.exit_code == 4
    assert "11 of 20 items are gone at once" in (summary.error or "") and "anchorline held" in (summary.hint or "")
    assert hub.presences()["119"] == "held" and hub.presences()["130"] == "present"
    assert hub.progress() == ("10", "20") and hub.frozen() == ["held"] and hub.progress("beta") == ("1", "5")


def test_a_hold_waits_as_long_as_nobody_decides(hub: Hub) -> None:
    """F32: time alone releases nothing, and freshness is not renewed."""
    fresh = [s.complete_at for s in Report(hub.store).sources()]
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    for _ in range(5):
        assert hub.sync().result == "held"
    assert len(hub.holds()) == 1, "one question, not one a night"
    assert hub.progress() == ("10", "20")
    assert [s.complete_at for s in Report(hub.store).sources()] == fresh


def test_an_approval_is_applied_by_the_run_that_finds_the_same_missing_again(hub: Hub) -> None:
    """F32: two runs, each with proof."""
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.sync()
    hub.approve(hub.holds()[0][0])
    hub.evaluate()
    assert hub.progress() == ("10", "20"), "an approval alone moves nothing"
    with watched(hub) as asked:
        assert hub.sync().result == "complete"
    assert set(asked) == {f"{n}" for n in range(109, 120)}
    assert hub.progress() == ("9", "9") and hub.frozen() == [] and hub.holds() == []


def test_an_approval_covers_what_was_shown_and_no_more(hub: Hub) -> None:
    """F32: an approval is a ceiling; whatever vanished since is another question."""
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.sync()
    hub.approve(hub.holds()[0][0])
    hub.tracker.delete(*(f"{n}" for n in range(100, 109)))
    hub.tracker.put("CORE", *(f"{n}" for n in range(130, 133)))
    assert hub.sync().result == "complete", "nine more are below the limit"
    assert hub.here() >= {"130", "131", "132"} and hub.progress() == ("0", "3")


def test_more_than_the_limit_beyond_an_approval_is_held_again(hub: Hub) -> None:
    hub.tracker.put("CORE", *(f"{n}" for n in range(130, 145)))
    hub.sync()
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.sync()
    first = hub.holds()[0][0]
    hub.approve(first)
    hub.tracker.delete(*(f"{n}" for n in range(130, 142)))
    assert hub.sync().result == "held"
    ((second, kind, decision, ids),) = hub.holds()
    assert second != first and (kind, decision, ids) == ("absence", None, 12)
    assert hub.presences()["119"] == "deleted" and hub.presences()["130"] == "held"


def test_what_was_approved_and_is_there_again_stays(hub: Hub) -> None:
    kept = dict(hub.tracker.projects["CORE"])
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.sync()
    hub.approve(hub.holds()[0][0])
    hub.tracker.projects["CORE"] = kept
    assert hub.sync().result == "complete"
    assert hub.progress() == ("10", "20") and hub.holds() == [] and hub.here() >= {"109", "119"}


def test_held_items_that_are_there_again_are_released_by_themselves(hub: Hub) -> None:
    kept = dict(hub.tracker.projects["CORE"])
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.sync()
    hub.tracker.projects["CORE"] = kept
    assert hub.sync().result == "complete"
    assert hub.holds() == [] and hub.frozen() == [] and "held" not in hub.presences().values()


def test_an_empty_listing_of_five_is_held(hub: Hub) -> None:
    """F32: five is below the limit of ten, but nothing at all is a sign."""
    hub.tracker.delete(*(f"{n}" for n in range(200, 205)))
    assert hub.sync().result == "held"
    assert hub.frozen("beta") == ["held"] and hub.frozen() == []


def test_a_blackout_deletes_nothing(hub: Hub) -> None:
    """F32: lists are empty and asking by id finds nothing either."""
    everything = dict(hub.tracker.projects)
    hub.tracker.projects = {"CORE": {}, "GROW": {}}
    assert hub.sync().result == "held"
    assert hub.progress() == ("10", "20") and hub.progress("beta") == ("0", "5")
    hub.tracker.projects = everything
    assert hub.sync().result == "complete"
    assert hub.holds() == [] and hub.here() == set(hub.presences())


def test_a_page_cannot_empty_a_partition_of_the_whole_kind(tmp_path: Path, store: Store) -> None:
    """F32: a source that is read whole is its own census, and guarded alike."""
    tracker = Tracker(whole=True)
    tracker.put("SHEET", *(f"{n}" for n in range(10, 30)))
    hub = Hub(tmp_path / "whole", store, tracker)
    hub.sync()
    rows = dict(tracker.projects["SHEET"])
    tracker.projects["SHEET"] = {}
    assert hub.sync().result == "held" and hub.progress() == ("0", "20")
    tracker.projects["SHEET"] = rows
    tracker.delete("10")
    assert hub.sync().result == "held" and hub.presences()["10"] == "held", "asked about, and not seen again"
    hub.approve(hub.holds()[0][0])
    assert hub.sync().result == "complete" and hub.progress() == ("0", "19")


def test_everything_changed_at_once_is_held_until_somebody_looked(hub: Hub) -> None:
    """F33: stored, but not published."""
    for id_ in (f"{n}" for n in range(100, 120)):
        hub.tracker.change(id_, category="done", status="Done", done_at=hub.tracker.now)
    summary = hub.sync()
    assert summary.result == "held" and "20 of 20 items changed at once" in (summary.error or "")
    assert hub.progress() == ("10", "20") and hub.frozen() == ["changed"]
    hub.approve(hub.holds()[0][0])
    hub.evaluate()
    assert hub.progress() == ("20", "20") and hub.frozen() == [] and hub.holds() == []


def test_new_stamps_alone_are_no_change(hub: Hub) -> None:
    """F33: a touch of everything, or a renamed project, changes no number and is not held."""
    for id_ in (f"{n}" for n in range(100, 120)):
        hub.tracker.change(id_, key=f"NEW-{id_}")
    assert hub.sync().result == "complete"


def test_other_settings_may_change_everything(hub: Hub) -> None:
    """F33: another fingerprint is read whole, and exempt."""
    hub.tracker.fingerprint = "2"
    for id_ in (f"{n}" for n in range(100, 120)):
        hub.tracker.change(id_, category="done", status="Done", done_at=hub.tracker.now)
    assert hub.sync().result == "complete" and hub.progress() == ("20", "20")
    assert hub.tracker.read[-2:] == [("CORE", None), ("GROW", None)]


def test_a_field_that_is_gone_from_most_items_is_held(hub: Hub) -> None:
    """F21: numbers that rest on it stand still, also where the settings changed with it."""
    for n in range(100, 120):
        hub.tracker.change(f"{n}", estimate="3")
    hub.sync()
    hub.approve(hub.holds()[0][0])
    assert hub.sync().result == "complete"
    hub.tracker.fingerprint = "2"
    for n in range(100, 112):
        hub.tracker.change(f"{n}", estimate=None)
    summary = hub.sync()
    assert summary.result == "held" and "the field estimate is empty now in 12 of 20 items" in (summary.error or "")
    assert hub.frozen() == ["changed"]


def test_too_many_unreadable_records_fail_the_partition_and_freeze_it(hub: Hub) -> None:
    """F21: more than a tenth newly in quarantine means that the answers changed their shape."""
    before = hub.cursors()
    hub.tracker.poison = {f"{n}" for n in range(100, 104)}
    for id_ in hub.tracker.poison:
        hub.tracker.change(id_)
    summary = hub.sync()
    assert summary.result == "partial" and "can no longer be understood" in (summary.error or "")
    assert hub.frozen() == ["rejected"] and hub.cursors()["CORE"] == before["CORE"]
    hub.tracker.poison = set()
    for id_ in ("100", "101", "102", "103"):
        hub.tracker.change(id_, labels=("alpha",))
    assert hub.sync().result == "complete"
    assert hub.frozen() == [] and hub.holds() == []


def test_a_poison_record_is_tried_again_every_night_and_seldom_by_day(hub: Hub) -> None:
    """F40: three more deltas, then by nightly runs alone: the vendor may mend it without saying that it changed."""
    hub.tracker.poison = {"119"}
    hub.tracker.change("119")
    assert hub.sync().result == "partial"
    asked = []
    for _ in range(5):
        with watched(hub) as said:
            assert hub.sync("delta").result == "complete"
        asked.append("119" in said)
    assert asked == [True, True, True, False, False]
    hub.tracker.poison = set()
    hub.tracker.projects["CORE"]["119"] = replace(hub.tracker.projects["CORE"]["119"], status="Done", category="done")
    hub.sync()
    assert hub.progress() == ("11", "20") and hub.reader.quarantine() == []


# ---- what a wave of changes must not do ----


def test_a_wave_that_breaks_every_link_leaves_the_number_where_it_was(hub: Hub) -> None:
    """F33: the key result that lost its items is the one that stands still, also in later nights."""
    for n in range(100, 120):
        hub.tracker.change(f"{n}", labels=("beta",))
    for _ in range(3):
        assert hub.sync().result == "held"
        assert hub.progress() == ("10", "20") and hub.frozen() == ["changed"]
        assert hub.progress("beta") == ("0", "5") and hub.frozen("beta") == ["changed"]
    hub.approve(hub.holds()[0][0])
    hub.evaluate()
    assert hub.progress() == ("0", "0") and hub.progress("beta") == ("10", "25") and hub.frozen() == []


def test_half_a_wave_is_not_published(hub: Hub) -> None:
    """F33: neither by an evaluation between two pages, nor by a run that broke off."""
    for n in range(100, 120):
        hub.tracker.finish(f"{n}")
        hub.tracker.change(f"{n}", estimate="5")
    hub.tracker.fails["CORE:6"] = Unavailable("broke off")
    assert hub.sync().result == "partial"
    assert hub.progress() == ("10", "20") and hub.frozen() == ["changing"]
    hub.tracker.fails.clear()
    assert hub.sync().result == "held"
    assert hub.progress() == ("10", "20") and hub.frozen() == ["changed"]


def test_a_few_changes_of_a_run_that_broke_off_are_published(hub: Hub) -> None:
    hub.tracker.finish("110", "111")
    hub.tracker.fails["census:CORE"] = Unavailable("broke off")
    assert hub.sync().result == "partial" and hub.progress() == ("12", "20")


def test_another_wave_is_another_question(hub: Hub) -> None:
    """F33: a number stands for what was seen under it."""
    for n in range(100, 120):
        hub.tracker.change(f"{n}", estimate="5")
    hub.sync()
    first = hub.holds()[0][0]
    for n in range(100, 120):
        hub.tracker.change(f"{n}", estimate="5", status="Done", category="done", done_at=hub.tracker.now)
    hub.sync()
    hub.approve(first)
    hub.evaluate()
    assert hub.progress() == ("10", "20") and hub.holds()[0][0] != first


# ---- what no way around may do ----


def test_moves_out_of_scope_are_guarded_alike(tmp_path: Path, store: Store) -> None:
    """F32: 45 of 50 items at once in a project that is not read."""
    tracker = Tracker(named=("CORE",))
    tracker.put("CORE", *(f"{n}" for n in range(100, 150)))
    tracker.put("ELSE", "9")
    hub = Hub(tmp_path / "named", store, tracker)
    hub.sync()
    for n in range(100, 145):
        tracker.move(f"{n}", "ELSE")
    assert hub.sync().result == "held" and hub.progress() == ("0", "50") and hub.frozen() == ["held"]


def test_a_held_item_waits_however_few_are_left(hub: Hub) -> None:
    """F32: below the limit again, because some came back or the project grew, is no approval."""
    kept = hub.tracker.projects["CORE"]["119"]
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.sync()
    hub.tracker.projects["CORE"]["119"] = kept
    hub.tracker.put("CORE", *(f"{n}" for n in range(300, 400)))
    assert hub.sync().result == "held"
    assert hub.holds() == [(1, "absence", None, 10)] and hub.presences()["119"] == "present"


def test_a_hold_that_grew_has_another_number(hub: Hub) -> None:
    """F32: whoever approves what he saw in the morning approves that."""
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.sync()
    hub.tracker.delete(*(f"{n}" for n in range(100, 109)))
    hub.sync()
    hub.approve(1)
    assert hub.sync().result == "held" and hub.holds() == [(2, "absence", None, 20)]


def test_an_approval_ends_when_what_it_was_for_is_seen_again(hub: Hub) -> None:
    """F32: also in a run that may conclude nothing."""
    kept = dict(hub.tracker.projects["CORE"])
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.sync()
    hub.approve(1)
    hub.tracker.projects["CORE"] = kept
    hub.tracker.fails["GROW"] = Unavailable("down")
    assert hub.sync().result == "partial" and hub.presences()["119"] == "present"
    hub.tracker.fails.clear()
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    assert hub.sync().result == "held" and hub.progress() == ("10", "20")


def test_a_partial_run_tells_what_is_held_too(hub: Hub) -> None:
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.sync()
    hub.tracker.fails["GROW"] = Unavailable("down")
    summary = hub.sync()
    assert summary.result == "partial"
    assert any("held back as number 1" in text for text in (summary.error or "", *summary.notes))
