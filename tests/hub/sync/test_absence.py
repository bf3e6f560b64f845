"""What is concluded of items that are no longer listed, what waits for a person, and what it does to numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.base import BadData, Gone, Unavailable
from hub.report import Report
from hub.store import Store
from tests.hub.sync.tracker import STRATEGY, Hub, Tracker, watched


@pytest.fixture
def hub(tmp_path: Path, store: Store) -> Hub:
    """Twenty items in CORE, half of them done, and five in GROW."""
    tracker = Tracker()
    tracker.put("CORE", *(f"{n}" for n in range(100, 120)))
    tracker.put("GROW", *(f"{n}" for n in range(200, 205)), labels=("beta",))
    tracker.finish(*(f"{n}" for n in range(100, 110)))
    hub = Hub(tmp_path / "hub", store, tracker)
    assert hub.sync().result == "complete"
    assert hub.progress() == ("10", "20")
    return hub


def test_a_deleted_item_leaves_and_comes_back(hub: Hub) -> None:
    """F18: gone by two proofs, revived on the same row, gone again."""
    number = {item.id: item.no for item in hub.reader.items()}
    for _ in range(2):
        gone = hub.tracker.projects["CORE"]["119"]
        hub.tracker.delete("119")
        assert hub.sync().result == "complete"
        assert hub.presences()["119"] == "deleted" and hub.progress() == ("10", "19")
        hub.tracker.projects["CORE"]["119"] = gone
        assert hub.sync().result == "complete"
        assert hub.presences()["119"] == "present" and hub.progress() == ("10", "20")
    assert {item.id: item.no for item in hub.reader.items()} == number


def test_a_deletion_tells_what_proves_it(hub: Hub) -> None:
    """F18: the tombstone keeps time and evidence."""
    hub.tracker.delete("119")
    hub.sync()
    with hub.store.read() as sql:
        evidence, at = sql.row("SELECT evidence, presence_at FROM item WHERE id = '119'") or ("", 0)
    assert "not listed" in evidence and "asked for by id" in evidence and at == hub.now()


def test_missing_from_a_listing_is_not_gone(hub: Hub) -> None:
    """F10, F18: a listing may skip rows; asked for by id it is there."""
    hub.tracker.unlisted.add("119")
    with watched(hub) as asked:
        assert hub.sync().result == "complete"
    assert asked == ["119"]
    assert hub.presences()["119"] == "present" and hub.progress() == ("10", "20")


def test_a_delta_run_concludes_nothing_from_silence(hub: Hub) -> None:
    hub.tracker.delete("119")
    with watched(hub) as asked:
        assert hub.sync("delta").result == "complete"
    assert asked == [] and hub.presences()["119"] == "present"
    assert hub.sync("full").result == "complete"
    assert hub.presences()["119"] == "deleted"


def test_no_answer_about_an_id_concludes_nothing(hub: Hub) -> None:
    hub.tracker.unlisted.add("119")
    hub.tracker.fails["get"] = Unavailable("no answer")
    summary = hub.sync()
    assert summary.result == "partial" and "could not be looked up" in (summary.error or "")
    assert hub.presences()["119"] == "present"


@pytest.mark.parametrize("where", ["GROW", "census:GROW"])
def test_a_run_that_did_not_read_everything_concludes_no_absence(hub: Hub, where: str) -> None:
    """F31, DESIGN 6.6: what failed may hold what seems to be missing."""
    hub.tracker.delete("119")
    hub.tracker.fails[where] = BadData("not today")
    assert hub.sync().result == "partial"
    assert hub.presences()["119"] == "present" and hub.progress() == ("10", "20")
    hub.tracker.fails.clear()
    assert hub.sync().result == "complete"
    assert hub.presences()["119"] == "deleted"


def test_an_item_that_moved_is_not_gone(hub: Hub) -> None:
    """F19: identity is the immutable id; the former key still finds it."""
    hub.tracker.move("119", "GROW")
    assert hub.sync().result == "complete"
    (item,) = hub.reader.find_item("CORE-119")
    assert item.id == "119" and item.key == "GROW-119" and item.presence == "present"
    assert hub.progress() == ("10", "20"), "a label goes along"


def test_an_item_that_moves_during_the_census_is_not_gone(hub: Hub) -> None:
    """F10: listed in neither project, because it moved in between; asked for by id it is there."""
    hub.tracker.during["census:CORE:1"] = lambda: hub.tracker.move("200", "CORE")
    hub.tracker.during["census:GROW:1"] = lambda: hub.tracker.move("200", "GROW")
    assert hub.sync().result == "complete"
    assert hub.presences()["200"] == "present"


def test_an_item_that_moved_out_of_the_config_is_out_of_scope(tmp_path: Path, store: Store) -> None:
    tracker = Tracker(named=("CORE",))
    tracker.put("CORE", "1", "2")
    tracker.put("ELSE", "9")
    hub = Hub(tmp_path / "named", store, tracker)
    hub.sync()
    tracker.move("2", "ELSE")
    assert hub.sync().result == "complete"
    assert hub.presences() == {"1": "present", "2": "out_of_scope"} and hub.progress() == ("0", "1")
    tracker.move("2", "CORE")
    assert hub.sync().result == "complete"
    assert hub.presences()["2"] == "present" and hub.progress() == ("0", "2")


def test_the_vendors_own_word_goes_before_a_guess(hub: Hub) -> None:
    hub.tracker.delete("118", "119")
    hub.tracker.words = {"118": Gone("118", "archived"), "119": Gone("119", "merged", into="100")}
    assert hub.sync().result == "complete"
    assert hub.presences()["118"] == "archived" and hub.presences()["119"] == "merged"
    assert [item.id for item in hub.reader.find_item("119")] == ["119"], "the id is its own; the winner inherits what names it"
    assert hub.progress() == ("10", "18"), "open and archived is dropped, merged counts once"


# ---- projects ----


def test_an_archived_project_keeps_what_was_done(hub: Hub) -> None:
    hub.tracker.states["CORE"] = "archived"
    assert hub.sync().result == "complete"
    assert hub.progress() == ("10", "10"), "done work keeps its credit, open work counts as dropped"
    assert hub.frozen() == []
    hub.tracker.states.clear()
    assert hub.sync().result == "complete"
    assert hub.progress() == ("10", "20")


def test_a_project_in_the_trash_waits_for_approval(hub: Hub) -> None:
    """F32: all of its items would go at once."""
    hub.tracker.states["CORE"] = "trashed"
    assert hub.sync().result == "held"
    assert hub.progress() == ("10", "20") and hub.frozen() == ["held"]
    hub.approve(hub.holds()[0][0])
    assert hub.sync().result == "complete"
    assert hub.progress() == ("0", "0") and hub.presences()["100"] == "trashed" and hub.frozen() == []


@pytest.mark.parametrize("state", ["unlisted", "unseen"])
def test_a_project_out_of_sight_freezes_its_numbers(hub: Hub, state: str) -> None:
    """F09: the last known stands, its key results stand still and say so, the others go on."""
    hub.tracker.states["CORE"] = state
    hub.tracker.finish("200", "110")
    assert hub.sync().result == "partial"
    assert hub.presences()["100"] == "access_lost" and hub.presences()["200"] == "present"
    assert hub.progress() == ("10", "20") and hub.frozen() == ["access_lost"]
    assert hub.progress("beta") == ("1", "5") and hub.frozen("beta") == []
    (told,) = Report(hub.store).explain("alpha")
    assert "stands still since" in told.sentence and "no longer sees" in told.sentence
    hub.tracker.states.clear()
    assert hub.sync().result == "complete"
    assert hub.frozen() == [] and hub.progress() == ("11", "20") and "access_lost" not in hub.presences().values()


def test_what_changes_while_a_key_result_is_frozen_does_not_move_it(hub: Hub) -> None:
    """F09: half of a number must not move when the other half cannot be seen."""
    hub.tracker.put("GROW", "299", labels=("alpha",))
    hub.sync()
    assert hub.progress() == ("10", "21")
    hub.tracker.states["CORE"] = "unlisted"
    hub.tracker.finish("299")
    hub.sync()
    assert hub.progress() == ("10", "21") and hub.frozen() == ["access_lost"]


def test_a_project_taken_out_of_the_config_is_asked_about(tmp_path: Path, store: Store) -> None:
    """F29: its items are unobserved, not deleted, until a person says that they shall leave."""
    tracker = Tracker(named=("CORE", "GROW"))
    tracker.put("CORE", "1", "2", "3")
    tracker.put("GROW", "9")
    hub = Hub(tmp_path / "named", store, tracker)
    hub.sync()
    tracker.named = ("GROW",)
    assert hub.sync().result == "complete", "what is configured was read"
    assert hub.presences()["1"] == "unobserved" and hub.frozen() == ["unobserved"] and hub.progress() == ("0", "4")
    ((number, kind, decision, ids),) = hub.holds()
    assert (kind, decision, ids) == ("unlisted", None, 3)
    hub.approve(number)
    assert hub.sync().result == "complete"
    assert hub.presences()["1"] == "out_of_scope" and hub.progress() == ("0", "1") and hub.holds() == []


def test_a_project_that_is_named_again_is_asked_about_no_more(tmp_path: Path, store: Store) -> None:
    tracker = Tracker(named=("CORE", "GROW"))
    tracker.put("CORE", "1", "2", "3")
    tracker.put("GROW", "9")
    hub = Hub(tmp_path / "named", store, tracker)
    hub.sync()
    tracker.named = ("GROW",)
    hub.sync()
    tracker.named = ("CORE", "GROW")
    assert hub.sync().result == "complete"
    assert hub.presences()["1"] == "present" and hub.holds() == [] and hub.frozen() == []


# ---- guards ----


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
    assert summary.result == "held" and "10 of 20" not in (summary.error or "")
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


# ---- what a listing adds ----


def test_a_listing_finds_what_a_delta_missed(hub: Hub) -> None:
    """F14: the index was late beyond the overlap; ids and stamps of the census show it."""
    late = hub.tracker.projects["CORE"]["110"]
    hub.tracker.put("CORE", "140")
    hub.tracker.finish("110")
    hub.tracker.unlisted |= {"140", "110"}
    newer = dict(hub.tracker.projects["CORE"])
    hub.tracker.projects["CORE"]["110"] = late
    hub.tracker.unlisted -= {"110"}
    hub.sync()
    hub.tracker.projects["CORE"] = newer
    hub.tracker.unlisted.clear()
    with watched(hub) as asked:
        assert hub.sync(hours=48).result == "complete"
    assert asked == ["110", "140"] and hub.progress() == ("11", "21")


def test_the_canary_must_be_visible(tmp_path: Path, store: Store) -> None:
    """F09: an account that sees less says so nowhere else."""
    tracker = Tracker()
    tracker.put("CORE", "1", "2", "3")
    hub = Hub(tmp_path / "canary", store, tracker, more='canary = "1"')
    assert hub.sync().result == "complete"
    tracker.projects["CORE"] = {}
    summary = hub.sync()
    assert summary.result == "failed" and "canary" in (summary.error or "")
    assert hub.here() == {"1", "2", "3"}


def test_threads_read_the_same(tmp_path: Path, store: Store) -> None:
    tracker = Tracker()
    for project in range(12):
        tracker.put(f"P{project}", *(f"{project}{n:02}" for n in range(25)))
    hub = Hub(tmp_path / "threads", store, tracker)
    assert hub.sync(threads=5).result == "complete"
    assert hub.progress() == ("0", "300")
    tracker.delete("000", "1100")
    tracker.fails["P3"] = BadData("not this one")
    summary = hub.sync(threads=5)
    assert summary.result == "partial" and "P3" in (summary.error or "")
    tracker.fails.clear()
    assert hub.sync(threads=5).result == "complete" and hub.progress() == ("0", "298")


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


def test_an_item_that_is_there_under_an_older_stamp_is_there(hub: Hub) -> None:
    """F18: restored from a backup at the vendor's; asked for by id, it is a fact."""
    former = hub.tracker.projects["CORE"]["119"]
    hub.tracker.finish("119")
    hub.sync()
    hub.tracker.delete("119")
    hub.sync()
    hub.tracker.projects["CORE"]["119"] = former
    assert hub.sync().result == "complete" and hub.presences()["119"] == "present" and hub.progress() == ("10", "20")


