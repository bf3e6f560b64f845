"""``verify`` and ``resync``: is what is stored what the vendor has, and to read it all again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from hub.cli import access, output, syncing
from hub.cli.failures import FAILED, in_words
from hub.cli.render.text import BOLD, clean, columns, count, words
from hub.errors import AnchorlineError, UsageError

if TYPE_CHECKING:
    from hub.sync.verify import Checked, Verified


def verify(path: Path, source: str | None, json: bool) -> None:
    """List ids and stamps of one source, or of all, and show where they differ; 1 when they do."""
    import connectors
    from connectors.base import SourceError
    from hub.sync.verify import verify_source

    config = access.config(path)
    chosen = syncing.chosen(config, source)
    mapping = access.strategy(config) if any(connectors.load(config.sources[name].kind).queries for name in chosen) else None
    results = []
    with access.synced(config) as store:
        for name in chosen:
            try:
                with output.err().status(Text(f"listing {name}")):
                    results.append(verify_source(config, store, name, mapping=mapping, at=access.now()))
            except SourceError as error:
                said = AnchorlineError(f"{name}: {error}", hint=error.hint)
                if len(chosen) == 1:
                    raise said from None
                output.say(" ".join(filter(None, in_words(said))), "bold red")
    if json:
        output.data(results)
    else:
        for each in results:
            _show(each)
    if len(results) < len(chosen) or not all(each.equal for each in results):
        if not json and any(not each.equal for each in results):
            output.next_steps(
                ("anchorline sync", "what is new or missing is read; what is gone is looked up"),
                ("anchorline resync SOURCE", "everything again, if a sync does not help"),
            )
        raise typer.Exit(FAILED)


def _show(found: Verified) -> None:
    listed = sum(each.listed for each in found.partitions)
    table = columns()
    for each in found.partitions:
        table.add_row(Text("  " + clean(each.name)), Text(f"{each.listed:,} listed"), Text(_said(each)))
    left = ""
    if found.left:
        examples = ", ".join(clean(i) for i in found.left_examples[:5])
        left = f"; {count(found.left, 'stored item')} listed nowhere ({examples}{', …' if found.left > 5 else ''})"
    state = "equal" if found.equal else "different"
    output.show(words((clean(found.source), BOLD), f"  {state}: {count(listed, 'id')} listed{left}"))
    output.show(table)


def _said(each: Checked) -> str:
    if each.error:
        return f"not listed to the end: {clean(each.error)}"
    kinds = (
        (each.missing, "not stored"),
        (each.newer, "newer there"),
        (each.restated, "other ones there"),
        (each.left, "not there"),
    )
    parts = [f"{number:,} {what}" for number, what in kinds if number]
    examples = f" ({', '.join(clean(i) for i in each.examples[:5])}{', …' if len(each.examples) > 5 else ''})"
    return ", ".join(parts) + examples if parts else "all stored"


def resync(path: Path, source: str, partition: str | None, json: bool) -> None:
    """Forget where reading stands, of a source or one partition, then sync: all of it is read again, nothing is forgotten."""
    config = access.config(path)
    syncing.chosen(config, source)
    with access.synced(config) as store:
        from hub.store.read import Reader
        from hub.store.write import Writer

        known = Reader(store).partitions(source)
        wanted = None
        if partition is not None:
            by_name = {name.casefold(): p.id for p in known for name in (p.id, p.key, p.title) if name}
            wanted = by_name.get(partition.casefold())
            if wanted is None:
                names = ", ".join(p.key or p.title for p in known) or "nothing yet"
                raise UsageError(f'{source} has no project "{clean(partition)}".', hint=f"It has {names}.")
        with store.own(f"source:{source}") as mine, Writer(store, mine) as writer:
            number = writer.forget_position(source, wanted)
    output.say(f"{count(number, 'project')} of {source} will be read whole. What is known stays until then.")
    syncing.sync(path, source, json=json)
