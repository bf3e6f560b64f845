"""The status of one key result and the sentence that says why. Pure; docs/status.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from hub.model import STAYS, Cycle, KeyResult, Mapping, NodeResult, day_in_words, fold
from hub.progress import is_taken
from hub.scale.late import Late, ended_at, late_metric, late_work
from hub.scale.pace import expected, number

Status = Literal["missed", "off track", "at risk", "unknown", "not started", "too early", "on track", "done", "dropped", "draft"]
ORDER: tuple[Status, ...] = ("missed", "off track", "at risk", "unknown", "not started", "too early", "on track", "done")
"""From the weakest on; dropped and draft are outside of it."""


class Verdict(NamedTuple):
    """``why`` is the reason, without the status before it and without a full stop. ``expected`` is the progress that counts as
    being on pace (of an aspirational one, its part of the pace), None where none is."""

    status: Status
    why: str
    expected: Fraction | None = None

    def __str__(self) -> str:
        return f"{self.status}: {self.why}" if self.why else self.status


def verdict(
    mapping: Mapping,
    key_result: KeyResult,
    node: NodeResult,
    today: date,
    late: Late,
    parts: Sequence[tuple[str, Verdict]] = (),
) -> Verdict:
    """The status of a key result on a day in the strategy's time zone. ``parts``: of one that is made of its parts, their ids
    and verdicts."""
    cycle = mapping.cycles[fold(key_result.cycle)]
    if not is_taken(key_result, today):
        assert key_result.dropped is not None
        return Verdict("dropped", f"given up on {day_in_words(key_result.dropped.on)}: {key_result.dropped.why}")
    if today < cycle.starts:
        return Verdict("not started", f"the cycle begins on {day_in_words(cycle.starts)}")
    unknown = _unknown(mapping, key_result, node, cycle, today, late) or _unknown_part(parts)
    if unknown is not None:
        return Verdict("unknown", unknown)
    progress = unclamped(node)
    assert progress is not None  # what is unmeasured is unknown
    if today > cycle.ends:
        return _final(mapping, key_result, node, progress)
    if key_result.kind in STAYS:
        return _stays(mapping, key_result, node, progress)
    if progress >= 1 and key_result.kind == "decrease":
        return Verdict("on track", f"{_reached(key_result, progress)}, and may be lost again before the end of the cycle")
    if progress >= 1:
        return Verdict("done", _reached(key_result, progress))
    return _in_flight(mapping, key_result, node, cycle, today, progress)


def unclamped(node: NodeResult) -> Fraction | None:
    """A figure's progress as it is, also below 0 and over 1."""
    raw = node.details.get("raw")
    return node.progress if raw is None else Fraction(raw)


# ---- what is not known -----------------------------------------------------------------------------------------------------


def _unknown(mapping: Mapping, key_result: KeyResult, node: NodeResult, cycle: Cycle, today: date, late: Late) -> str | None:
    if "frozen" in node.details:
        reasons = ", ".join(dict.fromkeys(_FROZEN.get(w, w) for w in node.details["frozen"]["why"]))
        return f"it stands still, because work behind it is {reasons}"
    if node.progress is None:
        why = node.details.get("why")
        return f"not measured: {why}" if why else "not measured: no work is attached to it"
    ended = ended_at(mapping, cycle) if today > cycle.ends else None
    if key_result.metric is not None:
        newest = node.details.get("newest")
        return late_metric(mapping, mapping.metrics[key_result.metric], newest, today, cycle.ends, late, ended)
    if key_result.kind in ("completion", "milestone"):
        return late_work(mapping, late.fed.get((key_result.cycle, fold(key_result.id)), frozenset()), late, ended)
    return None


def _unknown_part(parts: Sequence[tuple[str, Verdict]]) -> str | None:
    return next((f'its part "{id_}" is unknown: {v.why}' for id_, v in parts if v.status == "unknown"), None)


_FROZEN = {
    "access_lost": "out of sight",
    "unobserved": "out of sight",
    "held": "held back",
    "changed": "held back",
    "rejected": "not to be understood",
    "changing": "being changed",
    "unlisted": "out of sight",
}


# ---- the end ---------------------------------------------------------------------------------------------------------------


def score_of(mapping: Mapping, key_result: KeyResult) -> Fraction:
    """The progress that counts as done at the end."""
    return mapping.scale.aspirational if key_result.ambition == "aspirational" else mapping.scale.committed


def _final(mapping: Mapping, key_result: KeyResult, node: NodeResult, progress: Fraction) -> Verdict:
    if key_result.kind in STAYS and key_result.judge != "share":
        return Verdict("done" if node.details.get("holds") else "missed", _held(key_result, node))
    score = score_of(mapping, key_result)
    here, there = percents(progress, score)
    enough = progress >= score
    text = f"{here} at the end of the cycle; {there} {'counts' if enough else 'would have counted'} as done"
    return Verdict("done" if enough else "missed", text)


