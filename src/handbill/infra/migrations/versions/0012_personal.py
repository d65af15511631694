"""Payments remember the personal address at which they began, so that another try leads there."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("ALTER TABLE payments ADD COLUMN personal TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE payments DROP COLUMN personal")
