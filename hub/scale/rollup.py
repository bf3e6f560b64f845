"""The statuses of objectives, pillars and the company, from those beneath. Pure; docs/status.md."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingABC
from typing import NamedTuple

from hub.model import Mapping, NodeKind, NodeResult, fold
from hub.progress import day_of, is_taken, rolls_up
from hub.scale.late import Late
from hub.scale.verdict import ORDER, Status, Verdict, verdict

NodeAt = tuple[str, NodeKind, str]
"""(cycle id, kind, folded id) of a node."""
RISKY = frozenset({"missed", "off track", "at risk"})


def verdicts(mapping: Mapping, nodes: Iterable[NodeResult], late: Late) -> dict[NodeAt, Verdict]:
    """The status of every node, as of ``late.as_of``."""
    return _Verdicts(mapping, {(n.cycle, n.kind, n.id): n for n in nodes}, late).all()


class _Named(NamedTuple):
    """Something beneath a node: its name in a sentence, and its status."""

    name: str
    verdict: Verdict


class _Verdicts:
    def __init__(self, mapping: Mapping, nodes: MappingABC[NodeAt, NodeResult], late: Late) -> None:
        self._mapping, self._nodes, self._late = mapping, nodes, late
        self._today = day_of(mapping, late.as_of)
        self._found: dict[NodeAt, Verdict] = {}
        self._supporters: dict[str, list[str]] = {}
        for id_, objective in mapping.objectives.items():
            if objective.anchor and objective.anchor[0] == "supports" and rolls_up(objective):
                self._supporters.setdefault(fold(objective.anchor[1]), []).append(id_)

    def all(self) -> dict[NodeAt, Verdict]:
        for at in self._nodes:
            self._of(at)
        return self._found

    def _of(self, at: NodeAt) -> Verdict:
        if at not in self._found:
            cycle, kind, id_ = at
            node = self._nodes[at]
            if kind == "key_result":
                self._found[at] = self._key_result(cycle, id_, node)
            elif kind == "objective":
                self._found[at] = self._objective(cycle, id_, node)
            else:
                self._found[at] = self._weakest(self._beneath(node), "objective" if kind == "pillar" else "pillar")
        return self._found[at]

    def _key_result(self, cycle: str, id_: str, node: NodeResult) -> Verdict:
        key_result = self._mapping.key_results[cycle, id_]
        parts = []
        if key_result.combine is not None:
            known = ((part, self._nodes.get((cycle, "key_result", part))) for part in node.details.get("parts", ()))
            ids = [part for part, found in known if found is not None and found.progress is not None]
            parts = [(self._mapping.key_results[cycle, part].id, self._of((cycle, "key_result", part))) for part in ids]
        return verdict(self._mapping, key_result, node, self._today, self._late, parts)

    def _objective(self, cycle: str, id_: str, node: NodeResult) -> Verdict:
        objective = self._mapping.objectives[id_]
        if objective.state != "agreed":
            text = "not agreed yet" if objective.state == "draft" else "given up"
            return Verdict("draft" if objective.state == "draft" else "dropped", text)
        own = [
            (at, key_result)
            for c in node.details.get("children", ())
            if c["kind"] == "key_result" and (at := (c["cycle"], c["kind"], c["id"])) in self._nodes
            if is_taken(key_result := self._mapping.key_results[c["cycle"], c["id"]], self._today)
        ]
        committed = [(at, kr) for at, kr in own if kr.ambition == "committed"]
        asked = [_Named(kr.id, self._of(at)) for at, kr in committed or own]
        support = self._support(cycle, id_)
        if not own:
            return self._weakest([_Named(name, v) for name, v in support], "objective" if support else "key result")
        which = "committed key result" if committed else "key result"
        found = self._weakest(asked, which, len(own), sum(self._of(at).status == "unknown" for at, _ in own))
        risky = [_Named(name, v) for name, v in support if v.status in RISKY]
        if risky and ORDER.index(found.status) > ORDER.index("at risk"):
            worst = min(risky, key=lambda each: ORDER.index(each.verdict.status))
            return Verdict("at risk", f'"{worst.name}", which supports it, is {worst.verdict.status}')
        return found

    def _support(self, cycle: str, id_: str) -> list[tuple[str, Verdict]]:
        found = []
        for supporter in self._supporters.get(id_, ()):
            at: NodeAt = (cycle, "objective", supporter)
            if at in self._nodes:
                found.append((self._mapping.objectives[supporter].id, self._of(at)))
        return found

    def _beneath(self, node: NodeResult) -> list[_Named]:
        found = []
        for child in node.details.get("children", ()):
            at: NodeAt = (child["cycle"], child["kind"], child["id"])
            if at in self._nodes:
                table = self._mapping.objectives if child["kind"] == "objective" else self._mapping.pillars
                found.append(_Named(table[child["id"]].id, self._of(at)))
        return found

    def _weakest(self, asked: list[_Named], which: str, of: int | None = None, unknown: int | None = None) -> Verdict:
        """The status of the weakest, in a sentence that names it."""
        asked = [each for each in asked if each.verdict.status in ORDER]
        if not asked:
            return Verdict("unknown", f"it has no {which.removeprefix('committed ')} to judge by")
        worst = min(asked, key=lambda each: ORDER.index(each.verdict.status))
        status: Status = worst.verdict.status
        count = sum(each.verdict.status == "unknown" for each in asked) if unknown is None else unknown
        total = len(asked) if of is None else of
        aside = f"; {count} of {total} unknown" if count and status != "unknown" else ""
        if len(asked) > 1 and all(each.verdict.status == status for each in asked):
            plural = f"{which}s"
            return Verdict(status, f"all {len(asked)} {plural} are {status}{aside}")
        return Verdict(status, f'its {which} "{worst.name}" is {status}{aside}')
