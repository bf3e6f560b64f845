"""The steps of a milestone: what finishes each of them, and by when."""

from __future__ import annotations

from decimal import Decimal

from hub.mappings import grammar as g
from hub.mappings.conditions import Lines, read_filter
from hub.mappings.draft import Draft
from hub.model import Cycle, Step, fold
from hub.tomlfile import Table

_EXAMPLE = 'steps = [{ name = "SAML", due = 2027-02-15, when = { key = "IDN-31" } }]'
_MISSING = (
    ("name", 'Add one for people: name = "SAML".'),
    ("due", "Add the day: due = 2027-02-15."),
    ("when", 'Add what finishes it: when = { key = "IDN-31" }.'),
)


def read_steps(draft: Draft, table: Table, cycle: Cycle | None) -> tuple[Step, ...]:
    """The steps that were understood; every one needs a name, a day it is due, and what finishes it."""
    if table.values.get("steps") == []:
        table.problem("steps", "A milestone without steps is never reached.", f"Write {_EXAMPLE}.")
    found: list[Step] = []
    names: set[str] = set()
    for n, step in enumerate(table.tables("steps", "`steps`", f"Write {_EXAMPLE}."), start=1):
        read = _step(draft, step, n, cycle)
        name = step.values.get("name")
        if isinstance(name, str) and name.strip():
            if fold(name) in names:
                step.problem("name", f'Two steps are called "{name}".', "Give one of the two another name.")
            names.add(fold(name))
        if read is not None:
            found.append(read)
    return tuple(found)


def _step(draft: Draft, step: Table, n: int, cycle: Cycle | None) -> Step | None:
    before = len(draft.problems)
    step.only(g.STEP, {"done": "Write `when`: the work that finishes the step."}, g.STEP_OTHERS)
    name, due, weight = step.text("name"), step.day("due"), step.positive("weight")
    shown = f'The step "{name}"' if name else f"Step {n}"
    if due is not None and cycle is not None and not cycle.starts <= due <= cycle.ends:
        text = f'{shown} is due on {due}, outside of the cycle "{cycle.id}" ({cycle.starts} to {cycle.ends}).'
        step.problem("due", text, "Correct the day.")
    lines = _lines(draft, step, shown)
    for key, remedy in _MISSING:
        if key not in step and key not in step.suggested:
            what = "the cell is empty" if key in step.template else ""
            text, remedy = (f"{shown} has no `{key}`: {what}.", "Fill it in.") if what else (f"{shown} has no `{key}`.", remedy)
            step.problem(key if what else (), text, remedy)
    if name is None or due is None or len(draft.problems) > before:
        return None
    return Step(name, due, lines.filter, weight or Decimal(1), step.place)


def _lines(draft: Draft, step: Table, shown: str) -> Lines:
    if step.values.get("when") == {}:
        step.problem("when", f"{shown} has an empty `when`.", 'Write when = { key = "IDN-31" }.')
        return Lines([], [])
    return read_filter(draft, step)
