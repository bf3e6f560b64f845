"""The sentences of the read side: why a number is what it is, why an item counts or does not. Pure."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from fractions import Fraction
from typing import Any

from hub.model import Attachment, Item, KeyResult, Mapping, NodeResult, Objective, fold

WHY = {
    "covered": "counted through the items beneath it, or by the item above it",
    "dropped": "dropped work leaves both sides",
    "before_cycle": "it was done before the cycle began",
    "after_cycle": "it was created after the cycle ended",
    "undated": "it was already done when first seen, without a date, so it belongs to no cycle",
    "level": "it stands under the level that this key result counts",
}
COUNTED = {"epic": "epics", "story": "stories", "leaf": "items without items beneath them", None: "stories and childless epics"}


def number(value: Fraction) -> str:
    """A fraction to read: at most two decimals, without trailing zeros."""
    text = f"{float(value):.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: Fraction | None) -> str:
    """``43.8 %``, or ``unmeasured``: never 0 % for what nobody measured."""
    if value is None:
        return "unmeasured"
    if 0 < value < Fraction(1, 1000):
        return "< 0.1 %"  # something was done, and something is left: neither is rounded away
    if Fraction(999, 1000) < value < 1:
        return "> 99.9 %"
    text = f"{float(value) * 100:.1f}"
    return f"{text.removesuffix('.0')} %"


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def title_of(mapping: Mapping, item: Item) -> str:
    """The title for a page or list; a private rule leaves none in the store."""
    return item.title or ("(private)" if any(rule.private for rule in mapping.rules) else "(no title)")


def objective_note(objective: Objective) -> str:
    """What must be known of an objective beside its figure: why it exists, or that it does not count yet or any more."""
    said = "" if objective.state == "agreed" else f"{objective.state}: not rolled up"
    kind, name = objective.anchor or ("", "")
    why = "homework: no anchor says why it exists" if not kind else f"supports {name}" if kind == "supports" else ""
    return "; ".join(text for text in (said, why) if text)


_STILL = {
    "access_lost": "the account no longer sees some of its work",
    "unobserved": "some of its work is in a project that the configuration no longer names",
    "held": "some of its work is missing, which waits for approval",
    "changed": "nearly all of a project changed at once, which waits for approval",
    "changing": "much of a project changes, and it was not read to its end yet",
    "rejected": "too much of a project cannot be understood",
}


def standing_still(details: MappingABC[str, Any]) -> str | None:
    """Why a key result keeps its last number, as the end of a sentence; None where it does not."""
    frozen = details.get("frozen")
    return None if frozen is None else " and ".join(_STILL.get(why, why) for why in frozen["why"])


def rollup_sentence(name: str, node: NodeResult, still: int = 0) -> str:
    """``still``: how many of its own key results stand still."""
    if node.progress is None:
        return f"{name} is unmeasured: none of its {plural(node.key_results, 'key result')} is measured."
    stand = "" if not still else f" {still} of them {'stands' if still == 1 else 'stand'} still (`anchorline status`)."
    return f"{name} is at {percent(node.progress)}, from {node.measured} of {plural(node.key_results, 'key result')}.{stand}"


def rollup_formula(node: NodeResult, children: tuple[dict[str, Any], ...]) -> str:
    terms = [f"{c['weight']} x {percent(c['progress'])}" for c in children if c["progress"] is not None]
    if not terms or node.progress is None:
        return "weighted mean of the measured children; none is measured"
    weights = number(node.total)
    return f"({' + '.join(terms)}) / {weights} = {percent(node.progress)}"


def policy_words(key_result: KeyResult) -> str:
    counts = COUNTED[key_result.level] if key_result.by == "count" or key_result.level else "the lowest items with an estimate"
    policy = "the mean of the others" if key_result.missing == "mean" else key_result.missing
    missing = "" if key_result.by == "count" else f"; without an estimate: {policy}"
    return f"counts {counts} by {key_result.by}{missing}"


def target_name(mapping: Mapping, cycle: str, kind: str, id_: str) -> str:
    """The name that people gave a target, or its id."""
    if kind == "key_result" and (found := mapping.key_results.get((cycle, fold(id_)))):
        return found.name
    if kind == "allowance" and (allowance := mapping.allowances.get(fold(id_))):
        return allowance.name
    return id_


def item_name(item: Item) -> str:
    return item.key or item.id


_LEFT = {
    "deleted": "was deleted at the vendor's",
    "trashed": "is in the vendor's trash",
    "merged": "was merged into another item, which counts in its place",
    "out_of_scope": "lies in a project that is not read",
}


def left_sentence(item: Item) -> str:
    """Of an item that takes part in no calculation any more."""
    return f"{item_name(item)} {_LEFT.get(item.presence, 'has left')}: it counts nowhere."


def outcome_sentence(mapping: Mapping, item: Item, attachment: Attachment, via: Item | None) -> str:
    """Where an item belongs and by what, in one sentence."""
    name = item_name(item)
    through = f", inherited from {item_name(via)}" if via is not None and via.no != item.no else ""
    shares = attachment.shares
    targets = [f"{s.id} ({target_name(mapping, attachment.cycle, s.kind, s.id)})" for s in shares]
    if attachment.outcome == "duplicate":
        return f"{name} is a duplicate of {item_name(via) if via is not None else 'another item'}, which stands for it."
    if attachment.outcome == "unanchored":
        return f"{name} serves no key result: no rule matches it or an item above it."
    if attachment.outcome == "broken":
        return f"{name} names {_broken(attachment)}{through}; nothing gets credit until that is mended."
    if attachment.outcome == "contested":
        claims = " and ".join([*dict.fromkeys(targets), *([f"by name ({_broken(attachment)})"] if attachment.broken else [])])
        return f"{name} is claimed with equal strength {attachment.strength} by {claims}{through}; none of them gets credit."
    if attachment.outcome == "ignored":
        return f"{name} is ignored{through}: {shares[0].id}."
    if attachment.outcome == "allowance" and len(shares) == 1:
        return f"{name} is run-the-business work under {targets[0]}{through}."
    parts = [t if s.part == 1 else f"{s.part} to {t}" for s, t in zip(shares, targets, strict=True)]
    lost = f"; the rest names {_broken(attachment)}" if attachment.broken else ""
    verb = "serves" if len(parts) == 1 and not lost else "gives"
    return f"{name} {verb} {' and '.join(parts)}{through}{lost}."


def _broken(attachment: Attachment) -> str:
    said = []
    for text, id_, near in attachment.broken:
        said.append(f"{text!r}, but there is no key result {id_!r}" + (f" (did you mean {near!r}?)" if near else ""))
    return " and ".join(said)
