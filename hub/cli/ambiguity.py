"""Projects that several sources have under one name, so that a line of the mapping files means all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from hub.model import Mapping as Strategy
from hub.model import Place, Test, fold
from hub.rules import holds

Roster = tuple[tuple[str, str | None, str], ...]
"""(id, key, title) of what a source has."""
SHOWN = 3


class _Line(NamedTuple):
    """A line that names a project, by name or pattern; ``sources`` are those that it is limited to, empty for all."""

    place: Place
    test: Test
    sources: tuple[Test, ...]

    def reaches(self, source: str) -> bool:
        return not self.sources or any(holds(test, fold(source)) for test in self.sources)


def ambiguous(strategy: Strategy | None, rosters: Mapping[str, Roster]) -> list[str]:
    """A sentence, and what to write, for each key of two sources and each pattern that fits projects of several."""
    lines = list(_lines(strategy)) if strategy else []
    return [*_shared_keys(lines, rosters), *_patterns(lines, rosters)]


def _lines(strategy: Strategy) -> Iterator[_Line]:
    for rule in strategy.rules:
        only = tuple(test for condition in rule.when if condition.field == "source" for test in condition.tests)
        for condition in rule.when:
            if condition.field == "project":
                yield from (_Line(condition.place, test, only) for test in condition.tests)
    for team in strategy.teams.values():
        for written in team.owns_project:
            pattern = "*" in written or "?" in written
            yield _Line(team.place, Test("glob" if pattern else "equal", fold(written), written), ())


def _shared_keys(lines: list[_Line], rosters: Mapping[str, Roster]) -> Iterator[str]:
    by_key: dict[str, dict[str, str]] = {}
    for source, roster in rosters.items():
        for _, key, _ in roster:
            if key:
                by_key.setdefault(fold(key), {})[source] = key
    for folded, sources in by_key.items():
        if len(sources) < 2:
            continue
        first, key = next(iter(sources.items()))
        places = [str(line.place) for line in lines if line.test.folded == folded and sum(map(line.reaches, sources)) > 1]
        told = f"{listed(dict.fromkeys(places))} would take work of all" if places else "a line that names it takes work of all"
        yield f'The project "{key}" is read from {listed(sources)}, and {told} of them. Write "{first}:{key}" to mean one.'


def _patterns(lines: list[_Line], rosters: Mapping[str, Roster]) -> Iterator[str]:
    told: dict[str, None] = {}
    for line in lines:
        if line.test.how != "glob" or not line.test.folded.strip("*?"):
            continue
        fitting = {s: _fitting(line.test, s, roster) for s, roster in rosters.items() if line.reaches(s)}
        fitting = {source: names for source, names in fitting.items() if names}
        if len(fitting) > 1:
            where = listed(f"{source} ({_few(names)})" for source, names in fitting.items())
            one = f"{next(iter(fitting))}:{line.test.written}"
            told[f'"{line.test.written}" in {line.place} fits projects of {where}. Write "{one}" to mean one source.'] = None
    yield from told


def _fitting(test: Test, source: str, roster: Roster) -> list[str]:
    return [
        key or title
        for id_, key, title in roster
        if any(holds(test, fold(form)) for text in (id_, key, title) if text for form in (text, f"{source}:{text}"))
    ]


def _few(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def listed(names: Iterable[str]) -> str:
    """``a, b and c``"""
    given = list(names)
    return f"{', '.join(given[:-1])} and {given[-1]}" if len(given) > 1 else "".join(given)
