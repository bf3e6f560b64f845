"""Values with their key and columns, when items began and what they passed through, what items add to measures, and baselines."""

import sqlalchemy as sa
from alembic import op

from hub.store.migrations.versions.v0001_first_schema import number, small, text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEPT = "source, partition_id, series, on_day, from_seq, to_seq, value, unit, run_id"


def upgrade() -> None:
    _values()
    _items()
    _measures()


def _values() -> None:
    # another primary key: the table is made anew, which both databases do in the same words
    op.execute(f"CREATE TABLE metric_value_before AS SELECT {KEPT} FROM metric_value")
    op.drop_table("metric_value")
    op.create_table(
        "metric_value",
        *text("source", "partition_id", "series", "on_day", "row_key"),
        *number("from_seq"),
        *number("to_seq", null=True),
        *text("value"),
        *text("unit", "fields", "typed_by", "note", null=True),
        *text("place"),
        *number("run_id"),
        _key("metric_value", "source", "partition_id", "series", "on_day", "row_key", "from_seq"),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO metric_value (row_key, place, {KEPT}) SELECT '', '', {KEPT} FROM metric_value_before")
    op.drop_table("metric_value_before")
    op.create_table(
        "pending_value",
        *text("source", "partition_id"),
        *number("pass_id"),
        *text("series", "on_day", "row_key", "value"),
        *text("unit", "fields", "typed_by", "note", null=True),
        *text("place"),
        *number("run_id"),
        _key("pending_value", "source", "partition_id", "pass_id", "series", "on_day", "row_key"),
        sqlite_with_rowid=False,
    )


def _items() -> None:
    for table in ("item", "item_version"):
        for column in (*number("started_at", null=True), *text("stages", null=True)):
            op.add_column(table, column)


def _measures() -> None:
    op.create_table(
        "contribution",
        *small("measure", "on_day"),
        *number("item_no"),
        *small("nth"),
        *number("x_whole", "x_part", "w_whole", "w_part"),
        *text("exact", "currency", "text", null=True),
        _key("contribution", "measure", "on_day", "item_no", "nth"),
        sqlite_with_rowid=False,
    )
    inexact = sa.text("exact IS NOT NULL")
    op.create_index("ix_contribution_item_no", "contribution", ["item_no"])
    op.create_index("ix_contribution_exact", "contribution", ["measure"], sqlite_where=inexact, postgresql_where=inexact)
    op.create_table(
        "baseline",
        *text("cycle", "key_result", "measured", "value"),
        *number("seq"),
        _key("baseline", "cycle", "key_result", "measured"),
        sqlite_with_rowid=False,
    )


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")
