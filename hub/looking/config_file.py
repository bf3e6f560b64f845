"""``config.toml`` as text, with the figures that led to it as comments. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.looking.fields import FieldChoice, FieldFigures
from hub.looking.files import joined
from hub.looking.partitions import WINDOW, PartitionFigures
from hub.looking.text import beside, clean, comment, comments, day, named, several, share
from hub.tomlfile.write import key, value

SHOWN = 200
"""Partitions that are left out and still listed by name."""


@dataclass(frozen=True, slots=True)
class Site:
    """What was answered, and what the source said of itself. ``word`` is what its partitions are called."""

    name: str
    kind: str
    title: str
    url: str
    user: str | None
    variable: str
    timezone: str
    word: str
    estimates: bool = False
    """Whether this kind has the setting `estimate`"""


def config_file(site: Site, today: str, partitions: Sequence[PartitionFigures], choice: FieldChoice, newest: int | None) -> str:
    """The whole file."""
    lines = [
        comment(f"Written by `anchorline init {site.kind}` on {today}, by what the account saw then; to be changed by you."),
        comment("`anchorline check` finds mistakes in it. Secrets never stand here: the token comes from the environment,"),
        comment(f"{site.variable}, or {site.variable}_FILE with the path of a file that holds it."),
        "",
        *beside(
            [
                (f"timezone = {value(site.timezone)}", "where days and cycles begin and end; that of the account"),
                ('mappings = "mappings"', "the folder of the mapping files, seen from this file"),
                ('database = "sqlite:///data/anchorline.db"', ""),
            ]
        ),
        "",
        f"[source.{key(site.name)}]",
        f"kind = {value(site.kind)}",
        f"url = {value(site.url)}",
    ]
    if site.user is not None:
        lines.append(f"user = {value(site.user)}")
    lines += [*_partitions(site, partitions, newest), *_estimates(site, choice), *_fields(site, choice)]
    return joined(lines)


def _partitions(site: Site, found: Sequence[PartitionFigures], newest: int | None) -> list[str]:
    alive = [p for p in found if p.living]
    since = f"in the {WINDOW} days before {day(newest)}, the newest change of all"
    lines = ["", comment(f"Those in which something was created or changed {since}.")] if newest is not None else [""]
    lines += [f"{site.word} = ["]
    lines += beside((f"  {value(p.key)},", f"{clean(p.title)}: {_lately(p)}") for p in alive)
    lines += ["]"]
    dead = [p for p in found if not p.living and p.state == "live"]
    if dead:
        lines.append(comment("Not read, since nothing changed there; to read one, move its line up:"))
        lines += beside((f"#  {value(clean(p.key))},", f"{clean(p.title)}: {_when(p)}") for p in dead[:SHOWN])
        if len(dead) > SHOWN:
            lines.append(comment(f"and {len(dead) - SHOWN:,} more: {named((p.key for p in dead[SHOWN:]), 500)}"))
    gone = [p for p in found if p.state != "live"]
    if gone:
        lines.append(comment(f"Archived or trashed: {named((p.key for p in gone), 50)}"))
    return lines


def _lately(each: PartitionFigures) -> str:
    if each.items is None:
        return "not counted"
    if each.recent is None:
        return several(each.items, "item")
    return f"{several(each.items, 'item')}, {each.recent:,} changed lately"


def _when(each: PartitionFigures) -> str:
    if not each.items:
        return "empty" if each.items == 0 else "not asked for"
    return f"{several(each.items, 'item')}, the newest of {day(each.newest)}"


def _estimates(site: Site, choice: FieldChoice) -> list[str]:
    own = choice.estimate if site.estimates else None
    lines = ["", *(comments(_estimated(site, choice, own)) if choice.stories else ()), 'effort = "count"']
    if own is not None:
        lines += beside([(f"estimate = {value(own.id)}", f'"{clean(own.name)}": {_filled(own)}, more than the usual field')])
    if len(choice.points) > 1 or choice.estimate is not None:
        lines.append(comment(f"Fields that may hold estimates, by all {several(choice.sampled, 'newest item')}:"))
        lines += [comment(f"  {each.id}  {clean(each.name)}: {_filled(each)}") for each in choice.points]
    return lines


def _estimated(site: Site, choice: FieldChoice, own: FieldFigures | None) -> str:
    """How many have an estimate, of what, and by which field."""
    filled = choice.estimated if own is None else choice.better
    by = f'the field "{clean(own.name)}"' if own is not None else f"the fields that {site.title} usually has for it"
    of = f"{several(choice.stories, 'story or task', 'stories and tasks')} among the {several(choice.sampled, 'newest item')}"
    return f'{share(filled, choice.stories)} of {of} have an estimate, by {by}; effort = "estimate" would weigh work by it.'


def _fields(site: Site, choice: FieldChoice) -> list[str]:
    of = next((each.of for each in (*choice.fields.values(), *(f for _, f, _ in choice.others))), 0)
    lines = [""]
    if choice.fields:
        lines += [
            comment(f"our name = field of {site.title}; rules then read field.NAME. By the {several(of, 'newest item')}:"),
            f"[source.{key(site.name)}.fields]",
            *beside((f"{name} = {value(each.id)}", _field_note(each)) for name, each in choice.fields.items()),
        ]
    if choice.others:
        lines.append(comment("Looked at and not read:"))
        notes = ((f"# {name} = {value(each.id)}", f'"{clean(each.name)}": {why}') for name, each, why in choice.others)
        lines += beside(notes)
    if not choice.fields and not choice.others:
        lines.append(comment("No field sounds like a team or like goals."))
    return lines


def _field_note(each: FieldFigures) -> str:
    values = named((f"{text} ({number})" for text, number in each.top), 3)
    return f'"{clean(each.name)}": {_filled(each)}, {several(each.distinct, "value")}: {values}'


def _filled(each: FieldFigures) -> str:
    return f"filled in on {share(each.filled, each.of)}"
