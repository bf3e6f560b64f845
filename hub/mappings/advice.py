"""What is valid in the mapping files and will still surprise somebody. Few warnings, and each says what to do."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from hub.mappings import grammar as g
from hub.mappings.check_metrics import warn_of_metrics
from hub.mappings.check_rules import warn_of_rules
from hub.mappings.checks import by_start, contains
from hub.mappings.draft import Draft
from hub.model import Cycle, KeyResult, Objective, fold

MOST_KEY_RESULTS, MOST_OBJECTIVES = 5, 3
"""More key results of an objective, or objectives of a team, cannot be steered by."""
_SHOWN = 3
"""Names that a message about many shows."""


def warn(draft: Draft) -> None:
    """All warnings that need no clock."""
    _budgets(draft)
    _cycles(draft)
    _parts_of_cycles(draft)
    _objectives(draft)
    _supports_elsewhere(draft)
    _outputs(draft)
    _crowded_objectives(draft)
    _crowded_teams(draft)
    _owners(draft)
    _unreachable(draft)
    _shared_ownership(draft)
    warn_of_metrics(draft)
    warn_of_rules(draft)


def names(ids: Iterable[str], quote: str = "") -> str:
    """Names in one sentence; of many the first, and how many more."""
    found = [f"{quote}{id}{quote}" for id in dict.fromkeys(ids)]
    if len(found) > _SHOWN + 1:
        found = [*found[:_SHOWN], f"{len(found) - _SHOWN} more"]
    return f"{', '.join(found[:-1])} and {found[-1]}" if len(found) > 1 else "".join(found)


# ---- time and budgets -------------------------------------------------------------------------------------------------------


def _budgets(draft: Draft) -> None:
    budgeted = [a for a in draft.allowances.values() if a.budget or a.budget_for]
    if budgeted:
        plural = "s" if len(budgeted) > 1 else ""
        text = f"The budget of the allowance{plural} {names((a.id for a in budgeted), chr(34))} is accepted but not judged yet."
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
    for outer in by_start(draft):
        inner = [c.id for c in by_start(draft) if c is not outer and contains(outer, c) and not _part_of(draft, c, outer)]
        inner = [id for id in inner if id in used]
        if inner and outer.id in used:
            text = f'The cycle "{outer.id}" contains {names(inner, chr(34))}, and all of them have objectives.'
            remedy = f'The shortest is the one in force; write parent = "{outer.id}" where that is meant.'
            draft.warn(outer.place, text, remedy)


def _part_of(draft: Draft, inner: Cycle, outer: Cycle) -> bool:
    """Whether a cycle says that it is a part of another one, at any height. Parents lead to ever longer cycles."""
    while inner.parent is not None:
        inner = draft.cycles[fold(inner.parent)]
        if inner.id == outer.id:
            return True
    return False


def _parts_of_cycles(draft: Draft) -> None:
    told: set[tuple[str, str]] = set()
    for result in draft.key_results.values():
        own = draft.cycles[fold(result.cycle)]
        for id in result.objectives:
            outer = draft.cycles[fold(draft.objectives[fold(id)].cycle)]
            if own.id == outer.id or _part_of(draft, own, outer) or (own.id, outer.id) in told:
                continue
            told.add((own.id, outer.id))
            text = f'The objective "{id}" has key results in "{own.id}", which is not said to be a part of "{outer.id}".'
            draft.warn(own.place, text, f'Add parent = "{outer.id}" to it, so that the objective has a figure there, too.')


# ---- objectives -------------------------------------------------------------------------------------------------------------


def _beneath(draft: Draft) -> dict[str, list[KeyResult]]:
    """Key results that were not dropped, by the folded id of each of their objectives."""
    found: dict[str, list[KeyResult]] = defaultdict(list)
    for result in draft.key_results.values():
        if result.dropped is None:
            for id in result.objectives:
                found[fold(id)].append(result)
    return found


def _objectives(draft: Draft) -> None:
    with_own = {fold(id) for result in draft.key_results.values() for id in result.objectives}
    supported = {fold(o.anchor[1]) for o in draft.objectives.values() if o.anchor and o.anchor[0] == "supports"}
    for folded, objective in draft.objectives.items():
        if objective.state == "dropped":
            continue
        if objective.anchor is None:
            text = f'The objective "{objective.id}" is homework: nothing says why it exists.'
            draft.warn(objective.place, text, "Add one of " + ", ".join(f"anchor.{k}" for k in g.ANCHORS) + ".")
        if folded not in with_own and folded not in supported:
            text = f'The objective "{objective.id}" has no key result, so it stays unmeasured.'
            draft.warn(objective.place, text, "Add a [[key_result]] to it.")


def _supports_elsewhere(draft: Draft) -> None:
    """An objective without key results has its figure from those that support it; one of another cycle has none to give there."""
    beneath = _beneath(draft)
    found: dict[str, list[Objective]] = defaultdict(list)
    for folded, objective in draft.objectives.items():
        if objective.anchor is None or objective.anchor[0] != "supports" or objective.state != "agreed":
            continue
        other = draft.objectives[fold(objective.anchor[1])]
        if other.state == "dropped" or beneath.get(fold(other.id)) or objective.cycle == other.cycle:
            continue
        own, wanted = draft.cycles[fold(objective.cycle)], draft.cycles[fold(other.cycle)]
        held = [draft.cycles[fold(result.cycle)] for result in beneath.get(folded, ())]
        if not _part_of(draft, wanted, own) or not any(c is wanted or _part_of(draft, c, wanted) for c in held):
            found[other.id].append(objective)
    for id, supporters in found.items():
        other = draft.objectives[fold(id)]
        verb = "supports" if len(supporters) == 1 else "support"
        text = (
            f'The objective "{id}" has no key result and takes nothing from {names((o.id for o in supporters), chr(34))},'
            f' which {verb} it from another cycle than "{other.cycle}".'
        )
        remedy = (
            f'Add a [[key_result]] to it, or write cycle = "{other.cycle}" there, too; a key result may lie in a shorter cycle.'
        )
        draft.warn(other.place, text, remedy)


def _outputs(draft: Draft) -> None:
    """Completion is output. Told once, of all objectives that have nothing else."""
    beneath = _beneath(draft)
    work = {k for k, results in beneath.items() if all(result.kind == "completion" for result in results)}
    found = [o for k, o in draft.objectives.items() if o.state == "agreed" and k in work]
    if len(found) == 1:
        text = f'The objective "{found[0].id}" has only completion key results: work that gets done, not what it changes.'
        draft.warn(found[0].place, text, _OUTCOME)
    elif found:
        text = f"{len(found)} objectives have only completion key results: {names(o.id for o in found)}."
        draft.warn(found[0].place, text, _OUTCOME)


_OUTCOME = "Completion is output: add a key result with a metric for what it shall change."


def _crowded_objectives(draft: Draft) -> None:
    found: list[tuple[Objective, int]] = []
    for folded, results in _beneath(draft).items():
        by_cycle: dict[str, int] = defaultdict(int)
        for result in results:
            by_cycle[result.cycle] += result.part_of is None  # parts are shown under their whole
        objective, most = draft.objectives[folded], max(by_cycle.values())
        if objective.state == "agreed" and most > MOST_KEY_RESULTS:
            found.append((objective, most))
    if len(found) == 1:
        (objective, most) = found[0]
        text = f'The objective "{objective.id}" has {most} key results in one cycle.'
    elif found:
        text = f"{len(found)} objectives have more than {MOST_KEY_RESULTS} key results: {names(o.id for o, _ in found)}."
    else:
        return
    remedy = f"More than {MOST_KEY_RESULTS} are a list of tasks: keep those that say whether it is reached."
    draft.warn(found[0][0].place, text, remedy)


def _crowded_teams(draft: Draft) -> None:
    by_team: dict[tuple[str, str], list[Objective]] = defaultdict(list)
    for objective in draft.objectives.values():
        if objective.team is not None and objective.state == "agreed":
            by_team[objective.team, objective.cycle].append(objective)
    found = [(team, cycle, has) for (team, cycle), has in by_team.items() if len(has) > MOST_OBJECTIVES]
    if not found:
        return
    team, cycle, has = found[0]
    if len(found) == 1:
        text = f'The team "{team}" has {len(has)} objectives in the cycle "{cycle}": {names(o.id for o in has)}.'
    else:
        text = f"{len(found)} teams have more than {MOST_OBJECTIVES} objectives in one cycle: {names(t for t, _, _ in found)}."
    remedy = f"More than {MOST_OBJECTIVES} leave no focus: keep what matters most, or name the team that helps in `with`."
    draft.warn(has[MOST_OBJECTIVES].place, text, remedy)


# ---- key results ------------------------------------------------------------------------------------------------------------


def _alive(draft: Draft) -> list[KeyResult]:
    """Key results that were not dropped, neither themselves nor with all of their objectives."""
    return [
        result
        for result in draft.key_results.values()
        if result.dropped is None and any(draft.objectives[fold(id)].state != "dropped" for id in result.objectives)
    ]


def _owners(draft: Draft) -> None:
    left = [result for result in _alive(draft) if not _owned(draft, result)]
    if len(left) == 1:
        text = f'Nobody owns the key result "{left[0].id}": it has no `owner`, nor its objective, and its team no `lead`.'
        draft.warn(left[0].place, text, "Name one of the three.")
    elif left:
        text = f"Nobody owns {len(left)} key results: {names(result.id for result in left)}."
        draft.warn(left[0].place, text, "Add `owner` to them or to their objectives, or `lead` to their teams.")


def _owned(draft: Draft, result: KeyResult) -> bool:
    objectives = [draft.objectives[fold(id)] for id in result.objectives]
    teams = [draft.teams[fold(team)] for team in (result.team, *(o.team for o in objectives)) if team]
    return bool(result.owner or any(o.owner for o in objectives) or any(t.lead for t in teams))


class _Reach(NamedTuple):
    """What the rules of one fence (None: of no fence) lead to."""

    ids: set[str]
    templates: list[re.Pattern[str]]

    def has(self, ids: set[str]) -> bool:
        """Whether one of a key result's ids, present and former, is among them."""
        return not ids.isdisjoint(self.ids) or any(t.fullmatch(id) for t in self.templates for id in ids)


