"""The mapping files: strategy, teams and rules as admins write them, turned into the values of ``hub.model``.

    folder --read_folder--> {name: text} --parse--> Mapping, or every problem of every file

``parse`` is pure, so that the texts stored with an evaluation give the same mapping again years later.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from pathlib import Path

from hub.errors import ConfigError, Problem
from hub.mappings.advice import warn
from hub.mappings.braces import check_braces
from hub.mappings.checks import check_whole
from hub.mappings.controls import check_controls
from hub.mappings.draft import Draft
from hub.mappings.files import collect, digest, is_csv, normalise
from hub.mappings.people import read_fences, read_people
from hub.mappings.queries import is_query, query_texts, read_queries
from hub.mappings.repeated import told_once
from hub.mappings.rules import read_rules
from hub.mappings.strategy import read_strategy
from hub.mappings.today import stands_still
from hub.model import DROPPED_RESOLUTIONS, Mapping
from hub.tomlfile import Document, quoted, read

__all__ = ["load_mappings", "parse", "read_folder", "stands_still"]


def load_mappings(folder: Path, timezone: str) -> tuple[Mapping, tuple[Problem, ...]]:
    """The mapping in a folder and its warnings. Raises ``ConfigError`` with all problems of all files at once."""
    files, unreadable = collect(folder)
    mapping, problems = _parse(files, timezone, unreadable)
    if mapping is None:
        raise ConfigError(problems)
    return mapping, tuple(problems)


def read_folder(folder: Path) -> dict[str, str]:
    """The texts of all ``*.toml`` and ``*.csv`` under a folder, and of its queries, by name with its own in front. Raises
    ``ConfigError``."""
    files, problems = collect(folder)
    problems = [problem for problem in problems if not is_csv(problem.file)]  # it matters to ``parse`` only if it is named
    if problems:
        raise ConfigError(problems)
    return files


def parse(files: MappingABC[str, str], timezone: str) -> tuple[Mapping | None, list[Problem]]:
    """The mapping that the texts say, and their problems in order. The mapping is None when one of them is no mere warning."""
    return _parse(files, timezone, [])


def _parse(files: MappingABC[str, str], timezone: str, unreadable: list[Problem]) -> tuple[Mapping | None, list[Problem]]:
    texts = normalise(files)
    draft = _drafted(texts, unreadable)
    read_fences(draft)
    read_people(draft)
    read_strategy(draft)
    read_rules(draft)
    check_braces(draft)
    check_controls(draft)
    check_whole(draft)
    failed = any(not p.warning for p in draft.problems)
    if not failed:  # what is half read would warn about its own mistakes
        warn(draft)
    problems = quoted(told_once(draft.problems), texts)
    used = {name: text for name, text in texts.items() if name in draft.used or not is_csv(name)}
    return None if failed else _mapping(draft, used, timezone), problems


def _drafted(texts: dict[str, str], unreadable: list[Problem]) -> Draft:
    draft = Draft([])
    for problem in unreadable:
        if is_csv(problem.file):
            draft.unreadable[problem.file] = problem
        else:
            draft.problems.append(problem)
    draft.queries = frozenset(query_texts(texts))
    draft.problems += read_queries(texts)
    for name, text in texts.items():
        if is_query(name):
            continue
        found = None if is_csv(name) else read(name, text)
        if found is None:
            draft.tables[name] = text
        elif isinstance(found, Document):
            draft.docs.append(found)
        else:
            draft.problems.append(found)
    if draft.problems:  # what a broken file declares is unknown, so nothing that names it can be called wrong
        draft.hidden |= {"cycle", "pace", "rates", "pillar", "allowance", "team", "metric", "objective", "key_result"}
    return draft


def _mapping(draft: Draft, texts: dict[str, str], timezone: str) -> Mapping:
    return Mapping(
        hash=digest(texts, timezone),
        files=texts,
        timezone=timezone,
        cycles=draft.cycles,
        pillars=draft.pillars,
        teams=draft.teams,
        allowances=draft.allowances,
        objectives=draft.objectives,
        key_results=draft.key_results,
        rules=tuple(draft.rules),
        dropped_resolutions=DROPPED_RESOLUTIONS | draft.dropped_resolutions,
        statuses=draft.statuses,
        patterns=tuple(draft.patterns),
        people=tuple(draft.people),
        former=draft.former,
        metrics=draft.metrics,
        scale=draft.scale,
        curves=draft.curves,
        rates=draft.rates,
    )
