"""The steps of a milestone: not counted by this version, and checked all the same, so that they hold when they are."""

from __future__ import annotations

from hub.mappings import grammar as g
from hub.tomlfile import Table

_EXAMPLE = 'steps = [{ name = "SAML", due = 2027-02-15, when = { key = "IDN-31" } }]'


def check_steps(table: Table) -> None:
    """Every step needs a name, a day it is due, and what finishes it."""
    if table.values.get("steps") == []:
        table.problem("steps", "A milestone without steps is never reached.", f"Write {_EXAMPLE}.")
    for n, step in enumerate(table.tables("steps", "`steps`", f"Write {_EXAMPLE}."), start=1):
        step.only(g.STEP, {"done": "Write `when`: the work that finishes the step."}, g.STEP_OTHERS)
        name = step.text("name")
        step.positive("weight")
        step.day("due")
        when = step.table("when", "when", 'Write when = { key = "IDN-31" }.')
        shown = f'The step "{name}"' if name else f"Step {n}"
        if when is not None and not when.values:
            step.problem("when", f"{shown} has an empty `when`.", 'Write when = { key = "IDN-31" }.')
        for key, remedy in (
            ("name", 'Add one for people: name = "SAML".'),
            ("due", "Add the day: due = 2027-02-15."),
            ("when", 'Add what finishes it: when = { key = "IDN-31" }.'),
        ):
            if key not in step and key not in step.suggested:
                step.problem((), f"{shown} has no `{key}`.", remedy)
