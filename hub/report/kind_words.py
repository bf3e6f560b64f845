"""What the number of a key result is made of, kind by kind: notes, formulas, starts and targets in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from hub.model import STAYS, Baseline, KeyResult, NodeResult, Relative
from hub.report.figures import day, days_of, figure, figures
from hub.report.words import number, percent, plural
from hub.scale.verdict import unclamped

SHALL = {"stay_above": "at least", "stay_below": "at most", "stay_within": "within"}
JUDGED = {"worst": "the worst period", "last": "the last period", "average": "the mean of the periods"}


def note(key_result: KeyResult, node: NodeResult, unit: str | None) -> str:
    """What the number is made of, in a few words and in its unit; attached work beside it."""
    if key_result.kind == "completion":
        said = _completion(key_result, node)
    elif node.progress is None:
        said = str(node.details.get("why", "nothing was measured"))
    elif key_result.kind == "milestone":
        steps = node.details["steps"]
        said = f"{sum(step['is_done'] for step in steps)} of {plural(len(steps), 'step')}"
    elif key_result.kind in STAYS:
        said = _stays(key_result, node.details, unit)
    elif "current" in node.details:
        said = _way(key_result, node.details, unit)
    else:
        said = f"the mean of {plural(len(node.details.get('parts', ())), 'part')}"
    work = node.details.get("work")
    return f"{said}; work {work['done_units']:,}/{work['units']:,}" if work and work["units"] else said


def unit_of(node: NodeResult, written: str | None) -> str | None:
    """The unit of a figure: that of its rows, else that which the metric is written with."""
    unit = node.details.get("unit") or written
    return None if unit is None else str(unit)


def _way(key_result: KeyResult, details: Mapping[str, Any], unit: str | None) -> str:
    """``7.1 M of 9 M USD, from 0``; what shall fall is set against its target."""
    current, target, start = figures(*(Fraction(details[name]) for name in ("current", "target", "start")))
    of = "against" if key_result.kind == "decrease" else "of"
    return f"{current} {of} {target}{f' {unit}' if unit else ''}, from {start}"


def bounds(details: Mapping[str, Any], unit: str | None) -> str:
    """``99.9 %``, ``10 to 20 days``."""
    return f"{' to '.join(figures(*map(Fraction, details['target'])))}{f' {unit}' if unit else ''}"


def _stays(key_result: KeyResult, details: Mapping[str, Any], unit: str | None) -> str:
    asked = f"{SHALL[key_result.kind]} {bounds(details, unit)}"
    if key_result.judge == "share":
        return f"{details['kept']} of {plural(details['periods'], 'period')} {asked}"
    return f"{figure(Fraction(details['current']))} against {asked.removeprefix('within ')}"


def _completion(key_result: KeyResult, node: NodeResult) -> str:
    details = node.details
    units, attached = details.get("units", 0), sum(details.get("left_out", {}).values())
    if node.progress is None and not units:
        return f"{plural(attached, 'item')} attached, none counts in this cycle" if attached else "no work is attached"
    if node.progress is None:
        return str(details.get("why", f"the {plural(units, 'item')} attached weigh nothing"))
    done, total = number(node.done), number(node.total)
    if key_result.by == "count":
        shared = node.total != units  # an item that two key results share counts half for each
        return f"{done} of {total} done ({units:,} items, some shared)" if shared else f"{done} of {total} items done"
    what, lacks = ("points", "estimate") if key_result.by == "estimate" else ("by amount", "amount")
    missing = f" ({details['missing']:,} of {units:,} items have no {lacks})" if details["missing"] else ""
    return f"{done} of {total} {what} done{missing}" if what == "points" else f"{done} of {total} done {what}{missing}"


# ---- explanations -----------------------------------------------------------------------------------------------------------


def sentence(key_result: KeyResult, node: NodeResult, unit: str | None) -> str:
    """The number and what it is made of."""
    name, said = key_result.name, note(key_result, node, unit)
    if node.progress is None:
        return f"{name} is unmeasured: {said}."
    return f"{name} is at {percent(unclamped(node))}: {said}."


def formula(key_result: KeyResult, node: NodeResult, unit: str | None, parts: tuple[tuple[str, Fraction | None], ...]) -> str:
    """How the number is calculated, with its numbers; ``parts`` are weight and progress of those of a mean."""
    result = percent(unclamped(node))
    details = node.details
    if key_result.kind in ("completion", "milestone"):
        what = "units" if key_result.kind == "completion" else "steps"
        return f"weight of done {what} / weight of all {what} = {number(node.done)} / {number(node.total)} = {result}"
    if key_result.kind in STAYS:
        return _judged(key_result, details, unit, result)
    if "current" in details and "start" in details and "target" in details:
        current, start, target = (figure(Fraction(details[name])) for name in ("current", "start", "target"))
        return f"(current - start) / (target - start) = ({current} - {start}) / ({target} - {start}) = {result}"
    if key_result.kind == "parts":
        terms = [f"{weight} x {percent(progress)}" for weight, progress in parts if progress is not None]
        return f"({' + '.join(terms)}) / {number(node.total)} = {result}" if terms else "no part is measured"
    return "(current - start) / (target - start) = unmeasured"


def _judged(key_result: KeyResult, details: Mapping[str, Any], unit: str | None, result: str) -> str:
    asked = f"{SHALL[key_result.kind]} {bounds(details, unit)}"
    if "periods" not in details:
        return f"it shall stay {asked}: unmeasured"
    if key_result.judge == "share":
        return f"periods that are {asked} / periods = {details['kept']} / {details['periods']} = {result}"
    which = JUDGED[key_result.judge] if details["periods"] > 1 else "the one period"
    when = f", {days_of(*details['period'])}" if details.get("period") else ""
    holds = "holds" if details["holds"] else "does not hold"
    kept = f" ({details['kept']} of {details['periods']} periods are)" if details["periods"] > 1 else ""
    return f"{which} shall be {asked}: {figure(Fraction(details['current']))}{when}, so it {holds}{kept} = {result}"


class Ends(NamedTuple):
    """Start and target in words, and the unit that they are in."""

    unit: str | None
    start: str
    target: str


def start_words(key_result: KeyResult, node: NodeResult, unit: str | None, baseline: Baseline | None, frozen_on: str) -> str:
    """Where the start comes from; ``frozen_on`` is the day of the evaluation that froze it."""
    start = node.details.get("start")
    shown = "" if start is None else figure(Fraction(start), unit)
    if key_result.kind not in ("increase", "decrease"):
        return ""
    if key_result.start is None:
        return f"{shown}, the sum of its parts'" if shown else ""
    if key_result.start != "measured":
        return f"{shown}, as written"
    if not shown:
        return "measured, and not known yet"
    if baseline is not None and frozen_on:
        return f"{shown}, as measured when the cycle began, frozen on {day(frozen_on)}"
    return f"{shown}, as measured now for the day when the cycle began, not frozen yet"


def target_words(key_result: KeyResult, node: NodeResult, unit: str | None) -> str:
    """The target as it is written, and what a relative one comes to."""
    target = node.details.get("target")
    if key_result.kind in STAYS and target is not None:
        return f"{SHALL[key_result.kind]} {bounds(node.details, unit)}"
    shown = "" if target is None else figure(Fraction(target), unit)
    if isinstance(key_result.target, Relative):
        change = key_result.target
        written = f"{change.change:+f}{'%' if change.percent else ''}"
        return f"{written} from the start" + (f", which comes to {shown}" if shown else "")
    if key_result.target is None and key_result.metric is None:
        return f"{shown}, the sum of its parts'" if shown else ""
    return f"{shown}, as written" if shown else ""
