"""What looking at a source found: on the way, and in the end with what each rule adds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.cli.render.text import BOLD, DIM, KEY, clean, columns, count, fit, heading, noted, words
from hub.cli.render.tree import work
from hub.looking import Draft, News, Spread
from hub.looking.coverage import COUNTED
from hub.looking.files import RULES, STATUSES, TEAMS
from hub.looking.rules import RuleFigures
from hub.looking.text import share
from hub.model.words import singular

if TYPE_CHECKING:
    from connectors.base import Kind
    from hub.cli.probing import Probe

SHOWN = 12
"""Projects that are named on the way."""
DOUBTS = 10
"""Doubtful things that are told; the files have all of them."""
_LABEL = 10


def seen(probe: Probe, kind: Kind, url: str) -> Group:
    """What the source told before anything is read."""
    alive, live = probe.alive, [p for p in probe.partitions if p.state == "live"]
    names = ", ".join(clean(p.key) for p in alive[:SHOWN]) + (f" and {len(alive) - SHOWN} more" if len(alive) > SHOWN else "")
    who = words("I am ", (clean(probe.account.name or probe.account.id), BOLD), f" at {clean(url)}.")
    of = count(len(live), singular(kind.partition_word), kind.partition_word)
    living = f"{len(alive)} of {of} {'is' if len(alive) == 1 else 'are'}"
    parts: list[RenderableType] = [
        who,
        Text(f"{living} alive, with {count(probe.items, 'item')}: {names}."),
        Text(_fields(probe)),
    ]
    return Group(*parts, noted(_sentence(text) for text in probe.warnings)) if probe.warnings else Group(*parts)


def _fields(probe: Probe) -> str:
    fields = [f'{ours} is "{clean(f.name)}" ({share(f.filled, f.of)} filled)' for ours, f in probe.choice.fields.items()]
    told = "; ".join(fields) if fields else "no field sounds like a team or like goals"
    return f"By the {count(probe.sampled, 'newest item')}: {told}."


def _sentence(text: str) -> str:
    found = clean(text)
    return f"{found[:1].upper()}{found[1:]}" + ("" if found.endswith((".", "?")) else ".")


# ---- the end --------------------------------------------------------------------------------------------------------------


def drafted(made: Draft, promise: Spread, width: int, missing_names: int = 0) -> Group:
    """What the files say, and what the rules of the starting set add, in the order in which they stand; then where the work goes,
    in the words and figures of the tree's foot. ``missing_names`` are names of no key result that work hangs on."""
    parts: list[RenderableType] = [heading("What was found"), _found(made, width)]
    if made.rules.written:
        of = made.rules.written[0].of
        parts += [Text(), heading(f"Rules, and how many of {count(of, 'active item')} each adds to those above it")]
        parts += [
            Padding(_rules(made.rules.written, width), (0, 0, 0, 2)),
            Padding(_together(promise, missing_names), (0, 0, 0, 2)),
        ]
    return Group(*parts)


def _found(made: Draft, width: int) -> Padding:
    table = columns()
    table.add_column(style=DIM, min_width=_LABEL, no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _facts(made):
        table.add_row(name, text)
    return Padding(table, (0, 0, 0, 2))


def _facts(made: Draft) -> Iterable[tuple[str, str]]:
    yield "cycle", clean(made.cycle)
    teams, sure = made.teams, sum(s.plain for s in made.statuses)
    by = f'by the field "{clean(teams.by)}" ({share(teams.filled, teams.of)} filled) and by project' if teams.by else "by project"
    yield "teams", f"{len(teams.rows)}, {by}" if teams.rows else "none"
    unsure = sum(bool(s.why) and not s.plain for s in made.statuses)
    told = f"{len(made.statuses)}, of which {sure} mean{'s' if sure == 1 else ''} another thing than its category"
    told = told if sure == 1 else told.replace("its category", "their category")
    yield "statuses", told + (f" and {unsure} {'is' if unsure == 1 else 'are'} doubtful" if unsure else "")
    named = [f"{c.title} on {count(c.carriers, 'item')}" for c in made.goals.conventions if not c.why_not]
    if made.goals.goals:
        yield "goals", f"{len(made.goals.goals)}, named by {' and '.join(map(clean, named))}"
    elif named:
        yield "goals", f"those of the files; work names them by {' and '.join(map(clean, named))}"
    else:
        yield "goals", "none: no label and no field names any"


def _rules(written: Iterable[RuleFigures], width: int) -> Table:
    table = columns()
    table.add_column(style=KEY, no_wrap=True)
    table.add_column(no_wrap=True)
    for _ in range(2):
        table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True, style=DIM)
    rows = [
        (clean(w.rule.name), _when(w), f"{w.adds or w.aside:,}", "" if _aside(w) else share(w.adds, w.of), _how(w))
        for w in written
    ]
    others = sum(max(len(row[at]) for row in rows) + 2 for at in (0, 2, 3, 4))
    for name, when, number, part, how in rows:
        table.add_row(name, fit(when, max(width - others - 4, 12)), number, part, how)
    return table


def _when(figures: RuleFigures) -> str:
    return clean("; ".join(line.removeprefix("when.") for line in figures.rule.lines if line.startswith("when.")))


def _how(figures: RuleFigures) -> str:
    if _aside(figures):
        return "set aside"
    return "runs the business" if any(line.startswith("allowance") for line in figures.rule.lines) else "goals"


