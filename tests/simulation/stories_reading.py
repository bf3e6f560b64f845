"""Stories of reading: one owner, newest wins, passes that break off, what cannot be read, crashes."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson

from hub.errors import Locked, LostOwnership
from tests.simulation.checks import check
from tests.simulation.scene import BIG, Scene, much_happens, scene
from tests.simulation.setup import HOUR, Op
from tests.simulation.vendor import Company
from tests.simulation.world import Outcome

# ---- one owner ---------------------------------------------------------------------------------------------------------


def a_second_run_is_refused() -> None:
    """F28: while one run reads, another one over the same source is not let in."""
    with scene() as s:
        refused: list[str] = []
        true = s.world._between

        def between(outcome: Outcome, company: Company, request: int) -> None:
            true(outcome, company, request)
            if request == 4 and not refused:
                refused.append("")
                try:
                    s.world.run(Op("run", 99))
                except Locked as error:
                    refused.append(str(error))

        s.world._between = between  # type: ignore[method-assign]
        with suppress(LostOwnership):  # which is what becomes of the first when the second was let in
            s.run()
        check(len(refused) == 2 and str(os.getpid()) in refused[1], "F28", f"a second run was let in ({refused})")


def who_lost_the_lock_writes_no_more() -> None:
    """F28: a sleeping run wakes after another one has taken over; what it concluded from old lists is not written."""
    met = [at for at in (6, 9, 12, 13) if _overtaken(at)]
    check(len(met) >= 3, "F28", f"a run ends too soon to be overtaken at its later requests ({met})")


def _overtaken(at: int) -> bool:
    with scene(start=2) as s:
        (victim, *_) = s.inside("1")
        s.change(victim, state="deleted")
        true, back = s.world._between, [False]

        def between(outcome: Outcome, company: Company, request: int) -> None:
            if outcome.op.takeover_at == request and not back[0]:
                back[0] = True
                s.change(victim, state="live", title="Back again")
            true(outcome, company, request)

        s.world._between = between  # type: ignore[method-assign]
        outcome = s.outcome(takeover_at=at)
        if not outcome.others:
            return False
        check(outcome.lost, "F28", f"a run that had lost its lock at request {at} went on to its end")
        check(s.presence(victim) == {"present"}, "F28", "what the old run concluded was written")
        s.right()
        return True


# ---- newest wins -------------------------------------------------------------------------------------------------------


def a_stale_list_does_not_overwrite() -> None:
    """F14: asked for by id the item is new; afterwards the index still lists its former version."""
    with scene(lag=2 * HOUR, two_steps=True) as s:
        (one, *_) = s.inside("1")
        s.world.pass_time(1_000)
        s.vendor.put(s.vendor.latest(one)._replace(title="Newest", updated=s.vendor.stamp()), lag=2 * HOUR)
        s.run("full", after=60_000)
        check(s.now().items["alpha", one].content[1] == "Newest", "F14", "asked for by id it is still the former version")
        s.world.setup = replace(s.setup, style=replace(s.setup.style, two_steps=False))
        s.run("full", after=60_000)
        check(s.now().items["alpha", one].content[1] == "Newest", "A8", "a stale list overwrote a newer version")
        s.world.pass_time(3 * HOUR)
        s.right()


# ---- passes ------------------------------------------------------------------------------------------------------------


def _break_listing(s: Scene, at: int) -> None:
    """The ``at``-th page of the third project is refused, once."""
    true, pages = s.vendor.answer, [0]

    def answer(path: str, params: dict[str, Any]) -> Any:
        token = params.get("token")
        if path == "/search" and (params.get("partition") == "3" or token in mine):
            pages[0] += 1
            if pages[0] == at:
                s.vendor.answer = true  # type: ignore[method-assign]
                return 403, s.vendor.headers(), b"{}"
            found = true(path, params)
            mine.add(orjson.loads(found[2]).get("next", ""))
            return found
        return true(path, params)

    mine: set[str] = set()
    s.vendor.answer = answer  # type: ignore[method-assign]


def a_broken_pass_moves_no_cursor() -> None:
    """F13, A9: a delta breaks off after its first pages; the next one brings what the first did not come to."""
    with scene(BIG, batch=1, page_size=2, resume_ttl=0.0) as s:
        changed = s.inside("3")[:9]
        for each in changed:
            s.change(each, title="Changed")
        cursor = s.now().cursors["alpha", "3"]
        _break_listing(s, 3)
        check(s.run("delta").result == "partial", "A9", "a pass that broke off is complete")
        check(s.now().cursors["alpha", "3"] == cursor, "A9", "the cursor moved with a page that is not the last")
        s.run("delta")
        now = s.now()
        left = [each for each in changed if now.items["alpha", each].content[1] != "Changed"]
        check(not left, "C1", f"{left} changed before the first of two deltas, and neither brought it")


def a_position_that_expired_begins_again() -> None:
    """F13: a pass breaks off, and its page token is no longer accepted when the next run would go on with it."""
    with scene(BIG, batch=1, page_size=2, resume_ttl=86_400.0) as s:
        changed = s.inside("3")[:9]
        for each in changed:
            s.change(each, title="Changed")
        _break_listing(s, 3)
        s.run("delta")
        check(s.run("delta", after=3 * HOUR).result == "complete", "F13", "an expired position stops the next run too")
        now = s.now()
        left = [each for each in changed if now.items["alpha", each].content[1] != "Changed"]
        check(not left, "C1", f"{left} were skipped because the position had expired")


def a_change_behind_the_pass_is_the_next_ones() -> None:
    """F10, F14: an item changes after its page was read, and long before the pass ends."""
    with scene(BIG, batch=1, page_size=2) as s:
        for each in s.inside("3")[:9]:
            s.change(each, title="Changed")
        first = s.inside("3")[0]
        true, done = s.world._between, [False]

        def between(outcome: Outcome, company: Company, request: int) -> None:
            true(outcome, company, request)
            now = s.now().items["alpha", first]
            if not done[0] and now.content[1] == "Changed":
                done[0] = True
                s.change(first, title="Changed again")
                s.world.pass_time(5 * 60_000)

        s.world._between = between  # type: ignore[method-assign]
        s.run("delta")
        check(done[0], "C1", "the pass had only one page")
        s.run("delta")
        check(s.now().items["alpha", first].content[1] == "Changed again", "C1", "a change behind the pass was never read")


def the_first_sync_may_break_off_anywhere() -> None:
    """A large source is read for the first time, the cycle's work before the rest; it is killed and goes on."""
    for at in (None, 20, 45):
        with scene(BIG, empty=True, batch=3, size=6_000) as s:
            outcome = s.outcome(crash_at=at)
            check(at is None or outcome.crashed, "F27", f"a first sync has fewer than {at} writes")
            s.run()
            s.run("full", source="beta")
            s.right()


