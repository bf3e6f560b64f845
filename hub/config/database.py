"""The ``url`` of a source that is a database: without a password, an SQLite file by its whole path."""

from __future__ import annotations

import re
from pathlib import Path

from hub.tomlfile import Table

EXAMPLE = 'url = "postgresql+psycopg://reader@db.example:5432/warehouse"'
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///(?P<file>.+)", re.DOTALL)
_URL = re.compile(r"[a-z][a-z0-9]*(?:\+[a-z0-9_]+)?://\S+")
_PASSWORD = re.compile(r"://[^@]*:[^@]*@|[?&][^=]*(?:passw|pwd)", re.IGNORECASE)


def database_url(table: Table, variable: str) -> str | None:
    """A database's address as SQLAlchemy takes it. Never repeated: it may hold a secret. What only its kind can judge is left
    to the connector."""
    text = table.text("url", f"Write the address of the database: {EXAMPLE}.")
    if text is None:
        if "url" not in table:
            table.missing("url", f"Add the address of the database, for example {EXAMPLE}.")
        return None
    text = text.strip()
    if _SQLITE.fullmatch(text):
        return text
    if text.startswith("sqlite"):
        table.problem(
            "url", "The address of the SQLite database names no file.", 'Write three slashes and a path: "sqlite:///FILE".'
        )
    elif _PASSWORD.search(text):
        table.problem(
            "url", "The address of the database holds a password.", f"Take it out, and set {variable} or {variable}_FILE."
        )
    elif not _URL.fullmatch(text):
        table.problem("url", "The value of `url` is not the address of a database.", f"Write it in full: {EXAMPLE}.")
    else:
        return text
    return None


def placed(url: str, folder: Path) -> str:
    """The address with the path of an SQLite file seen from ``folder``; any other address as it is."""
    found = _SQLITE.fullmatch(url)
    return f"{url[: found.start('file')]}{folder / found['file']}" if found else url
