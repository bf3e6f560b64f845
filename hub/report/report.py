"""``Report``: what the command line and the pages ask."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub.errors import AnchorlineError, UsageError
from hub.mappings import parse
from hub.model import Cycle, Dimensions, Item, KeyResult, Mapping, NodeResult, Objective, SourceFacts, fold
from hub.progress import cycles_around, day_of, is_taken
from hub.report import words
from hub.report.explain import Evaluated, item_explanation
from hub.report.key_results import attached_to, node_explanation
from hub.report.notes import notes
from hub.report.unanchored import Wanted, active_counts, unanchored
from hub.report.values import ItemExplanation, Node, NodeExplanation, RunRow, SourceAge, Tree, Unanchored
from hub.store import Store
from hub.store.read import EvaluationRow, Reader, Related


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
        rows = self._reader.latest_snapshots()
        nodes: dict[tuple[str, str, str], NodeResult] = {(s.node.cycle, s.node.kind, s.node.id): s.node for s in rows}
        counts, broken = active_counts(self._reader, evaluated, which)
        sources = self.sources()
        return Tree(
            cycle=which.id,
            starts=which.starts,
            ends=which.ends,
            seq=evaluated.seq,
            as_of=evaluated.as_of,
            company=_TreeOf(evaluated, which.id, nodes).company(),
            sources=sources,
            counts=counts,
            broken_anchors=broken,
            notes=notes(self._reader, evaluated, which, sources),
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

    def explain(self, text: str, cycle: str | None = None, labels: Sequence[str] = ()) -> list[ItemExplanation | NodeExplanation]:
        """Whatever ``text`` names: a key result, objective or pillar by id or name, else an item by key, id or URL. With
        ``labels`` only an item, as if it had these labels, too."""
        return [*([] if labels else self.explain_node(text, cycle))] or [*self.explain_item(text, cycle, labels)]

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
                found.append(replace(told, findings=(*self._troubles(then), *told.findings), related=related))
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
            if wanted in (fold(container.key or ""), fold(container.name)):
                key = container.key or container.name
                return f"{key} is a project of {source}: `anchorline unanchored --project {key}` shows its loose work."
        return None

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
        return [x.id for table in (mapping.key_results, mapping.objectives, mapping.pillars) for x in table.values()]

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
        return node_explanation(evaluated, node, children, attached, items, runs, about, self.sources())

    def _explain_frozen(self, node: NodeResult, seq: int) -> NodeExplanation:
        """A key result that stands still, of the snapshot ``seq``, is explained as it was when its number was made."""
        since = node.details["frozen"]["since"]
        row = self._reader.evaluation(seq if since is None else since)
        assert row is not None  # its snapshot was written by it
        details = {name: value for name, value in node.details.items() if name != "frozen"}
        then = self._explain(self._stand(row), node._replace(details=details))
        day = datetime.fromtimestamp(row.as_of / 1000, UTC).date()
        why = words.standing_still(node.details)
        return replace(then, sentence=f"{then.sentence} It stands still since {day}: {why} (`anchorline status`).")

    def _run_of(self, no: int) -> MappingABC[str, Any]:
        origin = self._reader.provenance([no]).get(no)
        run = self._reader.run(origin.run_id) if origin else None
        if run is None:
            return {}
        return {"id": str(run.id), "source": run.source, "started_at": run.started_at, "result": run.result}

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
        facts = {n: SourceFacts(n, f["kind"], frozenset(f["item_fields"]), f["effort"]) for n, f in row.facts.items()}
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


class _TreeOf:
    """The nodes of one cycle as a tree, with the names that people gave them. ``nodes`` go by (cycle, kind, folded id)."""

    def __init__(self, evaluated: Evaluated, cycle: str, nodes: MappingABC[tuple[str, str, str], NodeResult]) -> None:
        self._mapping = evaluated.mapping
        self._today = day_of(evaluated.mapping, evaluated.as_of)
        self._cycle = cycle
        self._nodes = nodes
        self._around = {c.id: set(cycles_around(self._mapping, c)) for c in self._mapping.cycles.values()}

    def company(self) -> Node:
        figures = self._nodes[self._cycle, "company", "company"]
        pillars = tuple(self._pillar(id_) for id_ in self._mapping.pillars)
        loose = tuple(self._objective(id_) for id_, o in self._objectives() if o.pillar is None)
        if loose:
            measured = sum(n.measured for n in loose)
            pillars += (Node("pillar", "", "No pillar", None, sum(n.key_results for n in loose), measured, children=loose),)
        progress, total, measured = figures.progress, figures.key_results, figures.measured
        return Node("company", "company", "Company", progress, total, measured, children=pillars)

    def _team(self, id_: str | None) -> str | None:
        return self._mapping.teams[fold(id_)].name if id_ is not None else None

    def _objectives(self) -> list[tuple[str, Objective]]:
        """Those that have a figure in the cycle."""
        return [(id_, o) for id_, o in self._mapping.objectives.items() if (self._cycle, "objective", id_) in self._nodes]

    def _pillar(self, id_: str) -> Node:
        pillar, figures = self._mapping.pillars[id_], self._nodes[self._cycle, "pillar", id_]
        under = tuple(self._objective(o) for o, each in self._objectives() if each.pillar and fold(each.pillar) == id_)
        return Node(
            "pillar", pillar.id, pillar.name, figures.progress, figures.key_results, figures.measured,
            owner=pillar.owner, place=str(pillar.place), children=under,
        )  # fmt: skip

    def _objective(self, id_: str) -> Node:
        objective, figures = self._mapping.objectives[id_], self._nodes[self._cycle, "objective", id_]
        own = tuple(
            self._key_result(at)
            for at, each in self._mapping.key_results.items()
            if id_ in map(fold, each.objectives) and (self._cycle == objective.cycle or self._cycle in self._around[at[0]])
        )
        return Node(
            "objective", objective.id, objective.name, figures.progress, figures.key_results, figures.measured,
            owner=objective.owner, team=self._team(objective.team), place=str(objective.place),
            note=words.objective_note(objective), children=own,
        )  # fmt: skip

    def _key_result(self, at: tuple[str, str]) -> Node:
        key_result, figures = self._mapping.key_results[at], self._nodes[at[0], "key_result", at[1]]
        return Node(
            "key_result", key_result.id, key_result.name, figures.progress, 1, figures.measured,
            owner=key_result.owner, team=self._team(key_result.team), place=str(key_result.place),
            note=self._note(key_result, figures),
        )  # fmt: skip

    def _note(self, key_result: KeyResult, figures: NodeResult) -> str:
        note = words.key_result_note(key_result, figures)
        if key_result.cycle != self._cycle:
            note = f"{key_result.cycle}: {note}"
        if "frozen" in figures.details:
            note = f"stands still; {note}"
        if key_result.dropped is not None and not is_taken(key_result, self._today):
            note += f"; dropped on {key_result.dropped.on}, not rolled up: {key_result.dropped.why}"
        return note
