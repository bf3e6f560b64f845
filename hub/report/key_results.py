"""Why a key result, objective or pillar has its number: everything that is needed to calculate it again."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from fractions import Fraction
from typing import Any

from hub.assess import assess
from hub.model import Attachment, Item, NodeResult, Unit
from hub.progress import Tally, key_result_node, tally
from hub.report import words
from hub.report.explain import Evaluated, unit_rows
from hub.report.values import NodeExplanation, SourceAge
from hub.store.read import Reader

PAGE = 1_000
Attached = list[tuple[Item, Unit, Attachment]]


def attached_to(reader: Reader, evaluated: Evaluated, node: NodeResult) -> Attached:
    """All items attached to a key result as of the evaluation that is explained.

    Links are kept for the present only. When they no longer give the snapshot's number, because the next evaluation is under
    way, the evaluation is repeated over the items as of its seq.
    """
    found: Attached = []
    after = 0
    while rows := reader.links(node.cycle, "key_result", node.id, after=after, limit=PAGE):
        found += [(row.item, row.unit, row.attachment) for row in rows if row.unit is not None]
        after = rows[-1].item.no
    key_result = evaluated.mapping.key_results[node.cycle, node.id]
    if key_result_node(key_result, tally(u for _, u, _ in found).get((node.cycle, node.id)) or Tally()) == node:
        then = {i.no: i for i in reader.items(nos=[i.no for i, _, _ in found], as_of=evaluated.seq)}
        return [(then.get(i.no, i), u, a) for i, u, a in found]
    items = {i.no: i for i in reader.items(as_of=evaluated.seq)}
    result = assess(evaluated.mapping, items.values(), evaluated.dimensions, evaluated.as_of)
    belongs = {a.no: a for a in result.attachments if a.cycle == node.cycle}
    return [(items[u.no], u, belongs[u.no]) for u in result.units if (u.cycle, u.key_result) == (node.cycle, node.id)]


def node_explanation(
    evaluated: Evaluated,
    node: NodeResult,
    children: list[NodeResult],
    attached: Attached,
    names: MappingABC[int, str],
    runs: MappingABC[int, str],
    run: MappingABC[str, Any],
    sources: tuple[SourceAge, ...],
) -> NodeExplanation:
    """The explanation of a node; ``names`` are the keys of ancestors, ``runs`` the run that last wrote each item."""
    common: dict[str, Any] = {
        "kind": node.kind, "cycle": node.cycle, "seq": evaluated.seq, "as_of": evaluated.as_of,
        "mapping_hash": evaluated.mapping.hash,
        "progress": node.progress, "done": node.done, "total": node.total, "key_results": node.key_results,
        "measured": node.measured, "run": run, "sources": sources,
    }  # fmt: skip
    if node.kind == "key_result":
        key_result = evaluated.mapping.key_results[node.cycle, node.id]
        rows = unit_rows(evaluated, key_result, node, attached, names, runs)
        return NodeExplanation(
            id=key_result.id,
            name=key_result.name,
            place=str(key_result.place),
            sentence=words.key_result_sentence(key_result, node),
            formula=words.key_result_formula(key_result, node),
            policy={
                "kind": key_result.kind, "by": key_result.by, "level": key_result.level, "missing": key_result.missing,
                "before_cycle": key_result.before_cycle, "means": node.details.get("means", {}),
                "in_words": words.policy_words(key_result), "objective": key_result.objective,
            },
            units=rows,
            units_total=len(rows),
            **common,
        )  # fmt: skip
    below = tuple(_child(evaluated, child, said) for child, said in zip(children, node.details["children"], strict=True))
    name, place = _who(evaluated, node)
    return NodeExplanation(
        id=node.id,
        name=name,
        place=place,
        sentence=words.rollup_sentence(name, node, sum("frozen" in child.details for child in children)),
        formula=words.rollup_formula(node, below),
        policy={},
        children=below,
        **common,
    )


def _who(evaluated: Evaluated, node: NodeResult) -> tuple[str, str | None]:
    if node.kind == "objective":
        objective = evaluated.mapping.objectives[node.id]
        return objective.name, str(objective.place)
    if node.kind == "pillar":
        pillar = evaluated.mapping.pillars[node.id]
        return pillar.name, str(pillar.place)
    if node.kind == "key_result":
        key_result = evaluated.mapping.key_results[node.cycle, node.id]
        return key_result.name, str(key_result.place)
    return "Company", None


def _child(evaluated: Evaluated, child: NodeResult, said: MappingABC[str, Any]) -> dict[str, Any]:
    """A child as it is taken: ``without`` are key results of it that count elsewhere, ``progress`` is then what is left."""
    name, place = _who(evaluated, child)
    without = said.get("without", [])
    left = None if not without or said["progress"] is None else Fraction(said["progress"])
    return {
        "kind": child.kind, "id": child.id, "cycle": child.cycle, "name": name, "weight": said["weight"],
        "progress": left if without else child.progress, "without": without,
        "key_results": child.key_results, "measured": child.measured, "place": place,
    }  # fmt: skip