def test_archived_one_by_one_is_told_once(hub: Hub) -> None:
    hub.tracker.delete("118")
    hub.tracker.words = {"118": Gone("118", "archived")}
    hub.sync()
    with hub.store.read() as sql:
        before = sql.value("SELECT count(*) FROM item_version")
    for _ in range(3):
        hub.sync()
    with hub.store.read() as sql:
        assert sql.value("SELECT count(*) FROM item_version") == before


def test_a_lost_project_stands_still_even_if_nothing_can_be_asked(hub: Hub) -> None:
    """F09: what is out of sight does not wait for what may be looked up."""
    hub.tracker.put("GROW", "299")
    hub.sync()
    hub.tracker.states["CORE"] = "unlisted"
    hub.tracker.finish("299")
    hub.tracker.unlisted.add("200")
    hub.tracker.fails["get"] = Unavailable("down")
    assert hub.sync().result == "partial"
    assert hub.progress() == ("10", "21") and hub.frozen() == ["access_lost"]


def test_an_archived_project_waits_for_a_run_that_read_everything(hub: Hub) -> None:
    """Its items may have moved into the one that could not be read."""
    hub.tracker.move("100", "GROW")
    hub.tracker.states["CORE"] = "archived"
    hub.tracker.fails["GROW"] = Unavailable("down")
    hub.sync()
    assert hub.presences()["100"] == "present"


