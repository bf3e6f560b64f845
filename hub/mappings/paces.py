"""How far a key result should be at which part of its cycle: `pace`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hub.mappings import grammar as g
from hub.mappings.draft import Draft
from hub.mappings.ends import Ends, plain_number, reached
from hub.model import STAYS, Cycle, Kind, Pace, fold
from hub.tomlfile import Table, did_you_mean

_EXAMPLE = "pace = [{ on = 2027-02-15, target = 60 }]"


def read_pace(draft: Draft, table: Table, kind: Kind | None, ends: Ends, cycle: Cycle | None) -> Pace | None:
    """Linear, none, the folded name of a curve, or targets by day; None for what is usual for its kind."""
    value = table.values.get("pace")
    if value is None:
        return None
    if isinstance(value, list):
        if kind is not None and kind not in ("increase", "decrease"):
            what = 'combine = "mean"' if kind == "parts" else f'kind = "{kind}"'
            remedy = "Remove the line." if kind in STAYS else 'Name a curve of [pace], or write pace = "linear" or "none".'
            table.problem("pace", f"Targets by day do not go with {what}.", remedy)
            return None
        return _targets(table, ends, cycle)
    if isinstance(value, dict):
        table.expected("pace", "the name of a pace, or a list of targets", value, f"Write {_EXAMPLE}.")
        return None
    written = table.text("pace", f'Name a curve of [pace], or write pace = "linear", "none", or {_EXAMPLE}.')
    if written is None:
        return None
    name, curves = fold(written.strip()), draft.known.get("pace", {})
    if name not in {*g.PACES, *curves}:
        if "pace" not in draft.hidden:
            known = [*g.PACES, *(c.id for c in curves.values())]
            remedy = did_you_mean(written, known, otherwise="Add it to [pace], or correct it.")
            table.problem("pace", f'There is no pace "{written}".', remedy)
        return None
    if kind in STAYS and name != "none":
        text = f'A key result of kind "{kind}" holds or does not, whatever the day: it has no pace.'
        table.problem("pace", text, "Remove the line.")
        return None
    return name


def _targets(table: Table, ends: Ends, cycle: Cycle | None) -> tuple[tuple[date, Decimal], ...] | None:
    if table.values["pace"] == []:
        table.problem("pace", "`pace` is an empty list.", f"Write {_EXAMPLE}, or leave the line out.")
        return None
    before = len(table.problems)
    found: list[tuple[date, Decimal]] = []
    for point in table.tables("pace", "`pace`", f"Write {_EXAMPLE}."):
        point.only(g.TARGETS, {}, g.TARGETS_OTHERS)
        for key, remedy in (("on", "Add the day: on = 2027-02-15."), ("target", "Add the value: target = 60.")):
            if key not in point and key not in point.suggested:
                point.problem((), f"A target of `pace` has no `{key}`.", remedy)
        on = point.day("on")
        target = None if "target" not in point else plain_number(point, ("target",), point.values["target"], "60")
        if on is not None and target is not None and _fits(point, found, on, target, ends, cycle):
            found.append((on, target))
    return tuple(found) if len(table.problems) == before else None


def _fits(point: Table, before: list[tuple[date, Decimal]], on: date, target: Decimal, ends: Ends, cycle: Cycle | None) -> bool:
    """Whether a target by a day follows those before it, within the cycle and on the way."""
    start, end = ends.start, reached(ends)
    if cycle is not None and not cycle.starts <= on <= cycle.ends:
        text = f'{on} lies outside of the cycle "{cycle.id}" ({cycle.starts} to {cycle.ends}).'
        point.problem("on", text, "Correct the day.")
    elif before and on <= before[-1][0]:
        point.problem("on", f"{on} does not come after {before[-1][0]}.", "Order the targets by their days, one for each.")
    elif isinstance(start, Decimal) and end is not None and not min(start, end) <= target <= max(start, end):
        point.problem("target", f"{target} does not lie between the start {start} and the target {end}.", "Correct it.")
    elif before and isinstance(start, Decimal) and end is not None and (target - before[-1][1]) * (end - start) < 0:
        text = f"{target} lies behind {before[-1][1]}, which is to be reached by {before[-1][0]}."
        point.problem("target", text, "Every target lies further on the way than the one before.")
    else:
        return True
    return False
