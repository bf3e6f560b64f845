"""``evaluate``: the second half of a sync alone, for mapping files that changed."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.text import Text

from hub.cli import access, children, output
from hub.cli.outcome import PARTLY
from hub.cli.render.text import count
from hub.cli.syncing import told


def evaluate(path: Path, json: bool, *, events: bool = False, last_good: Path | None = None) -> None:
    """Calculate from the items that are stored already, and say in one line what came of it; with ``events`` to the daemon."""
    children.heed_signals()
    if events:
        children.end_with_parent()
    config = access.config(path, last_good=last_good)
    files = access.strategy(config)
    with access.synced(config) as store:
        from hub import sync
        from hub.report import Report

        sources = Report(store).sources()
        if not any(source.items or source.complete_at is not None for source in sources):
            raise access.not_yet()
        with output.err().status(Text("calculating")) as status:

            def show(event: sync.Event) -> None:
                if events:
                    told(output.event)(event)
                elif isinstance(event, sync.Evaluating):
                    status.update(Text(f"tying {count(event.items, 'item')} to key results"))

            seq = sync.evaluate(store, config, files, "", as_of=None, run_id=None, listener=show)
    items = sum(source.items for source in sources)
    found = {"seq": seq, "key_results": len(files.key_results), "items": items, "mapping_hash": files.hash}
    if events:
        output.event({"event": "Evaluated", **found})
    elif json:
        output.data(found)
    elif seq is not None:
        made = f"{count(len(files.key_results), 'key result')} from {count(items, 'item')}"
        output.line(f"calculated: {made}")
    if seq is None:
        output.say("Other runs keep changing items; the last of them calculates, with the files as they are then.")
        raise typer.Exit(PARTLY)
    if not json and not events:
        output.next_steps(("anchorline progress", "where every key result stands now"))
