"""Hundreds of virtual nights with daily faults, and what they leave behind in memory, open files and the database."""

from __future__ import annotations

import gc
import os
import random
from dataclasses import dataclass, replace
from pathlib import Path

from tests.simulation.checks import Watch, check
from tests.simulation.faults import FAMILIES
from tests.simulation.runner import History
from tests.simulation.setup import DAY, HOUR, Op, make_setup
from tests.simulation.world import World

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Measure:
    """After a night: bytes of memory, open files, bytes of the database and of its write-ahead log, rows of all its tables."""

    night: int
    memory: int
    files: int
    database: int
    log: int
    rows: int
    passing: int
    """Rows of the tables that hold nothing for long: marks, listings, suspects, notices."""


def measure(world: World, night: int) -> Measure:
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
    ((pages, size),) = world.database.rows("SELECT page_count, page_size FROM pragma_page_count(), pragma_page_size()")
    log = world.database.path.with_name(f"{world.database.path.name}-wal")
    tables = [name for (name,) in world.database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    counted = {name: int(world.database.rows(f'SELECT count(*) FROM "{name}"')[0][0]) for name in tables}
    passing = sum(counted[name] for name in ("dirty", "seen", "suspect", "notice"))
    return Measure(
        night,
        resident,
        len(list(Path("/proc/self/fd").iterdir())),
        pages * size,
        log.stat().st_size,
        sum(counted.values()),
        passing,
    )


def soak(seed: int, nights: int, quiet: int = 30) -> tuple[list[Measure], int]:
    """So many nights with work and faults, then ``quiet`` ones in which nothing happens at all; the measures (every tenth night),
    and how many runs were not complete. Raises ``Broken``."""
    rng = random.Random(f"soak {seed}")
    setup = replace(make_setup(seed), sources=("alpha",), families=frozenset(FAMILIES), poison=True, batch=50)
    setup = replace(setup, style=replace(setup.style, reads="delta", page_size=20))
    history = History(setup, [])
    world = history.world
    world.begin()
    try:
        history.watch = Watch(world)
        found, spoilt = [], 0
        for night in range(1, nights + 1):
            spoilt += _night(history, rng, night)
            if night % 10 == 0:
                found.append(measure(world, night))
        history._settle()
        for night in range(nights + 1, nights + quiet + 1):
            history._step(Op("run", 3, after=DAY))
            found.append(measure(world, night))
        history.watch.progress_is_truth(history.watch.before)
        return found, spoilt
    finally:
        world.close()


def _night(history: History, rng: random.Random, night: int) -> int:
    seed = rng.randrange(10**9)
    history._step(Op("work", seed, after=HOUR, n=rng.choice((1, 3, 6))))
    if night % 23 == 0:
        history._step(
            Op(rng.choice(("blackout", "hide", "archive", "rename", "recategorise", "clear")), seed, n=rng.choice((1, 2, 3)))
        )
    if night % 23 == 2:
        for kind in ("light", "show"):
            for number in (1, 2, 3):
                history._step(Op(kind, seed, n=number))
    if night % 23 == 4:
        history._step(Op("approve", seed))
    spoilt = 0
    for mode in ("delta", "full" if night % 7 == 0 else "nightly"):
        outcome = history._step(
            Op(
                "run", seed, mode=mode, after=10 * HOUR, rate=0.1, drift=0.1 if rng.random() < 0.2 else 0.0,
                crash_at=rng.randrange(1, 60) if rng.random() < 0.1 else None,
            )
        )  # fmt: skip
        assert outcome is not None
        spoilt += outcome.summary is None or outcome.summary.result != "complete"
    return spoilt


def judged(found: list[Measure], quiet: int = 30) -> str:
    """Compare the measures; a line of figures. Raises ``Broken``."""
    busy, still = found[:-quiet], found[-quiet:]
    settled, last = busy[len(busy) // 2], busy[-1]
    per_row = [each.database / each.rows for each in (settled, last)]
    check(last.files <= settled.files + 2, "files", f"{settled.files} open files became {last.files}")
    grown = last.memory - settled.memory
    check(grown < 30 * 2**20, "memory", f"it grew by {grown / 2**20:.1f} MB from night {settled.night} to night {last.night}")
    check(per_row[1] < per_row[0] * 1.25, "database", f"{per_row[0]:.0f} bytes a row became {per_row[1]:.0f}")
    check(max(each.log for each in found) < 16 * 2**20, "log", "the write-ahead log is larger than 16 MB")
    nightly = (still[-1].database - still[0].database) / (len(still) - 1)
    check(nightly < 4096, "database", f"a night in which nothing happens costs {nightly:.0f} bytes")
    check(still[-1].passing <= still[0].passing + 3, "database", f"{still[0].passing} passing rows became {still[-1].passing}")
    return (
        f"memory {settled.memory / 2**20:.0f} MB at night {settled.night}, {last.memory / 2**20:.0f} MB at night {last.night};"
        f" {settled.files} and {last.files} open files; database {settled.database / 1024:.0f} and {last.database / 1024:.0f} kB,"
        f" {per_row[0]:.0f} and {per_row[1]:.0f} bytes a row; a quiet night costs {nightly:.0f} bytes"
    )
