"""The mapping files as texts, with the figures that led to them as comments. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

from hub.looking.families import FEW
from hub.looking.goals import Convention, Goal, Goals, Group
from hub.looking.rules import KTLO, RuleFigures, Rules
from hub.looking.statuses import StatusFigures
from hub.looking.teams import TeamRow, Teams
from hub.looking.text import beside, clean, comment, commented, comments, name_of, named, several, share, short
from hub.tomlfile.write import key, value

STRATEGY, STATUSES, TEAMS, TEAMS_CSV = "strategy.toml", "statuses.toml", "teams.toml", "teams.csv"
OBJECTIVES, RULES = "objectives.toml", "rules.toml"
PILLAR = "strategy"
Cycle = tuple[str, date, date]
"""Id, first and last day"""


def head(kind: str, day: str, *lines: str) -> list[str]:
    """The first lines of every file: what wrote it."""
    first = f"Drafted by `anchorline init {kind}` on {day}, to be changed by you: it is never overwritten."
    return [comment(first), *map(comment, lines), ""]


def joined(lines: Iterable[str]) -> str:
    """Lines as the text of a file."""
    return "\n".join(lines).rstrip("\n") + "\n"


# ---- strategy -------------------------------------------------------------------------------------------------------------


def cycle_lines(cycles: Sequence[Cycle]) -> list[str]:
    """The table of cycles."""
    lines = ["[cycle]", comment("Both days belong to it. If your periods are not those of the calendar, correct the days.")]
    return [*lines, *(f"{key(id)} = {{ starts = {starts}, ends = {ends} }}" for id, starts, ends in cycles), ""]


def pillar_lines(pillars: Sequence[tuple[str, str]]) -> list[str]:
    """The table of pillars."""
    told = comment("Strategic priorities, for objectives to roll up into. One for all, until the real ones stand here.")
    lines = [told] if [id for id, _ in pillars] == [PILLAR] else []
    return ["[pillar]", *lines, *(f"{key(id)} = {{ name = {value(name_of(name))} }}" for id, name in pillars), ""]


def allowance_lines(ids: Sequence[str]) -> list[str]:
    """The table of allowances."""
    told = comment("Work that has to be done and serves no key result; a label that names it says so, too.")
    names = {KTLO: "Keep the lights on"}
    return ["[allowance]", told, *(f"{key(id)} = {{ name = {value(names.get(id, id))} }}" for id in ids), ""]


# ---- statuses -------------------------------------------------------------------------------------------------------------


def status_file(head_: list[str], source: str, found: Sequence[StatusFigures]) -> str:
    """Lines for the doubtful ones, in force where nothing else can be meant; all others as a list."""
    lines = [*head_, f"[status.{key(source)}]"]
    doubtful = [s for s in found if s.why]
    sure = [(f"{value(s.name)} = {value(s.proposal)}", _why(s)) for s in doubtful if s.plain and s.proposal]
    asked = [(f"# {value(clean(s.name))} = {value(s.proposal)}", _why(s)) for s in doubtful if not s.plain and s.proposal]
    open_ = [(f"# {value(clean(s.name))} = ?", _why(s)) for s in doubtful if not s.proposal]
    if not doubtful:
        lines.append(comment("No status is doubtful: all mean what their category says."))
    lines += beside(sure)
    if asked or open_:
        lines += ["", comment("Doubtful; remove the # where the line is right:"), *beside([*asked, *open_])]
    lines += [
        "",
        comment("All statuses by category, with the items in them; what has no line above means what its category says."),
    ]
    for category in dict.fromkeys(s.category for s in found):
        lines.append(comment(_CATEGORIES.get(category, category or "no category")))
        lines += [f"#   {s.items:>7,}  {clean(s.name)}" for s in found if s.category == category]
    return joined(lines)


_CATEGORIES = {"new": "to do (new)", "indeterminate": "in progress (indeterminate)", "done": "done"}


def _why(each: StatusFigures) -> str:
    return f"{several(each.items, 'item')}; {each.why}"


# ---- teams ----------------------------------------------------------------------------------------------------------------


def teams_csv(rows: Sequence[TeamRow], kind: str) -> str:
    """The table, empty where nothing is known; projects stand under the ``kind`` of their source."""
    projects = max((len(row.projects) for row in rows), default=1) or 1
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "name", "parent", "lead", "size", "channel", *project_columns(kind, projects), "field"])
    for row in rows:
        owned = [*row.projects, *[""] * (projects - len(row.projects))]
        writer.writerow([row.id, name_of(row.name), "", "", "", "", *owned, name_of(row.field)])
    return out.getvalue()


def project_columns(kind: str, number: int) -> list[str]:
    """Names of the columns that hold projects."""
    return [kind, *(f"{kind}_{n}" for n in range(2, number + 1))]


def teams_file(head_: list[str], found: Teams, kind: str, table: str) -> str:
    """The template over the table, and where the table came from."""
    columns = project_columns(kind, max((len(row.projects) for row in found.rows), default=1) or 1)
    owned = f'"{{{columns[0]}}}"' if len(columns) == 1 else "[" + ", ".join(f'"{{{c}}}"' for c in columns) + "]"
    lines = [*head_, "[[team]]", f"for_each.file = {value(table)}      # one team per row; an empty cell leaves its key out"]
    lines += [f'{name} = "{{{name}}}"' for name in ("id", "name", "parent", "lead", "size", "channel")]
    if found.by:
        lines.append(f'owns.field.{found.by} = "{{field}}"')
    lines += [f"owns.project = {owned}", ""]
    if found.by:
        told = f"The field {found.by} has a value in {share(found.filled, found.of)} of {several(found.of, 'item')};"
        lines += comments(f"{told} work without one belongs to whoever owns its project, else to the team of its parent.")
    if found.shared:
        lines += comments(f"Projects of several teams, owned by none as a whole: {named(found.shared, 12)}.")
    if found.few:
        told = named((f"{text} ({number})" for text, number in found.few), 12)
        lines += comments(f"Values on fewer than {FEW} items, not taken for teams: {told}.")
    return joined(lines)


# ---- objectives -----------------------------------------------------------------------------------------------------------


def objectives_file(head_: list[str], found: Goals, cycle: str, pillar: str) -> str:
    """An objective per team, and its goals as key results."""
    lines = list(head_)
    if not found.goals:
        lines += [comment("No label and no field names goals, so there is none to draft. An example to begin with:"), ""]
        lines.append(commented(_EXAMPLE.format(cycle=value(cycle), pillar=value(pillar))))
    for group in found.groups:
        lines += [*_objective(group, cycle, pillar), ""]
        for goal in found.goals:
            if goal.objective == group.id:
                lines += [*_key_result(goal), ""]
    return joined(lines)


_EXAMPLE = """[[objective]]
id = "first"
name = "What shall be reached"
cycle = {cycle}
anchor.pillar = {pillar}

