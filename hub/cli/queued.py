"""``sync`` beside a running daemon that reads the source at the moment: it is asked for a run, and followed until that ended."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.cli import access, output
from hub.cli.failures import Terminated
from hub.cli.outcome import Outcome
from hub.cli.render.text import clean

if TYPE_CHECKING:
    from hub.cli.syncing import Said
    from hub.config import Config
    from hub.store import Store

POLL = 0.3
"""Seconds between two looks at the answer."""
PATIENCE = 30.0
"""Seconds without a daemon after which nobody waits any longer; another one may be about to take over."""
LET_GO = "The request stays; the daemon runs it all the same. `anchorline runs` shows how it went."


def followed(config: Config, outcomes: list[Outcome], said: Said) -> list[Outcome]:
    """The outcomes, with those of the daemon's runs for the sources that it was reading. Without a daemon nothing changes."""
    from hub.daemon.daemon import NAME
    from hub.store import inbox
    from hub.store.locks import holder

    with access.store(config) as store:
        daemon = holder(store, NAME)
        if daemon is None:
            return outcomes
        rows: dict[str, int] = {}
        for each in outcomes:
            if each.result == "locked":
                payload = {"source": each.source, "mode": said.mode, "new_account": said.new_account}
                rows[each.source] = inbox.put(store, inbox.SYNC, payload, access.author(), access.now())
                output.say(f"{clean(each.source)} is being read at the moment: asked the daemon ({daemon}) for a run after that.")
        try:
            return [_answer(store, each, rows[each.source]) if each.source in rows else each for each in outcomes]
        except (KeyboardInterrupt, Terminated):
            output.say(LET_GO)
            raise


def _answer(store: Store, locked: Outcome, row_id: int) -> Outcome:
    """How the daemon's run ended, once it did; that the source is locked, when there is no daemon any more."""
    from hub.daemon.daemon import NAME
    from hub.daemon.requests import answered
    from hub.store import inbox
    from hub.store.locks import holder

    alone = 0.0
    while True:
        row = inbox.get(store, row_id)
        if row is not None and row.result is not None:
            told = answered(row.result)
            return Outcome(
                locked.source, told.result, told.code, told.run_id, told.seq, told.counts, told.error, told.hint, told.notes
            )  # fmt: skip
        alone = alone + POLL if holder(store, NAME) is None else 0.0
        if alone >= PATIENCE:
            hint = "The request stays, and the next daemon runs it; or run `anchorline sync` again."
            return replace(locked, error="The daemon ended before it came to the run.", hint=hint)
        time.sleep(POLL)
