"""Cycles and allowances; and the order in which the strategy is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hub.mappings import grammar as g
from hub.mappings.checks import contains
from hub.mappings.draft import Draft
from hub.mappings.ids import entries
from hub.mappings.judgement import percent, read_judgement
from hub.mappings.key_results import read_key_results
from hub.mappings.metrics import read_metrics
from hub.mappings.objectives import read_objectives
from hub.mappings.people import resolve_fences, resolve_people
from hub.mappings.teams import read_pillars, read_teams
from hub.model import Allowance, Cycle, fold
from hub.tomlfile import Table


def read_strategy(draft: Draft) -> None:
    """Read everything but the rules. Ids are declared before anything that names them is read."""
    for top in draft.tops():
        top.only(g.TOP, others=g.TOP_OTHERS)
        draft.hidden |= top.suggested  # a misspelt section holds ids that are not read
    _cycles(draft)
    read_judgement(draft)
    read_pillars(draft)
    read_teams(draft)
    resolve_fences(draft)
    resolve_people(draft)
    _allowances(draft)
    read_metrics(draft)
    read_objectives(draft)
    read_key_results(draft)


# ---- cycles ---------------------------------------------------------------------------------------------------------------


def _cycles(draft: Draft) -> None:
    found = list(entries(draft, "cycle", "2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }"))
    for id, table in found:
        table.only(g.CYCLE, g.CYCLE_REFUSED, g.CYCLE_OTHERS)
        starts, ends = _bound(table, "starts"), _bound(table, "ends")
        agree_by, periods = table.day("agree_by"), table.days("periods")
        if starts is None or ends is None:
            continue
        if not (starts.year >= 1900 and ends.year <= 9000):
            table.problem("starts", f'The cycle "{id}" lies outside the years 1900 to 9000.', "Correct the year.")
        elif ends < starts:
            table.problem("ends", f'The cycle "{id}" ends before it starts.', "Exchange the two dates, or correct the year.")
        else:
            draft.cycles[fold(id)] = Cycle(id, starts, ends, table.place, None, agree_by, periods)
            _within_cycle(table, draft.cycles[fold(id)])
    for id, table in found:  # all cycles are known now
        _parent(draft, id, table)


def _bound(table: Table, key: str) -> date | None:
    if key not in table:
        day = "first day, such as starts = 2026-10-01" if key == "starts" else "last day, such as ends = 2026-12-31"
        table.missing(key, f"Add its {day}; both days belong to the cycle.")
    return table.day(key)


def _within_cycle(table: Table, cycle: Cycle) -> None:
    if cycle.agree_by is not None and cycle.agree_by > cycle.ends:
        text = f'The cycle "{cycle.id}" is to be agreed by {cycle.agree_by}, after its end.'
        table.problem("agree_by", text, f"Name a day up to {cycle.ends}, in its first weeks if you can.")
    written = table.values.get("periods")
    if isinstance(written, list) and len(written) != len(cycle.periods):
        return  # one of them is no day
    before = cycle.starts
    for n, day in enumerate(cycle.periods):
        if not before < day <= cycle.ends:
            text = f'{day} cannot begin a further period of the cycle "{cycle.id}" ({cycle.starts} to {cycle.ends}).'
            remedy = "Name the first days of its second and further parts, in order."
            table.problem(("periods", n) if isinstance(written, list) else "periods", text, remedy)
            return
        before = day


def _parent(draft: Draft, id: str, table: Table) -> None:
    written = table.text("parent")
    named = None if written is None else draft.resolve("cycle", table, "parent", written)
    inner, outer = draft.cycles.get(fold(id)), draft.cycles.get(fold(named)) if named else None
    if inner is None or outer is None:
        return
    if outer.id == inner.id:
        table.problem("parent", f'The cycle "{id}" is its own parent.', "Name the longer cycle that contains it.")
    elif not contains(outer, inner):
        text = f'The cycle "{id}" does not lie within its parent "{outer.id}" ({outer.starts} to {outer.ends}).'
        table.problem("parent", text, "Correct the dates, or name a longer cycle that contains it.")
    else:
        draft.cycles[fold(id)] = replace(inner, parent=outer.id)


# ---- run the business -------------------------------------------------------------------------------------------------------


def _allowances(draft: Draft) -> None:
    for id, table in entries(draft, "allowance", 'ktlo = { name = "Keep the lights on" }'):
        table.only(g.ALLOWANCE, g.ALLOWANCE_REFUSED)
        budgets = {}
        for_teams = table.table("budget_for", "budget_for", 'Write budget_for = { TEAM = "40%" }.')
        for team in for_teams.values if for_teams else ():
            assert for_teams is not None
            known = draft.resolve("team", for_teams, team, team)
            share = percent(for_teams, team)
            if known and share:
                budgets[known] = share
        draft.allowances[fold(id)] = Allowance(id, table.text("name") or id, table.place, percent(table, "budget"), budgets)
