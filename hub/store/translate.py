"""What a database driver's errors mean to people: one sentence what is wrong, one what to do."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import sys
from collections.abc import Iterator

from sqlalchemy import exc

from hub.errors import AnchorlineError, SchemaMismatch, StoreUnavailable


@contextlib.contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn the driver's errors into ``StoreUnavailable``; mistakes in SQL or values pass as they are."""
    try:
        yield
    except AnchorlineError:
        raise
    except exc.DBAPIError as fault:
        lost = fault.connection_invalidated or isinstance(fault, (exc.OperationalError, exc.InterfaceError))
        _raise_known(fault.orig, lost, where)
        raise
    except _drivers_errors() as fault:  # while a connection is being set up nobody wraps them
        _raise_known(fault, True, where)
        raise
    except exc.TimeoutError:
        raise StoreUnavailable(f"All connections to the database are in use. ({where})") from None


def _drivers_errors() -> tuple[type[Exception], ...]:
    psycopg = sys.modules.get("psycopg")
    return (sqlite3.Error,) if psycopg is None else (sqlite3.Error, psycopg.Error)


def _raise_known(fault: BaseException | None, lost: bool, where: str) -> None:
    """Raise what a driver's error means to people; nothing for one that means a mistake. ``lost``: it may be the connection's."""
    known = _sqlite_fault(fault) if isinstance(fault, sqlite3.Error) else _postgres_fault(fault, lost)
    if known is not None:
        raise type(known)(f"{known} ({where})", hint=known.hint) from None


def _sqlite_fault(fault: sqlite3.Error) -> AnchorlineError | None:
    name = getattr(fault, "sqlite_errorname", "") or str(fault)
    for mark, text, hint in (
        ("SQLITE_FULL", "The disk is full: nothing of the last step was stored.", "Make room and run it again."),
        ("SQLITE_IOERR", "The disk refused to write or read: nothing of the last step was stored.", "Check disk and quota."),
        ("SQLITE_BUSY", "Another process keeps the database locked.", "See which process holds it, then run it again."),
        ("SQLITE_LOCKED", "Another process keeps the database locked.", "See which process holds it, then run it again."),
        ("SQLITE_READONLY", "The database file is read-only.", "Check the owner and the rights of file and folder."),
        ("SQLITE_CANTOPEN", "The database file cannot be opened.", "Check the owner and the rights of file and folder."),
        ("SQLITE_CORRUPT", "The database file is damaged.", "Restore it from a backup."),
    ):
        if name.startswith(mark):
            return StoreUnavailable(text, hint=hint)
    if name.startswith("SQLITE_NOTADB"):
        return SchemaMismatch("The file is no SQLite database.", hint="Change the database address, or move the file away.")
    return None


def _postgres_fault(fault: BaseException | None, lost: bool) -> AnchorlineError | None:
    state = getattr(fault, "sqlstate", None) or ""
    for mark, text, hint in POSTGRES_FAULTS:
        if state.startswith(mark):
            return StoreUnavailable(text, hint=hint)
    if lost:
        said = re.search(r"FATAL: +(.+)", str(fault))  # the server's own words; none when it did not answer
        if said:
            return StoreUnavailable(f"The PostgreSQL server ended or refused the connection: {said[1].strip()}.",
                                    hint="Check the database's address, user and password, and the server's log.")  # fmt: skip
        return StoreUnavailable("The PostgreSQL server cannot be reached or ended the connection.",
                                hint="Check that it runs and that the address is right.")  # fmt: skip
    return None


_BUSY = ("Another process keeps the database locked.", "See which process holds it, then run it again.")
POSTGRES_FAULTS = (
    ("53300", "The PostgreSQL server has no connection left.", "Raise its max_connections, or end what else is connected."),
    ("53", "The PostgreSQL server is out of resources: nothing of the last step was stored.", "Check its disk and memory."),
    ("58", "The PostgreSQL server cannot read or write its disk: nothing of the last step was stored.", "Check its disk."),
    ("55P03", *_BUSY),
    ("40", *_BUSY),
    ("57014", "The PostgreSQL server cancelled a statement: nothing of the last step was stored.",
     "See who cancelled it, then run it again."),
    ("57P03", "The PostgreSQL server is starting or stopping.", "Wait a moment and run it again."),
    ("25006", "The PostgreSQL server takes no writes: it is a standby, or set to read-only.", "Use the primary's address."),
    ("28", "The PostgreSQL server refused the login.", "Check the user and the password."),
    ("3D", "The PostgreSQL database does not exist or may not be used.", "Check name and rights."),
    ("42501", "The PostgreSQL user may not do what Anchorline needs.",
     "Let it create tables in the database's public schema, and temporary ones."),
    ("54000", "A text is too long for PostgreSQL to index: nothing of the last step was stored.",
     "Report it with the source's name: such texts are to be cut or set aside."),
    ("XX", "The PostgreSQL server found its data damaged.", "See its log; restore the database from a backup."),
)  # fmt: skip
"""(SQLSTATE or how it begins, what it means, what to do); the first that fits counts."""
