"""Sections 1 and 6 by the words: the state of an item, and whose it is."""

from __future__ import annotations

import unicodedata
from functools import cache

from hub.model import Item, StatusWord, fold
from tests.reference.naive_world import World, ancestors_that_hand_down, once

# ---- texts ----------------------------------------------------------------------------------------------------------------


@cache
def glob(pattern: str, text: str) -> bool:
    """ "in a text `*` stands for any characters, `?` for one" """
    if not pattern:
        return not text
    if pattern[0] == "*":
        return glob(pattern[1:], text) or (bool(text) and glob(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and glob(pattern[1:], text[1:])


def texts(value: object) -> list[str]:
    """The texts of a field; "a field that is empty" has none."""
    if value is None:
        return []
    if isinstance(value, list | tuple | set | frozenset):
        return [t for v in value for t in texts(v)]
    return [str(value)] if str(value) else []


def named_field(item: Item, name: str) -> list[str]:
    return [t for key, value in item.fields.items() if fold(key) == fold(name) for t in texts(value)]


def has_field(world: World, item: Item, name: str) -> bool:
    """Whether the source has it: "A field that the source does not have makes its line *not evaluable*" Of a value (it has a
    number below 0 here): "`field.NAME` reads its further columns, `amount` its value, `created` and `done` its date; it has no
    other fields. (...) A source has the columns that any of its values has"."""
    if item.no < 0:
        own = [v for v in world.values if v.source == item.source]
        columns = {fold(f"field.{column}") for v in own for column in v.fields}
        return fold(name) in {"amount", "created", "done"} | columns or (not own and name.startswith("field."))
    facts = world.dimensions.sources.get(item.source)
    return facts is not None and fold(name) in facts.item_fields


@once
def project_texts(world: World, source: str, containers: tuple[str, ...]) -> list[str]:
    """ "A project is known by key, name or id, also with the source in front (`jira:IDN`)". Chosen: so for owners, too."""
    found = []
    for container in containers:
        row = world.dimensions.containers.get((source, container))
        found += [container] if row is None else [container, *texts(row.key), *texts(row.name)]
    return [t for name in found for t in (name, f"{source}:{name}")]


@once
def assignee_texts(world: World, source: str, assignee: str) -> list[str]:
    """ "an assignee by account id and by the mail that `people.csv` gives it" """
    facts = world.dimensions.sources.get(source)
    mails = []
    for person in world.mapping.people:
        for kind, id in person.ids:
            if facts is not None and fold(kind) == fold(facts.kind) and fold(id) == fold(assignee):
                mails.append(person.mail)
    return [assignee, *mails]


# ---- 1. state of an item --------------------------------------------------------------------------------------------------

STATES = {"new": "todo", "indeterminate": "doing", "done": "done"}


def status_texts(world: World, item: Item) -> list[str]:
    """ "the name in the item, the name in the vendor's list, or the id" """
    row = world.dimensions.statuses.get((item.source, item.status_id or ""))
    return [*texts(item.status), *(texts(row.name) if row is not None else []), *texts(item.status_id)]


def status_map_line(world: World, item: Item) -> StatusWord | None:
    """ "A source's lines go before its kind's; of one table's lines an exact one goes before one with wildcards, and of those the
    longer before the shorter (then in the order of the alphabet)."

    Chosen: the same order among several exact ones.
    """
    facts = world.dimensions.sources.get(item.source)
    for table in [item.source, *([facts.kind] if facts is not None else [])]:
        lines = world.mapping.statuses.get(fold(table), ())
        for line in sorted(lines, key=lambda w: (bool(set(w.folded) & set("*?")), -len(w.folded), w.folded)):
            if any(glob(line.folded, fold(text)) for text in status_texts(world, item)):
                world.met["a line of a status map"] += 1
                return line
    return None


def state_by_category(world: World, item: Item) -> str:
    """ "The status category of the vendor's status **list** (looked up by status id) gives `new` = todo, `indeterminate` =
    doing, `done` = done. Where the list does not know the status, or gives it none of these three, the category copied into the
    item is used; where there is none either, the item is todo (...), but an item that has no status at all and a done date is
    done" """
    row = world.dimensions.statuses.get((item.source, item.status_id or ""))
    if row is not None and row.category in STATES:
        return STATES[row.category]
    if item.category not in STATES and is_done_without_a_status(item):
        return "done"
    return STATES.get(item.category or "", "todo")


def is_done_without_a_status(item: Item) -> bool:
    """ "an item that has no status at all and a done date" """
    return not item.status and not item.status_id and item.done_at is not None


def is_reported_unmapped(world: World, item: Item) -> bool:
    """ "where there is none either, the item is todo and the status is reported as unmapped" """
    row = world.dimensions.statuses.get((item.source, item.status_id or ""))
    known = (row is not None and row.category in STATES) or item.category in STATES
    return status_map_line(world, item) is None and not known and not is_done_without_a_status(item)


def is_reported_disagreeing(world: World, item: Item) -> bool:
    """ "Where list and copy disagree, the list wins and the disagreement is reported." (With a map: "nothing is reported".)"""
    row = world.dimensions.statuses.get((item.source, item.status_id or ""))
    both = row is not None and row.category in STATES and item.category in STATES
    return status_map_line(world, item) is None and both and row.category != item.category


def state_by_resolution(world: World, item: Item) -> str:
    """ "A *done* item (by map or category) whose resolution is (...) one of `[resolution] dropped = [...]` (by name or id), is
    *dropped*. A resolution on an item that is not done changes nothing." (The mapping holds the list of these.)"""
    line = status_map_line(world, item)
    now = line.state if line is not None else state_by_category(world, item)
    given = {fold(t) for t in (*texts(item.resolution), *texts(item.resolution_id))}
    return "dropped" if now == "done" and given & world.mapping.dropped_resolutions else now


@once
def own_state(world: World, item: Item) -> str:
    """ "an *archived* item that is done keeps its credit; an archived open item counts as dropped. Archived is an item whose
    project is, and one that the source itself says so of (resolution id `archived`: a Trello card)." """
    now = state_by_resolution(world, item)
    archived = item.presence == "archived" or item.resolution_id == "archived"
    return "dropped" if archived and now in ("todo", "doing") else now


@once
def state(world: World, item: Item) -> str:
    """ "An open item with a dropped ancestor (at any height, through attached or unattached parents alike) counts as
    dropped. A duplicate (section 2) cuts this off: neither it nor what stands above it drops what stands beneath it." """
    now = own_state(world, item)
    if now in ("todo", "doing") and any(own_state(world, a) == "dropped" for a in ancestors_that_hand_down(world, item)):
        return "dropped"
    return now


def closed_at(item: Item) -> int | None:
    """ "When a closed item was closed: the vendor's date, else the moment when the hub saw the status appear" """
    return item.done_at if item.done_at is not None else item.status_seen_at


# ---- 6. teams -------------------------------------------------------------------------------------------------------------


@once
def owners_by_value(world: World, field: str, value: str) -> set[str]:
    found = set()
    for one in world.mapping.teams.values():
        for name, wanted in one.owns_field.items():
            if fold(name) == field and value in {fold(w) for w in wanted}:
                found.add(fold(one.id))
    return found


def owners_by_field(world: World, item: Item) -> set[str]:
    """ "A field that the source's settings do not name owns nothing." """
    found = set()
    for name in item.fields:
        if has_field(world, item, f"field.{name}"):
            for value in named_field(item, name):
                found |= owners_by_value(world, fold(name), fold(value))
    return found


@once
def owners_by_project(world: World, source: str, containers: tuple[str, ...]) -> set[str]:
    """ "the project (`owns.project`, by key, name or id)", with wildcards."""
    found = set()
    for one in world.mapping.teams.values():
        if any(glob(fold(w), fold(text)) for w in one.owns_project for text in project_texts(world, source, containers)):
            found.add(fold(one.id))
    return found


@once
def owners_by_person(world: World, source: str, assignee: str) -> set[str]:
    """ "the assignee (`owns.person`, by account id or by the mail that `people.csv` gives it; the `team` of a row of `people.csv`
    is such an ownership, too)" """
    given = {fold(t) for t in assignee_texts(world, source, assignee)}
    found = {fold(one.id) for one in world.mapping.teams.values() if given & {fold(p) for p in one.owns_person}}
    return found | {fold(p.team) for p in world.mapping.people if p.team and fold(p.mail) in given}


@once
def whose(world: World, item: Item) -> tuple[str | None, bool]:
    """ "The first of these that names a team: a field, the project, the assignee, the team of its parent. Two teams at the same
    step: nobody's, and reported." (the team's folded id, whether two are reported) "a parent that is a duplicate hands none
    down, neither its own nor one from above it"
    """
    steps = (
        owners_by_field(world, item),
        owners_by_project(world, item.source, item.containers),
        owners_by_person(world, item.source, item.assignee) if item.assignee else set(),
    )
    for owners in steps:
        if owners:
            return (min(owners), False) if len(owners) == 1 else (None, True)
    higher = ancestors_that_hand_down(world, item)[:1]
    return (whose(world, higher[0])[0], False) if higher else (None, False)


def team(world: World, item: Item) -> str | None:
    found: str | None = whose(world, item)[0]
    return found


@once
def team_and_above(world: World, id: str) -> list[str]:
    """Folded ids of a team and "of every team above it"."""
    above = world.mapping.teams[id].parent
    return [id] if above is None else [id, *team_and_above(world, fold(above))]


def is_within(world: World, id: str | None, of: str) -> bool:
    """ "T or a team beneath it" """
    return id is not None and fold(of) in team_and_above(world, fold(id))


def is_run_character(character: str) -> bool:
    """ "letters, digits, `.`, `_` and `-`". Chosen: the accents that belong to a letter are part of it."""
    return character.isalnum() or unicodedata.combining(character) > 0 or character in "._-"
