"""What only shows when all files have been read: circles, overlaps, and things that will do nothing."""

from __future__ import annotations

from datetime import date
from itertools import combinations

from hub.errors import Problem
from hub.mappings import grammar as g
from hub.mappings.draft import Draft
from hub.model import Cycle, Mapping, fold


def check_whole(draft: Draft) -> None:
    """Mistakes between blocks."""
    _overlaps(draft)
    _circles(draft)


def warn(draft: Draft) -> None:
    """What is valid and will still surprise somebody. Few, and each says what to do."""
    _budgets(draft)
    _cycles(draft)
    _objectives(draft)
    _unreachable(draft)
    _shared_ownership(draft)
    _moving(draft)


# ---- mistakes -----------------------------------------------------------------------------------------------------------


def _by_start(draft: Draft) -> list[Cycle]:
    return sorted(draft.cycles.values(), key=lambda c: (c.starts, c.ends, c.id))


def _overlaps(draft: Draft) -> None:
    for a, b in combinations(_by_start(draft), 2):
        if b.starts > a.ends:
            continue
        if (a.starts, a.ends) == (b.starts, b.ends):
            draft.error(b.place, f'The cycles "{a.id}" and "{b.id}" have the same dates.', "Keep one of the two.")
        elif not _contains(a, b) and not _contains(b, a):
            text = f'The cycles "{a.id}" and "{b.id}" overlap from {b.starts} to {a.ends}.'
            draft.error(
                b.place, text, "A cycle may lie inside a longer one, but two may not share days otherwise: correct the dates."
            )


def _contains(a: Cycle, b: Cycle) -> bool:
    return a.starts <= b.starts and b.ends <= a.ends


def _circles(draft: Draft) -> None:
    supports = {k: fold(o.anchor[1]) for k, o in draft.objectives.items() if o.anchor and o.anchor[0] == "supports"}
    reported: set[str] = set()
    for start in supports:
        path: list[str] = []
        at: str | None = start
        while at is not None and at not in path and at not in reported:
            path.append(at)
            at = supports.get(at)
        if at is not None and at in path:
            circle = path[path.index(at) :]
            names = " -> ".join(f'"{draft.objectives[k].id}"' for k in (*circle, at))
            place = draft.objectives[at].place
            draft.error(place, f"Objectives support each other in a circle: {names}.", "Anchor one of them in a pillar.")
        reported.update(path)


# ---- warnings -----------------------------------------------------------------------------------------------------------


def _budgets(draft: Draft) -> None:
    budgeted = [a for a in draft.allowances.values() if a.budget or a.budget_for]
    if budgeted:
        names = ", ".join(f'"{a.id}"' for a in budgeted)
        text = f"The budget of the allowance{'s' if len(budgeted) > 1 else ''} {names} is accepted but not judged yet."
        draft.warn(budgeted[0].place, text, "Work under it is shown, an excess is not.")


def _cycles(draft: Draft) -> None:
    if not draft.cycles and draft.docs:
        text = "No file has a cycle, so nothing can be measured."
        draft.warn(
            draft.docs[0].place(),
            text,
            "Add [cycle] and under it a line such as 2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }.",
        )
    used = {o.cycle for o in draft.objectives.values()}
    for outer in _by_start(draft):
        inner = [c.id for c in _by_start(draft) if c is not outer and _contains(outer, c) and c.id in used]
        if inner and outer.id in used:
            text = f'The cycle "{outer.id}" contains {_listed(inner)}, and all of them have objectives.'
            draft.warn(outer.place, text, f'The shortest is the one in force; name "{outer.id}" to see its numbers.')


def _listed(ids: list[str]) -> str:
    quoted = [f'"{id}"' for id in ids]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else quoted[0]


def _objectives(draft: Draft) -> None:
    with_own = {fold(k.objective) for k in draft.key_results.values()}
    supported = {fold(o.anchor[1]) for o in draft.objectives.values() if o.anchor and o.anchor[0] == "supports"}
    for folded, objective in draft.objectives.items():
        if objective.anchor is None:
            text = f'The objective "{objective.id}" is homework: nothing says why it exists.'
            draft.warn(objective.place, text, "Add one of " + ", ".join(f"anchor.{k}" for k in g.ANCHORS) + ".")
        if folded not in with_own and folded not in supported:
            draft.warn(
                objective.place,
                f'The objective "{objective.id}" has no key result, so it stays unmeasured.',
                "Add a [[key_result]] to it.",
            )


def _unreachable(draft: Draft) -> None:
    if any(r.target is None for r in draft.rules):
        return
    named = {fold(r.target) for r in draft.rules if r.target_kind == "key_result" and r.target}
    left = [result for (_, folded), result in draft.key_results.items() if folded not in named]
    convention = 'when.label = "kr:{key_result}" and to = "{key_result}"'
    if len(left) == 1:
        text = f'No rule leads to the key result "{left[0].id}", so it stays unmeasured.'
        draft.warn(left[0].place, text, f"Add a rule with {convention}, or one of its own.")
    elif left:
        ids = list(dict.fromkeys(result.id for result in left))
        listed = ids if len(ids) <= _SHOWN + 1 else [*ids[:_SHOWN], f"{len(ids) - _SHOWN} more"]
        names = f"{', '.join(listed[:-1])} and {listed[-1]}" if len(listed) > 1 else listed[0]
        text = f"No rule reaches {len(left)} key results: {names}. They stay unmeasured."
        draft.warn(left[0].place, text, f"Add the label convention, a [[rule]] with {convention}, or a rule for each.")


_SHOWN = 3
"""Ids that a warning about many names."""


def _shared_ownership(draft: Draft) -> None:
    owner: dict[tuple[str, str], str] = {}
    for team in draft.teams.values():
        claims = [("project", p) for p in team.owns_project] + [("person", p) for p in team.owns_person]
        claims += [(f"field.{f}", v) for f, values in team.owns_field.items() for v in values]
        for step, value in claims:
            other = owner.setdefault((step, fold(value)), team.id)
            if other != team.id:
                text = f'The teams "{other}" and "{team.id}" both own {step} "{value}"; such work belongs to neither.'
                draft.warn(team.place, text, "Remove it from one of the two.")


def _moving(draft: Draft) -> None:
    for rule in draft.rules:
        for condition in rule.when:
            if condition.field in _MOVING:
                text = f"`when.{condition.field}` changes as work moves, so the rule may lose the work when it is finished."
                draft.warn(condition.place, text, "Use what stays, such as a label, a component or the key of the epic.")


_MOVING = frozenset({"status", "sprint", "assignee", "resolution"})


# ---- the present --------------------------------------------------------------------------------------------------------


def stands_still(mapping: Mapping, today: date) -> list[Problem]:
    """A warning when no cycle contains the day."""
    cycles = mapping.cycles.values()
    if not cycles or any(c.starts <= today <= c.ends for c in cycles):
        return []
    text = f"No cycle contains today ({today})"
    ended = max((c for c in cycles if c.ends < today), key=lambda c: (c.ends, c.starts), default=None)
    if ended is not None:
        text += f"; the latest, {ended.id}, ended on {ended.ends}, so numbers stand still."
        return [Problem(*ended.place, text, "Add a line for the current one.", warning=True)]
    first = min(cycles, key=lambda c: (c.starts, c.ends))
    text += f"; the first, {first.id}, begins on {first.starts}, so no work counts yet."
    return [Problem(*first.place, text, "Add a line for the current one, or wait for it.", warning=True)]
