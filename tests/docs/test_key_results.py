"""The worked examples of ``docs/key-results/``: what each page claims is what is calculated.

A page holds one mapping (``toml``), rows (``csv items=SOURCE`` or ``csv values=SOURCE``), and what comes of them on certain days
(``text at=DAY``), a line each: ``ID: progress ...``, ``ID: from ... to ..., now ..., progress ...``, or ``ID: STATUS: REASON``.
"""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hub.assess import Known, assess
from hub.mappings import parse
from hub.model import Dimensions, Item, Mapping, NodeResult, SourceFacts, Value, fold
from hub.scale import Late, verdicts
from hub.scale.verdict import plain, unclamped
from tests.docs.page import DOCS, code, dead_links

PAGES = sorted((DOCS / "key-results").glob("*.md"))
KINDS = {"increase", "decrease", "stay_above", "stay_below", "stay_within", "milestone", "completion", "parts"}
FIELDS = frozenset({"source", "key", "title", "state", "type", "label", "estimate", "amount", "created", "done", "closed", "due"})
_RESOLVED = {"dropped": "Won't Do"}


def test_every_kind_has_a_page_with_an_example() -> None:
    told = {page.stem.replace("-", "_") for page in PAGES if any(c.title.startswith("at=") for c in code(page.read_text()))}
    assert told == KINDS


@pytest.mark.parametrize("page", [*PAGES, DOCS / "metrics.md", DOCS / "status.md"], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    assert dead_links(page) == []


@pytest.mark.parametrize("page", [p for p in PAGES if p.stem != "README"], ids=lambda page: page.stem)
def test_the_worked_example(page: Path) -> None:
    blocks = code(page.read_text("utf-8"))
    mapping = _mapping(next(block.text for block in blocks if block.language == "toml"))
    items, values = _rows(blocks)
    for block in blocks:
        if block.title.startswith("at="):
            day = date.fromisoformat(block.title.removeprefix("at="))
            said = _told(mapping, items, values, day)
            for line in block.text.strip().splitlines():
                assert line in said, f"on {day}"


def _mapping(text: str) -> Mapping:
    found, problems = parse({"strategy.toml": text}, "UTC")
    assert found is not None, [str(problem) for problem in problems]
    return found


def _rows(blocks: list[Any]) -> tuple[list[Item], list[Value]]:
    items: list[Item] = []
    values: list[Value] = []
    for block in blocks:
        what, _, source = block.title.partition("=")
        if block.language != "csv":
            continue
        for row in csv.DictReader(block.text.splitlines()):
            if what == "items":
                items.append(_item(len(items) + 1, source, row))
            else:
                on = date.fromisoformat(row["date"])
                values.append(Value(source, "sheet", row["series"], on, row["value"], row.get("unit")))
    return items, values


def _item(no: int, source: str, row: dict[str, str]) -> Item:
    category = {"todo": "new", "doing": "indeterminate"}.get(row["state"], "done")
    return Item(
        no, source, row["key"], key=row["key"], type=row.get("type"), category=category, resolution=_RESOLVED.get(row["state"]),
        created_at=_at(row["created"]), done_at=_at(row["closed"]), amount=row.get("amount"), currency=row.get("currency"),
        estimate=row.get("estimate") or None, labels=tuple(filter(None, [row.get("labels")])),
        fields={name[6:]: text for name, text in row.items() if name.startswith("field.")},
    )  # fmt: skip


def _at(text: str) -> int | None:
    return int(datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC).timestamp() * 1000) if text else None


def _told(mapping: Mapping, items: list[Item], values: list[Value], day: date) -> set[str]:
    """All that can be said of the key results at noon of a day, read just before."""
    as_of = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)
    sources = {i.source for i in items} | {v.source for v in values}
    facts = {s: SourceFacts(s, "sheet", FIELDS | {f"field.{fold(n)}" for i in items for n in i.fields}) for s in sources}
    known = [v for v in values if v.on <= day]
    read = [i for i in items if i.created_at is not None and i.created_at <= as_of]
    read = [i if i.done_at is None or i.done_at <= as_of else i._replace(done_at=None, category="indeterminate") for i in read]
    found = assess(mapping, read, Dimensions(sources=facts), as_of, Known(known, sources))
    statuses = verdicts(mapping, found.nodes, Late(as_of, dict.fromkeys(sources, as_of)))
    told = set()
    for node in found.nodes:
        if node.kind == "key_result":
            id_ = mapping.key_results[node.cycle, node.id].id
            told |= {
                f"{id_}: {_numbers(node)}",
                f"{id_}: {_progress(node)}",
                f"{id_}: {statuses[node.cycle, node.kind, node.id]}",
            }
    return told


def _progress(node: NodeResult) -> str:
    progress = unclamped(node)
    return "unmeasured" if progress is None else f"progress {plain(progress * 100)} %"


def _numbers(node: NodeResult) -> str:
    said = node.details
    if not {"start", "target", "current"} <= set(said):
        return ""
    unit = f" {said['unit']}" if said.get("unit") else ""
    start, target, now = (plain(Fraction(said[name])) for name in ("start", "target", "current"))
    return re.sub(r" +", " ", f"from {start} to {target}{unit}, now {now}{unit}, {_progress(node)}")
