"""A seed's whole history: its steps, then the faults stop and everything must come right; and a shrinker for those that fail."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from tests.simulation.checks import Broken, Watch, check
from tests.simulation.look import content_of, record
from tests.simulation.replay import contents, read_from_nothing, replayed
from tests.simulation.setup import DAY, HOUR, Op, Setup, make_ops, make_setup
from tests.simulation.world import Outcome, World


@dataclass(frozen=True, slots=True)
class Failure:
    """``name`` is the invariant, or the kind of the exception that got out."""

    seed: int
    name: str
    text: str
    setup: Setup
    ops: tuple[Op, ...]
    where: str = ""

    def __str__(self) -> str:
        steps = "\n".join(f"    {n}. {op}" for n, op in enumerate(self.ops, 1))
        return f"seed {self.seed}: {self.text}\n  {self.setup}\n{steps or '    (no step at all)'}{self.where}"


class History:
    def __init__(self, setup: Setup, ops: Sequence[Op]) -> None:
        self.world = World(setup)
        self.ops = ops
        self.impure = False
        """A delta cannot have seen everything: something lied, was hidden, or could not be read."""

    def play(self) -> None:
        """Raises ``Broken`` or whatever the hub lets out."""
        self.world.begin()
        try:
            self.watch = Watch(self.world)
            for op in self.ops:
                self._step(op)
            self._settle()
        finally:
            self.world.close()

    def _step(self, op: Op) -> Outcome | None:
        outcome = self.world.step(op)
        if op.kind == "approve":
            self.watch.approved = True
        if op.kind in ("hide", "archive", "trash", "blackout", "show", "drop", "readd"):
            self.impure = True
        if outcome is None:
            self.watch.after_people()
            return None
        if op.takeover_at is not None and outcome.others:
            done = outcome.lost or outcome.crashed or self._ended_before(outcome)
            check(done, "fence", "a run that had lost its ownership went on writing")
        if outcome.transport.lied or any(fault == "poison" for fault, _, _ in outcome.transport.played):
            self.impure = True
        self.watch.after(outcome)
        return outcome

    def _ended_before(self, outcome: Outcome) -> bool:
        """It may also end by itself because the vendor failed it, as long as it wrote nothing."""
        return outcome.summary is not None and outcome.summary.result == "failed"

    # ---- when the faults stop ----

    def _settle(self) -> None:
        world, setup = self.world, self.world.setup
        world.setup = replace(setup, families=frozenset(), poison=False)
        world.ahead = 0
        for vendor in world.vendors.values():
            self.impure = self.impure or vendor.blackout
            vendor.blackout = False
        world.pass_time(int(setup.habits.lag) + HOUR)
        if world.dropped or any(p.hidden or p.state != "live" for v in world.vendors.values() for p in v.places.values()):
            self._partly_visible()
        self._mend()
        self._incremental()
        self._full()
        self._again()
        if setup.seed % 5 == 0:
            replayed(world)
        if setup.seed % 10 == 1:
            self._otherwise()

    def _runs(self, mode: str, after: int = HOUR) -> list[Outcome]:
        found = []
        for number, name in enumerate(self.world.setup.sources):
            outcome = self._step(Op("run", 900_000 + number, name, mode=mode, after=after))
            assert outcome is not None
            found.append(outcome)
        return found

    def _partly_visible(self) -> None:
        """What is visible is read; what is out of sight is marked as that, and flags what it feeds."""
        self._runs("nightly")
        self._approve()
        self._runs("nightly")  # after the first there is nothing new in quarantine, so this one may conclude
        now = self.watch.before
        for name in self.world.setup.sources:
            vendor = self.world.vendors[name]
            hidden = any(place.hidden for place in vendor.places.values())
            if all(place.hidden or place.state != "live" for place in vendor.places.values()):
                continue  # an account that sees nothing to read is a fault, whatever the vendor says of its projects
            self.watch.live_is_truth(name, now, "C2", at_least=hidden)
            for (source, id_), row in now.items.items():
                place = vendor.places[row.partition]
                if source == name and place.hidden and row.presence != "access_lost":
                    check(
                        row.presence in ("archived", "unobserved", "trashed", "deleted", "out_of_scope"),
                        "C2",
                        f"{id_} out of sight is {row.presence}",
                    )
                if source == name and row.presence == "access_lost":
                    check(place.hidden, "C2", f"{id_} is access lost, and its project is visible")
        self.impure = True
        self.world.readd()
        for vendor in self.world.vendors.values():
            for place in vendor.places.values():
                place.hidden, place.state = False, "live"
        self.watch.after_people()

    def _mend(self) -> None:
        """Somebody repairs the records that nobody could read."""
        for vendor in self.world.vendors.values():
            for version in list(vendor.current()):
                if version.poison:
                    self.impure = True
                    vendor.put(version._replace(poison=False, updated=max(vendor.stamp(), version.updated + 1)))
        self.world.pass_time(1_000)
        self.watch.after_people()

    def _incremental(self) -> None:
        """C1: one clean delta brings every creation and every update."""
        self._runs("delta")
        if self.impure:
            return
        now = self.watch.before
        for name in self.world.setup.sources:
            vendor = self.world.vendors[name]
            for version in vendor.current():
                row = now.items.get((name, version.id))
                if self.world.sees(name, version) and not self._restored(name, version.id):
                    check(row is not None, "C1", f"{name} {version.id} was not read")
                    assert row is not None
                    wanted = content_of(version, self.world.shape)
                    check(
                        row.content == wanted or self.world.unsure,
                        "C1",
                        f"{name} {version.id} is stored as {row.content} and is {wanted}",
                    )

    def _restored(self, name: str, id_: str) -> bool:
        """Back without a new stamp, which only a census shows."""
        versions = self.world.vendors[name].items[id_]
        return any(a.state != "live" and b.state == "live" and a.updated == b.updated for a, b in pairwise(versions))

    def _full(self) -> None:
        """C2, C3: one clean nightly run, with an approval if something is held, and the hub is the truth."""
        mode = "full" if self.world.unsure else "nightly"
        outcomes = self._runs(mode, DAY)
        if self._approve():
            outcomes = self._runs(mode, DAY)
        self.world.unsure = False
        now = self.watch.before
        for outcome in outcomes:
            summary = outcome.summary
            assert summary is not None
            check(summary.result == "complete", "C2", f"a clean run is {summary.result}: {summary.error} {summary.notes}")
            self.watch.live_is_truth(outcome.op.source, now, "C2")
        check(not now.holds, "C2", f"still held: {now.holds}")
        for name, vendor in self.world.vendors.items():
            for (source, id_), row in now.items.items():
                if source == name and row.presence in ("access_lost", "unobserved", "held"):
                    check(False, "C2", f"{source} {id_} is {row.presence}, and everything is visible")
            known = now.quarantined.get(name, 0)
            check(known == 0, "C3", f"{known} records of {name} are in quarantine, and none is unreadable")
            del vendor
        self.watch.progress_is_truth(now)

    def _again(self) -> None:
        """C4: the same run once more writes nothing but its own record."""
        before = record(self.world.database)
        outcomes = self._runs("nightly")
        after = record(self.world.database)
        for table, rows in before.items():
            fresh = [row for row in after[table] if row not in rows]
            check(after[table] == rows, "C4", f"a second run changed {table}: {str(fresh[:1])[:300]} of {len(rows)} rows")
        for outcome in outcomes:
            assert outcome.summary is not None
            check(
                outcome.summary.result == "complete", "C4", f"the second run is {outcome.summary.result}: {outcome.summary.error}"
            )

    def _otherwise(self) -> None:
        """C6: a hub that reads everything now, in another order and in other pages, holds the same. Archived items it never saw,
        and of sources that were not read lately this one is behind."""
        if any(row.presence == "archived" for row in self.watch.before.items.values()):
            return
        self._runs("nightly")
        mine, theirs = contents(self.world.database), read_from_nothing(self.world, order="down", page_size=6)
        for name in mine:
            of = set(self.world.setup.sources)
            rows = [[r for r in each[name] if name == "snapshot" or r[0] in of] for each in (mine, theirs)]
            if self.world.shape == 1 or of == {"alpha", "beta"} or name != "snapshot":
                check(rows[0] == rows[1], "C6", f"{name} differs: {rows[0][:2]} and {rows[1][:2]}")

    def _approve(self) -> bool:
        if not self.world.approve():
            return False
        self.watch.approved = True
        return True


def play(seed: int, setup: Setup | None = None, ops: Sequence[Op] | None = None) -> Failure | None:
    """A seed from its beginning to its end; what broke, or None."""
    setup = setup if setup is not None else make_setup(seed)
    ops = tuple(ops if ops is not None else make_ops(setup))
    try:
        History(setup, ops).play()
    except Broken as broken:
        return Failure(seed, str(broken).partition(":")[0], str(broken), setup, ops)
    except Exception as fault:  # whatever gets out of the hub is a finding
        return Failure(
            seed, type(fault).__name__, repr(fault), setup, ops, "\n" + "".join(traceback.format_exception(fault)[-6:])
        )
    return None


def shrink(failure: Failure, told: Callable[[str], None] = lambda text: None) -> Failure:
    """The same failure with as few steps, and as little in each, as possible."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(failure):
            found = play(failure.seed, failure.setup, candidate)
            if found is not None and found.name == failure.name:
                failure, smaller = found, True
                told(f"{len(failure.ops)} steps")
                break
    return failure


def _smaller(failure: Failure) -> list[tuple[Op, ...]]:
    ops = failure.ops
    found = [(*ops[:n], *ops[n + 1 :]) for n in range(len(ops))]
    for n, op in enumerate(ops):
        plain: dict[str, Any] = {"rate": 0.0, "drift": 0.0, "crash_at": None, "takeover_at": None, "after": 0}
        simpler = [replace(op, **{name: value}) for name, value in plain.items() if getattr(op, name)]
        if op.kind == "work" and op.n > 1:
            simpler.append(replace(op, n=1))
        found += [(*ops[:n], each, *ops[n + 1 :]) for each in simpler]
    return found
