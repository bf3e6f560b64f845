"""A company, assessed, and what is asked of the result; the company itself is made with ``tests.reference.builders``."""

from __future__ import annotations

from fractions import Fraction

from hub.assess import assess
from hub.model import Assessment, Attachment, NodeResult
from tests.reference.builders import Company

Q1, Q2 = "2027-q1", "2027-q2"


class Told:
    """What the hub says of a company."""

    def __init__(self, given: Company) -> None:
        self.result: Assessment = assess(given.mapping, given.items, given.dimensions, given.as_of)
        self.nodes: dict[tuple[str, str, str], NodeResult] = {(n.kind, n.id, n.cycle): n for n in self.result.nodes}

    def of(self, no: int, cycle: str = Q1) -> Attachment:
        """Where an item belongs."""
        (found,) = (a for a in self.result.attachments if (a.no, a.cycle) == (no, cycle))
        return found

    def outcome(self, no: int, cycle: str = Q1) -> str:
        return self.of(no, cycle).outcome

    def credit(self, no: int, cycle: str = Q1) -> dict[str, Fraction]:
        """What an item gives to whom: ``{"sso": 1}``."""
        return {share.id: share.part for share in self.of(no, cycle).shares}

    def node(self, kind: str, id: str = "company", cycle: str = Q1) -> NodeResult:
        return self.nodes[kind, id, cycle]

    def progress(self, kind: str, id: str = "company", cycle: str = Q1) -> Fraction | None:
        return self.node(kind, id, cycle).progress

    def coverage(self, kind: str, id: str = "company", cycle: str = Q1) -> tuple[int, int]:
        """(measured, key results)"""
        node = self.node(kind, id, cycle)
        return node.measured, node.key_results

    def cycles_of(self, kind: str, id: str) -> list[str]:
        """The cycles in which a node has a figure."""
        return [cycle for a_kind, an_id, cycle in self.nodes if (a_kind, an_id) == (kind, id)]

    def findings(self, kind: str) -> list[tuple[int | None, str]]:
        return [(f.no, f.text) for f in self.result.findings if f.kind == kind]
