"""All items of a hub in one file, reduced to what rules read: so that a CI can check and test without the database.

One JSON object a line: first the lists and facts, then an item each; gzip where the name ends in ``.gz``.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import orjson

from hub.errors import UsageError
from hub.model import Container, Dimensions, Item, Mapping, SourceFacts, Sprint, Status, fold
from hub.ruletests.values import fields_read

VERSION = 1
_BY_FIELD = {
    "title": ("title",), "label": ("labels",), "component": ("components",), "assignee": ("assignee",), "amount": ("amount",),
    "due": ("due",), "attachment": ("addresses",),
}  # fmt: skip
"""Of an item what is left out unless rules read it; what states, parents, dates and effort need stays."""
_DEFAULTS = Item._field_defaults


@dataclass(frozen=True, slots=True)
class Extract:
    """What a file holds: items with their parents, the vendors' lists, and the instant of the evaluation it was taken at."""

    items: tuple[Item, ...]
    dimensions: Dimensions
    as_of: int


def write_extract(path: Path, mapping: Mapping, items: Iterable[Item], dimensions: Dimensions, as_of: int) -> int:
    """Write the file; how many items it holds. Raises ``UsageError`` when it cannot be written."""
    read = fields_read(mapping)
    count = 0
    try:
        with _opened(path, "wb") as file:
            file.write(orjson.dumps(_head(dimensions, as_of)) + b"\n")
            for item in items:
                file.write(orjson.dumps(_reduced(item, read, bool(mapping.patterns))) + b"\n")
                count += 1
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", hint="Choose another file with --out.") from None
    return count


def read_extract(path: Path) -> Extract:
    """What a file holds. Raises ``UsageError`` with the line that is no extract's."""
    try:
        with _opened(path, "rb") as file:
            lines = _lines(path, file)
            head = next(lines, (0, {}))[1]
            if head.get("anchorline") != "extract" or head.get("version") != VERSION:
                raise UsageError(f"{path} is no extract of this version.", hint="Make one with `anchorline extract`.")
            try:
                dimensions, as_of = _dimensions(head), int(head["as_of"])
            except (KeyError, ValueError, TypeError):
                raise _damaged(path, 1, "the line with the lists is not whole") from None
            items = tuple(_item(path, number, row) for number, row in lines)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is cut short or no gzip file"
        raise UsageError(f"{path} cannot be read: {reason}.", hint="Make it again with `anchorline extract`.") from None
    return Extract(items, dimensions, as_of)


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[IO[bytes]]:
    with path.open(mode) as raw:
        if path.suffix != ".gz":
            yield cast(IO[bytes], raw)
            return
        with gzip.GzipFile(fileobj=raw, mode=mode, mtime=0) as packed:  # the same items give the same bytes
            yield cast(IO[bytes], packed)


def _lines(path: Path, file: IO[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(file, 1):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            row = None
        if not isinstance(row, dict):
            raise _damaged(path, number, "the line is no JSON object")
        yield number, row


# ---- items --------------------------------------------------------------------------------------------------------------


def _reduced(item: Item, read: frozenset[str] | None, patterns: bool) -> dict[str, Any]:
    row = {name: given for name, given in item._asdict().items() if name not in _DEFAULTS or given != _DEFAULTS[name]}
    if not patterns:
        row.pop("url", None)
        row.pop("former_urls", None)
    if read is not None:
        for field, names in _BY_FIELD.items():
            if field not in read:
                for name in names:
                    row.pop(name, None)
        kept = {n: v for n, v in item.fields.items() if f"field.{fold(n)}" in read}
        row.pop("fields", None)
        if kept:
            row["fields"] = kept
    return row


def _item(path: Path, number: int, row: dict[str, Any]) -> Item:
    known: dict[str, Any] = {n: tuple(v) if isinstance(v, list) and n in Item._fields else v for n, v in row.items()}
    try:
        item = Item(**known)
    except TypeError:
        raise _damaged(path, number, "the line is no item of this version") from None
    if any(not isinstance(given, _TYPES[name]) for name, given in known.items()):
        raise _damaged(path, number, "the line is no item of this version")
    return item


def _damaged(path: Path, number: int, text: str) -> UsageError:
    return UsageError(f"{path}:{number}: {text}.", hint="Make the file again with `anchorline extract`.")


def _types(name: str) -> tuple[type, ...]:
    """What JSON may hold for a field of an item."""
    if name == "fields":
        return (dict,)
    if isinstance(_DEFAULTS.get(name), tuple):
        return (tuple,)
    if name in ("no", "level", "parent", "duplicate_of") or name.endswith("_at"):
        return (int,) if name in ("no", "level") else (int, type(None))
    return (str,) if name in ("source", "id", "title", "presence", "parent_by") else (str, type(None))


_TYPES = {name: _types(name) for name in Item._fields}


# ---- lists --------------------------------------------------------------------------------------------------------------


def _head(d: Dimensions, as_of: int) -> dict[str, Any]:
    return {
        "anchorline": "extract",
        "version": VERSION,
        "as_of": as_of,
        "statuses": [[*at, *row] for at, row in d.statuses.items()],
        "containers": [[*at, *row] for at, row in d.containers.items()],
        "sprints": [[*at, *row] for at, row in d.sprints.items()],
        "types": [[*at, name] for at, name in d.types.items()],
        "sources": [[f.name, f.kind, sorted(f.item_fields), f.effort] for f in d.sources.values()],
    }


def _dimensions(head: dict[str, Any]) -> Dimensions:
    return Dimensions(
        statuses={(s, i): Status(*row) for s, i, *row in head["statuses"]},
        containers={(s, i): Container(*row) for s, i, *row in head["containers"]},
        sprints={(s, i): Sprint(*row) for s, i, *row in head["sprints"]},
        types={(s, i): name for s, i, name in head["types"]},
        sources={name: SourceFacts(name, kind, frozenset(fields), effort) for name, kind, fields, effort in head["sources"]},
    )
