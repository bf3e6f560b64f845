"""What a key result is measured by: its kind, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from hub.mappings import grammar as g
from hub.mappings.conditions import read_filter
from hub.mappings.draft import Draft
from hub.mappings.ends import Ends, read_ends
from hub.mappings.ids import reference
from hub.mappings.metrics import one_source, read_inline
from hub.mappings.paces import read_pace
from hub.mappings.steps import read_steps
from hub.model import ALL, MEASURED, STAYS, Cycle, Filter, Judged, Kind, Pace, Step, fold
from hub.tomlfile import Table, instead

_RISES = frozenset({"increase", "decrease"})
_GOES_WITH: Mapping[str, frozenset[str]] = {
    "metric": MEASURED,
    "start": _RISES,
    "target": MEASURED,
    "judge": STAYS,
    "steps": frozenset({"milestone"}),
}
_OF_WORK = 'Remove it, or write another kind: "completion" measures the work that is attached.'
_OF_STEPS = "Remove it: a milestone goes from no step done to all of its steps done."
_OF_PARTS = 'The parts have their own: remove it, or write a kind and combine = "sum".'
_HOLDS = "Remove it: what shall stay has no start; it holds, or it does not."
_USUAL = {"completion": _OF_WORK, "milestone": _OF_STEPS, "parts": _OF_PARTS, **dict.fromkeys(STAYS, _HOLDS)}
_OF_KEY = {
    "judge": "Only stay_above, stay_below and stay_within are judged by their periods: remove it.",
    "steps": 'Only a milestone has steps: write kind = "milestone", or remove them.',
}


class Measured(NamedTuple):
    """What a key result says of its number."""

    kind: Kind | None
    combine: Literal["sum", "mean"] | None = None
    metric: str | None = None
    rows: Filter = ALL
    ends: Ends = Ends()
    judge: Judged = "worst"
    steps: tuple[Step, ...] = ()
    pace: Pace | None = None


def read_measured(draft: Draft, table: Table, id: str | None, cycle: Cycle | None) -> Measured:
    """What is measured, and how; ``kind`` is None, with a problem, when that is not clear."""
    combine = _combine(table)
    kind = _kind(table, combine)
    if kind is None:  # what goes with it is not known: mistakes inside are told all the same
        combined = "combine" in table
        read_ends(table, None, combined)
        read_steps(draft, table, cycle)
        _metric(draft, table, id, cycle)
        read_pace(draft, table, None, Ends(), cycle)
        return Measured(None)
    _strangers(table, kind, combine)
    metric = _metric(draft, table, id, cycle) if kind in MEASURED else None
    rows = _rows(draft, table, kind)
    ends = read_ends(table, kind if kind in MEASURED else None, combine is not None)
    judge = _judge(table) if kind in STAYS else None
    steps = read_steps(draft, table, cycle) if kind == "milestone" else ()
    if kind == "milestone" and "steps" not in table:
        table.missing("steps", 'Add what it is made of: steps = [{ name = "SAML", due = 2027-02-15, when = { ... } }].')
    pace = read_pace(draft, table, kind, ends, cycle)
    return Measured(kind, combine, metric, rows, ends, judge or "worst", steps, pace)


# ---- the kind ---------------------------------------------------------------------------------------------------------------


def _combine(table: Table) -> Literal["sum", "mean"] | None:
    written = table.values.get("combine")
    right = g.COMBINE_OTHERS.get(fold(written)) if isinstance(written, str) else None
    if right is not None:
        table.problem("combine", f'"{written}" is no value of `combine`.', instead(right))
        return None
    return table.choice("combine", g.COMBINE)


def _kind(table: Table, combine: str | None) -> Kind | None:
    """The kind; that of a mean of parts is ``parts``, which nobody writes."""
    if "kind" not in table:
        if combine == "mean":
            return "parts"
        if combine == "sum":
            table.missing("kind", 'Add the kind of its parts, kind = "increase" or kind = "decrease".')
        elif "combine" not in table:
            table.missing("kind", _which(table))
        return None
    if combine == "mean":
        text = "The mean of its parts has no kind of its own."
        table.problem("kind", text, 'Remove the line `kind`, or write combine = "sum" for the sum of their values.')
        return None
    written = table.values["kind"]
    right = g.KINDS_OTHERS.get(fold(written.strip())) if isinstance(written, str) else None
    if right is not None:
        table.problem("kind", f'"{written}" is no value of `kind`.', instead(right))
        return None
    kind = table.choice("kind", g.KINDS)
    if combine == "sum" and kind is not None and kind not in _RISES:
        text = f'A sum of parts cannot be of kind "{kind}".'
        table.problem("kind", text, 'Write increase or decrease as in its parts; or combine = "mean", without `kind`.')
        return None
    return kind


def _which(table: Table) -> str:
    if "steps" in table:
        return 'Add kind = "milestone".'
    if "metric" in table:
        return 'Add which way its metric shall go: kind = "increase", "decrease", "stay_above", "stay_below" or "stay_within".'
    return 'Add kind = "completion" for the share of its work that is done, or another kind for what a metric or steps measure.'


def _strangers(table: Table, kind: Kind, combine: str | None) -> None:
    """Report what goes with other kinds only."""
    what = 'combine = "mean"' if kind == "parts" else f'kind = "{kind}"'
    for key, kinds in _GOES_WITH.items():
        if key in table and kind not in kinds:
            table.problem(key, f"`{key}` does not go with {what}.", _OF_KEY.get(key) or _USUAL[kind], at_key=True)
    if combine == "sum" and "metric" in table:
        text = "A key result has a metric, or is made of its parts, not both."
        table.problem("combine", text, "Remove `combine`: parts are shown under it all the same.", at_key=True)
    elif combine is None and kind in MEASURED and "metric" not in table and "combine" not in table:
        remedy = 'Add where its number comes from: metric = "new-arr", or metric = { source = "crm", sum = "amount" }'
        remedy += '; or combine = "sum" for that of its parts.' if kind in _RISES else "."
        table.missing("metric", remedy)


# ---- its metric -------------------------------------------------------------------------------------------------------------


def _metric(draft: Draft, table: Table, id: str | None, cycle: Cycle | None) -> str | None:
    """The folded id of its metric, which may stand in it."""
    value = table.values.get("metric")
    if isinstance(value, dict):
        return read_inline(draft, table, id, cycle.id if cycle else None)
    if value is not None and not isinstance(value, str):
        remedy = 'Write the id of a metric, or metric = { source = "crm", sum = "amount" }.'
        table.expected("metric", "the id of a metric, or a table", value, remedy)
        return None
    found = reference(draft, table, "metric", "metric")
    return None if found is None else fold(found)


def _rows(draft: Draft, table: Table, kind: Kind) -> Filter:
    """The lines by which it narrows its metric."""
    for key in ("when", "unless"):
        if key not in table or (kind in MEASURED and "combine" not in table):
            continue
        remedy = "Write a [[rule]] with these lines and `to` this key result."
        if kind == "milestone":
            remedy = "Write them in its steps, or in a [[rule]] for the work beside them."
        elif "combine" in table:
            remedy = "Narrow the metrics of its parts."
        table.problem(key, f"`{key}` narrows a metric, and this key result has none.", remedy, at_key=True)
        return ALL
    lines = read_filter(draft, table)
    one_source(table, lines)
    return lines.filter


def _judge(table: Table) -> Judged | None:
    written = table.values.get("judge")
    right = g.JUDGE_OTHERS.get(fold(written)) if isinstance(written, str) else None
    if right is not None:
        table.problem("judge", f'"{written}" is no value of `judge`.', instead(right))
        return None
    return table.choice("judge", g.JUDGE)
