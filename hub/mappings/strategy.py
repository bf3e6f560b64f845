"""Time and judgement: cycles, scale, curves, rates and allowances; and the order in which the strategy is read."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hub.mappings import grammar as g
from hub.mappings.checks import contains
from hub.mappings.draft import Draft
from hub.mappings.ids import entries
from hub.mappings.key_results import read_key_results
from hub.mappings.objectives import read_objectives
from hub.mappings.people import resolve_fences, resolve_people
from hub.mappings.teams import read_pillars, read_teams
from hub.model import Allowance, Cycle, Place, fold
from hub.tomlfile import Table, instead, number_of

_PERCENT = re.compile(r"\d{1,3}(\.\d+)?\s?%")
_CURRENCY = re.compile(r"[A-Z]{3}")
_END = (Decimal(1), Decimal(1))
"""Where every curve ends: all of the cycle, all of the way."""
_RATE = re.compile(r"\d{1,9}(\.\d{1,9})?")


def read_strategy(draft: Draft) -> None:
    """Read everything but the rules. Ids are declared before anything that names them is read."""
    for top in draft.tops():
        top.only(g.TOP, g.TOP_REFUSED, g.TOP_OTHERS)
        draft.hidden |= top.suggested  # a misspelt section holds ids that are not read
    _cycles(draft)
    _scale(draft)
    _pace(draft)
    _rates(draft)
    read_pillars(draft)
    read_teams(draft)
    resolve_fences(draft)
    resolve_people(draft)
    _allowances(draft)
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


# ---- what is kept for a status ----------------------------------------------------------------------------------------------


def _scale(draft: Draft) -> None:
    first: Place | None = None
    for top in draft.tops():
        scale = top.table("scale", "[scale]", "Write [scale] and under it a line such as on_track = 0.9.")
        if scale is None:
            continue
        if first is not None:
            scale.problem((), f"There is a [scale] already, at {first}.", "One scale holds for all: join the two.")
        else:
            draft.warn(scale.place, "[scale] is accepted but not judged yet.", "Progress is shown without a status.")
        first = first or scale.place
        scale.only(g.SCALE)
        on_track, at_risk = _share(scale, "on_track"), _share(scale, "at_risk")
        if on_track is not None and at_risk is not None and at_risk >= on_track:
            text = f"`at_risk` ({at_risk}) must be less than `on_track` ({on_track})."
            scale.problem("at_risk", text, "On track is at or over `on_track`, off track is under `at_risk`.")
        _percent(scale, "too_early", 'Write a share of the cycle such as too_early = "15%".')
        _late(scale)
        score = scale.table("score", "score", "Write score = { committed = 1.0, aspirational = 0.7 }.")
        if score is not None:
            score.only(g.AMBITIONS)
            for ambition in g.AMBITIONS:
                _share(score, ambition)


def _late(scale: Table) -> None:
    late = scale.number("late")
    if late is not None and late < 1:
        remedy = "Write late = 1.5: a value is unknown when it is older than one and a half times its rhythm."
        scale.problem("late", "`late` must be 1 or more.", remedy)


def _share(table: Table, key: str) -> Decimal | None:
    value = table.values.get(key)
    if value is None:
        return None
    share = _from_0_to_1(value)
    if share is None and number_of(value) is None:
        table.expected(key, "a number from 0 to 1", value, "Write 0.9 for 90%, without quotes.")
    elif share is None:
        table.problem(key, f"`{table.prefix}{key}` must be a number from 0 to 1.", "Write 0.9 for 90%.")
    return share


def _from_0_to_1(value: object) -> Decimal | None:
    number = number_of(value)
    return number if number is not None and number.is_finite() and 0 <= number <= 1 else None


def _pace(draft: Draft) -> None:
    warned = False
    for top in draft.tops():
        pace = top.table("pace", "[pace]", "Write [pace] and under it a line such as bookings = [[0.5, 0.2], [1, 1]].")
        if pace is None:
            continue
        if not warned:
            draft.warn(pace.place, "[pace] is accepted but not judged yet.", "Progress is shown without a status.")
        warned = True
        for name in pace.values:
            if fold(name) in g.PACES:
                pace.problem(name, f'"{name}" is a pace already, and no curve can have that name.', "Give it another name.")
            elif draft.declare("pace", name, pace.at(name)):
                _curve(pace, name)


def _curve(pace: Table, name: str) -> None:
    points = pace.values[name]
    example = f"Write {name} = [[0.5, 0.2], [1, 1]]: half of the cycle, a fifth of the way; at its end, all of it."
    if not isinstance(points, list):
        pace.expected(name, "a list of points", points, example)
        return
    before: tuple[Decimal, Decimal] | None = None
    for n, point in enumerate(points):
        pair = [_from_0_to_1(one) for one in point] if isinstance(point, list) else []
        if len(pair) != 2 or pair[0] is None or pair[1] is None:
            pace.problem((name, n), f"A point of the curve `{name}` must be a pair of numbers from 0 to 1.", example)
            return
        time, way = pair[0], pair[1]
        if before is not None and (time <= before[0] or way < before[1]):
            text = f"The curve `{name}` turns back at [{time}, {way}], after [{before[0]}, {before[1]}]."
            pace.problem((name, n), text, "Order the points by time; the share of the way never shrinks.")
            return
        before = (time, way)
    if before != _END:
        at = (name, len(points) - 1) if points else name
        pace.problem(at, f"The curve `{name}` does not end at [1, 1].", "Add it as the last point.")


def _rates(draft: Draft) -> None:
    warned = False
    for name, table in entries(draft, "rates", 'plan-2027 = { base = "USD", since = 2027-01-01, EUR = "1.08" }'):
        if not warned:
            draft.warn(table.place, "[rates] is accepted but not judged yet.", "No amount is converted so far.")
        warned = True
        currencies = [k for k in table.values if k not in g.RATES and fold(k) not in g.RATES_OTHERS]
        table.only([*g.RATES, *currencies], {}, g.RATES_OTHERS)
        for key, example in (("base", 'base = "USD"'), ("since", "since = 2027-01-01")):
            if key not in table:
                table.missing(key, f"Add {example}.")
        base = table.text("base")
        table.day("since")
        if base is not None and not _CURRENCY.fullmatch(base):
            table.problem("base", f'"{base}" is no currency.', _currency(base))
        if not currencies:
            table.problem((), f'The table of rates "{name}" holds no rate.', 'Add what one unit is worth: EUR = "1.08".')
        for currency in currencies:
            _rate(table, currency, base)


def _rate(table: Table, currency: str, base: str | None) -> None:
    written = table.text(currency)
    if not _CURRENCY.fullmatch(currency):
        table.problem(currency, f'"{currency}" is no currency.', _currency(currency))
    elif currency == base:
        table.problem(currency, f'"{currency}" is the base, so its rate is 1.', "Remove it.")
    elif written is not None and not (_RATE.fullmatch(written) and Decimal(written) > 0):
        table.problem(currency, f'"{written}" is no rate.', f'Write a plain number above 0: {currency} = "1.08".')


def _currency(written: str) -> str:
    near = written.strip().upper()
    return instead(near) if _CURRENCY.fullmatch(near) else "Write its three letters, such as EUR."


# ---- run the business -------------------------------------------------------------------------------------------------------


def _allowances(draft: Draft) -> None:
    for id, table in entries(draft, "allowance", 'ktlo = { name = "Keep the lights on" }'):
        table.only(g.ALLOWANCE, g.ALLOWANCE_REFUSED)
        budgets = {}
        for_teams = table.table("budget_for", "budget_for", 'Write budget_for = { TEAM = "40%" }.')
        for team in for_teams.values if for_teams else ():
            assert for_teams is not None
            known = draft.resolve("team", for_teams, team, team)
            share = _percent(for_teams, team)
            if known and share:
                budgets[known] = share
        draft.allowances[fold(id)] = Allowance(id, table.text("name") or id, table.place, _percent(table, "budget"), budgets)


def _percent(table: Table, key: str, remedy: str = 'Write a share such as "20%".') -> str | None:
    text = table.text(key, remedy)
    if text is not None and not (_PERCENT.fullmatch(text.strip()) and Decimal(text.strip(" %")) <= 100):
        table.problem(key, f'"{text}" is no share between 0% and 100%.', remedy)
        return None
    return text
