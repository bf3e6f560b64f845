"""Data Center's search: pages by startAt, a total, and an end of the window behind which it answers 500.

`id` is another name of `key`, for conditions and for order, as in Jira's own code: `id > N` means "in the project of issue N,
with a greater key number", and an N that does not exist or may not be seen is refused with 400.
"""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request

from hub.sandbox.answers import LIST_PAGE, Json, Settings, body_of, meaning, number, refused
from hub.sandbox.datacenter_render import ServerRender
from hub.sandbox.jql import IDS, Condition, JqlError, Query, parse
from hub.sandbox.site import Site

MOST = 1000
"""`jira.search.views.default.max`"""
_RELATIONS = (">", ">=", "<", "<=")


class Search:
    """Search over one site."""

    def __init__(self, site: Site, settings: Settings, render: ServerRender) -> None:
        self.site, self.settings, self.render = site, settings, render

    async def get(self, request: Request) -> Json:
        """search by GET."""
        params = request.query_params
        fields = [part for value in params.getlist("fields") for part in value.split(",")]
        return self._search(request, params.get("jql"), fields, params.get("startAt"), params.get("maxResults"))

    async def post(self, request: Request) -> Json:
        """search by POST."""
        body = await body_of(request)
        start, size = (str(body.get(name, default)) for name, default in (("startAt", 0), ("maxResults", LIST_PAGE)))
        return self._search(request, body.get("jql"), body.get("fields") or [], start, size)

    def _search(self, request: Request, jql: object, fields: list[str], start: str | None, size: str | None) -> Json:
        at, most = number(start, 0, "startAt"), number(size, LIST_PAGE, "maxResults")
        most = min(most, self.settings.cap(MOST))
        if at + most > self.settings.window:
            text = f"Search limit exceeded. It requests {at + most} results which exceeded the search platform limit"
            raise refused(500, f"{text} of {self.settings.window}.")
        found = self._numbers(request, jql)
        shift = meaning(request, "shift")
        first = max(0, at + int(shift.get("by", 1))) if shift else at
        shown = found[first : first + most]
        if meaning(request, "empty_page") is not None:
            shown = []
        total = first + len(shown) if meaning(request, "no_token") is not None else len(found)
        missing = {str(each) for each in (meaning(request, "missing") or {}).get("ids", ())}
        twice = meaning(request, "duplicate")
        shown = [each for each in shown if str(each) not in missing] + shown[: int(twice.get("by", 1)) if twice else 0]
        plan = self.render.plan(fields or ["*navigable"])
        issues = (self.site.indexed(each) for each in shown)
        rows = [self.render.issue(issue, plan) for issue in issues if issue is not None]
        return {"expand": "schema,names", "startAt": at, "maxResults": most, "total": total, "issues": rows}

    def _numbers(self, request: Request, jql: object) -> list[int]:
        try:
            query = parse(str(jql or ""), self.settings.zone, self.site.now, more=True)
            if meaning(request, "repeat_token") is not None:  # the server does not heed where the page shall begin
                query = replace(query, tests=tuple(test for test in query.tests if test.op not in _RELATIONS))
            asked = [test for test in query.tests if test.field == "issuetype" or test.field.startswith("cf[")]
            tests = tuple(self._by_key(request, test) for test in query.tests if test not in asked)
            order = tuple(("key" if field in IDS else field, descending) for field, descending in query.order)
            found, _ = self.site.search(Query(tests, order or (("key", True),)), request.state.sees)
        except JqlError as error:
            raise refused(400, str(error)) from None
        if self.settings.blackout:
            return []
        return [each for each in found if all(self._holds(test, each) for test in asked)]

    def _by_key(self, request: Request, test: Condition) -> Condition:
        """A condition on ids as Jira understands it. Raises ``JqlError`` for an issue that is not there for the caller."""
        if test.field not in IDS:
            return test
        for value in test.values:
            known = self.site.number(str(value))
            if known is None or not self.site.visible(known, request.state.sees):
                raise JqlError(f"An issue with key '{value}' does not exist or you do not have permission to view it.")
        if test.op in _RELATIONS:
            return Condition("key", test.op, tuple(self._key(str(value)) for value in test.values))
        return test

    def _key(self, named: str) -> str:
        known = self.site.number(named)
        assert known is not None
        return self.site.key(known)

    def _holds(self, test: Condition, each: int) -> bool:
        issue = self.site.indexed(each)
        if issue is None:
            return False
        if test.field == "issuetype":
            return (self.render.type_id(issue) in test.values) == (test.op == "=")
        return self.render.filled(issue, f"customfield_{test.field[3:-1]}")
