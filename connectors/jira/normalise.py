"""One issue's JSON to a ``WorkItem``: the hot loop, written out by hand, about 7 us an issue.

Words and numbers stay Jira's own. Instants become UTC, because Jira writes them in the reader's profile zone: a changed
profile must not look like a change of every issue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson

from connectors._shared.draft import draft
from connectors.base import Rejected, WorkItem
from connectors.jira.fields import Plan
from connectors.jira.sprint_text import parse

RAW_LIMIT = 4000
"""Characters of a rejected issue that are kept."""
_NOTHING: Mapping[str, Any] = {}


class Unreadable(ValueError):
    """A part of an issue that has another type or form than the API describes."""


def instant(value: Any, what: str) -> datetime | None:
    """``2020-06-17T13:04:03.848+0800`` (recorded on a Cloud site: no colon) as UTC; None stays None."""
    if value is None:
        return None
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Unreadable(f"{what} is not an instant") from None
    if when.tzinfo is UTC:
        return when
    if when.tzinfo is None:
        raise Unreadable(f"{what} has no offset")
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise Unreadable(f"{what} is out of range") from None


def literal(value: Any) -> str | None:
    """A number as text, in the vendor's form: 2.0 stays "2.0" and the recorded string "-1" stays "-1"."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return repr(value)
    return _json(value)[:200]


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # an integer beyond 64 bits, or nested deeper than orjson writes
        return json.dumps(value, ensure_ascii=False)


