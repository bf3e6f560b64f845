"""Why an item belongs where it does: from the sentence down to the vendor's raw values and the run that read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.cli.render.text import BAD, BOLD, DIM, KEY, WARN, clean, columns, count, heading, linked, name_of, share, words
from hub.report.evidence import ReadBy
from hub.report.values import ClaimStep, ConditionStep, ItemExplanation, RuleStep

SEEN = 4
"""Values of an item shown per condition; --json has all."""
NEAR = 3
"""Rules that do not match, as many as are shown unless all are asked for."""
_ONLY_ON = {"level", "former_keys", "parent", "amount", "currency", "started", "due"}
_INTERNAL = ("status_id",)
_ALONE = {"[file] team", "starts", "ends", "expr"}
"""Lines of a rule that are not one of its `when`s"""
_FACTS = {
    "status_category": "status category (on the item)",
    "status_list_category": "status category (status list)",
    "status_id": "status id",
    "former_keys": "former keys",
}


def item(value: ItemExplanation, every_rule: bool) -> Group:
    """The whole explanation of one item in one cycle."""
    parts: list[RenderableType] = [_head(value), Text()]
    if value.what_if:
        parts.append(Text(f"If it had the label {' and '.join(map(clean, value.what_if))}, too:", WARN))
    parts.append(Text(clean(value.sentence), BOLD))
    if value.what_if:
        same = value.sentence == value.before and not value.moved
        if value.moved:
            parts.append(Text(f"{count(value.moved, 'item')} beneath it would move with it."))
        parts.append(Text("That would change nothing here." if same else f"As it is: {clean(value.before)}", DIM))
    if len(value.chain) > 1:
        parts.append(words(("It stands under ", DIM), ", under ".join(map(clean, value.chain[1:]))))
    for name, body in _sections(value, every_rule):
        parts += [Text(), heading(name), Padding(body, (0, 0, 0, 2))]
    return Group(*parts)


def _head(value: ItemExplanation) -> Group:
    first = linked(name_of(value.key, value.id), value.url, f"bold {KEY}") + Text(f"  {clean(value.title)}")
    active = "active" if value.active else "not active"
    told = [clean(value.source), clean(value.cycle), value.state, active, clean(value.team or "no team")]
    about = Text(" · ".join(told), DIM)
    return Group(first, about, Text(clean(value.url), DIM)) if value.url else Group(first, about)


def _sections(value: ItemExplanation, every_rule: bool) -> Iterator[tuple[str, RenderableType]]:
    if value.shares:
        credit = {"contested": "Claims", "ignored": "Ignored"}.get(value.outcome, "Credit")
        by = f", inherited from {clean(value.via)}" if value.via else ""
        yield f"{credit} (strength {value.strength}{by})", _shares(value)
    if value.units:
        yield "How it counts", _units(value)
    if value.read_by:
        yield "Measured by, which claims nothing", Group(*(_reader(each) for each in value.read_by))
    lost = [claim for claim in value.claims if claim.result not in ("wins", "contested", "broken")]
    if lost:
        yield "Claims that lost", Group(*(_claim(claim) for claim in lost))
    matching = [rule for rule in value.rules if rule.holds]
    if matching:
        yield "Rules that match it", Group(*(_rule(rule) for rule in matching))
    for key, rules in value.inherited:
        yield f"Rules that match {clean(key)}, above it", Group(*(_rule(rule) for rule in rules))
    if len(matching) < len(value.rules):
        yield "Rules that do not match it, the nearest first", Group(*_others(value, every_rule))
    if value.related:
        yield "Related", Group(*(Text(clean(text)) for text in value.related))
    if value.findings:
        yield "To be looked at", Group(*(Text(clean(text), WARN) for text in value.findings))
    hidden = () if every_rule else _INTERNAL
    yield "What the vendor says", _facts({name: fact for name, fact in value.facts.items() if name not in hidden})
    if value.run:
        yield "Read by", run(value.run)


def _shares(value: ItemExplanation) -> Group:
    rows: list[RenderableType] = []
    who = clean(value.via) if value.via else "the item itself"
    for step in value.shares:
        part = "no credit" if value.outcome == "contested" else share(step.part)
        name = f"  {clean(step.name)}" if step.name != step.id else ""
        rows.append(words((part, BOLD), "  ", (clean(step.id), KEY), name))
        named = f', because {who} says "{clean(step.named)}"' if step.named else ""
        rows.append(Padding(Text(f"by rule {clean(step.rule)}, {clean(step.place)}{named}", DIM), (0, 0, 0, 2)))
    return Group(*rows)


def _reader(value: ReadBy) -> Text:
    """What reads it, what it adds, and in which key results that counts."""
    counts = f"in {', '.join(map(clean, value.key_results))}" if value.key_results else "in no key result"
    why = f"; {clean(value.why)}" if value.why else ""
    return words(
        clean(value.sentence), "  " if value.step is None else "", (f"{counts}{why}" if value.step is None else why, DIM)
    )


def _claim(claim: ClaimStep) -> Group:
    """Who claims it, for what, and why that did not win."""
    of = "its own" if claim.distance == 0 else clean(claim.item)
    head = words((clean(claim.target), KEY), f"  {clean(claim.why)}")
    return Group(head, Padding(Text(f"{of}, by rule {clean(claim.rule)}, {clean(claim.place)}", DIM), (0, 0, 0, 2)))


def _units(value: ItemExplanation) -> Group:
    rows = []
    for step in value.units:
        said = f"counts, with a part of {share(step.part)}" if step.counts else f"does not count: {clean(step.why)}"
        rows.append(words((clean(step.key_result), KEY), f"  {said}"))
    return Group(*rows)


# ---- rules --------------------------------------------------------------------------------------------------------------


def _others(value: ItemExplanation, every_rule: bool) -> Iterator[RenderableType]:
    others = [rule for rule in value.rules if not rule.holds]
    shown = others if every_rule else _near(others, value.outcome == "unanchored")
    for rule in shown:
        yield _rule(rule)
    rest = len(others) - len(shown)
    if rest:
        verb = "does" if rest == 1 else "do"
        yield Text(f"{count(rest, 'more rule' if shown else 'rule')} {verb} not match; --all shows every rule.", DIM)


def _near(rules: list[RuleStep], fill: bool) -> list[RuleStep]:
    """Those of which at least one line holds, the most complete first; for loose work also the strongest of the others."""
    near = [rule for rule in rules if any(c.favours for c in rule.conditions)]
    near.sort(key=lambda rule: sum(not c.favours for c in rule.conditions))
    if fill:
        near += sorted((rule for rule in rules if rule not in near), key=lambda rule: -rule.strength)
    return near[:NEAR]


def _rule(rule: RuleStep) -> Group:
    """The rule, and the line that decided."""
    name, strength = f"  {clean(rule.name)} → ", (f"  strength {rule.strength}", DIM)
    head = words((clean(rule.place), DIM), name, (clean(rule.target), KEY), strength)
    return Group(head, Padding(_condition(rule.deciding), (0, 0, 0, 2))) if rule.deciding else Group(head)


def _condition(step: ConditionStep) -> Text:
    wanted = ", ".join(clean(w) for w in step.wanted)
    saw = ", ".join(f'"{clean(v)}"' for v in step.values[:SEEN]) or "nothing"
    saw += f" and {len(step.values) - SEEN} more" if len(step.values) > SEEN else ""
    verdict = {True: "holds", False: "does not hold", None: "cannot be evaluated"}[step.holds]
    style = {True: "green", False: BAD, None: WARN}[step.favours]
    why = "the source has no such field" if step.holds is None else f"the item has {saw}"
    line = ("unless." if step.negated else "" if step.field in _ALONE else "when.") + clean(step.field)
    return words(f"{line} = {wanted} ", (verdict, style), f": {why}", (f"  ({clean(step.place)})", DIM))


# ---- raw values ---------------------------------------------------------------------------------------------------------


def _facts(facts: Mapping[str, Any]) -> Table:
    table = columns()
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if isinstance(value, Mapping):
            for inner, text in value.items():
                table.add_row(Text(f"{name}.{clean(inner)}"), _fact(text))
        elif value not in (None, "", []) or name not in _ONLY_ON:
            table.add_row(Text(_FACTS.get(name, clean(name.replace("_", " ")))), _fact(value))
    return table


def _fact(value: Any) -> Text:
    if value in (None, "", [], ()):
        return Text("none", DIM)
    return Text(", ".join(map(clean, value)) if isinstance(value, list | tuple) else clean(value))


def run(value: Mapping[str, Any]) -> Text:
    """The run behind a value, in one line."""
    started = value.get("started_at")
    when = f", began {clean(moment_of(started))}" if started else ""
    result = f", {clean(value['result'])}" if value.get("result") else ""
    source = f" of {clean(value['source'])}" if value.get("source") else ""
    return words(f"run {clean(value.get('id', '?'))}{source}{when}{result}")


def moment_of(value: Any) -> str:
    """An instant of a loose mapping: milliseconds, or ISO 8601 as it is."""
    from hub.cli.render.text import moment

    return moment(value) if isinstance(value, int) else str(value)
