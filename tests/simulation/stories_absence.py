"""Stories of absence and of traffic: what is not listed, not visible, not asked for; a vendor that is down."""

from __future__ import annotations

from dataclasses import replace

from tests.simulation.checks import check
from tests.simulation.look import GONE
from tests.simulation.replay import contents
from tests.simulation.scene import BIG, much_happens, scene
from tests.simulation.setup import HOUR

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
            much_happens(s)
            s.world.threads = threads
            s.run()
            s.run("full")
            found.append(contents(s.world.database))
    check(found[0] == found[1] == found[2], "C6", "what is stored depends on how it was read")