def test_a_project_that_is_gone_for_good_can_be_let_go(hub: Hub) -> None:
    """F09: nobody named the projects, so only a person can say that one will not come back."""
    hub.tracker.states["CORE"] = "unlisted"
    hub.tracker.delete("200")
    assert hub.sync().result == "partial"
    ((number, kind, _, ids),) = hub.holds()
    assert (kind, ids) == ("unlisted", 20)
    hub.approve(number)
    hub.sync()
    assert hub.sync().result == "complete" and hub.progress() == ("0", "0") and hub.presences()["200"] == "deleted"


def test_after_a_project_is_named_again_a_delta_lists_it(tmp_path: Path, store: Store) -> None:
    tracker = Tracker(named=("CORE", "GROW"))
    tracker.put("CORE", "1", "2")
    tracker.put("GROW", "9")
    hub = Hub(tmp_path / "named", store, tracker)
    hub.sync()
    tracker.named = ("GROW",)
    hub.sync()
    tracker.named = ("CORE", "GROW")
    assert hub.sync("delta").result == "complete" and hub.frozen() == [] and hub.here() == {"1", "2", "9"}


def test_a_record_that_was_unreadable_and_is_deleted_is_forgotten(hub: Hub) -> None:
    """F40: nobody asks for it every night for ever."""
    hub.tracker.poison = {"119"}
    hub.tracker.change("119")
    hub.sync()
    hub.tracker.delete("119")
    hub.tracker.poison = set()
    for _ in range(3):
        hub.sync()
    assert hub.reader.quarantine() == [] and hub.presences()["119"] == "deleted"
    with watched(hub) as asked:
        hub.sync()
    assert asked == []


def test_a_key_result_that_was_away_for_a_moment_stays_where_it_stood(hub: Hub) -> None:
    """F29: half of the files were saved when an evaluation read them."""
    hub.tracker.put("GROW", "299")
    hub.sync()
    hub.tracker.states["CORE"] = "unlisted"
    hub.sync()
    hub.tracker.finish("299")
    whole = STRATEGY
    hub.rules(whole.replace('id = "alpha"', 'id = "gamma"').replace('to = "alpha"', 'to = "gamma"'))
    hub.sync()
    hub.rules(whole)
    hub.sync()
    assert hub.progress() == ("10", "21") and hub.frozen() == ["access_lost"]


def test_a_partial_run_tells_what_is_held_too(hub: Hub) -> None:
    hub.tracker.delete(*(f"{n}" for n in range(109, 120)))
    hub.sync()
    hub.tracker.fails["GROW"] = Unavailable("down")
    summary = hub.sync()
    assert summary.result == "partial"
    assert any("held back as number 1" in text for text in (summary.error or "", *summary.notes))
