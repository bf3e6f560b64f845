"""The share of attached work that is done. Pure and exact; docs/how-numbers-are-calculated.md, section 3 (the weights)."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

from hub.model import KeyResult, NodeResult, fold
from hub.progress.tally import Tally

ZERO, ONE = Fraction(0), Fraction(1)


def completion(key_result: KeyResult, tally: Tally) -> NodeResult:
    """Weight of the done units / weight of all units; unmeasured without units or without any weight."""
    means = _Means(tally)
    done = total = ZERO
    units = done_units = missing = 0
    for (part, is_done, level, estimate), count in tally.counted.items():
        units += count
        done_units += count * is_done
        if key_result.by == "count":
            weight = ONE
        elif estimate is not None:
            weight = Fraction(estimate)
        else:
            missing += count
            weight = means.at(level) if key_result.missing == "mean" else Fraction(key_result.missing)
        total += part * weight * count
        done += part * weight * count * is_done
    used = {level for (_, _, level, estimate) in tally.counted if estimate is None} if missing else set()
    details: dict[str, Any] = {
        "units": units,
        "done_units": done_units,
        "missing": missing,
        "means": {str(level): str(means.at(level)) for level in sorted(used)} if key_result.missing == "mean" else {},
        "left_out": dict(sorted(tally.left_out.items())),
    }
    if key_result.by == "amount" and len(tally.currencies) > 1:
        names = sorted(currency or "no currency" for currency in tally.currencies)
        details["why"] = f"its units' amounts are in {', '.join(names[:-1])} and {names[-1]}"
        done = total = ZERO
    progress = done / total if total else None
    measured = int(progress is not None)
    return NodeResult("key_result", key_result.cycle, fold(key_result.id), progress, done, total, 1, measured, details)


class _Means:
    """The weight of a unit without an estimate: the mean of the others of its level, else of all, else 1."""

    def __init__(self, tally: Tally) -> None:
        levels: dict[int, list[Fraction]] = defaultdict(lambda: [ZERO, ZERO])
        everything = [ZERO, ZERO]
        for (_, _, level, estimate), count in tally.counted.items():
            if estimate is not None:
                for total in (levels[level], everything):
                    total[0] += Fraction(estimate) * count
                    total[1] += count
        for (level, below), count in tally.covered.items():
            levels[level][0] += Fraction(below) * count
            levels[level][1] += count
        self._levels = {level: s / n for level, (s, n) in levels.items()}
        self._all = everything[0] / everything[1] if everything[1] else ONE

    def at(self, level: int) -> Fraction:
        return self._levels.get(level, self._all)
