"""``for_each``: one copy of a block per row, with ``{column}`` replaced by the row's value."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from hub.errors import Problem
from hub.mappings import csvfile
from hub.mappings.braces import braces, pieces
from hub.mappings.draft import Draft
from hub.model import Team, fold
from hub.tomlfile import Cell, Table, did_you_mean
from hub.tomlfile.locate import Path

SOURCES = ("rows", "file", "team")
_OTHERS = {
    **dict.fromkeys(("row", "list", "values"), "rows"),
    **dict.fromkeys(("csv", "path", "files"), "file"),
    **dict.fromkeys(("teams", "squad", "squads"), "team"),
}
_EXAMPLE = 'for_each.file = "teams.csv", for_each.rows = [{ region = "EMEA" }] or for_each.team = "sales-*"'
_SHOWN = 8
"""Names that a remedy lists."""
TEAM_COLUMNS = ("team", "name", "parent", "lead", "size", "channel")


class Row(NamedTuple):
    """``label`` is how messages call it; ``cells`` are its values by folded column, without empty ones."""

    label: str
    cells: Mapping[str, str]


class Rows(NamedTuple):
    """What a block is copied for. ``csv`` is where the rows stand when they come from a file."""

    columns: frozenset[str]
    rows: list[Row]
    csv: csvfile.CsvFile | None = None


def blocks(draft: Draft, kind: str) -> Iterator[Table]:
    """All ``[[kind]]`` blocks of all files: one with ``for_each`` once per row, filled in. Teams must have been read before
    other kinds are, since rows may be teams."""
    for top in draft.tops():
        remedy = f"Write [[{kind}]] with double brackets above each {kind.replace('_', ' ')}."
        for table in top.tables(kind, f"[[{kind}]]", remedy):
            if "for_each" in table:
                yield from _copies(draft, kind, table)
            else:
                yield table
        if not isinstance(top.values.get(kind, []), list):
            draft.hidden.add(kind)


def _copies(draft: Draft, kind: str, table: Table) -> Iterator[Table]:
    found = _rows(draft, kind, table)
    if found is None:
        draft.hidden.add(kind)  # its rows hold ids that are not read
        return
    draft.columns[table.doc.name, table.path] = found.columns
    used: set[str] = set()
    values = {key: value for key, value in table.values.items() if key != "for_each"}
    fill = _template(values, found.columns, table.path, used)
    if found.csv is not None:
        draft.read.setdefault(found.csv.name, set()).update(used)
        _braces_in_cells(draft, found.csv, used)
    for row in found.rows:
        kept: dict[Path, tuple[int, ...]] = {}
        filled = values if fill is None else fill(row.cells, kept)
        given = {} if filled is _EMPTY else filled
        yield Table(
            table.doc, table.path, given, table.label, table.problems, row=row.label, kept=kept, template=values
        )  # fmt: skip


# ---- filling in -----------------------------------------------------------------------------------------------------------

_EMPTY = object()
"""In place of what an empty cell leaves out."""
_Kept = dict[Path, tuple[int, ...]]
_Fill = Callable[[Mapping[str, str], _Kept], Any]


def _template(value: Any, columns: frozenset[str], path: Path, used: set[str]) -> _Fill | None:
    """What makes a copy of a value for the cells of a row; None when it holds no placeholder and is its own copy."""
    if isinstance(value, str):
        cut = pieces(value, columns) if "{" in value else [value]
        used.update(cut[1::2])
        if len(cut) == 1:
            return None
        return partial(_cell, cut[1]) if cut[0] == cut[2] == "" and len(cut) == 3 else partial(_text, cut)
    if isinstance(value, dict):
        entries = [(key, one, _template(one, columns, (*path, key), used)) for key, one in value.items()]
        return partial(_dict, entries) if any(fill for _, _, fill in entries) else None
    if isinstance(value, list):
        elements = [(one, _template(one, columns, (*path, n), used)) for n, one in enumerate(value)]
        return partial(_list, elements, path) if any(fill for _, fill in elements) else None
    return None


def _cell(column: str, cells: Mapping[str, str], kept: _Kept) -> Any:
    return Cell(cells[column]) if column in cells else _EMPTY


def _text(cut: list[str], cells: Mapping[str, str], kept: _Kept) -> Any:
    if any(column not in cells for column in cut[1::2]):
        return _EMPTY
    return "".join(cells[piece] if at % 2 else piece for at, piece in enumerate(cut))


def _dict(entries: list[tuple[str, Any, _Fill | None]], cells: Mapping[str, str], kept: _Kept) -> Any:
    filled = {key: one if fill is None else fill(cells, kept) for key, one, fill in entries}
    return {key: one for key, one in filled.items() if one is not _EMPTY} or _EMPTY


def _list(elements: list[tuple[Any, _Fill | None]], path: Path, cells: Mapping[str, str], kept: _Kept) -> Any:
    filled = [one if fill is None else fill(cells, kept) for one, fill in elements]
    left = tuple(n for n, one in enumerate(filled) if one is not _EMPTY)
    if len(left) < len(filled):
        kept[path] = left
    return [filled[n] for n in left] or _EMPTY


def _braces_in_cells(draft: Draft, csv: csvfile.CsvFile, used: set[str]) -> None:
    """A brace that comes out of a row would stand for nothing, or for what the block's author never meant."""
    for at, column in enumerate(csv.columns):
        if column not in used:
            continue
        for row in csv.rows:
            cell = row.cells[at]
            for name in braces(cell.text, ("regex",)):
                text, remedy = f"{{{name}}} stands for nothing in a cell.", "Remove the braces; a cell holds plain text."
                draft.problems.append(
                    Problem(csv.name, cell.line, text, remedy, column=cell.column, width=cell.width)
                )  # fmt: skip


