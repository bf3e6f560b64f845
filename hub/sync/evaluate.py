"""From dirty marks to snapshots: the second half of a run, and all that a changed mapping needs.

stored titles --private rules--> hidden
dirty items --settle_edges--> trees --Assessor.part--> links (marks go, chunk by chunk)
no marks left --units of all links, sums of what items and values add--> nodes --> snapshots that changed, evaluation: one
                transaction
"""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable
from collections.abc import Mapping as MappingABC
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from hub.assess import ENGINE, Assessor, Frozen, clockwork, nodes, tally_counted
from hub.config import Config
from hub.errors import ConfigError, StoreUnavailable
from hub.mappings import load_mappings
from hub.measure import Measures
from hub.model import Dimensions, Mapping, Metric, SourceFacts, fold
from hub.store import Store
from hub.store.measured import measure
from hub.store.read import Reader
from hub.store.write import Writer
from hub.sync import approvals
from hub.sync.events import Evaluating, Listener, nobody
from hub.sync.private import privacy

log = logging.getLogger(__name__)

CHUNK = 2_000
"""Dirty items per transaction: enough to amortise it, few enough to keep memory flat and other writers waiting briefly."""

ROUNDS = 20
"""How often an evaluation takes up what other runs changed meanwhile before it leaves the rest to them."""

WAIT = 600.0
"""Seconds to wait for another evaluation: it takes up our marks or leaves them to us."""


def facts_of(config: Config) -> dict[str, SourceFacts]:
    """What the core must know of the configured sources."""
    return {name: source.facts for name, source in config.sources.items()}


def stored_facts(facts: MappingABC[str, SourceFacts]) -> dict[str, Any]:
    """The facts in the form in which an evaluation keeps them, for explanations of it."""
    return {
        name: {"kind": f.kind, "item_fields": sorted(f.item_fields), "effort": f.effort, "work": f.work}
        for name, f in sorted(facts.items())
    }


def known_dimensions(reader: Reader, facts: MappingABC[str, SourceFacts]) -> Dimensions:
    """The vendors' lists as they are stored now, with the facts of the sources."""
    return replace(reader.dimensions(), sources=facts)


def evaluate(
    store: Store,
    config: Config,
    mapping: Mapping,
    source: str,
    *,
    as_of: int | None,
    run_id: int | None,
    listener: Listener = nobody,
    now: Callable[[], int] | None = None,
) -> int | None:
    """Bring links and snapshots up to the stored items and the mapping files as they are now; the seq of the evaluation.

    The files are read once this process may evaluate, so that of two runs that end one after the other the later never goes back
    to older files; ``mapping`` serves when they have mistakes by then. ``as_of`` is now if not said, and then never before the
    latest evaluation's.

    None when other runs kept changing items: theirs will finish it. Marks that were taken up are gone for good, so a crash
    anywhere is continued by the next call. Raises ``Locked`` when another evaluation did not end in time.
    """
    with store.own("evaluation", wait=WAIT) as ownership, Writer(store, ownership) as writer:
        reader = Reader(store)
        approvals.take(store, writer, now() if now else int(time.time() * 1000))
        present = Work(
            _present(config, mapping),
            facts_of(config),
            as_of if as_of is not None else _now(reader, now),
            run_id,
            _commit(config.mappings),
        )
        return calculate(writer, reader, present, lambda items: listener(Evaluating(source, items)))


FrozenBy = MappingABC[tuple[str, str], AbstractSet[tuple[str, str]]]
"""(cycle, key result) -> (why, "source/partition")"""


class Work(NamedTuple):
    """What is to be calculated: under which mapping, with which facts of the sources, for which instant, because of which run."""

    mapping: Mapping
    facts: MappingABC[str, SourceFacts]
    as_of: int
    run_id: int | None = None
    git_commit: str | None = None


