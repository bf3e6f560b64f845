"""Work that serves nothing: active items without an anchor, contested work, broken anchors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from hub.assess import Activity, estimate_of
from hub.errors import UsageError
from hub.model import Attachment, Cycle, Item, Mapping, State, fold
from hub.report.explain import Evaluated
from hub.report.values import SourceAge, Unanchored, UnanchoredRow
from hub.report.words import title_of
from hub.store.read import Reader

DAY = 86_400_000
NO_TEAM = "no team"


class Wanted(NamedTuple):
    """Filters of the list; None lets everything through. ``team`` is an id or name, with all teams beneath it; ``project`` a key,
    name or id."""

    team: str | None = None
    source: str | None = None
    project: str | None = None
    min_age_days: int | None = None
    limit: int | None = None


def active_counts(reader: Reader, evaluated: Evaluated, cycle: Cycle) -> tuple[MappingABC[str, int], int]:
    """Active items by outcome in the cycle, of ``ignored`` all; and how many open items carry a name that does not exist.

    Sub-tasks are left out of the counts: their parents stand for them."""
    active = Activity(evaluated.mapping, evaluated.dimensions, evaluated.as_of)
    counts: Counter[str] = Counter()
    broken = 0
    for item, attachment in reader.attached(cycle.id, _COUNTED):
        is_active = active(item, attachment.state)
        if item.level >= 0 and is_active:
            counts[attachment.outcome] += 1
        broken += _list(item, attachment, is_active, frozenset()) == "broken"
    counts["ignored"] = reader.outcome_counts(cycle.id).get("ignored", 0)
    return {outcome: counts[outcome] for outcome in (*_COUNTED, "ignored")}, broken


_COUNTED = ("linked", "allowance", "unanchored", "contested", "broken")


def unanchored(reader: Reader, evaluated: Evaluated, cycle: Cycle, wanted: Wanted, sources: tuple[SourceAge, ...]) -> Unanchored:
    """The three lists, filtered and sorted by effort, then open before done, then the latest change first."""
    active = Activity(evaluated.mapping, evaluated.dimensions, evaluated.as_of)
    _check(evaluated, wanted)
    lists: dict[str, list[UnanchoredRow]] = defaultdict(list)
    loose = _Loose()
    duplicates = frozenset(item.no for item, _ in reader.attached(cycle.id, ("duplicate",)))
    total_active = dormant = under_broken = 0
    for item, attachment in reader.attached(cycle.id, _COUNTED, sources=[wanted.source] if wanted.source else None):
        if attachment.outcome == "unanchored":
            loose.parents[item.no] = item.parent
        if not _wanted(evaluated, item, attachment, wanted):
            continue
        is_active = active(item, attachment.state)
        total_active += is_active and item.level >= 0
        under_broken += is_active and item.level >= 0 and attachment.outcome == "broken"
        kind = _list(item, attachment, is_active, duplicates)
        if kind == "dormant":
            dormant += 1
        elif kind == "unanchored":
            loose.found.append(_row(evaluated, item, attachment))
            loose.numbers.append(item.no)
        elif kind is not None:
            lists[kind].append(_row(evaluated, item, attachment))
    oldest = wanted.min_age_days
    items = [r for r in _rows(reader, evaluated, cycle, loose) if oldest is None or (r.age_days or 0) >= oldest]
    items.sort(key=_rank)
    contested, broken = (sorted(lists[kind], key=_rank) for kind in ("contested", "broken"))
    return Unanchored(
        cycle=cycle.id,
        as_of=evaluated.as_of,
        items=tuple(items[: wanted.limit]),
        contested=tuple(contested),
        broken=tuple(broken),
        rows=len(items),
        total=sum(row.active for row in items),
        active=total_active,
        by_team=_by_team(items),
        dormant=dormant,
        sources=sources,
        contested_total=len(contested),
        broken_total=len(broken),
        under_broken=under_broken,
    )


@dataclass(slots=True)
class _Loose:
    """Active unanchored items with their numbers, and the parents of all unanchored ones, active or not."""

    found: list[UnanchoredRow] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    parents: dict[int, int | None] = field(default_factory=dict)

    def top(self, no: int) -> int:
        """The topmost unanchored item above ``no``, or itself."""
        while (above := self.parents.get(no)) is not None and above in self.parents:
            no = above
        return no


def _rows(reader: Reader, evaluated: Evaluated, cycle: Cycle, loose: _Loose) -> list[UnanchoredRow]:
    """One row per topmost unanchored item, with the effort of the active items that it stands for."""
    groups: dict[int, list[UnanchoredRow]] = defaultdict(list)
    own: dict[int, UnanchoredRow] = {}
    for no, row in zip(loose.numbers, loose.found, strict=True):
        groups[loose.top(no)].append(row)
        own[no] = row
    quiet = [no for no in groups if no not in own]  # a top that is not active itself
    belongs = reader.attachments(quiet, cycle.id)
    for item in reader.items(nos=quiet):
        own[item.no] = _row(evaluated, item, belongs[item.no][0])
    rows: list[UnanchoredRow] = []
    for no, members in groups.items():
        latest = max(members, key=lambda m: m.updated_at or 0)
        total = sum((m.effort for m in members), Decimal(0))
        row = replace(own[no], effort=total, active=len(members), updated_at=latest.updated_at, age_days=latest.age_days)
        rows.append(row)
    return rows


def _check(evaluated: Evaluated, wanted: Wanted) -> None:
    """A filter that names nothing would look like good news."""
    mapping = evaluated.mapping
    if wanted.team and fold(wanted.team) != NO_TEAM and _team_id(mapping, wanted.team) is None:
        known = _known("The mapping has", (t.id for t in mapping.teams.values()))
        raise UsageError(f"There is no team {wanted.team!r}.", hint=known)
    if wanted.source and wanted.source not in evaluated.dimensions.sources:
        raise UsageError(f"There is no source {wanted.source!r}.", hint=_known("There are", evaluated.dimensions.sources))
    if wanted.project:
        work = {name for name, facts in evaluated.dimensions.sources.items() if facts.work}
        projects = {
            at: row for at, row in evaluated.dimensions.containers.items() if row.within is None and at[0] in work
        }  # the sheets and queries of others hold no work
        names = [t for row in projects.values() for t in (row.key, row.name) if t]
        ids = [id_ for _, id_ in projects]
        if fold(wanted.project) not in {fold(t) for t in (*names, *ids)}:
            keys = sorted({row.key or row.name for row in projects.values()})
            raise UsageError(f"There is no project {wanted.project!r}.", hint=_known("The sources have", keys))


def _known(intro: str, names: Iterable[str]) -> str:
    found = sorted(names)
    return f"{intro} {', '.join(found[:12])}{' and others' if len(found) > 12 else ''}." if found else f"{intro} none."


def _team_id(mapping: Mapping, text: str) -> str | None:
    wanted = fold(text)
    return wanted if wanted in mapping.teams else next((i for i, t in mapping.teams.items() if fold(t.name) == wanted), None)


def _wanted(evaluated: Evaluated, item: Item, attachment: Attachment, wanted: Wanted) -> bool:
    if wanted.team and attachment.team not in _teams(evaluated.mapping, wanted.team):
        return False
    return not wanted.project or fold(wanted.project) in _project_texts(evaluated, item)


def _teams(mapping: Mapping, text: str) -> frozenset[str | None]:
    """Folded ids of a team and of those beneath it; None is no team."""
    id_ = None if fold(text) == NO_TEAM else _team_id(mapping, text)
    return frozenset({None}) if id_ is None else frozenset(mapping.teams_within(id_))


def _project_texts(evaluated: Evaluated, item: Item) -> set[str]:
    texts: set[str] = set()
    for id_ in item.containers:
        row = evaluated.dimensions.containers.get((item.source, id_))
        if row is not None and row.within is not None:
            continue
        texts |= {fold(t) for t in (id_, row.key if row else None, row.name if row else None) if t}
    return texts


def _list(item: Item, attachment: Attachment, active: bool, duplicates: Container[int]) -> str | None:
    """Which list an item is on: unanchored, contested, broken, the count of dormant ones, or none. ``duplicates`` are the numbers
    of items that count in no list, and so stand for nothing beneath them."""
    is_open: bool = attachment.state in ("todo", "doing")
    listed = item.level >= 0 or item.parent is None or item.parent in duplicates  # a sub-task is its parent's business
    if attachment.outcome == "unanchored" and listed:
        return "unanchored" if active else "dormant" if is_open else None
    if attachment.outcome == "contested" and attachment.via == item.no and (active or is_open):
        return "contested"
    if attachment.broken and attachment.via == item.no and is_open:
        return "broken"
    return None


def _row(evaluated: Evaluated, item: Item, attachment: Attachment) -> UnanchoredRow:
    containers = [evaluated.dimensions.containers.get((item.source, c)) for c in item.containers]
    state: State = attachment.state
    team = evaluated.mapping.teams.get(attachment.team) if attachment.team else None
    return UnanchoredRow(
        source=item.source, id=item.id, key=item.key, title=title_of(evaluated.mapping, item), url=item.url,
        type=item.type, state=state,
        status=item.status, project=next((c.key or c.name for c in containers if c and not c.within), None),
        team=team.name if team else None,
        effort=effort(evaluated, item), updated_at=item.updated_at, age_days=_age(evaluated, item),
        why=_why(evaluated, attachment), broken=attachment.broken,
    )  # fmt: skip


def effort(evaluated: Evaluated, item: Item) -> Decimal:
    """1, or the estimate where the source says so; a missing estimate is 1."""
    facts = evaluated.dimensions.sources.get(item.source)
    found = estimate_of(item.estimate) if facts is not None and facts.effort == "estimate" else None
    return Decimal(1) if found is None else found


def _why(evaluated: Evaluated, attachment: Attachment) -> str:
    rules = evaluated.mapping.rules
    said = []
    if attachment.outcome == "contested":
        said.append("claimed by " + " and ".join(f"{s.id} ({rules[s.rule].place})" for s in attachment.shares))
    for text, id_, near in attachment.broken:
        said.append(f"{text}: no key result {id_!r}" + (f"; did you mean {near!r}?" if near else ""))
    return " and ".join(said)


def _age(evaluated: Evaluated, item: Item) -> int | None:
    return None if item.updated_at is None else max(0, (evaluated.as_of - item.updated_at) // DAY)


def _rank(row: UnanchoredRow) -> tuple[Decimal, bool, int, str, str]:
    return (-row.effort, row.state in ("done", "dropped"), -(row.updated_at or 0), row.source, row.id)


def _by_team(items: list[UnanchoredRow]) -> tuple[tuple[str, int, Decimal], ...]:
    counts: dict[str, list[tuple[int, Decimal]]] = defaultdict(list)
    for row in items:
        counts[row.team or NO_TEAM].append((row.active, row.effort))
    rows = [(team, sum(n for n, _ in each), sum((e for _, e in each), Decimal(0))) for team, each in counts.items()]
    return tuple(sorted(rows, key=lambda r: (-r[2], r[0])))