# ---- the rows -------------------------------------------------------------------------------------------------------------


def _rows(draft: Draft, kind: str, table: Table) -> Rows | None:
    value = table.values["for_each"]
    right = "for_each.rows = [{ ... }]" if isinstance(value, list) else _EXAMPLE
    right = f'for_each.file = "{value}"' if isinstance(value, str) else right
    each = table.table("for_each", "for_each", f"Write {right}.")
    if each is None:
        return None
    each.only(SOURCES, None, _OTHERS)
    found = [key for key in SOURCES if key in each]
    if len(found) != 1:
        if found:
            text = f"`for_each` has both `{found[0]}` and `{found[1]}`."
            each.problem(found[1], text, "Keep one; write a second block for the other.", at_key=True)
        elif not each.values:
            table.problem("for_each", "`for_each` names no rows.", f"Write {_EXAMPLE}.", at_key=True)
        return None
    if found[0] == "rows":
        return _inline(each)
    return _from_file(draft, each) if found[0] == "file" else _teams(draft, kind, each)


def _inline(each: Table) -> Rows | None:
    example = 'Write a table per row: for_each.rows = [{ region = "EMEA" }, { region = "AMER" }].'
    if each.values["rows"] == []:
        each.problem("rows", "`for_each.rows` has no row.", example)
        return None
    before = len(each.problems)
    rows = []
    columns: set[str] = set()
    for number, row in enumerate(each.tables("rows", "for_each.rows", example), 1):
        cells: dict[str, str] = {}
        for name, value in row.values.items():
            text = _as_text(value)
            if text is None:
                row.expected(name, "a text, a number, a date or true or false", value, "Write one value per column.")
            elif fold(name) in cells:
                row.problem(
                    name, f'The row has two columns "{fold(name)}".', "Case makes no difference: rename one.", at_key=True
                )
            else:
                cells[fold(name)] = text
        columns |= cells.keys()
        rows.append(Row(f"row {number}", {column: text for column, text in cells.items() if text.strip()}))
    return Rows(frozenset(columns), rows) if len(each.problems) == before else None


