"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "t0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ipaas_token",
        sa.Column("connection_id", _words(), nullable=False),
        sa.Column("app", _words(), nullable=False),
        sa.Column("seed", _words(), nullable=False),
        sa.Column("state", _words(), nullable=False),
        sa.Column("reason", _words(), nullable=False),
        sa.Column("refresh_token", _words(), nullable=False),
        sa.Column("access_token", _words()),
        sa.Column("instance_url", _words(), nullable=False),
        sa.Column("org_id", _words(), nullable=False),
        sa.Column("user_id", _words(), nullable=False),
        sa.Column("username", _words(), nullable=False),
        sa.Column("scopes", _words(), nullable=False),
        sa.Column("connected_at", _words(), nullable=False),
        sa.Column("connected_by", _words(), nullable=False),
        sa.Column("refreshed_at", _words()),
        sa.Column("issued_at", _words()),
        sa.Column("rotates", sa.Boolean()),
        sa.Column("refreshes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("holder", _words()),
        sa.Column("held_until", _words()),
        sa.PrimaryKeyConstraint("connection_id", name="ipaas_token_pkey"),
    )
    op.create_table(
        "ipaas_authorization",
        sa.Column("state_hash", _words(), nullable=False),
        sa.Column("connection_id", _words(), nullable=False),
        sa.Column("app", _words(), nullable=False),
        sa.Column("bound_to", _words(), nullable=False),
        sa.Column("redirect_uri", _words(), nullable=False),
        sa.Column("verifier", _words(), nullable=False),
        sa.Column("begun_at", _words(), nullable=False),
        sa.Column("used_at", _words()),
        sa.PrimaryKeyConstraint("state_hash", name="ipaas_authorization_pkey"),
    )


def _words() -> sa.types.TypeEngine[str]:
    """Return text that compares by code point on both databases."""
    return sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
