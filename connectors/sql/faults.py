"""What drivers and servers say, as our errors. No text of a driver goes on that may hold an address or a parameter."""

from __future__ import annotations

import re
from typing import Any

from connectors.base import AccessLost, AuthError, BadData, Misconfigured, RateLimited, SourceError, Unavailable
from connectors.sql.address import FORMS, Address
from connectors.sql.cells import shown

AGAIN = "it is tried again"
GRANT = "Give the role the right to read it: GRANT SELECT ON ... TO ..."
WRITES = "Only reading queries are run; nothing was changed."
_LINE = re.compile(r"^LINE (\d+): ", re.MULTILINE)

_READONLY = 8
_INTERRUPT = 9
_BUSY = (5, 6)
_IO = 10
_CORRUPT = (11, 26)
_CANTOPEN = 14
_AUTH = 23
"""Result codes of SQLite: https://www.sqlite.org/rescode.html"""


def translated(fault: BaseException, address: Address, what: str, timeout: float) -> SourceError:
    """``what`` is a query's file, or empty where no query was run yet. ``fault`` is the driver's own."""
    about = f"{what}: " if what else ""
    if isinstance(fault, ImportError):
        hint = 'Run: pip install "psycopg[binary]"' if address.kind == "postgresql" else "Install its package beside Anchorline."
        return Misconfigured(f"the driver of {address.url.drivername} is not installed", hint=hint)
    if isinstance(fault, UnicodeDecodeError) or "decode to UTF-8" in str(fault):
        return BadData(f"{about}a text is not UTF-8", hint="Convert it in the query, or leave the column out.")
    if address.kind == "sqlite":
        return _sqlite(fault, address, about, timeout)
    if address.kind == "postgresql":
        return _postgres(fault, address, about, timeout)
    return _other(fault, address, about)


def too_slow(about: str, timeout: float) -> SourceError:
    """The error for a statement that was ended."""
    return Misconfigured(
        f"{about}the statement was ended after {timeout:g} s",
        hint="Make the query faster (an index, fewer days), or raise `timeout` of the source in config.toml.",
    )


def _sqlite(fault: BaseException, address: Address, about: str, timeout: float) -> SourceError:
    code = getattr(fault, "sqlite_errorcode", 1) & 0xFF
    said = str(fault)
    if code == _INTERRUPT:
        return too_slow(about, timeout)
    if code in (_READONLY, _AUTH) or "not authorized" in said or "prohibited" in said:
        return Misconfigured(f"{about}the query does more than read", hint=WRITES)
    if code in _BUSY:
        return Unavailable(f"{about}{address.label} is locked by somebody who writes", hint=AGAIN)
    if code in _CORRUPT:
        return Misconfigured(f"{address.label} is no SQLite database, or is damaged", hint="Check the path in `url`.")
    if code == _CANTOPEN:
        hint = "Check the path in `url`, and the right to read the file and its folder."
        return Misconfigured(f"{address.label} cannot be opened", hint=hint)
    if code == _IO:
        return Unavailable(f"{address.label} cannot be read: an error of the disk", hint=AGAIN)
    return Misconfigured(f"{about}SQLite says: {_plain(said)}", hint="Mend the query.")


def _postgres(fault: BaseException, address: Address, about: str, timeout: float) -> SourceError:
    state = getattr(fault, "sqlstate", None)
    if not isinstance(state, str):
        return _connecting(fault, address, about)
    said = _said(fault)
    if state in ("28P01", "28000"):
        return _refused(address)
    if state == "57014":
        return too_slow(about, timeout)
    if state == "25006" or "data-modifying" in said:
        return Misconfigured(f"{about}the query does more than read: {said}", hint=WRITES)
    if state == "25001":
        return Misconfigured(f"{about}the query tries to change how it is run: {said}", hint=WRITES)
    if state == "42501":
        return AccessLost(f"{about}{said}", hint=GRANT)
    if state == "3D000":
        return _no_database(address)
    if state[:2] == "53":
        return RateLimited(f"{about}the server has no room for more: {said}", status=None)
    if state[:2] in ("08", "57", "58", "40") or state == "XX000":
        return Unavailable(f"{about}{said}", hint=AGAIN)
    line = _LINE.search(str(fault))
    at = f"{about[:-2]}, line {line[1]}: " if line and about else about
    if state[:2] == "22":
        return BadData(f"{about}PostgreSQL says: {said}", hint="Mend the query, or what it reads.")
    return Misconfigured(f"{at}PostgreSQL says: {said}", hint="Mend the query, or give the role SELECT on what it names.")


