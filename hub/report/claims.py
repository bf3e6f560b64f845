"""What competed for an item, and why each claim won or lost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.credit import Credit
from hub.model import Attachment, Item, Mapping, fold
from hub.report import words
from hub.report.values import ClaimStep
from hub.rules import Claim, Context, RuleVerdict


def claim_steps(
    mapping: Mapping,
    attachment: Attachment,
    chain: Sequence[Item],
    verdicts: Sequence[Iterable[RuleVerdict]],
    contexts: Sequence[Context],
) -> tuple[ClaimStep, ...]:
    """Every claim of an item and of its ancestors in the cycle of ``attachment``, winners first, then the stronger and nearer.

    ``chain`` is the item and what stands above it, with what the rules say of each. A duplicate, and what stands above one, hands
    nothing down.
    """
    credit = Credit(mapping)
    found: list[tuple[tuple[bool, int, int, int], ClaimStep]] = []
    for distance, (item, told, context) in enumerate(zip(chain, verdicts, contexts, strict=True)):
        if item.duplicate_of is not None:
            break
        for claim in (c for verdict in told for c in verdict.claims):
            meaning = credit.meaning(attachment.cycle, claim, context.team)
            result, why = _judged(mapping, attachment, claim, distance, item, meaning)
            rule = mapping.rules[claim.rule]
            step = ClaimStep(
                words.item_name(item), distance, _target(mapping, claim), claim.named, rule.name, str(rule.place), claim.strength,
                result, why,
            )  # fmt: skip
            order = (result not in ("wins", "contested", "broken"), -claim.strength, distance, claim.rule)
            found.append((order, step))
    return tuple(step for _, step in sorted(found, key=lambda each: each[0]))


def _judged(mapping: Mapping, attachment: Attachment, claim: Claim, distance: int, item: Item, meaning: str) -> tuple[str, str]:
    """How a claim ended, and the sentence that says why."""
    if meaning == "dormant":
        return "dormant", f"{attachment.cycle} has no such key result"
    if meaning == "refused":
        return "refused", "the key result does not accept work of its team"
    if claim.strength < attachment.strength:
        return "weaker", f"strength {claim.strength} gives way to {attachment.strength}"
    if item.no != attachment.via:
        return "farther", f"of the same strength, and {distance} above; the nearer one goes first"
    if meaning == "broken":
        return "broken", "no key result has this id"
    if attachment.outcome == "contested":
        return "contested", "others claim it with the same strength"
    return "wins", "nothing is stronger" if distance == 0 else "nothing is stronger, and nothing as strong is nearer"


def _target(mapping: Mapping, claim: Claim) -> str:
    if claim.split:
        return ", ".join(f"{part} to {_declared(mapping, id_)}" for id_, part in claim.split)
    return f"ignore: {claim.id}" if claim.kind == "ignore" else _declared(mapping, claim.id)


def _declared(mapping: Mapping, id_: str) -> str:
    key_result = next((k for (_, at), k in mapping.key_results.items() if at == fold(id_)), None)
    allowance = mapping.allowances.get(fold(id_))
    return key_result.id if key_result else allowance.id if allowance else id_
