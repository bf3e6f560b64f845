"""What each file would say after the import, and what changes: the heart of it, pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hub.errors import Problem
from hub.importing import cycles
from hub.importing.columns import Columns
from hub.importing.edit import Keys
from hub.importing.files import Files
from hub.importing.known import Block, Known
from hub.importing.match import Side, pairs
from hub.importing.slug import slug
from hub.importing.values import Change, KeyResultRow, Missing, ObjectiveRow, Plan, Sheet, Sign, Wanted
from hub.model import fold
from hub.tomlfile import nearest
from hub.tomlfile.write import Value, value

SAID = "from the sheet: "
GONE = "Not in the sheet any more"
_GONE_OBJECTIVE = f'{GONE}. Remove it with its key results, or say state = "dropped".'
_GONE_KEY_RESULT = f'{GONE}. Remove it, or say dropped = {{ on = DAY, why = "..." }}.'
_LATER = "to be measured by a metric"
_UNKNOWN = "not declared in any mapping file"
_ORDER: Mapping[str, tuple[Keys, ...]] = {
    "objective": (("id",), ("name",), ("cycle",), ("team",), ("owner",), ("anchor", "pillar"), ("pillar",), ("weight",)),
    "key_result": (("id",), ("objective",), ("name",), ("kind",), ("ambition",), ("team",), ("owner",), ("weight",)),
}


class _Team(NamedTuple):
    id: str | None
    """As declared; None for none, and for one that is not."""
    file: str
    """What its file is called."""


def plan(sheet: Sheet, columns: Columns, wanted: Wanted, known: Known, origin: str, cycle: str | None) -> Plan:
    """The change that makes the files say what the sheet says. ``origin`` names file and sheet in the files' heads; ``cycle`` is
    the only one to import, and that of objectives without one."""
    return _Planning(sheet, columns, known, origin, cycle).run(wanted)


class _Planning:
    """One run. Ids that are taken, files that are changed, and what must be told."""

    def __init__(self, sheet: Sheet, columns: Columns, known: Known, origin: str, cycle: str | None) -> None:
        self.sheet, self.columns, self.known = sheet, columns, known
        self.origin, self.cycle = origin, cycle
        self.problems: list[Problem] = list(known.problems)
        self.missing: dict[str, dict[str, Missing]] = {"cycle": {}, "pillar": {}, "team": {}}
        self.counts: dict[str, int] = {}
        self.others = 0
        self.unmeasured: dict[str, list[tuple[str, str]]] = {}
        self.named = 0
        self.key_result_ids: dict[str, set[str]] = {}
        self.objective_cycles = {fold(id): b.cycle for b in known.objectives() for id in _ids(b)}
        for each in known.key_results():
            taken = self.key_result_ids.setdefault(self.objective_cycles.get(each.objective, ""), set())
            taken |= {fold(id) for id in _ids(each)}
        self.files = Files(known, origin)
        self.seen: set[tuple[str, str, int]] = set()
        """Blocks (file, kind, index) that a row stands for."""

    def run(self, wanted: Wanted) -> Plan:
        self.problems += wanted.problems
        rows = [(row, cycle) for row in wanted.objectives if (cycle := self._cycle(row)) is not None]
        for at, written in wanted.strays:
            if cycles.named(written, self.known.cycles) is None:
                self._undeclared(at, written)
        if not any(not problem.warning for problem in self.problems):
            for cycle in dict.fromkeys(cycle for _, cycle in rows):
                self._one_cycle(cycle, [row for row, of in rows if of == cycle])
        else:
            self._names(wanted)
        return Plan(
            files=tuple(self.files.result()),
            problems=tuple(dict.fromkeys(self.problems)),
            cycles=self.counts,
            others=self.others,
            missing={kind: tuple(each.values()) for kind, each in self.missing.items() if each},
            unmeasured={
                owner: tuple(rows_) for owner, rows_ in sorted(self.unmeasured.items(), key=lambda one: (not one[0], one[0]))
            },
            named=self.named,
        )

    def wrong(self, row: int, meaning: str, text: str, remedy: str = "", *, warning: bool = False) -> None:
        found = self.columns.meant.get(meaning)
        self.problems.append(self.sheet.problem(row, found.column if found else None, text, remedy, warning=warning))

    # ---- what the sheet names

    def _names(self, wanted: Wanted) -> None:
        """Note what is missing although nothing can be planned, so that all of it can be added at once."""
        for row in wanted.objectives:
            self._team(row.team)
            self._declared("pillar", row.pillar)
            for each in row.key_results:
                self._team(each.team)

    def _cycle(self, row: ObjectiveRow) -> str | None:
        """The folded id of an objective's cycle; None for one that is not known, or not to be imported."""
        found = cycles.named(row.cycle, self.known.cycles) if row.cycle else None
        if self.cycle is not None:
            asked = fold(self.cycle)
            if row.cycle and found != asked and not (found is None and _may_be(row.cycle, self.cycle)):
                self.others += 1
                return None
            found = asked
        elif found is None:
            self._no_cycle(row)
            return None
        self.counts[self.known.cycles[found][0]] = self.counts.get(self.known.cycles[found][0], 0) + 1
        return found

    def _no_cycle(self, row: ObjectiveRow) -> None:
        declared = [id for id, *_ in self.known.cycles.values()]
        if not row.cycle:
            if not any("says no cycle" in problem.text for problem in self.problems):
                choice = f"Say which: --cycle {declared[-1]}." if declared else "Say which: --cycle ID."
                self.wrong(row.row, "cycle", "The sheet says no cycle for this objective.", choice)
            return
        self._undeclared(row.row, row.cycle)

    def _undeclared(self, row: int, written: str) -> None:
        proposal = cycles.proposal(written)
        before = self.missing["cycle"].get(fold(written))
        declared = [id for id, *_ in self.known.cycles.values()]
        near = "" if cycles.period(written) else nearest(written, declared) or ""  # one quarter is not nearly another
        self.missing["cycle"][fold(written)] = Missing(written, proposal.id, before.times + 1 if before else 1, near)
        if before is None:
            remedy = f"Add it under [cycle] in a mapping file, {proposal.line}, or say --cycle ID."
            remedy = f'Did you mean "{near}"?' if near else remedy
            self.wrong(row, "cycle", f'No mapping file has a cycle "{written}".', remedy)

    def _declared(self, kind: str, written: str) -> str | None:
        """The id of the pillar or team that a text means, by id or name; None for none, and for one that is noted as missing."""
        if not written:
            return None
        table = self.known.pillars if kind == "pillar" else self.known.teams
        folded = fold(written)
        if folded in table:
            return table[folded][0]
        same = [id for id, name in table.values() if fold(name) == folded]
        if same:
            return same[0]
        before = self.missing[kind].get(folded)
        others = {m.id for m in self.missing[kind].values()}
        id = before.id if before else slug(written, kind, lambda id: fold(id) in table or id in others)
        near = nearest(written, [name for _, name in table.values()]) or ""
        self.missing[kind][folded] = Missing(written, id, before.times + 1 if before else 1, near)
        return None

    def _team(self, written: str) -> _Team:
        id = self._declared("team", written)
        return _Team(id, id or (self.missing["team"][fold(written)].id if written else ""))

    # ---- one cycle

    def _one_cycle(self, cycle: str, rows: list[ObjectiveRow]) -> None:
        blocks = [b for b in self.known.objectives() if b.cycle == cycle]
        id_of_cycle = self.known.cycles[cycle][0]
        teams = [self._team(row.team) for row in rows]
        sides = [
            Side(
                (row.id, f"{row.id}-{id_of_cycle}") if row.id else (),
                row.name,
                team.id or "",
                frozenset(fold(each.name) for each in row.key_results),
            )
            for row, team in zip(rows, teams, strict=True)
        ]
        inside: dict[str, set[str]] = {}
        for each in self.known.key_results():
            inside.setdefault(each.objective, set()).add(fold(each.name))
        found = pairs(
            sides,
            [Side(_ids(b), b.name, str(b.values.get("team", "")), frozenset(inside.get(fold(b.id), ()))) for b in blocks],
        )
        self.seen |= {_at(blocks[b]) for b in found.values()}
        matched = [blocks[found[n]] if n in found else None for n in range(len(rows))]
        key_results = self._key_result_blocks(cycle, rows, matched)
        for row, team, former in zip(rows, teams, matched, strict=True):
            self._objective(cycle, row, team, former, key_results)
        self._gone(cycle, blocks)

    def _key_result_blocks(
        self, cycle: str, rows: list[ObjectiveRow], matched: list[Block | None]
    ) -> dict[int, Block]:  # fmt: skip
        """Row of a key result -> its former block: beneath the same objective first, then anywhere in the cycle."""
        blocks = [b for b in self.known.key_results() if self.objective_cycles.get(b.objective) == cycle]
        found: dict[int, Block] = {}
        for row, former in zip(rows, matched, strict=True):
            if former is not None:
                inside = [b for b in blocks if b.objective == fold(former.id)]
                self._pair(row.key_results, inside, found, alike=True)
        taken = {_at(b) for b in found.values()}
        rest = [each for row in rows for each in row.key_results if each.row not in found]
        self._pair(rest, [b for b in blocks if _at(b) not in taken], found, alike=False)
        self.seen |= {_at(b) for b in found.values()}
        return found

    @staticmethod
    def _pair(rows: Sequence[KeyResultRow], blocks: list[Block], found: dict[int, Block], *, alike: bool) -> None:
        sides = [Side((row.id,) if row.id else (), row.name) for row in rows]
        for r, b in pairs(sides, [Side(_ids(block), block.name) for block in blocks], alike=alike).items():
            found[rows[r].row] = blocks[b]

    def _objective(
        self, cycle: str, row: ObjectiveRow, team: _Team, former: Block | None, key_results: Mapping[int, Block]
    ) -> None:
        pillar = self._declared("pillar", row.pillar)
        stem = team.file or pillar or (self.missing["pillar"][fold(row.pillar)].id if row.pillar else "objectives")
        values: dict[Keys, Value | None] = {
            ("name",): row.name, ("team",): team.id, ("owner",): row.owner or None,
            _pillar_key(former): pillar, ("weight",): row.weight,
        }  # fmt: skip
        unknown = [
            f'{kind} "{text}"'
            for kind, text, id in (("team", row.team, team.id), ("pillar", row.pillar, pillar))
            if text and not id
        ]
        said = f"{SAID}{', '.join(unknown)}, {_UNKNOWN}" if unknown else None
        if former is not None and former.file in self.known.elsewhere:
            text = f'The objective "{former.id}" stands in {former.file}:{former.line} and is left as it is.'
            self.wrong(row.row, "objective", text, "Remove it there to have it imported.", warning=True)
            file, id = self.files.for_new(stem, self.known.cycles[cycle][0]), former.id
        elif former is not None:
            file, id = former.file, former.id
            self._change(file, former, values, said)
        else:
            file = self.files.for_new(stem, self.known.cycles[cycle][0])
            id = self._objective_id(row, self.known.cycles[cycle][0])
            new = {("id",): id, ("name",): row.name, ("cycle",): self.known.cycles[cycle][0]} | values
            self.files.add(
                file, "objective", _filled("objective", new), [said] if said else [], None, Change("+", "objective", id, row.name)
            )
        home = former if former is not None and former.file == file else None
        for each in row.key_results:
            self._key_result(cycle, id, row, team, each, key_results.get(each.row), file, home)

    def _objective_id(self, row: ObjectiveRow, cycle: str) -> str:
        """Ids of objectives are one in all cycles; where another cycle has the wanted one, this cycle's id is added."""

        def taken(id: str) -> bool:
            return fold(id) in self.objective_cycles

        id = row.id or slug(row.name, "objective", lambda _: False)
        if self.objective_cycles.get(fold(id), fold(cycle)) != fold(cycle):
            id = f"{id}-{cycle}"
        if taken(id) and not row.id:
            id = slug(row.name, "objective", taken)
        if taken(id):
            self.wrong(row.row, "objective_id", f'The id "{row.id}" is that of another objective.', "Give it another id.")
        self.objective_cycles[fold(id)] = fold(cycle)
        return id

    # ---- key results

    def _key_result(
        self, cycle: str, objective: str, above: ObjectiveRow, team: _Team, row: KeyResultRow, former: Block | None, file: str,
        home: Block | None,
    ) -> None:  # fmt: skip
        own_team = self._team(row.team)
        kept = former.values if former is not None else {}
        values: dict[Keys, Value | None] = {
            ("objective",): objective,
            ("name",): row.name,
            ("ambition",): row.ambition if row.ambition != "committed" or "ambition" in kept else None,
            ("team",): own_team.id if own_team.id != team.id or "team" in kept else None,
            ("owner",): row.owner if row.owner and (fold(row.owner) != fold(above.owner) or "owner" in kept) else None,
            ("weight",): row.weight,
        }
        unknown = row.team if own_team.id is None and fold(row.team) != fold(above.team) else ""
        said = _said(row, unknown)
        self.named += bool(row.label or row.link)
        if former is not None and former.file in self.known.elsewhere:
            self._left_alone(row, former)
            return
        if former is not None:
            id = former.id
            self._change(former.file, former, values, said, measured=former.values.get("kind") != "completion")
        else:
            id = self._key_result_id(cycle, row)
            new = {("id",): id, ("objective",): objective, ("name",): row.name, ("kind",): "completion"} | values
            change = Change("+", "key_result", id, row.name)
            self.files.add(file, "key_result", _filled("key_result", new), [said] if said else [], home, change)
        if row.measured and (former is None or former.values.get("kind") == "completion"):
            self.unmeasured.setdefault(row.owner or above.owner, []).append((id, row.name))

    def _left_alone(self, row: KeyResultRow, former: Block) -> None:
        text = f'The key result "{former.id}" stands in {former.file}:{former.line} and is left as it is.'
        self.wrong(row.row, "key_result", text, "Remove it there to have it imported.", warning=True)

    def _key_result_id(self, cycle: str, row: KeyResultRow) -> str:
        """One per cycle, and never that of an allowance."""
        used = self.key_result_ids.setdefault(cycle, set())

        def taken(id: str) -> bool:
            return fold(id) in used or fold(id) in self.known.allowances

        id = row.id or slug(row.name, "kr", taken)
        if taken(id):
            text = f'The id "{id}" is that of another key result or allowance.'
            self.wrong(row.row, "id" if "id" in self.columns.meant else "label", text, "Labels name them alike: give it another.")
        used.add(fold(id))
        return id

    # ---- blocks that are there

    def _change(
        self, file: str, former: Block, values: Mapping[Keys, Value | None], said: str | None, *, measured: bool = False
    ) -> None:
        """``measured``: somebody gave it another kind by hand, so the sheet's numbers are no business of ours any more."""
        edits, at = self.files.edits(file), (former.kind, former.number)
        lines: list[tuple[str, str, str]] = []
        for keys, wanted in values.items():
            present = _get(former.values, keys)
            if wanted is None or _same(keys, present, wanted):
                continue
            order = _ORDER[former.kind]
            shown = ".".join(keys)
            if not edits.set(at, keys, wanted, order[: order.index(keys)]):
                where = Problem(file, former.line, f"`{shown}` of {former.id} is not on a line of its own.", warning=True)
                self.problems.append(_by_hand(where, shown, wanted))
                continue
            lines.append((shown, value(present) if present is not None else "", value(wanted)))
        if edits.note(at, f"# {GONE}", None):
            lines.append(("", "gone", "back in the sheet"))
        if not measured and edits.note(at, f"# {SAID}", said):
            lines.append(("", "", f"# {said}" if said else "comment removed"))
        sign: Sign = "~" if lines else "="
        self.files.told(file, Change(sign, former.kind, former.id, former.name, tuple(lines)))

    def _gone(self, cycle: str, blocks: list[Block]) -> None:
        """Mark what the sheet no longer has, in files that come from it."""
        for each in (*blocks, *self.known.key_results()):
            of = each.cycle if each.kind == "objective" else self.objective_cycles.get(each.objective)
            if of != cycle or _at(each) in self.seen or each.file in self.known.elsewhere or not self._from_here(each.file):
                continue
            edits, at = self.files.edits(each.file), (each.kind, each.number)
            if edits.noted(at, f"# {GONE}"):
                self.files.told(each.file, Change("=", each.kind, each.id, each.name))
                continue
            edits.note(at, f"# {GONE}", _GONE_OBJECTIVE if each.kind == "objective" else _GONE_KEY_RESULT)
            self.files.told(each.file, Change("-", each.kind, each.id, each.name))

    def _from_here(self, file: str) -> bool:
        """Whether a file was made from this sheet, or from one under another name with the same objectives."""
        return self.files.is_ours(file) or any(seen[0] == file for seen in self.seen)


