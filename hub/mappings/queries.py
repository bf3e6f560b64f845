"""The SQL queries beside the mapping files: ``queries/NAME.sql``, whose texts belong to the mapping and are hashed with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from datetime import date

from hub.errors import Problem
from hub.model import Mapping, fold
from hub.tomlfile import Table, did_you_mean

FOLDER = "queries"
_FILE = re.compile(rf"(?:[^/]+/)?{FOLDER}/(?P<name>[^/]+)\.sql", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one source is asked: texts of queries by name, and what they may ask for by name."""

    queries: MappingABC[str, str] = field(default_factory=dict)
    parameters: MappingABC[str, date] = field(default_factory=dict)


def is_query(name: str) -> bool:
    """Whether a file, by its name below the mapping folder or with it in front, is a query."""
    return _FILE.fullmatch(name) is not None


def query_texts(files: MappingABC[str, str]) -> dict[str, str]:
    """The text of each query by its name, which is that of its file without the ending."""
    return {found["name"]: text for file, text in files.items() if (found := _FILE.fullmatch(file))}


def read_queries(files: MappingABC[str, str]) -> list[Problem]:
    """Problems of the files by themselves: names that cannot be written elsewhere, or that differ only in the case of letters."""
    problems = []
    seen: dict[str, str] = {}
    for file in files:
        found = _FILE.fullmatch(file)
        if found is None:
            continue
        name = found["name"]
        if not _NAME.fullmatch(name):
            remedy = "Rename it: letters, digits, - and _, and .sql at the end."
            problems.append(Problem(file, 0, f'"{name}" cannot be the name of a query.', remedy))
        elif fold(name) in seen:
            text = f"The query has the same name as {seen[fold(name)]}; case makes no difference."
            problems.append(Problem(file, 0, text, "Rename one of the two."))
        elif not files[file].strip():
            problems.append(Problem(file, 0, "The query is empty.", "Write a SELECT into it, or remove the file."))
        seen.setdefault(fold(name), file)
    return problems


def check_queries(table: Table, known: Collection[str]) -> None:
    """Note a problem at the ``query`` of a metric's table when it has no file. ``known`` are the names of those that have one."""
    name = table.values.get("query")
    if not isinstance(name, str) or not (name := name.strip()) or fold(name) in map(fold, known):
        return
    remedy = did_you_mean(name, known, otherwise=f"Write it: a SELECT in {FOLDER}/{name}.sql, beside the mapping files.")
    table.problem("query", f"There is no file {FOLDER}/{name}.sql.", remedy)


def asked(mapping: Mapping, source: str, named: Iterable[str], at: int) -> Asked:
    """What a source is asked at an instant (milliseconds): the queries that its configuration names, else those that its metrics
    name; with the first and last day of the cycle in force."""
    texts = query_texts(mapping.files)
    wanted = {fold(name) for name in named} or {
        fold(metric.series) for metric in mapping.metrics.values() if metric.series and fold(metric.source) == fold(source)
    }
    cycle = mapping.cycle_at(at)
    parameters = {} if cycle is None else {"cycle_start": cycle.starts, "cycle_end": cycle.ends}
    return Asked({name: text for name, text in texts.items() if fold(name) in wanted}, parameters)
