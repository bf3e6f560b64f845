"""The lists that give a Jira site its meaning: projects, statuses, issue types, fields, boards, sprints, people.

Every list holds plain JSON objects in the vendor's shape, so that a recorded site and the generated one look alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from hub.sandbox import company
from hub.sandbox.company import PEOPLE, PROJECTS, SITE, TEAMS, account_id

Json = dict[str, Any]
EPIC_LINK, START_DATE, STORY_POINT_ESTIMATE, RANK, SPRINT, FLAGGED = (
    "customfield_10014",
    "customfield_10015",
    "customfield_10016",
    "customfield_10019",
    "customfield_10020",
    "customfield_10021",
)
STORY_POINTS, ORIGINAL_POINTS, TEAM, THEME = "customfield_10026", "customfield_10033", "customfield_10040", "customfield_10050"

CATEGORIES: dict[str, Json] = {
    "new": {"self": f"{SITE}/rest/api/3/statuscategory/2", "id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "indeterminate": {
        "self": f"{SITE}/rest/api/3/statuscategory/4",
        "id": 4,
        "key": "indeterminate",
        "colorName": "yellow",
        "name": "In Progress",
    },
    "done": {"self": f"{SITE}/rest/api/3/statuscategory/3", "id": 3, "key": "done", "colorName": "green", "name": "Done"},
}
RESOLUTIONS = {"Done": "10000", "Won't Do": "10001", "Duplicate": "10002", "Cannot Reproduce": "10003"}
DROPPED = ("Won't Do", "Won't Fix", "Duplicate", "Cannot Reproduce", "Declined")
PRIORITIES = {1: "Highest", 2: "High", 3: "Medium", 4: "Low", 5: "Lowest"}


@dataclass
class ProjectRow:
    """One project of the roster; `state` is live, archived or deleted; hidden means that the caller may not see it."""

    id: str
    key: str
    name: str
    simplified: bool = False
    kind: str = "software"
    lead: int = 0
    state: str = "live"
    hidden: bool = False
    public: bool = False
    since: int = 0  # when it was archived or deleted, epoch milliseconds
    former: tuple[str, ...] = ()  # keys it had before; they go on answering
    raw: Json | None = None

    def reference(self) -> Json:
        """As it stands in an issue."""
        if self.raw is not None:
            return {name: value for name, value in self.raw.items() if name != "expand"} | {"key": self.key, "name": self.name}
        return {
            "self": f"{SITE}/rest/api/3/project/{self.id}",
            "id": self.id,
            "key": self.key,
            "name": self.name,
            "projectTypeKey": self.kind,
            "simplified": self.simplified,
            "avatarUrls": project_avatars(self.id),
        }

    def entry(self) -> Json:
        """As it stands in project/search."""
        if self.raw is not None:
            return self.raw | {"key": self.key, "name": self.name}
        row = self.reference() | {
            "expand": "description,lead,issueTypes,url,projectKeys,permissions,insight",
            "isPrivate": False,
            "properties": {},
            "style": "next-gen" if self.simplified else "classic",
        }
        if self.simplified:
            row["uuid"] = f"0f6b2f4e-53b6-4b0c-9a55-{int(self.id):012d}"  # real answers repeat it as entityId
        if self.state == "archived":
            row |= {"archived": True, "archivedDate": iso(self.since)}
        if self.state == "deleted":
            row |= {"deleted": True, "deletedDate": iso(self.since)}
        return row


@dataclass
class Catalog:
    """All lists of one site."""

    projects: list[ProjectRow]
    statuses: dict[str, Json]
    types: dict[str, Json]
    type_of: dict[tuple[int, str], str] = field(default_factory=dict)  # (project, kind) -> issue type id
    fields: list[Json] = field(default_factory=list)
    boards: list[Json] = field(default_factory=list)
    sprints: dict[int, list[Json]] = field(default_factory=dict)  # board -> sprints shown there
    sprint: dict[int, Json] = field(default_factory=dict)
    deployment: str = "cloud"  # or datacenter: whose API the site speaks


def iso(ms: int, offset: str = "Z") -> str:
    """Epoch milliseconds as the text that lists use."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}{offset}"


AVATAR_SIZES = {"16x16": "?size=xsmall", "24x24": "?size=small", "32x32": "?size=medium", "48x48": ""}
INITIALS = "https%3A%2F%2Favatar-management--avatars.us-west-2.prod.public.larkfield.example%2Finitials%2F"
"""Recorded links to a person's picture hold the address of a fallback like this one; they are the longest part of an issue."""


def project_avatars(owner: str) -> Json:
    """Links to a project's picture, in the recorded form."""
    picture = f"{SITE}/rest/api/3/universal_avatar/view/type/project/avatar/{owner}"
    return {size: picture + query for size, query in AVATAR_SIZES.items()}


def user_avatars(who: str, name: str) -> Json:
    """Links to a person's picture, in the recorded form."""
    initials = "".join(part[0] for part in name.split()[:2])
    picture = f"https://avatar.larkfield.example/avatar/{who:0>32}?d={INITIALS}{initials}-{len(name) % 6}.png"
    return dict.fromkeys(AVATAR_SIZES, picture)


