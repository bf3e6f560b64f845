"""Pillars and teams: who a strategy is made by, and which work is whose."""

from __future__ import annotations

from decimal import Decimal

from hub.mappings import grammar as g
from hub.mappings.draft import Draft
from hub.mappings.ids import Keys, arrows, circles, entries, former_ids, identified, reference, texts_at
from hub.mappings.people import NAME as PEOPLE
from hub.mappings.templates import blocks
from hub.model import Pillar, Team, fold
from hub.tomlfile import Table, did_you_mean


def read_pillars(draft: Draft) -> None:
    found = list(entries(draft, "pillar", 'enterprise = { name = "Win the enterprise" }'))
    for id, table in found:
        table.only(g.PILLAR, g.PILLAR_REFUSED, g.PILLAR_OTHERS)
        pillar = Pillar(id, table.text("name") or id, table.place, table.text("owner"), table.positive("weight") or Decimal(1))
        draft.pillars[fold(id)] = pillar
    former_ids(draft, "pillar", ((id, table, "") for id, table in found))


def read_teams(draft: Draft) -> None:
    found = []
    for table in blocks(draft, "team"):
        table.only(g.TEAM, {}, g.TEAM_OTHERS)
        found.append((identified(draft, table, "team"), table))
    former_ids(draft, "team", ((id, table, "") for id, table in found))
    mails = {fold(person.mail): person.mail for person in draft.people}
    tables: dict[str, Table] = {}
    for id, table in found:  # all ids are declared now: a team may be a part of a later one
        team = _team(draft, id, table, mails)
        if team is not None:
            draft.teams[fold(team.id)], tables[fold(team.id)] = team, table
    for circle in circles({k: [fold(t.parent)] if t.parent else [] for k, t in draft.teams.items()}):
        text = f"Teams are parts of each other in a circle: {arrows(draft.teams[k].id for k in circle)}."
        tables[circle[0]].problem("parent", text, "Remove `parent` from the one that is above the others.")


def _team(draft: Draft, id: str | None, table: Table, mails: dict[str, str]) -> Team | None:
    name, lead, size, channel = table.text("name"), table.text("lead"), table.positive("size"), table.text("channel")
    parent = reference(draft, table, "parent", "team")
    if id is not None and parent is not None and fold(parent) == fold(id):
        table.problem("parent", f'The team "{id}" is its own parent.', "Name the team that it is a part of.")
        parent = None
    fields, projects, persons = _owns(draft, table, mails)
    return Team(id, name or id, table.place, lead, fields, projects, persons, parent, size, channel) if id else None


def _owns(
    draft: Draft, table: Table, mails: dict[str, str]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...], tuple[str, ...]]:
    owns = table.table("owns", "owns", 'Write what the team owns: owns.project = "CORE".')
    if owns is None:
        return {}, (), ()
    owns.only(g.OWNS, g.OWNS_REFUSED)
    fields = owns.table("field", "owns.field", 'Name the field: owns.field.team = "Core".')
    by_field: dict[str, tuple[str, ...]] = {}
    for name in fields.values if fields else ():
        assert fields is not None
        by_field[fold(name)] = by_field.get(fold(name), ()) + fields.texts(name)
    persons = texts_at(owns, "person")
    for keys, person in persons:
        if "@" in person and fold(person) not in mails:
            _unknown_mail(draft, owns, keys, person, mails)
    return {k: v for k, v in by_field.items() if v}, owns.texts("project"), tuple(person for _, person in persons)


def _unknown_mail(draft: Draft, owns: Table, keys: Keys, mail: str, mails: dict[str, str]) -> None:
    """A mail means the person that ``people.csv`` gives it to, and nobody else."""
    if any(p.file.endswith(PEOPLE) for p in draft.problems):
        return  # not all of its mails are known
    if mails:
        remedy = did_you_mean(mail, list(mails.values()), likeness=0.8, otherwise="Add a row for it, or correct the mail.")
        owns.problem(keys, f'"{mail}" is not in {PEOPLE}.', remedy)
    else:
        text = f'"{mail}" is a mail address, and no {PEOPLE} says whose it is.'
        remedy = f"Write the account id (at the end of the person's profile address), or add a {PEOPLE} to the folder."
        owns.problem(keys, text, remedy)


def team_of(draft: Draft, table: Table) -> str | None:
    """The team of an objective or key result: the one that it names, else that of its file; one outside of the fence of its
    file is a problem."""
    fence = draft.fence(table)
    if "team" not in table:
        return fence
    team = reference(draft, table, "team", "team")
    if team is not None and fence is not None and not _lies_within(draft, team, fence):
        text = f'The team "{team}" lies outside of this file, which belongs to the team "{fence}".'
        table.problem("team", text, f'Name "{fence}" or a team beneath it, or move the block to a file of that team.')
    return team


def _lies_within(draft: Draft, team: str, outer: str) -> bool:
    above: str | None = team
    seen: set[str] = set()
    while above is not None and fold(above) not in seen:
        if fold(above) == fold(outer):
            return True
        seen.add(fold(above))
        found = draft.teams.get(fold(above))
        above = found.parent if found else None
    return False
