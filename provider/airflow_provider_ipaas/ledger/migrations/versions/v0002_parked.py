"""Waiting records know the run that decided on them last, and the journal knows who replayed or dropped one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ipaas_unresolved", sa.Column("run_key", _text()))
    op.add_column("ipaas_journal", sa.Column("actor", _text()))


def _text() -> sa.types.TypeEngine[str]:
    """Return text that compares by code point on both databases."""
    return sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