# ---- small things -------------------------------------------------------------------------------------------------------


def _ids(each: Block) -> tuple[str, ...]:
    """Its id and its former ones."""
    was = each.values.get("was", ())
    return (each.id, *([was] if isinstance(was, str) else [str(one) for one in was if isinstance(one, str)]))


def _at(each: Block) -> tuple[str, str, int]:
    return each.file, each.kind, each.number


def _pillar_key(former: Block | None) -> Keys:
    """An objective that somebody anchored elsewhere rolls up by `pillar`."""
    anchor = former.values.get("anchor") if former is not None else None
    return ("pillar",) if isinstance(anchor, dict) and "pillar" not in anchor else ("anchor", "pillar")


def _filled(kind: str, values: Mapping[Keys, Value | None]) -> dict[Keys, Value]:
    return {keys: found for keys in _ORDER[kind] if (found := values.get(keys)) is not None}


def _get(values: Mapping[str, object], keys: Keys) -> Value | None:
    found: object = values
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found  # type: ignore[return-value]  # what a TOML file holds is one of its values


def _same(keys: Keys, present: Value | None, wanted: Value) -> bool:
    """Whether a file says the same already; ids in any case of letters, several objectives with this one among them."""
    if keys == ("objective",) and isinstance(present, list):
        return any(isinstance(one, str) and fold(one) == fold(str(wanted)) for one in present)
    if keys in (("objective",), ("team",), ("anchor", "pillar"), ("pillar",)) and isinstance(present, str):
        return fold(present) == fold(str(wanted))
    return present == wanted


def _said(row: KeyResultRow, unknown: str) -> str | None:
    """What the sheet says of a key result that no key takes; ``unknown`` is a team that is not declared."""
    numbers = [" -> ".join(text or "?" for text in (row.start, row.target))] if row.start or row.target else []
    numbers += [f"now {row.current}"] if row.current else []
    numbers += [f"metric {row.metric}"] if row.metric else []
    parts = [f"{', '.join(numbers)}; {_LATER}"] if numbers else []
    parts += [f"label {row.label}"] if row.label else []
    parts += [f"link {row.link}"] if row.link else []
    parts += [f'team "{unknown}", {_UNKNOWN}'] if unknown else []
    return SAID + "; ".join(parts) if parts else None


def _by_hand(problem: Problem, key: str, wanted: Value) -> Problem:
    return Problem(problem.file, problem.line, problem.text, f"Change it by hand: {key} = {value(wanted)}.", True)


def _may_be(written: str, asked: str) -> bool:
    """Whether a text without a year means the asked cycle."""
    found, other = cycles.period(written), cycles.period(asked)
    return found is not None and other is not None and found.year is None and found[1:] == other[1:]
