"""How the cases ask: the same question of the naive reference and of the hub."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from hub.assess import assess
from hub.model import fold
from tests.reference.builders import Company, key_result
from tests.reference.naive import reference

REPORTED = ("status", "category", "team", "ambiguous", "accepts")
HALF = Fraction(1, 2)


class Answer(NamedTuple):
    """What both calculations are asked for."""

    progress: dict[tuple[str, str], Fraction | None]
    """By (kind, id) or, of other cycles than the first, (kind, "cycle/id")."""
    outcomes: dict[tuple[int, str], str]
    parts: dict[tuple[int, str], dict[str, Fraction]]
    units: set[tuple[int, str]]
    """(item, key result) of cycle 2027-q1."""
    coverage: dict[tuple[str, str], tuple[int, int]]
    states: dict[int, str]
    teams: dict[int, str | None]
    active: frozenset[int]
    reported: dict[str, frozenset[int | None]]
    """What is reported of items, by kind."""
    unevaluable: int
    """How many pairs of rule and source are reported as not evaluable."""


def by_words(given: Company) -> Answer:
    found = reference(*given)
    name = lambda cycle, id: id if cycle == "2027-q1" else f"{cycle}/{id}"  # noqa: E731
    return Answer(
        {(kind, name(cycle, id)): n.progress for (kind, cycle, id), n in found.nodes.items()},
        {key: a.outcome for key, a in found.attachments.items()},
        {key: {id: part for _, id, part in a.shares} for key, a in found.attachments.items()},
        {(no, kr) for (no, cycle, kr), u in found.units.items() if u.counts and cycle == "2027-q1"},
        {(kind, name(cycle, id)): (n.measured, n.key_results) for (kind, cycle, id), n in found.nodes.items()},
        found.states,
        found.teams,
        found.active,
        dict(found.reports),
        len(found.unevaluable),
    )


def by_hub(given: Company) -> Answer:
    found = assess(given.mapping, given.items, given.dimensions, given.as_of)

    def name(kind: str, cycle: str, id: str) -> tuple[str, str]:
        id = "" if kind == "company" else fold(id)
        return kind, id if cycle == "2027-q1" else f"{cycle}/{id}"

    return Answer(
        {name(n.kind, n.cycle, n.id): n.progress for n in found.nodes},
        {(a.no, a.cycle): a.outcome for a in found.attachments},
        {(a.no, a.cycle): {fold(s.id): s.part for s in a.shares} for a in found.attachments},
        {(u.no, fold(u.key_result)) for u in found.units if u.counts and u.cycle == "2027-q1"},
        {name(n.kind, n.cycle, n.id): (n.measured, n.key_results) for n in found.nodes},
        {a.no: a.state for a in found.attachments},
        {a.no: a.team for a in found.attachments},
        found.active,
        {kind: frozenset(f.no for f in found.findings if f.kind == kind) for kind in REPORTED},
        sum(f.kind == "unevaluable" for f in found.findings),
    )


Ask = Callable[[Company], Answer]
SSO = ("key_result", "sso")
BY_POINTS = [key_result("sso", by="estimate")]
BY_COUNT = [key_result("sso")]
LABEL = ["kr:sso"]
