"""Changes to the lists of a sandbox site: projects, statuses, sprints, fields, boards. No issue's `updated` moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.sandbox import catalog as lists
from hub.sandbox.catalog import ProjectRow
from hub.sandbox.site import Site

Json = dict[str, Any]


class MutationError(ValueError):
    """The change cannot be made; the text says why."""


def project_at(site: Site, named: object) -> int:
    """The position of a project by key, former key or id."""
    for at, row in enumerate(site.catalog.projects):
        if str(named).upper() in (row.key.upper(), row.id, *row.former):
            return at
    raise MutationError(f"no project {named!r}; there are {', '.join(row.key for row in site.catalog.projects)}")


class ListMutator:
    """Applies changes to the lists of one site."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def project(self, change: Json) -> Json:
        """`project` with `state` (live, archived, deleted), `hidden`, `name` or `key`: all its issues get new keys, and the
        old ones go on answering, as the project's own old key does."""
        at = project_at(self.site, change.get("project"))
        row = self.site.catalog.projects[at]
        row.state = str(change.get("state", row.state))
        row.hidden = bool(change.get("hidden", row.hidden))
        row.name = str(change.get("name", row.name))
        row.since = self.site.now
        if "key" in change and change["key"] != row.key:
            self._rename_key(at, row, str(change["key"]).upper())
        return {"id": row.id, "key": row.key}

    def _rename_key(self, at: int, row: ProjectRow, key: str) -> None:
        site = self.site
        if any(key in (other.key, *other.former) for other in site.catalog.projects if other is not row):
            raise MutationError(f"the key {key} is taken")
        row.former = (*(former for former in row.former if former != key), row.key)
        for number in site.members(at):
            issue = site.overlay.get(number)
            if issue is None:
                found = site.issue(number)
                assert found is not None
                issue = site.overlay[number] = replace(found, extra=dict(found.extra))
            site.keys[issue.key] = number
            issue.key = f"{key}-{issue.key.rpartition('-')[2]}"
            site.keys[issue.key] = number
        for board in site.catalog.boards:
            if board["location"]["projectKey"] == row.key:
                board["location"] = board["location"] | {"projectKey": key}
        row.key = key

    def status(self, change: Json) -> Json:
        """`status` by id with a new `name` or `category` (new, indeterminate, done)."""
        ident = str(change.get("status"))
        if ident not in self.site.catalog.statuses:
            raise MutationError(f"no status id {ident}")
        row = dict(self.site.catalog.statuses[ident])
        row["name"] = change.get("name", row["name"])
        if "category" in change:
            row["statusCategory"] = lists.CATEGORIES[change["category"]]
        self.site.catalog.statuses[ident] = row
        return {"id": ident, "name": row["name"]}

    def sprint(self, change: Json) -> Json:
        """`sprint` by id with a new `name`, `state`, `startDate`, `endDate` or `completeDate`."""
        row = self.site.catalog.sprint.get(int(change.get("sprint", 0)))
        if row is None:
            raise MutationError(f"no sprint {change.get('sprint')!r}")
        row |= {
            name: change[name] for name in ("name", "state", "startDate", "endDate", "completeDate", "goal") if name in change
        }
        return {"id": str(row["id"]), "name": row["name"]}

    def field(self, change: Json) -> Json:
        """`field` by id with a new `name`."""
        row = next((each for each in self.site.catalog.fields if each["id"] == change.get("field")), None)
        if row is None:
            raise MutationError(f"no field {change.get('field')!r}")
        row["name"] = change["name"]
        return {"id": row["id"], "name": row["name"]}

    def board(self, change: Json) -> Json:
        """`board` by id with a new `name`."""
        row = next((each for each in self.site.catalog.boards if each["id"] == change.get("board")), None)
        if row is None:
            raise MutationError(f"no board {change.get('board')!r}")
        row["name"] = change["name"]
        return {"id": str(row["id"]), "name": row["name"]}
