"""The same company as a Jira Data Center has it: no team-managed projects, no hierarchy levels, users with names and keys."""

from __future__ import annotations

from datetime import date
from typing import Any

from hub.sandbox import catalog as lists
from hub.sandbox.catalog import Catalog, ProjectRow
from hub.sandbox.company import PEOPLE, SITE

Json = dict[str, Any]
EPIC_NAME, EPIC_STATUS = "customfield_10011", "customfield_10012"
DEPLOYMENT = "datacenter"
_GH = "com.pyxis.greenhopper.jira"
_CLOUD_FIELDS = ("parent", "statuscategorychangedate", lists.STORY_POINT_ESTIMATE, lists.ORIGINAL_POINTS)
_CLOUD_ONLY = ("simplified", "style", "isPrivate", "properties", "uuid", "insight", "archivedDate", "expand")


def generated(today: date) -> Catalog:
    """The lists of the generated company."""
    found = lists.generated(today)
    for row in found.projects:
        row.simplified = False
    found.types = {ident: _flat(row) for ident, row in found.types.items() if "scope" not in row}
    shared = {row["name"]: ident for ident, row in found.types.items()}
    found.type_of = {(at, kind): shared[kind] for at, kind in found.type_of}
    found.statuses = {ident: _without(row, ("scope",)) for ident, row in found.statuses.items()}
    found.fields = fields()
    found.deployment = DEPLOYMENT
    return found


def fields() -> list[Json]:
    """The answer of /field; rows of Data Center have no `key`."""
    rows = [_without(row, ("key",)) for row in lists.generated_fields() if row["id"] not in _CLOUD_FIELDS]
    for ident, name, kind, custom in (
        (EPIC_NAME, "Epic Name", "string", "gh-epic-label"),
        (EPIC_STATUS, "Epic Status", "option", "gh-epic-status"),
    ):
        number = int(ident.rpartition("_")[2])
        schema = {"type": kind, "custom": f"{_GH}:{custom}", "customId": number}
        rows.append(
            {"id": ident, "name": name, "custom": True, "clauseNames": [f"cf[{number}]", name], "schema": schema}
            | dict.fromkeys(("orderable", "navigable", "searchable"), True)
        )
    return rows


def user_key(person: int) -> str:
    """What stays of a user when the name changes."""
    return f"JIRAUSER{10100 + person}"


def user(person: int) -> Json:
    """A person as Data Center shows one."""
    name = PEOPLE[person].lower().replace(" ", ".")
    return {
        "self": f"{SITE}/rest/api/2/user?username={name}",
        "name": name,
        "key": user_key(person),
        "emailAddress": f"{name}@larkfield.example",
        "avatarUrls": lists.user_avatars(user_key(person), PEOPLE[person]),
        "displayName": PEOPLE[person],
        "active": person % 17 != 5,
        "timeZone": "Europe/Lisbon",
    }


def reference(row: ProjectRow) -> Json:
    """A project as it stands in an issue."""
    return _without(row.reference(), _CLOUD_ONLY)


def entry(row: ProjectRow) -> Json:
    """A project as it stands in /project."""
    return _without(row.entry(), _CLOUD_ONLY) | {"archived": row.state == "archived"}


def _flat(row: Json) -> Json:
    return _without(row, ("hierarchyLevel", "scope"))


def _without(row: Json, names: tuple[str, ...]) -> Json:
    return {name: value for name, value in row.items() if name not in names}
