"""Issues as Data Center's JSON: Epic Link and Epic Name, sprints in Java's text form, wiki text, users by name and key."""

from __future__ import annotations

from typing import Any

from hub.sandbox import catalog as lists
from hub.sandbox import datacenter_lists as own
from hub.sandbox.draw import Issue
from hub.sandbox.render import Render, Renderer

_UNKNOWN = ("statuscategorychangedate", lists.STORY_POINT_ESTIMATE, lists.ORIGINAL_POINTS)
_SPRINT = "com.atlassian.greenhopper.service.sprint.Sprint@"


class ServerRender(Render):
    """Turns issues of one site into Data Center's answers."""

    def _renderers(self) -> dict[str, Renderer]:
        found = {name: renderer for name, renderer in super()._renderers().items() if name not in _UNKNOWN}
        return found | {
            "parent": lambda issue: self._parent(issue) if issue.kind == "Sub-task" else None,
            "description": lambda issue: f"As agreed: {issue.summary}.",
            lists.EPIC_LINK: self._epic_link,
            lists.STORY_POINTS: lambda issue: issue.points,
            lists.SPRINT: lambda issue: [sprint_text(self._sprint(int(each))) for each in issue.sprints] or None,
            own.EPIC_NAME: lambda issue: issue.summary if issue.kind == "Epic" else None,
            own.EPIC_STATUS: lambda issue: None,
        }

    def _make(self, kind: str, what: Any) -> Any:
        if kind == "user":
            return own.user(what)
        if kind == "project":
            return own.reference(self.site.catalog.projects[what])
        return super()._make(kind, what)

    def filled(self, issue: Issue, field: str) -> bool:
        """Whether a field of the issue has a value: what `cf[N] is not EMPTY` asks."""
        fields = self.issue(issue, self.plan([field]))["fields"]
        return bool(fields.get(field))

    def type_id(self, issue: Issue) -> str:
        """The id of the issue's type."""
        if issue.raw is not None:
            return str(issue.raw["fields"]["issuetype"]["id"])
        return self.site.catalog.type_of[issue.project, issue.kind]


def sprint_text(row: dict[str, Any]) -> str:
    """A sprint as Java prints it; nothing is escaped."""
    parts = {
        "id": row["id"],
        "rapidViewId": row["boardId"],
        "state": str(row["state"]).upper(),
        "name": row["name"],
        **{name: row.get(name, "<null>") for name in ("startDate", "endDate", "completeDate")},
        "sequence": row["id"],
        "goal": row.get("goal", ""),
    }
    return f"{_SPRINT}{int(row['id']) * 7919 % 2**31:x}[{','.join(f'{key}={value}' for key, value in parts.items())}]"
