"""Explanations, made by assessing again: the same function that gave the number says why. Pure.

What is explained is an evaluation: its mapping, and items and lists as of its seq.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from hub.assess import Activity, Assessor, estimate_of
from hub.model import Attachment, Dimensions, Item, KeyResult, Mapping, NodeResult, Rule, Unit, fold
from hub.report import words
from hub.report.claims import claim_steps
from hub.report.values import ConditionStep, ItemExplanation, RuleStep, ShareStep, UnitRow, UnitStep, iso
from hub.rules import RuleVerdict


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an explanation stands on."""

    mapping: Mapping
    dimensions: Dimensions
    seq: int
    as_of: int


def item_explanation(
    evaluated: Evaluated,
    item: Item,
    tree: list[Item],
    cycle: str,
    run: MappingABC[str, Any],
    labels: Sequence[str] = (),
    canonical: Item | None = None,
) -> ItemExplanation:
    """Why ``item`` belongs where it does in ``cycle``; ``tree`` is its whole tree, itself included. With ``labels`` as if it had
    these, too. ``canonical`` is the item that a duplicate is one of."""
    if labels:
        now = item_explanation(evaluated, item, tree, cycle, run, (), canonical)
        item = item._replace(labels=tuple(dict.fromkeys((*item.labels, *labels))))
        changed = [item if each.no == item.no else each for each in tree]
        then = item_explanation(evaluated, item, changed, cycle, run, (), canonical)
        moved = _moved(evaluated, tree, changed, cycle) - (then.shares != now.shares or then.outcome != now.outcome)
        return replace(then, what_if=tuple(labels), before=now.sentence, facts=now.facts, moved=moved)
    assessor = Assessor(evaluated.mapping, evaluated.dimensions, evaluated.as_of)
    part = assessor.part(tree)
    item = assessor.settled(item)
    by_no = {i.no: assessor.settled(i) for i in (canonical, *tree) if i is not None}
    attachment = next((a for a in part.attachments if a.no == item.no and a.cycle == cycle), None)
    has_left = attachment is None  # the assessment treats it as not read
    if attachment is None:
        attachment = Attachment(item.no, cycle, "unanchored", state=assessor.states.of(item))
    chain = _chain(item, by_no)
    via = by_no.get(attachment.via) if attachment.via is not None else None
    contexts = [assessor.context(one, chain[n + 1 :]) for n, one in enumerate(chain)]
    verdicts = [assessor.matcher.explain(one, context, cycle) for one, context in zip(chain, contexts, strict=True)]
    inherited = tuple(
        (words.item_name(above), tuple(map(_rule_step, (v for v in told if v.holds))))
        for above, told in zip(chain[1:], verdicts[1:], strict=True)
    )
    return ItemExplanation(
        source=item.source,
        id=item.id,
        key=item.key,
        title=words.title_of(evaluated.mapping, item),
        url=item.url,
        cycle=cycle,
        seq=evaluated.seq,
        state=attachment.state,
        active=Activity(evaluated.mapping, evaluated.dimensions, evaluated.as_of)(item, attachment.state),
        facts=_facts(item, evaluated.dimensions, over=attachment.state in ("done", "dropped")),
        team=_team_name(evaluated.mapping, attachment.team),
        outcome=attachment.outcome,
        sentence=words.left_sentence(item) if has_left else words.outcome_sentence(evaluated.mapping, item, attachment, via),
        shares=_shares(evaluated.mapping, attachment),
        strength=attachment.strength,
        via=words.item_name(via) if via is not None and via.no != item.no else None,
        chain=tuple(words.item_name(i) for i in chain),
        broken=tuple(text for text, _, _ in attachment.broken),
        units=tuple(_unit_step(u) for u in part.units if u.no == item.no and u.cycle == cycle),
        rules=() if has_left else tuple(map(_rule_step, verdicts[0])),
        inherited=tuple((key, rules) for key, rules in inherited if rules),
        findings=tuple(f.text for f in part.findings if f.no == item.no),
        run=run,
        claims=() if has_left else claim_steps(evaluated.mapping, attachment, chain, verdicts, contexts),
    )


def _moved(evaluated: Evaluated, before: list[Item], after: list[Item], cycle: str) -> int:
    """How many items belong elsewhere after a change."""
    assessor = Assessor(evaluated.mapping, evaluated.dimensions, evaluated.as_of)
    was, now = (
        {a.no: (a.outcome, a.shares) for a in assessor.part(tree).attachments if a.cycle == cycle} for tree in (before, after)
    )
    return sum(was[no] != told for no, told in now.items())


def _chain(item: Item, by_no: MappingABC[int, Item]) -> list[Item]:
    chain, seen = [item], {item.no}
    while chain[-1].parent is not None and (above := by_no.get(chain[-1].parent)) is not None and above.no not in seen:
        chain.append(above)
        seen.add(above.no)
    return chain


def _team_name(mapping: Mapping, id_: str | None) -> str | None:
    team = mapping.teams.get(id_) if id_ else None
    return team.name if team else id_


