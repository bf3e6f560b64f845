"""``Report``: what the command line and the pages ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingABC
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub.errors import AnchorlineError, UsageError
from hub.mappings import parse
from hub.model import Cycle, Dimensions, Item, Mapping, NodeResult, SourceFacts, fold
from hub.progress import day_of
from hub.report import words
from hub.report.asking import Asking, kinds
from hub.report.beside import needs
from hub.report.evidence import Evidence, MetricExplanation, Metrics
from hub.report.explain import Evaluated, item_explanation
from hub.report.judging import judged
from hub.report.key_results import Attached, Told, attached_to, node_explanation
from hub.report.links import Listed, searches
from hub.report.notes import notes
from hub.report.readers import read_by
from hub.report.reconciled import Reconciled, Theirs
from hub.report.reconciling import Reconciling, Side
from hub.report.tree import TreeOf
from hub.report.unanchored import Wanted, active_counts, unanchored
from hub.report.values import ItemExplanation, NodeExplanation, RunRow, SourceAge, Tree, Unanchored
from hub.scale import Verdict
from hub.scale.rollup import NodeAt
from hub.store import Store
from hub.store.read import EvaluationRow, Reader, Related

Explanation = ItemExplanation | NodeExplanation | MetricExplanation


class Report:
    """Answers about the latest evaluation of a store. Every method gives None, or nothing, before the first one."""

    def __init__(self, store: Store) -> None:
        self._reader = Reader(store)
        self._evaluated: Evaluated | None = None

    # ---- the tree ----

    def tree(self, cycle: str | None = None) -> Tree | None:
        """The strategy of one cycle, by default the one in force. Raises ``UsageError`` when there is no such cycle."""
        evaluated = self._latest()
        if evaluated is None:
            return None
        which = self._cycle(evaluated, cycle)
        nodes = self._nodes()
        verdicts = self._verdicts(evaluated, nodes)
        counts, broken = active_counts(self._reader, evaluated, which)
        sources = self.sources()
        return Tree(
            cycle=which.id,
            starts=which.starts,
            ends=which.ends,
            seq=evaluated.seq,
            as_of=evaluated.as_of,
            company=TreeOf(evaluated, which.id, nodes, verdicts, self._reader.retargeted(evaluated.seq)).company(),
            sources=sources,
            counts=counts,
            broken_anchors=broken,
            notes=notes(self._reader, evaluated, which, sources, verdicts),
        )

    def sources(self) -> tuple[SourceAge, ...]:
        """Every source that ever ran, with the age of the data behind the latest evaluation (not of what waits for the next)."""
        latest = self._reader.evaluation()
        fresh = latest.freshness if latest else {}
        return tuple(
            SourceAge(s.name, s.kind, fresh.get(s.name), s.last_result or ("running" if s.last_run else None), s.last_at, s.items)
            for s in self._reader.sources()
        )

    def runs(self, source: str | None = None, limit: int = 20) -> list[RunRow]:
        """The latest runs, newest first."""
        return [
            RunRow(
                str(r.id), r.source, r.reason, r.mode, r.result or "running", r.started_at, r.finished_at, r.counts, r.error,
                r.hint,
            )
            for r in self._reader.runs(limit, source)
        ]  # fmt: skip

    # ---- work that serves nothing ----

    def unanchored(
        self,
        *,
        team: str | None = None,
        source: str | None = None,
        project: str | None = None,
        min_age_days: int | None = None,
        limit: int | None = 50,
    ) -> Unanchored | None:
        """Active work without an anchor, contested work and broken anchors, of the cycle in force. Raises ``UsageError``."""
        evaluated = self._latest()
        if evaluated is None:
            return None
        wanted = Wanted(team, source, project, min_age_days, limit)
        cycle, sources = self._cycle(evaluated, None), self.sources()
        found = unanchored(self._reader, evaluated, cycle, wanted, sources)
        return replace(found, notes=notes(self._reader, evaluated, cycle, sources))

    # ---- explanations ----

    def explain(self, text: str, cycle: str | None = None, labels: Sequence[str] = ()) -> list[Explanation]:
        """Whatever ``text`` names: a key result, objective, pillar or metric by id or name, else an item by key, id or URL. With
        ``labels`` only an item, as if it had these labels, too."""
        known: list[Explanation] = [] if labels else [*self.explain_node(text, cycle), *self.explain_metric(text, cycle)]
        return known or [*self.explain_item(text, cycle, labels)]

    def explain_item(self, text: str, cycle: str | None = None, labels: Sequence[str] = ()) -> list[ItemExplanation]:
        """One explanation per source that knows the text; ``source:KEY`` means that of one source."""
        evaluated = self._latest()
        if evaluated is None:
            return []
        which = self._cycle(evaluated, cycle)
        found = []
        for item in self._find(evaluated, text):
            tree = self._reader.tree_of(item.no, as_of=evaluated.seq)
            then = next((i for i in tree if i.no == item.no), None)
            if then is not None:  # else it came after the evaluation that is explained
                stands = self._reader.items(nos=[then.duplicate_of], as_of=evaluated.seq) if then.duplicate_of is not None else ()
                canonical = next(iter(stands), None)
                told = item_explanation(evaluated, then, tree, which.id, self._run_of(item.no), labels, canonical)
                related = tuple(_related(each) for each in self._reader.related(item.no))
                reads = read_by(evaluated, then, tree) if not labels else ()
                findings = (*self._troubles(then), *told.findings)
                found.append(replace(told, findings=findings, related=related, read_by=reads))
        return found

    def explain_node(self, text: str, cycle: str | None = None) -> list[NodeExplanation]:
        """Key results, objectives and pillars of this id, else of this name, in the cycle; ``company`` is the whole."""
        evaluated = self._latest()
        if evaluated is None:
            return []
        which = self._cycle(evaluated, cycle)
        found = []
        for kind, id_ in _named(evaluated.mapping, which.id, text):
            row = self._reader.snapshot(which.id, kind, id_, as_of=evaluated.seq)
            if row is not None:
                found.append(self._explain(evaluated, row.node, row.seq))
        return found

    def explain_metric(self, text: str, cycle: str | None = None) -> list[MetricExplanation]:
        """The metrics of this id, else of this name, as they stand alone in the cycle."""
        evaluated = self._latest()
        if evaluated is None:
            return []
        which, wanted = self._cycle(evaluated, cycle), fold(text)
        named = {id_: m for id_, m in evaluated.mapping.metrics.items() if not m.inline}
        ids = [id_ for id_ in named if id_ == wanted] or [id_ for id_, m in named.items() if fold(m.name) == wanted]
        asking = self._asking(evaluated) if ids else None
        return [asking.metric(id_, which, self.sources()) for id_ in ids if asking is not None]

    def reconcile(self, text: str, theirs: Theirs, cycle: str | None = None, side: Side = "done") -> Reconciled | None:
        """A key result, by id or name, beside what somebody else counts; None where there is none. ``side`` says which units of a
        completion are meant."""
        evaluated = self._latest()
        if evaluated is None:
            return None
        which = self._cycle(evaluated, cycle)
        for kind, id_ in _named(evaluated.mapping, which.id, text):
            row = self._reader.snapshot(which.id, kind, id_, as_of=evaluated.seq) if kind == "key_result" else None
            if row is not None:
                stood = self._stood(evaluated, row.node, row.seq)
                node = row.node._replace(details={k: v for k, v in row.node.details.items() if k != "frozen"})
                told = self._explain(stood, node)
                return Reconciling(self._reader, stood, self._asking(stood)).compared(node, told, theirs, side)
        return None

    def metrics(self) -> Metrics | None:
        """All metrics as they stand alone in the cycle in force."""
        evaluated = self._latest()
        if evaluated is None:
            return None
        return self._asking(evaluated).metrics(self._cycle(evaluated, None), self._nodes(), self.sources())

    def known(self, text: str) -> str | None:
        """What else a text names that has no explanation of its own, as a sentence; None when nothing is known of it."""
        evaluated = self._latest()
        if evaluated is None:
            return None
        wanted = fold(text)
        for allowance in evaluated.mapping.allowances.values():
            if wanted in (fold(allowance.id), fold(allowance.name)):
                return f"{allowance.id} is an allowance ({allowance.place}): work that runs the business has no progress."
        for team in evaluated.mapping.teams.values():
            if wanted in (fold(team.id), fold(team.name)):
                return f"{team.name} is a team ({team.place}): `anchorline unanchored --team {team.id}` shows its loose work."
        for (source, _), container in evaluated.dimensions.containers.items():
            if container.within is None and wanted in (fold(container.key or ""), fold(container.name)):
                key = container.key or container.name
                return f"{key} is a project of {source}: `anchorline unanchored --project {key}` shows its loose work."
        return None

    def is_item(self, name: str) -> bool:
        """Whether an item has this key, former key or id."""
        return bool(self._reader.find_item(name))

    def mapping_hash(self) -> str | None:
        """The hash of the mapping files that the latest evaluation was made with."""
        row = self._reader.evaluation()
        return row.mapping_hash if row else None

    def _troubles(self, item: Item) -> list[str]:
        """Why what is shown may be old: a newer record of the item that could not be understood."""
        return [
            f"its newest record could not be understood ({r.reason}); what counts is the last good one"
            for r in self._reader.quarantine(item.source)
            if r.id == item.id
        ]

    def _find(self, evaluated: Evaluated, text: str) -> list[Item]:
        source, colon, rest = text.partition(":")
        if colon and source in evaluated.dimensions.sources:
            return self._reader.find_item(rest, source)
        return self._reader.find_item(text)

    def ids(self) -> list[str]:
        """Every id that ``explain_node`` knows, as written: for suggestions."""
        evaluated = self._latest()
        if evaluated is None:
            return []
        mapping = evaluated.mapping
        ids = [x.id for table in (mapping.key_results, mapping.objectives, mapping.pillars) for x in table.values()]
        return ids + [metric.id for metric in mapping.metrics.values() if not metric.inline]

    def busiest_key_result(self) -> str | None:
        """Id of the key result of the cycle in force that has most units and is neither untouched nor done."""
        evaluated = self._latest()
        if evaluated is None:
            return None
        cycle = self._cycle(evaluated, None).id
        rows = [s.node for s in self._reader.latest_snapshots(cycle) if s.node.kind == "key_result"]
        rows.sort(key=lambda n: (not 0 < (n.progress or 0) < 1, -n.details.get("units", 0), n.id))
        return evaluated.mapping.key_results[cycle, rows[0].id].id if rows else None

    def _explain(self, evaluated: Evaluated, node: NodeResult, seq: int = 0) -> NodeExplanation:
        if "frozen" in node.details:
            return self._explain_frozen(node, seq)
        attached = attached_to(self._reader, evaluated, node) if node.kind == "key_result" else []
        children = [
            row.node
            for c in node.details.get("children", ())
            if (row := self._reader.snapshot(c["cycle"], c["kind"], c["id"], as_of=evaluated.seq)) is not None
        ]
        evaluation = self._reader.evaluation(evaluated.seq)
        run = self._reader.run(evaluation.run_id) if evaluation and evaluation.run_id is not None else None
        about = {"id": str(run.id), "source": run.source, "started_at": run.started_at, "result": run.result} if run else {}
        items = {i.no: words.item_name(i) for i in self._reader.items(nos={a.via for _, _, a in attached if a.via})}
        origin = self._reader.provenance([i.no for i, _, _ in attached])
        runs = {no: str(p.run_id) for no, p in origin.items()}
        verdicts = self._verdicts(self._latest() or evaluated, self._nodes())
        evidence = self._asking(evaluated).evidence(node, verdicts) if node.kind == "key_result" else None
        links = searches(kinds(evaluated), _behind(attached, evidence))
        key_result = evaluated.mapping.key_results.get((node.cycle, node.id)) if node.kind == "key_result" else None
        waits = needs(evaluated.mapping, key_result, verdicts, day_of(evaluated.mapping, evaluated.as_of)) if key_result else ()
        told = Told(verdicts.get((node.cycle, node.kind, node.id)), evidence, links, about, self.sources(), waits)
        return node_explanation(evaluated, node, children, attached, items, runs, told)

    def _explain_frozen(self, node: NodeResult, seq: int) -> NodeExplanation:
        """A key result that stands still, of the snapshot ``seq``, is explained as it was when its number was made."""
        stood = self._stood(None, node, seq)
        details = {name: value for name, value in node.details.items() if name != "frozen"}
        then = self._explain(stood, node._replace(details=details))
        day = datetime.fromtimestamp(stood.as_of / 1000, UTC).date()
        why = words.standing_still(node.details)
        return replace(then, sentence=f"{then.sentence} It stands still since {day}: {why} (`anchorline status`).")

    def _stood(self, evaluated: Evaluated | None, node: NodeResult, seq: int) -> Evaluated:
        """The evaluation that made a number: of a key result that stands still, of the snapshot ``seq``, the one since when."""
        if evaluated is not None and "frozen" not in node.details:
            return evaluated
        since = node.details["frozen"]["since"]
        row = self._reader.evaluation(seq if since is None else since)
        assert row is not None  # its snapshot was written by it
        return self._stand(row)

    def _run_of(self, no: int) -> MappingABC[str, Any]:
        origin = self._reader.provenance([no]).get(no)
        run = self._reader.run(origin.run_id) if origin else None
        if run is None:
            return {}
        return {"id": str(run.id), "source": run.source, "started_at": run.started_at, "result": run.result}

    def _nodes(self) -> dict[NodeAt, NodeResult]:
        """The figures of all nodes of all cycles."""
        return {(s.node.cycle, s.node.kind, s.node.id): s.node for s in self._reader.latest_snapshots()}

    def _verdicts(self, evaluated: Evaluated, nodes: MappingABC[NodeAt, NodeResult]) -> dict[NodeAt, Verdict]:
        row = self._reader.evaluation(evaluated.seq)
        return judged(self._reader, evaluated, nodes.values(), row.freshness if row else {})

    def _asking(self, evaluated: Evaluated) -> Asking:
        row = self._reader.evaluation(evaluated.seq)
        assert row is not None  # it was made from one
        return Asking(self._reader, evaluated, row)

    # ---- the evaluation ----

    def _latest(self) -> Evaluated | None:
        row = self._reader.evaluation()
        if row is None:
            return None
        if self._evaluated is None or self._evaluated.seq != row.seq:
            self._evaluated = self._stand(row)
        return self._evaluated

    def _stand(self, row: EvaluationRow) -> Evaluated:
        stored = self._reader.mapping(row.mapping_hash)
        mapping = parse(stored.files, stored.timezone)[0] if stored else None
        if mapping is None:
            raise AnchorlineError(
                f"the mapping files of evaluation {row.seq} cannot be read by this version",
                hint="Run `anchorline sync` to evaluate with the present files.",
            )
        d = self._reader.dimensions(as_of=row.seq)
        facts = {n: _facts(n, f) for n, f in row.facts.items()}
        return Evaluated(mapping, Dimensions(d.statuses, d.containers, d.sprints, d.types, facts), row.seq, row.as_of)

    def _cycle(self, evaluated: Evaluated, wanted: str | None) -> Cycle:
        cycles = evaluated.mapping.cycles
        if wanted is not None:
            found = cycles.get(fold(wanted))
            if found is None:
                known = ", ".join(c.id for c in cycles.values())
                raise UsageError(f"There is no cycle {wanted!r}.", hint=f"The mapping has {known}.")
            return found
        found = evaluated.mapping.cycle_at(evaluated.as_of)
        if found is None:
            raise UsageError("The mapping has no cycle.", hint="Add one line to [cycle] in the mapping files.")
        return found


def _behind(attached: Attached, evidence: Evidence | None) -> Iterator[Listed]:
    """The items behind the number of a key result: those that count."""
    if evidence is None:
        yield from (Listed(item.source, item.key, item.url) for item, unit, _ in attached if unit.counts)
    else:
        rows = (*evidence.rows, *(row for step in evidence.steps for row in step.rows))
        yield from (Listed(row.source, row.name, row.url) for row in rows if row.url)


def _facts(name: str, said: MappingABC[str, Any]) -> SourceFacts:
    return SourceFacts(name, said["kind"], frozenset(said["item_fields"]), said["effort"], said.get("work", True))


def _related(related: Related) -> str:
    other = words.item_name(related.item)
    return f"it names {other} ({related.text})" if related.names else f"{other} names it ({related.text})"


def _named(mapping: Mapping, cycle: str, text: str) -> list[tuple[str, str]]:
    """(kind, folded id) of the nodes of a cycle whose id is the text; where there is none, of those with that name."""
    wanted = fold(text)
    nodes = [("key_result", id_, kr.name) for (of, id_), kr in mapping.key_results.items() if of == cycle]
    nodes += [("objective", id_, o.name) for id_, o in mapping.objectives.items()]
    nodes += [("pillar", id_, p.name) for id_, p in mapping.pillars.items()] + [("company", "company", "Company")]
    by_id = [(kind, id_) for kind, id_, _ in nodes if id_ == wanted]
    return by_id or [(kind, id_) for kind, id_, name in nodes if fold(name) == wanted]
