"""Time, people, objectives and key results, as the mapping files say them."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from hub.model.metrics import ALL, Filter, Judged, Pace, Step, Target
from hub.model.rules import Place


@dataclass(frozen=True, slots=True)
class Cycle:
    """A planning period; both days belong to it. ``parent`` is the id of the longer cycle that it is a part of; ``agree_by`` the
    day by which its objectives shall be agreed; ``periods`` the first days of its second and further parts (4-4-5, thirds)."""

    id: str
    starts: date
    ends: date
    place: Place
    parent: str | None = None
    agree_by: date | None = None
    periods: tuple[date, ...] = ()

    def bounds(self, zone: ZoneInfo) -> tuple[int, int]:
        """[first, past) in milliseconds: midnight of the first day to midnight after the last, in the strategy's zone."""
        first = datetime.combine(self.starts, time(), zone)
        past = datetime.combine(self.ends + timedelta(days=1), time(), zone)
        return int(first.timestamp() * 1000), int(past.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Pillar:
    id: str
    name: str
    place: Place
    owner: str | None = None
    weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Run-the-business work with a budget. ``budget`` and ``budget_for`` are kept as written; they are not judged yet."""

    id: str
    name: str
    place: Place
    budget: str | None = None
    budget_for: MappingABC[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Team:
    """A team and what it owns. ``owns_*`` hold texts as written; they compare folded, ``owns_project`` may hold globs.

    ``parent`` is the id of the team that it is a part of; ``size`` its people, the weight of its effort in company figures."""

    id: str
    name: str
    place: Place
    lead: str | None = None
    owns_field: MappingABC[str, tuple[str, ...]] = field(default_factory=dict)
    owns_project: tuple[str, ...] = ()
    owns_person: tuple[str, ...] = ()
    parent: str | None = None
    size: Decimal | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One person with the ids that vendors know them by: ``ids`` is (kind of source, account id). From ``people.csv``."""

    mail: str
    ids: tuple[tuple[str, str], ...]
    place: Place
    team: str | None = None
    """Id of the team whose work theirs is."""


AnchorKind = Literal["pillar", "supports", "strength", "opportunity", "weakness", "threat"]


@dataclass(frozen=True, slots=True)
class Objective:
    """``anchor`` says why it exists; None is homework. ``pillar`` is where it rolls up, if anywhere.

    ``state``: a draft is shown and not rolled up, a dropped one likewise. ``helpers`` are the teams that answer for it too
    (``with`` in the files); ``home`` is the item whose newest comment is the owner's note."""

    id: str
    name: str
    cycle: str
    place: Place
    anchor: tuple[AnchorKind, str] | None = None
    pillar: str | None = None
    team: str | None = None
    owner: str | None = None
    weight: Decimal = Decimal(1)
    state: Literal["draft", "agreed", "dropped"] = "agreed"
    helpers: tuple[str, ...] = ()
    home: str | None = None


class Need(NamedTuple):
    """A key result that another one waits for, and until when it is needed."""

    key_result: str
    by: date | None = None


class Drop(NamedTuple):
    """When and why a key result was given up."""

    on: date
    why: str


Kind = Literal["completion", "increase", "decrease", "stay_above", "stay_below", "stay_within", "milestone", "parts"]
STAYS = frozenset({"stay_above", "stay_below", "stay_within"})
MEASURED = frozenset({"increase", "decrease"}) | STAYS
"""Kinds whose number comes from a metric, or from parts."""


@dataclass(frozen=True, slots=True)
class KeyResult:
    """What says whether an objective is reached. Identity is (cycle, id).

    ``objective`` is the first objective it belongs to, ``also`` are the others. ``cycle`` is that of the objective or one
    within it. ``accepts`` are ids of the teams whose items may name it themselves; empty: all. ``by``, ``level``, ``missing``
    and ``before_cycle`` say which attached work it counts: its figure if its kind is ``completion``, else shown beside it.
    ``metric`` is the folded id of a metric, narrowed by ``rows``; ``part_of`` the id of a key result of its cycle; ``combine``
    says how a key result without a metric is made of its parts (kind ``parts`` is their mean).
    """

    id: str
    name: str
    objective: str
    cycle: str
    place: Place
    kind: Kind = "completion"
    by: Literal["count", "estimate", "amount"] = "count"
    level: Literal["epic", "story", "leaf"] | None = None
    missing: Literal["mean", "0", "1"] = "mean"
    before_cycle: Literal["leave_out", "count"] = "leave_out"
    ambition: Literal["committed", "aspirational"] = "committed"
    team: str | None = None
    owner: str | None = None
    weight: Decimal = Decimal(1)
    keywords: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    dropped: Drop | None = None
    home: str | None = None
    metric: str | None = None
    rows: Filter = ALL
    start: Decimal | Literal["measured"] | None = None
    target: Target | None = None
    judge: Judged = "worst"
    steps: tuple[Step, ...] = ()
    part_of: str | None = None
    combine: Literal["sum", "mean"] | None = None
    pace: Pace | None = None
    """None is what is usual for its kind"""

    @property
    def objectives(self) -> tuple[str, ...]:
        """All objectives that it belongs to."""
        return (self.objective, *self.also)
