"""Rules: which work serves which key result. From ``[[rule]]`` blocks to values."""

from __future__ import annotations

from datetime import date

from hub.mappings import grammar_rules as g
from hub.mappings.braces import unexplained
from hub.mappings.conditions import Read, read_lines
from hub.mappings.draft import Draft
from hub.mappings.expressions import check_expressions
from hub.mappings.line import KEY_RESULT, TEAM, kind_of
from hub.mappings.patterns import read_patterns
from hub.mappings.status_map import read_status_map
from hub.mappings.targets import Reach, Target, check_fence, check_split, check_template, read_target
from hub.mappings.templates import blocks
from hub.model import BY_KEY, FALLBACK, NAMED, ORDINARY, Rule, fold
from hub.tomlfile import Table


def read_rules(draft: Draft) -> None:
    """Read all rules, in the order of files and lines, and what the sources' words mean. The strategy must have been read."""
    reach = Reach(draft)
    expressions: list[Table] = []
    for table in blocks(draft, "rule"):
        _rule(draft, table, reach)
        if "expr" in table:
            expressions.append(table)
    check_expressions(expressions)
    read_status_map(draft)
    read_patterns(draft)


def _rule(draft: Draft, table: Table, reach: Reach) -> None:
    before = len(draft.problems)
    table.only(g.RULE, others=g.RULE_OTHERS)
    name, fallback, private = table.text("name"), table.flag("fallback"), table.flag("private")
    when, unless = read_lines(draft, table, "when"), read_lines(draft, table, "unless")
    _takes_all(table)
    target = read_target(draft, table)
    priority = table.whole("priority", g.PRIORITIES[0], g.PRIORITIES[-1])
    starts, ends = table.day("starts"), table.day("ends")
    expr, fence = table.text("expr", 'Write a condition in CEL: expr = "size(labels) > 2".'), draft.fence(table)
    if private:
        _private(table, (*when, *unless))
    if unexplained(table):
        return  # reported by ``check_braces``; what follows from it is not worth a second message
    if starts is not None and ends is not None and ends < starts:
        table.problem("ends", "The rule ends before it starts.", "Exchange the two dates, or correct the year.")
    if fallback and "priority" in table:
        text = "A rule has `priority` or `fallback`, not both."
        table.problem("priority", text, "Remove one of the two; a fallback is as weak as priority 0.")
    if target is not None and not _failed(draft, before):  # nor is what a mistake above leads to
        _consistent(table, target, when, fallback)
        if fence is not None:
            check_fence(draft, table, target, fence, reach)
    if target is None or _failed(draft, before):
        return
    _surprises(draft, table, target, when, (starts, ends), reach)
    conditions = tuple(line.condition for line in when)
    usual = NAMED if target.template else FALLBACK if fallback else ORDINARY
    if usual == ORDINARY and any(c.field == "key" for c in conditions):
        usual = BY_KEY
    rule = Rule(
        len(draft.rules), name or str(table.place), conditions, target.kind, target.id,
        usual if priority is None else priority, table.place,
        tuple(line.condition for line in unless), target.template, target.split, starts, ends, private, fence, expr,
    )  # fmt: skip
    draft.rules.append(rule)


def _failed(draft: Draft, before: int) -> bool:
    """Whether a mistake was found since."""
    return any(not p.warning for p in draft.problems[before:])


def _takes_all(table: Table) -> None:
    when = table.values.get("when")
    if when or "when" in table.suggested or "expr" in table or (when is not None and not isinstance(when, dict)):
        return
    text = f"The rule has no `when`, so it would take all work{' that `unless` leaves' if 'unless' in table else ''}."
    remedy = 'Add a line such as when.project = "CORE".'
    if table.row:
        remedy = "Fill in the cells that `when` is made of, or leave the row out."
    table.problem("when" if "when" in table else (), text, remedy)