# ---- what cannot be read -----------------------------------------------------------------------------------------------


def one_bad_record_stops_nothing() -> None:
    """F40: a record that cannot be read goes to quarantine; its page is stored, the cursor moves, the next night is complete."""
    with scene(batch=1000) as s:
        (bad, other, *_) = s.inside("1")
        cursor = s.now().cursors["alpha", "1"]
        s.change(bad, poison=True)
        s.change(other, title="Changed beside it")
        summary = s.run("delta", after=1_000)
        now = s.now()
        check(summary.result == "partial" and now.quarantined == {"alpha": 1}, "F40", f"{summary.result}, {now.quarantined}")
        check(now.items["alpha", other].content[1] == "Changed beside it", "F40", "the rest of the page was lost")
        check(now.cursors["alpha", "1"] > cursor, "F40", "one bad record keeps the cursor where it was")
        s.change(bad, poison=False)
        s.right()
        check(not s.now().quarantined, "F40", "it can be read again, and is still in quarantine")


def too_many_bad_records_fail_the_partition() -> None:
    """The shape of the answers changed: the partition fails instead of emptying itself into quarantine."""
    with scene(BIG, batch=1000) as s:
        cursor = s.now().cursors["alpha", "3"]
        for each in s.inside("3")[:20]:
            s.change(each, poison=True)
        summary = s.run()
        check(summary.result == "partial", "F40", f"20 unreadable records: {summary.result}")
        check(s.now().cursors["alpha", "3"] == cursor, "F40", "the cursor moved past records that cannot be read")
        for each in s.inside("3")[:20]:
            s.change(each, poison=False)
        s.run()
        s.right()


