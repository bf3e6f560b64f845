"""Run by Alembic. The connection, already inside the transaction that holds the writers' lock, comes from the caller.

An upgrade takes only the names from the metadata, so the tables (SQLModel, 0.2 s) are not imported for it; a test compares
what the migrations make with them.
"""

from alembic import context
from sqlalchemy import MetaData

from hub.store.naming import NAMING

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=MetaData(naming_convention=NAMING),
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
context.run_migrations()
