"""Key results: what they measure, what they belong to, and what they wait for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from hub.mappings import grammar as g
from hub.mappings.checks import contains
from hub.mappings.draft import Draft
from hub.mappings.ids import Keys, arrows, circles, former_ids, identified, named_twice, reference, references, texts_at
from hub.mappings.kinds import read_measured
from hub.mappings.parts import check_parts, read_part_of
from hub.mappings.teams import team_of
from hub.mappings.templates import blocks
from hub.model import Cycle, Drop, KeyResult, Need, Objective, fold
from hub.tomlfile import Table


class _Found(NamedTuple):
    """A block whose id is declared. ``cycle`` is the id of its cycle, None when that is not known."""

    table: Table
    id: str | None
    objectives: tuple[Objective, ...]
    cycle: str | None


def read_key_results(draft: Draft) -> None:
    found = [_declared(draft, table) for table in blocks(draft, "key_result")]
    former_ids(draft, "key_result", ((f.id, f.table, f.cycle or _nowhere(f.table)) for f in found))
    tables: dict[tuple[str, str], Table] = {}
    wholes: set[tuple[str, str]] = set()
    for one in found:  # all ids are declared now: a key result may wait for a later one, or be a part of it
        part_of = read_part_of(draft, one.table, one.id, one.cycle)
        if part_of is not None and one.cycle is not None:
            wholes.add((one.cycle, fold(part_of)))
        result = _key_result(draft, one, part_of)
        if result is not None:
            key = (result.cycle, fold(result.id))
            draft.key_results[key], tables[key] = result, one.table
    check_parts(draft, tables, wholes)
    for circle in circles({k: [to for need in r.needs for to in needed(draft, r, need)] for k, r in draft.key_results.items()}):
        text = f"Key results wait for each other in a circle: {arrows(draft.key_results[k].id for k in circle)}."
        tables[circle[0]].problem("needs", text, "Remove one of these `needs`.")


# ---- what it belongs to -----------------------------------------------------------------------------------------------------


def _declared(draft: Draft, table: Table) -> _Found:
    table.only(g.KEY_RESULT, g.KEY_RESULT_REFUSED, g.KEY_RESULT_OTHERS)
    objectives = _objectives(draft, table)
    cycle = _cycle(draft, table, objectives)
    return _Found(table, _id(draft, table, cycle), objectives, cycle)


def _objectives(draft: Draft, table: Table) -> tuple[Objective, ...]:
    """The objectives that it belongs to; none when one of them cannot be read."""
    if "objective" not in table:
        table.missing("objective", "Add the id of the objective that it belongs to.")
    ids = references(draft, table, "objective", "objective")
    found = [draft.objectives[fold(id)] for id in ids if fold(id) in draft.objectives]
    written = table.values.get("objective")
    return tuple(found) if len(found) == (len(written) if isinstance(written, list) else 1) else ()


def _cycle(draft: Draft, table: Table, objectives: tuple[Objective, ...]) -> str | None:
    """The id of its own cycle, else that of its objective; it lies within those of all of its objectives."""
    named = reference(draft, table, "cycle", "cycle")
    if not objectives or ("cycle" in table and named is None):
        return None
    own, outer = draft.cycles.get(fold(named or objectives[0].cycle)), [draft.cycles.get(fold(o.cycle)) for o in objectives]
    if own is None or None in outer:
        return None
    for n, (objective, cycle) in enumerate(zip(objectives, outer, strict=True)):
        if cycle is None or contains(cycle, own):
            continue
        if named:
            text = f'The cycle "{own.id}" does not lie within "{cycle.id}", that of the objective "{objective.id}".'
            table.problem("cycle", text, f'Name "{cycle.id}" or a cycle within it.')
        else:
            text = f'The objective "{objective.id}" belongs to the cycle "{cycle.id}", "{objectives[0].id}" to "{own.id}".'
            inner = contains(own, cycle)
            remedy = f'Add cycle = "{cycle.id}".' if inner else "Name objectives of one cycle, or write a key result for each."
            table.problem(("objective", n), text, remedy)
        return None
    return own.id


def _id(draft: Draft, table: Table, cycle: str | None) -> str | None:
    """A key result's id is one per cycle, and never that of an allowance: labels name both alike."""
    id = identified(draft, table, "key_result", within=cycle or _nowhere(table))
    taken = draft.known.get("allowance", {}).get(fold(id)) if id else None
    if taken is None:
        return id
    text = f'"{id}" is the id of an allowance already, at {taken.place}.'
    table.problem("id", text, "Labels name both alike: give one of the two another id.")
    return None


def _nowhere(table: Table) -> str:
    """In place of an unknown cycle: one for each block, so that no id is called taken."""
    return f"?{table.place}"


# ---- the block itself -------------------------------------------------------------------------------------------------------


