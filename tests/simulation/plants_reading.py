"""Bugs of the cursor, of items, of the outside and of ownership."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import hub.store.locks
from connectors._shared import retry
from connectors.base import BadData, CursorExpired, Page, SourceError
from hub.store import write_base, write_passes
from hub.store.write import Writer
from hub.store.write_base import Tx
from hub.sync.plan import Known
from tests.simulation import connector
from tests.simulation.plants import Change, plant

evaluate: Any = importlib.import_module("hub.sync.evaluate")  # the room exports a function of the same name
judge: Any = importlib.import_module("hub.sync.judge")
readers: Any = importlib.import_module("hub.sync.readers")
reading: Any = importlib.import_module("hub.sync.reading")
write_pages: Any = importlib.import_module("hub.store.write_pages")


# ---- the cursor -------------------------------------------------------------------------------------------------------

_SET_CURSOR = "UPDATE partition SET cursor = {} WHERE source = ? AND id = ?"


def _after_page(statement: str, when: Callable[[Page], bool]) -> list[Change]:
    true = write_passes.move_on

    def move_on(tx: Tx, at: Any, page: Page, *rest: Any) -> int:
        result = true(tx, at, page, *rest)
        if when(page):
            tx.run(statement, at.source, at.partition_id)
        return result

    return [(write_passes, "move_on", move_on)]


@plant("the cursor moves with the first page of a pass", story="a_broken_pass_moves_no_cursor", by="A9")
def cursor_early() -> list[Change]:
    statement = "cursor = coalesce(pass_vendor_at, cursor), complete_fingerprint = pass_fingerprint"
    return _after_page(f"UPDATE partition SET {statement} WHERE source = ? AND id = ?", lambda page: page.end is None)


@plant("the cursor is our own clock's time", seed=0, by="A2")
def cursor_local_clock() -> list[Change]:
    true = Writer.put_page

    def put_page(self: Writer, *given: Any, **named: Any) -> Any:
        return true(self, *given, **(named | {"vendor_started_at": named["seen_at"]}))

    return [(Writer, "put_page", put_page)]


@plant("the cursor is the largest stamp that was seen", seed=0, by="A2")
def cursor_largest_seen() -> list[Change]:
    newest = "(SELECT max(updated_at) FROM item WHERE item.source = partition.source AND item.partition_id = partition.id)"
    return _after_page(_SET_CURSOR.format(f"coalesce({newest}, cursor)"), lambda page: page.end is not None)


@plant("the cursor is vendor time at the end of the pass", story="a_change_behind_the_pass_is_the_next_ones", by="C1")
def cursor_at_end() -> list[Change]:
    true_work, true_put, true_page = readers._work, Writer.put_page, reading.Reading._page

    def work(given: Any, job: Any) -> Iterator[Any]:
        for each in true_work(given, job):
            yield readers.PageRead(each.page, given.io.vendor_now()) if isinstance(each, readers.PageRead) else each

    def put_page(self: Writer, *given: Any, **named: Any) -> Any:
        with self._pen.begin() as tx:
            tx.run("UPDATE partition SET pass_vendor_at = NULL WHERE source = ? AND id = ?", *given[:2])
        return true_put(self, *given, **named)

    def page(self: Any, job: Any, message: Any) -> None:
        job.position = job.position._replace(vendor_started_at=None)
        true_page(self, job, message)

    return [(readers, "_work", work), (Writer, "put_page", put_page), (reading.Reading, "_page", page)]


@plant("a delta reads from the cursor exactly, without the overlap", seed=9, by="C1")
def no_overlap() -> list[Change]:
    true = reading.plan

    def plan(*given: Any, **named: Any) -> Any:
        return true(*given, **(named | {"overlap": 0.0}))

    return [(reading, "plan", plan)]


@plant("other settings or fields do not lead to a full pass", seed=8, by="A9")
def fingerprint_ignored() -> list[Change]:
    true = reading.plan

    def plan(partition: Any, known: Known, fingerprint: str, **named: Any) -> Any:
        return true(partition, known._replace(fingerprint=fingerprint), fingerprint, **named)

    return [(reading, "plan", plan)]


@plant("a position that the vendor no longer accepts is kept", story="a_position_that_expired_begins_again", by="F13")
def resume_kept_after_expiry() -> list[Change]:
    return [(Writer, "restart_pass", lambda self, source, partition: None)]


@plant("an expired position ends the pass as if all had been read", story="a_position_that_expired_begins_again", by="C1")
def expiry_is_the_end() -> list[Change]:
    true = readers.read

    def read(pages: Any) -> Iterator[Page]:
        try:
            yield from true(pages)
        except CursorExpired:
            yield Page(end="complete")

    return [(readers, "read", read)]


@plant("a stored cursor in the vendor's future is used", story="a_cursor_from_the_future_is_not_used", by="A2")
def future_cursor_used() -> list[Change]:
    true = reading.plan

    def plan(*given: Any, **named: Any) -> Any:
        return true(*given, **(named | {"vendor_now": None}))

    return [(reading, "plan", plan)]


# ---- items ------------------------------------------------------------------------------------------------------------


@plant("a row of a stale index overwrites a newer one", story="a_stale_list_does_not_overwrite", by="A8")
def stale_page_wins() -> list[Change]:
    true = write_pages.decide

    def decide(stored: Any, incoming: Any) -> Any:
        found = true(stored, incoming)
        return "changed" if found == "older" else found

    return [(write_pages, "decide", decide)]


@plant("the key is the identity", seed=0, by="A1")
def key_as_id() -> list[Change]:
    true = write_pages.read_items

    def read_items(source: str, items: Any, privacy: Any) -> Any:
        return true(source, [replace(item, id=item.key or item.id) for item in items], privacy)

    return [(write_pages, "read_items", read_items)]


@plant("the mark that links are due is kept in memory and written later", story="killed_at_writes", by="C3")
def dirty_mark_lost() -> list[Change]:
    kept: list[tuple[int, int]] = []
    true_mark, true_settle = Tx.mark, Writer.settle_edges

    def mark(self: Tx, nos: Any, from_seq: int | None = None) -> None:
        kept.extend((no, self.seq if from_seq is None else from_seq) for no in nos)

    def settle(self: Writer, *given: Any) -> Any:
        with self._pen.begin() as tx:
            for no, seq in kept:
                true_mark(tx, [no], seq)
        kept.clear()
        Tx.mark = true_mark  # type: ignore[method-assign]
        try:
            return true_settle(self, *given)
        finally:
            Tx.mark = mark  # type: ignore[method-assign]

    def begun(self: Writer, *given: Any, **named: Any) -> Any:
        kept.clear()  # a new process knows nothing of what the former one remembered
        return true_start(self, *given, **named)

    true_start = Writer.start_run
    return [(Tx, "mark", mark), (Writer, "settle_edges", settle), (Writer, "start_run", begun)]


@plant("an item that changed is not calculated again", story="killed_truly", by="C3")
def change_not_marked() -> list[Change]:
    true_put = write_pages.put_items

    def put_items(tx: Tx, *given: Any, **named: Any) -> Any:
        before = {row[0] for row in tx.rows("SELECT no FROM item")}
        result = true_put(tx, *given, **named)
        tx.run(f"DELETE FROM dirty WHERE from_seq = {tx.seq} AND item_no IN ({','.join(map(str, before)) or 'NULL'})")
        return result

    return [(write_pages, "put_items", put_items)]


@plant("one record that cannot be read stops the cursor", story="one_bad_record_stops_nothing", by="F40")
def quarantine_stops_cursor() -> list[Change]:
    true = write_passes.move_on

    def move_on(tx: Tx, at: Any, page: Page, vendor_at: int | None, tally: Any) -> int:
        row = tx.row("SELECT cursor FROM partition WHERE source = ? AND id = ?", at.source, at.partition_id)
        result = true(tx, at, page, vendor_at, tally)
        if tally.poison and row is not None:
            tx.run("UPDATE partition SET cursor = ? WHERE source = ? AND id = ?", row[0], at.source, at.partition_id)
        return result

    return [(write_passes, "move_on", move_on)]


@plant("one record that cannot be read drops its page", story="one_bad_record_stops_nothing", by="F40")
def quarantine_drops_page() -> list[Change]:
    true = Writer.put_page

    def put_page(self: Writer, source: str, partition: str, pass_id: int, page: Page, **named: Any) -> Any:
        return true(self, source, partition, pass_id, replace(page, items=()) if page.rejected else page, **named)

    return [(Writer, "put_page", put_page)]


@plant("however much is unreadable, the pass ends well", story="too_many_bad_records_fail_the_partition", by="F40")
def rejects_without_limit() -> list[Change]:
    return [(write_passes, "too_many_rejected", lambda rejected, read: False)]


@plant("superseded rows are not kept", seed=15, by="C7")
def versions_not_kept() -> list[Change]:
    nothing = write_pages.SUPERSEDE.replace(" WHERE ", " WHERE 1 = 0 AND ")
    return [(write_pages, "SUPERSEDE", nothing)]


# ---- the outside ------------------------------------------------------------------------------------------------------


@plant("an answer that cannot be read is an empty page", seed=28, by="A9")
def bad_body_is_empty() -> list[Change]:
    true = readers.read

    def read(pages: Any) -> Iterator[Page]:
        try:
            yield from true(pages)
        except BadData:
            yield Page(end="complete")

    return [(readers, "read", read)]


@plant("whatever ends a listing early, the listing is whole", story="a_broken_pass_moves_no_cursor", by="A9")
def any_error_is_the_end() -> list[Change]:
    true = readers.read

    def read(pages: Any) -> Iterator[Page]:
        try:
            yield from true(pages)
        except SourceError:
            yield Page(end="complete")

    return [(readers, "read", read)]


@plant("a repeated page token ends the listing quietly", story="a_repeated_token_is_an_error", by="F11")
def repeated_token_is_the_end() -> list[Change]:
    true = connector.ModelConnector._listing

    def listing(self: Any, *given: Any) -> Iterator[Any]:
        try:
            yield from true(self, *given)
        except BadData as error:
            if "comes again" not in str(error):
                raise
            yield {"rows": [], "last": True}

    return [(connector.ModelConnector, "_listing", listing)]


@plant("Retry-After is not waited for", seed=1, by="A4")
def retry_after_ignored() -> list[Change]:
    return [(retry, "pause", lambda *_: 0.1), (retry, "asked_wait", lambda error: None)]


@plant("retries have no bound", story="a_vendor_that_is_down_is_left_alone", by="A4")
def retries_without_end() -> list[Change]:
    return [(retry, "tries", lambda error, attempts: 10**6), (retry.RetryBudget, "spend", lambda self, error: True)]


# ---- one owner --------------------------------------------------------------------------------------------------------


@plant("the epoch is not compared inside write transactions", story="who_lost_the_lock_writes_no_more", by="F28")
def fence_ignored() -> list[Change]:
    anybody = "UPDATE clock SET seq = seq + 1 WHERE ? IS NOT NULL AND ? IS NOT NULL RETURNING seq"
    return [(write_base, "FENCE", anybody)]


@plant("no lock at all", story="a_second_run_is_refused", by="F28")
def no_lock() -> list[Change]:
    class Nothing:
        backend = None

        def release(self) -> None: ...

    return [(hub.store.locks, "_lock_file", lambda database, name: Nothing())]
