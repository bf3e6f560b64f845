"""What must be known before numbers are believed: sentences that stand above them, most important first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hub.model import Cycle
from hub.report.asking import is_typed
from hub.report.explain import Evaluated
from hub.report.values import SourceAge
from hub.report.words import plural, standing_still
from hub.scale import Verdict
from hub.scale.rollup import NodeAt
from hub.store.measured import valued
from hub.store.read import Reader

ODD = {
    "status": "a status that means nothing yet",
    "category": "a status category other than the status list's",
    "estimate": "an estimate that is no valid number",
    "parent": "a parent that was not read",
    "cycle": "a circle of parents",
    "team": "two teams",
    "accepts": "a name that is not accepted from their team",
    "ambiguous": "several parents",
}


WHY = "`anchorline runs` says why."


def notes(
    reader: Reader,
    evaluated: Evaluated,
    cycle: Cycle,
    sources: tuple[SourceAge, ...],
    verdicts: Mapping[NodeAt, Verdict] | None = None,
) -> tuple[str, ...]:
    """The sentences for one evaluation and cycle; empty when there is nothing to say. With ``verdicts`` also those of metrics."""
    return (
        *_unread(sources, reader.sources_with_values()),
        *_waiting(reader),
        *_out_of_time(evaluated, cycle),
        *_frozen(reader, evaluated, cycle),
        *([] if verdicts is None else _metrics(reader, evaluated, cycle, verdicts)),
        *_unobserved(reader),
        *_unevaluable(reader),
        *_noticed(reader),
        *_odd(reader),
    )


def _unread(sources: tuple[SourceAge, ...], with_values: list[str]) -> list[str]:
    said = []
    for source in sources:
        last = f"its last run: {source.last_result}"
        if source.complete_at is None and source.last_result == "running" and source.items:
            said.append(
                f"{source.source} is being read for the first time and its history is still loading:"
                f" {plural(source.items, 'item')} so far, the present cycle's work first."
            )
        elif source.items == 0 and source.source not in with_values:
            said.append(f"Nothing has been read from {source.source} yet ({last}). {WHY}")
        elif source.complete_at is None:
            said.append(f"{source.source} was never read completely ({last}): the numbers know a part of it. {WHY}")
        elif source.last_result in ("failed", "partial"):
            how = "failed" if source.last_result == "failed" else "could not read everything"
            said.append(f"The last run of {source.source} {how}; what it did not read stands as it was. {WHY}")
    return said


def _waiting(reader: Reader) -> list[str]:
    count = reader.dirty_count()
    return [f"{plural(count, 'item')} changed since these numbers: `anchorline evaluate` calculates them."] if count else []


def _noticed(reader: Reader) -> list[str]:
    said = [f"{n.source}: {n.text}" for n in reader.notices() if n.kind == "run"]
    unaccounted = sum(n.kind == "unaccounted" for n in reader.notices())
    if unaccounted:
        said.append(f"{plural(unaccounted, 'item')} once listed by a vendor and not returned: nothing was concluded from that.")
    records = reader.quarantine()
    if records:
        which = ", ".join(r.id or "without id" for r in records[:3]) + (" and others" if len(records) > 3 else "")
        said.append(f"{plural(len(records), 'record')} in quarantine ({which}): {records[0].reason}. The last good state counts.")
    return said


def _out_of_time(evaluated: Evaluated, cycle: Cycle) -> list[str]:
    today = datetime.fromtimestamp(evaluated.as_of / 1000, evaluated.mapping.zone).date()
    if today > cycle.ends:
        days = plural((today - cycle.ends).days, "day")
        return [f"The cycle {cycle.id} ended on {cycle.ends}, {days} before these numbers. Add the current one to [cycle]."]
    if today < cycle.starts:
        return [f"The cycle {cycle.id} begins on {cycle.starts}: nothing of it can be done yet."]
    return []


def _frozen(reader: Reader, evaluated: Evaluated, cycle: Cycle) -> list[str]:
    """Key results that keep their last number, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for row in reader.latest_snapshots(cycle.id):
        why = standing_still(row.node.details)
        known = evaluated.mapping.key_results.get((cycle.id, row.node.id)) if row.node.kind == "key_result" else None
        if why and known:
            by_reason.setdefault(why, []).append(known.id)
    said = []
    for why, ids in by_reason.items():
        which = ", ".join(ids[:4]) + (" and others" if len(ids) > 4 else "")
        stand = "stands" if len(ids) == 1 else "stand"
        said.append(f"{plural(len(ids), 'key result')} {stand} still ({which}): {why}. `anchorline status` says what to do.")
    return said


