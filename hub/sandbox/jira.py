"""Jira Cloud's API over one site: who may ask, and which resource answers."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.sandbox.agile import Agile
from hub.sandbox.answers import Refused, Settings, answer
from hub.sandbox.issues import Issues
from hub.sandbox.language import translated
from hub.sandbox.mutate import Mutator
from hub.sandbox.render import Render
from hub.sandbox.resources import Resources
from hub.sandbox.site import Site

Handler = Callable[[Request], Awaitable[Any]]
UNAUTHORISED = {"message": "Client must be authenticated to access this resource.", "status-code": 401}


class JiraApi:
    """The routes of one site."""

    TOO_MANY: ClassVar[dict[str, Any]] = {"errorMessages": ["Rate limit exceeded."], "errors": {}}

    def __init__(self, site: Site, settings: Settings) -> None:
        self.site, self.settings = site, settings
        self.render, self.mutator = Render(site), Mutator(site)
        self.resources, self.agile = Resources(site, settings), Agile(site, settings)

    def caller(self, authorization: str) -> str:
        """known, wrong (a credential that is not valid) or nobody."""
        kind, _, value = authorization.partition(" ")
        if not authorization:
            return "nobody"
        if kind.lower() == "bearer":
            return "known" if value == self.settings.token else "wrong"
        try:
            given = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "wrong"
        return "known" if given == f"{self.settings.user}:{self.settings.token}" else "wrong"

    def sees(self, caller: str) -> frozenset[int]:
        """The projects this caller may browse, by position; deleted ones are seen by nobody."""
        rows, role = enumerate(self.site.catalog.projects), self.settings.role
        return frozenset(
            at
            for at, row in rows
            if not row.hidden
            and row.state != "deleted"
            and (caller == "known" or row.public)
            and (not role or row.key in role or row.id in role)
        )

    def truth(self) -> dict[str, Any]:
        """Every issue that exists, by id, as `render` shows it whole, with `project` (its key) and `seen`: whether the account
        would find it in a search that lags behind nothing and hides nothing else."""
        sees, plan, found = self.sees("known"), self.render.plan(["*all"]), {}
        for at, row in enumerate(self.site.catalog.projects):
            for number in self.site.members(at):
                issue = self.site.issue(number)
                if issue is None:
                    continue
                seen = row.state == "live" and self.site.visible(number, sees)
                shown = {"id": str(number), "key": issue.key, "project": row.key, "project_id": row.id, "seen": seen}
                found[str(number)] = shown | {"updated": issue.updated, "fields": self.render.issue(issue, plan)["fields"]}
        return found

    def fact(self, name: str) -> dict[str, Any] | None:
        """What is true of one issue, whatever the API says."""
        number = self.site.number(name)
        issue = self.site.issue(number) if number is not None else None
        return None if issue is None else asdict(issue)

    def change(self, change: dict[str, Any]) -> dict[str, Any]:
        """Make a change, and show it."""
        done = self.mutator.apply(change)
        self.render.forget()
        return done

    def switched(self) -> None:
        """A switch was set."""
        self.mutator.lag_ms = self.settings.index_lag * 1000

    def slow_down(self, wait: int, limit: int, now: int) -> dict[str, str]:
        """The headers of a 429: `wait` seconds, `limit` requests a second, `now` by the sandbox's clock."""
        reset = datetime.fromtimestamp(now // 1000 + wait + 59, UTC)  # to the minute, never too early
        return {
            "retry-after": str(wait),
            "ratelimit-reason": "jira-burst-based",
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": f"{reset:%Y-%m-%dT%H:%MZ}",
        }

    def app(self) -> Starlette:
        """The routes."""
        lists, issues, agile = self.resources, Issues(self.site, self.settings, self.render), self.agile
        api, boards = "/rest/api/{version}", "/rest/agile/1.0/board"
        table: tuple[tuple[str, Handler, str], ...] = (
            (f"{api}/serverInfo", lists.server_info, "GET"),
            (f"{api}/myself", lists.myself, "GET"),
            (f"{api}/mypermissions", lists.permissions, "GET"),
            (f"{api}/field", lists.fields, "GET"),
            (f"{api}/field/search", lists.field_search, "GET"),
            (f"{api}/issuetype", lists.issue_types, "GET"),
            (f"{api}/status", lists.statuses, "GET"),
            (f"{api}/statuses/search", lists.status_search, "GET"),
            (f"{api}/project/search", lists.project_search, "GET"),
            (f"{api}/project/{{project}}", lists.project, "GET"),
            (f"{api}/search/jql", issues.search, "GET"),
            (f"{api}/search/jql", issues.search_post, "POST"),
            (f"{api}/search/approximate-count", issues.count, "POST"),
            (f"{api}/search", issues.gone, "GET"),
            (f"{api}/issue/bulkfetch", issues.bulkfetch, "POST"),
            (f"{api}/issue/{{issue}}", issues.issue, "GET"),
            (boards, agile.boards, "GET"),
            (f"{boards}/{{board:int}}/sprint", agile.sprints, "GET"),
            (f"{boards}/{{board:int}}/configuration", agile.board_configuration, "GET"),
        )
        return Starlette(routes=[Route(path, self._guard(handler), methods=[method]) for path, handler, method in table])

    def _guard(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            caller = self.caller(request.headers.get("authorization", ""))
            headers = {"x-arequestid": f"{zlib.crc32(request.url.path.encode()):08x}"}
            if caller == "wrong":
                headers["x-seraph-loginreason"] = "AUTHENTICATED_FAILED"
            if caller == "known":
                headers["x-aaccountid"] = self.settings.account
            elif not self._open_to_all(handler, caller):
                return answer(UNAUTHORISED, 401, headers)
            request.state.sees = self.sees(caller)
            try:
                found = answer(await handler(request), 200, headers)
            except Refused as refusal:
                return answer(refusal.body, refusal.status, headers)
            forced = request.headers.get("x-force-accept-language", "").lower() == "true"
            if self.settings.german and not forced:
                return Response(translated(bytes(found.body)), 200, headers, found.headers["content-type"])
            return found

        return guarded

    def _open_to_all(self, handler: Handler, caller: str) -> bool:
        if handler == self.resources.server_info and caller == "nobody":
            return True
        return self.settings.anonymous and handler != self.resources.myself
