"""``reconcile``: our number beside somebody else's, and a file of the keys that they count."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from hub.cli import access, output
from hub.errors import UsageError
from hub.model.words import fold

if TYPE_CHECKING:
    from hub.cli.options import Number
    from hub.report import Report

DIFFERENT = 1
LARGEST = 20 * 2**20
_HEADS = ("key", "issue key", "issuekey", "id", "issue id")
"""What the column of keys is called in exports"""
_NUMBER = re.compile(r"[0-9]")


def reconcile(
    path: Path,
    text: str,
    expect: Number | None,
    cycle: str | None,
    ids: Path | None,
    column: str | None,
    side: Literal["done", "all"],
    json: bool,
) -> None:
    """Compare a key result with a number, a list of keys, or both. Leaves with 1 when they differ."""
    from hub.cli.reading import opened
    from hub.cli.render.reconcile import reconciled
    from hub.report.reconciled import Theirs

    if expect is None and ids is None:
        raise UsageError("There is nothing to compare with.", hint="Give their number, --expect 212, or their keys, --ids FILE.")
    if column is not None and ids is None:
        raise UsageError("--column names a column of the file of --ids.", hint="Add --ids FILE, or leave --column out.")
    with opened(path) as (_, report, _files):
        if report.mapping_hash() is None:
            raise access.not_yet()
        value, places = expect or (None, 0)
        theirs = Theirs(value, None if ids is None else keys(ids, column, report.is_item), places)
        found = report.reconcile(text, theirs, cycle, side)
        known = "" if found is not None else _other(report, text, cycle)
    if found is None:
        raise UsageError(f'There is no key result "{text}".', hint=known)
    if json:
        output.data(found)
    else:
        output.show(reconciled(found, output.out().width))
    if not found.equal:
        raise typer.Exit(DIFFERENT)


def _other(report: Report, text: str, cycle: str | None) -> str:
    from hub.tomlfile import nearest

    if report.explain_node(text, cycle) or report.explain_metric(text, cycle):
        return "Only key results can be reconciled: name one by its id."
    near = nearest(text, report.ids())
    return f'Did you mean "{near}"?' if near else "Name a key result by its id or name."


def keys(path: Path, column: str | None, is_item: Callable[[str], bool] = lambda _: False) -> tuple[str, ...]:
    """The keys or ids of a file: one a line, or those of a column of a CSV. ``is_item`` tells whether an item is called so, by
    which a head is known that nobody foresaw. Raises ``UsageError``."""
    from hub.importing.csvsheet import read_csv

    rows = [row for row in read_csv(path.name, path.stem, _bytes(path)).rows if any(cell.strip() for cell in row)]
    if not rows:
        raise UsageError(f"{path} is empty.", hint="Write one key or id a line, or export a CSV with a column of keys.")
    head = [cell.strip() for cell in rows[0]]
    at = _column(path, head, column, max(len([c for c in row if c.strip()]) for row in rows))
    if at is None:
        found = [next(c.strip() for c in row if c.strip()) for row in rows]
        return tuple(found[1:] if _is_head(found[0], found[1:], is_item) else found)
    return tuple(row[at].strip() for row in rows[1:] if at < len(row) and row[at].strip())


def _is_head(first: str, others: Sequence[str], is_item: Callable[[str], bool]) -> bool:
    """Whether the first of several lines is the head of the others: it is called like no item, and they are."""
    if not others or _NUMBER.search(first) or is_item(first):
        return False
    numbered = all(map(_NUMBER.search, others))  # then one that is known is enough: others may not have been read
    return any(map(is_item, others)) if numbered else all(map(is_item, others))


def _column(path: Path, head: list[str], column: str | None, width: int) -> int | None:
    """The position of the column of keys, below its head; None where each line is a key."""
    folded = [fold(cell) for cell in head]
    if column is not None:
        if fold(column.strip()) not in folded:
            shown = ", ".join(f'"{cell}"' for cell in head if cell)
            raise UsageError(f'{path} has no column "{column}".', hint=f"Its first line has {shown}.")
        return folded.index(fold(column.strip()))
    known = [n for n, cell in enumerate(folded) if cell in _HEADS]
    if known and (width > 1 or len(head) == 1):
        return known[0]
    if width > 1:
        shown = ", ".join(f'"{cell}"' for cell in head if cell)
        raise UsageError(f"{path} has several columns.", hint=f"Say which one holds the keys, with --column: {shown}.")
    return None


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", hint="Name the file in it.")
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than {LARGEST >> 20} MB.", hint="A list of keys is enough: one a line.")
        found = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.", hint="Check the name; quotes are needed around one with blanks.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", hint="Check its rights.") from None
    if found.startswith(b"PK"):
        raise UsageError(f"{path} is a workbook, not a text.", hint="Save the sheet as CSV.")
    return found