def _connecting(fault: BaseException, address: Address, about: str) -> SourceError:
    """A fault without a code of the server's: before a session, or when it broke off. The server's words may be in any language,
    so what libpq knows by itself is asked first."""
    said = str(fault).lower()
    pgconn = getattr(fault, "pgconn", None)
    if "password authentication failed" in said or "no password supplied" in said or getattr(pgconn, "needs_password", False):
        return _refused(address)
    if "role" in said and "does not exist" in said:
        return _refused(address)
    if "database" in said and "does not exist" in said:
        return _no_database(address)
    if "pg_hba.conf" in said:
        hint = "Let the server's pg_hba.conf admit this user from this machine; url may need ?sslmode=require."
        return AuthError(f"{address.label} lets this user not in from here", hint=hint)
    if "certificate" in said:
        hint = "Name the authority's PEM file: ?sslmode=verify-full&sslrootcert=/path/ca.pem at the end of url."
        return Misconfigured(f"the certificate of {address.host} is not trusted", hint=hint)
    if "does not support ssl" in said:
        hint = "Turn TLS on at the server. Only where the way to it is safe: ?sslmode=disable at the end of url."
        return Misconfigured(f"{address.label} does not speak TLS", hint=hint)
    if "too many" in said or "connection slots" in said:
        return RateLimited(f"{address.label} takes no more connections", status=None)
    if "timeout" in said or "timed out" in said:
        return Unavailable(f"{address.label} did not answer in time", hint=AGAIN, timed_out=True)
    if "out of range" in said or "too large" in said or "too small" in said or type(fault).__name__ == "DataError":
        return BadData(f"{about}a value cannot be read: {_plain(str(fault))}", hint="CAST it to a text, or leave such rows out.")
    if type(fault).__name__ in ("ProgrammingError", "NotSupportedError"):
        return Misconfigured(f"{about}psycopg says: {_plain(str(fault))}", hint="Mend the query.")
    if not about:
        hint = "Check `url` in config.toml, the network and the firewall."
        return Unavailable(f"{address.label} cannot be reached", hint=hint)
    return Unavailable(f"{about}the connection broke before the result was complete", hint=AGAIN)


def _other(fault: BaseException, address: Address, about: str) -> SourceError:
    """Of a driver that is not known: the class says roughly what it is, by PEP 249; its text may hold anything."""
    name = type(fault).__name__
    if name in ("OperationalError", "InterfaceError", "TimeoutError") or isinstance(fault, OSError):
        hint = "Check url, user and secret, the network, and whether the query takes longer than `timeout`."
        return Unavailable(f"{about}{address.label} does not answer as it should ({name})", hint=hint)
    if name == "DataError":
        return BadData(f"{about}the database cannot calculate a value ({name})", hint="Run the query by hand to see which.")
    return Misconfigured(f"{about}the database refuses the query ({name})", hint="Run it by hand, as the same user, to see why.")


def _refused(address: Address) -> AuthError:
    user = address.url.username
    who = f"the user {user}" if user else "this user"
    return AuthError(
        f"{address.label} does not accept {who} with this password", hint="Check `user` and the secret of the source."
    )


def _no_database(address: Address) -> Misconfigured:
    return Misconfigured(f"the server has no database {shown(address.url.database or '')}", hint=FORMS)


def _said(fault: Any) -> str:
    """The server's own sentence, without statement and context."""
    primary = getattr(getattr(fault, "diag", None), "message_primary", None)
    return _plain(primary or str(fault))


def _plain(text: str) -> str:
    lines = text.strip().splitlines() or ["no reason"]
    return lines[0][:300]
