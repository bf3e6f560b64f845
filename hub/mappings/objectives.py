"""Objectives, and why each of them exists."""

from __future__ import annotations

from decimal import Decimal

from hub.mappings import grammar as g
from hub.mappings.draft import Draft
from hub.mappings.ids import arrows, circles, former_ids, identified, reference, references
from hub.mappings.teams import team_of
from hub.mappings.templates import blocks
from hub.model import AnchorKind, Objective, fold
from hub.tomlfile import Table, did_you_mean


def read_objectives(draft: Draft) -> None:
    """Ids are one over all cycles, so that a key result needs no more than the id of its objective."""
    found = []
    for table in blocks(draft, "objective"):
        table.only(g.OBJECTIVE, g.OBJECTIVE_REFUSED, g.OBJECTIVE_OTHERS)
        draft.hidden |= table.suggested & {"key_result"}  # written inside it, where they are not read
        found.append((identified(draft, table, "objective"), table))
    former_ids(draft, "objective", ((id, table, "") for id, table in found))
    tables: dict[str, Table] = {}
    for id, table in found:  # all ids are declared now: an objective may support a later one
        objective = _objective(draft, id, table)
        if objective is not None:
            draft.objectives[fold(objective.id)], tables[fold(objective.id)] = objective, table
    for circle in circles({k: _supported(o) for k, o in draft.objectives.items()}):
        text = f"Objectives support each other in a circle: {arrows(draft.objectives[k].id for k in circle)}."
        tables[circle[0]].problem(("anchor", "supports"), text, "Anchor one of them in a pillar.")


def _supported(objective: Objective) -> list[str]:
    return [fold(objective.anchor[1])] if objective.anchor and objective.anchor[0] == "supports" else []


def _objective(draft: Draft, id: str | None, table: Table) -> Objective | None:
    cycle = reference(draft, table, "cycle", "cycle")
    if "cycle" not in table:
        newest = max(draft.cycles.values(), key=lambda c: c.ends, default=None)
        table.missing("cycle", f'Add cycle = "{newest.id if newest else "2026-q4"}".')
    anchor = _anchor(draft, table, id)
    pillar = reference(draft, table, "pillar", "pillar")
    if anchor is not None and anchor[0] == "pillar":
        if pillar is not None and pillar != anchor[1]:
            text = f'`anchor.pillar` says "{anchor[1]}" and `pillar` says "{pillar}".'
            table.problem("pillar", text, "Remove the line `pillar`.")
        pillar = anchor[1]
    name, team, owner = table.text("name"), team_of(draft, table), table.text("owner")
    weight, state = table.positive("weight") or Decimal(1), table.choice("state", g.STATES) or "agreed"
    helpers, home = _helpers(draft, table, team), table.text("home")
    if id is None or cycle is None:
        return None
    return Objective(id, name or id, cycle, table.place, anchor, pillar, team, owner, weight, state, helpers, home)


def _helpers(draft: Draft, table: Table, team: str | None) -> tuple[str, ...]:
    helpers = references(draft, table, "with", "team")
    if team is not None and team in helpers:
        table.problem("with", f'`with` names "{team}", the team of the objective itself.', "Name the other teams only.")
    return helpers


def _anchor(draft: Draft, table: Table, id: str | None) -> tuple[AnchorKind, str] | None:
    anchor = table.table("anchor", "anchor", 'Say why the objective exists, for example anchor.pillar = "enterprise".')
    if anchor is None:
        return None
    for key in anchor.values:
        if key not in g.ANCHORS:
            anchor.problem(key, f'"{key}" is no kind of anchor.', did_you_mean(key, g.ANCHORS), at_key=True)
    kinds = [k for k in g.ANCHORS if k in anchor]
    if len(kinds) > 1:
        text = f"An objective has one anchor, not {len(kinds)}."
        anchor.problem((), text, f"Keep one of {' and '.join(f'anchor.{k}' for k in kinds)}.")
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
        written = draft.resolve("objective", anchor, "supports", written)
        if id is not None and written is not None and fold(written) == fold(id):
            anchor.problem("supports", f'The objective "{id}" supports itself.', "Name the objective of another team.")
            return None
    return None if written is None else (kind, written)