def _metrics(reader: Reader, evaluated: Evaluated, cycle: Cycle, verdicts: Mapping[NodeAt, Verdict]) -> list[str]:
    """Metrics of key results of the cycle that cannot be calculated or are late, each once, and how many are typed."""
    mapping = evaluated.mapping
    missing: dict[str, str] = {}
    late: dict[str, str] = {}
    for row in reader.latest_snapshots(cycle.id):
        key_result = mapping.key_results.get((cycle.id, row.node.id)) if row.node.kind == "key_result" else None
        verdict = verdicts.get((cycle.id, "key_result", row.node.id))
        if key_result is None or key_result.metric is None or verdict is None or verdict.status != "unknown":
            continue
        if "frozen" in row.node.details:
            continue  # it is named among those that stand still
        metric = mapping.metrics[key_result.metric]
        name = key_result.id if metric.inline else metric.id
        if row.node.progress is None:
            missing.setdefault(name, str(row.node.details.get("why", "it was not measured")))
        else:
            late.setdefault(name, verdict.why)
    typed, with_values = reader.typed_series(), valued(reader, mapping)
    by_hand = [metric.id for metric in mapping.metrics.values() if not metric.inline and is_typed(metric, typed, with_values)]
    return [
        *_named(missing, "metric cannot be calculated", "metrics cannot be calculated", "`anchorline metrics` says all of it."),
        *_named(late, "metric is late", "metrics are late", "Their numbers are the last known, and their key results unknown."),
        *([f"{plural(len(by_hand), 'metric')} typed by hand ({_some(by_hand)})."] if by_hand else []),
    ]


def _named(found: Mapping[str, str], one: str, many: str, more: str) -> list[str]:
    if not found:
        return []
    said = "; ".join(f"{name}: {why}" for name, why in list(found.items())[:3])
    rest = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return [f"{plural(len(found), one, many)} ({said}{rest}). {more}"]


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (" and others" if len(names) > 4 else "")


def _unobserved(reader: Reader) -> list[str]:
    found = reader.unobserved()
    if not found:
        return []
    names = ", ".join(name for _, name, _ in found[:4]) + (" and others" if len(found) > 4 else "")
    items, projects = sum(count for _, _, count in found), plural(len(found), "project")
    return [f"{plural(items, 'item')} of {projects} that are no longer read ({names}) still count as last seen."]


def _unevaluable(reader: Reader) -> list[str]:
    found = [f.text for f in reader.findings(kinds=["unevaluable"])]
    if not found:
        return []
    more = f" ({len(found) - 1} more like it)" if len(found) > 1 else ""
    first = found[0][0].upper() + found[0][1:]
    return [f"{first}{more}: it matches nothing there. Check `fields` in config.toml."]


def _odd(reader: Reader) -> list[str]:
    counts = {kind: count for kind, count in reader.finding_counts().items() if kind in ODD}
    if not counts:
        return []
    parts = ", ".join(f"{count:,} with {ODD[kind]}" for kind, count in sorted(counts.items(), key=lambda c: -c[1]))
    return [f"Items to look at: {parts}. `anchorline explain ITEM` says what is odd."]