def user(person: int) -> Json:
    """A person as Jira shows one; no e-mail address, as with the usual privacy settings."""
    who = account_id(person)
    return {
        "self": f"{SITE}/rest/api/3/user?accountId={who}",
        "accountId": who,
        "accountType": "atlassian",
        "active": person % 17 != 5,
        "displayName": PEOPLE[person],
        "avatarUrls": user_avatars(who, PEOPLE[person]),
        "timeZone": "Europe/Lisbon",
    }


def _status(ident: str, name: str, category: str, project: ProjectRow | None = None) -> Json:
    row: Json = {
        "self": f"{SITE}/rest/api/3/status/{ident}",
        "description": "",
        "iconUrl": f"{SITE}/",
        "name": name,
        "id": ident,
        "statusCategory": CATEGORIES[category],
    }
    if project is not None:
        row["scope"] = {"type": "PROJECT", "project": {"id": project.id}}
    return row


def _statuses(projects: list[ProjectRow]) -> dict[str, Json]:
    rows = [
        _status("10000", "To Do", "new"),
        _status("3", "In Progress", "indeterminate"),
        _status("10002", "In Review", "indeterminate"),
        _status("10003", "Blocked", "indeterminate"),
        _status("10004", "Parked", "indeterminate"),
        _status("10001", "Done", "done"),
        _status("10005", "Done - won't do", "done"),
        _status("10200", "Waiting for support", "new"),
        _status("10201", "Work in progress", "indeterminate"),
        _status("10202", "Waiting for customer", "indeterminate"),
        _status("10203", "Resolved", "done"),
        _status("10204", "Canceled", "done"),
    ]
    for at, project in enumerate(projects):
        if project.simplified:
            base = 10100 + at * 10
            names = (("To Do", "new"), ("In Progress", "indeterminate"), ("Done", "done"))
            rows += [_status(str(base + step), name, category, project) for step, (name, category) in enumerate(names)]
    return {row["id"]: row for row in rows}


def _type(ident: str, name: str, level: int, project: ProjectRow | None = None) -> Json:
    row: Json = {
        "self": f"{SITE}/rest/api/3/issuetype/{ident}",
        "id": ident,
        "description": f"{name} of {company.NAME}",
        "iconUrl": f"{SITE}/rest/api/3/universal_avatar/view/type/issuetype/avatar/{ident}?size=medium",
        "name": name,
        "subtask": level < 0,
        "avatarId": 10300,
        "hierarchyLevel": level,
    }
    if project is not None:
        row["scope"] = {"type": "PROJECT", "project": {"id": project.id}}
    return row


_LEVELS = (("Epic", 1), ("Story", 0), ("Task", 0), ("Bug", 0), ("Sub-task", -1))


def _types(projects: list[ProjectRow]) -> tuple[dict[str, Json], dict[tuple[int, str], str]]:
    rows: list[Json] = []
    type_of: dict[tuple[int, str], str] = {}

    def add(ident: str, name: str, level: int, project: ProjectRow | None = None) -> str:
        rows.append(_type(ident, name, level, project))
        return ident

    shared = {name: add(str(10000 + at), name, level) for at, (name, level) in enumerate(_LEVELS)}
    desk = {name: add(str(10050 + at), name, 0) for at, name in enumerate(("Service Request", "Incident"))}
    for at, project in enumerate(projects):
        own = shared | (desk if project.kind == "service_desk" else {})
        if project.simplified:
            own = {
                name: add(str(10100 + at * 10 + step), "Subtask" if level < 0 else name, level, project)
                for step, (name, level) in enumerate(_LEVELS)
            }
        type_of |= {(at, name): ident for name, ident in own.items()}
    return {row["id"]: row for row in rows}, type_of


# fmt: off
_GH, _CF = "com.pyxis.greenhopper.jira", "com.atlassian.jira.plugin.system.customfieldtypes"
_SYSTEM = (
    ("summary", "Summary", "string", ""), ("issuetype", "Issue Type", "issuetype", ""), ("project", "Project", "project", ""),
    ("status", "Status", "status", ""), ("priority", "Priority", "priority", ""), ("resolution", "Resolution", "resolution", ""),
    ("assignee", "Assignee", "user", ""), ("reporter", "Reporter", "user", ""), ("creator", "Creator", "user", ""),
    ("labels", "Labels", "array", "string"), ("components", "Components", "array", "component"),
    ("fixVersions", "Fix versions", "array", "version"),
    ("created", "Created", "datetime", ""), ("updated", "Updated", "datetime", ""),
    ("resolutiondate", "Resolved", "datetime", ""), ("statuscategorychangedate", "Status Category Changed", "datetime", ""),
    ("duedate", "Due date", "date", ""),
    ("description", "Description", "string", ""), ("subtasks", "Sub-tasks", "array", "issuelinks"),
    ("issuelinks", "Linked Issues", "array", "issuelinks"), ("parent", "Parent", "", ""), ("issuekey", "Key", "", ""),
)
_CUSTOM = (
    (EPIC_LINK, "Epic Link", "any", "", f"{_GH}:gh-epic-link"), (START_DATE, "Start date", "date", "", f"{_CF}:datepicker"),
    (STORY_POINT_ESTIMATE, "Story point estimate", "number", "", f"{_GH}:jsw-story-points"),
    (RANK, "Rank", "any", "", f"{_GH}:gh-lexo-rank"), (SPRINT, "Sprint", "array", "json", f"{_GH}:gh-sprint"),
    (FLAGGED, "Flagged", "array", "option", f"{_CF}:multicheckboxes"),
    (STORY_POINTS, "Story Points", "number", "", f"{_CF}:float"),
    (ORIGINAL_POINTS, "Original story points", "number", "", "com.atlassian.jpo:jpo-custom-field-original-story-points"),
    (TEAM, "Team", "option", "", f"{_CF}:select"),
)
# fmt: on
_SEARCH_ONLY = (THEME, "Strategic theme", "option", "", f"{_CF}:select")  # /field and /field/search never agree entirely
_FIELD_ONLY = ("issuekey", "parent")


