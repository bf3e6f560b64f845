"""Sheets with good defaults, in memory and as files, and what an import makes of them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from hub.errors import Problem
from hub.importing import Columns, Known, Plan, Sheet, gather, guess, look, plan
from hub.mappings import parse

HEADERS = ("Objective", "Key Result", "Owner", "Team", "Pillar", "Quarter")
BASE = """
[cycle]
2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }
[pillar]
enterprise = { name = "Win the enterprise" }
[allowance]
ktlo = { name = "Keep the lights on" }
[[team]]
id = "growth"
name = "Growth"
[[team]]
id = "sales"
name = "Sales"
[[rule]]
name = "label"
when.label = "kr:{key_result}"
to = "{key_result}"
"""
ROW = ("Grow", "Activate more teams", "Rosa", "Growth", "Win the enterprise", "Q4 2026")


def sheet(*rows: Sequence[str], headers: Sequence[str] = HEADERS, name: str = "OKRs", **more: Any) -> Sheet:
    """A sheet with a row of headers."""
    return Sheet(name, (tuple(headers), *map(tuple, rows)), **more)


def columns(given: Sheet, said: Mapping[str, str] | None = None) -> Columns:
    found = guess(given, said or {})
    assert isinstance(found, Columns), found
    return found


class Folder:
    """A folder of mapping files that sheets are imported into."""

    def __init__(self, path: Path, base: str = BASE) -> None:
        self.path = path / "mappings"
        self.into = self.path / "objectives"
        self.path.mkdir(exist_ok=True)
        (self.path / "strategy.toml").write_text(base, encoding="utf-8")

    def known(self) -> Known:
        return look(self.path, self.into, None)

    def plan(self, given: Sheet, *, origin: str = '"okrs.xlsx", sheet "OKRs"', cycle: str | None = None) -> Plan:
        found = columns(given)
        return plan(given, found, gather(given, found), self.known(), origin, cycle)

    def imported(self, given: Sheet, **options: Any) -> Plan:
        """The plan, written."""
        made = self.plan(given, **options)
        assert errors(made.problems) == [], made.problems
        self.into.mkdir(exist_ok=True)
        for each in made.files:
            (self.into / each.name).write_bytes(each.after.encode())
        return made

    def text(self, name: str) -> str:
        return (self.into / name).read_bytes().decode()

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.text(name)
        assert old in text
        (self.into / name).write_bytes(text.replace(old, new).encode())

    def mistakes(self) -> list[str]:
        """What `check` would call wrong."""
        texts = {f"mappings/{p.relative_to(self.path)}": p.read_bytes().decode() for p in self.path.rglob("*.toml")}
        return [str(problem) for problem in parse(texts, "UTC")[1] if not problem.warning]


def errors(problems: Sequence[Problem]) -> list[str]:
    return [str(problem) for problem in problems if not problem.warning]


def signs(made: Plan) -> list[tuple[str, str]]:
    """(sign, id) of every change but those that are none."""
    return [(change.sign, change.id) for each in made.files for change in each.changes if change.sign != "="]


def changed(made: Plan) -> list[str]:
    return [each.name for each in made.files if each.changed]


# ---- files ----------------------------------------------------------------------------------------------------------------


def xlsx(
    path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], formats: Mapping[tuple[int, int], str | int] | None = None
) -> Path:
    """A workbook; ``formats`` are number formats of cells of all sheets. A text is written as a text, whatever it begins with."""
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        page = book.add_worksheet(name)
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                code = (formats or {}).get((r, c))
                style = book.add_format({"num_format": code}) if code else None
                if isinstance(value, str):
                    page.write_string(r, c, value, style)
                elif isinstance(value, date):
                    page.write_datetime(r, c, value, style or book.add_format({"num_format": "yyyy-mm-dd"}))
                elif isinstance(value, bool):
                    page.write_boolean(r, c, value, style)
                elif value is not None:
                    page.write_number(r, c, value, style)
    book.close()
    return path


def repacked(source: Path, target: Path, changes: Mapping[str, bytes | None]) -> Path:
    """A copy of a workbook in which some parts are others, or missing."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = changes.get(info.filename, old.read(info))
            if data is not None:
                new.writestr(info.filename, data)
    return target
