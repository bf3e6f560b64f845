"""``people.csv``: one person, several account ids; and ``[file] team``, the team that a file belongs to."""

from __future__ import annotations

from dataclasses import replace

from hub.errors import Problem
from hub.mappings.csvfile import Cell, CsvFile
from hub.mappings.draft import Draft
from hub.model import Person, Place, fold
from hub.tomlfile import did_you_mean

NAME = "people.csv"
KINDS = ("jira", "asana", "trello", "salesforce", "hubspot")
_COLUMNS = ("mail", *KINDS, "team")
_OTHERS = {**dict.fromkeys(("email", "e-mail", "address", "login"), "mail"), "squad": "team"}


def read_people(draft: Draft) -> None:
    """The people as written; ``resolve_people`` gives their teams once these are known."""
    name = _file(draft)
    if name in draft.unreadable:
        draft.problems.append(draft.unreadable[name])
    if name not in draft.tables:
        return
    found = draft.csv(name)
    if found is not None:
        draft.read.setdefault(name, set()).update(found.columns)
    if found is not None and _columns_are_right(draft, found):
        _read(draft, found)


def _file(draft: Draft) -> str:
    """The file of this name at the top of the mapping folder, which is what all names begin with."""
    names = [*(doc.name for doc in draft.docs), *draft.tables, *draft.unreadable]
    tops = {name.partition("/")[0] if "/" in name else "" for name in names}
    top = f"{tops.pop()}/" if len(tops) == 1 and "" not in tops else ""
    return next((name for name in names if fold(name) == fold(top + NAME)), "")


def _columns_are_right(draft: Draft, found: CsvFile) -> bool:
    right = True
    for column, cell in zip(found.columns, found.names, strict=True):
        if column not in _COLUMNS:
            remedy = f'Did you mean "{_OTHERS[column]}"?' if column in _OTHERS else did_you_mean(column, _COLUMNS)
            _problem(draft, found, cell, f'The column "{cell.text}" is unknown in {NAME}.', remedy)
            right = False
    if right and "mail" not in found.columns:
        _problem(draft, found, found.names[0], "There is no column `mail`.", "Add it: a person's mail is what the ids go with.")
        right = False
    return right


def _read(draft: Draft, found: CsvFile) -> None:
    mails: dict[str, Cell] = {}
    accounts: dict[tuple[str, str], Cell] = {}
    for row in found.rows:
        cells = dict(zip(found.columns, row.cells, strict=True))
        mail = cells["mail"]
        if "@" not in mail.text:
            text = f'"{mail.text}" is no mail address.' if mail.text else "The row has no mail address."
            _problem(draft, found, mail, text, "Write the person's mail address into the column `mail`.")
        elif fold(mail.text) in mails:
            text = f'"{mail.text}" stands in line {mails[fold(mail.text)].line} already.'
            _problem(draft, found, mail, text, "Write all ids of a person into one row.")
        else:
            mails[fold(mail.text)] = mail
            given = [(kind, cells[kind]) for kind in KINDS if kind in cells and cells[kind].text]
            ids = tuple((kind, id.text) for kind, id in given if _unique(draft, found, accounts, kind, id))
            team = cells["team"].text if "team" in cells else ""
            draft.people.append(Person(mail.text, ids, Place(found.name, row.line), team or None))


def _unique(draft: Draft, found: CsvFile, accounts: dict[tuple[str, str], Cell], kind: str, id: Cell) -> bool:
    first = accounts.setdefault((kind, id.text), id)
    if first is not id:
        text = f'The {kind} account "{id.text}" is that of the person in line {first.line} already.'
        _problem(draft, found, id, text, "Remove it from one of the two rows.")
    return first is id


def resolve_people(draft: Draft) -> None:
    """Give every person the id of their team as declared."""
    if not draft.people:
        return
    found = draft.csv(draft.people[0].place.file)
    assert found is not None
    at = {row.line: row.cells[found.columns.index("team")] for row in found.rows} if "team" in found.columns else {}
    for index, person in enumerate(draft.people):
        if person.team is not None:
            cell = at[person.place.line]
            id = draft.find("team", person.team)
            if id is None and "team" not in draft.hidden:
                remedy = did_you_mean(person.team, [known.id for known in draft.known.get("team", {}).values()])
                text = f'There is no team "{person.team}".'
                _problem(draft, found, cell, text, remedy or "Add it to a [[team]], or correct the id.")
            draft.people[index] = replace(person, team=id)


def _problem(draft: Draft, found: CsvFile, cell: Cell, text: str, remedy: str) -> None:
    draft.problems.append(Problem(found.name, cell.line, text, remedy, column=cell.column, width=cell.width))


def read_fences(draft: Draft) -> None:
    """Note what team each file belongs to; ``resolve_fences`` says which it is once teams are known."""
    for top in draft.tops():
        table = top.table("file", "[file]", 'Write [file] and under it team = "TEAM".')
        if table is None:
            continue
        table.only(("team",), None, dict.fromkeys(("owner", "squad", "owns"), "team"))
        team = table.text("team")
        if team is not None:
            draft.fenced[top.doc.name] = (table, team)
        elif "team" not in table:
            table.missing("team", 'Add team = "TEAM", or remove the table.')


def resolve_fences(draft: Draft) -> None:
    """Give every file with a ``[file] team`` the id of its team as declared."""
    for name, (table, team) in draft.fenced.items():
        id = draft.resolve("team", table, "team", team)
        if id is not None:
            draft.fences[name] = id
