"""Delta passes, what a pass counted, and the run that listed a partition."""

import sqlalchemy as sa
from alembic import op

from hub.store.migrations.versions.v0001_first_schema import number

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("partition", sa.Column("pass_kind", words, nullable=False, server_default="full"))
    for name in ("pass_read", "pass_new", "pass_changed", "pass_poison"):
        op.add_column("partition", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("partition", sa.Column("pass_emptied", words, nullable=True))
    for column in number("pass_since", "last_full_at", "listed_run_id", null=True):
        op.add_column("partition", column)
    op.execute("UPDATE partition SET last_full_at = last_complete_at")
