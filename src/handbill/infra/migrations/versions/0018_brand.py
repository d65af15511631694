"""Merchants have a logo and a colour of their own."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("ALTER TABLE merchants ADD COLUMN logo TEXT")
    op.execute("ALTER TABLE merchants ADD COLUMN color TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE merchants DROP COLUMN color")
    op.execute("ALTER TABLE merchants DROP COLUMN logo")