def _as_text(value: object) -> str | None:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return format(value, "f")
        case date() if not isinstance(value, datetime):
            return value.isoformat()
    return None


def _from_file(draft: Draft, each: Table) -> Rows | None:
    written = each.text("file", 'Write the name of a file beside this one: for_each.file = "teams.csv".')
    name = None if written is None else _file_name(each, written)
    if name is None or written is None:
        return None
    if name in draft.unreadable:
        draft.problems.append(draft.unreadable[name])
        return None
    if name not in draft.tables:
        folder = name.removesuffix(written.removeprefix("./"))
        beside = [other.removeprefix(folder) for other in draft.tables if other.startswith(folder)]
        there = f", or name one that is there: {', '.join(sorted(beside)[:_SHOWN])}" if beside else ""
        remedy = did_you_mean(written, beside, otherwise=f"Put it there{there}.", likeness=0.75)
        each.problem("file", f'There is no file "{written}" beside {each.doc.name}.', remedy)
        return None
    found = draft.csv(name)
    if found is None:
        return None
    rows = []
    for row in found.rows:
        cells = {column: cell.text for column, cell in zip(found.columns, row.cells, strict=True) if cell.text}
        rows.append(Row(f"{name}:{row.line}", cells))
    return Rows(frozenset(found.columns), rows, found)


def _file_name(each: Table, written: str) -> str | None:
    """The name, among the files, of a path that starts where the file stands that names it."""
    parts = [part for part in written.split("/") if part != "."]
    if "\\" in written:
        each.problem("file", f'"{written}" is no path here.', "Write / between folder and file.")
    elif ".." in parts or written.startswith("/") or ":" in written:
        text = f'"{written}" leads out of the folder of this file.'
        each.problem("file", text, "Put the CSV file beside it, or into a folder there.")
    elif not fold(written).endswith(".csv"):
        each.problem("file", f'"{written}" is no CSV file.', "Save the sheet as CSV, and name it with its ending .csv.")
    else:
        folder = each.doc.name.rpartition("/")[0]
        return "/".join([folder, *parts] if folder else parts)
    return None


def _teams(draft: Draft, kind: str, each: Table) -> Rows | None:
    if kind == "team":
        remedy = "Use for_each.rows or for_each.file."
        each.problem("team", "A [[team]] cannot be copied for the teams that there are.", remedy, at_key=True)
        return None
    patterns = each.texts("team")
    listed = isinstance(each.values["team"], list)
    chosen: dict[str, Team] = {}
    for at, pattern in enumerate(patterns):
        keys = ("team", at) if listed else ("team",)
        if not any(mark in pattern for mark in "*?"):
            id = draft.resolve("team", each, keys, pattern)
            found = [fold(id)] if id is not None and fold(id) in draft.teams else []
        else:
            found = fnmatch.filter(draft.teams, fold(pattern).replace("[", "[[]"))
            if not found and "team" not in draft.hidden:
                known = ", ".join(team.id for team in islice(draft.teams.values(), _SHOWN))
                more = " and others" if len(draft.teams) > _SHOWN else ""
                remedy = f"Known: {known}{more}." if known else "Add a [[team]]."
                each.problem(keys, f'No team fits "{pattern}".', remedy)
        chosen |= {key: draft.teams[key] for key in found}
    if not chosen or "team" in draft.hidden or len(draft.known.get("team", {})) > len(draft.teams):
        draft.hidden.add(kind)  # a team that could not be read may have copies, too
    return Rows(frozenset(TEAM_COLUMNS), [_team_row(team) for team in chosen.values()])


def _team_row(team: Team) -> Row:
    size = None if team.size is None else format(team.size, "f")
    cells = (team.id, team.name, team.parent, team.lead, size, team.channel)
    return Row(f"team {team.id}", {column: text for column, text in zip(TEAM_COLUMNS, cells, strict=True) if text})
