"""The ``file`` of a source that may be one: a path seen from the configuration's folder, in place of ``url``."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote

from hub.tomlfile import Table

EXAMPLE = 'file = "kpis.xlsx"'
_SCHEME = "file:"


def file_url(table: Table) -> str | None:
    """The path as an address that is not placed yet; None when it is wrong (then a problem was noted)."""
    path = table.text("file", f"Write a path, seen from this file: {EXAMPLE}.")
    if "url" in table:
        table.problem("url", "`file` and `url` both say where the source is.", "Keep one of the two.", at_key=True)
        return None
    if path is None:
        return None
    path = path.strip()
    if "://" in path:
        table.problem("file", "The value of `file` is an address.", "Write it as `url`.")
        return None
    if "\0" in path or path.endswith(("/", os.sep)):
        table.problem("file", "The value of `file` is the path of no file.", f"Name the file itself: {EXAMPLE}.")
        return None
    return _SCHEME + quote(os.path.expanduser(path))  # noqa: PTH111 - a text as written


def local_path(url: str) -> Path | None:
    """The path of a file's whole address; None for any other address."""
    return Path(unquote(url.removeprefix(f"{_SCHEME}//"))) if url.startswith(f"{_SCHEME}//") else None


def placed(url: str, folder: Path) -> str:
    """The address of a file with its whole path; any other address as it is."""
    if not url.startswith(_SCHEME) or url.startswith(f"{_SCHEME}//"):
        return url
    return Path(os.path.abspath(folder / unquote(url.removeprefix(_SCHEME)))).as_uri()  # noqa: PTH100 - links stay links
