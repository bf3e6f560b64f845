"""``held`` and ``approve``: what the hub would not conclude without a person, and the person's word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli import access, output
from hub.cli.render.text import clean, count
from hub.errors import UsageError

if TYPE_CHECKING:
    from hub.report.holds import Held


def held(path: Path, every: bool, json: bool) -> None:
    """List what is held back; with ``every`` all the items, as with JSON."""
    found = access.in_force(path)[0]
    with access.synced(found) as store:
        from hub.report.holds import SHOWN, holds

        rows = holds(store, None if every or json else SHOWN)
    if json:
        output.data(rows)
        return
    if not rows:
        output.line("Nothing is held back.")
        return
    from hub.cli.render.holds import holds as rendered

    output.show(rendered(rows, access.now()))
    waiting = [row for row in rows if not row.approved]
    if waiting:
        output.next_steps(
            (f"anchorline approve {waiting[0].id}", "if it is right; else mend the source, and it is released by itself"),
            (f"anchorline verify {waiting[0].source}", "what the vendor lists now, beside what is stored"),
        )


def approve(path: Path, number: int, json: bool) -> None:
    """Agree to one of them: leaves a request that the next run, or calculation, takes up."""
    found = access.config(path)
    with access.synced(found) as store:
        from hub.report.holds import holds
        from hub.store import inbox

        rows = {row.id: row for row in holds(store)}
        row = rows.get(number)
        if row is None:
            known = ", ".join(str(each) for each in rows) or "none"
            raise UsageError(f"Nothing is held under number {number}.", hint=f"`anchorline held` lists them; waiting: {known}.")
        if row.approved:
            output.line(f"Number {number} is approved already. {row.then} `{row.command}` does it now.")
            return
        inbox.put(store, "approve", {"hold": number}, access.author(), access.now())
    if json:
        output.data({"id": number, "approved": True, "items": row.items, "then": row.then, "command": row.command})
        return
    output.line(f"Approved: {_about(row)}. {row.then}")
    output.next_steps((row.command, "does it now"))


def _about(row: Held) -> str:
    what = count(row.items, row.noun) if row.items else "what is held"
    return f"{what} of {clean(row.where)} ({clean(row.source)})"