[[key_result]]
id = "my-goal"                  # the label kr:my-goal names it, once rules.toml has the rule for that
objective = "first"
name = "What shows that it is reached"
kind = "completion"
"""


def _objective(group: Group, cycle: str, pillar: str) -> list[str]:
    lines = ["[[objective]]", f"id = {value(group.id)}", f"name = {value(name_of(group.name))}", f"cycle = {value(cycle)}"]
    if group.team:
        lines.append(f"team = {value(group.team)}")
    return [*lines, 'state = "agreed"', f"anchor.pillar = {value(pillar)}"]


def _key_result(goal: Goal) -> list[str]:
    told = f"{short(goal.written)} on {several(goal.carriers, 'item')}, {goal.reach:,} with all beneath"
    lines = ["[[key_result]]", comment(f"{told}; the largest is {short(goal.example)}." if goal.example else f"{told}.")]
    name = f"name = {value(name_of(goal.name))}"
    return [*lines, f"id = {value(goal.id)}", f"objective = {value(goal.objective)}", name, 'kind = "completion"']


# ---- rules ----------------------------------------------------------------------------------------------------------------


def rules_file(head_: list[str], tried: Rules, found: Goals) -> str:
    """Every rule under what it adds; then what was left out, and why."""
    lines = list(head_)
    if not tried.written:
        lines += [comment(f"Nothing was found that ties {FEW} items or more to anything."), ""]
    if not any(each.rule.order <= 0 for each in tried.written):
        lines += [
            comment("The label convention; once an epic is labelled kr:ID, remove the # of these four lines:"),
            _CONVENTION,
            "",
        ]
    for figures in tried.written:
        lines += [*(line for note in rule_notes(figures) for line in comments(note)), figures.rule.block]
    if tried.hints:
        lines += [comment("Likely, and for you to say: remove the # where a rule is right."), ""]
        for hint in tried.hints:
            lines += [*comments(f"{hint.text[:1].upper()}{hint.text[1:]}."), commented(hint.rule.block), ""]
    notes = [*convention_notes(found.conventions), *(f"Not written: {_what(c.lines)}; {why}." for c, why in tried.left_out)]
    lines += [line for note in notes for line in comments(note)]
    return joined(lines)


_CONVENTION = commented('[[rule]]\nname = "label"\nwhen.label = "kr:{key_result}"\nto = "{key_result}"\n')


def rule_notes(figures: RuleFigures) -> list[str]:
    """What a rule adds, in sentences."""
    told = []
    if figures.adds:
        told.append(f"Adds {figures.adds:,} of {several(figures.of, 'active item')} ({share(figures.adds, figures.of)}).")
    if figures.aside:
        told.append(f"Sets {several(figures.aside, 'active item')} aside, which then count nowhere.")
    if not told:
        told.append(f"No active item yet; it reaches {several(figures.rule.matched, 'item')}.")
    if figures.broken:
        told.append(f"{several(figures.broken, 'active item')} more would be anchored if the names below were right.")
    if figures.contested:
        told.append(f"{several(figures.contested, 'active item')} become contested.")
    return [" ".join(told), *(f"{why[:1].upper()}{why[1:]}." for why in figures.rule.why)]


def convention_notes(found: Iterable[Convention]) -> list[str]:
    """What names something that is no key result here, a sentence each."""
    notes = []
    for each in found:
        called = each.title if not each.title.startswith("labels") else f"the {each.title}"
        if each.why_not:
            notes.append(f"Not written: {called} on {several(each.carriers, 'item')}; {each.why_not}.")
        for name, meant, reach in each.slips:
            notes.append(f'"{clean(name)}" ({several(reach, "item")}) looks like "{meant}" misspelt: shown as a broken anchor.')
        for one, other in each.asked:
            notes.append(
                f'Is "{clean(one)}" the same as "{clean(other)}"? One item each names them, so neither is a key result yet.'
            )
        if each.few and each.pattern:
            told = named((f"{name} ({reach})" for name, reach in each.few), 12)
            notes.append(f"Named by {called} and no key result here, so shown as broken anchors: {told}.")
        elif each.few:
            told = named((f"{name} ({reach})" for name, reach in each.few), 12)
            notes.append(f"Values of {called} that are left out: {told}.")
        if each.unfit:
            notes.append(f"Named by {called}, but impossible as ids: {named(each.unfit, 12)}.")
    return notes


def _what(lines: tuple[str, ...]) -> str:
    return clean(", ".join(line for line in lines if line.startswith("when.")))