def _custom(row: tuple[str, str, str, str, str]) -> Json:
    ident, name, kind, items, custom = row
    number = int(ident.rpartition("_")[2])
    schema: Json = {"type": kind, "custom": custom, "customId": number} | ({"items": items} if items else {})
    return {
        "id": ident,
        "key": ident,
        "name": name,
        "custom": True,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": [f"cf[{number}]", name],
        "schema": schema,
    }


def generated_fields() -> list[Json]:
    """The answer of /field: system and custom fields."""
    rows: list[Json] = []
    for ident, name, kind, items in _SYSTEM:
        row: Json = {
            "id": ident,
            "key": ident,
            "name": name,
            "custom": False,
            "orderable": ident != "created",
            "navigable": True,
            "searchable": True,
            "clauseNames": [ident],
        }
        if kind:
            row["schema"] = {"type": kind, "system": ident} | ({"items": items} if items else {})
        rows.append(row)
    return rows + [_custom(row) for row in _CUSTOM]


def searchable_fields(fields: list[Json]) -> list[Json]:
    """The answer of /field/search for the same site: other members, and not quite the same rows."""
    rows = [
        {"id": row["id"], "key": row.get("key", row["id"]), "name": row["name"], "schema": row["schema"], "isLocked": False}
        for row in fields
        if row["id"] not in _FIELD_ONLY and "schema" in row
    ]
    theme = _custom(_SEARCH_ONLY)
    return [*rows, {"id": THEME, "key": THEME, "name": theme["name"], "schema": theme["schema"], "isLocked": False}]


def board(ident: int, name: str, kind: str, project: ProjectRow) -> Json:
    """One board."""
    return {
        "id": ident,
        "self": f"{SITE}/rest/agile/1.0/board/{ident}",
        "name": name,
        "type": kind,
        "isPrivate": False,
        "location": {
            "projectId": int(project.id),
            "displayName": f"{project.name} ({project.key})",
            "projectName": project.name,
            "projectKey": project.key,
            "projectTypeKey": project.kind,
            "name": f"{project.name} ({project.key})",
            "avatarURI": f"{SITE}/secure/projectavatar?pid={project.id}",
        },
    }


def _sprint(row: company.Sprint) -> Json:
    found: Json = {"id": row.id, "self": f"{SITE}/rest/agile/1.0/sprint/{row.id}", "state": row.state, "name": row.name}
    found |= {"startDate": iso(row.start), "endDate": iso(row.end)}
    if row.completed:
        found["completeDate"] = iso(row.completed)
    return found | {"originBoardId": row.board, "goal": ""}


def generated(today: date) -> Catalog:
    """The lists of the generated company."""
    archived_at = company.epoch_ms(today) - 300 * company.DAY_MS
    projects = [
        ProjectRow(
            str(each.id),
            each.key,
            each.name,
            each.simplified,
            each.kind,
            company.members(at)[0],
            public=each.kind == "service_desk",
        )
        for at, each in enumerate(PROJECTS)
    ]
    old = company.ARCHIVED_PROJECT
    types, type_of = _types(projects)
    catalog = Catalog(projects, _statuses(projects), types, type_of, generated_fields())
    for at, each in enumerate(PROJECTS):
        ident = at + 1
        catalog.boards.append(
            board(ident, f"{each.key} board" if each.board != "kanban" else f"{each.key} flow", each.board, projects[at])
        )
        if each.board != "kanban":
            catalog.sprints[ident] = [_sprint(row) for row in company.sprints(at, today)]
    # A board over two teams: it shows sprints whose originBoardId is another board.
    catalog.boards.append(board(len(PROJECTS) + 1, "Delivery overview", "scrum", projects[0]))
    catalog.sprints[len(PROJECTS) + 1] = [*catalog.sprints[1], *catalog.sprints[PROJECTS.index(PROJECTS[4]) + 1]]
    catalog.sprint = {row["id"]: row for rows in catalog.sprints.values() for row in rows}
    projects.append(ProjectRow(str(old.id), old.key, old.name, state="archived", since=archived_at))
    return catalog


assert len(TEAMS) == len(PROJECTS), "each project is owned by the team at the same place"
