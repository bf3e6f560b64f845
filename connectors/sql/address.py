"""The url of a database: taken apart, refused where it holds a secret or what would leave the rules of a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import exc
from sqlalchemy.engine import URL, make_url

from connectors._shared.addresses import is_loopback
from connectors.base import Misconfigured, SourceSettings

PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521}
FORMS = "Write postgresql+psycopg://USER@HOST:5432/DATABASE or sqlite:///FILE."
_SECRET = ("passw", "pwd", "token", "secret", "credential", "odbc_connect", "dsn")
POSTGRES_OPTIONS = frozenset({"host", "sslmode", "sslrootcert", "sslcert", "sslkey"})
"""What may follow the ? of a PostgreSQL url; ``host`` only as the folder of a socket."""


@dataclass(frozen=True, slots=True)
class Address:
    """``url`` never holds a password. ``host`` is None for a file and for a socket of this machine."""

    url: URL
    kind: Literal["sqlite", "postgresql", "other"]
    host: str | None
    port: int
    label: str
    """How messages call it: without user and options."""

    @property
    def path(self) -> Path:
        """The file, of SQLite."""
        return Path(self.url.database or "")


def address_of(settings: SourceSettings) -> Address:
    """Raises ``Misconfigured``; no message repeats the url, since it may hold what it must not."""
    try:
        url = make_url(settings.url)
    except (exc.ArgumentError, ValueError):
        raise Misconfigured("url is not the address of a database", hint=FORMS) from None
    hint = f"Take it out of url, and set ANCHORLINE_{settings.name.upper().replace('-', '_')}__TOKEN."
    if url.password is not None:
        raise Misconfigured("url holds a password", hint=hint)
    if any(word in name.lower() for name in url.query for word in _SECRET):
        raise Misconfigured("url holds what may be a password, behind the ?", hint=hint)
    backend = url.get_backend_name()
    if backend == "sqlite":
        return _file(url)
    if settings.user and url.username and settings.user != url.username:
        raise Misconfigured("url and `user` name two users", hint="Write the user in one of the two places only.")
    url = url.set(username=url.username or settings.user)
    return _postgres(url) if backend == "postgresql" else _other(url, backend)


def _file(url: URL) -> Address:
    if url.host or url.username or url.query:
        raise Misconfigured("url of an SQLite database holds more than a file", hint="Write sqlite:///FILE and nothing else.")
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise Misconfigured("url of an SQLite database names no file", hint="Write sqlite:///FILE.")
    return Address(url, "sqlite", None, 0, Path(url.database).name)


def _postgres(url: URL) -> Address:
    if url.drivername not in ("postgresql", "postgresql+psycopg"):
        hint = "Write postgresql+psycopg://USER@HOST:5432/DATABASE."
        raise Misconfigured(f"PostgreSQL is read with psycopg, not with {url.get_driver_name()}", hint=hint)
    odd = sorted(set(url.query) - POSTGRES_OPTIONS)
    if odd:
        hint = f"What may stand there: {', '.join(sorted(POSTGRES_OPTIONS))}."
        raise Misconfigured(f"url has an option that a source may not set: {', '.join(odd)}", hint=hint)
    folder = url.query.get("host")
    if folder is not None and (url.host or not isinstance(folder, str) or not folder.startswith("/")):
        raise Misconfigured("url names its host in two places", hint="Write it before the port; ?host= is for a socket's folder.")
    if not url.database:
        raise Misconfigured("url names no database", hint="Write postgresql+psycopg://USER@HOST:5432/DATABASE.")
    port = url.port or PORTS["postgresql"]
    if not url.host and folder is None:
        raise Misconfigured("url names no host", hint="Write postgresql+psycopg://USER@HOST:5432/DATABASE.")
    label = f"{url.host}:{port}/{url.database}" if url.host else str(url.database)
    return Address(url.set(drivername="postgresql+psycopg"), "postgresql", url.host, port, label)


def _other(url: URL, backend: str) -> Address:
    if not url.host or "," in url.host:
        raise Misconfigured(
            f"url of a {backend} database names no single host", hint="Only SQLite databases are read from files."
        )
    port = url.port or PORTS.get(backend, 0)
    return Address(url, "other", url.host, port, f"{url.host}{f':{port}' if port else ''}/{url.database or ''}")


def security(address: Address) -> Mapping[str, str]:
    """TLS of a PostgreSQL connection: needed to other machines, unless the url says otherwise in so many words."""
    if address.host is None or "sslmode" in address.url.query:
        return {}
    return {"sslmode": "prefer" if is_loopback(address.host) else "require"}
