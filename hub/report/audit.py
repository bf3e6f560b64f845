"""What mapping files make of real items: what they claim twice, name wrongly, never reach. Pure.

The items may be those of the store or of an extract; the mapping is the one on disk, before any evaluation with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from hub.assess import Activity, Assessor
from hub.model import LEFT, Attachment, Dimensions, Finding, Item, Mapping, Place, Rule, Test, fold
from hub.report.never import Values, idle_teams, misfit, nearest, plain
from hub.rules import Claim, Context, holds

AuditKind = Literal[
    "contested", "broken", "never", "shadowed", "dormant", "unevaluable", "owner", "map", "status", "type", "team", "no team",
    "ambiguous", "accepts", "estimate", "category", "parent", "cycle",
]  # fmt: skip
SHOWN = 3
"""Items that a line gives as examples."""
FEW = 5
"""Active items of a type below which it is not worth a line that none of them is anchored."""
STRICT: frozenset[AuditKind] = frozenset({"contested", "broken"})
"""What ``check --strict`` fails on."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One thing to look at: where it is written (if anywhere), what is so, what to do, and of how many items."""

    kind: AuditKind
    place: Place | None
    text: str
    remedy: str
    items: int
    examples: tuple[str, ...] = ()
    """Keys of some of the items"""


@dataclass(frozen=True, slots=True)
class Audit:
    """All of it for the cycle in force. ``active`` are active items above sub-task level by outcome, as the tree counts them."""

    cycle: str | None
    items: int
    active: dict[str, int]
    lines: tuple[AuditLine, ...]


def audit(mapping: Mapping, items: Iterable[Item], dimensions: Dimensions, as_of: int) -> Audit:
    """Assess all items, and say what an admin should look at, rules first in the order of the files."""
    present = [item for item in items if item.presence not in LEFT]
    assessor = Assessor(mapping, dimensions, as_of)
    part = assessor.part(present)
    everything = _of_interest(present, part.attachments, assessor, dimensions)
    activity = Activity(mapping, dimensions, as_of)
    cycle = activity.cycle.id if activity.cycle else None
    by_no = {item.no: item for item in everything}
    found = [a for a in part.attachments if a.cycle == cycle and a.no in by_no]
    working = [a for a in found if a.outcome not in ("ignored", "duplicate") and activity(by_no[a.no], a.state)]
    active = [a for a in working if by_no[a.no].level >= 0]  # sub-tasks are their parents' business, as in the tree's counts
    auditor = _Auditor(mapping, assessor, by_no, found, cycle or "")
    read = {metric.source for metric in mapping.metrics.values()}
    others = {item.no: item for item in present if item.no not in by_no and item.source in read}
    rows = _Auditor(mapping, assessor, others, [], cycle or "")  # no work, but their statuses decide what metrics count
    lines = [
        *auditor.contested(),
        *auditor.broken(),
        *auditor.rules(),
        *auditor.unevaluable(),
        *auditor.owners(),
        *_Auditor(mapping, assessor, {item.no: item for item in present}, [], "").statuses(dimensions),
        *auditor.findings([f for f in part.findings if f.no is None or f.no in by_no]),
        *rows.findings([f for f in part.findings if f.kind == "status" and f.no in others]),
        *auditor.types(active, dimensions),
        *auditor.teamless(active, dimensions),
    ]
    return Audit(cycle, len(everything), dict(Counter(a.outcome for a in active)), tuple(lines))


def _of_interest(items: list[Item], attachments: Iterable[Attachment], assessor: Assessor, dimensions: Dimensions) -> list[Item]:
    """Items that are work, and those that are none but that a rule reaches. What rules read that other sources do not have is no
    matter of theirs."""
    other = {name for name, facts in dimensions.sources.items() if not facts.work}
    if not other:
        return items
    for key in [key for key in assessor.matcher.unevaluable if key[1] in other]:
        del assessor.matcher.unevaluable[key]
    reached = {a.no for a in attachments if a.outcome != "unanchored"}
    return [item for item in items if item.source not in other or item.no in reached]


