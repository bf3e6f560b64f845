"""Bugs of what is concluded from lists: absence, guards, holds, freshness."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

from hub import absence
from hub.store import write_absence, write_passes
from hub.store.read_absence import Absences
from hub.store.write import Writer
from hub.store.write_base import Tx
from hub.sync.record import Record
from tests.simulation.plants import Change, plant

evaluate: Any = importlib.import_module("hub.sync.evaluate")  # the room exports a function of the same name
judge: Any = importlib.import_module("hub.sync.judge")
readers: Any = importlib.import_module("hub.sync.readers")
reading: Any = importlib.import_module("hub.sync.reading")
write_pages: Any = importlib.import_module("hub.store.write_pages")


# ---- absence ----------------------------------------------------------------------------------------------------------


@plant("an empty list is a list like any other: its partition's items are gone", seed=19, by="A3")
def empty_page_is_deletion() -> list[Change]:
    return [(absence, "EMPTY_FROM", 10**9)]


@plant("what no list shows is deleted, without asking for it by id", seed=7, by="A7")
def trust_listing() -> list[Change]:
    true = judge.by_answer

    def by_answer(suspects: Any, seen: Any, there: Any, denied: Any, words: Any) -> Any:
        those = list(suspects)
        return true(those, seen, (), {each.id for each in those}, words)

    return [(judge, "by_answer", by_answer)]


@plant("no guard: whatever is missing is concluded, however much it is", story="a_mass_of_deletions_waits_for_approval", by="A3")
def no_guard() -> list[Change]:
    def guard(verdicts: Any, *_: Any) -> absence.Judged:
        return absence.Judged(tuple(verdicts), (), frozenset())

    return [(judge, "guard", guard)]


@plant("an approval covers whatever is missing by then", story="a_mass_of_deletions_waits_for_approval", by="F32")
def approve_without_ceiling() -> list[Change]:
    class Everything(frozenset[str]):
        def __contains__(self, _: object) -> bool:
            return True

    true = Absences.approved
    return [(Absences, "approved", lambda self, source: Everything() if true(self, source) else frozenset())]


@plant("a project out of sight means that its items are deleted", story="a_hidden_partition_is_access_lost", by="F09")
def access_lost_is_deleted() -> list[Change]:
    true = judge.by_roster

    def by_roster(suspects: Any, seen: Any) -> Any:
        return [v._replace(presence="deleted") if v.presence == "access_lost" else v for v in true(suspects, seen)]

    return [(judge, "by_roster", by_roster)]


@plant("absence is concluded although a part was not read", story="a_partition_that_may_not_be_read_loses_nothing", by="F09")
def absence_in_partial_run() -> list[Change]:
    true = judge.judge

    def concluding(writer: Any, absences: Any, given: Any, case: Any, *rest: Any) -> Any:
        seen = {partition: "listed" if how == "failed" else how for partition, how in case.seen.items()}
        return true(writer, absences, given, replace(case, whole=True, seen=seen), *rest)

    # a project of which nothing was listed is held by another guard; a small one would not be
    return [(reading, "judge", concluding), (absence, "EMPTY_FROM", 10**9)]


@plant("items that had left are not looked at again when they are listed", seed=3, by="A9")
def restored_not_fetched() -> list[Change]:
    true = write_absence._compare

    def compare(tx: Tx, at: Any, stamps: Any) -> Any:
        fetch, back = true(tx, at, stamps)
        rows = tx.rows("SELECT id FROM item WHERE source = ? AND presence IN ('deleted', 'trashed')", at.source)
        gone = {row[0] for row in rows}
        return [id_ for id_ in fetch if id_ not in gone], back

    return [(write_absence, "_compare", compare)]


@plant("a census compares no stamps: it proves presence and nothing else", seed=9, by="A9")
def census_without_stamps() -> list[Change]:
    true = write_absence._compare
    return [(write_absence, "_compare", lambda tx, at, stamps: true(tx, at, dict.fromkeys(stamps)))]


@plant("items that are in sight again stay marked as out of sight", story="a_hidden_partition_is_access_lost", by="A9")
def back_forgotten() -> list[Change]:
    true = write_absence._compare
    return [(write_absence, "_compare", lambda tx, at, stamps: (true(tx, at, stamps)[0], []))]


@plant("a project out of the config is left as it is", story="a_partition_out_of_the_config_is_unobserved", by="A9")
def dropped_partition_forgotten() -> list[Change]:
    return [(Writer, "put_unlisted", lambda self, *given: 0)]


@plant("another account than last time reads on", story="another_account_changes_nothing", by="account")
def account_not_compared() -> list[Change]:
    return [(reading.Reading, "_identity", lambda self, account, url: None)]


@plant("nearly all of a project may change at once", story="everything_changed_is_held", by="F33")
def no_changed_guard() -> list[Change]:
    return [(write_passes, "all_changed", lambda changed, of: False)]


@plant("a held run renews the freshness", story="an_empty_listing_is_held_and_withdrawn", by="A12")
def held_run_is_fresh() -> list[Change]:
    true = Record.result

    def result(self: Record, *given: Any) -> Any:
        found = true(self, *given)
        return "complete" if found == "held" else found

    return [(Record, "result", result)]


@plant("a partial run is complete", story="a_partition_that_may_not_be_read_loses_nothing", by="A9")
def partial_is_complete() -> list[Change]:
    true = Record.result

    def result(self: Record, *given: Any) -> Any:
        found = true(self, *given)
        return "complete" if found == "partial" else found

    return [(Record, "result", result)]


@plant("what is out of sight or held freezes nothing", story="a_hidden_partition_is_access_lost", by="frozen")
def freeze_forgotten() -> list[Change]:
    return [(evaluate, "_frozen", lambda *_: {})]
