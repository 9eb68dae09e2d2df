"""What was last seen in iPaaS.com knows the row that was listed and when the record was read whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ipaas_seen", sa.Column("row_hash", _text()))
    op.add_column("ipaas_seen", sa.Column("read_at", _text()))
    if op.get_bind().dialect.name == "postgresql":
        # Each item is written twice or three times: with room on its page the indexes need not be touched again.
        op.execute("ALTER TABLE ipaas_item SET (fillfactor = 50)")


def _text() -> sa.types.TypeEngine[str]:
    """Return text that compares by code point on both databases."""
    return sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
