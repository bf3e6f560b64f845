"""Generated objectives and key results of every kind, with parts, steps, paces and what is given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import strategies as st

from hub.model import Cycle, Drop, Filter, KeyResult, Metric, Objective, Pillar, Rates, Relative, Step
from tests.reference.builders import HERE, key_result, lines, objective

CURVES = {"bookings": tuple((Fraction(a, 100), Fraction(b, 100)) for a, b in ((33, 15), (66, 37), (100, 100)))}
RATES = {
    "plan": (
        Rates("USD", date(2026, 1, 1), {"EUR": Decimal("1.05"), "GBP": Decimal("1.2")}),
        Rates("USD", date(2027, 2, 9), {"EUR": Decimal("1.10")}),
    ),
    "young": (Rates("USD", date(2027, 1, 2), {"EUR": Decimal("1.08")}),),
}
KINDS = ("increase", "increase", "decrease", "stay_above", "stay_below", "stay_within", "milestone", "completion")
STEPS: tuple[dict[str, Any], ...] = ({"label": "saml"}, {"label": "scim"}, {"field_region": "emea"}, {"key": "IDN-1"})


class Goals(NamedTuple):
    objectives: tuple[Objective, ...]
    key_results: tuple[KeyResult, ...]


def one_in(draw: st.DrawFn, many: int) -> bool:
    return draw(st.integers(1, many)) == many


def pillars() -> tuple[Pillar, ...]:
    return (Pillar("enterprise", "Win", HERE), Pillar("people", "Grow", HERE, weight=Decimal(2)))


@st.composite
def objectives_of(draw: st.DrawFn, outer: str) -> tuple[Objective, ...]:
    """Two or three; the last one supports the first."""
    state = st.sampled_from(("agreed",) * 6 + ("draft", "dropped"))
    pillar = st.sampled_from(("enterprise", "enterprise", "people", None))
    found = [objective(id, cycle=outer, pillar=draw(pillar), state=draw(state)) for id in ("o1", "o2")]
    if one_in(draw, 2):
        found.append(objective("o3", cycle=outer, pillar=draw(pillar), state=draw(state), anchor=("supports", "o1"), weight="3"))
    return tuple(found)


# ---- one key result -------------------------------------------------------------------------------------------------------


@st.composite
def ends_of(draw: st.DrawFn, kind: str, whole: bool) -> dict[str, Any]:
    """A start and a target that go together."""
    if kind == "stay_within":
        least = draw(st.sampled_from((-5, 0, 2, 5)))
        return {"target": (Decimal(least), Decimal(least + draw(st.sampled_from((1, 3, 10)))))}
    if kind.startswith("stay"):
        return {"target": Decimal(draw(st.sampled_from(("-1", "0", "1", "2", "5", "12"))))}
    sign = 1 if kind == "increase" else -1
    start = draw(st.sampled_from((*("measured",) * 4, Decimal(0), Decimal(10), Decimal(-2), *((None,) * 3 if whole else ()))))
    if start == Decimal(0) or one_in(draw, 2):
        base = start if isinstance(start, Decimal) else Decimal(3)
        return {"start": start, "target": base + sign * Decimal(draw(st.sampled_from(("1", "4.5", "20"))))}
    if whole and one_in(draw, 2):
        return {"start": start}
    change = sign * Decimal(draw(st.sampled_from(("5", "30", "0.5"))))
    return {"start": start, "target": Relative(change, draw(st.booleans()))}


@st.composite
def paces(draw: st.DrawFn, one: Cycle, kind: str, ends: dict[str, Any]) -> Any:
    if kind.startswith("stay"):
        return None
    start, target = ends.get("start"), ends.get("target")
    if isinstance(start, Decimal) and isinstance(target, Decimal) and one_in(draw, 3):
        span = (one.ends - one.starts).days
        at = sorted({draw(st.sampled_from((0, span // 3, span // 2, span - 1))) for _ in range(2)})
        on = [one.starts + timedelta(days=days) for days in at]
        return tuple((day, start + (target - start) * (n + 1) / 4) for n, day in enumerate(on))
    return draw(st.sampled_from((None, None, "linear", "none", "bookings")))


@st.composite
def steps_of(draw: st.DrawFn, one: Cycle) -> tuple[Step, ...]:
    found = []
    for n in range(draw(st.integers(1, 3))):
        due = one.starts + timedelta(days=draw(st.sampled_from((0, 13, 30, (one.ends - one.starts).days))))
        rows = Filter(lines(draw(st.sampled_from(STEPS))), lines(draw(st.sampled_from(({}, {}, {"level": {"lt": 0}})))))
        found.append(Step(f"step {n}", due, rows, Decimal(draw(st.sampled_from(("1", "2", "0.5"))))))
    return tuple(found)


@st.composite
def common_of(draw: st.DrawFn, one: Cycle, objectives: tuple[Objective, ...]) -> dict[str, Any]:
    first, *also = draw(st.lists(st.sampled_from([o.id for o in objectives]), min_size=1, max_size=2, unique=True))
    return {
        "objective": first,
        "also": tuple(also),
        "cycle": one.id,
        "weight": draw(st.sampled_from(("1", "1", "2", "0.5"))),
        "ambition": draw(st.sampled_from(("committed", "aspirational"))),
        "dropped": Drop(one.starts + timedelta(days=draw(st.sampled_from((0, 40)))), "why") if one_in(draw, 9) else None,
    }


@st.composite
def plain_key_results(
    draw: st.DrawFn, id: str, one: Cycle, objectives: tuple[Objective, ...], metrics: tuple[Metric, ...], filters: Any
) -> KeyResult:
    kind = draw(st.sampled_from(KINDS))
    more = draw(common_of(one, objectives))
    if kind == "completion":
        by = draw(st.sampled_from(("count", "estimate", "amount")))
        return key_result(id, kind=kind, by=by, pace=draw(paces(one, kind, {})), **more)
    if kind == "milestone":
        return key_result(id, kind=kind, steps=draw(steps_of(one)), pace=draw(paces(one, kind, {})), **more)
    metric = draw(st.sampled_from(metrics))
    of_values = metric.source == "sheet" or metric.series is not None
    ends = draw(ends_of(kind, False))
    rows = draw(filters(of_values)) if one_in(draw, 3) else Filter()
    judge = draw(st.sampled_from(("worst", "last", "average", "share"))) if kind.startswith("stay") else "worst"
    pace = draw(paces(one, kind, ends))
    return key_result(id, kind=kind, metric=metric.id, rows=rows, judge=judge, pace=pace, **ends, **more)


# ---- parts ----------------------------------------------------------------------------------------------------------------


@st.composite
def families(
    draw: st.DrawFn, one: Cycle, objectives: tuple[Objective, ...], metrics: tuple[Metric, ...], filters: Any
) -> list[KeyResult]:
    """A sum or a mean of two parts, sometimes of a sum or mean and one more."""
    combine: Any = draw(st.sampled_from(("sum", "mean")))
    kind: Any = draw(st.sampled_from(("increase", "decrease"))) if combine == "sum" else "parts"

    def rising(id: str, of: str) -> KeyResult:
        ends = draw(ends_of(kind, False))
        return key_result(
            id,
            kind=kind,
            metric=draw(st.sampled_from(metrics)).id,
            part_of=of,
            pace=draw(paces(one, kind, ends)),
            **ends,
            **draw(common_of(one, objectives)),
        )

    def whole(id: str, of: str | None) -> KeyResult:
        ends = draw(ends_of(kind, True)) if combine == "sum" else {}
        pace = draw(paces(one, kind, ends))
        return key_result(id, kind=kind, combine=combine, part_of=of, pace=pace, **ends, **draw(common_of(one, objectives)))

    def part(id: str, of: str) -> KeyResult:
        if combine == "sum":
            return rising(id, of)
        plain: KeyResult = draw(plain_key_results(id, one, objectives, metrics, filters))
        return replace(plain, part_of=of)

    if one_in(draw, 3):
        return [whole("top", None), whole("mid", "top"), part("p1", "mid"), part("p2", "top")]
    return [whole("top", None), part("p1", "top"), part("p2", "TOP")]


@st.composite
def key_results_of(
    draw: st.DrawFn, calendar: tuple[Cycle, ...], metrics: tuple[Metric, ...], filters: Callable[..., Any]
) -> Goals:
    """Objectives of the longest cycle or of the quarter; key results of the quarter, the next one, or the year."""
    ids = {c.id: c for c in calendar}
    outer = draw(st.sampled_from([id for id in ("2027", "2027-q1") if id in ids]))
    objectives = draw(objectives_of(outer))
    homes = [ids[id] for id in (("2027-q1", "2027-q1", "2027-q2", "2027") if outer == "2027" else ("2027-q1",)) if id in ids]
    found = []
    for id in ("work", "rise", "steps", "stay")[: draw(st.integers(1, 4))]:
        found.append(draw(plain_key_results(id, draw(st.sampled_from(homes)), objectives, metrics, filters)))
    if one_in(draw, 2):
        found += draw(families(draw(st.sampled_from(homes)), objectives, metrics, filters))
    return Goals(objectives, tuple(found))
