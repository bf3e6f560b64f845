"""What people agreed to meanwhile: taken out of the inbox by whoever owns what it is about."""

from __future__ import annotations

from hub.store import Store, inbox
from hub.store.write import Writer

APPROVE = "approve"


def take(store: Store, writer: Writer, at: int) -> int:
    """Carry over to holds what waits in the inbox; how many. Killed in between, the next call finds the rest."""
    taken = 0
    for row in inbox.waiting(store, APPROVE):
        hold = row.payload.get("hold")
        decision = writer.approve(hold, at, row.author) if isinstance(hold, int) else None
        inbox.finish(store, row.id, {"decision": decision}, at)
        taken += decision is not None
    return taken