def _unreachable(draft: Draft) -> None:
    reaches = _reaches(draft)
    within = {fence: draft.teams_within(fence) for fence in reaches if fence is not None}
    former: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (cycle, old), new in draft.former.items():
        former[cycle, new].append(old)
    left = []
    for result in _alive(draft):
        if result.kind != "completion":
            continue  # a metric, steps or parts measure it
        teams, ids = _teams(draft, result), {fold(result.id), *former[result.cycle, fold(result.id)]}
        open_to = [reach for fence, reach in reaches.items() if fence is None or teams & within[fence]]
        if not any(reach.has(ids) for reach in open_to):
            left.append(result)
    convention = 'when.label = "kr:{key_result}" and to = "{key_result}"'
    if len(left) == 1:
        text = f'No rule leads to the key result "{left[0].id}", so it stays unmeasured.'
        draft.warn(left[0].place, text, f"Add a rule with {convention}, or one of its own.")
    elif left:
        text = f"No rule reaches {len(left)} key results: {names(result.id for result in left)}. They stay unmeasured."
        draft.warn(left[0].place, text, f"Add the label convention, a [[rule]] with {convention}, or a rule for each.")


def _reaches(draft: Draft) -> dict[str | None, _Reach]:
    found: dict[str | None, _Reach] = defaultdict(lambda: _Reach(set(), []))
    for rule in draft.rules:
        if rule.target_kind != "key_result":
            continue
        reach = found[rule.fence]
        reach.ids.update(fold(id) for id, _ in rule.split)
        if rule.target is not None:
            reach.ids.add(fold(rule.target))
        elif not rule.split:
            literal = re.split(r"\{[a-z_]+\}", fold(rule.template or "{key_result}"))
            reach.templates.append(re.compile(".+".join(map(re.escape, literal)), re.DOTALL))
    return found


def _teams(draft: Draft, result: KeyResult) -> set[str]:
    """Folded ids of the teams whose key result it is."""
    if result.team:
        return {fold(result.team)}
    objectives = [draft.objectives[fold(id)] for id in result.objectives]
    return {fold(team) for o in objectives for team in (o.team, *o.helpers) if team}


# ---- teams and rules --------------------------------------------------------------------------------------------------------


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
