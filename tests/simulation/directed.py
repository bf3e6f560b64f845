"""Single stories for what random histories hit too seldom. Each plays one, and raises ``Broken`` where the hub is wrong."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import orjson

from hub.errors import Locked, LostOwnership
from hub.sync import RunSummary
from tests.simulation.checks import Watch, check
from tests.simulation.connector import Style
from tests.simulation.look import GONE, Look, look
from tests.simulation.replay import contents
from tests.simulation.setup import DAY, HOUR, Op, Setup, named_at, skew_at
from tests.simulation.vendor import Company, Habits, Vendor, Version
from tests.simulation.world import Outcome, World

BIG = 3
"""A start whose third project has some thirty items."""


class Scene:
    """A synced company and short words for what happens to it."""

    def __init__(
        self, start: int = 4, *, empty: bool = False, lag: int = 0, telling: bool = False, batch: int = 1, **style: Any
    ) -> None:
        habits = Habits(lag=lag, skew=skew_at(start), telling=telling)
        given = {"page_size": 3, "lag": lag / 1000, "overlap": lag / 1000} | style
        self.setup = Setup(0, start, habits=habits, style=Style(**given), named=named_at(start), batch=batch)
        self.world = World(self.setup)
        self.world.begin(empty=empty)
        self.watch = Watch(self.world)
        self.steps = 0

    @property
    def vendor(self) -> Vendor:
        return self.world.vendors["alpha"]

    @property
    def company(self) -> Company:
        return Company(self.vendor, random.Random(5))

    def change(self, id_: str, **values: Any) -> Version:
        self.world.pass_time(1_000)
        version = self.vendor.latest(id_)._replace(**({"updated": self.vendor.stamp()} | values))
        self.vendor.put(version)
        self.watch.after_people()
        return version

    def outcome(self, mode: str = "nightly", **op: Any) -> Outcome:
        self.steps += 1
        outcome = self.world.step(Op("run", self.steps, mode=mode, **({"after": HOUR} | op)))
        assert outcome is not None
        self.watch.after(outcome)
        return outcome

    def run(self, mode: str = "nightly", **op: Any) -> RunSummary:
        summary = self.outcome(mode, **op).summary
        assert summary is not None
        return summary

    def approve(self) -> None:
        check(self.world.approve() > 0, "held", "there is nothing to approve")
        self.watch.approved = True

    def now(self) -> Look:
        return look(self.world.database)

    def presence(self, *ids: str) -> set[str]:
        items = self.now().items
        return {items["alpha", id_].presence for id_ in ids}

    def inside(self, partition: str) -> list[str]:
        return [v.id for v in self.vendor.current() if v.partition == partition and v.state == "live"]

    def right(self) -> None:
        """Everything equals the truth, after one more night."""
        summary = self.run(after=DAY)
        check(summary.result == "complete", "C2", f"a clean run is {summary.result}: {summary.error}")
        now = self.now()
        self.watch.live_is_truth("alpha", now, "C2")
        self.watch.progress_is_truth(now)


@contextmanager
def scene(*given: Any, **more: Any) -> Iterator[Scene]:
    found = Scene(*given, **more)
    try:
        yield found
    finally:
        found.world.close()


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


# ---- absence -----------------------------------------------------------------------------------------------------------


def an_empty_listing_is_held_and_withdrawn() -> None:
    """F32: nothing is listed and everything denied; all of it stands, frozen, and comes back by itself."""
    with scene() as s:
        s.vendor.blackout = True
        s.watch.after_people()
        fresh = s.now().fresh
        summary = s.run()
        check(summary.result == "held", "F32", f"a blackout is {summary.result}")
        check(s.presence(*s.inside("1")).isdisjoint(GONE), "F32", "items of an empty listing were deleted")
        check(s.now().fresh == fresh, "A12", "a held run renewed the freshness")
        s.vendor.blackout = False
        s.watch.after_people()
        s.right()
        check(not s.now().holds, "F32", "the hold was not withdrawn when the items were back")


def a_mass_of_deletions_waits_for_approval() -> None:
    """F32: more than the limit is held, applied once after an approval, and the approval covers what was shown and no more."""
    with scene(BIG) as s:
        inside = s.inside("3")
        first, second = inside[:13], inside[13:25]
        for each in first:
            s.change(each, state="deleted")
        summary = s.run()
        check(summary.result == "held" and s.presence(*first) == {"held"}, "F32", f"13 deletions: {summary.result}")
        for each in second:
            s.change(each, state="deleted")
        s.approve()
        s.run()
        check(s.presence(*first) == {"deleted"}, "F32", "what was approved was not applied")
        check(s.presence(*second) == {"held"}, "F32", f"an approval of 13 covered 12 others: {s.presence(*second)}")
        s.approve()
        s.run()
        s.right()


def a_partition_that_may_not_be_read_loses_nothing() -> None:
    """F09: the role is downgraded: the project is listed, its issues are refused, and every id is denied."""
    with scene() as s:
        inside = s.inside("1")
        s.vendor.places["1"].refused = True
        s.watch.after_people()
        for _ in range(2):
            summary = s.run()
            check(summary.result == "partial", "F09", f"a refused project: {summary.result}")
            check(s.presence(*inside).isdisjoint(GONE), "F09", f"items that may not be read any more are {s.presence(*inside)}")
        s.vendor.places["1"].refused = False
        s.watch.after_people()
        s.right()


def a_hidden_partition_is_access_lost() -> None:
    """F09: a project that vanishes from sight keeps its items; what they feed stands still."""
    for start in (4, 5):
        with scene(start) as s:
            inside = s.inside("2")
            s.vendor.places["2"].hidden = True
            s.watch.after_people()
            s.run()
            check(s.presence(*inside) == {"access_lost"}, "F09", f"items of a hidden project are {s.presence(*inside)}")
            s.vendor.places["2"].hidden = False
            s.watch.after_people()
            s.right()


def a_moved_item_follows_its_new_project() -> None:
    """A stale list of the old project brings a moved item first; when that project vanishes, the item does not go with it."""
    with scene(lag=2 * HOUR, two_steps=True) as s:
        (one, *_) = s.inside("2")
        s.world.pass_time(1_000)
        moved = s.vendor.latest(one)._replace(partition="1", key=f"PAY-{one}", updated=s.vendor.stamp())
        s.vendor.put(moved, lag=2 * HOUR)
        s.run("full", after=60_000)
        s.run("full", after=5 * HOUR)
        s.vendor.places["2"].hidden = True
        s.watch.after_people()
        s.run("delta")
        check(s.presence(one) == {"present"}, "F09", f"an item of a visible project is {s.presence(one)}")
        s.vendor.places["2"].hidden = False
        s.watch.after_people()
        s.right()


def a_partition_out_of_the_config_is_unobserved() -> None:
    """F29: a project that the configuration no longer names is not deleted; it waits for a person, and can come back."""
    with scene() as s:
        inside = s.inside("2")
        s.world.partitions = ("1", "3")
        s.run()
        check(s.presence(*inside) == {"unobserved"}, "F29", f"items of a project out of the config are {s.presence(*inside)}")
        s.world.partitions = ("1", "2", "3")
        s.right()


def another_account_changes_nothing() -> None:
    """A login that lost itself still answers 200, with less."""
    with scene() as s:
        before = s.now()
        s.vendor.account = "somebody-else"
        s.vendor.blackout = True
        s.watch.after_people()
        summary = s.run()
        now = s.now()
        check(summary.result == "failed", "account", f"another account reads: {summary.result}")
        check(now.items == before.items and now.cursors == before.cursors, "account", "another account changed what is stored")


def a_merged_item_lives_on_in_the_other() -> None:
    """An item was merged into another one: it counts no more, and what was beneath it is beneath the winner."""
    with scene(telling=True) as s:
        company = s.company
        winner, loser = (v.id for v in list(s.vendor.current())[:2])
        s.change(winner, level=1, parent=None, labels=("kr:points",), status="1", resolution=None, state="live")
        s.change(loser, level=1, parent=None, labels=("kr:count",), status="1", resolution=None, state="live")
        company.create("1", 0)
        child = str(len(s.vendor.items))
        s.change(child, parent=loser, labels=())
        s.run()
        s.change(loser, state="merged", into=winner)
        s.run()
        check(s.presence(loser) == {"merged"}, "merged", f"the loser is {s.presence(loser)}")
        rows = s.world.database.rows(
            "SELECT p.id FROM edge JOIN item AS c ON c.no = child_no JOIN item AS p ON p.no = parent_no"
            " WHERE c.source = 'alpha' AND c.id = ?", child,
        )  # fmt: skip
        check(rows == [(winner,)], "merged", f"the parent of what was beneath the loser is {rows}, and not {winner}")
        check(s.run().result == "complete", "merged", "a merged item spoils the run")


# ---- traffic ----------------------------------------------------------------------------------------------------------


def a_vendor_that_is_down_is_left_alone() -> None:
    """F03, F31: everything is 503: few requests, nothing changes, the other source is read."""
    with scene() as s:
        s.world.setup = replace(s.setup, families=frozenset({"unavailable"}))
        before = s.now()
        outcome = s.outcome(rate=1.0)
        check(outcome.summary is not None and outcome.summary.result == "failed", "F03", f"a dead vendor: {outcome.summary}")
        check(outcome.transport.requests <= 20, "A4", f"a dead vendor was asked {outcome.transport.requests} times")
        now = s.now()
        check(now.items == before.items and now.cursors == before.cursors, "F31", "a dead vendor changed what is stored")
        check(s.run(source="beta").result == "complete", "F31", "a dead vendor spoils another source")


def reading_in_parallel_gives_the_same() -> None:
    """C6: partitions over threads, other pages and another order: the same content."""
    found = []
    for threads, style in (
        (1, {"order": "id"}),
        (4, {"order": "down", "page_size": 2}),
        (3, {"order": "updated", "page_size": 7}),
    ):
        with scene(BIG, **style) as s:
            _story(s)
            s.world.threads = threads
            s.run()
            s.run("full")
            found.append(contents(s.world.database))
    check(found[0] == found[1] == found[2], "C6", "what is stored depends on how it was read")


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


def _story(s: Scene) -> None:
    """Something of everything, for a run to read."""
    one, two, three, *_ = s.inside("1")
    s.change(one, labels=("kr:count", "kr:points"), title="Renamed")
    s.change(two, state="deleted")
    s.change(three, partition="2", key=f"OPS-{three}")
    s.company.create("3", 1)
    s.company.create("3", 0)
    s.watch.after_people()


def killed_at_any_write(step: int = 1, first: int = 1) -> None:
    """F27: die before any write of a nightly run; what follows is the truth, calculated whole."""
    at = first
    while True:
        with scene(start=7, batch=2) as s:
            _story(s)
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
            _story(s)
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


STORIES: dict[str, Callable[[], None]] = {
    story.__name__: story
    for story in (
        a_second_run_is_refused,
        who_lost_the_lock_writes_no_more,
        a_stale_list_does_not_overwrite,
        a_broken_pass_moves_no_cursor,
        a_position_that_expired_begins_again,
        a_change_behind_the_pass_is_the_next_ones,
        an_empty_listing_is_held_and_withdrawn,
        a_mass_of_deletions_waits_for_approval,
        a_partition_that_may_not_be_read_loses_nothing,
        a_hidden_partition_is_access_lost,
        a_partition_out_of_the_config_is_unobserved,
        a_moved_item_follows_its_new_project,
        another_account_changes_nothing,
        the_first_sync_may_break_off_anywhere,
        a_merged_item_lives_on_in_the_other,
        a_vendor_that_is_down_is_left_alone,
        reading_in_parallel_gives_the_same,
        one_bad_record_stops_nothing,
        too_many_bad_records_fail_the_partition,
        everything_changed_is_held,
        a_repeated_token_is_an_error,
        a_cursor_from_the_future_is_not_used,
        killed_at_writes,
        killed_truly,
    )
}
