"""What people agreed to meanwhile: taken out of the inbox by whoever owns what it is about."""

from __future__ import annotations

from hub.store import Store, inbox
from hub.store.write import Writer

APPROVE = "approve"


def take(store: Store, writer: Writer, at: int) -> int:
    """Carry over to holds what waits in the inbox; how many. Of two that take it up at once, one does."""
    taken = 0
    for row in inbox.waiting(store, APPROVE):
        hold = row.payload.get("hold")
        taken += writer.approve(hold if isinstance(hold, int) else 0, at, row.author, request=row.id) is not None
    return taken
