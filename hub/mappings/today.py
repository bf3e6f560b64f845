"""What the mapping files leave to be done on a given day."""

from __future__ import annotations

from datetime import date

from hub.errors import Problem
from hub.mappings.advice import names
from hub.model import Cycle, Mapping, fold


def stands_still(mapping: Mapping, today: date) -> list[Problem]:
    """Warnings about a day: no cycle contains it, or what was to be agreed before it was not."""
    found = [] if any(c.starts <= today <= c.ends for c in mapping.cycles.values()) else _no_cycle(mapping, today)
    for cycle in mapping.cycles.values():
        if cycle.agree_by is not None and cycle.agree_by < today <= cycle.ends:
            found += _not_agreed(mapping, cycle, cycle.agree_by)
    return found


def _no_cycle(mapping: Mapping, today: date) -> list[Problem]:
    cycles = mapping.cycles.values()
    if not cycles:
        return []
    text = f"No cycle contains today ({today})"
    ended = max((c for c in cycles if c.ends < today), key=lambda c: (c.ends, c.starts), default=None)
    if ended is not None:
        text += f"; the latest, {ended.id}, ended on {ended.ends}, so numbers stand still."
        return [Problem.at(ended.place, text, "Add a line for the current one.", warning=True)]
    first = min(cycles, key=lambda c: (c.starts, c.ends))
    text += f"; the first, {first.id}, begins on {first.starts}, so no work counts yet."
    return [Problem.at(first.place, text, "Add a line for the current one, or wait for it.", warning=True)]


def _not_agreed(mapping: Mapping, cycle: Cycle, agree_by: date) -> list[Problem]:
    """Drafts of a cycle that was to be agreed; when nothing at all is agreed, that in their place."""
    objectives = [o for o in mapping.objectives.values() if o.cycle == cycle.id]
    through = [mapping.objectives[fold(id)] for k in mapping.key_results.values() if k.cycle == cycle.id for id in k.objectives]
    drafts = [o for o in objectives if o.state == "draft"]
    if all(o.state == "draft" for o in (*objectives, *through)):
        text = f'Nothing is agreed in the cycle "{cycle.id}", which was to be agreed by {agree_by}: {_drafts(len(drafts))}.'
        remedy = 'Agree on its objectives and write state = "agreed", or move `agree_by`.'
        return [Problem.at(cycle.place, text, remedy, warning=True)]
    if not drafts:
        return []
    if len(drafts) == 1:
        text = f'The objective "{drafts[0].id}" is still a draft; the cycle "{cycle.id}" was to be agreed by {agree_by}.'
    else:
        listed = names(o.id for o in drafts)
        text = f'{len(drafts)} objectives are still drafts: {listed}. The cycle "{cycle.id}" was to be agreed by {agree_by}.'
    remedy = f'Agree on {"it" if len(drafts) == 1 else "them"} and write state = "agreed", or "dropped".'
    return [Problem.at(drafts[0].place, text, remedy, warning=True)]


def _drafts(count: int) -> str:
    if count < 2:
        return "its only objective is a draft" if count else "it has no objective"
    return f"its {count} objectives are drafts"
