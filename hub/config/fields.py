"""Conditions of the mapping against the sources that are configured: names that no source knows."""

from __future__ import annotations

from collections.abc import Iterator

from hub.config.measures import check_metrics, other_fields, step_lines
from hub.config.values import Config
from hub.errors import Problem
from hub.model import Condition, Mapping, Place, fold
from hub.tomlfile import did_you_mean, nearest


def check_fields(mapping: Mapping, config: Config) -> list[Problem]:
    """A warning for each line of a rule, step, metric, pattern, status map or ownership that names a field, source or project
    which the config does not have."""
    if not config.sources:
        return []
    found: list[Problem] = []
    answers = frozenset().union(*(s.facts.item_fields for s in config.sources.values()))
    lines = [(word, c) for r in mapping.rules for word, of in (("when", r.when), ("unless", r.unless)) for c in of]
    for word, condition in (*lines, *step_lines(mapping)):
        for field in (condition.field, *other_fields(condition)):
            if field not in answers:
                found.append(_no_field(condition.place, f"{word}.{field}", field, answers))
        found += _names(condition, config)
    found += check_metrics(mapping, config)
    found += _patterns(mapping, config, answers)
    found += _status_maps(mapping, config)
    for team in mapping.teams.values():
        for name in team.owns_field:
            if f"field.{name}" not in answers:
                found.append(_no_field(team.place, f"owns.field.{name}", f"field.{name}", answers))
    return sorted(dict.fromkeys(found))


def _patterns(mapping: Mapping, config: Config, answers: frozenset[str]) -> Iterator[Problem]:
    known = {fold(s): s for s in config.sources}
    for pattern in mapping.patterns:
        if pattern.source is not None and fold(pattern.source) not in known:
            text = f'There is no source "{pattern.source}" in the configuration.'
            yield _warning(pattern.place, text, did_you_mean(pattern.source, known.values()))
        for field in pattern.fields:
            if field.startswith("field.") and field not in answers:
                yield _no_field(pattern.place, field, field, answers)


def _status_maps(mapping: Mapping, config: Config) -> Iterator[Problem]:
    """A status map stands under a source's name, or under a kind for all of its sources."""
    known = {fold(word): word for s in config.sources.values() for word in (s.name, s.kind)}
    for name, words in mapping.statuses.items():
        if name not in known and words:
            text = f'No source of the configuration has the name or kind "{name}", so [status.{name}] means nothing.'
            yield _warning(words[0].place, text, did_you_mean(name, known.values(), otherwise="Correct the name, or remove it."))


def _no_field(place: Place, shown: str, field: str, answers: frozenset[str]) -> Problem:
    if not field.startswith("field."):
        return _warning(place, f"`{shown}` reads what no configured source has.", "The line never holds; use another field.")
    name = field[6:]
    near = nearest(name, [a[6:] for a in answers if a.startswith("field.")])
    example = f'Name it in config.toml: fields = {{ {name} = "THE SOURCE\'S FIELD" }}.'
    return _warning(place, f"`{shown}` reads a field that no source names.", f'Did you mean "{near}"?' if near else example)


def _names(condition: Condition, config: Config) -> Iterator[Problem]:
    exact = [t for t in condition.tests if t.how == "equal"]
    if condition.field == "source":
        known = {fold(s): s for s in config.sources}
        for test in exact:
            if test.folded not in known:
                yield _warning(
                    condition.place,
                    f'There is no source "{test.written}" in the configuration.',
                    did_you_mean(test.written, known.values()),
                )
    elif condition.field == "project" and all(s.partitions for s in config.sources.values()):
        read = {fold(p): p for s in config.sources.values() for p in s.partitions}
        qualified = {fold(f"{s.name}:{p}") for s in config.sources.values() for p in s.partitions}
        for test in exact:
            if test.folded not in read and test.folded not in qualified and _looks_like_key(test.written):
                text = f'No configured source reads a project "{test.written}".'
                yield _warning(
                    condition.place,
                    text,
                    did_you_mean(test.written, read.values(), otherwise="Add it to the source's list, or remove the line."),
                )


def _looks_like_key(written: str) -> bool:
    """Only keys are listed in the config; a condition may also give a project's name or id, which says nothing here."""
    return " " not in written and not written.isdigit() and written.isupper()


def _warning(place: Place, text: str, remedy: str) -> Problem:
    return Problem.at(place, text, remedy, warning=True)
