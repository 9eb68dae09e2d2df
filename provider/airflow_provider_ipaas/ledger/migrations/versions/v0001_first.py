"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ipaas_claim",
        sa.Column("scope", _key(), nullable=False),
        sa.Column("collection", _key(), nullable=False),
        sa.Column("direction", _key(), nullable=False),
        sa.Column("source_id", _key(), nullable=False),
        sa.Column("run_key", _key(), nullable=False),
        sa.Column("state", _key(), nullable=False),
        sa.Column("claimed_at", _key()),
        sa.Column("sent_at", _key()),
        sa.Column("sent", sa.Text(), nullable=False),
        sa.Column("target_id", _key()),
        sa.PrimaryKeyConstraint("scope", "collection", "direction", "source_id", name="ipaas_claim_pkey"),
    )
    is_open = sa.text("state != 'done'")
    op.create_index(
        "ipaas_claim_open_ix",
        "ipaas_claim",
        ["scope", "collection", "direction"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "ipaas_fact",
        sa.Column("scope", _key(), nullable=False),
        sa.Column("key", _key(), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("stored_at", _key(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name="ipaas_fact_pkey"),
    )
    op.create_table(
        "ipaas_journal",
        sa.Column("no", _number(), nullable=False),
        sa.Column("at", _key(), nullable=False),
        sa.Column("run_key", _key(), nullable=False),
        sa.Column("scope", _key(), nullable=False),
        sa.Column("collection", _key(), nullable=False),
        sa.Column("direction", _key(), nullable=False),
        sa.Column("source_id", _key(), nullable=False),
        sa.Column("target_id", _key()),
        sa.Column("op", _key(), nullable=False),
        sa.Column("phase", _key(), nullable=False),
        sa.Column("outcome", _key(), nullable=False),
        sa.Column("code", _key()),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no", name="ipaas_journal_pkey"),
    )
    op.create_index("ipaas_journal_at_ix", "ipaas_journal", ["at"])
    op.create_index("ipaas_journal_source_ix", "ipaas_journal", ["scope", "collection", "direction", "source_id"])
    op.create_table(
        "ipaas_link",
        sa.Column("id", _number(), nullable=False),
        sa.Column("scope", _key(), nullable=False),
        sa.Column("collection", _key(), nullable=False),
        sa.Column("salesforce_id", _key(), nullable=False),
        sa.Column("ipaas_id", _key(), nullable=False),
        sa.Column("salesforce_showing", sa.Text()),
        sa.Column("ipaas_showing", sa.Text()),
        sa.Column("state", _key(), nullable=False),
        sa.Column("flips", sa.Text(), nullable=False),
        sa.Column("settled_at", _key()),
        sa.Column("settled_by", _key(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="ipaas_link_pkey"),
        sa.UniqueConstraint("scope", "collection", "ipaas_id", name="ipaas_link_scope_collection_ipaas_id_key"),
        sa.UniqueConstraint(
            "scope", "collection", "salesforce_id", name="ipaas_link_scope_collection_salesforce_id_key"
        ),
    )
    op.create_table(
        "ipaas_pin",
        sa.Column("connection_id", _key(), nullable=False),
        sa.Column("identity", _key(), nullable=False),
        sa.Column("pinned_at", _key(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", name="ipaas_pin_pkey"),
    )
    op.create_table(
        "ipaas_run",
        sa.Column("no", _number(), nullable=False),
        sa.Column("run_key", _key(), nullable=False),
        sa.Column("dag_id", _key(), nullable=False),
        sa.Column("run_id", _key(), nullable=False),
        sa.Column("collection", _key(), nullable=False),
        sa.Column("scope", _key(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("mapping_fingerprint", _key(), nullable=False),
        sa.Column("started_at", _key(), nullable=False),
        sa.Column("phase", _key(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text()),
        sa.Column("reported_at", _key()),
        sa.PrimaryKeyConstraint("no", name="ipaas_run_pkey"),
        sa.UniqueConstraint("run_key", name="ipaas_run_run_key_key"),
    )
    op.create_index("ipaas_run_started_at_ix", "ipaas_run", ["started_at"])
    op.create_table(
        "ipaas_seen",
        sa.Column("scope", _key(), nullable=False),
        sa.Column("collection", _key(), nullable=False),
        sa.Column("side", _key(), nullable=False),
        sa.Column("record_id", _key(), nullable=False),
        sa.Column("stamp", _key()),
        sa.Column("content_hash", _key(), nullable=False),
        sa.Column("email_key", _key()),
        sa.Column("name_key", _key()),
        sa.Column("number_key", _key()),
        sa.Column("external_id", _key()),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.Column("fate", _key(), nullable=False),
        sa.Column("mapping_fingerprint", _key(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "collection", "side", "record_id", name="ipaas_seen_pkey"),
    )
    _index_present("ipaas_seen_email_key_ix", "ipaas_seen", ["scope", "collection", "side", "email_key"])
    _index_present("ipaas_seen_external_id_ix", "ipaas_seen", ["scope", "collection", "side", "external_id"])
    _index_present("ipaas_seen_name_key_ix", "ipaas_seen", ["scope", "collection", "side", "name_key"])
    _index_present("ipaas_seen_number_key_ix", "ipaas_seen", ["scope", "collection", "side", "number_key"])
    op.create_table(
        "ipaas_unresolved",
        sa.Column("scope", _key(), nullable=False),
        sa.Column("collection", _key(), nullable=False),
        sa.Column("direction", _key(), nullable=False),
        sa.Column("source_id", _key(), nullable=False),
        sa.Column("reason", _key(), nullable=False),
        sa.Column("target_id", _key()),
        sa.Column("code", _key()),
        sa.Column("message", _key()),
        sa.Column("next_step", _key()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("content_hash", _key(), nullable=False),
        sa.Column("mapping_fingerprint", _key(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("first_at", _key(), nullable=False),
        sa.Column("last_at", _key()),
        sa.Column("next_at", _key()),
        sa.PrimaryKeyConstraint("scope", "collection", "direction", "source_id", name="ipaas_unresolved_pkey"),
    )
    op.create_index(
        "ipaas_unresolved_first_at_ix",
        "ipaas_unresolved",
        ["scope", "collection", "direction", "first_at", "source_id"],
    )
    op.create_table(
        "ipaas_watermark",
        sa.Column("scope", _key(), nullable=False),
        sa.Column("collection", _key(), nullable=False),
        sa.Column("side", _key(), nullable=False),
        sa.Column("value", _key(), nullable=False),
        sa.Column("run_key", _key(), nullable=False),
        sa.Column("set_at", _key(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "collection", "side", name="ipaas_watermark_pkey"),
    )
    op.create_table(
        "ipaas_item",
        sa.Column("run_no", _number(), autoincrement=False, nullable=False),
        sa.Column("collection", _key(), nullable=False),
        sa.Column("side", _key(), nullable=False),
        sa.Column("record_id", _key(), nullable=False),
        sa.Column("role", _key(), nullable=False),
        sa.Column("state", _key(), nullable=False),
        sa.Column("op", _key()),
        sa.Column("outcome", _key()),
        sa.Column("reason", _key()),
        sa.Column("stamp", _key()),
        sa.Column("missing", _key(), nullable=False),
        sa.Column("master_id", _key()),
        sa.Column("content_hash", _key(), nullable=False),
        sa.Column("email_key", _key()),
        sa.Column("name_key", _key()),
        sa.Column("number_key", _key()),
        sa.Column("external_id", _key()),
        sa.Column("captured_at", _key()),
        sa.Column("link_to", _key()),
        sa.Column("target_id", _key()),
        sa.Column("link_id", _number(), autoincrement=False),
        sa.Column("link_version", sa.Integer()),
        sa.Column("conflicts_resolved", sa.Integer(), nullable=False),
        sa.Column("conflicts_parked", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("code", _key()),
        sa.Column("message", _key()),
        sa.Column("next_step", _key()),
        sa.Column("payload", sa.Text()),
        sa.Column("record", sa.Text()),
        sa.ForeignKeyConstraint(["run_no"], ["ipaas_run.no"], name="ipaas_item_run_no_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "collection", "side", "record_id", name="ipaas_item_pkey"),
    )
    _index_present("ipaas_item_email_key_ix", "ipaas_item", ["run_no", "collection", "side", "email_key"])
    _index_present("ipaas_item_external_id_ix", "ipaas_item", ["run_no", "collection", "side", "external_id"])
    _index_present("ipaas_item_name_key_ix", "ipaas_item", ["run_no", "collection", "side", "name_key"])
    _index_present("ipaas_item_number_key_ix", "ipaas_item", ["run_no", "collection", "side", "number_key"])
    op.create_index("ipaas_item_walk_ix", "ipaas_item", ["run_no", "collection", "side", "stamp", "record_id"])


def _key() -> sa.types.TypeEngine[str]:
    """Return text that compares by code point on both databases."""
    return sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _index_present(name: str, table: str, columns: list[str]) -> None:
    """Index the rows in which the last column has a value."""
    present = sa.text(f"{columns[-1]} IS NOT NULL")
    op.create_index(name, table, columns, sqlite_where=present, postgresql_where=present)