def everything_changed_is_held() -> None:
    """F33: nearly all of a project changes in one night: what it feeds stands still until a person agrees."""
    with scene(BIG) as s:
        s.company.flip("3")
        s.watch.after_people()
        summary = s.run()
        check(summary.result == "held", "F33", f"everything changed at once: {summary.result}")
        s.approve()
        s.run()
        s.right()


def a_repeated_token_is_an_error() -> None:
    """F11: a listing that gives the same page token again is not at its end."""
    with scene(batch=1) as s:
        s.world.setup = replace(s.setup, families=frozenset({"repeat"}))
        summary = s.run("full", rate=1.0)
        check(summary.result in ("partial", "failed"), "F11", f"a listing that goes round in circles: {summary.result}")
        s.world.setup = s.setup
        s.right()


def a_cursor_from_the_future_is_not_used() -> None:
    """F15: a stored position of 2999: the project is read whole, and the position is right afterwards."""
    with scene() as s:
        with s.world.database.store.transaction(connection := s.world.database.store.writer_connection()) as sql:
            sql.run("UPDATE partition SET cursor = 32503593600000 WHERE source = 'alpha'")
        connection.close()
        (one, *_) = s.inside("1")
        s.change(one, title="Changed meanwhile")
        s.watch.before = replace(s.now(), cursors={at: c for at, c in s.now().cursors.items() if at[0] == "beta"})
        summary = s.run("delta")
        check(s.now().items["alpha", one].content[1] == "Changed meanwhile", "F15", "a position in the future hid a change")
        check(any("future" in note for note in summary.notes), "F15", "nobody is told of it")


# ---- crashes -----------------------------------------------------------------------------------------------------------


def killed_at_any_write(step: int = 1, first: int = 1) -> None:
    """F27: die before any write of a nightly run; what follows is the truth, calculated whole."""
    at = first
    while True:
        with scene(start=7, batch=2) as s:
            much_happens(s)
            outcome = s.outcome(crash_at=at)
            if not outcome.crashed:
                check(at > 30, "F27", f"a run has only {at} writes")
                return
            s.run("delta", after=60_000)
            s.right()
        at += step


def killed_at_writes() -> None:
    """F27: the same, sampled."""
    killed_at_any_write(7, 2)


def killed_truly(points: tuple[int, ...] = (3, 14, 25, 36)) -> None:
    """F27: the same by ``os._exit`` in a child, where nothing is tidied up."""
    for at in points:
        with scene(start=7, batch=2) as s:
            much_happens(s)
            s.world.database.store.close()
            child = os.fork()
            if child == 0:
                s.world.database.fuse.step = _die_at(at)  # type: ignore[method-assign]
                try:
                    s.world.run(Op("run", 1))
                finally:
                    os._exit(0)
            _, status = os.waitpid(child, 0)
            check(os.waitstatus_to_exitcode(status) == 137, "F27", f"nothing was killed at write {at}")
            s.world.database.reopen()
            check(s.world.database.integrity() == "ok", "A6", f"killed at write {at}, the file is damaged")
            s.run("delta")
            s.right()


def _die_at(at: int) -> Callable[[], None]:
    left = iter(range(at - 1))

    def step() -> None:
        if next(left, None) is None:
            os._exit(137)

    return step
