"""Jira Software's boards, their sprints and their configuration."""

from __future__ import annotations

from starlette.requests import Request

from hub.sandbox import catalog as lists
from hub.sandbox.answers import Json, Settings, page, refused
from hub.sandbox.company import SITE
from hub.sandbox.site import Site


class Agile:
    """The boards of one site."""

    def __init__(self, site: Site, settings: Settings) -> None:
        self.site, self.settings = site, settings

    async def boards(self, request: Request) -> Json:
        """All boards of projects that the caller sees."""
        projects = self.site.catalog.projects
        seen = {projects[at].key for at in request.state.sees if projects[at].state == "live"}
        wanted, kinds = request.query_params.get("projectKeyOrId"), request.query_params.get("type", "")
        rows = [
            row
            for row in self.site.catalog.boards
            if row["location"]["projectKey"] in seen
            and (not kinds or row["type"] in kinds.split(","))
            and (not wanted or wanted in (row["location"]["projectKey"], str(row["location"]["projectId"])))
        ]
        return page(request, self.settings, rows)

    def _board(self, request: Request) -> Json:
        ident = request.path_params["board"]
        projects = self.site.catalog.projects
        seen = {projects[at].key for at in request.state.sees}
        for row in self.site.catalog.boards:
            if row["id"] == ident and row["location"]["projectKey"] in seen:
                return row
        raise refused(404, "Requested board cannot be viewed: it either does not exist or you do not have permission to view it.")

    async def sprints(self, request: Request) -> Json:
        """The sprints of a board; kanban boards have none and say so with 400."""
        board = self._board(request)
        if board["id"] not in self.site.catalog.sprints:
            raise refused(400, "The board does not support sprints")
        states = [part for value in request.query_params.getlist("state") for part in value.split(",")]
        rows = [row for row in self.site.catalog.sprints[board["id"]] if not states or row["state"] in states]
        found = page(request, self.settings, rows)
        del found["total"]  # real answers leave it out here
        return found

    async def board_configuration(self, request: Request) -> Json:
        """Columns and the estimation field of a board."""
        board = self._board(request)
        row = next(each for each in self.site.catalog.projects if each.key == board["location"]["projectKey"])
        statuses = [
            each
            for each in self.site.catalog.statuses.values()
            if each.get("scope", {}).get("project", {}).get("id", row.id) == row.id and ("scope" in each) == row.simplified
        ]
        columns = [
            {
                "name": name,
                "statuses": [
                    {"id": each["id"], "self": each["self"]} for each in statuses if each["statusCategory"]["key"] == key
                ],
            }
            for key, name in (("new", "To Do"), ("indeterminate", "In Progress"), ("done", "Done"))
        ]
        points = lists.STORY_POINT_ESTIMATE if row.simplified else lists.STORY_POINTS
        found: Json = {
            "id": board["id"],
            "name": board["name"],
            "type": board["type"],
            "self": f"{board['self']}/configuration",
            "location": {"type": "project", "projectKeyOrId": row.key},
            "filter": {"id": str(20000 + board["id"]), "self": f"{SITE}/rest/api/3/filter/{20000 + board['id']}"},
            "columnConfig": {"columns": columns, "constraintType": "none"},
            "ranking": {"rankCustomFieldId": 10019},
        }
        if board["type"] != "kanban":
            name = next((each["name"] for each in self.site.catalog.fields if each["id"] == points), "Story Points")
            found["estimation"] = {"type": "field", "field": {"fieldId": points, "displayName": name}}
        return found
