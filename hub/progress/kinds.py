"""From what was measured to the figure of a key result. Pure and exact; docs/key-results/README.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from hub.measure import Reading
from hub.measure.readings import Period
from hub.model import STAYS, KeyResult, Measured, NodeResult, Relative, Target, fold
from hub.progress.completion import completion
from hub.progress.tally import Tally

ZERO, ONE = Fraction(0), Fraction(1)


class Part(NamedTuple):
    """A key result as a part of another one."""

    key_result: KeyResult
    node: NodeResult


def key_result_node(
    key_result: KeyResult, tally: Tally, reading: Reading | None = None, parts: Sequence[Part] = ()
) -> NodeResult:
    """The figure of a key result. ``progress`` is clamped to 0..1; ``details["raw"]`` has it as it is where that differs."""
    work = completion(key_result, tally)
    if key_result.kind == "completion":
        return work
    reading = reading or Reading()
    if key_result.kind == "milestone":
        figure = _milestone(key_result, reading)
    elif key_result.kind in STAYS:
        figure = _stays(key_result, reading.periods)
    elif key_result.metric is None:
        figure = _sum(key_result, parts) if key_result.combine == "sum" else _mean(parts)
    else:
        figure = _moves(key_result, reading)
    details = {"kind": key_result.kind, **figure.details}
    if work.details["units"] or work.details["left_out"]:
        details["work"] = {name: work.details[name] for name in ("units", "done_units", "left_out")}
    if parts:
        details["parts"] = [part.node.id for part in parts]
    raw = figure.done / figure.total if figure.total else None
    progress = None if raw is None else min(max(raw, ZERO), ONE)
    if raw is not None and raw != progress:
        details["raw"] = str(raw)
    at = (key_result.cycle, fold(key_result.id))
    return NodeResult("key_result", *at, progress, figure.done, figure.total, 1, int(progress is not None), details)


class _Figure(NamedTuple):
    """``done`` of ``total``; a total of 0 is unmeasured."""

    done: Fraction
    total: Fraction
    details: dict[str, Any]


def _unmeasured(why: str, **details: Any) -> _Figure:
    return _Figure(ZERO, ZERO, {**details, "why": why})


# ---- increase, decrease ----------------------------------------------------------------------------------------------------


def _moves(key_result: KeyResult, reading: Reading) -> _Figure:
    current = reading.current or Measured(None, "it was not measured")
    details = _said(current)
    start = Fraction(key_result.start) if isinstance(key_result.start, Decimal) else None
    if key_result.start == "measured":
        started = reading.started or Measured(None, "it was not measured")
        start = started.value
        details["started"] = "frozen" if reading.frozen or reading.baseline is not None else "measured"
        if start is None:
            return _unmeasured(f"its start is not known: {started.why}", **details)
    return _way(key_result, start, current.value, target_of(key_result.target, start), details, current.why)


def _way(
    key_result: KeyResult,
    start: Fraction | None,
    current: Fraction | None,
    target: Fraction | None,
    details: dict[str, Any],
    why: str,
) -> _Figure:
    """How far current lies on the way from start to target."""
    for name, value in (("start", start), ("target", target), ("current", current)):
        if value is not None:
            details[name] = str(value)
    if current is None:
        return _unmeasured(why or "it was not measured", **details)
    if start is None or target is None:
        return _unmeasured("its start or its target is not known", **details)
    if start == target:
        return _unmeasured("its start was measured as what its target is", **details)
    if (target > start) != (key_result.kind == "increase"):
        return _unmeasured(f"its target lies {'below' if target < start else 'above'} its measured start", **details)
    return _Figure(current - start, target - start, details)


def target_of(target: Target | None, start: Fraction | None) -> Fraction | None:
    """A target as a number; a relative one from its start."""
    if isinstance(target, Relative):
        if start is None:
            return None
        return start + (abs(start) * Fraction(target.change) / 100 if target.percent else Fraction(target.change))
    return Fraction(target) if isinstance(target, Decimal) else None


def _said(measured: Measured) -> dict[str, Any]:
    """What is kept of a value beside the value."""
    return {
        "rows": measured.rows,
        **({"missing": measured.missing} if measured.missing else {}),
        **({"newest": day(measured.newest)} if measured.newest is not None else {}),
        **({"unit": measured.unit} if measured.unit else {}),
    }


def day(ordinal: int) -> str:
    """A day as it is stored."""
    return date.fromordinal(ordinal).isoformat()


# ---- stay_above, stay_below, stay_within -----------------------------------------------------------------------------------


def _stays(key_result: KeyResult, periods: Sequence[Period]) -> _Figure:
    known = [(p, p.measured.value) for p in periods if p.measured.value is not None]
    bounds = key_result.target if isinstance(key_result.target, tuple) else (key_result.target,)
    details: dict[str, Any] = {"judge": key_result.judge, "target": [str(b) for b in bounds]}
    if not known:
        why = next((p.measured.why for p in periods if p.measured.why), "it has no value yet")
        return _unmeasured(why, **details)
    margins = [_margin(key_result, value) for _, value in known]
    kept = sum(margin >= 0 for margin in margins)
    details |= {"periods": len(known), "kept": kept, **_newest([p.measured for p, _ in known])}
    if key_result.judge == "share":
        return _Figure(Fraction(kept), Fraction(len(known)), {**details, "current": str(Fraction(kept, len(known)))})
    if key_result.judge == "average":
        mean = sum((value for _, value in known), ZERO) / len(known)
        return _held(_margin(key_result, mean) >= 0, {**details, "current": str(mean)})
    which = len(known) - 1
    if key_result.judge == "worst":
        which = max(range(len(known)), key=lambda n: (-margins[n], n))
    period, value = known[which]
    about = {"current": str(value), "period": [day(period.first), day(period.last)] if period.first else []}
    return _held(margins[which] >= 0, {**details, **about})


def _held(holds: bool, details: dict[str, Any]) -> _Figure:
    return _Figure(ONE if holds else ZERO, ONE, {**details, "holds": holds})


def _newest(values: Sequence[Measured]) -> dict[str, Any]:
    days = [m.newest for m in values if m.newest is not None]
    unit = values[-1].unit
    return {
        "rows": sum(m.rows for m in values),
        **({"newest": day(max(days))} if days else {}),
        **({"unit": unit} if unit else {}),
    }


def _margin(key_result: KeyResult, value: Fraction) -> Fraction:
    """How far a value lies inside its bounds; negative outside of them."""
    target = key_result.target
    if isinstance(target, tuple):
        return min(value - Fraction(target[0]), Fraction(target[1]) - value)
    bound = Fraction(target) if isinstance(target, Decimal) else ZERO
    return value - bound if key_result.kind == "stay_above" else bound - value


# ---- milestone -------------------------------------------------------------------------------------------------------------


def _milestone(key_result: KeyResult, reading: Reading) -> _Figure:
    found = reading.steps or ((0, 0),) * len(key_result.steps)
    done = total = ZERO
    steps = []
    for step, (items, finished) in zip(key_result.steps, found, strict=True):
        is_done = items > 0 and finished == items
        total += Fraction(step.weight)
        done += Fraction(step.weight) * is_done
        steps.append({"items": items, "done": finished, "is_done": is_done})
    return _Figure(done, total, {"steps": steps})


# ---- parts -----------------------------------------------------------------------------------------------------------------


def _sum(key_result: KeyResult, parts: Sequence[Part]) -> _Figure:
    """Start, target and current of its parts, added up; what it writes itself goes before."""
    if not parts:
        return _unmeasured("it has no parts")
    written = {"start": key_result.start, "target": key_result.target}
    names = ("start", "target", "current")
    missing = [p.key_result.id for p in parts if p.node.progress is None or not all(name in p.node.details for name in names)]
    if missing:
        return _unmeasured(f"{missing[0]} is unmeasured" if len(missing) == 1 else f"{', '.join(missing)} are unmeasured")
    units = {p.node.details.get("unit") for p in parts if p.node.details.get("rows", 1)} or {None}  # nothing has no unit
    if len(units) > 1:
        return _unmeasured(f"its parts are in {' and '.join(sorted(str(u or 'no unit') for u in units))}")
    sums = {name: sum((Fraction(p.node.details[name]) for p in parts), ZERO) for name in names}
    start = Fraction(s) if isinstance(s := written["start"], Decimal) else sums["start"]
    target = target_of(key_result.target, start) if key_result.target is not None else sums["target"]
    newest = min((p.node.details["newest"] for p in parts if "newest" in p.node.details), default=None)
    unit = next(iter(units))
    details = {
        "rows": sum(p.node.details.get("rows", 0) for p in parts),
        **({"newest": newest} if newest else {}),
        **({"unit": unit} if unit else {}),
    }
    return _way(key_result, start, sums["current"], target, details, "")


def _mean(parts: Sequence[Part]) -> _Figure:
    done = total = ZERO
    for part in parts:
        if part.node.progress is not None:
            weight = Fraction(part.key_result.weight)
            done += weight * part.node.progress
            total += weight
    return _Figure(done, total, {}) if total else _unmeasured("none of its parts is measured")
