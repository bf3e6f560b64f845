"""Rows to objectives and key results, each mistake with its cell.

An objective's name stands in its first row and is meant "as above" where the cell is empty. A row with an objective and no key
result speaks of the objective; a row with both speaks of the key result, and of the objective in what only objectives have.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from hub.errors import Problem
from hub.importing import cycles
from hub.importing.columns import Columns, ambition
from hub.importing.values import KeyResultRow, ObjectiveRow, Sheet, Wanted
from hub.model import fold
from hub.tomlfile.ids import ID, id_remedy

_FORMULA = re.compile(r"=\s*[A-Za-z_.]+\s*\(|=\s*[$A-Z]+\d|[+@-][A-Z]+\(")


class _Open:
    """An objective whose key results are being collected."""

    def __init__(self, row: int, name: str) -> None:
        self.row, self.name, self.last = row, name, row
        self.own = False
        """It has a row of its own."""
        self.said: dict[str, dict[int, str]] = {}
        """What each row says of it: meaning -> row -> text."""
        self.key_results: list[KeyResultRow] = []

    def say(self, meaning: str, row: int, text: str) -> None:
        if text:
            self.said.setdefault(meaning, {})[row] = text

    def first(self, meaning: str) -> str:
        return next(iter(self.said.get(meaning, {}).values()), "")

    def agreed(self, meaning: str) -> str:
        """What its rows say, if they all say the same."""
        texts = {fold(text): text for text in self.said.get(meaning, {}).values()}
        return next(iter(texts.values())) if len(texts) == 1 else ""


class _Gathering:
    """One pass over the rows."""

    def __init__(self, sheet: Sheet, columns: Columns) -> None:
        self.sheet, self.columns = sheet, columns
        self.problems: list[Problem] = []
        self.open: list[_Open] = []
        self.current: _Open | None = None
        self.strays: list[tuple[int, str]] = []

    def cell(self, row: int, meaning: str) -> str:
        """A cell's text; one that cannot be used is told and empty."""
        found = self.columns.meant.get(meaning)
        if found is None:
            return ""
        at = (row, found.column)
        text = self.sheet.at(*at)
        if at in self.sheet.faults:
            fault = self.sheet.faults[at]
            remedy = (
                "Open the file, let it calculate, save it, and import again." if "formula" in fault else "Correct the formula."
            )
            self.wrong(row, meaning, f"The cell holds {fault}.", remedy)
        elif text and _FORMULA.match(text):
            self.wrong(
                row, meaning, f"The cell holds the text of a formula ({_short(text)}).", "Put its result there, as a text."
            )
            return ""
        elif re.search(r"\{[^{}]*\}", text):
            self.wrong(row, meaning, "Braces stand for a column in mapping files, so they become parentheses.", warning=True)
            return text.replace("{", "(").replace("}", ")")
        elif at in self.sheet.remarks:
            self.wrong(row, meaning, self.sheet.remarks[at], warning=True)
        return text

    def wrong(self, row: int, meaning: str, text: str, remedy: str = "", *, warning: bool = False) -> None:
        found = self.columns.meant.get(meaning)
        problem = self.sheet.problem(row, found.column if found else None, text, remedy, warning=warning)
        if problem not in self.problems:
            self.problems.append(problem)

    def run(self) -> Wanted:
        for row in range(self.columns.header + 1, len(self.sheet.rows)):
            objective, key_result = self.cell(row, "objective"), self.cell(row, "key_result")
            if not objective and not key_result:
                self._stray(row)
                continue
            current = self._objective(row, objective)
            if current is None:
                text = "The key result has no objective: none stands in its row or above it."
                self.wrong(row, "key_result", text, "Write the objective's name into the same row.")
                continue
            if self._elsewhere(row, current):
                continue
            self._speak(row, current, of_its_own=not key_result)
            if key_result:
                current.key_results.append(self._key_result(row, key_result))
        objectives = tuple(self._closed(each) for each in self.open)
        self._twice(objectives)
        if not objectives and not self.problems:
            self.wrong(
                self.columns.header, "objective", "There is no row beneath the headers.", "Check that the sheet was saved."
            )
        return Wanted(objectives, tuple(self.problems), tuple(self.strays))

    def _elsewhere(self, row: int, current: _Open) -> bool:
        """Whether a row names another cycle than its objective: it belongs to no objective of the sheet, so it is left out."""
        here, there = self.cell(row, "cycle"), current.first("cycle")
        if not here or not there or cycles.same(here, there):
            return False
        self.strays.append((row, here))
        text = f'The row is of "{_short(here)}" and its objective "{_short(current.name)}" of "{_short(there)}": it is left out.'
        self.wrong(row, "cycle", text, "Give the row an objective of its own cycle: write the objective's name into it.")
        return True

    def _stray(self, row: int) -> None:
        """A row of numbers beneath nothing, such as totals, is left out, and said; an empty one is just empty."""
        said = [name for name in ("owner", "start", "target", "metric") if self.columns.meant.get(name) and self.cell(row, name)]
        if said:
            self.wrong(row, said[0], "The row names neither an objective nor a key result and is left out.", warning=True)

    def _objective(self, row: int, name: str) -> _Open | None:
        if not name:
            return self.current
        for former in reversed(self.open):
            if fold(former.name) == fold(name) and self._same(former, row, adjacent=former is self.current):
                self.current = former
                return former
        self.current = _Open(row, name)
        self.open.append(self.current)
        return self.current

    def _same(self, former: _Open, row: int, *, adjacent: bool) -> bool:
        """Whether a row with the same objective's name means the same one: not in another cycle; elsewhere in the sheet not of
        another team either, since teams like the same words."""
        for meaning in ("objective_id", "cycle") if adjacent else ("objective_id", "cycle", "team"):
            here, there = self.cell(row, meaning), former.first(meaning)
            if here and there and not (cycles.same if meaning == "cycle" else _alike)(here, there):
                return False
        return True

    def _speak(self, row: int, current: _Open, *, of_its_own: bool) -> None:
        current.own = current.own or of_its_own
        for meaning in ("objective_id", "cycle", "pillar", "objective_owner", "objective_weight"):
            current.say(meaning, row, self.cell(row, meaning))
        kind = "own" if of_its_own else "key"
        for meaning in ("team", "owner", "weight", "id"):
            current.say(f"{kind}_{meaning}", row, self.cell(row, meaning))
        current.say("team", row, self.cell(row, "team"))

    def _closed(self, each: _Open) -> ObjectiveRow:
        pillar = each.first("pillar")
        other = next((row for row, text in each.said.get("pillar", {}).items() if not _alike(text, pillar)), None)
        if other is not None:
            text = f'The objective "{_short(each.name)}" has another pillar above: "{_short(pillar)}".'
            self.wrong(other, "pillar", text, "The first counts; correct one of the two.", warning=True)
        owner = each.first("objective_owner") or each.first("own_owner") or each.agreed("key_owner")
        team = each.first("own_team") or each.first("key_team")
        if not each.key_results:
            self.wrong(each.row, "objective", "The objective has no key result beneath it.", warning=True)
        weight = self._weight(each.row, "objective_weight", each.first("objective_weight"))
        weight = weight or self._weight(each.row, "weight", each.first("own_weight"))
        id = each.first("objective_id") or (each.first("own_id") if each.own else "")
        return ObjectiveRow(
            each.row, each.name, self._id(each.row, "objective_id", id), each.first("cycle"), team, each.first("pillar"), owner,
            weight, tuple(each.key_results),
        )  # fmt: skip

    def _key_result(self, row: int, name: str) -> KeyResultRow:
        label = self.cell(row, "label")
        named = re.fullmatch(r"kr:([A-Za-z0-9][A-Za-z0-9._-]*)", label.strip(), re.IGNORECASE)
        id = self.cell(row, "id")
        return KeyResultRow(
            row,
            self._one_line(row, name),
            self._id(row, "id", id) if id else named[1] if named else None,
            self.cell(row, "owner"),
            self.cell(row, "team"),
            self._weight(row, "weight", self.cell(row, "weight")),
            self._ambition(row),
            self.cell(row, "start"),
            self.cell(row, "target"),
            self.cell(row, "current"),
            self.cell(row, "metric"),
            label,
            self.cell(row, "link"),
        )

    def _one_line(self, row: int, name: str) -> str:
        if len(re.findall(r"(?:^| )(?:KR ?\d+|[•●▪]|\d\))", name, re.IGNORECASE)) > 1:
            text = "The cell seems to hold several key results; they are taken as one."
            self.wrong(row, "key_result", text, "Give each a row of its own.", warning=True)
        return name

    def _id(self, row: int, meaning: str, text: str) -> str | None:
        """An id as the sheet has it, with dashes for what no id may hold."""
        if not text:
            return None
        id = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")
        if not ID.fullmatch(id):
            self.wrong(
                row, meaning if meaning in self.columns.meant else "id", f'"{_short(text)}" cannot be an id.', id_remedy(text)
            )
            return None
        return id

    def _weight(self, row: int, meaning: str, text: str) -> Decimal | None:
        if not text:
            return None
        number = number_of(text)
        if number is None or number <= 0 or number > 10**6:
            self.wrong(
                row, meaning, f'"{_short(text)}" is no weight.', "Write a number above 0, such as 2 or 1.5, or leave it empty."
            )
            return None
        return number

    def _ambition(self, row: int) -> Literal["committed", "aspirational"] | None:
        text = self.cell(row, "ambition")
        found = ambition(text)
        if text and found is None:
            told = f'"{_short(text)}" is neither committed nor aspirational and is left out.'
            self.wrong(row, "ambition", told, warning=True)
        return found

    def _twice(self, objectives: tuple[ObjectiveRow, ...]) -> None:
        """Ids that two rows have, and key results that stand twice beneath an objective."""
        self._ids("objective_id", [(o.row, o.id, "") for o in objectives])
        rows = [(k.row, k.id, o.cycle) for o in objectives for k in o.key_results]
        self._ids("id" if "id" in self.columns.meant else "label", rows)
        for objective in objectives:
            first: dict[str, int] = {}
            for each in objective.key_results:
                before = first.setdefault(fold(each.name), each.row)
                if before != each.row and each.id is None:
                    column = self.columns.meant["key_result"].column
                    text = f"The same key result stands in {self.sheet.ref(before, column)} already, under the same objective."
                    self.wrong(each.row, "key_result", text, "Remove one of the two, or name them apart.")

    def _ids(self, meaning: str, rows: list[tuple[int, str | None, str]]) -> None:
        first: dict[tuple[str, str], int] = {}
        for row, id, cycle in rows:
            if id is not None and (before := first.setdefault((fold(cycle), fold(id)), row)) != row:
                shown = self.sheet.ref(before, self.columns.meant[meaning].column if meaning in self.columns.meant else None)
                remedy = f"Give one of the two another, or leave the column out: --columns {meaning}="
                self.wrong(row, meaning, f'The id "{id}" stands in {shown} already.', f"{remedy}.")


def _alike(one: str, other: str) -> bool:
    return fold(one) == fold(other)


def gather(sheet: Sheet, columns: Columns) -> Wanted:
    """The objectives of a sheet in their order, and its problems; with an error among them nothing should be written."""
    return _Gathering(sheet, columns).run()


def number_of(text: str) -> Decimal | None:
    """A number as people write it, in English or German: ``1.5``, ``1,5``, ``20 %``."""
    bare = text.replace("%", "").replace("\u2009", "").replace(" ", "").strip()
    if re.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+(,\d+)?", bare):
        bare = bare.replace(".", "")
    elif re.fullmatch(r"\d{1,3}(,\d{3})+\.\d+", bare):
        bare = bare.replace(",", "")
    bare = bare.replace(",", ".")
    return Decimal(bare).normalize() if bare.isascii() and re.fullmatch(r"\d{1,9}(\.\d{1,6})?", bare) else None


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
