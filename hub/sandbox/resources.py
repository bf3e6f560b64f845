"""Jira's lists: the server, the account, fields, issue types, statuses and projects."""

from __future__ import annotations

from starlette.requests import Request

from hub.sandbox import catalog as lists
from hub.sandbox.answers import ME, Json, Settings, page, refused
from hub.sandbox.company import NAME, SITE
from hub.sandbox.render import moment
from hub.sandbox.site import Site


class Resources:
    """The lists of one site."""

    def __init__(self, site: Site, settings: Settings) -> None:
        self.site, self.settings = site, settings

    async def server_info(self, request: Request) -> Json:
        """Version, kind of deployment and the server's clock."""
        return {
            "baseUrl": SITE,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100291,
            "buildDate": "2026-11-02T04:11:25.000+0000",
            "serverTime": moment(self.site.now + int(self.settings.date_skew * 1000)),
            "serverTimeZone": "Etc/UTC",
            "scmInfo": "0" * 40,
            "serverTitle": NAME,
        }

    async def myself(self, request: Request) -> Json:
        """The account behind the credential."""
        who = lists.user(ME) | {
            "accountId": self.settings.account,
            "emailAddress": self.settings.user,
            "timeZone": self.settings.zone,
        }
        return who | {"locale": "en_GB", "self": f"{SITE}/rest/api/3/user?accountId={self.settings.account}"}

    async def permissions(self, request: Request) -> Json:
        """Which of the permissions that are asked for the account has."""
        asked = [key for key in request.query_params.get("permissions", "").split(",") if key]
        if not asked:
            raise refused(400, "The 'permissions' query parameter is required.")
        rows = {
            key: {
                "id": str(at),
                "key": key,
                "name": key.replace("_", " ").title(),
                "type": "GLOBAL" if key == "ADMINISTER" else "PROJECT",
                "description": "",
                "havePermission": key in self.settings.rights,
            }
            for at, key in enumerate(asked)
        }
        return {"permissions": rows}

    async def fields(self, request: Request) -> list[Json]:
        """All fields, without pages."""
        return self.site.catalog.fields

    async def field_search(self, request: Request) -> Json:
        """Fields in pages."""
        rows = lists.searchable_fields(self.site.catalog.fields)
        wanted = request.query_params.getlist("id")
        kinds = request.query_params.getlist("type")
        rows = [
            row
            for row in rows
            if (not wanted or row["id"] in wanted)
            and (not kinds or ("custom" if row["id"].startswith("customfield_") else "system") in kinds)
        ]
        return page(request, self.settings, rows)

    async def issue_types(self, request: Request) -> list[Json]:
        """All issue types the caller can see."""
        return list(self.site.catalog.types.values())

    async def statuses(self, request: Request) -> list[Json]:
        """All statuses."""
        return list(self.site.catalog.statuses.values())

    async def status_search(self, request: Request) -> Json:
        """Statuses in pages, in their other shape."""
        words = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}
        rows = []
        for row in self.site.catalog.statuses.values():
            scope = {"type": "PROJECT", "project": row["scope"]["project"]} if "scope" in row else {"type": "GLOBAL"}
            rows.append(
                {
                    "id": row["id"],
                    "name": row["name"],
                    "statusCategory": words[row["statusCategory"]["key"]],
                    "scope": scope,
                    "description": "",
                }
            )
        return page(request, self.settings, rows, 200, 200)

    async def project_search(self, request: Request) -> Json:
        """The roster in pages, by status live, archived or deleted; `expand=insight` adds how many issues there are."""
        params = request.query_params
        states = [part for value in params.getlist("status") for part in value.split(",")] or ["live"]
        keys, ids = params.getlist("keys"), params.getlist("id")
        insight = "insight" in params.get("expand", "").split(",")
        rows = []
        for at, row in enumerate(self.site.catalog.projects):
            seen = at in request.state.sees or (row.state == "deleted" and not row.hidden and not self.settings.role)
            named = (not keys or row.key in keys) and (not ids or row.id in ids)
            if seen and named and row.state in states:
                rows.append(row.entry() | ({"insight": self._insight(at)} if insight else {}))
        rows.sort(key=lambda row: str(row["key"]))
        return page(request, self.settings, rows, most=100)

    def _insight(self, at: int) -> Json:
        """How many issues a project has, and when one of them last changed; for all who see the project the same."""
        numbers = self.site.members(at)
        found: Json = {"totalIssueCount": len(numbers)}
        if numbers:
            latest = max(self.site.stamp(number, "updated") for number in numbers)
            found["lastIssueUpdateTime"] = moment(latest).replace("+0000", "+00:00")
        return found

    async def project(self, request: Request) -> Json:
        """One project by id, key or former key."""
        named = request.path_params["project"].upper()
        for at, row in enumerate(self.site.catalog.projects):
            if named in (row.id, row.key, *row.former) and at in request.state.sees:
                return row.entry()
        raise refused(404, f"No project could be found with key '{named}'.")
