"""Brings a database to this program's schema, once, however many processes start at the same time.

The whole upgrade is one transaction under the writers' lock (``BEGIN IMMEDIATE``, or an advisory lock on PostgreSQL): a
process that is killed half-way leaves the database as it was, and the others wait, look again and find nothing to do.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy.engine import Connection

from hub.errors import SchemaMismatch

if TYPE_CHECKING:
    from alembic.config import Config  # at run time imported only when there is something to upgrade


@lru_cache(maxsize=1)
def newest() -> str:
    """The revision that this program works with. Imports Alembic (0.2 s)."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


NEWEST = "0005"
"""``newest()``, written down so that opening an up-to-date database need not import Alembic; a test compares the two."""


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("hub.store") / "migrations"))
    return config


def revision(connection: Connection) -> str | None:
    """The revision of an open database; None for an empty one. Raises ``SchemaMismatch`` for somebody else's."""
    tables = set(sqlalchemy.inspect(connection).get_table_names())
    if "alembic_version" in tables:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
        if len(found) == 1:
            return str(found[0])
        if found:
            raise SchemaMismatch("The database records several schema versions at once.", hint="Restore it from a backup.")
        tables.discard("alembic_version")
    if tables:
        raise SchemaMismatch(
            "The database holds tables that are not Anchorline's.",
            hint="Give Anchorline a database of its own: another file, or another database name in the address.",
        )
    return None


def refuse_newer(found: str | None) -> None:
    """Raise ``SchemaMismatch`` when this program does not know the revision."""
    if found is None or found == NEWEST or found in _known():
        return
    raise SchemaMismatch(
        f"The database has schema {found}, which this Anchorline does not know (it knows up to {NEWEST}).",
        hint="A newer Anchorline has upgraded it: install that version, or restore the backup from before the upgrade.",
    )


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    from alembic.script import ScriptDirectory

    return frozenset(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def upgrade(connection: Connection) -> None:
    """Run the missing migrations on a connection that is inside a write transaction."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