@dataclass(slots=True)
class _Auditor:
    mapping: Mapping
    assessor: Assessor
    items: dict[int, Item]
    found: list[Attachment]
    cycle: str

    def _names(self, nos: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.items[no].key or self.items[no].id for no in sorted(nos, key=self._order)[:SHOWN])

    def _order(self, no: int) -> tuple[str, int, str]:
        key = self.items[no].key or self.items[no].id
        return self.items[no].source, len(key), key

    def _line(
        self, kind: AuditKind, place: Place | None, text: str, remedy: str, nos: list[int], total: int | None = None
    ) -> AuditLine:
        names = self._names(nos)
        more = len(nos) - len(names)
        said = f"{text}: {', '.join(names)}{f' and {more} more' if more else ''}." if names else f"{text}."
        return AuditLine(kind, place, said, remedy, len(nos) if total is None else total, names)

    # ---- claims ----

    def contested(self) -> Iterator[AuditLine]:
        """Items whose own match is contested, grouped by who claims them."""
        groups: dict[tuple[tuple[str, str, int], ...], list[int]] = defaultdict(list)
        for a in self.found:
            if a.outcome == "contested" and a.via == a.no:
                groups[tuple(sorted({(s.kind, s.id, s.rule) for s in a.shares}))].append(a.no)
        for claims, nos in sorted(groups.items(), key=lambda g: -len(g[1])):
            told = " and ".join(f'"{self._target(kind, id_)}" ({self._rule(rule)})' for kind, id_, rule in claims)
            one = len(nos) == 1
            who, them = ("is", "it") if one else ("are", "them")
            text = f"{_items(nos)} {who} claimed by {told} with equal strength, so nobody gets {them}"
            remedy = (
                "Give one rule a `priority`, let it leave the other's out with `unless`, or share: to = { a = 0.5, b = 0.5 }."
            )
            yield self._line("contested", self.mapping.rules[claims[0][2]].place, text, remedy, nos)

    def broken(self) -> Iterator[AuditLine]:
        """Names that no key result has, with the items that carry them."""
        groups: dict[tuple[str, str, str | None], list[int]] = defaultdict(list)
        for a in self.found:
            if a.broken and a.via == a.no:
                for each in a.broken:
                    groups[each].append(a.no)
        for (written, id_, near), nos in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0][1])):
            text = f'"{written}" names a key result that does not exist, on {_items(nos)}'
            remedy = f'Did you mean "{self._declared(near)}"?' if near else "Correct the name there."
            remedy += f' Correct it there, or give the key result was = ["{id_}"].' if near else ""
            yield self._line("broken", None, text, remedy, nos)

    def _target(self, kind: str, id_: str) -> str:
        return f"ignore: {id_}" if kind == "ignore" else self._declared(id_)

    def _declared(self, id_: str) -> str:
        key_result = self.mapping.key_results.get((self.cycle, id_))
        allowance = self.mapping.allowances.get(id_)
        return key_result.id if key_result else allowance.id if allowance else id_

    def _rule(self, index: int) -> str:
        rule = self.mapping.rules[index]
        return f"the rule at {rule.place}" if rule.name == str(rule.place) else f'rule "{rule.name}", {rule.place}'

    # ---- rules ----

    def rules(self) -> Iterator[AuditLine]:
        """Rules that never match, never win, or lead nowhere in this cycle."""
        claims: dict[int, list[tuple[int, Claim]]] = defaultdict(list)
        for a in self.found:
            if a.outcome != "duplicate":
                item = self.items[a.no]
                for claim in self.assessor.matcher.claims(item, Context(self.assessor.states.of(item), a.team)):
                    claims[claim.rule].append((a.no, claim))
        by_no = {a.no: a for a in self.found}
        unable = {index for index, _, _ in self.assessor.matcher.unevaluable}  # told on their own
        values = Values(self.assessor.matcher.fields, self.items.values())
        won = {s.rule for a in self.found for s in a.shares} | {
            claim.rule for each in claims.values() for no, claim in each if by_no[no].broken and claim.named
        }
        for rule in self.mapping.rules:
            if self._dormant(rule):
                text = f"{self._called(rule)} leads to a key result that {self.cycle or 'no cycle'} does not have: it is dormant"
                yield self._line("dormant", rule.place, text, "Remove it, or add the key result to the cycle.", [])
            elif not claims[rule.index] and rule.index not in unable:
                yield self._never(rule, values)
            elif rule.index not in won and (lost := self._lost(claims[rule.index], by_no)):
                yield self._shadowed(rule, lost, by_no)

    def _never(self, rule: Rule, values: Values) -> AuditLine:
        found = misfit(rule, values)
        if found is None:
            why = ": each of its lines fits some, none fits all" if plain(rule) and len(rule.when) > 1 else ""
            text = f"{self._called(rule)} matches no item{why}"
            return self._line("never", rule.place, text, "Correct its lines, or remove it.", [])
        place, line, near = found
        text = f"{self._called(rule)} matches no item: none has {line}"
        return self._line(
            "never", place, text, f'Did you mean "{near}"?' if near else "Correct the line, or remove the rule.", []
        )

    def owners(self) -> Iterator[AuditLine]:
        """Teams that own a project which no item is in."""
        for place, team, written, near in idle_teams(self.mapping, Values(self.assessor.matcher.fields, self.items.values())):
            text = f'The team "{team}" owns the project "{written}", which no item is in'
            yield self._line("owner", place, text, f'Did you mean "{near}"?' if near else "Correct it, or remove it.", [])

    def statuses(self, dimensions: Dimensions) -> Iterator[AuditLine]:
        """Lines of status maps that fit no status of an item of their source, or of their kind. Of a source that has no items
        nothing is known."""
        for name, words in self.mapping.statuses.items():
            named = {s for s, facts in dimensions.sources.items() if fold(s) == name or fold(facts.kind) == name}
            those = [item for item in self.items.values() if item.source in named]
            values = Values(self.assessor.matcher.fields, those).of("status")
            for word in words if those else ():
                how: Literal["equal", "glob"] = "glob" if "*" in word.folded or "?" in word.folded else "equal"
                if not any(holds(Test(how, word.folded, word.written), text) for text in values):
                    near = nearest(word.folded, values)
                    text = f'No item has the status "{word.written}"'
                    yield self._line(
                        "map", word.place, text, f'Did you mean "{near}"?' if near else "Correct it, or remove it.", []
                    )

    def _lost(self, claims: list[tuple[int, Claim]], by_no: dict[int, Attachment]) -> list[int]:
        """Items that a rule claims for something else than they are given; none where others just say the same."""
        lost = []
        for no, claim in claims:
            wanted = {id_ for id_, _ in claim.split} or {claim.id}
            given = {share.id for share in by_no[no].shares} if by_no[no].outcome != "contested" else set()
            if given != {self.mapping.key_result_id(self.cycle, id_) or id_ for id_ in wanted}:
                lost.append(no)
        return list(dict.fromkeys(lost))

    def _shadowed(self, rule: Rule, nos: list[int], by_no: dict[int, Attachment]) -> AuditLine:
        winners = Counter(s.rule for no in nos for s in by_no[no].shares if s.rule != rule.index)
        over = f" to {self._rule(winners.most_common(1)[0][0])}" if winners else ""
        others = " and others" if len(winners) > 1 else ""
        text = f"{self._called(rule)} wins no item, and loses {_items(nos)}{over}{others}"
        return self._line("shadowed", rule.place, text, "Remove it, or give it a higher `priority`.", nos)

    def _called(self, rule: Rule) -> str:
        return "The rule" if rule.name == str(rule.place) else f'The rule "{rule.name}"'

    def _dormant(self, rule: Rule) -> bool:
        ids = [rule.target] if rule.target is not None else [id_ for id_, _ in rule.split]
        if rule.target_kind != "key_result" or not ids:
            return False
        return all(self.mapping.key_result_id(self.cycle, fold(id_)) is None for id_ in ids)

    def unevaluable(self) -> Iterator[AuditLine]:
        for index, source, field in sorted(self.assessor.matcher.unevaluable):
            rule = self.mapping.rules[index]
            text = f"{self._called(rule)} reads `{field}`, which the source {source} does not have, so it matches nothing there"
            remedy = f"Limit it with when.source, or name the field under [source.{source}] in config.toml."
            if field == "expr":
                text = f"The `expr` of {self._called(rule)[0].lower()}{self._called(rule)[1:]} fails for items of {source}"
                remedy = "Ask with has(...) before reading what an item may lack."
            yield self._line("unevaluable", rule.place, text, remedy, [])

    # ---- items ----

    def findings(self, findings: Iterable[Finding]) -> Iterator[AuditLine]:
        """What is odd about items, by kind; statuses one by one."""
        groups: dict[tuple[AuditKind, str], list[int]] = defaultdict(list)
        for f in findings:
            if f.no is not None and f.kind in _KINDS:
                told = f.text if f.kind in ("status", "accepts") else ""
                groups[f.kind, told].append(f.no)  # type: ignore[index]
        for (kind, told), nos in sorted(groups.items(), key=lambda g: (list(_KINDS).index(g[0][0]), -len(g[1]))):
            text, remedy = _KINDS[kind]
            said = (
                f"{told[:1].upper()}{told[1:]} ({_items(nos)})"
                if told
                else text.format(_items(nos), "s" if len(nos) == 1 else "")
            )
            yield self._line(kind, None, said, remedy, list(dict.fromkeys(nos)))

    def types(self, active: list[Attachment], dimensions: Dimensions) -> Iterator[AuditLine]:
        """Types of items that have active items, of which none is anchored by anything."""
        outcomes: dict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
        nos: dict[tuple[str, str], list[int]] = defaultdict(list)
        for a in active:
            item = self.items[a.no]
            name = item.type or (dimensions.types.get((item.source, item.type_id)) if item.type_id else None)
            if name:
                outcomes[item.source, name][a.outcome == "unanchored"] += 1
                nos[item.source, name].append(a.no)
        for (source, name), counted in sorted(outcomes.items(), key=lambda g: -g[1][True]):
            if counted[True] >= FEW and not counted[False]:
                text = f'None of the {counted[True]} active items of type "{name}" in {source} is anchored'
                remedy = f'Give them a rule, an allowance or an `ignore`: when.type = "{name}".'
                yield self._line("type", None, text, remedy, nos[source, name])

    def teamless(self, active: list[Attachment], dimensions: Dimensions) -> Iterator[AuditLine]:
        """Active items of no team, by project."""
        if not self.mapping.teams:
            return
        by_project: dict[str, list[int]] = defaultdict(list)
        for a in active:
            if not a.team:
                by_project[_project(self.items[a.no], dimensions)].append(a.no)
        for project, nos in sorted(by_project.items(), key=lambda g: (-len(g[1]), g[0])):
            where = f" of {project}" if project else ""
            text = f"{_items(nos, 'active item')}{where} belong{'s' if len(nos) == 1 else ''} to no team"
            remedy = (
                f'Give a team owns.project = "{project}", or another `owns` line.' if project else "Give a team an `owns` line."
            )
            yield self._line("no team", None, text, remedy, nos)


_KINDS: dict[str, tuple[str, str]] = {
    "status": ("", 'Say what it means: [status.SOURCE] and a line "NAME" = "doing".'),
    "ambiguous": ("{} name{} several items as parent, so none is", "Name one of them only, or set the parent in the tool."),
    "accepts": ("", "Let the key result accept the team, or name another one."),
    "team": ("{} belong{} to two teams at the same step, so to neither", "Remove one of the two ownerships."),
    "estimate": ("{} show{} an estimate that is no number and counts as missing", "Correct it in the tool."),
    "category": ("{} disagree{} with the status list, which wins", "Usually a status that was changed lately."),
    "parent": ("{} name{} a parent that was not read, so nothing is inherited from it", "Add its project to the source's list."),
    "cycle": ("{} stand{} in a circle of parents, of which one link is set aside", "Correct the parents in the tool."),
}  # fmt: skip


def _items(nos: list[int], word: str = "item") -> str:
    return f"1 {word}" if len(nos) == 1 else f"{len(nos):,} {word}s"


def _project(item: Item, dimensions: Dimensions) -> str:
    for id_ in item.containers:
        row = dimensions.containers.get((item.source, id_))
        return (row.key or row.name) if row else id_
    return ""
