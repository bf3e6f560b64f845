"""Jira Data Center's API over one site: personal access tokens, REST API 2, lists without pages."""

from __future__ import annotations

import zlib
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.sandbox import datacenter_lists as own
from hub.sandbox.answers import ME, Json, Refused, Settings, answer, meaning, refused
from hub.sandbox.company import NAME, SITE
from hub.sandbox.datacenter_render import ServerRender
from hub.sandbox.datacenter_search import Search
from hub.sandbox.jira import UNAUTHORISED, Handler, JiraApi
from hub.sandbox.render import moment
from hub.sandbox.site import Site

_PERMISSIONS = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "DELETE_ISSUES", "TRANSITION_ISSUES", "ADMINISTER_PROJECTS")


class DataCenterApi(JiraApi):
    """The routes of one site. Who sees what, and the truth, are as in Cloud's."""

    def __init__(self, site: Site, settings: Settings) -> None:
        super().__init__(site, settings)
        self.render = ServerRender(site)
        self.searching = Search(site, settings, self.render)

    def caller(self, authorization: str) -> str:
        """A token goes as Bearer; as a password it is worth nothing."""
        kind, _, value = authorization.partition(" ")
        if not authorization:
            return "nobody"
        return "known" if kind.lower() == "bearer" and value == self.settings.token else "wrong"

    def slow_down(self, wait: int, limit: int, now: int) -> dict[str, str]:
        """The token bucket's headers; with the ``Retry-After: 0`` that is reported of it (pycontribs/jira#1805)."""
        return {
            "retry-after": "0",
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": "0",
            "x-ratelimit-fillrate": str(limit),
            "x-ratelimit-interval-seconds": str(wait),
        }

    def app(self) -> Starlette:
        """The routes."""
        api, boards = "/rest/api/2", "/rest/agile/1.0/board"
        table: tuple[tuple[str, Handler, str], ...] = (
            (f"{api}/serverInfo", self.server_info, "GET"),
            (f"{api}/myself", self.myself, "GET"),
            (f"{api}/mypermissions", self.permissions, "GET"),
            (f"{api}/field", self.resources.fields, "GET"),
            (f"{api}/issuetype", self.resources.issue_types, "GET"),
            (f"{api}/status", self.resources.statuses, "GET"),
            (f"{api}/project", self.projects, "GET"),
            (f"{api}/project/{{project}}", self.project, "GET"),
            (f"{api}/search", self.searching.get, "GET"),
            (f"{api}/search", self.searching.post, "POST"),
            (f"{api}/issue/{{issue}}", self.issue, "GET"),
            (boards, self.boards, "GET"),
            (f"{boards}/{{board:int}}/sprint", self.agile.sprints, "GET"),
            (f"{boards}/{{board:int}}/configuration", self.board_configuration, "GET"),
        )
        return Starlette(routes=[Route(path, self._served(handler), methods=[method]) for path, handler, method in table])

    def _served(self, handler: Handler) -> Handler:
        async def served(request: Request) -> Response:
            caller = self.caller(request.headers.get("authorization", ""))
            headers = {
                "x-arequestid": f"{zlib.crc32(request.url.path.encode()):08x}",
                "x-ausername": own.user(ME)["name"] if caller == "known" else "anonymous",
                "x-seraph-loginreason": {"known": "OK", "wrong": "AUTHENTICATED_FAILED"}.get(caller, "OUT"),
            }
            open_to_all = handler == self.server_info and caller == "nobody"
            if caller != "known" and not open_to_all and not (self.settings.anonymous and handler != self.myself):
                return answer(UNAUTHORISED, 401, headers)
            request.state.sees = self.sees(caller)
            try:
                found = answer(await handler(request), 200, headers)
            except Refused as refusal:
                return answer(refusal.body, refusal.status, headers)
            # One company, two products: links are the only thing that still names the other one's version.
            body = bytes(found.body).replace(b"/rest/api/3/", b"/rest/api/2/")
            return Response(body, 200, headers, found.headers["content-type"])

        return served

    async def server_info(self, request: Request) -> Json:
        """Version, kind of deployment and the server's clock."""
        return {
            "baseUrl": SITE + request.scope.get("sandbox.prefix", ""),
            "version": "10.3.6",
            "versionNumbers": [10, 3, 6],
            "deploymentType": "Server",
            "buildNumber": 10030006,
            "buildDate": "2026-05-12T00:00:00.000+0000",
            "serverTime": moment(self.site.now + int(self.settings.date_skew * 1000)),
            "scmInfo": "0" * 40,
            "serverTitle": NAME,
        }

    async def myself(self, request: Request) -> Json:
        """The account behind the token."""
        who = own.user(ME) | {"key": self.settings.account, "emailAddress": self.settings.user, "timeZone": self.settings.zone}
        return who | {"locale": "en_GB", "expand": "groups,applicationRoles"}

    async def permissions(self, request: Request) -> Json:
        """All permissions, and which of them the account has."""
        return {
            "permissions": {
                key: {
                    "id": str(at),
                    "key": key,
                    "name": key.replace("_", " ").title(),
                    "type": "GLOBAL" if key == "ADMINISTER" else "PROJECT",
                    "description": "",
                    "havePermission": key in self.settings.rights,
                }
                for at, key in enumerate((*_PERMISSIONS, "ADMINISTER"))
            }
        }

    async def projects(self, request: Request) -> list[Json]:
        """All projects that the caller sees, archived ones on request."""
        states = ("live", "archived") if request.query_params.get("includeArchived") == "true" else ("live",)
        rows = [row for at, row in enumerate(self.site.catalog.projects) if at in request.state.sees and row.state in states]
        return [own.entry(row) for row in sorted(rows, key=lambda row: row.key)]

    async def project(self, request: Request) -> Json:
        """One project by id, key or former key."""
        named = request.path_params["project"].upper()
        for at, row in enumerate(self.site.catalog.projects):
            if named in (row.id, row.key, *row.former) and at in request.state.sees:
                return own.entry(row)
        raise refused(404, f"No project could be found with key '{named}'.")

    async def issue(self, request: Request) -> Json:
        """One issue by id, key or former key, from the database and not from the index."""
        found = self.site.number(request.path_params["issue"])
        missing = {str(each) for each in (meaning(request, "missing") or {}).get("ids", ())}
        hidden = self.settings.blackout or found is None or not self.site.visible(found, request.state.sees)
        issue = None if hidden or found is None else self.site.issue(found)
        if issue is None or str(issue.number) in missing:
            raise refused(404, "Issue Does Not Exist")
        return self.render.issue(issue, self.render.plan(request.query_params.getlist("fields") or ["*all"]))

    async def boards(self, request: Request) -> Json:
        """All boards; Data Center does not say whose they are."""
        found = await self.agile.boards(request)
        return found | {"values": [_bare(row) for row in found["values"]]}

    async def board_configuration(self, request: Request) -> Json:
        """Columns and the estimation field of a board."""
        return _bare(await self.agile.board_configuration(request))


def _bare(row: dict[str, Any]) -> Json:
    return {name: value for name, value in row.items() if name not in ("location", "isPrivate")}
