"""Key results that are parts of others: `part_of`, and what `combine` makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hub.mappings.draft import Draft
from hub.mappings.ids import arrows, circles
from hub.model import KeyResult, fold
from hub.tomlfile import Table

Key = tuple[str, str]
"""(cycle id, folded id)"""


def read_part_of(draft: Draft, table: Table, id: str | None, cycle: str | None) -> str | None:
    """The id of the key result of the same cycle that a block names in `part_of`. All ids are declared."""
    written = table.text("part_of")
    if written is None:
        return None
    there = None if cycle is None else draft.former.get((cycle, fold(written)))
    known = draft.resolve("key_result", table, "part_of", there or written)
    if known is None or cycle is None:
        return None
    if id is not None and fold(known) == fold(id):
        table.problem("part_of", f'The key result "{id}" is a part of itself.', "Name another one.")
        return None
    here = draft.taken.get(("key_result", cycle, fold(known)))
    if here is not None:
        return here.id
    others = [within for kind, within, folded in draft.taken if kind == "key_result" and folded == fold(known)]
    if all(fold(within) in draft.cycles for within in others):
        where = " and ".join(f'"{within}"' for within in sorted(others))
        text = f'The key result "{known}" is one of the cycle {where}, and this one of "{cycle}".'
        table.problem("part_of", text, "Parts are of the same cycle as the whole: correct `cycle`, or name another one.")
    return None


def check_parts(draft: Draft, tables: Mapping[Key, Table], named: set[Key]) -> None:
    """Report circles, wholes without parts, and sums of what does not add up. ``named`` are those that some block, right or
    wrong, is a part of."""
    results = draft.key_results
    above = {key: [(key[0], fold(r.part_of))] for key, r in results.items() if r.part_of is not None}
    told = set()
    for circle in circles({key: above.get(key, []) for key in results}):
        told.update(circle)
        text = f"Key results are parts of each other in a circle: {arrows(results[k].id for k in circle)}."
        tables[circle[0]].problem("part_of", text, "Remove one of these `part_of`.")
    for key, result in results.items():
        if result.combine is None or "key_result" in draft.hidden:
            continue
        if key not in named:
            text = f'No key result is a part of "{result.id}", so nothing gives it a number.'
            remedy = f'Write part_of = "{result.id}" in its parts' + (
                ", or give it a metric in place of `combine`." if result.combine == "sum" else "."
            )
            tables[key].problem("combine", text, remedy)
    if not told:
        _sums(draft, tables, above)


class _Unit(NamedTuple):
    """What a value is in, and which key result says so."""

    name: str
    by: str


def _sums(draft: Draft, tables: Mapping[Key, Table], above: Mapping[Key, list[Key]]) -> None:
    """Report parts of a sum that are of another kind than the whole, or in another unit than those before them."""
    parts: dict[Key, list[Key]] = {}
    for part, (whole,) in above.items():
        parts.setdefault(whole, []).append(part)
    for key, sum_of in draft.key_results.items():
        if sum_of.combine == "sum":
            alike = [part for part in parts.get(key, ()) if _same_kind(draft, tables, sum_of, part)]
            _one_unit(draft, tables, sum_of, {part: next(_units(draft, parts, part), None) for part in alike})


def _same_kind(draft: Draft, tables: Mapping[Key, Table], whole: KeyResult, part: Key) -> bool:
    kind = draft.key_results[part].kind
    if kind == whole.kind:
        return True
    what = "a mean of parts" if kind == "parts" else f'of kind "{kind}"'
    text = f'The whole "{whole.id}" is a sum of kind "{whole.kind}", and this one is {what}.'
    tables[part].problem("part_of", text, f'Give both one kind, or write combine = "mean" in "{whole.id}".')
    return False


def _one_unit(draft: Draft, tables: Mapping[Key, Table], whole: KeyResult, units: Mapping[Key, _Unit | None]) -> None:
    first: _Unit | None = None
    for part, unit in units.items():
        if unit is not None and first is not None and unit.name != first.name:
            text = f'The whole "{whole.id}" cannot add {unit.name} to the {first.name} of "{first.by}".'
            tables[part].problem("part_of", text, "Measure its parts in one unit, or make it their mean.")
        first = first or unit


def _units(draft: Draft, parts: Mapping[Key, list[Key]], key: Key) -> Iterator[_Unit]:
    """What a key result's value is in, as far as its metric, or the parts that it sums, say it."""
    result = draft.key_results[key]
    unit = unit_of(draft, result)
    if unit is not None:
        yield _Unit(unit, result.id)
    elif result.combine == "sum":
        for part in parts.get(key, ()):
            yield from _units(draft, parts, part)


def unit_of(draft: Draft, result: KeyResult) -> str | None:
    """What a key result's metric is in: the base of its rates, else its unit."""
    metric = draft.metrics.get(result.metric or "")
    if metric is None:
        return None
    rates = draft.rates.get(metric.rates or "")
    return rates[0].base if rates else metric.unit
