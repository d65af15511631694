"""What the bank calls the money of a transfer: each entry of its statement is taken in once."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("ALTER TABLE attempts ADD COLUMN bank_entry TEXT")
    op.execute(
        "CREATE UNIQUE INDEX attempts_by_bank_entry ON attempts (payment_id, bank_entry)"
        " WHERE bank_entry IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("DROP INDEX attempts_by_bank_entry")
    op.execute("ALTER TABLE attempts DROP COLUMN bank_entry")
