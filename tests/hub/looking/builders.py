"""Work of a small company in a few words: ``stock(work(1, labels=["kr:sso"]), work(2, parent=1), ...)``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connectors.base import Dimension, Partition, Seen, WorkItem
from hub.looking import Draft, Given, Stock, draft
from hub.mappings import parse
from hub.model import Container, Dimensions, Item, Mapping, SourceFacts, Status

CATEGORIES = {"todo": "new", "doing": "indeterminate", "done": "done"}
PROJECTS = {"10": Container("IDN", "Identity"), "20": Container("CORE", "Product core"), "30": Container("ITSD", "Service desk")}
STATUSES = {"todo": "To Do", "doing": "In Progress", "done": "Done"}
FIELDS = ("field.team", "field.okr", "field.theme")


def at(day: str) -> int:
    """Noon of a day, in milliseconds."""
    return int(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC).timestamp()) * 1000


NOW = at("2027-02-15")


def work(no: int, *, state: str = "doing", project: str = "10", closed: str = "2027-02-01", **more: Any) -> Item:
    """A story in progress; named fields as ``fields``."""
    for name in ("labels", "components", "sprints"):
        more[name] = tuple(more.get(name, ()))
    more.setdefault("status", STATUSES[state])
    more.setdefault("category", CATEGORIES[state])
    return Item(**{
        "no": no, "source": "jira", "id": str(no), "key": f"IDN-{no}", "title": f"Work {no}", "type": "Story",
        "containers": (project,), "updated_at": at("2027-02-10"), "done_at": at(closed) if state == "done" else None, **more,
    })  # fmt: skip


def tree(first: int, size: int, **more: Any) -> list[Item]:
    """An epic, which ``more`` is about, and its stories."""
    stories = [work(no, parent=first, project=more.get("project", "10")) for no in range(first + 1, first + size)]
    return [work(first, level=1, type="Epic", **more), *stories]


def lists(**statuses: tuple[str, str]) -> Dimensions:
    """The vendor's lists; a status as ``s4=("Parked", "indeterminate")``."""
    kind = frozenset({"source", "project", "type", "level", "status", "label", "component", "title", "key", *FIELDS})
    return Dimensions(
        statuses={("jira", id.removeprefix("s")): Status(*row) for id, row in statuses.items()},
        containers={("jira", id): row for id, row in PROJECTS.items()},
        sources={"jira": SourceFacts("jira", "jira", kind)},
    )


def stock(*items: Item | list[Item], dimensions: Dimensions | None = None, **titles: str) -> Stock:
    """What was read; ``titles`` are the source's names of our fields."""
    flat = [one for each in items for one in (each if isinstance(each, list) else [each])]
    return Stock("jira", flat, dimensions or lists(), titles)


def drafted(given: Stock, kept: dict[str, str] | None = None, as_of: int = NOW, **more: Any) -> Draft:
    """The proposed files; ``kept`` are texts that stand already."""
    mapping = understood(kept) if kept else None
    return draft(given, "jira", "UTC", as_of, Given(kept=kept or {}, mapping=mapping, **more))


def understood(texts: dict[str, str]) -> Mapping:
    mapping, problems = parse(texts, "UTC")
    assert mapping is not None, problems
    return mapping


# ---- what a connector gives -----------------------------------------------------------------------------------------------


def field_row(id: str, name: str, type: str = "option", custom: str = "x:select", **more: Any) -> Dimension:
    return Dimension("field", id, name, None, {"type": type, "custom": custom, **more})


def sampled(no: int, estimate: str | None = None, level: int = 0, **fields: Any) -> WorkItem:
    """An item of the sample; a field by its id."""
    return WorkItem(str(no), f"Work {no}", estimate=estimate, level=level, fields=fields)


def partition(key: str, **more: Any) -> Partition:
    return Partition(key.lower(), f"The {key}", key, **more)


def listing(*days: str) -> list[Seen]:
    """Rows of a census, changed on these days."""
    moments = [datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC) for day in days]
    return [Seen(str(n), moment) for n, moment in enumerate(moments)]