def _key_result(draft: Draft, found: _Found, part_of: str | None) -> KeyResult | None:
    table, id, objectives, cycle = found
    span = draft.cycles.get(fold(cycle)) if cycle else None
    before = sum(not p.warning for p in draft.problems)
    measured = read_measured(draft, table, id, span)
    understood = sum(not p.warning for p in draft.problems) == before
    by = table.choice("by", g.BY) or "count"
    level = table.choice("level", g.LEVELS)
    missing = table.choice("missing", g.MISSING) or "mean"
    count_before = table.choice("before_cycle", g.BEFORE_CYCLE) or "leave_out"
    ambition = table.choice("ambition", g.AMBITIONS) or "committed"
    name, team, owner, home = table.text("name"), team_of(draft, table), table.text("owner"), table.text("home")
    weight, keywords = table.positive("weight") or Decimal(1), table.texts("keywords")
    accepts = references(draft, table, "accepts", "team")
    needs, dropped = _needs(draft, table, id, span), _dropped(table, id, span)
    if id is None or cycle is None or measured.kind is None or not understood:
        return None
    return KeyResult(
        id, name or id, objectives[0].id, cycle, table.place, measured.kind,
        by, level, missing, count_before, ambition, team, owner, weight, keywords,
        tuple(o.id for o in objectives[1:]), accepts, needs, dropped, home,
        measured.metric, measured.rows, measured.ends.start, measured.ends.target, measured.judge, measured.steps,
        part_of, measured.combine, measured.pace,
    )  # fmt: skip


def _dropped(table: Table, id: str | None, cycle: Cycle | None) -> Drop | None:
    value = table.values.get("dropped")
    day = str(value)[:10] if isinstance(value, date) else "2027-02-10"
    dropped = table.table("dropped", "dropped", f'Write dropped = {{ on = {day}, why = "..." }}.')
    if dropped is None:
        return None
    dropped.only(g.DROPPED, {}, g.DROPPED_OTHERS)
    on, why = dropped.day("on"), dropped.text("why")
    for key, remedy in (("on", "Add the day: on = 2027-02-10."), ("why", 'Add the reason: why = "...".')):
        if key not in dropped and key not in dropped.suggested:
            table.problem("dropped", f"`dropped` has no `{key}`.", remedy)
    if on is not None and cycle is not None and not cycle.starts <= on <= cycle.ends:
        which = f' "{id}"' if id else ""
        text = f'The key result{which} was dropped on {on}, outside of its cycle "{cycle.id}" ({cycle.starts} to {cycle.ends}).'
        dropped.problem("on", text, "Correct the day; leave out of the files what was given up before the cycle began.")
    return None if on is None or why is None else Drop(on, why)


# ---- what it waits for ------------------------------------------------------------------------------------------------------


def needed(draft: Draft, result: KeyResult, need: Need) -> list[tuple[str, str]]:
    """Keys of the key results that a need means: of the same cycle, else those of any other."""
    id = fold(need.key_result)
    here = (result.cycle, draft.former.get((result.cycle, id), id))
    return [here] if here in draft.key_results else [key for key in draft.key_results if key[1] == id]


def _needs(draft: Draft, table: Table, id: str | None, cycle: Cycle | None) -> tuple[Need, ...]:
    found: dict[str, Need] = {}
    for keys, written, by in _written_needs(table):
        if by is not None and cycle is not None and not cycle.starts <= by <= cycle.ends:
            text = f'"{written}" is needed by {by}, outside of the cycle "{cycle.id}" ({cycle.starts} to {cycle.ends}).'
            table.problem((*keys, "by"), text, "Correct the day.")
        there = None if cycle is None else draft.former.get((cycle.id, fold(written)))
        known = draft.resolve("key_result", table, keys, there or written)
        if known is None:
            continue
        if id is not None and fold(known) == fold(id):
            table.problem(keys, f'The key result "{id}" waits for itself.', "Name another one.")
        elif fold(known) in found:
            named_twice(table, keys, written)
        else:
            found[fold(known)] = Need(known, by)
    return tuple(found.values())


def _written_needs(table: Table) -> list[tuple[Keys, str, date | None]]:
    """Where, id, and day: a text, a table, or a list of both."""
    value = table.values.get("needs")
    if value is None or isinstance(value, str):
        return [(keys, written, None) for keys, written in texts_at(table, "needs")]
    found: list[tuple[Keys, str, date | None]] = []
    single = not isinstance(value, list)
    for n, one in enumerate([value] if single else value):
        keys: Keys = ("needs",) if single else ("needs", n)
        if isinstance(one, dict):
            found += _need(table, keys, one)
        elif isinstance(one, str) and one.strip():
            found.append((keys, one, None))
        else:
            remedy = 'Write needs = ["sso"] or needs = [{ key_result = "sso", by = 2027-02-15 }].'
            table.problem(keys, "`needs` must hold ids of key results.", remedy)
    if value == []:
        table.problem("needs", "`needs` is an empty list.", "Name at least one, or leave the line out.")
    return found


def _need(table: Table, keys: Keys, value: dict[str, Any]) -> list[tuple[Keys, str, date | None]]:
    need = Table(
        table.doc, (*table.path, *keys), value, "needs", table.problems, inner=True, row=table.row, kept=table.kept
    )  # fmt: skip
    need.only(g.NEED, {}, g.NEED_OTHERS)
    written, by = need.text("key_result"), need.day("by")
    if "key_result" not in need and "key_result" not in need.suggested:
        table.problem(keys, "`needs` names no key result.", 'Write { key_result = "sso", by = 2027-02-15 }.')
    return [] if written is None else [(keys, written, by)]