def calculate(writer: Writer, reader: Reader, work: Work, listener: Callable[[int], None] = lambda items: None) -> int | None:
    """``evaluate`` for who owns the evaluation already; ``listener`` is told how many items are done."""
    mapping, facts = work.mapping, stored_facts(work.facts)
    writer.hide_titles(privacy(mapping, known_dimensions(reader, work.facts)))
    writer.put_mapping(mapping, engine=ENGINE, facts=facts, git_commit=work.git_commit, clockwork=clockwork(mapping, work.as_of))
    seq = None
    latest = reader.evaluation()
    same = latest is not None and latest.mapping_hash == mapping.hash
    before = _still(reader, mapping, calculated=same)  # by the links of before: what is being calculated may break them
    for _ in range(ROUNDS):
        _links(writer, reader, work, listener)
        read = reader.seq()
        measured = measure(reader, mapping, known_dimensions(reader, work.facts), work.as_of).key_results
        still = _frozen(reader, mapping, before)
        seq = writer.finish_evaluation(
            as_of=work.as_of,
            mapping_hash=mapping.hash,
            engine=ENGINE,
            run_id=work.run_id,
            facts=facts,
            nodes=nodes(mapping, tally_counted(reader.unit_groups()), work.as_of, still, measured),
            baselines=[r.baseline for at, r in measured.items() if r.baseline is not None and at not in still],
            measured=read,
        )
        if seq is not None:
            break
    _clear_traces(writer)
    return seq


def _frozen(reader: Reader, mapping: Mapping, before: FrozenBy) -> dict[tuple[str, str], Frozen]:
    """Key results that stand still, because items that they are or were made of are out of sight or held back, and the result at
    which they stay. One that was away for a while stays at the last result that it had."""
    found = {}
    reasons = {at: set(parts) for at, parts in before.items()}
    for at, parts in _still(reader, mapping, calculated=True).items():
        reasons.setdefault(at, set()).update(parts)
    for at, parts in reasons.items():
        if at in mapping.key_results:
            row = reader.last_snapshot(at[0], "key_result", at[1])
            former, seq = (row.node, row.seq) if row is not None else (None, None)
            found[at] = Frozen(tuple(why for why, _ in parts), tuple(part for _, part in parts), former, seq)
    return found


def _still(reader: Reader, mapping: Mapping, *, calculated: bool) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Why key results stand still, by their links, by what items add to their measures, and by values that wait for a person.
    ``calculated``: what is stored was made with this mapping."""
    found = {at: set(parts) for at, parts in reader.frozen().items()}
    if not mapping.measures:
        return found
    by_measure = reader.frozen_measures() if calculated else {}
    held, measures = reader.held_values(), Measures(mapping)
    for at, key_result in mapping.key_results.items():
        own = [measures.of(key_result), *(measures.of_step(*at, n) for n in range(len(key_result.steps)))]
        for one in filter(None, own):
            parts = by_measure.get(one.index, set()) | _held(held, one.metric)
            if parts:
                found.setdefault(at, set()).update(parts)
    return found


def _held(held: FrozenBy, metric: Metric | None) -> set[tuple[str, str]]:
    """Why the values that a metric reads stand still; ``held`` goes by (source, series)."""
    if metric is None:
        return set()
    wanted = None if metric.series is None else fold(metric.series)
    return {
        why
        for (source, series), reasons in held.items()
        if source == metric.source and wanted in (None, fold(series))
        for why in reasons
    }


def _clear_traces(writer: Writer) -> None:
    try:
        writer.clear_traces()
    except StoreUnavailable as error:  # no room for a copy, or others kept writing: what was calculated stands all the same
        log.warning("titles that became private may be left in unused parts of the database file: %s", error)


def _commit(folder: Path) -> str | None:
    """The commit that the mapping folder stands at, where it is under git; of use to people, nothing depends on it."""
    if not any((above / ".git").exists() for above in (folder, *folder.resolve().parents)):
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _present(config: Config, former: Mapping) -> Mapping:
    try:
        return load_mappings(config.mappings, config.timezone)[0]
    except ConfigError:
        return former


def _now(reader: Reader, now: Callable[[], int] | None) -> int:
    latest = reader.evaluation()
    return max(now() if now else int(time.time() * 1000), latest.as_of if latest else 0)


def _links(writer: Writer, reader: Reader, work: Work, listener: Callable[[int], None]) -> None:
    circles = writer.settle_edges(work.mapping.patterns)
    assessor = Assessor(work.mapping, known_dimensions(reader, work.facts), work.as_of)
    done = 0
    for read_seq, items in reader.dirty_trees(CHUNK):
        part = assessor.part(items)
        numbers = {item.no: None for item in items}
        findings = [*part.findings, *(f for f in circles if f.no in numbers), *assessor.rule_findings()]
        writer.put_attachments(
            list(numbers), part.attachments, part.units, findings, read_seq=read_seq, contributions=part.contributions
        )
        done += len(items)
        listener(done)
