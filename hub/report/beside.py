"""What stands beside a key result's number and is no part of it: what its target was before, and what it waits for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from hub.model import KeyResult, Relative, day_in_words, fold
from hub.model import Mapping as Strategy
from hub.progress import day_of
from hub.report.figures import figures
from hub.scale import Verdict
from hub.scale.rollup import NodeAt

Former = tuple[str | list[str], int]
"""A target that was, as it is stored, and the instant (ms) as of which there was another one."""


def former_targets(strategy: Strategy, key_result: KeyResult, unit: str | None, former: Sequence[Former]) -> str:
    """``80 % until 14 Feb 2027, 70 % until 1 Feb 2027``; "" where it was always the same. A relative one moves with its start,
    which nobody decided."""
    if isinstance(key_result.target, Relative):
        return ""
    return ", ".join(f"{_target(said, unit)} until {day_in_words(day_of(strategy, at))}" for said, at in former)


def _target(said: str | list[str], unit: str | None) -> str:
    shown = " to ".join(figures(*map(Fraction, said if isinstance(said, list) else [said])))
    return f"{shown} {unit}" if unit else shown


@dataclass(frozen=True, slots=True)
class NeedRow:
    """A key result that another one waits for."""

    id: str
    name: str
    cycle: str
    status: str
    by: date | None
    """The last day that is early enough"""
    is_done: bool
    is_late: bool
    """Not done, and the day is over"""
    place: str


def needs(strategy: Strategy, key_result: KeyResult, verdicts: Mapping[NodeAt, Verdict], today: date) -> tuple[NeedRow, ...]:
    """What a key result waits for, in the order of the file."""
    return tuple(_needs(strategy, key_result, verdicts, today))


def _needs(strategy: Strategy, key_result: KeyResult, verdicts: Mapping[NodeAt, Verdict], today: date) -> Iterator[NeedRow]:
    for need in key_result.needs:
        here = strategy.key_result_id(key_result.cycle, fold(need.key_result))
        those = [at for at in strategy.key_results if at == (key_result.cycle, here)]
        for at in those or [at for at in strategy.key_results if at[1] == fold(need.key_result)]:
            other, verdict = strategy.key_results[at], verdicts.get((at[0], "key_result", at[1]))
            status = verdict.status if verdict is not None else ""
            done = status == "done"
            late = not done and need.by is not None and today > need.by
            yield NeedRow(other.id, other.name, other.cycle, status, need.by, done, late, str(other.place))


def waiting(rows: Sequence[NeedRow]) -> str:
    """``waits for sso, needed by 15 Feb 2027 (at risk)``; "" where everything is there."""
    return "; ".join(_waits(row) for row in rows if not row.is_done)


def _waits(row: NeedRow) -> str:
    by = "" if row.by is None else f", needed {'since' if row.is_late else 'by'} {day_in_words(row.by)}"
    return f"waits for {row.id}{by}{f' ({row.status})' if row.status else ''}"