def _aside(figures: RuleFigures) -> bool:
    """What is set aside is no part of the items that shares are of."""
    return bool(figures.aside and not figures.adds)


def _together(promise: Spread, missing_names: int) -> Text:
    told = work(promise.counts, missing_names).split("\n")[0]
    aside = len(promise.set_aside)
    return told + Text(f" {count(aside, 'more item')} {'is' if aside == 1 else 'are'} set aside.") if aside else told


def files(written: list[str], kept: list[str]) -> Group:
    """What was written and what was there."""
    lines = [words(("wrote  ", DIM), clean(name)) for name in written]
    return Group(*lines, *(words(("kept   ", DIM), clean(name), (", which was there already", DIM)) for name in kept))


def new(found: News) -> str:
    """What the mapping files do not mention yet, as a line."""
    kinds = (("goals", found.goals), ("teams", found.teams), ("statuses", found.statuses))
    told = [f"{kind} {_some(names, SHOWN)}" for kind, names in kinds if names]
    return f"New, and in no mapping file: {'; '.join(told)}." if told else "Nothing new to draft."


def doubts(made: Draft, notes: Iterable[str]) -> list[str]:
    """What somebody has to look at, a sentence each: of the files that were drafted, and of the run."""
    told = [_sentence(note) for note in notes]
    drafted = {name.rpartition("/")[2].removeprefix("drafted-") for name in made.files}
    if STATUSES in drafted:
        told += _statuses(made)
    if RULES in drafted:
        told += _names(made)
    if TEAMS in drafted and made.teams.shared:
        told.append(f"Projects of several teams, owned by none as a whole: {_some(made.teams.shared)}. See {TEAMS}.")
    if made.rules.hints:
        number = len(made.rules.hints)
        what = "1 component looks" if number == 1 else f"{number} components look"
        told.append(f"{what} like the work of one key result: {RULES} has the lines, out of force until you say so.")
    return told


def _statuses(made: Draft) -> Iterable[str]:
    unsure = [f'"{clean(s.name)}" ({s.items:,})' for s in made.statuses if s.why and not s.plain]
    if unsure:
        many = "This status may mean another thing than its category"
        many = many if len(unsure) == 1 else "These statuses may mean another thing than their category"
        yield f"{many}: {_some(unsure)}. See {STATUSES}."


def _names(made: Draft) -> Iterable[str]:
    """What names goals that are no key results."""
    slips = [f'"{clean(name)}" for "{meant}"' for c in made.goals.conventions for name, meant, _ in c.slips]
    if slips:
        yield f"{'This name looks' if len(slips) == 1 else 'These names look'} misspelt: {_some(slips)}. See {RULES}."
    for one, other in (pair for c in made.goals.conventions for pair in c.asked):
        yield f'Is "{clean(one)}" the same as "{clean(other)}"? One item each names them, so neither was drafted. See {RULES}.'
    few = [f'"{clean(name)}" ({number:,})' for c in made.goals.conventions if c.pattern for name, number in c.few]
    if few:
        yield f"{'This name is' if len(few) == 1 else 'These names are'} no key result here: {_some(few)}. See {RULES}."
    for each in made.goals.conventions:
        if each.why_not:
            yield f"No rule for {clean(each.title)}, on {count(each.carriers, 'item')}: {clean(each.why_not)}."
        if each.unfit:
            yield f"Named by {clean(each.title)}, but impossible as ids: {_some(map(clean, each.unfit))}."


def doubtful(made: Draft | None, notes: Iterable[str]) -> Group | None:
    """The same under a heading, of the run alone where nothing was drafted; None where there is nothing."""
    told = doubts(made, notes) if made is not None else [_sentence(note) for note in notes]
    if not told:
        return None
    more = [Text(f"  and {len(told) - DOUBTS} more, in the files", DIM)] if len(told) > DOUBTS else []
    return Group(heading("Doubtful"), Padding(noted(told[:DOUBTS]), (0, 0, 0, 2)), *more)


def _some(names: Iterable[str], most: int = 5) -> str:
    found = list(names)
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")


# ---- as data --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """The same for programs."""

    made: Draft
    promise: Spread
    probe: Probe | None

    def data(self) -> dict[str, Any]:
        """Figures and conclusions; the files hold their reasons in words."""
        made, probe = self.made, self.probe
        return {
            "account": {"id": probe.account.id, "name": probe.account.name} if probe else None,
            "partitions": list(probe.partitions) if probe else None,
            "fields": dict(probe.choice.fields) if probe else None,
            "fields_left_out": [{"name": n, "field": f, "why": w} for n, f, w in probe.choice.others] if probe else None,
            "sampled": probe.sampled if probe else None,
            "cycle": made.cycle,
            "statuses": made.statuses,
            "teams": made.teams.rows,
            "conventions": made.goals.conventions,
            "goals": made.goals.goals,
            "rules": [
                {
                    "name": w.rule.name, "lines": w.rule.lines, "matched": w.rule.matched, "adds": w.adds, "aside": w.aside,
                    "of": w.of, "broken": w.broken, "contested": w.contested,
                }
                for w in made.rules.written
            ],
            "hints": [{"name": h.rule.name, "lines": h.rule.lines, "why": h.text} for h in made.rules.hints],
            "active": self.promise.total,
            "counts": {name: self.promise.counts[name] for name in (*COUNTED, "ignored")},
        }  # fmt: skip
