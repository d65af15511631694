"""Placements are found by a part of their name, in any case and script."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("ALTER TABLE placements ADD COLUMN search_text TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE placements DROP COLUMN search_text")
