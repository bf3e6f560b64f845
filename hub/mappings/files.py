"""The mapping folder on disk, and the hash of what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from hub.errors import Problem
from hub.mappings.queries import is_query

MAX_BYTES = 4 * 2**20
MAX_QUERY = 2**18


_OTHERS = frozenset({"tests", "queries"})
"""Folders at the top of the mapping folder; of what lies in them only the queries belong to the mapping."""


def is_csv(name: str) -> bool:
    """Whether a file is one of rows, for templates."""
    return name.lower().endswith(".csv")


def collect(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    """The texts of all ``*.toml`` and ``*.csv`` under a folder, and of ``queries/*.sql``, by name with the folder's own in front,
    and a problem for each unreadable one. ``tests/`` and all else in ``queries/`` is left out."""
    if not folder.is_dir():
        return {}, [
            Problem(
                str(folder), 0, "This folder of mapping files does not exist.", "Create it, or correct `mappings` in config.toml."
            )
        ]
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        query = len(relative.parts) == 2 and is_query(relative.as_posix())
        if path.suffix != ".toml" and not is_csv(path.name) and not query:
            continue
        if any(part.startswith(".") for part in relative.parts) or not path.is_file():
            continue  # editors' and version control's own files
        if relative.parts[0] in _OTHERS and len(relative.parts) > 1 and not query:
            continue
        name = f"{folder.name}/{relative.as_posix()}"  # as an admin types it, and an editor opens it
        found = _query(path, name, folder) if query else text_of(path, name)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            files[name] = found
    if all(is_csv(name) or is_query(name) for name in files) and all(is_csv(problem.file) for problem in problems):
        problems.append(
            Problem(
                str(folder),
                0,
                "There is no *.toml file in this folder.",
                "`anchorline init` writes an example to start from.",
            )
        )
    return dict(sorted(files.items())), problems


def _query(path: Path, name: str, folder: Path) -> str | Problem:
    """The text of a query: a file inside the folder, also where it is a link, and not larger than people write."""
    if not path.resolve().is_relative_to(folder.resolve()):
        return Problem(name, 0, "The file is a link to outside of the folder.", "Put the query itself here.")
    found = text_of(path, name)
    if isinstance(found, str) and len(found) > MAX_QUERY:
        return Problem(name, 0, "The query is larger than 256 kB.", "Make a view of it at the database, and select from that.")
    return found


def text_of(path: Path, name: str) -> str | Problem:
    """The text of one file, without a byte order mark."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        return Problem(
            name, 0, f"The file cannot be read: {error.strerror}.", "Give the account that runs Anchorline the right to read it."
        )
    if len(raw) > MAX_BYTES:
        remedy = "Remove what no template needs." if is_csv(name) else "Split it: all *.toml in the folder are read as one."
        return Problem(name, 0, "The file is larger than 4 MB.", remedy)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        remedy = "Export the sheet again, as CSV in UTF-8." if is_csv(name) else "Save it as UTF-8 in your editor."
        return Problem(name, line, "The file is not UTF-8.", remedy)


def normalise(files: Mapping[str, str]) -> dict[str, str]:
    """The texts in the form that is hashed and stored: sorted by name, no byte order mark, line ends as ``\\n``."""
    found = {name: files[name].removeprefix("\ufeff").replace("\r\n", "\n") for name in sorted(files)}
    return {name: text.replace("\r", "\n") if is_csv(name) else text for name, text in found.items()}


def digest(files: Mapping[str, str], timezone: str) -> str:
    """The identity of a mapping: the same texts and time zone always give the same 32 hex digits."""
    canonical = json.dumps([timezone, sorted(files.items())], ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode("ascii"), digest_size=16).hexdigest()
