"""What the number of a measured key result, or of a metric, is made of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from hub.measure import Reading
from hub.measure.readings import Period
from hub.model import STAYS, Item, KeyResult, Measured, NodeResult, fold
from hub.model import Mapping as Strategy
from hub.report import kind_words, metric_words, words
from hub.report.evidence import Evidence, MetricFacts, PartRow, PeriodRow, Row, StepRow
from hub.report.sift import Sifted, Subject
from hub.scale import Verdict
from hub.scale.verdict import unclamped


def of_metric(files: Iterable[str], subject: Subject, sifted: Sifted, late: str | None) -> Evidence:
    """The evidence of a metric that stands alone."""
    current = sifted.reading.current or Measured(None, "it was not measured")
    unit = current.unit or subject.metric.unit
    facts = metric_facts(files, subject, sifted, current.newest, late)
    return Evidence(
        facts, current.value, current.why, unit, rows=_ordered(sifted.rows), left_out=sifted.groups, money=sifted.money
    )


def of_key_result(
    files: Iterable[str],
    subject: Subject,
    sifted: Sifted,
    node: NodeResult,
    late: str | None,
    words_of: kind_words.Ends,
) -> Evidence:
    """The evidence of a key result with a metric."""
    details, key_result = node.details, subject.key_result
    assert key_result is not None
    newest = details.get("newest")
    facts = metric_facts(files, subject, sifted, date.fromisoformat(newest).toordinal() if newest else None, late)
    periods = tuple(_period(key_result, p) for p in sifted.reading.periods) if key_result.kind in STAYS else ()
    current = _fraction(details.get("current"))
    if current is None and sifted.reading.current is not None:
        current = sifted.reading.current.value  # known, although its start is not
    return Evidence(
        facts,
        current,
        str(details.get("why", "")),
        words_of.unit,
        start=_fraction(details.get("start")),
        start_words=words_of.start,
        target=targets(details.get("target")),
        target_words=words_of.target,
        rows=_ordered(sifted.rows),
        left_out=sifted.groups,
        money=sifted.money,
        periods=periods,
        work=details.get("work", {}),
        adds_up=adds_up(key_result, sifted.reading, node),
    )


def adds_up(key_result: KeyResult, reading: Reading, node: NodeResult) -> bool:
    """Whether the rows, measured again, give the number of the snapshot."""
    said = _fraction(node.details.get("current"))
    if key_result.kind not in STAYS:
        if said is None and node.progress is None:
            return True  # without a start nobody says where it stands
        return reading.current is not None and reading.current.value == said
    values = [p.measured.value for p in reading.periods if p.measured.value is not None]
    if key_result.judge == "share":
        return len(values) == int(node.details.get("periods", 0))
    if key_result.judge == "average":
        return said == (sum(values, Fraction(0)) / len(values) if values else None)
    return said in values if values else said is None


def metric_facts(files: Iterable[str], subject: Subject, sifted: Sifted, newest: int | None, late: str | None) -> MetricFacts:
    """``files`` are the names of the mapping files, queries among them."""
    metric, key_result, frame = subject.metric, subject.key_result, sifted.frame
    own = key_result is not None and metric.inline
    first, last = frame.dates
    return MetricFacts(
        id=key_result.id if own and key_result is not None else metric.id,
        name=metric.name,
        place=str(metric.place),
        source=metric.source,
        inline=metric.inline,
        aggregate=metric.aggregate,
        query=query_file(files, metric.series),
        in_words=metric_words.aggregate(metric, frame.over_values),
        lines=metric_words.lines(metric.rows, subject.narrowed),
        window=metric.window,
        first=first,
        last=last,
        dated=metric_words.dated(metric, frame.over_values),
        horizon=date.fromordinal(frame.horizon),
        settle=metric.settle,
        every=metric.every,
        unit=metric.unit,
        newest=None if newest is None else date.fromordinal(newest),
        late=late,
        typed_by=tuple(dict.fromkeys(row.by for row in sifted.rows if row.by)),
    )


def query_file(files: Iterable[str], series: str | None) -> str | None:
    """The mapping file of a query of that name."""
    wanted = f"queries/{fold(series or '')}.sql"
    return next((name for name in files if series and fold(name).endswith(wanted)), None)


def _fraction(text: object) -> Fraction | None:
    return Fraction(text) if isinstance(text, str) else None


def targets(said: object) -> tuple[Fraction, ...]:
    """The target of a figure as it is stored: one number, or the two bounds."""
    texts = said if isinstance(said, list | tuple) else [] if said is None else [said]
    return tuple(Fraction(str(text)) for text in texts)


def _ordered(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The newest first, of one day what adds most."""
    return tuple(sorted(rows, key=lambda r: (-(r.on.toordinal() if r.on else 0), -(r.adds or 0), r.source, r.name)))


# ---- periods, steps, parts --------------------------------------------------------------------------------------------------


def _period(key_result: KeyResult, period: Period) -> PeriodRow:
    value = period.measured.value
    return PeriodRow(
        date.fromordinal(period.first) if period.first else None,
        date.fromordinal(period.last) if period.last else None,
        value,
        period.measured.rows,
        None if value is None else holds(key_result, value),
        period.measured.why,
    )


def holds(key_result: KeyResult, value: Fraction) -> bool:
    """Whether a value lies within the bounds of a control key result, which belong to it."""
    target = key_result.target
    if isinstance(target, tuple):
        return Fraction(target[0]) <= value <= Fraction(target[1])
    bound = Fraction(str(target))
    return value >= bound if key_result.kind == "stay_above" else value <= bound


def step_rows(
    mapping: Strategy, key_result: KeyResult, node: NodeResult, found: Sequence[Sequence[tuple[Item, bool]]]
) -> tuple[StepRow, ...]:
    """The steps of a milestone with the items that fit them."""
    rows = []
    for step, told, items in zip(key_result.steps, node.details["steps"], found, strict=True):
        lines = tuple(line for line, _ in metric_words.lines(step.rows))
        place = str(step.place) if step.place else str(key_result.place)
        those = tuple(_step_item(mapping, item, done) for item, done in items)
        rows.append(StepRow(step.name, step.due, Fraction(step.weight), told["is_done"], place, lines, those))
    return tuple(rows)


def _step_item(mapping: Strategy, item: Item, done: bool) -> Row:
    state, title = "done" if done else "open", words.title_of(mapping, item)
    return Row(item.source, item.key or item.id, title, item.id, item.url, value=item.status, state=state)


def part_rows(
    parts: Sequence[tuple[KeyResult, NodeResult]], units: Mapping[str, str | None], verdicts: Mapping[str, Verdict | None]
) -> tuple[PartRow, ...]:
    """The parts of a key result; ``units`` and ``verdicts`` go by their ids."""
    rows = []
    for key_result, node in parts:
        start, target, current = (_fraction(node.details.get(name)) for name in ("start", "target", "current"))
        verdict = verdicts.get(key_result.id)
        rows.append(
            PartRow(
                key_result.id, key_result.name, str(key_result.place), Fraction(key_result.weight), unclamped(node),
                start, target, current, kind_words.unit_of(node, units.get(key_result.id)), verdict.status if verdict else "",
                verdict.why if verdict else "",
            )
        )  # fmt: skip
    return tuple(rows)


def with_runs(evidence: Evidence, runs: Mapping[tuple[str, str], str]) -> Evidence:
    """The same with the run that last wrote each item, by (source, id)."""
    rows = tuple(row if row.run else replace(row, run=runs.get((row.source, row.id))) for row in evidence.rows)
    return replace(evidence, rows=rows)
