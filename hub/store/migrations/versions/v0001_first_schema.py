"""The first schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _columns(kind: Any, names: tuple[str, ...], null: bool) -> tuple[sa.Column[Any], ...]:
    return tuple(sa.Column(name, kind, nullable=null) for name in names)


def text(*names: str, null: bool = False) -> tuple[sa.Column[Any], ...]:
    return _columns(sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), names, null)


def number(*names: str, null: bool = False) -> tuple[sa.Column[Any], ...]:
    return _columns(sa.BigInteger(), names, null)


def small(*names: str, null: bool = False) -> tuple[sa.Column[Any], ...]:
    return _columns(sa.Integer(), names, null)


def blob(*names: str) -> tuple[sa.Column[Any], ...]:
    return _columns(sa.LargeBinary(), names, False)


def serial(name: str) -> tuple[sa.Column[Any], ...]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return (sa.Column(name, kind, nullable=False, autoincrement=False),)


def upgrade() -> None:
    _tables()
    _item_tables()
    _indexes()
    op.execute("INSERT INTO clock (id, seq, settled_seq) VALUES (1, 0, 0)")


def _tables() -> None:
    op.create_table(
        "alias",
        *text("source", "value", "kind"),
        *number("item_no", "from_seq"),
        sa.PrimaryKeyConstraint("source", "value", "kind", "item_no", name="pk_alias"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attachment",
        *number("item_no"),
        *text("cycle", "outcome"),
        *small("strength"),
        *number("via_no", null=True),
        *small("distance"),
        *text("broken", null=True),
        *text("state"),
        *text("team", null=True),
        sa.PrimaryKeyConstraint("item_no", "cycle", name="pk_attachment"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "clock",
        *serial("id"),
        *number("seq", "settled_seq"),
        *text("calculated_with", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_clock"),
    )
    op.create_table(
        "cut",
        *serial("child_no"),
        *number("parent_no", "from_seq"),
        sa.PrimaryKeyConstraint("child_no", name="pk_cut"),
    )
    op.create_table(
        "dimension",
        *text("source", "kind", "id"),
        *number("from_seq"),
        *number("to_seq", null=True),
        *text("name"),
        *text("category", "attributes", null=True),
        *blob("hash"),
        sa.PrimaryKeyConstraint("source", "kind", "id", "from_seq", name="pk_dimension"),
    )
    op.create_table(
        "dirty",
        *serial("item_no"),
        *number("from_seq"),
        sa.PrimaryKeyConstraint("item_no", name="pk_dirty"),
    )
    op.create_table(
        "edge",
        *serial("child_no"),
        *number("parent_no", "from_seq"),
        sa.PrimaryKeyConstraint("child_no", name="pk_edge"),
    )
    op.create_table(
        "edge_version",
        *number("child_no", "from_seq", "to_seq", "parent_no"),
        sa.PrimaryKeyConstraint("child_no", "from_seq", name="pk_edge_version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "evaluation",
        *serial("seq"),
        *number("as_of"),
        *text("mapping_hash", "engine"),
        *number("run_id", null=True),
        *text("facts", "freshness", "counts", null=True),
        sa.PrimaryKeyConstraint("seq", name="pk_evaluation"),
    )
    op.create_table(
        "finding",
        *serial("no"),
        *number("item_no", null=True),
        *text("kind", "text"),
        sa.PrimaryKeyConstraint("no", name="pk_finding"),
    )
    op.create_table(
        "inbox",
        *serial("id"),
        *text("kind", "payload"),
        *text("author", null=True),
        *number("created_at", "from_seq"),
        *number("done_at", null=True),
        *text("result", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
    )
    op.create_table(
        "link",
        *text("cycle", "target_kind", "target"),
        *number("item_no", "part_num", "part_den"),
        *small("rule", null=True),
        *text("named", null=True),
        *small("strength"),
        *small("counts", null=True),
        *text("state", null=True),
        *small("level", null=True),
        *text("estimate", "below", "why", null=True),
        sa.PrimaryKeyConstraint("cycle", "target_kind", "target", "item_no", name="pk_link"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mapping",
        *text("hash", "files", "timezone"),
        *text("git_commit", null=True),
        *number("first_seq"),
        sa.PrimaryKeyConstraint("hash", name="pk_mapping"),
    )
    op.create_table(
        "metric_value",
        *text("source", "partition_id", "series", "on_day"),
        *number("from_seq"),
        *number("to_seq", null=True),
        *text("value"),
        *text("unit", null=True),
        *number("run_id"),
        sa.PrimaryKeyConstraint("source", "partition_id", "series", "on_day", "from_seq", name="pk_metric_value"),
    )
    op.create_table(
        "notice",
        *text("source", "kind", "ref"),
        *text("partition_id", null=True),
        *text("text"),
        *number("first_seq", "last_seq", "times"),
        sa.PrimaryKeyConstraint("source", "kind", "ref", name="pk_notice"),
    )
    op.create_table(
        "outbox",
        *serial("id"),
        *text("key", "kind", "payload"),
        *number("from_seq"),
        *number("sent_at", null=True),
        *number("tries"),
        *text("error", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_table(
        "owner",
        *text("name"),
        *number("epoch", "pid"),
        *text("host"),
        *number("since"),
        sa.PrimaryKeyConstraint("name", name="pk_owner"),
    )
    op.create_table(
        "quarantine",
        *text("source"),
        *blob("hash"),
        *text("id", null=True),
        *text("partition_id", "raw", "reason"),
        *number("first_seq", "last_seq", "tries"),
        sa.PrimaryKeyConstraint("source", "hash", name="pk_quarantine"),
    )
    op.create_table(
        "seen",
        *text("source", "partition_id"),
        *number("pass_id", "page"),
        *text("ids", null=True),
        sa.PrimaryKeyConstraint("source", "partition_id", "pass_id", "page", name="pk_seen"),
    )
    op.create_table(
        "snapshot",
        *text("cycle", "kind", "id"),
        *number("seq"),
        *number("to_seq", null=True),
        *text("progress", null=True),
        *text("done", "total"),
        *small("key_results", "measured"),
        *text("details", null=True),
        sa.PrimaryKeyConstraint("cycle", "kind", "id", "seq", name="pk_snapshot"),
    )
    op.create_table(
        "source",
        *text("name", "kind", "origin"),
        *text("account_id", "account_name", "timezone", null=True),
        *number("from_seq"),
        sa.PrimaryKeyConstraint("name", name="pk_source"),
    )
    op.create_table(
        "suspect",
        *text("source", "id", "partition_id", "how"),
        *number("at", null=True),
        *text("into_id", null=True),
        *number("run_id", "from_seq"),
        sa.PrimaryKeyConstraint("source", "id", name="pk_suspect"),
    )
    op.create_table(
        "hold",
        *serial("id"),
        *text("source"),
        *text("partition_id", null=True),
        *text("kind", "ids", "text"),
        *number("run_id", "created_at", "from_seq"),
        *number("decided_at", null=True),
        *text("decision", "decided_by", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_hold"),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name="fk_hold_source"),
    )
    op.create_table(
        "partition",
        *text("source", "id"),
        *text("key", null=True),
        *text("title", "state", "yields", "reads", "fingerprint"),
        *small("listed"),
        *number("pass_id"),
        *small("pass_open"),
        *text("pass_fingerprint", null=True),
        *number("pass_run_id", "pass_vendor_at", "pass_started_at", null=True),
        *number("pages"),
        *text("resume", null=True),
        *number("resume_at", "cursor", "complete_pass_id", null=True),
        *text("complete_fingerprint", null=True),
        *number("last_complete_at", null=True),
        *number("from_seq"),
        sa.PrimaryKeyConstraint("source", "id", name="pk_partition"),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name="fk_partition_source"),
    )
    op.create_table(
        "run",
        *serial("id"),
        *text("source", "reason", "mode"),
        *number("started_at"),
        *number("finished_at", null=True),
        *text("result", "mapping_hash", "counts", "error", "hint", null=True),
        *number("pid"),
        *text("host"),
        *number("epoch", "from_seq"),
        *number("to_seq", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name="fk_run_source"),
    )


def _item_tables() -> None:
    def shared() -> tuple[sa.Column[Any], ...]:
        return (
            *text("source", "id"),
            *text("key", null=True),
            *text("title"),
            *text("url", "type_id", "type", null=True),
            *small("level"),
            *text(
                "status_id",
                "status",
                "category",
                "resolution_id",
                "resolution",
                "parent_ref",
                "containers",
                "labels",
                "components",
                "sprints",
                "links",
                "assignee",
                "estimate",
                "estimate_unit",
                "amount",
                "currency",
                null=True,
            ),
            *number("created_at", "updated_at", "done_at", null=True),
            *text("due_on", "fields", null=True),
            *text("presence"),
            *number("presence_at", null=True),
            *text("evidence", null=True),
            *number("first_seen_at"),
            *number("status_seen_at", null=True),
            *blob("content_hash"),
            *text("shape", null=True),
            *text("partition_id"),
            *number("run_id"),
        )

    op.create_table("item", *serial("no"), *shared(), *number("from_seq"), sa.PrimaryKeyConstraint("no", name="pk_item"))
    op.create_table(
        "item_version",
        *serial("no"),
        *number("from_seq", "to_seq"),
        *shared(),
        sa.PrimaryKeyConstraint("no", "from_seq", name="pk_item_version"),
    )


def _indexes() -> None:
    now = sa.text("to_seq IS NULL")
    present: dict[str, Any] = {"unique": True, "sqlite_where": now, "postgresql_where": now}
    op.create_index("ix_alias_item_no", "alias", ["item_no"])
    op.create_index("ix_attachment_cycle_outcome", "attachment", ["cycle", "outcome"])
    op.create_index("ix_dimension_present", "dimension", ["source", "kind", "id"], **present)
    op.create_index("ix_edge_parent_no", "edge", ["parent_no"])
    op.create_index("ix_finding_item_no", "finding", ["item_no"])
    op.create_index("ix_item_source_key", "item", ["source", "key"])
    op.create_index("ix_item_source_parent_ref", "item", ["source", "parent_ref"])
    op.create_index("uq_item_source_id", "item", ["source", "id"], unique=True)
    op.create_index("ix_item_version_source_id", "item_version", ["source", "id"])
    op.create_index("ix_link_item_no", "link", ["item_no"])
    op.create_index("uq_outbox_key", "outbox", ["key"], unique=True)
    op.create_index("ix_quarantine_source_id", "quarantine", ["source", "id"])
    op.create_index("ix_snapshot_present", "snapshot", ["cycle", "kind", "id"], **present)
    op.create_index("ix_run_source_started_at", "run", ["source", "started_at"])
