"""Why a key result, objective or pillar has its number: everything that is needed to calculate it again."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from hub.assess import assess
from hub.model import STAYS, Attachment, Item, NodeResult, Unit
from hub.progress import Tally, tally
from hub.progress.completion import completion
from hub.report import kind_words, words
from hub.report.beside import NeedRow
from hub.report.evidence import Evidence, Link
from hub.report.explain import Evaluated, unit_rows
from hub.report.tree import unit_of
from hub.report.values import NodeExplanation, SourceAge
from hub.scale import Verdict
from hub.scale.verdict import unclamped
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
    if _is_work_of(evaluated, node, [unit for _, unit, _ in found]):
        then = {i.no: i for i in reader.items(nos=[i.no for i, _, _ in found], as_of=evaluated.seq)}
        return [(then.get(i.no, i), u, a) for i, u, a in found]
    items = {i.no: i for i in reader.items(as_of=evaluated.seq)}
    result = assess(evaluated.mapping, items.values(), evaluated.dimensions, evaluated.as_of)
    belongs = {a.no: a for a in result.attachments if a.cycle == node.cycle}
    return [(items[u.no], u, belongs[u.no]) for u in result.units if (u.cycle, u.key_result) == (node.cycle, node.id)]


def _is_work_of(evaluated: Evaluated, node: NodeResult, units: list[Unit]) -> bool:
    """Whether units give the figure of a key result; of one that is measured otherwise, the work beside it."""
    work = work_of(evaluated, node, units)
    if evaluated.mapping.key_results[node.cycle, node.id].kind == "completion":
        return work == node
    said = node.details.get("work", {"units": 0, "done_units": 0, "left_out": {}})
    return all(work.details[name] == said[name] for name in ("units", "done_units", "left_out"))


def work_of(evaluated: Evaluated, node: NodeResult, units: Iterable[Unit]) -> NodeResult:
    """What the units of a key result come to as completion, whatever its kind."""
    key_result = evaluated.mapping.key_results[node.cycle, node.id]
    return completion(key_result, tally(units).get((node.cycle, node.id)) or Tally())


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a node beside its figure."""

    verdict: Verdict | None = None
    evidence: Evidence | None = None
    links: tuple[Link, ...] = ()
    run: MappingABC[str, Any] = field(default_factory=dict)
    sources: tuple[SourceAge, ...] = ()
    needs: tuple[NeedRow, ...] = ()


def node_explanation(
    evaluated: Evaluated,
    node: NodeResult,
    children: list[NodeResult],
    attached: Attached,
    names: MappingABC[int, str],
    runs: MappingABC[int, str],
    told: Told,
) -> NodeExplanation:
    """The explanation of a node; ``names`` are the keys of ancestors, ``runs`` the run that last wrote each item."""
    verdict = told.verdict
    common: dict[str, Any] = {
        "kind": node.kind, "cycle": node.cycle, "seq": evaluated.seq, "as_of": evaluated.as_of,
        "mapping_hash": evaluated.mapping.hash,
        "progress": node.progress, "done": node.done, "total": node.total, "key_results": node.key_results,
        "measured": node.measured, "run": told.run, "sources": told.sources, "links": told.links,
        "status": verdict.status if verdict else "", "why": verdict.why if verdict else "",
        "expected": verdict.expected if verdict else None, "unclamped": unclamped(node),
    }  # fmt: skip
    if node.kind == "key_result":
        key_result = evaluated.mapping.key_results[node.cycle, node.id]
        work = work_of(evaluated, node, (unit for _, unit, _ in attached))
        rows = unit_rows(evaluated, key_result, work, attached, names, runs)
        unit = unit_of(evaluated.mapping.metrics, key_result, node)
        parts = tuple((str(part.weight), part.progress) for part in told.evidence.parts) if told.evidence else ()
        return NodeExplanation(
            id=key_result.id,
            name=key_result.name,
            place=str(key_result.place),
            sentence=kind_words.sentence(key_result, node, unit),
            formula=kind_words.formula(key_result, node, unit, parts),
            policy={
                "kind": key_result.kind, "by": key_result.by, "level": key_result.level, "missing": key_result.missing,
                "before_cycle": key_result.before_cycle, "means": work.details["means"],
                "in_words": words.policy_words(key_result), "objective": key_result.objective,
                "ambition": key_result.ambition, "judge": key_result.judge if key_result.kind in STAYS else None,
            },
            units=rows,
            units_total=len(rows),
            evidence=told.evidence,
            needs=told.needs,
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
