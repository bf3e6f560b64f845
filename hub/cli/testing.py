"""``test`` and ``extract``: rule tests, offline; recording them from real items; and the items that a CI needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hub.cli import access, output
from hub.errors import AnchorlineError, ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from hub.config import Config
    from hub.model import Dimensions, Item, Mapping
    from hub.store import Store

RECORDED = "recorded.toml"
HOW = "Write one in mappings/tests/, or freeze real items: `anchorline test --record KEY`."


def test(path: Path, names: list[str], record: list[str], into: str | None, json: bool) -> None:
    """Run the tests (all, or those of the named files), or record new ones."""
    config = access.config(path)
    mapping = access.strategy(config)
    if record:
        if names:
            text = f"With --record no file is named, and {names[0]} is one."
            raise UsageError(text, hint=f"Name every item with its own --record: --record {record[0]} --record {names[0]}.")
        _record(config, mapping, record, into, json)
        return
    from hub.cli.render.tests import report_of
    from hub.ruletests import collect_tests, judge, read_tests

    texts, problems = collect_tests(config.mappings)
    chosen = _chosen(texts, names)
    worlds, found = read_tests(chosen, mapping, {n: s.facts for n, s in config.sources.items()})
    problems += found
    if problems:
        raise ConfigError(problems)
    if not chosen:
        raise UsageError(f"There is no test in {config.mappings / 'tests'}.", hint=HOW)
    verdicts = [v for world in worlds for v in judge(mapping, world)]
    failed = sum(not v.passed for v in verdicts)
    if json:
        output.data({"passed": len(verdicts) - failed, "failed": failed, "verdicts": verdicts})
    else:
        output.show(report_of(verdicts, len(worlds)))
    if failed:
        raise typer.Exit(1)


def _chosen(texts: dict[str, str], names: list[str]) -> dict[str, str]:
    """The files that are named, by path or the end of it; all if none is."""
    if not names:
        return texts
    found: dict[str, str] = {}
    for name in names:
        fitting = {n: t for n, t in texts.items() if n == name or n.endswith("/" + name) or name.endswith("/" + n)}
        if not fitting:
            known = ", ".join(sorted(texts)) or "there is none yet"
            raise UsageError(f'There is no test file "{name}".', hint=f"The test files: {known}.")
        found |= fitting
    return found


# ---- recording ----------------------------------------------------------------------------------------------------------


def _record(config: Config, mapping: Mapping, keys: list[str], into: str | None, json: bool) -> None:
    """Freeze items with their ancestors into a test file; what they serve now is what is expected from now on."""
    from hub.assess import Assessor
    from hub.cli import schema
    from hub.ruletests import frozen, recorded

    with access.synced(config) as store:
        items, wanted, as_of = _chains(store, keys)
        dimensions = _dimensions(store, config)
    items = list(_hidden(mapping, dimensions, items))
    cycle = mapping.cycle_at(as_of)
    if cycle is None:
        raise UsageError("The mapping files have no cycle.", hint="Add one line to [cycle].")
    part = Assessor(mapping, dimensions, as_of).part(items)
    attachments = {a.no: a for a in part.attachments if a.cycle == cycle.id}
    file = _target(config.mappings / "tests", into)
    known = _keys(file)
    fresh = [f for f in frozen(mapping, dimensions, items, attachments, wanted) if f.name not in known]
    text = recorded(fresh, cycle.id, datetime.fromtimestamp(as_of / 1000, mapping.zone).date(), head=not file.exists())
    if fresh and not file.exists():
        schema.missing(config.mappings, names=("tests",))
        text = schema.headed(file, config.mappings / "tests.schema.json", text)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as out:
            out.write(("\n" if known else "") + text if fresh else "")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.", hint="Name another with --into.") from None
    names = [f.name for f in fresh]
    kept = [i.key or i.id for i in items if i.no in wanted and (i.key or i.id) not in names]
    if json:
        output.data({"file": str(file), "recorded": names, "kept": kept})
        return
    if names:
        from hub.cli.render.text import count

        output.line(f"recorded {count(len(names), 'item')} in {file}: {', '.join(names)}")
    else:
        output.line(f"nothing to record: {file} has them already")
    for name in kept:
        output.line(f"kept     {name}, which was there already")
    output.next_steps((f"anchorline test {file.name}", "says whether the rules still give the same"))


def _target(folder: Path, into: str | None) -> Path:
    name = into or RECORDED
    if Path(name).name != name:
        raise UsageError(f'"{name}" is no file name.', hint=f"Test files stand in {folder}: --into {RECORDED}.")
    return folder / (name if name.endswith(".toml") else f"{name}.toml")


def _keys(file: Path) -> set[str]:
    """The items that a test file has already. Raises ``ConfigError`` when it cannot be read."""
    from hub.tomlfile import Document, read

    if not file.exists():
        return set()
    found = read(file.name, file.read_text("utf-8", "replace"))
    if not isinstance(found, Document):
        raise ConfigError([found])
    items = found.values.get("item", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        place = found.place(("item",))
        text = "`item` must be written as [[item]] above each item, so nothing can be added here."
        raise ConfigError([Problem.at(place, text, "Mend it, or name another file with --into.")])
    return {str(item.get("key")) for item in items}


def _chains(store: Store, keys: list[str]) -> tuple[list[Item], set[int], int]:
    """The items of these keys with their ancestors, ancestors first, as of the latest evaluation; and its instant."""
    from hub.store.read import Reader

    reader = Reader(store)
    evaluation = reader.evaluation()
    if evaluation is None:
        raise access.not_yet()
    wanted: set[int] = set()
    found: dict[int, Item] = {}
    for key in keys:
        hits = reader.find_item(key)
        if not hits:
            raise UsageError(f'No item is known by the key "{key}".', hint="Items go by their key, id or address.")
        for hit in hits:
            tree = {i.no: i for i in reader.tree_of(hit.no, as_of=evaluation.seq)}
            wanted.add(hit.no)
            chain: list[Item] = []
            no: int | None = hit.no
            while no is not None and no in tree and tree[no] not in chain:
                chain.append(tree[no])
                no = tree[no].parent
            found |= {i.no: i for i in reversed(chain)}
    return list(found.values()), wanted, evaluation.as_of


def _hidden(mapping: Mapping, dimensions: Dimensions, items: Iterable[Item]) -> Iterator[Item]:
    """Items without the titles and addresses that the files of now keep private, whatever was stored under former ones."""
    from hub.sync.private import privacy

    private = privacy(mapping, dimensions)
    for item in items:
        hide = private is not None and private.matches(item)
        yield item._replace(title="", url=None, addresses=(), former_urls=()) if hide else item


def _dimensions(store: Store, config: Config) -> Dimensions:
    from hub.model import Dimensions as Lists
    from hub.store.read import Reader

    d = Reader(store).dimensions()
    return Lists(d.statuses, d.containers, d.sprints, d.types, {n: s.facts for n, s in config.sources.items()})


# ---- extract ------------------------------------------------------------------------------------------------------------


def extract(path: Path, out: Path, json: bool) -> None:
    """Write all items, reduced to what rules read."""
    from hub.ruletests import write_extract
    from hub.store.read import Reader

    config = access.config(path)
    mapping = access.strategy(config)
    with access.synced(config) as store:
        reader = Reader(store)
        evaluation = reader.evaluation()
        if evaluation is None:
            raise access.not_yet()
        dimensions = _dimensions(store, config)
        count = write_extract(out, mapping, _hidden(mapping, dimensions, reader.items()), dimensions, evaluation.as_of)
    if count == 0:
        raise AnchorlineError("There is no item to extract.", hint="Run `anchorline sync` first.")
    if json:
        output.data({"file": str(out), "items": count})
        return
    output.line(f"wrote {count} items to {out}, with nothing but what the rules read")
    output.next_steps((f"anchorline check --items {out}", "checks the mapping files against them, without the database"))
