"""Which of a source's own fields are worth reading: a team, goals, estimates. By name, and by what a sample holds. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import Dimension, WorkItem
from hub.looking.families import taken_apart
from hub.looking.words import goal_like, points_like, slug, team_like
from hub.model import fold

MOST = 120
"""Fields that are asked for in a sample."""
TOP = 5
DISTINCT = 60
"""A field with more values than this among the sample names no goals."""
_UNFIT = ("datepicker", "datetime", "userpicker", "gh-sprint", "gh-epic", "gh-lexo", "textarea", "url", "cascading-user")
_FREE = ("string", "any")
"""Texts that anybody may write: read only where the name tells what for."""
_KINDS = frozenset({"option", "array", "number", "team", "option-with-child"})


@dataclass(frozen=True, slots=True)
class FieldFigures:
    """One field over ``of`` items: how many have a value, how many values there are, the most frequent ones."""

    id: str
    name: str
    kind: str
    filled: int
    of: int
    distinct: int
    top: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """What is proposed: our name -> field. ``others`` sounded like it and are left out, with the reason."""

    fields: Mapping[str, FieldFigures]
    others: tuple[tuple[str, FieldFigures, str], ...] = ()
    """(our name for it, figures, why not)"""
    estimate: FieldFigures | None = None
    """A field that holds more estimates than what the connector takes by itself."""
    estimated: int = 0
    """Items of the sample with an estimate as the connector reads them."""
    stories: int = 0
    """Items of the sample that may have one: no sub-tasks, nothing above stories"""
    points: tuple[FieldFigures, ...] = ()
    """All number fields that may hold estimates"""
    sampled: int = 0
    """Items of the sample"""
    better: int = 0
    """Stories of the sample that have an estimate in ``estimate``"""


def candidates(rows: Iterable[Dimension]) -> list[Dimension]:
    """The source's own fields that a sample is worth, those with a telling name first."""
    fit = [row for row in rows if row.kind == "field" and _fits(row)]
    fit.sort(key=lambda row: (-_telling(row.name), len(row.id), row.id))
    return fit[:MOST]


def _fits(row: Dimension) -> bool:
    custom = str(row.attributes.get("custom") or "")
    kind = str(row.attributes.get("type") or "")
    if not custom or any(word in custom for word in _UNFIT):
        return False
    if kind == "array" and row.attributes.get("items") not in ("string", "option", None):
        return _telling(row.name) > 0
    return kind in _KINDS if kind not in _FREE else _telling(row.name) > 0


def _telling(name: str) -> int:
    return goal_like(name) + team_like(name) + points_like(name)


def texts(value: Any) -> list[str]:
    """The values of a field as texts."""
    if value is None or isinstance(value, bool | Mapping):
        return []
    if isinstance(value, list | tuple):
        return [text for each in value for text in texts(each)]
    found = str(value).strip()
    return [found] if found else []


def figures(rows: Sequence[Dimension], sample: Sequence[WorkItem]) -> list[FieldFigures]:
    """Each field over the sample."""
    return [_figures(row, [texts(item.fields.get(row.id)) for item in sample]) for row in rows]


def _figures(row: Dimension, values: list[list[str]]) -> FieldFigures:
    counts: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    for each in values:
        for text in each:
            spelt.setdefault(fold(text), text)
            counts[fold(text)] += 1
    top = tuple((spelt[f], n) for f, n in counts.most_common(TOP))
    kind = str(row.attributes.get("type") or "")
    return FieldFigures(row.id, row.name, kind, sum(map(bool, values)), len(values), len(counts), top)


def choose(found: Sequence[FieldFigures], sample: Sequence[WorkItem]) -> FieldChoice:
    """The team field that is filled most, every field that names goals, and an estimate where the usual ones miss."""
    chosen: dict[str, FieldFigures] = {}
    others: list[tuple[str, FieldFigures, str]] = []
    teams = sorted((f for f in found if f.kind != "number" and team_like(f.name)), key=lambda f: (-f.filled, f.id))
    for each in teams:
        why = _no_team(each) or ("" if "team" not in chosen else f'"{chosen["team"].name}" is filled more often')
        if why:
            others.append((_ours(each, chosen), each, why))
        else:
            chosen["team"] = each
    for each in sorted(
        (f for f in found if f not in teams and f.kind != "number"), key=lambda f: (-goal_like(f.name), -f.filled)
    ):
        if not (goal_like(each.name) or by_values(text for text, _ in each.top)):
            continue
        ours, why = _ours(each, chosen), _no_goal(each)
        if why:
            others.append((ours, each, why))
        else:
            chosen[ours] = each
    points = tuple(f for f in found if f.kind == "number" and points_like(f.name))
    stories = [item for item in sample if item.level == 0]
    estimated = sum(item.estimate is not None for item in stories)
    better = [f for f in points if f.filled > 1.2 * sum(item.estimate is not None for item in sample) + 5]
    best = max(better, key=lambda f: (f.filled, f.id), default=None)
    filled = sum(bool(texts(item.fields.get(best.id))) for item in stories) if best is not None else 0
    return FieldChoice(chosen, tuple(others), best, estimated, len(stories), points, len(sample), filled)


def by_values(found: Iterable[str]) -> bool:
    """Whether most of a field's values are spelt like names of goals, such as ``okr-2027-sso``."""
    known = list(found)
    return bool(known) and sum(taken_apart(text) is not None for text in known) * 2 > len(known)


def _no_team(each: FieldFigures) -> str:
    if not each.filled:
        return "empty everywhere"
    if each.distinct < 2:
        return "the same value everywhere"
    return "as many values as items" if each.distinct * 2 > each.filled and each.filled > 20 else ""


def _no_goal(each: FieldFigures) -> str:
    if not each.filled:
        return "empty everywhere"
    if each.distinct > DISTINCT or (each.distinct * 2 > each.filled and each.filled > 20):
        return f"{each.distinct} different values: texts rather than goals"
    return ""


def _ours(each: FieldFigures, taken: Mapping[str, object]) -> str:
    """Our name for a field: letters, digits and underscores."""
    made = slug(each.name, {name.replace("_", "-") for name in taken}).replace("-", "_")
    return made if made[:1].isalpha() else f"field_{made or each.id}"