def _private(table: Table, lines: tuple[Read, ...]) -> None:
    """A private rule is judged when an item is read, before its title is stored: it may read what is known then."""
    known = f"Use {', '.join(g.PRIVATE[:-1])} or {g.PRIVATE[-1]}."
    for line in lines:
        field, shown = line.condition.field, f"{line.keys[0]}.{line.condition.field}"
        if not (field in g.PRIVATE or field.startswith("field.")):
            table.problem(line.keys, f"`{shown}` cannot stand in a private rule: it is not known when an item is read.", known)
        for right in (c.right for t in line.condition.tests for c in t.comparisons if c.op not in ("regex", "empty")):
            if isinstance(right, str) and not right.startswith("field."):
                text = f"A private rule cannot compare with `{right}`: it is not known when an item is read."
                table.problem(line.keys, text, "Compare with a number, a day or a field of your own.")
    if "expr" in table:
        text = "`expr` cannot stand in a private rule: what it reads is not known when an item is read."
        table.problem("expr", text, "Say it in `when` lines.")


def _consistent(table: Table, target: Target, when: list[Read], fallback: bool) -> None:
    """What the item names must be what `to` is made of."""
    uses = target.uses
    naming = [line for line in when if line.captures]
    for placeholder in uses:
        if not any(placeholder in line.captures for line in naming):
            example = f'when.label = "kr:{KEY_RESULT}"' if placeholder == KEY_RESULT else f'when.field.team = "{TEAM}"'
            table.problem("to", f"No line of `when` says where {placeholder} comes from.", f"Add one such as {example}.")
            return
    for line in naming:
        idle = [c for c in line.captures if c not in uses]
        if idle and (KEY_RESULT in idle or len(idle) == len(line.captures)):
            key = "to" if target.kind == "key_result" else target.kind
            _idle(table, line, idle[0], key)
            return
    for placeholder in uses:
        twice = [line for line in naming if placeholder in line.captures]
        if len(twice) > 1:
            table.problem(twice[1].keys, f"Two lines of the rule hold {placeholder}.", "Write one rule for each of them.")
            return
    if naming and fallback:
        text = "A rule by which work names its key result cannot be a fallback."
        table.problem("fallback", text, "Remove the line `fallback`.")


def _idle(table: Table, line: Read, placeholder: str, key: str) -> None:
    remedy = f'Write to = "{KEY_RESULT}"; it covers allowances too.'
    if placeholder == TEAM:
        remedy = f'Make `to` of it, such as to = "{TEAM}-{KEY_RESULT}", or write {{ empty = false }} for any value.'
    table.problem(line.keys, f"The line finds a {placeholder}, but `{key}` does not use it.", remedy)


# ---- what is right and will surprise --------------------------------------------------------------------------------------


def _surprises(
    draft: Draft, table: Table, target: Target, when: list[Read], life: tuple[date | None, date | None], reach: Reach
) -> None:
    for line in when:
        field = line.condition.field
        if line.condition.tests[0].folded.strip("*") in (KEY_RESULT, TEAM) and line.captures and kind_of(field) == "text":
            what = "a key result" if KEY_RESULT in line.captures else "a team"
            text = f"Every {field} of every item is taken for the id of {what}."
            table.problem(line.keys, text, f'Put a prefix before it: when.{field} = "kr:{line.captures[0]}".', warning=True)
    if target.template:
        check_template(draft, table, target.template)
    check_split(table, target, reach)
    _life(draft, table, target, life, reach)


def _life(draft: Draft, table: Table, target: Target, life: tuple[date | None, date | None], reach: Reach) -> None:
    """A rule whose days have nothing in common with the cycles of what it points to."""
    first, last = life[0] or date.min, life[1] or date.max
    ids = [id for id, _ in target.split] or ([target.id] if target.id and target.kind == "key_result" else [])
    for id in ids:
        cycles = [c for name in reach.homes(id) if (c := draft.cycles.get(fold(name)))]
        if cycles and all(c.ends < first or last < c.starts for c in cycles):
            days = " ".join(f"{word} {day}" for word, day in (("from", life[0]), ("until", life[1])) if day)
            named = " and ".join(sorted(f'"{c.id}"' for c in cycles))
            text = f'The rule lives {days}, but the key result "{id}" in {named} only.'
            table.problem("starts" if life[0] else "ends", text, "Correct the days, or remove them.", warning=True)
            return
