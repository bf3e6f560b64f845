"""Jira's issues: search by JQL with page tokens, bulkfetch, one issue, and the approximate count."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

import orjson
from starlette.requests import Request

from hub.sandbox.answers import LIST_PAGE, Json, Settings, body_of, meaning, number, refused
from hub.sandbox.company import SITE
from hub.sandbox.jql import JqlError, Query, parse
from hub.sandbox.render import Render
from hub.sandbox.site import Site

PAGE, ID_PAGE, BULK = 100, 5000, 100
TOKEN_LIFE_MS = 7 * 86_400_000


class Issues:
    """The issues of one site."""

    def __init__(self, site: Site, settings: Settings, render: Render) -> None:
        self.site, self.settings, self.render = site, settings, render

    def _parse(self, jql: object) -> Query:
        try:
            return parse(str(jql or ""), self.settings.zone, self.site.now)
        except JqlError as error:
            raise refused(400, str(error)) from None

    async def search(self, request: Request) -> Json:
        """search/jql by GET."""
        params = request.query_params
        reconcile = frozenset(int(each) for each in params.getlist("reconcileIssues") if each.isdigit())
        return self._search(
            request,
            params.get("jql"),
            params.getlist("fields"),
            params.get("nextPageToken"),
            number(params.get("maxResults"), LIST_PAGE, "maxResults"),
            reconcile,
        )

    async def search_post(self, request: Request) -> Json:
        """search/jql by POST."""
        body = await body_of(request)
        size = body.get("maxResults", LIST_PAGE)
        return self._search(
            request,
            body.get("jql"),
            body.get("fields") or [],
            body.get("nextPageToken"),
            number(str(LIST_PAGE if size is None else size), LIST_PAGE, "maxResults"),
            frozenset(body.get("reconcileIssues") or ()),
        )

    def _search(
        self, request: Request, jql: object, wanted: list[str], token: str | None, size: int, fresh: frozenset[int]
    ) -> Json:
        query = self._parse(jql)
        signature = zlib.crc32(str(jql).encode())
        place = self._place(request, token, signature)
        try:
            found, sort = self.site.search(query, request.state.sees, fresh)
        except JqlError as error:
            raise refused(400, str(error)) from None
        asked = {part for name in wanted or ["id"] for part in name.split(",")}
        bare = asked <= {"id", "key", "issuekey"}
        size = min(size or LIST_PAGE, self.settings.cap(ID_PAGE if bare else PAGE))
        at = self.site.after(found, sort, place) if place else 0
        shift = meaning(request, "shift")
        if shift:
            at = max(0, at + int(shift.get("by", 1)))
        if meaning(request, "empty_page") is not None:
            again = token or self._token(signature, (-(2**62),))
            return {"isLast": False, "issues": [], "nextPageToken": again}
        if self.settings.blackout:
            return {"issues": [], "isLast": True}
        numbers = found[at : at + size]
        twice = numbers[: _doubled(request)]
        answer: Json = {"issues": self._shown(numbers + twice, asked, bare, fresh), "isLast": True}
        if at + size < len(found) and meaning(request, "no_token") is None:
            answer |= {"isLast": False, "nextPageToken": self._token(signature, sort(numbers[-1]))}
            if meaning(request, "repeat_token") is not None:
                answer["nextPageToken"] = token or answer["nextPageToken"]
        return answer

    def _shown(self, numbers: Any, asked: set[str], bare: bool, fresh: frozenset[int]) -> list[Json]:
        if asked == {"id"}:
            return [{"id": str(each)} for each in numbers]
        if bare:
            key = self.site.key
            return [{"id": str(each), "self": f"{SITE}/rest/api/3/issue/{each}", "key": key(each)} for each in numbers]
        plan = self.render.plan(sorted(asked))
        issues = (self.site.indexed(each, fresh) for each in numbers)
        return [self.render.issue(issue, plan) for issue in issues if issue is not None]

    def _token(self, signature: int, place: tuple[int, ...]) -> str:
        return base64.b64encode(orjson.dumps([signature, self.site.now, *place])).decode()

    def _place(self, request: Request, token: str | None, signature: int) -> tuple[int, ...]:
        """Where a page token points to; refused if it is foreign, of another query, or too old."""
        if not token:
            return ()
        try:
            given, issued, *place = orjson.loads(base64.b64decode(token, validate=True))
        except (binascii.Error, ValueError, TypeError):
            given, issued, place = 0, 0, []
        old = self.site.now - issued > TOKEN_LIFE_MS or meaning(request, "expire_token") is not None
        if given != signature or old or not place:
            raise refused(400, "The provided next page token is invalid or expired.")
        return tuple(place)

    async def count(self, request: Request) -> Json:
        """approximate-count."""
        body = await body_of(request)
        try:
            found, _ = self.site.search(self._parse(body.get("jql")), request.state.sees)
        except JqlError as error:
            raise refused(400, str(error)) from None
        return {"count": 0 if self.settings.blackout else len(found)}

    async def gone(self, request: Request) -> Json:
        """The search that was removed in 2025."""
        raise refused(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")

    async def bulkfetch(self, request: Request) -> Json:
        """At most 100 issues by id or key, ascending; what does not exist or may not be seen is in neither list."""
        body = await body_of(request)
        wanted = body.get("issueIdsOrKeys")
        if not isinstance(wanted, list) or not wanted or len(wanted) > BULK:
            raise refused(400, f"issueIdsOrKeys must name between 1 and {BULK} issues.")
        missing = {str(each) for each in (meaning(request, "missing") or {}).get("ids", ())}
        errors = {str(each) for each in (meaning(request, "issue_error") or {}).get("ids", ())}
        plan = self.render.plan(body.get("fields") or ["*navigable"])
        numbers, failed = set(), []
        for named in map(str, wanted):
            found = self.site.number(named)
            if found is None or not self._visible(found, request):
                continue
            names = {named, str(found), self.site.key(found)}
            if names & errors:
                failed.append({"id": str(found), "errorMessage": "The issue could not be returned. Try again."})
            elif not names & missing:
                numbers.add(found)
        issues = (self.site.issue(each) for each in sorted(numbers))
        rows = [self.render.issue(issue, plan) for issue in issues if issue is not None]
        twice = rows[: _doubled(request)]
        return {"issueErrors": failed, "issues": rows + twice}

    def _visible(self, found: int, request: Request) -> bool:
        return not self.settings.blackout and self.site.visible(found, request.state.sees)

    async def issue(self, request: Request) -> Json:
        """One issue by id, key or former key."""
        found = self.site.number(request.path_params["issue"])
        missing = {str(each) for each in (meaning(request, "missing") or {}).get("ids", ())}
        issue = self.site.issue(found) if found is not None and self._visible(found, request) else None
        if issue is None or str(issue.number) in missing or issue.key in missing:
            raise refused(404, "Issue does not exist or you do not have permission to see it.")
        return self.render.issue(issue, self.render.plan(request.query_params.getlist("fields") or ["*all"]))


def _doubled(request: Request) -> int:
    """How many of the first rows come twice."""
    fault = meaning(request, "duplicate")
    return 0 if fault is None else int(fault.get("by", 1))