def flat(value: Any) -> Any:
    """A configured field: options to their value, users to their account id, other objects to their name, lists alike."""
    if isinstance(value, list):
        return [flat(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if "accountId" in value:
        return value["accountId"]
    if "displayName" in value and isinstance(value.get("key"), str):
        return value["key"]  # a user of Data Center, whose name may change
    if value.get("type") == "doc" and isinstance(value.get("content"), list):
        return document_text(value).strip()
    if "value" in value:
        child = value.get("child")
        return [flat(value["value"]), flat(child)] if isinstance(child, dict) else flat(value["value"])
    if isinstance(value.get("name"), str):
        return value["name"]
    return value


def document_text(node: Any, depth: int = 0) -> str:
    """The text of an Atlassian document; an unknown node counts as what it contains."""
    if not isinstance(node, dict) or depth > 50:
        return ""
    kind = node.get("type")
    if kind == "text":
        return str(node.get("text", ""))
    if kind == "hardBreak":
        return "\n"
    attributes = node.get("attrs")
    own = str(attributes.get("text", "")) if isinstance(attributes, dict) else ""
    inner = "".join(document_text(child, depth + 1) for child in node.get("content") or ())
    return own + inner + ("\n" if kind in ("paragraph", "heading", "codeBlock", "listItem", "tableRow") else "")


def _names(value: Any, what: str) -> tuple[str, ...]:
    try:
        found = [entry["name"] for entry in value]
    except (TypeError, KeyError):
        raise Unreadable(f"{what} are not a list of named objects") from None
    _texts(found, what)
    return tuple(found)


def _labels(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        for label in value:
            if not isinstance(label, str):
                break
        else:
            return tuple(value)
    raise Unreadable("labels are not a list of texts")


def _links(value: Any) -> tuple[tuple[str, str], ...]:
    """(the phrase in the direction from this issue, id of the other): ("blocks", "10002"), ("is blocked by", "10003")."""
    found = []
    try:
        for link in value:
            for phrase, end in (("outward", "outwardIssue"), ("inward", "inwardIssue")):
                if end in link:
                    found.append((_text(link["type"][phrase], "a link's type"), _text(link[end]["id"], "a link's other end")))
    except (TypeError, KeyError):
        raise Unreadable("issuelinks are unreadable") from None
    return tuple(found)


def _sprints(values: list[Any]) -> tuple[str, ...]:
    """Ids of all sprints, past ones included. Old answers hold Java's text form of a sprint (agile description)."""
    found: dict[str, None] = {}
    for value in values:
        for sprint in value if isinstance(value, list) else [value]:
            if isinstance(sprint, dict) and isinstance(sprint.get("id"), (int, str)):
                found[str(sprint["id"])] = None
            elif isinstance(sprint, str) and (read := parse(sprint)):
                found[read.id] = None
            else:
                raise Unreadable("a sprint has no id")
    return tuple(found)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise Unreadable(f"{what} is not a text")
    return value


def _texts(values: Iterable[Any], what: str) -> None:
    for value in values:
        if not isinstance(value, str):
            raise Unreadable(f"{what} is not a text")


def _optional(value: Any, what: str) -> str | None:
    return None if value is None else _text(value, what)


def _reference(value: Any, what: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):
        for key in ("id", "key"):
            if isinstance(found := value.get(key), str):
                return found
    raise Unreadable(f"{what} has neither id nor key")


def rejected(raw: Any, reason: str) -> Rejected:
    """The row for quarantine, its raw form bounded."""
    ident = raw.get("id") if isinstance(raw, dict) else None
    return Rejected(ident if isinstance(ident, str) else None, reason, _json(raw)[:RAW_LIMIT])


def is_id(value: Any) -> bool:
    """Jira's ids are decimal digits, as text."""
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20


def make_normaliser(
    plan: Plan, site: str, adapt: Callable[[Any], Mapping[str, Any]] | None = None
) -> Callable[[Any], WorkItem | Rejected]:
    """The function for one source; it never raises for what an answer holds.

    ``adapt`` turns an issue's fields into the form that Cloud gives them, without touching what it is given.
    """
    browse = site.rstrip("/") + "/browse/"
    custom, sprint_ids = plan.custom, plan.sprints
    company_first = (plan.estimate,) if plan.estimate else plan.company_points + plan.team_points
    team_first = (plan.estimate,) if plan.estimate else plan.team_points + plan.company_points

    def normalise(raw: Any) -> WorkItem | Rejected:
        try:
            return item(raw, raw["fields"] if adapt is None else adapt(raw["fields"]))
        except Unreadable as error:
            return rejected(raw, str(error))
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
            return rejected(raw, "the issue is not built as the API describes")

    def item(raw: Mapping[str, Any], fields: Mapping[str, Any]) -> WorkItem:
        get = fields.get
        if not is_id(raw["id"]):
            raise Unreadable("id is unreadable")
        status = get("status")
        if not (isinstance(status, dict) and isinstance(status.get("id"), str) and isinstance(status.get("name"), str)):
            raise Unreadable("status is unreadable")
        category = _optional((status.get("statusCategory") or {}).get("key"), "statusCategory")
        kind = fields["issuetype"]
        level = kind.get("hierarchyLevel")
        if level is None:
            level = -1 if kind.get("subtask") else 0
        elif type(level) is not int:
            raise Unreadable("issuetype has no readable hierarchyLevel")
        project, parent, resolution, assignee = get("project"), get("parent"), get("resolution") or _NOTHING, get("assignee")
        done = get("resolutiondate")
        if done is None and category == "done":
            done = get("statuscategorychangedate")
        estimate = None
        for ident in team_first if project and project.get("simplified") else company_first:
            if (value := get(ident)) is not None:
                estimate = literal(value)
                break
        key, title, kind_id, kind_name = raw["key"], get("summary"), kind["id"], kind["name"]
        if not (type(key) is type(title) is type(kind_id) is type(kind_name) is str):
            _texts((key,), "key")
            _texts((title,), "summary")
            _texts((kind_id, kind_name), "issuetype")
        sprints = [value for ident in sprint_ids if (value := get(ident))]
        container = None if project is None else _reference(project, "project")
        # an empty value is the common case and costs no call
        found = draft(
            raw["id"],
            title,
            key,
            browse + key,
            kind_id,
            kind_name,
            level,
            status["id"],
            status["name"],
            category,
            None if (value := resolution.get("id")) is None else _text(value, "resolution"),
            None if (value := resolution.get("name")) is None else _text(value, "resolution"),
            None if parent is None else _reference(parent, "parent"),
            (container,) if container else (),
            _labels(value) if (value := get("labels")) else (),
            _names(value, "components") if (value := get("components")) else (),
            _sprints(sprints) if sprints else (),
            _links(value) if (value := get("issuelinks")) else (),
            _text(assignee["accountId"], "assignee") if assignee else None,
            estimate,
            "points" if estimate is not None else None,
            None,
            None,  # amount and currency: Jira has none
            instant(get("created"), "created"),
            instant(get("updated"), "updated"),
            None if done is None else instant(done, "the date of completion"),
            None if (value := get("duedate")) is None else date.fromisoformat(value),
            None,
            {},  # when work began and which stages it passed: only a history tells
            {name: flat(fields[ident]) for name, ident in custom if ident in fields},
        )
        found.__class__ = WorkItem
        return found  # type: ignore[no-any-return]

    return normalise
