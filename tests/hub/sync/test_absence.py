"""What is concluded of items that are no longer listed, and what it does to numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.base import BadData, Gone, Unavailable
from hub.report import Report
from hub.store import Store
from tests.hub.sync.tracker import STRATEGY, Hub, Tracker, watched


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


# ---- what no way around may do ----


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


def test_what_had_left_with_its_project_does_not_leave_again(tmp_path: Path, store: Store) -> None:
    """Named again: what the vendor says of those that it holds no more takes nothing away and counts as nothing."""
    tracker = Tracker(named=("CORE", "GROW"))
    tracker.put("CORE", "1", "2", "3")
    tracker.put("GROW", "9")
    hub = Hub(tmp_path / "named", store, tracker)
    hub.sync()
    tracker.named = ("GROW",)
    hub.sync()
    hub.approve(hub.holds()[0][0])
    assert hub.sync().counts["gone"] == 3
    tracker.named = ("CORE", "GROW")
    tracker.words = {"2": Gone("2", "archived"), "3": Gone("3", "trashed")}
    tracker.delete("2", "3")
    summary = hub.sync()
    assert summary.result == "complete" and summary.counts.get("gone", 0) == 0
    assert hub.presences() == {"1": "present", "2": "archived", "3": "trashed", "9": "present"}
