"""What a seed decides before anything happens: how the vendor behaves, how it is read, which faults there may be."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.simulation.connector import Style
from tests.simulation.faults import FAMILIES, LIES, TRANSIENT
from tests.simulation.vendor import Company, Habits, Place, Vendor

HOUR = 3_600_000
DAY = 24 * HOUR
EPOCH = 1_801_699_200_000  # 2027-02-04T00:00:00Z
SOURCES = ("alpha", "beta")


@dataclass(frozen=True, slots=True)
class Op:
    """One step. What it draws comes from its own ``seed``, so that leaving out another step changes nothing in it."""

    kind: str
    seed: int
    source: str = "alpha"
    mode: str = "nightly"
    after: int = 0
    """Milliseconds that pass before it."""
    n: int = 0
    rate: float = 0.0
    drift: float = 0.0
    crash_at: int | None = None
    takeover_at: int | None = None

    def __str__(self) -> str:
        said = [f"{name}={value}" for name, value in self._said() if value]
        return f"{self.kind}({', '.join(said)})"

    def _said(self) -> list[tuple[str, object]]:
        names = ["source", "after", "n", "rate", "drift", "crash_at", "takeover_at", "seed"]
        if self.kind == "run":
            names.insert(1, "mode")
        return [(name, getattr(self, name)) for name in names]


@dataclass(frozen=True, slots=True)
class Setup:
    """All of a seed but its steps."""

    seed: int
    start: int
    """Which of the ready-made companies it begins with."""
    sources: tuple[str, ...] = ("alpha",)
    habits: Habits = field(default_factory=Habits)
    style: Style = field(default_factory=Style)
    named: bool = False
    """The configuration names the partitions."""
    families: frozenset[str] = frozenset()
    batch: int = 1
    """Records per transaction: pages are joined up to these."""
    poison: bool = False
    """Items themselves may become unreadable."""

    def __str__(self) -> str:
        h, s = self.habits, self.style
        return (
            f"start {self.start}, sources {' '.join(self.sources)}, {s.reads},"
            f" {'named' if self.named else 'unnamed'}, lag {h.lag // 60000} min,"
            f" skew {h.skew // 1000} s, overlap {s.overlap:.0f} s, tick {h.tick}, {'telling' if h.telling else 'silent'},"
            f" pages of {s.page_size} by {s.order}{' in two steps' if s.two_steps else ''},"
            f" faults {' '.join(sorted(self.families)) or 'none'}{', poison' if self.poison else ''}"
        )


STARTS = 12
SKEWS = (0, 700_000, -1_000_000, 5_000, 0)


def named_at(start: int) -> bool:
    """Whether the configuration names the partitions in this start."""
    return start % 2 == 0


def skew_at(start: int) -> int:
    """Milliseconds that the vendors' clocks are ahead of ours in this start: a clock that goes back is another story."""
    return SKEWS[start % len(SKEWS)]


def make_setup(seed: int) -> Setup:
    """Families of faults are on in a quarter of the seeds each."""
    rng = random.Random(seed)
    lag = rng.choice((0, 0, 10 * 60_000, 2 * HOUR))
    overlap = lag / 1000 + rng.choice((0, 60, 600))
    style = Style(
        reads="whole" if rng.random() < 0.15 else "delta",
        page_size=rng.choice((3, 4, 7, 50)),
        order=rng.choice(("id", "down", "updated")),
        two_steps=rng.random() < 0.3,
        lag=lag / 1000,
        overlap=overlap,
        resume_ttl=rng.choice((0.0, 3600.0, 86_400.0)),
    )
    start = rng.randrange(STARTS)
    habits = Habits(lag=lag, skew=skew_at(start), tick=rng.choice((1, 1000)), telling=rng.random() < 0.4)
    families = {f for f in FAMILIES if rng.random() < (0.12 if f in (*LIES, "auth", "denied") else 0.25)}
    if rng.random() < 0.15:
        families |= set(TRANSIENT)
    return Setup(
        seed,
        start=start,
        sources=SOURCES if rng.random() < 0.2 else SOURCES[:1],
        habits=habits,
        style=style,
        named=named_at(start),
        batch=rng.choice((1, 6, 1000)),
        families=frozenset(families),
        poison=rng.random() < 0.2,
    )


def make_vendor(start: int, source: str) -> Vendor:
    """A company at work for a while; of the ready-made ones every third has a project that is larger."""
    rng = random.Random(f"{start} {source}")
    vendor = Vendor(lambda: EPOCH, Habits(skew=skew_at(start)))
    for number, key in ((1, "PAY"), (2, "OPS"), (3, "APP")):
        vendor.places[f"{number}"] = Place(f"{number}", key, f"Project {key}")
    company = Company(vendor, rng)
    for _ in range(2 if source == "alpha" else 1):
        for place in vendor.places:
            company.create(place, 1)
    for _ in range(14 if source == "alpha" else 5):
        company.create()
    if start % 3 == 0 and source == "alpha":
        for _ in range(24):
            company.create("3")
    for _ in range(6):
        company.update()
        company.finish()
    return vendor


def make_ops(setup: Setup) -> list[Op]:
    """The steps of a seed: people's work, changes of the surroundings, runs with faults."""
    rng = random.Random(f"ops {setup.seed}")
    ops: list[Op] = []
    for _ in range(rng.randrange(5, 9)):
        ops.append(_people(rng, setup))
        if rng.random() < 0.35:
            ops.append(_surroundings(rng, setup))
        if rng.random() < 0.75:
            ops.append(_run(rng, setup))
    return ops


def _people(rng: random.Random, setup: Setup) -> Op:
    source = rng.choice(setup.sources)
    after = rng.choice((0, 1_000, 90_000, HOUR))
    if rng.random() < 0.06:
        return Op(rng.choice(("flip", "clear")), rng.randrange(10**6), source, after=after, n=rng.choice((1, 2, 3)))
    return Op("work", rng.randrange(10**6), source, after=after, n=rng.choice((1, 3, 6)))


def _surroundings(rng: random.Random, setup: Setup) -> Op:
    kinds = [
        "hide",
        "show",
        "archive",
        "trash",
        "show",
        "rename",
        "blackout",
        "light",
        "recategorise",
        "refit",
        "jump",
        "approve",
    ]
    if setup.named:
        kinds += ["drop", "readd"]
    return Op(rng.choice(kinds), rng.randrange(10**6), rng.choice(setup.sources), n=rng.choice((1, 2, 3)))


def _run(rng: random.Random, setup: Setup) -> Op:
    on = rng.random() < 0.6
    return Op(
        "run",
        rng.randrange(10**6),
        rng.choice(setup.sources),
        mode=rng.choice(("delta", "delta", "nightly", "nightly", "nightly", "full")),
        after=rng.choice((60_000, HOUR, 5 * HOUR, DAY)),
        rate=rng.choice((0.05, 0.15, 0.3)) if on and setup.families else 0.0,
        drift=rng.choice((0.1, 0.3)) if rng.random() < 0.25 else 0.0,
        crash_at=rng.randrange(1, 60) if rng.random() < 0.2 else None,
        takeover_at=rng.randrange(2, 12) if rng.random() < 0.06 else None,
    )
