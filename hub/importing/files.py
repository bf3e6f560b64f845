"""The files of the import's folder while they are changed: which one a new block goes to, and what each says in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.importing.edit import At, Edits, Keys, block
from hub.importing.known import Block, Known
from hub.importing.text import comment
from hub.importing.values import Change, FilePlan
from hub.model import fold
from hub.tomlfile.write import Value

HEAD = "Imported from "
SCHEMA = "#:schema "
"""The first line of a file, for editors; it stands above the head"""


def _head(origin: str) -> list[str]:
    """The comment at the head of an imported file; its first line is by which it is known again."""
    lines = [
        f"{HEAD}{origin}, by `anchorline import`: the sheet is where these objectives and key results are kept.",
        "Importing again shows first what the sheet says differently, and changes that only; ids stay. Whatever the sheet has no",
        "column for stays as you write it here: other keys, comments, further blocks.",
    ]
    return [comment(line) for line in lines]


def _names(stem: str, cycle: str) -> Iterator[str]:
    yield f"{stem}.toml"
    yield f"{stem}-{cycle}.toml"
    number = 2
    while True:
        yield f"{stem}-{cycle}-{number}.toml"
        number += 1


class Files:
    """The files of the folder as they are changed."""

    def __init__(self, known: Known, origin: str) -> None:
        self._known, self._origin = known, origin
        self._edits: dict[str, Edits] = {}
        self._new: dict[str, list[str]] = {}
        self._changes: dict[str, list[Change]] = {}

    def edits(self, file: str) -> Edits:
        if file not in self._edits:
            self._edits[file] = Edits(self._known.documents[file], self._known.files[file])
        return self._edits[file]

    def told(self, file: str, change: Change) -> None:
        self._changes.setdefault(file, []).append(change)

    def is_ours(self, file: str) -> bool:
        """Whether a file says that it was imported from the same sheet."""
        first = (line for line in self._known.files.get(file, "").splitlines() if line.strip() and not line.startswith(SCHEMA))
        return next(first, "").startswith(comment(f"{HEAD}{self._origin},"))

    def for_new(self, stem: str, cycle: str) -> str:
        """The file for new blocks of a team: its own, unless that was imported from another sheet or written by hand."""
        number = 1
        for name in _names(stem, cycle):
            taken = {fold(file) for file in self._known.files}
            if fold(name) not in taken or (name in self._known.documents and self.is_ours(name)):
                return name
            number += 1
        raise AssertionError("names never end")

    def add(
        self, file: str, kind: str, values: Mapping[Keys, Value], notes: list[str], behind: Block | None, change: Change
    ) -> None:
        text = block(kind, values, notes)
        if file in self._known.documents:
            at: At | None = (behind.kind, behind.number) if behind is not None and behind.file == file else None
            self.edits(file).add(kind, text, self._last_of(behind) if at else None)
        else:
            self._new.setdefault(file, []).append(text)
        self.told(file, change)

    def _last_of(self, objective: Block | None) -> At | None:
        """The last block of an objective in its file, itself included."""
        if objective is None:
            return None
        own = [b for b in self._known.key_results() if b.file == objective.file and b.objective == fold(objective.id)]
        last = max((objective, *own), key=lambda each: each.line)
        return last.kind, last.number

    def result(self) -> Iterator[FilePlan]:
        for file in sorted({*self._changes, *self._new}):
            changes = tuple(self._changes.get(file, ()))
            if file in self._new:
                head = "\n".join(_head(self._origin))
                yield FilePlan(file, None, f"{head}\n\n" + "\n".join(self._new[file]), changes)
                continue
            edits, before = self.edits(file), self._known.files[file]
            if edits.touched:
                edits.head(f"# {HEAD}", _head(self._origin)[0])
            yield FilePlan(file, before, edits.result() if edits.touched else before, changes)
