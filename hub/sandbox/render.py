"""Issues as the vendor's JSON. What repeats (statuses, projects, people) is serialised once and pasted in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import orjson

from hub.sandbox import catalog as lists
from hub.sandbox.catalog import CATEGORIES, PRIORITIES, RESOLUTIONS
from hub.sandbox.company import DAY_MS, SITE, SPRINT_DAYS
from hub.sandbox.draw import BLOCK, Issue
from hub.sandbox.site import Site

EXPAND = "operations,versionedRepresentations,editmeta,changelog,renderedFields"
ABSENT = "\0absent"  # a field set to this is left out of the answer
Renderer = Callable[[Issue], Any]
_MINUTES = tuple(f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440))


@lru_cache(maxsize=20_000)
def _day(day: int) -> str:
    return lists.iso(day * DAY_MS)[:10]


def moment(ms: int) -> str:
    """Epoch milliseconds the way issues carry them: an offset without a colon."""
    day, rest = divmod(ms, DAY_MS)
    minute, rest = divmod(rest, 60_000)
    return f"{_day(day)}{_MINUTES[minute]}{rest // 1000:02d}.{rest % 1000:03d}+0000"


class Render:
    """Turns issues of one site into answers; forget() after a list has changed."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._pieces: dict[tuple[str, object], orjson.Fragment] = {}
        self._plans: dict[tuple[str, ...], list[tuple[str, Renderer]]] = {}
        self._parents: dict[int, orjson.Fragment] = {}
        self.fields: dict[str, Renderer] = self._renderers()

    def forget(self) -> None:
        """Drop what was serialised: a list or an issue has changed."""
        self._pieces.clear()
        self._parents.clear()

    def plan(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """The `fields` parameter -> field ids, in a fixed order."""
        names = [part.strip() for name in wanted for part in name.split(",") if part.strip()]
        chosen = {name for name in names if name in self.fields}
        if "*all" in names or "*navigable" in names or all(name.startswith("-") for name in names):
            chosen = set(self.fields)
        chosen -= {name[1:] for name in names if name.startswith("-")}
        extra = tuple(
            name for name in names if name[0] not in "*-" and name not in self.fields and name not in ("id", "key", "issuekey")
        )
        return (*(name for name in self.fields if name in chosen), *dict.fromkeys(extra))

    def issue(self, issue: Issue, plan: tuple[str, ...]) -> dict[str, Any]:
        """One issue with these fields."""
        number = str(issue.number)
        if issue.raw is not None:
            return self.recorded(issue, plan)
        steps = self._plans.get(plan)
        if steps is None:
            steps = self._plans[plan] = [(name, self.fields[name]) for name in plan if name in self.fields]
        fields = {name: renderer(issue) for name, renderer in steps}
        if fields.get("parent") is None:
            fields.pop("parent", None)  # the one field that the vendor leaves out instead of sending null
        if issue.extra:
            self._overrule(fields, issue.extra, plan)
        return {"expand": EXPAND, "id": number, "self": f"{SITE}/rest/api/3/issue/{number}", "key": issue.key, "fields": fields}

    def recorded(self, issue: Issue, plan: tuple[str, ...]) -> dict[str, Any]:
        """A recorded issue: verbatim, but for the fields that were not asked for."""
        assert issue.raw is not None
        raw = issue.raw.get("fields", {})
        known = set(self.fields) <= set(plan)
        fields = {name: value for name, value in raw.items() if known or name in plan}
        self._overrule(fields, issue.extra, plan if not known else tuple(issue.extra))
        return {**{name: value for name, value in issue.raw.items() if name != "changelog"}, "key": issue.key, "fields": fields}

    @staticmethod
    def _overrule(fields: dict[str, Any], extra: dict[str, Any], plan: tuple[str, ...]) -> None:
        for name, value in extra.items():
            if value == ABSENT:
                fields.pop(name, None)
            elif name in plan:
                fields[name] = value

    def _renderers(self) -> dict[str, Renderer]:
        return {
            "summary": lambda issue: issue.summary,
            "issuetype": self._type,
            "project": lambda issue: self._piece("project", issue.project),
            "parent": self._parent,
            "status": self._status,
            "resolution": lambda issue: self._piece("resolution", issue.resolution) if issue.resolution else None,
            "priority": lambda issue: self._piece("priority", issue.priority),
            "assignee": lambda issue: self._piece("user", issue.assignee) if issue.assignee >= 0 else None,
            "reporter": lambda issue: self._piece("user", issue.reporter),
            "creator": lambda issue: self._piece("user", issue.reporter),
            "labels": lambda issue: issue.labels,
            "components": lambda issue: (self._piece("component", (issue.project, issue.component)),) if issue.component else (),
            "fixVersions": lambda issue: (),
            "created": lambda issue: moment(issue.created),
            "updated": lambda issue: moment(issue.updated),
            "resolutiondate": lambda issue: moment(issue.resolved) if issue.resolved else None,
            "statuscategorychangedate": lambda issue: moment(issue.changed),
            "duedate": lambda issue: issue.due or None,
            "description": self._description,
            "subtasks": self._subtasks,
            "issuelinks": lambda issue: (),
            lists.EPIC_LINK: self._epic_link,
            lists.START_DATE: lambda issue: moment(issue.created)[:10] if issue.kind == "Epic" else None,
            lists.STORY_POINT_ESTIMATE: lambda issue: issue.points if self._simplified(issue) else None,
            lists.RANK: lambda issue: f"0|i{issue.number:06x}:",
            lists.SPRINT: lambda issue: [self._piece("sprint", sprint) for sprint in issue.sprints] or None,
            lists.FLAGGED: lambda issue: None,
            lists.STORY_POINTS: lambda issue: None if self._simplified(issue) else issue.points,
            lists.ORIGINAL_POINTS: lambda issue: None,
            lists.TEAM: lambda issue: self._piece("team", issue.team) if issue.team else None,
        }

    def _simplified(self, issue: Issue) -> bool:
        return self.site.catalog.projects[issue.project].simplified

    def _piece(self, kind: str, what: Any) -> orjson.Fragment:
        found = self._pieces.get((kind, what))
        if found is None:
            found = self._pieces[kind, what] = orjson.Fragment(orjson.dumps(self._make(kind, what)))
        return found

    def _make(self, kind: str, what: Any) -> Any:
        catalog = self.site.catalog
        if kind == "project":
            return catalog.projects[what].reference()
        if kind == "status":
            ident, category = what
            row = dict(catalog.statuses[ident])
            return row | {"statusCategory": CATEGORIES[category]} if category else row
        if kind == "type":
            return catalog.types[what]
        if kind == "user":
            return lists.user(what)
        if kind == "resolution":
            ident = RESOLUTIONS.get(what, "10009")
            return {"self": f"{SITE}/rest/api/3/resolution/{ident}", "id": ident, "name": what, "description": ""}
        if kind == "priority":
            return {
                "self": f"{SITE}/rest/api/3/priority/{what}",
                "iconUrl": f"{SITE}/images/icons/priorities/{what}.svg",
                "name": PRIORITIES[what],
                "id": str(what),
            }
        if kind == "component":
            project, name = what
            ident = str(10000 + project * 100 + sum(name.encode()) % 100)
            return {"self": f"{SITE}/rest/api/3/component/{ident}", "id": ident, "name": name}
        if kind == "team":
            ident = str(10100 + sum(what.encode()) % 97)
            return {"self": f"{SITE}/rest/api/3/customFieldOption/{ident}", "value": what, "id": ident}
        return self._sprint(int(what))

    def _sprint(self, ident: int) -> dict[str, Any]:
        row = self.site.catalog.sprint.get(ident)
        if row is None:
            return {"id": ident, "name": f"Sprint {ident}", "state": "closed", "boardId": 0, "goal": ""}
        found = {"id": ident, "name": row["name"], "state": row["state"], "boardId": row.get("originBoardId", 0), "goal": ""}
        return found | {name: row[name] for name in ("startDate", "endDate", "completeDate") if name in row}

    def _status(self, issue: Issue) -> orjson.Fragment:
        return self._piece("status", (issue.status, issue.category))

    def _type(self, issue: Issue) -> orjson.Fragment:
        return self._piece("type", self.site.catalog.type_of[issue.project, issue.kind])

    def _parent(self, issue: Issue) -> Any:
        number = issue.parent
        if not number:
            return None
        found = self._parents.get(number)
        if found is None:
            parent = self.site.issue(number)
            if parent is None:
                return None
            if len(self._parents) > 5000:
                self._parents.clear()
            found = self._parents[number] = orjson.Fragment(orjson.dumps(self._short(parent)))
        return found

    def _short(self, issue: Issue) -> dict[str, Any]:
        """An issue inside another: parent or sub-task."""
        fields = {
            "summary": issue.summary,
            "status": self._status(issue),
            "priority": self._piece("priority", issue.priority),
            "issuetype": self._type(issue),
        }
        number = str(issue.number)
        return {"id": number, "key": issue.key, "self": f"{SITE}/rest/api/3/issue/{number}", "fields": fields}

    def _epic_link(self, issue: Issue) -> str | None:
        """The deprecated copy of the parent: only base-level issues of company-managed projects still carry it."""
        if not issue.parent or issue.kind == "Sub-task" or self._simplified(issue):
            return None
        parent = self.site.issue(issue.parent)
        return parent.key if parent is not None and parent.kind == "Epic" else None

    def _description(self, issue: Issue) -> dict[str, Any]:
        text = (
            f"{issue.summary}. Planned in units of {SPRINT_DAYS} days."
            if issue.kind == "Epic"
            else f"As agreed: {issue.summary}."
        )
        return {"version": 1, "type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]}

    def _subtasks(self, issue: Issue) -> list[dict[str, Any]]:
        history = self.site.history
        if issue.kind in ("Epic", "Sub-task") or history is None:
            return []
        near: list[int] = list(range(issue.number + 1, issue.number + BLOCK)) if self.site.generated(issue.number) else []
        found = []
        for number in dict.fromkeys([*near, *self.site.created]):
            other = self.site.issue(number)
            if other is not None and other.parent == issue.number and other.kind == "Sub-task":
                found.append(self._short(other))
        return found
