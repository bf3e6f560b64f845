"""Cycles, pillars, allowances, teams, objectives and key results: from tables to values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Literal

from hub.mappings import grammar as g
from hub.mappings.draft import Draft
from hub.model import Allowance, AnchorKind, Cycle, KeyResult, Objective, Pillar, Team, fold
from hub.tomlfile import Table, did_you_mean

_PERCENT = re.compile(r"\d{1,3}(\.\d+)?\s?%")


def read_strategy(draft: Draft) -> None:
    """Read everything but the rules. Ids are declared before anything that names them is read."""
    for top in draft.tops():
        top.only(g.TOP, g.TOP_REFUSED, g.TOP_OTHERS)
        draft.hidden |= top.suggested  # a misspelt section holds ids that are not read
    _cycles(draft)
    _scale(draft)
    _pillars(draft)
    _teams(draft)
    _allowances(draft)
    _objectives(draft)
    _key_results(draft)


def blocks(draft: Draft, kind: str) -> Iterator[Table]:
    """All ``[[kind]]`` blocks of all files."""
    for top in draft.tops():
        yield from top.tables(kind, f"[[{kind}]]", f"Write [[{kind}]] with double brackets above each {kind.replace('_', ' ')}.")
        if not isinstance(top.values.get(kind, []), list):
            draft.hidden.add(kind)


def _entries(draft: Draft, kind: str, example: str) -> Iterator[tuple[str, Table]]:
    """All lines of the keyed tables ``[kind]``, those with an id of their own only."""
    for top in draft.tops():
        written = top.values.get(kind, {})
        if not isinstance(written, dict) or not all(isinstance(v, dict) for v in written.values()):
            draft.hidden.add(kind)  # it holds ids that are not read
        for id, entry in top.entries(kind, f"[{kind}] {{}}", f"Write [{kind}] once, and under it a line such as {example}."):
            if draft.declare(kind, id, entry.place):
                yield id, entry


def _identified(draft: Draft, table: Table, kind: str, *, within: str = "") -> str | None:
    """The declared id of a block, or None. ``within`` is the cycle of a key result."""
    if "for_each" in table:
        draft.hidden.add(kind)  # its rows hold ids that are not read
        return None
    id = table.text("id")
    if id is None:
        if "id" not in table:
            table.missing("id", f'Add a short one that stays for ever: id = "{_example(table)}".')
        draft.hidden.add(kind)
        return None
    return id if draft.declare(kind, id, table.at("id"), within=within) else None


def _example(table: Table) -> str:
    name = table.values.get("name")
    slug = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-") if isinstance(name, str) else ""
    return "-".join(slug.split("-")[:3]) or "my-id"


# ---- one line each ------------------------------------------------------------------------------------------------------


def _cycles(draft: Draft) -> None:
    for id, table in _entries(draft, "cycle", "2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }"):
        table.only(g.CYCLE, g.CYCLE_REFUSED, g.CYCLE_OTHERS)
        days: dict[str, date | None] = {}
        for key in g.CYCLE:
            days[key] = table.day(key)
            if key not in table and "periods" not in table:
                day = "first day, such as starts = 2026-10-01" if key == "starts" else "last day, such as ends = 2026-12-31"
                table.missing(key, f"Add its {day}; both days belong to the cycle.")
        starts, ends = days["starts"], days["ends"]
        if starts is None or ends is None:
            continue
        if not (starts.year >= 1900 and ends.year <= 9000):
            table.problem("starts", f'The cycle "{id}" lies outside the years 1900 to 9000.', "Correct the year.")
        elif ends < starts:
            table.problem("ends", f'The cycle "{id}" ends before it starts.', "Exchange the two dates, or correct the year.")
        else:
            draft.cycles[fold(id)] = Cycle(id, starts, ends, table.place)


def _scale(draft: Draft) -> None:
    first = True
    for top in draft.tops():
        scale = top.table("scale", "[scale]", "Write [scale] and under it a line such as on_track = 0.9.")
        if scale is None:
            continue
        scale.only(g.SCALE)
        for key in g.SCALE:
            if key in ("on_track", "at_risk", "late"):
                scale.positive(key)
            elif key == "too_early":
                scale.text(key, 'Write a share of the cycle such as "15%".')
            else:
                scale.table(key, "score", "Write score = { committed = 1.0, aspirational = 0.7 }.")
        if first:  # once, however many files have one
            draft.warn(scale.place, "[scale] is accepted but not judged yet.", "Progress is shown without a status.")
        first = False


def _pillars(draft: Draft) -> None:
    for id, table in _entries(draft, "pillar", 'enterprise = { name = "Win the enterprise" }'):
        table.only(g.PILLAR, g.PILLAR_REFUSED, g.PILLAR_OTHERS)
        pillar = Pillar(id, table.text("name") or id, table.place, table.text("owner"), table.positive("weight") or Decimal(1))
        draft.pillars[fold(id)] = pillar


def _allowances(draft: Draft) -> None:
    for id, table in _entries(draft, "allowance", 'ktlo = { name = "Keep the lights on" }'):
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


def _percent(table: Table, key: str) -> str | None:
    text = table.text(key, 'Write a share such as "20%".')
    if text is not None and not (_PERCENT.fullmatch(text.strip()) and Decimal(text.strip(" %")) <= 100):
        table.problem(key, f'"{text}" is no share between 0% and 100%.', 'Write a share such as "20%".')
        return None
    return text


# ---- blocks -------------------------------------------------------------------------------------------------------------


def _teams(draft: Draft) -> None:
    for table in blocks(draft, "team"):
        table.only(g.TEAM, g.TEAM_REFUSED, g.TEAM_OTHERS)
        id = _identified(draft, table, "team")
        name, lead = table.text("name"), table.text("lead")
        fields, projects, persons = _owns(table)
        if id is not None:
            draft.teams[fold(id)] = Team(id, name or id, table.place, lead, fields, projects, persons)


def _owns(table: Table) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...], tuple[str, ...]]:
    owns = table.table("owns", "owns", 'Write what the team owns: owns.project = "CORE".')
    if owns is None:
        return {}, (), ()
    owns.only(g.OWNS, g.OWNS_REFUSED)
    fields = owns.table("field", "owns.field", 'Name the field: owns.field.team = "Core".')
    by_field: dict[str, tuple[str, ...]] = {}
    for name in fields.values if fields else ():
        assert fields is not None
        by_field[fold(name)] = by_field.get(fold(name), ()) + fields.texts(name)
    persons = owns.texts("person")
    for person in persons:
        if "@" in person:
            text = f'`owns.person` needs an account id; "{person}" is a mail address.'
            owns.problem("person", text, "Copy the id from the end of the person's profile address in the source.")
    return {k: v for k, v in by_field.items() if v}, owns.texts("project"), persons


def _objectives(draft: Draft) -> None:
    found = []
    for table in blocks(draft, "objective"):
        table.only(g.OBJECTIVE, g.OBJECTIVE_REFUSED, g.OBJECTIVE_OTHERS)
        draft.hidden |= table.suggested & {"key_result"}  # written inside it, where they are not read
        found.append((_identified(draft, table, "objective"), table))
    for id, table in found:  # all ids are declared now: an objective may support a later one
        objective = _objective(draft, id, table)
        if id is not None and objective is not None:
            draft.objectives[fold(id)] = objective


def _objective(draft: Draft, id: str | None, table: Table) -> Objective | None:
    cycle = _reference(draft, table, "cycle", "cycle")
    if "cycle" not in table and "for_each" not in table:
        newest = max(draft.cycles.values(), key=lambda c: c.ends, default=None)
        table.missing("cycle", f'Add cycle = "{newest.id if newest else "2026-q4"}".')
    anchor = _anchor(draft, table, id)
    pillar = _reference(draft, table, "pillar", "pillar")
    if anchor is not None and anchor[0] == "pillar":
        if pillar is not None and pillar != anchor[1]:
            table.problem(
                "pillar", f'`anchor.pillar` says "{anchor[1]}" and `pillar` says "{pillar}".', "Remove the line `pillar`."
            )
        pillar = anchor[1]
    name, team, owner = table.text("name"), _reference(draft, table, "team", "team"), table.text("owner")
    weight = table.positive("weight") or Decimal(1)
    if id is None or cycle is None:
        return None
    return Objective(id, name or id, cycle, table.place, anchor, pillar, team, owner, weight)


def _reference(draft: Draft, table: Table, key: str, kind: str) -> str | None:
    id = table.text(key)
    return None if id is None else draft.resolve(kind, table, key, id)


def _anchor(draft: Draft, table: Table, id: str | None) -> tuple[AnchorKind, str] | None:
    anchor = table.table("anchor", "anchor", 'Say why the objective exists, for example anchor.pillar = "enterprise".')
    if anchor is None:
        return None
    for key in anchor.values:
        if key not in g.ANCHORS:
            anchor.problem(key, f'"{key}" is no kind of anchor.', did_you_mean(key, g.ANCHORS))
    kinds = [k for k in g.ANCHORS if k in anchor]
    if len(kinds) > 1:
        anchor.problem(
            (), f"An objective has one anchor, not {len(kinds)}.", f"Keep one of {' and '.join(f'anchor.{k}' for k in kinds)}."
        )
        return None
    if not kinds:
        return None
    kind = kinds[0]
    written = anchor.text(kind)
    if written is None:
        return None
    if kind == "pillar":
        written = draft.resolve("pillar", anchor, "pillar", written)
    elif kind == "supports":
        if id is not None and fold(written) == fold(id):
            anchor.problem("supports", f'The objective "{id}" supports itself.', "Name the objective of another team.")
            return None
        written = draft.resolve("objective", anchor, "supports", written)
    return None if written is None else (kind, written)


def _key_results(draft: Draft) -> None:
    for table in blocks(draft, "key_result"):
        _key_result_keys(table)
        written = _key_result_objective(table)
        objective = None if written is None else draft.resolve("objective", table, "objective", written)
        home = draft.objectives.get(fold(objective)) if objective else None
        id = _key_result_id(draft, table, home.cycle if home else None)
        kind = _kind(table)
        by = table.choice("by", g.BY, g.BY_REFUSED) or "count"
        level = table.choice("level", g.LEVELS)
        missing = table.choice("missing", g.MISSING) or "mean"
        before = table.choice("before_cycle", g.BEFORE_CYCLE) or "leave_out"
        ambition = table.choice("ambition", g.AMBITION) or "committed"
        name, team, owner = table.text("name"), _reference(draft, table, "team", "team"), table.text("owner")
        weight, keywords = table.positive("weight") or Decimal(1), table.texts("keywords")
        if id is None or home is None or kind is None:
            continue
        draft.key_results[home.cycle, fold(id)] = KeyResult(
            id, name or id, home.id, home.cycle, table.place, kind,
            by, level, missing, before, ambition, team, owner, weight, keywords,
        )  # fmt: skip


def _key_result_keys(table: Table) -> None:
    """Of a kind that is refused anyway, the keys that only belong to that kind are not worth a line each."""
    kind = table.values.get("kind")
    other = isinstance(kind, str) and (fold(kind) in g.KINDS_REFUSED or fold(kind) in g.METRIC_KINDS)
    table.only([*g.KEY_RESULT, *(g.OTHER_KINDS if other else ())], g.KEY_RESULT_REFUSED, g.KEY_RESULT_OTHERS)


def _key_result_objective(table: Table) -> str | None:
    value = table.values.get("objective")
    if isinstance(value, list):
        table.problem(
            "objective",
            "A key result with several objectives is not supported by this version.",
            "Name the one that it belongs to most.",
        )
        return None
    if value is None and "for_each" not in table:
        table.missing("objective", "Add the id of the objective that it belongs to.")
    return table.text("objective")


def _kind(table: Table) -> Literal["completion"] | None:
    if "kind" not in table and "for_each" not in table:
        table.missing("kind", 'Add kind = "completion": the share of the attached work that is done.')
    kind = table.values.get("kind")
    if isinstance(kind, str) and fold(kind) in g.METRIC_KINDS:
        text = f'"{kind}" is not a kind; a key result with a metric is not supported by this version.'
        table.problem("kind", text, g.KIND)
        return None
    return table.choice("kind", g.KINDS, g.KINDS_REFUSED)


def _key_result_id(draft: Draft, table: Table, cycle: str | None) -> str | None:
    """A key result's id is one per cycle, and never that of an allowance: labels name both alike."""
    id = _identified(draft, table, "key_result", within=cycle or f"?{table.place}")
    taken = draft.known.get("allowance", {}).get(fold(id)) if id else None
    if taken is None:
        return id
    table.problem(
        "id",
        f'"{id}" is the id of an allowance already, at {taken.place}.',
        "Labels name both alike: give one of the two another id.",
    )
    return None