def _reached(key_result: KeyResult, progress: Fraction) -> str:
    if key_result.kind == "milestone":
        return "its step is done" if len(key_result.steps) == 1 else f"all {len(key_result.steps)} steps are done"
    if key_result.kind == "completion":
        return "all of its work is done"
    return f"{percents(progress)[0]}: its target is reached"


# ---- stay_* ----------------------------------------------------------------------------------------------------------------


def _stays(mapping: Mapping, key_result: KeyResult, node: NodeResult, progress: Fraction) -> Verdict:
    text = _held(key_result, node)
    if key_result.judge != "share":
        return Verdict("on track" if node.details.get("holds") else "off track", text)
    status, words, bound = _against(mapping, progress, Fraction(1))
    return Verdict(status, f"{text}; {words} {percents(bound, progress)[0]}")


def _held(key_result: KeyResult, node: NodeResult) -> str:
    details = node.details
    periods, kept = details.get("periods", 0), details.get("kept", 0)
    bounds = [plain(Fraction(b)) for b in details.get("target", ())]
    unit = details.get("unit")
    within = " to ".join(bounds) if len(bounds) == 2 else bounds[0] if bounds else "?"
    asked = {"stay_above": f"at least {within}", "stay_below": f"at most {within}", "stay_within": within}[key_result.kind]
    asked += f" {unit}" if unit else ""
    if key_result.judge == "share":
        return f"{kept} of {periods} periods kept {asked}"
    shown = plain(Fraction(details["current"]))
    which = {"worst": "the worst period", "last": "the last period", "average": "the average"}[key_result.judge]
    which = "it" if periods == 1 and key_result.judge != "average" else which
    count = f" ({kept} of {periods} periods)" if periods > 1 else ""
    return f"{which} is {shown} against {asked}{count}"


# ---- in flight -------------------------------------------------------------------------------------------------------------


def _in_flight(
    mapping: Mapping, key_result: KeyResult, node: NodeResult, cycle: Cycle, today: date, progress: Fraction
) -> Verdict:
    found = expected(mapping, key_result, cycle, today, way_of(node))
    day, days = number(cycle, today)
    when = f"day {day} of {days}"
    if found.share is None:
        return Verdict("too early", f"{percents(progress)[0]} on {when}; judged at the end of the cycle")
    if not found.by_days and Fraction(day, days) <= mapping.scale.too_early:
        first = int(mapping.scale.too_early * days) + 1
        return Verdict("too early", f"{percents(progress)[0]} on {when}; judged from day {first}")
    asked = found.share * score_of(mapping, key_result)
    if asked == 0 and progress >= 0:
        return Verdict("on track", f"{percents(progress)[0]}; nothing is expected by {when}", asked)
    status, words, bound = _against(mapping, progress, asked)
    here, there, from_ = percents(progress, asked, bound)
    return Verdict(status, f"{here} against {there} expected on {when}; {words} {from_}", asked)


def _against(mapping: Mapping, progress: Fraction, asked: Fraction) -> tuple[Status, str, Fraction]:
    """The status against what is asked for, and from where on it would be another one, in words and as a share."""
    good, fair = mapping.scale.on_track * asked, mapping.scale.at_risk * asked
    if progress >= good:
        return "on track", "at risk below", good
    if progress >= fair:
        return "at risk", "on track from", good
    return "off track", "at risk from", fair


def way_of(node: NodeResult) -> tuple[Fraction, Fraction] | None:
    """(start, target) of a figure, where they are known."""
    start, target = node.details.get("start"), node.details.get("target")
    return (Fraction(start), Fraction(target)) if isinstance(start, str) and isinstance(target, str) else None


# ---- numbers in words ------------------------------------------------------------------------------------------------------


def percents(*shares: Fraction) -> tuple[str, ...]:
    """Shares as percentages: whole ones, unless that makes two equal that differ; then with one place or two."""
    for places in (0, 1, 2):
        texts = tuple(_percent(share, places) for share in shares)
        if len(set(texts)) == len(set(shares)):
            break
    return texts


def _percent(share: Fraction, places: int) -> str:
    return f"{plain(_round(share * 100, places))} %"


def _round(value: Fraction, places: int) -> Fraction:
    """Half away from zero, as people do."""
    scaled = abs(value) * 10**places
    return Fraction(int(scaled + Fraction(1, 2)), 10**places) * (-1 if value < 0 else 1)


def plain(value: Fraction, places: int = 2) -> str:
    """A number for people: thousands apart, at most so many places."""
    rounded = _round(value, places)
    whole, rest = divmod(abs(rounded), 1)
    text = f"{int(whole):,}"
    if rest:
        text += "." + f"{int(rest * 10**places):0{places}d}".rstrip("0")
    return f"-{text}" if rounded < 0 else text