def _shares(mapping: Mapping, attachment: Attachment) -> tuple[ShareStep, ...]:
    steps = []
    for share in attachment.shares:
        rule = mapping.rules[share.rule]
        name = words.target_name(mapping, attachment.cycle, share.kind, share.id)
        steps.append(ShareStep(share.kind, share.id, name, share.part, rule.name, str(rule.place), share.named))
    return tuple(steps)


def _unit_step(unit: Unit) -> UnitStep:
    why = "it is a unit of this key result" if unit.counts else words.WHY[unit.why]
    return UnitStep(unit.key_result, unit.part, unit.counts, why)


def _target(rule: Rule) -> str:
    if rule.target_kind == "ignore":
        return f"ignore: {rule.target}"
    if rule.split:
        return ", ".join(f"{part} to {id_}" for id_, part in rule.split)
    return rule.target if rule.target is not None else rule.template or "{key_result}"


def _rule_step(verdict: RuleVerdict) -> RuleStep:
    steps = tuple(
        ConditionStep(
            c.condition.field, tuple(t.written for t in c.condition.tests), c.values, c.holds, str(c.condition.place),
            c.negated, c.why,
        )
        for c in verdict.conditions
    )  # fmt: skip
    rule = verdict.rule
    failing = next((s for s in steps if s.favours is False), None) or next((s for s in steps if s.favours is None), None)
    naming = next(
        (s for s, c in zip(steps, verdict.conditions, strict=True) if any(t.how == "capture" for t in c.condition.tests)), None
    )
    deciding = failing or naming or (steps[-1] if steps else None)
    return RuleStep(rule.name, str(rule.place), _target(rule), rule.strength, verdict.holds, deciding, steps)


def _facts(item: Item, dimensions: Dimensions, *, over: bool) -> dict[str, Any]:
    """``over``: it is closed. A card that is not has a date of its list, too, which is no date of its end."""
    listed = dimensions.statuses.get((item.source, item.status_id)) if item.status_id else None
    sprints = [dimensions.sprints.get((item.source, s)) for s in item.sprints]
    places = [(c, dimensions.containers.get((item.source, c))) for c in item.containers]
    return {
        "type": item.type,
        "level": item.level,
        "project": [p.key or p.name if p else c for c, p in places if p is None or p.within is None],
        **({"section": sections} if (sections := [p.name for _, p in places if p is not None and p.within]) else {}),
        "status": item.status,
        "status_id": item.status_id,
        "status_category": item.category,
        "status_list_category": listed.category if listed else None,
        "resolution": item.resolution,
        "estimate": item.estimate,
        "amount": item.amount,
        "currency": item.currency,
        "labels": list(item.labels),
        "components": list(item.components),
        "sprints": [f"{s.name} ({s.state})" if s else id_ for s, id_ in zip(sprints, item.sprints, strict=True)],
        "created": iso(item.created_at),
        "updated": iso(item.updated_at),
        "done": iso(item.done_at) if over else None,
        "started": iso(item.started_at),
        "due": item.due,
        "stages": {name: iso(at) for name, at in item.stages.items()},
        "parent": item.parent_ref,
        "presence": item.presence,
        "fields": dict(item.fields),
        "former_keys": list(item.aliases),
    }


def unit_rows(
    evaluated: Evaluated,
    key_result: KeyResult,
    node: NodeResult,
    attached: list[tuple[Item, Unit, Attachment]],
    ancestors: MappingABC[int, str],
    runs: MappingABC[int, str],
) -> tuple[UnitRow, ...]:
    """Every attached item of a key result: counted ones first, then those left out, each with its weight or reason."""
    means = {int(level): Fraction(text) for level, text in node.details.get("means", {}).items()}
    rows = []
    for item, unit, attachment in attached:
        share = next(s for s in attachment.shares if s.kind == "key_result" and fold(s.id) == unit.key_result)
        rule = evaluated.mapping.rules[share.rule]
        rows.append(
            UnitRow(
                source=item.source, id=item.id, key=item.key, title=words.title_of(evaluated.mapping, item),
                url=item.url, level=item.level,
                state=unit.state, part=unit.part, counts=unit.counts, why="" if unit.counts else words.WHY[unit.why],
                estimate=unit.estimate if key_result.by != "count" else estimate_of(item.estimate), below=unit.below,
                weight=_weight(key_result, unit, means) if unit.counts else None,
                raw_estimate=item.estimate, raw_status=item.status,
                via=ancestors.get(attachment.via) if attachment.via is not None and attachment.via != item.no else None,
                rule=rule.name, place=str(rule.place), named=share.named, run=runs.get(item.no),
            )
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda r: (not r.counts, r.source, _natural(r.key or r.id))))


def _weight(key_result: KeyResult, unit: Unit, means: MappingABC[int, Fraction]) -> Fraction:
    if key_result.by == "count":
        return unit.part
    if unit.estimate is not None:
        return unit.part * Fraction(unit.estimate)
    return unit.part * (means[unit.level] if key_result.missing == "mean" else Fraction(key_result.missing))


def _natural(key: str) -> tuple[str, int]:
    head, _, tail = key.rpartition("-")
    return (head, int(tail)) if tail.isdigit() else (key, 0)
