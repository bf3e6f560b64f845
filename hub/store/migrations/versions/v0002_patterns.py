"""Parents by pattern and kept ones, duplicates, private items."""

import sqlalchemy as sa
from alembic import op

from hub.store.migrations.versions.v0001_first_schema import number, small, text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _columns()
    _tables()
    _indexes()


def _columns() -> None:
    words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    for table, name in (("edge", "by"), ("edge_version", "by"), ("cut", "by"), ("source", "private")):
        op.add_column(table, sa.Column(name, words, nullable=False, server_default=""))
    op.add_column("clock", sa.Column("erased", sa.Integer(), nullable=False, server_default="0"))


def _tables() -> None:
    op.create_table(
        "reference",
        *number("item_no"),
        *small("pattern"),
        *text("folded", "relation", "kind", "value"),
        sa.PrimaryKeyConstraint("item_no", "pattern", "folded", name="pk_reference"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bearer",
        *text("value", "sort"),
        *number("item_no"),
        sa.PrimaryKeyConstraint("value", "sort", "item_no", name="pk_bearer"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "twin",
        *number("item_no", "from_seq"),
        *number("to_seq", null=True),
        *number("of_no"),
        sa.PrimaryKeyConstraint("item_no", "from_seq", name="pk_twin"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ambiguity",
        *number("item_no", "from_seq"),
        *number("to_seq", null=True),
        *text("texts"),
        sa.PrimaryKeyConstraint("item_no", "from_seq", name="pk_ambiguity"),
        sqlite_with_rowid=False,
    )


def _indexes() -> None:
    moved, kept = sa.text("presence <> 'present' OR presence_at IS NOT NULL"), sa.text("by = 'kept'")
    op.create_index("ix_reference_folded", "reference", ["folded"])
    op.create_index("ix_bearer_item_no", "bearer", ["item_no"])
    op.create_index("ix_twin_of_no", "twin", ["of_no"])
    op.create_index("ix_item_moved", "item", ["no"], sqlite_where=moved, postgresql_where=moved)
    op.create_index("ix_edge_kept", "edge", ["child_no"], sqlite_where=kept, postgresql_where=kept)
