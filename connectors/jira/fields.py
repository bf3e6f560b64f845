"""Which fields to ask for: found by schema, never by position or id, and hardly ever by name.

The same field has another id on every site, and several may share one name. Story points live in two fields: one of
company-managed projects (a number field, "Story Points") and one of team-managed projects (schema ``jsw-story-points``);
both may be present on a site (Jira Software Cloud description).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SPRINT = "com.pyxis.greenhopper.jira:gh-sprint"
TEAM_POINTS = "com.pyxis.greenhopper.jira:jsw-story-points"
EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"
EPIC_NAME = "com.pyxis.greenhopper.jira:gh-epic-label"
"""Data Center only: the first holds the key of an issue's epic, the second is filled in for epics alone."""
FLOAT = "com.atlassian.jira.plugin.system.customfieldtypes:float"
POINT_NAMES = frozenset({"story points", "story point estimate"})

ALWAYS = (
    "assignee",
    "components",
    "created",
    "duedate",
    "issuelinks",
    "issuetype",
    "labels",
    "parent",
    "project",
    "resolution",
    "resolutiondate",
    "status",
    "statuscategorychangedate",
    "summary",
    "updated",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of every issue, and what for."""

    ids: tuple[str, ...]
    custom: tuple[tuple[str, str], ...] = ()
    """(our name, field id)"""
    sprints: tuple[str, ...] = ()
    company_points: tuple[str, ...] = ()
    team_points: tuple[str, ...] = ()
    epic_links: tuple[str, ...] = ()
    epic_names: tuple[str, ...] = ()
    estimate: str | None = None
    """The field that overrides both."""
    missing: tuple[str, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()
    """(field id, its schema) of all that is read: part of the fingerprint."""


def custom_type(field: Mapping[str, Any]) -> str:
    schema = field.get("schema")
    return str(schema.get("custom") or schema.get("type") or "") if isinstance(schema, dict) else ""


def make_plan(
    fields: Iterable[Mapping[str, Any]],
    wanted: Mapping[str, str],
    estimate: str | None,
    estimation: frozenset[str] = frozenset(),
    *,
    epics_by_field: bool = False,
) -> Plan:
    """``wanted`` is our name -> id or exact name; ``estimation`` are field ids that boards estimate with.

    ``epics_by_field``: a site that knows no hierarchy levels, where fields tell what is an epic and what belongs to it.
    """
    known = {str(field["id"]): field for field in fields}
    missing: list[str] = []
    custom = [(ours, found) for ours, theirs in sorted(wanted.items()) if (found := _resolve(theirs, known, missing))]
    override = _resolve(estimate, known, missing) if estimate else None
    types = {ident: custom_type(field) for ident, field in known.items()}
    sprints = tuple(sorted(ident for ident, kind in types.items() if kind == SPRINT))
    team = tuple(sorted(ident for ident, kind in types.items() if kind == TEAM_POINTS))
    company = tuple(
        sorted(ident for ident, kind in types.items() if kind == FLOAT and (ident in estimation or is_points(known[ident])))
    )
    links, names = (
        tuple(sorted(ident for ident, kind in types.items() if epics_by_field and kind == wanted_type))
        for wanted_type in (EPIC_LINK, EPIC_NAME)
    )
    ids = {*ALWAYS, *(ident for _, ident in custom), *sprints, *team, *company, *([override] if override else []), *links, *names}
    return Plan(
        ids=tuple(sorted(ids)),
        custom=tuple(custom),
        sprints=sprints,
        company_points=company,
        team_points=team,
        epic_links=links,
        epic_names=names,
        estimate=override,
        missing=tuple(missing),
        definitions=tuple((ident, types.get(ident, "")) for ident in sorted(ids)),
    )


def is_points(field: Mapping[str, Any]) -> bool:
    """By name, in English: used for number fields only, where the schema does not tell."""
    names = (field.get("name"), field.get("untranslatedName"))
    return any(isinstance(name, str) and name.strip().casefold() in POINT_NAMES for name in names)


def _resolve(theirs: str, known: Mapping[str, Mapping[str, Any]], missing: list[str]) -> str | None:
    if theirs in known:
        return theirs
    same = sorted(ident for ident, field in known.items() if theirs in (field.get("name"), field.get("untranslatedName")))
    if len(same) == 1:
        return same[0]
    if same:
        missing.append(f"{len(same)} Jira fields are named {theirs!r}: set one of the ids {', '.join(same)}")
        return None
    names = {str(field.get("name")) for field in known.values()} | set(known)
    near = difflib.get_close_matches(theirs, sorted(names), n=3, cutoff=0.6)
    missing.append(f"Jira has no field {theirs!r}" + (f"; near: {', '.join(near)}" if near else ""))
    return None
