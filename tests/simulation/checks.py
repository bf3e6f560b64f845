"""The invariants of FAULTS.md, 3.2: A1 to A10 and A12 after every step, C1 to C4 when the faults have stopped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.simulation.look import AWAY, GONE, LABELS_AT, Look, Ref, Row, content_of, look, version_of
from tests.simulation.oracle import KEY_RESULTS, Known, Oracle
from tests.simulation.vendor import Vendor, Version
from tests.simulation.world import Outcome, World

MOST_REQUESTS = 1_000
"""More requests in one run than this break A4; a fault-free one makes thirty."""


class Broken(AssertionError):
    """An invariant does not hold; the text begins with its name."""


def check(holds: bool, name: str, text: str) -> None:
    if not holds:
        raise Broken(f"{name}: {text}")


def bound(alive: int) -> int:
    """How many of a partition's items may go in a run that nobody approved (F32)."""
    return max(10, alive // 10)


@dataclass
class Watch:
    """Looks at the hub after each step and compares with the look before, and with the vendor."""

    world: World
    before: Look = field(init=False)
    visible: dict[str, dict[str, int]] = field(default_factory=dict)
    """By source: visible items and how many versions they had, at the last look."""
    approved: bool = False
    """Somebody agreed to a hold, and no run applied it yet."""

    def __post_init__(self) -> None:
        self.before = look(self.world.database)
        self._remember()

    def _remember(self) -> None:
        self.visible = {
            name: {v.id: len(vendor.items[v.id]) for v in vendor.current() if self.world.sees(name, v)}
            for name, vendor in self.world.vendors.items()
        }

    def after_people(self) -> None:
        """After a step without a run: what is visible now is what the next run begins with."""
        self._remember()

    def after(self, outcome: Outcome) -> Look:
        """Everything that must hold after a run, however it ended."""
        if outcome.crashed:
            found = self.world.database.integrity()
            check(found == "ok", "A6", f"integrity_check says {found}")
        transport = outcome.transport
        check(transport.requests <= MOST_REQUESTS, "A4", f"{transport.requests} requests in one run")
        check(not transport.hasty, "A4", "; ".join(transport.hasty[:2]))
        now = look(self.world.database)
        for name, vendor in self.world.vendors.items():
            self._rows(name, vendor, now)
            self._cursors(name, vendor, now)
        self._deletions(outcome, now)
        self._isolation(outcome, now)
        self._freshness(outcome, now)
        self._everything(outcome, now)
        self._standstill(outcome, now)
        self.before = now
        self.approved = bool(self.world.database.rows("SELECT id FROM hold WHERE decision = 'approved'"))
        self._remember()
        return now

    def _rows(self, name: str, vendor: Vendor, now: Look) -> None:
        for (source, id_), row in now.items.items():
            if source != name:
                continue
            check(version_of(vendor, id_, row) is not None, "A1", f"{source} {id_} is stored as the vendor never had it: {row}")
            former = self.before.items.get((source, id_))
            check(former is None or former.updated <= row.updated, "A8", f"{source} {id_} went back: {former} -> {row}")

    def _cursors(self, name: str, vendor: Vendor, now: Look) -> None:
        for (source, partition), cursor in now.cursors.items():
            if source == name:
                check(
                    cursor <= vendor.now(),
                    "A2",
                    f"the cursor of {partition} is {cursor - vendor.now()} ms in the vendor's future",
                )
                former = self.before.cursors.get((source, partition))
                check(former is None or former <= cursor, "A2", f"the cursor of {partition} went back")

    def _deletions(self, outcome: Outcome, now: Look) -> None:
        vendor = self.world.vendors[outcome.op.source]
        lost: dict[str, int] = {}
        guessed: dict[str, int] = {}
        for (source, id_), row in now.items.items():
            former = self.before.items.get((source, id_))
            if former is None or former.presence in GONE or row.presence not in GONE:
                continue
            lost[former.partition] = lost.get(former.partition, 0) + 1
            guessed[former.partition] = guessed.get(former.partition, 0) + (vendor.latest(id_).state == "live")
            there = self.visible[source].get(id_) == len(vendor.items[id_]) and self.world.sees(source, vendor.latest(id_))
            let_go = self.approved and former.presence in AWAY  # by a person, who saw it where it is no longer
            check(not there or let_go, "A7", f"{source} {id_} was there all the time and is {row.presence} now")
        for partition, number in lost.items():
            alive = self.before.alive(outcome.op.source, partition)
            runs = 1 + len(outcome.others)
            check(self.approved or number <= runs * bound(alive), "A3", f"{number} of {alive} items of {partition} went at once")
            quiet = not vendor.blackout or alive < 5 or vendor.places[partition].state == "trashed" or not guessed[partition]
            check(self.approved or quiet, "A3", f"nothing of {partition} is listed, and {number} items went")

    def _isolation(self, outcome: Outcome, now: Look) -> None:
        for name in self.world.vendors:
            if name != outcome.op.source:
                mine = {ref: row for ref, row in now.items.items() if ref[0] == name}
                then = {ref: row for ref, row in self.before.items.items() if ref[0] == name}
                check(mine == then, "A10", f"a run over {outcome.op.source} changed items of {name}")
                same = now.fresh.get(name) == self.before.fresh.get(name)
                check(same, "A10", f"a run over {outcome.op.source} changed the freshness of {name}")
                cursors = [{at: c for at, c in each.cursors.items() if at[0] == name} for each in (now, self.before)]
                check(cursors[0] == cursors[1], "A10", f"a run over {outcome.op.source} moved a cursor of {name}")

    def _freshness(self, outcome: Outcome, now: Look) -> None:
        name, summary = outcome.op.source, outcome.summary
        if outcome.crashed or outcome.lost or outcome.others:
            return
        check(summary is not None, "A12", "a run that did not crash says nothing")
        assert summary is not None
        renewed = now.fresh.get(name) != self.before.fresh.get(name)
        if summary.result == "complete":
            newest = self.world.database.rows("SELECT result FROM run WHERE source = ? ORDER BY id DESC LIMIT 1", name)
            check(newest == [("complete",)], "A12", f"the record of a complete run says {newest}")
            waiting = [h for h, (source, kind) in now.holds.items() if source == name and kind != "unlisted"]
            check(not waiting, "A12", f"a run that holds something says complete ({waiting})")
            unseen = [
                r
                for r, row in self._out_of_sight(now)
                if r[0] == name and row.presence not in ("access_lost", "unobserved", *GONE)
            ]
            check(not unseen, "A12", f"a complete run, but {unseen[:5]} are out of sight and not marked")
        else:
            check(not renewed, "A12", f"a run that is {summary.result} renewed the freshness of {name}")

    def _out_of_sight(self, now: Look) -> Iterable[tuple[Ref, Row]]:
        for ref, row in now.items.items():
            vendor = self.world.vendors.get(ref[0])
            if vendor is not None and vendor.places[row.partition].hidden:
                yield ref, row

    def _everything(self, outcome: Outcome, now: Look) -> None:
        """A9: who says complete has seen everything, unless it was lied to or the world moved under it."""
        summary, vendor = outcome.summary, self.world.vendors[outcome.op.source]
        if summary is None or summary.result != "complete" or outcome.op.mode == "delta" or outcome.others:
            return
        played = {fault for fault, _, _ in outcome.transport.played}
        if outcome.drifted or outcome.transport.lied or "poison" in played or vendor.blackout or not vendor.settled():
            return
        waiting = {partition for partition, in self.world.database.rows(
            "SELECT partition_id FROM hold WHERE source = ? AND decision IS NULL", outcome.op.source)}  # fmt: skip
        self.live_is_truth(outcome.op.source, now, "A9", aside=waiting)

    def _standstill(self, outcome: Outcome, now: Look) -> None:
        """A5, and what is out of sight, held or half-read while much of it changes freezes the key results that it feeds, and
        nothing else does."""
        if outcome.summary is None or outcome.summary.seq is None:
            return
        away = {ref: row for ref, row in now.items.items() if row.presence in AWAY}
        for (source, id_), row in away.items():
            for key_result in KEY_RESULTS:
                named = f'"kr:{key_result}"' in str(row.content[LABELS_AT])
                check(not named or key_result in now.frozen, "frozen", f"{source} {id_} is {row.presence}; {key_result} moves on")
        held = [kind for _, kind in now.holds.values() if kind in ("changed", "rejected")]
        check(bool(away or held or now.waves) or not now.frozen, "frozen", f"{sorted(now.frozen)} stand still for nothing")
        for key_result in now.frozen & self.before.frozen:
            at = ("key_result", key_result)
            check(now.progress[at] == self.before.progress[at], "frozen", f"{key_result} is frozen and moved")
        for node, progress in now.progress.items():
            check(progress is None or 0 <= progress <= 1, "A5", f"{node} is {progress}")

    # ---- what the truth is ----

    def live_is_truth(self, source: str, now: Look, name: str, *, aside: Iterable[str] = (), at_least: bool = False) -> None:
        """Present rows of a source equal its visible items, exactly; ``aside`` are partitions that are left out. ``at_least``:
        nothing could be concluded absent, so there may be more."""
        vendor = self.world.vendors[source]
        apart = set(aside)
        wanted = {v.id: v for v in vendor.current() if self.world.sees(source, v) and not v.poison and v.partition not in apart}
        spoilt = {v.id for v in vendor.current() if v.poison}
        there = {
            id_: row
            for (s, id_), row in now.items.items()
            if s == source and row.presence == "present" and id_ not in spoilt and row.partition not in apart
        }
        missing = sorted(set(wanted) - set(there), key=int)
        surplus = sorted(set(there) - set(wanted), key=int)
        check(not missing, name, f"not stored or not present: {[(i, now.items.get((source, i))) for i in missing[:3]]}")
        check(
            at_least or not surplus,
            name,
            f"present, but not there: {[(vendor.latest(i), there[i].presence) for i in surplus[:3]]}",
        )
        for id_, version in wanted.items():
            check(
                self._same(there[id_].content, version), name,
                f"{source} {id_} is stored as {there[id_].content} and is {content_of(version, self.world.shape)}",
            )  # fmt: skip

    def _same(self, content: tuple[object, ...], version: Version) -> bool:
        """Equal, in the present shape. Where the pass that was to bring it was lied to, only a full pass is sure to bring it."""
        if self.world.unsure and content == content_of(version, 3 - self.world.shape):
            return True
        return content == content_of(version, self.world.shape)

    def known(self, now: Look) -> list[Known]:
        """The items that count, by the vendors' truth; of archived ones the last version that anybody could read."""
        found = []
        for source, vendor in self.world.vendors.items():
            for v in vendor.current():
                version: Version | None = None
                if self.world.sees(source, v):
                    version = v
                elif v.state == "archived" and (row := now.items.get((source, v.id))) is not None:
                    former = {each.state for each in vendor.items[v.id]} | self.world.former_states(source, v.id)
                    fits = row.presence == "archived" or (row.presence in GONE and former & {"deleted", "trashed"})
                    check(bool(fits), "C2", f"{source} {v.id} is archived and stored as {row.presence}")
                    version = version_of(vendor, v.id, row) if row.presence == "archived" else None
                if version is not None:
                    place = vendor.places[version.partition]
                    found.append(Known(source, version, v.state == "archived", place.key, vendor.categories[version.status]))
        return found

    def progress_is_truth(self, now: Look, name: str = "C3") -> None:
        oracle = Oracle(self.known(now))
        check(not now.frozen, name, f"{sorted(now.frozen)} are frozen although nothing is out of sight or held")
        wanted = oracle.progress()
        for node, progress in wanted.items():
            stored = now.progress.get(node, "nothing")
            check(stored == progress, name, f"{node} is {progress}, and the hub says {stored}")
        for key_result in KEY_RESULTS:
            figure = oracle.figures()[key_result]
            check(figure.total >= figure.done >= 0, name, "the oracle itself is wrong")
