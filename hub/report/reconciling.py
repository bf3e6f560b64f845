"""Our number beside somebody else's, as of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from hub.model import Item, KeyResult, NodeResult, fold
from hub.report import words
from hub.report.asking import Asking
from hub.report.evidence import Evidence, Group, Row
from hub.report.explain import Evaluated, item_explanation
from hub.report.figures import days, figure
from hub.report.reconciled import OneSided, Ours, Reconciled, Sides, Theirs, suspects
from hub.report.values import NodeExplanation, UnitRow
from hub.store.read import Reader

Side = Literal["done", "all"]


class Reconciling:
    """Compares a key result of one evaluation with what somebody else counts."""

    def __init__(self, reader: Reader, evaluated: Evaluated, asking: Asking) -> None:
        self._reader, self._evaluated, self._asking = reader, evaluated, asking

    def compared(self, node: NodeResult, told: NodeExplanation, theirs: Theirs, side: Side) -> Reconciled:
        """``told`` is the explanation of the key result; ``side`` says which units of a completion are meant."""
        key_result = self._evaluated.mapping.key_results[node.cycle, node.id]
        renamed = {} if theirs.ids is None else self._renamed(theirs.ids)
        ours = self._ours(
            key_result, node, told, side, (*map(fold, theirs.ids or ()), *(fold(id_) for _, id_ in renamed.values()))
        )
        expected, number = theirs.expected, ours.number
        difference = None if expected is None or number is None else expected - number
        same = theirs.is_same(number)
        found = Reconciled(
            key_result.id, key_result.name, node.cycle, told.seq, told.as_of, ours.what, ours.unit, number, ours.why, expected,
            difference, same, len(ours.rows), () if same else suspects(ours, difference),
        )  # fmt: skip
        if theirs.ids is None:
            return found
        sides = Sides(ours, theirs.ids, renamed)
        missing = tuple(self._missing(key_result, *each) for each in sides.missing())
        same = same and not missing and not sides.only_ours
        return replace(
            found, equal=same, ids=sides.ids, both=sides.both, only_theirs=missing, only_ours=sides.only_ours, twice=sides.twice
        )

    # ---- our side ----

    def _ours(self, key_result: KeyResult, node: NodeResult, told: NodeExplanation, side: Side, wanted: Sequence[str]) -> Ours:
        evidence = told.evidence
        if evidence is None:
            return _of_units(key_result, node, told.units, side)
        if key_result.kind == "milestone":
            return _of_steps(evidence)
        if evidence.metric is None:
            return _of_parts(evidence, node)
        subject = self._asking.measuring.of_key_result(key_result)
        if subject is not None and wanted:  # again, so that none of what they name is cut off
            sifted = self._asking.measuring.sift(subject, wanted)
            evidence = replace(evidence, rows=sifted.rows, left_out=sifted.groups)
        if key_result.judge == "share" and evidence.periods:
            return _of_periods(evidence)
        what = "its current value"
        return Ours(what, evidence.value, evidence.unit, evidence.why, evidence.rows, evidence.left_out)

    # ---- their side ----

    def _renamed(self, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        """(source, id) of what they call by a name that only one item bears, present or former."""
        found = {}
        for name in dict.fromkeys(names):
            items = self._reader.find_item(name)
            if len(items) == 1:
                found[fold(name)] = (items[0].source, items[0].id)
        return found

    def _missing(self, key_result: KeyResult, name: str, row: Row | None, group: Group | None) -> OneSided:
        if group is not None:
            return OneSided(name, group.why, group.place, row)
        item = next(iter(self._reader.find_item(name)), None)
        if item is None:
            return OneSided(name, self._unread(key_result, name))
        return OneSided(
            name, self._elsewhere(key_result, item), None, Row(item.source, item.key or item.id, item.title, item.id, item.url)
        )

    def _elsewhere(self, key_result: KeyResult, item: Item) -> str:
        """Why an item that is known is not among the rows of a key result at all."""
        tree = self._reader.tree_of(item.no, as_of=self._evaluated.seq)
        then = next((each for each in tree if each.no == item.no), None)
        if then is None:
            return "it was read after these numbers: `anchorline evaluate` counts it"
        metric = self._evaluated.mapping.metrics.get(key_result.metric or "")
        if metric is not None:
            return f"it is of {item.source}, and the metric reads {metric.source}"
        if key_result.kind == "milestone":
            return "it fits no step that is done"
        said = item_explanation(self._evaluated, then, tree, key_result.cycle, {}).sentence
        return f"it {said.removeprefix(words.item_name(item)).strip().rstrip('.')}"

    def _unread(self, key_result: KeyResult, name: str) -> str:
        """Why nothing is known by a name."""
        record = next((r for r in self._reader.quarantine() if r.id is not None and fold(r.id) == fold(name)), None)
        if record is not None:
            return f"its record could not be understood: {record.reason}"
        project, dash, number = name.rpartition("-")
        keys = {fold(c.key): source for (source, _), c in self._evaluated.dimensions.containers.items() if c.key}
        if dash and number.isdigit():
            source = keys.get(fold(project))
            if source is None:
                return f"not read: no source reads a project {project}"
            return f"not read: {source} reads {project}, but lists no such item; it may be deleted, or hidden from the account"
        metric = self._evaluated.mapping.metrics.get(key_result.metric or "")
        where = metric.source if metric else "any source"
        return f"not read: no row of {where} has this key or id"


# ---- kinds ------------------------------------------------------------------------------------------------------------------


def _of_units(key_result: KeyResult, node: NodeResult, units: Sequence[UnitRow], side: Side) -> Ours:
    """Of a completion: the weight of its units that are done, or of all."""
    counted = [unit for unit in units if unit.counts and (side == "all" or unit.state == "done")]
    groups: dict[str, list[UnitRow]] = {}
    for unit in units:
        if not unit.counts:
            groups.setdefault(unit.why, []).append(unit)
        elif side == "done" and unit.state != "done":
            groups.setdefault("they are not done yet", []).append(unit)
    what = "the weight of its done units" if side == "done" else "the weight of all its units"
    if key_result.by == "count":
        what = "its done units" if side == "done" else "all its units"
    left = [
        Group(
            "units", why, len(those), tuple(map(_unit_row, those)),
            adds=sum((_weight(key_result, unit) for unit in those if _may_add(unit, side)), Fraction(0)),
        )
        for why, those in sorted(groups.items(), key=lambda pair: -len(pair[1]))
    ]  # fmt: skip
    number = node.done if side == "done" else node.total
    why = "" if node.progress is not None else "no work that counts is attached"
    return Ours(what, number if node.progress is not None else None, None, why, tuple(map(_unit_row, counted)), tuple(left))


def _may_add(unit: UnitRow, side: Side) -> bool:
    """Whether a unit that is left out could be among those that are meant: of the done ones no work that is still to do beneath
    another unit, but what is only not done yet, and what was given up."""
    return side == "all" or unit.counts or unit.state in ("done", "dropped")


def _unit_row(unit: UnitRow) -> Row:
    return Row(
        unit.source, unit.key or unit.id, unit.title, unit.id, unit.url, value=unit.raw_estimate, adds=unit.weight,
        state=unit.state, run=unit.run,
    )  # fmt: skip


def _weight(key_result: KeyResult, unit: UnitRow) -> Fraction:
    """What a unit adds, or would add."""
    if unit.weight is not None:
        return unit.weight
    if key_result.by == "count":
        return unit.part
    return unit.part * Fraction(unit.estimate) if unit.estimate is not None else Fraction(0)


def _of_periods(evidence: Evidence) -> Ours:
    """Of a share of periods: those that hold in per cent of all that are judged."""
    judged = [period for period in evidence.periods if period.holds is not None]
    adds = Fraction(100, len(judged)) if judged else Fraction(0)
    row: dict[bool, list[Row]] = {True: [], False: []}
    for period in judged:
        name = days(period.first, period.last)
        row[bool(period.holds)].append(Row("", name, figure(period.value, evidence.unit), adds=adds))
    failed = row[False]
    groups = (
        (Group("periods", "the period does not hold", len(failed), tuple(failed), adds=adds * len(failed)),) if failed else ()
    )
    number = None if evidence.value is None else adds * len(row[True])
    return Ours("the share of periods that hold", number, "%", evidence.why, tuple(row[True]), groups)


def _of_steps(evidence: Evidence) -> Ours:
    done = [step for step in evidence.steps if step.done]
    groups = [
        Group("steps", f'the step "{step.name}" is not done', 1, step.rows, step.place, Fraction(1))
        for step in evidence.steps
        if not step.done
    ]
    rows = tuple(row for step in done for row in step.rows)
    return Ours("its steps that are done", Fraction(len(done)), None, "", rows, tuple(groups))


def _of_parts(evidence: Evidence, node: NodeResult) -> Ours:
    """Of a key result of parts: their sum, or the mean of their progress in percent."""
    if evidence.start_words or evidence.value is not None:
        rows = tuple(Row("", part.id, part.name, adds=part.current) for part in evidence.parts)
        return Ours("the sum of its parts", evidence.value, evidence.unit, evidence.why, rows, ())
    rows = tuple(
        Row("", part.id, part.name, adds=None if p is None else p * 100) for part in evidence.parts for p in (part.progress,)
    )
    number = None if node.progress is None else node.progress * 100
    return Ours("the mean progress of its parts", number, "%", evidence.why, rows, ())
